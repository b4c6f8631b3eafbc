"""The ledger: everything that a model assumes, stated or by default."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from funnelest.assumptions.base import Entry
from funnelest.model.parts import Parts
from funnelest.priors import Fixed
from funnelest.route import show_edge

__all__ = ["entries"]


def entries(model: Parts) -> list[Entry]:
    """Return everything that was assumed: priors, fixed numbers, assumptions, defaults."""
    found = [
        Entry(
            a.describe(),
            "assumption",
            "",
            getattr(a, "statement", ""),
            getattr(a, "source", ""),
            True,
        )
        for a in model.assumptions
    ]
    defaulted = {show_edge(edge) for edge in model.route.edges if edge not in model.transitions}
    for varying, name in (*model.varying(), *_varying_defects(model)):
        for term in varying.terms:
            if getattr(term, "prior", 0) is None:  # left to the default
                defaulted |= set(term.parameters(name, model.population))
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
        Entry(name, "assumption", f"its likelihood counts to the power {power:g}", "", "", True)
        for name, power in model.powers.items()
        if power != 1
    ]
    for one in model.sources():
        if one.statement:
            found.append(Entry(one.name, "source", "", one.statement, one.source, True))
        for defect in one.defects:
            statement = getattr(defect, "statement", "")
            if statement:
                about = f"{defect.label}[{one.name}]"
                source = getattr(defect, "source", "")
                found.append(Entry(about, "assumption", "", statement, source, True))
        for what in ("unit", "definition"):
            common = getattr(model.route, what)
            if one.carries and common and not getattr(one, what):
                text = f"{common}, as the route"
                found.append(Entry(f"{what}[{one.name}]", "default", text, "", "", False))
    found += [
        Entry(about, "default", text, "", "", False)
        for about, text in unsaid.items()
        if about not in model.priors
    ]
    constant = {axis.name for axis in model.population.axes} - model.varies_over()
    for name in [axis.name for axis in model.population.axes if axis.name in constant]:
        if len(model.population.axis(name).levels) > 1:  # type: ignore[union-attr]
            found.append(
                Entry(
                    f"axis {name}",
                    "default",
                    f"rates and transitions are the same over {name}",
                    "",
                    "",
                    False,
                )
            )
    return found


def _varying_defects(model: Parts) -> Iterable[tuple[Any, str]]:
    """Yield the defects that vary by terms, and their names."""
    for one in model.sources():
        for defect in one.defects:
            if hasattr(defect, "terms"):
                yield defect, f"{defect.label}[{one.name}]"
