"""Several shares from one survey, with the covariance of their errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm
from funnelest.axes import Where
from funnelest.distributions import MultivariateNormalOn
from funnelest.evidence.base import (
    AskedEvidence,
    OnRoute,
    followed,
    nesting_problems,
)
from funnelest.evidence.published import covariance_problems, off_logits, on_logits
from funnelest.fields import STEP, Allowed, instances, number, wrong_fields
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
    share : float
        The published share, strictly between 0 and 1.
    of : str, optional
        Only people in this step were asked; without it, the whole population.
    where : mapping, optional
        The cells of the people asked.
    """

    step: str
    share: float
    of: str | None = None
    where: Where = field(default_factory=dict)

    allowed: ClassVar[Allowed] = {
        "step": STEP,
        "of": STEP.or_none,
        "share": number(above=0, below=1),
    }

    def problems(self, route: Route, population: Population) -> list[str]:
        """Return what is wrong with the share, one sentence each."""
        wrong = wrong_fields(self, route, population)
        found = [text for texts in wrong.values() for text in texts]
        found += population.problems_in(self.where)
        if self.of is None and not population.counted:
            found.append("the population has no head count; give 'of'.")
        elif self.of is not None and not {"of", "step"} & wrong.keys():
            found += nesting_problems(route, self.step, self.of)
        return found


@dataclass(frozen=True, kw_only=True, repr=False)
class JointSurvey(AskedEvidence):
    r"""Several shares from one survey, whose errors are not independent.

    The same pupils, the same schools: with the published covariance matrix, or standard errors
    and correlations. `TestError`, `OutsideFrame` and `Bridge` among its `defects` hold for every
    share.

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
        With `se`: one correlation for every pair, or their matrix.

    Notes
    -----
    ``logit(shares) ~ Normal(logit(p), J C J)`` with C the covariance and J the diagonal matrix of
    ``1 / (share (1 - share))`` at the published shares (delta method).
    """

    asked: Sequence[Asked]
    covariance: Any = None
    se: Sequence[float] | None = None
    correlation: Any = None

    allowed: ClassVar[Allowed] = {"asked": instances(Asked, "Asked")}
    carries: ClassVar[tuple[str, ...]] = ("on_share",)

    def _matrix(self) -> NDArray[np.float64]:
        """Return the covariance matrix of the shares."""
        if self.covariance is not None:
            return np.array(self.covariance, dtype=np.float64)
        errors = np.array(self.se, dtype=np.float64)
        size = len(errors)
        if np.ndim(self.correlation) == 0:
            common = float(self.correlation)
            correlation = np.full((size, size), common) + (1 - common) * np.eye(size)
        else:
            correlation = np.array(self.correlation, dtype=np.float64)
        return correlation * np.outer(errors, errors)

    def _on_logits(self) -> NDArray[np.float64]:
        return on_logits(self._matrix(), np.array([one.share for one in self.asked]))

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
        return found + self._error_problems()

    def asks_about(self, route: Route, population: Population) -> list[NDArray[np.bool_]]:
        return [population.mask(one.where) for one in self.asked if one.of is None]

    def figure_cells(self, population: Population, looked: Sequence[Where]) -> list[Where]:
        return [one.where for one in self.asked]

    def _error_problems(self) -> list[str]:
        size = len(self.asked)
        if (self.covariance is None) == (self.se is None):
            return [
                "give field 'covariance', or fields 'se' and 'correlation': shares without their "
                "uncertainty are not evidence."
            ]
        if self.se is not None and self.correlation is None:
            return ["field 'se' needs field 'correlation' (0 when the errors are independent)."]
        if self.covariance is not None and self.correlation is not None:
            return ["give field 'covariance' or field 'correlation', not both."]
        try:
            matrix = self._matrix()
        except (TypeError, ValueError):
            return [
                "fields 'covariance', 'se' and 'correlation' must be numbers, of one share each."
            ]
        return covariance_problems(matrix, size, "the covariance matrix")

    def observations(self, q: Quantities) -> Sequence[Observation]:
        shares = [
            self.as_measured(q.share(one.step, one.where, of=one.of), q) for one in self.asked
        ]
        none = 0.0 * sum(shares[1:], shares[0])
        expected = fm.stack([share + none for share in shares])
        given = np.array([one.share for one in self.asked])
        return [Observation(MultivariateNormalOn(expected, self._on_logits(), "logit"), given)]

    def with_data(self, figures: Sequence[Any], population: Population) -> JointSurvey:
        """Return the same survey with other shares, as uncertain on the logit scale as these."""
        shares = np.asarray(figures[0], dtype=np.float64)
        return replace(
            self,
            asked=type(self.asked)(  # type: ignore[call-arg]
                replace(one, share=float(share))
                for one, share in zip(self.asked, shares, strict=True)
            ),
            covariance=off_logits(self._on_logits(), shares).tolist(),
            se=None,
            correlation=None,
        )

    def shown_on_route(self, route: Route, population: Population) -> Sequence[OnRoute]:
        """Return each of the shares: of the people in a step, or of everybody as a number."""
        return [
            OnRoute(
                place=one.step if one.of is None else followed(route, one.of, one.step),
                number=one.share * (1.0 if one.of is not None else population.total(one.where)),
                of=one.of or "",
                where=one.where,
            )
            for one in self.asked
        ]
