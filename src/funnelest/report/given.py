"""The figures that went in, beside what is expected of them, on a page."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from funnelest.report.content import Content
from funnelest.report.written import single, span
from funnelest.words import Language

__all__ = ["given"]

type Figures = Sequence[Mapping[str, Any]]


def given(figures: Figures, show: Language, table: Callable[..., Content]) -> list[Content]:
    """Return the table of figures, and that of what registers are estimated to hold.

    `table` makes one of the key of a caption, columns and rows.
    """
    if not figures:
        return [Content(paragraphs=[show("page.none")])]
    return [_given(figures, show, table), *_registers(figures, show, table)]


def _given(figures: Figures, show: Language, table: Callable[..., Content]) -> Content:
    rows = []
    for row in figures:
        apart = row["residual"]
        unused = "" if row["used"] else f" ({show('page.not_used')})"
        cells = [
            _named(row, show),
            show.given(row["figure"]) + unused,
            show.number(row["expected"], error=row["expected_mc_error"]),
            span(show, *_limits(row, "low", "high")),
            show.number(round(apart, 2)) if math.isfinite(apart) else "\u2013",
        ]
        rows.append((cells, False))
    numbers = ("figure_given", "expected", "interval", "residual")
    columns = [("source", False), *((name, True) for name in numbers)]
    return table("given_caption", columns, rows)


def _registers(figures: Figures, show: Language, table: Callable[..., Content]) -> list[Content]:
    """Return what the registers are estimated to hold; nothing where there are none."""
    known = {_named(row, show): row for row in figures if math.isfinite(row["cases_per_record"])}
    rows = []
    for name, row in known.items():
        seen = _share(row, "registered_share", True, show)
        per_record = _share(row, "cases_per_record", False, show)
        rows.append(([name, show.say(row["read_as"]), per_record, seen], False))
    columns = [("source", False), ("read_as", False), ("cases_per_record", True),
               ("registered_share", True)]  # fmt: skip
    return [table("registers_caption", columns, rows)] if rows else []


def _share(row: Mapping[str, Any], name: str, share: bool, show: Language) -> str:
    if not math.isfinite(row[name]):
        return "\u2013"
    shown = single(show, row[name], share, row[f"{name}_mc_error"])
    limits = _limits(row, f"{name}_low", f"{name}_high", share)
    return shown if limits[0] == limits[1] else f"{shown} ({span(show, *limits)})"


def _limits(
    row: Mapping[str, Any], low: str, high: str, share: bool = False
) -> tuple[float, float, bool, tuple[float, float]]:
    """Return limits, whether they are shares, and their Monte Carlo errors."""
    return row[low], row[high], share, (row[f"{low}_mc_error"], row[f"{high}_mc_error"])


def _named(row: Mapping[str, Any], show: Language) -> str:
    """Return a source, and which of its figures a row is about."""
    return f"{row['source']}, {show.say(row['of'])}" if row["of"] else str(row["source"])
