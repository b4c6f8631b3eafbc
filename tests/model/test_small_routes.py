"""A question of one step, and a route of shares only: no dummy steps, no unknown number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.text import Text
from scipy import integrate, stats

import funnelest as fe


def words_of(figure: Any) -> set[str]:
    """Return the texts of a figure, each on one line."""
    texts = [one.get_text().replace("\n", " ") for one in figure.findobj(Text)]
    plt.close(figure)
    return set(texts)


@pytest.fixture(scope="module")
def prevalence() -> fe.Result:
    error = fe.TestError(sensitivity=fe.Beta(100, 20), specificity=fe.Beta(400, 3))
    model = fe.Model(
        fe.Route("infected"),
        fe.Population({"place": ["x"]}, [1_000]),
        fe.Rate(fe.Beta(1, 1)),
        evidence=[fe.Survey("tests", step="infected", yes=250, n=1_000, defects=[error])],
    )
    return fe.fit(model, seed=1, progress=False)


def test_a_prevalence_needs_no_further_step(prevalence: fe.Result) -> None:
    """Against the posterior by quadrature over both errors of the test."""
    p, nodes = np.linspace(0.15, 0.45, 601), (np.arange(60) + 0.5) / 60
    sensitivity = stats.beta(100, 20).ppf(nodes)[:, None]
    specificity = stats.beta(400, 3).ppf(nodes)[None, :]
    density = np.array(
        [
            stats.binom.pmf(250, 1_000, one * sensitivity + (1 - one) * (1 - specificity)).mean()
            for one in p
        ]
    )
    below = integrate.cumulative_trapezoid(density, p, initial=0)
    low, median, high = np.interp([0.025, 0.5, 0.975], below / below[-1], p) * 1_000
    row = prevalence.steps().iloc[0]
    assert row["median"] == pytest.approx(median, rel=0.01)
    assert row["low"] == pytest.approx(low, rel=0.02)
    assert row["high"] == pytest.approx(high, rel=0.02)
    assert row["basis"] == "estimated"


def test_one_step_in_every_door(prevalence: fe.Result, tmp_path: Path) -> None:
    for table, labels in (
        (prevalence.transitions(), ["from", "to", "skip"]),
        (prevalence.flows(), ["from", "to", "skip", "unit", "number"]),
        (prevalence.shares(), ["of", "step"]),
    ):
        assert table.empty
        columns = list(prevalence.steps().columns)
        assert list(table.columns) == labels + columns[columns.index("mean") :]
    assert "<h4>Transitions</h4>" in prevalence._repr_html_()
    assert fe.Model.from_dict(prevalence.model.to_dict()) == prevalence.model
    found = fe.check.identification(prevalence.model)
    assert [one.name for one in found.found] == ["number at infected"]
    trust = fe.trust(prevalence, cores=1, progress=False)
    assert not trust.not_made
    path = fe.report.page(prevalence, tmp_path / "p", title="t", checks=trust)
    page = path.read_text(encoding="utf-8")
    assert "people enter the route at \u201cinfected\u201d" in page
    assert "Transitions" not in page
    assert "1 source with 1 figure went in" in page
    assert "k-hat \u2013" not in page
    assert "passed; nothing to compare: conflict." in page
    assert trust.table.set_index("check").loc["conflict", "verdict"] == "nothing to compare"
    dutch = fe.report.page(
        prevalence, tmp_path / "nl", title="t", checks=trust, language="nl"
    ).read_text(encoding="utf-8")
    assert "1 bron met 1 cijfer is gebruikt; geen cijfer ligt" in dutch
    assert "gehaald; niets te vergelijken: tegenspraak." in dutch
    texts = words_of(fe.plot.route(prevalence))
    assert "Share of step" not in texts
    assert "Median (95% interval)" in texts
    assert fe.simulate(prevalence.model, seed=1).route == fe.Route("infected")
    with pytest.raises(fe.SpecError, match="at least one step; given none"):
        fe.Route()


def test_a_route_of_shares_only_is_not_marked_for_its_number(tmp_path: Path) -> None:
    told = fe.Cohort("asked", of="happened", step="told", yes=200, n=500)
    model = fe.Model(
        fe.Route("happened", "told"),
        transitions={("happened", "told"): fe.Share(fe.Beta(1, 1))},
        evidence=[told],
    )
    result = fe.fit(model, seed=1, progress=False)
    row = result.transitions().iloc[0]
    wanted = stats.beta(201, 301).ppf([0.025, 0.5, 0.975])
    assert [row["low"], row["median"], row["high"]] == pytest.approx(wanted, abs=0.003)
    trust = fe.trust(result, cores=1, progress=False)
    assert trust.passed, trust.text
    assert trust.mark == ""
    path = fe.report.page(result, tmp_path / "p", title="t", checks=trust)
    page = path.read_text(encoding="utf-8")
    assert "How many people there are at \u201chappened\u201d is not known" in page
    assert "An estimated 40% (36\u201344%) of those at \u201chappened\u201d reach" in page
    assert "Share of those at happened: posterior median" in page
    assert "people enter" not in page
    assert "number of people" not in page
    dutch = fe.report.page(result, tmp_path / "nl", title="t", checks=False, language="nl")
    said = dutch.read_text(encoding="utf-8")
    assert "Van wie \u201chappened\u201d bereikt, bereikt naar schatting 40%" in said
    assert "aantal personen" not in said
    assert "figures say nothing" not in page
    assert fe.Model.from_dict(model.to_dict()) == model


@pytest.fixture(scope="module")
def shares() -> fe.Result:
    told = fe.Cohort("asked", of="happened", step="told", yes=200, n=500)
    model = fe.Model(fe.Route("happened", "told"), evidence=[told])
    return fe.fit(model, seed=1, progress=False)


def test_the_tables_of_shares_only_say_of_what_they_are_shares(shares: fe.Result) -> None:
    for table in (shares.steps(), shares.flows(), shares.steps(number="expected")):
        assert set(table["unit"]) == {"of those at happened"}
        assert set(table["number"]) == {"share"}
    assert "share of those at happened; median" in repr(shares)
    assert shares.steps()["median"].tolist()[0] == 1


@pytest.mark.parametrize("number", ["realised", "predicted"])
def test_there_are_no_people_to_draw_of_shares_only(shares: fe.Result, number: Any) -> None:
    for table in (shares.steps, shares.flows):
        with pytest.raises(fe.SpecError, match="nothing tells how many people there are at 'happ"):
            table(number=number)


def test_the_figure_of_shares_only_has_no_people(shares: fe.Result) -> None:
    texts = words_of(fe.plot.route(shares))
    assert {"Share of those at happened", "100%", "Share of step"} <= texts
    assert any(text.startswith("share of those at happened") for text in texts)
    assert not any("people" in text for text in texts)
    assert "assumed, left to its prior" not in texts


def test_one_person_who_is_counted_is_a_person() -> None:
    """Only where nothing tells a number it is one of shares."""
    route, one = fe.Route("happened", "told"), fe.Number(1.0)
    cells, register = fe.Population.cells(), fe.Register("list", step="told", count=1)
    assert fe.Model(route).of_shares_only
    assert not fe.Model(route, cells, one, evidence=[register]).of_shares_only
    assert not fe.Model(route, cells, fe.Number(2.0)).of_shares_only
    assert not fe.Model(route, fe.Population.cells({"sex": ["m", "f"]}), one).of_shares_only


REGISTER = fe.Register("list", step="told", count=40)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"evidence": [REGISTER]}, "Register 'list' counts, but the route is one of shares only"),
        (
            {"evidence": [fe.Total("sum", step="told", estimate=40, se=5)]},
            "Total 'sum' counts, but the route is one of shares only",
        ),
        ({"population": fe.Population.cells()}, "occurrence is missing"),
        ({"occurrence": fe.Number(3.0)}, "population is missing"),
        ({"evidence": 3}, "evidence must be a list"),
    ],
)
def test_numbers_of_a_route_of_shares_only_are_asked_for(given: Any, said: str) -> None:
    with pytest.raises(fe.SpecError, match=said):
        fe.Model(fe.Route("happened", "told"), **given)
