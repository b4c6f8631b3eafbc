"""What the checks share: the quantities they look at, and functions of the user's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from funnelest.errors import FunnelestError, SpecError
from funnelest.model import Model
from funnelest.quantities import Quantities
from funnelest.route import show_edge

__all__ = ["Check", "called", "main_quantities", "per_draw", "quantity_problems"]

type Floats = NDArray[np.float64]
type Quantity = Callable[[Quantities], Any]


class Check(Protocol):
    """What every check gives."""

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""

    @property
    def headline(self) -> str:
        """The verdict in a sentence."""

    @property
    def text(self) -> str:
        """What was found, in plain sentences."""

    @property
    def table(self) -> Any:
        """What was found, one row per thing."""

    @property
    def mark(self) -> str:
        """What tables and figures of the result carry; empty when the check passed."""


def main_quantities(model: Model) -> dict[str, Quantity]:
    """Return what is looked at by default: the number at every step, and every transition.

    Numbers are a mean over years where the population has that axis.
    """
    per = "year" if model.population.axis("year") is not None else None

    def number(step: str) -> Quantity:
        return lambda q: q.number(step, per=per)

    def share(edge: tuple[str, str]) -> Quantity:
        return lambda q: q.transition(*edge)

    return {f"number at {step}": number(step) for step in model.route.steps} | {
        show_edge(edge): share(edge) for edge in model.route.edges
    }


def quantity_problems(quantities: object) -> list[str]:
    """Return why these are no quantities to look at, one sentence each."""
    if quantities is None:
        return []
    if not isinstance(quantities, Mapping) or not quantities:
        return [f"quantities must map names to functions of q; given {quantities!r}."]
    return [
        f"quantity {name!r} must be a function of q; given {function!r}."
        for name, function in quantities.items()
        if not callable(function)
    ]


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
