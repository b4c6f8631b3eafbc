"""Spheres, a star and a funnel, of three and five unknowns, whose posterior is known by symmetry.

Each is hard in a way of its own, which its docstring says. The exact distribution functions are
computed here from closed forms, or one integral over a grid, that are written out by hand.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats
from validation.exact_quadrature import (
    Case,
    Floats,
    below,
    log_trapezoid,
    nodes,
    normal_log,
    of_all,
)

import funnelest as fe
import funnelest.math as fm

__all__ = ["sphere_3", "sphere_5", "t_5"]  # of the others see `HARDER` of `exact_posteriors`

#: Degrees of freedom and width of a t, and the standard deviation of priors that are far wider.
_FREEDOM, _T, _WIDE = 2.0, 0.1, 10.0


def _numbers(priors: dict[str, fe.Prior], evidence: list[fe.Evidence]) -> fe.Model:
    """Return a model of numbers that no step has to do with."""
    shares = {("a", "b"): fe.Share(0.5)}
    return fe.Model(fe.Route("a", "b"), of_all(1000), fe.Rate(0.01), shares, evidence, [], priors)


def _all_of(names: list[str]) -> Any:
    return lambda q: tuple(q.parameter(name) for name in names)


def sphere_3(coarse: int = 1) -> Case:
    """Of three numbers the sum of squares is known: a thin shell, which has modes nowhere.

    Beside x, the density of v, the sum of the other squares, is even: what is left of a normal
    density of the whole sum beyond the square of x.
    """
    return _sphere(3, lambda gap, se: stats.norm.logcdf(gap / se), coarse)


def sphere_5(coarse: int = 1) -> Case:
    """The same of five numbers: there the density of v rises in proportion to it."""

    def log_mean_beyond(gap: Floats, se: float) -> Floats:
        """Return the log of the mean of what a normal number with this mean is above 0."""
        found = gap * stats.norm.cdf(gap / se) + se * stats.norm.pdf(gap / se)
        return np.asarray(np.log(np.maximum(found, 1e-300)))

    return _sphere(5, log_mean_beyond, coarse)


def _sphere(unknowns: int, log_beyond: Any, coarse: int) -> Case:
    se, sd = 0.02, 2.0
    names = [f"x{i}" for i in range(unknowns)]
    known = fe.OwnNormal(
        "f",
        quantity=lambda q: sum(q.parameter(name) ** 2 for name in names),
        estimate=1.0,
        se=se,
    )
    model = _numbers(dict.fromkeys(names, fe.Normal(0, sd)), [known])
    # The priors together are an exponential function of the sum of squares: its mean is moved.
    x = nodes(-1.2, 1.2, 4800, coarse)
    exact = below(x, log_beyond(1.0 - se**2 / (2 * sd**2) - x**2, se))
    return Case(model, dict.fromkeys(names, exact))


def t_5(coarse: int = 1) -> Case:
    """Five numbers with the likelihood of a t of two degrees of freedom together, and a wide prior.

    Beside x, the others are at some distance, the density of which rises with its third power.
    """
    names, dense = [f"x{i}" for i in range(5)], (_FREEDOM + 5) / 2

    def log_likelihood(data: Any, numbers: Any) -> Any:
        return -dense * fm.log1p(sum((x - data) ** 2 for x in numbers) / _T**2 / _FREEDOM)

    t = fe.OwnCustom("t", quantity=_all_of(names), data=0.0, log_likelihood=log_likelihood)
    # Nodes on the inverse hyperbolic sine of a distance: near and far are both seen.
    y, z = nodes(-7, 7, 700, coarse), nodes(0, 7, 700, coarse)
    x, beside = (_T * np.sinh(one) for one in (y, z))
    squares = x[:, None] ** 2 + beside**2
    with np.errstate(divide="ignore"):
        log = -dense * np.log1p(squares / _T**2 / _FREEDOM) - squares / 2 / _WIDE**2
        log += 3 * np.log(beside) + np.log(np.cosh(z))
    exact = below(y, log_trapezoid(log, z) + np.log(np.cosh(y)), _out)
    return Case(
        _numbers(dict.fromkeys(names, fe.Normal(0, _WIDE)), [t]), dict.fromkeys(names, exact)
    )


def star_5(coarse: int = 1) -> Case:
    """The same with a t for each: where one is far out, the others most likely are not."""
    names = [f"x{i}" for i in range(5)]

    def log_likelihood(data: Any, numbers: Any) -> Any:
        return sum(
            -(_FREEDOM + 1) / 2 * fm.log1p((x - data) ** 2 / _T**2 / _FREEDOM) for x in numbers
        )

    star = fe.OwnCustom("t", quantity=_all_of(names), data=0.0, log_likelihood=log_likelihood)
    y = nodes(-8, 8, 800, coarse)
    x = _T * np.sinh(y)
    log = stats.t(_FREEDOM).logpdf(x / _T) + normal_log(x, 0, _WIDE) + np.log(np.cosh(y))
    exact = below(y, log, _out)
    model = _numbers(dict.fromkeys(names, fe.Normal(0, _WIDE)), [star])
    return Case(model, dict.fromkeys(names, exact))


def _out(x: Any) -> Any:
    return np.arcsinh(np.asarray(x) / _T)


def funnel_3(coarse: int = 1) -> Case:
    """A spread that is known to some decades only, and two numbers of that spread: a funnel.

    Neal (Annals of Statistics 2003;31:705) with two measurements, by which its neck is narrow and
    nevertheless has a part of the posterior.
    """
    deep, wide, at, se = 3.0, 10.0, 1.0, 0.5
    names = ["y", "one", "two"]

    def log_likelihood(data: Any, numbers: Any) -> Any:
        y, *others = numbers
        return data + sum(-y / 2 - x**2 * fm.exp(-y) / 2 for x in others)

    drawn = fe.OwnCustom("drawn", quantity=_all_of(names), data=0.0, log_likelihood=log_likelihood)
    measured = [
        fe.OwnNormal(name, quantity=lambda q, name=name: q.parameter(name), estimate=at, se=se)
        for name in names[1:]
    ]
    priors = {"y": fe.Normal(0, deep), **dict.fromkeys(names[1:], fe.Normal(0, wide))}
    y, z = nodes(-27, 27, 1080, coarse), nodes(-8, 8, 800, coarse)
    x = 0.01 * np.sinh(z)  # most nodes are where the neck is
    # Each number is integrated out: of a normal prior, spread and measurement.
    spread = np.exp(y)
    both = spread * wide**2 / (spread + wide**2)
    out = -np.log(spread + wide**2) / 2 + normal_log(at, 0, np.sqrt(both + se**2))
    out -= np.log(both + se**2) / 2
    log_y = normal_log(y, 0, deep) + 2 * out
    beside = normal_log(y, 0, deep) + out - y / 2
    log_x = log_trapezoid(beside - x[:, None] ** 2 / 2 / spread, y)
    log_x += normal_log(x, 0, wide) + normal_log(x, at, se) + np.log(np.cosh(z))
    line = below(z, log_x, lambda x: np.arcsinh(np.asarray(x) / 0.01))
    return Case(
        _numbers(priors, [drawn, *measured]), {"y": below(y, log_y), "one": line, "two": line}
    )
