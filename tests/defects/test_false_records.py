"""Predictive value and false positives: expected counts by hand."""

from __future__ import annotations

import math

import pytest

import funnelest as fe

SEXES = {"by": "sex", "count": {"m": 1, "f": 1}}
YEARS = {"by": "year", "count": {2017: 1, 2018: 1}}


def test_a_predictive_value(expected):
    assert expected(fe.PPV(0.8)) == pytest.approx(850 / 0.8)
    defect = fe.PPV(fe.PerLevel("sex", {"m": 0.5, "f": fe.Beta(2, 2)}))
    assert expected(defect, values={"ppv[r][sex=f]": 0.7}, **SEXES) == pytest.approx([300, 1000])
    defect = fe.PPV(fe.Beta(2, 2), fe.ChangePoint("year", 2018))
    values = {"ppv[r]": 0.5, "ppv[r][from year 2018]": math.log(4)}
    assert expected(defect, values=values, **YEARS) == pytest.approx([700, 500 / 0.8])


def test_a_number_of_false_records(expected):
    assert expected(fe.FalsePositives(10)) == pytest.approx(860)
    assert expected(fe.FalsePositives(10), where={"sex": "m"}) == pytest.approx(160)
    assert expected(fe.FalsePositives(10, per="year")) == pytest.approx(870)
    one_year = {"where": {"year": 2018}}
    assert expected(fe.FalsePositives(10, per="year"), **one_year) == pytest.approx(510)


def test_a_yearly_mean_has_so_many_a_year(expected):
    assert expected(fe.FalsePositives(10), per="year") == pytest.approx(425 + 10)
    assert expected(fe.FalsePositives(10, per="year"), per="year") == pytest.approx(425 + 10)


def test_a_number_per_level(expected):
    defect = fe.FalsePositives(fe.PerLevel("sex", {"m": 10, "f": fe.Gamma(2, 1)}))
    values = {"false positives[r][sex=f]": 25.0}
    assert expected(defect, values=values) == pytest.approx(885)
    assert expected(defect, values=values, **SEXES) == pytest.approx([160, 725])
    assert expected(defect, values=values, where={"sex": "f"}) == pytest.approx(725)
    assert expected(defect, values=values, per="year") == pytest.approx(425 + 35)


def test_a_number_per_year_in_a_table_by_year(expected):
    assert expected(fe.FalsePositives(10, per="year"), **YEARS) == pytest.approx([360, 510])
    defect = fe.FalsePositives(fe.Gamma(2, 1), fe.Levels("year"))
    values = {"false positives[r]": 10.0, "false positives[r][year=2018]": math.log(3)}
    assert expected(defect, values=values, **YEARS) == pytest.approx([360, 530])
    both = fe.FalsePositives(fe.PerLevel("sex", {"m": 10, "f": 20}), per="year")
    assert expected(both) == pytest.approx(850 + 2 * 30)
    assert expected(both, **YEARS) == pytest.approx([350 + 30, 500 + 30])
    # A sex by year table has each of the four numbers.
    four = {
        "by": ["year", "sex"],
        "count": {(2017, "m"): 1, (2018, "m"): 1, (2017, "f"): 1, (2018, "f"): 1},
    }
    assert expected(both, **four) == pytest.approx([60, 110, 320, 420])


def test_what_is_not_covered_does_not_scale_them(expected):
    assert expected(fe.Coverage(0.5), fe.FalsePositives(10)) == pytest.approx(435)


def test_what_a_sample_of_records_checks(checked):
    assert checked("ppv", fe.PPV(0.8)) == pytest.approx(0.8)
    # 300 records of boys, of which 150 are; 875 of girls, of which 700 are.
    defect = fe.PPV(fe.PerLevel("sex", {"m": 0.5, "f": 0.8}))
    assert checked("ppv", defect) == pytest.approx(850 / 1175)
    assert checked("ppv", defect, where={"sex": "m"}) == pytest.approx(0.5)
    assert checked("coverage", defect) == pytest.approx(1.0)
    false = fe.FalsePositives(10, per="year")
    assert checked("ppv", false) == pytest.approx(850 / 870)
    assert checked("ppv", false, fe.Coverage(0.5), where={"year": 2017}) == pytest.approx(175 / 185)
    assert checked("coverage", false, fe.Coverage(0.5)) == pytest.approx(0.5)


def test_on_a_total(model_of, quantities):
    total = fe.Total(
        name="t", step="b", interval=(300, 600), per="year",
        defects=[fe.Coverage(0.8), fe.FalsePositives(10)],
    )  # fmt: skip
    model = model_of(total)
    (seen,) = total.observations(quantities(model))
    assert seen.distribution.expected == pytest.approx(0.8 * 425 + 10)
    true, registered = total.record_shares(quantities(model))
    assert (true, registered) == (pytest.approx(680 / 700), pytest.approx(0.8))
