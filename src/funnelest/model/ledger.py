"""The ledger: everything that a model assumes, stated or by default."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from funnelest.axes import Axis
from funnelest.model.constancy import constancies
from funnelest.model.counted_apart import counted_apart
from funnelest.model.parts import Parts
from funnelest.priors import Fixed
from funnelest.route import show_edge
from funnelest.words import Named, named, spoken

__all__ = ["Entry", "by_default", "entries"]


@dataclass(frozen=True)
class Entry:
    """One line of the ledger of assumptions.

    Parameters
    ----------
    about : str
        The parameter or quantity.
    kind : str
        "prior", "fixed", "assumption", "source", "default", or "constant": what is the same over an
        axis.
    value : str
        The distribution or the sentence.
    statement, source : str
        Why, and by whom.
    stated : bool
        Whether the user said so; False for a default.
    """

    about: str
    kind: str
    value: str
    statement: str = ""
    source: str = ""
    stated: bool = True


def by_default(model: Parts) -> set[str]:
    """Return the parameters, and what has none, of which nobody stated the prior or the value."""
    found = {show_edge(edge) for edge in model.route.edges if edge not in model.transitions}
    for varying, name in model.varying():
        found |= varying.by_default(name, model.population)
    for one in model.sources():
        for defect in one.defects:
            found |= defect.by_default(one.name, model.population)
    found |= {name for one in model.evidence for name in one.defaults()}
    return found - set(model.instead)


def entries(model: Parts) -> list[Entry]:
    """Return everything that was assumed: priors, fixed numbers, assumptions, defaults."""
    names = {one.name for one in model.sources()}
    return [
        replace(one, about=_of_source(one.about, names)) for one in _entries(model)
    ] + _constant(model)


def _of_source(about: str, sources: Collection[str]) -> str:
    """Return what is of a source, ``coverage[police]``, as a name that is said in a language."""
    what, bracket, rest = about.partition("[")
    if isinstance(about, Named) or not bracket or rest.removesuffix("]") not in sources:
        return about
    return named("word.of_its_source", what=what, source=rest.removesuffix("]"))


def _entries(model: Parts) -> list[Entry]:
    """Return everything that was assumed, but for what is the same over an axis."""
    found = [
        Entry(spoken(a.describe(), a.sentence), "assumption", "", a.statement, a.source)
        for a in model.assumptions
        if not a.constant()
    ]
    defaulted = by_default(model)
    unsaid = {k: text for one in model.evidence for k, text in one.defaults().items()}
    for name, prior in model.priors.items():
        stated = name in model.instead or name not in defaulted
        kind = "fixed" if isinstance(prior, Fixed) else "prior"
        said = unsaid.get(name, "")
        found.append(
            Entry(
                name,
                kind if stated else "default",
                prior.describe(),
                prior.statement or said,
                prior.source,
                stated,
            )
        )
    found += [
        Entry(name, "assumption", named("default.power", power=power))
        for name, power in model.powers.items()
        if power != 1
    ]
    for one in model.sources():
        found += [Entry(about, "assumption", text) for about, text in one.stated().items()]
        if one.statement:
            found.append(Entry(one.name, "source", "", one.statement, one.source))
        for defect in one.defects:
            if defect.statement:
                about = f"{defect.label}[{one.name}]"
                found.append(Entry(about, "assumption", "", defect.statement, defect.source))
        for what, own, common in (
            ("unit", one.unit, model.route.unit),
            ("definition", one.definition, model.route.definition),
        ):
            if one.carries and common and not own:
                text = named("default.as_route", what=common)
                found.append(Entry(f"{what}[{one.name}]", "default", text, stated=False))
    found += [
        Entry(about, "default", text, stated=False)
        for one in model.sources()
        for about, text in one.readings(model.population).items()
    ]
    found += map(_read_as, model.population.axes)
    found += [
        Entry(about, "default", text, stated=False)
        for about, text in unsaid.items()
        if about not in model.priors
    ]
    for group in model.of_one_number:
        names = tuple(dict.fromkeys(name for name, _ in group if model.powers.get(name, 1.0)))
        if len(names) > 1:
            about = named("default.estimated", names=names)
            found.append(Entry(about, "default", named("default.one_number"), stated=False))
    sources = {one.name: one for one in model.sources()}
    known = () if model.of_shares_only else model.evidence
    unsaid_of = [one for one in known if any(g.among is None for g in one.groups(sources))]
    if names := tuple(one.name for one in unsaid_of):
        about = named("default.followed", names=names)
        found.append(Entry(about, "default", named("default.others"), stated=False))
    if names := counted_apart(model):
        about = named("default.counted", names=names)
        said = named("default.counted_apart", unit=model.route.counted)
        found.append(Entry(about, "default", said, stated=False))
    counting = [one.name for one in model.evidence if model.powers.get(one.name, 1.0)]
    for how, names, pairs in model.ties.said(counting):
        about = named("default.same_people", names=names, unit=model.route.counted)
        of = [named("default.pair", first=first, second=second) for first, second in pairs]
        said = named(f"default.same_people_{how}", unit=model.route.counted, pairs=of)
        found.append(Entry(about, "default", said, stated=False))
    return found


def _read_as(axis: Axis) -> Entry:
    """Return what an axis was taken to hold, and whether anybody said so."""
    about = named("default.axis", axis=axis.name)
    if axis.declared:
        return Entry(about, "assumption", named(f"default.declared.{axis.role or 'other'}"))
    return Entry(about, "default", named(f"default.read.{axis.role or 'other'}"), stated=False)


def _constant(model: Parts) -> list[Entry]:
    """Return what is taken to be the same over an axis: as somebody states, else by default."""
    stating = {key: one for one in model.assumptions for key in one.constant()}
    found = []
    for one in constancies(model):
        names = (one.name, str(one.part))
        by = next((stating[n, one.axis.name] for n in names if (n, one.axis.name) in stating), None)
        if by is None:
            found.append(Entry(one.about, "constant", one.value, stated=False))
        else:
            found.append(Entry(one.about, "constant", one.value, by.statement, by.source))
    return found
