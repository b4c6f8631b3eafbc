"""Sentences that several checks are made of: lists of names, and names that nothing has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from funnelest.words import Sentence, say

__all__ = ["lists", "unknown"]


def lists(check: str, names: Mapping[str, Sequence[str]]) -> list[Sentence]:
    """Return the sentence of a check about each list of names, but for empty lists."""
    return [say(f"{check}.{key}", names=some, n=len(some)) for key, some in names.items() if some]


def unknown(what: str, name: object, known: Iterable[str], of: str = "these are") -> str:
    """Return that nothing of this kind has the name, and which there are."""
    return f"there is no {what} {name!r}; {of}: {', '.join(known) or 'none'}."
