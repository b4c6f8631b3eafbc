"""The model: route, population, rates, transitions, evidence and assumptions, checked."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.assumptions.base import Assumption
from funnelest.axes import Where
from funnelest.entry import entries
from funnelest.errors import FunnelestWarning, SpecError, raise_if_any
from funnelest.evidence.base import Evidence, place_problems
from funnelest.fields import TRUTH, plain
from funnelest.model import as_json, ledger, problems
from funnelest.model.ledger import Entry
from funnelest.model.parts import Parts
from funnelest.model.same_people import same_people
from funnelest.model.sight import Sight
from funnelest.model.unasked import first_event_cells, imputed_cells, shared_over
from funnelest.population import Population
from funnelest.priors import Fixed, Prior, as_prior
from funnelest.rates import Number, Rate, Share
from funnelest.route import Route

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Model", "with_made_up"]


@entries
@dataclass(frozen=True, init=False, eq=False)
class Model(Parts):
    """A route, who enters it, how people pass it, and what was observed of them.

    A model is a value: nothing is computed until it is fitted, and nothing in it changes. All
    of it is checked at once.

    Parameters
    ----------
    route : Route
        The steps and transitions.
    population : Population, optional
        The people, on named axes. It goes with `occurrence`: leave out both for a route of shares
        only, of which no numbers are known. Its numbers are then those of one that enters.
    occurrence : Rate or Number, optional
        Who enters the first step: a yearly rate of the population, or a number per cell.
    transitions : mapping of (str, str) to Share, optional
        The share that makes each transition. One left out gets the default ``Beta(1, 1)``, and
        the ledger says so.
    evidence : sequence of Evidence, default ()
        The sources.
    assumptions : sequence of Assumption, default ()
        What no source supports.
    parameters : mapping of str to Prior, optional
        Further unknown numbers, used by your own evidence or by several sources (`Shared`).
    instead : mapping of str to Prior or float, optional
        Unknown parameters whose prior is set aside: held at a number (`holding`), or with another
        prior (`with_priors`).
    powers : mapping of str to float, optional
        Source -> the power to which its likelihood is raised: 0 leaves it out, 1 leaves it as it
        is; see `with_powers`.

    Raises
    ------
    SpecError
        One error that lists every problem of every part.

    Warns
    -----
    FunnelestWarning
        For a figure that is taken as exact and looks rounded, such as a share of two digits beside
        thousands of people; and for sources that look like the same people entered as others.

    See Also
    --------
    fit : Estimate everything in the model.
    simulate : The same model with made-up data.
    """

    def __init__(
        self,
        route: Route,
        population: Population | None = None,
        occurrence: Rate | Number | None = None,
        transitions: Mapping[Any, Share] | None = None,
        evidence: Sequence[Evidence] = (),
        assumptions: Sequence[Assumption] = (),
        parameters: Mapping[str, Prior] | None = None,
        instead: Mapping[str, Prior | float] | None = None,
        powers: Mapping[str, float] | None = None,
    ) -> None:
        mappings = {
            "transitions": transitions,
            "parameters": parameters,
            "instead": instead,
            "powers": powers,
        }
        found = problems.part_problems(evidence, assumptions, mappings)
        if population is None and occurrence is None:
            raise_if_any(found or problems.number_problems(evidence))
            population, occurrence = Population.cells(), Number(Fixed(1.0))
        if population is None or occurrence is None:
            what = "population" if population is None else "occurrence"
            found.append(f"{what} is missing; leave out both for a route of shares only.")
            raise SpecError(found)
        raise_if_any(found)
        super().__init__(
            route=route,
            population=population,
            occurrence=occurrence,
            transitions={
                (tuple(edge) if isinstance(edge, list) else edge): share
                for edge, share in (transitions or {}).items()
            },
            evidence=tuple(evidence),
            assumptions=tuple(assumptions),
            parameters={name: as_prior(p) for name, p in (parameters or {}).items()},
            instead=plain(dict(instead or {})),
            powers=plain(dict(powers or {})),
        )
        raise_if_any(problems.model_problems(self))
        self._ask(self.evidence)

    def _ask(self, evidence: Sequence[Evidence], known: Sequence[str] = ()) -> None:
        """Warn of what the user of some evidence may not have meant, but for what is `known`."""
        texts = [
            f"{type(one).__name__} {one.name!r}: {text}"
            for one in evidence
            for text in one.remarks(self.population)
        ]
        for text in [*texts, *(one for one in same_people(self) if one not in known)]:
            warnings.warn(text, FunnelestWarning, stacklevel=3)

    # -------------------------------------------------------------- structure

    def imputed(self) -> NDArray[np.bool_]:
        """Return which cells' rates no source sees but an assumption sets.

        Also those of which only first events are known, so that the yearly rate rests on the
        conversion by `FirstTime`.
        """
        return self._imputed

    @cached_property  # asked for by every row of every table
    def _imputed(self) -> NDArray[np.bool_]:
        mask = imputed_cells(self)
        mask.flags.writeable = False
        return mask

    @cached_property  # as `_imputed`
    def sight(self) -> Sight:
        """Which cells of its rate and of each transition sources see."""
        return Sight(self)

    def basis(
        self,
        where: Where | None = None,
        *,
        of: str | tuple[str, str] | None = None,
        first_events: bool = False,
    ) -> str:
        """Return what a number of the selected cells rests on.

        Parameters
        ----------
        where : mapping, optional
            Which cells; all when left out.
        of : str or (str, str), optional
            The step whose number it is, or the transition whose share; the first step when left
            out.
        first_events : bool, default False
            Of first events in place of victims in a year: without a source that asks about them
            they rest on `FirstTime` alone.

        Returns
        -------
        str
            "estimated"; "imputed" or "partly imputed" where an assumption sets the rate of all of
            the cells or of some; "carried over" or "partly carried over" where no source sees what
            the number rests on in these cells, or in some, and it is taken to be the same as where
            one does (see `Sight`). Of the latter two pairs a word of each may hold: "partly
            imputed, carried over". "assumed" where no source sees any rate or transition that the
            number depends on, or all of them were given; "partly assumed" is added where none sees
            one of them. What the figures
            leave as its prior has it is known of a fit only: `Result.rests_on` and its tables say
            "assumed" of that.

        Raises
        ------
        SpecError
            When `of` is no step and no transition of the route.
        """
        raise_if_any(TRUTH.said("first_events", first_events), "the basis")
        place = self.route.steps[0] if of is None else tuple(of) if isinstance(of, list) else of
        raise_if_any(place_problems(self.route, place, "of"), "the basis")
        words = [self.imputed_part(where, first_events=first_events)]
        if not first_events:
            parts = self.sight.places[place]
            unseen = parts - self.sight.seen.keys()
            if unseen == parts and words != ["imputed"]:
                return "partly imputed, assumed" if words[0] else "assumed"
            words.append(self.sight.basis(parts, [where or {}]))
            words += ["partly assumed"] if unseen and words[0] != "imputed" else []
        return ", ".join(word for word in words if word) or "estimated"

    def imputed_part(self, where: Where | None = None, *, first_events: bool = False) -> str:
        """Return "imputed", "partly imputed" or nothing, as `basis` with the same arguments."""
        cells = np.ix_(*self.population.select(where))
        filled = self.imputed()
        if first_events:
            assumed = [one.imputed(self.population) for one in self.assumptions]
            made = self.conversion
            over = {self.population.age_axis(made.axis).name} if made is not None else set()
            seen = shared_over(
                first_event_cells(self), self.population, over | self.occurrence.axes()
            )
            filled = np.logical_or.reduce([~seen, *assumed])
        there = self.population.counts[cells] > 0
        if not (filled[cells] & there).any():
            return ""
        return "imputed" if (filled[cells] | ~there).all() else "partly imputed"

    # ----------------------------------------------------------------- ledger

    def ledger(self) -> list[Entry]:
        """Return everything that was assumed: priors, fixed numbers, assumptions, defaults."""
        return ledger.entries(self)

    def ledger_table(self) -> pd.DataFrame:
        """Return the ledger of assumptions as a table, one line per entry."""
        import pandas as pd

        return pd.DataFrame([vars(entry) for entry in self.ledger()])

    # ---------------------------------------------------------------- changes

    def with_evidence(self, evidence: Sequence[Evidence]) -> Model:
        """Return the same model with other evidence."""
        raise_if_any(problems.part_problems(evidence, (), {}), "with_evidence")
        made = self._changed(evidence=tuple(evidence))
        known = {id(one) for one in self.evidence}
        made._ask([one for one in made.evidence if id(one) not in known], same_people(self))
        return made

    def with_assumptions(self, assumptions: Sequence[Assumption]) -> Model:
        """Return the same model with other assumptions."""
        raise_if_any(problems.part_problems((), assumptions, {}), "with_assumptions")
        return self._changed(assumptions=tuple(assumptions))

    def holding(self, values: Mapping[str, float]) -> Model:
        """Return the same model with unknown parameters held at numbers.

        `values` has parameter name -> its number, beside those that are already held. The ledger
        calls them fixed, and says which prior they had.
        """
        raise_if_any(problems.change_problems("values", values), "holding")
        return self._changed(instead=plain({**self.instead, **values}))

    def with_priors(self, priors: Mapping[str, Prior]) -> Model:
        """Return the same model with other priors of some unknown parameters.

        `priors` has parameter name, as in the ledger, -> the prior that takes the place of its own.
        """
        raise_if_any(problems.change_problems("priors", priors), "with_priors")
        return self._changed(instead={**self.instead, **priors})

    def with_powers(self, powers: Mapping[str, float]) -> Model:
        """Return the same model with the likelihood of some sources raised to a power.

        Parameters
        ----------
        powers : mapping of str to float
            Source -> its power: 0 leaves it out, one half counts it as if half as large, 1 leaves
            it as it is.

        Returns
        -------
        Model
            With the same unknown parameters; its ledger says which source counts for how much.

        Notes
        -----
        A power prior made of that source: Ibrahim and Chen, Statistical Science 2000;15:46.
        """
        raise_if_any(problems.change_problems("powers", powers), "with_powers")
        return self._changed(powers=plain({**self.powers, **powers}))

    def power_of(self, name: str) -> float:
        """Return the power to which the likelihood of the source `name` is raised."""
        return self.powers.get(name, 1.0)

    def without(self, *names: str) -> Model:
        """Return the same model without the sources of these names."""
        known = [one.name for one in self.evidence]
        raise_if_any(
            [
                f"there is no source {name!r} to leave out; the sources are: {', '.join(known)}."
                for name in names
                if not isinstance(name, str) or name not in known
            ]
        )
        return self._changed(
            evidence=[one for one in self.evidence if one.name not in names],
            powers={name: power for name, power in self.powers.items() if name not in names},
        )

    def _changed(self, **parts: Any) -> Model:
        """Return a copy, of which is checked what its new parts can have broken."""
        made = self.but(**parts)
        raise_if_any(problems.model_problems(made, parts))
        return made

    # ------------------------------------------------------------------- JSON

    def to_dict(self) -> dict[str, Any]:
        """Return the model as plain JSON types.

        Returns
        -------
        dict
            Numbers, texts, lists and dicts only. Functions of your own evidence are written as
            their name, ``"module:name"``; hand them to `from_dict` again. The ``"checksum"`` is
            that of the rest, whatever the order of its keys.
        """
        return as_json.parts_to_dict(self)

    @classmethod
    def from_dict(
        cls,
        data: Mapping[str, Any],
        *,
        functions: Mapping[str, Callable[..., Any]] | None = None,
        kinds: Sequence[type] = (),
    ) -> Model:
        """Rebuild a model from `to_dict`.

        Parameters
        ----------
        data : mapping
            What `to_dict` gave.
        functions : mapping of str to callable, optional
            The functions of your own evidence, by the name under which they were written.
            Nothing is imported on the word of a file.
        kinds : sequence of type, optional
            Your own classes of evidence, terms or assumptions.

        Returns
        -------
        Model
            Equal to the one that was written.

        Raises
        ------
        SpecError
            With every problem: an unknown kind or a function that was not handed in, another
            format, a key that is missing or unknown, a checksum that does not fit. Who changed the
            data on purpose leaves out ``"checksum"``.
        """
        functions = {} if functions is None else functions
        return cls(**as_json.parts_from_dict(data, functions=functions, kinds=kinds))

    def hash(self) -> str:
        """Return a short fingerprint of everything in the model."""
        return str(self.to_dict()["checksum"])[:12]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]  # compared by content; see `hash`

    def __repr__(self) -> str:
        lines = [
            f"Model of {len(self.free)} unknown parameters and {len(self.evidence)} sources",
            f"  {self.route!r}",
            f"  {self.population!r}",
        ]
        lines += [f"  {type(one).__name__} {one.name!r}" for one in self.evidence]
        lines += [f"  assumed: {a.describe()}" for a in self.assumptions]
        every = self.ledger()
        unsaid: dict[str, list[str]] = {}
        for entry in every:
            if entry.stated or entry.kind == "constant":
                continue
            unsaid.setdefault(str(entry.value), []).append(entry.about)
        lines += [f"  by default: {', '.join(names)}: {value}" for value, names in unsaid.items()]
        same = sum(entry.kind == "constant" and not entry.stated for entry in every)
        if same:
            lines.append(f"  by default: the same over an axis, {same} times; see ledger()")
        return "\n".join(lines)


def with_made_up(model: Model, evidence: Sequence[Evidence]) -> Model:
    """Return the model with made-up data in its sources, which are not checked again.

    `evidence` is what `with_data` of each source gave: only numbers are other. Where a kind of the
    user gives something else, it is checked as any.
    """
    same = all(
        type(new) is type(old) and new.name == old.name
        for new, old in zip(evidence, model.evidence, strict=True)
    )
    return model.but(evidence=tuple(evidence)) if same else model.with_evidence(evidence)
