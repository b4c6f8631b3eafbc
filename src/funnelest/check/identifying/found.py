"""What is found of a model before it is fitted: which directions its figures tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.check.identifying.parts import Confounded, Further, Standing, listed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Identification"]

type Floats = NDArray[np.float64]

#: Names in a mark, and further figures in the text.
_MARK, _BEST = 4, 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Identification:
    """What the figures of a model can tell apart, before it is fitted.

    Parameters
    ----------
    quantities, parameters : tuple of Standing
        How much the figures tell of each.
    rank : int
        Number of directions that they tell apart.
    ranks : tuple of int
        The same at each point of the prior; `rank` is the largest.
    figures : int
        Number of figures whose expected values were compared.
    singular_values : ndarray
        Of the slopes at each point, scaled; shape ``(points, parameters)``.
    information : ndarray
        What the figures tell in each direction, in units of what the prior tells (the eigenvalues
        of the prior-preconditioned information): below 1 the prior decides. Shape
        ``(parameters,)``, the median over the points, descending.
    confounded : tuple of Confounded
        The smallest sets of parameters that are confounded only among themselves.
    transitions : tuple of Confounded
        The same of the transitions of the route, whatever else changes.
    unseen, scatter_only : tuple of str
        Parameters on which no source depends, and those on which only its scatter does.
    candidates : tuple of Further
        Further figures, the most useful one first.
    together : int
        Rank with all of them.
    limits, silent, imprecise : tuple of str
        Sources with figures that are only limits; of which nothing could be computed; and with
        figures of which the precision is not known.
    seed : int
        The seed, with which the same answer comes again.
    """

    quantities: tuple[Standing, ...]
    parameters: tuple[Standing, ...]
    rank: int
    ranks: tuple[int, ...]
    figures: int
    singular_values: Floats = field(repr=False)
    information: Floats = field(repr=False)
    confounded: tuple[Confounded, ...]
    transitions: tuple[Confounded, ...]
    unseen: tuple[str, ...]
    scatter_only: tuple[str, ...]
    candidates: tuple[Further, ...] = field(repr=False)
    together: int
    limits: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    imprecise: tuple[str, ...] = ()
    seed: int

    @property
    def deficit(self) -> int:
        """Number of directions that no figure tells."""
        return len(self.parameters) - self.rank

    @property
    def failed(self) -> tuple[Standing, ...]:
        """The quantities that the priors decide."""
        return tuple(one for one in self.quantities if one.decided_by_priors)

    @cached_property
    def best(self) -> tuple[Further, ...]:
        """The further figures that free a quantity: of several that free the same, the first."""
        found: dict[tuple[str, ...], Further] = {}
        for one in self.candidates:
            if one.frees:
                found.setdefault(one.frees, one)
        return tuple(found.values())

    @property
    def passed(self) -> bool:
        """Whether the figures decide every quantity.

        A quantity fails when more than a tenth of its prior variance would stay however large
        the sources were, when the figures as they are take away less than half of it, or when
        nothing can be said. So one that is known but for a coverage of which a good prior was
        given passes: the text says that it rests on that prior.
        """
        return not self.failed

    @property
    def mark(self) -> str:
        """What tables and figures of a result carry; empty when the check passed."""
        names = [one.name for one in self.failed]
        if not names:
            return ""
        more = f" and {len(names) - _MARK} more" if len(names) > _MARK else ""
        return f"PARTLY LEFT TO PRIORS: {', '.join(names[:_MARK])}{more}"

    @property
    def headline(self) -> str:
        """The verdict in a sentence."""
        count = len(self.quantities)
        if self.failed:
            names = listed([one.name for one in self.failed])
            verb = "is" if len(self.failed) == 1 else "are"
            return (
                f"Left to the priors, wholly or in a part that matters, {verb} {len(self.failed)} "
                f"of {count} quantities: {names}."
            )
        near = [one.name for one in self.quantities if one.verdict == "nearly"]
        if near:
            return (
                f"The figures decide all {count} quantities, but {listed(near)} only together with "
                "the priors of other parameters."
            )
        return f"The figures identify all {count} quantities."

    @cached_property
    def text(self) -> str:
        """What was found, in plain sentences."""
        return " ".join([self.headline, *self._structure(), *self._weak(), *self._next(),
                         *self._limits()])  # fmt: skip

    def _structure(self) -> list[str]:
        if not self.parameters:
            return ["Nothing is unknown."]
        said = [
            f"{_count(self.figures, 'figure')} tell {_count(self.rank, 'direction')} apart of the "
            f"{len(self.parameters)} in which the unknown parameters can change (rank {self.rank} "
            f"of {len(self.parameters)})."
        ]
        if self.unseen:
            verb = "keeps its prior" if len(self.unseen) == 1 else "keep their priors"
            said.append(f"No source sees {listed(self.unseen)}: {verb}, whatever is found.")
        if self.scatter_only:
            said.append(
                f"Only in the scatter of figures, not in what is expected, is seen: "
                f"{listed(self.scatter_only)}."
            )
        for one in self.transitions:
            if len(one.members) > 1:
                said += one.sentences("transitions")
        alone = [one.members[0] for one in self.transitions if len(one.members) == 1]
        if alone:
            which = f"Each of the transitions {listed(alone)}" if len(alone) > 1 else alone[0]
            said.append(
                f"{which} can change without a change of any figure or of the other transitions."
            )
        for one in self.confounded:
            # Of the route's own rates the transitions say it better.
            if not (one.of_route and self.transitions):
                said += one.sentences("parameters")
        return said

    def _weak(self) -> list[str]:
        weak = int((self.information[: self.rank] < 1).sum())
        said = []
        if weak:
            said.append(
                f"In {weak} of the {_count(self.rank, 'direction')} the figures tell less than the "
                "priors do."
            )
        for one in self.quantities:
            if one.verdict == "weak":
                said.append(
                    f"Of {one.name} the figures take away {_percent(one.taken)} of the prior "
                    f"variance: they are too few or too uncertain."
                )
        return said

    def _next(self) -> list[str]:
        best = self.best[:_BEST]
        if not best:
            if self.deficit and self.failed and self.candidates:
                first = self.candidates[0]
                if first.relieves > 0:
                    return [
                        f"No single further figure would free a quantity; {first.name} would help "
                        "most."
                    ]
            return []
        said = [
            f"A figure of \u201c{one.name}\u201d would free {listed(one.frees)}." for one in best
        ]
        more = "(more in the table of further figures)" if len(self.best) > _BEST else ""
        return [
            *said,
            f"Each further figure {more} is taken alone, as exact and of everybody.".replace(
                "  ", " "
            ),
        ]

    def _limits(self) -> list[str]:
        said = []
        if self.limits:
            said.append(f"Figures that are only a limit count as none, in: {listed(self.limits)}.")
        if self.imprecise:
            said.append(
                f"How precise the figures of {listed(self.imprecise)} are is not known: what they "
                "take away is not counted."
            )
        if self.silent:
            said.append(
                f"What {listed(self.silent)} expects could not be computed: it is left out."
            )
        if self.parameters:
            said.append(
                f"Found from slopes at {len(self.ranks)} points of the prior, so in linear "
                "approximation; nothing was fitted."
            )
        return said

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per quantity.

        `verdict`; whether it is `identified`; the parts of its prior variance that the figures
        would take away as they are (`taken`) and that would stay however large the sources were
        (`kept`), both in linear approximation; the priors that it `rests_on`; the `mark`.
        """
        return self._standings(self.quantities, "quantity")

    @cached_property
    def directions(self) -> pd.DataFrame:
        """One row per unknown parameter.

        As `table`, and the number of the confounded `set` that it is in, how many parameters that
        has (`members`) and in how many `directions` they can change; `change` is how it changes
        along the direction, when there is one, in prior standard deviations.
        """
        import pandas as pd

        made = self._standings(self.parameters, "parameter").drop(columns=["rests_on", "mark"])
        of = {name: (i, one) for i, one in enumerate(self.confounded, 1) for name in one.members}
        rows: list[dict[str, Any]] = []
        for one in self.parameters:
            number, within = of.get(one.name, (None, None))
            ways = within.ways if within else ()
            rows.append(
                {
                    "set": number,
                    "members": len(within.members) if within else 1,
                    "directions": within.directions if within else int(not one.identified),
                    "change": ways[within.members.index(one.name)] if within and ways else np.nan,
                }
            )
        columns = ["set", "members", "directions", "change"]
        extra = pd.DataFrame(rows, columns=columns).astype({"set": "Int64"})
        return pd.concat([made, extra], axis=1)

    @cached_property
    def further(self) -> pd.DataFrame:
        """One row per further figure that could be had, the most useful first.

        `directions` is how many more the figures would tell apart, `frees` the quantities and
        `frees_parameters` the parameters that would become identified, `relieves` by how much the
        part of the prior variance that stays would fall, a mean over the quantities.
        """
        import pandas as pd

        columns = ["figure", "kind", "directions", "frees", "frees_parameters", "relieves"]
        rows = [
            [one.name, one.kind, one.directions, ", ".join(one.frees),
             ", ".join(one.frees_parameters), one.relieves]
            for one in self.candidates
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def _standings(self, standings: Sequence[Standing], what: str) -> pd.DataFrame:
        import pandas as pd

        columns = [what, "verdict", "identified", "taken", "kept", "rests_on", "mark"]
        rows = [
            [one.name, one.verdict, one.identified, one.taken, one.kept, ", ".join(one.rests_on),
             "PARTLY LEFT TO PRIORS" if one.decided_by_priors else ""]
            for one in standings
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def __repr__(self) -> str:
        return f"{self.text}\n{self.table.round(3).to_string(index=False)}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _percent(part: float) -> str:
    return f"{100 * part:.0f}%"
