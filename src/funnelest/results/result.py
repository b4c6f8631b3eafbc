"""The result of a fit: the model, the draws, and every table that can be made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from funnelest.axes import Where
from funnelest.entry import entries
from funnelest.errors import raise_if_any
from funnelest.evidence.unlinked import Unlinked
from funnelest.fields import MAPPING, TEXT, Constraint, instance
from funnelest.quantities.quantities import Quantities
from funnelest.results import printing, tables
from funnelest.results.draws import QUANTITY
from funnelest.results.intervals import interval_problems
from funnelest.results.people import People
from funnelest.results.precision import own_share
from funnelest.results.tabled import Kind, noted
from funnelest.words import say

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RESULT", "Result"]


@entries
@dataclass(frozen=True, eq=False, repr=False)
class Result(People):
    """What a fit gives: draws from the posterior, and tables of them.

    Every table has one row per quantity with its posterior mean, median, standard deviation and
    interval, the Monte Carlo standard errors of these (`mean_mc_error`, `median_mc_error`,
    `low_mc_error` and `high_mc_error`: how far another seed would move them; not a number for
    the limits of highest density, and where a quantity is none or infinite), the smallest and the
    largest draw (`least` and `most`, which nothing that is printed passes), the interval of
    the prior beside it, the `basis` and a `mark` that is empty unless something is wrong with
    the fit. The basis is "estimated"; "imputed" (an assumption fills in the rate of the cells),
    "carried over" (no source sees what it rests on in these cells, and it is taken to be as
    where one does) and "assumed" (no source sees anything that it depends on, it is a number that
    was given, or the figures leave it as its prior has it) take its place, each with "partly"
    where that holds of a part. A realised number of people that is the same in every draw has the
    basis "counted".

    Parameters
    ----------
    model : Model
        The model that was fitted.
    draws : mapping of str to ndarray
        Parameter name -> draws, shape ``(chains, draws)``.
    gate : Gate
        Whether the engine converged.
    seed : int
        The seed, with which the same draws come again.
    seconds : float
        Time that the fit took.
    notes : tuple of str
        What happened on the way, such as a change of engine.
    accepted : bool, default False
        Whether the tables were opened although the gate failed; see `despite_failed_gate`.
    marks : tuple of Sentence or str, default ()
        Of checks that failed: what every table and figure then says; see `marked`.
    proposal : object, optional
        Where a refit with other data can start; internal to the engine.
    origins : ndarray of int, optional
        Shape ``(chains, draws)``: draws with one number are one taken more than once; None: none.
    further : callable, optional
        What `more` asks; set by `fit`.
    """

    def transitions(
        self,
        where: Where | None = None,
        *,
        by: Sequence[str] | str = (),
        probability: float = 0.95,
        kind: Kind = "equal-tailed",
    ) -> pd.DataFrame:
        """Return, for each transition, the share of the people in its first step who make it.

        Parameters
        ----------
        where, by, probability, kind
            As in `steps`.

        Returns
        -------
        pandas.DataFrame
            One row per transition (and level); `skip` says whether it jumps over a step. Its basis
            is "assumed" too where what is asked of those who took no earlier way from the step,
            which is what has the prior, is as that prior has it.
        """
        rows = [
            (
                self._place((a, b), labels),
                lambda q, a=a, b=b, w=cells: q.transition(a, b, w),
                basis,
            )
            for labels, cells, _, basis in self._each(where, by)
            for a, b in self.model.route.edges
        ]
        own = [
            partial(own_share, route=self.model.route, edge=edge, where=cells)
            for _, cells, _, _ in self._each(where, by)
            for edge in self.model.route.edges
        ]
        return self._table(rows, probability, kind, ("from", "to", "skip"), own=own)

    def first_events(
        self,
        where: Where | None = None,
        *,
        before: Sequence[int] = (),
        by: Sequence[str] | str = (),
        per: str | None = "auto",
        probability: float = 0.95,
        kind: Kind = "equal-tailed",
    ) -> pd.DataFrame:
        """Return victims of one year, first-time victims, and who ever was one before an age.

        Three quantities that must not be mixed; the model's `FirstTime` joins them.

        Parameters
        ----------
        where, by, per, probability, kind
            As in `steps`.
        before : sequence of int, default ()
            Ages; each gets a row with the share of people who had a first event before it, in a
            synthetic cohort with the other axes of `where`.

        Returns
        -------
        pandas.DataFrame
            One row per quantity (and level).

        Raises
        ------
        SpecError
            When the model has no `FirstTime`, or `before` is no list of ages.
        """
        raise_if_any(tables.before_problems(before), "the table")
        rows: list[Any] = []
        for labels, cells, over, _ in self._each(where, by, per):
            if before:
                ever = self.sample_of(partial(Quantities.ever_before, age=max(before), where=cells))
                raise_if_any(tables.room_problems(ever, max(before)), "the table")
            rows += tables.first_event_rows(self.model, labels, cells, before, over)
        return self._table(rows, probability, kind)

    def shares(
        self,
        of: str | None = None,
        where: Where | None = None,
        *,
        by: Sequence[str] | str = (),
        probability: float = 0.95,
        kind: Kind = "equal-tailed",
    ) -> pd.DataFrame:
        """Return the share of the people in one step who ever reach each later one.

        Parameters
        ----------
        of : str, optional
            The step; the first one when left out.
        where, by, probability, kind
            As in `steps`.

        Returns
        -------
        pandas.DataFrame
            One row per later step (and level), by any path.
        """
        route = self.model.route
        start = route.steps[0] if of is None else of
        if not isinstance(start, str) or start not in route.steps:
            raise_if_any(
                [f"there is no step {start!r}; the steps are: {', '.join(route.steps)}."],
                "the table",
            )
        rows = [
            (
                {"of": start, "step": step, **labels},
                lambda q, s=step, w=cells: q.share(s, w, of=start),
                basis,
            )
            for labels, cells, _, basis in self._each(where, by)
            for step in route.steps
            if step != start and route.leads(start, step)
        ]
        return self._table(rows, probability, kind, ("of", "step"))

    def quantities(
        self,
        quantities: Mapping[str, Callable[[Quantities], Any]],
        *,
        basis: str | None = None,
        probability: float = 0.95,
        kind: Kind = "equal-tailed",
    ) -> pd.DataFrame:
        """Return any quantities of the route.

        Parameters
        ----------
        quantities : mapping of str to callable
            Name -> ``quantity(q)``, with `q` a `Quantities`.
        basis : str, optional
            What to print as their basis, such as "imputed" for a number of unobserved ages. Left
            out: "derived", and that the model is partly imputed where it is.
        probability, kind
            As in `steps`.

        Returns
        -------
        pandas.DataFrame
            One row per quantity.
        """
        found = MAPPING.said("quantities", quantities) or [
            text
            for name, function in quantities.items()
            for text in QUANTITY.said(f"quantity {name!r}", function)
        ]
        raise_if_any(found + TEXT.or_none.said("basis", basis), "the table")
        if basis is None:
            whole = self.model.imputed_part()
            basis = f"derived, model {whole}" if whole else "derived"
        rows = [({"quantity": name}, function, basis) for name, function in quantities.items()]
        return self._table(rows, probability, kind)

    def parameters(self, *, probability: float = 0.95, kind: Kind = "equal-tailed") -> pd.DataFrame:
        """Return every unknown parameter, prior beside posterior.

        Parameters
        ----------
        probability, kind
            As in `steps`.

        Returns
        -------
        pandas.DataFrame
            One row per parameter. `basis` is "assumed" where the parameter belongs to an
            assumption, or no source sees it.
        """
        population = self.model.population
        assumed = {name for a in self.model.assumptions for name in a.parameters(population)}
        rows = [
            (
                {"parameter": name, "prior": prior.describe()},
                lambda q, n=name: q.parameter(n),
                "assumed" if name in assumed else "estimated",
            )
            for name, prior in self.model.free.items()
        ]
        return self._table(rows, probability, kind)

    def distinct(
        self,
        where: Where | None = None,
        *,
        per: str | None = "auto",
        probability: float = 0.95,
        kind: Kind = "equal-tailed",
    ) -> pd.DataFrame:
        """Return how many distinct people are in registers that are not linked.

        Parameters
        ----------
        where : mapping, optional
            Which cells; all that the registers see when left out.
        per, probability, kind
            As in `steps`.

        Returns
        -------
        pandas.DataFrame
            For each `Unlinked` source four rows: its entries (as many people as if nobody were on
            two registers, the upper bound), the largest register (as if the others lay within
            it, the lower bound), the distinct people, and the registers per person. The bounds
            hold whatever the overlap is. `basis` is "assumed overlap" for what rests on the
            prior of the overlap weight, and "known overlaps" where those were given. All are
            expected numbers, which ``attrs["notes"]`` says; those of this period are in `steps`.
        """
        axis = self._per(per)
        raise_if_any(tables.selection_problems(self.model.population, where), "the table")
        rows = [
            ({"source": one.name, "quantity": name, "unit": unit}, quantity, basis)
            for one in self.model.evidence
            if isinstance(one, Unlinked)
            for name, unit, quantity, basis in one.quantities(self.model, where, axis)
        ]
        return noted(self._table(rows, probability, kind), [say("realised.of_distinct")])

    def figures(self, *, probability: float = 0.95) -> pd.DataFrame:
        """Return every figure that was given: how it was read, and what the fitted route expects.

        Parameters
        ----------
        probability : float, default 0.95
            Probability of the intervals.

        Returns
        -------
        pandas.DataFrame
            One row per figure: the source, what the figure is `of`, the figure as given, whether
            it is `used` (of two official values one may not be), the `basis` of its cells, what was
            done to the expected number (`read_as`, from the truth to the print), the expected
            value (posterior median and interval, on the printed scale, with their Monte Carlo
            errors ``*_mc_error``), and the standardised
            residual (figure minus posterior mean, over the root of the mean squared error). Of
            registers and totals also
            the `cases_per_record`, people of the step over the number recorded (the share of true
            cases, where one record is one person), and the `registered_share` of the people of
            the step who are in the source.
        """
        import pandas as pd

        return pd.DataFrame(self._figure_rows(probability))

    def _figure_rows(self, probability: float) -> list[dict[str, Any]]:
        """Return the rows of `figures`, whose texts can still be said in other languages."""
        self._open()
        raise_if_any(interval_problems(probability), "the table")
        return tables.figure_rows(
            self.model, self._posterior, probability, self.dependence, self.mark
        )

    # ------------------------------------------------------------------- show

    def __repr__(self) -> str:
        lines = [f"Result: {self.gate.text}"]
        for draws in list(self.draws.values())[:1]:
            lines.append(f"  {draws.size} draws, seed {self.seed}, {self.seconds:.1f} s")
        lines += [f"  note: {note}" for note in self.notes]
        if not (self.gate.passed or self.accepted):
            closed = "  no table: the gate is closed (despite_failed_gate() opens it)"
            return "\n".join([*lines, closed])
        lines += printing.step_lines(self.steps())
        lines += [f"  note: {tables.in_english(one)}" for one in self._number("auto")[1]]
        if self.mark:
            lines.append(f"  {self.mark}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from html import escape

        if not (self.gate.passed or self.accepted):
            return f"<pre>{escape(repr(self))}</pre>"
        parts = [f"<p>{escape(self.gate.text)}</p>"]
        for title, table in (("Steps", self.steps()), ("Transitions", self.transitions())):
            parts += [f"<h4>{title}</h4>", printing.html_table(table)]
        parts += [f"<p>{escape(tables.in_english(one))}</p>" for one in self._number("auto")[1]]
        return "\n".join(parts)


#: What tables, figures and reports are made of.
RESULT: Constraint = instance(Result, "a Result")
