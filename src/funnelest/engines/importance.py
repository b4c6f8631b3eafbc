"""Adaptive importance sampling, for models of some dozens of parameters.

The density is evaluated with NumPy for thousands of points at once: nothing is compiled, and
PyMC is not imported.

1. Modes: from several prior draws, by a quasi-Newton method with difference gradients whose
   points are evaluated in one call; distinct modes are kept.
2. Proposal: a mixture of multivariate t distributions at the modes, and a defensive part from
   the prior, which bounds the weights where the mixture has no mass.
3. Adaptation: means and covariances follow the weighted draws.
4. If the weights are still too uneven, the draws are annealed: moved from the proposal to the
   posterior over a ladder of temperatures by random-walk Metropolis steps, with weights as in
   Neal, Statistics and Computing 2001;11:125. These are importance weights on a longer path,
   so the same diagnostics hold.
5. Pareto-smoothed weights and the gate; resampled draws are returned.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import minimize
from scipy.special import gammaln

from funnelest.density import Density, prior_draws
from funnelest.engines.gate import Gate, importance_gate, pareto_smooth
from funnelest.errors import FitError

__all__ = ["Proposal", "sample"]

type Floats = NDArray[np.float64]
type Progress = Callable[[float, str], None]

_DF = 7.0
_PRIOR_SHARE = 0.05


@dataclass(frozen=True)
class Proposal:
    """A mixture of multivariate t distributions on the unconstrained line.

    Parameters
    ----------
    shares : ndarray
        Weight of each component, shape ``(components,)``.
    centres : ndarray
        Shape ``(components, parameters)``.
    factors : ndarray
        Lower Cholesky factors of the scale matrices, ``(components, parameters, parameters)``.
    """

    shares: Floats
    centres: Floats
    factors: Floats

    def draw(self, rng: np.random.Generator, size: int) -> Floats:
        """Return `size` draws, shape ``(parameters, size)``."""
        counts = rng.multinomial(size, self.shares)
        parts = []
        for count, centre, factor in zip(counts, self.centres, self.factors, strict=True):
            normal = rng.standard_normal((len(centre), count))
            spread = np.sqrt(_DF / rng.chisquare(_DF, count))
            parts.append(centre[:, None] + factor @ normal * spread)
        return np.concatenate(parts, axis=1)

    def logpdf(self, z: Floats) -> Floats:
        """Return the log-density, one per draw."""
        d = len(z)
        constant = gammaln((_DF + d) / 2) - gammaln(_DF / 2) - d / 2 * np.log(_DF * np.pi)
        logs = []
        for share, centre, factor in zip(self.shares, self.centres, self.factors, strict=True):
            white = solve_triangular(factor, z - centre[:, None], lower=True, check_finite=False)
            distance = np.einsum("ij,ij->j", white, white)
            log_det = np.log(np.diag(factor)).sum()
            logs.append(
                np.log(share) + constant - log_det - (_DF + d) / 2 * np.log1p(distance / _DF)
            )
        return np.logaddexp.reduce(logs, axis=0)


@dataclass(frozen=True)
class Weighted:
    """What importance sampling gives."""

    draws: Floats
    gate: Gate
    proposal: Proposal


def sample(
    density: Density,
    *,
    draws: int,
    rng: np.random.Generator,
    start: Proposal | None = None,
    progress: Progress = lambda done, text: None,
) -> Weighted:
    """Sample the posterior.

    Parameters
    ----------
    density : Density
        What to sample.
    draws : int
        Number of resampled draws to return; also the effective sample size aimed at.
    rng : numpy.random.Generator
        Where the randomness comes from.
    start : Proposal, optional
        That of an earlier fit of the same model to other data: no modes are searched.
    progress : callable
        Told the share done and what is being done.

    Returns
    -------
    Weighted
        Draws of shape ``(parameters, draws)`` on the unconstrained line, and the gate.

    Raises
    ------
    FitError
        When no draw from the prior has a finite density.
    """
    d = len(density.names)
    if d == 0:
        return Weighted(
            np.zeros((0, draws)), importance_gate(-np.inf, np.inf, 0),
            Proposal(np.ones(1), np.zeros((1, 0)), np.zeros((1, 0, 0))),
        )
    proposal = start
    if proposal is None:
        progress(0.02, "finding the mode")
        proposal = _laplace(density, rng)
    progress(0.2, "adapting the proposal")
    batch = max(1000, 100 * d)
    evaluations = 0
    best: tuple[float, Proposal] = (-1.0, proposal)
    for _ in range(8):
        z, log_weights = _weigh(density, proposal, rng, batch)
        evaluations += batch
        efficiency = _ess(log_weights) / batch
        if efficiency <= best[0] * 1.1 and best[0] > 0.02:
            break
        if efficiency > best[0]:
            best = (efficiency, proposal)
        if efficiency > 0.6:
            break
        proposal = _adapted(proposal, z, log_weights)
    efficiency, proposal = best
    progress(0.4, "sampling")
    if efficiency > 0.01:
        size = int(np.clip(1.2 * draws / efficiency, 2 * draws, 20 * draws))
        z, log_weights = _weigh(density, proposal, rng, size)
        evaluations += size
        if _good(log_weights, draws):
            return _finish(z, log_weights, evaluations, proposal, draws, rng)
    return _anneal(density, proposal, rng, draws, evaluations, progress)


def _good(log_weights: Floats, draws: int) -> bool:
    weights, k = pareto_smooth(log_weights)
    return k < 0.6 and 1 / np.sum(weights**2) > 0.5 * draws


def _finish(
    z: Floats,
    log_weights: Floats,
    evaluations: int,
    proposal: Proposal,
    draws: int,
    rng: np.random.Generator,
) -> Weighted:
    weights, k = pareto_smooth(log_weights)
    gate = importance_gate(k, float(1 / np.sum(weights**2)), evaluations)
    return Weighted(z[:, _resample(weights, draws, rng)], gate, proposal)


def _resample(weights: Floats, size: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return systematically resampled positions, in random order."""
    points = (rng.random() + np.arange(size)) / size
    chosen = np.searchsorted(np.cumsum(weights), points).clip(0, len(weights) - 1)
    return rng.permutation(chosen)


