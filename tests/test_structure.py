"""Rules of the source tree that a newcomer relies on."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

import funnelest

ROOT = Path(funnelest.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
MAP = ROOT.parents[1] / "ARCHITECTURE.md"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_has_to_be_scrolled_through(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 500


def imports(path, everywhere=True):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if everywhere else tree.body
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


HEAVY = ("pymc", "pytensor", "arviz", "xarray", "pandas", "matplotlib")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_heavy_packages_are_imported_inside_functions(path):
    found = {name.split(".")[0] for name in imports(path, everywhere=False)}
    assert not {name for name in found if name.startswith(HEAVY)}


def dotted(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_no_circle_of_imports_is_large():
    """Imports for type checkers count too: who reads one file has to read the circle."""
    names = {dotted(path): i for i, path in enumerate(MODULES)}
    arrows = np.zeros((len(names), len(names)), dtype=bool)
    for path in MODULES:
        for found in imports(path):
            if found in names:
                arrows[names[dotted(path)], names[found]] = True
    _, circle = connected_components(arrows, connection="strong")
    sizes = np.bincount(circle)
    largest = [name for name, i in names.items() if circle[i] == sizes.argmax()]
    assert sizes.max() <= 5, largest


#: Kinds that are made of others.
MADE_OF = {
    "evidence.linked": {"register"},
    "evidence.unlinked": {"register"},
    "figures.disagreeing": {"plain", "rounded"},
    "figures.withheld": {"plain", "rounded"},
    "priors.half_normal": {"normal"},
    "priors.log_normal": {"normal"},
    "priors.logit_normal": {"normal"},
    "priors.truncated": {"fixed", "shared"},
    "priors.uniform": {"beta"},
}
#: What kinds share.
SHARED = {"base", "imputation", "line", "given", "uses", "constraint"}


@pytest.mark.parametrize(
    "room", ["evidence", "defects", "figures", "terms", "assumptions", "priors"]
)
def test_kinds_do_not_import_each_other(room):
    """A kind is a file that defines a public name and is nobody's base."""
    stub = (ROOT / "__init__.pyi").read_text(encoding="utf-8")
    init = (ROOT / room / "__init__.py").read_text(encoding="utf-8")
    files = set(re.findall(rf"from \.{room}\.(\w+) import", stub))
    files |= set(re.findall(rf"from funnelest\.{room}\.(\w+) import", init))
    kinds = files - SHARED
    assert len(kinds) > 3
    for kind in kinds:
        found = {
            name.split(".")[2]
            for name in imports(ROOT / room / f"{kind}.py")
            if name.startswith(f"funnelest.{room}.")
        }
        others = found & kinds - {kind}
        assert others <= MADE_OF.get(f"{room}.{kind}", set()), kind


def test_the_map_is_that_of_the_tree():
    """Every folder, and every file at the top, stands in ARCHITECTURE.md; nothing else does."""
    table = MAP.read_text(encoding="utf-8").split("## Where a thing is")[1].split("\n## ")[0]
    told = set()
    for row in re.findall(r"^\| (`[^|]*) \|", table, flags=re.MULTILINE):
        told |= set(re.findall(r"`([\w./]+)`", row))
    there = {path.name for path in ROOT.glob("*.py*") if path.suffix in (".py", ".pyi")}
    there |= {
        f"{path.relative_to(ROOT)}/"
        for path in ROOT.rglob("*")
        if path.is_dir() and path.name != "__pycache__"
    }
    assert told == there


def test_the_page_of_validation_lists_its_files():
    page = (MAP.parent / "docs" / "validation.md").read_text(encoding="utf-8")
    there = {path.name for path in (MAP.parent / "validation").glob("test_*.py")}
    assert set(re.findall(r"`(test_\w+\.py)`", page)) == there
