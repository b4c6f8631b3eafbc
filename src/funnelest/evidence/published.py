"""A share or a number as a survey or a study publishes it, with what says how sure it is."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.distributions import (
    BetaBinomial,
    Binomial,
    NormalOn,
    off_scale,
    on_scale,
    scale_problems,
)
from funnelest.evidence.base import FIGURE
from funnelest.fields import PAIR, POSITIVE, SHARE, Allowed, number, whole
from funnelest.figures import Figure, as_figure
from funnelest.numbers import array_of, no_number
from funnelest.observations.observation import Observation
from funnelest.priors.base import normal_quantile

__all__ = ["NUMBER_FIELDS", "SHARE_FIELDS", "NumberEstimate", "ShareEstimate"]

_ERRORS: Allowed = {
    "se": POSITIVE.or_none,
    "interval": PAIR.or_none,
    "probability": number(least=0.001, most=0.999999),
}
#: What the fields of a share and of a number may hold, of every kind that publishes one.
SHARE_FIELDS: Allowed = {
    "yes": FIGURE.or_none,
    "n": whole(1).or_none,
    "share": SHARE.or_none,
    "deff": number(least=1),
    **_ERRORS,
}
NUMBER_FIELDS: Allowed = {"estimate": POSITIVE.or_none, **_ERRORS}


def covariance_problems(covariance: Any, size: int, what: str = "field 'covariance'") -> list[str]:
    """Return why this is not the covariance matrix of the errors of `size` shares."""
    matrix, wrong = array_of(covariance)
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


def _interval_problems(
    interval: tuple[float, float], estimate: float | None, scale: str
) -> list[str]:
    """Return why a pair is no interval on the scale, or not one of the estimate."""
    low, high = interval
    found = [f"field 'interval': {t}" for limit in interval for t in scale_problems(scale, limit)]
    if estimate is not None and not found and not low <= estimate <= high:
        found.append(
            f"field 'interval': the estimate {estimate:g} lies outside ({low:g}, {high:g})."
        )
    return found


def _centre(estimate: float | None, interval: tuple[float, float] | None, scale: str) -> float:
    """Return the estimate; without one, the middle of the interval on the scale."""
    if estimate is not None:
        return float(estimate)
    assert interval is not None
    low, high = (float(on_scale(scale, np.asarray(v, float))) for v in interval)
    return float(off_scale(scale, np.asarray((low + high) / 2)))


def _scale_error(
    estimate: float, se: float | None, interval: Any, probability: float, scale: str
) -> float:
    """Return the standard error on the scale, from one on the natural scale or an interval."""
    if interval is not None:
        low, high = (float(on_scale(scale, np.asarray(v, float))) for v in interval)
        return (high - low) / 2 / normal_quantile(probability)
    assert se is not None
    slope = {"identity": 1.0, "log": 1 / estimate}
    if scale == "logit":
        return se / (estimate * (1 - estimate))
    return se * slope[scale]


def _around(share: float, half: float) -> tuple[float, float]:
    """Return the limits `half` below and above a share on the logit scale."""
    there = float(on_scale("logit", np.asarray(share, float)))
    low, high = (float(off_scale("logit", np.asarray(there + h))) for h in (-half, half))
    return low, high


@dataclass(frozen=True)
class ShareEstimate:
    """A share, from counts, from an effective sample, from a standard error or an interval.

    Parameters
    ----------
    yes, n : figure or int, int
        Number with the property, and number asked.
    share : float
        The published share, in place of `yes`.
    deff : float
        Design effect: the variance is this many times that of a simple random sample.
    se, interval, probability : float, (float, float), float
        Standard error of the share; or its interval and the probability of that.
    """

    yes: Any = None
    n: Any = None
    share: float | None = None
    deff: float = 1.0
    se: float | None = None
    interval: tuple[float, float] | None = None
    probability: float = 0.95

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
            found += _interval_problems(self.interval, self.share, "logit")
        if (self.se is not None or self.interval is not None) and not found and not wrong:
            if self.share is None and self.interval is None:
                found.append(f"field 'se' needs field {what!r}.")
            elif self.share is not None and not 0 < self.share < 1:
                found.append(
                    f"field {what!r} must lie strictly between 0 and 1 when its standard error or "
                    f"interval is given; given {self.share!r}. Give 'yes' and 'n' instead."
                )
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
        return found

    @property
    def centre(self) -> float:
        """The share; without one, the middle of its interval on the logit scale."""
        if self.yes is not None:
            return float(self._yes().middle) / float(self.n)
        return _centre(self.share, self.interval, "logit")

    def observation(self, expected: Any, deff: Any = None) -> Observation:
        """Return the observation of a share whose true value is `expected`.

        With `deff` the design effect is not a known number but one per draw.
        """
        if self.yes is not None:
            n = int(self.n)
            if deff is not None:
                return Observation(BetaBinomial(n, expected, deff), self._yes())
            if self.deff > 1:
                return Observation(BetaBinomial(n, expected, float(self.deff)), self._yes())
            return Observation(Binomial(n, expected), self._yes())
        if self.n is not None:
            assert self.share is not None
            # Whole, so that the likelihood and a simulated survey are of the same size.
            effective = max(1, round(self.n / self.deff))
            return Observation(
                Binomial(effective, expected), self.share * effective, unit=1 / effective
            )
        centre = _centre(self.share, self.interval, "logit")
        sd = _scale_error(centre, self.se, self.interval, self.probability, "logit")
        return Observation(NormalOn(expected, sd, "logit"), centre)

    def _yes(self) -> Figure:
        return as_figure(self.yes)

    def redrawn(self, value: Any) -> ShareEstimate:
        """Return the same estimate with new data, as `Observation.simulate` gives them."""
        if self.yes is not None:
            plain = isinstance(self.yes, int | float | np.number)
            return replace(self, yes=int(value.middle) if plain else value)
        if self.n is not None:
            return replace(self, share=float(value))
        centre = _centre(self.share, self.interval, "logit")
        sd = _scale_error(centre, self.se, self.interval, self.probability, "logit")
        half = sd * normal_quantile(self.probability)
        return replace(self, share=float(value), se=None, interval=_around(float(value), half))

    def range(self) -> tuple[float, float]:
        """Return limits that the true share hardly exceeds (five standard errors)."""
        if self.yes is not None or self.n is not None:
            if self.yes is not None:
                fewest, most = as_figure(self.yes).limits()
                low, high = fewest / self.n, min(most / self.n, 1.0)
            else:
                assert self.share is not None
                low = high = self.share
            size = self.n / self.deff
            below, above = (
                5 * math.sqrt((p * (1 - p) + 1 / size) / size) for p in (float(low), float(high))
            )
            return max(0.0, float(low) - below), min(1.0, float(high) + above)
        centre = _centre(self.share, self.interval, "logit")
        sd = _scale_error(centre, self.se, self.interval, self.probability, "logit")
        return _around(centre, 5 * sd)


@dataclass(frozen=True)
class NumberEstimate:
    """An estimated number with its standard error or interval, log-normal around the truth."""

    estimate: float | None = None
    se: float | None = None
    interval: tuple[float, float] | None = None
    probability: float = 0.95

    def problems(self, wrong: Collection[str] = ()) -> list[str]:
        """Return what does not go together, but for the fields that are wrong by themselves."""
        found = []
        if (self.se is None) == (self.interval is None):
            found.append(
                "give one of the fields 'se' (standard error) and 'interval' (with its "
                "'probability'): a number without its uncertainty is not evidence."
            )
        if self.interval is not None and not {"interval", "estimate"} & set(wrong):
            found += _interval_problems(self.interval, self.estimate, "log")
        if self.estimate is None and self.interval is None:
            found.append("field 'estimate' is needed.")
        return found

    @property
    def centre(self) -> float:
        """The number; without one, the middle of its interval on the log scale."""
        return _centre(self.estimate, self.interval, "log")

    def observation(self, expected: Any) -> Observation:
        """Return the observation of a number whose true value is `expected`."""
        centre = _centre(self.estimate, self.interval, "log")
        return Observation(NormalOn(expected, self._sd(centre), "log"), centre)

    def _sd(self, centre: float) -> float:
        return _scale_error(centre, self.se, self.interval, self.probability, "log")

    def redrawn(self, value: float) -> NumberEstimate:
        """Return the same estimate with new data."""
        sd = self._sd(_centre(self.estimate, self.interval, "log"))
        half = math.exp(sd * normal_quantile(self.probability))
        return replace(self, estimate=value, se=None, interval=(value / half, value * half))

    def range(self) -> tuple[float, float]:
        """Return limits that the true number hardly exceeds (five standard errors)."""
        centre = _centre(self.estimate, self.interval, "log")
        sd = self._sd(centre)
        reach = math.exp(min(5 * sd, 300.0))
        return centre / reach, centre * reach