def _ess(log_weights: Floats) -> float:
    weights = np.exp(log_weights - log_weights.max())
    return float(weights.sum() ** 2 / np.sum(weights**2))


def _prior(density: Density, rng: np.random.Generator, size: int) -> Floats:
    z = density.line(prior_draws(density.model, rng, size))
    # A draw rounded to the edge of its support lies at infinity on the line.
    return np.clip(z, -700.0, 700.0)


def _proposed(
    density: Density, proposal: Proposal, rng: np.random.Generator, size: int
) -> tuple[Floats, Floats, Floats]:
    """Return draws, log prior and log proposal density, with the defensive part."""
    from_prior = round(_PRIOR_SHARE * size)
    z = np.concatenate(
        [proposal.draw(rng, size - from_prior), _prior(density, rng, from_prior)], axis=1
    )
    log_prior = density.log_prior(z)
    share = from_prior / size
    log_q = np.logaddexp(
        np.log1p(-share) + proposal.logpdf(z), np.log(share) + log_prior
    )
    return z, log_prior, log_q


def _weigh(
    density: Density, proposal: Proposal, rng: np.random.Generator, size: int
) -> tuple[Floats, Floats]:
    z, log_prior, log_q = _proposed(density, proposal, rng, size)
    return z, _finite(log_prior + density.log_likelihood(z) - log_q)


def _finite(log_weights: Floats) -> Floats:
    log_weights = np.where(np.isnan(log_weights), -np.inf, log_weights)
    if not np.isfinite(log_weights.max()):
        raise FitError("no point of the parameters gives these figures a positive probability")
    return log_weights


# ------------------------------------------------------------------- proposal


