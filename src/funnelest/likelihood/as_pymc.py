"""A model as a PyMC model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelest.model.model import Model
from funnelest.priors import LogUniform, Prior, Truncated
from funnelest.quantities.quantities import Quantities

if TYPE_CHECKING:
    import pymc as pm

__all__ = ["split", "to_pymc"]

#: Family -> PyMC's name for it, and ours -> its names of the parameters.
_FAMILIES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "Normal": ("Normal", {"mean": "mu", "sd": "sigma"}),
    "HalfNormal": ("HalfNormal", {"sd": "sigma"}),
    "LogNormal": ("LogNormal", {"log_mean": "mu", "log_sd": "sigma"}),
    "LogitNormal": ("LogitNormal", {"logit_mean": "mu", "logit_sd": "sigma"}),
    "Beta": ("Beta", {"alpha": "alpha", "beta": "beta"}),
    "Gamma": ("Gamma", {"shape": "alpha", "rate": "beta"}),
    "Uniform": ("Uniform", {"low": "lower", "high": "upper"}),
}


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

    groups: dict[str, dict[str, Prior]] = {}
    for name, prior in model.free.items():
        key = name if isinstance(prior, Truncated) else _snake(type(prior).__name__)
        groups.setdefault(key, {})[name] = prior
    coords = {f"{key}_parameter": list(group) for key, group in groups.items()}
    with pm.Model(coords=coords) as made:
        values: dict[str, Any] = {}
        for key, group in groups.items():
            variable = _variable(key, list(group.values()))
            for i, (name, prior) in enumerate(group.items()):
                one = variable[i][None]
                values[name] = one.exp() if isinstance(prior, LogUniform) else one
        q = Quantities(model, values)
        for source in model.evidence:
            power = model.powers.get(source.name, 1.0)
            if not power:
                continue
            terms = [observation.logp() for observation in source.observations(q)]
            # A number, and no symbol, when the source sees no unknown parameter.
            total = pt.as_tensor_variable(sum(terms[1:], terms[0])).sum()
            pm.Potential(f"evidence: {source.name}", total if power == 1 else power * total)
    return made


def split(model: Model, posterior: Any) -> dict[str, np.ndarray[Any, Any]]:
    """Return the draws of each parameter, ``(chains, draws)``, from PyMC's vector variables."""
    found: dict[str, np.ndarray[Any, Any]] = {}
    for key, variable in posterior.data_vars.items():
        names = variable.coords.get(f"{key}_parameter")
        if names is None:
            continue
        for i, name in enumerate(names.values):
            draws = variable.values[..., i]
            found[str(name)] = np.exp(draws) if key == "log_uniform" else draws
    return {name: found[name] for name in model.free}


def _variable(key: str, priors: list[Prior]) -> Any:
    import pymc as pm

    dims = f"{key}_parameter"
    first = priors[0]
    if isinstance(first, Truncated):
        low, high = first.support
        inner, arguments = _pymc_family([first.prior])
        return pm.Truncated(
            key,
            getattr(pm, inner).dist(**arguments, shape=(1,)),
            lower=low if np.isfinite(low) else None,
            upper=high if np.isfinite(high) else None,
            dims=dims,
        )
    if isinstance(first, LogUniform):
        lower, upper = (np.log([getattr(p, f) for p in priors]) for f in ("low", "high"))
        return pm.Uniform(key, lower=lower, upper=upper, dims=dims)
    family, arguments = _pymc_family(priors)
    if family == "LogitNormal":  # the one family for which PyMC has no map from the line
        arguments["default_transform"] = pm.distributions.transforms.logodds
    return getattr(pm, family)(key, **arguments, dims=dims)


def _pymc_family(priors: list[Prior]) -> tuple[str, dict[str, Any]]:
    family, names = _FAMILIES[type(priors[0]).__name__]
    arguments = {
        theirs: np.array([float(getattr(prior, ours)) for prior in priors])
        for ours, theirs in names.items()
    }
    return family, arguments


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
