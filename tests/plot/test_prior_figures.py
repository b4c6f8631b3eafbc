"""What the figures of contributions, prior sensitivity and alternative priors say."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle
from matplotlib.text import Text

import funnelest as fe
from funnelest.check.alternative_priors import alternative_priors
from funnelest.check.contributions import contributions
from funnelest.check.prior_sensitivity import prior_sensitivity
from funnelest.plot.alternative_priors import alternative_priors as draw_alternatives
from funnelest.plot.contributions import contributions as draw_contributions
from funnelest.plot.prior_sensitivity import prior_sensitivity as draw_sensitivity

mpl.use("Agg")
MODEL = fe.Model(
    fe.Route("happened", "told", "reported"),
    fe.Population({"sex": ["male", "female"]}, [600, 400]),
    fe.Rate(fe.Beta(2, 8)),
    {("happened", "told"): fe.Share(fe.Beta(2, 2)), ("told", "reported"): fe.Share(fe.Beta(2, 6))},
    [
        fe.Survey("a survey with quite a long name, of which no line may meet another", yes=60,
                  n=300, step="happened"),
        fe.Register("register $1", step="told", count=60, defects=[fe.Coverage(fe.Beta(8, 2))]),
    ],
)  # fmt: skip
RESULT = fe.fit(MODEL, engine="importance", draws=2000, seed=5, progress=False)
SHARES = contributions(RESULT, seed=1, refit=False)
MOVED = prior_sensitivity(RESULT, seed=1, cores=1)
OTHERS = alternative_priors(
    RESULT, {"flat": {"told -> reported": fe.Beta(1, 1)}, "higher": {"told -> reported":
             fe.Beta(60, 20)}}, seed=1, cores=1)  # fmt: skip
DRAWN: dict[str, tuple[Any, Any]] = {
    "contributions": (draw_contributions, SHARES),
    "prior_sensitivity": (draw_sensitivity, MOVED),
    "alternative_priors": (draw_alternatives, OTHERS),
}


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
    boxes = [(t.get_text(), t.get_window_extent()) for t in found]
    return [
        (a, b)
        for (a, one), (b, two) in combinations(boxes, 2)
        if min(one.x1, two.x1) - max(one.x0, two.x0) > 1
        and min(one.y1, two.y1) - max(one.y0, two.y0) > 3
    ]


def outside(figure: mpl.figure.Figure) -> list[str]:
    figure.draw_without_rendering()
    box = figure.bbox
    return [
        t.get_text()
        for t in figure.findobj(Text)
        if t.get_text().strip() and t.get_visible()
        and (t.get_window_extent().x0 < box.x0 - 1 or t.get_window_extent().x1 > box.x1 + 1)
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("name", DRAWN)
def test_no_two_texts_meet(name: str, language: str) -> None:
    draw, found = DRAWN[name]
    figure = draw(found, title="A title", language=language)
    assert overlapping(figure) == []
    assert outside(figure) == []
    said = texts(figure)
    assert "A title" in said
    found = found.in_language(language)
    assert found.mark.split()[0] in " ".join(said)


@pytest.mark.parametrize("name", DRAWN)
def test_what_cannot_be_drawn(name: str) -> None:
    with pytest.raises(fe.SpecError) as caught:
        DRAWN[name][0]("figure", language="de")
    assert f"{name} must be" in str(caught.value)
    assert "language must be one of en, nl" in str(caught.value)


def test_segments_are_as_wide_as_the_shares_and_are_numbered() -> None:
    figure = draw_contributions(SHARES)
    said = texts(figure)
    key = next(text for text in said if text.endswith("told -> reported (prior)"))
    row = next(row for row in SHARES.found if row.quantity == "told -> reported")
    share = 100 * row.shares["told -> reported"]
    (panel,) = figure.axes
    widths = [p.get_width() for p in panel.patches if isinstance(p, Rectangle)]
    assert any(width == pytest.approx(share) for width in widths)
    assert key.split()[0] in said
    assert any("prior only: no source sees it" in " ".join(said) for _ in [0])
    styles = {(p.get_facecolor(), p.get_hatch()) for p in panel.patches}
    assert {hatch for _, hatch in styles} >= {None, "////"} or {h for _, h in styles} >= {
        "",
        "////",
    }


def test_says_which_prior_decides() -> None:
    said = " ".join(texts(draw_sensitivity(MOVED)))
    assert "DECIDES: its own" in said
    assert "0.05" in said
    assert "0,05" in " ".join(texts(draw_sensitivity(MOVED, language="nl")))


def test_says_the_numbers_and_what_changed() -> None:
    said = texts(draw_alternatives(OTHERS))
    assert said.count("as it is") == OTHERS.table["quantity"].nunique()
    assert "under other priors, and changed" in said
    assert any("logarithmic scale" in text for text in said)
    difference = {"told less reported": lambda q: q.number("told") - q.number("happened")}
    plain = alternative_priors(
        RESULT, {"flat": {"told -> reported": fe.Beta(1, 1)}}, quantities=difference, seed=1
    )
    said = texts(draw_alternatives(plain))
    assert "In widths of the interval as it is, from its median" in said
