"""Priors on N, the number of people on the lists and on none together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from funnelest.fields import POSITIVE, Allowed, plain_fields, problems_of, whole
from funnelest.lists.computing.hidden_numbers import log_rising

__all__ = ["NegativeBinomialN", "NumberPrior", "OneOverN", "UniformN"]

type Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class NumberPrior(ABC):
    """Base of the priors on N.

    Parameters
    ----------
    lower, upper : int, optional
        Least and greatest number that is possible, known and hidden people together; without
        `upper` there is no limit.
    """

    lower: int = 0
    upper: int | None = None

    def __post_init__(self) -> None:
        plain_fields(self)

    #: What the fields may hold.
    allowed: ClassVar[Allowed] = {"lower": whole(0), "upper": whole(0).or_none}
    #: Power of N as which the prior falls for large N; minus infinity when faster than any.
    power: ClassVar[float]
    #: What it is, in a word.
    shape: ClassVar[str] = ""

    @abstractmethod
    def log_density(self, N: Floats) -> Floats:
        """Return the logarithm of the prior, up to a constant, within the limits or not."""

    @property
    def text(self) -> str:
        """The prior in words."""
        limit = "" if self.upper is None else f", at most {self.upper:,}"
        return f"{self._shape}{limit}"

    @property
    def _shape(self) -> str:
        return self.shape

    def problems(self, known: int) -> list[str]:
        """Return why the prior cannot be meant, or not for so many known people."""
        found = [f"the prior: {one}" for one in problems_of(self)]
        if found or self.upper is None:
            return found
        if self.upper < self.lower:
            found.append(f"the prior has 'upper' {self.upper:,} below 'lower' {self.lower:,}.")
        if self.upper < known:
            found.append(
                f"the prior says that there are at most {self.upper:,} people; "
                f"{known:,} are on the lists."
            )
        return found


@dataclass(frozen=True, kw_only=True)
class OneOverN(NumberPrior):
    """Proportional to 1/N, as Jeffreys proposed for a number of unknown size: the default.

    Parameters
    ----------
    lower, upper : int, optional
        Least and greatest number that is possible.
    """

    power: ClassVar[float] = -1.0
    shape: ClassVar[str] = "1/N"

    def log_density(self, N: Floats) -> Floats:
        return np.asarray(-np.log(N))


@dataclass(frozen=True, kw_only=True)
class UniformN(NumberPrior):
    """Every number is as likely as every other.

    Parameters
    ----------
    lower, upper : int, optional
        Least and greatest number that is possible. Without `upper` there is a posterior only
        where the overlaps, or the prior of the probabilities, say enough of large numbers.
    """

    power: ClassVar[float] = 0.0
    shape: ClassVar[str] = "uniform"

    def log_density(self, N: Floats) -> Floats:
        return np.zeros_like(N)


@dataclass(frozen=True)
class NegativeBinomialN(NumberPrior):
    r"""Poisson about a number that is itself gamma distributed, for a guess from elsewhere.

    .. math:: p(N) = \frac{\Gamma(N + a)}{N!\, \Gamma(a)}
              \left(\frac{b}{1 + b}\right)^{N} \left(\frac{1}{1 + b}\right)^{a}

    Its mean is ``a * b`` and its variance ``a * b * (1 + b)``.

    Parameters
    ----------
    a, b : float
        Shape and scale of the gamma distribution, as in Madigan & York, Biometrika 1997;84:19.
    lower, upper : int, optional
        Least and greatest number that is possible.
    """

    a: float
    b: float

    allowed: ClassVar[Allowed] = {"a": POSITIVE, "b": POSITIVE}
    power: ClassVar[float] = -np.inf

    @property
    def _shape(self) -> str:
        return f"negative binomial, mean {self.a * self.b:,.0f}"

    def log_density(self, N: Floats) -> Floats:
        shape = log_rising(N, self.a)
        return np.asarray(shape - N * np.log1p(1.0 / self.b))
