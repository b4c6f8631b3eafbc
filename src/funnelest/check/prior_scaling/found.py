"""How far quantities move when a prior counts for more or less: table and sentences."""

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

__all__ = ["ALL_PRIORS", "ALL_SOURCES", "Move", "PriorSensitivity", "Scaled"]

ALL_PRIORS, ALL_SOURCES = "all priors", "all sources"
#: A prior decides when the width of the interval changes by more than this factor. Of a normal
#: prior and a normal likelihood that is where half of the precision is the prior's.
_WIDTHS = 1.2
_UNKNOWN = (math.nan, math.nan, math.nan)

type Three = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Move:
    """What comes out when a component counts for more or less.

    Parameters
    ----------
    power : float
        For how much it counts; NaN where nothing could be computed.
    values : (float, float, float)
        Median and limits of the interval.
    how : {"weights", "smaller step", "refit", "failed"}
        By weights on the draws of the result, with less of a change where those failed, or by
        fitting again.
    """

    power: float = math.nan
    values: Three = _UNKNOWN
    how: str = "failed"


@dataclass(frozen=True, kw_only=True)
class Scaled:
    """How one quantity moves with one component.

    Parameters
    ----------
    quantity, component : str
        Their names.
    kind : {"source", "prior", "assumption"}
        Kind of the component.
    psens : float
        Sensitivity: cumulative Jensen-Shannon distance per doubling, at 1; NaN where the weights
        failed.
    k_hat : float
        Largest Pareto k-hat of the weights with which it counts half and twice.
    half, twice : Move
        What comes out when it counts half, and twice.
    """

    quantity: str
    component: str
    kind: str
    psens: float
    k_hat: float
    half: Move
    twice: Move


