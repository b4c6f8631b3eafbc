"""A quantity as two groups of sources give it, each by itself: do they agree?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.check.arguments import per_draw, problems_of
from funnelest.check.measures import limits, on_scale, scale_of, three
from funnelest.check.wording import lists, naming_defaults, unknown
from funnelest.entry import entry
from funnelest.errors import FitError, raise_if_any
from funnelest.inference.fitting import argument_problems
from funnelest.inference.refitting import refits, reweighted
from funnelest.likelihood.density import prior_draws
from funnelest.likelihood.informed import Probe
from funnelest.model.model import Model
from funnelest.quantities.quantities import Quantities
from funnelest.results.result import Result
from funnelest.sampling.weights import interval_name
from funnelest.verdict import Verdict
from funnelest.words import Sentence, say

__all__ = ["OTHERS", "Side", "node_split"]

type Floats = NDArray[np.float64]

_SUBJECT = "the split"
#: Name of the second side when only one is given.
OTHERS = "other sources"
#: A side says little when its interval is this part of that of the prior, or more.
_LITTLE = 0.8
_PRINTED = ("evidence", "median", "low", "high", "p")


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """A quantity as some of the sources give it.

    Parameters
    ----------
    name : str
        Name of the side.
    sources : tuple of str
        Its sources.
    sample : ndarray
        Draws of the quantity; empty when the fit failed.
    effective : float
        Effective number of the draws.
    why : str or Sentence
        Why there are none; empty when there are.
    """

    name: str
    sources: tuple[str, ...]
    sample: Floats = field(repr=False)
    effective: float
    why: str | Sentence = ""


@entry
def node_split(
    given: Result | Model,
    quantity: Callable[[Quantities], Any] | str,
    sides: Mapping[str, Sequence[str]],
    *,
    name: str = "",
    scale: Literal["auto", "identity", "log", "logit"] = "auto",
    probability: float = 0.95,
    seed: int,
    draws: int = 4000,
    engine: Literal["auto", "importance", "hmc"] = "auto",
    cores: int | None = None,
    executor: Executor | None = None,
    progress: bool = True,
) -> Verdict:
    r"""Return a quantity as each of two groups of sources gives it, and whether they agree.

    Parameters
    ----------
    given : Result or Model
        A fit of all sources, or a model.
    quantity : callable or str
        ``quantity(q)`` with `q` a `Quantities`, or the name of an unknown parameter.
    sides : mapping of str to sequence of str
        Name of a side -> its sources. Two sides, or one: all other sources are then the second,
        called "other sources". No source may be on both; one on neither is not used.
    name : str, default ""
        What the quantity is called; the name of the parameter, when left out.
    scale : {"auto", "identity", "log", "logit"}, default "auto"
        Scale of the difference: the log-odds of what lies between 0 and 1 in every draw from the
        prior, the logarithm of what is above 0, else as it is.
    probability : float, default 0.95
        Probability of the intervals. One minus it is the level of the verdict.
    seed : int
        The same seed gives the same answer.
    draws, engine, cores, executor, progress : optional
        As in `conflict`.

    Returns
    -------
    Verdict
        `found` has the two sides: `name`, `sources`, the `sample` of the quantity and its
        `effective` number of draws. `details` has the `scale`, the `difference` of the sides on it,
        the conflict `p` with its Monte Carlo error `mc_error` and `p_normal` (as if the difference
        were normal), the draws from the `prior`, what all sources say `together` (of a result), the
        sides that are `silent` (hardly more than the prior), the sources that are `unused`, and
        the side from which the prior was taken so that it counts `once` (empty: it counts twice).

        The table has a row per body of evidence ("prior", both sides, "all sources" of a result)
        and one of their "difference", with the conflict `p` and its `p_mc_error`.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    FitError
        When the convergence gate of a given result failed and it was not opened all the same.

    Notes
    -----
    Presanis, Ohlssen, Spiegelhalter and De Angelis, Statistical Science 2013;28:376: with
    :math:`\phi_A` and :math:`\phi_B` from the posteriors of either side and
    :math:`\delta = h(\phi_A) - h(\phi_B)`, the conflict p-value is :math:`2 \min(P(\delta > 0),
    P(\delta < 0))`, here over all pairs of draws.

    Both fits have all the priors of the model, which therefore count twice. Of a parameter its
    own prior is taken out of one side by weights (flat on the scale of the difference then), where
    these can be trusted (Pareto k-hat below 0.7, 100 effective draws); of any other quantity the
    prior is not known as a density, and counts twice. What two sides share besides the quantity
    (another parameter, both know a little of) is taken to be independent between them.
    """
    model = given.model if isinstance(given, Result) else given
    problems = problems_of(name=name, scale=scale, probability=probability, seed=seed)
    problems += argument_problems(engine=engine, draws=draws, cores=cores)
    raise_if_any([*_problems(model, quantity, sides), *problems], _SUBJECT)
    raise_if_any(argument_problems(model=model), _SUBJECT)
    parameter = quantity if isinstance(quantity, str) else ""
    asked = (lambda q: q.parameter(parameter)) if parameter else quantity
    assert callable(asked)
    function = per_draw(_SUBJECT, "", asked)
    together = None
    names = [one.name for one in model.evidence]
    if isinstance(given, Result):
        sample = np.asarray(given.sample_of(function))
        used = tuple(one for one in names if model.power_of(one))
        together = Side(name="", sources=used, sample=sample, effective=given.effective_draws)
    groups = {side: tuple(some) for side, some in sides.items()}
    if len(groups) == 1:
        (some,) = groups.values()
        groups[OTHERS] = tuple(one for one in names if one not in some)
    before = _prior(model, function, int(seed))
    models = {
        side: model.with_powers({one: 0.0 for one in names if one not in some})
        for side, some in groups.items()
    }
    start = given if isinstance(given, Result) else None
    made = refits(models, start=start, draws=draws, seed=int(seed), engine=engine, cores=cores,
                  executor=executor, progress=progress)  # fmt: skip
    found = tuple(_side(side, groups[side], made[side], function) for side in groups)
    chosen = scale_of(before, *(one.sample for one in found)) if scale == "auto" else scale
    once = ""
    if parameter and not any(one.why for one in found):
        once, found = _prior_once(model, parameter, chosen, found, int(seed))
    first, second = found
    verdict = judged(
        (first, second),
        quantity=name or parameter,
        scale=chosen,
        together=together,
        prior=before,
        unused=[one for one in names if not any(one in some for some in groups.values())],
        once=once,
        probability=float(probability),
        basis=Probe(model).rests_on(function),
        result_mark=given.said_mark if isinstance(given, Result) else "",
        seed=int(seed),
    )
    return naming_defaults(verdict, model, [function])


def _prior(model: Model, function: Callable[[Quantities], Floats], seed: int) -> Floats:
    """Return draws of the quantity from the prior."""
    drawn = prior_draws(model, np.random.default_rng([seed, 3]), 4000)
    return np.asarray(np.broadcast_to(function(Quantities(model, drawn)), (4000,)))


def _side(
    name: str,
    sources: tuple[str, ...],
    fitted: Result | FitError,
    function: Callable[[Quantities], Floats],
) -> Side:
    """Return what a group of sources says."""
    why: Sentence | str = say("node_split.undefined")
    sample, effective = np.empty(0), 0.0
    if isinstance(fitted, FitError):
        why = str(fitted).removesuffix(".")
    elif np.isfinite(drawn := np.asarray(fitted.sample_of(function))).all():
        sample, effective, why = drawn, fitted.effective_draws, ""
    said = say("node_split.failed", name=_name(name), why=why) if why else ""
    return Side(name=name, sources=sources, sample=sample, effective=effective, why=said)


def _prior_once(
    model: Model, parameter: str, scale: str, sides: tuple[Side, ...], seed: int
) -> tuple[str, tuple[Side, ...]]:
    """Take the prior of a parameter out of the side whose draws can best be weighed so."""
    prior = model.priors[parameter]
    tried = []
    for i, one in enumerate(sides):
        x = prior.inside(one.sample)
        with np.errstate(all="ignore"):
            slope = {"identity": 0.0 * x, "log": np.log(x), "logit": np.log(x) + np.log1p(-x)}
            tried.append((reweighted(-(prior.logpdf(x) + slope[scale])), i))
    weighed, i = min(tried, key=lambda pair: pair[0].k_hat)
    if not weighed.reliable:
        return "", sides
    one = sides[i]
    rng = np.random.default_rng([seed, 4])
    size = len(one.sample)
    # Systematic resampling: each draw as often as it weighs, to within one.
    at = np.searchsorted(np.cumsum(weighed.weights), (np.arange(size) + rng.random()) / size)
    order = rng.permutation(np.minimum(at, size - 1))
    few = one.effective * min(weighed.effective / size, 1.0)
    flat = Side(name=one.name, sources=one.sources, sample=one.sample[order], effective=few)
    return one.name, tuple(flat if j == i else side for j, side in enumerate(sides))


def judged(
    sides: tuple[Side, Side],
    *,
    quantity: str,
    scale: str,
    prior: Floats,
    probability: float,
    basis: str,
    seed: int,
    together: Side | None = None,
    unused: Sequence[str] = (),
    once: str = "",
    result_mark: Sentence | str = "",
) -> Verdict:
    """Return the verdict on what two sides say of a quantity."""
    known = not any(one.why for one in sides)
    difference = _difference(sides, scale, seed) if known else np.empty(0)
    above, error = _above(sides) if known else (np.nan, np.nan)
    p = 2 * min(above, 1 - above)
    passed = known and p >= 1 - probability
    silent = _silent(sides, prior, scale, probability) if known else ()
    called = quantity or say("node_split.the_quantity")
    numbers: dict[str, Any] = {"level": 100 * probability, "quantity": called, "p": p}
    shown: dict[str, Any] = {
        "sides": [_told(one, probability) for one in sides] if known else [],
        "silent": [_name(name) for name in silent],
        "n": len(silent),
        "why": [one.why for one in sides if one.why],
    }
    verdict = "agree" if passed else "conflict" if known else "not_known"
    headline = "silent" if passed and silent else verdict
    said = [
        say(f"node_split.{headline}", **numbers, **shown),
        say("node_split.intervals", **numbers),
        *(say("node_split.sources", name=_name(one.name), sources=one.sources) for one in sides),
    ]
    said += lists("node_split", {"unused": unused})
    on = say(f"node_split.scale.{scale}")
    p_normal, least = np.nan, min(one.effective for one in sides)
    if known:
        from scipy.special import ndtr

        p_normal = float(2 * ndtr(-abs(np.mean(difference)) / np.std(difference)))
        _, low, high = three(difference, probability, least).told
        between = {"scale": on, "low": low, "high": high, "p": p_normal}
        said.append(say("node_split.difference", **{**numbers, **between}))
    key = "once" if once else "twice"
    said.append(say(f"node_split.{key}", quantity=called, side=_name(once), scale=on))
    said += [say("node_split.which")] if verdict == "conflict" else []
    bodies = [
        ("prior", (), "identity", prior, len(prior)),
        *((one.name, one.sources, "identity", one.sample, one.effective) for one in sides),
        *(
            ("all sources", one.sources, "identity", one.sample, one.effective)
            for one in [together]
            if one
        ),
        ("difference", (), scale, difference, least),
    ]
    rows = []
    for name, sources, its_scale, sample, effective in bodies:
        last = sample is difference
        found = three(sample, probability, effective)
        rows.append(
            {
                "quantity": called,
                "evidence": name,
                "sources": ", ".join(sources),
                "scale": its_scale,
                "mean": float(np.mean(sample)) if len(sample) else np.nan,
                **limits(found),
                "sd": float(np.std(sample)) if len(sample) else np.nan,
                "interval": interval_name(probability),
                "p": p if last else np.nan,
                "p_mc_error": 2 * error if last else np.nan,
                "p_normal": p_normal if last else np.nan,
                "basis": basis,
            }
        )
    return Verdict(
        check="node_split",
        passed=passed,
        said=said,
        marked="" if passed else say(f"node_split.mark.{verdict}", quantity=called),
        rows={"evidence": rows},
        found=sides,
        details={
            "quantity": called,
            "scale": scale,
            "prior": prior,
            "together": together,
            "difference": difference,
            "p": p,
            "mc_error": 2 * error,
            "p_normal": p_normal,
            "silent": silent,
            "unused": tuple(unused),
            "once": once,
            "probability": probability,
        },
        result_mark=result_mark,
        columns=_PRINTED,
    )


def _name(side: str) -> str | Sentence:
    """Return the name of a side, in the language where it is not the user's own."""
    return say("node_split.others") if side == OTHERS else side


