"""Latent classes: within a class the lists are independent. Density, slopes and what follows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["Mixture"]

type Floats = NDArray[np.float64]

#: Logits of being on a list, halfway between the lists, of the first and the last chain's start:
#: from half of the people on each list to one in four hundred.
_FIRST, _LAST = 0.0, -6.0


@dataclass(frozen=True, eq=False)
class Mixture:
    r"""The posterior of a mixture of classes, with the number of people summed out.

    Parameters
    ----------
    on : ndarray of float
        Which lists a pattern has, shape ``(patterns, lists)``; the empty pattern is not among
        them.
    counts : ndarray of float
        Number of people, shape ``(patterns,)``; those with nobody may be left out.
    classes : int
        Number of classes, at least 2.
    concentration, spread : float
        Median of the concentration, and standard deviation of its logarithm (normal).

    Notes
    -----
    Points, shape ``(points, parameters)``, hold the logarithm of the concentration :math:`\alpha`,
    in standard deviations from its median; :math:`\log e_h` for all classes but the last,
    :math:`e_h \sim` Exponential(1); and logits of the probability :math:`p_{lh}` that someone of
    class h is on list l, all of class 1 to H of the first list foremost. The stick that class h
    takes of what is left is :math:`1 - \exp(-e_h / \alpha) \sim` Beta(1, :math:`\alpha`), which
    keeps all digits of small classes. :math:`p_{lh}` is uniform.

    With :math:`\pi_x` the probability of pattern x and a prior proportional to 1/N, the sum over
    all N is :math:`\prod_x (\pi_x / (1 - \pi_0))^{n_x} / n` times the multinomial coefficient,
    and the hidden number, given the rest, negative binomial with size n and probability
    :math:`1 - \pi_0`.
    """

    on: Floats
    counts: Floats
    classes: int
    concentration: float
    spread: float

    @cached_property
    def _patterns(self) -> tuple[Floats, Floats]:
        """Which lists a pattern has, and a column of ones for the class; and its transpose."""
        both = np.column_stack([self.on, np.ones(len(self.on))])
        return both, np.ascontiguousarray(both.T)

    @property
    def known(self) -> float:
        """Number of people who are on a list."""
        return float(self.counts.sum())

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return int(self.classes * (1 + self.on.shape[1]))

    def start(self, chains: int, rng: np.random.Generator) -> Floats:
        """Return where chains start: from hardly anybody hidden to nearly everybody.

        Shape ``(chains, parameters)``.
        """
        x = np.empty((self.size, chains))
        x[0] = rng.standard_normal(chains)
        x[1 : self.classes] = np.log(rng.exponential(size=(self.classes - 1, chains)))
        x[self.classes :] = rng.logistic(scale=0.5, size=x[self.classes :].shape)
        x[self.classes :] += np.linspace(_FIRST, _LAST, chains)
        return x.T

    def _sticks(self, x: Floats) -> tuple[Floats, Floats]:
        """Return minus the logarithm of what each stick leaves, and the logarithm of weights."""
        left = np.exp(x[1 : self.classes] - self.spread * x[0]) / self.concentration
        logs = np.zeros((self.classes, x.shape[1]))
        np.log(-np.expm1(-left), out=logs[:-1])
        logs[1:] -= left.cumsum(axis=0)
        return left, logs

    def __call__(self, points: Floats, slopes_only: bool = False) -> tuple[Floats, Floats]:
        """Return log-densities, up to a constant, and gradients; shapes as in `Density`.

        With `slopes_only` the log-densities are not computed, and 0.
        """
        x = np.ascontiguousarray(points.T)  # the points last: nothing below is strided
        H, L, P, C = self.classes, self.on.shape[1], len(self.counts), x.shape[1]
        logits = x[H:].reshape(L, H, C)
        left, logs = self._sticks(x)
        small = np.exp(-np.abs(logits))
        soft = np.log1p(small)
        soft += np.maximum(logits, 0.0)  # log(1 + exp(logit))
        none = -soft.sum(axis=0)  # log probability of being on no list, by class
        hidden, seen = self._hidden_and_seen(logs, none)
        parts = np.empty((L + 1, H, C))
        parts[:L], parts[L] = logits, logs + none
        on, turned = self._patterns
        each = (on @ parts.reshape(L + 1, H * C)).reshape(P, H, C)
        np.exp(each, out=each)
        both = np.maximum(each.sum(axis=1), 1e-300)
        value = np.zeros(C)
        if not slopes_only:
            value += self.counts @ np.log(both) - self.known * np.log(seen)
            value += (x[1:H] - np.exp(x[1:H])).sum(axis=0) - 0.5 * x[0] ** 2
            value += logits.sum(axis=(0, 1)) + 2.0 * none.sum(axis=0)

        # Expected members of each class, the hidden ones among them, and those on each list.
        each *= (self.counts[:, None] / both)[:, None, :]
        listed = (turned @ each.reshape(P, H * C)).reshape(L + 1, H, C)
        members = listed[L] + hidden * (self.known / seen)
        slopes = np.empty_like(x)
        p = np.where(logits > 0.0, 1.0, small)
        p /= 1.0 + small
        p *= members + 2.0
        of_logits = slopes[H:].reshape(L, H, C)
        np.subtract(listed[:L], p, out=of_logits)
        of_logits += 1.0
        later = members[::-1].cumsum(axis=0)[::-1][1:]
        stick = (members[:-1] / np.expm1(left) - later) * left
        slopes[1:H] = stick + 1.0 - np.exp(x[1:H])
        slopes[0] = -self.spread * stick.sum(axis=0) - x[0]
        return value, slopes.T

    @staticmethod
    def _hidden_and_seen(logs: Floats, none: Floats) -> tuple[Floats, Floats]:
        """Return the probability of class and no list, and the probability of any list."""
        return np.exp(logs + none), np.sum(-np.expm1(none) * np.exp(logs), axis=0)

    def _parts(self, points: Floats) -> tuple[Floats, Floats, Floats]:
        """Return logits, logarithm of weights, and that of being on no list, by class."""
        x = points.T
        logits = x[self.classes :].reshape(self.on.shape[1], self.classes, x.shape[1])
        return logits, self._sticks(x)[1], -np.logaddexp(0.0, logits).sum(axis=0)

    def log_odds(self, points: Floats) -> Floats:
        """Return the log-odds of being on none of the lists, shape ``(points,)``."""
        _, logs, none = self._parts(points)
        hidden, seen = self._hidden_and_seen(logs, none)
        return np.asarray(np.log(hidden.sum(axis=0)) - np.log(seen))

    def seen_shares(self, points: Floats) -> Floats:
        """Return the share of the known people in each class, shape ``(classes, points)``."""
        _, logs, none = self._parts(points)
        share = -np.expm1(none) * np.exp(logs)
        return np.asarray(share / share.sum(axis=0))

    def expected(self, points: Floats, on: Floats) -> Floats:
        """Return the expected counts of patterns `on`, of the known, ``(patterns, points)``."""
        logits, logs, none = self._parts(points)
        seen = self._hidden_and_seen(logs, none)[1]
        found = np.zeros((len(on), len(points)))
        for h in range(self.classes):
            found += np.exp(on @ logits[:, h] + logs[h] + none[h])
        return self.known * found / seen

    def hidden(self, log_odds: Floats, rng: np.random.Generator) -> Floats:
        """Return draws of the hidden number given the log-odds of being on no list."""
        # Negative binomial as a Poisson with a gamma mean; past 1e15 a float has no more digits.
        mean = rng.standard_gamma(self.known, size=log_odds.shape) * np.exp(log_odds)
        drawn = rng.poisson(np.minimum(mean, 1e15)).astype(float)
        return np.where(mean < 1e15, drawn, mean)
