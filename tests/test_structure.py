"""Rules of the source tree that a newcomer relies on."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import funnelest

ROOT = Path(funnelest.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
#: Modules that may be longer: families of small classes of one kind.
LONG = {"result.py": 560}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_has_to_be_scrolled_through(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONG.get(path.name, 450)


def imports(path, everywhere=True):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if everywhere else tree.body
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


#: What kinds share stands in `base`, and in these; a withheld figure is made of simple ones.
SHARED = {
    "defects": {"varying"}, "evidence": {"first_events"}, "figures": {"plain", "rounded"},
    "terms": {"smooth"},
}  # fmt: skip


@pytest.mark.parametrize(
    "folder", ["evidence", "defects", "figures", "terms", "imputation", "plot", "check"]
)
def test_kinds_do_not_import_each_other(folder):
    kinds = {p.stem for p in (ROOT / folder).glob("*.py")} - {"__init__", "base"}
    kinds -= SHARED.get(folder, set())
    for path in (ROOT / folder).glob("*.py"):
        if path.stem in ("__init__", "base"):
            continue
        others = kinds - {path.stem}
        found = {
            name for name in imports(path)
            for other in others if name.startswith(f"funnelest.{folder}.{other}")
        }  # fmt: skip
        assert not found, path


HEAVY = ("pymc", "pytensor", "arviz", "xarray", "pandas", "matplotlib", "nutpie")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_heavy_packages_are_imported_inside_functions(path):
    found = {name.split(".")[0] for name in imports(path, everywhere=False)}
    assert not {name for name in found if name.startswith(HEAVY)}
