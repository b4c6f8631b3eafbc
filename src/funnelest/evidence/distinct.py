"""The distinct people of several registers of one step that are not linked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelest.evidence.counted import Counted, Line
from funnelest.observations.table import Margin
from funnelest.quantities.quantities import Quantities

if TYPE_CHECKING:
    from funnelest.evidence.register import Register

__all__ = ["by_overlaps", "by_weight"]


def by_overlaps(
    q: Quantities, name: str, registers: Sequence[Register], doubles: Mapping[tuple[int, int], Any]
) -> list[Counted]:
    """Return the people of registers of which the expected number on each pair is known.

    A register whose records are not people, one by one, counts nobody.
    """
    held = _one_by_one(q, registers)
    if not held:
        return []
    made = _together(q, name, registers, dict.fromkeys(held, 1.0))
    # Registers of which the overlaps are known have one line each.
    place = {i: rows[0] for i, rows in zip(held, made.registers, strict=True)}
    people = q.pool(q.in_cells(registers[0].step), registers[0].where)
    several: dict[int, Any] = dict.fromkeys(place.values(), 0.0)
    both: dict[tuple[int, int], Any] = {}
    for (i, j), number in doubles.items():
        if i in place and j in place:
            pair = place[i], place[j]
            for at in pair:
                several[at] = several[at] + number
            both[pair] = (number / people)[(*(None for _ in q.cells.axes), slice(None))]
    lines = [
        replace(
            line,
            share=line.share * (1.0 - several[at] / line.true),
            true=line.true - several[at],
        )
        for at, line in enumerate(made.lines)
    ]
    return [replace(made, lines=lines, both=both)]


def by_weight(
    q: Quantities, name: str, registers: Sequence[Register], entries: Sequence[Any], weight: Any
) -> list[Counted]:
    """Return the people of registers of which the weight of the overlap is known.

    Parameters
    ----------
    q : Quantities
        The quantities of the route.
    name : str
        Name of the source.
    registers : sequence of Register
        The registers; those whose records are not people, one by one, count nobody.
    entries : sequence of array
        The share of each register in all entries, in the cells that it covers.
    weight : array
        0 where nobody is on two registers, 1 where the smaller ones lie within the largest.

    Returns
    -------
    list of Counted
        Nothing, or the distinct people. The largest register of a cell counts all of its people,
        the others 1 - `weight` of theirs, so that they add up to the distinct people: Poisson
        numbers, of which the records that the weight takes out are independent. Where the largest
        one counts nobody, or no more of it is used than that there are at least as many, it is the
        largest of the others that counts all.
    """
    held = _one_by_one(q, registers)
    how = partial(_by_weight, q, name, registers, entries, weight)
    return [how(dict.fromkeys(held, 0.0))] if held else []


def _by_weight(
    q: Quantities,
    name: str,
    registers: Sequence[Register],
    entries: Sequence[Any],
    weight: Any,
    trusted: Mapping[int, Any],
) -> Counted:
    """Return the distinct people; the largest register is one of those most `trusted`, in cells."""
    # The shares of entries are below 1: more trust goes before more people.
    sizes = [np.where(entries[i] > 0.0, entries[i] + more, 0.0) for i, more in trusted.items()]
    largest = np.argmax(np.stack(np.broadcast_arrays(*sizes)), axis=0)
    first = {i: np.where(largest == at, 1.0, 1.0 - weight) for at, i in enumerate(trusted)}
    made = _together(q, name, registers, first)

    def used(lines: Collection[int]) -> Counted:
        def of(rows: Sequence[int], *, within: bool) -> Any:
            wheres = [made.lines[at].where for at in rows if (at in lines) is within]
            return q.cells.union(wheres)[..., None]

        # A register of which a line of these cells is not used holds people who are in no other.
        trust = {
            i: 2.0 * of(rows, within=True) - 1.0 * (of(rows, within=True) & of(rows, within=False))
            for i, rows in zip(trusted, made.registers, strict=True)
        }
        return _by_weight(q, name, registers, entries, weight, trust)

    return replace(made, used=used)


def _one_by_one(q: Quantities, registers: Sequence[Register]) -> list[int]:
    return [i for i, one in enumerate(registers) if one.records(q).one_by_one]


def _together(
    q: Quantities, name: str, registers: Sequence[Register], first: Mapping[int, Any]
) -> Counted:
    """Return some registers as one source; of each the share of its people whom it counts."""
    lines: list[Line] = []
    totals: list[Margin] = []
    parts: list[range] = []
    for i, share in first.items():
        (made,) = registers[i].counted_people(q, share)
        at = len(lines)
        lines += made.lines
        parts.append(range(at, len(lines)))
        totals += [
            replace(total, rows=tuple(at + row for row in total.rows)) for total in made.totals
        ]
    return Counted(name, registers[0].step, lines, totals, {}, parts)
