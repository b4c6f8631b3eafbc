"""What a posterior is the product of: the likelihood of each source, and each prior."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.likelihood.density import log_likelihoods
from funnelest.model.model import Model
from funnelest.priors import Fixed, Prior
from funnelest.route import show_edge

__all__ = [
    "Component",
    "components",
    "held",
    "log_densities",
    "log_prior_density",
    "weighted_variance",
]

type Floats = NDArray[np.float64]
type Kind = Literal["source", "prior", "assumption"]


@dataclass(frozen=True)
class Component:
    """A factor of a posterior.

    Parameters
    ----------
    name : str
        The source, or what the prior is of.
    kind : {"source", "prior", "assumption"}
        The likelihood of a source; the prior of a transition or of who enters the route; the
        prior of what is assumed of a source or of people whom nobody asked.
    parameters : tuple of str
        Whose prior it is; none of a source.
    """

    name: str
    kind: Kind
    parameters: tuple[str, ...] = ()


def components(model: Model) -> list[Component]:
    """Return every source that counts and every prior that the posterior is the product of.

    The priors of who enters, and of each transition, with its terms; of each assumption; of each
    defect of a source; of each further parameter alone. Each unknown parameter is in one of them,
    and names are not taken twice.
    """
    found = [Component(one.name, "source") for one in model.evidence if model.power_of(one.name)]
    names = {one.name for one in found}
    taken: set[str] = set()

    def add(name: str, kind: Kind, parameters: Iterable[str]) -> None:
        mine = tuple(p for p in parameters if p in model.free and p not in taken)
        if not mine:
            return
        while name in names:
            name = f"prior of {name}"
        names.add(name)
        taken.update(mine)
        found.append(Component(name, kind, mine))

    population = model.population
    occurrence = model.occurrence_name
    add(occurrence, "prior", model.occurrence.parameters(occurrence, population))
    for edge in model.route.edges:
        name = show_edge(edge)
        add(name, "prior", model.transition(*edge).parameters(name, population))
    for assumption in model.assumptions:
        mine = list(assumption.parameters(population))
        name = mine[0] if len(mine) == 1 else type(assumption).__name__
        add(name, "assumption", mine)
    for one in model.sources():
        for defect in one.defects:
            name = f"{defect.label}[{one.name}]"
            add(name, "assumption", defect.parameters(one.name, population))
    for name in model.free:
        add(name, "assumption", [name])
    return found


def held(model: Model) -> dict[str, str]:
    """Return what is assumed without a distribution -> why it cannot count for more or less."""
    found = {
        name: prior.describe() for name, prior in model.priors.items() if isinstance(prior, Fixed)
    }
    for one in model.assumptions:
        if one.constant():  # says what the model is, and holds nothing
            continue
        if not any(name in model.priors for name in one.parameters(model.population)):
            found[one.describe()] = "an assumption without an unknown number"
    return found


def log_densities(model: Model, values: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return the log of every component in `components`, one per draw.

    `values` has every unknown parameter, shape ``(draws,)``. Those of priors are
    `log_prior_density`.
    """
    sources = log_likelihoods(model, values)
    found = {}
    for one in components(model):
        if one.kind == "source":
            found[one.name] = model.power_of(one.name) * sources[one.name]
        else:
            found[one.name] = np.sum(
                [log_prior_density(model.free[name], values[name]) for name in one.parameters],
                axis=0,
            )
    return found


def log_prior_density(prior: Prior, x: Floats) -> Floats:
    """Return the log-density of a prior at draws, on the scale on which it is scaled to a power.

    The natural one of a normal and half-normal, the logarithm of a log-normal and gamma, the
    log-odds of a beta, logit-normal and uniform, those of the logarithm for a log-uniform; of a
    truncated one that of the prior inside. A flat prior is not flat there, so that it too can
    count for more or less. Minus infinity where the parameter is impossible.
    """
    with np.errstate(all="ignore"):
        _, back, slope = prior.own_scale()
        x = prior.inside(x)
        found = prior.logpdf(x) + slope(back(x))
    return np.where(np.isnan(found), -np.inf, found)


def weighted_variance(draws: Floats, weights: Floats) -> float:
    """Return the variance of weighted draws, whose weights add up to 1."""
    mean = weights @ draws
    return float(weights @ (draws - mean) ** 2)
