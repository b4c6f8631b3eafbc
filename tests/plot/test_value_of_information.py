"""What the figure of the value of information says."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.text import Text

import funnelest as fe
from funnelest.check.information.ranking import Gain, judged
from funnelest.plot import value_of_information
from funnelest.verdict import Verdict

mpl.use("Agg")


def part(name: str, kind: str, share: float, cost: float | None = None, status: str = "") -> Gain:
    return Gain(
        name=name, kind=kind, of=(name,), status=status or "planned", reduction=share,
        mc_error=0.01, width=80.0, width_error=1.0, cost=cost, refitted=3, failed=3,
    )  # fmt: skip


PARTS = (
    part("audit of 200 police records", "figure", 0.31, 10_000.0),
    part("survey of 1,000 children", "figure", 0.04, 30_000.0),
    part("a figure that tells nothing", "figure", 0.001, 500.0),
    part("coverage[police]", "parameter", 0.4, status="estimated"),
    part("shift[age 0-11 against 12-16]", "parameter", 0.6, status="assumed"),
    part("everything about the police", "parameter", 0.7, status="partly assumed"),
    *(part(f"other {i}", "parameter", 0.001 * i, status="estimated") for i in range(9)),
)
WIDTHS = {500: 90.0, 2000: 70.0, 8000: 50.0}


def value(*parts: Gain, mark: str = "", **changed: Any) -> Verdict:
    """Return the verdict on these, or on all of them."""
    about = {
        "quantity": "number at happened", "variance_now": 400.0, "width_now": 100.0,
        "probability": 0.9, "replicates": 200, "currency": "euro", "basis": "estimated",
    }  # fmt: skip
    return judged(parts or PARTS, mark=mark, **{**about, **changed})


def sizes(widths: dict[int, float] = WIDTHS, scale: float = 1.0) -> list[Gain]:
    """Return a plan of several sizes."""
    return [
        replace(
            part(f"a new survey, n = {n}", "figure", 1 - (width / 100) ** 2), series="a new survey",
            size=n, width=scale * width, width_error=scale, failed=0,
        )
        for n, width in widths.items()
    ]  # fmt: skip


VALUE = value()


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
    found = [t for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible()]
    boxes = [(t.get_text(), t.get_window_extent()) for t in found if t.get_rotation() in (0, 90)]
    return [
        (a, b)
        for (a, one), (b, two) in combinations(boxes, 2)
        if min(one.x1, two.x1) - max(one.x0, two.x0) > 1
        and min(one.y1, two.y1) - max(one.y0, two.y0) > 3
    ]


def test_says_what_goes_and_what_it_costs() -> None:
    figure = value_of_information(VALUE, title="Next")
    said = texts(figure)
    assert {"Next", "Planned figures", "Known exactly"} <= set(said)
    assert {"31%", "10,000 euro: 323 per 1%", "<2.1%", "500 euro"} <= set(said)
    note = " ".join(said).replace("\n", " ")
    assert "Expected to go of the variance of number at happened" in note
    assert "Not drawn: 2 more" in note
    assert "Width now of the 90% equal-tailed interval: 100." in note
    bars = [bar.get_width() for bar in figure.axes[0].patches]
    assert bars[:6] == pytest.approx([0.31, 0.04, 0.001, 0.7, 0.6, 0.4])
    assert len(bars) == 13


def test_what_was_not_found_and_the_mark_are_on_it() -> None:
    lost = replace(PARTS[0], reduction=np.nan, mc_error=np.nan)
    said = texts(value_of_information(value(lost, *PARTS[1:], mark="CONVERGENCE GATE FAILED")))
    assert "not found: refits failed" in said
    assert said.count("CONVERGENCE GATE FAILED") == 2


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("basis", ["estimated", "partly imputed"])
def test_no_two_texts_meet_and_none_is_cut(language: str, basis: str) -> None:
    long = part("a very long name of a planned figure that nobody would ever read out", "figure",
                0.99, 123_456.0)  # fmt: skip
    shown = value(
        long, *PARTS, basis=basis,
        quantity="the number of children of 0-11 years who ever told anyone but were not helped",
    )  # fmt: skip
    figure = value_of_information(shown, language=language, title="A title")
    said = " ".join(texts(figure))
    assert not overlapping(figure)
    for text in figure.findobj(Text):
        box = text.get_window_extent()
        if text.get_text().strip() and text.get_visible():
            assert -1 <= box.x0 <= box.x1 <= figure.bbox.x1 + 1, text.get_text()
            assert -1 <= box.y0 <= box.y1 <= figure.bbox.y1 + 1, text.get_text()
    assert ("imputed" in said) == (basis != "estimated")


def test_only_parameters_and_only_figures() -> None:
    said = texts(value_of_information(value(*PARTS[3:5])))
    assert "Planned figures" not in said
    assert "sets of data" not in " ".join(said)
    assert "Known exactly" not in texts(value_of_information(value(PARTS[0])))


def test_refusals() -> None:
    with pytest.raises(fe.SpecError) as caught:
        value_of_information(3, language="fr")  # type: ignore[arg-type]
    assert len(caught.value.problems) == 2


# ---------------------------------------------------------------- sizes


def test_sizes_say_the_interval_the_width_now_and_the_sizes() -> None:
    figure = value_of_information(value(*sizes()), title="A new survey")
    said = texts(figure)
    assert "A new survey" in said
    assert "Width, 90% equal-tailed interval" in said
    assert "width now: 100" in said
    assert "Size of the planned figure, logarithmic scale" in said
    assert {"500", "2,000", "8,000"} <= set(said)
    assert "in no mean" not in "\n".join(said)
    assert "imputed" not in "\n".join(said)
    (ax,) = figure.axes
    assert ax.get_xscale() == "log"
    assert ax.get_ylim()[0] == 0
    points = next(line for line in ax.lines if line.get_marker() == "o")
    assert points.get_ydata().tolist() == list(WIDTHS.values())


def test_sizes_stand_above_the_bars_of_the_others() -> None:
    figure = value_of_information(value(*sizes(), *PARTS))
    bars, above = figure.axes
    assert above.get_position().y0 > bars.get_position().y1
    assert len(bars.patches) == 13
    assert not [text for text in texts(figure) if "n = " in text]
    assert not overlapping(figure)


def test_sizes_without_a_width_and_the_mark_are_on_it() -> None:
    few, some, none = sizes()
    parts = few, replace(some, failed=4, refitted=30), replace(
        none, failed=30, refitted=30, reduction=np.nan, mc_error=np.nan, width=np.nan
    )  # fmt: skip
    said = texts(value_of_information(value(*parts, mark="CONVERGENCE GATE FAILED")))
    assert said.count("CONVERGENCE GATE FAILED") == 2
    assert "too many refits failed: no width" in said
    note = " ".join(said)
    assert "4 of 30 at 2,000" in note
    assert "30 of 30 at 8,000" in note


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("n", [(500, 2000, 8000), (1000, 1001, 90_000), (7, 8, 9), (500,)])
@pytest.mark.parametrize("basis", ["estimated", "partly imputed", "imputed"])
def test_no_two_texts_of_sizes_meet(n: tuple[int, ...], language: str, basis: str) -> None:
    parts = sizes(dict(zip(n, WIDTHS.values(), strict=False)), scale=1e5)  # long tick labels
    figure = value_of_information(value(*parts, basis=basis, width_now=1e7), language=language)
    said = " ".join(texts(figure))
    assert not overlapping(figure)
    label = figure.axes[0].yaxis.label
    box = label.get_window_extent()
    assert box.x0 > 0
    assert 0 < box.y0 < box.y1 < figure.bbox.y1
    shown = {"partly imputed": "deels imputed (bijgeschat)", "imputed": "imputed (bijgeschat)"}
    wanted = basis if language == "en" else shown.get(basis, "")
    assert label.get_text().split("\n")[1:] == ([] if basis == "estimated" else [wanted])
    assert (f" is {wanted}: " in said) == (basis != "estimated")
