"""Pieces of plain HTML: every text escaped, tables that a screen reader can follow."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

from funnelest.axes import Axis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from funnelest.plot.base import Language

__all__ = ["STYLE", "content", "document", "picture", "table"]

STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 Georgia, "Times New Roman", serif; color: #111; background: #fff;
  max-width: 56rem; margin: 2rem auto; padding: 0 1.25rem; }
h1, h2, h3, table, figcaption, .verdict, footer { font-family: "Segoe UI", Arial, sans-serif; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .75rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .5rem; border-bottom: 1px solid #111;
  padding-bottom: .15rem; }
p { margin: .5rem 0; max-width: 44rem; }
.verdict { border-left: .3rem solid #0072b2; background: #f0f0f0; padding: .5rem .75rem;
  font-size: .875rem; }
.verdict p { margin: .1rem 0; max-width: none; }
.failed { border-color: #c00000; color: #900; }
.mark { color: #c00000; font-weight: bold; }
figure { margin: 1rem 0; }
figure img { max-width: 100%; height: auto; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .8125rem; line-height: 1.35; margin: .5rem 0 1rem;
  width: 100%; border-bottom: 1px solid #111; font-variant-numeric: tabular-nums; }
caption { text-align: left; caption-side: top; padding-bottom: .35rem; font-weight: 600; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; }
thead th { border-top: 1px solid #111; border-bottom: 1px solid #111; vertical-align: bottom; }
tbody tr + tr > * { border-top: 1px solid #ddd; }
tbody th { font-weight: 600; }
.n { text-align: right; white-space: nowrap; }
td, tbody th { overflow-wrap: break-word; }
tr.imputed > * { font-style: italic; background: #f0f0f0; }
footer { margin-top: 2.5rem; font-size: .75rem; color: #555; }
@media print {
  @page { margin: 18mm; }
  body { font-size: 10.5pt; max-width: none; margin: 0; padding: 0; }
  h2 { break-after: avoid; }
  figure, tr, caption, .verdict, .short { break-inside: avoid; }
  caption { break-after: avoid; }
  thead { display: table-header-group; }
  table { font-size: 8.5pt; }
  .scroll { overflow: visible; }
}
""".strip()


def table(
    caption: str,
    columns: Sequence[tuple[str, bool]],
    rows: Sequence[tuple[Sequence[str], bool]],
    mark: str = "",
) -> str:
    """Return a table.

    Parameters
    ----------
    caption : str
        What it shows.
    columns : sequence of (str, bool)
        Heading of each column, and whether it holds numbers.
    rows : sequence of (sequence of str, bool)
        Texts of each row, the first one its heading, and whether the row is imputed.
    mark : str
        What is wrong with the fit; printed with the caption.

    Returns
    -------
    str
        HTML.
    """
    css = ['class="n"' if numeric else "" for _, numeric in columns]
    head = "".join(
        f'<th scope="col" {c}>{escape(name)}</th>'
        for c, (name, _) in zip(css, columns, strict=True)
    )
    body = []
    for texts, imputed in rows:
        cells = [f'<th scope="row">{escape(texts[0])}</th>'] + [
            f"<td {c}>{escape(text)}</td>" for c, text in zip(css[1:], texts[1:], strict=True)
        ]
        body.append(f"<tr{' class="imputed"' if imputed else ''}>{''.join(cells)}</tr>")
    short = " short" if len(rows) <= 15 else ""  # fits on a printed page
    marked = f' <span class="mark">{escape(mark)}</span>' if mark else ""
    return (
        f'<div class="scroll{short}"><table><caption>{escape(caption)}.{marked}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(body) + "\n</tbody></table></div>"
    ).replace(" >", ">")


def picture(figure: Figure, alt: str) -> str:
    """Return a figure as an image inside the page, its letters drawn as shapes."""
    import matplotlib as mpl

    buffer = BytesIO()
    # The same figure gives the same bytes, and shows the same without any font.
    with mpl.rc_context({"svg.hashsalt": "funnelest", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    data = b64encode(buffer.getvalue()).decode("ascii")
    return f'<figure><img src="data:image/svg+xml;base64,{data}" alt="{escape(alt)}"></figure>'


def content(what: Any, title: str, language: Language, bases: Mapping[str, str]) -> str:
    """Return a user's own content as HTML.

    Parameters
    ----------
    what : str, pandas.DataFrame, matplotlib Figure, object with ``_repr_html_``, or a list
        A text is escaped, a blank line starts a new paragraph. A table is rounded. HTML is taken
        as it is from an object that knows it is HTML.
    title : str
        Title of the section; caption of its table.
    language : Language
        How numbers are written.
    bases : mapping of str to str
        How "imputed" and the like are said in the language.

    Returns
    -------
    str
        HTML.
    """
    import pandas as pd

    if isinstance(what, list | tuple):
        return "\n".join(content(one, title, language, bases) for one in what)
    if isinstance(what, str):
        parts = [part.strip() for part in what.split("\n\n")]
        return "\n".join(f"<p>{escape(part)}</p>" for part in parts if part)
    if isinstance(what, pd.DataFrame):
        return _frame(what, title, language, bases)
    if hasattr(what, "savefig"):
        return picture(what, title)
    if hasattr(what, "_repr_html_"):
        return str(what._repr_html_())
    return f"<p>{escape(str(what))}</p>"


def _frame(frame: Any, title: str, language: Language, bases: Mapping[str, str]) -> str:
    shown = frame.drop(columns="mark") if "mark" in frame and not frame["mark"].any() else frame
    if not all(isinstance(name, int) for name in shown.index):  # rows with names of their own
        shown = shown.reset_index()
    columns = [
        (str(name), shown.dtypes.iloc[i].kind in "iuf") for i, name in enumerate(shown.columns)
    ]
    # A year is a name and not a number of people.
    dated = [
        kind.kind in "iu" and Axis("", tuple(map(int, shown.iloc[:, i]))).could_hold("years")
        for i, kind in enumerate(shown.dtypes)
    ]
    rows = []
    for values in shown.itertuples(index=False, name=None):
        texts = [
            str(value) if year else _cell(value, bool(numeric), name, language, bases)
            for value, (name, numeric), year in zip(values, columns, dated, strict=True)
        ]
        basis = [v for v, (name, _) in zip(values, columns, strict=True) if name == "basis"]
        rows.append((texts, bool(basis) and str(basis[0]).split(", ")[0] in ("imputed", "assumed")))
    heads = [(name.replace("_", " "), numeric) for name, numeric in columns]
    return table(title, heads, rows)


def _cell(
    value: Any, numeric: bool, name: str, language: Language, bases: Mapping[str, str]
) -> str:
    if isinstance(value, float):
        return language.number(value) if numeric else ("" if value != value else str(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return language.figure(value)
    if name == "basis":
        return say_basis(str(value), bases)
    return "" if value is None else str(value)


def say_basis(basis: str, words: Mapping[str, str]) -> str:
    """Return what a number rests on, such as "partly imputed, partly assumed", in given words."""
    return ", ".join(words.get(part, part) for part in basis.split(", "))


def document(title: str, language: str, body: str) -> str:
    """Return a whole page that needs nothing from outside."""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n<main>\n"
        f"{body}\n</main>\n</body>\n</html>\n"
    )
