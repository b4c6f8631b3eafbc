"""Tables: their rows, every figure beside what is expected of it, and a table as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Where, show_level
from funnelest.errors import raise_if_any
from funnelest.fields import is_number
from funnelest.figures import Figure
from funnelest.observations.table import Table
from funnelest.population import Population
from funnelest.results.intervals import equal_tailed, interval_name, interval_problems, summary
from funnelest.words import named

if TYPE_CHECKING:
    import pandas as pd

    from funnelest.evidence.base import Evidence
    from funnelest.model.model import Model
    from funnelest.quantities.quantities import Quantities

__all__ = [
    "Shown",
    "figure_rows",
    "first_event_rows",
    "html_table",
    "interval_name",
    "interval_problems",
    "selections",
    "shown_figures",
    "standardised",
    "summary",
    "unit",
]

type Floats = NDArray[np.float64]


def unit(population: Population, per: str | None, where: Where) -> str:
    """Return what a number of people is a number of: all of the cells, or a mean over an axis."""
    if per is None:
        return named("quantity.people")
    at = population.position(per)
    name = "year" if population.axes[at].role == "years" else per
    levels = [population.axes[at].levels[i] for i in population.select(where)[at]]
    if len(levels) == 1:
        return named("quantity.people_in", axis=name, level=show_level(levels[0]))
    span = f"{show_level(levels[0])}-{show_level(levels[-1])}"
    return named("quantity.people_per", axis=name, span=span)


def selections(
    population: Population, where: Where | None, by: Sequence[str] | str
) -> list[tuple[dict[str, Any], Where]]:
    """Return labels and selection of every combination of the levels of the axes `by`."""
    if not isinstance(by, str | list | tuple):
        raise_if_any([f"by must name axes; given {by!r}."], "the table")
    names = [by] if isinstance(by, str) else by
    known = ", ".join(axis.name for axis in population.axes) or "none"
    raise_if_any(
        [
            f"by names axis {name!r}; the population's axes are: {known}."
            for name in names
            if population.axis(name) is None
        ]
        + population.problems_in(where or {}),
        "the table",
    )
    chosen = population.select(where)
    found: list[tuple[dict[str, Any], Where]] = [({}, dict(where or {}))]
    for name in names:
        at = population.position(name)
        levels = [population.axes[at].levels[i] for i in chosen[at]]
        found = [
            ({**labels, name: show_level(level)}, {**selection, name: level})
            for labels, selection in found
            for level in levels
        ]
    return found


def before_problems(before: object) -> list[str]:
    """Return why these are no ages before which a first event can be."""
    if isinstance(before, list | tuple) and all(is_number(age) and age > 0 for age in before):
        return []
    return [f"before must be a list of ages; given {before!r}."]


def room_problems(ever: Floats, age: float) -> list[str]:
    """Return why shares with a first event before an age cannot be: they exceed all people."""
    too_many = float(np.mean(ever > 1))
    return [
        f"in {too_many:.1%} of the draws more people have a first event before age {age:g} than "
        "there are: the share of first-time victims cannot be as high at every age. Let it fall "
        "with age (FirstTime with a Share that varies), or model the first events themselves with "
        "a Hazard."
    ] * (too_many > 0.001)


def first_event_rows(
    model: Model, labels: Mapping[str, Any], where: Where, before: Sequence[float], per: str | None
) -> list[tuple[dict[str, Any], Callable[[Quantities], Any], str]]:
    """Return labels, quantity and basis of victims in a year, first events, and ever before."""
    first, people = model.route.steps[0], unit(model.population, per, where)

    def ever(age: float) -> Callable[[Quantities], Any]:
        return lambda q: q.ever_before(age, where)

    return [
        (
            {"quantity": "victims in one year", **labels, "unit": people},
            lambda q: q.number(first, where, per=per),
            model.basis(where),
        ),
        (
            {"quantity": "for the first time", **labels, "unit": people},
            lambda q: q.first_events(where, per=per),
            model.basis(where, first_events=True),
        ),
        *(
            (
                {"quantity": f"ever before age {age:g}", **labels, "unit": "share"},
                ever(age),
                model.basis(_ages_before(model, where, age), first_events=True),
            )
            for age in before
        ),
    ]


def _ages_before(model: Model, where: Where, age: float) -> Where:
    """Return a selection with the ages before one: first events add up from birth."""
    if model.conversion is None:  # refused when it is evaluated
        return where
    axis = model.population.age_axis(model.conversion.axis)
    young = [v for i, v in enumerate(axis.levels) if axis.bounds(i)[0] < max(age, 1)]
    return {**where, axis.name: young}


def figure_rows(model: Model, q: Quantities, probability: float, mark: str) -> list[dict[str, Any]]:
    """Return a row per figure of every source; see `Result.figures`."""
    with np.errstate(all="ignore"):
        return [
            {
                **row,
                "interval": interval_name(probability, "equal-tailed"),
                "basis": model.basis(source.where),
                "mark": mark,
            }
            for source in model.sources()
            if not source.members()
            for row in _figure_rows(source, q, probability)
        ]


def _figure_rows(source: Evidence, q: Quantities, probability: float) -> list[dict[str, Any]]:
    """Return a row per figure of a source: as given, as read, as expected, and how far apart."""
    rows: list[dict[str, Any]] = []
    # Registers know what their records are; a total is of all its counts, and has no such row.
    true, seen = source.record_shares(q) or (None, None)
    for one in shown_figures(source, q):
        mean, place = one.mean, one.place
        low, median, high = equal_tailed(mean, probability)
        shares: dict[str, float] = {}
        for name, found in (("cases_per_record", true), ("registered_share", seen)):
            known = np.full(3, np.nan)
            if found is not None and place is not None:
                known = equal_tailed(np.broadcast_to(found[place], mean.shape), probability)
            shares |= {name: known[1], f"{name}_low": known[0], f"{name}_high": known[2]}
        for value, text, used, limits in _values(one.figure):
            rows.append(
                {
                    "source": source.name,
                    "of": one.of,
                    "figure": text,
                    "used": used,
                    "read_as": source.describe(),
                    "expected": float(median),
                    "low": float(low),
                    "high": float(high),
                    "residual": standardised(one, value, limits),
                    **{name: float(share) for name, share in shares.items()},
                }
            )
    return rows


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """A figure of a source, and what is expected of it per draw.

    Parameters
    ----------
    of : str
        What it is of; empty where the source has one figure.
    figure : object
        As printed.
    seen : Seen
        What the source gives, of which this is a part.
    rows : tuple of int
        Which of the numbers of `seen` it is, or the sum of which.
    mean, sd : ndarray
        Its mean and standard deviation on the printed scale, shape ``(draws,)``.
    place : int or None
        Its place among the counts of a register; None of a total.
    """

    of: str
    figure: Any
    seen: Any
    rows: tuple[int, ...]
    mean: Floats
    sd: Floats
    place: int | None


def shown_figures(source: Evidence, q: Quantities) -> Iterator[Shown]:
    """Yield every figure of a source that is made of no other sources."""
    labels = [_label(parts) for parts, _, _ in source.figure_classes()]
    for seen in cast(Iterator[Any], source.observations(q)):
        mean, sd = (np.atleast_2d(part) for part in seen.moments())
        one = partial(_one, seen, mean, sd)
        if isinstance(seen, Table):
            for i, figure in enumerate(seen.printed.figures):
                yield one(labels[i] if labels else named("figure.study", i=i + 1), figure, i, i)
            for margin in seen.printed.margins:
                at = list(margin.rows)
                yield Shown(
                    of=named("figure.total")
                    if len(at) == len(labels)
                    else named("figure.total_of", label=labels[at[0]]),
                    figure=margin.figure,
                    seen=seen,
                    rows=margin.rows,
                    mean=np.sum(mean[at], axis=0),
                    sd=np.sqrt(np.sum(sd[at] ** 2, axis=0)),
                    place=None,
                )
        elif isinstance(seen.figure, Figure):
            yield one("", seen.figure, 0, 0)
        elif isinstance(seen.figure, int | float | list | tuple | np.ndarray | np.number):
            for i, value in enumerate(np.atleast_1d(seen.figure)[: len(mean)]):
                yield one("", float(value) * seen.unit, i, 0)
        else:  # the user's own data: no number to compare
            yield one("", str(seen.figure), 0, 0)


def _one(
    seen: Any, mean: Floats, sd: Floats, of: str, figure: Any, i: int, place: int | None
) -> Shown:
    return Shown(of=of, figure=figure, seen=seen, rows=(i,), mean=mean[i], sd=sd[i], place=place)


def standardised(one: Shown, value: float, limits: tuple[float, float] | None = None) -> float:
    """Return a printed value minus its mean, over the root of the mean squared error.

    A limit that holds is no distance away, however far off it is.
    """
    spread = np.sqrt(np.mean(one.sd**2) + np.var(one.mean))
    middle = float(np.mean(one.mean))
    apart = 0.0 if limits and limits[0] <= middle <= limits[1] else value - middle
    return float(apart / spread)


def _label(parts: Mapping[str, Any]) -> str:
    return ", ".join(f"{axis} {show_level(level)}" for axis, level in parts.items())


def _values(figure: Any) -> list[tuple[float, str, bool, tuple[float, float] | None]]:
    """Return the numbers of a figure, as text, whether they are used, and limits that they set."""
    if isinstance(figure, Figure):
        return [
            (one.middle, one.describe(), used, None if one.bounded else one.limits())
            for one, used in figure.official()
        ]
    if isinstance(figure, str):
        return [(np.nan, figure, True, None)]
    return [(figure, named("figure.short", value=figure), True, None)]


def step_lines(table: pd.DataFrame) -> list[str]:
    """Return a table of steps as lines of text."""
    width = max(len(step) for step in table["step"])
    return [
        f"  expected {table['unit'][0]}; median, {table['interval'][0]} interval, basis:",
        *(
            f"    {row.step:<{width}}  {row.median:>12,.0f}  {row.low:>12,.0f} - {row.high:<12,.0f}"
            f"  {row.basis}"
            for row in table.itertuples()
        ),
    ]


def html_table(table: pd.DataFrame) -> str:
    """Return a table as HTML, numbers rounded to what a reader can use."""
    shown = table.copy()
    for name in shown.columns:
        if shown[name].dtype.kind == "f":
            shown[name] = [show_number(value) for value in shown[name]]
    if "mark" in shown and not shown["mark"].any():
        shown = shown.drop(columns="mark")
    return str(shown.to_html(index=False, border=0, classes="funnelest"))


def show_number(value: float) -> str:
    """Return a number with three significant digits, or whole when it is large."""
    if not np.isfinite(value):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
