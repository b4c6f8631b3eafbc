"""Several shares from one survey, with the covariance of their errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm
from funnelest.axes import Where
from funnelest.distributions import JointQuantilesOn, MultivariateNormalOn, slope_on
from funnelest.evidence.base import AskedEvidence, nesting_problems
from funnelest.evidence.estimated import Estimated
from funnelest.evidence.on_route import OnRoute, followed
from funnelest.evidence.printed import end_problems, printed, printed_pair, rounding_of
from funnelest.evidence.published import (
    ShareEstimate,
    covariance_problems,
    off_logits,
    on_logits,
)
from funnelest.evidence.recall_period import (
    RECALL,
    asked_share,
    conversion_problems,
    converted,
    other_periods,
    period_problems,
    period_said,
)
from funnelest.fields import PAIR, STEP, Allowed, instances, number, plain_fields, wrong_fields
from funnelest.numbers import array_of, floats, no_number
from funnelest.observations.observation import Observation
from funnelest.population import Population
from funnelest.quantities.quantities import Quantities
from funnelest.route import Route

__all__ = ["Asked", "JointSurvey"]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One share of a `JointSurvey`.

    Parameters
    ----------
    step : str
        The step asked about.
    share : float or figure, optional
        The published share, strictly between 0 and 1. Left out, the middle of the interval.
    interval : (float or figure, float or figure), optional
        Its interval, of the `probability` that the survey says.
    of : str, optional
        Only people in this step were asked; without it, the whole population.
    where : mapping, optional
        The cells of the people asked.
    recall : (float, str) or "ever", optional
        The period that the question was about, as in `Survey`.
    """

    step: str
    share: Any = None
    interval: Any = None
    of: str | None = None
    where: Where = field(default_factory=dict)
    recall: Any = None

    allowed: ClassVar[Allowed] = {
        "step": STEP,
        "recall": RECALL,
        "of": STEP.or_none,
        "share": printed(number(above=0, below=1)).or_none,
        "interval": printed_pair(PAIR).or_none,
    }

    def __post_init__(self) -> None:
        plain_fields(self)

    def problems(self, route: Route, population: Population) -> list[str]:
        """Return what is wrong with the share, one sentence each."""
        wrong = wrong_fields(self, route, population)
        found = [text for texts in wrong.values() for text in texts]
        found += population.problems_in(self.where)
        if not {"share", "interval"} & wrong.keys():
            if self.share is None and self.interval is None:
                found.append("give field 'share' or field 'interval'.")
            else:
                found += self.estimated().problems("share") or end_problems(
                    "share", self.share, 1.0
                )
        if self.of is None and not population.counted:
            found.append("the population has no head count; give 'of'.")
        elif self.of is not None and not {"of", "step"} & wrong.keys():
            found += nesting_problems(route, self.step, self.of)
        return found

    def estimated(self, probability: float = 0.95) -> Estimated:
        """Return the share with its interval, of this probability."""
        return Estimated("logit", self.share, None, self.interval, probability)


