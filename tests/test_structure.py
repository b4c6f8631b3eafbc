"""Rules of the source tree that a newcomer relies on."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import funnelest

ROOT = Path(funnelest.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_has_to_be_scrolled_through(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 500 + 60 * (path.name == "result.py")


def imports(path, everywhere=True):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if everywhere else tree.body
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


HEAVY = ("pymc", "pytensor", "arviz", "xarray", "pandas", "matplotlib", "nutpie")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_heavy_packages_are_imported_inside_functions(path):
    found = {name.split(".")[0] for name in imports(path, everywhere=False)}
    assert not {name for name in found if name.startswith(HEAVY)}
