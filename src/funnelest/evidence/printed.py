"""Printed numbers: what a field may hold, in which steps they are, and what they are read as."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.fields import Constraint, an, is_number
from funnelest.figures import Figure
from funnelest.figures.base import exact
from funnelest.observations.measured import span

__all__ = [
    "end_problems",
    "estimate_problems",
    "in_order",
    "number_in",
    "printed",
    "printed_pair",
    "rounding_of",
    "share_figure_problems",
    "step_of",
]


def number_in(value: Any) -> float:
    """Return the number in a printed figure, or a plain number."""
    return float(value.middle if isinstance(value, Figure) else value)


def printed(constraint: Constraint) -> Constraint:
    """Return the constraint of a number that may also be a printed figure of such a number."""

    def why(name: str, value: Any, *_: Any) -> list[str]:
        if not isinstance(value, Figure):
            return constraint.said(f"field {name!r}", value)
        return [f"field {name!r}: {text}" for text in value.problems()] or constraint.said(
            f"field {name!r}", value.middle
        )

    return Constraint(
        constraint.must, constraint.holds, constraint.good, constraint.bad, most=constraint.most,
        why=why,
    )  # fmt: skip


def printed_pair(pair: Constraint) -> Constraint:
    """Return the constraint of two limits, each of which may be a printed figure."""

    def why(name: str, value: Any, *_: Any) -> list[str]:
        several = isinstance(value, tuple | list) and len(value) == 2
        if not (several and any(isinstance(one, Figure) for one in value)):
            return pair.said(f"field {name!r}", value)
        found = [
            f"field {name!r}: {text}"
            for one in value
            for text in (one.problems() if isinstance(one, Figure) else [])
        ]
        if found or not all(isinstance(one, Figure) or is_number(one) for one in value):
            return found or pair.said(f"field {name!r}", value)
        low, high = value
        # Printed in other steps than the other limit, one may seem to be on the wrong side of it.
        if _furthest(low)[0] <= _furthest(high)[1]:
            return []
        return pair.said(f"field {name!r}", (number_in(low), number_in(high)))

    return Constraint(pair.must, pair.holds, pair.good, pair.bad, why=why)


def _furthest(value: Any) -> tuple[Fraction, Fraction]:
    """Return between which numbers lies what prints as a figure; of others the number itself."""
    found = value.reals() if isinstance(value, Figure) else None
    return found or (exact(number_in(value)),) * 2


def estimate_problems(what: str, value: Any) -> list[str]:
    """Return why a figure does not say which numbers print as it, as an estimate has to."""
    if not isinstance(value, Figure) or value.problems() or value.reals() is not None:
        return []
    return [
        f"field {what!r}: {an(type(value).__name__)} ({value.describe()}) does not say between "
        "which numbers an estimate lies; give a number or Rounded(value, to=...)."
    ]


def share_figure_problems(what: str, value: Any) -> list[str]:
    """Return why a figure is no share strictly between 0 and 1, one sentence each."""
    if not isinstance(value, Figure):
        return []
    found = [f"field {what!r}: {text}" for text in value.problems()]
    found = found or estimate_problems(what, value)
    if not found and not 0 < value.middle < 1:
        found.append(f"field {what!r} must lie strictly between 0 and 1; given {value.describe()}.")
    return found or end_problems(what, value, 1.0)


def end_problems(what: str, value: Any, highest: float) -> list[str]:
    """Return why one of several numbers must not print as an end of its scale, 0 or `highest`."""
    if not isinstance(value, Figure) or value.problems() or value.reals() is None:
        return []
    low, high = span(value)
    if low > 0 and high < exact(highest):
        return []
    return [
        f"field {what!r}: {value.describe()} may be an end of the scale, so that nothing says how "
        "near; several numbers together need more digits, or give it as a source of its own."
    ]


def rounding_of(values: Sequence[Any]) -> NDArray[np.float64]:
    """Return the variance of the rounding of each of some printed numbers."""
    spans = [span(one) if isinstance(one, Figure) else (Fraction(0),) * 2 for one in values]
    return np.array([float(high - low) ** 2 / 12 for low, high in spans])


def step_of(values: Collection[Any], *, digits: bool = False, most: float = math.inf) -> Fraction:
    """Return the step in which plain numbers seem to be printed: a power of ten in all of them.

    With `digits` only those after the point count, and a whole number is printed in ones. Not
    above `most`: 0.3 among shares is 30%.
    """
    numbers = [exact(value) for value in values if value]
    step = Fraction(1)
    while any((one / step).denominator != 1 for one in numbers):
        step /= 10
    while not digits and numbers and all((one / (step * 10)).denominator == 1 for one in numbers):
        step *= 10
    return step if math.isinf(most) else min(step, exact(most))


def in_order(cells: list[tuple[float, float]]) -> list[float]:
    """Return the means of numbers spread evenly over `cells`, given that they are in order."""
    if all(one[1] <= two[0] for one, two in pairwise(cells)):
        return [low + (high - low) / 2 for low, high in cells]
    if len(cells) == 2:  # no estimate: as if one stood anywhere
        low, _, high = in_order([cells[0], (cells[0][0], cells[1][1]), cells[1]])
        return [low, high]
    # Exact: what is integrated over the middle number is a polynomial between these points.
    (a, b), (first, last), (c, d) = cells
    points = sorted({first, last, *(v for v in (a, b, c, d) if first < v < last)})
    if first == last:
        points = [first, last]
    nodes, weights = np.polynomial.legendre.leggauss(8)
    sums = np.zeros(4)
    for start, stop in pairwise(points):
        m = (start + stop) / 2 + (stop - start) / 2 * nodes
        w = weights * max(stop - start, 1e-300)
        under, over = np.clip(m, a, b), np.clip(m, c, d)
        share_low = np.where(m >= b, 1.0, (under - a) / (b - a) if b > a else m >= a)
        share_high = np.where(m <= c, 1.0, (d - over) / (d - c) if d > c else m <= d)
        both = w * share_low * share_high
        sums += [(both * v).sum() for v in (1.0, (a + under) / 2, m, (over + d) / 2)]
    if not sums[0] > 0:  # in no order at all
        return [low + (high - low) / 2 for low, high in cells]
    return [float(v) for v in sums[1:] / sums[0]]
