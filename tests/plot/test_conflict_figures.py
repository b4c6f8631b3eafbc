"""Figures of conflict, of a split and of the fit."""

import matplotlib as mpl
import numpy as np
import pytest

import funnelest as fe
from funnelest.check.conflict import judged as judge_conflict
from funnelest.check.node_split import Side
from funnelest.check.node_split import judged as judge_split
from funnelest.check.posterior_predictive import judged as judge_fit
from funnelest.plot.conflict import conflict
from funnelest.plot.node_split import node_split
from funnelest.plot.posterior_predictive import posterior_predictive
from funnelest.verdict import Compared

mpl.use("agg")


def compared(name, mid_p, **changed):
    given = {
        "source": name, "of": "", "figure": "12,500", "limit": "", "value": 12_500.0,
        "median": 100.0, "low": 50.0, "high": 150.0, "mid_p": mid_p, "mc_error": 0.001,
        "against": "other sources", "how": "refit", "k_hat": 0.9, "why": "",
        "basis": "estimated",
    }  # fmt: skip
    return Compared(**{**given, **changed})


def made(figures=None):
    figures = figures or (
        compared("far", 1e-9), compared("apart", 0.99), compared("fine", 0.4),
        compared("limit", 0.4, limit="at least"), compared("alone", 0.5, against="prior"),
        compared("gone", np.nan, against="", how="failed", why="failed"),
    )  # fmt: skip
    return judge_conflict(figures, probability=0.95, left_out={}, draws=4000)


def split(**changed):
    rng = np.random.default_rng(1)
    sides = tuple(
        Side(name=name, sources=(name,), sample=0.01 * np.exp(rng.normal(mean, 0.3, 1000)),
             effective=1000.0)
        for name, mean in (("one", 0), ("two", 2))
    )  # fmt: skip
    given = {
        "quantity": "share", "scale": "logit", "sides": sides, "together": None,
        "prior": rng.random(1000), "probability": 0.95, "basis": "estimated", "seed": 1,
    }  # fmt: skip
    given |= changed
    return judge_split(given.pop("sides"), **given)


def fit_found():
    figures = [
        compared(name, p, figure="40", value=40.0, median=30.0, low=20.0, high=35.0, against="")
        for name, p in (("far", 1e-6), ("fine", 0.5), ("gone", np.nan))
    ]
    sources = [
        {"source": one.source, "figures": 1, "chi_squared": 1.0, "p": 0.5, "log_score": np.nan}
        for one in figures
    ]
    return judge_fit(figures, sources, probability=0.95, scored=False, draws=4000)


def texts(figure):
    found = [one.get_text() for one in figure.texts]
    for ax in figure.axes:
        found += [one.get_text() for one in ax.texts] + [ax.get_xlabel()]
    for legend in figure.legends:
        found += [one.get_text() for one in legend.get_texts()]
    return " ".join(found)


def inside(figure):
    figure.canvas.draw()
    box = figure.bbox
    for ax in figure.axes:
        for text in ax.texts:
            place = text.get_window_extent()
            assert place.x0 >= -1, text.get_text()
            assert place.x1 <= box.width + 1, text.get_text()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["SOURCES IN CONFLICT: far", "12,500", "only a prior", "not compared", "a limit"]),
        ("nl", ["BRONNEN IN STRIJD: far", "12.500", "alleen met een prior", "niet vergeleken"]),
    ],
)
def test_conflict(language, words):
    figure = conflict(made(), title="Title $x$", language=language)
    inside(figure)
    for word in ["Title $x$", *words]:
        assert word in texts(figure)


def test_many_figures_are_cut_to_the_farthest():
    figure = conflict(made([compared(f"s{i}", 0.5 - i / 200) for i in range(80)]))
    assert "Drawn are the 60 figures farthest out, of 80" in texts(figure)
    assert "s79" in texts(figure)


@pytest.mark.parametrize(("language", "mark"), [("en", "EVIDENCE IN"), ("nl", "BEWIJS IN STRIJD")])
def test_split(language, mark):
    figure = node_split(split(), title="Title", language=language)
    inside(figure)
    assert mark in texts(figure)
    assert "prior" in texts(figure)


def test_a_split_that_failed():
    empty = Side(name="two", sources=("two",), sample=np.empty(0), effective=0.0, why="failed.")
    bad = split(sides=(split().found[0], empty))
    assert not bad.passed
    assert "SPLIT NOT KNOWN" in texts(node_split(bad))


def test_split_on_a_plain_scale():
    rng = np.random.default_rng(1)
    sides = tuple(
        Side(name=name, sources=(name,), sample=rng.normal(mean, 1, 500), effective=500.0)
        for name, mean in (("one", -1), ("two", 1))
    )
    figure = node_split(split(scale="identity", sides=sides, prior=np.zeros(10), once="one"))
    assert "counts once" in texts(figure)


@pytest.mark.parametrize(("language", "mark"), [("en", "POOR FIT: far"), ("nl", "SLECHTE AAN")])
def test_fit(language, mark):
    figure = posterior_predictive(fit_found(), language=language)
    inside(figure)
    assert mark in texts(figure)


@pytest.mark.parametrize("draw", [conflict, node_split, posterior_predictive])
def test_bad_arguments(draw):
    with pytest.raises(fe.SpecError) as caught:
        draw(3, language="de")
    assert len(caught.value.problems) == 2
