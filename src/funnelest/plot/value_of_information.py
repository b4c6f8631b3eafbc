"""Which figure to buy next: the share of a variance that is expected to go, in ranked bars."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from funnelest.check.informing import Part, ValueOfInformation
from funnelest.plot.base import Language, drawing, framed, text_width, wrap
from funnelest.plot.base.marks import BLUE, GREY, INK

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["value_of_information"]

_RED, _LIGHT = "#c00000", "#9ecae1"
#: Inches: width of the figure, room beside the panel, and heights of rows.
_WIDTH, _LEFT, _LINE, _GAP, _HEAD = 7.0, 2.25, 0.15, 0.12, 0.24
#: Parameters that are drawn.
_MOST = 10
_WORDS = {
    "en": {
        "x": "Expected to go of the variance of {quantity}",
        "figure": "Planned figures", "parameter": "Known exactly",
        "planned": "a planned figure", "estimated": "a parameter that the figures tell of",
        "assumed": "a parameter of an assumption",
        "partly assumed": "parameters, some of them of an assumption",
        "error": "two Monte Carlo standard errors on both sides",
        "none": "not found: refits failed", "price": "{cost}: {each} per 1%",
        "dear": "{cost}",
        "width": "Width now of the {interval}: {width}.",
        "note": "Expected over {replicates} sets of data per figure, made up from the posterior: a "
                "real one may take away more, or less.",
        "apart": "Shares overlap and do not add up.",
        "more": "Not drawn: {n} more that take away less.",
        "partly imputed": "partly imputed", "imputed": "imputed",
        "rests": "The quantity is {basis}: it rests on an assumption about people whom no source "
                 "sees.",
    },
    "nl": {
        "x": "Verwachte afname van de variantie van {quantity}",
        "figure": "Geplande cijfers", "parameter": "Precies bekend",
        "planned": "een gepland cijfer", "estimated": "een parameter waar de cijfers iets over "
                                                      "zeggen",
        "assumed": "een parameter van een aanname",
        "partly assumed": "parameters, deels van een aanname",
        "error": "aan weerszijden twee Monte Carlo-standaardfouten",
        "none": "niet bepaald: herschattingen mislukt", "price": "{cost}: {each} per 1%",
        "dear": "{cost}",
        "width": "Breedte nu van het {interval}: {width}.",
        "note": "Verwacht over {replicates} gegevenssets per cijfer, verzonnen uit de posterior: "
                "een echte kan meer of minder wegnemen.",
        "apart": "De delen overlappen en tellen niet op.",
        "more": "Niet getekend: {n} andere, die minder wegnemen.",
        "partly imputed": "deels imputed (bijgeschat)", "imputed": "imputed (bijgeschat)",
        "rests": "De grootheid is {basis}: zij berust op een aanname over mensen die geen "
                 "bron ziet.",
    },
}  # fmt: skip
#: Light against dark and hatches tell them apart in print without colour.
_BARS: dict[str, dict[str, Any]] = {
    "planned": {"facecolor": BLUE, "edgecolor": BLUE},
    "estimated": {"facecolor": _LIGHT, "edgecolor": BLUE},
    "partly assumed": {"facecolor": _LIGHT, "edgecolor": BLUE, "hatch": "////"},
    "assumed": {"facecolor": "white", "edgecolor": BLUE, "hatch": "////"},
}


def value_of_information(
    value: ValueOfInformation, *, title: str = "", language: str = "en"
) -> Figure:
    """Draw the share of the variance that every planned figure, and every parameter, takes away.

    Planned figures above, in the order in which to buy them, with what they cost; below, what
    would go if parameters were known exactly, at most the ten that tell most.

    Parameters
    ----------
    value : ValueOfInformation
        What `funnelest.check.value_of_information` gave.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the fixed texts.

    Returns
    -------
    matplotlib.figure.Figure
        7 inches wide and as high as its rows need.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("value", value, ValueOfInformation, language) as show:
        return _drawn(value, title, show)


