"""What every kind of evidence must be able to do, and what they have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Where
from funnelest.defects.base import Defect, Records, carried, defect_problems, in_order
from funnelest.errors import SpecError
from funnelest.evidence.counted import Counted
from funnelest.evidence.groups import Group
from funnelest.evidence.on_route import OnRoute
from funnelest.fields import (
    MAPPING,
    NAME,
    PER,
    TEXT,
    Allowed,
    explained,
    is_number,
    plain_fields,
    step_problems,
    wrong_fields,
)
from funnelest.figures import figure_problems
from funnelest.observations.observation import Seen
from funnelest.observations.table import Printed
from funnelest.population import Population
from funnelest.priors import Prior
from funnelest.quantities.quantities import Quantities
from funnelest.route import Route, show_edge
from funnelest.words import named

__all__ = ["Evidence", "NumberEvidence"]


#: What a count is of (axis -> class), its cells, and on which axes it is of unknowns.
type FigureClass = tuple[dict[str, Any], Where, tuple[bool, ...]]


@dataclass(frozen=True, repr=False)
class Evidence:
    """Base of the evidence kinds: what all of them carry.

    A user's own kind inherits from this and gives `observations` (what is expected, and the
    distribution around it) and `with_data`; nothing is registered.

    Parameters
    ----------
    name : str
        Name of the source, unique in the model.
    where : mapping, optional
        Which cells the source sees: axis -> level, inclusive ``(low, high)`` or list of levels.
        Axes left out are taken whole.
    source : str, default ""
        Citation.
    statement : str, default ""
        What was assumed in reading the source this way.
    defects : sequence of Defect, default ()
        What is wrong with the source and is taken into account, in any order.
    unit, definition : str, default ""
        What the source counts, and by which definition, where that is not what the route counts:
        each then needs a `Bridge` from it.
    """

    name: str
    _: KW_ONLY
    where: Where = field(default_factory=dict)
    source: str = ""
    statement: str = ""
    defects: Sequence[Defect] = ()
    unit: str = ""
    definition: str = ""
    #: What the fields may hold; those of the bases are added to these.
    allowed: ClassVar[Allowed] = {
        "name": NAME,
        "where": MAPPING,
        **dict.fromkeys(("source", "statement", "unit", "definition"), TEXT),
    }
    #: Methods of defects that this kind makes use of.
    carries: ClassVar[tuple[str, ...]] = ()
    #: What a `Validation` may check of it -> the defect that is estimated.
    checks: ClassVar[Mapping[str, str]] = {}
    #: What a user writes who defines such a source, in messages about what it returns.
    written: ClassVar[str] = "observations(q)"
    #: Whether it is about first events, which the model's `FirstTime` joins to yearly rates.
    needs_first_events: ClassVar[bool] = False

    def __post_init__(self) -> None:
        plain_fields(self)

    def problems(self, route: Route, population: Population) -> list[str]:
        """Return what is wrong with the evidence, one sentence each."""
        wrong = wrong_fields(self, route, population)
        found = [text for texts in wrong.values() for text in texts]
        if "where" not in wrong:
            found += population.problems_in(self.where)
        trouble = defect_problems(self.defects, self.carries, type(self).__name__, population)
        return found + trouble + (self._meaning_problems(route) if not trouble else [])

    def _meaning_problems(self, route: Route) -> list[str]:
        """Return where the source counts something else than the route, and no bridge says so."""
        found = []
        meanings = {
            "unit": (self.unit, route.unit, [one.unit for one in self.defects]),
            "definition": (
                self.definition,
                route.definition,
                [one.definition for one in self.defects],
            ),
        }
        for what, (own, common, bridged) in meanings.items():
            if not isinstance(own, str):
                continue  # was said
            stated = [text for text in bridged if text]
            found += [
                f"a bridge is from the {what} {one!r}, but field {what!r} is {own!r}."
                for one in stated
                if one != own
            ]
            if own and not common:
                found.append(
                    f"field {what!r} is {own!r}, but the route does not say its own; give "
                    f"Route(..., {what}=...)."
                )
            elif own and own != common and own not in stated:
                other = "" if what == "unit" else " (or a PPV)"
                found.append(
                    f"field {what!r} is {own!r}, but the route's is {common!r}: give a Bridge"
                    f"{other} with {what}={own!r}, a prior and a statement."
                )
        return found

    def problems_among(self, evidence: Sequence[Evidence]) -> list[str]:
        """Return what is wrong with the evidence beside all `evidence`, one sentence each."""
        return []

    def other_periods(self) -> Sequence[tuple[float, str, Where]]:
        """Return years, step and cells of what it asks of another period than one year."""
        return ()

    def asks_about(self, route: Route, population: Population) -> Sequence[NDArray[np.bool_]]:
        """Return the groups of cells of which it sees how many enter the `route`.

        Parameters
        ----------
        route : Route
            The steps.
        population : Population
            The people.

        Returns
        -------
        sequence of ndarray of bool
            A mask over the cells of the population per number that it gives; none for evidence of
            later steps, or of shares of those in a step.
        """
        return []

    def counted_in(self) -> Sequence[Where]:
        """Return the cells of each of its numbers."""
        return [self.where]

    def figure_cells(self, population: Population, looked: Sequence[Where]) -> Sequence[Where]:
        """Return the cells of each of its figures, in the order of `observations` where it can.

        One for all of its figures, or one for each. `looked` are the cells of the `population` over
        which `observations` summed quantities of the route: what is known of a kind that does not
        say more, and chooses no cells in `where`.
        """
        return [self.where] if self.where else looked or [{}]

    def alike(self, population: Population) -> Sequence[str]:
        """Return the parameters that are the same for all of its figures, defects' ones left out.

        All of those that it brings itself, unless a kind knows better.
        """
        of_defects = {k for one in self.defects for k in one.parameters(self.name, population)}
        inside = {k for one in self.members() for k in one.parameters(population)}
        return [k for k in self.parameters(population) if k not in of_defects | inside]

    def lent(self, population: Population) -> Sequence[str]:
        """Return those of them without which a figure of it tells no number of people.

        All, unless a kind finds them in each of its figures by itself.
        """
        return self.alike(population)

    def checking(self) -> tuple[str, str] | None:
        """Return the source whose defect it checks, and what of it; None for most kinds."""
        return None

    def figure_classes(self) -> Sequence[FigureClass]:
        """Return of every count its class, where it gives a `Table` of them."""
        return ()

    def people_asked(self) -> int | None:
        """Return the size of the sample, where there is one such number."""
        return None

    def first_events_of(self, population: Population) -> NDArray[np.bool_]:
        """Return the cells of the `population` of which it sees first events only."""
        return np.zeros(population.shape, dtype=bool)

    def parameters(self, population: Population) -> dict[str, Prior]:
        """Return the priors that the evidence brings with it, by parameter name."""
        found: dict[str, Prior] = {}
        for one in in_order(self.defects):
            found.update(one.parameters(self.name, population))
        return found

    def defaults(self) -> dict[str, str]:
        """Return what is assumed because nothing was said: quantity -> sentence."""
        found: dict[str, str] = {}
        for one in in_order(self.defects):
            found.update(one.defaults(self.name))
        return found

    def readings(self, population: Population) -> dict[str, str]:
        """Return how printed estimates with intervals are read: what -> sentence."""
        return {}

    def remarks(self, population: Population) -> list[str]:
        """Return what its user is asked about before it is fitted, one sentence each."""
        return []

    def stated(self) -> dict[str, str]:
        """Return what is assumed because it was said, beside priors: quantity -> sentence."""
        found: dict[str, str] = {}
        for one in in_order(self.defects):
            found.update(one.stated(self.name))
        return found

    @property
    def counts_anybody(self) -> bool:
        """Whether it tells a number, and not only shares of those who were asked."""
        return "on_share" not in self.carries and bool(self.carries or self.members())

    def members(self) -> Sequence[Evidence]:
        """Return the sources that this one is made of; none for most."""
        return ()

    def listing(self, q: Quantities) -> Mapping[str, Any]:
        """Return name of a member -> the share of people that comes to it, in cells."""
        return {}

    def checked(self, what: str, q: Quantities, where: Where) -> Any:
        """Return the share that a `Validation` of this source checks, per draw."""
        raise TypeError(f"{type(self).__name__} has no {what} to check")

    def record_shares(self, q: Quantities) -> tuple[Any, Any] | None:
        """Return of every count the true cases per record, and the share of people who are in it.

        Each of shape ``(counts, draws)``; None for sources that are no records of people.
        """
        return None

    def groups(self, sources: Mapping[str, Evidence]) -> Sequence[Group]:
        """Return of whom it knows one by one where they were; `sources` has every one by name."""
        return ()

    def counted_shares(self, q: Quantities) -> Sequence[tuple[Sequence[int], Any]]:
        """Return lines of `counted_people`, by place, and who there is counted in them, in cells.

        For arrays and symbols. Without it the likelihood takes them as people of no other source.
        """
        return ()

    def printed(self, population: Population) -> Printed | None:
        """Return its counts as printed, in the order of `figure_classes`, if it has any."""
        return None

    def counted_people(self, q: Quantities) -> Sequence[Counted]:
        """Return which of its numbers count people of the route one by one; of most, its groups."""
        groups = [one for one in self.groups(q.sources) if one.among and one.size and one.place]
        return [Counted.of_group(self.name, one) for one in groups]

    def distinct_people(self, q: Quantities, where: Where | None = None) -> Any:
        """Return the expected number of distinct people in several registers, per draw."""
        raise SpecError(
            [f"source {self.name!r} is a {type(self).__name__}; distinct people are of Unlinked."],
            "a quantity",
        )

    def registers_per_person(self, q: Quantities, where: Where | None = None) -> Any:
        """Return in how many of several registers a person in them is on average, per draw."""
        return self.distinct_people(q, where)

    def as_measured(self, share: Any, q: Quantities) -> Any:
        """Return a share as the source measures it, with its defects."""
        for one in carried(self.defects, "on_share"):
            share = one.on_share(share, q, self.name)
        return share

    def describe(self) -> str:
        """Return how the expected number is made, from the truth to what is printed."""
        return named("word.list", parts=[one.describe() for one in in_order(self.defects)])

    def observations(self, q: Quantities) -> Sequence[Seen]:
        """Return the printed numbers and what the route expects of them."""
        raise TypeError(f"{type(self).__name__} does not define observations(q)")

    def with_data(self, figures: Sequence[Any], population: Population) -> Self:
        """Return the same source with other numbers, in the order of `observations`."""
        raise TypeError(f"{type(self).__name__} does not define with_data(figures, population)")

    def implied_number(self, population: Population) -> tuple[str, tuple[float, float]] | None:
        """Return a step and limits for how many people reached it, if the source gives any.

        Per person of the population it sees, five standard errors off. Used to notice, before
        fitting, figures that hardly go together on the route.
        """
        return None

    def shown_on_route(self, route: Route, population: Population) -> Sequence[OnRoute]:
        """Return the numbers of people that it gives of steps and transitions.

        Parameters
        ----------
        route : Route
            The steps.
        population : Population
            The people.

        Returns
        -------
        sequence of OnRoute
            None where it gives no such number: the figure of the route then names the source
            in its note.
        """
        return ()

    def __repr__(self) -> str:
        # By how they print: what a user gave may be nothing that can be compared.
        shown = {f.name: repr(getattr(self, f.name)) for f in fields(self)}
        nothing = {f.name: {"None", "''", "()", "{}", repr(f.default)} for f in fields(self)}
        said = [f"{name}={text}" for name, text in shown.items() if text not in nothing[name]]
        return f"{type(self).__name__}({', '.join(said)})"


def place_problems(route: Route, place: object, fieldname: str = "step") -> list[str]:
    """Return why `place` is neither a step nor a transition of the route."""
    if isinstance(place, str) or place is None:
        return step_problems(fieldname, place, route)
    if isinstance(place, tuple | list) and len(place) == 2:
        unknown = [text for one in place for text in step_problems(fieldname, one, route)]
        if unknown or tuple(place) in route.edges:
            return unknown
        shown = ", ".join(show_edge(edge) for edge in route.edges)
        return [
            f"field {fieldname!r} names the transition {show_edge(place)}, which the route does "
            f"not have; its transitions are: {shown}."
        ]
    return [f"field {fieldname!r} must be a step or a pair of steps; given {place!r}."]


def nesting_problems(route: Route, step: str, of: str) -> list[str]:
    """Return why a share of the people in `of` is not a ratio of two totals."""
    if of == step or not route.leads(of, step):
        return [f"no path leads from {of!r} (field 'of') to {step!r}."]
    if not route.always_passes(of, step):
        return [
            f"{step!r} can be reached without passing {of!r}, so a share of {of!r} is not nested: "
            f"use Cohort for people who were followed from {of!r}, or give the total of {step!r}."
        ]
    return []


#: A step or a transition of the route; a printed number.
PLACE = explained(
    lambda name, value, route, _: place_problems(route, value, name),
    None, 3, "no step", ("no step", "none"), (),
)  # fmt: skip
FIGURE = explained(
    lambda name, value, *_: [f"field {name!r}: {text}" for text in figure_problems(value)],
    None, -1, 2.5, "3", float("nan"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, repr=False)
class NumberEvidence(Evidence):
    """Base of evidence about a number of people at a step, or making a transition.

    Parameters
    ----------
    step : str or (str, str)
        The step, or the transition.
    per : str, optional
        The number is a mean over this axis.
    """

    step: str | tuple[str, str]
    per: str | None = None
    allowed: ClassVar[Allowed] = {"step": PLACE, "per": PER.or_none}
    carries: ClassVar[tuple[str, ...]] = ("on_records",)
    checks: ClassVar[Mapping[str, str]] = {"coverage": "Coverage", "ppv": "PPV or FalsePositives"}

    def asks_about(self, route: Route, population: Population) -> Sequence[NDArray[np.bool_]]:
        if self.step != route.steps[0]:
            return []
        return population.masks(self.counted_in())

    def divisor(self, population: Population, where: Where | None = None) -> int:
        """Return how many levels of `per` the printed number is a mean over."""
        if self.per is None:
            return 1
        chosen = population.select(self.where if where is None else where)
        return len(chosen[population.position(self.per)])

    def records(self, q: Quantities) -> Records:
        """Return what the source holds of the people of the step, in cells."""
        return q.remember(  # type: ignore[no-any-return]
            ("records", self.name), lambda: self._recorded(q)
        )

    def _recorded(self, q: Quantities) -> Records:
        people = q.in_cells(self.step)
        records = Records(people, people, people, people)
        records = records.times(q.listed(self.name), "registered", "true", "all")
        for one in in_order([*carried(self.defects, "on_records"), *q.assumed("on_records")]):
            records = one.on_records(records, q, self.name)
        return records

    def expected(
        self, q: Quantities, records: Records, wheres: Sequence[Where], weight: Any = 1.0
    ) -> Any:
        """Return the expected number of records in several selections, ``(selections, draws)``.

        A `weight` in cells is the share of the records that is counted.
        """
        mean = q.pools(records.times(weight, "all").all, wheres)
        for added in records.added:
            axes = set(added.axes) | ({self.per} if self.per is not None else set())
            mean = mean + q.levels(added.number * weight, sorted(axes), wheres)
        return mean

    def checked(self, what: str, q: Quantities, where: Where) -> Any:
        records = self.records(q)
        where = {**self.where, **where}
        if what == "coverage":
            return q.pool(records.registered, where) / q.pool(records.people, where)
        return q.pool(records.true, where) / self.expected(q, records, [where])[0]

    def factor(self) -> tuple[float, float]:
        """Return limits of records per person of the step, hardly ever passed."""
        low, high = 1.0, 1.0
        for one in carried(self.defects, "on_records"):
            a, b = one.factor()
            low, high = low * a, high * b
        return low, high

    def per_person(self, low: float, high: float, people: float) -> tuple[float, float]:
        """Return limits of people at the step per person, from limits of the number recorded."""
        least, most = self.factor()
        return (
            low / most / people if most < np.inf else 0.0,
            high / least / people if least > 0 else np.inf,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class AskedEvidence(Evidence):
    """Base of evidence from people who were asked, tested or followed."""

    carries: ClassVar[tuple[str, ...]] = ("on_share", "design_effect")
    checks: ClassVar[Mapping[str, str]] = {"sensitivity": "TestError", "specificity": "TestError"}

    def _sample_problems(self, counted: bool, n: Any, deff: Any) -> list[str]:
        """Return why a cluster sample does not fit, one sentence each."""
        clusters = carried(self.defects, "design_effect")
        if not clusters:
            return []
        found = []
        if not counted:
            found.append(
                "Clustered needs a sample given as 'yes' of 'n', or a rounded 'share' of it."
            )
        if is_number(deff) and deff != 1:
            found.append("give field 'deff' or Clustered, not both: they say the same thing.")
        return found + [text for one in clusters for text in one.sample_problems(n)]

    def _design(self, q: Quantities, n: Any) -> Any:
        """Return the design effect where a defect gives it, per draw."""
        for one in carried(self.defects, "design_effect"):
            return one.design_effect(n, q, self.name)
        return None

    def checked(self, what: str, q: Quantities, where: Where) -> Any:
        return q.parameters[f"{what}[{self.name}]"]
