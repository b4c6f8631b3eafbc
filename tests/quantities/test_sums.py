"""Sums over many selections at once: sparse weights, against sums over masks of cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.random_selections import random_people, random_where

import funnelest as fe
from funnelest import math as fm
from funnelest.quantities.cells import Selections
from funnelest.quantities.quantities import Quantities

seeds = st.integers(0, 2**32 - 1)


@given(seeds)
def test_sums_are_those_over_masks(seed):
    rng = np.random.default_rng(seed)
    population = random_people(rng)
    model = fe.Model(fe.Route("a", "b"), population, fe.Rate(fe.Beta(1, 1)))
    q = Quantities(model, {name: prior.sample(rng, 3) for name, prior in model.free.items()})
    wheres = [random_where(rng, population) for _ in range(4)]
    masks = [population.mask(where) for where in wheres]
    varies = rng.random(len(population.axes)) < 0.6
    lengths = tuple(np.where(varies, population.shape, 1).astype(int))
    value = rng.random((*lengths, 3))
    full = np.broadcast_to(value, (*population.shape, 3))
    for found in (q.pools(value, wheres), q.pools(value, Selections(wheres))):
        for one, where, mask in zip(found, wheres, masks, strict=True):
            people = (population.counts * mask)[..., None]
            wanted = (people * full).sum(axis=tuple(range(len(lengths))))
            np.testing.assert_allclose(one, wanted)
            np.testing.assert_allclose(one, q.pool(value, where))

    named = [axis.name for axis, length in zip(population.axes, lengths, strict=True)
             if length > 1 or rng.random() < 0.5]  # fmt: skip
    others = tuple(i for i, axis in enumerate(population.axes) if axis.name not in named)
    for one, mask in zip(q.levels(value, named, wheres), masks, strict=True):
        taken = mask.any(axis=others, keepdims=True)[..., None]
        wanted = np.broadcast_to(taken * value, (*taken.shape[:-1], 3))
        np.testing.assert_allclose(one, wanted.sum(axis=tuple(range(len(lengths)))))


@pytest.mark.parametrize("dense", [0, 100_000], ids=["sparse", "dense"])
def test_a_product_with_a_symbol_is_that_with_an_array(dense, monkeypatch):
    import pytensor
    import pytensor.tensor as pt
    from scipy.sparse import random_array

    monkeypatch.setattr(fm, "_DENSE", dense)
    rng = np.random.default_rng(1)
    weights = random_array((6, 9), density=0.3, format="csr", rng=rng)
    x = pt.matrix("x")
    y = fm.matmul(weights, x)
    compiled = pytensor.function([x], [y, pytensor.grad((y**2).sum(), x)], mode="FAST_COMPILE")
    values = rng.random((9, 1))
    found, slopes = compiled(values)
    np.testing.assert_allclose(found, fm.matmul(weights, values))
    np.testing.assert_allclose(slopes, 2 * weights.T @ found)
