"""What is found of sources that are held against each other: verdict, table and sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelest.check.measures import holm
from funnelest.inference.leaving_out import LeftOut
from funnelest.results import tables

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["UNLIKELY", "Compared", "Conflict", "at_least"]

type Floats = NDArray[np.float64]

#: So improbable must it be, by chance alone, that so many figures stand apart.
UNLIKELY = 0.01
#: Sources from which on it is counted how many stand apart.
_COUNTED = 5


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A printed figure beside what the other sources foretell of it.

    Parameters
    ----------
    source, of, figure : str
        The source, what the figure is of, and the figure as printed.
    limit : {"", "at least", "at most"}
        Whether it is a limit, which can be passed on one side only.
    value : float
        The number in it; of a limit the limit.
    median, low, high : float
        Median and equal-tailed interval of what would be printed; of a limit, of the count.
    mid_p : float
        Probability of a larger figure, plus half of that of the same one; NaN where it is not
        known.
    mc_error : float
        Its Monte Carlo standard error.
    exact : bool
        Whether tail probabilities were averaged over draws; else made-up figures were counted.
    against : {"other sources", "prior", ""}
        What foretells it; empty where nothing does.
    how : {"refit", "reweighted", "failed"}
        How the source was left out.
    k_hat : float
        Pareto k-hat of the weights that would leave the source out.
    why : str
        Why the figure was not compared; empty when it was.
    basis : str
        What its cells rest on: "estimated", "partly imputed" or "imputed".
    """

    source: str
    of: str
    figure: str
    limit: str
    value: float
    median: float
    low: float
    high: float
    mid_p: float
    mc_error: float
    exact: bool
    against: str
    how: str
    k_hat: float
    why: str
    basis: str

    @property
    def p(self) -> float:
        """Two-sided p-value, ``2 min(mid_p, 1 - mid_p)``; of a limit that it holds."""
        return 2 * min(self.mid_p, 1 - self.mid_p)

    @property
    def name(self) -> str:
        """The source, and what the figure is of."""
        return f"{self.source} ({self.of})" if self.of else self.source


