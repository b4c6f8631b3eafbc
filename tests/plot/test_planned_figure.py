"""What the figure of a planned source says."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.text import Text

import funnelest as fe
from funnelest.check import Planned

mpl.use("Agg")
WIDTHS = np.random.default_rng(1).normal([[90.0], [70.0], [50.0]], 5.0, (3, 30))
PLAN = Planned(
    n=(500, 2000, 8000),
    widths=WIDTHS,
    sds=WIDTHS / 4,
    refitted=np.zeros(WIDTHS.shape, dtype=bool),
    width_now=100.0,
    probability=0.9,
    basis="estimated",
    seed=1,
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
    found = [t for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible()]
    boxes = [(t.get_text(), t.get_window_extent()) for t in found if t.get_rotation() in (0, 90)]
    return [
        (a, b)
        for (a, one), (b, two) in combinations(boxes, 2)
        if min(one.x1, two.x1) - max(one.x0, two.x0) > 1
        and min(one.y1, two.y1) - max(one.y0, two.y0) > 3
    ]


def test_says_the_interval_the_width_now_and_the_sizes() -> None:
    figure = fe.plot.planned(PLAN, title="A new survey")
    said = texts(figure)
    assert "A new survey" in said
    assert "Width, 90% equal-tailed interval" in said
    assert "width now: 100" in said
    assert "Size of the planned source, logarithmic scale" in said
    assert {"500", "2,000", "8,000"} <= set(said)
    assert "in no mean" not in "\n".join(said)
    assert "imputed" not in "\n".join(said)
    ax = figure.axes[0]
    assert ax.get_xscale() == "log"
    assert ax.get_ylim()[0] == 0
    points = next(line for line in ax.lines if line.get_marker() == "o")
    assert points.get_ydata().tolist() == pytest.approx(PLAN.table["expected_width"].tolist())


def test_failures_and_the_mark_are_on_it() -> None:
    widths = WIDTHS.copy()
    widths[1, :4] = np.nan
    widths[2] = np.nan
    said = texts(fe.plot.planned(replace(PLAN, widths=widths, mark="CONVERGENCE GATE FAILED")))
    assert said.count("CONVERGENCE GATE FAILED") == 2
    assert "every refit failed: no width" in said
    note = " ".join(said)
    assert "4 of 30 at 2,000" in note
    assert "30 of 30 at 8,000" in note


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("n", [(500, 2000, 8000), (1000, 1001, 90_000), (7, 8, 9)])
@pytest.mark.parametrize("basis", ["estimated", "partly imputed"])
def test_no_two_texts_meet(n: tuple[int, ...], language: str, basis: str) -> None:
    large = replace(PLAN, n=n, basis=basis, widths=1e5 * WIDTHS, width_now=1e7)  # long tick labels
    figure = fe.plot.planned(large, language=language)
    texts(figure)
    assert not overlapping(figure)
    label = figure.axes[0].yaxis.label.get_window_extent()
    assert label.x0 > 0
    assert 0 < label.y0 < label.y1 < figure.bbox.y1


@pytest.mark.parametrize(
    ("basis", "language", "shown"),
    [
        ("partly imputed", "en", "partly imputed"),
        ("imputed", "en", "imputed"),
        ("partly imputed", "nl", "deels imputed (bijgeschat)"),
        ("imputed", "nl", "imputed (bijgeschat)"),
    ],
)
def test_what_is_imputed_says_so(basis: str, language: str, shown: str) -> None:
    figure = fe.plot.planned(replace(PLAN, basis=basis), language=language)
    assert figure.axes[0].get_ylabel().split("\n")[1:] == [shown]
    assert f" is {shown}: " in " ".join(texts(figure))


def test_one_size() -> None:
    one = replace(PLAN, n=(500,), widths=WIDTHS[:1], sds=WIDTHS[:1], refitted=WIDTHS[:1] < 0)
    assert "500" in texts(fe.plot.planned(one))


def test_refusals() -> None:
    with pytest.raises(fe.SpecError) as caught:
        fe.plot.planned(3, language="fr")  # type: ignore[arg-type]
    assert len(caught.value.problems) == 2
