"""A log-linear model that the data choose, with the choice inside the interval."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from funnelest.fields import Allowed, number, whole
from funnelest.lists.checks.existence import existing
from funnelest.lists.computing import selection
from funnelest.lists.computing.bootstrap import (
    FEWEST_BEYOND,
    BootstrapInterval,
    bca_interval,
    leave_one_out,
    resampled,
)
from funnelest.lists.computing.fits import deviance
from funnelest.lists.computing.reduced import reduced
from funnelest.lists.computing.selection import Chosen
from funnelest.lists.estimate import Estimate, because, chained
from funnelest.lists.estimators.base import Estimator
from funnelest.lists.fitting import empty_warnings, misfit
from funnelest.lists.table.table import ALL, OverlapTable
from funnelest.lists.terms import Term, brackets, generators
from funnelest.words import Sentence, named, say

__all__ = ["BestByBIC", "Stepwise"]

type Floats = NDArray[np.float64]

_KIND = named("lists.kind.selected")
_WIDENED = named("lists.kind.widened")
#: More models than this are not enumerated; 32,768 are all pairs of 6 lists.
_MOST_MODELS = 40_000
_FEWEST_REPLICATES = 100
#: Share of replicates without a finite estimate beyond which the lower limit too is in doubt.
_MANY = 0.05


@dataclass(frozen=True, kw_only=True)
class _Selected(Estimator):
    """Base of both: the bootstrap around a way to choose."""

    replicates: int = 1000

    fewest: ClassVar[int] = 3
    allowed: ClassVar[Allowed] = {"replicates": whole(_FEWEST_REPLICATES)}
    #: How the model was chosen, in words.
    by: ClassVar[str] = ""

    @abstractmethod
    def _choose(self, tables: Floats, lists: int) -> tuple[Chosen, tuple[str, ...]]:
        """Choose a model for each table, the data first; with what a reader should know."""

    def quick(self) -> Self:
        """Return the same choice with the fewest replicates."""
        return replace(self, replicates=_FEWEST_REPLICATES)

    def _estimate(self, table: OverlapTable, seed: int) -> Estimate:
        counts = table.cells(ALL).counts
        without, weights = leave_one_out(counts)
        drawn = resampled(counts, int(self.replicates), np.random.default_rng(seed))
        tables = np.concatenate([counts[None], without, drawn])
        lists = len(table.lists)
        chosen, said = self._choose(tables, lists)
        first = 1 + len(without)
        replicates = chosen.hidden[first:]
        model = brackets(chosen.model(0), lists)
        counted = Counter(brackets(chosen.model(i), lists) for i in range(first, len(tables)))
        shares = {one: n / self.replicates for one, n in counted.most_common()}
        hidden = float(chosen.hidden[0])
        withheld = _no_estimate(table, chosen, model)
        interval = None
        if not withheld:
            interval = bca_interval(
                hidden, replicates, chosen.hidden[1:first], weights, self.probability
            )
            if interval.problem:
                withheld = say("lists.why.interval", why=interval.problem)
            said += _warnings(interval, replicates, shares, model, self.by)
            said += _of_the_model(table, chosen, counts)
        limits = None if interval is None else interval.limits
        if limits is None:
            hidden = float("nan")
        return self._made(
            table,
            hidden,
            limits,
            method=named("lists.method.chosen", name=self.name, model=model),
            statistic="maximum likelihood",
            kind=(_WIDENED if interval.widened else _KIND) if interval and limits else "",
            assumes=(
                "lists depend on each other only as the model chosen says "
                f"({_in_words(chosen.model(0), table.lists)}), which was chosen by {self.by} and "
                "for its fit to those known only; apart from that all people are equally likely "
                "to be on a list, lists are linked without error, and nobody joined or left."
            ),
            **(because(withheld) if withheld else {}),
            warnings=said,
            measures=_measures(table, counts, chosen, interval, replicates, shares.get(model, 0.0)),
            predicted={ALL: chosen.means[0]} if chosen.exists[0] else {},
            details={"model": model, "chosen": shares, "replicates": replicates},
        )


@dataclass(frozen=True, kw_only=True)
class BestByBIC(_Selected):
    r"""The hierarchical log-linear model with the smallest BIC, chosen anew in each replicate.

    Parameters
    ----------
    order : int, optional
        Number of lists in the largest interaction that is considered; left out, all but that of
        all lists, which no table tells anything of.
    shortlist : int, default 120
        How many models are tried in each replicate: those of the smallest BIC for the data. Up
        to four lists these are all (113).
    replicates : int, default 1000
        Number of bootstrap tables.
    probability : float, default 0.95
        Probability of the interval.

    Notes
    -----
    Every model has a term for each list. :math:`BIC = D + k \log n`, where :math:`D` is the
    deviance, :math:`k` the number of terms with the constant and those at minus infinity, and
    :math:`n` the number of people known (not of cells). A group of lists that has nobody in
    common gets the term minus infinity where the model has it; a model is not chosen if the
    other terms have no finite and unique estimate.

    Each replicate is a table of as many people drawn from those known, for which the model is
    chosen anew (Silverman, Chan and Vincent, Statistics and Computing 2024;34:44). The interval
    is bias-corrected and accelerated (BCa; Efron, JASA 1987;82:171). Replicates without a finite
    estimate count as infinite.

    There are 8 models of three lists, 113 of four, 6,893 of five; of six lists only the 32,768
    without interactions of more than two are within reach (``order=2``).

    Examples
    --------
    >>> from funnelest.lists import OverlapTable
    >>> from funnelest.lists.estimators.selected import BestByBIC
    >>> counts = {"001": 41, "010": 5, "100": 5, "110": 54, "101": 6, "111": 12}
    >>> korea = OverlapTable(["b", "c", "d"], counts)
    >>> BestByBIC().estimate(korea).details["model"]
    '[12,23]'
    """

    order: int | None = None
    shortlist: int = 120

    allowed: ClassVar[Allowed] = {"order": whole(1).or_none, "shortlist": whole(2)}
    by: ClassVar[str] = "the smallest BIC"

    @property
    def name(self) -> str:
        return named("lists.method.best")

    def _problems(self, table: OverlapTable, wrong: Collection[str]) -> list[str]:
        lists = len(table.lists)
        if "order" in wrong or lists < self.fewest:
            return []
        if self.order is not None and self.order >= lists:
            return [
                f"field 'order' must be less than the number of lists, {lists}: of the "
                f"interaction of all lists no table tells anything; given {self.order!r}."
            ]
        count = selection.number_of_models(lists, self._order(lists), _MOST_MODELS)
        if count <= _MOST_MODELS:
            return []
        some = "more than" if count == _MOST_MODELS + 1 else "all"
        shown = _MOST_MODELS if count == _MOST_MODELS + 1 else count
        instead = "use order=2, " if lists == 6 else "use "
        return [
            f"more models than can be enumerated: {some} {shown:,} of {lists} lists; "
            f"{instead}Stepwise or Shrinkage, give a model (LogLinear), or join lists."
        ]

    def _order(self, lists: int) -> int:
        return lists - 1 if self.order is None else int(self.order)

    def _choose(self, tables: Floats, lists: int) -> tuple[Chosen, tuple[str, ...]]:
        models = list(selection.hierarchical(lists, self._order(lists)))
        short = selection.shortlisted(tables[0], models, lists, int(self.shortlist))
        chosen = selection.best_by_bic(tables, short, lists)
        late = short[-max(1, len(short) // 5) :]
        few = len(models) > self.shortlist
        drawn = [chosen.model(i) for i in range(len(tables) - int(self.replicates), len(tables))]
        share = sum(model in late for model in drawn) / len(drawn)
        if not few or share < 0.005:
            return chosen, ()
        return chosen, (
            f"{share:.1%} of the replicates chose a model of the last fifth of the "
            f"{len(short)} that were tried (of {len(models):,}): with a longer shortlist some "
            "would choose another.",
        )


@dataclass(frozen=True, kw_only=True)
class Stepwise(_Selected):
    """Independent lists, to which pairs are added by significance, anew in each replicate.

    Parameters
    ----------
    p : float, default 0.02
        A pair is added while its p-value is smaller; 0 leaves the lists independent.
    replicates : int, default 1000
        Number of bootstrap tables.
    probability : float, default 0.95
        Probability of the interval.

    Notes
    -----
    The p-value of a pair is that of the number of people on both its lists, Poisson with the
    mean that the model so far expects, in the tail where it lies. The pair with the smallest is
    added, unless the model with it has no finite and unique estimate; a pair with nobody in
    common gets the term minus infinity (Chan, Silverman and Vincent, Journal of the American
    Statistical Association 2021;116:1297, the R package SparseMSE). The threshold 0.02 did best in
    their simulations.

    The interval is bias-corrected and accelerated, with the pairs chosen anew in each replicate
    (`funnelest.lists.computing.bootstrap.bca_interval`).

    Examples
    --------
    >>> from funnelest.lists import OverlapTable
    >>> from funnelest.lists.estimators.selected import Stepwise
    >>> counts = {"001": 41, "010": 5, "100": 5, "110": 54, "101": 6, "111": 12}
    >>> korea = OverlapTable(["b", "c", "d"], counts)
    >>> round(Stepwise().estimate(korea).total, 1)
    268.8
    """

    p: float = 0.02

    allowed: ClassVar[Allowed] = {"p": number(least=0, below=0.5)}
    by: ClassVar[str] = "significance of pairs, step by step"

    @property
    def name(self) -> str:
        return named("lists.method.stepwise", p=self.p)

    def _choose(self, tables: Floats, lists: int) -> tuple[Chosen, tuple[str, ...]]:
        return selection.stepwise(tables, lists, self.p), ()


# ------------------------------------------------------------------------------ what is said


def _in_words(model: tuple[Term, ...], lists: Sequence[str]) -> str:
    """Return the groups of lists that depend on each other in a model."""
    groups = [term for term in generators(model) if len(term) > 1]
    if not groups:
        return "not at all"
    return ", ".join(" with ".join(lists[i] for i in term) for term in groups)


def _no_estimate(table: OverlapTable, chosen: Chosen, model: str) -> Sentence | None:
    """Return why there is no estimate; None where there is one."""
    if not chosen.exists[0]:
        if np.isinf(chosen.hidden[0]):
            return say("lists.why.no_overlap")
        whole = [name for name in table.lists if table.size(name) == table.known]
        return say(f"lists.why.{'all_on' if whole else 'all_on_one'}", name="".join(whole[:1]))
    found = existing(table, chosen.model(0))[ALL]
    return say("lists.why.model", model=model, said=chained(found.said)) if found.code else None


def _warnings(
    interval: BootstrapInterval,
    replicates: Floats,
    shares: dict[str, float],
    model: str,
    by: str,
) -> tuple[str, ...]:
    """Return what a reader should know of a selected model and its interval."""
    said = []
    own = shares.get(model, 0.0)
    if own < 0.9:
        others = [f"{one} in {n:.0%}" for one, n in shares.items() if one != model and n >= 0.05]
        also = "".join(f", {one}" for one in others[:2])
        said.append(
            f"By {by}, {model} was chosen in {own:.0%} of the replicates{also}; "
            f"{len(shares)} different models in all."
        )
    endless = float(np.mean(~np.isfinite(replicates)))
    if endless > 0:
        without = interval.limits and np.isinf(interval.limits[1])
        reach = " The upper limit is infinite." if without else ""
        much = " That is many: even the lower limit is in doubt." if endless > _MANY else ""
        said.append(
            f"{endless:.1%} of the replicates have no finite estimate; they count as infinite."
            f"{reach}{much}"
        )
    if np.isnan(interval.acceleration):
        said.append(
            "Without one person there would be no finite estimate: the interval is corrected for "
            "bias only."
        )
    beyond = len(replicates) * min(interval.levels[0], 1 - interval.levels[1])
    if interval.limits and beyond < FEWEST_BEYOND:
        said.append(
            f"A limit rests on {max(beyond, 0):.1f} replicates beyond it: the correction for bias "
            "moves it to the edge of what was drawn. Use more replicates, or trust it less."
        )
    if abs(interval.bias) > 0.5:
        said.append(
            f"{interval.below:.0%} of the replicates lie below the estimate: it is not typical of "
            "what the same choice gives for similar tables."
        )
    return tuple(said)


def _of_the_model(table: OverlapTable, chosen: Chosen, counts: Floats) -> tuple[str, ...]:
    """Return what a reader should know of the model that was chosen, whatever the interval."""
    lists, terms = len(table.lists), chosen.model(0)
    cells = table.cells(ALL)
    left = reduced(cells, terms, lists)
    said = empty_warnings(table, left)
    means = np.maximum(chosen.means[0][left.cells], 1e-300)
    df = len(means) - left.X.shape[1]
    said += misfit(float(deviance(counts[left.cells], means)), df, means)
    said += [
        f"{name} overlaps with no other list and is taken to exclude them: it adds its people to "
        "those known, and says nothing of those on none."
        for i, name in enumerate(table.lists)
        if not any(table.overlap(name, other) for other in table.lists if other != name)
        and any(i in term for term in left.empty)
    ]
    return tuple(said)


def _measures(
    table: OverlapTable,
    counts: Floats,
    chosen: Chosen,
    interval: BootstrapInterval | None,
    replicates: Floats,
    own: float,
) -> dict[str, float]:
    """Return what was measured of the fit and of the bootstrap."""
    made = {
        "replicates": float(len(replicates)),
        "share that chose the same model": own,
        "share without a finite estimate": float(np.mean(~np.isfinite(replicates))),
    }
    if interval is not None:
        made |= {"bias correction": interval.bias, "acceleration": interval.acceleration}
    if not chosen.exists[0]:
        return made
    hidden, terms = float(chosen.hidden[0]), len(chosen.model(0)) + 1
    off = float(deviance(counts, np.maximum(chosen.means[0], 1e-300)))
    # A term at minus infinity takes its cells with it: they leave no degree of freedom.
    left = reduced(table.cells(ALL), chosen.model(0), len(table.lists))
    return {
        "deviance": off,
        "terms": float(terms),
        "df": float(left.cells.sum() - left.X.shape[1]),
        "BIC": off + terms * float(np.log(counts.sum())),
        "standard error given the model": float(np.sqrt(hidden + hidden**2 * chosen.variance[0])),
        **made,
    }
