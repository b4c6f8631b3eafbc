"""Models as plain JSON types, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from funnelest import rates
from funnelest.errors import SpecError, raise_if_any
from funnelest.fields import FUNCTION, MAPPING, instances, key_problems
from funnelest.files import checksum
from funnelest.model.hidden_members import is_own
from funnelest.model.parts import Parts
from funnelest.population import Population
from funnelest.route import Route

__all__ = ["kinds", "parts_from_dict", "parts_to_dict"]

#: The format of the dictionaries; raised when an old one can no longer be read.
_FORMAT = 7

#: Where the checksum of the rest stands.
_SUM = "checksum"

#: Before the name of a user's own kind.
_OWN = "own "

_PARTS = tuple(one.name for one in fields(Parts))

#: Where the parts of a model stand, in the order in which they are named.
_ROOMS = ("priors", "figures", "rates", "terms", "assumptions", "defects", "evidence", "lists")


def kinds() -> dict[str, type]:
    """Return every kind of the package that a model may hold, by name; not their bases."""
    import funnelest

    found = [one for name in funnelest.__all__ if (one := _kind(name))]
    found += _unlisted()
    found.sort(key=lambda kind: (_ROOMS.index(_room(kind)), kind.__name__))
    return {kind.__name__: kind for kind in found}


def _unlisted() -> list[type]:
    """Return the kinds that are no public names of the package itself."""
    from funnelest.assumptions.bounds import Held
    from funnelest.lists import LinkageError, OverlapTable

    return [Held, LinkageError, OverlapTable]


def _kind(name: str) -> type | None:
    """Return one of `kinds`, of which only its own module is loaded.

    All public names are half of what a first answer imports.
    """
    import funnelest

    if name not in funnelest.__all__:
        return {one.__name__: one for one in _unlisted()}.get(name)
    found = getattr(funnelest, name)
    return found if _is_kind(found) else None


def _is_kind(one: Any) -> bool:
    if not (is_dataclass(one) and isinstance(one, type) and _room(one) in _ROOMS):
        return False
    return not one.__module__.endswith((".base", ".imputation"))


def _room(kind: type) -> str:
    return kind.__module__.split(".")[1]


def _written(kind: type) -> str:
    """Return how a kind is named in a file: that of a user by itself, whatever it is called."""
    return f"{_OWN}{kind.__name__}" if is_own(kind) else kind.__name__


def _object_to_dict(value: Any, problems: list[str], **parts: Any) -> dict[str, Any]:
    """Return an object as its kind, and apart from it its fields, whatever they are called."""
    names = [one.name for one in fields(value) if one.name not in parts]
    plain = parts | {name: getattr(value, name) for name in names}
    return {
        "kind": _written(type(value)),
        "fields": {name: _plain(one, problems) for name, one in plain.items()},
    }


def _plain(value: Any, problems: list[str]) -> Any:
    """Return `value` as JSON types, and add a sentence for what cannot be one."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        return number if np.isfinite(number) else {"float": str(number)}
    if isinstance(value, tuple):
        return {"tuple": [_plain(one, problems) for one in value]}
    if isinstance(value, set | frozenset):  # in one order, whatever the process
        value = sorted(value, key=repr)
    if isinstance(value, list):
        return [_plain(one, problems) for one in value]
    if isinstance(value, np.ndarray):
        return {"array": value.tolist()}
    if isinstance(value, Mapping):
        pairs = [[_plain(k, problems), _plain(v, problems)] for k, v in value.items()]
        return {"mapping": pairs}
    if isinstance(value, rates._Varying):
        return _object_to_dict(value, problems, base=value.base, terms=list(value.terms))
    if is_dataclass(value) and not isinstance(value, type):
        return _object_to_dict(value, problems)
    if callable(value):
        return {"function": _function_name(value, problems)}
    problems.append(f"{value!r} cannot be written as JSON.")
    return None


def _function_name(function: Any, problems: list[str]) -> str:
    name = f"{getattr(function, '__module__', '?')}:{getattr(function, '__qualname__', '?')}"
    if "<" in name or "?" in name:
        problems.append(
            f"the function {name} of your own evidence has no name by which it could be found "
            "again; define it with def at the top of a module."
        )
    return name


def parts_to_dict(model: Parts) -> dict[str, Any]:
    """Return the parts of a model as plain JSON types."""
    problems: list[str] = []
    data = {
        "format": _FORMAT,
        "route": model.route.to_dict(),
        "population": model.population.to_dict(),
        "occurrence": _plain(model.occurrence, problems),
        "transitions": [
            [list(edge), _plain(share, problems)] for edge, share in model.transitions.items()
        ],
        "evidence": [_plain(one, problems) for one in model.evidence],
        "assumptions": [_plain(one, problems) for one in model.assumptions],
        "parameters": _plain(dict(model.parameters), problems),
        "instead": _plain(dict(model.instead), problems),
        "powers": _plain(dict(model.powers), problems),
    }
    raise_if_any(problems, "writing the model")
    return data | {_SUM: _checksum(data)}


