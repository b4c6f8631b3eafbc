"""Another prior, restricted to an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from funnelest.fields import problems_of
from funnelest.priors.base import Prior, is_real
from funnelest.priors.fixed import Fixed
from funnelest.priors.line import Bijection
from funnelest.priors.shared import Shared
from funnelest.words import named

__all__ = ["Truncated"]


@dataclass(frozen=True)
class Truncated(Prior):
    """Another prior, restricted to an interval.

    Parameters
    ----------
    prior : Prior
        The distribution to restrict.
    low, high : float
        The limits. The density inside is divided by the probability of the interval.
    """

    prior: Prior
    low: float = -math.inf
    high: float = math.inf
    together: ClassVar[bool] = False
    truncatable: ClassVar[bool] = False

    @property
    def on_its_line(self) -> bool:
        return self.prior.on_its_line

    @property
    def support(self) -> tuple[float, float]:
        low, high = self.prior.support
        return (max(low, self.low), min(high, self.high))

    def _tails(self) -> tuple[float, float]:
        low, high = self.support
        return float(self.prior.cdf(low)), float(self.prior.cdf(high))

    def logpdf(self, x: Any) -> Any:
        low, high = self.support
        below, above = self._tails()
        inside = (x >= low) & (x <= high)
        return np.where(inside, self.prior.logpdf(x) - math.log(above - below), -np.inf)

    def cdf(self, x: Any) -> Any:
        below, above = self._tails()
        return np.clip((self.prior.cdf(x) - below) / (above - below), 0.0, 1.0)

    def ppf(self, p: Any) -> Any:
        below, above = self._tails()
        # Clipped: the quantile of a limit's own probability may fall a rounding error outside.
        return np.clip(self.prior.ppf(below + (above - below) * np.asarray(p)), *self.support)

    def problems(self) -> list[str]:
        if not isinstance(self.prior, Prior) or isinstance(self.prior, Fixed | Shared):
            return [f"Truncated needs a prior to truncate; given {self.prior!r}."]
        if not self.prior.truncatable:
            return [f"Truncated: {type(self.prior).__name__} has limits of its own; narrow those."]
        found = [f"Truncated: {text}" for text in problems_of(self)] + self.prior.problems()
        found += [
            f"Truncated: {name} must be a number; given {limit!r}."
            for name, limit in (("low", self.low), ("high", self.high))
            if not is_real(limit) or math.isnan(limit)
        ]
        if not found:
            low, high = self.support
            below, above = self._tails() if low < high else (0.0, 0.0)
            if not above - below > 1e-12:
                found.append(
                    f"Truncated: {self.prior.describe()} has no probability between "
                    f"{self.low:g} and {self.high:g}."
                )
        return found

    def describe(self) -> str:
        return named("prior.between", prior=self.prior.describe(), low=self.low, high=self.high)

    def own_scale(self) -> Bijection:
        """Return the scale of the prior inside."""
        return self.prior.own_scale()

    def powered(self, power: float) -> Truncated | None:
        inner = self.prior.powered(power)
        return None if inner is None else replace(self, prior=inner)

    def narrowed(self, low: float, high: float) -> Truncated:
        return replace(self, low=max(self.low, low), high=min(self.high, high))

    @classmethod
    def to_pymc(cls, name: str, priors: Sequence[Prior], dims: str) -> Any:
        import pymc as pm

        (one,) = priors
        assert isinstance(one, Truncated)
        low, high = one.support
        family, arguments = one.prior.in_pymc([one.prior])
        return pm.Truncated(
            name,
            getattr(pm, family).dist(**arguments, shape=(1,)),
            lower=low if np.isfinite(low) else None,
            upper=high if np.isfinite(high) else None,
            dims=dims,
        )
