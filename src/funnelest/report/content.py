"""What stands in a section of the page: texts, tables, pictures, verdicts of checks."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from itertools import compress
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from funnelest.model.sight import CARRIED
from funnelest.results.intervals import beside_others, known_of
from funnelest.results.printing import rows_named
from funnelest.verdict import Verdict
from funnelest.words import Language, catalogue

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Content", "Table", "apart", "basis_of", "content", "name_in", "picture"]


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Parameters
    ----------
    caption : str
        What it shows.
    columns : sequence of (str, bool)
        Heading of each column, and whether it holds numbers.
    rows : sequence of (sequence of str, bool)
        Texts of each row, the first one its heading, and whether the row is imputed.
    mark : str, default ""
        What is wrong with the fit; printed with the caption.
    """

    caption: str
    columns: Sequence[tuple[str, bool]]
    rows: Sequence[tuple[Sequence[str], bool]]
    mark: str = ""


@runtime_checkable
class KnowsHtml(Protocol):
    """An object that gives itself as HTML, as notebooks ask for it."""

    def _repr_html_(self) -> str: ...


@dataclass(frozen=True)
class Content:
    """A piece of a section; the template escapes all of it but the `html`."""

    paragraphs: Sequence[str] = ()
    table: Table | None = None
    items: Sequence[Mapping[str, str]] = ()
    picture: str = ""
    alt: str = ""
    html: Any = ""
    #: What stands in place of it until a reader opens it; empty: it is open.
    fold: str = ""


def picture(figure: Figure, alt: str) -> Content:
    """Return a figure as an image inside the page, its letters drawn as shapes."""
    import matplotlib as mpl

    buffer = BytesIO()
    # The same figure gives the same bytes, and shows the same without any font.
    with mpl.rc_context({"svg.hashsalt": "funnelest", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return Content(picture=b64encode(buffer.getvalue()).decode("ascii"), alt=alt)


def content(
    what: Any, title: str, show: Language, axes: Sequence[str], marks: tuple[str, str] = ("", "")
) -> list[Content]:
    """Return what a user puts in a section.

    Parameters
    ----------
    what : str, pandas.DataFrame, matplotlib Figure, Verdict, object with ``_repr_html_``, or a list
        A text is escaped, a blank line starts a new paragraph. A table is rounded. HTML is taken
        as it is from an object that knows it is HTML. Columns of Monte Carlo errors say how far the
        columns that they are of are rounded, and are left out.
    title : str
        Title of the section; caption of its table.
    show : Language
        How numbers are written.
    axes : sequence of str
        Columns with these names hold levels, which are names and no numbers of people.
    marks : (str, str), default ("", "")
        What the tables of the result carry in English, and how the page says it. A table of which
        every row carries that has it in its caption.
    """
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.figure import Figure

    if isinstance(what, list | tuple):
        return [part for one in what for part in content(one, title, show, axes, marks)]
    if isinstance(what, Verdict):
        said = what.in_language(show.code)
        return [Content(paragraphs=[said.text], table=_frame(said.table, title, show, axes))]
    if isinstance(what, pd.DataFrame):
        return [Content(table=_frame(what, title, show, axes, marks))]
    if isinstance(what, Figure):
        return [picture(what, title)]
    if isinstance(what, KnowsHtml):
        return [Content(html=Markup(what._repr_html_()))]
    parts = [part.strip() for part in str(what).split("\n\n")]
    return [Content(paragraphs=[part for part in parts if part])]


def _frame(
    frame: Any, title: str, show: Language, axes: Sequence[str], marks: tuple[str, str] = ("", "")
) -> Table:
    shown, mark = frame, ""
    if "mark" in frame and set(frame["mark"]) <= {""}:
        shown = frame.drop(columns="mark")
    elif "mark" in frame and set(frame["mark"]) == {marks[0]}:
        shown, mark = frame.drop(columns="mark"), marks[1]
    shown = rows_named(shown)
    names = [str(name) for name in shown.columns]
    beside = beside_others(names)
    kept = [name not in beside for name in names]
    columns = [
        (str(name), kind.kind in "iuf")
        for name, kind in compress(zip(shown.columns, shown.dtypes, strict=True), kept)
    ]
    rows = []
    for every in shown.itertuples(index=False, name=None):
        row, values = dict(zip(names, every, strict=True)), list(compress(every, kept))
        texts = [
            _cell(value, name, numeric, show, axes, row)
            for value, (name, numeric) in zip(values, columns, strict=True)
        ]
        basis = [str(v) for v, (name, _) in zip(values, columns, strict=True) if name == "basis"]
        rows.append((texts, bool(basis) and apart(basis[0])))
    heads = [(show.heading(name), numeric) for name, numeric in columns]
    return Table(title, heads, rows, mark)


def _cell(
    value: Any,
    name: str,
    numeric: bool,
    show: Language,
    axes: Sequence[str],
    row: Mapping[str, Any],
) -> str:
    if isinstance(value, float):
        if not numeric:
            return "" if value != value else str(value)
        return show.number(value, 3, *known_of(row, name))
    if isinstance(value, int) and not isinstance(value, bool) and name not in axes:
        return show.figure(value)
    value = show.cell(name, value)
    if name == "unit":
        return unit_in(show, str(value))
    if name in ("quantity", "interval"):  # where the library's tables name things
        return name_in(show, str(value))
    return "" if value is None else str(value)


#: Names that the library gives in tables of numbers, the narrower one first.
_NAMES = (
    "quantity.number_where",
    "word.imputed_at",
    "word.number_at",
    "identification.directly_after",
    "identification.after",
    "identification.share_directly",
    "identification.share",
    "identification.study",
    "quantity.year",
    "quantity.first",
    "quantity.ever",
    "quantity.interval",
    "quantity.share_of",
)
_UNITS = ("quantity.people_per", "quantity.people_in", "quantity.of_those_at")


@cache
def _patterns(keys: Sequence[str]) -> list[tuple[str, re.Pattern[str]]]:
    english = catalogue("en")
    return [
        (key, re.compile(re.sub(r"\\{(\w+)[^}]*\}", r"(?P<\1>.+)", re.escape(english[key]))))
        for key in keys
    ]


def name_in(show: Language, name: str) -> str:
    """Return a name in a table, such as ``number at told``, in the language of the page.

    The only place where a name is known by its English text: a table of pandas keeps the text and
    forgets the sentence. Names that are the user's own stay as they are.
    """
    if show.code == "en":
        return name
    for key, pattern in _patterns(_NAMES):
        if found := pattern.fullmatch(name):
            return show(
                key, **{k: show.word(name_in(show, v)) for k, v in found.groupdict().items()}
            )
    return name


def unit_in(show: Language, unit: str) -> str:
    """Return what a number in a table counts, in the language of the page, as `name_in`."""
    if show.code == "en":
        return unit
    for key, pattern in _patterns(_UNITS):
        if found := pattern.fullmatch(unit):
            return show(key, **found.groupdict())
    return show.word(unit)


def apart(basis: str) -> bool:
    """Return whether a number is wholly of what no source sees in its cells."""
    return bool({"imputed", "assumed", CARRIED} & set(basis.split(", ")))


def basis_of(basis: str, show: Language) -> str:
    """Return what a number rests on, such as "partly imputed, partly assumed"."""
    return ", ".join(map(show.word, basis.split(", ")))
