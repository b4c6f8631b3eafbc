"""Models of two unknowns whose posterior is known by quadrature, and that quadrature.

Each is hard in a way of its own, which its docstring says. A model is built of the library; its
exact distribution functions are computed here from densities that are written out by hand, from
the formulas of the documentation, so that they check the likelihood as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats
from validation.exact_quadrature import (
    Case,
    below,
    integrated,
    log_interval,
    nodes,
    normal_log,
    of_all,
    poisson_log,
    tight,
)

import funnelest as fe

__all__ = ["hyperbola", "poles", "register_on_a_ridge", "ring", "two_modes"]


def register_on_a_ridge(coarse: int = 1) -> Case:
    """A register of 25,000 whose coverage has a pole at 0: only the product is known.

    A ridge that is a thousand times as long as it is wide, and that runs into the pole.
    """
    people, count, low, high = 3_000_000, 25_000, 1e-5, 0.1
    model = fe.Model(
        fe.Route("a", "b"),
        of_all(people),
        fe.Rate(fe.LogNormal.from_interval(low, high)),
        {("a", "b"): fe.Share(0.5)},
        evidence=[fe.Register("r", step="a", count=count, defects=[fe.Coverage(fe.Beta(0.5, 3))])],
    )
    mean, sd = log_interval(low, high)
    rates = nodes(np.log(count / people) - 0.05, 0, 2400, coarse)
    expected = tight(count, 300, coarse)

    def joint(rate: Any, log_expected: Any) -> Any:
        share = np.exp(log_expected - rate) / people  # (1 - share)^2 and share^0.5, on its log
        prior = np.where(share < 1, 0.5 * np.log(share) + 2 * np.log1p(-share), -np.inf)
        return prior + normal_log(rate, mean, sd) + poisson_log(count, log_expected)

    return Case(model, {"rate of a": below(rates, integrated(joint, rates, [expected]), np.log)})


def _plane(value: Callable[[Any, Any], Any], estimate: float, se: float, sd: float) -> fe.Model:
    """Return a model of two normal numbers, of which a function is known."""
    own = fe.OwnNormal(
        name="f",
        quantity=lambda q: value(q.parameter("x"), q.parameter("y")),
        estimate=estimate,
        se=se,
    )
    return fe.Model(
        fe.Route("a", "b"),
        of_all(1000),
        fe.Rate(0.01),
        {("a", "b"): fe.Share(0.5)},
        [own],
        [],
        {"x": fe.Normal(0, sd), "y": fe.Normal(0, sd)},
    )


def _line(slope: Any, rest: Any, estimate: float, se: float, sd: float) -> Any:
    """Return the log-density of an estimate of ``rest + slope y``, the normal y integrated out."""
    variance = se**2 + (slope * sd) ** 2
    return normal_log(estimate, rest, np.sqrt(variance)) - 0.5 * np.log(variance)


def hyperbola(coarse: int = 1) -> Case:
    """Of two numbers only the product is known."""
    x = nodes(-12, 12, 6000, coarse)
    density = normal_log(x, 0, 2) + _line(x, 0.0, 1.0, 0.02, 2.0)
    model = _plane(lambda x, y: x * y, 1.0, 0.02, 2.0)
    return Case(model, {name: below(x, density) for name in ("x", "y")})


def ring(coarse: int = 1) -> Case:
    """Of two numbers the sum of their squares is known."""

    def joint(x: Any, y: Any) -> Any:
        return normal_log(x * x + y * y, 1.0, 0.05) + normal_log(x, 0, 1) + normal_log(y, 0, 1)

    x, y = nodes(-1.3, 1.3, 1200, coarse), nodes(-1.3, 1.3, 1200, coarse)
    exact = below(x, integrated(joint, x, [y]))
    return Case(_plane(lambda x, y: x * x + y * y, 1.0, 0.05, 1.0), {"x": exact, "y": exact})


def two_modes(coarse: int = 1) -> Case:
    """A square is known, and the sign only nearly: modes of unequal mass, far apart."""
    x = nodes(-12, 12, 3000, coarse)
    density = normal_log(x, 0, 2) + _line(0.3, x * x + 0.6 * x, 4.0, 0.2, 2.0)
    model = _plane(lambda x, y: x * x + 0.6 * x + 0.3 * y, 4.0, 0.2, 2.0)
    return Case(model, {"x": below(x, density)})


def poles(coarse: int = 1) -> Case:
    """None of 50, a prior that is infinite at 0, and one that is infinite at 1."""
    model = fe.Model(
        fe.Route("a", "b"),
        of_all(1000),
        fe.Rate(fe.Beta(0.05, 1)),
        {("a", "b"): fe.Share(fe.Beta(0.5, 0.5))},
        [
            fe.Survey("none", step="a", yes=0, n=50),
            fe.Survey("all", step="b", of="a", yes=20, n=20),
        ],
    )
    exact = {"rate of a": stats.beta(0.05, 51).cdf, "a -> b": stats.beta(20.5, 0.5).cdf}
    return Case(model, exact)
