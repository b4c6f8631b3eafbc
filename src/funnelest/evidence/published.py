"""A share or a number as a survey or a study publishes it, with what says how sure it is."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.distributions import BetaBinomial, Binomial, ShareOfMany
from funnelest.evidence.base import FIGURE
from funnelest.evidence.estimated import Estimated
from funnelest.evidence.printed import number_in, printed, printed_pair, step_of
from funnelest.fields import PAIR, POSITIVE, SHARE, Allowed, an, is_whole, number, whole
from funnelest.figures import Figure, as_figure, figure_problems
from funnelest.figures.base import exact
from funnelest.numbers import array_of, no_number
from funnelest.observations.measured import InLargeSample, InSample, shown
from funnelest.observations.observation import Observation
from funnelest.priors.base import normal_quantile
from funnelest.words import Named

__all__ = ["NUMBER_FIELDS", "SHARE_FIELDS", "ShareEstimate"]

_ERRORS: Allowed = {
    "se": POSITIVE.or_none,
    "interval": printed_pair(PAIR).or_none,
    "probability": number(least=0.001, most=0.999999),
}
#: What the fields of a share and of a number may hold, of every kind that publishes one.
SHARE_FIELDS: Allowed = {
    "yes": FIGURE.or_none,
    "n": whole(1).or_none,
    "share": printed(SHARE).or_none,
    "deff": number(least=1),
    **_ERRORS,
}
NUMBER_FIELDS: Allowed = {"estimate": printed(POSITIVE).or_none, **_ERRORS}


def covariance_problems(
    covariance: Any,
    size: int,
    what: str = "field 'covariance'",
    names: Collection[object] = (),
) -> list[str]:
    """Return why this is not the covariance matrix of the errors of `size` shares, of `names`."""
    matrix, wrong = array_of(covariance, [names, names])
    if matrix is None or wrong:
        return ["field 'covariance' must hold numbers, as many in every row" + no_number(wrong)]
    if matrix.shape != (size, size):
        return [f"field 'covariance' must be a {size} x {size} matrix; given {matrix.shape}."]
    if not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T):
        return ["field 'covariance' must be finite and symmetric."]
    errors = np.sqrt(np.maximum(np.diag(matrix), 0.0))
    # Of the correlations, and not just above 0: a singular matrix is so up to rounding.
    if not errors.all() or np.linalg.eigvalsh(matrix / np.outer(errors, errors)).min() < 1e-9:
        return [f"{what} must be positive definite: no such errors exist."]
    return []


def on_logits(matrix: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the covariance matrix of the log-odds of shares, by the delta method."""
    slope = 1 / (shares * (1 - shares))
    return np.asarray(matrix * np.outer(slope, slope))


