"""What is found of figures that the fitted model prints anew: verdict, tables and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from funnelest.results import tables

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["UNLIKELY", "Fitted", "PosteriorPredictive", "SourceFit"]

#: So improbable must it be, by chance alone, that so many figures lie outside.
UNLIKELY = 0.01


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A printed figure beside what the fitted model would print.

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
    residual : float
        Figure minus posterior mean, over the root of the mean squared error (as in
        `Result.figures`); NaN without a standard deviation.
    mid_p : float
        Probability of a larger figure, plus half of that of the same one; NaN where it is not
        known.
    mc_error : float
        Its Monte Carlo standard error.
    basis : str
        What its cells rest on.
    """

    source: str
    of: str
    figure: str
    limit: str
    value: float
    median: float
    low: float
    high: float
    residual: float
    mid_p: float
    mc_error: float
    basis: str

    @property
    def p(self) -> float:
        """Two-sided p-value, ``2 min(mid_p, 1 - mid_p)``; of a limit that it holds."""
        return 2 * min(self.mid_p, 1 - self.mid_p)

    @property
    def name(self) -> str:
        """The source, and what the figure is of."""
        return f"{self.source} ({self.of})" if self.of else self.source


@dataclass(frozen=True, kw_only=True)
class SourceFit:
    """How all figures of a source together agree with the fitted model.

    Parameters
    ----------
    source : str
        The source.
    figures : int
        How many of its figures have a mean and a standard deviation.
    discrepancy : float
        Chi-squared of the printed figures, mean over the draws; NaN without figures.
    p : float
        Probability that made-up figures have a larger chi-squared; NaN likewise.
    mc_error : float
        Its Monte Carlo standard error.
    log_score : float
        Log of the predictive density of its figures given the other sources; NaN where it was
        not asked for or is not known.
    by : str
        How the source was left out for it: "reweighted", "refit", "failed", or empty.
    k_hat : float
        Pareto k-hat of the average that `log_score` is.
    """

    source: str
    figures: int
    discrepancy: float
    p: float
    mc_error: float
    log_score: float = np.nan
    by: str = ""
    k_hat: float = np.nan


