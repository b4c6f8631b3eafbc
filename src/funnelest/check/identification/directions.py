"""What the figures tell of quantities, which sets are confounded, and what further ones add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from funnelest.check.identification.slopes import Figures, Slopes
from funnelest.check.identification.spaces import TOLD, Spaces, alike, components, unseen_part
from funnelest.model.model import Model
from funnelest.route import show_edge

__all__ = ["Confounded", "Directions", "Further", "Standing", "is_nuisance"]

type Floats = NDArray[np.float64]

#: Part of the prior variance of a quantity that may be left to priors whatever the sources' size.
KEPT = 0.1
#: Part of it that the figures should take away.
TAKEN = 0.5
#: Part of it below which nothing is taken.
_NOTHING = 1e-6
#: Information of a figure whose precision is not known, where it is taken as exact.
_EXACT = 1e12
#: Part of what is left of a quantity that the named priors are to explain, and their number.
_EXPLAINED, _MOST = 0.8, 4


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How much the figures tell of a quantity or a parameter, against its prior."""

    #: Its name.
    name: str
    #: Whether the figures alone determine it, were they large enough.
    identified: bool
    #: Part of its prior variance that stays however large the sources are.
    kept: float
    #: Part of its prior variance that the figures, as precise as they are, take away.
    taken: float
    #: The same if figures of which the precision is not known were exact.
    at_most: float
    #: The parameters whose priors decide most of what is left.
    rests_on: tuple[str, ...]
    #: Whether no unknown is in it.
    fixed: bool = False
    #: Of a parameter: whether figures depend on it, but not what is expected of them.
    scatter: bool = False

    @property
    def verdict(self) -> str:
        """What the figures tell of it, in a word or two.

        "fixed", "identified", "nearly" (but for good priors of other parameters), "weak" (the
        figures are too few), "not identified", "unseen" (they tell nothing), "scatter" (only
        their scatter tells of it), or "unknown" (nothing could be computed).
        """
        if self.fixed:
            return "fixed"
        if self.scatter:
            return "scatter"
        if np.isnan(self.kept):
            return "unknown"
        if self.at_most < _NOTHING:
            return "unseen"
        if self.kept > KEPT:
            return "not identified"
        if self.at_most < TAKEN:
            return "weak"
        return "identified" if self.identified else "nearly"

    @property
    def decided_by_priors(self) -> bool:
        """Whether the priors decide it, or nothing can be said."""
        return self.verdict in ("unknown", "unseen", "not identified", "weak")


@dataclass(frozen=True, kw_only=True)
class Confounded:
    """Parameters, or transitions, that the figures cannot tell apart."""

    #: Their names; one transition alone when no other need change with it.
    members: tuple[str, ...]
    #: In how many directions they can change together without a change of any figure.
    directions: int
    #: Of one direction: how each changes, in prior standard deviations; empty for several.
    ways: tuple[float, ...] = ()
    #: Groups of which the figures see one combination only: which ("product", "ratio",
    #: "combination", or "opposite", a combination in which more of both changes nothing).
    alike: tuple[tuple[str, tuple[str, ...]], ...] = ()
    #: Whether all of them are of the rates of the route itself.
    of_route: bool = False


@dataclass(frozen=True, kw_only=True)
class Further:
    """A figure that could be had, and what it would tell, if it were exact and saw everybody."""

    #: What it is of, and "total", "flow", "share", "level", "parameter" or "own".
    name: str
    kind: str
    #: How many more directions the figures would then tell apart: 1 or 0.
    directions: int
    #: Quantities that it would make identified.
    frees: tuple[str, ...]
    #: Parameters that it would make identified.
    frees_parameters: tuple[str, ...]
    #: By how much the part of the prior variance that stays would fall, a mean over the
    #: quantities.
    relieves: float


