"""Tables: their rows, and every figure beside what is expected of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Where, show_level
from funnelest.errors import raise_if_any
from funnelest.fields import is_number
from funnelest.figures import Figure
from funnelest.model.figure_basis import figure_basis
from funnelest.population import Population
from funnelest.results.intervals import COLUMNS, errors_of, summary, summary_errors
from funnelest.sampling.weights import interval_name
from funnelest.words import Language, Sentence, named

if TYPE_CHECKING:
    from funnelest.evidence.base import Evidence
    from funnelest.model.model import Model
    from funnelest.model.parts import Parts
    from funnelest.observations.observation import Seen
    from funnelest.quantities.quantities import Quantities
    from funnelest.sampling.errors import Dependence

__all__ = [
    "Shown",
    "column_of",
    "figure_rows",
    "first_event_rows",
    "in_english",
    "selection_problems",
    "selections",
    "shown_figures",
    "standardised",
    "unit",
    "unit_for",
]

#: What tables have in columns of these names, beside the levels of axes: results and checks.
_TAKEN = {
    *COLUMNS, "from", "number", "of", "quantity", "skip", "source", "step", "to", "unit",
    "apart", "assumptions", "component", "contraction", "how", "kind", "moved", "priors",
    "rests_on", "seen_by", "share", "share_mc_error", "shift", "sources", "total", "variance",
}  # fmt: skip
_TAKEN_BY = ("prior_", "without_")

type Floats = NDArray[np.float64]


def unit(model: Parts, per: str | None, where: Where) -> str:
    """Return what a number at a step counts: all of the cells, a mean over an axis, or a share."""
    population, counted = model.population, model.route.counted
    if model.of_shares_only:
        return named("quantity.of_those_at", step=model.route.steps[0])
    if per is None:
        return counted
    at = population.position(per)
    name = "year" if population.axes[at].role == "years" else per
    levels = [population.axes[at].levels[i] for i in population.select(where)[at]]
    if len(levels) == 1:
        return named("quantity.people_in", unit=counted, axis=name, level=show_level(levels[0]))
    span = f"{show_level(levels[0])}-{show_level(levels[-1])}"
    return named("quantity.people_per", unit=counted, axis=name, span=span)


def unit_for(model: Parts, where: Where | None, per: str | None, show: Language) -> str:
    """Return the same for readers, in their language; `per` is an axis, or None."""
    if model.of_shares_only:
        return show("quantity.of_those_at", step=model.route.steps[0])
    return show.unit(model.population, where, per, model.route.counted)


def in_english(said: Sentence | str) -> str:
    """Return a sentence as a table of pandas has it."""
    return Language("en").say(said)


def selection_problems(population: Population, where: object, per: object = None) -> list[str]:
    """Return why these are no cells, and no axis of a mean; only None and ``{}`` are all cells."""
    found = population.problems_in({} if where is None else where)  # type: ignore[arg-type]
    if per is None or isinstance(per, str):
        return found + population.per_problems(per)
    return [*found, f"per must name an axis, or be 'auto' or None; given {per!r}."]


def column_of(axis: str) -> str:
    """Return the column in which tables have the levels of an axis: that of its name.

    An axis may have any name, such as "step" or "low". Under that name alone the levels would
    take the place of what the column is for, or be lost in it.
    """
    return f"{axis} (axis)" if axis in _TAKEN or axis.startswith(_TAKEN_BY) else axis


def selections(
    population: Population, where: Where | None, by: Sequence[str] | str
) -> list[tuple[dict[str, Any], Where]]:
    """Return labels and selection of every combination of the levels of the axes `by`.

    The labels are by `column_of` the axis.
    """
    if not isinstance(by, str | list | tuple):
        raise_if_any([f"by must name axes; given {by!r}."], "the table")
    names = [by] if isinstance(by, str) else by
    known = ", ".join(axis.name for axis in population.axes) or "none"
    raise_if_any(
        [
            f"by names axis {name!r}; the population's axes are: {known}."
            for name in names
            if not isinstance(name, str) or population.axis(name) is None
        ]
        + selection_problems(population, where),
        "the table",
    )
    chosen = population.select(where)
    found: list[tuple[dict[str, Any], Where]] = [({}, dict(where or {}))]
    for name in names:
        at = population.position(name)
        levels = [population.axes[at].levels[i] for i in chosen[at]]
        found = [
            ({**labels, column_of(name): show_level(level)}, {**selection, name: level})
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
    first, people = model.route.steps[0], unit(model, per, where)

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


def figure_rows(
    model: Model, q: Quantities, probability: float, dependence: Dependence, mark: str
) -> list[dict[str, Any]]:
    """Return a row per figure of every source; see `Result.figures`."""
    rests = bases_of(model)
    end = {"interval": interval_name(probability), "basis": "", "mark": mark}
    with np.errstate(all="ignore"):
        return [
            {**row, **end, "basis": rests(one)}
            for source in model.sources()
            if not source.members()
            for one, row in _figure_rows(source, q, probability, dependence)
        ]


def bases_of(model: Model) -> Callable[[Shown], str]:
    """Return what gives the basis of a figure: that of the cells that it is of."""
    basis = figure_basis(model)
    return lambda one: basis(one.source, one.numbers)


def _figure_rows(
    source: Evidence, q: Quantities, probability: float, dependence: Dependence
) -> list[tuple[Shown, dict[str, Any]]]:
    """Return every figure of a source and its row: as given, read and expected, how far apart."""
    rows: list[tuple[Shown, dict[str, Any]]] = []
    # Registers know what their records are; a total is of all its counts, and has no such row.
    true, seen = source.record_shares(q) or (None, None)
    for one in shown_figures(source, q):
        mean, place = one.mean, one.place
        shares: dict[str, float] = {}
        for name, found in (("cases_per_record", true), ("registered_share", seen)):
            known = np.full(mean.shape, np.nan)
            if found is not None and place is not None:
                known = np.broadcast_to(found[place], mean.shape)
            low, median, high, *errors = _interval(known, probability, dependence)
            shares |= {name: median, f"{name}_low": low, f"{name}_high": high}
            shares |= dict(zip((f"{at}_mc_error" for at in list(shares)[-3:]), errors, strict=True))
        low, median, high, *errors = _interval(mean, probability, dependence)
        names = ("expected_mc_error", "low_mc_error", "high_mc_error")
        for part, used in one.figure.official():
            limits = None if part.bounded else part.limits()
            rows.append(
                (
                    one,
                    {
                        "source": source.name,
                        "of": one.of,
                        "figure": part.describe(),
                        "used": used,
                        "read_as": source.describe(),
                        "expected": median,
                        "low": low,
                        "high": high,
                        **dict(zip(names, errors, strict=True)),
                        "residual": standardised(one, part.middle, limits),
                        **shares,
                    },
                )
            )
    return rows


def _interval(draws: Floats, probability: float, dependence: Dependence) -> list[float]:
    """Return the lower limit, median and upper limit of draws; the errors of median and limits."""
    found = summary(draws, probability) | summary_errors(draws, probability, dependence)
    return [*(found[of] for of in ("low", "median", "high")), *errors_of(found)]


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """A figure of a source, and its mean and standard deviation per draw on the printed scale.

    It is one of the numbers of `seen`, or the sum of some `rows` of them; its `place` is that among
    the counts of a register, None of a total. Before `seen` the source has `first` other numbers.
    """

    source: Evidence
    of: str
    figure: Figure
    seen: Seen
    rows: tuple[int, ...]
    mean: Floats
    sd: Floats
    place: int | None
    first: int = 0

    @property
    def numbers(self) -> tuple[int, ...]:
        """The places of its numbers among all of the source."""
        return tuple(self.first + i for i in self.rows)


def shown_figures(source: Evidence, q: Quantities) -> Iterator[Shown]:
    """Yield every figure of a source that is made of no other sources."""
    labels = [
        ", ".join(f"{axis} {show_level(level)}" for axis, level in parts.items())
        for parts, _, _ in source.figure_classes()
    ]
    first = 0
    for seen in source.observations(q):
        means, sds = (np.atleast_2d(part) for part in seen.moments())
        for of, figure, rows, place in seen.parts(labels):
            if rows[-1] < len(means):
                (i, *more) = rows
                mean, sd = seen.moments_of(rows) if more else (means[i], sds[i])
                yield Shown(
                    source=source, of=of, figure=figure, seen=seen, rows=rows, mean=mean, sd=sd,
                    place=place, first=first,
                )  # fmt: skip
        first += len(means)


def standardised(one: Shown, value: float, limits: tuple[float, float] | None = None) -> float:
    """Return a printed value minus its mean, over the root of the mean squared error.

    A limit that holds is no distance away, however far off it is. Of what is normal on another
    scale, such as an estimate with its limits, the values are normal scores.
    """
    law = None if limits else one.seen.law(one.rows)
    scores = None if law is None else one.figure.score(law, one.seen.divisor)
    if scores is not None:
        return float(np.mean(scores) / np.sqrt(1.0 + np.var(scores)))
    spread = np.sqrt(np.mean(one.sd**2) + np.var(one.mean))
    middle = float(np.mean(one.mean))
    apart = 0.0 if limits and limits[0] <= middle <= limits[1] else value - middle
    return float(apart / spread)
