"""Dutch pages, figures and verdicts hold no English but what the user wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt
from matplotlib.text import Text

import funnelest as fe
from funnelest.verdict import Verdict

mpl.use("Agg")
#: "of", "over" and "as" are Dutch as well.
ENGLISH = re.compile(
    r"\b("
    r"the|and|or|of the|between|rounded|number|rate|rates|evaluations|assumed|at most|"
    r"at least|as it is|as expected|every|times|divided|same|with|by|without|all|"
    r"prior median|source|sources|refit|reweighted|nearly|not|equal-tailed|predicted|"
    r"verdict|from|to|lists|people|likelihood ratio|lower bound|log-linear|log-normal|"
    r"profile likelihood|none|years|withheld|used|True|False"
    r")\b"
)
OLD = {"age": (12, 16)}
CHECKS = ("convergence", "identification", "posterior_predictive", "conflict", "contributions",
          "prior_sensitivity", "alternative_priors", "node_split", "tipping_point",
          "value_of_information", "calibrate")  # fmt: skip


@pytest.fixture(scope="module")
def result() -> fe.Result:
    people = fe.Population(
        {"age": [(0, 11), (12, 16)], "year": [2016, 2017]}, [[2e4, 2e4], [1e4, 1e4]]
    )
    lists = [
        fe.Coverage(fe.Beta(8, 2)), fe.PPV(fe.Beta(9, 1)), fe.Overdispersion(),
    ]  # fmt: skip
    asked = fe.TestError(sensitivity=fe.Beta(16, 4))
    model = fe.Model(
        fe.Route("was", "zei", "hulp", skips=[("was", "hulp")], unit="kinderen", definition="leed"),
        people,
        fe.Rate(fe.LogNormal.from_interval(0.005, 0.06)),
        {
            ("was", "zei"): fe.Share(fe.Beta(8, 8)),
            ("zei", "hulp"): fe.Share(fe.Truncated(fe.LogNormal(-1, 0.5), low=0, high=1)),
            ("was", "hulp"): fe.Share(0.1),
        },
        [
            fe.Register(
                name="A", step="hulp", count=fe.Rounded(150, to=50), per="year", defects=lists
            ),
            fe.Register(name="B", step="hulp", where=OLD, count=fe.Between(40, 160)),
            fe.Survey(name="C", step="zei", of="was", where=OLD, yes=28, n=60, defects=[asked]),
            fe.Register(name="D", step="zei", where=OLD, count=fe.AtLeast(20)),
            fe.Register(name="E", step="zei", where=OLD, count=fe.Disagreeing((210, 250), use=0)),
        ],
        [
            fe.Shift(
                ages=(0, 11), like=(12, 16), prior=fe.Normal(-0.7, 0.5), statement="halve kansen"
            )
        ],
    )
    return fe.fit(model, seed=1, progress=False)


@pytest.fixture(scope="module")
def trusted(result: fe.Result) -> Any:
    return fe.trust(result, cores=1, progress=False)


@pytest.fixture(scope="module")
def verdicts(result: fe.Result) -> Mapping[str, Verdict]:
    check, model = fe.check, result.model
    shift = next(name for name in model.free if name.startswith("shift"))
    more = fe.check.Conclusion(statement="meer dan 100", larger=lambda q: q.number("was"), than=100)
    return {
        "convergence": check.convergence(result),
        "identification": check.identification(model),
        "posterior_predictive": check.posterior_predictive(result, seed=1),
        "conflict": check.conflict(result, seed=1, progress=False, cores=1),
        "contributions": check.contributions(result, seed=1, progress=False, cores=1),
        "prior_sensitivity": check.prior_sensitivity(result, seed=1, cores=1),
        "alternative_priors": check.alternative_priors(
            result, {"vlak": {"zei -> hulp": fe.Beta(1, 1)}}, seed=1, cores=1
        ),
        "node_split": check.node_split(
            result, lambda q: q.transition("was", "zei", OLD), {"x": ["C"], "y": ["A", "B", "D"]},
            name="deel", seed=1, cores=1, progress=False,
        ),
        "tipping_point": check.tipping_point(
            model, more, {shift: [-1.0, 0.0, 1.0]}, seed=1, progress=False
        ),
        "value_of_information": check.value_of_information(
            result, "number at was", parameters=["coverage[A]"], seed=1, progress=False
        ),
        "calibrate": check.calibrate(model, replicates=10, seed=1, progress=False, cores=1),
    }  # fmt: skip


def english(text: str) -> list[str]:
    """Return the English in a text; names of functions that one can call are code."""
    return ENGLISH.findall(re.sub(r"\S*[_.]\w+\S*|\w+\[\w+\]", "", text))


def drawn(figure: object) -> str:
    said = "\n".join(one.get_text() for one in figure.findobj(Text))  # type: ignore[attr-defined]
    plt.close(figure)  # type: ignore[arg-type]
    return said


@pytest.mark.parametrize("name", CHECKS)
def test_a_printed_verdict(verdicts: Mapping[str, Verdict], name: str) -> None:
    assert english(repr(verdicts[name])), "the search finds English where there is"
    assert english(repr(verdicts[name].in_language("nl"))) == []


@pytest.mark.parametrize("name", CHECKS)
def test_its_figure(verdicts: Mapping[str, Verdict], name: str) -> None:
    assert english(drawn(getattr(fe.plot, name)(verdicts[name], language="nl"))) == []


@pytest.mark.parametrize("kind", ["ranks", "recovery", "coverage"])
def test_every_kind_of_calibration(verdicts: Mapping[str, Verdict], kind: Any) -> None:
    found = verdicts["calibrate"].in_language("nl")
    assert english(drawn(fe.plot.calibrate(found, kind=kind, language="nl"))) == []


def test_all_verdicts_on_a_screen(trusted: Any) -> None:
    trust = trusted.in_language("nl")
    assert english(repr(trust)) == []
    assert re.search(r"gevoeligheid voor priors {2}zou een andere prior", repr(trust))


def test_the_page(
    result: fe.Result, trusted: Any, verdicts: Mapping[str, Verdict], tmp_path: Path
) -> None:
    own = [(f"deel {i}", one) for i, one in enumerate(verdicts.values())]
    for language in ("nl", "en"):
        path = fe.report.page(
            result, tmp_path / language, title="t", language=language, sections=own, checks=trusted
        )
        text = re.sub(r"<style.*?</style>|<!--.*?-->", "", path.read_text("utf-8"), flags=re.S)
        cells = [unescape(one) for one in re.findall(r">([^<>]+)<", text)]
        found = [one for one in cells if english(one)]
        if language == "nl":
            assert found == []
        else:
            assert len(found) > 30


def test_methods_of_lists() -> None:
    table = fe.lists.OverlapTable(
        ["x", "y", "z"],
        {"100": 60, "010": 80, "001": 50, "110": 14, "101": 12, "011": 9, "111": 4},
    )
    methods = [fe.lists.LogLinear(), fe.lists.ChaoLowerBound(), fe.lists.BestByBIC()]
    compared = fe.lists.compare_methods(table, methods, seed=1)
    assert english(repr(compared.in_language("nl"))) == []
    assert english(drawn(fe.plot.methods(compared, language="nl"))) == []
    leaving = fe.lists.leaving_out(table, fe.lists.LogLinear(), seed=1)
    assert english(drawn(fe.plot.left_out(leaving, language="nl"))) == []
