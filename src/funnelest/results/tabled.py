"""Tables of quantities: one row per quantity, prior beside posterior."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Where
from funnelest.errors import raise_if_any
from funnelest.quantities.quantities import Quantities
from funnelest.results import tables
from funnelest.results.draws import Drawn
from funnelest.results.intervals import (
    COLUMNS,
    ENDS,
    beside_prior,
    interval_problems,
    summary,
    summary_errors,
)
from funnelest.sampling.weights import interval_name
from funnelest.words import Sentence

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Kind", "Tabled", "noted"]

type Floats = NDArray[np.float64]
type Kind = Literal["equal-tailed", "highest-density"]


@dataclass(frozen=True, eq=False, repr=False)
class Tabled(Drawn):
    """Draws of which tables can be made; the fields are those of `Result`."""

    def _table(
        self,
        rows: Sequence[tuple[dict[str, Any], Callable[[Quantities], Any], str]],
        probability: float,
        kind: Kind,
        labels: Sequence[str] = (),
        drawn: Sequence[Floats] | None = None,
        own: Sequence[Callable[[Quantities], Any]] | None = None,
    ) -> pd.DataFrame:
        """Return a tidy table of (labels, quantity, basis) rows; `labels` are those of no row.

        `drawn` are draws to take in place of those of the quantity itself, row by row; `own` is
        what a row alone rests on: where that is as its prior has it, so is the row.
        """
        import pandas as pd

        self._open()
        raise_if_any(interval_problems(probability, kind), "the table")
        made = []
        for i, (one, quantity, basis) in enumerate(rows):
            expected = self._evaluate(quantity, self._posterior)
            before = self._evaluate(quantity, self._prior)
            draws = expected if drawn is None else drawn[i]
            made.append(
                {
                    **one,
                    **summary(draws, probability, kind),
                    "interval": interval_name(probability, kind),
                    **summary_errors(draws, probability, self.dependence, kind),
                    **dict(zip(ENDS, (float(np.min(draws)), float(np.max(draws))), strict=True)),
                    **beside_prior(before, probability, kind),
                    "basis": self._rests_on(
                        quantity, basis, expected, before, None if own is None else own[i]
                    ),
                    "mark": self.mark,
                }
            )
        return pd.DataFrame(made, columns=None if made else [*labels, *COLUMNS])

    def _each(
        self, where: Where | None, by: Sequence[str] | str, per: str | None = None
    ) -> Iterator[tuple[dict[str, Any], Where, str | None, str]]:
        """Yield labels, cells, axis of the mean and basis of each level of the axes `by`."""
        axis = self._per(per)
        column = None if axis is None else tables.column_of(axis)
        for labels, cells in tables.selections(self.model.population, where, by):
            over = None if column in labels else axis
            yield labels, cells, over, self.model.imputed_part(cells)

    def _place(self, place: tuple[str, ...], labels: Mapping[str, Any]) -> dict[str, Any]:
        """Return how a row names a step, which is a tuple of one here, or a transition."""
        if len(place) == 1:
            return {"step": place[0], **labels}
        a, b = place
        return {"from": a, "to": b, **labels, "skip": self.model.route.is_skip((a, b))}

    def _per(self, per: str | None) -> str | None:
        """Return the axis of the mean, if there is one."""
        raise_if_any(tables.selection_problems(self.model.population, None, per), "the table")
        return self.model.population.mean_over(per)


def noted(table: pd.DataFrame, notes: Sequence[Sentence]) -> pd.DataFrame:
    """Return a table with what there is to say of it."""
    table.attrs["notes"] = [tables.in_english(one) for one in notes]
    return table
