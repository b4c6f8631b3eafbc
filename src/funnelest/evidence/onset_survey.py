"""A survey of first events: of those asked, to whom it had happened before an age."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm
from funnelest.axes import Where
from funnelest.defects.base import in_order
from funnelest.evidence.first_events import FirstEventEvidence
from funnelest.evidence.onset_data import NestedShares, OnsetNumbers, age_keys_problems, is_span
from funnelest.evidence.published import SHARE_FIELDS, ShareEstimate
from funnelest.fields import MAPPING, Allowed, Constraint, is_number, whole, wrong_fields
from funnelest.observations.observation import Observation
from funnelest.population import Population
from funnelest.quantities.quantities import Quantities
from funnelest.route import Route
from funnelest.words import named

__all__ = ["OnsetSurvey"]

#: Shares are kept off 0 and 1, where logarithms and slopes are infinite.
_LEAST, _EDGE = 1e-12, 1e-9

_SPAN = Constraint(
    "must be (low, high), whole ages and low not above high",
    is_span,
    ((16, 80), [18, 18]),
    (None, 3, (3,), (20, 10), (-1, 3), (16.5, 20)),
)


@dataclass(frozen=True, kw_only=True, repr=False)
class OnsetSurvey(FirstEventEvidence):
    r"""Of the people asked, the share to whom it had happened before an age, or at which age.

    The answers are about first events, so the model needs the assumption `FirstTime`, which joins
    them to yearly rates. Give the data in one of three ways:

    - one age: `before` as a number, with `yes` of `n`, or `share` with `n`, `se` or `interval`;
    - several ages of the same people: `before` as a mapping from age to share, with `n`;
    - ages at the first event: `onset`, a mapping from ages to the number of people, of `n`.

    What is wrong with it is in its `defects`: `EarlierRate` (the respondents were young in other
    years), `Telescoping` (remembered as later), `Recall` (not reported any more), and those of a
    `Survey`. From these data alone the first, the last and late recognition cannot be told apart.

    It takes `name`, `where`, `source`, `statement`, `defects`, `unit` and `definition` as well,
    as every `Evidence`, and `axis`, the name of the axis of ages, as in `FirstTime`.
    `where` selects no ages: their history is the model's, and `respondents` says how old they are.

    Parameters
    ----------
    before : int or mapping of int to float or figure, optional
        The age before which it had happened; or several such ages and the share for each.
    onset : mapping of (int, int) to int, optional
        Inclusive ages ``(low, high)`` at the first event -> number of people. The intervals begin
        at 0 and leave no gap; the others of the `n` had none before the end of the last.
    unknown : int, default 0
        With `onset`: number with a first event, before the end of the last interval, at an age
        that was not recorded. Ages are taken to be unknown at random, which the ledger says.
    yes, n : int
        Number to whom it had happened, of the number asked. `yes` may be a printed figure.
    share : float or figure
        The published share, 0-1. Of 17,000 people 170 numbers print as the same whole per cent,
        and taking one of them as exact is far too sure: ``Rounded(0.05, to=0.01)``.
    deff : float, default 1
        Design effect, at least 1; as in `Survey`. Not with `onset`.
    se : float
        Standard error of the share.
    interval : (float or figure, float or figure)
        Interval of the share, with its `probability`; read as in `Survey`.
    probability : float, default 0.95
        Probability of the interval.
    covariance : array-like of float, optional
        With several ages: covariance matrix of the shares, in order of age and with all that is
        uncertain about them but for rounding, in place of the one that follows from `n` and
        `deff`.
    respondents : (int, int), optional
        Lowest and highest age of the people asked, all past the ages that they are asked about.

    Notes
    -----
    With :math:`E(A)` the share with a first event before age A (see `FirstTime`), as the defects
    change it, :math:`m` = ``round(n / deff)`` and :math:`n_e` = ``n / deff``:

    - ``yes ~ Binomial(n, E(A))``, beta-binomial with `deff`; a plain `share` of `n` is a count of
      m, and a rounded one has the probability of every `yes` that prints as it;
    - ``logit(shares) ~ Normal(logit(E), J C J)`` with the covariance of nested shares,
      :math:`C_{ij} = p_i (1 - p_j) / n_e` for :math:`A_i \le A_j`, at the published shares, plus
      a twelfth of the square of what a share was rounded to on the diagonal, and J as in
      `JointSurvey`;
    - the numbers of `onset` are multinomial with :math:`E(high + 1) - E(low)`. With `unknown`
      people the number with any first event is binomial with the E of the last interval's end,
      and the recorded ages are multinomial among these. That is one multinomial in which a share
      of each interval, as large as in the data, is moved to those unknown.

    Of ages, `TestError`, `Bridge` and `OutsideFrame` change the shares before each age: people who
    wrongly say so then count as of the first interval.

    Examples
    --------
    >>> import funnelest as fe
    >>> fe.OnsetSurvey(name="adults", before=16, yes=850, n=17_000)
    OnsetSurvey(name='adults', before=16, yes=850, n=17000)
    """

    before: int | Mapping[int, float] | None = None
    onset: Mapping[tuple[int, int], int] | None = None
    unknown: int = 0
    yes: Any = None
    n: int | None = None
    share: Any = None
    deff: float = 1.0
    se: float | None = None
    interval: Any = None
    probability: float = 0.95
    covariance: Any = None
    respondents: tuple[int, int] | None = None

    allowed: ClassVar[Allowed] = {
        **SHARE_FIELDS,
        "onset": MAPPING.or_none,
        "unknown": whole(0),
        "respondents": _SPAN.or_none,
    }
    carries: ClassVar[tuple[str, ...]] = ("on_onset_age", "on_ever", "on_share", "design_effect")

    # ------------------------------------------------------------------- the data

    def _numbers(self) -> OnsetNumbers | None:
        return None if self.onset is None else OnsetNumbers(self.onset, self.unknown, self.n)

    def _nested(self) -> NestedShares | None:
        if not isinstance(self.before, Mapping):
            return None
        return NestedShares(self.before, self.n, self.deff, self.covariance)

    def _estimate(self) -> ShareEstimate:
        return ShareEstimate(
            self.yes, self.n, self.share, self.deff, self.se, self.interval, self.probability
        )

    def people_asked(self) -> int | None:
        return self.n

    def readings(self, population: Population) -> dict[str, str]:
        text = self._estimate().reading()
        return {} if text is None else {f"share[{self.name}]": text}

    def remarks(self, population: Population) -> list[str]:
        if (nested := self._nested()) is not None:
            return nested.remarks()
        return [] if self.onset is not None else self._estimate().remarks()

    def ages(self) -> tuple[int, ...]:
        if (numbers := self._numbers()) is not None:
            return tuple(high + 1 for _, high in numbers.intervals())
        if (nested := self._nested()) is not None:
            return tuple(int(age) for age in nested.ages())
        assert isinstance(self.before, int | float | np.number)
        return (int(self.before),)

    def years_since(self) -> NDArray[np.float64]:
        """Return the years from each of the ages to the middle of the respondents' ages."""
        assert self.respondents is not None
        return np.mean(self.respondents) - np.array(self.ages(), dtype=np.float64)

    def first_events_of(self, population: Population) -> NDArray[np.bool_]:
        if population.age_problems(self.axis):
            return np.zeros(population.shape, dtype=bool)
        return population.mask(self._young(population, max(self.ages())))

    def figure_cells(self, population: Population, looked: Sequence[Where]) -> Sequence[Where]:
        return [self._young(population, max(self.ages()))]

    def _young(self, population: Population, age: float) -> Where:
        """Return the cells of first events before an age."""
        axis = population.age_axis(self.axis)
        young = [v for i, v in enumerate(axis.levels) if axis.bounds(i)[0] < age]
        return {**self.where, axis.name: young}

    # ------------------------------------------------------------------- problems

    def problems(self, route: Route, population: Population) -> list[str]:
        found = super().problems(route, population)
        wrong = wrong_fields(self, route, population)
        found += self._sample_problems(self._estimate().counted, self.n, self.deff)
        if (self.before is None) == (self.onset is None):
            return [
                *found,
                "give field 'before' (an age, or several and their shares) or field 'onset' (the "
                "number of people by their age at the first event).",
            ]
        if "onset" in wrong:
            return found
        keys = age_keys_problems(self.before, self.onset)
        found += keys
        if (numbers := self._numbers()) is not None:
            names = ("yes", "share", "se", "interval", "covariance", "deff")
            found += self._unused("field 'onset'", *names)
            found += numbers.problems(wrong, not keys)
        elif (nested := self._nested()) is not None:
            found += self._unused("several ages", "yes", "share", "se", "interval", "unknown")
            found += [] if keys else nested.problems(wrong)
        else:
            found += self._unused("one age", "unknown", "covariance")
            found += self._estimate().problems(wrong=wrong)
        if not keys and (self.before or self.onset):
            what = "before" if self.onset is None else "onset"
            found += self._age_problems(population, what)
            found += [] if "respondents" in wrong else self._respondent_problems()
        return list(dict.fromkeys(found))

    def _unused(self, form: str, *names: str) -> list[str]:
        """Return which fields do not go with a form of the data."""
        unset = {
            "deff": not is_number(self.deff) or self.deff == 1,
            "unknown": not is_number(self.unknown) or self.unknown == 0,
        }
        return [
            f"field {name!r} does not go with {form}."
            for name in names
            if not unset.get(name, getattr(self, name) is None)
        ]

    def _respondent_problems(self) -> list[str]:
        if self.respondents is None:
            return [
                f"{type(one).__name__}: field 'per_year' counts the years since, and needs field "
                "'respondents' of the survey, their lowest and highest age."
                for one in self.defects
                if one.counts_years()
            ]
        if self.respondents[0] < max(self.ages()):
            return [
                f"field 'respondents': people of {self.respondents[0]} cannot say whether it "
                f"happened before age {max(self.ages())}; given {self.respondents!r}."
            ]
        return []

    def defaults(self) -> dict[str, str]:
        found = super().defaults()
        if self.unknown:
            found[f"unknown ages[{self.name}]"] = named("default.unknown_ages")
        return found

    # --------------------------------------------------------------- observations

    def _shares(self, q: Quantities) -> Any:
        """Return the shares before the ages as they are measured, ``(ages, draws)``."""
        shares = [q.ever_before(self._moved(age, q), self.where) for age in self.ages()]
        share = _inside(fm.stack(shares))
        for one in in_order(self.defects):
            change = one.on_ever if one.gives("on_ever") else one.on_share
            share = change(share, q, self.name)
        return _inside(share)

    def observations(self, q: Quantities) -> Sequence[Observation]:
        share = self._shares(q)
        data = self._numbers() or self._nested()
        if data is not None:
            return [data.observation(share)]
        return [self._estimate().observation(share[0], self._design(q, self.n))]

    def with_data(self, figures: Sequence[Any], population: Population) -> OnsetSurvey:
        (value,) = figures
        data = self._numbers() or self._nested()
        if data is not None:
            return replace(self, **data.redrawn(value))
        drawn = self._estimate().redrawn(value)
        return replace(self, yes=drawn.yes, share=drawn.share, se=drawn.se, interval=drawn.interval)


def _inside(share: Any) -> Any:
    """Return shares strictly between 0 and 1."""
    return fm.minimum(fm.maximum(share, _LEAST), 1.0 - _EDGE)
