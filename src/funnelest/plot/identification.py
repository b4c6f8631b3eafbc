"""What the figures can tell, before a fit: of every quantity and parameter, against its prior."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isnan
from typing import TYPE_CHECKING, Any

from funnelest.check.identifying import Identification, Standing
from funnelest.plot.base import Language, drawing, framed, text_width, wrap
from funnelest.plot.base.marks import BLUE, GREY, INK, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["identification"]

_RED, _LIGHT = "#c00000", "#9ecae1"
#: Inches: width of the figure and of a line, room for labels at most, and for verdicts.
_WIDTH, _LINE, _LEFT, _RIGHT = 7.0, 0.15, 2.9, 1.25
#: Parameters that are drawn, and further figures that are named.
_MOST, _BEST = 40, 3
_WORDS = {
    "en": {
        "x": "Part of the prior variance",
        "taken": "taken away by the figures as they are",
        "more": "could be taken away by larger sources of the same kind",
        "kept": "stays however large these sources are: only the prior speaks",
        "quantities": "Quantities",
        "set": "Confounded parameters, set {i}: the figures see {seen} of {all} directions",
        "known": "Parameters that the figures identify",
        "alone": "Parameters that no figure tells of",
        "decided": "Priors, and not the figures, decide {n} of {all} quantities.",
        "passed": "The figures decide all {all} quantities.",
        "rank": "{figures} figures tell {rank} of {all} directions apart in which the unknown "
                "parameters can change.",
        "next": "A further figure of \u201c{name}\u201d would free {frees}.",
        "note": "Before a fit, in linear approximation at {points} points of the prior. A further "
                "figure is taken alone, as exact and of everybody. A parameter with the name of a "
                "transition may be the share of those who went nowhere else before.",
        "left out": "{n} parameters are not drawn; they are in the table of the check.",
        "imprecise": "Of figures whose precision is not known nothing is taken away: {names}.",
        "fixed": "known", "identified": "identified", "nearly": "nearly: priors help",
        "weak": "too few figures", "not identified": "not identified", "unseen": "not seen",
        "scatter": "only in scatter", "unknown": "not computed", "and": " and ",
    },
    "nl": {
        "x": "Deel van de priorvariantie",
        "taken": "weggenomen door de cijfers zoals zij zijn",
        "more": "weg te nemen door grotere bronnen van dezelfde soort",
        "kept": "blijft hoe groot deze bronnen ook zijn: alleen de prior spreekt",
        "quantities": "Grootheden",
        "set": "Verstrengelde parameters, groep {i}: de cijfers zien {seen} van {all} richtingen",
        "known": "Parameters die de cijfers vastleggen",
        "alone": "Parameters waarover geen cijfer iets zegt",
        "decided": "Niet de cijfers maar priors bepalen {n} van {all} grootheden.",
        "passed": "De cijfers bepalen alle {all} grootheden.",
        "rank": "{figures} cijfers onderscheiden {rank} van {all} richtingen waarin de onbekende "
                "parameters kunnen veranderen.",
        "next": "Een extra cijfer \u201c{name}\u201d zou {frees} vastleggen.",
        "note": "V\u00f3\u00f3r een schatting, lineair benaderd in {points} punten van de prior. "
                "Een extra cijfer telt op zichzelf, als exact en over iedereen. Een parameter met "
                "de naam van een overgang kan het deel zijn van wie nog nergens anders heen ging.",
        "left out": "{n} parameters zijn niet getekend; zij staan in de tabel van de controle.",
        "imprecise": "Van cijfers waarvan de nauwkeurigheid onbekend is telt niets als "
                     "weggenomen: {names}.",
        "fixed": "bekend", "identified": "vastgelegd", "nearly": "bijna: priors helpen",
        "weak": "te weinig cijfers", "not identified": "niet vastgelegd", "unseen": "niet gezien",
        "scatter": "alleen in spreiding", "unknown": "niet berekend", "and": " en ",
    },
}  # fmt: skip
_DUTCH = (
    (r"^number at (.+)$", r"aantal bij \1"),
    (r"^(.+) directly after (.+)$", r"\1 rechtstreeks na \2"),
    (r"^(.+) after (.+), by any path$", r"\1 na \2, langs welke weg ook"),
    (r"^share of (.+) who go directly to (.+)$", r"aandeel van \1 dat rechtstreeks naar \2 gaat"),
    (r"^share of (.+) who reach (.+), by any path$",
     r"aandeel van \1 dat \2 bereikt, langs welke weg ook"),
    (r"^a study of (.+)$", r"een onderzoek naar \1"),
)  # fmt: skip


def identification(
    identification: Identification, *, title: str = "", language: str = "en"
) -> Figure:
    """Draw how much the figures can tell of every quantity and parameter, against its prior.

    One bar each, in three parts that make the prior variance: what the figures as they are take
    away, what larger sources of the same kind could, and what stays however large they are. The
    parameters stand by the sets in which they are confounded. Which further figure would free
    what is said above.

    Parameters
    ----------
    identification : Identification
        What `funnelest.check.identification` gave.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the fixed texts.

    Returns
    -------
    matplotlib.figure.Figure
        7 inches wide and as high as its rows need. Of more than 40 parameters those of which most
        stays are drawn.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("identification", identification, Identification, language) as show:
        return _Drawing(identification, show).drawn(title)


