"""The log-density of a log-linear model whose interactions shrink and whose strata are alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelest.lists.table.cells import Cells
from funnelest.lists.terms import Term, design
from funnelest.sampling.trajectories import climb

__all__ = ["Hierarchy", "Scales", "log_at_most", "truncated_poisson"]

type Floats = NDArray[np.float64]

#: Rounds of the search for the scales to begin with.
_ROUNDS = 8


@dataclass(frozen=True)
class Scales:
    """The priors' scales; see `Shrinkage`."""

    main: float
    interactions: dict[int, float]
    strata_main: float
    strata_interaction: float


class Hierarchy:
    r"""Log-density of the model in unbounded parameters, and what follows from them.

    Of stratum s, expected counts of the patterns are :math:`\exp(a_s + X b_s)`, with

    .. math::
        b_{sj} &= \beta_j + \sigma_1 z_{sj} \quad \text{(lists)} \\
        b_{st} &= \tau_{|t|} u_t + \sigma_2 z_{st} \quad \text{(interactions)}

    :math:`u`, :math:`z` standard normal, :math:`\beta_j \sim N(0, \text{main}^2)`, :math:`\tau,
    \sigma` half-normal and :math:`a_s` flat. Parameters in order: a, beta, u, log tau (one per
    size of interaction), and with strata z of the lists, z of the interactions, log sigma (two).

    Parameters
    ----------
    cells : sequence of Cells
        The counts of each stratum.
    terms : sequence of Term
        Those of single lists first.
    scales : Scales
        The priors.
    """

    def __init__(self, cells: Sequence[Cells], terms: Sequence[Term], scales: Scales) -> None:
        self.cells, self.terms, self.scales = tuple(cells), tuple(terms), scales
        self.lists = int(np.log2(len(cells[0].possible)))
        self._all = design(terms, self.lists)[:, 1:]
        strata, patterns = len(cells), len(self._all)
        used = np.any([one.sums.any(axis=0) for one in cells], axis=0)
        self._X = self._all[used]
        self._counts = np.concatenate([one.counts for one in cells])
        self._limits = np.concatenate([one.limits for one in cells])
        sums = np.zeros((len(self._counts), strata, patterns))
        row = 0
        for s, one in enumerate(cells):
            sums[row : row + len(one.counts), s] = one.sums
            row += len(one.counts)
        flat = sums[:, :, used].reshape(len(sums), -1)
        self._single = np.argmax(flat, axis=1) if np.all(flat.sum(axis=1) == 1) else None
        self._sums = flat
        # Where things are among the parameters.
        T, L = len(terms), self.lists
        K = T - L
        sizes = [len(t) for t in terms[L:]]
        self.sizes = tuple(sorted(set(sizes)))
        self.tau_of = (np.array(self.sizes)[:, None] == sizes).astype(float)
        first = np.tile(np.arange(T) < L, strata)
        self._sigma_of = np.stack([first, ~first]).astype(float)
        self._known_u, self._known_z = np.zeros(K), np.zeros(strata * T)
        self._a_on_u, self._beta_on_u = np.zeros((K, strata)), np.zeros((K, L))
        self._a_on_z = np.zeros((strata * T, strata))
        self._turn_u, self._turn_z = np.eye(K), np.eye(strata * T if strata > 1 else 0)
        self._tau_scale = np.array([scales.interactions[size] for size in self.sizes])
        self._sigma_scale = np.array([scales.strata_main, scales.strata_interaction])
        lengths = {"a": strata, "beta": L, "u": K, "log_tau": len(self.sizes)}
        if strata > 1:
            lengths |= {"z": strata * T, "log_sigma": 2}
        self._at: dict[str, slice] = {}
        end = 0
        for name, length in lengths.items():
            self._at[name] = slice(end, end + length)
            end += length
        self.size = end

    # ------------------------------------------------------------------ density

    def __call__(self, points: Floats, slopes_only: bool = False) -> tuple[Floats, Floats]:
        """Return log-densities and gradients; shapes as in `Density`.

        With `slopes_only` the log-densities are not computed, and 0.
        """
        at, L, main = self._at, self.lists, self.scales.main
        n, S = len(points), len(self.cells)
        log_tau = points[:, at["log_tau"]]
        common = _Effects(points[:, at["u"]], log_tau @ self.tau_of, self._known_u)
        each = common.value @ self._turn_u.T
        beta = points[:, at["beta"]] + each @ self._beta_on_u
        a = points[:, at["a"]] + each @ self._a_on_u
        shared = np.concatenate([beta, each], axis=1)
        b = shared[:, None]
        if S > 1:
            log_sigma = points[:, at["log_sigma"]]
            own = self._own(points[:, at["z"]], log_sigma, shared)
            apart = own.value @ self._turn_z.T
            a = a + apart @ self._a_on_z
            b = b + apart.reshape(n, S, -1)
        rates = np.exp(a[:, :, None] + (b.reshape(n * S, -1) @ self._X.T).reshape(n, S, -1))
        value, slope = self._likelihood(rates.reshape(n, -1), slopes_only)
        per_pattern = slope.reshape(n, S, -1)
        per_term = (per_pattern.reshape(n * S, -1) @ self._X).reshape(n, S, -1)
        of_a, of_common = per_pattern.sum(axis=2), per_term.sum(axis=1)
        gradient = np.empty_like(points)
        if S > 1:
            of_z, of_sigma = own.slopes(
                (per_term.reshape(n, -1) + of_a @ self._a_on_z.T) @ self._turn_z
            )
            gradient[:, at["z"]] = of_z
            moved = (of_z * np.sqrt(self._known_z)) @ self._turn_z.T
            of_common -= moved.reshape(n, S, -1).sum(axis=1)
        of_beta = of_common[:, :L] - beta / main**2
        of_each = of_common[:, L:] + of_a @ self._a_on_u.T + of_beta @ self._beta_on_u.T
        gradient[:, at["a"]], gradient[:, at["beta"]] = of_a, of_beta
        gradient[:, at["u"]], of_scale = common.slopes(of_each @ self._turn_u)
        ratio = np.exp(2 * log_tau) / self._tau_scale**2
        gradient[:, at["log_tau"]] = of_scale @ self.tau_of.T - ratio + 1.0
        if not slopes_only:
            value += common.log_prior - 0.5 * np.sum((beta / main) ** 2, axis=1)
            value += np.sum(log_tau - 0.5 * ratio, axis=1)
        if S > 1:
            ratio = np.exp(2 * log_sigma) / self._sigma_scale**2
            gradient[:, at["log_sigma"]] = of_sigma @ self._sigma_of.T - ratio + 1.0
            if not slopes_only:
                value += own.log_prior + np.sum(log_sigma - 0.5 * ratio, axis=1)
        return value, gradient

    def _likelihood(self, rates: Floats, slopes_only: bool) -> tuple[Floats, Floats]:
        """Return the log-likelihood of expected patterns and its slope in their logarithms."""
        counts, limits = self._counts, self._limits
        single = self._single
        means = rates @ self._sums.T if single is None else rates[:, single]
        means = np.maximum(means, 1e-300)
        per_mean = counts / means - 1.0
        value = np.zeros(len(rates))
        if limits.any():
            at_most, per_mean[:, limits] = log_at_most(counts[limits], means[:, limits])
            value += at_most.sum(axis=1)
        if not slopes_only:
            exact = means[:, ~limits]
            value += np.sum(counts[~limits] * np.log(exact) - exact, axis=1)
        if single is None:
            return value, rates * (per_mean @ self._sums)
        slope = np.zeros_like(rates)
        slope[:, single] = means * per_mean
        return value, slope

    # ------------------------------------------------------------------ parameters

    def part(self, name: str, points: Floats) -> Floats:
        """Return some parameters by name, on the last axis of the points."""
        return points[..., self._at[name]]

    def interactions(self, points: Floats) -> Floats:
        """Return the interactions common to the strata, shape ``(..., interactions)``."""
        log_tau = self.part("log_tau", points) @ self.tau_of
        return _Effects(self.part("u", points), log_tau, self._known_u).value @ self._turn_u.T

    def _own(self, z: Floats, log_sigma: Floats, common: Floats) -> _Effects:
        """Return what is the strata's own.

        Where a stratum's effect is known well (many people), z is that effect, common part
        included: what the data fix is then one coordinate.
        """
        moved = np.tile(common, (1, len(self.cells))) @ self._turn_z * np.sqrt(self._known_z)
        return _Effects(z - moved, log_sigma @ self._sigma_of, self._known_z)

    def main_effects(self, points: Floats) -> Floats:
        """Return the lists' effects common to the strata, shape ``(..., lists)``."""
        return np.asarray(self.part("beta", points) + self.interactions(points) @ self._beta_on_u)

    def _deviations(self, points: Floats) -> Floats:
        common = np.concatenate([self.main_effects(points), self.interactions(points)], axis=1)
        own = self._own(self.part("z", points), self.part("log_sigma", points), common)
        return np.asarray(own.value @ self._turn_z.T)

    def log_empty(self, points: Floats) -> Floats:
        """Return the logarithms of the expected numbers on no list, shape ``(points, strata)``."""
        found = self.part("a", points) + self.interactions(points) @ self._a_on_u
        if len(self.cells) > 1:
            found += self._deviations(points) @ self._a_on_z
        return np.asarray(found)

    def coefficients(self, points: Floats) -> Floats:
        """Return the coefficients of the terms, shape ``(points, strata, terms)``."""
        common = np.concatenate([self.main_effects(points), self.interactions(points)], axis=1)
        if len(self.cells) == 1:
            return common[:, None]
        each = self._deviations(points).reshape(len(points), len(self.cells), -1)
        return np.asarray(common[:, None] + each)

    def prepared(self) -> tuple[Floats, Floats]:
        """Choose the coordinates by how much the data know of each effect, and where to begin.

        Scales and effects are found in turn (an EM of Laplace approximations). Returns the mode
        given the scales, and a rough covariance there.
        """
        at = self._at
        known = {"u": self._known_u}
        scales = {"u": ("log_tau", self.tau_of, self._tau_scale)}
        if "z" in at:
            known["z"] = self._known_z
            scales["z"] = ("log_sigma", self._sigma_of, self._sigma_scale)
        free = np.ones(self.size, dtype=bool)
        for scale, _, _ in scales.values():
            free[at[scale]] = False
        turns = {"u": self._turn_u, "z": self._turn_z}
        for name, one in known.items():
            one[:] = 0.0
            turns[name][:] = np.eye(len(one))
        for slopes in (self._a_on_u, self._beta_on_u, self._a_on_z):
            slopes[:] = 0.0
        point, full = self._rough(), 0.25 * np.eye(self.size)
        inside = np.ix_(free, free)
        for _ in range(_ROUNDS):
            point, full[inside] = climb(self, point, free)
            for name, (scale, of, prior) in scales.items():
                v, old = point[at[name]], np.exp(point[at[scale]])
                square = of @ (v**2 + np.diag(full)[at[name]]) / of.sum(axis=1)
                new = np.clip(old * np.sqrt(square), 0.02 * prior, 2.0 * prior)
                point[at[name]] = v * ((old / new) @ of)
                point[at[scale]] = np.log(new)
        point, full[inside] = climb(self, point, free)
        left = {"u": full[at["u"], at["u"]]}
        if "z" in at:  # a stratum's own, given what is common
            own = free.copy()
            own[at["beta"]] = own[at["u"]] = False
            variance = np.eye(self.size)
            inverse = np.linalg.inv(full[inside])
            keep = own[free]
            variance[np.ix_(own, own)] = np.linalg.inv(inverse[np.ix_(keep, keep)])
            left["z"] = variance[at["z"], at["z"]]
        tau = np.exp(point[at["log_tau"]] @ self.tau_of)
        each, apart = point[at["u"]] * tau, np.zeros(0)
        # What the data fix are sums of constants, effects of lists and interactions: constants and
        # lists' effects are taken from what they are for given interactions.
        self._beta_on_u[:] = np.linalg.solve(full[at["u"], at["u"]], full[at["u"], at["beta"]])
        self._beta_on_u[:] /= tau[:, None]
        if "z" in at:
            sigma = np.exp(point[at["log_sigma"]] @ self._sigma_of)
            apart = point[at["z"]] * sigma
            both = np.r_[np.arange(self.size)[at["u"]], np.arange(self.size)[at["z"]]]
            on = np.linalg.solve(full[np.ix_(both, both)], full[both, at["a"]])
            self._a_on_u[:] = on[: len(tau)] / tau[:, None]
            self._a_on_z[:] = on[len(tau) :] / sigma[:, None]
        else:
            self._a_on_u[:] = np.linalg.solve(full[at["u"], at["u"]], full[at["u"], at["a"]])
            self._a_on_u[:] /= tau[:, None]
        common = np.concatenate([point[at["beta"]], each])
        point[at["beta"]] -= each @ self._beta_on_u
        point[at["a"]] -= each @ self._a_on_u
        if "z" in at:
            point[at["a"]] -= apart @ self._a_on_z
        for name, (scale, of, _) in scales.items():
            squared = np.exp(2 * point[at[scale]]) @ of
            for one in of.astype(bool):  # effects with one scale may be turned among themselves
                places = np.ix_(one, one)
                shares, turns[name][places] = np.linalg.eigh(left[name][places])
                share = np.clip(shares, 1e-8, 1.0)
                known[name][one] = (1.0 - share) / (share * squared[one])
            point[at[name]] = point[at[name]] @ turns[name] * np.sqrt(1.0 + known[name] * squared)
        if "z" in at:
            shifted = np.tile(common, len(self.cells)) @ self._turn_z
            point[at["z"]] += shifted * np.sqrt(self._known_z)
        point, full[inside] = climb(self, point, free)
        return point, full

    def _rough(self) -> Floats:
        point = np.zeros(self.size)
        known = np.array([max(one.counts.sum(), 1.0) for one in self.cells])
        point[self._at["a"]] = np.log(known)
        on = np.zeros(self.lists)
        for one in self.cells:
            weight = one.sums / np.maximum(one.sums.sum(axis=1, keepdims=True), 1.0)
            on += one.counts @ weight @ self._all[:, : self.lists]
        point[self._at["beta"]] = np.log((on + 0.5) / (2.0 * known.sum()))
        for name, scale in (("log_tau", self._tau_scale), ("log_sigma", self._sigma_scale)):
            if name in self._at:
                point[self._at[name]] = np.log(0.5 * scale)
        return point

    # ------------------------------------------------------------------ what follows

    def rates(self, points: Floats, stratum: int) -> Floats:
        """Return the expected number of each pattern that may occur, else 0: ``(points, 2**L)``."""
        logs = self.log_empty(points)[:, stratum, None] + (
            self.coefficients(points)[:, stratum] @ self._all.T
        )
        return np.where(self.cells[stratum].possible, np.exp(np.minimum(logs, 700.0)), 0.0)

    def reported(self, points: Floats) -> Floats:
        """Return what has to converge, shape ``(quantities, chains, draws)``.

        Logarithms of the expected number on no list (constants), coefficients, common and of the
        strata, and logarithms of scales; coefficients of lists that do not cover a stratum are not
        among them.
        """
        flat = points.reshape(-1, self.size)
        empty = self.log_empty(flat)
        found = [empty, self.main_effects(flat), self.interactions(flat)]
        found.append(self.part("log_tau", flat))
        if len(self.cells) > 1:
            own = self.coefficients(flat)
            on = self._all.astype(bool)
            for s, one in enumerate(self.cells):
                found.append(own[:, s, on[one.possible].any(axis=0)])
            found += [self.part("log_sigma", flat)]
            found.append(np.logaddexp.reduce(empty, axis=1, keepdims=True))
        every = np.concatenate(found, axis=1)
        return np.ascontiguousarray(every.T).reshape(-1, *points.shape[:2])

    def hidden(self, points: Floats, rng: np.random.Generator) -> Floats:
        """Draw the hidden people of each stratum, shape ``(points, strata)``.

        Patterns of which no number is known are Poisson; those of which an upper limit is known
        are Poisson given that they are at most that.
        """
        found = np.empty((len(points), len(self.cells)))
        for s, one in enumerate(self.cells):
            rates = self.rates(points, s)
            limited = one.sums[one.limits]
            free = one.unobserved & (limited.sum(axis=0) == 0)
            # NumPy's Poisson stops at 9.2e18; beyond 1e15 its spread is below the digits shown.
            mean = rates[:, free].sum(axis=1)
            found[:, s] = np.where(mean > 1e15, mean, rng.poisson(np.minimum(mean, 1e15)))
            if len(limited):
                counts = one.counts[one.limits]
                found[:, s] += truncated_poisson(rates @ limited.T, counts, rng).sum(axis=1)
        return found

    def predicted(self, points: Floats, stratum: int) -> Floats:
        """Return the expected counts of a stratum's cells, shape ``(cells, points)``."""
        return np.asarray(self.cells[stratum].sums @ self.rates(points, stratum).T)