def _checksum(data: Mapping[str, Any]) -> str:
    """Return the checksum of what is written, whatever the order of its keys and its layout."""
    rest = {name: one for name, one in data.items() if name != _SUM}
    return checksum(json.dumps(rest, sort_keys=True).encode())


class _Reader:
    """Turns plain types back into objects, and collects what it does not know."""

    def __init__(self, functions: Mapping[str, Callable[..., Any]], own: Sequence[type]) -> None:
        self.functions = functions
        self.own = {_written(kind): kind for kind in own}
        self.problems: list[str] = []

    def read(self, data: Any) -> Any:
        if isinstance(data, list):
            return [self.read(one) for one in data]
        if not isinstance(data, Mapping):
            return data
        if "tuple" in data:
            return tuple(self.read(one) for one in data["tuple"])
        if "mapping" in data:
            return {self.read(k): self.read(v) for k, v in data["mapping"]}
        if "float" in data:
            return float(data["float"])
        if "array" in data:
            return np.array(data["array"])
        if "function" in data:
            return self._function(data["function"])
        return self._object(data)

    def _function(self, name: str) -> Any:
        if name not in self.functions:
            self.problems.append(
                f"the model uses your function {name!r}; hand it in with "
                f"functions={{{name!r}: ...}}."
            )
            return None
        return self.functions[name]

    def _object(self, data: Mapping[str, Any]) -> Any:
        name = data.get("kind")
        kind = self.own.get(str(name)) or _kind(str(name))
        if kind is None:
            whose = "kind of your own" if str(name).startswith(_OWN) else "kind"
            self.problems.append(
                f"unknown {whose} {str(name).removeprefix(_OWN)!r}; hand your own classes in with "
                "kinds=[...]."
            )
            return None
        parts = {key: self.read(value) for key, value in data["fields"].items()}
        if issubclass(kind, rates._Varying):
            return kind(parts.pop("base"), *parts.pop("terms"), **parts)
        known = {f.name for f in fields(kind)}  # type: ignore[arg-type]
        unknown = sorted(set(parts) - known)
        if unknown:
            self.problems.append(f"{name} has no field {', '.join(map(repr, unknown))}.")
            return None
        return kind(**parts)


def parts_from_dict(
    data: Mapping[str, Any],
    *,
    functions: Mapping[str, Callable[..., Any]],
    kinds: Sequence[type],
) -> dict[str, Any]:
    """Rebuild the parts of a model from `parts_to_dict`."""
    found = MAPPING.said("data", data) + MAPPING.said("functions", functions)
    found += instances(type, "classes").said("kinds", kinds)
    if not found:
        found += [
            text
            for name, one in functions.items()
            for text in FUNCTION.said(f"functions[{name!r}]", one)
        ]
        names = [_written(kind) for kind in kinds]
        found += [
            f"kinds has two classes that are written as {name!r}; give them other names."
            for name in dict.fromkeys(names)
            if names.count(name) > 1
        ]
    raise_if_any(found, "reading the model")
    raise_if_any(_written_problems(data), "reading the model")
    reader = _Reader(functions, kinds)
    try:
        parts = _read(reader, data)
    except SpecError:
        raise
    except Exception as error:  # whatever a file may hold
        text = f"data is not as it was written ({type(error).__name__}: {error})."
        raise SpecError([text], "reading the model") from error
    raise_if_any(reader.problems, "reading the model")
    return parts


def _written_problems(data: Mapping[str, Any]) -> list[str]:
    """Return why this was not written by this version, or was changed since."""
    given = data.get("format")
    if given != _FORMAT or isinstance(given, bool):
        return [f"format {given!r} cannot be read; this version reads {_FORMAT}."]
    found = key_problems("data", {_SUM: None, **data}, ("format", *_PARTS, _SUM))
    if _SUM not in data:
        return found
    try:
        same = data[_SUM] == _checksum(data)
    except (TypeError, ValueError) as error:
        return [*found, f"data is not of plain JSON types ({error})."]
    if not same:
        found.append(
            "data was changed since it was written: its checksum does not fit. If that was meant, "
            f"leave {_SUM!r} out."
        )
    return found


def _read(reader: _Reader, data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "route": Route.from_dict(data["route"]),
        "population": Population.from_dict(data["population"]),
        "occurrence": reader.read(data["occurrence"]),
        "transitions": {tuple(edge): reader.read(share) for edge, share in data["transitions"]},
        "evidence": reader.read(data["evidence"]),
        "assumptions": reader.read(data["assumptions"]),
        "parameters": reader.read(data["parameters"]),
        "instead": reader.read(data["instead"]),
        "powers": reader.read(data["powers"]),
    }
