"""What knowing more would take away: table, ranks and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from funnelest.inference.preposterior import BASES
from funnelest.results import tables

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Part", "ValueOfInformation"]

#: Monte Carlo errors by which something is told from nothing, or from something else.
_ERRORS = 2.0
#: Parameters that the text names.
_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one parameter, group of parameters or planned figure would take away.

    Parameters
    ----------
    name : str
        Its name.
    kind : {"figure", "parameter"}
        A planned figure, or parameters that are known exactly.
    of : tuple of str
        The sources that are planned, as they are written, or the parameters.
    status : str
        "planned"; or of parameters "estimated", "assumed" or "partly assumed".
    reduction : float
        Share of the variance that is expected to go; NaN when it could not be found.
    mc_error : float
        Its Monte Carlo standard error.
    width, width_error : float
        Expected width of the interval and its Monte Carlo standard error, in the unit of the
        quantity; NaN for groups of parameters.
    cost : float or None
        What it costs.
    reweighted, refitted, failed : int
        Sets of made-up data for which draws were weighed, for which the model was fitted, and of
        the latter those that failed.
    cut : bool
        Whether products of several parameters were left out, since there were too few draws.
    """

    name: str
    kind: Literal["figure", "parameter"]
    of: tuple[str, ...] = field(repr=False)
    status: str
    reduction: float
    mc_error: float
    width: float
    width_error: float
    cost: float | None = None
    reweighted: int = 0
    refitted: int = 0
    failed: int = 0
    cut: bool = False

    @property
    def told(self) -> bool:
        """Whether what it takes away is told from nothing by two Monte Carlo errors."""
        return bool(self.reduction > _ERRORS * self.mc_error)

    @property
    def cost_per_percent(self) -> float:
        """Cost per 1% of the variance; NaN without a cost, or where it is not told from nothing."""
        if self.cost is None or not self.told:
            return np.nan
        return self.cost / (100 * self.reduction)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ValueOfInformation:
    """How much of the uncertainty of a quantity would go: which figure to buy next.

    Parameters
    ----------
    quantity : str
        What is asked about.
    parts : tuple of Part
        Every planned figure and every parameter or group of them.
    variance_now, width_now : float
        Posterior variance and width of the interval, of what is known now.
    probability : float
        Probability of the equal-tailed intervals.
    replicates : int
        Sets of made-up data per planned figure.
    currency : str
        Unit of the costs.
    basis : str
        What the quantity rests on: "estimated", "partly imputed" or "imputed".
    mark : str
        What is wrong with the fit that it starts from; empty when nothing is.
    seed : int
        The seed, with which the same answer comes again.
    """

    quantity: str
    parts: tuple[Part, ...] = field(repr=False)
    variance_now: float
    width_now: float
    probability: float
    replicates: int
    currency: str = ""
    basis: str
    mark: str = ""
    seed: int

    @property
    def passed(self) -> bool:
        """Whether the fit that it starts from carries no mark: nothing else is judged."""
        return not self.mark

    @property
    def interval(self) -> str:
        """Name of the intervals, with probability and kind."""
        return tables.interval_name(self.probability, "equal-tailed")

    @cached_property
    def priced(self) -> bool:
        """Whether every planned figure has a cost, so that they are ranked by it."""
        return bool(self.figures) and all(one.cost is not None for one in self.figures)

    @cached_property
    def figures(self) -> tuple[Part, ...]:
        """The planned figures; see `ranked` for their order."""
        return tuple(one for one in self.parts if one.kind == "figure")

    @cached_property
    def parameters(self) -> tuple[Part, ...]:
        """The parameters and groups of them."""
        return tuple(one for one in self.parts if one.kind == "parameter")

    def ranked(self, kind: Literal["figure", "parameter"]) -> list[Part]:
        """Return the figures or the parameters, the most telling first.

        Figures by the cost of 1% of the variance where all have a cost, else by the share of the
        variance that goes, as parameters are. What is not told from nothing comes last of figures
        with costs, and what could not be found last of all.

        Parameters
        ----------
        kind : {"figure", "parameter"}
            Which of them.
        """
        by_cost = kind == "figure" and self.priced

        def key(one: Part) -> tuple[bool, float, float]:
            price = one.cost_per_percent if by_cost else np.nan
            lost = -one.reduction if np.isfinite(one.reduction) else np.inf
            return np.isnan(one.reduction), np.inf if np.isnan(price) else price, lost

        return sorted((one for one in self.parts if one.kind == kind), key=key)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per planned figure and per parameter or group, each kind in order of its `rank`.

        The `kind`, `name` and `status` ("planned"; "estimated", or "assumed" where the parameter
        belongs to an assumption); `variance_now` and what is expected `variance_after`,
        `reduction_percent` and its Monte Carlo standard error `mc_error_percent`; `width_now` of
        the `interval`, what is expected `width_after`, and its error `width_mc_error`; the `cost`
        and the `cost_per_percent` of the variance (missing where the reduction is within two
        errors of nothing), and the `currency`; the `replicates`, and how many of these were
        `refitted` and how many `failed`; the `basis` of the quantity, and the `mark`.
        """
        import pandas as pd

        rows = []
        for kind in ("figure", "parameter"):
            for rank, one in enumerate(self.ranked(kind), 1):
                rows.append(
                    {
                        "quantity": self.quantity,
                        "kind": kind,
                        "rank": rank,
                        "name": one.name,
                        "status": one.status,
                        "variance_now": self.variance_now,
                        "variance_after": (1 - one.reduction) * self.variance_now,
                        "reduction_percent": 100 * one.reduction,
                        "mc_error_percent": 100 * one.mc_error,
                        "width_now": self.width_now,
                        "width_after": one.width,
                        "width_mc_error": one.width_error,
                        "interval": self.interval,
                        "cost": np.nan if one.cost is None else one.cost,
                        "cost_per_percent": one.cost_per_percent,
                        "currency": self.currency,
                        "replicates": self.replicates if kind == "figure" else 0,
                        "refitted": one.refitted,
                        "failed": one.failed,
                        "basis": self.basis,
                        "mark": self.mark,
                    }
                )
        return pd.DataFrame(rows)

    @property
    def headline(self) -> str:
        """What to buy next, in a sentence."""
        start = f"{self.mark}: " if self.mark else ""
        figures = self.ranked("figure")
        if not figures:
            best = self.ranked("parameter")[0]
            known = f"Knowing {_called(best)} exactly"
            if not best.told:
                return (
                    f"{start}Of no parameter alone is it told that knowing it exactly would take "
                    f"away any of the variance of {self.quantity}."
                )
            return (
                f"{start}{known} would take away most of the variance of {self.quantity}: "
                f"{_percent(best.reduction)}"
                + (", and it is assumed." if best.status == "assumed" else ".")
            )
        best = figures[0]
        if np.isnan(best.reduction):
            return (
                f"{start}What the planned figures would tell of {self.quantity} could not be found."
            )
        if not best.told:
            return (
                f"{start}Of no planned figure is it told that it would take away any of the "
                f"variance of {self.quantity}."
            )
        goes = f"{_percent(best.reduction)} of its variance is expected to go"
        if len(figures) == 1:
            share = goes.split(" of its")[0]
            return (
                f"{start}{_called(best)} is expected to take away {share} of the variance of "
                f"{self.quantity}{self._price(best)}."
            )
        most = "tells most for its cost" if self.priced else "tells most"
        return (
            f"{start}Of the {len(figures)} planned figures {_called(best)} {most} of "
            f"{self.quantity}: {goes}{self._price(best)}."
        )

    def _price(self, one: Part) -> str:
        """Return what 1% costs, as the end of a sentence; nothing without a cost."""
        if np.isnan(one.cost_per_percent) or one.cost is None:
            return ""
        unit = f" {self.currency}" if self.currency else ""
        return (
            f", for {tables.show_number(one.cost)}{unit} "
            f"({tables.show_number(one.cost_per_percent)}{unit} per 1%)"
        )

    @cached_property
    def text(self) -> str:
        """What is expected, in plain sentences."""
        said = [self.headline, *self._on_figures(), *self._on_parameters()]
        if BASES[self.basis]:
            said.append(f"{self.quantity} is {self.basis}: {BASES[self.basis]}.")
        if self.figures:
            said.append(
                f"Expected over {self.replicates} made-up sets of data per figure that the model "
                "itself foretells: one real set may take away more, or less, and all of this "
                "holds as far as the model does."
            )
        said.append(
            "Shares overlap and do not add up: what two of them take away together is found when "
            "they are given as one."
        )
        return " ".join(said)

    def _on_figures(self) -> list[str]:
        show, found = tables.show_number, self.ranked("figure")
        known = [one for one in found if not np.isnan(one.reduction)]
        told = []
        if known:
            first, *rest = known
            told.append(
                f"With {_called(first)} the {self.interval} interval is expected to go from a "
                f"width of {show(self.width_now)} to {show(first.width)}."
            )
            if rest:
                others = "; ".join(
                    f"{_called(one)} {_away(one)} (a width of {show(one.width)}){self._price(one)}"
                    for one in rest
                )
                told.append(f"Of the variance the others take away: {others}.")
            most = max(known, key=lambda one: one.reduction)
            if most is not first and most.told:
                told.append(f"Whatever it costs, {_called(most)} takes away most.")
        near = self._near(known)
        if near:
            told.append(
                f"Within two Monte Carlo errors of {_called(known[0])}, so that their order is not "
                f"sure: {_listed(near)}."
            )
        for one in found:
            if np.isnan(one.reduction):
                told.append(
                    f"Of {_called(one)} nothing is said: {one.failed} of {one.refitted} refits "
                    "with its made-up data failed."
                )
            elif one.failed:
                told.append(
                    f"Left out of {_called(one)}: {one.failed} of its {one.refitted} refits, which "
                    "failed."
                )
        return told

    def _near(self, known: Sequence[Part]) -> list[Part]:
        """Return the figures that are not told from the first."""
        if not known or not known[0].told:
            return []
        first, price = known[0], known[0].cost if self.priced else 1.0
        found = []
        for one in known[1:]:
            cost = one.cost if self.priced else 1.0
            assert cost is not None
            assert price is not None
            apart = first.reduction / price - one.reduction / cost
            if abs(apart) < _ERRORS * np.hypot(first.mc_error / price, one.mc_error / cost):
                found.append(one)
        return found

    def _on_parameters(self) -> list[str]:
        found = [one for one in self.ranked("parameter") if not np.isnan(one.reduction)]
        if not found:
            return []
        named = [one for one in found if one.told][:_NAMED]
        said = []
        if named:
            shares = _listed([f"{_called(one)} {_percent(one.reduction)}" for one in named])
            said.append(f"Known exactly, these would take away most: {shares}.")
        rest = [one for one in found if one not in named]
        if rest:
            # The largest of them: at most that, when its error is allowed for.
            most = max(one.reduction + _ERRORS * one.mc_error for one in rest)
            verb = "each of the" if named else "each of"
            said.append(
                f"Known exactly, {verb} {'other ' if named else 'the '}{len(rest)} would take away "
                f"{_percent(max(most, 0.0))} at most."
                if len(rest) > 1
                else f"Known exactly, {_called(rest[0])} would take away "
                f"{_percent(max(most, 0.0))} at most."
            )
        assumed = [one for one in named if one.status == "assumed"]
        if assumed:
            verb = "is" if len(assumed) == 1 else "are"
            said.append(
                f"{_listed(assumed)} {verb} assumed: no source measures that, and a figure on the "
                "people for whom it stands would take its place."
            )
        groups = [one for one in found if len(one.of) > 1]
        if groups:
            said.append(
                "Of parameters taken together the share is at least this: the part that curves "
                "and products of them explain."
            )
        cut = [one for one in groups if one.cut]
        if cut:
            said.append(
                f"There are too few draws for products of three of them in {_listed(cut)}: more "
                "draws may show more."
            )
        return said

    def __repr__(self) -> str:
        shown = self.table[
            ["kind", "rank", "name", "status", "reduction_percent", "mc_error_percent"]
            + ["width_now", "width_after"]
            + ["cost", "cost_per_percent"] * self.priced
        ]
        return f"{self.text}\n{shown.to_string(index=False, na_rep='')}"


def _called(one: Part) -> str:
    return f"\u201c{one.name}\u201d"


def _listed(parts: Sequence[Part | str]) -> str:
    return ", ".join(_called(one) if isinstance(one, Part) else one for one in parts)


def _away(one: Part) -> str:
    if one.told:
        return _percent(one.reduction)
    return f"nothing beyond the Monte Carlo error of {_percent(one.mc_error)}"


def _percent(share: float) -> str:
    """Return a share in percent, with what can be made of it."""
    value = 100 * share
    if value < 0.1:
        return "less than 0.1%"
    if value >= 99.5:
        return "all" if value >= 99.95 else f"{value:.1f}%"
    return f"{value:.2g}%" if value < 10 else f"{value:.0f}%"
