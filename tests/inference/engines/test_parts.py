"""Many modes: which are one connected set, which are separate, and which stand for the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import funnelest as fe
from funnelest.inference.engines import modes as searching
from funnelest.inference.engines.modes import find_modes
from funnelest.inference.engines.parts import connected, parts_of, spread_out
from funnelest.inference.engines.target import Target
from funnelest.likelihood.density import Density


def target_of(names: list[str], evidence: list[Any], mean: float = 0.0) -> Target:
    model = fe.Model(
        fe.Route("a", "b"),
        fe.Population({"group": ["all"]}, [1000]),
        fe.Rate(0.01),
        {("a", "b"): fe.Share(0.5)},
        evidence,
        [],
        dict.fromkeys(names, fe.Normal(mean, 1)),
    )
    return Target(Density(model))


def shell(unknowns: int, located: bool) -> Target:
    """Return numbers whose sum of squares is 1: a source says so, or only how likely it is."""
    names = [f"x{i}" for i in range(unknowns)]

    def squared(q: Any) -> Any:
        return sum(q.parameter(name) ** 2 for name in names)

    if located:
        return target_of(names, [fe.OwnNormal("f", quantity=squared, estimate=1.0, se=0.02)])
    own = fe.OwnCustom(
        "f", quantity=squared, data=1.0,
        log_likelihood=lambda data, mean: -(((data - mean) / 0.02) ** 2) / 2,
    )  # fmt: skip
    return target_of(names, [own])


def squares(unknowns: int) -> Target:
    """Return numbers of which each is 1 or -1, nearly."""
    names = [f"x{i}" for i in range(unknowns)]
    return target_of(names, [
        fe.OwnNormal(
            name, quantity=lambda q, name=name: q.parameter(name) ** 2, estimate=1.0, se=0.02
        )
        for name in names
    ])  # fmt: skip


def on_the_sphere(unknowns: int, number: int) -> Any:
    points = np.random.default_rng(0).standard_normal((unknowns, number))
    return points / np.sqrt((points**2).sum(axis=0))


@pytest.mark.parametrize("located", [True, False])
def test_points_all_over_a_sphere_are_one_part(located: bool) -> None:
    assert np.all(parts_of(shell(3, located), on_the_sphere(3, 40)) == 0)


def test_points_with_valleys_between_them_are_parts() -> None:
    signs = 2.0 * ((np.arange(8) >> np.arange(3)[:, None]) & 1) - 1
    near = signs + np.random.default_rng(1).normal(0, 0.003, (3, 3, 8))  # thrice each
    part = parts_of(squares(3), near.transpose(1, 0, 2).reshape(3, -1))
    np.testing.assert_array_equal(part.reshape(3, 8), np.tile(part[:8], (3, 1)))
    assert len(set(part)) == 8


def test_a_path_goes_along_the_ridge_and_not_straight() -> None:
    """A quarter of a circle; and from one branch of a hyperbola to the other there is no path."""
    one, other = np.array([[1.0], [0.0]]), np.array([[0.0], [1.0]])
    points, first, second = np.concatenate([one, other], axis=1), np.array([0]), np.array([1])
    assert connected(shell(2, True), points, first, second)[0]
    product = fe.OwnNormal(
        "f", quantity=lambda q: q.parameter("x") * q.parameter("y"), estimate=1.0, se=0.02
    )
    branches = np.array([[1.0, -1.0], [1.0, -1.0]])
    assert not connected(target_of(["x", "y"], [product]), branches, first, second)[0]


def test_what_is_narrow_or_heavy_among_many_stays() -> None:
    """Of 200 that are alike a few are enough; one that is not is among them, wherever it is."""
    points = on_the_sphere(3, 200)
    part = np.zeros(200, dtype=np.intp)
    for at in (3, 57, 199):
        mass, width = np.zeros(200), np.full(200, 4.0)
        assert len(spread_out(part, points, mass, width)) == 6
        width[at] += 8
        assert at in spread_out(part, points, mass, width)
        assert at in spread_out(part, points, np.where(np.arange(200) == at, 8.0, 0.0), mass)
    # And of every part there is one.
    part[100:] = 1
    kept = spread_out(part, points, np.zeros(200), np.zeros(200))
    assert set(part[kept]) == {0, 1}


def test_a_sphere_is_not_refused_for_its_many_modes() -> None:
    """Climbs end all over it, nearly each at a place of its own."""
    target = shell(4, True)
    found = find_modes(target, np.random.default_rng(2))
    assert 8 <= len(found) <= 16
    points = np.array([point for _, point, _ in found])
    np.testing.assert_allclose((points**2).sum(axis=1), 1.0, atol=0.1)
    assert len(found) < len(searching._searched(target, np.random.default_rng(2), 512)) / 8