@dataclass(frozen=True, kw_only=True, eq=False)
class PriorSensitivity:
    """How far each quantity moves with each prior, as `prior_sensitivity` finds it.

    Parameters
    ----------
    rows : sequence of Scaled
        One per quantity and component.
    base : mapping of str to (float, float, float)
        Quantity -> median and limits as the model has it.
    flat : sequence of str
        Unknown parameters whose prior is flat on the natural scale.
    held : mapping of str to str
        What is assumed without a distribution -> why it cannot be scaled.
    probability : float
        Probability of the equal-tailed intervals.
    threshold : float
        Sensitivity from which a quantity is said to move.
    basis : str
        What the numbers of the model rest on.
    result_mark : str
        What is wrong with the fit itself; empty when nothing is.
    seed : int
        The seed, with which the same answer comes again.
    """

    rows: Sequence[Scaled] = field(repr=False)
    base: Mapping[str, Three]
    flat: Sequence[str]
    held: Mapping[str, str]
    probability: float
    threshold: float
    basis: str
    result_mark: str = ""
    seed: int

    # ---------------------------------------------------------------- verdict

    def decides(self, row: Scaled) -> bool:
        """Return whether a prior decides a quantity, and does not only move it.

        It moves it, and when it counts half or twice the interval is more than 1.2 times as wide
        or as narrow (it would be 1.4 times if there were nothing but a normal prior), or has no
        room for the median that was. Asked of each prior alone, not of all together.
        """
        median, low, high = self.base[row.quantity]
        if row.component in (ALL_PRIORS, ALL_SOURCES):
            return False
        if not (row.psens >= self.threshold and high > low):
            return False
        for move in (row.half, row.twice):
            _, a, b = move.values
            if not math.isnan(a):
                ratio = (b - a) / (high - low)
                if not (1 / _WIDTHS <= ratio <= _WIDTHS and a <= median <= b):
                    return True
        return False

    def diagnosis(self, row: Scaled) -> str:
        """Return what the sensitivity to a prior and to all sources together says."""
        if row.component == ALL_SOURCES or row.psens < self.threshold:
            return ""
        if math.isnan(row.psens):
            return "not known"
        data = self._of_sources[row.quantity]
        if data < self.threshold:
            return "strong prior, weak likelihood"
        return "prior-data conflict, or a prior meant to inform"

    @cached_property
    def _of_sources(self) -> dict[str, float]:
        return {row.quantity: row.psens for row in self.rows if row.component == ALL_SOURCES}

    @cached_property
    def _priors(self) -> list[Scaled]:
        return [row for row in self.rows if row.component != ALL_SOURCES]

    @cached_property
    def moved(self) -> dict[str, Scaled]:
        """Quantity that moves with a prior -> the row of the prior that moves it most.

        That of all priors together only where none does alone.
        """
        found: dict[str, Scaled] = {}
        for quantity in self.base:
            rows = [r for r in self._priors if r.quantity == quantity and r.psens >= self.threshold]
            single = [row for row in rows if row.component != ALL_PRIORS]
            if rows:
                found[quantity] = max(single or rows, key=lambda row: row.psens)
        return found

    @cached_property
    def decided(self) -> tuple[str, ...]:
        """Quantities that some prior decides; see `decides`."""
        found = {row.quantity for row in self._priors if self.decides(row)}
        return tuple(quantity for quantity in self.base if quantity in found)

    @cached_property
    def _unknown(self) -> list[Scaled]:
        return [row for row in self.rows if math.isnan(row.psens)]

    @property
    def passed(self) -> bool:
        """Whether no quantity moves with a prior, and every sensitivity could be computed."""
        return not (self.moved or self._unknown)

    @property
    def mark(self) -> str:
        """What tables and figures of the result carry; empty when the check passed."""
        if self.decided:
            return f"DECIDED BY PRIORS: {shown_names(self.decided)}"
        if self.moved:
            return f"SENSITIVE TO PRIORS: {shown_names(list(self.moved))}"
        return "SENSITIVITY TO PRIORS NOT KNOWN" if self._unknown else ""

    @property
    def headline(self) -> str:
        """The verdict in a sentence."""
        if not self.moved:
            if self._unknown:
                names = list(dict.fromkeys(row.quantity for row in self._unknown))
                return f"How far a prior moves these could not be computed: {shown_names(names)}."
            return (
                f"No quantity moves with a prior (every sensitivity is below {self.threshold:g})."
            )
        # What is decided first, then by how far it moves.
        order = sorted(self.moved, key=lambda q: (q not in self.decided, -self.moved[q].psens))
        said = [self._said(quantity) for quantity in order[:3]]
        more = f"; {len(order) - 3} more move with a prior" if len(order) > 3 else ""
        return f"{'; '.join(said)}{more}."

    def _said(self, quantity: str) -> str:
        rows = [r for r in self._priors if r.quantity == quantity and self.decides(r)]
        row = max(rows, key=lambda r: r.psens) if rows else self.moved[quantity]
        verb = "is decided by" if rows else "moves with"
        if row.component == ALL_PRIORS:
            return f"{quantity} {verb} {ALL_PRIORS} together"
        own = row.component == quantity
        return f"{quantity} {verb} {'its prior' if own else f'the prior of {row.component}'}"

    # ------------------------------------------------------------------- show

    @property
    def interval(self) -> str:
        """Name of the intervals, with probability and kind."""
        return tables.interval_name(self.probability, "equal-tailed")

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per quantity and component: each prior, all priors, and all sources.

        The sensitivity `psens`, the `diagnosis` and whether the prior `decides`; the largest Pareto
        `k_hat` of the weights with which the component counts half and twice; `median`, `low` and
        `high` of the `interval` as it is, and the same when the component counts half (`half_...`)
        and twice (`twice_...`), `half_how` and `twice_how` they were computed ("weights",
        "refit", "smaller step" or "failed"), and `half_power` and `twice_power`, which are not
        0.5 and 2 of a smaller step. The `basis` of the model, and the `mark` of the fit.
        """
        import pandas as pd

        made = []
        for row in self.rows:
            line: dict[str, object] = {
                "quantity": row.quantity,
                "component": row.component,
                "kind": row.kind,
                "psens": row.psens,
                "diagnosis": self.diagnosis(row),
                "decides": self.decides(row),
                "k_hat": row.k_hat,
                **dict(zip(("median", "low", "high"), self.base[row.quantity], strict=True)),
            }
            for name, move in (("half", row.half), ("twice", row.twice)):
                line |= dict(
                    zip([f"{name}_{x}" for x in ("median", "low", "high")], move.values,
                        strict=True)
                )  # fmt: skip
                line |= {f"{name}_power": move.power, f"{name}_how": move.how}
            line |= {"interval": self.interval, "basis": self.basis, "mark": self.result_mark}
            made.append(line)
        return pd.DataFrame(made)

    @cached_property
    def text(self) -> str:
        """What was found, in plain sentences."""
        show = tables.show_number
        said = [self.headline]
        for quantity in self.decided[:3]:
            rows = [r for r in self._priors if r.quantity == quantity and self.decides(r)]
            row = max(rows, key=lambda r: r.psens)
            _, low, high = self.base[quantity]
            parts = [
                f"{show(m.values[1])} to {show(m.values[2])} when it counts {_times(m.power)}"
                for m in (row.half, row.twice)
                if not math.isnan(m.power)
            ]
            said.append(
                f"The {self.interval} interval of {quantity} goes from {show(low)} to "
                f"{show(high)}; with the prior of {row.component}: {', and '.join(parts)}."
            )
        weak = [
            quantity
            for quantity in self.moved
            if self.diagnosis(self.moved[quantity]) == "strong prior, weak likelihood"
        ]
        if weak:
            said.append(f"The sources hardly move: {shown_names(weak)}.")
        if len(self.moved) > len(weak):
            said.append(
                "Where a quantity moves both with a prior and with the sources, the two disagree, "
                "or the prior was meant to inform it: the number does not say which."
            )
        said.append(
            "A prior that counts half or twice has half or twice the information on its own scale: "
            "a normal half or twice the precision, a beta half or twice the observations."
        )
        if self.flat:
            said.append(
                f"Flat priors ({shown_names(list(self.flat))}) to a power are flat: they are "
                "scaled on the log-odds, where a uniform share that counts half is Beta(0.5, 0.5), "
                "and one that counts twice Beta(2, 2)."
            )
        ways = [m.how for row in self.rows for m in (row.half, row.twice)]
        if "smaller step" in ways:
            said.append(
                "Where weights failed and a refit could not be made, the component counts for less "
                "of a change, which stands in the table as its power."
            )
        if "failed" in ways:
            said.append("No numbers are given where weights and refit failed.")
        if self.held:
            said.append(
                f"Assumed without a distribution, so that it cannot be scaled: "
                f"{shown_names(list(self.held))}."
            )
        said.append(
            f"The sensitivities are local (at a power of 1; {self.threshold:g} is a rule of "
            "thumb): they do not say what quite another prior would give."
        )
        return " ".join(said)

    def __repr__(self) -> str:
        shown = self.table[["quantity", "component", "psens", "diagnosis", "decides"]]
        shown = shown[shown["psens"] >= self.threshold].sort_values("psens", ascending=False)
        return f"{self.text}\n{shown.to_string(index=False)}" if len(shown) else self.text


def _times(power: float) -> str:
    if power == 0.5:
        return "half"
    return "twice" if power == 2 else f"{power:.2g} times"
