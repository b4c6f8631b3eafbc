"""The table that every measurement prints."""

from collections.abc import Iterable

__all__ = ["status"]


def status(rows: Iterable[tuple[str, float, float, str]]) -> int:
    """Print what was measured, and return the exit status: 3 when a limit was missed.

    Parameters
    ----------
    rows : iterable of (str, float, float, str)
        What was measured, its value, the most that it may be, and the unit.
    """
    missed = 0
    print(f"\n{'measured':>12} {'at most':>10}")
    for what, value, limit, unit in rows:
        missed += not value <= limit
        print(f"{value:12.4f} {limit:10.3f} {unit:3} {what}{'' if value <= limit else '   MISSED'}")
    return 3 if missed else 0
