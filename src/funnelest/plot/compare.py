"""What each assumption about the ages that nobody asked implies, on one sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import batched
from typing import TYPE_CHECKING, Any

from funnelest.check.compare import NO_PROBABILITY
from funnelest.entry import entry
from funnelest.plot.base import Axis, Block, Column, Language, Mark, Row, Style, drawing, rows
from funnelest.plot.base.marks import BLUE, GREY
from funnelest.results.intervals import errors_of
from funnelest.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["compare"]

_STYLES = {
    "posterior": Style(BLUE, "o", 4.5, ink="white", fill=BLUE, line=2.6),
    "prior": Style(GREY, line=0.8),
    "band": Style("#dcdcdc", bar=0.1, face="#dcdcdc"),
}


@entry
def compare(
    verdict: Verdict,
    *,
    title: str | None = None,
    transitions: bool = True,
    language: str = "en",
) -> Figure:
    """Draw what each assumption implies, with the worst-case bounds behind it.

    One panel per quantity and one line per assumption: posterior and prior interval. The panels
    of numbers and of the ratio of rates stand below each other, those of the transitions side by
    side.

    Parameters
    ----------
    verdict : Verdict
        What `funnelest.check.compare` or `funnelest.check.pool` gave.
    title : str, optional
        Title of the figure.
    transitions : bool, default True
        Whether to draw the transitions.
    language : {"en", "nl"}
        Language of the fixed texts.

    Returns
    -------
    matplotlib.figure.Figure
        7.5 inches wide and as high as the panels need.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("verdict", verdict, "compare", language, title=title) as show:
        return _drawn(verdict.in_language(language), title, transitions, show)


def _drawn(verdict: Verdict, title: str | None, transitions: bool, show: Language) -> Figure:
    about, looked = verdict.details, list(verdict.found)
    # The yearly rate is the number over the people: one of the two is enough to look at.
    shares = [one for one in looked if one.unit == "share"][1:]
    blocks = []
    for one in looked:
        if one.unit != "share":
            name, basis = show.say(one.name), show(f"plot.compare.{one.basis.replace(' ', '_')}")
            blocks.append(_block(verdict, [(one, f"{name}: {basis}")], [Column(most=1.6)], show))
    if transitions and shares:
        beside = math.ceil(len(shares) / math.ceil(len(shares) / 4))
        for several in batched(shares, beside):
            blocks.append(_block(verdict, [(one, show.say(one.name)) for one in several], [], show))
    interval = show.interval(about["probability"])
    bounds = any(len(fits) > 1 for fits in about["results"].values())
    keys = [(style, show(f"plot.compare.{name}", interval=interval))
            for name, style in _STYLES.items() if name != "band" or bounds]  # fmt: skip
    note = show("plot.compare.note")
    if about["weights"]:
        note += " " + show("plot.compare.pooled")
    title = title or show("plot.compare.title", imputed=about["imputed"])
    return rows(
        blocks, head=[("title", title)], keys=keys, note=note, show=show, most=1.85
    ).figure  # fmt: skip


def _block(
    verdict: Verdict, panels: Sequence[tuple[Any, str]], columns: list[Column], show: Language
) -> Block:
    """Return a line per assumption, with an axis for each of some quantities, and its title."""
    table = verdict.table
    marks: dict[str, list[Mark]] = {name: [] for name in dict.fromkeys(table["assumption"])}
    texts: dict[str, str] = {}
    axes = []
    for i, (one, title) in enumerate(panels):
        found = list(table[table["quantity"] == show.say(one.name)].itertuples())
        share = one.unit == "share"
        scale = 100.0 if share else 1.0
        low, high = limits = _limits(found, share)
        bands = []
        for row in found:
            texts[row.assumption] = _said(row, show)
            if _bounded(row):  # behind everything
                ends = max(row.low * scale, low), min(row.high * scale, high)
                bands.append((*ends, _STYLES["band"].face))
                continue
            marks[row.assumption] += [
                Mark(_STYLES["prior"], low=row.prior_low * scale, high=row.prior_high * scale,
                     panel=i),
                Mark(_STYLES["posterior"], row.median * scale, row.low * scale, row.high * scale,
                     panel=i),
            ]  # fmt: skip
        percent = (lambda v: f"{show.figure(round(v, 6))}%") if share else None
        axes.append(Axis(title=title, scale="linear" if share else "log", limits=limits,
                         bands=bands, write=percent))  # fmt: skip
    made = [Row(name, drawn, [texts[name]] if columns else [], least=0.24)
            for name, drawn in marks.items()]  # fmt: skip
    return Block(made, axes, columns)


def _limits(found: Sequence[Any], share: bool) -> tuple[float, float]:
    """Return the limits of the axis: all posteriors, and as much of the rest as fits."""
    fitted = [row for row in found if math.isfinite(row.median)] or found
    tops = [row.high for row in fitted if math.isfinite(row.high)] or [1.0]
    if share:
        return 0.0, min(100.0, 115.0 * max(tops))
    bottoms = [row.low for row in fitted if math.isfinite(row.low) and row.low > 0]
    low, high = min(bottoms or [max(tops) / 100]), max(tops)
    reach = max((high / low) ** 0.25, 1.3)
    return low / reach, high * reach


def _bounded(row: Any) -> bool:
    return math.isnan(row.median) and math.isfinite(row.low)


def _said(row: Any, show: Language) -> str:
    if row.mark and math.isnan(row.low):
        return show("plot.compare.failed")
    if _bounded(row):
        ends = ((row.low, row.low_mc_error), (row.high, row.high_mc_error))
        text = "\u2013".join(show.number(value, error=error) for value, error in ends)
        exact = row.interval == NO_PROBABILITY
        return f"{text}, {show('plot.compare.bounds')}" if exact else text
    return show.numbers(row.median, row.low, row.high, errors_of(row._asdict()))
