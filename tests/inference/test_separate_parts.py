"""Posteriors in separate parts: all of them are weighed, or the fit is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import funnelest as fe
import funnelest.math as fm
from funnelest.inference.fitting import _higher
from funnelest.sampling.errors import Copies, quantile_errors


def model(parameters: dict[str, fe.Prior], evidence: list[Any]) -> fe.Model:
    return fe.Model(
        fe.Route("a", "b"),
        fe.Population({"group": ["all"]}, [1000]),
        fe.Rate(0.01),
        {("a", "b"): fe.Share(0.5)},
        evidence,
        [],
        parameters,
    )


@pytest.mark.parametrize("unknowns", [3, 4])
def test_every_sign_of_squares_that_are_known_is_there(unknowns: int) -> None:
    """Eight modes, and sixteen: P(x < 0) is that of the prior at -1 and 1."""
    names = [f"x{i}" for i in range(unknowns)]
    squares = [
        fe.OwnNormal(
            name, quantity=lambda q, name=name: q.parameter(name) ** 2, estimate=1.0, se=0.02
        )
        for name in names
    ]  # fmt: skip
    made = model(dict.fromkeys(names, fe.Normal(0.3, 1)), squares)
    result = fe.fit(made, seed=1, draws=4000, progress=False)
    signs = np.array([result.draws[name].ravel() < 0 for name in names])
    assert len(np.unique(signs, axis=1).T) == 2**unknowns
    exact = 1 / (1 + np.exp(2 * 0.3))
    np.testing.assert_allclose(signs.mean(axis=1), exact, atol=0.04)


def test_too_many_modes_to_have_found_them_all_are_refused() -> None:
    names = [f"x{i}" for i in range(8)]
    squares = [
        fe.OwnNormal(
            name, quantity=lambda q, name=name: q.parameter(name) ** 2, estimate=1.0, se=0.02
        )
        for name in names
    ]  # fmt: skip
    with pytest.raises(fe.FitError, match="separate modes, with a valley on each path"):
        fe.fit(model(dict.fromkeys(names, fe.Normal(0, 1)), squares), seed=1, progress=False)


def needle(q: Any) -> Any:
    """A needle beside a broad mode, with two fifths of the posterior."""
    broad, needle = (
        sum((q.parameter(name) - centre) ** 2 for name in "xy") for centre in (0.0, 2.0)
    )
    return fm.log(fm.exp(-broad / 2) + fm.exp(-needle / 2 / 0.02**2) / 0.02**2)


@pytest.mark.parametrize("seed", range(1, 4))
def test_a_narrow_part_keeps_its_weight(seed: int) -> None:
    """It is neither lost nor made as wide as the other while the proposal adapts."""
    own = fe.OwnCustom("own", quantity=needle, data=0.0, log_likelihood=lambda _, e: e)
    made = model({"x": fe.Normal(0, 3), "y": fe.Normal(0, 3)}, [own])
    result = fe.fit(made, seed=seed, progress=False)
    # Both parts are normal, and so are their integrals over the prior.
    parts = [s**2 * np.exp(-(c**2) / (9 + s**2)) / (9 + s**2) for c, s in ((0, 1), (2, 0.02))]
    share = parts[1] / 0.02**2 / (parts[0] + parts[1] / 0.02**2)
    found = np.mean(np.abs(result.flat["x"] - 2) < 0.12) - 0.01 * (1 - share)
    assert found == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 4000))


def test_a_place_of_higher_density_that_chains_missed_is_seen() -> None:
    own = fe.OwnCustom("own", quantity=needle, data=0.0, log_likelihood=lambda _, e: e)
    made = model({"x": fe.Normal(0, 3), "y": fe.Normal(0, 3)}, [own])
    result = fe.fit(made, engine="importance", draws=400, seed=1, progress=False)
    broad = {name: np.zeros((2, 500)) for name in "xy"}
    hit = replace(result, draws={name: one + 2.0 for name, one in broad.items()})
    missed = replace(result, draws=broad)
    assert _higher(hit, missed)
    assert not _higher(missed, hit)


def test_the_error_of_a_median_between_two_clumps_is_large() -> None:
    """The median of Beta(0.01, 0.01): next to nothing lies between 0 and 1."""
    rng = np.random.default_rng(1)
    rows = rng.beta(0.01, 0.01, (200, 4000))
    medians = np.median(rows, axis=1)
    errors = quantile_errors(rows, [0.5], Copies(np.arange(4000)))[0]
    # The error is nearly as large as the range, and itself uncertain: not nineteen of twenty.
    assert np.mean(np.abs(medians - 0.5) < 2 * errors) > 0.7
    assert np.mean(errors) == pytest.approx(medians.std(), rel=0.5)
