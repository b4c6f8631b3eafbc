"""Which directions the figures of a model tell apart, and which further figure would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import methodcaller
from typing import Any

import numpy as np

from funnelest.check.arguments import Quantity, looked_at, problems_of
from funnelest.check.identification.candidates import candidates
from funnelest.check.identification.directions import (
    Confounded,
    Directions,
    Further,
    Standing,
    is_nuisance,
)
from funnelest.check.identification.sentences import sentences
from funnelest.check.identification.slopes import Slopes
from funnelest.check.identification.spaces import Spaces
from funnelest.check.wording import naming_defaults
from funnelest.entry import entry
from funnelest.errors import raise_if_any
from funnelest.likelihood.informed import informed
from funnelest.model.model import Model
from funnelest.route import show_edge
from funnelest.verdict import Verdict
from funnelest.words import Sentence, named, say

__all__ = ["identification"]

_SUBJECT = "the check of identification"


@entry
def identification(
    model: Model,
    *,
    quantities: Mapping[str, Quantity] | None = None,
    further: Mapping[str, Quantity] | None = None,
    points: int = 8,
    seed: int = 1,
) -> Verdict:
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
    Verdict
        It passed when the figures decide every quantity. A quantity fails when more than a tenth
        of its prior variance would stay however large the sources were, when the figures as they
        are take away less than half of it, or when nothing can be said. So one that is known but
        for a coverage of which a good prior was given passes: the text says that it rests on that
        prior.

        `table` has one row per quantity: the `verdict`; whether it is `identified`; the parts of
        its prior variance that the figures would take away as they are (`taken`) and that would
        stay however large the sources were (`kept`); the priors that it `rests_on`.
        ``tables["directions"]`` has the same per unknown parameter, with the number of the
        confounded `set` that it is in, how many `members` that has and in how many `directions`
        they can change; `change` is how it changes along the direction, when there is one, in
        prior standard deviations. ``tables["further"]`` has figures that could be had, the most
        useful first: `directions` is how many more the figures would tell apart, `frees` the
        quantities and `frees_parameters` the parameters that would become identified, `relieves`
        by how much the part of the prior variance that stays would fall, a mean over the
        quantities.

        `found` has one value per quantity. `details` holds those of the `parameters`; the number of
        directions told apart (`rank`; `ranks` at each point; `together` with all further figures),
        of those that are not (`deficit`), and of `figures` compared; `singular_values` of the
        scaled slopes, ``(points, parameters)``; the `information` of the figures in each direction
        in units of the prior's, descending; the `confounded` sets of parameters, and those of
        `transitions`;
        the parameters that are `unseen` and seen in the scatter only (`scatter_only`); the further
        `candidates`, and the `best` that free a quantity; the sources with `limits`, that are
        `silent` (nothing could be computed) or `imprecise` (precision not known).

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
    given = {"model": model, "quantities": quantities, "further": further}
    raise_if_any(problems_of(**given, points=points, seed=seed), _SUBJECT)
    asked = looked_at(model, quantities)
    if not model.free:
        nan = float("nan")
        fixed = [
            Standing(name=name, identified=True, kept=0.0, taken=nan, at_most=nan, rests_on=(),
                     fixed=True)
            for name in asked
        ]  # fmt: skip
        return _verdict(fixed, {"parameters": (), "rank": 0, "ranks": (), "figures": 0})
    slopes = Slopes(model, int(points), seed)
    names, figures = slopes.names, slopes.figures()
    spaces = Spaces(figures.slopes)
    known = spaces.known()
    directions = Directions(slopes, figures, spaces)

    values, gradients = slopes.quantities(_SUBJECT, asked)
    standings = directions.standings(list(asked), values, gradients)
    units = np.broadcast_to(np.eye(len(names)), (int(points), len(names), len(names)))
    seen = informed(model)
    unseen = [i for i, name in enumerate(names) if not seen[name]]
    moving = np.where(np.isfinite(figures.slopes), figures.slopes, 0.0)
    still = np.abs(moving).max(axis=(0, 1), initial=0.0) == 0
    scatter = [int(i) for i in np.flatnonzero(still) if i not in unseen]
    parameters = directions.standings(list(names), slopes.values.T, units)
    nan = float("nan")
    for i in scatter:  # how much the scatter tells of it is not looked at
        parameters[i] = replace(parameters[i], scatter=True, kept=nan, taken=nan, at_most=nan)
    edges = {show_edge(edge): methodcaller("transition", *edge) for edge in model.route.edges}
    moved = directions.transitions(slopes.quantities(_SUBJECT, edges)[1], list(edges))

    studied = [n for i, n in enumerate(names) if not known[i] and is_nuisance(model, n)]
    own = {name: ("own", function) for name, function in (further or {}).items()}
    tried = {**candidates(model, studied), **own}
    rows = slopes.quantities(_SUBJECT, {name: one[1] for name, one in tried.items()})[1]
    ranked, together = directions.further(
        {name: kind for name, (kind, _) in tried.items()}, rows, gradients, standings
    )
    verdict = _verdict(
        standings,
        {
            "parameters": tuple(parameters),
            "rank": spaces.rank,
            "ranks": spaces.ranks,
            "figures": len(figures.sources),
            "singular_values": spaces.singular,
            "information": directions.eigenvalues(),
            "confounded": tuple(directions.confounded(model)),
            "transitions": tuple(moved),
            "unseen": tuple(names[i] for i in unseen),
            "scatter_only": tuple(names[i] for i in scatter),
            "candidates": tuple(ranked),
            "together": together,
            "limits": figures.limits,
            "silent": figures.silent,
            "imprecise": directions.imprecise(),
        },
    )
    return naming_defaults(verdict, model, asked.values())


def _verdict(quantities: Sequence[Standing], found: Mapping[str, Any]) -> Verdict:
    """Return what was found as tables and sentences."""
    best: dict[tuple[str, ...], Further] = {}
    for one in found.get("candidates", ()):
        if one.frees:  # of several that free the same, the first
            best.setdefault(one.frees, one)
    empty = dict.fromkeys(
        ("confounded", "transitions", "unseen", "scatter_only", "candidates", "limits", "silent",
         "imprecise"), ()
    )  # fmt: skip
    nothing = {"singular_values": np.zeros((0, 0)), "information": np.zeros(0), "together": 0}
    details = {**empty, **nothing, **found, "best": tuple(best.values())}
    details["deficit"] = len(details["parameters"]) - details["rank"]
    failed = [one.name for one in quantities if one.decided_by_priors]
    return Verdict(
        check="identification",
        passed=not failed,
        said=_said(quantities, failed, details),
        marked=say("identification.mark", names=failed) if failed else "",
        rows={
            "quantities": [
                {**_row("quantity", one), "rests_on": named("word.list", parts=one.rests_on)}
                for one in quantities
            ],
            "directions": _direction_rows(details["parameters"], details["confounded"]),
            "further": [
                {
                    "figure": one.name,
                    "kind": one.kind,
                    "directions": one.directions,
                    "frees": named("word.list", parts=one.frees),
                    "frees_parameters": named("word.list", parts=one.frees_parameters),
                    "relieves": one.relieves,
                }
                for one in details["candidates"]
            ],
        },
        found=tuple(quantities),
        details=details,
    )


def _row(what: str, one: Standing) -> dict[str, Any]:
    return {
        what: one.name,
        "verdict": one.verdict,
        "identified": one.identified,
        "taken": one.taken,
        "kept": one.kept,
    }


def _direction_rows(
    parameters: Sequence[Standing], confounded: Sequence[Confounded]
) -> list[dict[str, Any]]:
    of = {name: (i, one) for i, one in enumerate(confounded, 1) for name in one.members}
    rows = []
    for one in parameters:
        row = {**_row("parameter", one), "set": np.nan, "members": 1,
               "directions": int(not one.identified), "change": np.nan}  # fmt: skip
        if one.name in of:
            number, within = of[one.name]
            row |= {"set": number, "members": len(within.members), "directions": within.directions}
            if within.ways:
                row["change"] = within.ways[within.members.index(one.name)]
        rows.append(row)
    return rows


def _said(
    quantities: Sequence[Standing], failed: Sequence[str], details: Mapping[str, Any]
) -> list[Sentence]:
    if not details["parameters"]:  # no figure decides anything, and none has to
        return [say("identification.nothing")]
    return [_headline(quantities, failed), *sentences(quantities, details)]


def _headline(quantities: Sequence[Standing], failed: Sequence[str]) -> Sentence:
    n = len(quantities)
    if failed:
        return say("identification.failed", names=failed, k=len(failed), n=n)
    near = [one.name for one in quantities if one.verdict == "nearly"]
    return say("identification.nearly" if near else "identification.passed", names=near, n=n)
