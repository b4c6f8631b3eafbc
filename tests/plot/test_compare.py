"""The figure of a comparison: its words, in both languages, and what it leaves out."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest

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


def test_no_text_leaves_the_sheet(compared):
    figure = fe.plot.compare(compared)
    figure.canvas.draw()
    whole = figure.bbox
    for ax in figure.axes:
        for text in [*ax.texts, *ax.get_yticklabels(), ax._left_title]:
            box = text.get_window_extent()
            assert box.x0 >= whole.x0 - 1
            assert box.x1 <= whole.x1 + 1
    plt.close(figure)


def test_an_unknown_language_is_refused(compared):
    with pytest.raises(fe.SpecError, match="language must be one of"):
        fe.plot.compare(compared, language="fr")
