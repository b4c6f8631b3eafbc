"""A term that is a penalised spline over a numeric axis."""

from __future__ import annotations

from dataclasses import dataclass

from funnelest.fields import is_number
from funnelest.terms.smooth import Floats, Smooth, spline_basis

__all__ = ["Spline"]


@dataclass(frozen=True)
class Spline(Smooth):
    r"""A P-spline over a numeric axis: a cubic B-spline whose coefficients walk at random.

    Fewer unknowns than a `RandomWalk` over single years, and a smoother curve.

    Parameters
    ----------
    axis : str
        Name of the axis.
    sd : Prior or float
        Standard deviation of the walk per year, on the log-odds (of logarithms for `Number`).
    order : {1, 2}, default 1
        Order of the walk of the coefficients (the order of the penalty).
    trend : Prior or float, optional
        Slope at the reference level, per year; obligatory for order 2, none when left out for
        order 1.
    reference : level, optional
        The level at which the spline is zero; the middle one when left out. The prior of the
        rate or the share itself is that of this level.
    spacing : float, default 4.0
        Distance between knots, in years.

    Notes
    -----
    :math:`g(r_a) = g(r_{a_0}) + \beta (a - a_0) + \sigma \sum_k (B_k(a) - B_k(a_0)) c_k`, with B
    the cubic B-spline basis of SciPy on equally spaced knots, one of them at the reference
    :math:`a_0`, and c a random walk from there, both ways, with a variance of 1 per year (Lang and
    Brezger, Journal of Computational and Graphical Statistics 2004;13:183; Eilers and Marx,
    Statistical Science 1996;11:89).
    """

    spacing: float = 4.0

    def own_problems(self, places: Floats) -> list[str]:
        span = float(places.max() - places.min())
        if is_number(self.spacing) and 0 < self.spacing <= span:
            return []
        return [
            f"field 'spacing' must be above 0 and at most the {span:g} years between the first and "
            f"the last level; given {self.spacing!r}."
        ]

    def matrix(self, places: Floats, start: int) -> Floats:
        return spline_basis(places, float(places[start]), self.spacing, self.order)
