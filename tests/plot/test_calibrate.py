"""What the figures of a calibration say."""

from collections.abc import Iterator
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.text import Text

from funnelest.check.calibration.judging import judged
from funnelest.errors import SpecError
from funnelest.plot import calibrate
from funnelest.verdict import Verdict

mpl.use("Agg")
KINDS = ("ecdf", "ranks", "recovery", "coverage")
NAMES = ("number at happened", "happened -> told", "log-likelihood of the data", "costs $5 to $6")


def made(wrong: bool = False) -> Verdict:
    rng = np.random.default_rng(1)
    ranks = rng.integers(0, 100, (120, len(NAMES)))
    if wrong:
        ranks[:, 1] = np.clip(ranks[:, 1] + 30, 0, 99)
    records = []
    for i, row in enumerate(ranks):
        middle = np.exp(rng.normal(5, 2, len(NAMES)))
        spread = np.exp(0.3 * np.array([-2, -1.3, -0.7, 0, 0.7, 1.3, 2]))
        truth = middle * np.exp(0.3 * (row / 50 - 1))
        records.append(
            {
                "replicate": i,
                "redrawn": 0,
                "fits": 1,
                "failure": "",
                "rank": [int(r) for r in row],
                "truth": list(truth),
                "mean": list(middle),
                "sd": list(0.3 * middle),
                "quantiles": [list(m * spread) for m in middle],
            }
        )
    return judged(
        records,
        names=NAMES,
        kinds=("number or share", "parameter", "log-likelihood", "own"),
        prior_sd=np.ones(len(NAMES)),
        basis="estimated",
        draws=400,
        engine="importance",
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


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("wrong", [False, True])
def test_no_texts_meet_and_what_fails_is_said(kind: str, language: str, wrong: bool) -> None:
    check = made(wrong)
    figure = calibrate(check, kind=kind, language=language, title="A model")  # type: ignore[arg-type]
    said = " ".join(texts(figure))
    assert not overlapping(figure)
    assert "A model" in said
    word = "UNIFORM"  # a long label is broken into lines
    assert (word in said) == wrong
    assert (check.in_language(language).mark in said) == bool(check.mark) or not wrong
    assert "120" in said


def test_some_quantities() -> None:
    figure = calibrate(made(), quantities=["happened -> told"])
    assert len(figure.axes) == 1


def test_bad_arguments_are_all_named() -> None:
    with pytest.raises(SpecError) as error:
        calibrate(made(), kind="pie", quantities=["nothing"], language="xx")  # type: ignore[arg-type]
    assert len(error.value.problems) == 3
    with pytest.raises(SpecError, match=r"what check\.calibrate gives"):
        calibrate(3)  # type: ignore[arg-type]
