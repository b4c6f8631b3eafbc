"""The public surface: names, documentation, and what an import costs."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import funnelest as fe

NAMES = [
    "Asked",
    "Assumption",
    "AtLeast",
    "AtMost",
    "Beta",
    "Between",
    "Bounds",
    "Bridge",
    "ChangePoint",
    "Clustered",
    "Cohort",
    "Completeness",
    "Coverage",
    "Defect",
    "DetectionRatio",
    "Disagreeing",
    "EarlierRate",
    "Evidence",
    "Exact",
    "Extrapolate",
    "FalsePositives",
    "Figure",
    "FirstTime",
    "FitError",
    "Fixed",
    "FunnelestError",
    "FunnelestWarning",
    "Gamma",
    "HalfNormal",
    "Hazard",
    "Imputation",
    "JointSurvey",
    "Levels",
    "Linked",
    "LogNormal",
    "LogUniform",
    "LogitNormal",
    "Model",
    "Normal",
    "Number",
    "Observation",
    "OnsetAge",
    "OnsetSurvey",
    "OutsideFrame",
    "Overdispersion",
    "OwnBinomial",
    "OwnCustom",
    "OwnNormal",
    "OwnPoisson",
    "PPV",
    "PerLevel",
    "Population",
    "PopulationError",
    "Prior",
    "Proportional",
    "Quantities",
    "RandomWalk",
    "RandomlyRounded",
    "Rate",
    "Recall",
    "Records",
    "Register",
    "Result",
    "Rounded",
    "RoundedToUnknown",
    "Route",
    "Share",
    "Shared",
    "Shift",
    "SpecError",
    "Spline",
    "Survey",
    "Telescoping",
    "Term",
    "TestError",
    "Total",
    "Truncated",
    "Uniform",
    "Unlinked",
    "Unrecorded",
    "Validation",
    "Withheld",
    "bounds",
    "check",
    "distributions",
    "draw_parameters",
    "fit",
    "lists",
    "load",
    "load_figures",
    "load_onset",
    "math",
    "plot",
    "report",
    "save",
    "simulate",
    "to_datatree",
    "to_pymc",
    "trust",
]


def test_the_exact_public_names():
    assert sorted(fe.__all__) == sorted(NAMES)
    assert set(dir(fe)) >= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_documented(name):
    thing = getattr(fe, name)
    assert inspect.getdoc(thing)
    if inspect.ismodule(thing):
        return
    assert thing.__name__ == name
    assert thing.__module__.startswith("funnelest.")
    if inspect.isclass(thing):
        for member, value in vars(thing).items():
            if not member.startswith("_") and (
                inspect.isfunction(value) or isinstance(value, property)
            ):
                assert inspect.getdoc(getattr(thing, member)), f"{name}.{member}"


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
    "nutpie",
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


def test_a_fit_by_importance_does_not_load_pymc():
    code = (
        "import sys, funnelest as fe\n"
        "m = fe.Model(fe.Route('a', 'b'), fe.Population.cells(), fe.Number(100.0),\n"
        "             evidence=[fe.Cohort(name='c', of='a', step='b', yes=3, n=9)])\n"
        "fe.fit(m, engine='importance', draws=400, seed=1, progress=False)\n"
        "print(*[m for m in ('pymc', 'pytensor', 'matplotlib', 'nutpie') if m in sys.modules])"
    )
    assert run(code) == []


def test_no_keyword_is_passed_through():
    for name in NAMES:
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
