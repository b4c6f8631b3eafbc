"""What comes out under other priors: table and sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from funnelest.check.wording import shown_names
from funnelest.results import tables

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AlternativePriors", "Other"]

type Three = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Other:
    """One quantity under other priors.

    Parameters
    ----------
    alternative, quantity : str
        Their names.
    values : (float, float, float)
        Median and limits of the interval; NaN where nothing could be computed.
    how : {"weights", "refit", "failed"}
        By weights on the draws of the result, or by fitting again.
    k_hat : float
        Pareto k-hat of the weights.
    shift : float
        How far the median moves, in posterior standard deviations of the base, on the symmetric
        scale of the quantity.
    widened : float
        Width of the interval over that of the base.
    overlap : float
        Of the two posteriors: 1 when they are the same, 0 when they have nothing in common.
    """

    alternative: str
    quantity: str
    values: Three
    how: str
    k_hat: float
    shift: float
    widened: float
    overlap: float


@dataclass(frozen=True, kw_only=True, eq=False)
class AlternativePriors:
    """What quantities are under other priors, as `alternative_priors` finds it.

    Parameters
    ----------
    rows : sequence of Other
        One per alternative and quantity.
    base : mapping of str to (float, float, float)
        Quantity -> median and limits as the model has it.
    priors : mapping of str to mapping of str to (str, str)
        Alternative -> parameter -> its prior in the model and in its place.
    moved : float
        Shift of a median, in posterior standard deviations, beyond which a quantity has moved.
    widened : float
        Factor by which an interval may be wider or narrower.
    probability : float
        Probability of the equal-tailed intervals.
    basis : str
        What the numbers of the model rest on.
    result_mark : str
        What is wrong with the fit itself; empty when nothing is.
    seed : int
        The seed, with which the same answer comes again.
    """

    rows: Sequence[Other] = field(repr=False)
    base: Mapping[str, Three]
    priors: Mapping[str, Mapping[str, tuple[str, str]]]
    moved: float
    widened: float
    probability: float
    basis: str
    result_mark: str = ""
    seed: int

    def changed(self, row: Other) -> bool:
        """Return whether a quantity is another one under the other priors.

        Its interval has no room for the median that was, its median moved, or its interval is
        wider or narrower than is allowed.
        """
        median, low, high = row.values
        if math.isnan(median):
            return False
        return (
            not low <= self.base[row.quantity][0] <= high
            or abs(row.shift) > self.moved
            or not 1 / self.widened <= row.widened <= self.widened
        )

    @cached_property
    def _changed(self) -> dict[str, list[Other]]:
        found: dict[str, list[Other]] = {}
        for row in self.rows:
            if self.changed(row):
                found.setdefault(row.quantity, []).append(row)
        return found

    @cached_property
    def _failed(self) -> list[str]:
        return list(dict.fromkeys(r.alternative for r in self.rows if r.how == "failed"))

    @property
    def passed(self) -> bool:
        """Whether no quantity changes under any alternative, and all could be computed."""
        return not (self._changed or self._failed)

    @property
    def mark(self) -> str:
        """What tables and figures of the result carry; empty when the check passed."""
        if self._changed:
            return f"OTHER UNDER OTHER PRIORS: {shown_names(list(self._changed))}"
        return f"OTHER PRIORS FAILED: {shown_names(self._failed)}" if self._failed else ""

    @property
    def headline(self) -> str:
        """The verdict in a sentence."""
        if self._changed:
            parts = [
                f"{quantity} (under: {shown_names([row.alternative for row in rows])})"
                for quantity, rows in self._changed.items()
            ]
            return f"Other priors change {shown_names(parts)}."
        if self._failed:
            return f"Nothing can be said of these priors: {shown_names(self._failed)}."
        return (
            f"No other prior moves a median by more than {self.moved:g} posterior standard "
            f"deviations, or an interval by more than a factor {self.widened:g}."
        )

    @property
    def interval(self) -> str:
        """Name of the intervals, with probability and kind."""
        return tables.interval_name(self.probability, "equal-tailed")

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per quantity and set of priors, that of the model first ("as it is").

        `median`, `low` and `high` of the `interval`; the `shift` of the median in posterior
        standard deviations of the model (on the log scale of numbers and the log-odds of shares),
        `widened`, the width of the interval over that of the model, the `overlap` of the two
        posteriors (1: the same), whether the quantity `changed`; `how` it was computed and the
        Pareto `k_hat` of the weights; the `basis` of the model, and the `mark` of the fit.
        """
        import pandas as pd

        made = []
        for quantity, values in self.base.items():
            rows = [row for row in self.rows if row.quantity == quantity]
            same = Other(
                alternative="as it is", quantity=quantity, values=values, how="fit",
                k_hat=math.nan, shift=0.0, widened=1.0, overlap=1.0,
            )  # fmt: skip
            made += [
                {
                    "quantity": quantity,
                    "priors": row.alternative,
                    **dict(zip(("median", "low", "high"), row.values, strict=True)),
                    "interval": self.interval,
                    "shift": row.shift,
                    "widened": row.widened,
                    "overlap": row.overlap,
                    "changed": row is not same and self.changed(row),
                    "how": row.how,
                    "k_hat": row.k_hat,
                    "basis": self.basis,
                    "mark": self.result_mark,
                }
                for row in (same, *rows)
            ]
        return pd.DataFrame(made)

    @cached_property
    def text(self) -> str:
        """What was found, in plain sentences."""
        show = tables.show_number
        said = [self.headline]
        for quantity, rows in list(self._changed.items())[:3]:
            row = max(rows, key=lambda r: (abs(math.log(r.widened)), abs(r.shift)))
            _, low, high = self.base[quantity]
            _, a, b = row.values
            said.append(
                f"The {self.interval} interval of {quantity} goes from {show(low)} to "
                f"{show(high)} as it is, and from {show(a)} to {show(b)} under {row.alternative}."
            )
        for name, priors in self.priors.items():
            parts = [f"{new} for {one} in place of {old}" for one, (old, new) in priors.items()]
            said.append(f"{name}: {'; '.join(parts)}.")
        if self._changed and self._failed:
            said.append(f"The refit failed, so nothing is given: {shown_names(self._failed)}.")
        said.append("Which of the priors is right no figure says: that is for those who know.")
        return " ".join(said)

    def __repr__(self) -> str:
        shown = ["quantity", "priors", "median", "low", "high", "interval", "changed", "how"]
        return f"{self.text}\n{self.table[shown].to_string(index=False)}"
