"""Texts that several checks share."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["shown_names"]


def shown_names(names: Sequence[str], most: int = 3) -> str:
    """Return the first few names, and how many more there are."""
    if len(names) <= most + 1:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"
