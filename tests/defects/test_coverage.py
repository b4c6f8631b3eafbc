"""Coverage and completeness: expected counts by hand."""

from __future__ import annotations

import pytest

import funnelest as fe

BY = {"by": ("sex", "year"), "count": {("m", 2017): 1, ("m", 2018): 1, ("f", 2017): 1,
                                       ("f", 2018): 1}}  # fmt: skip


@pytest.mark.parametrize("kind", [fe.Coverage, fe.Completeness])
def test_a_share_of_all(kind, expected):
    assert expected(kind(0.8)) == pytest.approx(680)
    assert expected(kind(0.8), where={"sex": "f"}) == pytest.approx(560)
    assert expected(kind(0.8), per="year") == pytest.approx(340)
    assert expected(kind(0.8), step=("b", "c")) == pytest.approx(68)
    name = f"{kind.label}[r]"
    assert expected(kind(fe.Beta(2, 2)), values={name: 0.3}) == pytest.approx(255)


@pytest.mark.parametrize("kind", [fe.Coverage, fe.Completeness])
def test_a_share_per_level(kind, expected):
    defect = kind(fe.PerLevel("sex", {"m": fe.Beta(2, 2), "f": 1.0}))
    values = {f"{kind.label}[r][sex=m]": 0.4}
    assert expected(defect, values=values) == pytest.approx(0.4 * 150 + 700)
    assert expected(defect, values=values, **BY) == pytest.approx([20, 40, 300, 400])


@pytest.mark.parametrize("kind", [fe.Coverage, fe.Completeness])
def test_terms_change_the_odds(kind, expected):
    """Odds of 1 for boys in 2017; times 3 for girls, times 2 from 2018 on."""
    defect = kind(fe.Beta(2, 2), fe.Levels("sex"), fe.ChangePoint("year", 2018))
    name = f"{kind.label}[r]"
    values = {name: 0.5, f"{name}[sex=f]": 1.0986122886681098,
              f"{name}[from year 2018]": 0.6931471805599453}  # fmt: skip
    found = expected(defect, values=values, **BY)
    assert found == pytest.approx([50 / 2, 100 * 2 / 3, 300 * 3 / 4, 400 * 6 / 7])
    assert expected(defect, values=values) == pytest.approx(sum(found))


def test_both(expected):
    defects = [
        fe.Completeness(fe.PerLevel("year", {2017: 1.0, 2018: 0.9})),
        fe.Coverage(fe.PerLevel("sex", {"m": 0.5, "f": 0.8})),
    ]
    assert expected(*defects, **BY) == pytest.approx([25, 45, 240, 288])


def test_what_an_audit_checks_is_pooled_over_people(checked):
    """Of 150 boys 75 and of 700 girls 560 are in the register."""
    defect = fe.Coverage(fe.PerLevel("sex", {"m": 0.5, "f": 0.8}))
    assert checked("coverage", defect) == pytest.approx(635 / 850)
    assert checked("coverage", defect, where={"sex": "f"}) == pytest.approx(0.8)
    assert checked("coverage", defect, where={"year": 2017}) == pytest.approx(265 / 350)
    # Axes left out are those of the register.
    assert checked("coverage", defect, **{"where": {}}) == pytest.approx(635 / 850)
    both = [defect, fe.Completeness(0.5)]
    assert checked("coverage", *both) == pytest.approx(635 / 1700)
    assert checked("ppv", *both) == pytest.approx(1.0)


def test_names_and_ledger(model_of):
    register = fe.Register(
        name="r", step="b", count=3,
        defects=[fe.Coverage(fe.Beta(2, 2), fe.Levels("sex"), fe.ChangePoint("year", 2018)),
                 fe.Completeness(0.9)],
    )  # fmt: skip
    model = model_of(register)
    assert list(model.free) == [
        "coverage[r]", "coverage[r][sex=f]", "coverage[r][from year 2018]",
    ]  # fmt: skip
    ledger = {entry.about: entry for entry in model.ledger()}
    assert ledger["completeness[r]"].kind == "fixed"
    assert ledger["coverage[r]"].kind == "prior"
    assert ledger["coverage[r][sex=f]"].kind == "default"
    assert ledger["coverage[r][from year 2018]"].kind == "default"
    assert ledger["ppv[r]"].value == "every record is a case (predictive value 1)"
    bare = {entry.about: entry for entry in model_of(
        fe.Register(name="r", step="b", count=3)).ledger()}  # fmt: skip
    assert bare["coverage[r]"].value == "every case is in the register (coverage 1)"
