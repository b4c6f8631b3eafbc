"""What a planned source would be expected to tell: table and sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelest.inference.preposterior import BASES
from funnelest.results import tables

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Planned"]

type Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Planned:
    """The expected width of an interval after a source that is planned.

    Parameters
    ----------
    n : tuple of int
        The sizes of the source.
    widths : ndarray
        Width of the interval after made-up data, shape ``(sizes, replicates)``; NaN where a
        refit failed.
    sds : ndarray
        Posterior standard deviation, in the same shape.
    refitted : ndarray of bool
        Where the draws were too few to be reweighted, in the same shape.
    width_now : float
        Width of the interval now.
    probability : float
        Probability of the equal-tailed intervals.
    costs : tuple of float or None
        Cost of each size, when given.
    basis : str
        What the quantity rests on: "estimated", "partly imputed" or "imputed".
    mark : str
        What is wrong with the fit that it starts from; empty when nothing is.
    seed : int
        The seed, with which the same answer comes again.
    """

    n: tuple[int, ...]
    widths: Floats = field(repr=False)
    sds: Floats = field(repr=False)
    refitted: NDArray[np.bool_] = field(repr=False)
    width_now: float
    probability: float
    costs: tuple[float, ...] | None = None
    basis: str
    mark: str = ""
    seed: int

    @property
    def interval(self) -> str:
        """Name of the intervals, with probability and kind."""
        return tables.interval_name(self.probability, "equal-tailed")

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per size of the source.

        The `expected_width` of the `interval` (mean over the replicates) and its Monte Carlo
        standard error `mc_error`, the `width_now`, the `ratio` of the two, the `expected_sd`,
        the number of `replicates`, how many of these were `refitted` and how many `failed` (and
        are not in the mean), the `basis` of the quantity, and the `mark`. When costs were given
        also the `cost`, and the `narrowing_per_cost`: the width that is expected to go, over the
        cost.
        """
        import pandas as pd

        rows = []
        for i, size in enumerate(self.n):
            good = ~np.isnan(self.widths[i])
            count = int(good.sum())
            width = float(self.widths[i, good].mean()) if count else np.nan
            error = (
                float(self.widths[i, good].std(ddof=1) / np.sqrt(count)) if count > 1 else np.nan
            )
            row = {
                "n": size,
                "expected_width": width,
                "mc_error": error,
                "width_now": self.width_now,
                "ratio": width / self.width_now,
                "expected_sd": float(self.sds[i, good].mean()) if count else np.nan,
                "interval": self.interval,
                "replicates": self.widths.shape[1],
                "refitted": int(self.refitted[i].sum()),
                "failed": self.widths.shape[1] - count,
            }
            if self.costs is not None:
                cost = self.costs[i]
                row["cost"] = cost
                row["narrowing_per_cost"] = (self.width_now - width) / cost
            rows.append({**row, "basis": self.basis, "mark": self.mark})
        return pd.DataFrame(rows)

    @cached_property
    def text(self) -> str:
        """What is expected, in plain sentences."""
        show, rows = tables.show_number, self.table.to_dict("records")
        said = [self.mark + "."] if self.mark else []
        known = [row for row in rows if not np.isnan(row["expected_width"])]
        if known:  # the smallest and the largest of them; the others are in the table
            first, *rest = known if len(known) == 1 else (known[0], known[-1])
            verb = "narrow" if all(row["ratio"] < 1 for row in known) else "change"
            said.append(
                f"A source of {first['n']:,} would be expected to {verb} the {self.interval} "
                f"interval from a width of {show(self.width_now)} to "
                f"{show(first['expected_width'])} ({100 * first['ratio']:.0f}% of it)"
                + "".join(
                    f", and one of {row['n']:,} to {show(row['expected_width'])} "
                    f"({100 * row['ratio']:.0f}%)"
                    for row in rest
                )
                + "."
            )
        if len(rows) > 2:
            said.append(f"The table has all {len(rows)} sizes.")
        gone = [f"{row['n']:,}" for row in rows if np.isnan(row["expected_width"])]
        if gone:
            said.append(f"Of {', '.join(gone)} every refit failed, so nothing can be said.")
        failed = sum(row["failed"] for row in known)
        if failed:
            said.append(
                f"Left out of the means: {failed} of the "
                f"{sum(row['replicates'] for row in known)} replicates, whose refit failed."
            )
        if BASES[self.basis]:
            said.append(f"What is asked about is {self.basis}: {BASES[self.basis]}.")
        if self.costs is not None and known:
            best = max(known, key=lambda row: row["narrowing_per_cost"])
            said.append(
                f"The width goes down most per unit of cost with {best['n']:,} "
                f"({show(best['narrowing_per_cost'])} per unit)."
            )
        said.append(
            f"Expected over {self.widths.shape[1]} made-up sets of data that the model itself "
            "foretells: one real set may narrow it more, or less."
        )
        return " ".join(said)
