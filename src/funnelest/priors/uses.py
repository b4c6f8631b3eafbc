"""What fits where: a field that takes a prior or a number."""

from __future__ import annotations

import math
from dataclasses import replace

from funnelest.fields import plain
from funnelest.figures.base import Figure
from funnelest.numbers import given
from funnelest.priors.base import Prior, is_real
from funnelest.priors.fixed import Fixed
from funnelest.priors.shared import Shared
from funnelest.priors.uniform import Uniform

__all__ = ["as_prior", "prior_problems", "within"]


def as_prior(value: object) -> Prior:
    """Return `value` as a prior: a plain number becomes `Fixed`.

    A printed figure, such as ``Rounded(0.3, to=0.1)``, is any number that prints as it.
    """
    if isinstance(value, Prior):
        return value
    if isinstance(value, Figure):
        return _of_figure(value)
    number = plain(value)
    if is_real(number):
        return Fixed(float(number))
    return Fixed(math.nan, trouble=f"a prior or a number is needed; {given(value)}.")


def _of_figure(figure: Figure) -> Prior:
    wrong = figure.problems()
    ends = None if wrong else figure.reals()
    if ends is None:
        kind = type(figure).__name__
        trouble = wrong[0] if wrong else f"{kind} does not say between which numbers it lies."
        return Fixed(math.nan, trouble=trouble)
    low, high = map(float, ends)
    if low == high:
        return Fixed(low)
    return Uniform(low, high)


def within(prior: Prior, low: float, high: float) -> Prior:
    """Return `prior`, restricted to (`low`, `high`) when its support reaches beyond."""
    if isinstance(prior, Shared):
        return replace(prior, limits=(low, high))
    if isinstance(prior, Fixed) or prior.problems():
        return prior
    a, b = prior.support
    return prior if a >= low and b <= high else prior.narrowed(low, high)


def prior_problems(
    fieldname: str,
    value: object,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    above: bool = False,
) -> list[str]:
    """Return why a field is neither a prior nor a number between the limits, one sentence each.

    With `above` the lower limit itself is not allowed. A prior of which less than half lies between
    the limits was meant for something else: it would be cut to what nobody stated.
    """
    if value is None:
        return [f"field {fieldname!r} needs a prior, or a number that is taken as known."]
    prior = as_prior(value)
    found = [f"field {fieldname!r}: {text}" for text in prior.problems()]
    if found or isinstance(prior, Shared):
        return found
    limits = f"above {low:g}" if above else f"at least {low:g}"
    if math.isfinite(high):
        limits = f"{limits} and at most {high:g}" if above else f"between {low:g} and {high:g}"
    a, b = prior.support
    if isinstance(prior, Fixed):
        inside = low < prior.value <= high if above else low <= prior.value <= high
        return [] if inside else [f"field {fieldname!r} must be {limits}; given {prior.value:g}."]
    if a >= low and b <= high:
        return []
    share = 0.0
    if b > low and a < high:
        share = float(prior.cdf(min(b, high))) - float(prior.cdf(max(a, low)))
    if share >= 0.5:
        return []
    return [
        f"field {fieldname!r} must be {limits}, where {prior.describe()} has "
        f"{'no' if share < 1e-12 else f'only {share:.1%}'} probability: what is left of it would "
        "hardly be what was stated."
    ]
