"""The same arithmetic on symbols: equal values, and gradients that are finite and right."""

from __future__ import annotations

import numpy as np
import pytest

from funnelest.distributions import (
    BetaBinomial,
    Binomial,
    LogisticNormalBinomial,
    MultivariateNormalOn,
    NegativeBinomial,
    Overlapping,
    Poisson,
)
from funnelest.errors import SpecError

COVARIANCE = np.array([[0.04, 0.01], [0.01, 0.09]])
MEANS, CVS = (1e-3, 50.0, 130.0, 1e4, 1e6), (0.1, 0.5, 0.01, 0.2, 0.4)
SHARES = (1e-5, 0.01, 0.4, 0.9, 0.999)
#: What is asked of a distribution, how it is made, and parameters per draw.
CASES = {
    "Poisson at most": (lambda d: d.log_cdf(91), Poisson, [MEANS]),
    "Poisson at least": (lambda d: d.log_sf(91), Poisson, [MEANS]),
    "Binomial at most": (lambda d: d.log_cdf(91), lambda p: Binomial(2000, p), [SHARES]),
    "Binomial at least": (lambda d: d.log_sf(1500), lambda p: Binomial(2000, p), [SHARES]),
    "NegativeBinomial at most": (lambda d: d.log_cdf(91), NegativeBinomial, [MEANS, CVS]),
    "NegativeBinomial at least": (lambda d: d.log_sf(91), NegativeBinomial, [MEANS, CVS]),
    "NegativeBinomial at least, tail": (
        lambda d: d.log_sf(91), NegativeBinomial,
        [(1.0, 30.0, 60.0, 75.0, 80.0), (0.01, 0.3, 0.1, 0.05, 1e-3)],
    ),
    "BetaBinomial at most": (
        lambda d: d.log_cdf(91), lambda p: BetaBinomial(200, p, 3.0), [(0.1, 0.4, 0.6)]
    ),
    "LogisticNormalBinomial": (
        lambda d: d.logp(28), lambda m, s: LogisticNormalBinomial(390, m, s),
        [(-8.0, -2.0, 0.1, 3.0, 8.0), (1e-3, 0.1, 1.0, 2.0, 5.0)],
    ),
    "MultivariateNormalOn": (
        lambda d: d.logp([0.3, 0.6]),
        lambda e: MultivariateNormalOn(e, COVARIANCE, "logit"), [[(0.2, 0.3), (0.5, 0.9)]],
    ),
    "Overlapping": (
        lambda d: d.logp([96, 91]), lambda m, both: Overlapping(m, {(0, 1): both}),
        [[(96.0, 80.0, 10.0), (91.0, 100.0, 20.0)], (20.0, 10.0, 12.0)],
    ),
    "Overlapping, rounded": (
        lambda d: d.total_of_two(np.arange(95, 105), np.arange(85, 90)),
        lambda m, both: Overlapping(m, {(0, 1): both}),
        [[(96.0, 80.0, 10.0), (91.0, 100.0, 20.0)], (20.0, 10.0, 12.0)],
    ),
    "Overlapping, three": (
        lambda d: d.logp([90, 90, 60]),
        lambda m, both: Overlapping(m, {(0, 1): both, (1, 2): both}),
        [[(96.0, 80.0), (91.0, 100.0), (50.0, 60.0)], (20.0, 10.0)],
    ),
}  # fmt: skip


def compiled(case, mode):
    import pytensor
    import pytensor.tensor as pt

    ask, make, values = CASES[case]
    values = [np.asarray(value) for value in values]
    symbols = [pt.tensor(dtype="float64", shape=(*v.shape[:-1], None)) for v in values]
    expression = ask(make(*symbols))
    gradients = pytensor.grad(expression.sum(), symbols)
    with pytensor.config.change_flags(cxx=""):  # nothing here is worth a compiler's time
        value, *slopes = pytensor.function(symbols, [expression, *gradients], mode=mode)(*values)
    return ask, make, values, value, slopes


@pytest.mark.parametrize("case", CASES)
def test_symbols_give_what_arrays_give(case):
    ask, make, values, value, slopes = compiled(case, "FAST_COMPILE")
    with np.errstate(all="ignore"):
        expected = ask(make(*values))
    np.testing.assert_allclose(value, expected, rtol=1e-9, atol=1e-12)
    for i, slope in enumerate(slopes):
        assert np.isfinite(slope).all()
        # Sum over the rows of a parameter that has several: all of them are moved together.
        sides = []
        for step in (1e-6, -1e-6):
            moved = [v * (1 + step) if j == i else v for j, v in enumerate(values)]
            with np.errstate(all="ignore"):
                sides.append(ask(make(*moved)))
        found = (slope * values[i]).reshape(-1, len(expected)).sum(axis=0)
        some = np.isfinite(expected)
        numeric = (sides[0][some] - sides[1][some]) / 2e-6
        np.testing.assert_allclose(found[some], numeric, rtol=2e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_compiled_by_numba(case):
    ask, make, values, value, slopes = compiled(case, "NUMBA")
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(value, ask(make(*values)), rtol=1e-9, atol=1e-12)
    assert all(np.isfinite(slope).all() for slope in slopes)


def test_sums_that_are_too_long_are_refused():
    import pytensor.tensor as pt

    mean, cv = pt.dvector(), pt.dvector()
    with pytest.raises(SpecError, match="a sum over 30001 counts"):
        NegativeBinomial(mean, cv).log_cdf(30_000)
    assert Poisson(mean).total(np.arange(3)) is None
    assert NegativeBinomial(mean, cv).total(np.arange(3), np.zeros(3)) is None
    assert Binomial(9, mean).total(np.arange(30)) is None
