"""Numbers out of a known total, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from funnelest.distributions import BetaBinomial, Binomial, Multinomial

SHARES = np.array([1e-5, 0.02, 0.31, 0.5, 0.97])


@pytest.mark.parametrize(("x", "n"), [(0, 39), (28, 39), (39, 39), (19.76, 950.0)])
def test_binomial(x, n):
    expected = (
        special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)
        + special.xlogy(x, SHARES) + special.xlog1py(n - x, -SHARES)
    )  # fmt: skip
    np.testing.assert_allclose(Binomial(n, SHARES).logp(x), expected, rtol=1e-10)
    if float(x).is_integer():
        np.testing.assert_allclose(expected, stats.binom.logpmf(x, n, SHARES), rtol=1e-8)


def test_binomial_gives_more_than_all_no_probability():
    found = Binomial(39, SHARES).logp(np.array([[38], [40]]))
    assert np.all(np.isfinite(found[0]))
    assert np.all(found[1] == -np.inf)


@pytest.mark.parametrize("deff", [1.01, 1.5, 8.0])
@pytest.mark.parametrize("x", [0, 28, 39])
def test_beta_binomial(x, deff):
    size = (39 - deff) / (deff - 1)
    law = stats.betabinom(39, SHARES * size, (1 - SHARES) * size)
    found = BetaBinomial(39, SHARES, deff)
    np.testing.assert_allclose(found.logp(x), law.logpmf(x), rtol=1e-7, atol=1e-7)
    mean, sd = found.moments()
    np.testing.assert_allclose(mean, law.mean())
    np.testing.assert_allclose(sd, law.std())
    np.testing.assert_allclose(sd**2, deff * 39 * SHARES * (1 - SHARES))


@pytest.mark.parametrize("x", [[0, 0], [22, 15], [85, 15], [0, 100]])
def test_multinomial(x):
    p = np.array([[0.2, 0.5], [0.3, 0.1]])
    found = Multinomial(100, p).logp(x)
    for draw in range(2):
        full = [*p[:, draw], 1 - p[:, draw].sum()]
        expected = stats.multinomial.logpmf([*x, 100 - sum(x)], 100, full)
        assert found[draw] == pytest.approx(expected, rel=1e-10)
