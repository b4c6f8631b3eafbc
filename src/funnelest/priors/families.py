"""Families of distributions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from funnelest.priors.base import (
    POSITIVE,
    REAL,
    UNIT,
    Floats,
    FromInterval,
    Prior,
    normal_quantile,
    solve,
    special,
)

__all__ = [
    "Beta",
    "Gamma",
    "HalfNormal",
    "LogNormal",
    "LogUniform",
    "LogitNormal",
    "Normal",
    "Uniform",
]


@dataclass(frozen=True, repr=False)
class Normal(FromInterval):
    """Normal distribution.

    Parameters
    ----------
    mean, sd : float
        Mean and standard deviation (`sd` above 0).
    """

    mean: float
    sd: float
    _parameters: ClassVar[tuple[str, ...]] = ("mean", "sd")
    _range: ClassVar[tuple[float, float]] = REAL

    @classmethod
    def _with_interval(
        cls, low: float, high: float, probability: float
    ) -> tuple[float, float] | None:
        return (low + high) / 2, (high - low) / 2 / normal_quantile(probability)

    def logpdf(self, x: Any) -> Any:
        z = (x - self.mean) / self.sd
        return -0.5 * z * z - np.log(self.sd) - 0.5 * math.log(2 * math.pi)

    def cdf(self, x: Any) -> Any:
        return special().ndtr((x - self.mean) / self.sd)

    def ppf(self, p: Any) -> Any:
        return self.mean + self.sd * special().ndtri(p)

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.normal(self.mean, self.sd, size)

    def _own_problems(self) -> list[str]:
        return self._must_be_positive("sd")


@dataclass(frozen=True, repr=False)
class HalfNormal(Prior):
    """Normal distribution with mean zero, folded at zero.

    Parameters
    ----------
    sd : float
        Standard deviation of the normal before folding, above 0.
    """

    sd: float
    _parameters: ClassVar[tuple[str, ...]] = ("sd",)

    @property
    def support(self) -> tuple[float, float]:
        return POSITIVE

    def logpdf(self, x: Any) -> Any:
        z = x / self.sd
        return -0.5 * z * z - np.log(self.sd) + 0.5 * math.log(2 / math.pi)

    def cdf(self, x: Any) -> Any:
        return 2 * special().ndtr(x / self.sd) - 1

    def ppf(self, p: Any) -> Any:
        return self.sd * special().ndtri((1 + np.asarray(p)) / 2)

    def _own_problems(self) -> list[str]:
        return self._must_be_positive("sd")


@dataclass(frozen=True, repr=False)
class LogNormal(FromInterval):
    """Distribution of a positive number whose logarithm is normal.

    Parameters
    ----------
    log_mean, log_sd : float
        Mean and standard deviation of the natural logarithm (`log_sd` above 0). The median is
        ``exp(log_mean)``.
    """

    log_mean: float
    log_sd: float
    _parameters: ClassVar[tuple[str, ...]] = ("log_mean", "log_sd")
    _range: ClassVar[tuple[float, float]] = POSITIVE

    @classmethod
    def _with_interval(
        cls, low: float, high: float, probability: float
    ) -> tuple[float, float] | None:
        return Normal._with_interval(math.log(low), math.log(high), probability)

    def logpdf(self, x: Any) -> Any:
        log_x = np.log(x)
        z = (log_x - self.log_mean) / self.log_sd
        return -0.5 * z * z - np.log(self.log_sd) - 0.5 * math.log(2 * math.pi) - log_x

    def cdf(self, x: Any) -> Any:
        with np.errstate(divide="ignore"):
            return special().ndtr((np.log(x) - self.log_mean) / self.log_sd)

    def ppf(self, p: Any) -> Any:
        return np.exp(self.log_mean + self.log_sd * special().ndtri(p))

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.lognormal(self.log_mean, self.log_sd, size)

    def _own_problems(self) -> list[str]:
        return self._must_be_positive("log_sd")


@dataclass(frozen=True, repr=False)
class LogitNormal(FromInterval):
    """Distribution of a share whose log-odds are normal.

    Parameters
    ----------
    logit_mean, logit_sd : float
        Mean and standard deviation of the log-odds (`logit_sd` above 0).
    """

    logit_mean: float
    logit_sd: float
    _parameters: ClassVar[tuple[str, ...]] = ("logit_mean", "logit_sd")
    _range: ClassVar[tuple[float, float]] = UNIT

    @classmethod
    def _with_interval(
        cls, low: float, high: float, probability: float
    ) -> tuple[float, float] | None:
        a, b = (math.log(p / (1 - p)) for p in (low, high))
        return Normal._with_interval(a, b, probability)

    def logpdf(self, x: Any) -> Any:
        log_x, log_rest = np.log(x), np.log1p(-x)
        z = (log_x - log_rest - self.logit_mean) / self.logit_sd
        constant = np.log(self.logit_sd) + 0.5 * math.log(2 * math.pi)
        return -0.5 * z * z - constant - log_x - log_rest

    def cdf(self, x: Any) -> Any:
        return special().ndtr((special().logit(x) - self.logit_mean) / self.logit_sd)

    def ppf(self, p: Any) -> Any:
        return special().expit(self.logit_mean + self.logit_sd * special().ndtri(p))

    def _own_problems(self) -> list[str]:
        return self._must_be_positive("logit_sd")


@dataclass(frozen=True, repr=False)
class Beta(FromInterval):
    """Beta distribution of a share.

    Parameters
    ----------
    alpha, beta : float
        Shape parameters above 0; like having seen `alpha` successes and `beta` failures.
    """

    alpha: float
    beta: float
    _parameters: ClassVar[tuple[str, ...]] = ("alpha", "beta")
    _range: ClassVar[tuple[float, float]] = UNIT

    @classmethod
    def _with_interval(
        cls, low: float, high: float, probability: float
    ) -> tuple[float, float] | None:
        limits = np.array([low, high])
        mean, spread = limits.mean(), (high - low) / 2 / normal_quantile(probability)
        size = max(mean * (1 - mean) / spread**2 - 1, 0.5)
        return solve(
            [mean * size, (1 - mean) * size],
            lambda ab: special().betainc(ab[0], ab[1], limits),
            probability,
        )

    def logpdf(self, x: Any) -> Any:
        betaln = special().betaln(self.alpha, self.beta)
        xlogy, xlog1py = special().xlogy, special().xlog1py
        return xlogy(self.alpha - 1, x) + xlog1py(self.beta - 1, -x) - betaln

    def cdf(self, x: Any) -> Any:
        return special().betainc(self.alpha, self.beta, x)

    def ppf(self, p: Any) -> Any:
        return special().betaincinv(self.alpha, self.beta, p)

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.beta(self.alpha, self.beta, size)

    def _own_problems(self) -> list[str]:
        return self._must_be_positive("alpha", "beta")


@dataclass(frozen=True, repr=False)
class Gamma(FromInterval):
    """Gamma distribution of a positive number.

    Parameters
    ----------
    shape, rate : float
        Shape and rate above 0; the mean is ``shape / rate``.
    """

    shape: float
    rate: float
    _parameters: ClassVar[tuple[str, ...]] = ("shape", "rate")
    _range: ClassVar[tuple[float, float]] = POSITIVE

    @classmethod
    def _with_interval(
        cls, low: float, high: float, probability: float
    ) -> tuple[float, float] | None:
        limits = np.array([low, high])
        spread = (high - low) / 2 / normal_quantile(probability)
        shape = max((limits.mean() / spread) ** 2, 0.2)
        return solve(
            [shape, shape / limits.mean()],
            lambda ab: special().gammainc(ab[0], ab[1] * limits),
            probability,
        )

    def logpdf(self, x: Any) -> Any:
        constant = self.shape * np.log(self.rate) - special().gammaln(self.shape)
        return constant + (self.shape - 1) * np.log(x) - self.rate * x

    def cdf(self, x: Any) -> Any:
        return special().gammainc(self.shape, self.rate * np.asarray(x))

    def ppf(self, p: Any) -> Any:
        return special().gammaincinv(self.shape, p) / self.rate

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.gamma(self.shape, 1 / self.rate, size)

    def _own_problems(self) -> list[str]:
        return self._must_be_positive("shape", "rate")


@dataclass(frozen=True, repr=False)
class Uniform(Prior):
    """Every value between two limits equally likely.

    Parameters
    ----------
    low, high : float
        The limits, `low` below `high`.
    """

    low: float
    high: float
    _parameters: ClassVar[tuple[str, ...]] = ("low", "high")

    @property
    def support(self) -> tuple[float, float]:
        return (self.low, self.high)

    def logpdf(self, x: Any) -> Any:
        inside = (x >= self.low) & (x <= self.high)
        return np.where(inside, -np.log(self.high - self.low), -np.inf)

    def cdf(self, x: Any) -> Any:
        return np.clip((x - self.low) / (self.high - self.low), 0.0, 1.0)

    def ppf(self, p: Any) -> Any:
        return self.low + (self.high - self.low) * np.asarray(p)

    def _own_problems(self) -> list[str]:
        if self.low < self.high:
            return []
        return [f"Uniform: low must be below high; given low={self.low}, high={self.high}."]


@dataclass(frozen=True, repr=False)
class LogUniform(Prior):
    """Every order of magnitude between two positive limits equally likely.

    Parameters
    ----------
    low, high : float
        The limits, ``0 < low < high``.
    """

    low: float
    high: float
    _parameters: ClassVar[tuple[str, ...]] = ("low", "high")

    @property
    def support(self) -> tuple[float, float]:
        return (self.low, self.high)

    def logpdf(self, x: Any) -> Any:
        inside = (x >= self.low) & (x <= self.high)
        density = -np.log(x) - np.log(np.log(self.high / self.low))
        return np.where(inside, density, -np.inf)

    def cdf(self, x: Any) -> Any:
        with np.errstate(divide="ignore"):
            share = np.log(np.asarray(x) / self.low) / np.log(self.high / self.low)
        return np.clip(share, 0.0, 1.0)

    def ppf(self, p: Any) -> Any:
        return self.low * np.exp(np.asarray(p) * np.log(self.high / self.low))

    def _own_problems(self) -> list[str]:
        if 0 < self.low < self.high:
            return []
        return [f"LogUniform needs 0 < low < high; given low={self.low}, high={self.high}."]
