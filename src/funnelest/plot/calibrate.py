"""Calibration: whether true values rank evenly, are recovered, and lie in their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from funnelest.check.calibration import uniform
from funnelest.check.calibration.judging import LEVEL, PROBABILITIES
from funnelest.entry import entry
from funnelest.plot.base import Language, drawing, wrap
from funnelest.plot.base.frame import EDGE, Frame
from funnelest.plot.base.marks import BLUE, GREY, INK, LIGHT, ORANGE
from funnelest.sampling.weights import quantiles
from funnelest.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["calibrate"]

_KINDS = ("ecdf", "ranks", "recovery", "coverage")
_WIDTH, _PANEL, _LEFT = 7.0, 1.35, 0.5  # inches
_COLUMNS = 3
_SHOWN = 100


@entry
def calibrate(
    verdict: Verdict,
    *,
    kind: Literal["ecdf", "ranks", "recovery", "coverage"] = "ecdf",
    quantities: Sequence[str] | None = None,
    title: str = "",
    language: str = "en",
) -> Figure:
    """Draw what simulation-based calibration found, one panel per quantity.

    Parameters
    ----------
    verdict : Verdict
        What `funnelest.check.calibrate` gave.
    kind : {"ecdf", "ranks", "recovery", "coverage"}
        The distribution of the ranks minus the uniform one, with simultaneous bands; their
        histogram, with bands; truth against posterior median; or how often intervals held the
        truth.
    quantities : sequence of str, optional
        Names of what is shown; everything when left out.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the fixed texts.

    Returns
    -------
    matplotlib.figure.Figure
        7 inches wide, three panels in a row. Panels of quantities that fail say so in words.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.

    Notes
    -----
    The bands of the ECDF are those of the test: Säilynoja, Bürkner and Vehtari, Stat Comput
    2022;32:32.
    """
    more = _problems(verdict, kind, quantities)
    with drawing("verdict", verdict, "calibrate", language, more, title=title) as show:
        names = list(verdict.details["names"]) if quantities is None else list(quantities)
        return _drawn(verdict.in_language(language), kind, names, title, show)


def _drawn(check: Verdict, kind: str, names: list[str], title: str, show: Language) -> Figure:
    columns = min(_COLUMNS, len(names))
    room = (_WIDTH - _LEFT - EDGE) / columns
    width = room - 0.45 if kind == "recovery" else room - 0.3
    labels = [wrap(_label(name, check, show), 7, width) for name in names]
    deep = 0.14 * max(len(one) for one in labels) + 0.06
    step = deep + _PANEL + 0.3
    high = math.ceil(len(names) / columns) * step
    made = check.details["replicates"]
    note = show(f"plot.calibrate.{kind}", n=made, p=100 * (1 - LEVEL),
                m=len(check.details["names"]), shown=min(_SHOWN, made))  # fmt: skip
    if kind == "recovery":
        note += " " + show("plot.calibrate.missed")
    frame = Frame(
        [("title", title), ("mark", check.mark)], [], note, width=_WIDTH, high=high + 0.15
    )
    sheet, top = frame.sheet, frame.top - 0.08
    draw = {"ecdf": _ecdf, "ranks": _ranks, "recovery": _recovery, "coverage": _coverage}[kind]
    for i, name in enumerate(names):
        row, column = divmod(i, columns)
        left, above = _LEFT + column * room, top + row * step + deep
        ax = sheet.panel(left, above, width, _PANEL)
        ax.tick_params(labelsize=6, length=2)
        for j, line in enumerate(reversed(labels[i])):
            sheet.text(left, above - 0.08 - 0.14 * j, line, 7)
        draw(ax, check, name, show)
    label = show(f"plot.calibrate.{kind}_x", of=check.details["ranked"])
    sheet.text((_LEFT + _WIDTH - EDGE) / 2, top + high + 0.1, label, 8, ha="center")
    sheet.text(0.11, top + high / 2, show(f"plot.calibrate.{kind}_y"), 8, rotation=90, ha="center")
    return frame.figure


def _label(name: str, check: Verdict, show: Language) -> str:
    text = show.say(next(one for one in check.details["names"] if one == name))  # not the user's
    off = name in check.details["off"]
    return f"{text} \u2013 {show('plot.calibrate.off').upper()}" if off else text


def _known(check: Verdict, name: str) -> Any:
    return check.tables["ranks"][name].dropna().to_numpy(dtype=np.intp)


def _ecdf(ax: Axes, check: Verdict, name: str, show: Language) -> None:
    ranks = _known(check, name)
    if not len(ranks):
        return
    size, of = len(ranks), check.details["ranked"]
    at = np.arange(1, of + 1) / (of + 1)
    low, high = uniform.bands(size, of, 1 - LEVEL / len(check.details["names"]))
    ends = [0.0, *at, 1.0]
    ax.fill_between(ends, [0.0, *(low / size - at), 0.0], [0.0, *(high / size - at), 0.0],
                    color="#d9d9d9", linewidth=0)  # fmt: skip
    line = uniform.below(ranks, of) / size - at
    off = name in check.details["off"]
    ax.plot(ends, [0.0, *line, 0.0], color=ORANGE if off else BLUE, linewidth=1.6 if off else 1.1,
            linestyle=(0, (3, 1)) if off else "-", zorder=3)  # fmt: skip
    ax.axhline(0, color=GREY, linewidth=0.6, zorder=2)
    reach = 1.15 * max(np.abs(line).max(), np.abs(high / size - at).max())
    ax.set_ylim(-reach, reach)
    ax.set_xlim(0, 1)
    _ticks(ax, show, x=(0, 0.5, 1), few=True)


def _ranks(ax: Axes, check: Verdict, name: str, show: Language) -> None:
    from scipy.stats import binom

    ranks = _known(check, name)
    if not len(ranks):
        return
    number = uniform.bins(len(ranks), check.details["ranked"])
    counts = np.bincount(ranks * number // (check.details["ranked"] + 1), minlength=number)
    wide = (check.details["ranked"] + 1) / number
    tail = LEVEL / len(check.details["names"]) / number / 2
    low, high = binom.ppf([tail, 1 - tail], len(ranks), 1 / number)
    ax.axhspan(low, high, color="#d9d9d9", linewidth=0)
    outside = (counts < low) | (counts > high)
    bars = ax.bar(np.arange(number) * wide, counts, width=wide, align="edge", color=LIGHT,
                  edgecolor=BLUE, linewidth=0.6, alpha=0.8, zorder=2)  # fmt: skip
    for bar, one in zip(bars, outside, strict=True):
        if one:
            bar.set(hatch="////", edgecolor=ORANGE)
    ax.axhline(len(ranks) / number, color=GREY, linewidth=0.6, zorder=3)
    ax.set_xlim(0, check.details["ranked"] + 1)
    ax.set_ylim(0, 1.15 * max(high, counts.max()))
    _ticks(ax, show, x=(0, 50, 100), few=True)


def _recovery(ax: Axes, check: Verdict, name: str, show: Language) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator

    table = check.in_language("en").tables["recovered"]  # by names as they were asked for
    rows = table[table["quantity"] == name].dropna().head(_SHOWN)
    if not len(rows):
        return
    truth, median = rows["truth"].to_numpy(), rows["median"].to_numpy()
    low, high = rows["low"].to_numpy(), rows["high"].to_numpy()
    missed = (truth < low) | (truth > high)
    for where, colour, shape in ((~missed, BLUE, "o"), (missed, ORANGE, "^")):
        ax.errorbar(truth[where], median[where],
                    yerr=[(median - low)[where], (high - median)[where]], color=colour,
                    marker=shape, markersize=2.2 if shape == "o" else 3.5, linestyle="none",
                    elinewidth=0.4, markeredgewidth=0, zorder=2 + (shape == "^"))  # fmt: skip
    ends = np.array([min(truth.min(), low.min()), max(truth.max(), high.max())])
    log = ends[0] > 0 and quantiles(truth, 0.9) > 8 * quantiles(truth, 0.1)
    ax.plot(ends, ends, color=INK, linewidth=0.7, zorder=1)
    for axis, set_scale in ((ax.xaxis, ax.set_xscale), (ax.yaxis, ax.set_yscale)):
        if not log:
            continue
        set_scale("log")
        powers = range(math.ceil(math.log10(ends[0])), math.floor(math.log10(ends[1])) + 1)
        every = math.ceil(len(powers) / 3) if len(powers) else 1
        axis.set_major_locator(FixedLocator([10.0**p for p in powers][::every]))
        axis.set_minor_locator(NullLocator())
    _ticks(ax, show, few=not log)


def _coverage(ax: Axes, check: Verdict, name: str, show: Language) -> None:
    row = next(one for one in check.rows["quantities"] if one["quantity"] == name)
    keys = [f"coverage_{100 * p:.0f}" for p in PROBABILITIES]
    share = np.array([row[key] for key in keys], dtype=float)
    low = np.array([row[f"{key}_low"] for key in keys], dtype=float)
    high = np.array([row[f"{key}_high"] for key in keys], dtype=float)
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=0.7)
    off = (np.array(PROBABILITIES) < low) | (np.array(PROBABILITIES) > high)
    for where, colour, shape in ((~off, BLUE, "o"), (off, ORANGE, "^")):
        ax.errorbar(np.array(PROBABILITIES)[where], share[where],
                    yerr=[(share - low)[where], (high - share)[where]], color=colour, marker=shape,
                    markersize=4, linestyle="none", elinewidth=1.0, capsize=2)  # fmt: skip
    ax.set_xlim(0.4, 1.0)
    ax.set_ylim(min(0.3, float(np.nanmin(low)) - 0.05), 1.02)
    _ticks(ax, show, x=PROBABILITIES, few=True)


def _ticks(ax: Axes, show: Language, x: Sequence[float] | None = None, few: bool = False) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

    if x is not None:
        ax.xaxis.set_major_locator(FixedLocator(list(x)))
    elif few:
        ax.xaxis.set_major_locator(MaxNLocator(3))
    if few:
        ax.yaxis.set_major_locator(MaxNLocator(4))
    for axis, (low, high) in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        # None beyond the ends: such a label is not seen, but it is there for who measures.
        inside = [v for v in axis.get_majorticklocs() if low <= v <= high]
        axis.set_major_locator(FixedLocator(inside))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda v, _: _short(v, show)))


def _short(value: float, show: Language) -> str:
    """Return a number on an axis, with as few signs as it takes."""
    sign, size = "\u2212" if value < 0 else "", abs(value)
    for limit, unit in ((1e6, "M"), (1e4, "k")):
        if size >= limit:
            return f"{sign}{show.figure(size / (1e6 if unit == 'M' else 1e3))}{unit}"
    return sign + show.figure(round(size, 9))


def _problems(check: Any, kind: Any, quantities: Any) -> list[str]:
    found = []
    if kind not in _KINDS:
        found.append(f"kind must be one of {', '.join(map(repr, _KINDS))}; given {kind!r}.")
    if quantities is None:
        return found
    if isinstance(quantities, str) or not (isinstance(quantities, Sequence) and len(quantities)):
        found.append(f"quantities must be a list of names; given {quantities!r}.")
    elif isinstance(check, Verdict) and check.check == "calibrate":
        known = check.details["names"]
        found += [
            f"there is no quantity {name!r}; there are: {', '.join(known)}."
            for name in quantities
            if name not in known
        ]
    return found
