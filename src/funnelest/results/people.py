"""How many people are at each step: those of the observed period, expected, or of the next one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import methodcaller
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Where
from funnelest.entry import entries
from funnelest.errors import SpecError, raise_if_any
from funnelest.evidence.linked import Linked
from funnelest.fields import one_of
from funnelest.results import tables
from funnelest.results.imputed import imputed_number
from funnelest.results.on_lists import known_and_hidden
from funnelest.results.realised.numbers import Numbers, Realised
from funnelest.results.tabled import Kind, Tabled, noted
from funnelest.words import Sentence, say

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["People"]

type Floats = NDArray[np.float64]

NUMBER = one_of("auto", "realised", "expected", "predicted")


@entries
@dataclass(frozen=True, eq=False, repr=False)
class People(Tabled):
    """Draws, and the numbers of people that they give; the fields are those of `Result`."""

    # ------------------------------------------------------------ which number

    @cached_property
    def _observed(self) -> Realised:
        """People of the observed period; of a large model less is used of what was counted."""
        made = Realised(self.model, self.flat, self.seed)
        if not (made.counts_people and made.too_large):
            return made
        for coarse in (False, True):
            less = Realised(self.model, self.flat, self.seed, full="complete", coarse=coarse)
            if not less.too_large:
                return less
        return made

    @cached_property
    def _next(self) -> Realised:
        """People of another period like it."""
        return Realised(self.model, self.flat, self.seed, observed=False)

    def _number(self, number: Numbers) -> tuple[str, tuple[Sentence, ...]]:
        """Return which number of people is meant, and what has to be said of it."""
        raise_if_any(NUMBER.said("number", number), "the table")
        self._open()
        if self.model.of_shares_only:
            raise_if_any(_no_people(number, self.model.route.steps[0]), "the table")
            return "share", ()
        chosen = number
        if number == "auto":
            chosen = "realised" if self._observed.counts_people else "expected"
        if chosen == "expected":
            return chosen, ()
        made = self._observed if chosen == "realised" else self._next
        why = made.refused
        if why is None:
            return chosen, made.notes()
        if number == "auto":
            return "expected", (say("realised.in_place", why=why),)
        text = f"number={number!r}: {tables.in_english(why)} Ask for number='expected'."
        raise SpecError([text], "the table")

    def _said(self, number: Numbers) -> tuple[Sentence, ...]:
        """Return all there is to say of a number of people, with what is taken to be so."""
        chosen, notes = self._number(number)
        return (*notes, *self._observed.taken()) if chosen == "realised" else notes

    def _drawn_people(
        self, number: str, places: Sequence[Any], parts: Sequence[tuple[NDArray[np.bool_], int]]
    ) -> list[Floats] | None:
        """Return draws of the people at each place in each part, over a number of levels."""
        if number in ("expected", "share"):
            return None
        made = self._observed if number == "realised" else self._next
        found = made.numbers([cells for cells, _ in parts])
        return [
            at[place] / levels
            for at, (_, levels) in zip(found, parts, strict=True)
            for place in places
        ]

    def _sure(
        self, table: pd.DataFrame, number: str, drawn: Sequence[Floats] | None
    ) -> pd.DataFrame:
        """Return the table with the basis "counted" where the counts leave one number of people."""
        if number == "realised" and drawn is not None and self._observed.counts_people:
            # Nobody in any draw may be so because there are few.
            sure = [bool(np.ptp(one) == 0 and one[0] > 0) for one in drawn]
            if not self._observed.contradicted:
                table.loc[sure, "basis"] = "counted"
        return table

    def _part(self, cells: Where, per: str | None) -> tuple[NDArray[np.bool_], int]:
        population = self.model.population
        chosen = population.select(cells)
        levels = 1 if per is None else len(chosen[population.position(per)])
        return population.mask(cells), levels

    # ------------------------------------------------------------------ tables

    def steps(
        self,
        where: Where | None = None,
        *,
        by: Sequence[str] | str = (),
        per: str | None = "auto",
        number: Numbers = "auto",
        probability: float = 0.95,
        kind: Kind = "equal-tailed",
    ) -> pd.DataFrame:
        r"""Return the number of people who reach each step.

        Parameters
        ----------
        where : mapping, optional
            Which cells: axis -> level, inclusive ``(low, high)`` or list. All when left out.
        by : str or sequence of str, default ()
            Axes of which every level gets rows of its own. The levels stand in a column of the name
            of the axis; of an axis that is called as another column, such as "step" or "low", in
            "step (axis)".
        per : str, optional
            Axis over which the mean is taken. "auto", the default: that of the years, where the
            population has one. None gives the sum over the cells.
        number : {"auto", "realised", "expected", "predicted"}
            Which number. "realised": the people of the observed period, those who were counted
            and the others. "expected": the expected number, without chance variation.
            "predicted": the people of another period like it. "auto", the default: "realised"
            where some source counts people of the route, else "expected". Of a route of shares only
            there is but the share of those who enter it: the column `number` says "share".
        probability : float, default 0.95
            Probability of the interval.
        kind : {"equal-tailed", "highest-density"}
            Kind of interval.

        Returns
        -------
        pandas.DataFrame
            One row per step (and level), of people; `number` says which number it is, and `unit`
            of whom. What else there is to say of realised numbers is in ``attrs["notes"]``. The
            prior beside them is that of the expected number.

        Raises
        ------
        SpecError
            When an argument is none, people of a model of this size are not drawn, or "realised" or
            "predicted" ones are asked for where only shares are known.

        Notes
        -----
        Given the parameters the people of cell c who take path p and are counted in the registers
        R, each with its own coverage :math:`\kappa`, are Poisson numbers with mean

        .. math:: L_c\, P_c(p) \prod_{r \in R} \kappa_{rc} \prod_{r \notin R} (1 - \kappa_{rc})

        over the registers at the steps of p; false records are one more kind. A printed count fixes
        the sum of those that it counts, or says between which limits it lies. People are drawn
        given all of these sums together: of one complete register its count is the number, of one
        with coverage :math:`\kappa` the number is its true records and a Poisson number with mean
        :math:`L v (1 - \kappa)`; registers of the same people at steps i and j share
        :math:`\kappa_i \kappa_j L v_i F_{ij}` of them (Kingman, Poisson Processes, 1993, 5.1).
        Being counted at one step is taken not to depend on being counted at another. Of two sources
        that may hold the same people of one step, the one expected to hold most is used in full, of
        the other that there are at least as many; one that counts everybody in its cells is always
        used in full. "At least" is so of each count together with those in its cells, and of each
        total. Of a model too large for that only sources that count everybody are used in full, and
        all others so. Of registers that are not linked (`Unlinked`) the distinct people are drawn,
        as their stated overlap has it. A number that is the same in every draw has the basis
        "counted".
        """
        return self._of_people(
            "number", [(step,) for step in self.model.route.steps], self._each(where, by, per),
            number, probability, kind, ("step", "unit", "number"),
        )  # fmt: skip

    def flows(
        self,
        where: Where | None = None,
        *,
        by: Sequence[str] | str = (),
        per: str | None = "auto",
        number: Numbers = "auto",
        probability: float = 0.95,
        kind: Kind = "equal-tailed",
    ) -> pd.DataFrame:
        """Return the number of people who make each transition.

        Parameters
        ----------
        where, by, per, number, probability, kind
            As in `steps`.

        Returns
        -------
        pandas.DataFrame
            One row per transition (and level).
        """
        return self._of_people(
            "flow", self.model.route.edges, self._each(where, by, per),
            number, probability, kind, ("from", "to", "skip", "unit", "number"),
        )  # fmt: skip

    def _of_people(
        self,
        quantity: str,
        places: Sequence[tuple[str, ...]],
        each: Iterable[tuple[dict[str, Any], Where, str | None, str]],
        number: Numbers,
        probability: float,
        kind: Kind,
        columns: Sequence[str],
    ) -> pd.DataFrame:
        """Return the table of the people at each place, in each of some selections of cells.

        `quantity` is the method of `Quantities` that gives the expected number, `columns` are those
        of the labels of a table without rows.
        """
        which, _ = self._number(number)
        each = list(each)
        rows = [
            (
                self._place(place, labels)
                | {"unit": tables.unit(self.model, over, cells), "number": which},
                methodcaller(quantity, *place, cells, per=over),
                basis,
            )
            for labels, cells, over, basis in each
            for place in places
        ]
        at = [place[0] if len(place) == 1 else place for place in places]
        drawn = self._drawn_people(which, at, [self._part(w, p) for _, w, p, _ in each])
        table = self._table(rows, probability, kind, columns, drawn)
        return noted(self._sure(table, which, drawn), self._said(number))

    def _imputed_steps(
        self, where: Where | None, per: str | None, probability: float, number: Numbers = "auto"
    ) -> dict[str, dict[str, Any]]:
        """Return step -> the row of a table, of the people in imputed cells; nothing without any.

        The quantity that is the expected share of all people at the step stands there as well.
        """
        which, _ = self._number(number)
        per = self._per(per)
        made = {s: imputed_number(self.model, s, where, per) for s in self.model.route.steps}
        wanted = {step: quantity for step, quantity in made.items() if quantity is not None}
        if not wanted:
            return {}

        def share(step: str) -> Any:
            return lambda q: wanted[step](q) / q.number(step, where, per=per)

        rows = [
            ({"step": step, "share": share(step)}, quantity, "imputed")
            for step, quantity in wanted.items()
        ]
        cells, levels = self._part(where or {}, per)
        imputed = cells & self.model.imputed()
        drawn = self._drawn_people(which, list(wanted), [(imputed, levels)])
        table = self._table(rows, probability, "equal-tailed", drawn=drawn)
        return {row["step"]: row for row in table.to_dict("records")}

    def linked(self, *, probability: float = 0.95, kind: Kind = "equal-tailed") -> pd.DataFrame:
        """Return how many people are on linked registers, and on none of them.

        Parameters
        ----------
        probability, kind
            As in `steps`.

        Returns
        -------
        pandas.DataFrame
            For each `Linked` source, by stratum and for all: people on a list ("known", the
            number counted), on none ("hidden", drawn around what is expected) and together
            ("total"). Where links are wrong, the known are drawn too.
        """
        self._open()
        rows: list[Any] = []
        drawn: list[Floats] = []
        people = None
        if self._observed.counts_people and self._observed.refused is None:
            people = self._observed.numbers
        for one in self.model.evidence:
            if isinstance(one, Linked):
                found = known_and_hidden(one, self._of_cells, self.model, self.seed, people)
                for labels, quantity, basis, own in found:
                    rows.append(({"source": one.name, **labels}, quantity, basis))
                    drawn.append(self._evaluate(quantity, self._posterior) if own is None else own)
        return self._table(rows, probability, kind, drawn=drawn)

    def _of_cells(self, where: Where) -> str:
        return self.model.imputed_part(where) or "estimated"


def _no_people(number: str, first: str) -> list[str]:
    """Return why there are no people to draw, of a route of which only shares are known."""
    return [
        f"number={number!r}: nothing tells how many people there are at {first!r}, so there are "
        "only shares of them; leave out number, or give the model a population and an occurrence."
    ] * (number in ("realised", "predicted"))