class Directions:
    """Slopes, their null space and their information, at the points of full rank."""

    def __init__(self, slopes: Slopes, figures: Figures, spaces: Spaces) -> None:
        self.names, self.at = slopes.names, spaces.at
        self.figures, self.spaces = figures, spaces
        self.values, self.scale = slopes.values[:, spaces.at], slopes.scale[:, spaces.at]
        self.slopes = np.where(np.isfinite(figures.slopes), figures.slopes, 0.0)[spaces.at]
        information = figures.information[spaces.at]
        self._unclear = ~np.isfinite(information) | (information < 0)
        self._told = [
            np.einsum("pri,pr,prj->pij", self.slopes, np.where(self._unclear, other, information),
                      self.slopes)
            for other in (0.0, _EXACT)
        ]  # fmt: skip

    def imprecise(self) -> tuple[str, ...]:
        """Return the sources with figures of unknown precision."""
        unclear = self._unclear.any(axis=0)
        found = [s for s, no in zip(self.figures.sources, unclear, strict=True) if no]
        return tuple(dict.fromkeys(found))

    def eigenvalues(self) -> Floats:
        """Return the information in units of the prior's, descending; medians over the points."""
        values = np.linalg.eigvalsh(self._told[0])[:, ::-1]
        return np.asarray(np.median(np.maximum(values, 0.0), axis=0))

    def standings(self, names: Sequence[str], values: Floats, gradients: Floats) -> list[Standing]:
        """Return how much the figures tell of each quantity."""
        gradients, values = gradients[self.at], values[self.at]
        left = unseen_part(gradients, self.spaces.null)
        length = (gradients**2).sum(axis=2)
        still = (length == 0).all(axis=0)
        taken: list[Floats] = []
        posterior = gradients
        for told in self._told:
            system = np.eye(len(self.names)) + told
            finite = np.where(np.isfinite(gradients), gradients, 0.0)
            solved = np.moveaxis(np.linalg.solve(system, np.moveaxis(finite, 1, 2)), 1, 2)
            posterior = solved if not taken else posterior
            with np.errstate(all="ignore"):
                part = 1 - (finite * solved).sum(axis=2) / length
            taken.append(np.median(np.clip(part, 0.0, 1.0), axis=0))
        finite = np.isfinite(gradients).all(axis=(0, 2)) & np.isfinite(values).all(axis=0)
        nan, made = float("nan"), []
        for i, name in enumerate(names):
            known = left[:, i].max() < TOLD
            one = Standing(
                name=name,
                identified=bool(known),
                kept=0.0 if known else float(np.median(left[:, i] ** 2)),
                taken=float(taken[0][i]),
                at_most=float(taken[1][i]),
                rests_on=self._owed((posterior[:, i] ** 2).mean(axis=0)),
            )
            if still[i] or not finite[i]:
                fixed = bool(still[i] and finite[i])
                one = Standing(name=name, identified=fixed, kept=0.0 if fixed else nan,
                               taken=nan, at_most=nan, rests_on=(), fixed=fixed)  # fmt: skip
            made.append(one)
        return made

    def _owed(self, parts: Floats) -> tuple[str, ...]:
        """Return the parameters whose priors make most of what is left."""
        order = np.argsort(-parts, kind="stable")
        total = np.cumsum(parts[order]) / max(parts.sum(), 1e-300)
        count = min(int(np.searchsorted(total, _EXPLAINED)) + 1, _MOST)
        return tuple(self.names[i] for i in order[:count])

    def confounded(self, model: Model) -> list[Confounded]:
        """Return the sets of parameters that are confounded."""
        null = self.spaces.null
        found = []
        for members, directions in components(null, self.spaces.columns):
            if len(members) < 2:
                continue  # unseen by itself
            groups = []
            for group in alike(self.slopes, members):
                groups.append((self._kind(group), tuple(self.names[i] for i in group)))
            found.append(
                Confounded(
                    members=tuple(self.names[i] for i in members),
                    directions=directions,
                    ways=_ways(null[0][members]) if directions == 1 else (),
                    alike=tuple(groups),
                    of_route=not any(is_nuisance(model, self.names[i]) for i in members),
                )
            )
        return found

    def _kind(self, group: Sequence[int]) -> str:
        """Return which combination of parameters all figures see."""
        columns = self.slopes[:, :, group]
        with np.errstate(all="ignore"):
            # Change of a figure, in per cent, for one per cent of the parameter.
            elastic = columns * (self.values[group] / self.scale[group]).T[:, None, :]
            first, rest = elastic[:, :, :1], elastic[:, :, 1:]
            seen = np.abs(first) > 1e-7
            ratio = np.where(seen, rest / np.where(seen, first, 1.0), np.nan)
        ratio = ratio[np.isfinite(ratio)]
        positive = bool((self.values[group] > 0).all())
        if positive and len(ratio) and np.abs(ratio - 1).max() < 1e-4:
            return "product"
        if positive and len(ratio) and len(group) == 2 and np.abs(ratio + 1).max() < 1e-4:
            return "ratio"
        return "opposite" if len(ratio) and (ratio < 0).all() else "combination"

    def transitions(self, gradients: Floats, names: Sequence[str]) -> list[Confounded]:
        """Return the sets of transitions that are confounded."""
        if not names:  # a route of one step has none
            return []
        gradients = gradients[self.at]
        gradients = np.where(np.isfinite(gradients), gradients, 0.0)
        length = np.sqrt((gradients**2).sum(axis=2, keepdims=True))
        unit = gradients / np.where(length > 0, length, 1.0)
        # Of two that hang on one unknown by their definition, such as a share and a fixed share
        # of the rest, the first: it is not the figures that do not tell them apart.
        cosine = np.abs(unit @ np.moveaxis(unit, 1, 2)).min(axis=0)
        kept = [i for i in range(len(names)) if not (cosine[i, :i] > 1 - 1e-10).any()]
        names, unit, length = [names[i] for i in kept], unit[:, kept], length[:, kept]
        moved = unit @ self.spaces.null
        found = []
        ones = np.ones(moved.shape[:2])
        for members, directions in components(moved, ones):
            part = moved[0][members]
            ways: tuple[float, ...] = ()
            if directions == 1 and len(members) > 1:
                # The one direction in which these move: the first of their singular vectors.
                ways = _ways(np.linalg.svd(part)[0][:, :1] * length[0][members])
            found.append(
                Confounded(
                    members=tuple(names[i] for i in members), directions=directions, ways=ways
                )
            )
        return found

    def further(
        self,
        kinds: Mapping[str, str],
        rows: Floats,
        gradients: Floats,
        standings: Sequence[Standing],
    ) -> tuple[list[Further], int]:
        """Return what each further figure would tell, the best first, and the rank with all."""
        null = self.spaces.null
        rows, gradients = (np.where(np.isfinite(g), g, 0.0)[self.at] for g in (rows, gradients))
        length = np.sqrt((rows**2).sum(axis=2, keepdims=True))
        new = (rows / np.where(length > 0, length, np.inf)) @ null
        size = np.sqrt((gradients**2).sum(axis=2, keepdims=True))
        # What of each quantity, and of each parameter, lies in the null space.
        things = np.concatenate([gradients / np.where(size > 0, size, np.inf) @ null, null], axis=1)
        open_before = np.sqrt((things**2).sum(axis=2)).max(axis=0) >= TOLD
        names = [one.name for one in standings]
        failed = {one.name for one in standings if one.decided_by_priors}
        made = []
        for i, (name, kind) in enumerate(kinds.items()):
            gain = np.sqrt((new[:, i] ** 2).sum(axis=1))
            told = bool(gain.max(initial=0.0) > TOLD)
            w = new[:, i] / np.where((gain > 0) & told, gain, np.inf)[:, None]
            along = np.einsum("pkd,pd->pk", things, w)
            rest = things - along[:, :, None] * w[:, None, :]
            freed = open_before & (np.sqrt((rest**2).sum(axis=2)).max(axis=0) < TOLD)
            relieved = np.median(along[:, : len(names)] ** 2, axis=0)
            made.append(
                Further(
                    name=name,
                    kind=kind,
                    directions=int(told),
                    frees=tuple(compress(names, freed)),
                    frees_parameters=tuple(compress(self.names, freed[len(names) :])),
                    relieves=float(relieved.mean()) if len(names) else 0.0,
                )
            )
        made.sort(
            key=lambda one: (
                -sum(name in failed for name in one.frees),
                -len(one.frees),
                -round(one.relieves, 9),
                -one.directions,
                -len(one.frees_parameters),
            )
        )
        extra = 0
        if null.shape[2] and new.shape[1]:
            extra = max(int((np.linalg.svd(one, compute_uv=False) > TOLD).sum()) for one in new)
        return made, self.spaces.rank + extra


def _ways(vector: Floats) -> tuple[float, ...]:
    """Return the one direction in which parameters can change, its largest entry 1."""
    flat = np.linalg.svd(vector, full_matrices=False)[0][:, 0]
    return tuple(float(v) for v in flat / flat[int(np.argmax(np.abs(flat)))])


def is_nuisance(model: Model, name: str) -> bool:
    """Return whether a parameter is of none of the rates of the route itself."""
    own = [model.occurrence_name, *(show_edge(edge) for edge in model.route.edges)]
    return not any(name == one or name.startswith(f"{one}[") for one in own)
