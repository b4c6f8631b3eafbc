"""Results as ArviZ trees and as netCDF files."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelest import files
from funnelest.entry import entry
from funnelest.errors import SpecError, raise_if_any
from funnelest.fields import PATH, is_whole, plain
from funnelest.likelihood.density import log_likelihoods
from funnelest.model.model import Model
from funnelest.results.result import RESULT, Result
from funnelest.sampling.gate import Gate
from funnelest.words import Language, Sentence, from_json, to_json

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["load", "save", "to_datatree"]


#: The format of the files; raised when an old one can no longer be read.
_FORMAT = 2
_HDF = b"\x89HDF\r\n\x1a\n"


def _variables(names: Iterable[str]) -> dict[str, str]:
    """Return the names of variables in a group: no slash, no dots alone, none of a dimension."""
    made: dict[str, str] = {}
    for name in names:
        one = name.replace("/", "\u2215")
        while one in ("chain", "draw", *made.values()) or not one.strip(". "):
            one += "_"
        made[name] = one
    return made


@entry
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
        called = _variables(values)
        return xr.Dataset(
            {
                called[name]: (("chain", "draw"), np.reshape(value, shape))
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
        "format": _FORMAT,
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


@entry
def save(result: Result, path: str | os.PathLike[str]) -> None:
    """Write a result, with its model, to a netCDF file.

    The file is written beside the one that it replaces and takes its place when it is whole: after
    whatever happens there is the old or the new one. It ends in a checksum, by which `load` sees
    what was changed since.

    Parameters
    ----------
    result : Result
        The result of a fit.
    path : str or path
        Where to; the ending ``.nc`` is usual. Its folder is made where there is none. `load` reads
        it back.

    Raises
    ------
    SpecError
        When your own evidence uses a function without a name, which could not be found again, or
        when the draws are none of the model: `load` would refuse the file.
    FileError
        When the file could not be written.
    """
    raise_if_any(RESULT.said("result", result) + PATH.said("path", path), "saving")
    result.model.to_dict()  # refuses what `load` could not read
    raise_if_any(_draw_problems(result.model, result.draws, result.origins), "saving")
    with to_datatree(result).to_netcdf(None, engine="h5netcdf") as view:  # else it is let go late
        written = bytes(view)
    files.write(path, files.seal(written), "the result")


@entry
def load(
    path: str | os.PathLike[str],
    *,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    kinds: Sequence[type] = (),
) -> Result:
    """Return the result that a file holds, with nothing to go on from; see `funnelest.load`."""
    raise_if_any(PATH.said("path", path), "loading")
    data = files.read(path, "the result")
    body, same = files.unseal(data)
    subject = f"the file {os.fspath(path)!r}"
    # Nothing of a file that was not written here is given to HDF5, which trusts what it reads.
    raise_if_any(_seal_problems(data, same), subject)
    import xarray as xr

    try:
        with xr.open_datatree(BytesIO(body), engine="h5netcdf") as tree:
            return _read(tree, functions, kinds)
    except SpecError as error:
        raise SpecError(error.problems, subject) from error
    except Exception as error:  # whatever a file may hold that has a right checksum
        text = f"it is not as save writes it ({type(error).__name__}: {error})."
        raise SpecError([text], subject) from error


def _seal_problems(data: bytes, same: bool | None) -> list[str]:
    """Return why this is no whole file as `save` writes it."""
    if not data:
        return ["it holds no model: it is empty."]
    if not data.startswith(_HDF):
        return ["it holds no model: it does not begin as a file of save does."]
    if same is None:
        end = int.from_bytes(data[40:48], "little")  # HDF5, superblock version 0: end of file
        if len(data) < 48 or (data[8] == 0 and len(data) != end):
            more = len(data) - end - files.SEAL_LENGTH
            if len(data) >= 48 and more > 0:
                return [
                    f"it was changed since it was written: more bytes stand in it than "
                    f"were written ({more:,d})."
                ]
            return [f"it was cut off: {len(data):,d} of its bytes are left."]
        return [
            "it holds no model that can be trusted: no checksum stands at its end. It is of "
            "another program, of an earlier version, or was changed by another program since. "
            "xarray.open_datatree shows what is in it."
        ]
    return [] if same else ["it was changed since it was written: its checksum does not fit."]


def _read(
    tree: xr.DataTree,
    functions: Mapping[str, Callable[..., Any]] | None,
    kinds: Sequence[type],
) -> Result:
    """Return the result that a tree holds, or raise with all that is wrong."""
    attrs = tree.attrs
    if "model_not_written" in attrs:
        raise SpecError([f"it holds no model: {attrs['model_not_written']}."])
    wanted = ("format", "model", *_ATTRIBUTES)
    raise_if_any(
        [f"it has no {name!r}." for name in wanted if name not in attrs]
        or _version_problems(attrs["format"])
    )
    problems: list[str] = []
    read = {}
    for name, one in _ATTRIBUTES.items():
        try:
            read[name] = one(attrs[name])
        except (ValueError, TypeError, KeyError, AttributeError):
            problems.append(f"its {name!r} is not as it was written: {attrs[name]!r}.")
    try:
        text = json.loads(attrs["model"])
        model = Model.from_dict(text, functions=functions, kinds=kinds)
    except ValueError as error:  # a SpecError is one
        raise SpecError(
            [*problems, *getattr(error, "problems", [f"its model: {error}."])]
        ) from error
    posterior = tree["posterior"].dataset if "posterior" in tree.children else {}
    called = _variables(model.free)
    draws = {
        name: np.asarray(posterior[one].values) for name, one in called.items() if one in posterior
    }
    problems += [
        f"it has draws of {str(name)!r}, of which the model knows nothing."
        for name in getattr(posterior, "data_vars", ())
        if name not in called.values()
    ]
    origins = None
    if "sample_stats" in tree.children:
        origins = np.asarray(tree["sample_stats"].dataset["origin"].values)
    problems += _draw_problems(model, draws, origins)
    raise_if_any(problems)
    return Result(
        model=model,
        draws=draws,
        gate=Gate(read["engine"], read["gate_measures"], read["gate_failures"]),
        origins=origins,
        **{name: read[name] for name in ("seed", "seconds", "notes", "marks")},
    )


def _version_problems(given: Any) -> list[str]:
    if is_whole(given) and given == _FORMAT:
        return []
    return [f"it has format {plain(given)!r}, and this version reads {_FORMAT}."]


def _draw_problems(model: Model, draws: Mapping[str, Any], origins: Any) -> list[str]:
    """Return why these are no draws of the unknown parameters of a model, one sentence each."""
    found = [f"it has no draws of {name!r}." for name in model.free if name not in draws]
    found += [
        f"it has draws of {name!r}, of which the model knows nothing."
        for name in draws
        if name not in model.free
    ]
    arrays = {name: np.asarray(draws[name]) for name in model.free if name in draws}
    shapes = {name: one.shape for name, one in arrays.items()}
    first = next(iter(shapes.values()), None)
    for name, one in arrays.items():
        if one.dtype.kind not in "fiu":
            found.append(f"the draws of {name!r} are no numbers, but {one.dtype}.")
        elif one.ndim != 2 or not one.size or one.shape != first:
            found.append(
                f"the draws of {name!r} have shape {one.shape}, and must have one shape (chains, "
                f"draws), that of all parameters."
            )
        elif not np.isfinite(one).all():
            count = int((~np.isfinite(one)).sum())
            found.append(f"the draws of {name!r} must be finite numbers; {count:,d} are not.")
        else:
            low, high = model.free[name].support
            # The last digits may have been rounded over an end.
            near = 4 * np.spacing(np.abs([end for end in (low, high) if np.isfinite(end)]))
            room = near.max(initial=0.0)
            out = one[(one < low - room) | (one > high + room)]
            if out.size:
                found.append(
                    f"the draws of {name!r} must lie between {low:g} and {high:g}; "
                    f"{out.size:,d} do not, such as {float(out[0])!r}."
                )
    if origins is not None:
        origins = np.asarray(origins)
        if origins.dtype.kind not in "iu" or origins.shape != first:
            found.append(
                f"the origins of the draws must be whole numbers of shape {first}; they are "
                f"{origins.dtype} of shape {origins.shape}."
            )
    return found


# ------------------------------------------------------------ what stands in the attributes


def _seed(value: Any) -> int:
    seed = int(value)
    if seed < 0:
        raise ValueError
    return seed


def _seconds(value: Any) -> float:
    seconds = float(value)
    if not seconds >= 0 or math.isinf(seconds):
        raise ValueError
    return seconds


def _engine(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return str(value)


def _measures(value: Any) -> dict[str, float]:
    read = json.loads(value)
    if not all(isinstance(one, int | float) for one in read.values()):
        raise TypeError
    return dict(read)


def _texts(value: Any) -> tuple[Sentence | str, ...]:
    read = json.loads(value)
    if not isinstance(read, list):
        raise TypeError
    said = tuple(map(from_json, read))
    Language("en").text(said)  # a sentence of the catalogue with all that stands in its braces
    return said


#: Attribute -> what makes of it what the result holds, or fails.
_ATTRIBUTES: Mapping[str, Callable[[Any], Any]] = {
    "engine": _engine,
    "seed": _seed,
    "seconds": _seconds,
    "notes": _texts,
    "marks": _texts,
    "gate_measures": _measures,
    "gate_failures": _texts,
}
