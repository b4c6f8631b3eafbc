"""The period that people were asked about, where the model counts those of one year."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from funnelest.axes import Where
from funnelest.defects.base import carried
from funnelest.fields import Constraint, is_number, is_text
from funnelest.words import Named, named

if TYPE_CHECKING:
    from funnelest.evidence.base import Evidence
    from funnelest.population import Population
    from funnelest.quantities.quantities import Quantities

__all__ = [
    "RECALL",
    "asked_share",
    "conversion_problems",
    "converted",
    "other_periods",
    "period_problems",
    "period_said",
    "window_problems",
]

#: Units of a period -> how many make a year.
_A_YEAR = {"year": 1, "years": 1, "month": 12, "months": 12}
_EVER = "ever"


def _is_period(value: Any) -> bool:
    if isinstance(value, str):
        return value == _EVER
    return (
        isinstance(value, tuple | list)
        and len(value) == 2
        and is_number(value[0])
        and bool(value[0] > 0)
        and is_text(value[1])
        and value[1] in _A_YEAR
    )


RECALL = Constraint(
    "must be 'ever', or a number above 0 of months or years, such as (12, 'months')",
    _is_period,
    ("ever", (12, "months"), [5, "years"]),
    (None, 5, True, "five years", "12 months", (), (5,), (0, "years"), (-1, "months"),
     (5, "weeks"), ("5", "years"), (True, "years"), (float("nan"), "years"), (5, "years", 1)),
).or_none  # fmt: skip


def _years(recall: Any) -> float:
    """Return a period in years; one, where it was not said."""
    return 1.0 if recall is None else recall[0] / _A_YEAR[recall[1]]


def period_problems(source: Evidence, recall: Any, of: str | None) -> list[str]:
    """Return why a share of those asked about a period is not one of the model, one sentence each.

    With `of` they are people in a step, whenever they came there.
    """
    if not RECALL.holds(recall) and recall is not None:
        return []  # was said
    if of is not None:
        if recall is None:
            return []
        return [
            "field 'recall' is of a share of the whole population: of the people in a step "
            "(field 'of') the share who come further is the same whatever the period."
        ]
    if recall == _EVER:
        return [
            "field 'recall' is 'ever', and the model counts the people of one year. To whom it "
            "ever happened is about first events: give OnsetSurvey(before=...), with the age "
            "before which it happened, and the assumption FirstTime, which joins the two."
        ]
    if _years(recall) != 1 and not carried(source.defects, "on_period"):
        return [
            f"field 'recall' is {recall!r}, and the model counts the people of one year. Say how "
            "many are the same people from year to year, with a prior: give the defect "
            "RepeatVictims(share=..., statement=...), from 0 (it is chance who is a victim again) "
            "to 1 (the same people every year)."
        ]
    return []


def conversion_problems(source: Evidence, recalls: list[Any]) -> list[str]:
    """Return why a conversion of periods has none to convert."""
    if any(recall not in (None, _EVER) and _years(recall) != 1 for recall in recalls):
        return []
    return [
        f"{type(one).__name__} converts another period than one year; say in field 'recall' which "
        "period was asked about."
        for one in carried(source.defects, "on_period")
    ]


def converted(recall: Any) -> bool:
    """Return whether a period is another than the year of the model."""
    return RECALL.holds(recall) and recall not in (None, _EVER) and _years(recall) != 1


def period_said(recall: Any) -> Named:
    """Return how the period of a share of the whole population is read."""
    if recall is None:
        return named("default.period")
    if not converted(recall):
        return named("default.period_year")
    return named("default.period_other", years=_years(recall))


def other_periods(
    asked: Sequence[tuple[Any, str, Where, str | None]],
) -> list[tuple[float, str, Where]]:
    """Return the length in years, the step and the cells of what was asked of another period."""
    return [
        (_years(recall), step, where)
        for recall, step, where, of in asked
        if of is None and converted(recall)
    ]


def window_problems(
    years: float, where: Where, varies: Collection[str], population: Population
) -> list[str]:
    """Return why the rate of a year says nothing of a period, one sentence each.

    `varies` are the axes over which the share of the people who are in the step varies.
    """
    found = []
    dated, ages = population.years, population.ages
    # A part of a year lies within it.
    if years > 1 and dated is not None and dated.name in varies:
        found.append(
            f"field 'recall' is of {years:g} years, and its conversion takes the rate to be the "
            f"same in all of them; the model lets it differ over {dated.name!r}. Leave out the "
            "term by which it does, or give a source of your own that takes the rate of each "
            "year (OwnBinomial)."
        )
    if ages is not None:
        asked = population.select(where)[population.axes.index(ages)]
        oldest = max(ages.bounds(i)[1] for i in asked)
        if years > oldest + 1:
            found.append(
                f"field 'recall' is of {years:g} years, and nobody who was asked is older than "
                f"{oldest:g}."
            )
    return found


def asked_share(
    source: Evidence, q: Quantities, step: str, where: Where, of: str | None, recall: Any
) -> Any:
    """Return the true share of the people whom a `source` asked about a period, per draw."""
    if of is not None or not converted(recall):
        return q.share(step, where, of=of)
    rate = q.in_cells(step)
    # In cells: the share of a longer period bends, and the mean of what is bent is not that.
    for one in carried(source.defects, "on_period"):
        rate = one.on_period(rate, _years(recall), q, source.name)
    return q.pool(rate, where) / q.population(where)
