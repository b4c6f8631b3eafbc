"""What the checks share: functions of the user's, called with care."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.errors import FunnelestError, SpecError
from funnelest.quantities import Quantities

__all__ = ["called", "per_draw"]

type Floats = NDArray[np.float64]


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
