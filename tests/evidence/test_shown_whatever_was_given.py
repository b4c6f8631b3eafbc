"""A part shows itself whatever its fields hold: what is wrong with them the model says."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

import funnelest as fe

ODD = [
    np.ma.masked, pd.NA, pd.NaT, np.timedelta64(1, "D"), np.datetime64("NaT", "D"),
    datetime.timedelta(days=1), np.ma.masked_array([1, 2], [0, 1]), np.array([1, 2]),
    np.array([]), pd.Series([1]), pd.DataFrame({"a": [1]}), object(), float("nan"), {1: [2]},
]  # fmt: skip
SOURCES: list[tuple[Any, dict[str, Any]]] = [
    (fe.Survey, {"step": "a", "yes": 3, "n": 10}),
    (fe.Register, {"step": "a", "count": 3}),
    (fe.Cohort, {"of": "a", "went": {"b": 3}, "n": 9}),
    (fe.Total, {"step": "a", "estimate": 9, "interval": (8, 10)}),
]


@pytest.mark.parametrize("odd", ODD, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize(("kind", "given"), SOURCES, ids=lambda one: getattr(one, "__name__", ""))
def test_a_source_shows_itself(kind: Any, given: dict[str, Any], odd: Any) -> None:
    for name in [*given, "name", "statement", "source", "defects", "where"]:
        made = kind(**{"name": "s", **given, name: odd})
        assert repr(made).startswith(f"{kind.__name__}(")
    for prior in (fe.Beta(1, 1, statement=odd), fe.Normal(0, 1, source=odd)):
        assert repr(prior)


def test_what_is_the_default_is_not_shown() -> None:
    assert repr(fe.Survey(name="s", step="a", yes=3, n=10)) == (
        "Survey(name='s', step='a', yes=3, n=10)"
    )


@pytest.mark.parametrize(
    "figure",
    [
        3e17, 10**19, fe.Rounded(3e17, to=10), fe.Rounded(100, to=3e17), fe.Between(0, 3e17),
        fe.AtMost(3e17), fe.RandomlyRounded(3e17), fe.RoundedToUnknown(100, bases=(1, 3e17)),
    ],
)  # fmt: skip
def test_what_is_too_large_is_not_told_that_it_is_too_small(figure: Any) -> None:
    source = fe.Register(name="r", step="a", count=figure)
    with pytest.raises(fe.SpecError, match=r"at most 1e\+15") as caught:
        fe.Model(fe.Route("a"), fe.Population({}, 1e6), fe.Rate(fe.Beta(1, 1)), evidence=[source])
    assert "at least 0" not in str(caught.value)
    assert "above 0" not in str(caught.value)