@dataclass(frozen=True, kw_only=True, eq=False)
class PosteriorPredictive:
    """What the fitted model would print in the place of every figure.

    Parameters
    ----------
    figures : tuple of Fitted
        Every figure.
    sources : tuple of SourceFit
        Every source.
    probability : float
        Probability of the predictive intervals; one minus it is the level of the verdict.
    scored : bool
        Whether leave-one-source-out scores were asked for.
    draws : int
        Number of draws of the result.
    result_mark : str
        What was wrong with the result already; empty when nothing was.
    seed : int
        The seed, with which the same answer comes again.
    """

    figures: tuple[Fitted, ...]
    sources: tuple[SourceFit, ...]
    probability: float
    scored: bool = False
    draws: int
    result_mark: str = ""
    seed: int

    # --------------------------------------------------------------- verdicts

    @property
    def _known(self) -> list[Fitted]:
        return [one for one in self.figures if not np.isnan(one.mid_p)]

    @cached_property
    def outside(self) -> tuple[Fitted, ...]:
        """The figures in the outer tails of what the fitted model prints, uncorrected."""
        return tuple(one for one in self._known if one.p < 1 - self.probability)

    @property
    def expected_outside(self) -> float:
        """How many figures chance alone puts there, at most."""
        return (1 - self.probability) * len(self._known)

    @property
    def chance(self) -> float:
        """Binomial probability of so many, or more, by chance alone."""
        from scipy.stats import binom

        of = len(self._known)
        return float(binom.sf(len(self.outside) - 1, of, 1 - self.probability)) if of else 1.0

    @property
    def too_many(self) -> bool:
        """Whether more figures lie there than chance allows."""
        return self.chance < UNLIKELY

    @cached_property
    def misfitting(self) -> tuple[str, ...]:
        """The sources that the fitted model does not describe, in order.

        With a figure that is too far out for their number (Bonferroni), with all figures together
        too far off for the number of sources, or with a figure among too many far out.
        """
        level = 1 - self.probability
        found = {one.source for one in self._known if one.p * len(self._known) < level}
        found |= {one.source for one in self.outside} if self.too_many else set()
        tested = [one for one in self.sources if not np.isnan(one.p)]
        # No less than one draw can tell.
        found |= {one.source for one in tested if max(one.p, 1 / self.draws) * len(tested) < level}
        return tuple(one.source for one in self.sources if one.source in found)

    @property
    def passed(self) -> bool:
        """Whether no source is badly described, beyond what chance allows."""
        return not self.misfitting

    @property
    def mark(self) -> str:
        """What tables and figures of the result carry; empty when the check passed."""
        return "" if self.passed else f"POOR FIT: {', '.join(self.misfitting)}"

    @property
    def log_score(self) -> float:
        """Sum of the leave-one-source-out log scores; NaN where any is not known."""
        return float(sum(one.log_score for one in self.sources)) if self.scored else np.nan

    # ----------------------------------------------------------------- tables

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per figure.

        The `source`, what the figure is `of`, the `figure` as printed, the `predicted` median and
        the limits `low` and `high` of the predictive `interval`, the standardised `residual`, the
        posterior predictive `mid_p` and its Monte Carlo standard error `mc_error`, whether the
        figure is `outside` (its mid-p beyond the tails of the interval; missing where there is no
        mid-p), the `basis`, and the `mark` of the result.
        """
        import pandas as pd

        level = 1 - self.probability
        made = pd.DataFrame(
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
                    "residual": one.residual,
                    "mid_p": one.mid_p,
                    "mc_error": one.mc_error,
                    "outside": None if np.isnan(one.mid_p) else one.p < level,
                    "basis": one.basis,
                    "mark": self.result_mark,
                }
                for one in self.figures
            ]
        )
        return made.astype({"outside": "boolean"})

    @cached_property
    def by_source(self) -> pd.DataFrame:
        """One row per source.

        The number of its `figures`, their `chi_squared` (mean over the draws), the probability
        `p` that made-up figures have a larger one and its Monte Carlo standard error `mc_error`,
        the leave-one-source-out `log_score`, how the source was left out (`by`) and the `k_hat` of
        that, and the `mark` of the result.
        """
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "source": one.source,
                    "figures": one.figures,
                    "chi_squared": one.discrepancy,
                    "p": one.p,
                    "mc_error": one.mc_error,
                    "log_score": one.log_score,
                    "by": one.by,
                    "k_hat": one.k_hat,
                    "mark": self.result_mark,
                }
                for one in self.sources
            ]
        )

    # -------------------------------------------------------------- sentences

    @property
    def headline(self) -> str:
        """The verdict in a sentence."""
        of = len(self._known)
        if not of:
            return "No figure could be compared with what the fitted model prints."
        counted = (
            f"{len(self.outside) or 'none'} of {of} figures "
            f"{'lies' if len(self.outside) == 1 else 'lie'} in the outermost "
            f"{100 * (1 - self.probability):.3g}% of what it prints anew"
        )
        if self.passed:
            return f"The fitted model prints figures like those given: {counted}."
        return f"The fitted model does not describe {_listed(self.misfitting)}: {counted}."

    @cached_property
    def text(self) -> str:
        """What was found, in plain sentences."""
        said = [self.result_mark + "."] if self.result_mark else []
        said.append(self.headline)
        said += [self._told(one) for one in sorted(self.outside, key=lambda one: one.p)]
        said += [
            f"All figures of {one.source} together: made-up ones are further off in "
            f"{100 * one.p:.2g}% of the draws."
            for one in self.sources
            if one.source in self.misfitting and one.p < 1 - self.probability
        ]
        if self._known:
            said.append(
                f"Chance alone puts about {self.expected_outside:.2g} there"
                + (
                    f", and so many or more with a probability of {100 * self.chance:.2g}% "
                    f"(binomial; below {100 * UNLIKELY:g}% fails)"
                    if self.outside
                    else ""
                )
                + f". A single figure fails at the "
                f"{100 * (1 - self.probability):.3g}% level over the number of figures, and all "
                "figures of a source at that over the number of sources."
            )
            said.append(
                "The model was fitted to these same figures, so they agree with it better than "
                "new ones would: agreement here is weak evidence, and the check is conservative. "
                "The comparison of each source with the others is conflict."
            )
        gone = [one.name for one in self.figures if np.isnan(one.mid_p)]
        if gone:
            said.append(
                f"Not compared: {_listed(gone)} (data without an order, or that cannot be made up)."
            )
        if self.scored:
            said.append(self._scores())
        return " ".join(said)

    def _scores(self) -> str:
        missing = [one.source for one in self.sources if np.isnan(one.log_score)]
        if missing:
            return (
                "The leave-one-source-out log score is not known, because it is not of "
                f"{_listed(missing)} (the average of the likelihood has a Pareto k-hat above 0.7, "
                "or the fit failed)."
            )
        worst = min(self.sources, key=lambda one: one.log_score)
        return (
            f"The leave-one-source-out log score is {self.log_score:.2f}, lowest of "
            f"{worst.source} ({worst.log_score:.2f}). It compares models of the same figures: "
            "the higher the better."
        )

    def _told(self, one: Fitted) -> str:
        show = tables.show_number
        if one.limit:
            return f"{one.name}: {one.figure}, which holds with probability {100 * one.p:.2g}%."
        side = "high" if one.mid_p < 0.5 else "low"
        return (
            f"{one.name}: {one.figure} is {side}; the fitted model prints {show(one.median)} "
            f"({show(one.low)} to {show(one.high)}), mid-p {one.mid_p:.3f}."
        )

    def __repr__(self) -> str:
        columns = ["source", "of", "figure", "predicted", "low", "high", "residual", "mid_p"]
        shown = self.table[columns]
        return f"{self.text}\n{shown.to_string(index=False, float_format=lambda v: f'{v:.4g}')}"


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
