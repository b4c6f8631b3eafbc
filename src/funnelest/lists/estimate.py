"""What an estimator says of one overlap table: known, hidden and total kept apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.entry import entries
from funnelest.lists.table.table import OverlapTable
from funnelest.sampling.gate import Gate
from funnelest.sampling.weights import interval_name
from funnelest.words import Sentence, named, say

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Estimate", "Part", "because", "chained"]

type Floats = NDArray[np.float64]
type Limits = tuple[float, float]


@dataclass(frozen=True)
class Part:
    """The number of one stratum, or of all together.

    Parameters
    ----------
    known : int
        People on at least one list.
    hidden : float
        Estimated number on none; NaN when withheld.
    interval : (float, float), optional
        Interval of the *hidden* number; None when there is none.
    withheld : str, default ""
        Why no number is shown, in a sentence; empty where the estimate says it for all.
    """

    known: int
    hidden: float
    interval: Limits | None
    withheld: str = ""

    @property
    def total(self) -> float:
        """Known and hidden people together."""
        return self.known + self.hidden

    @property
    def total_interval(self) -> Limits | None:
        """Interval of the total."""
        if self.interval is None:
            return None
        return self.known + self.interval[0], self.known + self.interval[1]


@entries
@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Estimate:
    """How many people are on none of the lists, by one method.

    Parameters
    ----------
    method : str
        What was done, such as ``"log-linear [12,3]"``.
    table_of : OverlapTable
        The table.
    overall : Part
        Known, hidden and interval of all strata together.
    statistic : str
        What the number is, such as "maximum likelihood" or "posterior median".
    kind : str
        Kind of the interval, such as "profile likelihood" or "equal-tailed posterior"; empty
        where there is none.
    assumes : str
        What has to be true for the number to be right, in a sentence.
    probability : float, default 0.95
        Probability of the interval.
    kind_in_strata : str, default ""
        Kind of the interval of single strata, where it is not that of the total.
    strata : mapping of str to Part, optional
        The same of each stratum.
    lower_bound : bool, default False
        Whether the number is a lower bound, not an estimate.
    withheld : str, default ""
        Why no number (or no interval) is shown, in a sentence.
    why : Sentence, optional
        What `withheld` says, where it can be said in other languages; see `because`.
    warnings : tuple of str, optional
        What a reader should know of this number.
    measures : mapping of str to float, optional
        What the method measured, such as its deviance, standard error or R-hat.
    gate : Gate, optional
        The convergence gate, of methods that draw.
    draws : ndarray, optional
        Draws of the hidden number, all strata together, shape ``(draws,)``.
    predicted : mapping of str to ndarray, optional
        Stratum -> what the method expects in each of its `OverlapTable.cells`: shape ``(cells,)``
        for a fit, ``(cells, draws)`` for draws.
    details : mapping of str to object, optional
        Tables of the method, such as the weights of the models that were averaged.
    """

    method: str
    table_of: OverlapTable
    overall: Part
    statistic: str
    kind: str
    assumes: str
    probability: float = 0.95
    kind_in_strata: str = ""
    strata: Mapping[str, Part] = field(default_factory=dict)
    lower_bound: bool = False
    withheld: str = ""
    why: Sentence | str = ""
    warnings: tuple[str, ...] = ()
    measures: Mapping[str, float] = field(default_factory=dict)
    gate: Gate | None = None
    draws: Floats | None = None
    predicted: Mapping[str, Floats] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def known(self) -> int:
        """Number of people on at least one list."""
        return self.overall.known

    @property
    def hidden(self) -> float:
        """Estimated number of people on none of the lists; NaN when withheld."""
        return self.overall.hidden

    @property
    def total(self) -> float:
        """Known and hidden people together; NaN when withheld."""
        return self.overall.total

    @property
    def interval(self) -> Limits | None:
        """Interval of the total; None when there is none, or when it is withheld."""
        return self.overall.total_interval

    @property
    def reason(self) -> Sentence | str:
        """Why no number is shown, in the language of the reader where it can be said in it."""
        return self.why or self.withheld

    @property
    def passed(self) -> bool:
        """Whether a number and an interval are shown."""
        return not self.withheld

    @property
    def interval_name(self) -> str:
        """Probability and kind of the interval, such as ``"95% profile likelihood"``."""
        return self._named(self.overall, self.kind)

    def _named(self, part: Part, kind: str) -> str:
        shown = part.interval is not None and kind
        return interval_name(self.probability, kind) if shown else named("lists.kind.none")

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of the table."""
        rows = []
        for name, part in {**self.strata, "all": self.overall}.items():
            low, high = part.interval or (np.nan, np.nan)
            all_ = part is self.overall
            # What has a number and limits is not withheld, whatever is of the others.
            gone = not np.isfinite(part.hidden) or (all_ and part.interval is None)
            kind = self.kind if all_ else self.kind_in_strata or self.kind
            rows.append(
                {
                    "method": self.method,
                    **({"stratum": name} if self.strata else {}),
                    "known": part.known,
                    "hidden": part.hidden,
                    "hidden_low": low,
                    "hidden_high": high,
                    "total": part.total,
                    "total_low": part.known + low,
                    "total_high": part.known + high,
                    "statistic": self.statistic,
                    "interval": self._named(part, kind),
                    "basis": "lower bound" if self.lower_bound else "known and estimated",
                    "withheld": (part.withheld or self.withheld) if gone else "",
                }
            )
        return rows

    @property
    def table(self) -> pd.DataFrame:
        """One row per stratum, and one for all: known, hidden and total with their intervals."""
        import pandas as pd

        return pd.DataFrame(self.rows)

    @property
    def said(self) -> Sentence:
        """The total, with its interval where there is one."""
        if self.interval is None:
            return say("lists.total", total=self.total)
        low, high = self.interval
        values = {"total": self.total, "interval": self.interval_name, "low": low, "high": high}
        return say("lists.total_in", **values)

    @property
    def text(self) -> str:
        """The result in plain sentences, what it assumes among them."""
        said = [f"{self.method}: {self.known:,} people are on at least one list."]
        if np.isfinite(self.hidden):
            shown = f"about {self.hidden:,.0f} more are on none, {self.total:,.0f} together"
            if self.lower_bound:
                shown = f"at least about {self.hidden:,.0f} more are on none (a lower bound)"
            if self.interval is not None:
                low, high = self.interval
                shown += f" ({self.interval_name} interval {low:,.0f} to {high:,.0f})"
            said.append(f"By {self.statistic}, {shown}.")
        if self.withheld:
            said.append(f"Withheld: {self.withheld}")
        said.append(f"Assumed: {self.assumes}")
        return " ".join([*said, *self.warnings])

    def __repr__(self) -> str:
        return f"<Estimate: {self.text}>"


def because(why: Sentence | str) -> dict[str, Any]:
    """Return the fields of an estimate that is withheld."""
    text = named(why.key, **why.values) if isinstance(why, Sentence) else why
    return {"withheld": text, "why": why}


def chained(said: Sequence[Sentence | str]) -> Sentence | str:
    """Return sentences, one after the other, as one."""
    return reduce(lambda first, then: say("lists.then", first=first, then=then), said)
