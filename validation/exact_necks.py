"""Necks, bananas, crosses and narrow modes, all typed as likelihoods of one's own.

No source says where its figure puts the parameters, so that no ridge is followed: what is narrow
has to be found. The exact distribution functions are computed here from closed forms, or one
integral over a grid, that are written out by hand.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special, stats
from validation.exact_quadrature import (
    Case,
    below,
    integrated,
    log_trapezoid,
    nodes,
    normal_log,
    of_all,
)

import funnelest as fe
import funnelest.math as fm

__all__ = ["banana", "bare_funnel", "cross", "four_arms", "minor_mode", "thin_banana"]


def _own(priors: dict[str, fe.Prior], log_likelihood: Any) -> fe.Model:
    """Return a model of numbers of which one source says how likely they are."""
    names = list(priors)
    own = fe.OwnCustom(
        "own",
        quantity=lambda q: tuple(q.parameter(name) for name in names),
        data=0.0,
        log_likelihood=log_likelihood,
    )
    shares = {("a", "b"): fe.Share(0.5)}
    return fe.Model(fe.Route("a", "b"), of_all(1000), fe.Rate(0.01), shares, [own], [], priors)


def bare_funnel(coarse: int = 1) -> Case:
    """A spread, and four numbers of that spread that nobody measured (Neal, as in `funnel_3`)."""
    deep, wide, number = 1.5, 10.0, 4
    names = [f"x{i}" for i in range(number)]

    def log_likelihood(data: Any, numbers: Any) -> Any:
        v, *others = numbers
        return data + sum(-v - x**2 * fm.exp(-2 * v) / 2 for x in others)

    priors = {"v": fe.Normal(0, deep), **dict.fromkeys(names, fe.Normal(0, wide))}
    v, z = nodes(-13, 13, 1040, coarse), nodes(-9, 9, 900, coarse)
    x = 0.01 * np.sinh(z)
    out = -np.log(np.exp(2 * v) + wide**2) / 2
    log_v = normal_log(v, 0, deep) + number * out
    beside = normal_log(v, 0, deep) + (number - 1) * out - v
    log_x = log_trapezoid(beside - x[:, None] ** 2 / 2 * np.exp(-2 * v), v)
    log_x += normal_log(x, 0, wide) + np.log(np.cosh(z))
    line = below(z, log_x, lambda x: np.arcsinh(np.asarray(x) / 0.01))
    return Case(_own(priors, log_likelihood), {"v": below(v, log_v), **dict.fromkeys(names, line)})


def banana(coarse: int = 1) -> Case:
    """A number that is known to be the square of another: a thin parabola."""
    return _parabola(0.05, 1.0, 3.0, coarse)


def thin_banana(coarse: int = 1) -> Case:
    """The same, five times as thin and twice as long: a thousand times as long as it is wide.

    Along it nothing moves that does not know where it is: of this a refusal is right.
    """
    made = _parabola(0.01, 2.0, 10.0, coarse)
    return Case(made.model, {"x": made.exact["x"]})  # of y the nodes would be too far apart


def _parabola(se: float, sd: float, wide: float, coarse: int) -> Case:
    def log_likelihood(data: Any, numbers: Any) -> Any:
        x, y = numbers
        return data - ((y - x**2) / se) ** 2 / 2

    priors = {"x": fe.Normal(0, sd), "y": fe.Normal(0, wide)}
    x = nodes(-8 * sd, 8 * sd, 3200, coarse)
    # y is integrated out: of a normal prior and a normal likelihood.
    log_x = normal_log(x, 0, sd) + normal_log(x**2, 0, np.hypot(se, wide))
    # What y is at a place x of the ridge: normal, between the prior and the square.
    precision = 1 / se**2 + 1 / wide**2
    mass = np.exp(log_x - log_x.max())
    mean, spread = x**2 / se**2 / precision, precision**-0.5

    def below_y(y: Any) -> Any:
        at = (np.ravel(y)[:, None] - mean) / spread
        return np.reshape(special.ndtr(at) @ mass / mass.sum(), np.shape(y))

    return Case(_own(priors, log_likelihood), {"x": below(x, log_x), "y": below_y})


def cross(coarse: int = 1) -> Case:
    """Two numbers of which the product is about nothing: four arms that meet."""
    return _product(lambda x, y: x * y, 0.0, 0.02, coarse)


def four_arms(coarse: int = 1) -> Case:
    """Two numbers of which the product is one or minus one: four arms that do not meet."""
    return _product(lambda x, y: (x * y) ** 2, 1.0, 0.1, coarse)


def _product(of: Any, mean: float, se: float, coarse: int) -> Case:
    sd = 2.0

    def log_likelihood(data: Any, numbers: Any) -> Any:
        return data - ((of(*numbers) - mean) / se) ** 2 / 2

    # Nodes on the inverse hyperbolic sine: the arms are as thin as they are far out.
    z = nodes(-8.5, 8.5, 1700, coarse)
    x = 0.01 * np.sinh(z)

    def joint(z: Any, w: Any) -> Any:
        x, y = 0.01 * np.sinh(z), 0.01 * np.sinh(w)
        log = normal_log(of(x, y), mean, se) + normal_log(x, 0, sd) + normal_log(y, 0, sd)
        return log + np.log(np.cosh(z)) + np.log(np.cosh(w))

    fine = nodes(-8.5, 8.5, 20400, coarse)
    line = below(z, integrated(joint, z, [fine]), lambda x: np.arcsinh(np.asarray(x) / 0.01))
    priors = dict.fromkeys(["x", "y"], fe.Normal(0, sd))
    assert x[-1] > 4 * sd
    return Case(_own(priors, log_likelihood), {"x": line, "y": line})


_MINOR, _AT, _NARROW, _BROAD, _MODE_SD = 0.3, 1.5, 0.1, 0.5, 1.0


def minor_mode(coarse: int = 1) -> Case:
    """Six numbers together near a narrow place with 30% of the likelihood, or a broad one."""
    names = [f"x{i}" for i in range(6)]

    def log_likelihood(data: Any, numbers: Any) -> Any:
        one = sum(-(((x - _AT) / _NARROW) ** 2) / 2 for x in numbers)
        other = sum(-(((x + _AT) / _BROAD) ** 2) / 2 for x in numbers)
        one = one + np.log(_MINOR) - 6 * np.log(_NARROW)
        other = other + np.log(1 - _MINOR) - 6 * np.log(_BROAD)
        return data + fm.logsumexp(fm.stack([one, other]))

    return Case(
        _own(dict.fromkeys(names, fe.Normal(0, _MODE_SD)), log_likelihood),
        dict.fromkeys(names, _of_two(len(names))),
    )


def _of_two(together: int) -> Any:
    """Return the distribution function of a number of a mixture of so many together.

    Normal prior times normal likelihood: normal, with a mass in closed form.
    """
    parts = []
    for share, at, sd in ((_MINOR, _AT, _NARROW), (1 - _MINOR, -_AT, _BROAD)):
        mass = share * stats.norm.pdf(at, 0, np.hypot(sd, _MODE_SD)) ** together
        precision = 1 / sd**2 + 1 / _MODE_SD**2
        parts.append((mass, at / sd**2 / precision, precision**-0.5))
    total = sum(mass for mass, *_ in parts)
    return lambda x: sum(m / total * special.ndtr((np.asarray(x) - a) / s) for m, a, s in parts)
