"""Every figure held against what the other sources say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.check.figures_compared import (
    UNLIKELY,
    asked_problems,
    at_least,
    columns,
    compared,
    known,
    lie,
    sources_of,
    told,
)
from funnelest.check.measures import holm
from funnelest.check.others_allow import others_allow
from funnelest.check.predictive_density import integrated_density
from funnelest.check.wording import lists, naming_defaults, naming_tied, unknown
from funnelest.entry import entry
from funnelest.errors import raise_if_any
from funnelest.evidence.base import Evidence
from funnelest.inference.leaving_out import LeftOut, left_out
from funnelest.likelihood.informed import informed
from funnelest.model.model import Model
from funnelest.quantities.quantities import Quantities
from funnelest.results.printed_anew import figures_of, replicated
from funnelest.results.result import Result
from funnelest.results.tables import bases_of
from funnelest.verdict import Compared, Verdict
from funnelest.words import Sentence, say

__all__ = ["conflict"]

type Floats = NDArray[Any]

#: Prior and posterior this alike (Kolmogorov's distance) are taken for the same, or what chance
#: makes of the same one time in a thousand.
_ALIKE, _CHANCE = 0.05, 1.95
#: What a figure is compared with: what other sources say, what its prior says, and what the prior
#: says where the others allow the figure as well as what is expected.
_OTHERS, _PRIOR, _ALLOWED = "other sources", "prior", "prior, as the others allow both"
#: Part of the prior variance above which the prior says most of what is expected.
_KEPT = 0.5
#: Sources from which on it is counted how many stand apart.
_COUNTED = 5
_PRINTED = ("source", "of", "figure", "predicted", "low", "high", "mid_p", "adjusted_p", "verdict")


@entry
def conflict(
    result: Result,
    *,
    sources: Sequence[str] | None = None,
    probability: float = 0.95,
    seed: int,
    draws: int | None = None,
    engine: Literal["auto", "importance", "hmc"] = "auto",
    refit: bool = False,
    cores: int | None = None,
    executor: Executor | None = None,
    progress: bool = True,
) -> Verdict:
    r"""Return how each figure lies in what the model expects of it without its source.

    Each source is left out in turn, and its figures are drawn anew from the posterior of the
    others, printed as the real ones are.

    Parameters
    ----------
    result : Result
        A fit of all sources.
    sources : sequence of str, optional
        Names of the sources to look at; all of them when left out.
    probability : float, default 0.95
        Probability of the predictive intervals. One minus it is the level of the verdict.
    seed : int
        The same seed gives the same answer, on one core and on many.
    draws : int, optional
        Number of draws of each refit; as many as the result has, when left out.
    engine : {"auto", "importance", "hmc"}, default "auto"
        That of the refits, as in `fit`.
    refit : bool, default False
        Whether to fit again without every source. By default weights on the draws of the result
        take the place of a refit where they can be trusted (Pareto k-hat below 0.5, and at least
        half of the draws and 1,000 left), which is so of sources that move the answer little.
    cores : int, optional
        Number of refits at a time; all cores when left out.
    executor : concurrent.futures.Executor, optional
        Where refits run; processes of this machine when left out.
    progress : bool, default True
        Show a progress bar on the terminal when it takes more than two seconds.

    Returns
    -------
    Verdict
        `found` has every figure (`Compared`): `against` says what it is compared with ("other
        sources", "prior", "prior, as the others allow both", or nothing), `how` how its source was
        left out, and `why` why it was not compared. `details` has the `left_out` posterior by
        source, which other checks take over;
        the sources that are `conflicting`, those `against_prior` and those `not_compared`; the
        figures that stand `apart`, and how many are `expected_apart` by chance.

        The table has the `predicted` median and the limits `low` and `high` of the predictive
        `interval` without the source, the `mid_p` and its Monte Carlo standard error, the
        two-sided `p` and `adjusted_p` (Holm), and the `verdict` ("in conflict", "stands apart",
        "as expected" or "not compared").

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    FitError
        When the convergence gate of the result failed and it was not opened all the same.

    Notes
    -----
    The mixed predictive check of Marshall and Spiegelhalter (Stat Med 2003;22:1649; Bayesian
    Analysis 2007;2:409; Presanis, Ohlssen, Spiegelhalter and De Angelis, Statistical Science
    2013;28:376): parameters that the source shares with others are drawn from their posterior
    without it, its own ones from their prior (the source has power 0, `Model.with_powers`). With
    :math:`y` the printed figure,

    .. math:: p = P(y^* > y \mid y_{-s}) + \tfrac12 P(y^* = y \mid y_{-s}).

    Where the distribution gives tail probabilities these are averaged over draws, which leaves
    less Monte Carlo error than made-up figures would; `mid_p_mc_error` says how much. Figures that
    are rounded or withheld, limits and official values that disagree are compared as printed. Of
    several numbers of one source (a table, a joint survey) each is compared by itself, all of the
    source being left out.

    Far out in a tail is not unlikely where everything is about as likely, such as a rare event
    under a flat prior. So :math:`p_2`, the two-sided p-value, is the larger of
    :math:`2 \min(p, 1 - p)` and the probability of a figure that is no likelier than the printed
    one, :math:`P(m(y^*) \le m(y))` with m the predictive density (Box, J R Stat Soc A
    1980;143:383): on the printed scale where most of what is expected, by ranks, is that of a prior
    which no other source sees and which counts in equal steps, such as a beta; else on the
    logarithm. Of one symmetric hump the two are the same. Where hardly any draw lies near the
    printed number its density is integrated over the parameter of the source that moves it most.

    The verdict is Holm's (Scand J Stat 1979;6:65) on these. Apart from that it fails when so many
    figures have one below one minus `probability` that chance gives as many with a probability
    below 1%, binomially: several sources of which none is far out may well contradict each other
    together.

    A figure is said to have only the prior to compare with when its expected value has the same
    distribution under the prior and under the posterior of the others (a Kolmogorov distance
    below 0.05, or below what chance gives once in a thousand times). It is corrected among these,
    and counts for no conflict between sources.

    A prior that is vague beside what the others say may put what is expected far from the figure
    though nothing that the others saw speaks against it: 0 of 1,000 leave a flat prior with 1 in
    1,000, and 10 of 3,000,000 with certainty. Where the others fit better with the source than
    without it (`check/others_allow.py`) it is only the prior that the figure is compared with, on
    the scale in which that counts. Of two sources that are more than one of their joint errors
    apart the others fit worse.
    """
    problems = asked_problems(
        result=result, probability=probability, seed=seed, draws=draws, engine=engine, refit=refit,
        cores=cores,
    )  # fmt: skip
    raise_if_any(problems + _source_problems(result, sources), "the check")
    result.sample_of(lambda q: 0.0)  # refuses a result behind a closed gate
    model, seed = result.model, int(seed)
    looked = [one for one in model.evidence if sources is None or one.name in sources]
    gone = left_out(result, [one.name for one in looked], seed=seed, draws=draws, engine=engine,
                    refit=refit, cores=cores, executor=executor, progress=progress)  # fmt: skip
    before, seen = Quantities(model, result.prior_draws), informed(model)
    found: list[Compared] = []
    rests = bases_of(model)
    for i, source in enumerate(looked):
        one = gone[source.name]
        failed = one.how == "failed"
        q = before if failed else Quantities(model, one.draws)
        parts = replicated(source, q, np.random.default_rng([seed, 11, i]))
        priors = figures_of(source, before)
        for at, (part, (_, prior)) in enumerate(zip(parts, priors, strict=True)):
            made = compared(
                source.name,
                part,
                rests(part.shown),
                probability,
                effective=one.effective if part.ordered and not failed else 0.0,
                weights=None if failed else one.weights,
            )
            against = why = ""
            if np.isnan(made.mid_p):
                why = "failed" if failed else "undefined" if part.ordered else "no_order"
            else:
                mean = np.broadcast_to(part.shown.mean, part.mid.shape)
                alike = _alike(mean, one.weights, one.effective, prior.mean)
                against = _PRIOR if alike else _OTHERS
                if made.p < 1 - probability:
                    own = {name: one.draws[name] for name, who in seen.items()
                           if who <= {source.name}}  # fmt: skip
                    name, steps = _moved_most(model, mean, own)
                    by = partial(
                        integrated_density, source, model, one.draws, one.weights, name, at,
                        part.printed,
                    )  # fmt: skip
                    likely = part.as_likely(one.weights, not steps, by if name else None)
                    made = replace(made, as_likely=likely)
                if (
                    made.p < 1 - probability
                    and against == _OTHERS
                    and others_allow(result, one, len(parts))
                ):
                    against = _ALLOWED
                    steps = _moved_most(model, mean, one.draws)[1]
                    made = replace(made, as_likely=part.as_likely(one.weights, not steps))
            found.append(replace(made, against=against, how=one.how, k_hat=one.k_hat, why=why))
    verdict = judged(
        found,
        probability=float(probability),
        left_out=gone,
        draws=next(iter(result.draws.values())).size,
        result_mark=result.said_mark,
    )
    verdict = naming_defaults(verdict, model, sources=_resting(verdict, looked))
    return naming_tied(verdict, model, [one.name for one in looked])


def _moved_most(model: Model, mean: Floats, own: Mapping[str, Floats]) -> tuple[str, bool]:
    """Return the parameter that moves what is expected most, and whether it counts in equal steps.

    Of `own` ones, by ranks, so that no scale matters. Equal steps, where most of what is expected
    is that of priors of which more than half count so.
    """
    from scipy.stats import rankdata

    if not np.ptp(mean) > 0:
        return "", False
    ranks = rankdata(mean)
    squares = {
        name: float(np.corrcoef(ranks, rankdata(draws))[0, 1]) ** 2
        for name, draws in own.items()
        if np.ptp(draws) > 0
    }
    if not squares:
        return "", False
    even = sum(one for name, one in squares.items() if not model.priors[name].on_its_line)
    total = sum(squares.values())
    return max(squares, key=squares.__getitem__), total > _KEPT and even > total / 2


def _resting(verdict: Verdict, looked: Sequence[Evidence]) -> list[str]:
    """Return the sources on whose figures the verdict rests: those that fail it, else all."""
    failing = [
        *verdict.details["conflicting"],
        *verdict.details["against_prior"],
        *(one.source for one in verdict.details["apart"]),
    ]
    return failing or [one.name for one in looked]


def judged(
    figures: Sequence[Compared],
    *,
    probability: float,
    left_out: Mapping[str, LeftOut],
    draws: int,
    result_mark: Sentence | str = "",
) -> Verdict:
    """Return the verdict on figures that are compared."""
    level = 1 - probability
    adjusted = _adjusted(figures)
    low = {id(one) for one, p in zip(figures, adjusted, strict=True) if p < level}
    expected = [one for one in figures if one.against == _OTHERS]
    apart = [one for one in expected if one.p < level]
    worst = [one for one in expected if id(one) in low]
    chance = _chance(expected, level)
    too_many = chance < UNLIKELY
    sure = sources_of(worst, figures)
    compared_with = {one.source for one in known(figures)}
    groups = {
        "conflicting": sources_of([*worst, *(apart if too_many else ())], figures),
        "against_prior": sources_of(
            [one for one in figures if one.against in (_PRIOR, _ALLOWED) and id(one) in low],
            figures,
        ),
        "not_compared": sources_of(
            [one for one in figures if one.how == "failed" or one.source not in compared_with],
            figures,
        ),
    }
    failed = {name: ", ".join(names) for name, names in groups.items() if names}
    said = [_headline(groups, sure, too_many, len(apart), len(expected), level)]
    said += [told("conflict", one) for one in sorted(apart, key=lambda one: one.p)]
    if apart:
        names = [one.name for one in worst]
        remain = say("conflict.remain", n=len(names), names=names)
        said.append(remain if names else say("conflict.none_remain"))
        if chance < 1:
            said.append(say("conflict.chance", chance=chance, limit=UNLIKELY))
    said += lists(
        "conflict",
        {
            "alone": [one.name for one in figures if one.against == _PRIOR],
            "allowed": [one.name for one in figures if one.against == _ALLOWED],
            "limits": [one.name for one in expected if one.limit],
        },
    )
    for why in dict.fromkeys(one.why for one in figures if one.why):
        names = [one.name for one in figures if one.why == why]
        said.append(say("conflict.not_compared", names=names, why=say(f"conflict.why.{why}")))
    ways = [one.how for one in left_out.values()]
    again, by = ways.count("refit"), ways.count("reweighted")
    said.append(say("conflict.left_out", again=again, by=by, draws=draws))
    said += [say("conflict.what_to_do")] if apart or failed else []
    out = {id(one) for one in apart}
    rows = [
        {
            **columns(one, probability),
            "p": one.p,
            "adjusted_p": p,
            "verdict": "not compared"
            if np.isnan(one.mid_p)
            else "in conflict"
            if id(one) in low
            else "stands apart"
            if id(one) in out
            else "as expected",
            "against": one.against,
            "by": one.how,
            "k_hat": one.k_hat,
            "basis": one.basis,
        }
        for one, p in zip(figures, adjusted, strict=True)
    ]
    return Verdict(
        check="conflict",
        passed=not failed,
        untested=not (failed or expected),
        said=said,
        marked=say(
            "conflict.mark.all",
            parts=[say(f"conflict.mark.{name}", names=names) for name, names in failed.items()],
        ),
        rows={"figures": rows},
        found=tuple(figures),
        details={
            "probability": probability,
            "left_out": left_out,
            **groups,
            "apart": tuple(apart),
            "expected_apart": level * len(expected),
            "verdicts": tuple(row["verdict"] for row in rows),
        },
        result_mark=result_mark,
        columns=_PRINTED,
    )


def _adjusted(figures: Sequence[Compared]) -> Floats:
    """Return two-sided p-values after Holm's correction for their number.

    Those with only a prior to compare with are corrected for the number of these.
    """
    found = np.full(len(figures), np.nan)
    for against in ((_OTHERS,), (_PRIOR, _ALLOWED)):
        at = [i for i, one in enumerate(figures) if one.against in against]
        found[at] = holm([figures[i].p for i in at])
    return found


def _chance(expected: Sequence[Compared], level: float) -> float:
    """Return the probability that chance puts so many independent sources far out.

    By source, since the figures of one share what is expected of them and stand apart together:
    the smallest p of each, corrected for their number. Of fewer than five sources nothing is
    counted (1): of two, each is compared with the other, and both stand apart or neither.
    """
    by_source: dict[str, list[float]] = {}
    for one in expected:
        by_source.setdefault(one.source, []).append(one.p)
    if len(by_source) < _COUNTED:
        return 1.0
    far = sum(min(min(p) * len(p), 1.0) < level for p in by_source.values())
    return at_least(far, len(by_source), level)


def _headline(
    groups: Mapping[str, Sequence[str]],
    sure: Sequence[str],
    too_many: bool,
    apart: int,
    of: int,
    level: float,
) -> Sentence:
    """Return the verdict in a sentence: what is worst."""
    counted = lie("conflict", apart, of, level)
    conflicting, against_prior, not_compared = groups.values()
    if too_many:
        also = bool(sure) and len(sure) < len(conflicting)
        key = "conflict.together_and_alone" if also else "conflict.together"
        return say(key, names=conflicting, lie=counted, sure=sure)
    if sure:
        figures = say("conflict.figures", n=of)
        return say("conflict.sure", n=len(sure), names=sure, figures=figures, level=100 * level)
    if against_prior:
        return say("conflict.with_prior", names=against_prior)
    if not_compared:
        return say("conflict.not_known", names=not_compared)
    return say("conflict.agree" if of else "conflict.nothing", lie=counted)


def _alike(after: Floats, weights: Floats, effective: float, before: Floats) -> bool:
    """Return whether an expected value is, without its source, what its prior says more than not.

    Distributed as under the prior, or with more than half of the prior's variance.
    """
    before = np.sort(np.atleast_1d(before))
    order = np.argsort(after)
    values, heights = after[order], np.cumsum(weights[order])
    points = np.concatenate([values, before])
    there = np.searchsorted(values, points, side="right")
    first = np.where(there > 0, heights[np.maximum(there - 1, 0)], 0.0)
    second = np.searchsorted(before, points, side="right") / len(before)
    chance = _CHANCE * np.sqrt(1 / effective + 1 / len(before))
    if np.max(np.abs(first - second)) < max(_ALIKE, chance):
        return True
    # What the others add to a strong prior may be next to nothing: what is expected is its own.
    mean = np.sum(weights * after)
    return bool(np.sum(weights * (after - mean) ** 2) > _KEPT * np.var(before))


def _source_problems(result: Any, sources: Any) -> list[str]:
    """Return what is wrong with the names of some sources, one sentence each."""
    if sources is None or not isinstance(result, Result):
        return []
    if isinstance(sources, str) or not isinstance(sources, Sequence) or not sources:
        return [f"sources must be a list of names; given {sources!r}."]
    names = [one.name for one in result.model.evidence]
    return [
        unknown("source", name, names, "the sources are") for name in sources if name not in names
    ]
