"""A given log-linear model of which lists depend on each other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.errors import raise_if_any
from funnelest.fields import Allowed, Constraint, one_of
from funnelest.lists.checks.existence import Existing, existing
from funnelest.lists.computing.fits import fit_poisson
from funnelest.lists.computing.profile import log_normal, profile_limits, sum_limits
from funnelest.lists.computing.reduced import reduced
from funnelest.lists.computing.relinking import linked_at_random
from funnelest.lists.estimate import Estimate, Part, because, chained
from funnelest.lists.estimators.base import Estimator
from funnelest.lists.fitting import (
    contradiction,
    empty_warnings,
    limit_warnings,
    misfit,
    p_value,
)
from funnelest.lists.linkage import LinkageError, linkage_problems
from funnelest.lists.table.problems import joined
from funnelest.lists.table.table import OverlapTable
from funnelest.lists.terms import (
    Model,
    Term,
    brackets,
    independent,
    model_problems,
    model_without,
    read_model,
)
from funnelest.sampling.weights import equal_tailed
from funnelest.words import Language, Sentence, named, say

__all__ = ["LogLinear"]

type Floats = NDArray[np.float64]

_INTERVALS = {"profile": named("lists.kind.profile"), "wald": named("lists.kind.wald")}
_REPLICATES = 500


@dataclass(frozen=True)
class _Fitted:
    """The model fitted to one stratum; only `why` where it cannot be."""

    part: Part
    why: Sentence | str | None = None
    warnings: tuple[str, ...] = ()
    predicted: Floats | None = None
    variance: float = np.nan
    deviance: float = 0.0
    df: int = 0
    log_likelihood: float = 0.0
    terms: int = 0


@dataclass(frozen=True, kw_only=True)
class LogLinear(Estimator):
    r"""Maximum likelihood of a hierarchical log-linear model that the user states.

    Parameters
    ----------
    model : str or sequence of (str or sequence of str), optional
        Which lists depend on each other: ``"[12,3]"`` by their numbers, or ``[["police",
        "hospital"], "church"]`` by name. Left out, all are independent of each other.
    interval : {"profile", "wald"}, default "profile"
        Profile likelihood, or the normal approximation on the logarithm of the hidden number.
    linkage : LinkageError, optional
        Rates of missed and false links. Counts are then those of the lists as linked; of a
        complete table without strata. The interval is that of a bootstrap.

    Notes
    -----
    Counts are Poisson, :math:`\log E n_h` is the sum of the terms whose lists are all in the
    pattern h, and the number on none is :math:`e^{b_0}` (Fienberg, Biometrika 1972;59:591). Before
    the fit stands `existence`: nothing is shown where the estimate does not exist. The standard
    error is :math:`\sqrt{\hat n_0 + \hat n_0^2 \mathrm{var}(b_0)}`, deviance, AIC and BIC (with
    the number of known people) are those of Rcapture (Baillargeon and Rivest, Journal of
    Statistical Software 2007;19(5)); a term at minus infinity counts as a parameter.

    In strata every term is free, and lists that do not cover a stratum are left out there. The
    interval of the total is then that of independent strata (method of variance estimates
    recovery, Zou and Donner, Statistics in Medicine 2008;27:1693). People who are only on lists
    that also hold others are part of the hidden number, and no part of the likelihood.

    With linkage errors the expected counts are those of the true patterns, mixed by the matrix
    of `LinkageError`; the estimate is that at the median rates. Each of 500 replicates draws rates,
    fits the counts at those, draws people, links them at those rates, and estimates at the
    median rates: the ratio of the truth to that estimate, times the estimate, is a draw. The
    interval holds the middle 95% of the hidden number and, less the corrected known, of the total.
    """

    model: Model | None = None
    interval: Literal["profile", "wald"] = "profile"
    linkage: LinkageError | None = None

    allowed: ClassVar[Allowed] = {
        "interval": one_of(*_INTERVALS),
        "linkage": Constraint(
            "must be a LinkageError", lambda value: isinstance(value, LinkageError), (), (3, "no")
        ).or_none,
    }
    takes_incomplete: ClassVar[bool] = True
    takes_strata: ClassVar[bool] = True

    @property
    def name(self) -> str:
        if self.model is None:
            shown: str = named("lists.method.independent")
        elif isinstance(self.model, str):
            shown = self.model.strip()
        elif isinstance(self.model, Sequence):
            groups = (g if isinstance(g, list | tuple | set) else [g] for g in self.model)
            shown = f"[{', '.join('*'.join(map(str, one)) for one in groups)}]"
        else:
            shown = repr(self.model)
        made = named("lists.method.log_linear", model=shown)
        return named("lists.method.linked", method=made) if self.linkage is not None else made

    def without(self, name: str, lists: Sequence[str]) -> LogLinear:
        """Return the same model without a list."""
        if self.model is None:
            return self
        left = [one for one in lists if one != name]
        model = model_without(self.model, name, lists)
        if len(left) > 1 and any(len(group) == len(left) for group in model):
            text = (
                f"the model would be that all lists that are left, {joined(left)}, depend on each "
                "other, of which their overlaps say nothing."
            )
            raise_if_any([text], f"leaving out list {name!r}")
        return replace(self, model=model)

    def quick(self) -> LogLinear:
        """Return the same estimate with the interval that is found fastest."""
        return replace(self, interval="wald") if self.linkage is None else self

    def _problems(self, table: OverlapTable, wrong: Collection[str]) -> list[str]:
        found = [] if self.model is None else model_problems(self.model, table.lists)
        if self.linkage is None or "linkage" in wrong:
            return found
        found += self.linkage.own_problems() + self.linkage.list_problems(table.lists)
        return found + [f"linkage error: {one}" for one in linkage_problems(table)]

    def _terms(self, table: OverlapTable) -> tuple[Term, ...]:
        if self.model is None:
            return independent(len(table.lists))
        return read_model(self.model, table.lists)

    def _estimate(self, table: OverlapTable, seed: int) -> Estimate:
        terms = self._terms(table)
        lists = len(table.lists)
        checks = existing(table, terms)
        made = self._made(
            table,
            method=named("lists.method.log_linear", model=brackets(terms, lists)),
            statistic="maximum likelihood",
            kind=_INTERVALS[self.interval],
            assumes=_assumed(table, terms),
            details={"existence": checks},
        )
        if self.linkage is not None:
            return _linked(self.linkage, made, terms, checks[table.strata[0]], seed)
        fits = {name: self._fitted(table, name, terms, checks[name]) for name in table.strata}
        return self._together(made, fits)

    def _together(self, made: Estimate, fits: dict[str, _Fitted]) -> Estimate:
        """Return the estimate of all strata from that of each."""
        table = made.table_of
        where = {name: f"Stratum {name!r}: " if table.stratified else "" for name in fits}
        made = replace(
            made,
            strata={
                name: replace(one.part, withheld=Language("en").say(one.why or ""))
                for name, one in (fits.items() if table.stratified else ())
            },
            warnings=tuple(where[name] + w for name, one in fits.items() for w in one.warnings),
            predicted={n: one.predicted for n, one in fits.items() if one.predicted is not None},
        )
        deviance, df = sum(o.deviance for o in fits.values()), sum(o.df for o in fits.values())
        measures = {
            "deviance": deviance,
            "df": float(df),
            "p-value of the fit": p_value(deviance, df),
        }
        why = [
            say("lists.in_stratum", stratum=name, said=one.why) if table.stratified else one.why
            for name, one in fits.items()
            if one.why
        ]
        if why:
            return replace(
                made,
                **because(chained(why)),
                measures=measures if all(o.predicted is not None for o in fits.values()) else {},
                kind="",
                kind_in_strata="" if len(why) == len(fits) else made.kind,
            )
        hidden = np.array([one.part.hidden for one in fits.values()])
        limits = [one.part.interval or (np.nan, np.nan) for one in fits.values()]
        interval = limits[0] if len(fits) == 1 else sum_limits(hidden, limits)
        parameters = sum(one.terms for one in fits.values())
        fitted = -2 * sum(one.log_likelihood for one in fits.values())
        measures = {
            "standard error": float(np.sqrt(sum(one.variance for one in fits.values()))),
            **measures,
            "AIC": fitted + 2 * parameters,
            "BIC": fitted + parameters * float(np.log(max(table.known, 1))),
        }
        overall = Part(table.known, float(hidden.sum()), interval)
        made = replace(made, overall=overall, measures=measures)
        if len(fits) == 1:
            return made
        kind = named("lists.kind.strata", kind=made.kind)
        return replace(made, kind=kind, kind_in_strata=made.kind)

    def _fitted(
        self, table: OverlapTable, stratum: str, terms: tuple[Term, ...], exists: Existing
    ) -> _Fitted:
        known = table.known_in(stratum)
        nothing = Part(known, np.nan, None)
        if exists.code:
            return _Fitted(nothing, chained(exists.said))
        cells = table.cells(stratum)
        left = reduced(cells, terms, len(table.lists))
        counts = cells.counts[left.cells]
        fit = fit_poisson(left.X, counts, left.sums)
        if not fit.converged[0]:
            return _Fitted(nothing, say("lists.why.steps"))
        means = np.exp(left.X @ fit.coefficients[0])
        hidden = float(means[left.unobserved].sum())
        slope = means[left.unobserved] @ left.X[left.unobserved] / hidden
        spread = float(slope @ fit.covariance(left.X, left.sums)[0] @ slope)
        if self.interval == "profile":
            limits = profile_limits(
                left.X, left.sums, counts, hidden, np.sqrt(spread), self.probability
            )
        else:
            limits = log_normal(hidden, spread, self.probability)
        predicted = cells.sums[:, left.patterns] @ means
        deviance, df = float(fit.deviance[0]), len(counts) - left.X.shape[1]
        warnings = [
            *empty_warnings(table, left),
            *limit_warnings(table, stratum, predicted),
            *misfit(deviance, df, predicted[left.cells]),
        ]
        absent = [name for name in table.lists if not table.covers(name, stratum)]
        if absent:
            warnings.append(f"Without {' and '.join(absent)}, which cannot hold these people.")
        against = contradiction(table, stratum, predicted)
        if against:
            return _Fitted(nothing, against, tuple(warnings), predicted, deviance=deviance, df=df)
        if not np.isfinite(limits[1]):
            return _Fitted(nothing, say("lists.why.no_limit"), tuple(warnings))
        return _Fitted(
            Part(known, hidden, limits),
            None,
            tuple(warnings),
            predicted,
            hidden + hidden**2 * spread,
            deviance,
            df,
            _log_likelihood(counts, predicted[left.cells]),
            left.X.shape[1] + len(left.empty),
        )


# ------------------------------------------------------------------------- parts


def _log_likelihood(counts: Floats, means: Floats) -> float:
    from scipy.stats import poisson

    return float(poisson.logpmf(counts, means).sum())


def _assumed(table: OverlapTable, terms: tuple[Term, ...]) -> str:
    joint = [t for t in terms if len(t) > 1 and not any(set(t) < set(o) for o in terms)]
    if joint:
        shown = "; ".join(" with ".join(table.lists[i] for i in t) for t in joint)
        depend = f"lists depend on each other only as the model says ({shown})"
    else:
        depend = "no list depends on another"
    within = " within a stratum" if table.stratified else ""
    return (
        f"{depend}; people are alike in how likely they are on each list{within}, or differ only "
        "in ways that these dependences stand for; nobody enters or leaves the population, and "
        "all links are right and complete. The overlaps cannot test the interaction of all lists."
    )


# ----------------------------------------------------------------------- linkage


def _linked(
    linkage: LinkageError,
    made: Estimate,
    terms: tuple[Term, ...],
    exists: Existing,
    seed: int,
) -> Estimate:
    """Return the estimate for a table with missed and false links."""
    table = made.table_of
    lists = len(table.lists)
    made = replace(
        made,
        method=named("lists.method.linked", method=made.method),
        kind=named("lists.kind.linked"),
        assumes=made.assumes.replace(
            "all links are right and complete", "links are missed and false at the stated rates"
        ),
    )
    if exists.code:
        return replace(made, kind="", **because(chained(exists.said)))
    cells = table.cells()
    left = reduced(cells, terms, lists)

    def fit(counts: Floats, missed: float, false: float) -> tuple[Floats, Floats, Any]:
        link = cells.sums @ linkage.matrix(lists, missed, false)[:, left.patterns]
        found = fit_poisson(left.X, counts, link)
        means = np.exp(left.X @ found.coefficients[0])
        return means, link @ means, found

    rates = linkage.rates()
    middle = {name: float(prior.ppf(0.5)) for name, prior in rates.items()}
    means, predicted, found = fit(cells.counts, middle["missed"], middle["false"])
    if not (found.converged[0] and predicted.min() > 1e-100):
        return replace(made, kind="", **because(say("lists.why.rates")))
    known, n0 = round(float(means[1:].sum())), float(means[0])
    rng = np.random.default_rng(seed)
    drawn = {name: prior.sample(rng, _REPLICATES) for name, prior in rates.items()}
    # How far the truth is from its estimate: of the hidden number, and of the total.
    off = np.full((2, _REPLICATES), np.nan)
    every = np.zeros(2**lists)
    for i in range(_REPLICATES):
        missed, false = drawn["missed"][i], drawn["false"][i]
        every[left.patterns], _, first = fit(cells.counts, missed, false)
        if not first.converged[0] or every.max() > 1e15:
            continue
        people = rng.poisson(every)
        seen = linked_at_random(people, missed, false, lists, rng)
        again, _, second = fit(cells.sums @ seen, middle["missed"], middle["false"])
        if second.converged[0]:
            off[:, i] = people[0] / again[0], people.sum() / again.sum()
    settled = np.isfinite(off[0])
    if settled.mean() < 0.95:
        why = say("lists.why.unsettled", lost=np.sum(~settled), of=_REPLICATES)
        return replace(made, kind="", **because(why))
    hidden = n0 * off[0, settled]
    own = equal_tailed(hidden, made.probability)
    whole = equal_tailed(means.sum() * off[1, settled], made.probability) - known
    limits = (float(max(0.0, min(own[0], whole[0]))), float(max(own[-1], whole[-1])))
    deviance, df = float(found.deviance[0]), len(cells.counts) - left.X.shape[1]
    corrected = (
        f"The known people are corrected for linkage errors: {known:,} in place of the "
        f"{table.known:,} as linked, at the median rates ({middle['missed']:.3g} missed, "
        f"{middle['false']:.3g} false)."
    )
    return replace(
        made,
        overall=Part(known, n0, limits),
        warnings=(
            corrected,
            *empty_warnings(table, left),
            *misfit(deviance, df, predicted),
        ),
        measures={
            "deviance": deviance,
            "df": float(df),
            "p-value of the fit": p_value(deviance, df),
            "standard error": float(np.std(hidden)),
            "replicates that did not settle": float(np.sum(~settled)),
        },
        draws=hidden,
        predicted={table.strata[0]: predicted},
    )
