"""Where each printed figure lies in what the other sources foretell of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelest.check.conflicting import Compared, Conflict
from funnelest.plot.base import Language, drawing
from funnelest.plot.base.tails import MOST, Place, places

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["conflict"]

_WORDS = {
    "en": {
        "label": "Place of the printed figure in what the other sources foretell (normal scale)",
        "low": "lower than foretold", "high": "higher than foretold",
        "bad": "in conflict after correction for the number of figures (Holm)",
        "apart": "stands apart: beyond the {p}% interval, uncorrected",
        "fine": "as foretold", "prior": "only a prior to compare with: no confirmation",
        "limit": "a limit, of which one side can be passed", "gone": "not compared",
        "band": "{interval} of what is foretold (predictive)",
        "column": "printed; foretold", "no": "not compared",
        "note": "Each source was left out in turn, its own unknowns keeping their prior. At the "
                "right the figure as printed, and median and {interval} of what is foretold. "
                "{apart} of {all} figures stand apart, where chance puts about {chance}. No source "
                "was left out of the result for it.",
        "few": " Drawn are the {most} figures farthest out, of {all}.",
    },
    "nl": {
        "label": "Plaats van het gepubliceerde cijfer in de verwachting van de andere bronnen "
                 "(normale schaal)",
        "low": "lager dan verwacht", "high": "hoger dan verwacht",
        "bad": "in strijd na correctie voor het aantal cijfers (Holm)",
        "apart": "valt op: buiten het {p}%-interval, zonder correctie",
        "fine": "zoals verwacht", "prior": "alleen met een prior te vergelijken: geen bevestiging",
        "limit": "een grens, die maar aan \u00e9\u00e9n kant overschreden kan worden",
        "gone": "niet vergeleken",
        "band": "{interval} van wat verwacht wordt (predictief)",
        "column": "gepubliceerd; verwacht", "no": "niet vergeleken",
        "note": "Elke bron is op haar beurt weggelaten; haar eigen onbekenden houden hun prior. "
                "Rechts het cijfer zoals gepubliceerd, en mediaan en {interval} van wat verwacht "
                "wordt. {apart} van {all} cijfers vallen op, waar toeval er ongeveer {chance} "
                "geeft. Geen bron is er om uit het resultaat weggelaten.",
        "few": " Getekend zijn de {most} cijfers die het verst afliggen, van {all}.",
    },
}  # fmt: skip

_MARKS = {
    "SOURCES IN CONFLICT:": "BRONNEN IN STRIJD:",
    "SOURCES IN CONFLICT WITH THEIR PRIOR:": "BRONNEN IN STRIJD MET HUN PRIOR:",
    "NOT COMPARED WITH THE OTHERS:": "NIET MET DE ANDERE VERGELEKEN:",
}


def conflict(conflict: Conflict, *, title: str = "", language: str = "en") -> Figure:
    """Draw where each printed figure lies in what the other sources foretell of it.

    Parameters
    ----------
    conflict : Conflict
        What `funnelest.check.conflict` gave.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the fixed texts.

    Returns
    -------
    matplotlib.figure.Figure
        7.5 inches wide and as high as its lines need; of more than 60 figures the farthest out.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("conflict", conflict, Conflict, language) as show:
        return _drawn(conflict, title, show)


def _drawn(found: Conflict, title: str, show: Language) -> Figure:
    words = _WORDS[show.code]
    verdicts = dict(zip(map(id, found.figures), found.table["verdict"], strict=True))

    def kind(one: Compared) -> str:
        verdict = verdicts[id(one)]
        if verdict == "not compared":
            return "gone"
        if verdict in ("in conflict", "stands apart"):
            return "bad" if verdict == "in conflict" else "apart"
        if one.against == "prior":
            return "prior"
        return "limit" if one.limit else "fine"

    def beside(one: Compared) -> str:
        figure = show.given(one.figure)
        if verdicts[id(one)] == "not compared":
            return f"{figure}; {words['no']}"
        return f"{figure}; {show.numbers(one.median, one.low, one.high)}"

    shown = found.figures
    if len(shown) > MOST:  # those without a place among the farthest
        far = sorted(shown, key=lambda one: one.p if one.p == one.p else 0.0)[:MOST]
        kept = set(map(id, far))
        shown = tuple(one for one in shown if id(one) in kept)
    rows = [Place(one.name, one.mid_p, kind(one), beside(one)) for one in shown]
    interval, percent = show.interval(found.probability), show.figure(100 * found.probability)
    note = words["note"].format(
        interval=interval,
        apart=len(found.apart),
        all=sum(one.against == "other sources" for one in found.figures),
        chance=show.number(found.expected_apart, 2),
    )
    if len(rows) < len(found.figures):
        note += words["few"].format(most=MOST, all=show.figure(len(found.figures)))
    mark = found.mark
    for english, dutch in _MARKS.items():
        mark = mark.replace(english, dutch) if show.code == "nl" else mark
    marks = "; ".join(part for part in (found.result_mark, mark) if part)
    return places(
        rows,
        head=[("title", title), ("mark", marks)],
        kinds={
            name: words[name].format(p=percent)
            for name in ("bad", "apart", "fine", "limit", "prior", "gone")
        },
        tail=(1 - found.probability) / 2,
        label=words["label"],
        sides=(words["low"], words["high"]),
        note=note,
        band=words["band"].format(interval=interval),
        column=words["column"],
        show=show,
    )