def _told(one: Side, probability: float) -> Sentence:
    median, low, high = three(one.sample, probability, one.effective).told
    return say("node_split.side", name=_name(one.name), median=median, low=low, high=high)


def _difference(sides: tuple[Side, Side], scale: str, seed: int) -> Floats:
    """Return draws of the first side minus the second, on the scale."""
    first, second = (on_scale(scale, one.sample) for one in sides)
    size = min(len(first), len(second))
    order = np.random.default_rng([seed, 5]).permutation(len(second))[:size]
    return np.asarray(first[:size] - second[order])


def _above(sides: tuple[Side, Side]) -> tuple[float, float]:
    """Return the probability that the first side is above the second, and its Monte Carlo error."""
    first, second = (np.sort(one.sample) for one in sides)
    # Every draw of the one beside every draw of the other.
    below = np.searchsorted(second, first, side="left") / len(second)
    same = np.searchsorted(second, first, side="right") / len(second) - below
    over = 1 - np.searchsorted(first, second, side="right") / len(first)
    parts = below + 0.5 * same
    variance = np.var(parts) / sides[0].effective + np.var(over) / sides[1].effective
    return float(np.mean(parts)), float(np.sqrt(variance))


def _silent(
    sides: tuple[Side, Side], prior: Floats, scale: str, probability: float
) -> tuple[str, ...]:
    """Return the sides that hardly say more than the prior does."""

    def width(sample: Floats) -> float:
        _, low, high = three(on_scale(scale, sample), probability, len(sample))
        return high - low

    if np.ptp(prior) == 0:
        return ()
    return tuple(one.name for one in sides if width(one.sample) > _LITTLE * width(prior))


