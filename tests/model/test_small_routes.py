"""A question of one step, and a route of shares only: no dummy steps, no unknown number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

import funnelest as fe


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
    assert "that number was given" in page
    assert "figures say nothing" not in page
    assert fe.Model.from_dict(model.to_dict()) == model


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
