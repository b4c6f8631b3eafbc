"""A result under other priors, by weights or by fitting again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.check.arguments import Quantity, looked_at, result_problems, sampled
from funnelest.check.measures import NOTHING, limits, on_scale, scale_of, steady, three
from funnelest.check.wording import lists, naming_defaults
from funnelest.entry import entry
from funnelest.errors import SpecError, raise_if_any
from funnelest.inference.refitting import refits, reweighted
from funnelest.model.model import Model
from funnelest.priors import Prior
from funnelest.results.result import Result
from funnelest.sampling.weights import interval_name, quantiles
from funnelest.verdict import Changed, Three, Verdict
from funnelest.words import Sentence, say

__all__ = ["alternative_priors"]

type Floats = NDArray[np.float64]

_SUBJECT = "the alternative priors"
#: Cells of the histogram of an overlap, each with as many draws of the two posteriors.
_CELLS = 40
_PRINTED = ("quantity", "priors", "median", "low", "high", "interval", "changed", "how")


@entry
def alternative_priors(
    result: Result,
    alternatives: Mapping[str, Mapping[str, Prior]],
    *,
    quantities: Mapping[str, Quantity] | None = None,
    probability: float = 0.95,
    moved: float = 0.5,
    widened: float = 1.5,
    seed: int,
    cores: int | None = None,
) -> Verdict:
    r"""Return what quantities would be under other priors.

    Parameters
    ----------
    result : Result
        A fit.
    alternatives : mapping of str to mapping of str to Prior
        Name -> unknown parameter, as in the ledger -> the prior in place of its own. Several
        parameters may change together.
    quantities : mapping of str to callable, optional
        Name -> ``quantity(q)`` with `q` a `Quantities`. Left out: the number at every step and
        every transition.
    probability : float, default 0.95
        Probability of the equal-tailed intervals.
    moved : float, default 0.5
        Shift of a median, in posterior standard deviations, beyond which a quantity has moved.
    widened : float, default 1.5
        Factor, above 1, by which an interval may be wider or narrower.
    seed : int
        The same seed gives the same answer, on one core and on many.
    cores : int, optional
        How many refits run at a time; all cores when left out, 1 for this process alone.

    Returns
    -------
    Verdict
        `found` has a `Changed` per alternative (its `under`) and quantity. `details` has those
        that `changed`: whose interval leaves out the median as it is, whose median moved, or whose
        interval is wider or narrower than is allowed; the names of the alternatives that `failed`;
        and `moved`, `widened` and `probability` as they were given.

        The table has a row per quantity and set of priors, that of the model first ("as it is"):
        `median`, `low` and `high` of the `interval`; the `shift` of the median in posterior
        standard deviations of the model (on the log scale of numbers and the log-odds of shares),
        `widened`, the width of the interval over that of the model, the `overlap` of the two
        posteriors (1: the same), whether the quantity `changed`, and `how` it was computed
        ("reweighted", "refit" or "failed").

    Raises
    ------
    SpecError
        With every problem of the arguments and of the priors.
    FitError
        When the convergence gate of the result failed and it was not opened all the same.

    Notes
    -----
    With :math:`p` the priors of the model and :math:`p'` those in their place, draw s weighs
    :math:`p'(\theta_s) / p(\theta_s)`, Pareto-smoothed (Vehtari et al., JMLR 2024;25(72)). Where
    k-hat is 0.7 or more, or fewer than 400 effective draws are left, the model is fitted again;
    where that fit does not pass its gate no number is given.
    """
    problems = result_problems(
        result=result, quantities=quantities, probability=probability, moved=moved,
        widened=widened, seed=seed, cores=cores,
    )  # fmt: skip
    models, found = _models(result, alternatives)
    raise_if_any(problems + found, _SUBJECT)
    model = result.model
    looked = looked_at(model, quantities)
    after, _ = sampled(_SUBJECT, result, looked)
    weights = {
        name: reweighted(_ratio(model, priors, result.flat))
        for name, priors in alternatives.items()
    }
    again = {name: other for name, other in models.items() if not steady(weights[name])}
    size = max(4000, len(next(iter(after.values()))))
    made = refits(again, start=result, draws=size, seed=int(seed), cores=cores)
    rows: list[dict[str, Any]] = []
    changes: list[Changed] = []
    changed: list[Changed] = []
    for quantity, draws in after.items():
        base = three(draws, probability, result.effective_draws)
        basis = result.rests_on(looked[quantity])
        same = Changed(quantity=quantity, under="as it is", before=base, after=base, how="fit",
                       shift=0.0, widened=1.0)  # fmt: skip
        rows.append(_row(same, 1.0, False, basis, probability))
        for name in alternatives:
            fitted = made.get(name)
            how, other, heavy, worth = "failed", np.empty(0), None, result.effective_draws
            if fitted is None:
                how, other, heavy = "reweighted", draws, weights[name].weights
                worth *= weights[name].effective / len(draws)
            elif isinstance(fitted, Result):
                how, other = "refit", np.asarray(fitted.sample_of(looked[quantity]))
                worth = fitted.effective_draws
            values = three(other, probability, worth, heavy)
            shift, ratio, overlap = _against(draws, base, other, heavy, values)
            one = Changed(quantity=quantity, under=name, before=base, after=values, how=how,
                          k_hat=weights[name].k_hat, shift=shift, widened=ratio)  # fmt: skip
            is_other = _is_other(one, moved, widened)
            changes.append(one)
            changed += [one] if is_other else []
            rows.append(_row(one, overlap, is_other, basis, probability))
    failed = list(dict.fromkeys(one.under for one in changes if one.how == "failed"))
    names = list(dict.fromkeys(one.quantity for one in changed))
    mark = "changed" if names else "failed" if failed else ""
    verdict = Verdict(
        check="alternative_priors",
        passed=not mark,
        said=[
            _headline(changed, failed, moved, widened),
            *_told(changed, probability),
            *_in_place(model, alternatives),
            *lists("alternative_priors", {"failed": failed if changed else ()}),
            say("alternative_priors.who_knows"),
        ],
        marked=say(f"alternative_priors.mark.{mark}", names=names or failed) if mark else "",
        rows={"quantities": rows},
        found=tuple(changes),
        details={
            "changed": tuple(changed),
            "failed": tuple(failed),
            "moved": float(moved),
            "widened": float(widened),
            "probability": float(probability),
        },
        result_mark=result.said_mark,
        columns=_PRINTED,
    )
    return naming_defaults(verdict, model, looked.values())


def _row(
    one: Changed, overlap: float, changed: bool, basis: str, probability: float
) -> dict[str, Any]:
    """Return a row of the table."""
    return {
        "quantity": one.quantity,
        "priors": one.under,
        **limits(one.after),
        "interval": interval_name(probability),
        "shift": one.shift,
        "widened": one.widened,
        "overlap": overlap,
        "changed": changed,
        "how": one.how,
        "k_hat": one.k_hat,
        "basis": basis,
    }


def _is_other(one: Changed, moved: float, widened: float) -> bool:
    """Return whether a quantity is another one under the other priors."""
    median, low, high = one.after
    if math.isnan(median):
        return False
    return (
        not low <= one.before[0] <= high
        or abs(one.shift) > moved
        or not 1 / widened <= one.widened <= widened
    )


def _headline(
    changed: Sequence[Changed], failed: Sequence[str], moved: float, widened: float
) -> Sentence:
    """Return the verdict in a sentence."""
    if changed:
        parts = [
            say("alternative_priors.under", quantity=quantity, names=[one.under for one in some])
            for quantity, some in _by_quantity(changed).items()
        ]
        return say("alternative_priors.change", parts=parts)
    if failed:
        return say("alternative_priors.not_known", names=failed)
    return say("alternative_priors.none_moves", moved=moved, widened=widened)


def _told(changed: Sequence[Changed], probability: float) -> list[Sentence]:
    """Return the intervals of the first few quantities that changed, where they changed most."""
    said = []
    for quantity, some in list(_by_quantity(changed).items())[:3]:
        most = max(some, key=lambda one: (abs(math.log(one.widened)), abs(one.shift)))
        (_, was_low, was_high), (_, low, high) = most.before.told, most.after.told
        said.append(
            say("alternative_priors.goes", level=100 * probability, quantity=quantity, low=low,
                high=high, was_low=was_low, was_high=was_high, name=most.under)
        )  # fmt: skip
    return said


def _by_quantity(changed: Sequence[Changed]) -> dict[str, list[Changed]]:
    found: dict[str, list[Changed]] = {}
    for one in changed:
        found.setdefault(one.quantity, []).append(one)
    return found


def _in_place(model: Model, alternatives: Mapping[str, Mapping[str, Prior]]) -> list[Sentence]:
    """Return which priors stand in the place of which."""
    said = []
    for name, priors in alternatives.items():
        parts = [
            say("alternative_priors.instead", parameter=one, new=prior.describe(),
                old=model.free[one].describe())
            for one, prior in priors.items()
        ]  # fmt: skip
        said.append(say("alternative_priors.priors", name=name, parts=parts))
    return said


def _models(result: Any, alternatives: Any) -> tuple[dict[str, Model], list[str]]:
    """Return the model of each alternative, and what is wrong with them, one sentence each."""
    if not isinstance(alternatives, Mapping) or not alternatives:
        return {}, [
            f"alternatives must map names to parameters and their priors; given {alternatives!r}."
        ]
    models, problems = {}, []
    for name, priors in alternatives.items():
        if not isinstance(priors, Mapping) or not priors:
            problems.append(
                f"alternative {name!r} must map parameters to priors; given {priors!r}."
            )
            continue
        numbers = [one for one, prior in priors.items() if not isinstance(prior, Prior)]
        problems += [
            f"alternative {name!r}: {one!r} must be a Prior; given {priors[one]!r}. To hold it at "
            "a number, use Model.holding."
            for one in numbers
        ]
        if isinstance(result, Result) and not numbers:
            try:
                models[name] = result.model.with_priors(priors)
            except SpecError as error:
                texts = (text.removeprefix("instead: ") for text in error.problems)
                problems += [f"alternative {name!r}: {text}" for text in texts]
    return models, problems


def _ratio(model: Model, priors: Mapping[str, Prior], draws: Mapping[str, Floats]) -> Floats:
    """Return the log of the new density of the priors over the old one, per draw."""
    with np.errstate(all="ignore"):
        return np.sum(
            [
                prior.logpdf(x) - model.free[name].logpdf(x)
                for name, prior in priors.items()
                for x in [model.free[name].inside(draws[name])]
            ],
            axis=0,
        )


def _against(
    draws: Floats, base: Three, other: Floats, weights: Floats | None, values: Three
) -> tuple[float, float, float]:
    """Return shift, widening and overlap of draws against those of the model."""
    if not len(other) or not np.ptp(draws) > 0:
        return NOTHING
    scale = scale_of(draws, other)
    now, then = (float(on_scale(scale, np.array(one[0]))) for one in (base, values))
    edges = quantiles(np.concatenate([draws, other]), np.linspace(0, 1, _CELLS + 1)[1:-1])
    parts = [
        np.bincount(np.searchsorted(edges, x), w, _CELLS) / (len(x) if w is None else 1)
        for x, w in ((draws, None), (other, weights))
    ]
    return (
        float((then - now) / on_scale(scale, draws).std()),
        (values[2] - values[1]) / (base[2] - base[1]),
        float(np.minimum(*parts).sum()),
    )
