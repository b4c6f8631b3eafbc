"""Every field of every kind refuses what its constraint calls bad, in a sentence with its name."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import funnelest as fe
from funnelest import fields


def refused(one, *about):
    """Spoil each declared field of one in each bad way; return how many there were."""
    tried = 0
    for name, constraint in fields.declared(type(one)).items():
        for bad in constraint.bad:
            spoilt = copy.copy(one)
            object.__setattr__(spoilt, name, bad)
            found = spoilt.problems(*about)
            assert any(f"field {name!r}" in text for text in found), (type(one), name, bad, found)
            assert all(text.endswith((".", "?")) for text in found)
            tried += 1
    return tried


def test_a_source_refuses_bad_values(source, route, population):
    assert refused(source, route, population) > 20
    for one in getattr(source, "asked", ()):
        assert refused(one, route, population) > 10


def test_a_defect_refuses_bad_values(sources, population):
    defects = {type(one): one for source in sources for one in source.defects}
    assert {fe.Bridge, fe.Clustered, fe.PPV, fe.FalsePositives, fe.Unrecorded} <= set(defects)
    tried = {kind for kind, one in defects.items() if refused(one, population)}
    assert len(tried) >= 11


def test_a_term_refuses_bad_values(varying, population):
    for term in varying.terms:
        assert refused(term, population) > 5


def test_an_assumption_refuses_bad_values(assumption, population):
    assert refused(assumption, population) > 5


# ------------------------------------------------- an own kind with fields of common names


@dataclass(frozen=True, kw_only=True, repr=False)
class Named(fe.Evidence):
    """An own kind whose fields are called as methods of the package once were."""

    shares: float = 0.2
    classes: tuple[str, ...] = ("a", "b")
    n: str = "many"
    multiplicity: int = 3
    entries: int = 4
    allowed: str = "anything"

    def observations(self, q: fe.Quantities) -> list[fe.Observation]:
        from funnelest.distributions import Binomial

        return [fe.Observation(Binomial(40, q.share("told", of="happened")), fe.Exact(12))]

    def with_data(self, figures: Any, population: fe.Population) -> Named:
        return self


def test_fields_of_common_names_do_not_change_the_tables(build):
    model = build(Named(name="own"))
    result = fe.fit(model, engine="importance", draws=400, seed=1, progress=False)
    rows = result.figures().set_index("source")
    assert rows.loc["own", "figure"] == "12"
    assert np.isnan(rows.loc["own", "cases_per_record"])
    with pytest.raises(fe.SpecError, match="distinct people are of Unlinked"):
        fe.Quantities(model, {}).distinct("own")


@dataclass(frozen=True, kw_only=True)
class Quiet(fe.Defect):
    """An own defect whose fields are called as what others declare."""

    terms: tuple[str, ...] = ("x",)
    axis: str = "age"
    clusters: int = 3
    per_year: float = 1.0

    def on_records(self, records: Any, q: fe.Quantities, source: str) -> Any:
        return records


def test_an_own_defect_with_fields_of_common_names(build):
    total = fe.Total(name="t", step="told", interval=(10, 200), defects=[Quiet()])
    assert any(entry.about for entry in build(total).ledger())


@dataclass(frozen=True, kw_only=True)
class Doubted(fe.Assumption):
    """An own assumption that gives only what it changes, with fields of common names."""

    statement: str = "nobody counted them"
    numbers: int = 2
    registers: str = "all"

    def apply_to_population(self, factor: Any, values: Any, population: Any) -> Any:
        return factor * self.numbers

    def describe(self) -> str:
        return "there are twice as many people"


def test_an_own_assumption_need_give_only_what_it_changes(build):
    one = Doubted()
    model = build(assumptions=[one])
    assert one.sentence("nl") == "there are twice as many people."
    assert one.gives("apply_to_population")
    assert not one.gives("apply_to_rate")
    (entry,) = [line for line in model.ledger() if line.kind == "assumption"][:1]
    assert (entry.about, entry.statement) == ("there are twice as many people", one.statement)
    values = {name: prior.sample(np.random.default_rng(1), 2) for name, prior in model.free.items()}
    with_them = fe.Quantities(model, values).number("told")
    without = fe.Quantities(build(), values).number("told")
    np.testing.assert_allclose(with_them, 2 * without)
