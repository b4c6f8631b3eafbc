"""The rate of the first step by age, and where it is imputed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelest.axes import Where, show_level
from funnelest.entry import entry
from funnelest.errors import raise_if_any
from funnelest.fields import TEXT
from funnelest.plot.base import Language, Style, language_problems
from funnelest.plot.base.frame import Frame
from funnelest.plot.base.marks import BLUE, GREY, INK, ORANGE
from funnelest.results.intervals import interval_problems, summary
from funnelest.results.result import RESULT, Result
from funnelest.results.tables import selection_problems

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from funnelest.quantities.quantities import Quantities

__all__ = ["ages"]

_SHADE = "#ececec"
#: Ages that no source sees, as another selection of the people that one does.
_HATCH = "////"
_WIDTH, _HIGH, _TITLE = 6.5, 1.75, 0.3


@entry
def ages(
    result: Result,
    *,
    where: Where | None = None,
    axis: str | None = None,
    probability: float = 0.95,
    title: str | None = None,
    language: str = "en",
) -> Figure:
    """Draw the yearly rate of the first step by age, and who ever was a victim before each age.

    The second panel is there when the model joins first events to yearly rates (`FirstTime`). Ages
    whose rate is imputed are shaded, and labelled so.

    Parameters
    ----------
    result : Result
        The fit.
    where : mapping, optional
        Which levels of the other axes; all when left out.
    axis : str, optional
        Name of the axis of ages; the one that is known when left out.
    probability : float, default 0.95
        Probability of the equal-tailed intervals.
    title : str, optional
        Title of the figure.
    language : {"en", "nl"}
        Language of the fixed texts.

    Returns
    -------
    matplotlib.figure.Figure
        6.5 inches wide.

    Raises
    ------
    SpecError
        With every problem of the arguments.
    FitError
        When the convergence gate failed and the result was not opened all the same.
    """
    raise_if_any(RESULT.said("result", result), "the figure")
    population = result.model.population
    problems = selection_problems(population, where)
    problems += language_problems(language) + TEXT.or_none.said("title", title)
    problems += population.age_problems(axis)
    if not population.counted:
        problems.append("the population has no head count, so there is no rate to draw.")
    raise_if_any(problems + interval_problems(probability), "the figure")
    known = population.age_axis(axis)
    axis = known.name
    show = Language(language)
    others = {name: wanted for name, wanted in (where or {}).items() if name != axis}
    first = result.model.route.steps[0]
    basis, filled = result.model.basis, result.model.imputed_part
    # A band without an end is drawn as wide as the widest of the others, and named.
    width = max((high - low for low, high in known.spans if high < np.inf), default=9)
    spans = [(low, min(high, low + width)) for low, high in known.spans]
    by_level = [{**others, axis: level} for level in known.levels]
    panels = [
        _Panel(
            show("plot.ages.rate", unit=result.model.route.counted),
            [(low + high + 1) / 2 for low, high in spans],
            [partial(_rate, step=first, where=one) for one in by_level],
            1000.0,
            [filled(one) == "imputed" for one in by_level],
            ["carried over" in basis(one).split(", ") for one in by_level],
        )
    ]
    conversion = result.model.conversion
    if conversion is not None and population.age_axis(conversion.axis) is known:
        ends = [float(high + 1) for _, high in known.spans if high < np.inf]
        # Who ever was a victim before an age rests on every age before it.
        before = [{**others, axis: list(known.levels[: i + 1])} for i in range(len(known.levels))]
        panels.append(
            _Panel(
                show("plot.ages.ever", unit=result.model.route.counted),
                ends,
                [partial(_ever, age=end, where=others) for end in ends],
                100.0,
                [bool(filled(one, first_events=True)) for one in before],
                [False] * len(before),
            )
        )
    shown = f", {show.where(others, population)}" if others else ""
    posterior = Style(BLUE, "o", 3, line=1.6)
    keys: list[Any] = [
        ((_band(BLUE, 0.25), posterior.handles()),
         show("plot.ages.posterior", interval=show.interval(probability))),
        (Style(ORANGE, line=0.8, dashes=":").handles(), show("plot.ages.prior")),
    ]  # fmt: skip
    if any(any(one.imputed) for one in panels):
        keys.append((_band(_SHADE), show("plot.ages.imputed")))
    if any(any(one.carried) for one in panels):
        keys.append((_hatched(), show("plot.ages.carried")))
    frame = Frame(
        [("title", title or show("plot.ages.title", step=first, where=shown)),
         ("mark", show.say(result.said_mark))],
        keys, show("plot.ages.note"), width=_WIDTH,
        high=len(panels) * (_TITLE + _HIGH + 0.25) + 0.35,
    )  # fmt: skip
    for i, one in enumerate(panels):
        top = frame.top + i * (_TITLE + _HIGH + 0.25) + _TITLE
        ax = frame.sheet.panel(0.5, top, _WIDTH - 0.65, _HIGH)
        ax.set_title(one.label, loc="left", fontsize=8, color=INK)
        _curve(ax, result, one, probability)
        for (low, high), unasked in zip(spans, one.imputed, strict=True):
            if unasked:
                ax.axvspan(low, high + 1, color=_SHADE, zorder=0, linewidth=0)
        for (low, high), carried in zip(spans, one.carried, strict=True):
            if carried:
                ax.axvspan(low, high + 1, facecolor="none", edgecolor=_SHADE, hatch=_HATCH,
                           zorder=0, linewidth=0)  # fmt: skip
        ax.set_xlim(spans[0][0], spans[-1][1] + 1)
        if known.open is not None:
            low, high = spans[known.levels.index(known.open)]
            ax.annotate(
                show_level(known.open), (low / 2 + high / 2 + 0.5, 1), fontsize=6.5,
                xycoords=("data", "axes fraction"), ha="center", va="top", color=GREY,
            )  # fmt: skip
        ax.yaxis.set_major_formatter(lambda v, _: show.figure(round(v, 6)))
        if one is panels[-1]:
            ax.set_xlabel(show.axis(known), fontsize=8)
        else:
            ax.set_xticklabels([])
    return frame.figure


@dataclass(frozen=True)
class _Panel:
    label: str
    places: list[float]
    quantities: list[Callable[[Quantities], Any]]
    scale: float
    imputed: list[bool]
    carried: list[bool]


def _band(colour: str, alpha: float = 1.0) -> Any:
    from matplotlib.patches import Patch

    return Patch(color=colour, alpha=alpha, linewidth=0)


def _hatched() -> Any:
    from matplotlib.patches import Patch

    return Patch(facecolor="none", edgecolor=_SHADE, hatch=_HATCH, linewidth=0)


def _rate(q: Quantities, step: str, where: Where) -> Any:
    return q.share(step, where)


def _ever(q: Quantities, age: float, where: Where) -> Any:
    return q.ever_before(age, where)


def _curve(ax: Axes, result: Result, one: _Panel, probability: float) -> None:
    """Draw the interval of the prior, and median and interval of the posterior."""
    after, before = (
        np.array(
            [
                [found[name] * one.scale for name in ("low", "median", "high")]
                for found in (summary(draw(quantity), probability) for quantity in one.quantities)
            ]
        )
        for draw in (result.sample_of, result.prior_sample_of)
    )
    x = one.places
    ax.fill_between(x, after[:, 0], after[:, 2], color=BLUE, alpha=0.25, linewidth=0, zorder=2)
    ax.plot(x, after[:, 1], color=BLUE, linewidth=1.6, marker="o", markersize=3, zorder=4)
    for column in (0, 2):
        ax.plot(x, before[:, column], color=ORANGE, linewidth=0.8, linestyle=":", zorder=3)
    # The prior may reach much further than the posterior: it does not set the scale.
    ax.set_ylim(0, min(1.15 * before[:, 2].max(), 1.6 * after[:, 2].max()))
