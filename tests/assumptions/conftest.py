"""Populations with strata, and the rates before and after an assumption."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

import funnelest as fe


def people(**axes: Any) -> fe.Population:
    shape = [len(levels) for levels in axes.values()]
    counts = np.random.default_rng(len(shape) + shape[0]).integers(100, 9_000, shape)
    return fe.Population(axes, counts)


SINGLE = list(range(17))
BANDS = [(0, 3), (4, 7), (8, 11), (12, 16)]


@dataclass(frozen=True)
class Place:
    """A population whose axis of ages stands anywhere and has any name."""

    population: fe.Population
    axis: str
    ages: tuple[int, int] = (0, 7)
    like: tuple[int, int] = (8, 16)

    @property
    def counts(self) -> np.ndarray:
        """The people with the ages on the first axis and room for draws on the last."""
        return np.moveaxis(self.population.counts, self.at, 0)[..., None]

    @property
    def at(self) -> int:
        return self.population.position(self.axis)

    def levels(self, wanted: Any) -> list[int]:
        return self.population.axes[self.at].select(wanted)[0]

    def middles(self, wanted: Any) -> np.ndarray:
        axis = self.population.axes[self.at]
        return np.array([np.mean(axis.bounds(i)) for i in self.levels(wanted)])

    def model(self, *assumptions: Any, **parts: Any) -> fe.Model:
        """Return a model whose rates differ over every axis."""
        terms = [fe.Levels(axis.name) for axis in self.population.axes]
        given = {"occurrence": fe.Rate(fe.Beta(2, 40), *terms), **parts}
        return fe.Model(fe.Route("a", "b"), self.population, assumptions=list(assumptions), **given)

    def draws(self, model: fe.Model, size: int = 4) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(7)
        return {name: prior.sample(rng, size) for name, prior in model.free.items()}

    def rates(self, model: fe.Model, values: dict[str, np.ndarray]) -> np.ndarray:
        """Return the rate in every cell, ages first and draws last."""
        size = max([len(value) for value in values.values()], default=1)
        cells = np.broadcast_to(
            fe.Quantities(model, values).in_cells("a"), (*self.population.shape, size)
        )
        return np.moveaxis(cells, self.at, 0)

    def plain(self, values: dict[str, np.ndarray]) -> np.ndarray:
        """Return the rates without an assumption, by hand."""
        logit = np.log(values["rate of a"]) - np.log1p(-values["rate of a"])
        cells = np.zeros((*self.population.shape, len(logit))) + logit
        for i, axis in enumerate(self.population.axes):
            column = np.zeros((len(axis.levels), len(logit)))
            for j, level in enumerate(axis.levels):
                shown = f"{level[0]}-{level[1]}" if isinstance(level, tuple) else level
                column[j] = values.get(f"rate of a[{axis.name}={shown}]", 0.0)
            shape = [1] * len(self.population.axes)
            shape[i] = len(axis.levels)
            cells = cells + column.reshape([*shape, len(logit)])
        return np.moveaxis(expit(cells), self.at, 0)

    def mean(self, rates: np.ndarray, wanted: Any) -> np.ndarray:
        """Return the mean over some ages, weighted by people, in every stratum."""
        chosen = self.levels(wanted)
        weight = self.counts[chosen]
        return (weight * rates[chosen]).sum(axis=0) / weight.sum(axis=0)

    def check(self, assumption: Any, filled: Any, **parts: Any) -> None:
        """Compare with the formula `filled(values, rates before, mean of like)`, twice."""
        model = self.model(assumption, **parts)
        assert assumption.problems(self.population) == []
        values = self.draws(model)
        before, after = self.plain(values), self.rates(model, values)
        young = self.levels(assumption.ages)
        others = [i for i in range(len(before)) if i not in young]
        np.testing.assert_allclose(after[others], before[others], rtol=1e-12)
        expected = filled(values, before, self.mean(before, self.like))
        np.testing.assert_allclose(after[young], expected, rtol=1e-10)
        self.check_symbols(model, {name: value[:1] for name, value in values.items()})
        again = fe.Model.from_dict(json.loads(json.dumps(model.to_dict())))
        assert again == model
        assert again.assumptions == (assumption,)
        where = {self.axis: assumption.ages}
        assert model.basis(where) == "imputed"
        assert not model.imputed_part({self.axis: self.like})
        unseen = "" if model.evidence else ", assumed"
        assert model.basis() == "partly imputed" + unseen

    def check_symbols(self, model: fe.Model, numbers: dict[str, np.ndarray]) -> None:
        """Symbols give what arrays give, and slopes that are numbers."""
        import pytensor

        tensor = pytensor.tensor
        symbols = {name: tensor.tensor(shape=(1,), dtype="float64") for name in numbers}
        cells = fe.Quantities(model, symbols).in_cells("a")
        slopes = pytensor.grad(cells.sum(), list(symbols.values()), disconnected_inputs="ignore")
        function = pytensor.function(
            list(symbols.values()), [cells, *slopes], mode="FAST_COMPILE", on_unused_input="ignore"
        )
        found, *slopes = function(*numbers.values())
        cells = np.broadcast_to(found, (*self.population.shape, 1))
        np.testing.assert_allclose(
            np.moveaxis(cells, self.at, 0), self.rates(model, numbers), rtol=1e-10
        )
        assert all(np.isfinite(slope).all() for slope in slopes)


PLACES = {
    "age between": Place(people(year=[2016, 2017], age=SINGLE, sex=["m", "f"]), "age"),
    "bands first": Place(people(leeftijd=BANDS, sex=["m", "f"], year=[2016, 2017]), "leeftijd"),
    "age last": Place(people(sex=["m", "f"], age=[*SINGLE[:12], (12, 16)]), "age"),
}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> Place:
    return PLACES[request.param]


@pytest.fixture
def places() -> dict[str, Place]:
    return PLACES


@pytest.fixture
def refused() -> Any:
    """Return every problem of an assumption, which the model must also raise in one error."""

    def check(assumption: Any, name: str = "age between", **parts: Any) -> list[str]:
        one = PLACES[name]
        with pytest.raises(fe.SpecError) as caught:
            one.model(assumption, **parts)
        found = assumption.problems(one.population)
        assert set(found) <= set(caught.value.problems)
        assert all(text.endswith((".", "?")) for text in caught.value.problems)
        return list(caught.value.problems)

    return check
