"""Classes that are typed as registers of their own, each off by a factor of its own."""

from __future__ import annotations

import warnings
from dataclasses import replace

import pytest

import funnelest as fe

AREAS = list("uvw")
CELLS = fe.Population.cells({"area": AREAS, "year": [2001, 2002]})


def model(evidence):
    given = {"cv": fe.HalfNormal(0.3)}
    return fe.Model(fe.Route("a", "b"), CELLS, fe.Number(fe.LogUniform(1, 1e4)), {}, evidence,
                    parameters=given)  # fmt: skip


def registers(*defects, **changed):
    return [
        fe.Register(**{"name": one, "step": "a", "count": 100 + i, "where": {"area": one},
                       "defects": defects, **changed})
        for i, one in enumerate(AREAS)
    ]  # fmt: skip


SHARED = fe.Overdispersion(fe.Shared("cv"))


@pytest.mark.parametrize("defect", [SHARED, fe.Overdispersion(0.25)], ids=["shared", "number"])
def test_classes_as_registers_of_their_own_are_asked_about(defect):
    with pytest.warns(
        fe.FunnelestWarning, match="'u', .*'v' and .*'w'.*one Register with by="
    ) as w:
        made = model(registers(defect))
    assert len(w) == 1
    said = [e.value for e in made.ledger() if e.about == "level of overdispersion[u]"]
    assert "other sources are off by factors of their own" in said[0]


@pytest.mark.parametrize(
    "evidence",
    [
        registers(fe.Overdispersion(fe.Shared("cv"), by=())),
        registers(fe.Overdispersion(fe.HalfNormal(0.3))),
        registers(),
        [
            replace(one, where={"year": 2001 + i})
            for i, one in enumerate(registers(SHARED)[:2])
        ],
        [replace(one, step=step) for one, step in zip(registers(SHARED)[:2], "ab", strict=True)],
        [fe.Register(name="all", step="a", by="area", count=dict.fromkeys(AREAS, 100),
                     defects=[SHARED])],
    ],
    ids=["said", "each its own", "none", "years", "steps", "one source"],
)  # fmt: skip
def test_what_is_not_asked_about(evidence):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model(evidence)
