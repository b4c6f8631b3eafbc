"""Which directions the figures of a model tell apart, and which further figure would."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.check.arguments import main_quantities, quantity_problems
from funnelest.check.identifying.candidates import candidates, transition
from funnelest.check.identifying.found import Identification
from funnelest.check.identifying.parts import Confounded, Further, Standing
from funnelest.check.identifying.slopes import Figures, Slopes
from funnelest.check.identifying.spaces import TOLD, Spaces, alike, components, unseen_part
from funnelest.errors import raise_if_any
from funnelest.fields import is_number
from funnelest.inference.fitting import seed_problems
from funnelest.likelihood.informed import informed
from funnelest.model.model import Model
from funnelest.quantities.quantities import Quantities
from funnelest.route import show_edge

__all__ = ["identification"]

type Floats = NDArray[np.float64]
type Quantity = Callable[[Quantities], Any]

_SUBJECT = "the check of identification"
#: Information of a figure whose precision is not known, where it is taken as exact.
_EXACT = 1e12
#: Part of what is left of a quantity that the named priors are to explain, and their number.
_EXPLAINED, _MOST = 0.8, 4


def identification(
    model: Model,
    *,
    quantities: Mapping[str, Quantity] | None = None,
    further: Mapping[str, Quantity] | None = None,
    points: int = 8,
    seed: int = 1,
) -> Identification:
    r"""Return what the figures of a model can tell apart, without a fit.

    Parameters
    ----------
    model : Model
        The model.
    quantities : mapping of str to callable, optional
        Name -> ``function(q)``: what should be identified. Left out: the number at every step and
        every transition.
    further : mapping of str to callable, optional
        Name -> ``function(q)``: figures that could be had, beside those that are always tried:
        totals, flows, shares, levels of the first step, and a study of a parameter itself.
    points : int, default 8
        Number of points of the prior, at least 2.
    seed : int, default 1
        The same seed gives the same points.

    Returns
    -------
    Identification
        With `passed`, `text`, and three tables: `table` of the quantities, `directions` of the
        parameters, `further` of figures that could be had.

    Raises
    ------
    SpecError
        For arguments that cannot be meant, all at once.

    Notes
    -----
    ``J`` holds the slopes of the log (of a share, the log-odds) of every expected figure, per
    prior score of every unknown parameter. A score is the standard normal value with the same
    prior probability, so that the prior is a standard normal distribution whatever its family.
    Rank, confounded sets and what is identified do not depend on either scale, only on which
    directions change a figure: a quantity with gradient ``g`` is identified when ``g`` lies in
    the row space of ``J``. [1]_ [2]_ The rank is the largest of all points. A figure that is only
    an upper or lower limit counts as none.

    With ``N`` the null space of ``J``, ``|N'g|^2 / |g|^2`` of the prior variance stays however
    large the sources are. With ``W`` the information in the printed figures, the figures take
    away ``1 - g'(I + J'WJ)^{-1}g / |g|^2``, and the eigenvalues of ``J'WJ`` are the likelihood-
    informed directions of [3]_. All this is linear around each point; medians over the points are
    given.

    A transition is the share of all people in its first step, as in ``Result.transitions``. The
    parameter of the same name may be a share of those who went nowhere before.

    References
    ----------
    .. [1] Rothenberg TJ. Identification in parametric models. Econometrica 1971;39:577-591.
    .. [2] Catchpole EA, Morgan BJT. Detecting parameter redundancy. Biometrika 1997;84:187-196.
    .. [3] Spantini A et al. Optimal low-rank approximations of Bayesian linear inverse problems.
       SIAM J Sci Comput 2015;37:A2451-A2487.
    """
    problems = [] if isinstance(model, Model) else [f"model must be a Model; given {model!r}."]
    problems += quantity_problems(quantities)
    if further is not None:
        problems += [text.replace("quantities", "further") for text in quantity_problems(further)]
    if not is_number(points) or points != int(points) or points < 2:
        problems.append(f"points must be a whole number of at least 2; given {points!r}.")
    problems += seed_problems(seed)
    raise_if_any(problems, _SUBJECT)
    asked = dict(main_quantities(model) if quantities is None else quantities)
    if not model.free:
        return _nothing_unknown(asked, seed)
    slopes = Slopes(model, int(points), seed)
    figures = slopes.figures()
    spaces = Spaces(figures.slopes)
    known = spaces.known()
    looked = _Looked(slopes, figures, spaces)

    values, gradients = slopes.quantities(_SUBJECT, asked)
    standings = looked.standings(list(asked), values, gradients)
    units = np.broadcast_to(np.eye(len(slopes.names)), (points, *(2 * [len(slopes.names)])))
    seen = informed(model)
    unseen = [i for i, name in enumerate(slopes.names) if not seen[name]]
    still = np.abs(np.where(np.isfinite(figures.slopes), figures.slopes, 0.0)).max(axis=(0, 1),
                   initial=0.0) == 0  # fmt: skip
    scatter = [int(i) for i in np.flatnonzero(still) if i not in unseen]
    parameters = looked.standings(list(slopes.names), slopes.values.T, units)
    nan = float("nan")
    for i in scatter:  # how much the scatter tells of it is not looked at
        parameters[i] = replace(parameters[i], scatter=True, kept=nan, taken=nan, at_most=nan)
    edges = {show_edge(edge): transition(*edge) for edge in model.route.edges}
    moved = looked.transitions(slopes.quantities(_SUBJECT, edges)[1], list(edges))

    own = {name: ("own", function) for name, function in (further or {}).items()}
    studied = [n for i, n in enumerate(slopes.names) if not known[i] and _is_nuisance(model, n)]
    tried = {**candidates(model, studied), **own}
    rows = slopes.quantities(_SUBJECT, {name: one[1] for name, one in tried.items()})[1]
    ranked, together = looked.further(
        {name: kind for name, (kind, _) in tried.items()}, rows, gradients, standings
    )
    return Identification(
        quantities=tuple(standings),
        parameters=tuple(parameters),
        rank=spaces.rank,
        ranks=spaces.ranks,
        figures=len(figures.sources),
        singular_values=spaces.singular,
        information=looked.eigenvalues(),
        confounded=tuple(looked.confounded(model)),
        transitions=tuple(moved),
        unseen=tuple(slopes.names[i] for i in unseen),
        scatter_only=tuple(slopes.names[i] for i in scatter),
        candidates=tuple(ranked),
        together=together,
        limits=figures.limits,
        silent=figures.silent,
        imprecise=looked.imprecise(),
        seed=seed,
    )


class _Looked:
    """Slopes, their null space and their information, at the points of full rank.

    Parameters
    ----------
    slopes : Slopes
        The points.
    figures : Figures
        What the figures expect.
    spaces : Spaces
        What changes none of them.
    """

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
        made = []
        for i, name in enumerate(names):
            bad = not (np.isfinite(gradients[:, i]).all() and np.isfinite(values[:, i]).all())
            if bad or still[i]:
                nan = float("nan")
                fixed = bool(still[i]) and not bad
                made.append(Standing(name=name, identified=fixed, kept=0.0 if fixed else nan,
                                     taken=nan, at_most=nan, rests_on=(), fixed=fixed))  # fmt: skip
                continue
            kept = float(np.median(left[:, i] ** 2))
            made.append(
                Standing(
                    name=name,
                    identified=bool(left[:, i].max() < TOLD),
                    kept=0.0 if left[:, i].max() < TOLD else kept,
                    taken=float(taken[0][i]),
                    at_most=float(taken[1][i]),
                    rests_on=self._owed((posterior[:, i] ** 2).mean(axis=0)),
                )
            )
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
                    of_route=not any(_is_nuisance(model, self.names[i]) for i in members),
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
            w = new[:, i]
            gain = np.sqrt((w**2).sum(axis=1))
            if not gain.max(initial=0.0) > TOLD:
                made.append(Further(name=name, kind=kind, directions=0, frees=(),
                                    frees_parameters=(), relieves=0.0))  # fmt: skip
                continue
            w = w / np.where(gain > 0, gain, np.inf)[:, None]
            along = np.einsum("pkd,pd->pk", things, w)
            rest = things - along[:, :, None] * w[:, None, :]
            freed = open_before & (np.sqrt((rest**2).sum(axis=2)).max(axis=0) < TOLD)
            relieved = np.median(along[:, : len(names)] ** 2, axis=0)
            made.append(
                Further(
                    name=name,
                    kind=kind,
                    directions=1,
                    frees=tuple(n for n, yes in zip(names, freed, strict=False) if yes),
                    frees_parameters=tuple(
                        n for n, yes in zip(self.names, freed[len(names) :], strict=True) if yes
                    ),
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


def _is_nuisance(model: Model, name: str) -> bool:
    """Return whether a parameter is of none of the rates of the route itself."""
    own = [model.occurrence_name, *(show_edge(edge) for edge in model.route.edges)]
    return not any(name == one or name.startswith(f"{one}[") for one in own)


def _nothing_unknown(asked: Mapping[str, Quantity], seed: int) -> Identification:
    nan = float("nan")
    return Identification(
        quantities=tuple(
            Standing(name=name, identified=True, kept=0.0, taken=nan, at_most=nan, rests_on=(),
                     fixed=True)
            for name in asked
        ),
        parameters=(),
        rank=0,
        ranks=(),
        figures=0,
        singular_values=np.zeros((0, 0)),
        information=np.zeros(0),
        confounded=(),
        transitions=(),
        unseen=(),
        scatter_only=(),
        candidates=(),
        together=0,
        seed=seed,
    )  # fmt: skip
