"""A Bayesian log-linear model whose interactions shrink towards none."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from funnelest.fields import POSITIVE, Allowed, one_of, whole
from funnelest.lists.checks.existence import silent
from funnelest.lists.computing.hierarchy import Hierarchy, Scales
from funnelest.lists.estimate import Estimate, Part, because
from funnelest.lists.estimators.base import Estimator
from funnelest.lists.table.table import OverlapTable
from funnelest.lists.terms import Term, pairs
from funnelest.sampling.gate import Gate
from funnelest.sampling.parallel import one_thread
from funnelest.sampling.trajectories import Chains, gate_of, sample
from funnelest.sampling.weights import discrete_quantiles, effective_size, equal_tailed
from funnelest.words import named, say

__all__ = ["Shrinkage"]

type Floats = NDArray[np.float64]

_CHAINS = 16
#: Of the first try, and of a second where that was not enough: how long, and which share of
#: proposals is to be accepted (more: smaller steps).
_TRIES = ((1, 0.9), (2, 0.98))
#: Chains start evenly spread over so many standard deviations (roughly known) either way.
_SPREAD = 3.0
_SHOWN = 1000
#: Above this share of the prior's standard deviation the prior decides.
_PRIOR_DECIDES = 0.9
#: A prior matters that, half or twice as wide, moves the median by so many standard deviations.
_MOVES = 0.5


@dataclass(frozen=True, kw_only=True)
class Shrinkage(Estimator):
    r"""Log-linear model with every interaction in it, each shrunk towards none by what all show.

    Numbers of people on each combination of lists are Poisson, with

    .. math::
        \log \mu_h = a + \sum_{j \in h} b_j + \sum_{t \subseteq h} c_t, \qquad
        b_j \sim N(0, \text{main\_sd}^2), \quad c_t \sim N(0, \tau_{|t|}^2), \quad
        \tau_2 \sim N^+(0, \text{pair\_scale}^2)

    over the interactions t of two lists (of three too, with `order` 3, that have a scale of their
    own). The constant a is flat, so that the prior of the number of people N is proportional to
    1/N. No model is chosen, and an overlap with nobody needs no special treatment. Expected people
    on no list are :math:`e^a`; the hidden number is drawn around that.

    With strata, every stratum has a constant of its own (flat), and effects that scatter around
    common ones (partial pooling): lists' effects by :math:`\sigma_1 \sim N^+(0,
    \text{strata\_main\_scale}^2)`, interactions by :math:`\sigma_2 \sim N^+(0,
    \text{strata\_pair\_scale}^2)`. A list that does not cover a stratum has no effect there.

    Counts of several patterns have the sum of their means; a count that is an upper limit
    contributes the probability that the number of the target population is at most that, and that
    number belongs to the hidden people.

    Parameters
    ----------
    order : int, optional
        Largest number of lists of which there is an interaction: 2 or 3, fewer than there are
        lists. Left out, the largest that may be: where interactions of three are nil, they are
        shrunk away, and where they are not, pairs alone give an interval that is too narrow.
    main_sd : float, default 10.0
        Standard deviation of the lists' effects (log-odds of being on a list, of those on no
        other). Ten is flat for every purpose: much smaller ones pull the hidden number down.
    pair_scale : float, default 1.0
        Scale of the half-normal prior of tau. Interactions are log-odds ratios: with tau 1, being
        on one list changes the odds of being on another by a factor of up to 7 either way.
    triple_scale : float, default 0.5
        The same of the interactions of three lists.
    strata_main_scale : float, default 1.0
        Scale of the half-normal prior of how much lists' effects differ between strata.
    strata_pair_scale : float, default 0.5
        The same of the interactions.
    draws : int, default 12000
        Draws after warm-up, all chains together; twice as many, in smaller steps, in a second
        try where the gate was not passed.
    probability : float, default 0.95
        Probability of the interval.

    Notes
    -----
    Drawn by Hamiltonian Monte Carlo of 16 chains at once, in coordinates chosen by how much the
    data know of each effect. The gate wants R-hat below 1.01, 400 effective draws and no
    divergence in fine steps, of every coefficient, scale and hidden number; else the number is
    withheld.

    Shrinkage of interactions in capture-recapture: King and Brooks, Biometrika 2001;88:317
    (average over models); Silverman, JRSS A 2020;183:691 (what the priors do).

    Examples
    --------
    >>> from funnelest import lists
    >>> from funnelest.lists.estimators.shrinkage import Shrinkage
    >>> table = lists.OverlapTable(
    ...     ["police", "hospital", "shelter"],
    ...     {"100": 400, "010": 200, "001": 90, "110": 100, "101": 40, "011": 30, "111": 20},
    ... )
    >>> Shrinkage().estimate(table).passed
    True
    """

    order: int | None = None
    main_sd: float = 10.0
    pair_scale: float = 1.0
    triple_scale: float = 0.5
    strata_main_scale: float = 1.0
    strata_pair_scale: float = 0.5
    draws: int = 12_000

    fewest: ClassVar[int] = 3
    allowed: ClassVar[Allowed] = {
        "order": one_of(2, 3).or_none,
        "main_sd": POSITIVE,
        "pair_scale": POSITIVE,
        "triple_scale": POSITIVE,
        "strata_main_scale": POSITIVE,
        "strata_pair_scale": POSITIVE,
        "draws": whole(1000),
    }
    takes_incomplete: ClassVar[bool] = True
    takes_strata: ClassVar[bool] = True

    @property
    def name(self) -> str:
        key = "shrinkage" if self.order is None else "shrinkage_order"
        return named(f"lists.method.{key}", order=self.order)

    def _largest(self, lists: int) -> int:
        """Return how many lists the largest interaction is of."""
        return min(3, lists - 1) if self.order is None else self.order

    def _problems(self, table: OverlapTable, wrong: Collection[str]) -> list[str]:
        found = []
        if "order" not in wrong and self.order == 3 and len(table.lists) == 3:
            found.append(
                "with 3 lists nothing is known of their interaction (order 3): use order 2."
            )
        return found + [
            (f"stratum {stratum!r} has" if table.stratified else "there is")
            + " nobody who is known to be on a list of the target population: "
            + "leave it out, or join it with another."
            for stratum in table.strata
            if table.known_in(stratum) == 0
        ]

    # ------------------------------------------------------------------ estimate

    def _estimate(self, table: OverlapTable, seed: int) -> Estimate:
        made = partial(
            self._made,
            table,
            statistic="posterior median",
            kind=named("lists.kind.posterior"),
            assumes=self._assumes(table),
        )
        silence = silent(table)
        if silence:
            why = because(silence)
            said = why["withheld"]
            none = {one: Part(table.known_in(one), np.nan, None, said) for one in table.strata}
            return made(strata=none if table.stratified else {}, **why)
        terms = pairs(len(table.lists), self._largest(len(table.lists)))
        scales = Scales(
            self.main_sd,
            {2: self.pair_scale, 3: self.triple_scale},
            self.strata_main_scale,
            self.strata_pair_scale,
        )
        model = Hierarchy([table.cells(one) for one in table.strata], terms, scales)
        rng = np.random.default_rng(seed)
        with one_thread():
            chains, gate = self._drawn(model, rng)
            points = chains.every
            hidden = model.hidden(points, rng)
            shown = chains.some(_SHOWN)
            predicted = {one: model.predicted(shown, s) for s, one in enumerate(table.strata)}
        total = hidden.sum(axis=1)
        withheld: dict[str, Any] = {}
        found: tuple[float, tuple[float, float] | None] = (np.nan, None)
        measures, warnings = {"acceptance": chains.accepted, **gate.measures}, []
        if gate.passed:
            found = self._part(total)
            moved = self._other_priors(model, points, total)
            measures |= moved
            warnings = [*self._prior_warnings(model, table, points), *_moved(moved, total)]
        else:
            withheld = because(say("lists.why.untrusted", names=gate.failures))
        parts = [self._part(one) if gate.passed else found for one in hidden.T]
        strata = {
            one: Part(table.known_in(one), *part)
            for one, part in zip(table.strata, parts, strict=True)
        }
        return made(
            *found,
            strata=strata if table.stratified else {},
            **withheld,
            warnings=(*warnings, *_thin_strata(table)),
            measures=measures,
            gate=gate,
            draws=total,
            predicted=predicted,
            details=self._details(model, table, points),
        )

    def _drawn(self, model: Hierarchy, rng: np.random.Generator) -> tuple[Chains, Gate]:
        point, covariance = model.prepared()
        root = np.linalg.cholesky(covariance)
        for times, wanted in _TRIES:
            start = point + rng.uniform(-_SPREAD, _SPREAD, (_CHAINS, model.size)) @ root.T
            draws = -(-int(self.draws) * times // _CHAINS)
            warmup = tuple(times * one for one in (50, 100, 150))
            chains = sample(
                model, start, covariance, draws=draws, rng=rng, warmup=warmup, wanted=wanted
            )
            gate = gate_of(chains, model.reported(chains.points))
            if gate.passed:
                break
        return chains, gate

    def _part(self, hidden: Floats) -> tuple[float, tuple[float, float] | None]:
        low, middle, high = map(float, equal_tailed(hidden, self.probability))
        return middle, (low, high)

    # ------------------------------------------------------------------ words

    def _assumes(self, table: OverlapTable) -> str:
        pairs_only = self._largest(len(table.lists)) == 2
        highest = "two" if pairs_only else "three"
        said = (
            f"being on lists depends on each other by {'pairs' if pairs_only else highest} "
            f"at most (no interaction of more than {highest} lists, so none of all); interactions "
            "are as likely positive as negative and alike in size; persons do not differ "
            "otherwise in how likely they are listed"
        )
        if len(table.strata) > 1:
            said += "; strata are alike in the lists' effects and interactions, but for scatter"
        return said + "."

    def _prior_warnings(self, model: Hierarchy, table: OverlapTable, points: Floats) -> list[str]:
        """Return which interactions, and which of their scales, the prior decides."""
        found = []
        tau = np.exp(model.part("log_tau", points))
        for i, size in enumerate(model.sizes):
            # Of a half-normal with scale 1 the standard deviation is sqrt(1 - 2 / pi).
            prior = model.scales.interactions[size] * np.sqrt(1 - 2 / np.pi)
            if tau[:, i].std() > _PRIOR_DECIDES * prior:
                found.append(
                    f"How large interactions of {size} lists are is mostly decided by the prior "
                    f"({'pair' if size == 2 else 'triple'}_scale): the overlaps say little of it."
                )
        units = model.interactions(points) / (tau @ model.tau_of)
        unknown = [
            _words(term, table)
            for term, spread in zip(model.terms[model.lists :], units.std(axis=0), strict=True)
            if spread > _PRIOR_DECIDES
        ]
        if unknown:
            found.append(
                "The overlaps say little of the dependence of these lists, which the prior mostly "
                f"decides: {'; '.join(unknown)}."
            )
        return found

    def _other_priors(self, model: Hierarchy, points: Floats, hidden: Floats) -> dict[str, float]:
        """Return the median of the hidden number with priors half and twice as wide."""
        found = {}
        beta = model.main_effects(points)
        tau = np.exp(model.part("log_tau", points))
        scales = {2: ("pair_scale", self.pair_scale), 3: ("triple_scale", self.triple_scale)}
        own = [
            (scales[size][0], tau[:, i] ** 2 / scales[size][1] ** 2, 1)
            for i, size in enumerate(model.sizes)
        ]
        for field, squared, number in (
            ("main_sd", np.sum(beta**2, axis=1) / self.main_sd**2, beta.shape[1]),
            *own,
        ):
            for word, factor in (("half", 0.5), ("twice", 2.0)):
                logs = -0.5 * squared * (factor**-2 - 1) - number * np.log(factor)
                weights = np.exp(logs - logs.max())
                # Worth a hundred even draws is enough for a median.
                enough = effective_size(weights) > 100
                value = float(discrete_quantiles(hidden, 0.5, weights)) if enough else np.nan
                found[f"hidden, {field} {word}"] = value
        return found

    def _details(
        self, model: Hierarchy, table: OverlapTable, points: Floats
    ) -> dict[str, tuple[dict[str, Any], ...]]:
        """Return the posteriors of the interactions and of the scales."""

        def row(values: Floats, **words: object) -> dict[str, Any]:
            low, middle, high = equal_tailed(values, self.probability)
            return {**words, "median": float(middle), "low": float(low), "high": float(high)}

        terms = model.terms[model.lists :]
        common = model.interactions(points)
        tau = np.exp(model.part("log_tau", points))
        scales = [
            row(tau[:, i], scale=f"tau, interactions of {size}")
            for i, size in enumerate(model.sizes)
        ]
        found = {
            "interactions": tuple(
                row(
                    common[:, i],
                    lists=_words(term, table),
                    positive=float((common[:, i] > 0).mean()),
                )
                for i, term in enumerate(terms)
            )
        }
        if len(table.strata) > 1:
            sigma = np.exp(model.part("log_sigma", points))
            scales += [
                row(sigma[:, 0], scale="sigma, lists' effects between strata"),
                row(sigma[:, 1], scale="sigma, interactions between strata"),
            ]
            own = model.coefficients(points)[:, :, model.lists :]
            found["interactions by stratum"] = tuple(
                row(own[:, s, i], stratum=stratum, lists=_words(term, table))
                for s, stratum in enumerate(table.strata)
                for i, term in enumerate(terms)
                if all(table.covers(table.lists[j], stratum) for j in term)
            )
        return {**found, "scales": tuple(scales)}


def _words(term: Term, table: OverlapTable) -> str:
    return " and ".join(table.lists[i] for i in term)


def _overlapping(table: OverlapTable, stratum: str) -> int:
    """Return how many people of a stratum are known to be on two lists or more."""
    cells = table.cells(stratum)
    several = np.array([one.count("1") > 1 for one in cells.patterns], dtype=bool)
    return int(cells.counts[several & ~cells.limits].sum())


def _thin_strata(table: OverlapTable) -> list[str]:
    """Return which strata lean on the others."""
    if len(table.strata) < 2:
        return []
    thin = [one for one in table.strata if _overlapping(table, one) == 0]
    few = [
        one
        for one in table.strata
        if one not in thin and sum(table.covers(name, one) for name in table.lists) < 3
    ]
    found = []
    if thin:
        found.append(
            f"Nobody is on two lists in {', '.join(thin)}: what is hidden there rests on the "
            "other strata."
        )
    if few:
        found.append(
            f"Fewer than three lists cover {', '.join(few)}: the lists' dependence there rests on "
            "the other strata."
        )
    return found


def _moved(medians: dict[str, float], hidden: Floats) -> list[str]:
    """Return which priors the hidden number depends on."""
    logs = np.log(hidden + 0.5)
    middle, spread = np.median(logs), logs.std()
    found = []
    for field in ("main_sd", "pair_scale"):
        others = [medians[f"hidden, {field} {word}"] for word in ("half", "twice")]
        shown = [f"{one:,.0f}" if np.isfinite(one) else "far from it" for one in others]
        if not all(abs(np.log(one + 0.5) - middle) <= _MOVES * spread for one in others):
            found.append(
                f"The number depends on the prior: with {field} half as wide the median would be "
                f"{shown[0]}, with twice {shown[1]}."
            )
    return found
