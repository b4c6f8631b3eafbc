"""Methods for linked lists: what `calibration.py` makes up tables for, and where the truth lies.

Bayesian methods have truths from their prior, and are judged by ranks. The others have tables made
under their own assumptions, and are judged by how often the 95% interval holds the number.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from funnelest.check.calibration.judging import judged
from funnelest.check.calibration.replicate import LEVELS, RANKED
from funnelest.lists import (
    BestByBIC,
    ChaoLowerBound,
    Chapman,
    Estimator,
    LincolnPetersen,
    LinkageError,
    LogLinear,
    NegativeBinomialN,
    OverlapTable,
    Stepwise,
)
from funnelest.lists.computing.graphs import decomposable_graphs
from funnelest.lists.computing.hierarchy import Hierarchy, Scales
from funnelest.lists.computing.mixture import Mixture
from funnelest.lists.computing.relinking import linked_at_random
from funnelest.lists.estimators import log_linear
from funnelest.lists.estimators.decomposable import Posterior
from funnelest.lists.table.cells import Cells, patterns
from funnelest.lists.terms import design, pairs
from funnelest.sampling import trajectories
from funnelest.sampling.parallel import one_thread
from funnelest.verdict import Verdict

type Floats = NDArray[np.float64]
type Truth = float
#: Tables, each with the number of people on no list.
type Tables = Callable[[np.random.Generator], tuple[OverlapTable, float]]
#: True values, and their posterior: all draws, and some that are nearly independent.
type Ranked = Mapping[str, tuple[Truth, Floats, Floats]]

GROUP = "method for linked lists"
HIDDEN = "number on no list"


def _generator(name: str, seed: int, number: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(name.encode()), number])


@dataclass(frozen=True, kw_only=True)
class RankCase:
    """A Bayesian method: where the truth ranks among draws, both from the prior."""

    name: str
    holds: tuple[str, ...]
    one: Callable[[np.random.Generator], Ranked]
    names: tuple[str, ...]
    shown: str = HIDDEN
    group: str = GROUP

    def many(self, replicates: int) -> int:
        """Return how many replicates are made where so many are wanted."""
        return replicates

    def __call__(self, chunk: tuple[int, Sequence[int]]) -> list[dict[str, Any]]:
        """Return what replicates of these numbers give, with this seed, as JSON types."""
        seed, numbers = chunk
        with one_thread():
            return [self._record(_generator(self.name, seed, i), i) for i in numbers]

    def _record(self, rng: np.random.Generator, number: int) -> dict[str, Any]:
        found = self.one(rng)
        assert tuple(found) == self.names
        rank = []
        for true, _, few in found.values():
            few = few[np.linspace(0, len(few) - 1, RANKED).astype(int)]
            rank.append(int(rng.integers((few < true).sum(), (few <= true).sum() + 1)))
        every = [draws for _, draws, _ in found.values()]
        return {
            "replicate": number, "redrawn": 0, "fits": 1, "failure": "",
            "truth": [float(true) for true, _, _ in found.values()], "rank": rank,
            "mean": [float(draws.mean()) for draws in every],
            "sd": [float(draws.std()) for draws in every],
            "quantiles": [np.quantile(d, LEVELS, method="weibull").tolist() for d in every],
        }  # fmt: skip

    def calibration(self, records: Sequence[Mapping[str, Any]]) -> Verdict:
        """Return the calibration that these replicates are."""
        return judged(
            records,
            names=self.names,
            kinds=("own",) * len(self.names),
            prior_sd=np.full(len(self.names), np.nan),
            basis="estimated",
            draws=RANKED,
            engine="of the method",
        )


@dataclass(frozen=True, kw_only=True)
class CoverageCase:
    """A method with confidence intervals: how often these hold the number of a made-up table.

    `against` says what its exact binomial test is of: that the coverage "is 95%", or that it "is
    at least" the level.
    """

    name: str
    holds: tuple[str, ...]
    estimator: Estimator
    table: Tables
    level: float = 0.95
    exact: bool = True
    lower: bool = False
    fewest: int = 300
    shown: str = HIDDEN
    group: str = GROUP

    @property
    def against(self) -> str:
        """What is tested."""
        what = "lower limit" if self.lower else "interval"
        return f"{what}: {'' if self.exact else 'at least '}{100 * self.level:g}%"

    def p(self, hits: int, size: int) -> float:
        """Return the exact binomial p-value."""
        side = "two-sided" if self.exact else "less"
        return float(stats.binomtest(hits, size, self.level, alternative=side).pvalue)

    def many(self, replicates: int) -> int:
        """Return how many tables are made where so many are wanted."""
        return replicates * self.fewest // 300

    def __call__(self, chunk: tuple[int, Sequence[int]]) -> list[dict[str, Any]]:
        """Return whether intervals hold the truth; None where there is none."""
        seed, numbers = chunk
        found = []
        for number in numbers:
            table, hidden = self.table(_generator(self.name, seed, number))
            with patch.object(
                log_linear, "_REPLICATES", 200
            ):  # of linkage errors only: 500 are slow
                estimate = self.estimator.estimate(table, seed=number)
            interval = estimate.overall.interval
            held = None
            if interval is not None:
                # As it is shown: of the people known, less or more, there are so many hidden.
                low, high = (one + estimate.overall.known - table.known for one in interval)
                held = bool(low <= hidden and (self.lower or hidden <= high))
            found.append({"replicate": number, "held": held})
        return found


# ---------------------------------------------------------------- Bayesian methods


def shrinkage(lists: int, strata: int) -> Callable[[np.random.Generator], Ranked]:
    """Return replicates of `Shrinkage`, with 150 people known (in each stratum).

    The constant is flat. Given the number of people known, the patterns are then multinomial
    whatever it is, and the hidden number negative-binomial: everything is drawn from a proper
    distribution given that number.
    """
    terms, known, main = pairs(lists), 150, 1.0
    count, X = len(terms) - lists, design(terms, lists)[:, 1:]
    scales = Scales(main, {2: 1.0}, 0.5, 0.5)

    def one(rng: np.random.Generator) -> Ranked:
        tau, beta = abs(rng.normal()), rng.normal(0, main, lists)
        common = np.concatenate([beta, tau * rng.normal(size=count)])
        sigma = np.abs(rng.normal(0, 0.5, 2)) if strata > 1 else np.zeros(2)
        own = rng.normal(size=(strata, len(terms))) * np.repeat(sigma, (lists, count))
        cells, hidden = [], 0
        for s in range(strata):
            share = np.exp(X @ (common + own[s]))
            share /= share.sum()
            counts = rng.multinomial(known, share[1:] / share[1:].sum())
            hidden += int(rng.negative_binomial(known, 1 - share[0]))
            cells.append(
                Cells(
                    tuple(patterns(lists)[1:]), counts.astype(float), np.eye(2**lists)[1:],
                    np.zeros(2**lists - 1, dtype=bool), np.ones(2**lists, dtype=bool),
                )
            )  # fmt: skip
        model = Hierarchy(cells, terms, scales)
        point, covariance = model.prepared()
        start = point + rng.uniform(-3, 3, (16, model.size)) @ np.linalg.cholesky(covariance).T
        chains = trajectories.sample(model, start, covariance, draws=125, rng=rng, warmup=(50, 100))
        every = chains.points.reshape(-1, model.size)
        thin = chains.points[:, ::20].reshape(-1, model.size)

        def both(of: Callable[[Floats], Floats]) -> tuple[Floats, Floats]:
            return of(every), of(thin)

        found = {
            HIDDEN: (hidden, *both(lambda x: model.hidden(x, rng).sum(axis=1))),
            "scale of interactions": (np.log(tau), *both(lambda x: model.part("log_tau", x)[:, 0])),
            "effect of a list": (beta[0], *both(lambda x: model.main_effects(x)[:, 0])),
            "interaction": (common[lists], *both(lambda x: model.interactions(x)[:, 0])),
        }
        if strata > 1:
            found["scale of strata"] = (
                np.log(sigma[1]), *both(lambda x: model.part("log_sigma", x)[:, 1])
            )  # fmt: skip
        return found

    return one


def decomposable(lists: int) -> Callable[[np.random.Generator], Ranked]:
    """Return replicates of `DecomposableAverage`: graph, number and probabilities from the prior.

    The posterior is a sum and not drawn: in place of draws stand its quantiles at even steps.
    """
    delta, prior = 0.4, NegativeBinomialN(a=4.0, b=60.0)
    numbers = np.arange(4000.0)

    def one(rng: np.random.Generator) -> Ranked:
        graphs = decomposable_graphs(lists)
        nobody = Posterior(np.eye(2**lists)[-1], delta, prior)
        nobody._cube = np.zeros((2,) * lists)  # no data: draws of probabilities are the prior's
        while True:
            graph = rng.integers(len(graphs), size=1)
            N = rng.poisson(rng.gamma(4.0, 60.0))
            p = nobody._shares(np.zeros(1), graphs.parents[graph], rng)[:, 0]
            counts = rng.multinomial(N, p / p.sum()).astype(float)
            hidden, counts[0] = counts[0], 0.0
            if counts.sum() > 0:
                break
        found = Posterior(counts, delta, prior)
        log_joint = found.log_joint(numbers)
        mass = np.exp(log_joint - log_joint.max()).sum(axis=0)
        upto = np.cumsum(mass) / mass.sum()
        # Independent draws, one per replicate of a rank; quantiles for the intervals.
        few = np.searchsorted(upto, rng.random(RANKED)).astype(float)
        every = np.searchsorted(upto, (np.arange(999) + 1) / 1000).astype(float)
        return {HIDDEN: (hidden, every, few)}

    return one


def latent_classes(rng: np.random.Generator) -> Ranked:
    """Return a replicate of `LatentClasses`: classes from the prior, 60 people on a list.

    Exact, since given the number of known people the likelihood is proper. Labels of classes
    have no meaning, so that the odds of being hidden are looked at, and the number.
    """
    lists, classes, known, chains = 3, 2, 60, 8
    on = np.array([[float(letter) for letter in one] for one in patterns(lists)[1:]])
    empty = Mixture(on, np.ones(len(on)), classes, 1.0, 0.25)
    true = np.concatenate(
        [
            rng.standard_normal(1),
            np.log(rng.exponential(size=classes - 1)),
            rng.logistic(size=classes * lists),
        ]
    )[None]
    share = empty.expected(true, on)[:, 0]
    counts = rng.multinomial(known, share / share.sum()).astype(float)
    model = Mixture(on[counts > 0], counts[counts > 0], classes, 1.0, 0.25)
    drawn = trajectories.sample(
        model, model.start(chains, rng), np.full(model.size, 0.09), draws=104, rng=rng,
        warmup=(25, 25, 50), wanted=0.8, most=120,
    )  # fmt: skip
    odds = model.log_odds(drawn.every)
    thin = odds.reshape(drawn.energies.shape)[:, ::8].ravel()
    truth = empty.log_odds(true)
    return {
        "log-odds of being on no list": (float(truth[0]), odds, thin),
        HIDDEN: (
            float(model.hidden(truth, rng)[0]),
            model.hidden(odds, rng),
            model.hidden(thin, rng),
        ),
    }


# ---------------------------------------------------------------- tables of the others


def _independent(N: int, *p: float) -> Tables:
    """Return tables of people who are on each list with these probabilities."""
    on = np.array([[letter == "1" for letter in one] for one in patterns(len(p))])
    return _of_means(N, np.where(on, p, 1 - np.array(p)).prod(axis=1))


def _of_means(N: int, shares: Floats) -> Tables:
    names = patterns(int(np.log2(len(shares))))

    def made(rng: np.random.Generator) -> tuple[OverlapTable, float]:
        counts = rng.multinomial(N, shares / shares.sum())
        table = dict(zip(names[1:], counts[1:].tolist(), strict=True))
        return OverlapTable([f"L{i}" for i in range(len(names[0]))], table), float(counts[0])

    return made


def _pairs_depend() -> Tables:
    on = np.array([[letter == "1" for letter in one] for one in patterns(4)])
    logs = (
        on @ np.log([0.2, 0.25, 0.3, 0.2]) + 1.2 * on[:, 0] * on[:, 1] + 0.8 * on[:, 2] * on[:, 3]
    )
    return _of_means(4000, np.exp(logs))


def _people_differ(rng: np.random.Generator) -> tuple[OverlapTable, float]:
    """Return a table of people of whom a half is found with three times the odds, a half less."""
    N, odds = 800, np.array([0.15, 0.25, 0.1, 0.2])
    a = rng.choice([1 / 3, 3.0], N)[:, None] * odds
    codes = (rng.random((N, 4)) < a / (1 + a)) @ [8, 4, 2, 1]
    counts = np.bincount(codes, minlength=16)
    table = dict(zip(patterns(4)[1:], counts[1:].tolist(), strict=True))
    return OverlapTable(list("abcd"), table), float(counts[0])


def _wrongly_linked(rng: np.random.Generator) -> tuple[OverlapTable, float]:
    """Return a table with a tenth of links missed, and the people that it does not count."""
    seen = rng.random((1500, 2)) < [0.4, 0.5]
    people = np.bincount(seen @ [2, 1], minlength=4)
    made = linked_at_random(people, 0.1, 0.03, 2, rng)
    table = OverlapTable(["a", "b"], {format(i, "02b"): int(made[i]) for i in (1, 2, 3)})
    return table, float(1500 - table.known)


def list_cases() -> list[RankCase | CoverageCase]:
    """Return every method for linked lists."""
    two = ("effect of a list", "interaction")
    ranked = [
        RankCase(
            name=f"shrinkage, {what}",
            holds=("Shrinkage",),
            one=shrinkage(*size),
            names=(HIDDEN, "scale of interactions", *two, *more),
        )
        for what, size, more in (
            ("three lists", (3, 1), ()),
            ("four lists", (4, 1), ()),
            ("three lists, two strata", (3, 2), ("scale of strata",)),
        )
    ]
    ranked += [
        RankCase(
            name=f"average over graphs, {what} lists",
            holds=("DecomposableAverage",),
            one=decomposable(lists),
            names=(HIDDEN,),
        )
        for what, lists in (("three", 3), ("four", 4))
    ]
    ranked.append(
        RankCase(
            name="latent classes",
            holds=("LatentClasses",),
            one=latent_classes,
            names=("log-odds of being on no list", HIDDEN),
        )
    )
    # Exact limits are of whole numbers, and hold the truth at least as often as they say.
    small, three = _independent(300, 0.25, 0.3), _independent(500, 0.2, 0.3, 0.15)
    covered = [
        CoverageCase(name="Lincoln-Petersen", holds=("LincolnPetersen",),
                     estimator=LincolnPetersen(), table=small, exact=False, fewest=1500),
        CoverageCase(name="Chapman", holds=("Chapman",), estimator=Chapman(),
                     table=small, exact=False, fewest=1500),
        CoverageCase(name="Chao, people are alike", holds=("ChaoLowerBound",),
                     estimator=ChaoLowerBound(),
                     table=_independent(800, 0.13, 0.2, 0.09, 0.17), fewest=1500),
        CoverageCase(name="Chao, people differ", holds=("ChaoLowerBound",),
                     estimator=ChaoLowerBound(), table=_people_differ, level=0.975,
                     exact=False, lower=True, fewest=1500),
        CoverageCase(name="log-linear, profile interval", holds=("LogLinear",),
                     estimator=LogLinear(), table=three, fewest=600),
        CoverageCase(name="log-linear, Wald interval", holds=("LogLinear",),
                     estimator=LogLinear(interval="wald"), table=three, fewest=600),
        CoverageCase(name="log-linear, two pairs depend", holds=("LogLinear",),
                     estimator=LogLinear(model="[12,34]"), table=_pairs_depend(), fewest=600),
        CoverageCase(name="log-linear, linkage error", holds=("LogLinear", "LinkageError"),
                     estimator=LogLinear(linkage=LinkageError(missed=0.1, false=0.03)),
                     table=_wrongly_linked),
        CoverageCase(name="best by BIC, independent lists", holds=("BestByBIC",),
                     estimator=BestByBIC(replicates=400), table=_independent(1000, 0.3, 0.3, 0.3)),
        CoverageCase(name="best by BIC, two pairs depend", holds=("BestByBIC",),
                     estimator=BestByBIC(replicates=300, shortlist=30), table=_pairs_depend()),
        CoverageCase(name="stepwise, independent lists", holds=("Stepwise",),
                     estimator=Stepwise(replicates=400), table=_independent(1000, 0.3, 0.3, 0.3)),
    ]  # fmt: skip
    return [*ranked, *covered]


@cache
def estimators() -> frozenset[str]:
    """Return the names of all methods of the library."""
    import funnelest.lists as lists

    return frozenset(
        name
        for name in lists.__all__
        if isinstance(getattr(lists, name), type)
        and issubclass(getattr(lists, name), Estimator)
        and getattr(lists, name) is not Estimator
    )
