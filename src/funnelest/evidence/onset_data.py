"""First events of the same people by age: shares before several ages, and numbers at ages."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm
from funnelest.axes import show_level
from funnelest.distributions import Multinomial, MultivariateNormalOn, slope_on
from funnelest.evidence.printed import number_in, rounding_of, share_figure_problems
from funnelest.evidence.published import (
    ShareEstimate,
    covariance_problems,
    off_logits,
    on_logits,
)
from funnelest.fields import is_number, is_whole, whole
from funnelest.figures import Figure
from funnelest.numbers import floats
from funnelest.observations.measured import shown_inside
from funnelest.observations.observation import Observation

__all__ = ["NestedShares", "OnsetNumbers"]

#: Shares of an interval of ages are kept off 0 by so little that a hundred of them still add up to
#: less than 1.
_LEAST = 1e-12


@dataclass(frozen=True)
class NestedShares:
    """Shares of the same people before several ages; the fields are those of `OnsetSurvey`."""

    before: Mapping[int, Any]
    n: int | None
    deff: float
    covariance: Any

    def ages(self) -> list[int]:
        """Return the ages, in order."""
        return sorted(self.before)

    def shares(self) -> NDArray[np.float64]:
        """Return the published shares, in order of age."""
        return np.array([number_in(self.before[age]) for age in self.ages()])

    def rounding(self) -> NDArray[np.float64]:
        """Return the variances of the rounding of the shares, in order of age."""
        return rounding_of([self.before[age] for age in self.ages()])

    def problems(self, wrong: Collection[str]) -> list[str]:
        """Return what is wrong with the shares, but for the fields that are so by themselves."""
        found = []
        if "n" not in wrong and "deff" not in wrong:
            if self.n is None and (self.covariance is None or self.deff != 1):
                found.append("field 'n' must be the number of people asked; given None.")
            elif self.n is not None and self.deff >= max(self.n, 2):
                found.append(
                    f"field 'deff' must be below the number asked, {self.n}; given {self.deff!r}."
                )
        shares = [
            f"field 'before': the share before age {age} must lie strictly between 0 and 1; given "
            f"{share!r}."
            for age, share in self.before.items()
            if not isinstance(share, Figure) and not (is_number(share) and 0 < share < 1)
        ]
        shares += [
            text
            for age, share in self.before.items()
            for text in share_figure_problems(f"before[{age!r}]", share)
        ]
        if len(self.before) < 2:
            shares.append(
                "field 'before' needs at least two ages and their shares; for one, give the age "
                "and field 'share'."
            )
        if shares:
            return found + shares
        for one, two in pairwise(self.ages()):
            a, b = number_in(self.before[one]), number_in(self.before[two])
            if a > b:
                found.append(
                    "field 'before': ever-before-age figures that fall with age are of no group "
                    f"of people: {a:g} before {one} and {b:g} before {two}."
                )
            elif a == b and self.covariance is None and not self.rounding().any():
                found.append(
                    f"field 'before': the shares before {one} and {two} are both {a:g}, which "
                    "leaves no first events between them; say what they were rounded to: "
                    f"{one}: Rounded({a:g}, to=...)."
                )
        if found or self.covariance is None:
            return found
        return covariance_problems(self.covariance, len(self.before), names=self.ages())

    def on_logits(self) -> NDArray[np.float64]:
        """Return the covariance of the log-odds of the shares, but for their rounding."""
        shares = self.shares()
        if self.covariance is not None:
            matrix = floats(self.covariance)
        else:
            assert self.n is not None
            i, j = np.indices((len(shares), len(shares)))
            first, last = shares[np.minimum(i, j)], shares[np.maximum(i, j)]
            matrix = first * (1 - last) * self.deff / self.n
        return on_logits(matrix, shares)

    def observation(self, expected: Any) -> Observation:
        """Return the shares, around those that are `expected` before each age."""
        shares = self.shares()
        rounding = self.rounding() * slope_on("logit", shares) ** 2
        law = MultivariateNormalOn(expected, self.on_logits(), "logit", rounding)
        printed = [self.before[age] for age in self.ages()]
        texts = tuple(one.describe() if isinstance(one, Figure) else "" for one in printed)
        return Observation(law, shares, texts=texts)

    def remarks(self) -> list[str]:
        """Return what is to be asked about the shares."""
        if self.n is None or self.covariance is not None:
            return []
        return [
            text
            for age, share in self.before.items()
            for text in ShareEstimate(n=self.n, share=share, deff=self.deff).remarks(
                f"before[{age}]", f"{age}: ", counted=False
            )
        ]

    def redrawn(self, value: Any) -> dict[str, Any]:
        """Return the fields with other shares, as uncertain on the logit scale as these."""
        # Normal errors may put two nearly equal shares in the wrong order.
        shares = np.sort(np.asarray(value, dtype=np.float64))
        new = dict(zip(self.ages(), shares.tolist(), strict=True))
        for age, old in self.before.items():
            if isinstance(old, Figure):
                new[age] = shown_inside(old, new[age], (0.0, 1.0))
        made = replace(self, before={age: new[age] for age in self.before})
        return {
            "before": made.before,
            "covariance": off_logits(self.on_logits(), made.shares()).tolist(),
        }


@dataclass(frozen=True)
class OnsetNumbers:
    """Numbers of people by their age at the first event; the fields are those of `OnsetSurvey`."""

    onset: Mapping[tuple[int, int], int]
    unknown: int
    n: int | None

    def intervals(self) -> list[tuple[int, int]]:
        """Return the intervals of ages, in order."""
        return sorted(self.onset)

    def problems(self, wrong: Collection[str], keys: bool) -> list[str]:
        """Return what is wrong with the numbers; with `keys` their ages are good."""
        found = (
            []
            if self.n is not None
            else ["field 'n' must be the number of people asked; given None."]
        )
        found += [
            f"field 'onset': the number at {show_level(ages)} must be a whole number of at least "
            f"0; given {number!r}."
            for ages, number in self.onset.items()
            if not is_whole(number, 0)
        ]
        if not self.onset:
            found.append("field 'onset' names no ages.")
        if keys:
            found += self._cover_problems()
        if found or wrong or not keys:
            return found
        known = sum(self.onset.values())
        if known + self.unknown > self.n:  # type: ignore[operator]
            found.append(
                f"fields 'onset' and 'unknown' add up to {known + self.unknown}, more than field "
                f"'n'; given n={self.n}."
            )
        if not known and self.unknown:
            found.append(
                "field 'onset' has nobody whose age is known; give 'yes' of 'n' and the age "
                "'before' which it happened."
            )
        return found

    def _cover_problems(self) -> list[str]:
        """Return where the intervals overlap, or leave a gap from 0 on."""
        found = []
        below = -1
        for low, high in self.intervals():
            if low <= below:
                shared = show_level((low, min(below, high)))
                found.append(f"field 'onset': the ages {shared} are in two intervals.")
            elif low > below + 1:
                found.append(
                    f"field 'onset': the ages {show_level((below + 1, low - 1))} are in no "
                    "interval; give them, with 0 if nobody's first event was then."
                )
            below = max(below, high)
        return found

    def observation(self, expected: Any) -> Observation:
        """Return the numbers, around the shares `expected` before the end of each interval."""
        # Nothing happens before birth, whatever people say wrongly.
        parts = [expected[0]]
        parts += [expected[i] - expected[i - 1] for i in range(1, len(self.onset))]
        p = fm.maximum(fm.stack(parts), _LEAST)
        counts = [int(self.onset[ages]) for ages in self.intervals()]
        if self.unknown:
            known = sum(counts) / (sum(counts) + self.unknown)
            gone = (1.0 - known) * fm.sum(p, axis=0)
            p = fm.concatenate([known * p, gone[None]])
            counts.append(int(self.unknown))
        assert self.n is not None
        return Observation(Multinomial(int(self.n), p), counts)

    def redrawn(self, value: Any) -> dict[str, Any]:
        """Return the fields with other numbers."""
        numbers = [int(number) for number in value]
        unknown = numbers.pop() if self.unknown else 0
        made = dict(zip(self.intervals(), numbers, strict=True))
        return {"onset": {ages: made[ages] for ages in self.onset}, "unknown": unknown}


def age_keys_problems(before: object, onset: object) -> list[str]:
    """Return why what should be ages are none, one sentence each."""
    if isinstance(onset, Mapping):
        return [
            "field 'onset' must name ages as (low, high), whole numbers of at least 0 and low "
            f"not above high; given {key!r}."
            for key in onset
            if not is_span(key)
        ]
    keys = list(before) if isinstance(before, Mapping) else [before]
    return [
        f"field 'before' must be an age, a whole number above 0; given {key!r}."
        for key in keys
        if whole(1).problems("before", key)
    ]


def is_span(value: object) -> bool:
    """Return whether `value` is an inclusive pair of ages."""
    return (
        isinstance(value, tuple | list)
        and len(value) == 2
        and all(is_whole(age, 0) for age in value)
        and bool(value[0] <= value[1])
    )
