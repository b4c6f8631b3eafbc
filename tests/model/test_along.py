"""Which levels of an axis have the same values."""

from __future__ import annotations

import numpy as np
import pytest

from funnelest.model.along import keys_of


@pytest.mark.parametrize("seed", range(20))
def test_keys_by_comparing_every_pair(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kinds = rng.normal(size=(4, 5)) * 10.0 ** rng.integers(-200, 200, (4, 1))
    kinds[0, 0], kinds[1, 1], kinds[2, 0], kinds[2, 1] = np.nan, np.inf, np.nan, -np.inf
    which = rng.integers(0, 4, 30)
    rows = kinds[which] * (1 + 1e-13 * rng.normal(size=(30, 5)))
    found = keys_of(rows)
    same = which[:, None] == which[None, :]
    assert ((found[:, None] == found[None, :]) == same).all()
    assert list(dict.fromkeys(found)) == list(range(len(set(which))))


def test_signs_and_sums_that_cancel() -> None:
    rows = np.array([[1.0, -1.0], [2.0, -2.0], [1.0, -1.0], [-1.0, 1.0], [0.0, 0.0]])
    assert list(keys_of(rows)) == [0, 1, 0, 2, 3]
