"""A survey: of the people asked, some had reached a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Where
from funnelest.evidence.base import AskedEvidence, Evidence, nesting_problems
from funnelest.evidence.counted import Counted, Line
from funnelest.evidence.groups import AMONG, Group, fewest
from funnelest.evidence.on_route import OnRoute, followed
from funnelest.evidence.printed import number_in, printed
from funnelest.evidence.published import SHARE_FIELDS, ShareEstimate
from funnelest.evidence.recall_period import (
    RECALL,
    asked_share,
    conversion_problems,
    converted,
    other_periods,
    period_problems,
    period_said,
)
from funnelest.fields import AXIS, STEP, Allowed, number, wrong_fields
from funnelest.figures import as_figure
from funnelest.observations.observation import Observation
from funnelest.population import Population
from funnelest.quantities.quantities import Quantities
from funnelest.route import Route

__all__ = ["Survey"]

#: Where more than this share of the people were asked, those who said so are most of the step.
_MOST = 0.5


@dataclass(frozen=True, kw_only=True, repr=False)
class Survey(AskedEvidence):
    r"""Of the people asked, the share (or the total it was blown up to) that reached a step.

    Give the share as `yes` of `n`, as `share`, or as the published `total`; and how sure it is
    by `n` (with the design effect `deff`), by `se`, or by `interval`. A total without one of
    these is refused: 20,800 victims in a survey of 1,900 pupils are some 40 children.

    What is wrong with it is in its `defects`: `RepeatVictims` (it asked about another period than
    a year), `TestError` (sensitivity and specificity of the question), `OutsideFrame` (people whom
    it does not reach), `Clustered` (few schools), `Bridge` (another definition).

    It takes `name`, `where`, `source`, `statement`, `defects`, `unit` and `definition` as well,
    as every `Evidence`.

    Parameters
    ----------
    step : str
        The step asked about.
    of : str, optional
        Only people in this step were asked. Every path to `step` must pass it: where people can
        come otherwise, the share of those asked is not the ratio of two totals; use `Cohort`.
        Without it, the whole population was asked.
    yes, n : int
        Number who had reached the step, of the number asked. `yes` may be a printed figure.
    share : float or figure
        The published share, 0-1; printed in whole per cents ``Rounded(0.11, to=0.01)``.
    total : float or figure
        The published total: the share times the number of people in `where` (mean over `per`).
    deff : float, default 1
        Design effect, at least 1. Given `yes` the likelihood is beta-binomial, given `share` or
        `total` it is binomial on the effective sample ``round(n / deff)``.
    se : float
        Standard error of the share, or of the total when that is given.
    interval : (float or figure, float or figure)
        Interval of the share or total, with its `probability`.
    probability : float, default 0.95
        Probability of the interval.
    per : str, optional
        The total is a mean over this axis, such as ``"year"``.
    among : bool, optional
        Whether those asked are people of the population and period of the model. Without `of` they
        are, unless this is False: there are no more of them than people, and at least as many at
        the step as said so, where the survey has no defects. With `of` as in `Cohort`.
    recall : (float, str) or "ever", optional
        The period that the question was about, such as ``(12, "months")`` or ``(5, "years")``.
        What is not one year needs the defect `RepeatVictims`, and "ever" is for `OnsetSurvey`.
        Left out: one year, a default that the ledger shows. Not with `of`.

    Notes
    -----
    With :math:`p = \sum_c P_c r_c v_{step} / \sum_c P_c`, or with `of`
    :math:`p = \sum_c L_c v_{of} F_{of,step} / \sum_c L_c v_{of}`:
    ``yes ~ Binomial(n, p)``, or beta-binomial with variance ``deff`` times as large; with `se`
    ``logit(share) ~ Normal(logit(p), s)`` where s is ``se / (share (1 - share))``. A printed figure
    in place of a share stands for all that print as it: their probabilities are summed.

    With `interval` the estimate and its limits are three quantiles of p: with a prior that is flat
    on the log-odds (``Beta(1, 1)`` is not), and no other figure, the posterior has them as its
    median and limits. Beyond the nearer limit it is normal on the log-odds, with the half-width of
    that side; on the other side on a power of the odds, by how much further that limit is (see
    ``docs/model.md``). A limit of 0 or 100% is the last of a row that comes ever nearer to it, cut
    off there. A limit
    that prints as the estimate does is read as rounded to the digits that were printed, and an
    estimate that may be 0 or 100% says nothing of how near. Of several estimates of one number the
    slope of the score counts once. The ledger and ``figures()`` say what was read.

    Examples
    --------
    >>> import funnelest as fe
    >>> fe.Survey("told anyone", step="told", of="happened", yes=28, n=39)
    Survey(name='told anyone', step='told', of='happened', yes=28, n=39)
    """

    step: str
    of: str | None = None
    yes: Any = None
    n: int | None = None
    share: Any = None
    total: Any = None
    deff: float = 1.0
    se: float | None = None
    interval: Any = None
    probability: float = 0.95
    per: str | None = None
    recall: Any = None
    among: bool | None = None

    allowed: ClassVar[Allowed] = {
        **SHARE_FIELDS,
        "step": STEP,
        "of": STEP.or_none,
        "total": printed(number(least=0)).or_none,
        "per": AXIS.or_none,
        "recall": RECALL,
        "among": AMONG,
    }
    carries: ClassVar[tuple[str, ...]] = (*AskedEvidence.carries, "on_period")

    def asks_about(self, route: Route, population: Population) -> list[NDArray[np.bool_]]:
        return [] if self.of is not None else [population.mask(self.where)]

    def people_asked(self) -> int | None:
        return self.n

    def groups(self, sources: Mapping[str, Evidence]) -> Sequence[Group]:
        """Return those who were asked, and those of them who said so or did not."""
        if self.n is None:
            return ()
        n = int(self.n)
        every = Group(
            size=n,
            said="asked {} people" + (f" at {self.of!r}" if self.of else ""),
            among=True if self.of is None and self.among is None else self.among,
            place=self.of or "",
            where=self.where,
        )
        if self.yes is None or self.defects or converted(self.recall):
            return [every]
        said = replace(
            every, size=fewest(self.yes), said=f"asked {{}} people at {self.step!r}",
            place=self.step,
        )  # fmt: skip
        if self.of is None:
            return [every, said]
        most = min(as_figure(self.yes).limits()[1], n)
        return [every, said, replace(every, size=int(n - most), never=self.step)]

    def _people(self, population: Population) -> float:
        people = population.total(self.where)
        if self.per is None:
            return people
        return people / len(population.select(self.where)[population.position(self.per)])

    def _estimate(self, population: Population) -> ShareEstimate:
        """Return the share that was measured."""
        if self.total is None:
            return ShareEstimate(
                self.yes, self.n, self.share, self.deff, self.se, self.interval, self.probability
            )
        return ShareEstimate(
            yes=self.yes,
            n=self.n,
            share=self.total,
            deff=self.deff,
            se=self.se,
            interval=self.interval,
            probability=self.probability,
            people=self._people(population),
        )

    def _field(self) -> str:
        return "share" if self.total is None else "total"

    def readings(self, population: Population) -> dict[str, str]:
        text = self._estimate(population).reading()
        return {} if text is None else {f"{self._field()}[{self.name}]": text}

    def remarks(self, population: Population) -> list[str]:
        return self._estimate(population).remarks(self._field())

    def defaults(self) -> dict[str, str]:
        unsaid = self.of is None and self.recall is None
        return super().defaults() | ({self._period(): period_said(None)} if unsaid else {})

    def stated(self) -> dict[str, str]:
        said = {} if self.recall is None else {self._period(): period_said(self.recall)}
        return super().stated() | said

    def other_periods(self) -> Sequence[tuple[float, str, Where]]:
        return other_periods([(self.recall, self.step, self.where, self.of)])

    def _period(self) -> str:
        return f"period[{self.name}]"

    def problems(self, route: Route, population: Population) -> list[str]:
        found = super().problems(route, population)
        wrong = wrong_fields(self, route, population)
        if "recall" not in wrong:
            found += period_problems(self, self.recall, self.of)
            found += conversion_problems(self, [self.recall])
        placed = "where" not in wrong and not population.problems_in(self.where)
        known = placed and not {"share", "total", "per"} & wrong.keys()
        counted = self._estimate(population).counted if known else self.yes is not None
        found += self._sample_problems(counted, self.n, self.deff)
        if self.of is not None:
            if not {"of", "step"} & wrong.keys():
                found += nesting_problems(route, self.step, self.of)
            if self.total is not None:
                found.append(
                    "field 'total' is of the whole population; for a share of the people in "
                    f"{self.of!r} give 'yes' and 'n', or 'share'."
                )
        elif not population.counted:
            found.append(
                "the population has no head count, so no share of it can be measured; give 'of'."
            )
        if self.per is not None and self.total is None:
            found.append("field 'per' is of a mean total; a share has none.")
        given = [name for name in ("yes", "share", "total") if getattr(self, name) is not None]
        if len(given) > 1:
            found.append(f"give one of the fields {' and '.join(map(repr, given))}.")
        if self.total is None:
            several = len(given) > 1
            return found + ([] if several else self._estimate(population).problems("share", wrong))
        if {"total", "se", "interval", "per"} & wrong.keys() or not placed:
            return found
        people = self._people(population)
        total = number_in(self.total)
        if total > people:
            return [
                *found,
                f"field 'total' must not be above the {people:,.0f} people that it is a total "
                f"of; given {total:,.10g}.",
            ]
        return found + self._estimate(population).problems("total", wrong)

    def observations(self, q: Quantities) -> Sequence[Observation]:
        share = asked_share(self, q, self.step, self.where, self.of, self.recall)
        expected = self.as_measured(share, q)
        return [self._estimate(q.cells).observation(expected, self._design(q, self.n))]

    def counted_people(self, q: Quantities) -> Sequence[Counted]:
        """Return those who said so; where most of the people were asked, the others are known too.

        Whoever is at the step was asked with the chance of everybody, of a census 1.
        """
        groups = super().counted_people(q)
        counted = self.yes is not None and not self.defects and not converted(self.recall)
        known = q.cells.counted and not q.assumed("apply_to_population")
        if self.n is None or self.of is not None or not (self.among is not False and counted and known):
            return groups
        asked = min(self.n / q.cells.total(self.where), 1.0)
        if asked < _MOST:
            return groups
        share = np.full((1,) * (len(q.cells.axes) + 1), asked)
        there = asked * q.pool(q.in_cells(self.step), self.where)
        line = Line(self.where, share, as_figure(self.yes), true=there)
        return [Counted(self.name, self.step, [line])]

    def with_data(self, figures: Sequence[Any], population: Population) -> Survey:
        (figure,) = figures
        new = self._estimate(population).redrawn(figure)
        return replace(
            self,
            yes=new.yes,
            share=new.share if self.total is None else None,
            total=None if self.total is None else new.share,
            se=new.se,
            interval=new.interval,
        )

    def implied_number(self, population: Population) -> tuple[str, tuple[float, float]] | None:
        if self.of is not None or self.defects:
            return None
        return self.step, self._estimate(population).range()

    def shown_on_route(self, route: Route, population: Population) -> Sequence[OnRoute]:
        """Return the share: of the people in a step, or of everybody as a number of people."""
        if converted(self.recall):
            return ()  # the people of another period than the figure's
        estimate = self._estimate(population)
        people = 1.0 if self.of is not None else population.total(self.where)
        limits = estimate.limits
        return [
            OnRoute(
                place=self.step if self.of is None else followed(route, self.of, self.step),
                number=estimate.centre * people,
                interval=(limits[0] * people, limits[1] * people) if limits else None,
                of=self.of or "",
                where=self.where,
            )
        ]
