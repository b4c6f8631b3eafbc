"""Results from files, which go on as others do."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from funnelest.entry import entry
from funnelest.inference.fitting import more
from funnelest.results import storing
from funnelest.results.result import Result

__all__ = ["load"]


@entry
def load(
    path: str | os.PathLike[str],
    *,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    kinds: Sequence[type] = (),
) -> Result:
    """Read a result that `save` wrote; `funnelest.load` lets it go on too.

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
        With every problem of the file: it is cut off, was changed since it was written, is of
        another version or another program, needs functions or kinds not handed in, or holds draws
        that its model cannot have.
    FileError
        When there is no such file, or it may not be read.
    """
    return replace(storing.load(path, functions=functions, kinds=kinds), further=more)
