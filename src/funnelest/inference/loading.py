"""Results from files, which go on as others do."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from funnelest.inference.fitting import more
from funnelest.results import storing
from funnelest.results.result import Result

__all__ = ["load"]


def load(
    path: str | os.PathLike[str],
    *,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    kinds: Sequence[type] = (),
) -> Result:
    """Read a result that `save` wrote.

    Parameters
    ----------
    path : str or path
        The file.
    functions : mapping of str to callable, optional
        The functions of your own evidence, by their names in the file; nothing is imported on
        the word of a file.
    kinds : sequence of type, optional
        Your own classes of evidence, terms or assumptions.

    Returns
    -------
    Result
        With the same model, draws and verdict. Its `more` works, and lets the engine learn anew
        what a file does not hold.

    Raises
    ------
    SpecError
        When the file holds no model, or one that needs functions or kinds not handed in.
    """
    return replace(storing.load(path, functions=functions, kinds=kinds), further=more)
