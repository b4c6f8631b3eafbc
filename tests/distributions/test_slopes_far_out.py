"""Slopes of figures at points where hardly anything is possible: finite, and those of the value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funnelest as fe
import funnelest.math as fm
from funnelest.distributions import BetaBinomial, Binomial, NegativeBinomial, Poisson
from funnelest.tape.traced import gradient_of, traced, valued

type Law = Callable[[Any], Any]

#: 400 points of two standard normal numbers, twice as far out, and a step to either side.
Z = 2.0 * np.random.default_rng(1).standard_normal((2, 400))
STEP = 1e-5

#: A law of two numbers of standard normal scores, around a count of about `m`, of 20 times that.
LAWS: dict[str, Callable[[int], Law]] = {
    "Poisson": lambda m: lambda z: Poisson(m * fm.exp(2 * z[0] + z[1])),
    "over-dispersed": lambda m: (
        lambda z: NegativeBinomial(m * fm.exp(5 * z[0]), 0.3 * fm.exp(z[1]))
    ),
    "hardly over-dispersed": lambda m: (
        lambda z: NegativeBinomial(m * fm.exp(5 * z[0]), 1e-3 * fm.exp(2 * z[1]))
    ),
    "binomial": lambda m: lambda z: Binomial(20 * m, fm.expit(2 * z[0] + z[1] - 3)),
    "clustered": lambda m: lambda z: BetaBinomial(20 * m, fm.expit(2 * z[0] - 3), 3.0),
    "clustered, nobody knows how": lambda m: (
        lambda z: BetaBinomial(
            20 * m, fm.expit(2 * z[0] - 3), 1.0 + (20 * m - 1.0) * fm.expit(z[1] - 2)
        )
    ),
}
FIGURES: dict[str, tuple[Any, int]] = {
    "3": (fe.Between(3, 3), 3),
    "fewer than 5": (fe.Withheld(), 3),
    "2 to 90": (fe.Between(2, 90), 30),
    "about 100": (fe.Rounded(100, to=10), 100),
    "about 9,500": (fe.Rounded(9_500, to=100), 9_500),
    "9,500 at random": (fe.RandomlyRounded(9_500, to=5), 9_500),
    "9,500, nobody says how": (fe.RoundedToUnknown(9_500), 9_500),
    "at most 50": (fe.AtMost(50), 40),
    "at least 40": (fe.AtLeast(40), 50),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("figure", FIGURES)
def test_slopes_are_finite_and_those_of_the_value(law: str, figure: str) -> None:
    printed, about = FIGURES[figure]
    made = LAWS[law](about)

    def logp(z: Any) -> Any:
        with np.errstate(all="ignore"):
            return printed.logp(made(z), 1)

    start = traced(Z)
    value = logp(start)
    with np.errstate(all="ignore"):
        slopes = gradient_of(value, start)
    assert np.isfinite(slopes).all()
    there = np.isfinite(valued(value))
    for k in range(2):
        away = STEP * np.eye(2)[:, k : k + 1]
        sides = [valued(logp(traced(Z + sign * away))) for sign in (1, -1)]
        found = (sides[0] - sides[1]) / (2 * STEP)
        # A difference has as many digits as the value has after the step is taken out of them.
        noise = 1e-4 * (1 + abs(found)) + 1e-13 * abs(valued(value)) / STEP
        assert (abs(slopes[k] - found) < noise)[there].all()
