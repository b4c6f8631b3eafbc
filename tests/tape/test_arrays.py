"""Sums and convolutions of the rules, beside those of NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

from funnelest.tape import arrays
from funnelest.tape.rules import matmul
from funnelest.tape.traced import gradient_of, traced

RNG = np.random.default_rng(6)


@pytest.mark.parametrize("axes", [(0,), (0, 1), (0, 2), (0, 1, 2), (0, 1, 2, 3), (1,), (1, 3)])
@pytest.mark.parametrize("shape", [(2, 3, 4, 2), (40, 9, 7, 5)])
def test_sums_over_axes(axes, shape):
    g = RNG.standard_normal(shape)
    for one in (g, np.swapaxes(g, 0, 1)):
        np.testing.assert_allclose(arrays.summed(one, axes), one.sum(axis=axes), atol=1e-11)


@pytest.mark.parametrize("shape", [(7,), (3, 2), (5, 400), (4, 5, 90), (0, 3), (3, 0)])
def test_running_sums_are_those_of_numpy(shape):
    v = RNG.standard_normal(shape)
    for axis in range(-v.ndim, v.ndim):
        np.testing.assert_array_equal(arrays.running(v, axis), np.cumsum(v, axis=axis))


@pytest.mark.parametrize("sizes", [(4, 9), (9, 4), (1, 3), (5, 5)])
def test_convolution_and_its_transpose(sizes):
    one, other = (RNG.uniform(0, 1, (size, 3)) for size in sizes)
    found = arrays.convolve(one, other)
    for k in range(3):
        np.testing.assert_allclose(found[:, k], np.convolve(one[:, k], other[:, k]), rtol=1e-12)
    g = RNG.standard_normal(found.shape)
    back = arrays.correlate(other, len(one), g)
    np.testing.assert_allclose((back * one).sum(0), (g * found).sum(0), rtol=1e-10)


@pytest.mark.parametrize("share", [0.0001, 0.3])
def test_a_product_with_few_columns_of_many(share):
    weights = scipy.sparse.random_array((3, 6000), density=share, rng=RNG, format="csr")
    start = traced(RNG.standard_normal((6000, 4)))
    found = gradient_of((matmul(weights, start) ** 2).sum(), start)
    dense = weights.toarray()
    np.testing.assert_allclose(found, 2 * dense.T @ (dense @ start.numbers), atol=1e-10)
