"""A model as a PyMC model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from funnelest.entry import entry
from funnelest.likelihood.once import likelihoods
from funnelest.model.model import Model
from funnelest.priors import Prior
from funnelest.quantities.quantities import Quantities

if TYPE_CHECKING:
    import pymc as pm

__all__ = ["to_pymc"]


@entry
def to_pymc(model: Model) -> pm.Model:
    """Return the model as a PyMC model.

    Priors of one family are one vector variable, since compilation grows with the number of
    variables: ``beta`` with the coordinate ``beta_parameter`` holds every parameter with a beta
    prior. A log-uniform parameter is the exponential of its entry of ``log_uniform``. Each
    source is a potential named after it.

    Parameters
    ----------
    model : Model
        The model.

    Returns
    -------
    pymc.Model
        With the same density as the importance engine's, on the same unconstrained line.
    """
    import pymc as pm
    import pytensor.tensor as pt

    groups = _groups(model.free)
    coords = {f"{key}_parameter": list(group) for key, group in groups.items()}
    with pm.Model(coords=coords) as made:
        values: dict[str, Any] = {}
        for key, group in groups.items():
            priors = list(group.values())
            variable = priors[0].to_pymc(key, priors, f"{key}_parameter")
            for i, (name, prior) in enumerate(group.items()):
                values[name] = prior.from_pymc(variable[i][None])
        q = Quantities(model, values)
        seen = {
            one.name: list(one.observations(q))
            for one in model.evidence
            if model.power_of(one.name)
        }
        for name, terms in likelihoods(model, q, seen, model.powers).items():
            power = model.power_of(name)
            # A number, and no symbol, when the source sees no unknown parameter.
            total = pt.as_tensor_variable(sum(terms[1:], terms[0])).sum()
            pm.Potential(f"evidence: {name}", total if power == 1 else power * total)
    return made


def _groups(free: Mapping[str, Prior]) -> dict[str, dict[str, Prior]]:
    """Return the parameters of each PyMC variable, by its name."""
    groups: dict[Any, dict[str, Prior]] = {}
    for name, prior in free.items():
        groups.setdefault(type(prior) if prior.together else name, {})[name] = prior
    found: dict[str, dict[str, Prior]] = {}
    for key, group in groups.items():
        name = key if isinstance(key, str) else _snake(key.__name__)
        while name in found:  # a family of the user's that is called as another one
            name += "_"
        found[name] = group
    return found


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
