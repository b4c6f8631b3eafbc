"""What the figure of a turning conclusion says, and that no two of its texts meet."""

import importlib
from collections.abc import Iterator
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.text import Text

import funnelest as fe
from funnelest.check import Conclusion
from funnelest.verdict import Verdict

mpl.use("Agg")
SHIFT, RATIO = "shift[age 0-11 against 12-16]", "detection ratio[age 0-11 against 12-16]"
PRIORS = {SHIFT: fe.Normal(-0.7, 0.5), RATIO: fe.LogNormal.from_interval(0.1, 1.0)}


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    style = dict(mpl.rcParams)
    yield
    plt.close("all")
    assert dict(mpl.rcParams) == style


def found(over: dict[str, list[float]], probability: object, mark: str = "") -> Verdict:
    p = np.array(probability, dtype=float)
    return importlib.import_module("funnelest.check.tipping_point").judged(
        {
            "conclusion": Conclusion(
                statement="more victims under 12 than at 12-16",
                larger=lambda q: q.number("a"),
                than=0.0,
                probability=0.6,
            ),
            "over": {name: tuple(values) for name, values in over.items()},
            "priors": {name: PRIORS[name] for name in over},
            "probability": p,
            "mc_error": np.where(np.isnan(p), np.nan, 0.02),
            "marks": np.where(np.isnan(p), mark, ""),
            "draws": 1000,
        }
    )


def texts(figure: mpl.figure.Figure) -> list[str]:
    figure.draw_without_rendering()
    return [t.get_text() for t in figure.findobj(Text) if t.get_text() and t.get_visible()]


def overlapping(figure: mpl.figure.Figure) -> list[tuple[str, str]]:
    figure.draw_without_rendering()
    shown = [t for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible()]
    whole = figure.bbox
    boxes = []
    for text in shown:
        box = text.get_window_extent()
        assert whole.x0 - 1 <= box.x0, text.get_text()
        assert box.x1 <= whole.x1 + 1, text.get_text()
        assert whole.y0 - 1 <= box.y0, text.get_text()
        assert box.y1 <= whole.y1 + 1, text.get_text()
        boxes.append((text.get_text(), box))
    return [
        (a, b)
        for (a, one), (b, two) in combinations(boxes, 2)
        if min(one.x1, two.x1) - max(one.x0, two.x0) > 1
        and min(one.y1, two.y1) - max(one.y0, two.y0) > 3
    ]


ONE = found({SHIFT: [-1.5, -1.0, -0.5, 0.0, 0.5]}, [0.01, 0.1, 0.5, 0.9, 0.99])
JUMP = found({SHIFT: [-1.5, -1.0, -0.5, 0.0]}, [0.0, 0.0, 1.0, 1.0])
HUMPS = found(
    {RATIO: [0.1, 0.2, 0.22, 0.3, 0.6, 1.0]},
    [0.9, 0.3, 0.8, 0.3, np.nan, 0.8],
    "CONVERGENCE GATE FAILED",
)
TWO = found(
    {SHIFT: [-1.0, -0.5, 0.0, 0.5], RATIO: [0.1, 0.3, 1.0]},
    [[0.0, 0.1, 0.3], [0.1, 0.5, 0.7], [0.4, 0.8, 0.9], [0.6, np.nan, 1.0]],
    "NO FIT: nothing",
)
FLAT = found({SHIFT: [-1.0, -0.5, 0.0], RATIO: [0.1, 0.2, 0.3]}, np.full((3, 3), 0.9))


def test_one_parameter() -> None:
    figure = fe.plot.tipping_point(ONE, title="How alike?")
    said = "\n".join(texts(figure))
    for text in (
        "How alike?",
        "Conclusion: more victims under 12 than at 12-16",
        f"{SHIFT} (held; imputed)",
        "stated probability of the conclusion: 60%",
        "95% equal-tailed interval of the prior",
        "Held, not estimated",
        "-0.4\n",  # -0.408, with an error of 0.02
    ):
        assert text in said, text
    assert "FAILED" not in said
    assert "failed" not in said
    assert figure.axes[0].get_xscale() == "linear"


def test_the_curve_crosses_the_stated_probability_where_it_turns() -> None:
    ax = fe.plot.tipping_point(ONE).axes[0]
    curve = max(ax.lines, key=lambda line: len(line.get_xdata()))
    assert np.interp(0.6, curve.get_ydata(), curve.get_xdata()) == pytest.approx(
        ONE.found[0].value, abs=1e-3
    )


def test_a_jump_is_a_band_and_no_line() -> None:
    figure = fe.plot.tipping_point(JUMP)
    said = texts(figure)
    assert "-1 to -0.5" in said
    assert "it turns somewhere between these two values" in said
    assert "where it turns" not in said
    curve = max(figure.axes[0].lines, key=lambda line: len(line.get_xdata()))
    assert np.isnan(curve.get_ydata()).any()


def test_marks_and_a_logarithmic_axis() -> None:
    figure = fe.plot.tipping_point(HUMPS)
    said = texts(figure)
    assert "CONVERGENCE GATE FAILED" in said
    assert "the fit failed: no probability" in said
    assert figure.axes[0].get_xscale() == "log"


def test_two_parameters() -> None:
    figure = fe.plot.tipping_point(TWO)
    said = texts(figure)
    assert "60%" in said  # on the line
    assert "line at the stated probability of the conclusion: 60%" in said
    assert "NO FIT" in said
    assert f"{RATIO} (held; imputed)" in said
    assert figure.axes[0].get_xscale() == "linear"
    assert figure.axes[0].get_yscale() == "log"
    assert "line at the stated probability of the conclusion: 60%" not in texts(
        fe.plot.tipping_point(FLAT)
    )


@pytest.mark.parametrize("one", [ONE, JUMP, HUMPS, TWO, FLAT])
@pytest.mark.parametrize("language", ["en", "nl"])
def test_no_two_texts_meet_and_the_word_is_there(one: Verdict, language: str) -> None:
    figure = fe.plot.tipping_point(
        one, title="A title that is " + "very " * 25 + "long", language=language
    )
    assert not overlapping(figure)
    assert "imputed" in "\n".join(texts(figure)).lower()


def test_refusals() -> None:
    with pytest.raises(fe.SpecError) as caught:
        fe.plot.tipping_point(3, language="fr")  # type: ignore[arg-type]
    assert len(caught.value.problems) == 2
