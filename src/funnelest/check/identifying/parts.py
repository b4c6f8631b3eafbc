"""What is found of one quantity, of parameters that are confounded, and of a further figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Confounded", "Further", "Standing", "listed"]

#: Part of the prior variance of a quantity that may be left to priors whatever the sources' size.
KEPT = 0.1
#: Part of it that the figures should take away.
TAKEN = 0.5
#: Part of it below which nothing is taken.
_NOTHING = 1e-6
#: Names that a sentence holds.
_NAMES = 8


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How much the figures tell of a quantity or a parameter, against its prior.

    Parameters
    ----------
    name : str
        Its name.
    identified : bool
        Whether the figures alone determine it, were they large enough.
    kept : float
        Part of its prior variance that stays however large the sources are.
    taken : float
        Part of its prior variance that the figures, as precise as they are, take away.
    at_most : float
        The same if figures of which the precision is not known were exact.
    rests_on : tuple of str
        The parameters whose priors decide most of what is left.
    fixed : bool
        Whether no unknown is in it.
    scatter : bool
        Of a parameter: whether figures depend on it, but not what is expected of them.
    """

    name: str
    identified: bool
    kept: float
    taken: float
    at_most: float
    rests_on: tuple[str, ...]
    fixed: bool = False
    scatter: bool = False

    @property
    def verdict(self) -> str:
        """What the figures tell of it, in a word or two.

        "fixed", "identified", "nearly" (but for good priors of other parameters), "weak" (the
        figures are too few), "not identified", "unseen" (they tell nothing), "scatter" (only
        their scatter tells of it), or "unknown" (nothing could be computed).
        """
        if self.fixed:
            return "fixed"
        if self.scatter:
            return "scatter"
        if np.isnan(self.kept):
            return "unknown"
        if self.at_most < _NOTHING:
            return "unseen"
        if self.kept > KEPT:
            return "not identified"
        if self.at_most < TAKEN:
            return "weak"
        return "identified" if self.identified else "nearly"

    @property
    def decided_by_priors(self) -> bool:
        """Whether the priors decide it, or nothing can be said."""
        return self.verdict in ("unknown", "unseen", "not identified", "weak")


@dataclass(frozen=True, kw_only=True)
class Confounded:
    """Parameters, or transitions, that the figures cannot tell apart.

    Parameters
    ----------
    members : tuple of str
        Their names; one transition alone when no other need change with it.
    directions : int
        In how many directions they can change together without a change of any figure.
    ways : tuple of float
        Of one direction: how each changes, in prior standard deviations; empty for several.
    alike : tuple of (str, tuple of str)
        Groups of which the figures see one combination only: which ("product", "ratio",
        "combination", or "opposite", a combination in which more of both changes nothing).
    of_route : bool
        Whether all of them are of the rates of the route itself.
    """

    members: tuple[str, ...]
    directions: int
    ways: tuple[float, ...] = ()
    alike: tuple[tuple[str, tuple[str, ...]], ...] = ()
    of_route: bool = False

    def sentences(self, what: str) -> list[str]:
        """Return what is confounded, in sentences; `what` are "parameters" or "transitions"."""
        said = []
        for kind, names in self.alike:
            if len(names) > 2:
                seen = "the product" if kind == "product" else "one combination"
                said.append(f"The figures see only {seen} of {listed(names)}.")
                continue
            a, b = names
            other = "both could be larger" if kind in ("ratio", "opposite") else (
                f"{a} could be larger and {b} smaller"
            )  # fmt: skip
            kind = kind if kind in ("product", "ratio") else "one combination"
            article = "" if kind == "one combination" else "the "
            said.append(
                f"The figures see only {article}{kind} of {a} and {b}: {other}, and no figure "
                "would change."
            )
        if any(len(names) == len(self.members) for _, names in self.alike):
            return said
        known = len(self.members) - self.directions
        if self.directions == 1 and self.ways:
            sign = np.sign(self.ways[int(np.argmax(np.abs(self.ways)))])
            up = [n for n, w in zip(self.members, self.ways, strict=True) if w * sign > 0]
            down = [n for n, w in zip(self.members, self.ways, strict=True) if w * sign < 0]
            less = f", and {listed(down)} smaller" if down else ""
            said.append(
                f"The figures cannot tell apart the {what} {listed(self.members)}: "
                f"{listed(up)} could be larger{less}, and no figure would change."
            )
        elif known == 0:
            said.append(
                f"The {what} {listed(self.members)} can each change without a change of any figure."
            )
        else:
            said.append(
                f"Of the {len(self.members)} {what} {listed(self.members)} the figures see only "
                f"{known} combination{'s' if known > 1 else ''}."
            )
        return said


@dataclass(frozen=True, kw_only=True)
class Further:
    """A figure that could be had, and what it would tell, if it were exact and saw everybody.

    Parameters
    ----------
    name, kind : str
        What it is of, and "total", "flow", "share", "level", "parameter" or "own".
    directions : int
        How many more directions the figures would then tell apart: 1 or 0.
    frees : tuple of str
        Quantities that it would make identified.
    frees_parameters : tuple of str
        Parameters that it would make identified.
    relieves : float
        By how much the part of the prior variance that stays would fall, a mean over the
        quantities.
    """

    name: str
    kind: str
    directions: int
    frees: tuple[str, ...]
    frees_parameters: tuple[str, ...]
    relieves: float


def listed(names: Sequence[str]) -> str:
    """Return names as a list in words, the first ones of many."""
    shown = list(names)
    if len(shown) > _NAMES + 1:
        shown = [*shown[:_NAMES], f"{len(names) - _NAMES} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
