"""Near a limit a family goes over into the other one: walked towards, by value and by slope."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, getcontext
from typing import Any

import numpy as np
import pytest

from funnelest.distributions import (
    BetaBinomial,
    Binomial,
    LogisticNormalBinomial,
    NegativeBinomial,
    NormalOn,
    Poisson,
    QuantilesOn,
    Triplet,
    limits,
)
from funnelest.tape.traced import gradient_of, traced

WALK = 10.0 ** -np.arange(1, 19)


def value_and_slope(law: Callable[[Any], Any], at: float) -> tuple[float, float]:
    """Return a log-probability and its slope in one parameter."""
    start = traced(np.array([at]))
    with np.errstate(all="ignore"):
        made = law(start)
        return float(np.asarray(law(np.array([at])))[0]), float(gradient_of(made, start)[0])


def of_share(n: int, x: int, deff: float) -> Callable[[Any], Any]:
    return lambda p: BetaBinomial(n, p, deff).logp(x)


#: What is near the limit, by how far it is away; the same of the limit; and its parameter.
FAMILIES: dict[str, tuple[Callable[[float], Any], Callable[[Any], Any], float]] = {
    "design effect to 1": (
        lambda e: of_share(1900, 38, 1.0 + e), lambda p: Binomial(1900, p).logp(38), 0.018
    ),
    "design effect to 1, nobody": (
        lambda e: of_share(1900, 0, 1.0 + e), lambda p: Binomial(1900, p).logp(0), 0.001
    ),
    "design effect to 1, everybody": (
        lambda e: of_share(60, 60, 1.0 + e), lambda p: Binomial(60, p).logp(60), 0.97
    ),
    "design effect to 1, of many": (
        lambda e: of_share(2_000_000, 40_000, 1.0 + e),
        lambda p: Binomial(2_000_000, p).logp(40_000), 0.0201,
    ),
    "over-dispersion to 0": (
        lambda e: lambda m: NegativeBinomial(m, np.array([e])).logp(130),
        lambda m: Poisson(m).logp(130), 121.0,
    ),
    "over-dispersion to 0, none": (
        lambda e: lambda m: NegativeBinomial(m, np.array([e])).logp(0),
        lambda m: Poisson(m).logp(0), 2.5,
    ),
    "over-dispersion to 0, many": (
        lambda e: lambda m: NegativeBinomial(m, np.array([e])).logp(40_000_000),
        lambda m: Poisson(m).logp(40_000_000), 40_003_000.0,
    ),
    "studies alike": (
        lambda e: lambda m: LogisticNormalBinomial(50, m, np.array([e])).logp(12),
        lambda m: Binomial(50, 1 / (1 + np.exp(-m))).logp(12), -1.1,
    ),
    "no skewness": (
        lambda e: lambda m: QuantilesOn(m, Triplet(-1.0, 0.0, 1.0 + e, 1.96, "identity")).logp(0.0),
        lambda m: NormalOn(m, 1 / 1.96).logp(0.0), 0.4,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
def test_the_way_to_the_limit_is_smooth(name: str) -> None:
    near, limit, at = FAMILIES[name]
    there, slope = value_and_slope(limit, at)
    found = [value_and_slope(near(float(e)), at) for e in WALK]
    away = np.abs(np.array(found) - [there, slope]) / [1.0, max(1.0, abs(slope))]
    assert np.isfinite(away).all()
    # Ever nearer, until the digits of the limit itself are reached.
    noise = 1e-7 if name == "studies alike" else 2e-9
    close = np.flatnonzero((away[1:] < 0.5).all(axis=1))  # a count may be as near as 1 in a million
    assert close[0] <= 4
    assert np.all(away[1:][close] <= 0.4 * away[:-1][close] + noise)
    assert np.all(away[-1] <= noise)


def test_a_design_effect_that_is_a_hair_above_1() -> None:
    hair = 0.1 * 3 / 0.3
    assert 1 < hair < 1 + 1e-15
    for deff in (hair, np.array([hair]), np.array([1.0])):
        near = BetaBinomial(1900, np.array([0.02]), deff).logp(38)
        assert near == pytest.approx(Binomial(1900, np.array([0.02])).logp(38), abs=1e-10)


def test_the_slope_in_the_design_effect_goes_on_to_1() -> None:
    def law(deff: Any) -> Any:
        return BetaBinomial(100, 0.02 + 0.0 * deff, deff).logp(5)

    _, at_1 = value_and_slope(law, 1.0)
    differences = (value_and_slope(law, 1 + 1e-6)[0] - value_and_slope(law, 1.0)[0]) / 1e-6
    assert at_1 == pytest.approx(differences, rel=1e-4)
    for e in WALK[4:]:
        assert value_and_slope(law, 1 + e)[1] == pytest.approx(at_1, rel=1e-4)


@pytest.mark.parametrize("size", [1e3, 1e6, 1e9, 1e12, 1e15])
def test_huge_counts_keep_their_digits(size: float) -> None:
    getcontext().prec = 60
    spread = 0.01
    n, rate = Decimal(size), size + 1.7 * np.sqrt(size)
    mu = Decimal(float(rate))
    exact = n * mu.ln() - mu - log_gamma(n + 1)
    assert limits.poisson(size, np.array([rate]))[0] == pytest.approx(float(exact), abs=1e-7)
    cv = Decimal(spread)  # the double, to its last digit
    s = 1 / (cv * cv)
    exact = log_gamma(n + s) - log_gamma(s) - log_gamma(n + 1)
    exact += n * (mu / s).ln() - (n + s) * (1 + mu / s).ln()
    found = NegativeBinomial(np.array([rate]), np.array([spread])).logp(size)[0]
    assert found == pytest.approx(float(exact), abs=1e-7)
    x, p = round(0.2 * size), 0.2 + 1.3 * np.sqrt(0.16 / size)
    yes, share = Decimal(x), Decimal(float(p))
    exact = log_gamma(n + 1) - log_gamma(yes + 1) - log_gamma(n - yes + 1)
    exact += yes * share.ln() + (n - yes) * (1 - share).ln()
    assert limits.binomial(x, size, np.array([p]))[0] == pytest.approx(float(exact), abs=1e-7)


def log_gamma(x: Decimal) -> Decimal:
    """Return the logarithm of the gamma function of a large number, to 24 digits."""
    pi = Decimal("3.14159265358979323846264338327950288419716939937510582097494")
    rest = 1 / (12 * x) - 1 / (360 * x**3) + 1 / (1260 * x**5) - 1 / (1680 * x**7)
    return (x - Decimal("0.5")) * x.ln() - x + (2 * pi).ln() / 2 + rest


@pytest.mark.parametrize("cv", [1e-3, 0.1, 0.249, 0.2501, 0.7, 3.0, 30.0])
@pytest.mark.parametrize("x", [0, 1, 3, 40, 5000])
def test_the_negative_binomial_is_scipys(x: int, cv: float) -> None:
    from scipy.stats import nbinom

    mean = np.array([0.02, 2.0, 40.0, 4800.0])
    size = 1 / cv**2
    found = NegativeBinomial(mean, np.full(4, cv)).logp(x)
    np.testing.assert_allclose(
        found, nbinom(size, size / (size + mean)).logpmf(x), rtol=2e-9, atol=1e-10
    )


@pytest.mark.parametrize("deff", [1.0001, 1.5, 7.0, 30.0, 49.0])
def test_the_beta_binomial_is_scipys(deff: float) -> None:
    from scipy.stats import betabinom

    size = (50 - deff) / (deff - 1)
    p = np.array([1e-4, 0.03, 0.4, 0.999])
    for x in (0, 1, 7, 50):
        found = BetaBinomial(50, p, deff).logp(x)
        expected = betabinom(50, p * size, (1 - p) * size).logpmf(x)
        # SciPy's beta functions differ in the ninth digit when the size is large.
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=5e-9)


@pytest.mark.parametrize("scale", ["identity", "log", "logit"])
def test_a_range_that_is_rounded_finer_and_finer_has_the_density(scale: str) -> None:
    value = 0.3
    law = NormalOn(np.array([0.2, 0.31, 0.9]), 0.4, scale)
    slope = {"identity": 1.0, "log": 1 / value, "logit": 1 / (value * (1 - value))}[scale]
    density = law.logp(value)
    away = []
    for width in WALK[:14]:
        found = law.log_between(value - width / 2, value + width / 2)
        away.append(np.abs(found - np.log(width * slope) - density))
    away = np.array(away)
    # Below, the ends of the range are rounded themselves.
    assert np.all(away[1:] <= 0.4 * away[:-1] + 1e-16 / WALK[1:14, None] + 1e-9)
