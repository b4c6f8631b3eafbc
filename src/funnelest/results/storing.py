"""Results as ArviZ trees and as netCDF files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelest.errors import SpecError, raise_if_any
from funnelest.fields import PATH
from funnelest.likelihood.density import log_likelihoods
from funnelest.model.model import Model
from funnelest.results.result import RESULT, Result
from funnelest.sampling.gate import Gate
from funnelest.words import from_json, to_json

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["load", "save", "to_datatree"]


def _variable(name: str) -> str:
    """Return a parameter's name as one of a variable: a slash would mean a group."""
    return name.replace("/", "\u2215")


def to_datatree(result: Result) -> xr.DataTree:
    """Return a result in the form that ArviZ reads.

    Parameters
    ----------
    result : Result
        The result of a fit.

    Returns
    -------
    xarray.DataTree
        Groups ``posterior`` and ``prior`` (one variable per parameter), ``log_likelihood`` (one
        per source) and ``log_prior`` (one per parameter); as attributes the model as JSON, the
        engine, the seed and the verdict of the gate.
    """
    raise_if_any(RESULT.said("result", result), "the tree")
    import xarray as xr

    model, prior = result.model, result.prior_draws
    shape = next((np.shape(draws) for draws in result.draws.values()), (1, 1))
    log_prior = {}
    with np.errstate(divide="ignore"):
        for name, draws in result.flat.items():
            log_prior[name] = model.free[name].logpdf(model.free[name].inside(draws))

    def group(values: Mapping[str, Any], shape: tuple[int, ...]) -> xr.Dataset:
        return xr.Dataset(
            {
                _variable(name): (("chain", "draw"), np.reshape(value, shape))
                for name, value in values.items()
            },
            coords={"chain": np.arange(shape[0]), "draw": np.arange(shape[1])},
        )

    size = next((len(value) for value in prior.values()), 1)
    groups = {
        "/posterior": group(result.draws, shape),
        "/prior": group(prior, (1, size)),
        "/log_likelihood": group(log_likelihoods(model, result.flat), shape),
        "/log_prior": group(log_prior, shape),
    }
    if result.origins is not None:
        groups["/sample_stats"] = group({"origin": result.origins}, shape)
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = {
        "created_by": "funnelest",
        "engine": result.engine,
        "seed": str(result.seed),
        "seconds": result.seconds,
        "notes": json.dumps(to_json(result.notes)),
        "marks": json.dumps(to_json(result.marks)),
        "gate": result.gate.text,
        "gate_measures": json.dumps(dict(result.gate.measures)),
        "gate_failures": json.dumps(to_json(result.gate.failures)),
    }
    try:
        tree.attrs["model"] = json.dumps(model.to_dict())
    except SpecError as error:  # functions without a name: the draws can still be looked at
        tree.attrs["model_not_written"] = str(error)
    return tree


def save(result: Result, path: str | os.PathLike[str]) -> None:
    """Write a result, with its model, to a netCDF file.

    Parameters
    ----------
    result : Result
        The result of a fit.
    path : str or path
        Where to; the ending ``.nc`` is usual. `load` reads it back.

    Raises
    ------
    SpecError
        When your own evidence uses a function without a name, which could not be found again.
    """
    raise_if_any(RESULT.said("result", result) + PATH.said("path", path), "saving")
    result.model.to_dict()  # refuses what `load` could not read
    to_datatree(result).to_netcdf(path, engine="h5netcdf")


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
        With the same model, draws and verdict.

    Raises
    ------
    SpecError
        When the file holds no model, or one that needs functions or kinds not handed in.
    """
    raise_if_any(PATH.said("path", path), "loading")
    import xarray as xr

    with xr.open_datatree(path, engine="h5netcdf") as tree:
        attrs = tree.attrs
        if "model" not in attrs:
            given = attrs.get("model_not_written", "it was not written by funnelest")
            raise SpecError([f"it holds no model: {given}."], f"the file {path}")
        model = Model.from_dict(json.loads(attrs["model"]), functions=functions, kinds=kinds)
        posterior = tree["posterior"].dataset
        origins = tree["sample_stats"].dataset if "sample_stats" in tree.children else None
        return Result(
            model=model,
            draws={name: posterior[_variable(name)].values for name in model.free},
            gate=Gate(
                str(attrs["engine"]),
                json.loads(attrs["gate_measures"]),
                tuple(from_json(json.loads(attrs["gate_failures"]))),
            ),
            seed=int(attrs["seed"]),
            seconds=float(attrs["seconds"]),
            notes=tuple(from_json(json.loads(attrs["notes"]))),
            marks=tuple(from_json(json.loads(attrs["marks"]))),
            origins=None if origins is None else origins["origin"].values,
        )
