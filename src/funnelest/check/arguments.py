"""What checks are asked with: results, quantities, functions of the user's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import methodcaller
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Where
from funnelest.errors import FunnelestError, SpecError, raise_if_any
from funnelest.fields import is_number
from funnelest.inference.fitting import seed_problems
from funnelest.inference.leaving_out import LeftOut
from funnelest.model.model import Model
from funnelest.quantities.quantities import Quantities
from funnelest.results.intervals import interval_problems
from funnelest.results.result import Result
from funnelest.route import show_edge
from funnelest.words import named

__all__ = [
    "Quantity",
    "called",
    "main_quantities",
    "per_draw",
    "problems_of",
    "quantity_problems",
    "result_problems",
    "sampled",
    "whole_problems",
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

    found: dict[str, Quantity] = {}
    for step in model.route.steps:
        found[named("word.number_at", step=step)] = methodcaller("number", step, where, per=per)
    for edge in model.route.edges:
        found[show_edge(edge)] = methodcaller("transition", *edge, where)
    return found


# ---------------------------------------------------------------------- arguments


def problems_of(**given: Any) -> list[str]:
    """Return what is wrong with the arguments of a check, each by its name, in sentences."""
    return [text for name, value in given.items() for text in _RULES[name](value)]


def whole_problems(name: str, value: object, least: int) -> list[str]:
    """Return why this is no whole number of at least `least`."""
    if is_number(value) and value == int(value) and value >= least:  # type: ignore[call-overload,operator]
        return []
    return [f"{name} must be a whole number of at least {least}; given {value!r}."]


def result_problems(result: object, seed: object, cores: object) -> list[str]:
    """Return what is wrong with these arguments of a check of what is unknown."""
    found = problems_of(result=result)
    if isinstance(result, Result) and not result.model.free:
        found.append("the model has no unknown parameter: there is nothing to compare.")
    return found + problems_of(seed=seed, cores=cores)


def quantity_problems(quantities: object, name: str = "quantities") -> list[str]:
    """Return why these are no quantities to look at, one sentence each."""
    if quantities is None:
        return []
    if not isinstance(quantities, Mapping) or not quantities:
        return [f"{name} must map names to functions of q; given {quantities!r}."]
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


def _instance(name: str, kind: type) -> Callable[[object], list[str]]:
    wanted = f"{name} must be a {kind.__name__}"
    return lambda value: [] if isinstance(value, kind) else [f"{wanted}; given {value!r}."]


def _flag(name: str) -> Callable[[object], list[str]]:
    wanted = f"{name} must be True or False"
    return lambda value: [] if isinstance(value, bool) else [f"{wanted}; given {value!r}."]


def _without_problems(without: object) -> list[str]:
    if without is None or (
        isinstance(without, Mapping) and all(isinstance(one, LeftOut) for one in without.values())
    ):
        return []
    return [f"without must be what a conflict found, its left_out; given {without!r}."]


#: What each argument may be, wherever a check has it.
_RULES: Mapping[str, Callable[[Any], list[str]]] = {
    "result": _instance("result", Result),
    "model": _instance("model", Model),
    "quantities": quantity_problems,
    "further": lambda value: quantity_problems(value, "further"),
    "probability": lambda value: interval_problems(value, "equal-tailed"),
    "seed": seed_problems,
    "cores": lambda value: [] if value is None else whole_problems("cores", value, 1),
    "refit": _flag("refit"),
    "loo": _flag("loo"),
    "without": _without_problems,
}


# ------------------------------------------------------------- functions of the user's


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
