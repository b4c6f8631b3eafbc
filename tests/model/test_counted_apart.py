"""Being counted at two steps is taken to be independent, and the ledger says so."""

from __future__ import annotations

import pytest

import funnelest as fe
from funnelest.model.counted_apart import counted_apart

ROUTE = fe.Route("a", "b", "c", edges=[("a", "b"), ("a", "c")])
TWO = fe.Population({"sex": ["boy", "girl"]}, [1_000, 1_000])


def register(step, share=0.8, name="", **fields):
    return fe.Register(
        name=name or str(step), step=step, count=5, defects=[fe.Coverage(share)], **fields
    )


def model(*evidence):
    return fe.Model(ROUTE, TWO, fe.Rate(fe.Beta(2, 98)), {}, evidence=list(evidence))


@pytest.mark.parametrize(
    ("evidence", "names"),
    [
        ([register("a"), register("b")], ("a", "b")),
        ([register("a")], ()),
        ([register("a", 1.0), register("b")], ()),  # everybody at b is in the first
        ([register("b"), register("c")], ()),  # nobody is at both
        ([register("a", where={"sex": "boy"}), register("b", where={"sex": "girl"})], ()),
        ([register("a", name="x"), register("a", name="y")], ()),  # never independent
        ([register("a"), register(("a", "b"), name="edge")], ("a", "edge")),
        ([register("a"), register("b"), register("c", 1.0)], ("a", "b")),
    ],
)
def test_which_sources(evidence, names) -> None:
    one = model(*evidence)
    assert counted_apart(one) == names
    said = [entry for entry in one.ledger() if entry.about.startswith("counted in")]
    assert len(said) == bool(names)
    if names:
        assert not said[0].stated
        assert " and ".join(names) in said[0].about
        assert "does not depend on" in said[0].value
