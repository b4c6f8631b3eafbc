"""Surveys of other periods than a year, beside what a model says of rates and of first events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelest.axes import Where
from funnelest.defects.base import carried
from funnelest.evidence.base import Evidence
from funnelest.evidence.recall_period import window_problems
from funnelest.quantities.quantities import Quantities

if TYPE_CHECKING:
    from funnelest.model.parts import Parts

__all__ = ["period_problems"]

#: In so large a share of draws from the priors two statements must exclude each other.
_SURELY = 0.95
_DRAWS = 200


def period_problems(model: Parts) -> list[str]:
    """Return which surveys of other periods do not go with the rest of a model."""
    found = []
    for one in model.sources():
        for years, step, where in one.other_periods():
            later = step != model.route.steps[0]
            rates = [model.occurrence, *(model.transitions.values() if later else ())]
            varies = {name for rate in rates for name in rate.axes()}
            texts = window_problems(years, where, varies, model.population)
            if not later:
                texts += _first_time_problems(model, one, where)
            found += [f"{type(one).__name__} {one.name!r}: {text}" for text in texts]
    return found


def _first_time_problems(model: Parts, source: Evidence, where: Where) -> Iterator[str]:
    """Yield why who is a victim in every year is not, as often, one for the first time.

    At the youngest ages a victim of every year is one for the first time as well.
    """
    population, conversion = model.population, model.conversion
    if conversion is None or population.age_problems(conversion.axis):
        return
    axis = population.age_axis(conversion.axis)
    inside = [*population.select(where)]
    at = population.axes.index(axis)
    inside[at] = np.array([i for i in inside[at] if axis.bounds(i)[0] > 0], dtype=np.intp)
    if not all(map(len, inside)):
        return
    rng = np.random.default_rng(0)
    q = Quantities(model, {name: prior.sample(rng, _DRAWS) for name, prior in model.free.items()})
    first: Any = conversion.first_share(q.parameters, population)
    first = np.broadcast_to(first, (*population.shape, np.shape(first)[-1]))
    first = first[np.ix_(*inside)].reshape(-1, first.shape[-1])
    first = first[population.counts[np.ix_(*inside)].ravel() > 0]
    if not len(first):
        return
    for one in carried(source.defects, "every_year"):
        always = one.every_year(q, source.name)
        apart = np.mean(first + always > 1.0 + 1e-9, axis=1)
        if apart.max() > _SURELY:
            most = np.median(first[apart.argmax()])
            yield (
                f"{type(one).__name__} says that {np.median(always):.0%} of a year's victims are "
                f"victims in every year, and {type(conversion).__name__} that up to "
                f"{most:.0%} are victims for the first time. Nobody past the youngest "
                "ages is both: let the two shares add up to no more than 1."
            )
