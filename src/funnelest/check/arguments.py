"""What checks are asked with: results, quantities, functions of the user's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Where
from funnelest.errors import FunnelestError, SpecError, raise_if_any
from funnelest.inference.fitting import seed_problems
from funnelest.model.model import Model
from funnelest.quantities.quantities import Quantities
from funnelest.results.result import Result
from funnelest.route import show_edge

__all__ = [
    "Quantity",
    "called",
    "main_quantities",
    "per_draw",
    "quantity_problems",
    "result_problems",
    "sampled",
]

type Floats = NDArray[np.float64]
type Quantity = Callable[[Quantities], Any]


def main_quantities(model: Model, where: Where | None = None) -> dict[str, Quantity]:
    """Return what is looked at by default: the number at every step, and every transition.

    Of some cells, or of all. Numbers are a mean over years where the population has that axis, and
    the cells are not of one year.
    """
    years = model.population.years
    per = years.name if years is not None and years.name not in (where or {}) else None

    def number(step: str) -> Quantity:
        return lambda q: q.number(step, where, per=per)

    def share(edge: tuple[str, str]) -> Quantity:
        return lambda q: q.transition(*edge, where)

    return {f"number at {step}": number(step) for step in model.route.steps} | {
        show_edge(edge): share(edge) for edge in model.route.edges
    }


def quantity_problems(quantities: object) -> list[str]:
    """Return why these are no quantities to look at, one sentence each."""
    if quantities is None:
        return []
    if not isinstance(quantities, Mapping) or not quantities:
        return [f"quantities must map names to functions of q; given {quantities!r}."]
    found = [
        f"the name of a quantity must be text; given {name!r}."
        for name in quantities
        if not isinstance(name, str)
    ]
    return found + [
        f"quantity {name!r} must be a function of q; given {function!r}."
        for name, function in quantities.items()
        if not callable(function)
    ]


def result_problems(result: object, seed: object, cores: object) -> list[str]:
    """Return what is wrong with these arguments of a check, one sentence each."""
    found = [] if isinstance(result, Result) else [f"result must be a Result; given {result!r}."]
    if isinstance(result, Result) and not result.model.free:
        found.append("the model has no unknown parameter: there is nothing to compare.")
    found += seed_problems(seed)
    if cores is not None and not (type(cores) is int and cores >= 1):
        found.append(f"cores must be a whole number of at least 1; given {cores!r}.")
    return found


def called(subject: str, what: str, function: Callable[..., Any], *about: Any) -> Any:
    """Return what a user's function gives; an error in it is a problem of the `subject`."""
    try:
        with np.errstate(all="ignore"):
            return function(*about)
    except SpecError as error:
        raise SpecError([f"{what}: {text}" for text in error.problems], subject) from error
    except FunnelestError:
        raise
    except Exception as error:  # whatever a user's function may do
        text = f"{what} fails ({type(error).__name__}: {error})."
        raise SpecError([text], subject) from error


def per_draw(
    subject: str, what: str, function: Callable[[Quantities], Any]
) -> Callable[[Quantities], Floats]:
    """Return a user's function of `q` that is sure to give one number per draw, or to say why."""

    def checked(q: Quantities) -> Floats:
        value = called(subject, what, function, q)
        try:
            numbers = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError) as error:
            text = f"{what} must return one number per draw; it gave {type(value).__name__}."
            raise SpecError([text], subject) from error
        if numbers.shape not in ((), (1,), (q.draws,)):
            text = (
                f"{what} must return one number per draw; the shape is {numbers.shape}, with "
                f"{q.draws} draws."
            )
            raise SpecError([text], subject)
        return numbers

    return checked


def sampled(
    subject: str, result: Result, quantities: Mapping[str, Quantity]
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Return the draws of quantities from the posterior and from the prior; they must be finite."""
    checked = {
        name: per_draw(subject, f"quantity {name!r}", function)
        for name, function in quantities.items()
    }
    after = {name: result.sample_of(function) for name, function in checked.items()}
    raise_if_any(
        [
            f"quantity {name!r} must be a finite number in every draw of the result."
            for name, draws in after.items()
            if not np.isfinite(draws).all()
        ],
        subject,
    )
    return after, {name: result.prior_sample_of(function) for name, function in checked.items()}