class _Effects:
    r"""Effects around 0 with an unknown scale, in coordinates that are easy to draw.

    An effect is :math:`v \sigma / r` with :math:`v \sim N(0, r^2)` and :math:`r^2 = 1 + q
    \sigma^2`, where q is what the data know of the effect (one over the square of the error that
    it would have without the prior). Where the scale is small beside that error, v is the effect in
    units of the scale; where it is large, v is the effect itself, but for a factor. The effects
    are turned so that the data know each by itself (the prior does not care). So neither
    little data nor much make a funnel: partial non-centring (Papaspiliopoulos, Roberts and Skold,
    Statistical Science 2007;22:59), with the share that is best for the scale at hand.
    """

    def __init__(self, v: Floats, log_scale: Floats, known: Floats) -> None:
        scale = np.exp(log_scale)
        square = 1.0 + known * scale**2
        self._v, self._square = v, square
        self._centred = 1.0 - 1.0 / square
        self._stretch = scale / np.sqrt(square)
        self.value: Floats = v * self._stretch

    @property
    def log_prior(self) -> Floats:
        """Log-density of v, shape ``(points,)``."""
        return np.asarray(-0.5 * np.sum(self._v**2 / self._square + np.log(self._square), axis=1))

    def slopes(self, of_value: Floats) -> tuple[Floats, Floats]:
        """Return the log-density's slopes in v and x, given the likelihood's in the effects."""
        pull = self._v / self._square
        of_v = of_value * self._stretch - pull
        c = self._centred
        of_x = (1.0 - c) * of_value * self.value + c * (self._v * pull - 1.0)
        return of_v, of_x