@dataclass(frozen=True, kw_only=True, eq=False)
class Conflict:
    """How each figure lies in what the model foretells of it without its source.

    Parameters
    ----------
    figures : tuple of Compared
        Every figure of the sources that were left out in turn.
    probability : float
        Probability of the predictive intervals; figures whose mid-p lies beyond its tails stand
        apart, and the verdict is at the level of one minus it.
    left_out : mapping of str to LeftOut
        Source -> the posterior without it.
    draws : int
        Number of draws of the result that was checked.
    result_mark : str
        What was wrong with that result already; empty when nothing was.
    seed : int
        The seed, with which the same answer comes again.
    """

    figures: tuple[Compared, ...]
    probability: float
    left_out: Mapping[str, LeftOut] = field(repr=False)
    draws: int
    result_mark: str = ""
    seed: int

    # --------------------------------------------------------------- verdicts

    @cached_property
    def adjusted(self) -> tuple[float, ...]:
        """Two-sided p-value of every figure after Holm's correction for their number.

        Those that only a prior foretells are corrected for the number of these.
        """
        found = np.full(len(self.figures), np.nan)
        for against in ("other sources", "prior"):
            at = [i for i in self._known if self.figures[i].against == against]
            found[at] = holm([self.figures[i].p for i in at])
        return tuple(float(p) for p in found)

    @property
    def _known(self) -> list[int]:
        return [i for i, one in enumerate(self.figures) if not np.isnan(one.mid_p)]

    @property
    def _foretold(self) -> list[Compared]:
        return [self.figures[i] for i in self._known if self.figures[i].against == "other sources"]

    def _in_conflict(self, against: str) -> list[Compared]:
        return [
            one
            for one, p in zip(self.figures, self.adjusted, strict=True)
            if one.against == against and p < 1 - self.probability
        ]

    @cached_property
    def apart(self) -> tuple[Compared, ...]:
        """The figures far out in what the other sources foretell, uncorrected."""
        return tuple(one for one in self._foretold if one.p < 1 - self.probability)

    @property
    def expected_apart(self) -> float:
        """How many figures chance alone would put so far out."""
        return (1 - self.probability) * len(self._foretold)

    @cached_property
    def _by_source(self) -> dict[str, float]:
        """The smallest p of each source's figures, corrected for their number in that source."""
        found: dict[str, list[float]] = {}
        for one in self._foretold:
            found.setdefault(one.source, []).append(one.p)
        return {name: min(min(p) * len(p), 1.0) for name, p in found.items()}

    @property
    def chance(self) -> float:
        """Probability that chance alone puts so many sources far out, if they were independent.

        By source, since the figures of one share what is foretold of them and stand apart
        together. Of fewer than five sources nothing is counted (1): of two, each is compared with
        the other, and both stand apart or neither.
        """
        several = list(self._by_source.values())
        level = 1 - self.probability
        if len(several) < _COUNTED:
            return 1.0
        return at_least(sum(p < level for p in several), len(several), level)

    @property
    def too_many(self) -> bool:
        """Whether more figures stand apart than chance allows."""
        return self.chance < UNLIKELY

    @cached_property
    def conflicting(self) -> tuple[str, ...]:
        """The sources that conflict with the others, by either verdict, in order."""
        found = self._in_conflict("other sources")
        return _sources([*found, *(self.apart if self.too_many else ())], self.figures)

    @property
    def against_prior(self) -> tuple[str, ...]:
        """The sources that conflict with a prior, nothing else being known of their figures."""
        return _sources(self._in_conflict("prior"), self.figures)

    @property
    def not_compared(self) -> tuple[str, ...]:
        """The sources of which no figure could be compared, or that could not be left out."""
        compared = {self.figures[i].source for i in self._known}
        return _sources(
            [one for one in self.figures if one.how == "failed" or one.source not in compared],
            self.figures,
        )

    @property
    def passed(self) -> bool:
        """Whether every source was left out in turn, and none is in conflict."""
        return not (self.conflicting or self.against_prior or self.not_compared)

    @property
    def mark(self) -> str:
        """What tables and figures of the result carry; empty when the check passed."""
        said = {
            "SOURCES IN CONFLICT": self.conflicting,
            "SOURCES IN CONFLICT WITH THEIR PRIOR": self.against_prior,
            "NOT COMPARED WITH THE OTHERS": self.not_compared,
        }
        return "; ".join(f"{what}: {', '.join(names)}" for what, names in said.items() if names)

    # ------------------------------------------------------------------ table

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per figure.

        The `source`, what the figure is `of`, the `figure` as printed, the `predicted` median and
        the limits `low` and `high` of the predictive `interval` without that source, the `mid_p`
        (probability of a larger figure plus half of that of the same one) and its Monte Carlo
        standard error `mc_error`, the two-sided `p` and `adjusted_p` (Holm), the `verdict`
        ("in conflict", "stands apart", "as foretold", or "not compared"), what it was compared
        `against`, how the source was left out (`by`: "refit" or "reweighted") and the `k_hat` of
        the weights, the `basis` of its cells, and the `mark` of the result.
        """
        import pandas as pd

        conflicts = {
            id(one) for against in ("other sources", "prior") for one in self._in_conflict(against)
        }
        apart = {id(one) for one in self.apart}
        return pd.DataFrame(
            [
                {
                    "source": one.source,
                    "of": one.of,
                    "figure": one.figure,
                    "predicted": one.median,
                    "low": one.low,
                    "high": one.high,
                    "interval": f"{tables.interval_name(self.probability, 'equal-tailed')}, "
                    "predictive",
                    "mid_p": one.mid_p,
                    "mc_error": one.mc_error,
                    "p": one.p,
                    "adjusted_p": adjusted,
                    "verdict": "not compared"
                    if np.isnan(one.mid_p)
                    else "in conflict"
                    if id(one) in conflicts
                    else "stands apart"
                    if id(one) in apart
                    else "as foretold",
                    "against": one.against,
                    "by": one.how,
                    "k_hat": one.k_hat,
                    "basis": one.basis,
                    "mark": self.result_mark,
                }
                for one, adjusted in zip(self.figures, self.adjusted, strict=True)
            ]
        )

    # -------------------------------------------------------------- sentences

    @property
    def headline(self) -> str:
        """The verdict in a sentence."""
        outer = f"outermost {100 * (1 - self.probability):.3g}%"
        sure = _sources(self._in_conflict("other sources"), self.figures)
        if self.too_many:
            more = [name for name in self.conflicting if name not in sure]
            said = (
                f"Sources in conflict: {_listed(self.conflicting)}: {len(self.apart)} of "
                f"{len(self._foretold)} figures lie in the {outer} of what the other sources "
                f"foretell, where chance alone puts about {self.expected_apart:.2g}."
            )
            if sure and more:
                said = said[:-1] + f", and {_listed(sure)} also after correction for their number."
            return said
        if sure:
            noun = "Sources" if len(sure) > 1 else "Source"
            return (
                f"{noun} in conflict with the others: {_listed(sure)} (after Holm's correction for "
                f"{len(self._foretold)} figures, at the {100 * (1 - self.probability):.3g}% level)."
            )
        if self.against_prior:
            return (
                f"In conflict with a prior, which is all there is to compare with: "
                f"{_listed(self.against_prior)}."
            )
        if self.not_compared:
            return (
                f"Not known of {_listed(self.not_compared)}: the fit without it failed. No other "
                "source is in conflict."
            )
        if not self._foretold:
            return "No figure could be compared with what other sources foretell."
        return (
            f"No source conflicts with the others: {_counted(len(self.apart))} of "
            f"{len(self._foretold)} figures {'lies' if len(self.apart) == 1 else 'lie'} in the "
            f"{outer} of what the other sources foretell, where chance alone puts about "
            f"{self.expected_apart:.2g}."
        )

    @cached_property
    def text(self) -> str:
        """What was found, in plain sentences."""
        said = [self.result_mark + "."] if self.result_mark else []
        said.append(self.headline)
        said += [self._told(one) for one in sorted(self.apart, key=lambda one: one.p)]
        if self.apart:
            held = self._in_conflict("other sources")
            said.append(
                "After Holm's correction for the number of figures "
                + (f"{_listed([one.name for one in held])} remain." if held else "none remains.")
            )
        if self.too_many or self.apart:
            said.append(
                f"So many or more would lie there by chance with a probability of "
                f"{_probability(self.chance)} (binomial; below {_probability(UNLIKELY)} fails). "
                "That is rough: figures are foretold from each other, so they tend to stand apart "
                "together, and one wrong source can push others out."
            )
        alone = [one.name for one in self.figures if one.against == "prior"]
        if alone:
            said.append(
                f"Of {_listed(alone)} the other sources say next to nothing: there is only the "
                "prior to compare with, so agreement there is no confirmation."
            )
        limits = [one.name for one in self._foretold if one.limit]
        if limits:
            said.append(f"Of limits only one side can be passed: {_listed(limits)}.")
        for why in dict.fromkeys(one.why for one in self.figures if one.why):
            names = _listed([one.name for one in self.figures if one.why == why])
            said.append(f"Not compared: {names} ({why}).")
        by = [one for one in self.left_out.values() if one.how == "reweighted"]
        again = sum(one.how == "refit" for one in self.left_out.values())
        said.append(
            f"Each source was left out in turn, its own unknowns keeping their prior: {again} by "
            f"fitting again, {len(by)} by weights on the {self.draws:,} draws."
        )
        if self.apart or not self.passed:
            said.append(
                "Nothing was left out of the result for it, and which of the sources is wrong the "
                "figures alone cannot say. Look at what each counts (people, period, definition), "
                "split the quantity that they share (node_split), give a source the defect that "
                "it may have with a prior, and show the answer with and without it "
                "(model.without)."
            )
        return " ".join(said)

    def _told(self, one: Compared) -> str:
        show = tables.show_number
        if one.limit:
            return f"{one.name}: {one.figure}, which holds with probability {_probability(one.p)}."
        side = "high" if one.mid_p < 0.5 else "low"
        return (
            f"{one.name}: {one.figure} is {side}; without it {show(one.median)} "
            f"({show(one.low)} to {show(one.high)}) is foretold, a larger one with "
            f"probability {one.mid_p:.3f} (mid-p)."
        )

    def __repr__(self) -> str:
        columns = ["source", "of", "figure", "predicted", "low", "high", "mid_p", "adjusted_p",
                   "verdict"]  # fmt: skip
        shown = self.table[columns]
        return f"{self.text}\n{shown.to_string(index=False, float_format=lambda v: f'{v:.4g}')}"


def at_least(count: int, of: int, probability: float) -> float:
    """Return the binomial probability of at least `count`."""
    from scipy.stats import binom

    return float(binom.sf(count - 1, of, probability)) if of else 1.0


def _sources(some: Sequence[Compared], among: Sequence[Compared]) -> tuple[str, ...]:
    """Return the names of the sources of some figures, in the order of all."""
    names = {one.source for one in some}
    return tuple(dict.fromkeys(one.source for one in among if one.source in names))


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _counted(number: int) -> str:
    return "none" if number == 0 else str(number)


def _probability(p: float) -> str:
    return f"{100 * p:.2g}%"
