"""What is said of a model before it is fitted: what its figures tell, and what others would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from funnelest.check.identification.directions import Confounded, Standing
from funnelest.words import Sentence, say

__all__ = ["sentences"]

#: Further figures in the text.
_BEST = 3


def sentences(quantities: Sequence[Standing], found: Mapping[str, Any]) -> list[Sentence]:
    """Return what there is to say besides the headline; `found` are the details of the verdict."""
    return [say(f"identification.{key}", **values) for key, values in _keys(quantities, found)]


def _keys(
    quantities: Sequence[Standing], found: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the key and the values of every sentence."""
    size, rank = len(found["parameters"]), found["rank"]
    yield "rank", {"figures": found["figures"], "rank": rank, "n": size}
    for key in ("unseen", "scatter_only"):
        if found[key]:
            yield key, {"names": found[key], "n": len(found[key])}
    for one in found["transitions"]:
        if len(one.members) > 1:
            yield from _confounded(one, "transitions")
    alone = [one.members[0] for one in found["transitions"] if len(one.members) == 1]
    if alone:
        yield "alone", {"names": alone, "n": len(alone)}
    for one in found["confounded"]:
        # Of the route's own rates the transitions say it better.
        if not (one.of_route and found["transitions"]):
            yield from _confounded(one, "parameters")

    weak = int((found["information"][:rank] < 1).sum())
    if weak:
        yield "weak_directions", {"k": weak, "n": rank}
    for thing in quantities:
        if thing.verdict == "weak":
            yield "weak", {"name": thing.name, "taken": thing.taken}

    for further in found["best"][:_BEST]:
        yield "further", {"name": further.name, "names": further.frees}
    if found["best"]:
        yield "each_alone_more" if len(found["best"]) > _BEST else "each_alone", {}
    elif rank < size and any(one.decided_by_priors for one in quantities):
        for further in found["candidates"][:1]:
            if further.relieves > 0:
                yield "none_frees", {"name": further.name}

    for key in ("limits", "imprecise", "silent"):
        if found[key]:
            yield key, {"names": found[key]}
    yield "linear", {"points": len(found["ranks"])}


def _confounded(one: Confounded, what: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what is confounded; `what` are "parameters" or "transitions"."""
    for kind, names in one.alike:
        if len(names) == 2:
            yield kind, {"a": names[0], "b": names[1]}
        else:
            yield f"{'product' if kind == 'product' else 'combination'}_of", {"names": names}
    if any(len(names) == len(one.members) for _, names in one.alike):
        return
    values = {"what": say(f"identification.{what}"), "names": one.members}
    known = len(one.members) - one.directions
    if one.directions == 1 and one.ways:
        sign = np.sign(one.ways[int(np.argmax(np.abs(one.ways)))])
        ways = list(zip(one.members, one.ways, strict=True))
        values["up"] = [name for name, way in ways if way * sign > 0]
        values["down"] = [name for name, way in ways if way * sign < 0]
        yield "up_and_down" if values["down"] else "up", values
    elif known == 0:
        yield "each", values
    else:
        yield "seen", {**values, "size": len(one.members), "n": known}