def _problems(model: Any, quantity: Any, sides: Any) -> list[str]:
    found = []
    if not isinstance(model, Model):
        return [f"given must be a Result or a Model; given {model!r}."]
    if isinstance(quantity, str):
        if quantity not in model.free:
            found.append(unknown("unknown parameter", quantity, map(repr, model.free)))
    elif not callable(quantity):
        found.append(f"quantity must be a function of q or a parameter; given {quantity!r}.")
    return found + _side_problems(model, sides)


def _side_problems(model: Model, sides: Any) -> list[str]:
    if not isinstance(sides, Mapping) or len(sides) not in (1, 2):
        return [f"sides must map one or two names to lists of sources; given {sides!r}."]
    names = [one.name for one in model.evidence]
    found, taken = [], set()
    for side, some in sides.items():
        if isinstance(some, str) or not isinstance(some, Sequence) or not some:
            found.append(f"side {side!r} must be a list of sources; given {some!r}.")
            continue
        found += [
            f"side {side!r}: {unknown('source', one, names, 'the sources are')}"
            for one in some
            if one not in names
        ]
        found += [f"source {one!r} is on both sides: the two would not be independent."
                  for one in some if one in taken]  # fmt: skip
        taken |= set(some)
    if len(sides) == 1 and not found and taken == set(names):
        found.append("all sources are on one side: there is nothing to compare it with.")
    return found
