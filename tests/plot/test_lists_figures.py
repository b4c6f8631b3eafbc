"""What the figures of linked registers say."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.text import Text

import funnelest as fe
from funnelest import lists
from funnelest.lists import Estimate, OverlapTable, Part
from funnelest.lists.checks.compare_methods import judged
from funnelest.verdict import Verdict
from funnelest.words import named

mpl.use("Agg")
TABLE = OverlapTable(
    ["rehabilitation", "death", "birth certificate"],
    {"100": 60, "010": 49, "110": 4, "001": 247, "101": 112, "011": 142, "111": 12},
)


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    style = dict(mpl.rcParams)
    yield
    plt.close("all")
    assert dict(mpl.rcParams) == style


def texts(figure: mpl.figure.Figure) -> list[str]:
    figure.draw_without_rendering()
    return [t.get_text() for t in figure.findobj(Text) if t.get_text() and t.get_visible()]


def overlapping(figure: mpl.figure.Figure) -> list[tuple[str, str]]:
    figure.draw_without_rendering()
    found = [t for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible()]
    boxes = [(t.get_text(), t.get_window_extent()) for t in found if t.get_rotation() in (0, 90)]
    return [
        (a, b)
        for (a, one), (b, two) in combinations(boxes, 2)
        if min(one.x1, two.x1) - max(one.x0, two.x0) > 1
        and min(one.y1, two.y1) - max(one.y0, two.y0) > 3
    ]


def estimate(name: str, hidden: float, interval: tuple[float, float] | None, **more: object):
    return Estimate(
        method=name,
        table_of=TABLE,
        overall=Part(TABLE.known, hidden, interval),
        statistic="posterior median",
        kind=named("lists.kind.posterior") if interval else "",
        assumes="something.",
        **more,
    )


def compared(*estimates: Estimate) -> Verdict:
    return judged(estimates, {"two lists": "three."}, TABLE.known)


MANY = compared(
    estimate("log-linear [12,3]", 105, (60, 180)),
    estimate("a method with a name that is so long that it needs another line", 800, (500, np.inf)),
    estimate("latent classes", np.nan, None, withheld="two regions."),
    estimate("Chao lower bound", 90, (70, 120), lower_bound=True),
)


@pytest.mark.parametrize("language", ["en", "nl"])
def test_methods_say_first_that_they_disagree(language: str) -> None:
    figure = fe.plot.methods(MANY, title="Spina bifida", language=language)
    said = texts(figure)
    ratio = {"en": "The methods disagree by a factor of 2.0",
             "nl": "De methoden verschillen een factor 2,0"}[language]  # fmt: skip
    assert ratio in said
    assert {"en": "withheld", "nl": "niet getoond"}[language] in said
    kind = {"en": "95% equal-tailed posterior", "nl": "95%, posterior met gelijke staarten"}
    assert kind[language] in said
    assert any("\u221e" in text for text in said)
    assert overlapping(figure) == []


def test_methods_that_agree_and_single_ones() -> None:
    one = estimate("first", 105, (60, 180))
    agreed = compared(one, estimate("second", 120, (60, 180)))
    assert "The methods agree within a factor of 1.02" in texts(fe.plot.methods(agreed))
    assert "Only one method gives a number" in texts(fe.plot.methods(compared(one)))
    gone = compared(estimate("gone", np.nan, None, withheld="no."))
    assert "No method gives a number" in texts(fe.plot.methods(gone))


@pytest.mark.parametrize("language", ["en", "nl"])
def test_lists_left_out(language: str) -> None:
    leaving = lists.leaving_out(TABLE, lists.LogLinear())
    figure = fe.plot.left_out(leaving, title="Each list left out", language=language)
    said = texts(figure)
    assert {"en": "without death", "nl": "zonder death"}[language] in said
    kind = {"en": "95% profile likelihood", "nl": "95%, profiellikelihood"}[language]
    assert any(kind in text for text in said)
    assert overlapping(figure) == []


@pytest.mark.parametrize("language", ["en", "nl"])
def test_overlaps_seen_and_expected(language: str) -> None:
    checked = lists.predictive(lists.LogLinear().estimate(TABLE))
    figure = fe.plot.overlaps(checked, title="Overlaps", language=language)
    said = texts(figure)
    assert not checked.passed
    assert any("0.05" in text or "0,05" in text for text in said)
    assert {"en": "rehabilitation and death only", "nl": "alleen rehabilitation en death"}[
        language
    ] in said
    assert overlapping(figure) == []


def test_only_so_many_overlaps_are_drawn_and_the_others_counted() -> None:
    names = [f"list {i}" for i in range(6)]
    rng = np.random.default_rng(3)
    counts = {format(c, "06b"): int(rng.poisson(300 * 0.2 ** c.bit_count())) for c in range(1, 64)}
    checked = lists.predictive(lists.LogLinear().estimate(OverlapTable(names, counts)))
    said = " ".join(texts(fe.plot.overlaps(checked)))
    assert "The 23 overlaps with the fewest people" in said


@pytest.mark.parametrize("draw", [fe.plot.methods, fe.plot.left_out, fe.plot.overlaps])
def test_says_what_is_wrong(draw) -> None:
    with pytest.raises(fe.SpecError, match="given 3"):
        draw(3)
    with pytest.raises(fe.SpecError, match="one of en, nl"):
        draw(3, language="fr")


@pytest.mark.parametrize("language", ["en", "nl"])
def test_long_names_of_overlaps_are_told_apart(language: str) -> None:
    names = [f"{kind} register of the regional public health services, {year}"
             for kind in ("first", "second") for year in (2016, 2017)]  # fmt: skip
    rng = np.random.default_rng(3)
    counts = {format(c, "04b"): int(rng.poisson(300 * 0.3 ** c.bit_count())) for c in range(1, 16)}
    checked = lists.predictive(lists.LogLinear().estimate(OverlapTable(names, counts)))
    figure = fe.plot.overlaps(checked, language=language)
    said = texts(figure)
    assert not any(text.endswith("…") for text in said)
    whole = " ".join(said)
    for name in checked.in_language(language).table["overlap"]:
        assert name in whole
    assert any({"en": "mean and 95%", "nl": "gemiddelde en 95%"}[language] in one for one in said)
    assert overlapping(figure) == []


@pytest.mark.parametrize("language", ["en", "nl"])
def test_lists_left_out_of_which_nothing_can_be_said(language: str) -> None:
    apart = OverlapTable(["a", "b"], {"10": 40, "01": 20})
    said = texts(fe.plot.left_out(lists.leaving_out(apart, lists.LogLinear()), language=language))
    assert not any("none" in text for text in said)
    assert {"en": "known and hidden people together: estimate",
            "nl": "bekende en verborgen personen samen: schatting"}[language] in said  # fmt: skip


@pytest.mark.parametrize("language", ["en", "nl"])
def test_lists_left_out_may_differ_by_more_than_chance(language: str) -> None:
    said = " ".join(texts(fe.plot.left_out(lists.leaving_out(TABLE, lists.LogLinear()),
                                           language=language)))  # fmt: skip
    assert {"en": "makes these two dependent", "nl": "van elkaar afhankelijk"}[language] in said
    assert "by chance alone" not in said