def _drawn(value: ValueOfInformation, title: str, show: Language) -> Figure:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    words = _WORDS[show.code]
    kinds = [("figure", value.ranked("figure")), ("parameter", value.ranked("parameter")[:_MOST])]
    places, heads, high = _placed([(kind, found) for kind, found in kinds if found])
    rows = [one for one, _, _ in places]
    statuses = [status for status in _BARS if any(one.status == status for one in rows)]
    keys: list[Any] = [Patch(label=words[status], **_BARS[status]) for status in statuses]
    keys.append(Line2D([], [], color=INK, linewidth=1.0, label=words["error"]))
    sides = [_beside(one, value, show) for one in rows]
    label = wrap(words["x"].format(quantity=value.quantity), 8, _WIDTH - _LEFT - 1.0)
    label += [words[value.basis]] if value.basis in words else []
    right = max([text_width(side, 7) for side in sides] + [0.0]) + 0.25
    figure, ax = framed(
        [("title", title), ("mark", value.mark), ("subtitle", "")],
        keys,
        _note(value, show),
        left=_LEFT,
        right=min(right, 2.2),
        width=_WIDTH,
        high=high,
        below=0.36 + 0.14 * len(label),
    )
    known = [one for one in rows if not math.isnan(one.reduction)]
    low = min([one.reduction - 2 * one.mc_error for one in known] + [0.0])
    top = max([max(one.reduction, 0.0) + 2 * one.mc_error for one in known] + [0.01])
    ax.set_xlim(low - 0.005 * top, 1.02 * top)
    ax.set_ylim(high, 0)
    for (one, y, lines), side in zip(places, sides, strict=True):
        ax.annotate("\n".join(lines), (0, y), (-6, 0), xycoords=("axes fraction", "data"),
                    textcoords="offset points", ha="right", va="center", fontsize=7.5,
                    color=INK, linespacing=1.1, parse_math=False)  # fmt: skip
        ax.annotate(side, (1, y), (6, 0), xycoords=("axes fraction", "data"), fontsize=7,
                    textcoords="offset points", va="center", parse_math=False,
                    color=_RED if math.isnan(one.reduction) else INK)  # fmt: skip
        if math.isnan(one.reduction):
            ax.plot([0], [y], "x", color=_RED, markersize=5, zorder=5, clip_on=False)
            continue
        ax.barh(y, max(one.reduction, 0.0), height=0.13, linewidth=0.8, zorder=3,
                **_BARS[one.status])  # fmt: skip
        reach = (one.reduction - 2 * one.mc_error, one.reduction + 2 * one.mc_error)
        ax.plot(reach, [y, y], color="white", linewidth=2.6, zorder=4, solid_capstyle="butt")
        ax.plot(reach, [y, y], color=INK, linewidth=1.0, zorder=5, solid_capstyle="butt")
    for kind, y in heads:
        ax.annotate(words[kind], (0, y), (-6, 0), xycoords=("axes fraction", "data"), ha="right",
                    textcoords="offset points", va="center", fontsize=8, fontweight="bold",
                    color=INK)  # fmt: skip
    ax.axvline(0, color=GREY, linewidth=0.8, zorder=2)
    ax.spines["left"].set_visible(False)
    ax.set_yticks([])
    ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{show.figure(round(100 * v, 6))}%"))
    ax.set_xlabel("\n".join(label), fontsize=8, color=INK, parse_math=False)
    if value.mark:
        ax.text(0.5, 0.5, value.mark, transform=ax.transAxes, ha="center", va="center",
                fontsize=18, rotation=20, color=_RED, alpha=0.22, fontweight="bold",
                zorder=6)  # fmt: skip
    return figure


def _placed(
    kinds: list[tuple[str, list[Part]]],
) -> tuple[list[tuple[Part, float, list[str]]], list[tuple[str, float]], float]:
    """Return height and lines of every row, the height of every heading, and of all together."""
    places: list[tuple[Part, float, list[str]]] = []
    heads: list[tuple[str, float]] = []
    y = 0.0
    for kind, found in kinds:
        heads.append((kind, y + _HEAD / 2))
        y += _HEAD
        for one in found:
            lines = wrap(one.name, 7.5, _LEFT - 0.25)
            room = max(_LINE * len(lines), 0.13) + _GAP / 2
            places.append((one, y + room / 2, lines))
            y += room
        y += _GAP
    return places, heads, y


def _beside(one: Part, value: ValueOfInformation, show: Language) -> str:
    """Return the share of a row, and what it costs."""
    words = _WORDS[show.code]
    if math.isnan(one.reduction):
        return words["none"]
    share = f"{show.percent(one.reduction)}%" if one.told else f"<{show.percent(_most(one))}%"
    if one.cost is None:
        return share
    unit = f" {value.currency}" if value.currency else ""
    cost = f"{show.number(one.cost)}{unit}"
    if math.isnan(one.cost_per_percent):
        return f"{share}   {words['dear'].format(cost=cost)}"
    each = show.number(one.cost_per_percent)
    return f"{share}   {words['price'].format(cost=cost, each=each)}"


def _most(one: Part) -> float:
    """Return what it takes away at most, where that is not told from nothing."""
    return max(one.reduction, 0.0) + 2 * one.mc_error


def _note(value: ValueOfInformation, show: Language) -> str:
    words = _WORDS[show.code]
    said = [
        words["width"].format(
            interval=show.interval(value.probability), width=show.number(value.width_now)
        )
    ]
    if value.figures:
        said.append(words["note"].format(replicates=show.figure(value.replicates)))
    said.append(words["apart"])
    left_out = len(value.parameters) - _MOST
    if left_out > 0:
        said.append(words["more"].format(n=show.figure(left_out)))
    if words.get(value.basis):
        said.append(words["rests"].format(basis=words[value.basis]))
    return " ".join(said)
