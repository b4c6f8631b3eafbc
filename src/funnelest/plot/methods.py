"""What several methods say of one overlap table, on one sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelest.lists.estimate import Estimate
from funnelest.plot.base import Language, drawing
from funnelest.plot.base.forest import Line, forest
from funnelest.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["methods"]

_WORDS = {
    "en": {
        "known": "people on at least one list",
        "total": "known and hidden people together: estimate and interval, of the kind below "
                 "its name",
        "bound": "lower bound, and its interval",
        "endless": "the interval has no upper end",
        "axis": "People, known and hidden together",
        "unlike": "does not reproduce the overlaps",
        "withheld": "withheld", "refused": "not for this table",
        "disagree": "The methods disagree by a factor of {ratio}",
        "agree": "The methods agree within a factor of {ratio}",
        "one": "Only one method gives a number", "none": "No method gives a number",
        "note": "Nobody has seen the hidden people. Each method assumes something else of them, "
                "and the overlaps cannot say which is right: an interval holds if its own "
                "assumption does.",
    },
    "nl": {
        "known": "personen op minstens een lijst",
        "total": "bekende en verborgen personen samen: schatting en interval, van de soort onder "
                 "de naam",
        "bound": "ondergrens, met interval",
        "endless": "het interval heeft geen bovengrens",
        "axis": "Personen, bekend en verborgen samen",
        "unlike": "reproduceert de overlap niet",
        "withheld": "niet getoond", "refused": "niet voor deze tabel",
        "disagree": "De methoden verschillen een factor {ratio}",
        "agree": "De methoden verschillen minder dan een factor {ratio}",
        "one": "Slechts een methode geeft een getal", "none": "Geen methode geeft een getal",
        "note": "Niemand heeft de verborgen personen gezien. Elke methode neemt iets anders over "
                "hen aan, en de overlap kan niet zeggen wat klopt: een interval geldt als de eigen "
                "aanname geldt.",
    },
}  # fmt: skip


def methods(compared: Verdict, *, title: str = "", language: str = "en") -> Figure:
    """Draw the totals of several methods, and first how far they disagree.

    Parameters
    ----------
    compared : Verdict
        What `funnelest.lists.compare_methods` gave.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the fixed texts; names of methods and intervals are in English.

    Returns
    -------
    matplotlib.figure.Figure
        7.5 inches wide and as high as its lines need.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("compared", compared, "compare_methods", language) as show:
        words, details = _WORDS[language], compared.details
        lines = [
            Line(
                one.method,
                one.known,
                one.total,
                one.interval,
                _under(one, compared, words),
                one.lower_bound,
                words["withheld"],
            )
            for one in compared.found
        ]
        lines += [
            Line(name, details["known"], float("nan"), None, said=words["refused"])
            for name in details["refused"]
        ]
        labels = (words["known"], words["total"], words["bound"], words["endless"])
        said = ("mark" if details["disagree"] else "subtitle", _verdict(compared, words, show))
        return forest(
            lines,
            head=[("title", title), said],
            labels=labels,
            axis=words["axis"],
            note=words["note"],
            show=show,
        )


def _under(one: Estimate, compared: Verdict, words: dict[str, str]) -> str:
    """Return what stands below the name: the kind of the interval, and a failed check."""
    said = [one.interval_name] if one.interval is not None else []
    if not compared.details["reproduced"].get(one.method, True):
        said.append(words["unlike"])
    return "; ".join(said)


def _verdict(compared: Verdict, words: dict[str, str], show: Language) -> str:
    details = compared.details
    count = len(details["shown"])
    if count < 2:
        return words["one" if count else "none"]
    ratio = show.given(f"{details['ratio']:.{1 if details['disagree'] else 2}f}")
    return words["disagree" if details["disagree"] else "agree"].format(ratio=ratio)
