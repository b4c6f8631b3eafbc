"""Every problem of a model, found before anything is computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from funnelest.assumptions.base import Assumption
from funnelest.assumptions.bounds import Bounds, Held
from funnelest.assumptions.population_error import PopulationError
from funnelest.axes import show_where
from funnelest.defects.base import no_defects
from funnelest.evidence.base import Evidence
from funnelest.fields import TEXT, is_number
from funnelest.model.constancy import constant_problems
from funnelest.model.hidden_members import hidden_problems
from funnelest.model.impossible import impossible_problems
from funnelest.model.parts import Parts
from funnelest.model.periods import period_problems
from funnelest.model.tried import mask_problems, tried_problems
from funnelest.model.unasked import unasked_problems
from funnelest.population import Population
from funnelest.priors import Fixed, Prior, Shared
from funnelest.rates import Number, Rate, Share
from funnelest.route import Route, show_edge
from funnelest.selections import Index, places

__all__ = ["change_problems", "model_problems", "part_problems"]


def part_problems(
    evidence: object, assumptions: object, mappings: Mapping[str, object]
) -> list[str]:
    """Return which parts of a model are not the collections that they must be."""
    lists = {"evidence": (evidence, "Evidence"), "assumptions": (assumptions, "assumptions")}
    found = [
        f"{name} must be a list of {what}; given {value!r}."
        for name, (value, what) in lists.items()
        if not isinstance(value, list | tuple)
    ]
    return found + [
        f"{name} must be a mapping; given {value!r}."
        for name, value in mappings.items()
        if not (value is None or isinstance(value, Mapping))
    ]


def change_problems(name: str, given: object) -> list[str]:
    """Return why what is to be changed in a model is no mapping."""
    return [] if isinstance(given, Mapping) else [f"{name} must be a mapping; given {given!r}."]


def _of(what: str, problems: Iterable[str]) -> list[str]:
    """Return sentences with what they are about in front."""
    return [f"{what}: {text}" for text in problems]


def _asked(problems: Callable[..., list[str]], *about: Any) -> list[str]:
    """Return what a part says is wrong with itself; a failure to say so is a problem too."""
    try:
        return problems(*about)
    except Exception as error:  # a value of a type that nobody thought of
        return [f"a field has a value that cannot be used ({type(error).__name__}: {error})."]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names)) or "none"


def model_problems(model: Parts, changed: Collection[str] = ()) -> list[str]:
    """Return what is wrong with a model, one sentence each; empty when all is well.

    Of a copy only what its `changed` parts can have broken; else everything.
    """
    if not changed:
        found = [
            f"{what} must be a {kind.__name__}; given {value!r}."
            for what, kind in (("route", Route), ("population", Population))
            if not isinstance(value := getattr(model, what), kind)
        ]
        if found:  # nothing else can be checked without these two
            return found
    for stage in _STAGES:
        found = [
            text
            for check, reads in stage.items()
            if not changed or not reads.isdisjoint(changed)
            for text in check(model)
        ]
        if found:
            return found
    return []


def number_problems(evidence: Sequence[Evidence]) -> list[str]:
    """Return which sources count, though the route is one of shares only."""
    return [
        f"{type(one).__name__} {one.name!r} counts, but the route is one of shares only: give "
        "population and occurrence."
        for one in evidence
        if isinstance(one, Evidence) and one.counts_anybody
    ]


def _year_problems(model: Parts) -> list[str]:
    """Ask which axis is that of the years, over which every table gives a mean."""
    could = model.population.could_hold("years")
    return [model.population.question("years")] if could else []


def _rate_problems(model: Parts) -> list[str]:
    found = []
    if not isinstance(model.occurrence, Rate | Number):
        found.append(f"occurrence must be a Rate or a Number; given {model.occurrence!r}.")
    else:
        found += _of(model.occurrence_name, _asked(model.occurrence.problems, model.population))
        if isinstance(model.occurrence, Rate) and not model.population.counted:
            found.append(
                "occurrence is a Rate, but the population has no head count: give counts, or a "
                "Number."
            )
        if isinstance(model.occurrence, Number) and model.population.counted:
            found.append(
                "occurrence is a Number of people, which a head count would multiply: give the "
                "axes alone with Population.cells(...), or a Rate."
            )
    known = ", ".join(show_edge(edge) for edge in model.route.edges)
    for edge, share in model.transitions.items():
        named = isinstance(edge, tuple) and all(isinstance(step, str) for step in edge)
        if not named or edge not in model.route.edges:
            shown = show_edge(edge) if named else repr(edge)
            found.append(
                f"transitions: the route has no transition {shown}; its transitions are: {known}."
            )
        elif not isinstance(share, Share):
            found.append(f"transition {show_edge(edge)} must be a Share; given {share!r}.")
        else:
            found += _of(f"transition {show_edge(edge)}", _asked(share.problems, model.population))
    return found


def _evidence_problems(model: Parts) -> list[str]:
    found = []
    known = [one for one in model.evidence if isinstance(one, Evidence)]
    members = [_members(one) for one in known]
    names = [str(one.name) for one in known]
    names += [str(one.name) for several in members for one in several]
    found += [
        f"two pieces of evidence are named {name!r}; give each its own name."
        for name, times in Counter(names).items()
        if times > 1
    ]
    for one in model.evidence:
        if not isinstance(one, Evidence):
            found.append(f"evidence must be pieces of Evidence; given {one!r}.")
            continue
        start = f"{type(one).__name__} {one.name!r}"
        trouble = no_defects(one.defects)  # else nothing else can be asked
        trouble = trouble or _asked(one.problems, model.route, model.population)
        found += _of(start, trouble)
        if not trouble and one.needs_first_events and model.conversion is None:
            found.append(f"{start}: {_NO_CONVERSION}")
        found += _of(start, _asked(one.problems_among, known))
        if trouble:
            continue  # what is wrong was said; of its unknowns nothing can be asked
        for label, prior in one.parameters(model.population).items():
            found += _of(f"{start}: {label.split('[')[0]}", prior.problems())
    return found


def _members(one: Evidence) -> list[Evidence]:
    """Return the sources that a source is made of; none when they are not even sources."""
    try:
        return [member for member in one.members() if isinstance(member, Evidence)]
    except TypeError:
        return []


#: Why first events cannot be spoken of.
_NO_CONVERSION = (
    "it is about first events, and the model is about the victims of one year: the assumption "
    "FirstTime(share=..., statement=...) says how the two are joined."
)


def _assumption_problems(model: Parts) -> list[str]:
    found = []
    good = []
    known = [one for one in model.evidence if isinstance(one, Evidence)]
    for one in model.assumptions:
        if not isinstance(one, Assumption):
            found.append(f"assumptions must be kinds of Assumption, as Shift; given {one!r}.")
            continue
        trouble = _asked(one.problems, model.population)
        trouble = trouble or _of(type(one).__name__, _asked(one.problems_among, known))
        trouble = trouble or _asked(mask_problems, one, model.population)
        found += trouble
        if not trouble:
            good.append(one)
    conversions = model.conversions
    if len(conversions) > 1:
        found.append("two assumptions FirstTime: give one.")
    if conversions and not model.population.counted:
        found.append("FirstTime: first events per person need a population with a head count.")
    if model.hazard:
        found += [
            f"{type(one).__name__}: its limits are yearly rates, and the occurrence is a hazard "
            "of first events. Give a Rate, or another assumption about the hazard."
            for one in good
            if isinstance(one, Bounds | Held)
        ]
        found += _hazard_problems(model, conversions)
    seen = np.zeros(model.population.shape, dtype=int)
    for one in good:
        mask = one.imputed(model.population)
        counts = mask.any() or isinstance(one, PopulationError)
        if counts and isinstance(model.occurrence, Number):
            found.append(
                f"{one.describe()}: this needs a Rate of a population; the occurrence is a Number."
            )
        if (seen[mask] > 0).any():
            found.append(f"{one.describe()}: another assumption already sets the same cells.")
        seen += mask
    for one in good:
        if (seen[one.rests_on(model.population)] > 0).any():
            found.append(
                f"{one.describe()}: the ages that it rests on are themselves imputed by an "
                "assumption; rest it on observed ones."
            )
    return found


def _parameter_problems(model: Parts) -> list[str]:
    found = []
    for name, prior in model.parameters.items():
        found += TEXT.said("the name of a parameter", name)
        found += _of(f"parameter {name!r}", prior.problems())
        if isinstance(prior, Shared):
            found.append(f"parameter {name!r}: it needs a prior, not a reference to another.")
    return found


def _hazard_problems(model: Parts, conversions: list[Any]) -> list[str]:
    """Return why a hazard cannot be turned into yearly rates, one sentence each."""
    if not conversions:
        return [f"{model.occurrence_name}: {_NO_CONVERSION}"]
    if model.population.age_problems(conversions[0].axis):
        return []  # was said
    axis = model.population.age_axis(conversions[0].axis)
    if axis.spans == [(age, age) for age in range(len(axis.spans))]:
        return []
    return [
        f"{model.occurrence_name}: a Hazard needs single years of {axis.name} from 0 on, since the "
        "people at risk shrink from year to year; give the population by single years, or a Rate."
    ]


def _instead_problems(model: Parts) -> list[str]:
    """Check the parameters that are held at a number or have another prior."""
    found = []
    plain = model.but(instead={})
    for name, value in model.instead.items():
        if name not in plain.free:
            found.append(
                f"instead: there is no unknown parameter {name!r}; the unknown ones are: "
                f"{_listed(plain.free)}."
            )
            continue
        low, high = plain.free[name].support
        if isinstance(value, Prior):
            found += _of(f"instead: {name!r}", value.problems())
            if isinstance(value, Fixed | Shared):
                found.append(
                    f"instead: {name!r} must be a number or a distribution; given {value!r}."
                )
            elif not found and not (low <= value.support[0] and value.support[1] <= high):
                found.append(
                    f"instead: the prior of {name!r} must lie between {low:g} and {high:g}; given "
                    f"{value.describe()}."
                )
        elif not is_number(value):
            found.append(f"instead: {name!r} must be a number or a Prior; given {value!r}.")
        elif not low <= value <= high:
            found.append(
                f"instead: {name!r} must lie between {low:g} and {high:g}; given {value!r}."
            )
    return found


def _power_problems(model: Parts) -> list[str]:
    """Check the powers to which the likelihoods of sources are raised."""
    names = [one.name for one in model.evidence]
    found = [
        f"powers: there is no source {name!r}; the sources are: {', '.join(names) or 'none'}."
        for name in model.powers
        if not isinstance(name, str) or name not in names
    ]
    return found + [
        f"powers: that of {name!r} must be a number of at least 0; given {value!r}."
        for name, value in model.powers.items()
        if not (is_number(value) and 0 <= value < np.inf)
    ]


def _prior_problems(model: Parts) -> list[str]:
    """Check what needs all parts: shared parameters, and names given twice."""
    found = []
    for name, prior in model.priors.items():
        if not isinstance(prior, Shared):
            continue
        target = model.parameters.get(prior.name)
        if target is None:
            found.append(
                f"{name} refers to the parameter {prior.name!r}, which the model does not have; "
                f"its parameters are: {_listed(model.parameters)}."
            )
            continue
        low, high = prior.limits
        a, b = target.support
        if a < low or b > high:
            found.append(
                f"{name} must lie between {low:g} and {high:g}, but the parameter "
                f"{prior.name!r} is {target.describe()}, which reaches beyond; give that one a "
                "prior (or Truncated) within these limits."
            )
    people, taken = model.population, dict[str, str]()
    rates = [varying.parameters(name, people) for varying, name in model.varying()]
    parts: list[tuple[str, Iterable[str]]] = [
        ("the rates and transitions", {name for one in rates for name in one}),
        *((f"evidence {one.name!r}", one.parameters(people)) for one in model.evidence),
        *(("an assumption", one.parameters(people)) for one in model.assumptions),
        ("the model's parameters", model.parameters),
    ]
    for owner, priors in parts:
        for name in priors:
            if name in taken:
                found.append(f"{owner} and {taken[name]} both define the parameter {name!r}.")
            taken[name] = owner
    return found


def _together_problems(model: Parts) -> list[str]:
    """Check the parameters of each defect together: they may be shared, or held at a number."""
    priors = {
        name: model.priors[prior.name] if isinstance(prior, Shared) else prior
        for name, prior in model.priors.items()
    }
    found = []
    for source in model.sources():
        for one in source.defects:
            start = f"{type(source).__name__} {source.name!r}: {type(one).__name__}"
            found += _of(start, one.problems_beside(source.name, priors))
    return found


#: What `implied_number` of the sources leaves room for.
_ALLOWED = "five standard errors allowed for"


def _hardly_together(model: Parts) -> list[str]:
    """Find figures that are too far apart: the limits that sources imply are five errors off."""
    implied = []
    changed = {name for one in model.assumptions for name in one.register_names()}
    for one in model.evidence:
        limits = None if one.name in changed else one.implied_number(model.population)
        if limits is not None:
            implied.append((one, *limits))
    errors = [one for one in model.assumptions if isinstance(one, PopulationError)]
    varying = model.varies_over().union(*(one.where for one in errors))
    first = model.route.steps[0]
    shares = _Spread(model.population, varying, [one.where for one, _, _ in implied])
    # Of each step, the sources of the steps before it that everybody in it has passed.
    passed = {
        step: sum(
            1 << i
            for i, (_, before, _) in enumerate(implied)
            if before != step
            and model.route.leads(before, step)
            and model.route.always_passes(before, step)
        )
        for step in {step for _, step, _ in implied}
    }
    found = []
    for later, step, (low, _) in implied:
        where = show_where(later.where)
        people = model.population.total(later.where)
        if isinstance(model.occurrence, Rate) and low > 1 and not errors:
            found.append(
                f"{type(later).__name__} {later.name!r} puts at least {low * people:,.0f} people "
                f"in {step!r} ({where}), {_ALLOWED}: more than the population of {people:,.0f}."
            )
        for i, ratio in shares.comparable(later.where, passed[step]):
            earlier, before, (_, high) = implied[i]
            if low <= high * ratio:
                continue
            steps = model.route.steps
            start = steps[max(steps.index(before) - 1, 0)]
            advice = (
                f"A skip edge is needed, such as skips=[({start!r}, {step!r})], if people can "
                f"come to {step!r} without {before!r}"
                if before != first
                else f"Nobody can reach {step!r} without {before!r}, the first step"
            )
            found.append(
                f"{type(later).__name__} {later.name!r} puts at least {low * people:,.0f} people "
                f"in {step!r} ({where}), but {type(earlier).__name__} {earlier.name!r} leaves at "
                f"most {high * ratio * people:,.0f} of the same people in {before!r}, {_ALLOWED}. "
                f"Every path to {step!r} passes {before!r}: the two hardly go together. "
                f"{advice}; otherwise one of the two counts something else, which a Bridge or a "
                "coverage says."
            )
    return found


class _Spread:
    """How the people of some selections are spread over the axes over which rates vary."""

    def __init__(self, population: Population, varying: set[str], wheres: list[Any]) -> None:
        self.population = population
        self.at = [i for i, axis in enumerate(population.axes) if axis.name in varying]
        self.lengths = [population.shape[i] for i in self.at]
        self.wheres = wheres
        self.index = Index([self._varied(where) for where in wheres])
        self._found: dict[str, tuple[Any, Any]] = {}

    def _varied(self, where: Any) -> list[Any]:
        chosen = self.population.select(where)
        return [chosen[i] for i in self.at]

    def _shares(self, where: Any) -> tuple[Any, Any]:
        """Return the cells where people of a selection are, and the share of them in each."""
        key = repr(where)
        if key not in self._found:
            others = tuple(i for i in range(len(self.population.axes)) if i not in self.at)
            chosen = self.population.select(where)
            people = np.ravel(self.population.counts[np.ix_(*chosen)].sum(axis=others))
            cells = places(self._varied(where), self.lengths)
            self._found[key] = cells[people > 0], people[people > 0] / people.sum()
        return self._found[key]

    def comparable(self, where: Any, among: int) -> Iterator[tuple[int, float]]:
        """Yield the selections with which one compares, and what to multiply their shares by.

        On axes over which nothing varies, shares of the population compare across selections. The
        others must be seen by the other selection too; where it sees them in other proportions,
        all of its number may lie in the part that this one sees most of.
        """
        cells, there = self._shares(where)
        # What sees all of the cells sees the first.
        one = [np.array([place]) for place in np.unravel_index(cells[0], self.lengths or (1,))]
        for i in self.index.meeting(one[: len(self.at)], among):
            others, shares = self._shares(self.wheres[i])
            at = np.searchsorted(others, cells)
            if at[-1] < len(others) and (others[at] == cells).all():
                yield i, float((there / shares[at]).max())


_SOURCES = frozenset({"evidence", "assumptions"})
#: Every check with the parts that it reads. Each stage only where the one before finds nothing: of
#: names first, since the priors of a held name are looked up by it.
_STAGES: tuple[dict[Callable[[Parts], list[str]], frozenset[str]], ...] = (
    {hidden_problems: _SOURCES | {"occurrence", "transitions", "parameters", "instead"}},
    {
        _rate_problems: frozenset({"occurrence", "transitions"}),
        _evidence_problems: _SOURCES,
        _assumption_problems: _SOURCES,
        _parameter_problems: frozenset({"parameters"}),
        _year_problems: frozenset(),
    },
    {
        _instead_problems: _SOURCES | {"parameters", "instead"},
        _power_problems: frozenset({"evidence", "powers"}),
    },
    {_prior_problems: _SOURCES | {"parameters"}},
    {tried_problems: _SOURCES | {"occurrence", "transitions", "parameters", "instead"}},
    {_together_problems: _SOURCES | {"parameters", "instead"}},
    {
        impossible_problems: _SOURCES,
        unasked_problems: _SOURCES,
        period_problems: _SOURCES | {"occurrence", "transitions", "parameters"},
        _hardly_together: _SOURCES,
        constant_problems: _SOURCES | {"occurrence", "transitions"},
    },
)
