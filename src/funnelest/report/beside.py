"""Why the figures of sources are not the estimates beside them, by their declared defects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from funnelest.defects.base import Defect, carried
from funnelest.evidence.base import Evidence
from funnelest.model.looking import root_of
from funnelest.model.model import Model
from funnelest.report.content import Content
from funnelest.words import Language, Sentence, say

__all__ = ["beside"]


def beside(model: Model, figures: Sequence[Mapping[str, Any]], show: Language) -> list[Content]:
    """Return a sentence for each source whose records are changed by a defect; none without."""
    items = []
    for one in model.evidence:
        what = _changes(model, one)
        rows = [row["figure"] for row in figures if row["source"] == one.name]
        if not what or not rows:
            continue
        where = show.where(one.where, model.population) or show.word("all")
        shown = show.listed([show.given(row) for row in rows], "some")
        text = show("page.beside_source", source=one.name, figure=shown, where=where, what=what)
        items.append({"text": text, "imputed": "", "more": ""})
    return [Content(paragraphs=[show("page.beside")], items=items)] if items else []


def _changes(model: Model, source: Evidence) -> list[Sentence | str]:
    """Return what makes the number of a source another than that of the route, each as a phrase."""
    defects = carried(source.defects, "on_records")
    if not defects:
        return []
    route, found = model.route, list[Sentence | str]()
    if source.unit and source.unit != route.unit:
        found.append(say("page.beside_unit", unit=source.unit))
    if source.definition and source.definition != route.definition:
        found.append(say("page.beside_definition", definition=source.definition))
    for defect in defects:
        why = _reasons(model, source, defect)
        what = defect.describe()
        found.append(say("page.beside_because", what=what, why=why) if why else what)
    return found


def _reasons(model: Model, source: Evidence, defect: Defect) -> list[str]:
    """Return why somebody said that a source has a defect, each reason once."""
    names = defect.parameters(source.name, model.population)
    said = [model.priors[root_of(model, name)].statement for name in names]
    return [text for text in dict.fromkeys([defect.statement, *said]) if text]