def _laplace(density: Density, rng: np.random.Generator) -> Proposal:
    """Return a mixture of t distributions at the modes of the posterior."""
    pool = _prior(density, rng, 500)
    values = density(pool)
    if not np.isfinite(values).any():
        pool = _prior(density, rng, 20_000)
        values = density(pool)
    order = np.argsort(-values)
    starts = [pool[:, i] for i in order[:1]]
    # Further starts from the better half, spread over it: another mode may lie there.
    half = order[: max(1, np.isfinite(values).sum() // 2)]
    starts += [pool[:, half[int(share * (len(half) - 1))]] for share in (0.3, 0.7)]
    if not np.isfinite(values[order[0]]):
        raise FitError(
            "none of 20,000 draws from the priors gives these figures a positive probability: "
            "some figures cannot be true together, or the priors exclude them"
        )
    found = []
    for point in starts:
        mode = _climb(density, point)
        height = float(density(mode[:, None])[0])
        if np.isfinite(height):
            found.append((height, mode, _scale(density, mode)))
    found.sort(key=lambda one: -one[0])
    kept: list[tuple[float, Floats, Floats]] = []
    for height, mode, factor in found:
        apart = all(
            np.linalg.norm(solve_triangular(other[2], mode - other[1], lower=True))
            > 0.5 * np.sqrt(len(mode))
            for other in kept
        )
        if apart and height > found[0][0] - 20:
            kept.append((height, mode, factor))
    mass = np.array([h + np.log(np.diag(f)).sum() for h, _, f in kept])
    shares = np.exp(mass - mass.max())
    shares = np.maximum(shares / shares.sum(), 0.1 / len(kept))
    return Proposal(
        shares / shares.sum(),
        np.array([mode for _, mode, _ in kept]),
        np.array([factor for _, _, factor in kept]),
    )


def _differences(density: Density, z: Floats, step: float = 1e-4) -> tuple[float, Floats]:
    """Return the density and its gradient at a point, from one call."""
    d = len(z)
    points = np.repeat(z[:, None], 2 * d + 1, axis=1)
    points[np.arange(d), np.arange(d)] += step
    points[np.arange(d), d + np.arange(d)] -= step
    values = density(points)
    return float(values[-1]), (values[:d] - values[d : 2 * d]) / (2 * step)


def _climb(density: Density, start: Floats) -> Floats:
    def negative(z: Floats) -> tuple[float, Floats]:
        value, gradient = _differences(density, z)
        if not np.isfinite(value) or not np.all(np.isfinite(gradient)):
            return 1e10, np.zeros_like(z)
        return -value, -gradient

    found = minimize(
        negative, start, jac=True, method="L-BFGS-B", bounds=[(-40, 40)] * len(start),
        options={"maxiter": 200, "ftol": 1e-7, "gtol": 1e-3},
    )
    return np.asarray(found.x)


def _scale(density: Density, mode: Floats, step: float = 0.01) -> Floats:
    """Return the Cholesky factor of the inverse of minus the Hessian at a mode."""
    d = len(mode)
    rows, columns = np.triu_indices(d)
    points = np.repeat(mode[:, None], 4 * len(rows), axis=1)
    at = np.arange(len(rows))
    for block, (one, two) in enumerate(((1, 1), (1, -1), (-1, 1), (-1, -1))):
        points[rows, block * len(rows) + at] += one * step
        points[columns, block * len(rows) + at] += two * step
    values = density(points).reshape(4, -1)
    second = (values[0] - values[1] - values[2] + values[3]) / (4 * step**2)
    hessian = np.zeros((d, d))
    hessian[rows, columns] = hessian[columns, rows] = -second
    if not np.all(np.isfinite(hessian)):
        return np.eye(d)
    size, vectors = np.linalg.eigh(hessian)
    # On the line every prior is at most a few units wide, so a flatter direction is a numeric
    # accident or a skew tail: no scale beyond 3.
    variance = 1 / np.maximum(size, 1 / 9)
    return np.linalg.cholesky(vectors @ np.diag(variance) @ vectors.T + 1e-12 * np.eye(d))


def _adapted(proposal: Proposal, z: Floats, log_weights: Floats) -> Proposal:
    """Return the mixture with means and covariances of the weighted draws.

    Each draw counts for a component in proportion to that component's density there.
    """
    # Tempered so that a few heavy draws do not collapse the proposal onto themselves.
    power = 1.0
    while power > 0.05 and _ess(power * log_weights) < min(20 * len(z), len(log_weights) / 4):
        power *= 0.8
    weights = np.exp(power * (log_weights - log_weights.max()))
    weights /= weights.sum()
    members = []
    for i in range(len(proposal.shares)):
        one = Proposal(proposal.shares[i : i + 1], proposal.centres[i : i + 1],
                       proposal.factors[i : i + 1])
        members.append(one.logpdf(z))
    logs = np.array(members)
    belongs = np.exp(logs - np.logaddexp.reduce(logs, axis=0))
    shares, centres, factors = [], [], []
    for i, member in enumerate(belongs):
        own = weights * member
        total = own.sum()
        if total < 0.005:
            continue
        own /= total
        centre = z @ own
        away = z - centre[:, None]
        covariance = (away * own) @ away.T
        effective = 1 / np.sum(own**2)
        before = proposal.factors[i] @ proposal.factors[i].T * _DF / (_DF - 2)
        shrink = len(z) / (len(z) + effective)
        mixed = (1 - shrink) * covariance + shrink * before
        # The scale matrix of a t distribution, a little wide on purpose.
        mixed *= (_DF - 2) / _DF * 1.1
        shares.append(total)
        centres.append(centre)
        factors.append(np.linalg.cholesky(mixed + 1e-12 * np.eye(len(z))))
    return Proposal(np.array(shares) / np.sum(shares), np.array(centres), np.array(factors))


# ------------------------------------------------------------------ annealing


def _anneal(
    density: Density,
    proposal: Proposal,
    rng: np.random.Generator,
    draws: int,
    evaluations: int,
    progress: Progress,
) -> Weighted:
    """Move draws from the proposal to the posterior over ever finer ladders of temperatures."""
    particles = draws
    result = None
    for steps in (50, 200, 600):
        z, log_weights = _ladder(density, proposal, rng, particles, steps, progress)
        evaluations += particles * (steps + 1)
        result = _finish(z, log_weights, evaluations, proposal, draws, rng)
        if result.gate.passed and result.gate.measures["ESS"] > 0.25 * draws:
            return result
    assert result is not None
    return result


def _ladder(
    density: Density,
    proposal: Proposal,
    rng: np.random.Generator,
    particles: int,
    steps: int,
    progress: Progress,
) -> tuple[Floats, Floats]:
    z, log_prior, log_q = _proposed(density, proposal, rng, particles)
    log_p = log_prior + density.log_likelihood(z)
    share = round(_PRIOR_SHARE * particles) / particles
    log_weights = np.zeros(particles)
    scale = 2.38 / np.sqrt(len(z))
    factor = proposal.factors[0]
    ladder = np.linspace(0, 1, steps + 1)
    for i, (cold, warm) in enumerate(zip(ladder, ladder[1:], strict=False)):
        gap = np.where(np.isfinite(log_p), log_p - log_q, -1e300)
        log_weights = log_weights + (warm - cold) * gap
        if i % 5 == 0:
            progress(0.4 + 0.6 * i / steps, "annealing")
            factor = _moving(z, log_weights, factor)
        move = z + scale * (factor @ rng.standard_normal(z.shape))
        new_prior = density.log_prior(move)
        new_p = new_prior + density.log_likelihood(move)
        new_q = np.logaddexp(np.log1p(-share) + proposal.logpdf(move), np.log(share) + new_prior)
        with np.errstate(invalid="ignore"):
            gain = warm * (new_p - log_p) + (1 - warm) * (new_q - log_q)
        accept = np.log(rng.random(particles)) < np.where(np.isnan(gain), -np.inf, gain)
        z = np.where(accept, move, z)
        log_p, log_q = np.where(accept, new_p, log_p), np.where(accept, new_q, log_q)
        scale *= float(np.exp(0.1 * (accept.mean() - 0.25)))
    return z, _finite(log_weights)


def _moving(z: Floats, log_weights: Floats, factor: Floats) -> Floats:
    """Return the Cholesky factor of the weighted covariance of the draws."""
    weights = np.exp(log_weights - log_weights.max())
    weights /= weights.sum()
    if 1 / np.sum(weights**2) < 5 * len(z):
        return factor
    away = z - (z @ weights)[:, None]
    return np.linalg.cholesky((away * weights) @ away.T + 1e-9 * np.eye(len(z)))
