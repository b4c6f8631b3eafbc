"""Ades and Cliffe, Med Decis Making 2002;22:359: HIV before birth, 12 figures of 9 unknowns.

Data also in Welton et al., Evidence Synthesis for Decision Making in Healthcare, 2012, chapter 8.

Mark: reproduced with the named program on these data (JAGS 4.3.1, 4 chains of 400,000).
Tolerance: posterior means 2%, quantiles 4%, leave-one-out mid-p 0.01. Figures 2, 4, 5 and 12
conflict with the others.
"""

from __future__ import annotations

import pytest
from validation.prenatal_hiv import model, quantities

import funnelest as fe
from funnelest.check.conflict import conflict

#: mean, 2.5%, 50% and 97.5%.
EXPECTED = {
    "a": (0.1057, 0.1039, 0.1057, 0.1076),
    "b": (0.00892, 0.00468, 0.00861, 0.01484),
    "c": (0.0172, 0.01553, 0.01718, 0.01893),
    "d": (0.01241, 0.00628, 0.01193, 0.02125),
    "e": (0.000485, 0.000364, 0.000483, 0.000619),
    "f": (0.313, 0.242, 0.312, 0.39),
    "g": (0.738, 0.515, 0.747, 0.915),
    "h": (0.428, 0.23, 0.416, 0.698),
    "w": (0.112, 0.0655, 0.1106, 0.169),
}
#: Without figure 10: of g mean, 2.5% and 97.5%; of f and h the mean.
WITHOUT_10 = {"g": (0.523, 0.165, None, 0.95), "f": (0.318,), "h": (0.444,)}
#: P(new > printed) + P(new = printed) / 2. The book prints 0.004 for item 4.
MID_P = {
    "2": 0.005, "3": 0.92, "4": 0.005, "5": 0.982, "6": 0.128, "7": 0.127, "8": 0.82,
    "9": 0.936, "10": 0.159, "11": 0.177, "12": 0.979,
}  # fmt: skip
MEAN, QUANTILE = 0.02, 0.04


def check(result: fe.Result, expected) -> None:
    table = result.quantities(quantities()).set_index("quantity")
    for name, numbers in expected.items():
        row = table.loc[name]
        for column, number in zip(("mean", "low", "median", "high"), numbers, strict=False):
            if number is not None:
                tolerance = MEAN if column == "mean" else QUANTILE
                assert row[column] == pytest.approx(number, rel=tolerance), (name, column)


@pytest.fixture(scope="module")
def result() -> fe.Result:
    return fe.fit(model(), engine="importance", draws=40_000, seed=1, progress=False)


def test_the_posterior_by_importance_sampling(result):
    check(result, EXPECTED)


@pytest.mark.slow
def test_the_posterior_by_chains():
    check(fe.fit(model(), engine="hmc", draws=40_000, seed=1, progress=False), EXPECTED)


def test_without_figure_10():
    gone = model().without("10")
    check(fe.fit(gone, engine="importance", draws=40_000, seed=1, progress=False), WITHOUT_10)


def test_the_conflict():
    fitted = fe.fit(model(), engine="importance", seed=1, progress=False)
    found = conflict(fitted, seed=1, draws=16_000, cores=2, progress=False)
    table = found.table.set_index("source")
    for item, mid_p in MID_P.items():
        assert table.loc[item, "mid_p"] == pytest.approx(mid_p, abs=0.01), item
        assert table.loc[item, "mid_p_mc_error"] < 0.005
    assert {one.source for one in found.details["apart"]} == {"2", "4", "5", "12"}
    assert found.mark == "SOURCES IN CONFLICT: 2, 4, 5, 12"
    assert not found.passed
    assert "2, 4, 5 and 12" in found.headline
