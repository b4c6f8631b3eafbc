"""Sentences that several checks are made of: lists of names, and names that nothing has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from funnelest.likelihood.informed import Probe
from funnelest.model.ledger import by_default
from funnelest.model.model import Model
from funnelest.verdict import Verdict
from funnelest.words import Sentence, say

__all__ = ["lists", "naming_defaults", "naming_tied", "unknown"]


def lists(check: str, names: Mapping[str, Sequence[str]]) -> list[Sentence]:
    """Return the sentence of a check about each list of names, but for empty lists."""
    return [say(f"{check}.{key}", names=some, n=len(some)) for key, some in names.items() if some]


def unknown(what: str, name: object, known: Iterable[str], of: str = "these are") -> str:
    """Return that nothing of this kind has the name, and which there are."""
    return f"there is no {what} {name!r}; {of}: {', '.join(known) or 'none'}."


def naming_defaults(
    verdict: Verdict,
    model: Model,
    quantities: Iterable[Callable[[Any], Any]] = (),
    sources: Iterable[str] = (),
) -> Verdict:
    """Return a verdict that names the priors which nobody stated and on which it rests.

    Those on which one of the `quantities` depends, or what is expected of one of the `sources`.
    """
    unsaid = by_default(model) & set(model.free)
    if not unsaid:
        return verdict
    probe, names = Probe(model), set(sources)
    on = {name for one in quantities for name in probe.depends_on(one)}
    on |= {name for name, seen in probe.informed().items() if seen & names}
    found = [
        say("default.prior_of", name=name, prior=prior.describe())
        for name, prior in model.free.items()
        if name in unsaid & on
    ]
    if not found:
        return verdict
    return replace(verdict, said=[*verdict.said, say("default.rests", names=found, n=len(found))])


def naming_tied(verdict: Verdict, model: Model, sources: Iterable[str]) -> Verdict:
    """Return a verdict that names which of its sources count the same people.

    Their figures are each compared by what is expected of it alone.
    """
    used = [one.name for one in model.evidence if model.power_of(one.name)]
    tied = {name for tie, _ in model.ties.among(used) for name in (tie.first, tie.second)}
    if not tied & set(sources):
        return verdict
    names = [name for name in used if name in tied]
    said = say("default.same_people_compared", names=names, unit=model.route.counted)
    return replace(verdict, said=[*verdict.said, said])
