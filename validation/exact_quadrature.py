"""Integrals on grids, for posteriors of which the exact distribution function is wanted.

No density of the library is used: those that are written out by hand go in, distribution functions
come out. All rules are the trapezoid rule, which is the best there is for a smooth density that
vanishes at both ends of its grid (or that is even about them, as a function of an angle): its
error then falls faster than any power of the spacing. Trefethen and Weideman, SIAM Review
2014;56:385.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import interpolate, special, stats

import funnelest as fe

__all__ = [
    "Case",
    "Distribution",
    "Floats",
    "below",
    "beta_logit",
    "blurred",
    "integrated",
    "log_interval",
    "log_trapezoid",
    "nodes",
    "normal_log",
    "of_all",
    "poisson_log",
    "tight",
]

type Floats = NDArray[np.float64]
type Distribution = Callable[[Any], Any]


@dataclass(frozen=True)
class Case:
    """A model, and the exact distribution functions of some of its parameters."""

    model: fe.Model
    exact: Mapping[str, Distribution]


def of_all(people: float) -> fe.Population:
    """Return a population of one cell."""
    return fe.Population({"group": ["all"]}, [people])


#: Most numbers of a grid at a time, for the memory.
_BLOCK = 1_000_000


def nodes(low: float, high: float, number: int, coarse: int = 1) -> Floats:
    """Return evenly spaced nodes, of which a `coarse` grid has so many times fewer."""
    return np.linspace(low, high, number // coarse + 1)


def tight(count: float, number: int, coarse: int = 1) -> Floats:
    """Return nodes of the log of an expected count: nine standard errors around that count."""
    half = 9.0 / np.sqrt(count)
    return nodes(np.log(count) - half, np.log(count) + half, number, coarse)


def below(at: Floats, log_density: Floats, to_line: Distribution = lambda x: x) -> Distribution:
    """Return the distribution function of a density that is known at nodes.

    Parameters
    ----------
    at : array
        Ascending nodes, beyond which there is next to nothing.
    log_density : array
        Log-density there, up to a constant.
    to_line : callable
        From the parameter to the scale of the nodes, rising.

    Returns
    -------
    callable
        The probability below a value of the parameter: the integral of a cubic spline.
    """
    mass = np.exp(log_density - np.max(log_density))
    total = interpolate.CubicSpline(at, mass).antiderivative()

    def exact(x: Any) -> Any:
        with np.errstate(divide="ignore"):  # a share that has rounded to 0 or 1
            line = np.clip(to_line(x), at[0], at[-1])
        return np.clip(total(line) / total(at[-1]), 0.0, 1.0)

    return exact


def log_trapezoid(log_values: Any, at: Floats, axis: int = -1) -> Any:
    """Return the log of an integral over evenly spaced nodes, up to their constant spacing."""
    shape = [1] * np.ndim(log_values)
    shape[axis] = len(at)
    weights = np.ones(len(at))
    weights[[0, -1]] = 0.5
    return special.logsumexp(log_values, b=weights.reshape(shape), axis=axis)


def integrated(log_density: Callable[..., Any], outer: Floats, inner: Sequence[Floats]) -> Floats:
    """Return the log of the integral over all `inner` grids, for each node of the `outer`.

    Parameters
    ----------
    log_density : callable
        Of the outer coordinate and each of the inner ones, as arrays that broadcast.
    outer : array
        Nodes of the coordinate that is not integrated out.
    inner : sequence of array
        Evenly spaced nodes of one or two others.

    Returns
    -------
    array
        One number for each node of `outer`, up to a constant of them all.
    """
    size = int(np.prod([len(one) for one in inner]))
    grids = np.ix_(*inner)
    found = []
    for part in np.array_split(outer, -(-len(outer) * size // _BLOCK)):
        first = part.reshape(-1, *(1,) * len(inner))
        with np.errstate(divide="ignore", invalid="ignore"):  # beyond an end of the support
            log = log_density(first, *(one[None] for one in grids))
        log = np.broadcast_to(np.where(np.isnan(log), -np.inf, log), (len(part), *map(len, inner)))
        for one in reversed(inner):
            log = log_trapezoid(log, one)
        found.append(log)
    return np.concatenate(found)


def blurred(line: Floats, spread: float) -> Callable[[Floats], Floats]:
    """Return what gives the mean of a function over a normal step from each node.

    Parameters
    ----------
    line : array
        Evenly spaced nodes, beyond which the function is next to nothing.
    spread : float
        Standard deviation of the step.

    Returns
    -------
    callable
        From the log of a function at the nodes to the log of its mean, up to a constant that is
        the same for every spread.
    """
    spacing = line[1] - line[0]
    if spread > 4 * spacing:  # over the nodes that a step leads to
        density = np.exp(normal_log(line - line[:, None], 0, spread)) * spacing / spread

        def over_nodes(log_values: Floats) -> Floats:
            top = log_values.max()
            with np.errstate(divide="ignore"):  # further away than any likely step
                return np.asarray(np.log(density @ np.exp(log_values - top)) + top)

        return over_nodes
    # Over small steps, that lead between the nodes.
    step = nodes(-8, 8, 48)
    to = np.clip(line[:, None] + spread * step, line[0], line[-1])

    def over_steps(log_values: Floats) -> Floats:
        log = interpolate.CubicSpline(line, log_values)(to) + normal_log(step, 0, 1)
        return np.asarray(log_trapezoid(log, step) + np.log(step[1] - step[0]))

    return over_steps


# ---------------------------------------------------------------- densities


def log_interval(low: float, high: float) -> tuple[float, float]:
    """Return mean and standard deviation of the log of a number with this 95% interval."""
    width = np.log(high) - np.log(low)
    return (np.log(low) + np.log(high)) / 2, width / 2 / float(stats.norm.ppf(0.975))


def normal_log(at: Any, mean: float, sd: float) -> Any:
    """Return the log-density of a normal number, less its constant."""
    return -0.5 * ((at - mean) / sd) ** 2


def beta_logit(line: Any, alpha: float, beta: float) -> Any:
    """Return the log-density of the log-odds of a beta share, less its constant."""
    return alpha * special.log_expit(line) + beta * special.log_expit(-line)


def poisson_log(count: float, log_mean: Any) -> Any:
    """Return the log-probability of a count, less its constant."""
    return count * log_mean - np.exp(log_mean)
