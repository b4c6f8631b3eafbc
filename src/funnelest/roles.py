"""Which axis may hold ages or years, and what to ask where neither is known."""

from __future__ import annotations

from collections.abc import Sequence

from funnelest.axes import Axis
from funnelest.levels import Role

__all__ = ["could_hold", "question", "questions"]


def could_hold(axes: Sequence[Axis], role: Role) -> list[Axis]:
    """Return the axes of which one may hold a `role` that none is known to hold."""
    if any(axis.role == role for axis in axes):
        return []
    asked = [one for one in axes if not one.declared and one.role is None]
    dated = role == "years"  # of several periods no total is made unasked
    return [one for one in asked if one.might_hold(role) or (dated and one.numbered)]


def questions(axes: Sequence[Axis]) -> list[str]:
    """Return what to ask of axes whose numbers would be divided, or guarded, if it were known.

    Of periods, over which every table gives a mean, and of numbers that may be ages. Whether names
    may be ages is asked where it matters.
    """
    dated, aged = could_hold(axes, "years"), could_hold(axes, "ages")
    asked: list[Role] = ["years"] if dated else []
    if any(one.numeric and len(one.levels) > 1 and one not in dated for one in aged):
        asked.append("ages")
    return [question(axes, role) for role in asked]


def question(axes: Sequence[Axis], role: Role) -> str:
    """Return what to ask when it is not known which axis holds a `role`."""
    could = could_hold(axes, role)
    fit = [repr(axis.name) for axis in could]
    if not fit:
        known = ", ".join(axis.name for axis in axes) or "none"
        return (
            f"no axis of the population is known to hold {role}; its axes are: {known}. Say "
            f"which does in the population, {role}=...."
        )
    if len(fit) == 1:
        both: list[Role] = ["ages", "years"]
        first, *rest = [one for one in both if could[0] in could_hold(axes, one)]
        more = "".join(f"that it holds {one}, {one}={fit[0]}, " for one in rest)
        return (
            f"the axis {fit[0]} may hold {first}: say in the population that it does, "
            f"{first}={fit[0]}, {more}or that it does not, no_role={fit[0]} "
            f"(regions={fit[0]} of places)."
        )
    return (
        f"the axes {' and '.join(fit)} could each hold {role}: say in the population which "
        f"does, as in {role}={fit[0]}, or that one does not, as in no_role={fit[-1]}."
    )
