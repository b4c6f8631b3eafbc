"""Why something is no section of a page."""

from __future__ import annotations

from funnelest.fields import is_text
from funnelest.results.intervals import errors_left_out

__all__ = ["section_problems"]


def section_problems(sections: object) -> list[str]:
    """Return why these are no sections of a page, one sentence each."""
    if not isinstance(sections, list | tuple):
        return [f"sections must be a list of titles and contents; given {sections!r}."]
    found = []
    for one in sections:
        if not (isinstance(one, list | tuple) and len(one) == 2 and is_text(one[0])):
            found.append(f"a section must be a title and its content; given {one!r}.")
        else:
            found += [f"section {one[0]!r}: {text}" for text in _cut_down(one[1])]
    return found


def _cut_down(what: object) -> list[str]:
    """Return which tables of a section have numbers of draws without their errors."""
    import pandas as pd

    if isinstance(what, list | tuple):
        return [text for one in what for text in _cut_down(one)]
    if not isinstance(what, pd.DataFrame):
        return []
    return errors_left_out([str(name) for name in what.columns])
