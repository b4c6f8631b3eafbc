"""Numbers in the tables of a page: of people, or shares in percent."""

from __future__ import annotations

from collections.abc import Sequence

from funnelest.words import Language
from funnelest.words.digits import ANY

__all__ = ["single", "span"]


def single(
    show: Language,
    value: float,
    share: bool,
    error: float | None = None,
    within: tuple[float, float] = ANY,
) -> str:
    """Return a number, or a share with its sign; no digit is finer than its Monte Carlo error.

    A number passes no end that it lies `within`.
    """
    return f"{show.percent(value, error)}%" if share else show.number(value, 3, error, within)


def span(
    show: Language,
    low: float,
    high: float,
    share: bool,
    errors: Sequence[float | None] = (None, None),
    within: tuple[float, float] = ANY,
) -> str:
    """Return two limits as ``518-1,370``, with one sign behind shares."""
    start = single(show, low, share, errors[0], within).removesuffix("%")
    return f"{start}\u2013{single(show, high, share, errors[1], within)}"
