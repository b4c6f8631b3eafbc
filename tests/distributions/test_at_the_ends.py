"""Probabilities where a parameter has rounded to an end: those of a parameter just inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funnelest as fe
from funnelest.distributions import (
    BetaBinomial,
    Binomial,
    LogisticNormalBinomial,
    NegativeBinomial,
    Overlapping,
    Poisson,
)

CV = np.array([0.3])
#: How a distribution is made of a parameter, that parameter at the end, and just inside.
LAWS: dict[str, tuple[Callable[[Any], Any], float, float]] = {
    "Poisson, mean 0": (Poisson, 0.0, 1e-290),
    "negative binomial, mean 0": (lambda m: NegativeBinomial(m, CV), 0.0, 1e-290),
    "negative binomial, no spread": (lambda c: NegativeBinomial(np.array([3.0]), c), 0.0, 1e-7),
    "binomial, share 0": (lambda p: Binomial(50, p), 0.0, 1e-290),
    "binomial, share 1": (lambda p: Binomial(50, p), 1.0, 1 - 1e-15),
    "beta-binomial, share 0": (lambda p: BetaBinomial(50, p, 2.0), 0.0, 1e-290),
    "beta-binomial, share 1": (lambda p: BetaBinomial(50, p, 2.0), 1.0, 1 - 1e-15),
    "beta-binomial, share 1, own deff": (
        lambda p: BetaBinomial(50, p, np.array([2.0])), 1.0, 1 - 1e-15
    ),
    "beta-binomial, all alike": (lambda d: BetaBinomial(50, CV, d), 50.0, 50 - 1e-9),
}  # fmt: skip
FIGURES: dict[str, Any] = {
    "0": fe.Between(0, 0), "3": fe.Between(3, 3), "50": fe.Between(50, 50),
    "0 to 4": fe.Withheld(), "1 to 4": fe.Withheld(1, 4), "45 to 50": fe.Between(45, 50),
    "about 0": fe.Rounded(0, to=10), "about 50": fe.Rounded(50, to=10),
    "0 at random": fe.RandomlyRounded(0, to=5), "50 at random": fe.RandomlyRounded(50, to=5),
    "50, nobody says how": fe.RoundedToUnknown(50),
    "at most 5": fe.AtMost(5), "at most 50": fe.AtMost(50),
    "at least 0": fe.AtLeast(0), "at least 3": fe.AtLeast(3), "at least 45": fe.AtLeast(45),
}  # fmt: skip


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_has_the_probability_of_a_parameter_just_inside(name: str, figure: str) -> None:
    law, end, inside = LAWS[name]
    with np.errstate(all="ignore"):
        at, near = (FIGURES[figure].logp(law(np.array([v])), 1)[0] for v in (end, inside))
    assert not np.isnan(at)
    if near > -20:
        assert at == pytest.approx(near, abs=1e-6)
    else:  # hardly possible inside, and perhaps not at all there
        assert at < near + 1e-6


@pytest.mark.parametrize("x", [0, 3, 50])
def test_a_study_with_a_share_of_0_or_1_or_no_spread(x: int) -> None:
    def logp(mean: float, sd: float) -> float:
        with np.errstate(all="ignore"):
            return float(LogisticNormalBinomial(50, np.array([mean]), np.array([sd])).logp(x)[0])

    for end in (-np.inf, np.inf):
        assert logp(end, 0.5) == logp(np.sign(end) * 700.0, 0.5)
    for sd in (0.0, 1e-200):
        p = 1 / (1 + np.exp(-0.3))
        assert logp(0.3, sd) == pytest.approx(Binomial(50, p).logp(x), rel=1e-6)


def test_lists_of_which_one_holds_nobody() -> None:
    means = np.array([[0.0], [3.0]])
    with np.errstate(all="ignore"):
        value = Overlapping(means, {(0, 1): np.array([0.0])}).logp([0, 3])
    assert value == pytest.approx(Poisson(np.array([3.0])).logp(3))


def test_made_up_counts_without_spread_are_poisson() -> None:
    counts = NegativeBinomial(np.full(20_000, 3.0), np.zeros(20_000)).sample(
        np.random.default_rng(1)
    )
    assert counts.mean() == pytest.approx(3.0, abs=0.06)
    assert counts.var() == pytest.approx(3.0, abs=0.15)


SYMBOLS: dict[str, tuple[Callable[[Any], Any], float]] = {
    "Poisson": (lambda m: Poisson(m).logp(0), 0.0),
    "binomial, none": (lambda p: Binomial(50, p).logp(0), 0.0),
    "binomial, all": (lambda p: Binomial(50, p).logp(50), 1.0),
    "beta-binomial, none": (lambda p: BetaBinomial(50, p, 2.0).logp(0), 0.0),
    "beta-binomial, all": (lambda p: BetaBinomial(50, p, 2.0).logp(50), 1.0),
    "negative binomial": (lambda m: NegativeBinomial(m, CV).logp(0), 0.0),
    "no spread": (lambda c: NegativeBinomial(CV * 10, c).logp(3), 0.0),
}


@pytest.mark.parametrize("name", SYMBOLS)
def test_symbols_have_the_same_value_and_a_finite_slope(name: str) -> None:
    import pytensor
    import pytensor.tensor as pt

    logp, end = SYMBOLS[name]
    x = pt.vector("x", shape=(1,))
    value = logp(x)
    found = pytensor.function([x], [value, pt.grad(value.sum(), x)], mode="FAST_COMPILE")
    at, slope = found(np.array([end]))
    assert at == pytest.approx(logp(np.array([end])), rel=1e-10, abs=1e-12)
    assert np.isfinite(slope).all()


def test_a_share_of_people_who_are_hardly_there(build: Callable[..., fe.Model]) -> None:
    """A rate that has rounded to 0 leaves the share of them what it is."""
    model = build(occurrence=fe.Rate(fe.Gamma(0.01, 1.0)))
    values = {name: np.full(1, 0.3) for name in model.free}
    rate = next(iter(model.occurrence.parameters(model.occurrence_name, model.population)))
    shares = []
    for small in (0.0, 1e-290, 1e-6):
        q = fe.Quantities(model, values | {rate: np.full(1, small)})
        steps = model.route.steps
        shares.append([q.transition(steps[0], steps[1])[0], q.share(steps[1], of=steps[0])[0]])
    np.testing.assert_allclose(shares[0], shares[2], rtol=1e-12)
    np.testing.assert_allclose(shares[1], shares[2], rtol=1e-12)
