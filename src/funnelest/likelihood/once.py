"""Log-likelihoods of all sources together: each by itself, and what several have in common.

Of estimates of one number one slope counts; counts of the same people are taken together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from funnelest.likelihood.tied import log_ratios
from funnelest.model.parts import Parts
from funnelest.observations.observation import Seen
from funnelest.quantities.quantities import Quantities

__all__ = ["likelihoods", "observed", "together"]

type Value = Any


def observed(model: Parts, q: Quantities) -> dict[str, Sequence[Seen]]:
    """Return what every source has observed, by its name."""
    return {one.name: list(one.observations(q)) for one in model.evidence}


def likelihoods(
    model: Parts,
    q: Quantities,
    seen: Mapping[str, Sequence[Seen]],
    powers: Mapping[str, float],
) -> dict[str, list[Value]]:
    r"""Return the parts of the log-likelihood of each source.

    Those of a source, added and times its power, add up over the sources to the log-likelihood.

    Parameters
    ----------
    model : Parts
        The model.
    q : Quantities
        What it says of its route.
    seen : mapping of str to sequence of Seen
        What some of its sources have observed; the others are left out.
    powers : mapping of str to float
        The power to which the likelihood of each is raised. One of power 0 stands by itself.

    Notes
    -----
    An estimate with its limits has a normal score z(t) of the true value t, and
    :math:`e^{-z^2/2}` is its likelihood: it is highest at the estimate, and of several they
    multiply (Efron, Biometrika 1993;80:3; Schweder and Hjort, Scand J Stat 2002;29:309). The slope
    z'(t) makes the limits those of the posterior under a flat prior: a prior, that counts once. Of
    several of one number it is their geometric mean, for which it does not matter in what unit
    each was printed. With powers :math:`a_i`, and numbers that are :math:`w_{ij}` alike (from 0 for
    other numbers to 1 for one; `model/one_number.py`), the log of it is

    .. math:: \sum_i a_i \frac{N_i}{D_i^2} \log z_i', \quad N_i = \sum_j w_{ij} a_j^2, \quad
        D_i = \sum_j w_{ij} a_j,

    so that one estimate has the power that it is given, one of power 0 is not there, and powers
    that are all t times as large raise all to the power t. By that (Euler) it is the sum of
    :math:`a_i` times its derivatives to :math:`a_i`, which are the parts of the sources: what
    counting a source for a little more adds.

    What counts of the same people say together (`log_ratios`) has for powers a and b of both the
    power :math:`2ab/(a+b)`: it is not there without either, and its parts are made the same way.
    """
    found = {name: [one.logp() for one in some] for name, some in seen.items()}
    _add_slopes(model, seen, powers, found)
    counting = [name for name in seen if powers.get(name, 1.0)]
    for first, second, log in log_ratios(model, q, seen, counting):
        a, b = powers.get(first, 1.0), powers.get(second, 1.0)
        for name, other in ((first, b), (second, a)):
            found[name].append(2.0 * (other / (a + b)) ** 2 * log)
    return found


def _add_slopes(
    model: Parts,
    seen: Mapping[str, Sequence[Seen]],
    powers: Mapping[str, float],
    found: dict[str, list[Value]],
) -> None:
    """Add what the slopes of estimates of one number are less, for all but one of them."""
    slopes: dict[str, list[Value]] = {}
    for group in model.alike:
        mine = [
            i for i, (name, _) in enumerate(group.places) if name in seen and powers.get(name, 1.0)
        ]
        if len(mine) < 2:
            continue
        places = [group.places[i] for i in mine]
        for name, _ in places:
            if name not in slopes:
                slopes[name] = [slope for one in seen[name] for _, slope in one.slopes()]
        logs = [slopes[name][i] for name, i in places]
        a = np.array([powers.get(name, 1.0) for name, _ in places])
        w = np.array(group.shares)[np.ix_(mine, mine)]
        squares, sums = w @ a**2, w @ a
        for k, (name, _) in enumerate(places):
            mix = 2.0 * a * w[:, k] * (a[k] * sums - squares) / sums**3
            mix[k] += squares[k] / sums[k] ** 2 - 1.0
            found[name] += [float(x) * log for x, log in zip(mix, logs, strict=True) if x]


def together(
    model: Parts,
    q: Quantities,
    seen: Mapping[str, Sequence[Seen]],
    powers: Mapping[str, float],
) -> Value:
    """Return the log-likelihood of some sources together, each to its power."""
    counting = {n: some for n, some in seen.items() if powers.get(n, 1.0)}
    parts = likelihoods(model, q, counting, powers)
    total: Value = 0.0
    for name, some in parts.items():
        power = powers.get(name, 1.0)
        for one in some:
            total = total + (one if power == 1 else power * one)
    return total
