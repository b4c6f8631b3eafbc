"""What is given as a figure, or as a plain number that stands for one."""

from __future__ import annotations

from typing import Any

import numpy as np

from funnelest.figures.base import _LIMIT, Figure, printable, too_wide
from funnelest.figures.plain import Exact
from funnelest.figures.rounded import Rounded

__all__ = ["as_figure", "as_given", "figure_problems", "show_figure"]


def as_figure(value: Any, divisor: int = 1) -> Figure:
    """Return a printed number as a figure.

    A plain whole number is exact; as a mean over several years it was rounded to 1.
    """
    if isinstance(value, Figure):
        return value
    if divisor > 1 and printable(value) and float(value) == int(value):
        return Rounded(int(value), to=1)
    return Exact(value)


def figure_problems(value: object, divisor: int = 1) -> list[str]:
    """Return what is wrong with a printed number, one sentence each."""
    figure = as_figure(value, divisor)
    found = figure.problems()
    if found or not figure.bounded:
        return found
    count = figure.how_many(divisor)
    if count <= 2 * _LIMIT:
        count = len(figure.candidates(divisor))
    if not count:
        years = f" as a mean over {divisor}" if divisor > 1 else ""
        found.append(f"no whole number prints as {figure.describe()}{years}.")
    elif count > _LIMIT:
        found.append(too_wide(figure.describe(), count))
    return found


def show_figure(value: Any) -> str:
    """Return a printed number as text."""
    return as_figure(value).describe()


def as_given(old: Any, new: Any, divisor: int) -> Any:
    """Return a `new` figure, over a `divisor`, in the form in which the `old` one was given."""
    # A mean such as 240.5 may come out whole, which as a plain number would mean rounded.
    plain = isinstance(old, int | float | np.number)
    return new.value if plain and as_figure(new.value, divisor) == new else new
