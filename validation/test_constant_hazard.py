"""First events at a constant hazard: ever before an age, and how many children in a year.

Mark: closed form, to 1e-12; and a published share turned into numbers of children by hand.
Tolerance of "about": 1.5 %.

- De Graaf H, Wijsen C (eds). Seksuele gezondheid in Nederland 2017. Rutgers, 2017; read
  second-hand: of adults 2 % of men and 5 % of women had a first experience before the age of 12.
- 2,193,600 children of 0-11 in the Netherlands in 2018, from the five-year bands of Statistics
  Netherlands (derived); 513 of 1,002 of them boys; taken as equally many of every age.
"""

from __future__ import annotations

import numpy as np
import pytest

import funnelest as fe

ABOUT = 0.015
BEFORE_12 = {"boys": 0.02, "girls": 0.05}
CHILDREN, BOYS = 2_193_600, 513 / 1002
OF_SEX = {"boys": CHILDREN * BOYS, "girls": CHILDREN * (1 - BOYS)}
HAZARD = {sex: 1 - (1 - p) ** (1 / 12) for sex, p in BEFORE_12.items()}
#: First experiences in a year, if all children are at risk, and if only those are who had none.
ALL_AT_RISK, STILL_AT_RISK = 6_500, 6_300


def quantities(phi: float = 0.5) -> fe.Quantities:
    people = fe.Population(
        {"age": list(range(12)), "sex": list(OF_SEX)},
        np.tile([count / 12 for count in OF_SEX.values()], (12, 1)),
    )
    first = fe.FirstTime(share=phi, statement="as many years as that on average")
    model = fe.Model(
        fe.Route("victims", "helped"), people, fe.Hazard(fe.PerLevel("sex", HAZARD)),
        {("victims", "helped"): fe.Share(0.5)}, assumptions=[first],
    )  # fmt: skip
    return fe.Quantities(model, {})


@pytest.mark.parametrize("sex", BEFORE_12)
@pytest.mark.parametrize("age", range(13))
def test_ever_before_an_age(sex, age):
    found = quantities().ever_before(age, {"sex": sex})
    expected = 1 - (1 - BEFORE_12[sex]) ** (age / 12)
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_all_children_at_risk():
    q = quantities()
    yearly = sum(
        q.population({"sex": sex}) * q.parameter(f"hazard of victims[sex={sex}]") for sex in OF_SEX
    )
    assert yearly == pytest.approx(ALL_AT_RISK, rel=ABOUT)
    assert yearly > 1.01 * q.first_events()
    continuous = sum(-OF_SEX[sex] * np.log1p(-p) / 12 for sex, p in BEFORE_12.items())
    assert continuous == pytest.approx(6_466, abs=1)
    assert continuous == pytest.approx(ALL_AT_RISK, rel=ABOUT)


def test_only_those_who_had_none():
    """A twelfth of each cohort's share: the sum of people times (1 - h)^a h."""
    by_hand = sum(
        OF_SEX[sex] / 12 * (1 - HAZARD[sex]) ** age * HAZARD[sex]
        for sex in OF_SEX
        for age in range(12)
    )
    assert by_hand == pytest.approx(sum(OF_SEX[sex] / 12 * p for sex, p in BEFORE_12.items()))
    assert by_hand == pytest.approx(STILL_AT_RISK, rel=ABOUT)
    assert quantities().first_events() == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize("phi", [1.0, 0.4])
def test_victims_of_a_year_are_more_by_the_repeated_ones(phi):
    q = quantities(phi)
    assert q.number("victims") == pytest.approx(q.first_events() / phi, rel=1e-12)
    for sex, p in BEFORE_12.items():
        assert q.first_events({"sex": sex}) == pytest.approx(OF_SEX[sex] / 12 * p, rel=1e-12)
