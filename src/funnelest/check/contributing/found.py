"""What each source, prior and assumption adds to what is known: table and sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from funnelest.check.wording import shown_names
from funnelest.likelihood.components import Component
from funnelest.results import tables

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Contributions", "Known", "Without"]

type Three = tuple[float, float, float]

#: Between these totals the shares say what they claim to: that of a normal posterior is 1.
_TOTALS = (0.5, 2.0)


@dataclass(frozen=True, kw_only=True)
class Without:
    """What is known of a quantity without one source.

    Parameters
    ----------
    how : {"weights", "refit", "failed", "not asked"}
        By weights on the draws of the result, or by fitting again.
    values : (float, float, float)
        Median and limits; NaN where nothing could be computed.
    shift : float
        How far the median moves, in posterior standard deviations, on the symmetric scale.
    variance : float
        Variance over what it is with the source, on the symmetric scale.
    """

    how: str = "not asked"
    values: Three = (math.nan, math.nan, math.nan)
    shift: float = math.nan
    variance: float = math.nan


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of one quantity, and by whom.

    Parameters
    ----------
    quantity : str
        Its name.
    labels : mapping of str to str
        Axis -> level, of a row about one stratum.
    posterior, prior : (float, float, float)
        Median and limits of the interval, after and before the figures.
    contraction : float
        One minus the ratio of posterior to prior variance, on the symmetric scale.
    moved : float
        How far the mean moved, in prior standard deviations, on the symmetric scale.
    seen_by : tuple of str
        Sources whose likelihood depends on a parameter of the quantity, and that see some of
        the people of the stratum.
    apart : tuple of str
        Those of them that have a figure of no people outside the stratum; all where there is none.
    shares : mapping of str to float
        Component -> share owed to it; they add up to 1.
    errors : mapping of str to float
        Component -> Monte Carlo standard error of the share.
    total : float
        What the shares added up to before: 1 for a normal posterior.
    without : mapping of str to Without
        Source -> what is known without it.
    basis : str
        "estimated", "partly imputed" or "imputed".
    """

    quantity: str
    labels: Mapping[str, str] = field(default_factory=dict)
    posterior: Three
    prior: Three
    contraction: float
    moved: float
    seen_by: tuple[str, ...]
    apart: tuple[str, ...]
    shares: Mapping[str, float] = field(repr=False)
    errors: Mapping[str, float] = field(repr=False)
    total: float
    without: Mapping[str, Without] = field(repr=False)
    basis: str

    @property
    def name(self) -> str:
        """The quantity and its stratum."""
        where = ", ".join(f"{axis} {level}" for axis, level in self.labels.items())
        return f"{self.quantity}, {where}" if where else self.quantity


