"""Smooth deviations over a numeric axis: what random walks and splines have in common.

A smooth deviation is a known matrix times standard normal steps, times a standard deviation. So
it is one product for all levels, and a walk that no figure informs is as easy to draw from as its
prior.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm
from funnelest.axes import Level, show_level
from funnelest.fields import AXIS, Allowed, one_of, wrong_fields
from funnelest.population import Population
from funnelest.priors import Normal, Prior, as_prior, within
from funnelest.priors.constraint import prior_of
from funnelest.terms.base import Term, on_axis, reference_problems, stacked
from funnelest.words import named

__all__ = ["Smooth", "spacing_problems", "spline_basis", "steps_away", "walk"]

type Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Smooth(Term):
    """Base of the terms that vary smoothly over a numeric axis.

    Parameters
    ----------
    axis : str
        Name of the axis.
    sd : Prior or float
        Standard deviation of the step from one year to the next.
    order : {1, 2}, default 1
        Order of the walk.
    trend : Prior or float, optional
        Slope at the reference level, per year.
    reference : level, optional
        The level at which the deviation is zero; the middle one when left out.
    """

    axis: str
    sd: Prior | float | None = None
    order: int = 1
    trend: Prior | float | None = None
    reference: Level | None = None

    allowed: ClassVar[Allowed] = {
        "axis": AXIS,
        "sd": prior_of(0.0, above=True),
        "order": one_of(1, 2),
        "trend": prior_of().or_none,
    }

    def matrix(self, places: Floats, start: int) -> Floats:
        """Return the deviation at each of some `places`, 0 at the one numbered `start`.

        Per standard normal step.
        """
        raise TypeError(f"{type(self).__name__} does not define matrix")

    def problems(self, population: Population) -> list[str]:
        wrong = wrong_fields(self, population=population)
        found = [text for texts in wrong.values() for text in texts]
        axis = population.axis(self.axis) if "axis" not in wrong else None
        if axis is not None and not axis.numeric:
            found = [f"it needs an axis of numbers; {self.axis!r} has names."]
        elif axis is not None and axis.open is not None:
            found = [
                f"{show_level(axis.open)} on axis {self.axis!r} has no end, and so no distance "
                "from the other levels; give it one, such as (65, 99), or use Levels."
            ]
        elif axis is not None:
            places = self._places(population)
            if len(places) < 2 or (np.diff(places) <= 0).any():
                found.append(f"the levels of {self.axis!r} must be at least two, and ascend.")
            found += reference_problems(self.reference, self.axis, population)
            if self.trend is None and self.order == 2:
                found.append(
                    "order 2 needs field 'trend', the slope at the reference: a prior or a number."
                )
            found = found or self.own_problems(places)
        return [f"{type(self).__name__}: {text}" for text in found]

    def own_problems(self, places: Floats) -> list[str]:
        """Return what a kind finds wrong with the `places` of the levels, or with its fields."""
        return []

    def _places(self, population: Population) -> Floats:
        """Return the middle of each level."""
        axis = population.axis(self.axis)
        assert axis is not None
        return np.array([sum(span) / 2 for span in axis.spans])

    def _start(self, population: Population) -> int:
        axis = population.axis(self.axis)
        assert axis is not None
        if self.reference is None:
            return (len(axis.levels) - 1) // 2
        return axis.levels.index(axis.read(self.reference))

    def _matrix(self, population: Population) -> Floats:
        return self.matrix(self._places(population), self._start(population))

    def _labels(self, name: str) -> tuple[str, str]:
        return f"{name}[sd over {self.axis}]", f"{name}[trend over {self.axis}]"

    def _step(self, name: str, i: int) -> str:
        return f"{name}[step {i + 1} over {self.axis}]"

    def parameters(self, name: str, population: Population) -> dict[str, Prior]:
        sd, trend = self._labels(name)
        found = {sd: within(as_prior(self.sd), 0.0, np.inf)}
        if self.trend is not None:
            found[trend] = as_prior(self.trend)
        step = Normal(0.0, 1.0, statement=named("default.walk"))
        columns = self._matrix(population).shape[1]
        return found | {self._step(name, i): step for i in range(columns)}

    def deviation(self, values: Mapping[str, Any], name: str, population: Population) -> Any:
        spread, slope = self._labels(name)
        sd = values[spread]
        matrix = self._matrix(population)
        steps = stacked([values[self._step(name, i)] for i in range(matrix.shape[1])])
        walked = fm.matmul(matrix, steps) * sd
        places = self._places(population)
        away = places - places[self._start(population)]
        column = [walked[i] for i in range(len(places))]
        if self.trend is not None:
            trend = values[slope]
            column = [value + trend * apart for value, apart in zip(column, away, strict=True)]
        return on_axis(column, self.axis, population)


def spacing_problems(places: Floats) -> list[str]:
    """Return why a walk of order 2 does not fit these places, one sentence each."""
    gaps = np.diff(np.sort(places))
    if len(gaps) and not np.allclose(gaps, gaps[0]):
        return [
            "order 2 needs levels of equal width, such as single years of age; take order 1, or a "
            "spline."
        ]
    return []


def steps_away(distances: Floats, order: int) -> Floats:
    r"""Return a walk at ascending `distances` from a start of 0, per standard normal step.

    Parameters
    ----------
    distances : ndarray of float
        Above 0, ascending, and at least 1 apart.
    order : {1, 2}
        1: the sum of steps, with a variance of 1 per unit of distance. 2: the running sum of
        that over single units, straight in between; its slope is 0 at the start.

    Returns
    -------
    ndarray
        Shape ``(distances, steps)``: row i times the steps is the walk at distance i.
    """
    size = len(distances)
    if order == 1:
        gaps = np.diff(np.concatenate([[0.0], distances]))
        return np.tril(np.broadcast_to(np.sqrt(gaps), (size, size)))
    # After whole units i the step of unit j has been added i - j + 1 times, and then a part of it.
    units = np.arange(np.ceil(distances.max()))
    added = np.maximum(np.floor(distances)[:, None] - units, 0.0)
    part = (distances % 1.0)[:, None] * np.maximum(np.ceil(distances)[:, None] - units - added, 0.0)
    run = added + part
    # As many steps as distances say the same; at distances 1, 2, ... it is the sum itself.
    return np.asarray(np.linalg.cholesky(run @ run.T))


def walk(places: Floats, start: int, order: int) -> Floats:
    """Return a walk over ascending `places` that is 0 at one of them, per standard normal step.

    Of order 2 its slope is 0 at the start, as the mean of the slopes to either side of it (or, at
    an end, as that of the one side): a trend is added apart. What it says of a distance up it says
    of the same distance down.

    Parameters
    ----------
    places : ndarray of float
        Where the walk is taken, ascending; equally spaced when `order` is 2.
    start : int
        Index of the place at which the walk is 0.
    order : {1, 2}
        As in `steps_away`; the second differences of order 2 have a variance of the third power of
        the spacing.

    Returns
    -------
    ndarray
        Shape ``(places, steps)``.
    """
    if order == 2:
        return np.asarray(_bending(len(places), start) * float(places[1] - places[0]) ** 1.5)
    up = places[start + 1 :] - places[start]
    down = (places[start] - places[:start])[::-1]
    above = steps_away(up, order) if len(up) else np.zeros((0, 0))
    below = steps_away(down, order)[::-1] if len(down) else np.zeros((0, 0))
    found = np.zeros((len(places), below.shape[1] + above.shape[1]))
    found[: len(down), : below.shape[1]] = below
    found[len(places) - len(up) :, below.shape[1] :] = above
    return found


def _bending(size: int, start: int) -> Floats:
    """Return a curve of a step per second difference: 0 at the start, and level there."""
    at = np.arange(size)[:, None]
    bends = np.arange(1, size - 1)
    # A bend at k raises what lies beyond it; one at the start itself both sides alike.
    up = np.maximum(at - bends, 0.0) * (bends > start)
    down = np.maximum(bends - at, 0.0) * (bends < start)
    return np.asarray(up + down + np.abs(at - bends) / 2 * (bends == start), dtype=np.float64)


def spline_basis(places: Floats, reference: float, spacing: float, order: int) -> Floats:
    r"""Return a P-spline at `places` that is 0 at a reference, per standard normal step.

    A cubic B-spline basis with equally spaced knots, one of them at the reference, whose
    coefficients are a random walk from there (Lang and Brezger, Journal of Computational and
    Graphical Statistics 2004;13:183), with the variance per unit of distance of a walk over the
    places themselves. What it says of a distance up it says of the same distance down.

    Parameters
    ----------
    places : ndarray of float
        Where the spline is taken.
    reference : float
        Where it is 0.
    spacing : float
        Distance between knots.
    order : {1, 2}
        Order of the walk.

    Returns
    -------
    ndarray
        Shape ``(places, steps)``.
    """
    from scipy.interpolate import BSpline

    degree = 3
    below = int(np.ceil(max(reference - places.min(), 0.0) / spacing))
    above = int(np.ceil(max(places.max() - reference, 0.0) / spacing))
    knots = reference + float(spacing) * np.arange(-below - degree, above + degree + 1)
    points = np.concatenate([places, [reference]])
    design = BSpline.design_matrix(points, knots, degree).toarray()
    # The coefficient in the middle of whose basis function the reference is.
    coefficients = walk(spacing * np.arange(design.shape[1], dtype=np.float64), below + 1, order)
    return np.asarray((design[:-1] - design[-1]) @ coefficients)