def off_logits(matrix: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the covariance matrix of shares, from that of their log-odds."""
    slope = shares * (1 - shares)
    return np.asarray(matrix * np.outer(slope, slope))


#: A share of which so many counts print the same is asked about, where rounding adds more than
#: this share to the variance.
_ALIKE, _NOTED = 10, 0.1
#: A normal approximation of more yes (or no) than this is as good as the counts.
_FEW = 10.0
#: Steps of its digits that half an interval has, where these can tell that it is symmetric.
_TOLD = 4
#: No share above 0 has fewer yes than one; less is what rounding makes of another interval.
_LEAST = 0.75


@dataclass(frozen=True)
class ShareEstimate:
    """A share, from counts, from an effective sample, from a standard error or an interval.

    Parameters
    ----------
    yes, n : figure or int, int
        Number with the property, and number asked.
    share : figure or float
        The published share, in place of `yes`.
    deff : float
        Design effect: the variance is this many times that of a simple random sample.
    se, interval, probability : float, (figure, figure) or (float, float), float
        Standard error of the share; or its interval and the probability of that.
    people : float, default 1.0
        What was printed is the share times this.
    """

    yes: Any = None
    n: Any = None
    share: Any = None
    deff: float = 1.0
    se: float | None = None
    interval: Any = None
    probability: float = 0.95
    people: float = 1.0

    @property
    def _estimated(self) -> Estimated:
        return Estimated("logit", self.share, self.se, self.interval, self.probability, self.people)

    def problems(self, what: str = "share", wrong: Collection[str] = ()) -> list[str]:
        """Return what does not go together, but for the fields that are wrong by themselves.

        `what` is the name of the share's field.
        """
        found = []
        errors = [name for name in ("n", "se", "interval") if getattr(self, name) is not None]
        if self.yes is not None and self.share is not None:
            found.append(f"give field 'yes' or field {what!r}, not both.")
        if not errors:
            found.append(
                f"a {what} without its uncertainty is not evidence: give field 'n' (number asked, "
                "and 'deff', the design effect), field 'se' (its standard error) or field "
                "'interval' (with its 'probability')."
            )
        elif len(errors) > 1:
            found.append(
                f"give one of the fields 'n', 'se' and 'interval'; given {' and '.join(errors)}."
            )
        found += self._count_problems(what, wrong)
        if self.interval is not None and not {"interval", what} & set(wrong):
            found += self._estimated.problems(what)
        if self.se is not None and not found and not wrong:
            if self.share is None:
                found.append(f"field 'se' needs field {what!r}.")
            elif not isinstance(self.share, Figure) and not 0 < self.share < self.people:
                found.append(
                    f"field {what!r} must lie strictly between 0 and {self.people:,.10g} when its "
                    f"standard error is given; given {self.share!r}. Give 'yes' and 'n' instead."
                )
            else:
                found += self._estimated.problems(what)
        return found

    def _count_problems(self, what: str, wrong: Collection[str]) -> list[str]:
        found = []
        if "deff" in wrong or "n" in wrong:
            pass
        elif self.deff > 1 and self.n is None:
            found.append("field 'deff' only means something beside field 'n'.")
        elif self.n is not None and self.deff >= max(self.n, 2):
            found.append(
                f"field 'deff' must be below the number asked, {self.n}; given {self.deff!r}."
            )
        if self.n is not None and self.yes is None and self.share is None:
            found.append(f"field 'n' needs field 'yes' or field {what!r}.")
        if self.yes is not None and self.n is None:
            found.append("field 'yes' needs field 'n', the number asked.")
        elif self.yes is not None and not {"yes", "n"} & set(wrong):
            figure = as_figure(self.yes)
            if figure.limits()[0] > self.n:
                found.append(
                    f"field 'yes' ({figure.describe()}) must not be above field 'n'; given "
                    f"n={self.n}."
                )
        given = isinstance(self.share, Figure) and self.n is not None
        if given and not {what, "n", "deff"} & set(wrong):
            found += self._printed_problems(what)
        return found

    def _printed_problems(self, what: str) -> list[str]:
        """Return why no number of the sample prints as the figure of the share."""
        figure, n = self.share, int(self.n)
        start = f"field {what!r} of {n:,} people"
        if figure.reals() is not None:
            # Weights, of a design or of a total, make shares that no number of people has.
            weighted = self.people != 1 or self.deff != 1
            if weighted or self._of_sample() is not None:
                return []
            return [f"{start}: no number of them prints as {figure.describe()}."]
        if self.people != 1:
            kind = type(figure).__name__
            return [f"field {what!r}: {an(kind)} is of a share, and not of a total; give Rounded."]
        return [f"{start}: {text}" for text in figure_problems(figure, n)]

    def _of_sample(self) -> Figure | None:
        """Return a printed share as counts of the sample; None where it is finer than these."""
        if not isinstance(self.share, Figure):
            return None
        if self.share.reals() is None:
            return self.share
        figure = InSample(self.share, int(self.n), self.people)
        return figure if figure.ends[0] <= figure.ends[1] else None

    @property
    def counted(self) -> bool:
        """Whether it is of people of the sample, who may be in clusters."""
        if self.yes is not None:
            return True
        there = is_whole(self.n, 1) and isinstance(self.share, Figure)
        return there and not self.share.problems() and self._of_sample() is not None

    def remarks(self, what: str = "share", write: str = "", *, counted: bool = True) -> list[str]:
        """Return what is to be asked about the share, in the field called `what`.

        A user writes `write` before the figure; counts may be given in its place where `counted`.
        """
        if self.interval is not None and (few := self._approximated()):
            low, high = map(number_in, self.interval)
            return [
                f"field 'interval': {number_in(self.share):g} ({low:g} to {high:g}) is as far on "
                f"both sides, as a normal approximation of about {few:.0f} people is, who said "
                f"{'yes' if self.centre < 0.5 else 'no'}. Of so few the smaller shares seem the "
                "surer: several such figures of one share have limits that are too narrow (the 95% "
                "limits of eight hold it some 80% of the time). If it is one, give the counts, "
                "'yes' and 'n', or an interval for few (Wilson, Clopper-Pearson)."
            ]
        if self.share is None or isinstance(self.share, Figure) or self.interval is not None:
            return []
        percent = 0.01 if self.people == 1 else math.inf
        step = step_of([self.share], most=percent)
        if self.n is not None:
            p = (self.share / self.people * self.n + 0.5) / (self.n + 1)
            variance = p * (1 - p) * self.deff / self.n
            alike = step / exact(self.people) * self.n <= _ALIKE
        else:
            assert self.se is not None
            variance, alike = (self.se / self.people) ** 2, False
            # A last 0 goes unseen: 0.02 beside 0.002 is 0.020. Two of them are rare.
            beside = step_of([float(f"{self.se:.2g}")], most=percent)
            step = step if step >= 100 * beside else min(step, beside)
        if alike or float(step / exact(self.people)) ** 2 / 12 <= _NOTED * variance:
            return []
        whom = "" if self.n is None else f" of {self.n:,} people"
        value, to = f"{self.share!r}", f"{float(step):.10g}"
        instead = "give 'yes' and 'n'" if counted else f"write fe.Exact({value})"
        return [
            f"field {what!r} is taken as exact: {value}{whom}. If it was printed rounded, "
            f"say so, such as {write or what + '='}fe.Rounded({value}, to={to}): it is otherwise "
            f"far too sure. If it is exact, {instead}."
        ]

    def _approximated(self) -> float:
        """Return of how many yes, or no, an interval is a normal approximation; 0 if of none.

        It is as far on both sides, to its digits, but for what is cut off at an end.
        """
        if self.share is None:
            return 0.0
        share, low, high = map(number_in, (self.share, *self.interval))
        most = 0.01 if self.people == 1 else math.inf
        step = float(step_of([share, low, high], most=most)) * (1 + 1e-9)
        below, above = share - low, high - share
        cut = (low <= 0 and above >= below) or (high >= self.people and below >= above)
        half = max(below, above) if cut else (below + above) / 2
        if half < _TOLD * step or not (cut or abs(above - below) <= step):
            return 0.0
        p = share / self.people
        people = p * (1 - p) * (normal_quantile(self.probability) * self.people / half) ** 2
        few = people * min(p, 1 - p)
        return few if _LEAST <= few < _FEW else 0.0

    @property
    def centre(self) -> float:
        """The share; without one, the middle of its interval on the logit scale."""
        if self.yes is not None:
            return float(self._yes().middle) / float(self.n)
        if self.n is not None:
            return number_in(self.share) / self.people
        return self._estimated.centre

    @property
    def limits(self) -> tuple[float, float] | None:
        """The limits of the share as they were printed, where they were."""
        if self.interval is None:
            return None
        low, high = map(number_in, self.interval)
        return low / self.people, high / self.people

    def reading(self) -> Named | None:
        """Return how an interval is read, where one was printed."""
        return self._estimated.reading()

    def observation(self, expected: Any, deff: Any = None) -> Observation:
        """Return the observation of a share whose true value is `expected`.

        With `deff` the design effect is not a known number but one per draw.
        """
        if self.n is None:
            return self._estimated.observation(expected)
        n = int(self.n)
        figure = None if self.yes is not None else self._of_sample()
        if isinstance(figure, InSample) and figure.many:
            effect = float(self.deff) if deff is None else deff
            low, high = figure.ends
            value = (low + high) / (2 * n)
            large = InLargeSample(value, self.share, self.people, counts=figure)
            return Observation(ShareOfMany(n, expected, effect), large, unit=self.people)
        law: Any = Binomial(n, expected)
        if deff is not None or self.deff > 1:
            law = BetaBinomial(n, expected, float(self.deff) if deff is None else deff)
        if self.yes is not None:
            return Observation(law, self._yes())
        if isinstance(figure, InSample):
            return Observation(law, figure, unit=self.people / n)
        if figure is not None:
            return Observation(law, figure, divisor=n)
        # Whole, so that the likelihood and a simulated survey are of the same size.
        effective = max(1, round(self.n / self.deff))
        share = number_in(self.share) / self.people
        return Observation(
            Binomial(effective, expected), share * effective, unit=self.people / effective
        )

    def _yes(self) -> Figure:
        return as_figure(self.yes)

    def redrawn(self, value: Any) -> ShareEstimate:
        """Return the same estimate with new data, as `Observation.simulate` gives them."""
        if self.yes is not None:
            plain = isinstance(self.yes, int | float | np.number)
            return replace(self, yes=int(value.middle) if plain else value)
        if self.n is not None:
            if isinstance(self.share, Figure) and not isinstance(value, Figure):
                value = shown(self.share, float(value))
            return replace(self, share=value if isinstance(value, Figure) else float(value))
        new = self._estimated.redrawn(float(value))
        return replace(self, share=new.estimate, se=new.se, interval=new.interval)

    def range(self) -> tuple[float, float]:
        """Return limits that the true share hardly exceeds (five standard errors)."""
        if self.n is None:
            return self._estimated.range()
        if self.yes is not None:
            fewest, most = as_figure(self.yes).limits()
            low, high = fewest / self.n, min(most / self.n, 1.0)
        elif (figure := self._of_sample()) is None:
            low = high = number_in(self.share) / self.people
        else:
            divisor = 1 if isinstance(figure, InSample) else int(self.n)
            fewest, most = figure.limits(divisor)
            low, high = fewest / self.n, min(most / self.n, 1.0)
        size = self.n / self.deff
        below, above = (
            5 * math.sqrt((p * (1 - p) + 1 / size) / size) for p in (float(low), float(high))
        )
        return max(0.0, float(low) - below), min(1.0, float(high) + above)
