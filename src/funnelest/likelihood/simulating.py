"""Made-up data from a model: the same model, with figures drawn from what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from funnelest.entry import entry
from funnelest.errors import raise_if_any
from funnelest.fields import MAPPING, instance, is_number, seed_problems
from funnelest.likelihood.density import prior_draws
from funnelest.likelihood.once import observed
from funnelest.likelihood.tied import tied_counts
from funnelest.model.model import Model, with_made_up
from funnelest.quantities.quantities import Quantities

__all__ = ["draw_parameters", "made_up", "simulate"]

_MODEL = instance(Model, "a Model")


@entry
def draw_parameters(model: Model, *, seed: int | np.random.Generator) -> dict[str, float]:
    """Draw every unknown parameter once from its prior.

    Parameters
    ----------
    model : Model
        The model.
    seed : int or numpy.random.Generator
        Where the randomness comes from. A generator is used as it is, and moves on.

    Returns
    -------
    dict of str to float
        Parameter name -> value.
    """
    found = _MODEL.said("model", model) + seed_problems(seed, generator=True)
    raise_if_any(found, "draw_parameters")
    rng = np.random.default_rng(seed)
    return {name: float(value[0]) for name, value in prior_draws(model, rng, 1).items()}


@entry
def simulate(
    model: Model,
    *,
    seed: int | np.random.Generator,
    parameters: Mapping[str, float] | None = None,
) -> Model:
    """Return the same model with made-up data.

    Parameters
    ----------
    model : Model
        The model.
    seed : int or numpy.random.Generator
        Where the randomness comes from. A generator is used as it is, and moves on.
    parameters : mapping of str to float, optional
        True value of every unknown parameter; drawn from the priors when left out.

    Returns
    -------
    Model
        Equal to `model` except for the numbers of its sources, which are printed (rounded) as
        the real ones are.

    Raises
    ------
    SpecError
        When a true value is missing or unknown.
    """
    found = _MODEL.said("model", model) + seed_problems(seed, generator=True)
    raise_if_any(found + MAPPING.or_none.said("parameters", parameters), "simulate")
    rng = np.random.default_rng(seed)
    truth = draw_parameters(model, seed=rng) if parameters is None else dict(parameters)
    missing = [name for name in model.free if name not in truth]
    unknown = [name for name in truth if name not in model.places]
    raise_if_any(
        [f"the parameter {name!r} has no value." for name in missing]
        + [f"the model has no parameter {name!r}." for name in unknown]
        + [
            f"the parameter {name!r} must be a number; given {value!r}."
            for name, value in truth.items()
            if not is_number(value)
        ],
        "simulate",
    )
    q = Quantities(model, {name: np.array([float(value)]) for name, value in truth.items()})
    with np.errstate(all="ignore"):
        figures = made_up(model, q, rng)
        evidence = [one.with_data(figures[one.name], model.population) for one in model.evidence]
    return with_made_up(model, evidence)


def made_up(model: Model, q: Quantities, rng: np.random.Generator) -> dict[str, list[Any]]:
    """Return made-up figures of every source by its name, for the first draw of `q`.

    Those of the same people together, as the likelihood has it.
    """
    seen = observed(model, q)
    counts = tied_counts(model, q, seen, rng)
    return {
        name: [
            one.of_counts(counts[name][:, 0].tolist(), rng) if name in counts else one.simulate(rng)
            for one in some
        ]
        for name, some in seen.items()
    }
