"""Tables as text and as HTML: no number finer than its Monte Carlo error, none past the draws."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from funnelest.entry import entry
from funnelest.errors import raise_if_any
from funnelest.results.intervals import beside_others, errors_left_out, known_of
from funnelest.words import Language
from funnelest.words.digits import ANY

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["as_text", "html_table", "rows_named", "show_number", "step_lines"]


@entry
def as_text(table: pd.DataFrame, columns: Sequence[str] | None = None) -> str:
    """Return a table of the library as text, no number finer than its Monte Carlo error.

    Parameters
    ----------
    table : pandas.DataFrame
        A table of a result or a check with all of its columns: of steps, shares, parameters,
        figures, or a verdict. A number in a column ``x`` is rounded to the error in ``x_mc_error``.
    columns : sequence of str, optional
        The columns that are printed, in this order. Left out: all but the Monte Carlo errors and
        the ends of the draws. A mark of a row, such as that of a failed check, is printed in any
        case; one that all rows have stands below them.

    Returns
    -------
    str
        One line per row under the names of the columns. A running number of rows is left out; rows
        that have names begin with them.

    Raises
    ------
    SpecError
        When it is no table, has no such column, or was cut down to numbers without their errors.

    Notes
    -----
    The unit of rounding is the smallest power of ten that is two thirds of the error at least, and
    no number has more than three significant digits unless it is a thousand or more. One that would
    be rounded past the smallest or largest draw (``least``, ``most``) is printed as this end.
    Numbers of draws whose error is not known, such as ``sd``, have three significant digits. The
    errors are read from the table as it is given: choose with `columns`, and not before. The table
    itself keeps its digits.
    """
    import pandas as pd

    is_table = isinstance(table, pd.DataFrame)
    raise_if_any([f"table must be a pandas table; given {table!r}."] * (not is_table), "the text")
    whole = rows_named(table)
    names = [str(name) for name in whole.columns]
    raise_if_any(_column_problems(columns, names) + errors_left_out(names), "the text")
    if not names or not len(whole):
        return "(no rows)"
    beside = beside_others(names)
    named = names[: len(names) - len(table.columns)]
    kept = [n for n in names if n not in beside] if columns is None else [*named, *columns]
    shown = _rounded(whole.set_axis(names, axis=1))
    marked = _marked(shown, list(dict.fromkeys(kept)))
    marks = set(marked.get("mark", ()))
    if len(marks) != 1:
        return str(marked.to_string(index=False))
    return f"{marked.drop(columns='mark').to_string(index=False)}\n{marks.pop()}"


def _column_problems(columns: object, names: Sequence[str]) -> list[str]:
    """Return why these are no columns of a table."""
    if columns is None:
        return []
    if not isinstance(columns, list | tuple):
        return [f"columns must be a list of names of columns; given {columns!r}."]
    return [
        f"columns names {one!r}; the columns of the table are: {', '.join(names)}."
        for one in columns
        if one not in names
    ]


def html_table(table: pd.DataFrame) -> str:
    """Return a table as HTML, rounded as text is."""
    beside = beside_others(list(table.columns))
    shown = _marked(_rounded(table), [name for name in table.columns if name not in beside])
    return str(shown.to_html(index=False, border=0, classes="funnelest"))


def rows_named(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the names of its rows, if they have names, as its first columns."""
    counted = table.index.names == [None] and all(isinstance(i, int) for i in table.index)
    return table if counted else table.reset_index()


def _marked(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Return columns of a table; the mark is there where, and only where, a row has one."""
    import pandas as pd

    columns = [name for name in columns if name != "mark"]
    marked = "mark" in table and any(pd.notna(one) and bool(one) for one in table["mark"])
    return table[[*columns, *["mark"] * marked]]


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its numbers as texts, each as far as it is known."""
    shown = table.astype(object)
    beside = beside_others(list(table.columns))
    rows = table.to_dict("records")
    for name in table.columns:
        real = table[name].dtype.kind == "f"
        shown[name] = [_cell(row, name, real, bool(beside)) for row in rows]
    return shown


def _cell(row: Mapping[str, Any], name: str, real: bool, drawn: bool) -> Any:
    """Return one value of a row: a number as text, nothing for what is missing."""
    import pandas as pd

    value = row[name]
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return ""
    error, within = known_of(row, name)
    if error is not None and not isinstance(value, str | bool):
        return show_number(float(value), error, within)
    if not real:  # levels, names, what was given
        return value
    # Beside columns of errors a number of draws without one is no better known than they.
    return show_number(value, math.nan if drawn and not float(value).is_integer() else None)


def show_number(value: float, error: float | None = None, within: tuple[float, float] = ANY) -> str:
    """Return a number with three significant digits, or whole when it is large.

    No digit is finer than its Monte Carlo `error`, and it passes no end that it lies `within`.
    """
    return Language("en").short(value, error, within) if math.isfinite(value) else str(value)


def step_lines(table: pd.DataFrame) -> list[str]:
    """Return a table of steps as lines of text."""
    width = max(len(step) for step in table["step"])
    rows = []
    for row in table.to_dict("records"):
        median, low, high = (
            show_number(row[name], *known_of(row, name)) for name in ("median", "low", "high")
        )
        rows.append(
            f"    {row['step']:<{width}}  {median:>12}  {low:>12} - {high:<12}  {row['basis']}"
        )
    unit, interval = table["unit"][0], table["interval"][0]
    return [f"  {table['number'][0]} {unit}; median, {interval} interval, basis:", *rows]
