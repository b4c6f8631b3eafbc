"""The ledger of assumptions on the page: by kind, what nobody stated before what somebody did."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from funnelest.model.ledger import Entry
from funnelest.report.content import Content, Table
from funnelest.words import Language

__all__ = ["ledger"]

#: Heading of each part and which entries are in it, in the order of the page.
_PARTS: tuple[tuple[str, Callable[[Entry], bool]], ...] = (
    ("assumptions", lambda one: one.stated and one.kind == "assumption"),
    ("same", lambda one: not one.stated and one.kind == "constant"),
    ("defaults", lambda one: not one.stated),
    ("priors", lambda one: one.kind in ("prior", "fixed")),
    ("others", lambda one: True),
)
_COLUMNS = ("about", "kind", "value", "statement", "source", "stated")


def ledger(entries: Sequence[Entry], show: Language, mark: str) -> list[Content]:
    """Return the parts of the ledger, each entry in one; all but the first part are folded."""
    left, found = list(entries), []
    for name, holds in _PARTS:
        mine = [one for one in left if holds(one)]
        left = [one for one in left if not holds(one)]
        if not mine:
            continue
        caption = show(f"page.ledger_{name}", n=len(mine))
        columns = [(show(f"page.{column}"), False) for column in _COLUMNS]
        rows = [(_texts(one, show), False) for one in mine]
        table = Table(caption, columns, rows, mark)
        found.append(Content(table=table, fold=caption if name != "assumptions" else ""))
    return found


def _texts(one: Entry, show: Language) -> list[str]:
    said = (one.about, show(f"page.kind_{one.kind}"), one.value, one.statement)
    return [*map(show.say, said), one.source, show("page.yes" if one.stated else "page.no")]