class _Drawing:
    """The rows of the figure, and how they are drawn.

    Parameters
    ----------
    found : Identification
        What is drawn.
    show : Language
        How numbers and names are written.
    """

    def __init__(self, found: Identification, show: Language) -> None:
        self.found, self.show, self.words = found, show, _WORDS[show.code]
        #: Headings, and the rows under each.
        self.groups: list[tuple[str, Sequence[Standing]]] = [
            (self.words["quantities"], found.quantities)
        ]
        drawn = sorted(found.parameters, key=lambda one: -1.0 if isnan(one.kept) else -one.kept)
        names = {one.name for one in drawn[:_MOST]}
        self.left_out = len(found.parameters) - len(names)
        by_name = {one.name: one for one in found.parameters if one.name in names}
        in_sets = {name for one in found.confounded for name in one.members}
        for i, one in enumerate(found.confounded, 1):
            seen = len(one.members) - one.directions
            heading = self.words["set"].format(i=i, seen=seen, all=len(one.members))
            self._add(heading, [by_name[n] for n in one.members if n in by_name])
        rest = [one for name, one in by_name.items() if name not in in_sets]
        self._add(self.words["alone"], [one for one in rest if not one.identified])
        self._add(self.words["known"], [one for one in rest if one.identified])

    def _add(self, heading: str, rows: Sequence[Standing]) -> None:
        if rows:
            self.groups.append((heading, rows))

    def _named(self, name: str) -> str:
        """Return a name that the check made in the language of the figure."""
        for pattern, wanted in _DUTCH if self.show.code == "nl" else ():
            if re.match(pattern, name):
                return re.sub(pattern, wanted, name)
        return name

    def drawn(self, title: str) -> Figure:
        """Return the figure."""
        from matplotlib.patches import Patch

        labels = [self._named(one.name) for _, rows in self.groups for one in rows]
        widest = max((text_width(text, 7.5) for text in labels), default=0.5)
        left = min(max(widest + 0.3, 1.0), _LEFT)
        placed, high = self._placed(left)
        keys = [
            Patch(facecolor=BLUE, edgecolor=BLUE, label=self.words["taken"]),
            Patch(facecolor=_LIGHT, edgecolor=BLUE, linewidth=0.6, label=self.words["more"]),
            Patch(facecolor="white", edgecolor=ORANGE, hatch="/////", linewidth=0.6,
                  label=self.words["kept"]),
        ]  # fmt: skip
        figure, ax = framed(
            self._head(title), keys, self._note(), left=left, right=_RIGHT, width=_WIDTH, high=high
        )
        self._axes(ax, high)
        room = _WIDTH - left - _RIGHT
        for y, heading, lines, one in placed:
            if one is None:
                ax.text(0.12 - left, y, heading, transform=self._inches(ax, room), fontsize=7.5,
                        fontweight="bold", color=INK, va="center", parse_math=False)  # fmt: skip
                continue
            ax.text(-0.06, y, "\n".join(lines), transform=self._inches(ax, room), fontsize=7.5,
                    color=INK, ha="right", va="center", linespacing=1.1,
                    parse_math=False)  # fmt: skip
            self._bar(ax, y, one)
            wrong = one.decided_by_priors and one in self.found.quantities
            ax.text(room + 0.06, y, self.words[one.verdict], transform=self._inches(ax, room),
                    fontsize=7, color=_RED if wrong else GREY, va="center",
                    fontweight="bold" if wrong else "normal")  # fmt: skip
        return figure

    def _placed(self, left: float) -> tuple[list[tuple[float, str, list[str], Any]], float]:
        """Return place, heading, label lines and thing of each row, and the height of them all."""
        made: list[tuple[float, str, list[str], Any]] = []
        y = 0.0
        for heading, rows in self.groups:
            y += 0.1 if not made else 0.2
            for line in wrap(heading, 7.5, _WIDTH - 0.3, bold=True):
                made.append((y, line, [], None))
                y += _LINE
            y += 0.04
            for one in rows:
                lines = wrap(self._named(one.name), 7.5, left - 0.2)
                extra = 0.12 * (len(lines) - 1)
                made.append((y + extra / 2, "", lines, one))
                y += _LINE + 0.03 + extra
        return made, y

    @staticmethod
    def _inches(ax: Axes, room: float) -> Any:
        """Return the transform of inches from the left of the panel, and rows."""
        from matplotlib.transforms import Affine2D, blended_transform_factory

        return blended_transform_factory(
            Affine2D().scale(1 / room, 1.0) + ax.transAxes, ax.transData
        )

    def _axes(self, ax: Axes, high: float) -> None:
        from matplotlib.ticker import FuncFormatter

        ax.set_ylim(high, 0)
        ax.set_xlim(0, 1)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ax.set_xticks([0, 0.25, 0.5, 0.75, 1])
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.0f}%"))
        ax.set_xlabel(self.words["x"], fontsize=8, color=INK)

    def _bar(self, ax: Axes, y: float, one: Standing) -> None:
        from matplotlib.patches import Rectangle

        if isnan(one.taken):  # fixed, or nothing could be computed
            return
        kept = min(one.kept, 1 - one.taken)
        parts: list[tuple[float, float, dict[str, Any]]] = [
            (0.0, one.taken, {"facecolor": BLUE, "edgecolor": BLUE}),
            (one.taken, 1 - one.taken - kept, {"facecolor": _LIGHT, "edgecolor": BLUE}),
            (1 - kept, kept, {"facecolor": "white", "edgecolor": ORANGE, "hatch": "/////"}),
        ]
        for start, length, style in parts:
            if length > 0.002:
                ax.add_patch(
                    Rectangle((start, y - 0.055), length, 0.11, linewidth=0.6, zorder=3, **style)
                )

    def _head(self, title: str) -> list[tuple[str, str]]:
        found, words = self.found, self.words
        count = len(found.quantities)
        verdict = words["decided" if found.failed else "passed"]
        head = [
            ("title", title),
            ("mark", found.mark),
            ("subtitle", verdict.format(n=len(found.failed), all=count)),
            ("subtitle", words["rank"].format(figures=found.figures, rank=found.rank,
                                              all=len(found.parameters))),
        ]  # fmt: skip
        for one in found.best[:_BEST]:
            frees = [self._named(name) for name in one.frees]
            listed = words["and"].join([", ".join(frees[:-1]), frees[-1]] if frees[1:] else frees)
            head.append(("subtitle", words["next"].format(name=self._named(one.name),
                                                          frees=listed)))  # fmt: skip
        return head

    def _note(self) -> str:
        said = [self.words["note"].format(points=len(self.found.ranks))]
        if self.left_out:
            said.append(self.words["left out"].format(n=self.left_out))
        if self.found.imprecise:
            names = ", ".join(self.found.imprecise)
            said.append(self.words["imprecise"].format(names=names))
        return " ".join(said)
