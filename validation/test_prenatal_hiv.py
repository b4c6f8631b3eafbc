"""Ades and Cliffe, Med Decis Making 2002;22:359: HIV before birth, 12 figures of 9 unknowns.

Data also in Welton et al., Evidence Synthesis for Decision Making in Healthcare, 2012, chapter 8.

Mark: reproduced with the named program on these data (JAGS 4.3.1, 4 chains of 400,000).
Tolerance: posterior means 2%, quantiles 4%, leave-one-out mid-p 0.01. Figures 2, 4, 5 and 12
conflict with the others.
"""

from __future__ import annotations

import pytest

import funnelest as fe
from funnelest.check.conflict import conflict

WOMEN, DIAGNOSED, SUBTYPE = "pregnant", "diagnosed before", "w"
AFRICA, INJECTING, OTHERS = "from sub-Saharan Africa", "injecting", "others"
HIV = {group: f"HIV, {group}" for group in (AFRICA, INJECTING, OTHERS)}
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


def group(q, name):
    return q.transition(WOMEN, name)


def infected(q, *groups):
    return sum(group(q, name) * q.transition(name, HIV[name]) for name in groups)


def diagnosed(q, *groups):
    return sum(infected(q, name) * q.transition(HIV[name], DIAGNOSED) for name in groups)


def item_5(q):
    return infected(q, INJECTING, OTHERS) / (1 - group(q, AFRICA))


def item_6(q):
    return infected(q, *HIV)


def item_7(q):
    return diagnosed(q, AFRICA) / diagnosed(q, *HIV)


def item_8(q):
    return diagnosed(q, INJECTING) / diagnosed(q, INJECTING, OTHERS)


def item_9(q):
    return diagnosed(q, *HIV) / infected(q, *HIV)


def item_11(q):
    return q.parameter(SUBTYPE)


def item_12(q):
    yes = infected(q, INJECTING) + item_11(q) * infected(q, OTHERS)
    return yes / infected(q, INJECTING, OTHERS)


def model() -> fe.Model:
    flat = fe.Beta(1, 1)
    diagnoses = [(hiv, DIAGNOSED) for hiv in HIV.values()]
    return fe.Model(
        fe.Route(
            WOMEN, *HIV, *HIV.values(), DIAGNOSED,
            edges=[*((WOMEN, name) for name in HIV), *HIV.items(), *diagnoses],
        ),
        fe.Population.cells(),
        fe.Number(100_000),
        # Stick-breaking: together Dirichlet(1, 1, 1).
        {
            (WOMEN, AFRICA): fe.Share(fe.Beta(1, 2)),
            (WOMEN, INJECTING): fe.Share(flat),
            (WOMEN, OTHERS): fe.Share(1.0),
            **{edge: fe.Share(flat) for edge in [*HIV.items(), *diagnoses]},
        },
        [
            fe.Cohort("1", of=WOMEN, step=AFRICA, yes=11_044, n=104_577),
            fe.Cohort("2", of=WOMEN, step=INJECTING, yes=12, n=882),
            fe.Cohort("3", of=AFRICA, step=HIV[AFRICA], yes=252, n=15_428),
            fe.Cohort("4", of=INJECTING, step=HIV[INJECTING], yes=10, n=473),
            fe.OwnBinomial("5", quantity=item_5, yes=74, n=136_139),
            fe.OwnBinomial("6", quantity=item_6, yes=254, n=102_287),
            fe.OwnBinomial("7", quantity=item_7, yes=43, n=60),
            fe.OwnBinomial("8", quantity=item_8, yes=4, n=17),
            fe.OwnBinomial("9", quantity=item_9, yes=87, n=254),
            fe.Cohort("10", of=HIV[INJECTING], step=DIAGNOSED, yes=12, n=15),
            fe.OwnBinomial("11", quantity=item_11, yes=14, n=118),
            fe.OwnBinomial("12", quantity=item_12, yes=5, n=31),
        ],
        parameters={SUBTYPE: flat},
    )  # fmt: skip


def quantities():
    edges = [(WOMEN, AFRICA), (WOMEN, INJECTING), *HIV.items()]
    edges += [(hiv, DIAGNOSED) for hiv in HIV.values()]
    made = {
        letter: (lambda q, edge=edge: q.transition(*edge))
        for letter, edge in zip("abcdefgh", edges, strict=True)
    }
    return {**made, "w": item_11}


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
def test_the_posterior_by_nuts():
    check(fe.fit(model(), engine="nuts", draws=40_000, seed=1, progress=False), EXPECTED)


def test_without_figure_10():
    gone = model().without("10")
    check(fe.fit(gone, engine="importance", draws=40_000, seed=1, progress=False), WITHOUT_10)


def test_the_conflict():
    fitted = fe.fit(model(), engine="importance", seed=1, progress=False)
    found = conflict(fitted, seed=1, draws=16_000, cores=2, progress=False)
    table = found.table.set_index("source")
    for item, mid_p in MID_P.items():
        assert table.loc[item, "mid_p"] == pytest.approx(mid_p, abs=0.01), item
        assert table.loc[item, "mc_error"] < 0.005
    assert {one.source for one in found.details["apart"]} == {"2", "4", "5", "12"}
    assert found.mark == "SOURCES IN CONFLICT: 2, 4, 5, 12"
    assert not found.passed
    assert "2, 4, 5 and 12" in found.headline