@dataclass(frozen=True, kw_only=True, eq=False)
class Contributions:
    """Who says what of each quantity, as `contributions` finds it.

    Parameters
    ----------
    rows : sequence of Known
        One per quantity, and per stratum when asked.
    components : sequence of Component
        Sources, priors of the route, and priors of what is assumed.
    held : mapping of str to str
        What is assumed without a distribution -> why no share can be owed to it.
    contraction : float
        Contraction below which a quantity rests on its prior.
    probability : float
        Probability of the equal-tailed intervals.
    result_mark : str
        What is wrong with the fit itself; empty when nothing is.
    seed : int
        The seed, with which the same answer comes again.
    """

    rows: Sequence[Known] = field(repr=False)
    components: Sequence[Component] = field(repr=False)
    held: Mapping[str, str]
    contraction: float
    probability: float
    result_mark: str = ""
    seed: int

    # ---------------------------------------------------------------- verdict

    def owed(self, row: Known, kind: str) -> float:
        """Return the share that is owed to one kind of component: NaN where there are no shares."""
        if not row.shares:
            return math.nan
        return sum(row.shares[one.name] for one in self.components if one.kind == kind)

    def rests_on(self, row: Known) -> str:
        """Return what a quantity rests on that no figure says; empty when on none of it.

        "held" where it is a number that was given; "prior only" where no source sees it; "prior"
        where its variance contracts too little, or more than half of what is known is owed to the
        priors of the route; "assumption" where more than half is owed to what was assumed of
        sources or of people. Shares that describe only a part (`total`) give no verdict.
        """
        if row.prior[1] == row.prior[2]:
            return "held"
        if not row.seen_by:
            return "prior only"
        told = _TOTALS[0] <= row.total <= _TOTALS[1]
        if not row.contraction >= self.contraction or (told and self.owed(row, "prior") > 0.5):
            return "prior"
        return "assumption" if told and self.owed(row, "assumption") > 0.5 else ""

    def _resting(self, *verdicts: str) -> list[str]:
        """Return what has one of these verdicts: of strata what no source sees, but others do."""
        found = [(row, self.rests_on(row)) for row in self.rows]
        whole = {
            row.quantity for row, verdict in found if verdict == "prior only" and not row.labels
        }
        return [
            row.name
            for row, verdict in found
            if verdict in verdicts
            and (not row.labels or (verdict == "prior only" and row.quantity not in whole))
        ]

    @property
    def passed(self) -> bool:
        """Whether no quantity rests on a prior of the route."""
        return not self._resting("prior", "prior only")

    @property
    def mark(self) -> str:
        """What tables and figures of the result carry; empty when the check passed."""
        found = self._resting("prior only") + self._resting("prior")
        return f"RESTS ON PRIORS: {shown_names(found)}" if found else ""

    @property
    def headline(self) -> str:
        """The verdict in a sentence."""
        said = []
        for verdict, words in (
            ("prior only", "seen by no source"),
            ("prior", "rests on the prior"),
            ("assumption", "rests for more than half on what was assumed"),
        ):
            found = self._resting(verdict)
            if found:
                said.append(f"{words}: {shown_names(found, 6)}")
        unknown = [
            row.name
            for row in self.rows
            if not self.rests_on(row) and not _TOTALS[0] <= row.total <= _TOTALS[1]
        ]
        if not said:
            said.append("no quantity rests for more than half on its priors or on what was assumed")
        if unknown:
            said.append(f"how far is not known of {shown_names(unknown, 6)}")
        text = "; ".join(said)
        return f"{text[0].upper()}{text[1:]}."

    # ------------------------------------------------------------------- show

    @property
    def interval(self) -> str:
        """Name of the intervals, with probability and kind."""
        return tables.interval_name(self.probability, "equal-tailed")

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per quantity (and stratum).

        Median and limits of the `interval`, and of the prior; the `contraction` and how far it
        `moved` (on the log scale of numbers and the log-odds of shares); the sources it is
        `seen_by` ("prior only" where none does, "held" of a number that was given), and those
        that see the stratum `apart` from others; the shares owed to `sources`,
        `priors` and `assumptions`, and the component to which `most` is owed;
        what it `rests_on` that no figure says; the `basis` and the `mark` of the fit.
        """
        import pandas as pd

        axes = list(dict.fromkeys(axis for row in self.rows for axis in row.labels))
        made = []
        for row in self.rows:
            made.append(
                {
                    "quantity": row.quantity,
                    **{axis: row.labels.get(axis, "all") for axis in axes},
                    **dict(zip(("median", "low", "high"), row.posterior, strict=True)),
                    "interval": self.interval,
                    **dict(
                        zip(("prior_median", "prior_low", "prior_high"), row.prior, strict=True)
                    ),
                    "contraction": row.contraction,
                    "moved": row.moved,
                    "seen_by": ", ".join(row.seen_by)
                    or ("held" if self.rests_on(row) == "held" else "prior only"),
                    "apart": ", ".join(row.apart),
                    "sources": self.owed(row, "source"),
                    "priors": self.owed(row, "prior"),
                    "assumptions": self.owed(row, "assumption"),
                    "most": max(row.shares, key=lambda n: row.shares[n]) if row.shares else "",
                    "rests_on": self.rests_on(row),
                    "basis": row.basis,
                    "mark": self.result_mark,
                }
            )
        return pd.DataFrame(made)

    @cached_property
    def shares(self) -> pd.DataFrame:
        """One row per quantity (and stratum) and component.

        The `share` owed to it and its Monte Carlo standard error `mc_error`, the `total` that
        the shares added up to before (1 for a normal posterior; little where rounded figures
        leave out all but a range); of sources what is known without it: median and limits
        (`without_median` ...), the `shift` of the median in posterior standard deviations, the
        `variance` over what it is with the source, and `how` that was computed ("weights",
        "refit", "failed", "not asked"; "cannot be left out" of priors).
        """
        import pandas as pd

        axes = list(dict.fromkeys(axis for row in self.rows for axis in row.labels))
        made = []
        for row in self.rows:
            for one in self.components:
                out = row.without.get(one.name)
                values = Without() if out is None else out
                made.append(
                    {
                        "quantity": row.quantity,
                        **{axis: row.labels.get(axis, "all") for axis in axes},
                        "component": one.name,
                        "kind": one.kind,
                        "share": row.shares.get(one.name, math.nan),
                        "mc_error": row.errors.get(one.name, math.nan),
                        "total": row.total,
                        "without_median": values.values[0],
                        "without_low": values.values[1],
                        "without_high": values.values[2],
                        "interval": self.interval,
                        "shift": values.shift,
                        "variance": values.variance,
                        "how": "cannot be left out" if out is None else out.how,
                        "basis": row.basis,
                        "mark": self.result_mark,
                    }
                )
        return pd.DataFrame(made)

    @cached_property
    def text(self) -> str:
        """What was found, in plain sentences."""
        said = [self.headline]
        said.append(
            "The share owed to a source or prior says by how much the variance would grow if it "
            "counted a little less, over the same for all of them (on the log scale of numbers and "
            "the log-odds of shares). In a chain of links most is owed to what says least: it is "
            "the weakest link that decides how well the end is known, and not the figure that was "
            "counted best."
        )
        for row in self.rows:
            if self.rests_on(row) in ("prior", "assumption") and row.shares and not row.labels:
                most = max(row.shares, key=lambda name: row.shares[name])
                of = "its prior" if most == row.quantity else most
                share = min(row.shares[most], 1.0)  # more than all of it where others are negative
                said.append(
                    f"{row.name}: its variance contracts by {_percent(row.contraction)}, and "
                    f"{'all' if share == 1 else _percent(share)} is owed to {of}."
                )
        given = self._resting("held")
        if given:
            said.append(f"Held at a number, not estimated: {shown_names(given)}.")
        strata = [row.name for row in self.rows if row.labels and row.seen_by and not row.apart]
        if strata:
            said.append(
                f"No source sees these apart from other people: {shown_names(strata)}. What is "
                "said of them rests on how they are thought to compare with the others."
            )
        broken = [
            row.name
            for row in self.rows
            if self.rests_on(row) != "held" and not _TOTALS[0] <= row.total <= _TOTALS[1]
        ]
        if broken:
            said.append(
                "The shares describe only part of what is known of these, since rounded figures or "
                "limits count no less when they count half, or the posterior is far from normal: "
                f"{shown_names(broken)}."
            )
        failed = sorted(
            {name for row in self.rows for name, out in row.without.items() if out.how == "failed"}
        )
        if failed:
            said.append(
                f"The fit without these sources failed, so nothing is given: {shown_names(failed)}."
            )
        if self.held:
            said.append(
                f"Assumed, and cannot be scaled, so no share is owed to it: "
                f"{shown_names(list(self.held))}."
            )
        return " ".join(said)

    def __repr__(self) -> str:
        shown = ["contraction", "moved", "sources", "priors", "assumptions", "most", "rests_on"]
        table = self.table.assign(quantity=[row.name for row in self.rows])
        return f"{self.text}\n{table[['quantity', *shown]].round(2).to_string(index=False)}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"
