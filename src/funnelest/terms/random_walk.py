"""A term that changes by a random step from each level to the next."""

from __future__ import annotations

from dataclasses import dataclass

from funnelest.terms.smooth import Floats, Smooth, spacing_problems, walk

__all__ = ["RandomWalk"]


@dataclass(frozen=True)
class RandomWalk(Smooth):
    r"""A random walk over the levels of a numeric axis, such as single years of age.

    Parameters
    ----------
    axis : str
        Name of the axis.
    sd : Prior or float
        Standard deviation of the step from one year to the next: a difference of log-odds for
        rates and shares, of logarithms for `Number`. ``log(1.15)`` is 15% up or down.
    order : {1, 2}, default 1
        1: the steps are independent. 2: the changes of slope are, which is smoother.
    trend : Prior or float, optional
        Slope at the reference level, per year; obligatory for order 2, none when left out for
        order 1.
    reference : level, optional
        The level at which the walk is zero; the middle one when left out. The prior of the rate
        or the share itself is that of this level.

    Notes
    -----
    With :math:`a_0` the reference: :math:`g(r_a) = g(r_{a_0}) + \beta (a - a_0) + \sigma w_a`,
    where g is the logit or the logarithm, :math:`w_{a_0} = 0`, and
    :math:`w_a - w_b \sim N(0, a - b)` for neighbours (order 1), or
    :math:`w_{a+1} - 2 w_a + w_{a-1} \sim N(0, 1)` (order 2, levels of equal width), with
    :math:`w_{a_0+1} = w_{a_0-1}`: the trend is the mean of the slopes to either side of the
    reference. Bands stand at their middles. Gaussian Markov random fields as in Rue and Held,
    2005, chapter 3.
    """

    def own_problems(self, places: Floats) -> list[str]:
        if self.order == 1:
            return []
        if len(places) < 3:
            return ["order 2 needs at least three levels: two have one slope, the trend."]
        return spacing_problems(places)

    def matrix(self, places: Floats, start: int) -> Floats:
        return walk(places, start, self.order)
