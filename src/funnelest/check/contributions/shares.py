"""What is known of each quantity, the share owed to each component, and what is without one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Where, show_level
from funnelest.check.arguments import Quantity, sampled
from funnelest.check.measures import NOTHING, apart, on_scale, scale_of, three
from funnelest.inference.leaving_out import LeftOut
from funnelest.likelihood.components import components, log_densities, weighted_variance
from funnelest.likelihood.informed import Probe
from funnelest.quantities.quantities import Quantities
from funnelest.results.result import Result
from funnelest.sampling.weights import quantiles
from funnelest.verdict import Changed, Three
from funnelest.words import named

__all__ = ["Known", "Shares"]

type Floats = NDArray[np.float64]

#: Parts of the draws from which the Monte Carlo error of a share is found.
_PARTS = 20
#: Below this total nothing that counts less makes the variance larger: there are no shares.
_LEAST = 0.1
#: Between these totals the shares say what they claim to: that of a normal posterior is 1.
_TOTALS = (0.5, 2.0)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of one quantity, and by whom."""

    #: Its name.
    quantity: str
    #: Axis -> level, of a row about one stratum.
    labels: Mapping[str, str]
    #: Median and limits of the interval, after and before the figures.
    posterior: Three
    prior: Three
    #: One minus the ratio of posterior to prior variance, on the symmetric scale.
    contraction: float
    #: How far the mean moved, in prior standard deviations, on the symmetric scale.
    moved: float
    #: Sources whose likelihood depends on a parameter of the quantity, and that see some of the
    #: people of the stratum.
    seen_by: tuple[str, ...]
    #: Those of them that have a figure of no people outside the stratum; all where there is
    #: none.
    apart: tuple[str, ...]
    #: Component -> share owed to it (they add up to 1), and its Monte Carlo standard error.
    shares: Mapping[str, float] = field(repr=False)
    errors: Mapping[str, float] = field(repr=False)
    #: Kind of component -> share owed to all of that kind; NaN where there are no shares.
    owed: Mapping[str, float]
    #: What the shares added up to before: 1 for a normal posterior.
    total: float
    #: Source -> what is known without it.
    without: Mapping[str, Changed] = field(repr=False)
    #: As `Result.rests_on` gives it.
    basis: str
    #: What it rests on that no figure says; empty when on none of it. "held" where it is a
    #: number that was given; "prior only" where no source sees it; "prior" where its variance
    #: contracts too little, or more than half of what is known is owed to the priors of the
    #: route; "assumption" where more than half is owed to what was assumed of sources or of
    #: people; "both" where it is to the two together.
    rests_on: str
    #: Whether the shares describe all that is known, or nearly so.
    telling: bool

    @property
    def name(self) -> str:
        """The quantity and its stratum."""
        name = self.quantity
        for axis, level in self.labels.items():
            name = named("word.with_level", thing=name, axis=axis, level=level)
        return name


