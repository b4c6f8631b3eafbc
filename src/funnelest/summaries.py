"""Summaries of draws: intervals that name their probability and kind, and tables as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.figures import Figure
from funnelest.sampling import is_number

if TYPE_CHECKING:
    import pandas as pd

    from funnelest.evidence.base import Evidence
    from funnelest.quantities import Quantities

__all__ = ["figure_rows", "html_table", "interval_name", "interval_problems", "summary"]

type Floats = NDArray[np.float64]


def interval_problems(probability: float, kind: str) -> list[str]:
    """Return why there is no such interval, one sentence each."""
    found = []
    if not (is_number(probability) and 0 < probability < 1):
        found.append(f"probability must lie between 0 and 1; given {probability!r}.")
    if kind not in ("equal-tailed", "highest-density"):
        found.append(f"kind must be 'equal-tailed' or 'highest-density'; given {kind!r}.")
    return found


def interval_name(probability: float, kind: str) -> str:
    """Return the name of an interval, ``95% equal-tailed``."""
    return f"{100 * probability:g}% {kind}"


def summary(draws: Floats, probability: float, kind: str) -> dict[str, float]:
    """Return mean, median, standard deviation and interval of draws."""
    if kind == "equal-tailed":
        tail = (1 - probability) / 2
        low, median, high = np.quantile(draws, [tail, 0.5, 1 - tail])
    else:
        from arviz_stats.base import array_stats

        median = np.median(draws)
        low, high = array_stats.hdi(np.asarray(draws), prob=probability)
    return {
        "mean": float(np.mean(draws)),
        "median": float(median),
        "sd": float(np.std(draws)),
        "low": float(low),
        "high": float(high),
    }


def figure_rows(source: Evidence, q: Quantities, probability: float) -> list[dict[str, Any]]:
    """Return a row per figure of a source: as given, as expected, and how far apart."""
    rows = []
    tail = (1 - probability) / 2
    for observation in source.observations(q):
        mean, sd = (np.atleast_2d(part) for part in observation.moments())
        figure = observation.figure
        if isinstance(figure, Figure):
            given, shown = [figure.middle], [figure.describe()]
        elif isinstance(figure, int | float | list | tuple | np.ndarray | np.number):
            given = [float(v) * observation.unit for v in np.atleast_1d(figure)]
            shown = [f"{value:,.6g}" for value in given]
        else:  # the user's own data: no number to compare
            given, shown = [np.nan], [str(figure)]
        for value, text, m, s in zip(given, shown, mean, sd, strict=False):
            low, median, high = np.quantile(m, [tail, 0.5, 1 - tail])
            spread = np.sqrt(np.mean(s**2) + np.var(m))
            rows.append(
                {
                    "source": source.name,
                    "figure": text,
                    "expected": float(median),
                    "low": float(low),
                    "high": float(high),
                    "residual": float((value - np.mean(m)) / spread),
                }
            )
    return rows


def html_table(table: pd.DataFrame) -> str:
    """Return a table as HTML, numbers rounded to what a reader can use."""
    shown = table.copy()
    for name in shown.columns:
        if shown[name].dtype.kind == "f":
            shown[name] = [show_number(value) for value in shown[name]]
    if "mark" in shown and not shown["mark"].any():
        shown = shown.drop(columns="mark")
    return str(shown.to_html(index=False, border=0, classes="funnelest"))


def show_number(value: float) -> str:
    """Return a number with three significant digits, or whole when it is large."""
    if not np.isfinite(value):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
