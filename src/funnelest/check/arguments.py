"""What checks are asked with: results, quantities, functions of the user's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.errors import FunnelestError, SpecError, raise_if_any
from funnelest.fields import (
    POSITIVE,
    SEED,
    TEXT,
    TRUTH,
    Allowed,
    Constraint,
    explained,
    instance,
    number,
    one_of,
    whole,
)
from funnelest.inference import fitting
from funnelest.inference.leaving_out import LeftOut
from funnelest.model.model import Model
from funnelest.numbers import array_of
from funnelest.quantities.quantities import Quantities
from funnelest.results.precision import Quantity, main_quantities
from funnelest.results.result import Result

__all__ = [
    "ALLOWED",
    "Quantity",
    "called",
    "looked_at",
    "main_quantities",
    "per_draw",
    "problems_of",
    "result_problems",
    "sampled",
]

type Floats = NDArray[np.float64]


def looked_at(model: Model, quantities: Mapping[str, Quantity] | None) -> dict[str, Quantity]:
    """Return the quantities that are asked about, or else the main ones."""
    return main_quantities(model) if quantities is None else dict(quantities)


# ---------------------------------------------------------------------- arguments


def problems_of(**given: Any) -> list[str]:
    """Return what is wrong with the arguments of a check, each by its name, in sentences."""
    found = []
    for name, value in given.items():
        rule = ALLOWED[name]
        found += rule.problems(name, value) if rule.why else rule.said(name, value)
    return found


def result_problems(**given: Any) -> list[str]:
    """Return the same of a check that needs something unknown in its `result`."""
    result = given["result"]
    nothing = isinstance(result, Result) and not result.model.free
    text = "the model has no unknown parameter: there is nothing to compare."
    return [*([text] if nothing else []), *problems_of(**given)]


def _quantity_problems(name: str, quantities: Any, *_: Any) -> list[str]:
    """Return why these are no quantities to look at, one sentence each."""
    if quantities is None:
        return []
    if not isinstance(quantities, Mapping) or not quantities:
        return [f"{name} must map names to functions of q; given {quantities!r}."]
    found = [text for one in quantities for text in TEXT.said("the name of a quantity", one)]
    return found + [
        f"quantity {one!r} must be a function of q; given {function!r}."
        for one, function in quantities.items()
        if not callable(function)
    ]


def _left_out(without: Any) -> bool:
    given = without.values() if isinstance(without, Mapping) else [without]
    return all(isinstance(one, LeftOut) for one in given)


#: What each argument may be, wherever a check has it.
ALLOWED: Allowed = {
    **fitting.ALLOWED,
    "seed": SEED,
    "result": instance(Result, "a Result"),
    "quantities": explained(_quantity_problems),
    "further": explained(_quantity_problems),
    "probability": number(above=0, below=1),
    "contraction": number(below=1),
    "threshold": POSITIVE,
    "moved": POSITIVE,
    "widened": number(above=1),
    "points": whole(2),
    "refit": TRUTH,
    "loo": TRUTH,
    "name": TEXT,
    "scale": one_of("auto", "identity", "log", "logit"),
    "currency": TEXT,
    "basis": one_of("estimated", "partly imputed", "imputed").or_none,
    "without": Constraint("must be what a conflict found, its left_out", _left_out).or_none,
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
    subject: str, name: str, function: Callable[[Quantities], Any], what: str = "quantity"
) -> Callable[[Quantities], Floats]:
    """Return a user's function of `q` that is sure to give one number per draw, or to say why."""
    what = f"{what} {name!r}" if name else what

    def checked(q: Quantities) -> Floats:
        value = called(subject, what, function, q)
        numbers, wrong = array_of(value)
        if numbers is None or wrong:
            text = f"{what} must return one number per draw; it gave {type(value).__name__}."
            raise SpecError([text], subject)
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
    checked = {name: per_draw(subject, name, function) for name, function in quantities.items()}
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
