"""A step whose people are known: 50 and 100 boys, 300 and 400 girls, in two years."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funnelest as fe

PEOPLE = fe.Population({"sex": ["m", "f"], "year": [2017, 2018]}, [[1000, 2000], [3000, 4000]])


def _model(*evidence: Any, **parameters: Any) -> fe.Model:
    return fe.Model(
        fe.Route("a", "b", "c"), PEOPLE, fe.Rate(fe.PerLevel("sex", {"m": 0.1, "f": 0.2})),
        {("a", "b"): fe.Share(0.5), ("b", "c"): fe.Share(0.1)}, evidence, parameters=parameters,
    )  # fmt: skip


def _quantities(model: fe.Model, **values: float) -> fe.Quantities:
    given = {name: np.array([value]) for name, value in values.items()}
    middle = {name: np.array([float(p.ppf(0.5))]) for name, p in model.free.items()}
    return fe.Quantities(model, {**middle, **given})


@pytest.fixture
def model_of() -> Callable[..., fe.Model]:
    return _model


@pytest.fixture
def quantities() -> Callable[..., fe.Quantities]:
    return _quantities


@pytest.fixture
def expected() -> Callable[..., Any]:
    """Return the expected counts of a register of step b with these defects."""

    def find(*defects: Any, values: Any = None, **register: Any) -> Any:
        given = {"name": "r", "step": "b", "count": 3, **register}
        model = _model(fe.Register(**given, defects=list(defects)))
        (seen,) = model.evidence[0].observations(_quantities(model, **(values or {})))
        return np.ravel(seen.moments()[0])

    return find


@pytest.fixture
def checked() -> Callable[..., float]:
    """Return the share that a validation study of the register would check."""

    def find(what: str, *defects: Any, where: Any = None, **register: Any) -> float:
        given = {"name": "r", "step": "b", "count": 3, **register}
        model = _model(fe.Register(**given, defects=list(defects)))
        return float(model.evidence[0].checked(what, _quantities(model), where or {})[0])

    return find


@pytest.fixture
def measured() -> Callable[..., float]:
    """Return the share of people in c, of those in b (0.1), that a survey expects to say so."""

    def find(*defects: Any, values: Any = None) -> float:
        model = _model(fe.Survey(name="s", step="c", of="b", yes=3, n=40, defects=list(defects)))
        (seen,) = model.evidence[0].observations(_quantities(model, **(values or {})))
        return float(seen.moments()[0][0]) / 40

    return find
