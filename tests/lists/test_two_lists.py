"""Lincoln-Petersen and Chapman: closed forms, exact limits, coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import hypergeom

from funnelest.errors import SpecError
from funnelest.lists import OverlapTable
from funnelest.lists.estimators.two_lists import Chapman, LincolnPetersen, hypergeometric_limits

TABLE = OverlapTable(["police", "hospital"], {"10": 400, "01": 200, "11": 600})
APART = OverlapTable(["police", "hospital"], {"10": 40, "01": 20})


def test_the_estimates():
    assert LincolnPetersen().estimate(TABLE).total == pytest.approx(1000 * 800 / 600, abs=1e-9)
    found = Chapman().estimate(TABLE)
    assert found.total == pytest.approx(1001 * 801 / 601 - 1, abs=1e-9)
    # Seber 1970.
    seber = 1001 * 801 * 400 * 200 / (601**2 * 602)
    assert found.measures["standard error"] == pytest.approx(np.sqrt(seber))
    assert found.interval_name == "95% exact hypergeometric"


def test_what_is_expected_keeps_the_sizes_of_the_lists():
    found = LincolnPetersen().estimate(TABLE)
    np.testing.assert_allclose(found.predicted["all"], TABLE.cells().counts)


@pytest.mark.parametrize("counts", [(5, 7, 3), (0, 5, 2), (30, 12, 1), (6, 6, 0)])
def test_the_limits_by_trying_every_number(counts):
    a, b, both = counts
    known, n1, n2 = sum(counts), a + both, b + both
    N = known + np.arange(8000)
    inside = (hypergeom.cdf(both, N, n1, n2) > 0.05) & (hypergeom.sf(both - 1, N, n1, n2) > 0.05)
    low, high = hypergeometric_limits(a, b, both, 0.9)
    assert low == np.flatnonzero(inside)[0]
    assert high == (np.flatnonzero(inside)[-1] if both else np.inf)


def test_nobody_on_both():
    low, _ = hypergeometric_limits(40, 20, 0, 0.95)
    for method in (LincolnPetersen(), Chapman()):
        found = method.estimate(APART)
        assert np.isnan(found.hidden)
        assert found.interval is None
        assert found.interval_name == "none"
        assert "nobody is on both police and hospital" in found.withheld
        assert "no upper limit" in found.withheld
        assert f"at least about {60 + low:,.0f} people in all, by the lower 97.5%" in found.withheld


def test_three_lists_are_refused():
    with pytest.raises(SpecError, match=r"at most 2 lists; given 3\. Use LogLinear") as caught:
        Chapman().estimate(OverlapTable(["a", "b", "c"], {"111": 1, "100": 2}))
    assert len(caught.value.problems) == 1
    with pytest.raises(SpecError, match="probability"):
        Chapman(probability=1.5).estimate(TABLE)


@pytest.mark.slow
@pytest.mark.parametrize(("N", "p", "q"), [(1000, 0.2, 0.3), (300, 0.1, 0.2), (100, 0.5, 0.4)])
def test_the_limits_cover_as_often_as_stated(N, p, q):
    rng = np.random.default_rng(1)
    hits, runs = 0, 1500
    for _ in range(runs):
        n11, n10, n01, n00 = rng.multinomial(
            N, [p * q, p * (1 - q), (1 - p) * q, (1 - p) * (1 - q)]
        )
        low, high = hypergeometric_limits(n10, n01, n11, 0.95)
        hits += low <= n00 <= high
    assert hits / runs > 0.95 - 2 * np.sqrt(0.05 * 0.95 / runs)
    assert hits / runs < 0.99  # not much wider than needed
