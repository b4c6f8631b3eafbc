"""Which selections meet, by the index, against every pair compared."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.random_selections import random_people, random_where

import funnelest as fe
from funnelest.model import problems
from funnelest.selections import Index, places

seeds = st.integers(0, 2**32 - 1)


@given(seeds)
def test_selections_that_share_a_cell_are_found(seed):
    rng = np.random.default_rng(seed)
    population = random_people(rng)
    wheres = [random_where(rng, population) for _ in range(rng.integers(0, 9))]
    masks = [population.mask(where) for where in wheres]
    pairs = [(i, j) for i, j in combinations(range(len(masks)), 2) if (masks[i] & masks[j]).any()]
    assert population.sharing(wheres) == pairs
    assert (population.union(wheres) == np.any([np.zeros(population.shape), *masks], axis=0)).all()
    later = population.masks(wheres)
    assert len(later) == len(masks)
    assert all((one == mask).all() for one, mask in zip(later, masks, strict=True))
    assert len(later[1:]) == len(masks[1:])


@given(seeds)
def test_places_are_those_of_the_mask(seed):
    rng = np.random.default_rng(seed)
    population = random_people(rng)
    where = random_where(rng, population)
    found = places(population.select(where), population.shape)
    assert found.tolist() == np.flatnonzero(population.mask(where)).tolist()


def test_no_selection_meets_none():
    assert list(Index([]).meeting([])) == []


@given(seeds)
def test_classes_that_overlap_are_found(seed):
    rng = np.random.default_rng(seed)
    years = list(range(2010, 2016))
    population = fe.Population({"year": years, "sex": ["m", "f"]}, np.ones((6, 2)))
    classes = set()
    for _ in range(rng.integers(1, 7)):
        low, high = sorted(rng.choice(years, 2).tolist())
        sex = str(rng.choice(["m", "f", "unknown"]))
        classes.add(((low, high) if rng.random() < 0.7 else low, sex))
    register = fe.Register(
        "r", step="b", by=("year", "sex"), count=dict.fromkeys(sorted(classes, key=str), 3),
        defects=[fe.Unrecorded(fe.Beta(1, 9), axis="sex")],
    )  # fmt: skip
    route = fe.Route("a", "b")
    found = [t for t in register.problems(route, population) if "overlap" in t]
    spans = [
        (key, key[0] if isinstance(key[0], tuple) else (key[0], key[0])) for key in register.count
    ]
    wanted = [
        (one, two)
        for (one, a), (two, b) in combinations(spans, 2)
        if one[1] == two[1] and a[0] <= b[1] and b[0] <= a[1]
    ]
    assert len(found) == len(wanted)
    for text, pair in zip(found, wanted, strict=True):
        shown = [f"{k[0][0]}-{k[0][1]}" if isinstance(k[0], tuple) else str(k[0]) for k in pair]
        shown = [f"{a.split('-')[0]}" if len(set(a.split("-"))) == 1 else a for a in shown]
        assert text.startswith(f"field 'count': {shown[0]} x {pair[0][1]} and {shown[1]} x ")


def compared(model, later, earlier, varying):
    """Return what `_impossible` multiplies by, from masks over all cells."""
    population = model.population
    flat = tuple(i for i, axis in enumerate(population.axes) if axis.name not in varying)

    def spread(where):
        people = (population.counts * population.mask(where)).sum(axis=flat)
        return people / people.sum()

    there, here = spread(later), spread(earlier)
    seen = there > 0
    return None if (here[seen] == 0).any() else float((there[seen] / here[seen]).max())


@given(seeds)
def test_sources_that_compare_are_found(seed):
    rng = np.random.default_rng(seed)
    population = random_people(rng, most=3)
    model = fe.Model(fe.Route("a", "b"), population, fe.Rate(fe.Beta(1, 1)))
    varying = {axis.name for axis in population.axes if rng.random() < 0.6}
    wheres = [random_where(rng, population) for _ in range(6)]
    among = int(rng.integers(0, 64))
    spread = problems._Spread(population, varying, wheres)
    for where in wheres:
        wanted = {
            i: ratio
            for i, other in enumerate(wheres)
            if among >> i & 1 and (ratio := compared(model, where, other, varying)) is not None
        }
        found = dict(spread.comparable(where, among))
        assert list(found) == list(wanted)
        np.testing.assert_allclose(list(found.values()), list(wanted.values()))
