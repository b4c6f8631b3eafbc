"""Priors, and the likelihood, to a power: how far every quantity moves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from funnelest.check.arguments import (
    Quantity,
    main_quantities,
    quantity_problems,
    result_problems,
    sampled,
)
from funnelest.check.measures import steady
from funnelest.check.prior_scaling.found import (
    ALL_PRIORS,
    ALL_SOURCES,
    Move,
    PriorSensitivity,
    Scaled,
)
from funnelest.errors import FitError, raise_if_any
from funnelest.fields import is_number
from funnelest.inference.refitting import refits, reweighted
from funnelest.likelihood.components import (
    Component,
    components,
    held,
    log_densities,
    powered,
    weighted_quantiles,
)
from funnelest.model.model import Model
from funnelest.results import tables
from funnelest.results.result import Result

__all__ = ["prior_sensitivity"]

type Floats = NDArray[np.float64]

_SUBJECT = "the prior sensitivity"
#: Powers between which the sensitivity is a difference.
_NEAR = (0.99, 1.01)
#: Powers that are looked at, and what is tried where weights fail there and no refit is made.
_HALF, _TWICE = 0.5, 2.0
_STEPS = (0.5, 0.25, 0.125)


def prior_sensitivity(
    result: Result,
    *,
    quantities: Mapping[str, Quantity] | None = None,
    probability: float = 0.95,
    threshold: float = 0.05,
    seed: int,
    cores: int | None = None,
    refit: bool = True,
) -> PriorSensitivity:
    r"""Return how far quantities move when a prior, or the likelihood, counts for more or less.

    Parameters
    ----------
    result : Result
        A fit.
    quantities : mapping of str to callable, optional
        Name -> ``quantity(q)`` with `q` a `Quantities`. Left out: the number at every step and
        every transition.
    probability : float, default 0.95
        Probability of the equal-tailed intervals.
    threshold : float, default 0.05
        Sensitivity from which a quantity is said to move.
    seed : int
        The same seed gives the same answer, on one core and on many.
    cores : int, optional
        How many refits run at a time; all cores when left out, 1 for this process alone.
    refit : bool, default True
        Whether to fit again where weights fail; else, and where the family of a prior has no member
        that counts half or twice, the component counts for less of a change.

    Returns
    -------
    PriorSensitivity
        Its table, its text, and whether nothing moves.

    Raises
    ------
    SpecError
        With every problem of the arguments. Also when a quantity raises an error, or does not give
        one finite number per draw.
    FitError
        When the convergence gate of the result failed and it was not opened all the same.

    Notes
    -----
    Power-scaling: Kallioinen, Paananen, Bürkner and Vehtari, Stat Comput 2024;34:57. With the
    component :math:`p_k` to the power :math:`\alpha` draw s weighs
    :math:`p_k(\theta_s)^{\alpha - 1}`, Pareto-smoothed. The sensitivity is the cumulative
    Jensen-Shannon distance between the distributions of the quantity at :math:`\alpha` and at 1,
    over :math:`\log_2 \alpha`, the mean of 0.99 and 1.01, by ArviZ. It depends on the scale of the
    quantity, which is taken as it is given.

    Unlike there, the density of a prior is that on its own scale (`log_prior_density`): the
    logarithm for a log-normal, the log-odds for a beta. So a prior that counts half has its median
    where it was, and a flat one can be scaled. For normal and half-normal priors it is the same.

    Where nothing moves, the noise of S independent draws still gives about 0.45 times the standard
    deviation of :math:`\log p_k` over the root of S: 0.006 for one prior and 4,000 draws.

    Weights are used where their k-hat is below 0.7 and 400 effective draws are left, and else
    the model is fitted again, with each prior of the component in closed form.
    """
    problems = result_problems(result, seed, cores) + quantity_problems(quantities)
    problems += tables.interval_problems(probability, "equal-tailed")
    if not (is_number(threshold) and threshold > 0):
        problems.append(f"threshold must be above 0; given {threshold!r}.")
    if not isinstance(refit, bool):
        problems.append(f"refit must be True or False; given {refit!r}.")
    raise_if_any(problems, _SUBJECT)
    model = result.model
    looked = main_quantities(model) if quantities is None else dict(quantities)
    after, _ = sampled(_SUBJECT, result, looked)
    flat = {name: np.asarray(draws).reshape(-1) for name, draws in result.draws.items()}
    logs = log_densities(model, flat)
    parts = components(model)
    priors = [one for one in parts if one.kind != "source"]
    sources = [one for one in parts if one.kind == "source"]
    groups = [(one, [one]) for one in priors]
    if len(priors) > 1:
        groups.append((Component(ALL_PRIORS, "prior"), priors))
    groups.append((Component(ALL_SOURCES, "source"), sources))
    tail = (1 - probability) / 2
    scaling = _Scaling(result, looked, after, (0.5, tail, 1 - tail), int(seed), cores, refit)
    size = len(next(iter(after.values())))
    for one, members in groups:
        log = np.sum([logs[member.name] for member in members], axis=0) * np.ones(size)
        scaling.add(one, members, log)
    even = np.full(size, 1 / size)
    return PriorSensitivity(
        rows=scaling.rows(),
        base={name: scaling.spread(draws, even) for name, draws in after.items()},
        flat=tuple(name for name, prior in model.free.items() if prior.flat),
        held=held(model),
        probability=float(probability),
        threshold=float(threshold),
        basis=model.basis(),
        result_mark=result.mark,
        seed=int(seed),
    )


class _Scaling:
    """Components to powers, by weights where they can be trusted, and the refits that are left.

    Parameters
    ----------
    result : Result
        The fit.
    quantities : mapping of str to callable
        What is looked at.
    after : mapping of str to ndarray
        Their posterior draws.
    levels : (float, float, float)
        Probabilities of the median and of the limits.
    seed, cores, refit
        As in `prior_sensitivity`.
    """

    def __init__(
        self,
        result: Result,
        quantities: Mapping[str, Quantity],
        after: Mapping[str, Floats],
        levels: tuple[float, float, float],
        seed: int,
        cores: int | None,
        refit: bool,
    ) -> None:
        self.result, self.quantities, self.after = result, quantities, after
        self.levels, self.seed, self.cores, self.refit = levels, seed, cores, refit
        self.parts: list[tuple[Component, dict[str, float], float]] = []
        self.logs: dict[str, Floats] = {}
        self.moves: dict[tuple[str, float], dict[str, Move]] = {}
        self.models: dict[tuple[str, float], Model] = {}

    def add(self, one: Component, members: list[Component], log: Floats) -> None:
        """Scale a component, whose log is given per draw."""
        self.logs[one.name] = log
        worst = -np.inf
        for power in (_HALF, _TWICE):
            weights = reweighted((power - 1) * log)
            worst = max(worst, weights.k_hat)
            if steady(weights):
                self.moves[one.name, power] = self._weighed(weights.weights, power, "weights")
                continue
            # Of the sources only the sensitivity is needed: no refit is spent on them.
            other = _scaled(self.result.model, members, power) if self.refit else None
            if other is not None and one.name != ALL_SOURCES:
                self.models[one.name, power] = other
            else:
                self.moves[one.name, power] = self._smaller(log, power)
        self.parts.append((one, self._sensitivities(log), worst))

    def _sensitivities(self, log: Floats) -> dict[str, float]:
        """Return the sensitivity of each quantity."""
        if not np.ptp(log) > 0:  # it is the same in every draw, and so moves nothing
            return dict.fromkeys(self.after, 0.0)
        from arviz_stats.base import array_stats

        lower, upper = (reweighted((power - 1) * log) for power in _NEAR)
        if not (steady(lower) and steady(upper)):
            return dict.fromkeys(self.after, np.nan)
        found = {}
        for name, draws in self.after.items():
            if np.ptp(draws) > 0:
                found[name] = float(
                    array_stats.power_scale_sense(
                        draws[None], lower.weights[None], upper.weights[None], *_NEAR
                    )
                )
            else:
                found[name] = 0.0
        return found

    def spread(self, draws: Floats, weights: Floats) -> tuple[float, float, float]:
        """Return the median and the limits of weighted draws."""
        median, low, high = weighted_quantiles(draws, weights, self.levels)
        return float(median), float(low), float(high)

    def _weighed(self, weights: Floats, power: float, how: str) -> dict[str, Move]:
        return {
            name: Move(power=power, values=self.spread(draws, weights), how=how)
            for name, draws in self.after.items()
        }

    def _smaller(self, log: Floats, power: float) -> dict[str, Move]:
        """Return what a smaller step gives, the largest one of which the weights are good."""
        for part in _STEPS:
            nearer = power**part
            weights = reweighted((nearer - 1) * log)
            if steady(weights):
                return self._weighed(weights.weights, nearer, "smaller step")
        return dict.fromkeys(self.after, Move())

    def rows(self) -> list[Scaled]:
        """Fit what weights did not give, and return a row per quantity and component."""
        keys = list(self.models)
        made = refits(
            {f"{name} to the power {power:g}": self.models[name, power] for name, power in keys},
            start=self.result,
            draws=max(4000, len(next(iter(self.after.values())))),
            seed=self.seed,
            cores=self.cores,
        )
        for (name, power), found in zip(keys, made.values(), strict=True):
            if isinstance(found, FitError) or not found.gate.passed:
                self.moves[name, power] = self._smaller(self.logs[name], power)
                continue
            samples = {quantity: found.sample_of(of) for quantity, of in self.quantities.items()}
            self.moves[name, power] = {
                quantity: Move(
                    power=power,
                    values=self.spread(draws, np.full(len(draws), 1 / len(draws))),
                    how="refit",
                )
                for quantity, draws in samples.items()
            }
        return [
            Scaled(
                quantity=quantity,
                component=one.name,
                kind=one.kind,
                psens=sensitivity[quantity],
                k_hat=worst,
                half=self.moves[one.name, _HALF][quantity],
                twice=self.moves[one.name, _TWICE][quantity],
            )
            for quantity in self.after
            for one, sensitivity, worst in self.parts
        ]


def _scaled(model: Model, members: list[Component], power: float) -> Model | None:
    """Return the model in which priors count for more or less; None without a closed form."""
    others = {name: powered(model.free[name], power) for one in members for name in one.parameters}
    known = {name: prior for name, prior in others.items() if prior is not None}
    return model.with_priors(known) if known and len(known) == len(others) else None
