"""What knowing parameters exactly would take away: regression of draws on draws."""

from __future__ import annotations

from itertools import combinations_with_replacement
from math import comb

import numpy as np
from numpy.typing import NDArray

from funnelest.check.information.folds import Folds
from funnelest.sampling.weights import equal_tailed, quantiles

__all__ = ["explained", "width_left"]

type Floats = NDArray[np.float64]

#: Where the pieces of a curve meet, in shares of the draws: closer in the tails, where a curve that
#: is exponential in the score bends most.
_KNOTS = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
_FEWER_KNOTS = (0.1, 0.5, 0.9)
#: Highest total degree of the products of several parameters.
_DEGREE = 4
#: Draws per column of a regression, at least.
_PER_COLUMN = 10
#: Draws in each slice of a parameter within which a quantity is left to vary.
_SLICE = 200
#: Times that the draws are dealt over slices at random, to see what few draws do to a width.
_DEALT = 10


def explained(sample: Floats, known: Floats, folds: Folds) -> tuple[float, float, bool]:
    r"""Return the share of a variance that goes when parameters are known.

    Parameters
    ----------
    sample : ndarray
        Draws of the quantity, shape ``(draws,)``.
    known : ndarray
        Draws of the parameters, shape ``(parameters, draws)``.
    folds : Folds
        Draws that are left out together.

    Returns
    -------
    (float, float, bool)
        The share :math:`\mathrm{Var}(E[q \mid \theta]) / \mathrm{Var}(q)`, its Monte Carlo
        standard error, and whether products of several parameters had to be left out since there
        are too few draws for them.

    Notes
    -----
    Strong, Oakley and Brennan, Med Decis Making 2014;34:311, by cubic splines of normal scores.
    With f the curve fitted without the fold of draw i, and m its mean,
    :math:`(q_i - m)(q_i - f(\theta_i))` has the variance around the curve as its mean, whatever
    that variance is: so few draws and many columns make it noisy and not biased (Kline, Saggio and
    Soelvsten, Econometrica 2020;88:1859). What the curve misses counts as not explained. The
    error is from the influence of each fold on the ratio, and from the noise of the slopes.
    """
    columns, cut = _columns(_scores(known))
    fitted, means = folds.predicted(columns, sample)
    around = (sample - means) * (sample - fitted)
    about = (sample - sample.mean()) * (sample - means)
    variance = about.mean()
    share = 1 - around.mean() / variance
    influence = ((1 - share) * about - around) / variance
    # Of the slopes: of products of the errors of two draws each fold has seen a half.
    spread = np.linalg.pinv(columns.T @ columns) @ (columns.T * (sample - fitted) ** 2 @ columns)
    noise = np.trace(spread @ spread) / (len(sample) * variance) ** 2
    return float(share), float(np.sqrt(folds.error(influence) ** 2 + noise)), cut


def width_left(
    sample: Floats,
    known: Floats,
    folds: Folds,
    probability: float,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Return the expected width of an interval when one parameter is known, and its error.

    The draws are cut into slices of even size by the parameter. Within each, the interval is that
    of what is left around the curve; that few draws make it narrower is seen from slices that are
    dealt at random.
    """
    slices = len(sample) // _SLICE
    if slices < 2:
        return np.nan, np.nan
    fitted, _ = folds.predicted(_columns(_scores(known[None]))[0], sample)
    left = sample - fitted
    cut = np.argsort(known, kind="stable")[: slices * _SLICE].reshape(slices, _SLICE)
    widths = _widths(left[cut], probability)
    deals = (rng.permutation(len(left))[: cut.size].reshape(cut.shape) for _ in range(_DEALT))
    dealt = np.array([_widths(left[deal], probability).mean() for deal in deals])
    narrower = dealt.mean() / float(_widths(left[None], probability)[0])
    # Widths change smoothly along the parameter: neighbours differ by chance.
    chance = np.sqrt(np.mean(np.diff(widths) ** 2) / 2 / slices + dealt.var(ddof=1) / _DEALT)
    return float(widths.mean() / narrower), float(chance / narrower)


def _widths(values: Floats, probability: float) -> Floats:
    low, _, high = equal_tailed(values, probability, axis=1)
    return np.asarray(high - low)


def _scores(known: Floats) -> Floats:
    """Return the normal scores of the ranks, equal ones for equal draws."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    return np.asarray(ndtri((rankdata(known, axis=1) - 0.5) / known.shape[1]))


def _columns(scores: Floats) -> tuple[Floats, bool]:
    """Return the columns of the regression, shape ``(draws, columns)``; whether some had no room.

    Curves of each parameter, and products of several up to a total degree for which there are
    draws.
    """
    count, size = scores.shape
    room = size // _PER_COLUMN
    knots = next((k for k in (_KNOTS, _FEWER_KNOTS, ()) if count * (len(k) + 3) < room), None)
    if knots is None:  # so many parameters that there are draws for straight lines only
        return np.column_stack([np.ones(size), scores.T]), True
    parts = [np.ones((size, 1)), *(_curve(one, knots) for one in scores)]
    used = sum(part.shape[1] for part in parts)
    if count == 1:
        return np.hstack(parts), False
    degree = 1
    for higher in range(2, _DEGREE + 1):
        # Products of exactly that degree, less the powers of one parameter.
        more = comb(count + higher - 1, higher) - count
        if used + more > room:
            break
        used, degree = used + more, higher
        for chosen in combinations_with_replacement(range(count), higher):
            if len(set(chosen)) > 1:
                parts.append(np.prod(scores[list(chosen)], axis=0)[:, None])
    return np.hstack(parts), degree < 3  # products of degree 3 need more draws than there are


def _curve(score: Floats, knots: tuple[float, ...]) -> Floats:
    """Return the columns of a cubic spline of scores, but for one: they add up to the constant."""
    from scipy.interpolate import BSpline

    ends = score.min(), score.max()
    at = np.unique([*quantiles(score, knots), *ends])
    full = np.concatenate([[ends[0]] * 3, at, [ends[1]] * 3])
    made = BSpline.design_matrix(score, full, 3).toarray()
    return np.asarray(made[:, 1:])
