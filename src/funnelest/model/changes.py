"""Parts of a model whose change over an axis is the same at several levels of another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Axis
from funnelest.model.along import Keys, Part, keys_of
from funnelest.words import named

if TYPE_CHECKING:
    from funnelest.model.parts import Parts

__all__ = ["changes"]

#: A change below this part of a value is rounding.
_ROUNDING = 1e-9


def _log_odds(value: Any) -> Any:
    return np.log(value) - np.log1p(-value)


#: Scales on which effects may add up; the last is that of a share by which is divided.
_SCALES: Mapping[str, Callable[[Any], Any]] = {
    "odds": _log_odds,
    "factor": np.log,
    "number": np.asarray,
    "inverse": lambda value: _log_odds(1.0 / value),
}
#: Along which of two axes one speaks of a change: by what they hold.
_ORDER = {"years": 0, "ages": 1, "regions": 3}


def changes(model: Parts, parts: Sequence[Part]) -> Iterator[Part]:
    """Yield how each part that varies over two axes changes over one, along the other.

    Terms add up: with one for sex and one for years, the girls' change over the years is the boys',
    whoever did not say so. Measured on the values in cells, as constancies are.
    """
    axes = model.population.axes
    for part in parts:
        for one, two in combinations(range(len(axes)), 2):
            first, second = sorted((one, two), key=lambda i: _ORDER.get(axes[i].role or "", 2))
            if not {axes[first].name, axes[second].name} <= part.keys.keys():
                continue
            figures = part.figures
            if figures is not None and len(set(figures[axes[first].name].tolist()) - {-1}) < 2:
                continue  # its source tells no change
            made = [
                found
                for value in part.values
                if (found := _additive(model, part, value, first, second)) is not None
            ]
            keys = [found for _, found in made if found is not None]
            if keys and len(keys) == len(made):
                yield _named(part, axes[first], axes[second], made[0][0], keys)


def _named(part: Part, over: Axis, along: Axis, scale: str, keys: Sequence[Keys]) -> Part:
    what = "change" if over.role in ("years", "ages") else "difference"
    joined = keys_of(np.stack(keys, axis=1).astype(float))
    joined[np.any([one < 0 for one in keys], axis=0)] = -1
    return Part(
        name=named(f"constancy.{what}", part=part.name, axis=over.name),
        said=named(
            f"constancy.{what}_on",
            part=part.said or part.name,
            axis=over.name,
            scale=named(f"constancy.scale.{scale}"),
        ),
        keys={along.name: joined},
        figures=part.figures,
    )


def _additive(
    model: Parts, part: Part, value: NDArray[np.float64], first: int, second: int
) -> tuple[str, Keys | None] | None:
    """Return on which scale, and for each level of the second axis which change alike.

    None where the value does not vary over both; None in place of the levels where none are alike.
    """
    # Of the draws the last: ordinary numbers, with all of their digits.
    value = value[..., -1]
    if value.shape[first] == 1 or value.shape[second] == 1:
        return None
    if part.inside is not None:
        value = np.where(part.inside, value, np.nan)
    table = np.moveaxis(value, (first, second), (0, 1))
    table = table.reshape(*table.shape[:2], -1)
    levels = part.keys[model.population.axes[second].name]
    for scale, function in _SCALES.items():
        with np.errstate(all="ignore"):
            found = _alike(function(table), np.isfinite(table), levels)
        if found is not None:
            return scale, found
    return "", None


def _alike(table: Any, known: NDArray[np.bool_], levels: Keys) -> Keys | None:
    """Return for each level of the second axis which change alike over the first, or None."""
    if not known.any() or not np.isfinite(table[known]).all():
        return None
    table = np.where(known, table, np.nan)
    count = np.maximum(known.sum(axis=0), 1)
    rows = np.moveaxis(table - np.where(known, table, 0.0).sum(axis=0) / count, 1, 0)
    rows = rows.reshape(len(levels), -1)
    size = np.abs(table[known]).max()
    found = keys_of(rows + 10 * size)  # what is nearly no change has few digits of its own
    still = ~(np.abs(np.nan_to_num(rows)) > 10 * _ROUNDING * size).any(axis=1)
    found[still | (levels < 0)] = -1
    for key in set(found.tolist()) - {-1}:
        if len(set(levels[found == key].tolist())) < 2:
            found[found == key] = -1  # where the part itself is the same, so is its change
    return found if (found >= 0).any() else None