class Shares:
    """Draws of every quantity that is `looked` at (name and stratum -> it), and what they say."""

    def __init__(
        self,
        subject: str,
        result: Result,
        looked: Mapping[Any, Quantity],
        probability: float,
        contraction: float,
    ) -> None:
        self.result, self.model, self.looked = result, result.model, looked
        self.contraction = contraction
        shown = {key: f"{key[0]}{dict(key[1]) or ''}" for key in looked}
        after, before = sampled(
            subject, result, {shown[key]: function for key, function in looked.items()}
        )
        self.after = {key: after[name] for key, name in shown.items()}
        self.before = {key: before[name] for key, name in shown.items()}
        self.probability = probability
        size = len(next(iter(after.values())))
        self.logs = {
            name: _finite(log * np.ones(size))
            for name, log in log_densities(self.model, result.flat).items()
        }
        self.components = components(self.model)
        self.sources = [one for one in self.components if one.kind == "source"]
        self.probe = Probe(self.model)
        self.informed = self.probe.informed()

    def known(self, key: Any, without: Mapping[str, LeftOut]) -> Known:
        """Return what is known of one quantity, and by whom."""
        name, stratum = key
        where = dict(stratum)
        after, before = self.after[key], self.before[key]
        scale = scale_of(after, before)
        contracted, moved = apart(after, before, scale)
        shares, errors, total = self._shares(on_scale(scale, after))
        owed = {
            kind: sum(shares[one.name] for one in self.components if one.kind == kind)
            if shares
            else math.nan
            for kind in ("source", "prior", "assumption")
        }
        seen, alone = self._seen(self.looked[key], where)
        prior = three(before, self.probability, len(before))
        posterior = three(after, self.probability, self.result.effective_draws)
        telling = _TOTALS[0] <= total <= _TOTALS[1]
        if prior[1] == prior[2]:
            rests_on = "held"
        elif not seen:
            rests_on = "prior only"
        elif not contracted >= self.contraction or owed["prior"] > 0.5:
            rests_on = "prior"
        elif owed["assumption"] > 0.5:
            rests_on = "assumption"
        else:  # neither for more than half, but together they are
            rests_on = "both" if owed["prior"] + owed["assumption"] > 0.5 else ""
        return Known(
            quantity=name,
            labels={axis: show_level(level) for axis, level in where.items()},
            posterior=posterior,
            prior=prior,
            contraction=contracted,
            moved=moved,
            seen_by=seen,
            apart=alone,
            shares=shares,
            errors=errors,
            owed=owed,
            total=total,
            without={
                one.name: self._left_out(key, one.name, posterior, without.get(one.name), scale)
                for one in self.sources
            },
            basis=self.result.rests_on(self.looked[key], self.model.imputed_part(where)),
            rests_on=rests_on,
            telling=telling,
        )

    def _left_out(
        self, key: Any, source: str, before: Three, found: LeftOut | None, scale: str
    ) -> Changed:
        """Return what is known of a quantity without one source."""
        unknown = Changed(quantity=key[0], under=source, before=before, after=NOTHING,
                          how="not asked" if found is None else "failed")  # fmt: skip
        if found is None or found.how == "failed":
            return unknown
        with np.errstate(all="ignore"):
            value = self.looked[key](Quantities(self.model, found.draws))
        other = np.broadcast_to(np.asarray(value, dtype=np.float64), found.weights.shape)
        now, then = on_scale(scale, self.after[key]), on_scale(scale, other)
        if not now.std() > 0 or not np.isfinite(then).all():
            return unknown
        shift = quantiles(then, 0.5, found.weights) - np.median(now)
        return Changed(
            quantity=key[0],
            under=source,
            before=before,
            after=three(other, self.probability, found.effective, found.weights),
            how=found.how,
            k_hat=found.k_hat,
            shift=float(shift / now.std()),
            widened=math.sqrt(weighted_variance(then, found.weights) / float(now.var())),
        )

    def _shares(self, phi: Floats) -> tuple[dict[str, float], dict[str, float], float]:
        """Return the share owed to each component, its Monte Carlo error, and the total."""
        if not phi.std() > 0 or not self.logs:
            return {}, {}, np.nan
        spread = (phi - phi.mean()) ** 2 / phi.var() - 1
        # One row per component: what each draw adds to minus the covariance.
        parts = np.array([-spread * (log - log.mean()) for log in self.logs.values()])
        raw = parts.mean(axis=1)
        total = float(raw.sum())
        if not total > _LEAST:
            return {}, {}, total
        shares = raw / total
        # Of a ratio: what is left of each part when the common total is taken off.
        rest = (parts - shares[:, None] * parts.sum(axis=0)) / total
        batches = np.array([one.mean(axis=1) for one in np.array_split(rest, _PARTS, axis=1)])
        errors = batches.std(axis=0, ddof=1) / np.sqrt(_PARTS)
        return (
            dict(zip(self.logs, map(float, shares), strict=True)),
            dict(zip(self.logs, map(float, errors), strict=True)),
            total,
        )

    def _seen(self, quantity: Quantity, where: Where) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the sources that see a quantity, and those that see its stratum apart."""
        mine = self.probe.depends_on(quantity)
        sees = {source for parameter in mine for source in self.informed[parameter]}
        cells = self.model.population.mask(where)
        people = self.model.population.counts > 0
        seen, alone = [], []
        for evidence in self.model.evidence:
            if evidence.name not in sees or evidence.name not in self.logs:
                continue
            within = apart = not where
            for one in (evidence, *evidence.members()):
                for mask in self.model.population.masks(one.counted_in()):
                    here = bool((mask & people & cells).any())
                    within = within or here
                    apart = apart or (here and not (mask & people & ~cells).any())
            if within:
                seen.append(evidence.name)
            if apart:
                alone.append(evidence.name)
        return tuple(seen), tuple(alone)


def _finite(log: Floats) -> Floats:
    """Return a log-density with what is impossible as unlikely as the least likely draw."""
    finite = np.isfinite(log)
    if finite.all():
        return log
    return np.where(finite, log, log[finite].min() if finite.any() else 0.0)
