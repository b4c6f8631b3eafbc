"""The public surface: names, documentation, and what an import costs."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import funnelest as fe

ROOT = Path(fe.__file__).parent
DOCS = Path(__file__).parents[1] / "docs" / "api.md"
#: What a type checker reads.
STUB = [
    one.asname
    for node in ast.parse((ROOT / "__init__.pyi").read_text()).body
    if isinstance(node, ast.ImportFrom)
    for one in node.names
]
#: Rooms of kinds, and what a class of them has that only kinds have.
KINDS = {
    "assumptions": "apply_to_rate",
    "defects": "on_records on_share on_ever on_onset_age design_effect",
    "evidence": "observations",
    "figures": "limits",
    "priors": "logpdf",
    "terms": "deviation",
}


def documented():
    """Return the names of the reference, without ``funnelest.``."""
    blocks = re.findall(r"autosummary::\n.*?```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    return re.findall(r"^   (\w[\w.]*)$", "\n".join(blocks), re.MULTILINE)


def test_the_stub_is_what_python_sees():
    assert len(STUB) > 50
    assert set(STUB) == set(fe.__all__) <= set(dir(fe))
    assert len(STUB) == len(set(STUB))


@pytest.mark.parametrize("name", sorted(STUB))
def test_every_public_name_is_documented(name):
    thing = getattr(fe, name)
    assert inspect.getdoc(thing)
    assert name in documented(), "docs/api.md does not list it"
    if inspect.ismodule(thing):
        return
    assert thing.__name__ == name
    assert thing.__module__.startswith("funnelest.")
    if inspect.isclass(thing):
        for member, value in inspect.getmembers_static(thing):
            if not member.startswith("_") and (
                inspect.isfunction(value) or isinstance(value, property)
            ):
                assert inspect.getdoc(getattr(thing, member)), f"{name}.{member}"


def test_the_reference_lists_nothing_that_is_not_there():
    assert len(documented()) > len(STUB)
    for name in documented():
        assert pkgutil.resolve_name(f"funnelest.{name}") is not None
    assert {name for name in documented() if "." not in name} <= set(STUB)


@pytest.mark.parametrize("room", KINDS)
def test_no_kind_is_missing_from_the_stub(room):
    package = importlib.import_module(f"funnelest.{room}")
    found = set()
    for one in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{one.name}")
        for name, kind in vars(module).items():
            if (
                inspect.isclass(kind)
                and kind.__module__ == module.__name__
                and any(hasattr(kind, member) for member in KINDS[room].split())
                and not name.startswith("_")
                # A base of kinds is not one itself.
                and not [k for k in kind.__subclasses__() if k.__module__.startswith("funnelest.")]
            ):
                found.add(name)
    assert len(found) > 3
    assert found - set(STUB) <= {"Held"}  # made by `Bounds`, and by nobody else


def test_a_type_checker_knows_the_names(tmp_path):
    api = pytest.importorskip("mypy.api", reason="mypy is of the dev extra; `make lint` needs it")
    settings = tmp_path / "mypy.ini"
    # Of the stub only: what it imports is checked by `make lint`.
    settings.write_text(
        f"[mypy]\nmypy_path = {ROOT.parent.as_posix()}\n[mypy-funnelest.*]\nfollow_imports = skip\n"
    )
    options = ["--config-file", str(settings), "--cache-dir", str(tmp_path / "cache"), "-c"]
    right = "\n".join(["import funnelest as fe", *(f"fe.{name}" for name in STUB)])
    assert api.run([*options, right])[0].startswith("Success")
    said, _, failed = api.run([*options, "import funnelest as fe\nfe.Survy(1)"])
    assert failed
    assert 'no attribute "Survy"' in said


def test_an_unknown_attribute():
    with pytest.raises(AttributeError, match="Survy"):
        _ = fe.Survy


def test_version():
    import importlib.metadata

    assert fe.__version__
    try:
        installed = importlib.metadata.version("funnelest")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("not installed, only on the path")
    assert installed == fe.__version__


HEAVY = [
    "pymc",
    "pytensor",
    "arviz",
    "arviz_base",
    "pandas",
    "xarray",
    "matplotlib",
    "scipy",
    "h5netcdf",
    "numba",
    "tqdm",
]


def run(code):
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return found.stdout.split()


def test_import_loads_nothing_heavy():
    code = f"import sys, funnelest; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    assert run(code) == []


#: What a first answer does without: SciPy's parts took a third of its time.
SLOW = [
    "pymc",
    "pytensor",
    "matplotlib",
    "arviz_stats",
    "scipy.interpolate",
    "scipy.optimize",
    "scipy.stats",
    "funnelest.check",
    "funnelest.plot",
]


def test_a_fit_by_importance_loads_no_more_than_it_needs():
    code = (
        "import sys, funnelest as fe\n"
        "m = fe.Model(fe.Route('a', 'b'), fe.Population.cells(), fe.Number(100.0),\n"
        "             evidence=[fe.Cohort(name='c', of='a', step='b', yes=3, n=9)])\n"
        "m = fe.Model.from_dict(m.to_dict())\n"
        "fe.fit(m, engine='importance', draws=400, seed=1, progress=False).steps()\n"
        f"print(*[m for m in {SLOW!r} if m in sys.modules])"
    )
    assert run(code) == []


def test_no_keyword_is_passed_through():
    for name in STUB:
        thing = getattr(fe, name)
        protocol = getattr(thing, "_is_protocol", False)
        if protocol or inspect.ismodule(thing) or name.endswith(("Error", "Warning")):
            continue
        parameters = inspect.signature(thing).parameters.values()
        assert all(p.kind is not p.VAR_KEYWORD for p in parameters), name


def test_errors_can_be_caught_as_what_they_are():
    assert issubclass(fe.SpecError, (fe.FunnelestError, ValueError))
    assert issubclass(fe.SpecError, ValueError)
    assert issubclass(fe.FitError, fe.FunnelestError)
    assert issubclass(fe.FunnelestWarning, UserWarning)
    error = fe.SpecError(["one.", "two.", "one."], "the part")
    assert error.problems == ("one.", "two.")
    assert str(error) == "2 problems in the part:\n  1. one.\n  2. two."


def test_the_shipped_figures():
    table = fe.load_figures()
    assert len(table) > 20
    assert table.index.is_unique
    assert set(table["read"]) <= {"read", "second-hand", "derived", "inference"}
    assert table["source"].notna().all()
