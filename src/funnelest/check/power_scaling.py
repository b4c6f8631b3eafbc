"""Quantities with a prior, or all sources, to a power: by weights where these hold, else refits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelest.check.arguments import Quantity
from funnelest.check.measures import NOTHING, steady, three
from funnelest.errors import FitError
from funnelest.inference.refitting import Reweighted, refits, reweighted
from funnelest.likelihood.components import Component
from funnelest.model.model import Model
from funnelest.results.result import Result
from funnelest.verdict import Changed

__all__ = ["ALL_PRIORS", "ALL_SOURCES", "HALF", "TWICE", "Scaled", "Scaling"]

type Floats = NDArray[np.float64]

ALL_PRIORS, ALL_SOURCES = "all priors", "all sources"
#: Powers between which the sensitivity is a difference.
_NEAR = (0.99, 1.01)
#: Powers that are looked at, and what is tried where weights fail there and no refit is made.
HALF, TWICE = 0.5, 2.0
_STEPS = (0.5, 0.25, 0.125)
#: A prior decides when the width of the interval changes by more than this factor. Of a normal
#: prior and a normal likelihood that is where half of the precision is the prior's.
_WIDTHS = 1.2


@dataclass(frozen=True, kw_only=True)
class Scaled:
    """How one quantity moves with one component.

    Parameters
    ----------
    quantity, component : str
        Their names.
    kind : {"source", "prior", "assumption"}
        Kind of the component.
    psens : float
        Sensitivity: cumulative Jensen-Shannon distance per doubling, at 1; NaN where the weights
        failed.
    k_hat : float
        Largest Pareto k-hat of the weights with which it counts half and twice.
    half, twice : Changed
        What comes out when it counts half, and twice: "reweighted", "refit", in a "smaller step"
        where these failed, or "failed".
    decides : bool
        Whether a prior decides the quantity, and does not only move it.
    """

    quantity: str
    component: str
    kind: str
    psens: float
    k_hat: float
    half: Changed
    twice: Changed
    decides: bool


class Scaling:
    """Components to powers, by weights where they can be trusted, and the refits that are left.

    Parameters
    ----------
    result : Result
        The fit.
    quantities : mapping of str to callable
        What is looked at.
    after : mapping of str to ndarray
        Their posterior draws.
    probability, seed, cores, refit
        As in `prior_sensitivity`.
    """

    def __init__(
        self,
        result: Result,
        quantities: Mapping[str, Quantity],
        after: Mapping[str, Floats],
        probability: float,
        seed: int,
        cores: int | None,
        refit: bool,
    ) -> None:
        self.result, self.quantities, self.after = result, quantities, after
        self.seed, self.cores, self.refit = seed, cores, refit
        self.probability = probability
        self.worth = result.effective_draws
        self.base = {name: three(draws, probability, self.worth) for name, draws in after.items()}
        self.parts: list[tuple[Component, dict[str, float], float]] = []
        self.logs: dict[str, Floats] = {}
        self.moves: dict[tuple[str, float], dict[str, Changed]] = {}
        self.models: dict[tuple[str, float], Model] = {}

    def add(self, one: Component, members: list[Component], log: Floats) -> None:
        """Scale a component, whose log is given per draw."""
        self.logs[one.name] = log
        worst = -np.inf
        for power in (HALF, TWICE):
            weights = reweighted((power - 1) * log)
            worst = max(worst, weights.k_hat)
            if steady(weights):
                self._move(one.name, power, power, "reweighted", self.after, weights)
                continue
            # Of the sources only the sensitivity is needed: no refit is spent on them.
            other = _scaled(self.result.model, members, power) if self.refit else None
            if other is not None and one.name != ALL_SOURCES:
                self.models[one.name, power] = other
            else:
                self._smaller(one.name, power)
        self.parts.append((one, self._sensitivities(log), worst))

    def _sensitivities(self, log: Floats) -> dict[str, float]:
        """Return the sensitivity of each quantity."""
        if not np.ptp(log) > 0:  # it is the same in every draw, and so moves nothing
            return dict.fromkeys(self.after, 0.0)
        from arviz_stats.base import array_stats

        lower, upper = (reweighted((power - 1) * log) for power in _NEAR)
        if not (steady(lower) and steady(upper)):
            return dict.fromkeys(self.after, np.nan)
        near = (lower.weights[None], upper.weights[None], *_NEAR)
        return {
            name: float(array_stats.power_scale_sense(draws[None], *near))
            if np.ptp(draws) > 0
            else 0.0
            for name, draws in self.after.items()
        }

    def _move(
        self,
        component: str,
        power: float,
        at: float,
        how: str,
        samples: Mapping[str, Floats],
        weights: Reweighted | None = None,
        worth: float | None = None,
    ) -> None:
        """Keep what comes out with a component to a power, or `at` another one; or nothing."""
        worth = self.worth if worth is None else worth
        heavy = None
        if weights is not None:
            heavy = weights.weights
            worth *= weights.effective / len(heavy)
        self.moves[component, power] = {
            name: Changed(
                quantity=name, under=component, before=before, how=how, power=at,
                after=three(samples[name], self.probability, worth, heavy)
                if samples else NOTHING,
            )
            for name, before in self.base.items()
        }  # fmt: skip

    def _smaller(self, component: str, power: float) -> None:
        """Keep what a smaller step gives, the largest one of which the weights are good."""
        for part in _STEPS:
            nearer = power**part
            weights = reweighted((nearer - 1) * self.logs[component])
            if steady(weights):
                self._move(component, power, nearer, "smaller step", self.after, weights)
                return
        self._move(component, power, np.nan, "failed", {})

    def rows(self, threshold: float) -> list[Scaled]:
        """Fit what weights did not give, and return a row per quantity and component."""
        keys = list(self.models)
        models = {
            f"{name} to the power {power:g}": self.models[name, power] for name, power in keys
        }
        size = max(4000, len(next(iter(self.after.values()))))
        made = refits(models, start=self.result, draws=size, seed=self.seed, cores=self.cores)
        for (name, power), found in zip(keys, made.values(), strict=True):
            if isinstance(found, FitError):
                self._smaller(name, power)
                continue
            samples = {quantity: found.sample_of(of) for quantity, of in self.quantities.items()}
            self._move(name, power, power, "refit", samples, worth=found.effective_draws)
        rows = []
        for quantity in self.after:
            for one, sensitivity, worst in self.parts:
                psens = sensitivity[quantity]
                half, twice = (self.moves[one.name, power][quantity] for power in (HALF, TWICE))
                moves = one.name not in (ALL_PRIORS, ALL_SOURCES) and psens >= threshold
                decides = moves and (_decided(half) or _decided(twice))
                rows.append(
                    Scaled(quantity=quantity, component=one.name, kind=one.kind, psens=psens,
                           k_hat=worst, half=half, twice=twice, decides=decides)
                )  # fmt: skip
        return rows


def _decided(move: Changed) -> bool:
    """Return whether a quantity is another one when a prior counts half or twice."""
    median, low, high = move.before
    _, a, b = move.after
    if math.isnan(a) or not high > low:
        return False
    return not (1 / _WIDTHS <= (b - a) / (high - low) <= _WIDTHS and a <= median <= b)


def _scaled(model: Model, members: list[Component], power: float) -> Model | None:
    """Return the model in which priors count for more or less; None without a closed form."""
    others = {name: model.free[name].powered(power) for one in members for name in one.parameters}
    known = {name: prior for name, prior in others.items() if prior is not None}
    return model.with_priors(known) if known and len(known) == len(others) else None
