"""Priors, and the likelihood, to a power: how far every quantity moves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from funnelest.check.arguments import Quantity, looked_at, result_problems, sampled
from funnelest.check.measures import limits
from funnelest.check.power_scaling import ALL_PRIORS, ALL_SOURCES, HALF, TWICE, Scaled, Scaling
from funnelest.check.wording import lists, naming_defaults
from funnelest.entry import entry
from funnelest.errors import raise_if_any
from funnelest.likelihood.components import Component, components, held, log_densities
from funnelest.results.result import Result
from funnelest.sampling.weights import interval_name
from funnelest.verdict import Verdict
from funnelest.words import Sentence, say

__all__ = ["prior_sensitivity"]

_SUBJECT = "the prior sensitivity"
_PRINTED = ("quantity", "component", "psens", "diagnosis", "decides")


@entry
def prior_sensitivity(
    result: Result,
    *,
    quantities: Mapping[str, Quantity] | None = None,
    probability: float = 0.95,
    threshold: float = 0.05,
    seed: int,
    cores: int | None = None,
    refit: bool = True,
) -> Verdict:
    r"""Return how far quantities move when a prior, or the likelihood, counts for more or less.

    Parameters
    ----------
    result : Result
        A fit.
    quantities : mapping of str to callable, optional
        Name -> ``quantity(q)`` with `q` a `Quantities`. Left out: the number at every step and
        every transition.
    probability : float, default 0.95
        Probability of the equal-tailed intervals.
    threshold : float, default 0.05
        Sensitivity from which a quantity is said to move.
    seed : int
        The same seed gives the same answer, on one core and on many.
    cores : int, optional
        How many refits run at a time; all cores when left out, 1 for this process alone.
    refit : bool, default True
        Whether to fit again where weights fail; else, and where the family of a prior has no member
        that counts half or twice, the component counts for less of a change.

    Returns
    -------
    Verdict
        `found` has a value per quantity and component (each prior, all priors, all sources):
        `psens`, and what comes out when it counts `half` and `twice`. `details` has those that
        `moved` (quantity -> what moves it most: a single prior where one does), the quantities
        that are `decided` by a prior, the parameters whose prior is `flat`, what is `held` without
        a distribution, and `threshold` and `probability` as they were given.

        The table has the sensitivity `psens`, the `diagnosis` and whether the prior `decides`;
        `median`, `low` and `high` of the `interval` as it is, and the same when the component
        counts half (`half_...`) and twice (`twice_...`), `half_how` and `twice_how` these were
        computed, and `half_power` and `twice_power`, which are not 0.5 and 2 of a smaller step.

    Raises
    ------
    SpecError
        With every problem of the arguments. Also when a quantity raises an error, or does not give
        one finite number per draw.
    FitError
        When the convergence gate of the result failed and it was not opened all the same.

    Notes
    -----
    Power-scaling: Kallioinen, Paananen, Bürkner and Vehtari, Stat Comput 2024;34:57. With the
    component :math:`p_k` to the power :math:`\alpha` draw s weighs
    :math:`p_k(\theta_s)^{\alpha - 1}`, Pareto-smoothed. The sensitivity is the cumulative
    Jensen-Shannon distance between the distributions of the quantity at :math:`\alpha` and at 1,
    over :math:`\log_2 \alpha`, the mean of 0.99 and 1.01, by ArviZ. It depends on the scale of the
    quantity, which is taken as it is given.

    Unlike there, the density of a prior is that on its own scale (`log_prior_density`): the
    logarithm for a log-normal, the log-odds for a beta. So a prior that counts half has its median
    where it was, and a flat one can be scaled. For normal and half-normal priors it is the same.

    A prior decides a quantity that it moves when, with the prior counting half or twice, the
    interval is more than 1.2 times as wide or as narrow (it would be 1.4 times if there were
    nothing but a normal prior), or has no room for the median that was. That is asked of each prior
    alone, not of all together.

    Where nothing moves, the noise of S independent draws still gives about 0.45 times the standard
    deviation of :math:`\log p_k` over the root of S: 0.006 for one prior and 4,000 draws.

    Weights are used where their k-hat is below 0.7 and 400 effective draws are left, and else
    the model is fitted again, with each prior of the component in closed form.
    """
    raise_if_any(
        result_problems(
            result=result, quantities=quantities, probability=probability, threshold=threshold,
            seed=seed, cores=cores, refit=refit,
        ),
        _SUBJECT,
    )  # fmt: skip
    model = result.model
    looked = looked_at(model, quantities)
    after, _ = sampled(_SUBJECT, result, looked)
    logs = log_densities(model, result.flat)
    parts = components(model)
    priors = [one for one in parts if one.kind != "source"]
    sources = [one for one in parts if one.kind == "source"]
    groups = [(one, [one]) for one in priors]
    if len(priors) > 1:
        groups.append((Component(ALL_PRIORS, "prior"), priors))
    groups.append((Component(ALL_SOURCES, "source"), sources))
    scaling = Scaling(result, looked, after, float(probability), int(seed), cores, refit)
    size = len(next(iter(after.values())))
    for one, members in groups:
        log = np.sum([logs[member.name] for member in members], axis=0) * np.ones(size)
        scaling.add(one, members, log)
    verdict = _judged(
        result,
        scaling.rows(float(threshold)),
        basis={name: result.rests_on(one) for name, one in looked.items()},
        flat=[name for name, prior in model.free.items() if prior.flat],
        probability=float(probability),
        threshold=float(threshold),
    )
    return naming_defaults(verdict, model, looked.values())


def _judged(
    result: Result,
    found: Sequence[Scaled],
    *,
    basis: Mapping[str, str],
    flat: Sequence[str],
    probability: float,
    threshold: float,
) -> Verdict:
    """Return the verdict on every quantity and component."""
    priors = [one for one in found if one.component != ALL_SOURCES]
    of_sources = {one.quantity: one.psens for one in found if one.component == ALL_SOURCES}
    moved: dict[str, Scaled] = {}
    for quantity in of_sources:
        some = [one for one in priors if one.quantity == quantity and one.psens >= threshold]
        single = [one for one in some if one.component != ALL_PRIORS]
        if some:
            moved[quantity] = max(single or some, key=lambda one: one.psens)
    decided: dict[str, Scaled] = {}
    for one in sorted((one for one in priors if one.decides), key=lambda one: -one.psens):
        decided.setdefault(one.quantity, one)
    decided = {quantity: decided[quantity] for quantity in of_sources if quantity in decided}
    unknown = list(dict.fromkeys(one.quantity for one in found if math.isnan(one.psens)))
    diagnoses = [
        "" if one.component == ALL_SOURCES else _diagnosis(one, of_sources[one.quantity], threshold)
        for one in found
    ]
    rows = [
        _row(one, diagnosis, probability, basis[one.quantity])
        for one, diagnosis in zip(found, diagnoses, strict=True)
    ]
    weak = [quantity for quantity in moved if of_sources[quantity] < threshold]
    model_held = held(result.model)
    failed = "decided" if decided else "moved" if moved else "not_known" if unknown else ""
    said = [_headline(moved, decided, unknown, threshold)]
    said += [_goes(one, probability) for one in list(decided.values())[:3]]
    said += lists("prior_sensitivity", {"weak": weak})
    said += [say("prior_sensitivity.both")] if len(moved) > len(weak) else []
    said.append(say("prior_sensitivity.what_power_is"))
    said += lists("prior_sensitivity", {"flat": flat})
    ways = {move.how for one in found for move in (one.half, one.twice)}
    said += [say("prior_sensitivity.smaller_step")] if "smaller step" in ways else []
    said += [say("prior_sensitivity.failed")] if "failed" in ways else []
    said += lists("prior_sensitivity", {"held": list(model_held)})
    said.append(say("prior_sensitivity.local", threshold=threshold))
    names = list(decided or moved)
    return Verdict(
        check="prior_sensitivity",
        passed=not (moved or unknown),
        said=said,
        marked=say(f"prior_sensitivity.mark.{failed}", names=names) if failed else "",
        rows={"quantities": rows},
        found=tuple(found),
        details={
            "moved": moved,
            "decided": tuple(decided),
            "flat": tuple(flat),
            "held": model_held,
            "threshold": threshold,
            "probability": probability,
        },
        result_mark=result.said_mark,
        printed=sorted(
            (row for row in rows if row["psens"] >= threshold), key=lambda row: -row["psens"]
        ),
        columns=_PRINTED,
    )


def _diagnosis(one: Scaled, of_sources: float, threshold: float) -> Sentence | str:
    """Return what the sensitivity to a prior and to all sources together says."""
    if one.psens < threshold:
        return ""
    if math.isnan(one.psens):
        return say("prior_sensitivity.diagnosis.not_known")
    name = "weak" if of_sources < threshold else "conflict"
    return say(f"prior_sensitivity.diagnosis.{name}")


def _row(one: Scaled, diagnosis: Sentence | str, probability: float, basis: str) -> dict[str, Any]:
    """Return a row of the table."""
    row: dict[str, Any] = {
        "quantity": one.quantity,
        "component": one.component,
        "kind": one.kind,
        "psens": one.psens,
        "diagnosis": diagnosis,
        "decides": one.decides,
        "k_hat": one.k_hat,
        **limits(one.half.before),
    }
    for name, move in (("half", one.half), ("twice", one.twice)):
        row |= limits(move.after, f"{name}_")
        row |= {f"{name}_power": move.power, f"{name}_how": move.how}
    return row | {"interval": interval_name(probability), "basis": basis}


def _headline(
    moved: Mapping[str, Scaled],
    decided: Mapping[str, Scaled],
    unknown: Sequence[str],
    threshold: float,
) -> Sentence:
    """Return the verdict in a sentence: what is decided first, then by how far it moves."""
    if not moved:
        if unknown:
            return say("prior_sensitivity.not_known", names=unknown)
        return say("prior_sensitivity.none_moves", threshold=threshold)
    parts = []
    order = sorted(moved, key=lambda quantity: (quantity not in decided, -moved[quantity].psens))
    for quantity in order[:3]:
        one = decided.get(quantity, moved[quantity])
        verb = "decided_by" if quantity in decided else "moves_with"
        if one.component in (ALL_PRIORS, quantity):
            verb = f"{verb}_{'own' if one.component == quantity else 'all'}"
        key = f"prior_sensitivity.{verb}"
        parts.append(say(key, quantity=quantity, component=one.component))
    more = len(order) - len(parts)
    key = "headline_and_more" if more else "headline"
    return say(f"prior_sensitivity.{key}", parts=parts, n=more)


def _goes(one: Scaled, probability: float) -> Sentence:
    """Return the interval of a quantity as it is, and with the prior that decides it."""
    parts = []
    for move in (one.half, one.twice):
        if not math.isnan(move.power):
            key = {HALF: "half", TWICE: "twice"}.get(move.power, "times")
            _, low, high = move.after.told
            values = {"low": low, "high": high, "power": move.power}
            parts.append(say(f"prior_sensitivity.{key}", **values))
    _, low, high = one.half.before.told
    return say("prior_sensitivity.goes", level=100 * probability, quantity=one.quantity, low=low,
               high=high, component=one.component, parts=parts)  # fmt: skip
