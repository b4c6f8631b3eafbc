"""What simulation-based calibration finds: tables, sentences and a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.check.calibrating import uniform
from funnelest.check.calibrating.replicate import LEVELS, RANKED
from funnelest.check.measures import holm

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ALLOWED", "LEVEL", "PROBABILITIES", "Calibration"]

type Floats = NDArray[np.float64]

#: Ranks are not uniform when chance alone gives such ranks, of any quantity, less often.
LEVEL = 0.01
#: Share of the fits that may fail their convergence gate.
ALLOWED = 0.01
#: Probabilities of the equal-tailed intervals, and where their limits and the median are kept.
PROBABILITIES = (0.5, 0.8, 0.95)
_LIMITS = {0.5: (2, 4), 0.8: (1, 5), 0.95: (0, 6)}
_MEDIAN = LEVELS.index(0.5)
#: Names in a sentence or a mark, at most.
_NAMED = 4
_COUNTED = "95% Clopper-Pearson"


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibration:
    """What a model gets back of values that data were made up from.

    Parameters
    ----------
    names : tuple of str
        What was looked at.
    kinds : tuple of str
        "parameter", "number or share", "own" or "log-likelihood", in the same order.
    records : tuple of mapping
        What every replicate gave.
    prior_sd : ndarray
        Standard deviation of each quantity before the data; NaN where there is none.
    basis : str
        What the model rests on: "estimated", "partly imputed" or "imputed".
    draws : int
        Posterior draws per fit.
    engine : str
        The engine that was asked for.
    wrong : bool
        Whether data were made up from another model than was fitted.
    seed : int
        The seed, with which the same answer comes again.
    ranked : int, default 99
        Draws that each true value is ranked among: ranks go from 0 to this number.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...] = field(repr=False)
    records: tuple[Mapping[str, Any], ...] = field(repr=False)
    prior_sd: Floats = field(repr=False)
    basis: str
    draws: int
    engine: str
    wrong: bool = False
    seed: int

    ranked: int = RANKED

    # ---------------------------------------------------------------- replicates

    @property
    def replicates(self) -> int:
        """Number of replicates."""
        return len(self.records)

    @cached_property
    def lost(self) -> int:
        """Number of replicates without any draws: no point was possible, so there is no rank."""
        return sum("rank" not in record for record in self.records)

    @cached_property
    def failed(self) -> int:
        """Number of replicates whose fit failed its gate, at the last try also, or gave nothing.

        Those that gave draws are in every number: leaving out what is hard to fit would show a
        model that is better than it is.
        """
        return sum(bool(record["failure"]) for record in self.records)

    @cached_property
    def redrawn(self) -> int:
        """Number of true values that were drawn anew, since no data were possible with them."""
        return sum(record["redrawn"] for record in self.records)

    @cached_property
    def ranks(self) -> pd.DataFrame:
        """How many of the `ranked` draws lie below the true value: replicate x quantity.

        Missing where a fit gave no draws.
        """
        import pandas as pd

        rows = [record.get("rank") or [None] * len(self.names) for record in self.records]
        index = pd.Index([record["replicate"] for record in self.records], name="replicate")
        columns = pd.Index(self.names, name="quantity")
        return pd.DataFrame(rows, index=index, columns=columns, dtype="float64").astype("Int64")

    @cached_property
    def recovered(self) -> pd.DataFrame:
        """One row per replicate and quantity, all of made-up data.

        The `truth`, and the posterior `median`, `low` and `high` (of the `interval`), and whether
        the fit `failed` its gate.
        """
        import pandas as pd

        low, high = _LIMITS[0.95]
        none = [None] * len(LEVELS)
        rows = [
            {
                "replicate": record["replicate"],
                "quantity": name,
                "truth": record["truth"][i],
                "median": levels[_MEDIAN],
                "low": levels[low],
                "high": levels[high],
                "interval": "95% equal-tailed",
                "failed": bool(record["failure"]),
            }
            for record in self.records
            for i, name in enumerate(self.names)
            for levels in [record["quantiles"][i] if "quantiles" in record else none]
        ]
        numbers = {"truth": float, "median": float, "low": float, "high": float}
        return pd.DataFrame(rows).astype(numbers)

    def _column(self, i: int) -> dict[str, Any]:
        """Return what is known of one quantity, over the replicates that have its rank."""
        good = [
            record for record in self.records if "rank" in record and record["rank"][i] is not None
        ]
        return {
            "rank": np.array([record["rank"][i] for record in good], dtype=np.intp),
            **{
                name: np.array([record[name][i] for record in good], dtype=np.float64)
                for name in ("truth", "mean", "sd")
            },
            "quantiles": np.array(
                [record["quantiles"][i] for record in good], dtype=np.float64
            ).reshape(-1, len(LEVELS)),
        }

    # --------------------------------------------------------------------- tables

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per quantity.

        The `kind`; the number of `replicates` with a rank; `p`, the p-value of uniform ranks by
        the simultaneous test of their distribution, `p_corrected` for the number of quantities
        (Holm) and the verdict on it, `uniform`; `p_chi_squared`, of even bins, to look at beside
        it. Then how often equal-tailed intervals held the truth (`coverage_50`, `coverage_80`,
        `coverage_95`, with `_low` and `_high` of the `coverage_interval`); the mean of posterior
        mean minus truth over the posterior standard deviation (`bias_in_sd`) and its standard
        error (`bias_error`); the median of the `contraction`,
        ``1 - posterior variance / prior variance``; the rank correlation of truth and posterior
        median (`recovery`); how many fits `failed` their gate; the `basis` of the model and the
        `mark`.
        """
        import pandas as pd
        from scipy.stats import rankdata

        rows: list[dict[str, Any]] = []
        columns = [self._column(i) for i in range(len(self.names))]
        p = np.array(
            [
                uniform.uniformity(one["rank"], self.ranked) if len(one["rank"]) else np.nan
                for one in columns
            ]
        )
        corrected = holm(p)
        for i, (name, one) in enumerate(zip(self.names, columns, strict=True)):
            size = len(one["rank"])
            row: dict[str, Any] = {
                "quantity": name,
                "kind": self.kinds[i],
                "replicates": size,
                "p": p[i],
                "p_corrected": corrected[i],
                "uniform": bool(corrected[i] >= LEVEL),
                "p_chi_squared": uniform.chi_squared(one["rank"], self.ranked),
            }
            truth, levels = one["truth"], one["quantiles"]
            for probability in PROBABILITIES:
                low, high = _LIMITS[probability]
                hits = int(((levels[:, low] <= truth) & (truth <= levels[:, high])).sum())
                key = f"coverage_{100 * probability:.0f}"
                row[key] = hits / size if size else np.nan
                row[f"{key}_low"], row[f"{key}_high"] = uniform.clopper_pearson(hits, size)
            row["coverage_interval"] = _COUNTED
            with np.errstate(all="ignore"):
                z = (one["mean"] - truth) / one["sd"]
                z = z[np.isfinite(z)]
                known = len(z) > 1
                row["bias_in_sd"] = float(z.mean()) if known else np.nan
                row["bias_error"] = float(z.std(ddof=1) / np.sqrt(len(z))) if known else np.nan
                shrunk = 1 - (one["sd"] / self.prior_sd[i]) ** 2
                row["contraction"] = float(np.median(shrunk)) if size else np.nan
                median = levels[:, _MEDIAN]
                varies = size > 2 and np.ptp(truth) > 0 and np.ptp(median) > 0
                row["recovery"] = (
                    float(np.corrcoef(rankdata(truth), rankdata(median))[0, 1])
                    if varies
                    else np.nan
                )
            rows.append({**row, "failed": self.failed, "basis": self.basis})
        table = pd.DataFrame(rows)
        table["mark"] = self._mark(table)
        return table

    # -------------------------------------------------------------------- verdict

    @cached_property
    def off(self) -> tuple[str, ...]:
        """Quantities whose ranks are not uniform, the worst first."""
        table = self.table[~self.table["uniform"]].sort_values("p", kind="stable")
        return tuple(table["quantity"])

    @property
    def passed(self) -> bool:
        """Whether all ranks are uniform and hardly any fit failed."""
        return not self.off and not self._too_many

    @property
    def _too_many(self) -> bool:
        return self.failed > ALLOWED * self.replicates

    def _mark(self, table: pd.DataFrame) -> str:
        off = table[~table["uniform"]].sort_values("p", kind="stable")["quantity"]
        found = [f"NOT CALIBRATED: {_listed(list(off))}"] if len(off) else []
        if self._too_many:
            found.append(f"{self.failed} OF {self.replicates} CALIBRATION FITS FAILED")
        return "; ".join(found)

    @property
    def mark(self) -> str:
        """What tables and figures carry when it failed; empty when it passed."""
        return str(self.table["mark"].iloc[0])

    @property
    def headline(self) -> str:
        """The verdict in a sentence."""
        many = f"{self.replicates:,} made-up sets of data"
        if self.off:
            found = (
                f"Not calibrated: over {many} the true values do not rank evenly among the draws "
                f"for {_listed(self.off)}"
            )
            return f"{found}, and {self._failures}." if self._too_many else f"{found}."
        if self._too_many:
            return f"Calibration cannot be vouched for: {self._failures}, where {ALLOWED:.0%} may."
        return (
            f"Calibrated as far as {many} can show: the true values rank evenly among the draws, "
            f"for all {len(self.names)} quantities."
        )

    @property
    def _failures(self) -> str:
        return f"{self.failed} of {self.replicates:,} fits failed their convergence gate"

    @cached_property
    def text(self) -> str:
        """What was found, in plain sentences."""
        said = [self.headline]
        if self.wrong:
            said.append("The data were made up from another model than the one that was fitted.")
        worst = self.table.sort_values("p", kind="stable").iloc[0]
        low, high = uniform.bands(self.replicates, self.ranked, 1 - LEVEL / len(self.names))
        seen = max(high[self.ranked // 2], self.replicates - low[self.ranked // 2])
        apart = seen / self.replicates - (self.ranked // 2 + 1) / (self.ranked + 1)
        said.append(
            f"The lowest p-value of uniform ranks is {_p(worst['p'])}, of {worst['quantity']!r} "
            f"({_p(worst['p_corrected'])} after correction for {len(self.names)} quantities; "
            f"below {LEVEL:g} counts as not uniform). With this number of replicates a quantity "
            f"is found out when, in the middle, some {100 * apart:.0f} in 100 true values lie "
            "on the wrong side; smaller errors stay unseen."
        )
        said.append(self._covered())
        if self.failed and not self._too_many:
            said.append(f"{self._failures[0].upper()}{self._failures[1:]}, at the last try also.")
        if self.failed > self.lost:
            said.append("Their draws are in all numbers: leaving them out would flatter.")
        if self.lost:
            said.append(
                f"{self.lost} gave no draws at all and have no rank: what is said is of the others."
            )
        if self.redrawn:
            said.append(
                f"{self.redrawn} times no data were possible at parameters drawn from the prior, "
                "and these were drawn anew: the prior reaches to where the model allows nothing, "
                "and the posterior leaves that part out."
            )
        said.append(
            f"Every true value is ranked among {self.ranked} of the {self.draws:,} draws of its "
            "fit, behind which stand 400 effective draws or more wherever the gate passed."
        )
        if self.passed and not self.wrong:
            said.append(
                "It is shown that the arithmetic gives the posterior of this model over data that "
                "the model itself foretells; not that the model is true of the world, nor how it "
                "does on data that its priors hold unlikely."
            )
        return " ".join(said)

    def _covered(self) -> str:
        table = self.table[self.table["kind"] != "log-likelihood"]
        least = (
            table.loc[table["coverage_95"].idxmin()] if table["coverage_95"].notna().any() else None
        )
        if least is None:
            return "No interval can be judged."
        others = ", ".join(
            f"{100 * low:.0f}-{100 * high:.0f}% for {name}"
            for p, name in ((0.5, "50%"), (0.8, "80%"))
            for low, high in [
                (table[f"coverage_{100 * p:.0f}"].min(), table[f"coverage_{100 * p:.0f}"].max())
            ]
        )
        return (
            f"95% equal-tailed intervals held the truth in "
            f"{100 * table['coverage_95'].min():.1f}-{100 * table['coverage_95'].max():.1f}% of "
            f"the data sets, least often for {least['quantity']!r} ({_COUNTED} interval "
            f"{100 * least['coverage_95_low']:.1f}-{100 * least['coverage_95_high']:.1f}%); "
            f"{others} intervals."
        )

    def __repr__(self) -> str:
        columns = "quantity p p_corrected coverage_50 coverage_95 bias_in_sd contraction recovery"
        shown = self.table[columns.split()]
        text = shown.to_string(index=False, float_format=lambda v: f"{v:.3g}")
        return f"{self.text}\n{text}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"


def _p(value: float) -> str:
    return "less than 0.0001" if value < 1e-4 else f"{value:.2g}"
