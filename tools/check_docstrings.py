"""Check the docstring of every public name with numpydoc, as pyproject.toml says.

Public is what `funnelest.__all__` names, what the modules among those name in turn, and the public
methods of the classes. The objects are loaded, so that the fields of a dataclass count as well.

Four things that numpydoc would report are enough here:

- a sentence that says what is returned and names every parameter in backticks;
- a field of a dataclass that the docstring of its base class describes;
- a method that a base class or a protocol of the package describes;
- fields of a dataclass that are given by name only, in the order that reads best.
"""

import importlib
import inspect
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from numpydoc.docscrape import NumpyDocString, get_doc_object
from numpydoc.validate import get_validation_checks, validate

ROOT = Path(__file__).resolve().parents[1]
PROTOCOLS = (
    ("funnelest.assumptions.base", "Assumption"),
    ("funnelest.terms.base", "Term"),
)


def public(name: str, thing: object) -> Iterator[tuple[str, Any, Any]]:
    """Yield the full names of the public functions, classes and methods in a thing.

    With each comes the object, and the class that a method belongs to.
    """
    if isinstance(thing, ModuleType):
        for part in getattr(thing, "__all__", ()):
            yield from public(f"{name}.{part}", getattr(thing, part))
    elif inspect.isclass(thing):
        yield name, thing, None
        for part, value in vars(thing).items():
            method = inspect.isroutine(value) or isinstance(value, property | classmethod)
            if method and not part.startswith("_"):
                yield f"{name}.{part}", value, thing
    elif inspect.isroutine(thing):
        yield name, thing, None


def described_above(owner: type, method: str) -> bool:
    """Return whether a base class or a protocol describes `method` of `owner`."""
    above = [*owner.__mro__[1:]]
    for module, name in PROTOCOLS:
        protocol = getattr(importlib.import_module(module), name)
        if owner is not protocol:
            members = [m for m in vars(protocol) if not m.startswith("_")]
            if all(hasattr(owner, m) or m in owner.__dataclass_fields__ for m in members):
                above.append(protocol)
    return any(getattr(vars(one).get(method), "__doc__", None) for one in above)


def fields_of_bases(thing: type) -> set[str]:
    """Return the names of the parameters that the base classes of `thing` describe."""
    found: set[str] = set()
    for base in inspect.getmro(thing)[1:]:
        if base.__module__.startswith("funnelest") and base.__doc__:
            for entry in NumpyDocString(inspect.cleandoc(base.__doc__))["Parameters"]:
                found |= {name.strip() for name in entry.name.split(",")}
    return found


def enough(code: str, text: str, thing: Any, owner: type | None, name: str) -> bool:
    """Return whether what numpydoc reports is one of the four things that are enough."""
    method = name.rsplit(".", 1)[-1]
    if owner is not None and hasattr(owner, "__dataclass_fields__"):
        if described_above(owner, method):
            return True
    elif owner is not None and any(method in vars(base) for base in owner.__mro__[1:]):
        return True
    named = set(re.findall(r"'(\w+)'", text)) if code == "PR01" else set()
    if inspect.isclass(thing):
        by_name = (
            getattr(thing, "__dataclass_params__", None) and thing.__dataclass_params__.kw_only
        )
        return (code == "PR03" and by_name) or (code == "PR01" and named <= fields_of_bases(thing))
    doc = inspect.cleandoc(getattr(thing, "__doc__", "") or "")
    marked = re.findall(r"``.+?``|`.+?`", doc)
    sentence = doc.startswith(("Return ", "Join ")) and "\n----" not in doc
    return sentence and (
        code == "RT01" or (code == "PR01" and named <= set(re.findall(r"\w+", " ".join(marked))))
    )


def main() -> int:
    """Print what is wrong and return the exit status."""
    with open(ROOT / "pyproject.toml", "rb") as file:
        settings = tomllib.load(file)["tool"]["numpydoc_validation"]
    checks = get_validation_checks(set(settings["checks"]))

    count = wrong = 0
    for name, thing, owner in public("funnelest", importlib.import_module("funnelest")):
        count += 1
        # By name a function would be taken for the module that bears its name.
        report = validate(
            get_doc_object(thing) if inspect.isfunction(thing) and not owner else name
        )
        for check, text in report["errors"]:
            if check in checks and not enough(check, text, thing, owner, name):
                wrong += 1
                file = os.path.relpath(report["file"], ROOT)
                print(f"{file}:{report['file_line']}: {name}: {check} {text}")
    print(f"Docstrings: {count} public names, {wrong} problems.")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
