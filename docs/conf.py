"""Settings of the documentation. It is built without any connection to the network."""

import logging
import warnings

from docutils import nodes
from latex2mathml.converter import convert

import funnelest

project = "funnelest"
author = "The funnelest developers"
copyright = "The funnelest developers"
release = version = funnelest.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "Thumbs.db", "**/sg_execution_times.rst", "sg_execution_times.rst"]
templates_path = ["_templates"]
nitpicky = False
default_role = "py:obj"  # a name in backticks is a link where it can be one, else code

for _name in ("arviz", "pytensor"):
    logging.getLogger(_name).setLevel(logging.WARNING)

# ---- pages
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

# ---- reference: all that `funnelest.__all__` names
autosummary_generate = True
autosummary_ignore_module_all = False
autosummary_imported_members = True
autodoc_typehints = "none"
numpydoc_show_class_members = False

# ---- gallery: each script in examples/ is run, and one that fails stops the build
warnings.filterwarnings("ignore", message=".*FigureCanvasAgg is non-interactive.*")
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "image_scrapers": ("matplotlib",),
    "reset_modules": ("matplotlib",),
    "abort_on_example_error": True,
    "capture_repr": ("_repr_html_",),
    "download_all_examples": False,
    "min_reported_time": 1,
    "remove_config_comments": True,
    "show_memory": False,
    "write_computation_times": False,
}

# ---- looks
html_theme = "furo"
html_title = "funnelest"
html_static_path = ["_static"]
html_css_files = ["funnelest.css"]
html_show_sourcelink = False
html_copy_source = False


# ---- formulas: MathML, which browsers draw by themselves, so that no script comes from a network
def _inline(translator, node):
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _displayed(translator, node):
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    translator.body.append(convert(node.astext().strip(), display="block") + "</div>")
    raise nodes.SkipNode


def setup(app):
    """Let formulas be drawn as MathML."""
    app.add_html_math_renderer("mathml", (_inline, None), (_displayed, None))


html_math_renderer = "mathml"
