"""Chains and walks, of three to six unknowns, whose posterior is known by quadrature.

Each is hard in a way of its own, which its docstring says. A model is built of the library; its
exact distribution functions are computed here from densities that are written out by hand, from
the formulas of the documentation, so that they check the likelihood as well.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from scipy import special
from validation.exact_quadrature import (
    Case,
    below,
    beta_logit,
    blurred,
    integrated,
    log_interval,
    log_trapezoid,
    nodes,
    normal_log,
    of_all,
    poisson_log,
    tight,
)

import funnelest as fe

__all__ = [
    "boundaries",
    "chain_of_four",
    "walk_of_unknown_spread",
    "walk_of_wide_spread",
]


def boundaries(coarse: int = 1) -> Case:
    """All of 30 and none of 40, over a rate and two shares that have poles at both ends.

    Only products are seen: which of the steps it is where everybody or nobody passes is open.
    """
    everybody, nobody, jeffreys = 30, 40, fe.Beta(0.5, 0.5)
    model = fe.Model(
        fe.Route("a", "b", "c"),
        of_all(1000),
        fe.Rate(jeffreys),
        {("a", "b"): fe.Share(jeffreys), ("b", "c"): fe.Share(jeffreys)},
        [
            fe.Survey("all", step="b", yes=everybody, n=everybody),
            fe.Survey("none", step="c", yes=0, n=nobody),
        ],
    )
    # A share with this prior is the square of the sine of a uniform angle.
    angle = nodes(0, np.pi / 2, 160, coarse)
    with np.errstate(divide="ignore"):
        first, second, third = np.ix_(*[2 * np.log(np.sin(angle))] * 3)
        log = everybody * (first + second) + nobody * np.log1p(-np.exp(first + second + third))
    log[np.isnan(log)] = -np.inf

    def one(axis: int) -> Any:
        rest = sorted({0, 1, 2} - {axis}, reverse=True)
        marginal = log_trapezoid(log_trapezoid(log, angle, rest[0]), angle, rest[1])
        return below(angle, marginal, lambda share: np.arcsin(np.sqrt(share)))

    return Case(model, {name: one(i) for i, name in enumerate(("rate of a", "a -> b", "b -> c"))})


def chain_of_four(coarse: int = 1) -> Case:
    """Four transitions with a count at each end: of four shares only the product is known.

    Where it is one step that loses most, it may be any of them: a star with a ray along each
    axis, and a pole at 0.
    """
    people, begun, ended, low, high = 1_000_000, 20_000, 150, 1e-3, 0.2
    powers = (0.5, 1.0, 2.0, 4.0)
    steps = "abcde"
    edges = list(pairwise(steps))
    model = fe.Model(
        fe.Route(*steps),
        of_all(people),
        fe.Rate(fe.LogNormal.from_interval(low, high)),
        {edge: fe.Share(fe.Beta(p, 1)) for edge, p in zip(edges, powers, strict=True)},
        [
            fe.Register("begun", step=steps[0], count=begun),
            fe.Register("ended", step=steps[-1], count=ended),
        ],
    )
    mean, sd = log_interval(low, high)
    first, last, rates = (tight(n, k, coarse) for n, k in ((begun, 64), (ended, 64), (begun, 400)))

    def log_product(lost: Any, of: list[float]) -> Any:
        """Return the log-density of a sum of exponential times: minus the logs of such shares."""
        total = 0.0
        for one in of:
            others = [other / (other - one) for other in of if other != one]
            total = total + one * np.prod(others) * np.exp(-one * lost)
        return np.log(np.where(lost > 0, np.maximum(total, 0.0), 0.0))

    def counted(log_first: Any, log_last: Any) -> Any:
        # Those who ended are some of those who began: a binomial number, given that one.
        rate, lost = normal_log(log_first - np.log(people), mean, sd), log_last - log_first
        with np.errstate(invalid="ignore", divide="ignore"):
            further = ended * lost + (begun - ended) * np.log1p(-np.exp(lost))
        return rate + poisson_log(begun, log_first) + np.where(lost < 0, further, -np.inf)

    def of_rate(log_first: Any, log_last: Any) -> Any:
        return counted(log_first, log_last) + log_product(log_first - log_last, list(powers))

    exact = {
        "rate of a": below(
            rates, integrated(of_rate, rates, [last]), lambda rate: np.log(rate * people)
        )
    }
    shares = nodes(-7, 0, 700, coarse)
    for edge, power in zip(edges, powers, strict=True):
        rest = [other for other in powers if other != power]

        def of_share(
            share: Any, log_first: Any, log_last: Any, power: float = power, rest: Any = rest
        ) -> Any:
            lost = log_first - log_last + share
            return counted(log_first, log_last) + log_product(lost, rest) + power * share

        found = integrated(of_share, shares, [first, last])
        exact[" -> ".join(edge)] = below(shares, found, np.log)
    return Case(model, exact)


def walk_of_unknown_spread(coarse: int = 1) -> Case:
    """Shares of five years, pooled by a walk of which the spread is unknown: six unknowns.

    The spread may be nothing, where the steps are those of the prior, or large, where the figures
    hold them: a funnel.
    """
    return _walk((20, 14, 40, 92, 61), (600,) * 5, 1.0, -8.0, coarse)


def walk_of_wide_spread(coarse: int = 1) -> Case:
    """The same with a tenth of the people, and a spread that may be several times as large."""
    return _walk((2, 1, 4, 9, 6), (60,) * 5, 2.0, -15.0, coarse)


def _walk(
    yes: tuple[int, ...], asked: tuple[int, ...], widest: float, low: float, coarse: int
) -> Case:
    """Return a walk over years, from the shares that were measured in each of them.

    Their log-odds have next to no probability below `low`.
    """
    shape = (1.0, 4.0)
    years = [2015 + i for i in range(len(yes))]
    model = fe.Model(
        fe.Route("a", "b"),
        fe.Population({"year": years}, [1000] * len(years)),
        fe.Rate(fe.Beta(*shape), fe.RandomWalk("year", fe.HalfNormal(widest))),
        {("a", "b"): fe.Share(0.5)},
        evidence=[
            fe.Survey(f"s{year}", step="a", yes=k, n=n, where={"year": year})
            for year, k, n in zip(years, yes, asked, strict=True)
        ],
    )
    # The rates of the years are a chain: given the spread, each is integrated out in its turn.
    line = nodes(low, 4, 520, coarse)
    spreads = nodes(0, min(6 * widest, 9.0), 240, coarse)
    seen = [beta_logit(line, k, n - k) for k, n in zip(yes, asked, strict=True)]
    rows = []
    middle = len(years) // 2
    for spread in spreads:
        mean_over_step = blurred(line, spread)
        total = seen[middle] + beta_logit(line, *shape)
        for side in (seen[:middle], seen[:middle:-1]):  # from either end to the middle
            passed = np.zeros(len(line))
            for one in side:
                passed = mean_over_step(passed + one)
            total = total + passed
        rows.append(total + normal_log(spread, 0, widest))
    joint = np.array(rows)
    exact = {
        "rate of a": below(line, log_trapezoid(joint, spreads, axis=0), special.logit),
        "rate of a[sd over year]": below(spreads, log_trapezoid(joint, line)),
    }
    return Case(model, exact)
