"""Kinds of the user's own: written apart from those of the library, and no member is hidden."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

import funnelest as fe
from funnelest.assumptions.base import Assumption
from funnelest.defects.base import Defect
from funnelest.evidence.base import Evidence
from funnelest.figures.base import Figure
from funnelest.priors import Prior
from funnelest.terms.base import Term

PEOPLE = fe.Population({"year": [2016, 2017]}, [900.0, 1_000.0])
COUNT = {"name": "r", "step": "b", "count": 3}


def model(*evidence, share=0.5, **more):
    shares = {("a", "b"): share if isinstance(share, fe.Share) else fe.Share(share)}
    return fe.Model(fe.Route("a", "b"), PEOPLE, fe.Rate(fe.Beta(1, 9)), shares, evidence, **more)


def own(name: str, base: type, **fields: Any) -> type:
    """Return a frozen dataclass of a kind, with these fields and their defaults."""
    parts = [(field, Any, dataclasses.field(default=value)) for field, value in fields.items()]
    return dataclasses.make_dataclass(
        name, parts, bases=(base,), frozen=True, kw_only=True, namespace={"__module__": __name__}
    )


# ------------------------------------------------------------------------------ written


@pytest.mark.parametrize("field", ["kind", "fields", "tuple", "mapping", "function", "float"])
def test_a_field_of_any_name_comes_back(field):
    kind = own("Registry", fe.Register, **{field: "a police register"})
    written = model(kind(**COUNT))
    data = json.loads(json.dumps(written.to_dict()))
    again = fe.Model.from_dict(data, kinds=[kind])
    assert again == written
    assert getattr(again.evidence[0], field) == "a police register"


@pytest.mark.parametrize("name", ["Register", "Total", "Mine"])
def test_an_own_class_is_never_read_as_one_of_the_library(name):
    kind = own(name, fe.Register)
    written = model(kind(**COUNT))
    assert written != model(fe.Register(**COUNT))
    data = json.loads(json.dumps(written.to_dict()))
    with pytest.raises(fe.SpecError, match=f"kind of your own '{name}'; hand"):
        fe.Model.from_dict(data)
    assert type(fe.Model.from_dict(data, kinds=[kind]).evidence[0]) is kind
    # That of the library is not read as the user's either.
    plain = model(fe.Register(**COUNT))
    assert type(fe.Model.from_dict(plain.to_dict(), kinds=[kind]).evidence[0]) is fe.Register


def test_two_classes_of_one_name_are_refused():
    kinds = [own("Mine", fe.Register), own("Mine", fe.Register)]
    with pytest.raises(fe.SpecError, match="two classes"):
        fe.Model.from_dict(model(kinds[0](**COUNT)).to_dict(), kinds=kinds)


@pytest.mark.parametrize(
    ("data", "more", "words"),
    [
        (3, {}, "data must be a mapping"), (None, {}, "data must be a mapping"),
        ("{}", {}, "data must be a mapping"), ({}, {}, "format None cannot be read"),
        ({"format": 7}, {}, "data has no 'route'"), ({"format": 5}, {}, "format 5 cannot be read"),
        ({"format": 7}, {"kinds": 3}, "kinds must be a list of classes"),
        ({"format": 7}, {"kinds": [3]}, "kinds must be a list of classes"),
        ({"format": 7}, {"functions": 3}, "functions must be a mapping"),
        ({"format": 7}, {"functions": {"a": 3}}, r"functions\['a'\] must be a function"),
    ],
)  # fmt: skip
def test_what_is_no_model_is_refused(data, more, words):
    with pytest.raises(fe.SpecError, match=words):
        fe.Model.from_dict(data, **more)


# ------------------------------------------------------------------------------ hidden members


class Whole(Figure):
    """A count as it is."""

    def candidates(self, divisor=1):
        return np.array([3])


PLACES = {
    Evidence: (fe.Register, lambda kind: model(kind(**COUNT))),
    Defect: (Defect, lambda kind: model(fe.Register(**COUNT, defects=[kind()]))),
    Figure: (Whole, lambda kind: model(fe.Register(**{**COUNT, "count": kind()}))),
    Prior: (fe.Beta, lambda kind: model(share=kind(alpha=1, beta=1))),
    Assumption: (Assumption, lambda kind: model(assumptions=[kind()])),
    Term: (Term, lambda kind: model(share=fe.Share(fe.Beta(1, 1), kind(axis="year")))),
}
HIDDEN = [
    *((Evidence, name) for name in ("members", "defaults", "figure_classes", "observations")),
    *((Defect, name) for name in ("factor", "describe", "parameters")),
    *((Figure, name) for name in ("limits", "printed", "problems")),
    *((Assumption, name) for name in ("ends", "imputed", "gives")),
    *((Prior, name) for name in ("support", "parameters", "cdf")),
    *((Term, name) for name in ("deviation", "by_default")),
]


@pytest.mark.parametrize(("room", "name"), HIDDEN, ids=lambda one: getattr(one, "__name__", one))
def test_a_field_that_hides_a_member_is_named(room, name):
    base, build = PLACES[room]
    fields = {name: 3, **({"axis": "year"} if room is Term else {})}
    with pytest.raises(fe.SpecError) as caught:
        build(own("Mine", base, **fields))
    assert len(caught.value.problems) == 1
    (text,) = caught.value.problems
    assert text.startswith(f"Mine: its field {name!r} hides ")
    assert f".{name}, which the library asks" in text


def test_it_is_said_once_a_kind_and_of_copies_too():
    kind = own("Mine", fe.Register, members=3)
    several = [kind(**COUNT), kind(**{**COUNT, "name": "s"})]
    for build in (lambda: model(*several), lambda: model().with_evidence(several)):
        with pytest.raises(fe.SpecError) as caught:
            build()
        assert len(caught.value.problems) == 1


def test_a_field_of_another_name_is_no_matter():
    assert model(own("Mine", fe.Register, shares=3, classes=2)(**COUNT)).evidence
