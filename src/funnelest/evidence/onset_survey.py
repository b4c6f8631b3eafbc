"""A survey of first events: of those asked, to whom it had happened before an age."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm
from funnelest.axes import show_level
from funnelest.defects.base import in_order
from funnelest.distributions import Binomial, Multinomial, MultivariateNormalOn
from funnelest.evidence.first_events import (
    FirstEventEvidence,
    cover_problems,
    size_problems,
    whole,
)
from funnelest.evidence.published import ShareEstimate, covariance_problems, off_logits, on_logits
from funnelest.fields import is_number
from funnelest.figures import Rounded, figure_problems
from funnelest.observations.observation import Observation
from funnelest.population import Population
from funnelest.quantities.quantities import Quantities
from funnelest.route import Route

__all__ = ["OnsetSurvey"]

#: Shares are kept off 0 and 1, where logarithms and slopes are infinite; those of an interval of
#: ages by less, so that a hundred of them still add up to less than 1.
_EDGE, _LEAST = 1e-9, 1e-12


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
    before : int or mapping of int to float, optional
        The age before which it had happened; or several such ages and the share for each.
    onset : mapping of (int, int) to int, optional
        Inclusive ages ``(low, high)`` at the first event -> number of people. The intervals begin
        at 0 and leave no gap; the others of the `n` had none before the end of the last.
    unknown : int, default 0
        With `onset`: number with a first event, before the end of the last interval, at an age
        that was not recorded. Ages are taken to be unknown at random, which the ledger says.
    yes, n : int
        Number to whom it had happened, of the number asked. `yes` may be a printed figure.
    share : float
        The published share, 0-1.
    deff : float, default 1
        Design effect, at least 1; as in `Survey`. Not with `onset`.
    se : float
        Standard error of the share.
    interval : (float, float)
        Interval of the share, with its `probability`.
    probability : float, default 0.95
        Probability of the interval.
    rounded_to : float, optional
        What the shares were rounded to: 0.01 for whole percents. Of 17,000 people, 170 numbers
        print as the same percentage, and taking one of them as exact is far too sure.
    covariance : array-like of float, optional
        With several ages: covariance matrix of the shares, in order of age and with all that is
        uncertain about them, in place of the one that follows from `n`, `deff` and `rounded_to`.
    respondents : (int, int), optional
        Lowest and highest age of the people asked, all past the ages that they are asked about.

    Notes
    -----
    With :math:`E(A)` the share with a first event before age A (see `FirstTime`), as the defects
    change it, :math:`m` = ``round(n / deff)`` and :math:`n_e` = ``n / deff``:

    - ``yes ~ Binomial(n, E(A))``, beta-binomial with `deff`; a `share` of `n` is a count of
      m, and with `rounded_to` the probability is that of every count of m that prints as it;
    - ``logit(shares) ~ Normal(logit(E), J C J)`` with the covariance of nested shares,
      :math:`C_{ij} = p_i (1 - p_j) / n_e` for :math:`A_i \le A_j`, at the published shares, plus
      ``rounded_to**2 / 12`` on the diagonal, and J as in `JointSurvey`;
    - the numbers of `onset` are multinomial with :math:`E(high + 1) - E(low)`. With `unknown`
      people the number with any first event is binomial with the E of the last interval's end,
      and the recorded ages are multinomial among these. That is one multinomial in which a share
      of each interval, as large as in the data, is moved to those unknown.

    Of ages, `TestError`, `Bridge` and `OutsideFrame` change the shares before each age: people who
    wrongly say so then count as of the first interval.

    Examples
    --------
    >>> import funnelest as fe
    >>> fe.OnsetSurvey(name="adults", before=16, share=0.05, n=17_000, rounded_to=0.01)
    OnsetSurvey(name='adults', before=16, n=17000, share=0.05, rounded_to=0.01)
    """

    before: int | Mapping[int, float] | None = None
    onset: Mapping[tuple[int, int], int] | None = None
    unknown: int = 0
    yes: Any = None
    n: int | None = None
    share: float | None = None
    deff: float = 1.0
    se: float | None = None
    interval: tuple[float, float] | None = None
    probability: float = 0.95
    rounded_to: float | None = None
    covariance: Any = None
    respondents: tuple[int, int] | None = None

    carries: ClassVar[tuple[str, ...]] = ("on_onset_age", "on_ever", "on_share", "design_effect")

    # ------------------------------------------------------------------- the ages

    def ages(self) -> tuple[int, ...]:
        """Return the ages before which first events are counted, in order."""
        if self.onset is not None:
            return tuple(high + 1 for _, high in self._intervals())
        if isinstance(self.before, Mapping):
            return tuple(sorted(int(age) for age in self.before))
        assert self.before is not None
        return (int(self.before),)

    def years_since(self) -> NDArray[np.float64]:
        """Return the years from each of the ages to the middle of the respondents' ages."""
        assert self.respondents is not None
        return np.mean(self.respondents) - np.array(self.ages(), dtype=np.float64)

    def first_events_of(self, population: Population) -> NDArray[np.bool_]:
        """Return the cells of the `population` below the highest age that is asked about."""
        if population.age_problems(self.axis):
            return np.zeros(population.shape, dtype=bool)
        axis = population.age_axis(self.axis)
        highest = max(self.ages())
        young = [v for i, v in enumerate(axis.levels) if axis.bounds(i)[0] < highest]
        return population.mask({**self.where, axis.name: young})

    def _intervals(self) -> list[tuple[int, int]]:
        assert self.onset is not None
        return sorted(self.onset)

    # ------------------------------------------------------------------- problems

    def problems(self, route: Route, population: Population) -> list[str]:
        """Return what is wrong with the survey, one sentence each."""
        found = super().problems(route, population)
        found += self._sample_problems(self.yes is not None, self.n, self.deff)
        if (self.before is None) == (self.onset is None):
            return [
                *found,
                "give field 'before' (an age, or several and their shares) or field 'onset' (the "
                "number of people by their age at the first event).",
            ]
        if self.onset is not None:
            trouble = self._onset_problems()
        elif isinstance(self.before, Mapping):
            trouble = self._nested_problems()
        else:
            trouble = self._share_problems()
        found += trouble
        if not self._keys_problems() and (self.before or self.onset):
            what = "before" if self.onset is None else "onset"
            found += self._age_problems(population, what) + self._respondent_problems()
        return list(dict.fromkeys(found))

    def _unused(self, form: str, *names: str) -> list[str]:
        """Return which fields do not go with a form of the data."""
        unset = {"deff": self.deff == 1, "unknown": self.unknown == 0}
        return [
            f"field {name!r} does not go with {form}."
            for name in names
            if not unset.get(name, getattr(self, name) is None)
        ]

    def _keys_problems(self) -> list[str]:
        """Return why these are no ages."""
        if isinstance(self.onset, Mapping):
            return [
                "field 'onset' must name ages as (low, high), whole numbers of at least 0 and low "
                f"not above high; given {key!r}."
                for key in self.onset
                if not (
                    isinstance(key, tuple)
                    and len(key) == 2
                    and all(whole(age) for age in key)
                    and key[0] <= key[1]
                )
            ]
        if self.onset is not None:
            return [f"field 'onset' must be a mapping from ages to number; given {self.onset!r}."]
        keys = list(self.before) if isinstance(self.before, Mapping) else [self.before]
        return [
            f"field 'before' must be an age, a whole number above 0; given {key!r}."
            for key in keys
            if not (whole(key) and key != 0)
        ]

    def _rounding_problems(self) -> list[str]:
        if self.rounded_to is None or (is_number(self.rounded_to) and 0 < self.rounded_to <= 0.5):
            return []
        return [
            "field 'rounded_to' must be above 0 and at most 0.5, such as 0.01 for whole percents; "
            f"given {self.rounded_to!r}."
        ]

    def _share_problems(self) -> list[str]:
        found = self._keys_problems() + self._unused("one age", "unknown", "covariance")
        trouble = self._estimate().problems() + self._rounding_problems()
        others = [f for f in ("yes", "se", "interval") if getattr(self, f) is not None]
        if self.rounded_to is not None and others:
            shown = " and ".join(map(repr, others))
            trouble.append(
                f"field 'rounded_to' is for a 'share' of 'n' people; it does not go with {shown}, "
                "which say how sure the share is."
            )
        if self.rounded_to is not None and not trouble:
            figure = Rounded(self.share, self.rounded_to)  # type: ignore[arg-type]
            trouble += [
                f"field 'share' of {self._size()} people: {text}"
                for text in figure_problems(figure, self._size())
            ]
        return found + trouble

    def _nested_problems(self) -> list[str]:
        assert isinstance(self.before, Mapping)
        found = self._keys_problems()
        found += self._unused("several ages", "yes", "share", "se", "interval", "unknown")
        found += self._rounding_problems()
        if self.covariance is None or self.n is not None or self.deff != 1:
            found += (
                size_problems(self.n)
                or replace(self._estimate(), share=0.5, yes=None, se=None, interval=None).problems()
            )
        wrong = [
            f"field 'before': the share before age {age} must lie strictly between 0 and 1; given "
            f"{share!r}."
            for age, share in self.before.items()
            if not (is_number(share) and 0 < share < 1)
        ]
        if len(self.before) < 2:
            wrong.append(
                "field 'before' needs at least two ages and their shares; for one, give the age "
                "and field 'share'."
            )
        found += wrong
        if wrong or self._keys_problems():
            return found
        ages = self.ages()
        for one, two in pairwise(ages):
            a, b = self.before[one], self.before[two]
            if a > b:
                found.append(
                    "field 'before': ever-before-age figures that fall with age are of no group "
                    f"of people: {a:g} before {one} and {b:g} before {two}."
                )
            elif a == b and self.rounded_to is None and self.covariance is None:
                found.append(
                    f"field 'before': the shares before {one} and {two} are both {a:g}, which "
                    "leaves no first events between them; say in field 'rounded_to' what they "
                    "were rounded to."
                )
        if found or self.covariance is None:
            return found
        return covariance_problems(self.covariance, len(ages))

    def _onset_problems(self) -> list[str]:
        found = self._keys_problems()
        names = ("yes", "share", "se", "interval", "rounded_to", "covariance", "deff")
        found += self._unused("field 'onset'", *names)
        found += size_problems(self.n)
        if not whole(self.unknown):
            found.append(
                f"field 'unknown' must be a whole number of at least 0; given {self.unknown!r}."
            )
        if not isinstance(self.onset, Mapping):
            return found
        found += [
            f"field 'onset': the number at {show_level(ages)} must be a whole number of at least "
            f"0; given {number!r}."
            for ages, number in self.onset.items()
            if not whole(number)
        ]
        if not self.onset:
            found.append("field 'onset' names no ages.")
        if not self._keys_problems():
            found += cover_problems(self._intervals())
        if found:
            return found
        known = sum(self.onset.values())
        if known + self.unknown > self.n:  # type: ignore[operator]
            found.append(
                f"fields 'onset' and 'unknown' add up to {known + self.unknown}, more than field "
                f"'n'; given n={self.n}."
            )
        if not known and self.unknown:
            found.append(
                "field 'onset' has nobody whose age is known; give 'yes' of 'n' and the age "
                "'before' which it happened."
            )
        return found

    def _respondent_problems(self) -> list[str]:
        if self.respondents is None:
            return [
                f"{type(one).__name__}: field 'per_year' counts the years since, and needs field "
                "'respondents' of the survey, their lowest and highest age."
                for one in self.defects
                if getattr(one, "per_year", None) is not None
            ]
        good = (
            isinstance(self.respondents, tuple | list)
            and len(self.respondents) == 2
            and all(whole(age) for age in self.respondents)
            and self.respondents[0] <= self.respondents[1]
        )
        if not good:
            return [
                "field 'respondents' must be (low, high), whole ages and low not above high; given "
                f"{self.respondents!r}."
            ]
        if self.respondents[0] < max(self.ages()):
            return [
                f"field 'respondents': people of {self.respondents[0]} cannot say whether it "
                f"happened before age {max(self.ages())}; given {self.respondents!r}."
            ]
        return []

    def defaults(self) -> dict[str, str]:
        """Return what is assumed because nothing was said: quantity -> sentence."""
        found = super().defaults()
        if self.unknown:
            found[f"unknown ages[{self.name}]"] = (
                "first events at an age that was not recorded were at the same ages as the others"
            )
        return found

    # --------------------------------------------------------------- observations

    def _estimate(self) -> ShareEstimate:
        return ShareEstimate(
            self.yes, self.n, self.share, self.deff, self.se, self.interval, self.probability
        )

    def _size(self) -> int:
        """Return the effective number of people of whom the share is."""
        assert self.n is not None
        return max(1, round(self.n / self.deff))

    def _shares(self, q: Quantities) -> Any:
        """Return the shares before the ages as they are measured, ``(ages, draws)``."""
        shares = [q.ever_before(self._moved(age, q), self.where) for age in self.ages()]
        share = _inside(fm.stack(shares))
        for one in in_order(self.defects):
            if hasattr(one, "on_ever"):
                share = one.on_ever(share, q, self.name)
            elif hasattr(one, "on_share"):
                share = one.on_share(share, q, self.name)
        return _inside(share)

    def _on_logits(self) -> NDArray[np.float64]:
        """Return the covariance of the log-odds of the published shares."""
        shares = self._published()
        if self.covariance is not None:
            matrix = np.array(self.covariance, dtype=np.float64)
        else:
            assert self.n is not None
            i, j = np.indices((len(shares), len(shares)))
            first, last = shares[np.minimum(i, j)], shares[np.maximum(i, j)]
            matrix = first * (1 - last) * self.deff / self.n
            matrix = matrix + (self.rounded_to or 0.0) ** 2 / 12 * np.eye(len(shares))
        return on_logits(matrix, shares)

    def _published(self) -> NDArray[np.float64]:
        assert isinstance(self.before, Mapping)
        return np.array([self.before[age] for age in sorted(self.before)], dtype=np.float64)

    def observations(self, q: Quantities) -> Sequence[Observation]:
        """Return the shares or numbers, and what the model expects of them."""
        share = self._shares(q)
        if self.onset is not None:
            return [self._by_age(share)]
        if isinstance(self.before, Mapping):
            law = MultivariateNormalOn(share, self._on_logits(), "logit")
            return [Observation(law, self._published())]
        if self.rounded_to is None:
            return [self._estimate().observation(share[0], self._design(q, self.n))]
        assert self.share is not None
        figure = Rounded(float(self.share), float(self.rounded_to))
        return [Observation(Binomial(self._size(), share[0]), figure, divisor=self._size())]

    def _by_age(self, share: Any) -> Observation:
        assert self.onset is not None
        assert self.n is not None
        # Nothing happens before birth, whatever people say wrongly.
        parts = [share[0], *(share[i] - share[i - 1] for i in range(1, len(self.onset)))]
        p = fm.maximum(fm.stack(parts), _LEAST)
        counts = [int(self.onset[ages]) for ages in self._intervals()]
        if self.unknown:
            known = sum(counts) / (sum(counts) + self.unknown)
            gone = (1.0 - known) * fm.sum(p, axis=0)
            p = fm.concatenate([known * p, gone[None]])
            counts.append(int(self.unknown))
        return Observation(Multinomial(int(self.n), p), counts)

    def with_data(self, figures: Sequence[Any], population: Population) -> OnsetSurvey:
        """Return the same survey with other shares or numbers."""
        (value,) = figures
        if self.onset is not None:
            numbers = [int(number) for number in value]
            unknown = numbers.pop() if self.unknown else 0
            made = dict(zip(self._intervals(), numbers, strict=True))
            return replace(self, onset={ages: made[ages] for ages in self.onset}, unknown=unknown)
        if isinstance(self.before, Mapping):
            # Normal errors may put two nearly equal shares in the wrong order.
            shares = np.sort(np.asarray(value, dtype=np.float64))
            new = dict(zip(sorted(self.before), shares.tolist(), strict=True))
            return replace(
                self,
                before={age: new[age] for age in self.before},
                covariance=off_logits(self._on_logits(), shares).tolist(),
            )
        if self.rounded_to is not None:
            return replace(self, share=float(value.value))
        drawn = self._estimate().redrawn(value)
        return replace(self, yes=drawn.yes, share=drawn.share, se=drawn.se, interval=drawn.interval)


def _inside(share: Any) -> Any:
    """Return shares strictly between 0 and 1."""
    return fm.minimum(fm.maximum(share, _LEAST), 1.0 - _EDGE)
