"""The rate of the first step by age, and where it is imputed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelest.axes import Where, show_level
from funnelest.errors import raise_if_any
from funnelest.plot.base import Language, language_problems, wrap
from funnelest.plot.base.marks import BLUE, GREY, INK, ORANGE
from funnelest.results import tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from funnelest.quantities.quantities import Quantities
    from funnelest.results.result import Result

__all__ = ["ages"]

_WORDS = {
    "en": {
        "title": "{step} by age{where}",
        "rate": "victims in one year, per 1,000 people of that age",
        "ever": "a first event before that age, % of people",
        "posterior": "posterior: median and {interval}",
        "prior": "prior: the same interval",
        "imputed": "imputed",
        "note": "Imputed: no source asks about this at these ages, or at some of those before. It "
                "rests on an assumption, or on the conversion between first events and the victims "
                "of a year.",
    },
    "nl": {
        "title": "{step} naar leeftijd{where}",
        "rate": "slachtoffers in een jaar, per 1.000 mensen van die leeftijd",
        "ever": "voor die leeftijd ooit slachtoffer, % van de mensen",
        "posterior": "posterior: mediaan en {interval}",
        "prior": "prior: hetzelfde interval",
        "imputed": "imputed (bijgeschat)",
        "note": "Imputed (bijgeschat): geen bron vraagt hiernaar op deze leeftijden, of op een "
                "deel van de leeftijden ervoor. Het berust op een aanname, of op de omrekening "
                "tussen eerste keren en de slachtoffers van een jaar.",
    },
}  # fmt: skip


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
    from matplotlib import pyplot as plt

    population = result.model.population
    problems = population.problems_in(where or {})
    problems += language_problems(language)
    problems += population.age_problems(axis)
    raise_if_any(problems + tables.interval_problems(probability, "equal-tailed"), "the figure")
    known = population.age_axis(axis)
    axis = known.name
    words, tongue = _WORDS[language], Language(language)
    others = {name: wanted for name, wanted in (where or {}).items() if name != axis}
    first = result.model.route.steps[0]
    # A band without an end is drawn as wide as the widest of the others, and named.
    width = max((high - low for low, high in known.spans if high < np.inf), default=9)
    spans = [(low, min(high, low + width)) for low, high in known.spans]
    looked: list[tuple[str, list[float], list[Callable[[Quantities], Any]], float]] = [
        (
            words["rate"],
            [(low + high + 1) / 2 for low, high in spans],
            [partial(_rate, step=first, where={**others, axis: v}) for v in known.levels],
            1000.0,
        )
    ]
    conversion = result.model.conversion
    if conversion is not None and population.age_axis(conversion.axis) is known:
        ends = [float(high + 1) for _, high in known.spans if high < np.inf]
        looked.append(
            (words["ever"], ends, [partial(_ever, age=end, where=others) for end in ends], 100.0)
        )
    shown = f", {tongue.where(others, population)}" if others else ""
    heads = wrap(title or words["title"].format(step=first, where=shown), 10, 6.3, bold=True)
    notes = wrap(words["note"], 6.5, 6.3)
    height = 2.3 * len(looked) + 0.22 * len(heads) + 0.13 * len(notes) + 0.6
    figure, axes = plt.subplots(len(looked), 1, sharex=True, figsize=(6.5, height), squeeze=False)
    figure.subplots_adjust(
        left=0.09,
        right=0.98,
        top=1 - (0.22 * len(heads) + 0.35) / height,
        bottom=(0.13 * len(notes) + 0.72) / height,
        hspace=0.3,
    )
    basis = result.model.basis
    by_level = [{**others, axis: level} for level in known.levels]
    # Who ever was a victim before an age rests on every age before it.
    before = [{**others, axis: list(known.levels[: i + 1])} for i in range(len(known.levels))]
    shaded = [
        [basis(one) == "imputed" for one in by_level],
        [basis(one, first_events=True) != "estimated" for one in before],
    ]
    panels = zip(axes[:, 0], looked, shaded, strict=False)
    for ax, (label, places, quantities, scale), imputed in panels:
        _curve(ax, result, places, quantities, scale, probability)
        ax.set_title(label, loc="left", fontsize=8, color=INK)
        for (low, high), filled in zip(spans, imputed, strict=True):
            if filled:
                ax.axvspan(low, high + 1, color="#ececec", zorder=0, linewidth=0)
        ax.set_xlim(spans[0][0], spans[-1][1] + 1)
        if known.open is not None:
            ends_at = spans[known.levels.index(known.open)]
            ax.annotate(
                show_level(known.open),
                (sum(ends_at) / 2 + 0.5, 1),
                fontsize=6.5,
                xycoords=("data", "axes fraction"),
                ha="center",
                va="top",
                color=GREY,
            )
        ax.tick_params(labelsize=7, length=2.5)
        ax.yaxis.set_major_formatter(lambda v, _: tongue.figure(round(v, 6)))
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
    axes[-1, 0].set_xlabel(tongue.axis(known), fontsize=8)
    for i, line in enumerate(heads):
        figure.text(0.015, 1 - (0.18 + 0.22 * i) / height, line, fontsize=10, fontweight="bold",
                    color=INK, parse_math=False)  # fmt: skip
    if result.mark:
        figure.text(0.98, 1 - 0.18 / height, result.mark, fontsize=9, color="#c00000", ha="right",
                    fontweight="bold")  # fmt: skip
    _legend(
        figure,
        words,
        tongue.interval(probability),
        any(map(any, shaded[: len(looked)])),
        len(notes),
        height,
    )
    for i, line in enumerate(notes):
        figure.text(0.015, (0.13 * (len(notes) - i - 1) + 0.08) / height, line, fontsize=6.5,
                    color=GREY, parse_math=False)  # fmt: skip
    return figure


def _rate(q: Quantities, step: str, where: Where) -> Any:
    return q.share(step, where)


def _ever(q: Quantities, age: float, where: Where) -> Any:
    return q.ever_before(age, where)


def _curve(
    ax: Axes,
    result: Result,
    places: list[float],
    quantities: list[Callable[[Quantities], Any]],
    scale: float,
    probability: float,
) -> None:
    """Draw the interval of the prior, and median and interval of the posterior."""
    after, before = (
        np.array(
            [
                [found[name] * scale for name in ("low", "median", "high")]
                for found in (
                    tables.summary(draw(quantity), probability, "equal-tailed")
                    for quantity in quantities
                )
            ]
        )
        for draw in (result.sample_of, result.prior_sample_of)
    )
    ax.fill_between(places, after[:, 0], after[:, 2], color=BLUE, alpha=0.25, linewidth=0, zorder=2)
    ax.plot(places, after[:, 1], color=BLUE, linewidth=1.6, marker="o", markersize=3, zorder=4)
    for column in (0, 2):
        ax.plot(places, before[:, column], color=ORANGE, linewidth=0.8, linestyle=":", zorder=3)
    # The prior may reach much further than the posterior: it does not set the scale.
    top = min(1.15 * before[:, 2].max(), 1.6 * after[:, 2].max())
    ax.set_ylim(0, top)


def _legend(
    figure: Figure, words: Any, interval: str, imputed: bool, lines: int, height: float
) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    keys: list[Any] = [
        (
            Patch(color=BLUE, alpha=0.25, linewidth=0),
            Line2D([], [], color=BLUE, linewidth=1.6, marker="o", markersize=3),
        ),
        Line2D([], [], color=ORANGE, linewidth=0.8, linestyle=":"),
    ]
    labels = [words["posterior"].format(interval=interval), words["prior"]]
    if imputed:
        keys.append(Patch(color="#ececec"))
        labels.append(words["imputed"])
    figure.legend(
        keys,
        labels,
        loc="lower left",
        bbox_to_anchor=(0.005, (0.13 * lines + 0.06) / height),
        ncols=len(keys),
        fontsize=7,
        frameon=False,
        borderaxespad=0.2,
        columnspacing=1.5,
    )