def log_at_most(limits: Floats, means: Floats) -> tuple[Floats, Floats]:
    """Return the log-probability that a Poisson number is at most a limit, and its slope.

    Limits ``(cells,)`` and means ``(points, cells)`` give two arrays ``(points, cells)``; the slope
    is in the mean, minus the probability of the limit itself over that of at most it.
    """
    from scipy.special import gammaincc, gammaln

    at = limits * np.log(means) - means - gammaln(limits + 1)
    with np.errstate(divide="ignore"):
        value = np.log(gammaincc(limits + 1, means))
    # Where it underflows, the mean is far above the limit and the probabilities below the limit
    # fall off like a geometric series.
    far = ~(value > -600.0)
    if far.any():
        ratio = np.broadcast_to(limits, means.shape)[far] / means[far]
        value[far] = at[far] - np.log1p(-np.minimum(ratio, 0.999))
    return value, -np.exp(at - value)


def truncated_poisson(means: Floats, limits: Floats, rng: np.random.Generator) -> Floats:
    """Draw Poisson numbers given that they are at most a limit; shapes as in `log_at_most`."""
    from scipy.stats import poisson

    share = rng.uniform(size=means.shape) * poisson.cdf(limits, means)
    drawn = np.where(share > 0, poisson.ppf(np.maximum(share, 1e-300), means), limits)
    return np.asarray(np.clip(drawn, 0.0, limits))
