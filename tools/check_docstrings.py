"""Check the docstring of every public name with numpydoc, as pyproject.toml says.

Public is what `funnelest.__all__` names, what the modules among those name in turn, and the public
methods of the classes. The objects are loaded, so that the fields of a dataclass count as well.
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

from numpydoc.validate import get_validation_checks, validate

ROOT = Path(__file__).resolve().parents[1]


def public(name: str, thing: object) -> Iterator[str]:
    """Yield the full names of the public functions, classes and methods in a thing."""
    if isinstance(thing, ModuleType):
        for part in getattr(thing, "__all__", ()):
            yield from public(f"{name}.{part}", getattr(thing, part))
    elif inspect.isclass(thing):
        yield name
        for part, value in vars(thing).items():
            method = inspect.isroutine(value) or isinstance(value, property | classmethod)
            if method and not part.startswith("_"):
                yield f"{name}.{part}"
    elif inspect.isroutine(thing):
        yield name


def main() -> int:
    """Print what is wrong and return the exit status."""
    with open(ROOT / "pyproject.toml", "rb") as file:
        settings = tomllib.load(file)["tool"]["numpydoc_validation"]
    checks = get_validation_checks(set(settings["checks"]))
    excluded = re.compile("|".join(settings["exclude"]))

    count = wrong = 0
    for name in public("funnelest", importlib.import_module("funnelest")):
        if excluded.search(name):
            continue
        count += 1
        report = validate(name)
        for check, text in report["errors"]:
            if check in checks:
                wrong += 1
                file = os.path.relpath(report["file"], ROOT)
                print(f"{file}:{report['file_line']}: {name}: {check} {text}")
    print(f"Docstrings: {count} public names, {wrong} problems.")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
