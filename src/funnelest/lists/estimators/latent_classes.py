"""Latent classes: people differ in how likely they are to be on lists, by classes unseen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from funnelest.fields import Allowed, Constraint, is_whole, number
from funnelest.lists.checks.existence import silent
from funnelest.lists.computing.mixture import Mixture
from funnelest.lists.estimate import Estimate, because
from funnelest.lists.estimators.base import Estimator
from funnelest.lists.table.table import OverlapTable
from funnelest.sampling.gate import Gate
from funnelest.sampling.parallel import one_thread
from funnelest.sampling.trajectories import Chains, gate_of, sample
from funnelest.sampling.weights import equal_tailed
from funnelest.words import Sentence, named, say

__all__ = ["LatentClasses"]

type Floats = NDArray[np.float64]

#: Many chains, so that a second region of the posterior is found.
_CHAINS, _WARM_UP = 16, (25, 25, 50, 50)
#: A diagonal metric, of the variances over all chains: chains that have the same thing under
#: another label then know the scale of either. Its first guess; which share of the proposals is to
#: be accepted; and the most steps.
_SCALE, _WANTED, _MOST = 0.3, 0.8, 120
#: Draws of a chain before it is looked whether they do; then so many more at a time, until the gate
#: is passed with some room in R-hat (not by the luck of one look), or R-hat says that it is of no
#: use.
_BLOCKS, _ENOUGH, _HOPELESS = (300, *[75] * 8), 1.008, 1.05
#: Chains whose medians of the hidden number are further apart than this (in logarithms) have
#: found different regions; hidden numbers well below so many times the known ones are alike.
_APART, _SMALL = 0.25, 0.05
#: A class is in use with more than this share of the known people.
_IN_USE = 0.01
_SHOWN = 1000
#: An upper limit of so many times the median is a tail that the prior made.
_LONG = 2.0


@dataclass(frozen=True, kw_only=True)
class LatentClasses(Estimator):
    r"""Mixture of classes of people, within each of which the lists are independent.

    A truncated Dirichlet process (stick-breaking) of at most `classes` classes, of which the
    table uses as many as it needs. The number of people is summed out under a prior proportional
    to 1/N. Only what does not depend on how classes are numbered is reported.

    Parameters
    ----------
    classes : int, default 10
        Most classes there may be, 2 to 50.
    concentration : float, default 1.0
        Median of the concentration of the Dirichlet process: higher, and more classes are
        expected, before the table is seen.
    concentration_spread : float, default 0.25
        Standard deviation of its logarithm.
    probability : float, default 0.95
        Probability of the interval.

    Notes
    -----
    With :math:`\pi_x = \sum_h w_h \prod_l p_{lh}^{x_l} (1 - p_{lh})^{1 - x_l}` the probability of
    pattern x, the likelihood is :math:`\prod_x (\pi_x / (1 - \pi_0))^{n_x}`, and the hidden
    number given the rest negative binomial with size n and probability :math:`1 - \pi_0`. The
    weights :math:`w` are stick-breaking with :math:`v_h \sim` Beta(1, :math:`\alpha`),
    :math:`\log \alpha \sim` Normal, and :math:`p_{lh} \sim` Beta(1, 1).

    Manrique-Vallier, Biometrics 2016;72:1246; his program LCMCR has
    :math:`\alpha \sim` Gamma(0.25, 0.25) in its place. Drawn by Hamiltonian Monte Carlo with 16
    chains that start between hardly anybody hidden and nearly everybody; nothing is shown where
    they do not agree.
    """

    classes: int = 10
    concentration: float = 1.0
    concentration_spread: float = 0.25

    fewest: ClassVar[int] = 3
    allowed: ClassVar[Allowed] = {
        "classes": Constraint(
            "must be a whole number from 2 to 50",
            lambda value: is_whole(value, 2) and value <= 50,
            (2, 50.0, np.int64(7)),
            (None, True, "3", 1, 51, 2.5, np.nan),
        ),
        "concentration": number(least=0.01, most=100),
        "concentration_spread": number(least=0.01, most=3),
    }

    @property
    def name(self) -> str:
        return named("lists.method.classes", classes=self.classes)

    def _estimate(self, table: OverlapTable, seed: int) -> Estimate:
        made = partial(
            self._made,
            table,
            statistic="posterior median",
            kind=named("lists.kind.posterior"),
            assumes=_assumes(len(table.lists)),
        )
        known = table.known
        cells = table.cells(table.strata[0])
        silence = silent(table)
        if silence:
            return made(**because(silence))
        rng = np.random.default_rng(seed)
        on = np.array([[float(letter) for letter in one] for one in cells.patterns])
        some = cells.counts > 0
        model = Mixture(
            on[some],
            cells.counts[some],
            int(self.classes),
            float(self.concentration),
            float(self.concentration_spread),
        )
        # The hidden number has a stream of its own for each look at the chains: the same draws.
        own = int(rng.integers(2**63))
        with one_thread():
            drawn = sample(
                model,
                model.start(_CHAINS, rng),
                np.full(model.size, _SCALE**2),
                draws=_BLOCKS,
                rng=rng,
                warmup=_WARM_UP,
                wanted=_WANTED,
                most=_MOST,
                enough=lambda found: _settled(_gate(_hidden(model, found, own), found)),
            )
            hidden = _hidden(model, drawn, own)
            gate = _gate(hidden, drawn)
            shown = drawn.some(_SHOWN)
            predicted = model.expected(shown, on)
            in_use = (model.seen_shares(shown) > _IN_USE).sum(axis=0)
        made = partial(made, gate=gate, details={"chains": tuple(np.median(hidden, axis=1))})
        if not gate.passed:
            why = because(_why(gate, hidden, known))
            return made(measures=dict(gate.measures), **why)
        low, middle, high = (float(x) for x in equal_tailed(hidden.ravel(), self.probability))
        return made(
            middle,
            (low, high),
            draws=hidden.ravel(),
            predicted={table.strata[0]: predicted},
            measures={
                **gate.measures,
                "classes in use": float(in_use.mean()),
                "share known": float(np.median(known / (known + hidden))),
            },
            warnings=_warnings(middle, high),
        )


def _hidden(model: Mixture, drawn: Chains, seed: int) -> Floats:
    """Return draws of the hidden number, shape ``(chains, draws)``."""
    log_odds = model.log_odds(drawn.every).reshape(drawn.energies.shape)
    # By draws, so that those of a longer run begin with those of a shorter one.
    return model.hidden(log_odds.T, np.random.default_rng(seed)).T


def _gate(hidden: Floats, drawn: Chains) -> Gate:
    return gate_of(drawn, np.log(hidden + 0.5)[None])


def _settled(gate: Gate) -> bool:
    """Whether more draws are not needed, or of no use."""
    r_hat = gate.measures["R-hat"]
    return (gate.passed and r_hat < _ENOUGH) or not r_hat < _HOPELESS


def _assumes(lists: int) -> str:
    most = "one class" if lists < 4 else f"{lists // 2} classes"
    return (
        "people are of classes that nobody sees, and within a class being on one list says "
        "nothing of being on another; everyone can come on a list; the lists are linked without "
        f"error. The overlaps of {lists} lists need not tell more than {most} apart: beyond that "
        "the prior decides (Aleshin-Guendel, Sadinle and Wakefield, arXiv:2101.09304)."
    )


def _regions(hidden: Floats, known: int) -> list[Floats]:
    """Return the medians of the chains, in groups that are apart."""
    medians = np.sort(np.median(hidden, axis=1))
    gaps = np.flatnonzero(np.diff(np.log(medians + _SMALL * known)) > _APART)
    return np.split(medians, gaps + 1)


def _why(gate: Gate, hidden: Floats, known: int) -> Sentence:
    """Return why no number is shown, and where the chains are."""
    failed = gate.failures
    if gate.measures["R-hat"] < _HOPELESS:
        return say("lists.why.unreliable", names=failed)
    regions = _regions(hidden, known)
    if len(regions) == 1:
        low, high = _round(regions[0][0]), _round(regions[0][-1])
        return say("lists.why.apart", names=failed, low=low, high=high)
    places = [say("lists.why.region", about=_round(np.median(r)), n=len(r)) for r in regions]
    values = {"names": failed, "chains": len(hidden), "count": len(regions), "places": places}
    return say("lists.why.regions", **values)


def _round(number: float) -> int:
    """Return a number with two digits that are not zero."""
    return int(float(f"{number:.2g}"))


def _warnings(middle: float, high: float) -> tuple[str, ...]:
    if high <= _LONG * max(middle, 1.0):
        return ()
    return (
        f"The upper limit is {high / max(middle, 1.0):.1f} times the median: a class that hardly "
        "ever comes on a list can be large without a trace in the overlaps, so that this tail is "
        "as long as the prior makes it.",
    )