@dataclass(frozen=True, kw_only=True, repr=False)
class JointSurvey(AskedEvidence):
    r"""Several shares from one survey, whose errors are not independent.

    The same pupils, the same schools: with the published covariance matrix, or standard errors
    and correlations. `TestError`, `OutsideFrame` and `Bridge` among its `defects` hold for every
    share, `RepeatVictims` for those of another period than a year.

    It takes `name`, `source`, `statement`, `defects`, `unit` and `definition` as well, as every
    `Evidence`; `where` is refused, since each share has its own cells.

    Parameters
    ----------
    asked : sequence of Asked
        The shares, at least two.
    covariance : array-like of float, optional
        Covariance matrix of the shares, positive definite.
    se : sequence of float, optional
        Standard errors of the shares, in place of `covariance`.
    correlation : float or array-like of float, optional
        With `se`, or with intervals of all shares: one correlation for every pair, or their matrix.
    probability : float, default 0.95
        Probability of the intervals.

    Notes
    -----
    ``logit(shares) ~ Normal(logit(p), J C J)`` with C the covariance and J the diagonal matrix of
    ``1 / (share (1 - share))`` at the published shares (delta method), to whose diagonal the
    variance of their rounding is added. With intervals each share and its limits are three
    quantiles, as in `Survey`, and the normal scores have the correlation (a Gaussian copula).
    """

    asked: Sequence[Asked]
    covariance: Any = None
    se: Sequence[float] | None = None
    correlation: Any = None
    probability: float = 0.95

    allowed: ClassVar[Allowed] = {
        "asked": instances(Asked, "Asked"),
        "probability": number(least=0.001, most=0.999999),
    }
    carries: ClassVar[tuple[str, ...]] = ("on_share", "on_period")

    def _matrix(self) -> NDArray[np.float64]:
        """Return the covariance matrix of the shares; with intervals, of their normal scores."""
        if self.covariance is not None:
            return floats(self.covariance)
        errors = np.ones(len(self.asked)) if self.se is None else floats(self.se)
        size = len(errors)
        if np.ndim(self.correlation) == 0:
            common = float(floats(self.correlation))
            correlation = np.full((size, size), common) + (1 - common) * np.eye(size)
        else:
            correlation = floats(self.correlation)
        return correlation * np.outer(errors, errors)

    def _by_intervals(self) -> bool:
        return any(one.interval is not None for one in self.asked)

    def _shares(self) -> NDArray[np.float64]:
        return np.array([one.estimated(self.probability).centre for one in self.asked])

    def _on_logits(self) -> NDArray[np.float64]:
        return on_logits(self._matrix(), self._shares())

    def readings(self, population: Population) -> dict[str, str]:
        texts = [one.estimated(self.probability).reading() for one in self.asked]
        return {f"share {i}[{self.name}]": t for i, t in enumerate(texts, 1) if t is not None}

    def remarks(self, population: Population) -> list[str]:
        if self._by_intervals():
            return []
        errors = np.sqrt(np.diag(self._matrix()))
        return [
            f"asked, share {i}: {text}"
            for i, (one, se) in enumerate(zip(self.asked, errors, strict=True), 1)
            for text in ShareEstimate(share=one.share, se=float(se)).remarks(counted=False)
        ]

    def problems(self, route: Route, population: Population) -> list[str]:
        found = super().problems(route, population)
        if self.where:
            found.append("field 'where' is not used here: each of the shares has its own.")
        if "asked" in wrong_fields(self, route, population):
            return found
        if len(self.asked) < 2:
            found.append("field 'asked' needs at least two shares; for one, use Survey.")
        for i, one in enumerate(self.asked, 1):
            found += [f"field 'asked', share {i}: {t}" for t in one.problems(route, population)]
            found += [
                f"field 'asked', share {i}: {t}" for t in period_problems(self, one.recall, one.of)
            ]
        if all(RECALL.holds(one.recall) for one in self.asked):
            found += conversion_problems(self, [one.recall for one in self.asked])
        return found + self._error_problems()

    def other_periods(self) -> Sequence[tuple[float, str, Where]]:
        return other_periods([(one.recall, one.step, one.where, one.of) for one in self.asked])

    def defaults(self) -> dict[str, str]:
        unsaid = {
            f"period of share {i}[{self.name}]": period_said(None)
            for i, one in enumerate(self.asked, 1)
            if one.of is None and one.recall is None
        }
        return super().defaults() | unsaid

    def stated(self) -> dict[str, str]:
        said = {
            f"period of share {i}[{self.name}]": period_said(one.recall)
            for i, one in enumerate(self.asked, 1)
            if one.recall is not None
        }
        return super().stated() | said

    def asks_about(self, route: Route, population: Population) -> list[NDArray[np.bool_]]:
        return [population.mask(one.where) for one in self.asked if one.of is None]

    def figure_cells(self, population: Population, looked: Sequence[Where]) -> list[Where]:
        return [one.where for one in self.asked]

    def _error_problems(self) -> list[str]:
        size = len(self.asked)
        if self._by_intervals():
            return self._interval_problems()
        if (self.covariance is None) == (self.se is None):
            return [
                "give field 'covariance', or fields 'se' and 'correlation': shares without their "
                "uncertainty are not evidence."
            ]
        if self.se is not None and self.correlation is None:
            return ["field 'se' needs field 'correlation' (0 when the errors are independent)."]
        if self.covariance is not None and self.correlation is not None:
            return ["give field 'covariance' or field 'correlation', not both."]
        found = []
        for name in ("covariance", "se", "correlation"):
            value = getattr(self, name)
            array, wrong = array_of(() if value is None else value)
            if array is None or wrong:
                found.append(f"field {name!r} must be numbers, of one share each{no_number(wrong)}")
        if found:
            return found
        try:
            matrix = self._matrix()
        except (TypeError, ValueError):
            return [
                "fields 'covariance', 'se' and 'correlation' must be numbers, of one share each."
            ]
        return covariance_problems(matrix, size, "the covariance matrix")

    def _interval_problems(self) -> list[str]:
        found = [
            f"field 'asked', share {i}: give its interval too; others have one."
            for i, one in enumerate(self.asked, 1)
            if one.interval is None
        ]
        others = [name for name in ("covariance", "se") if getattr(self, name) is not None]
        found += [f"field {name!r} does not go with intervals of the shares." for name in others]
        if self.correlation is None:
            found.append("intervals need field 'correlation' (0 when the errors are independent).")
        if found:
            return found
        try:
            matrix = self._matrix()
        except (TypeError, ValueError):
            return ["field 'correlation' must be a number, or a matrix with one row per share."]
        found = covariance_problems(matrix, len(self.asked), "the correlation matrix")
        if not found and not np.allclose(np.diag(matrix), 1.0):
            found.append("field 'correlation' must have ones on its diagonal.")
        return found

    def observations(self, q: Quantities) -> Sequence[Observation]:
        measured = [
            self.as_measured(asked_share(self, q, one.step, one.where, one.of, one.recall), q)
            for one in self.asked
        ]
        none = 0.0 * sum(measured[1:], measured[0])
        expected = fm.stack([share + none for share in measured])
        shares = self._shares()
        printed = [one.estimated(self.probability) for one in self.asked]
        texts = tuple(one.text for one in printed)
        if self._by_intervals():
            triplets = tuple(one.triplet for one in printed)
            quantiles = JointQuantilesOn(expected, triplets, self._matrix())
            return [Observation(quantiles, shares, texts=texts)]
        rounding = rounding_of([one.share for one in self.asked])
        rounding = rounding * slope_on("logit", shares) ** 2
        law = MultivariateNormalOn(expected, self._on_logits(), "logit", rounding)
        return [Observation(law, shares, texts=texts)]

    def with_data(self, figures: Sequence[Any], population: Population) -> JointSurvey:
        """Return the same survey with other shares, as uncertain on the logit scale as these."""
        shares = np.asarray(figures[0], dtype=np.float64)
        made = [
            one.estimated(self.probability).redrawn(float(share))
            for one, share in zip(self.asked, shares, strict=True)
        ]
        asked = type(self.asked)(  # type: ignore[call-arg]
            replace(one, share=new.estimate, interval=new.interval)
            for one, new in zip(self.asked, made, strict=True)
        )
        if self._by_intervals():
            return replace(self, asked=asked)
        centres = np.array([new.centre for new in made])
        return replace(
            self,
            asked=asked,
            covariance=off_logits(self._on_logits(), centres).tolist(),
            se=None,
            correlation=None,
        )

    def shown_on_route(self, route: Route, population: Population) -> Sequence[OnRoute]:
        """Return each of the shares: of the people in a step, or of everybody as a number."""
        found = []
        for one in self.asked:
            if converted(one.recall):
                continue  # the people of another period than the figure's
            number, limits = one.estimated(self.probability).as_printed()
            people = 1.0 if one.of is not None else population.total(one.where)
            found.append(
                OnRoute(
                    place=one.step if one.of is None else followed(route, one.of, one.step),
                    number=number * people,
                    interval=(limits[0] * people, limits[1] * people) if limits else None,
                    of=one.of or "",
                    where=one.where,
                )
            )
        return found
