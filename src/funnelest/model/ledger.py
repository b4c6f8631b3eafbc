"""The ledger: everything that a model assumes, stated or by default."""

from __future__ import annotations

from dataclasses import dataclass

from funnelest.model.parts import Parts
from funnelest.priors import Fixed
from funnelest.route import show_edge
from funnelest.words import named, spoken

__all__ = ["Entry", "entries"]


@dataclass(frozen=True)
class Entry:
    """One line of the ledger of assumptions.

    Parameters
    ----------
    about : str
        The parameter or quantity.
    kind : str
        "prior", "fixed", "assumption", "source" or "default".
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


def entries(model: Parts) -> list[Entry]:
    """Return everything that was assumed: priors, fixed numbers, assumptions, defaults."""
    found = [
        Entry(spoken(a.describe(), a.sentence), "assumption", "", a.statement, a.source)
        for a in model.assumptions
    ]
    defaulted = {show_edge(edge) for edge in model.route.edges if edge not in model.transitions}
    for varying, name in model.varying():
        defaulted |= varying.by_default(name, model.population)
    for one in model.sources():
        for defect in one.defects:
            defaulted |= defect.by_default(one.name, model.population)
    unsaid = {k: text for one in model.evidence for k, text in one.defaults().items()}
    defaulted |= set(unsaid)
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
    found += [
        Entry(about, "default", text, stated=False)
        for about, text in unsaid.items()
        if about not in model.priors
    ]
    over = model.varies_over()
    for axis in model.population.axes:
        if axis.name not in over and len(axis.levels) > 1:
            about, text = (named(f"default.{key}", axis=axis.name) for key in ("axis", "same"))
            found.append(Entry(about, "default", text, stated=False))
    return found
