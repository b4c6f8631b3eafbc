"""The figure of a comparison: its words, in both languages, and what it leaves out."""

from __future__ import annotations

from itertools import combinations

import matplotlib.pyplot as plt
import pytest
from matplotlib.text import Text

import funnelest as fe
from funnelest.verdict import Verdict

CHILDREN = fe.Population({"age": [(0, 11), (12, 16)]}, [2_000_000, 1_000_000])
SHIFT = fe.Shift(ages=(0, 11), like=(12, 16), prior=fe.Normal(-0.7, 0.5), statement="nobody asked")


@pytest.fixture(scope="module")
def compared() -> Verdict:
    model = fe.Model(
        fe.Route("happened", "told"),
        CHILDREN,
        occurrence=fe.Rate(fe.Beta(2, 98)),
        transitions={("happened", "told"): fe.Share(fe.Beta(3, 2))},
        evidence=[fe.Survey("pupils", step="happened", yes=20, n=1000, where={"age": (12, 16)})],
        assumptions=[SHIFT],
    )
    wide = fe.Bounds(ages=(0, 11), lower=0.0, upper=0.05, statement="what may be")
    return fe.check.compare(
        model,
        {"a $shift$ of odds": SHIFT, "bounds": wide},
        seed=4,
        engine="importance",
        draws=400,
        progress=False,
    )


def words(figure):
    texts = [text.get_text() for text in figure.texts]
    for ax in figure.axes:
        texts += [ax.get_title(loc="left"), *(text.get_text() for text in ax.texts)]
        texts += [label.get_text() for label in ax.get_yticklabels()]
    for legend in figure.legends:
        texts += [text.get_text() for text in legend.get_texts()]
    return " | ".join(texts)


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        (
            "en",
            ["imputed", "95% equal-tailed interval", "bounds", "partly imputed", "0\u2013100,000"],
        ),
        (
            "nl",
            [
                "bijgeschat",
                "95%-interval",
                "grenzen",
                "deels",
                "aantal bij",
                "leeftijd 0-11",
                "0\u2013100.000",
            ],
        ),
    ],
)
def test_the_figure_says_what_is_imputed_and_which_interval(compared, language, wanted):
    figure = fe.plot.compare(compared, language=language)
    said = words(figure)
    for text in wanted:
        assert text in said
    assert "a $shift$ of odds" in said
    assert len(figure.axes) == 4  # number, ratio, total and one transition
    plt.close(figure)


def test_transitions_may_be_left_out_and_a_title_given(compared):
    figure = fe.plot.compare(compared, transitions=False, title="Imputed, and why")
    assert len(figure.axes) == 3
    assert "Imputed, and why" in words(figure)
    plt.close(figure)


def test_a_pool_says_that_its_weights_were_stated(compared):
    pooled = fe.check.pool(compared, {"a $shift$ of odds": 1.0}, statement="one only")
    figure = fe.plot.compare(pooled)
    assert "stated, not estimated" in words(figure)
    assert "pooled: 1 a $shift$ of odds" in words(figure).replace("\n", " ")
    plt.close(figure)


@pytest.mark.parametrize("language", ["en", "nl"])
def test_no_text_leaves_the_sheet_or_meets_another(language):
    skips = [("happened", "reported"), ("happened", "helped")]
    model = fe.Model(
        fe.Route("happened", "told", "reported", "helped", skips=skips),
        CHILDREN,
        occurrence=fe.Rate(fe.Beta(2, 98)),
        assumptions=[SHIFT],
    )
    many = fe.check.compare(
        model,
        {"a name that is so long that it does not fit on one line of the figure": SHIFT,
         "bounds": fe.Bounds(ages=(0, 11), lower=0.0, upper=0.05, statement="what may be")},
        seed=4, engine="importance", draws=400, progress=False,
    )  # fmt: skip
    figure = fe.plot.compare(many, language=language)
    assert len(figure.axes) == 3 + 5  # the transitions beside each other
    figure.draw_without_rendering()
    shown = [t for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible()]
    boxes = [(t.get_text(), t.get_window_extent()) for t in shown]
    assert [text for text, box in boxes if box.x0 < -1 or box.x1 > figure.bbox.x1 + 1] == []
    meeting = [
        (a, b)
        for (a, one), (b, two) in combinations(boxes, 2)
        if min(one.x1, two.x1) - max(one.x0, two.x0) > 1
        and min(one.y1, two.y1) - max(one.y0, two.y0) > 3
    ]
    assert meeting == []
    plt.close(figure)


def test_an_unknown_language_is_refused(compared):
    with pytest.raises(fe.SpecError, match="language must be one of"):
        fe.plot.compare(compared, language="fr")
