"""Estimates of one number: that of one of them is a function of that of another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.quantities.quantities import Quantities

if TYPE_CHECKING:
    from funnelest.evidence.base import Evidence
    from funnelest.model.parts import Parts

__all__ = ["Place", "one_number"]

type Floats = NDArray[np.float64]
#: A source, and which of its estimates with a slope.
type Place = tuple[str, int]

#: Points of the prior: two numbers that differ by chance have not one order at all of them.
_POINTS = 64
#: Numbers in one array in cells: more points are evaluated in blocks.
_ROOM = 2**19
#: Numbers that agree to so many digits are equal: sums depend on how they are written.
_DIGITS = 10


def one_number(model: Parts) -> tuple[tuple[Place, ...], ...]:
    """Return the estimates that are of one number, group by group; none that is alone.

    Those whose normal scores have a slope in the likelihood (`Distribution.slopes`). Two numbers
    are one when they put points of the prior in the same or the opposite order: then either
    follows from the other, as a share and the number of people that it is, two proportional
    numbers, or a share and the rest.
    """
    rng = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        points = {
            name: np.asarray(prior.ppf(rng.uniform(0.05, 0.95, _POINTS)), dtype=np.float64)
            for name, prior in model.free.items()
        }
    known = {one.name: _numbers(model, one, points, slice(1)) for one in model.evidence}
    with_some = [one for one in model.evidence if known[one.name]]
    if sum(len(known[one.name]) for one in with_some) < 2:
        return ()
    size = max(1, _ROOM // max(1, model.population.counts.size))
    groups: dict[bytes, list[Place]] = {}
    for one in with_some:
        blocks = [_numbers(model, one, points, slice(i, i + size)) for i in range(0, _POINTS, size)]
        for i, parts in enumerate(zip(*blocks, strict=True)):
            order = _order(np.concatenate(parts))
            if order is not None:
                groups.setdefault(order, []).append((one.name, i))
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _numbers(
    model: Parts, one: Evidence, points: dict[str, Floats], some: slice
) -> Sequence[Floats]:
    """Return the numbers at some points that the estimates of a source are of."""
    values = {name: value[some] for name, value in points.items()}
    size = len(range(_POINTS)[some])
    try:
        with np.errstate(all="ignore"):
            q = Quantities(model, values)
            found: list[Any] = [
                number for seen in one.observations(q) for number, _ in seen.slopes()
            ]
    except Exception:  # whatever a user's function may do: it then tells nothing
        return []
    return [np.broadcast_to(np.ravel(number), (size,)) for number in found]


def _order(number: Floats) -> bytes | None:
    """Return in which order a number puts the points, or the opposite one; None of a constant."""
    with np.errstate(all="ignore"):
        scale = 10.0 ** (_DIGITS - np.ceil(np.log10(np.abs(number))))
        digits = np.where(np.isfinite(scale), np.round(number * scale) / scale, number)
    ranks = np.unique(digits, return_inverse=True)[1]
    last = int(ranks.max())
    if last == 0:
        return None
    return min(ranks.astype(np.int16).tobytes(), (last - ranks).astype(np.int16).tobytes())
