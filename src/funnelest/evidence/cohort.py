"""A linked cohort: people followed from a step, and where they went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from funnelest import math as fm
from funnelest.distributions import Multinomial
from funnelest.evidence.base import AskedEvidence, Evidence
from funnelest.evidence.groups import AMONG, Group, fewest
from funnelest.evidence.on_route import OnRoute, followed
from funnelest.evidence.published import SHARE_FIELDS, ShareEstimate
from funnelest.fields import MAPPING, STEP, Allowed, whole, wrong_fields
from funnelest.figures import as_figure
from funnelest.observations.observation import Observation
from funnelest.population import Population
from funnelest.quantities.quantities import Quantities
from funnelest.route import Route

__all__ = ["Cohort"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Cohort(AskedEvidence):
    r"""Of `n` people followed from one step, how many reached another.

    Either one destination, reached in any way (`step` with `yes`, or `share`), or the numbers
    that went directly to each of several next steps (`went`).

    It takes `name`, `where`, `source`, `statement`, `defects`, `unit` and `definition` as well,
    as every `Evidence`; its defects are those of a `Survey`, for one destination.

    Parameters
    ----------
    of : str
        The step from which people were followed.
    n : int, optional
        Number followed.
    step : str, optional
        The later step that some of them reached, by any path.
    yes : int or figure, optional
        Number who reached it.
    share : float or figure, optional
        The published share who reached it, in place of `yes`; with `n`, `se` or `interval`. Printed
        in whole per cents ``Rounded(0.11, to=0.01)``.
    deff : float, default 1
        Design effect, at least 1; as in `Survey`.
    se : float, optional
        Standard error of the share.
    interval : (float or figure, float or figure), optional
        Interval of the share, with its `probability`; read as in `Survey`.
    probability : float, default 0.95
        Probability of the interval.
    went : mapping of str to int, optional
        Next step -> number who went there directly; the others stopped, or went where they were
        not counted.
    among : bool, optional
        Whether they are people of the population and period of the model: then at least as many are
        at a step as were followed to it. False says that they are others. Left out: they may be
        others, and nothing is taken from how many they are; the ledger says so.

    Notes
    -----
    ``yes ~ Binomial(n, F)`` with F the probability of ever reaching `step` from `of`, pooled
    over the cells; with `went`, multinomial with the transition probabilities q.
    """

    of: str
    n: int | None = None
    step: str | None = None
    yes: Any = None
    share: Any = None
    deff: float = 1.0
    se: float | None = None
    interval: Any = None
    probability: float = 0.95
    went: Mapping[str, int] | None = None
    among: bool | None = None

    allowed: ClassVar[Allowed] = {
        **SHARE_FIELDS,
        "of": STEP,
        "step": STEP.or_none,
        "went": MAPPING.or_none,
        "among": AMONG,
    }

    def people_asked(self) -> int | None:
        return self.n

    def groups(self, sources: Mapping[str, Evidence]) -> Sequence[Group]:
        """Return those who were followed, and those of them who came to a step or did not."""
        if self.n is None:
            return ()
        n = int(self.n)
        every = Group(
            size=n,
            said=f"followed {{}} people from {self.of!r}",
            among=self.among,
            place=self.of,
            where=self.where,
        )
        if self.step is None:
            went = self.went or {}
            return [every, *(
                replace(every, size=int(number), said=f"followed {{}} people to {step!r}",
                        place=(self.of, step))
                for step, number in went.items()
            )]  # fmt: skip
        if self.yes is None or self.defects:
            return [every]
        most = min(as_figure(self.yes).limits()[1], n)
        came = replace(
            every, size=fewest(self.yes), said=f"followed {{}} people to {self.step!r}",
            place=self.step,
        )  # fmt: skip
        return [every, came, replace(every, size=int(n - most), never=self.step)]

    def readings(self, population: Population) -> dict[str, str]:
        text = None if self.step is None else self._estimate().reading()
        return {} if text is None else {f"share[{self.name}]": text}

    def remarks(self, population: Population) -> list[str]:
        return self._estimate().remarks()

    def _estimate(self) -> ShareEstimate:
        return ShareEstimate(
            self.yes, self.n, self.share, self.deff, self.se, self.interval, self.probability
        )

    def problems(self, route: Route, population: Population) -> list[str]:
        found = super().problems(route, population)
        wrong = wrong_fields(self, route, population)
        if (self.step is None) == (self.went is None):
            return [*found, "give field 'step' (one destination) or field 'went' (several)."]
        if self.step is not None:
            found += self._sample_problems(self._estimate().counted, self.n, self.deff)
            if not {"of", "step"} & wrong.keys() and (
                self.of == self.step or not route.leads(self.of, self.step)
            ):
                found.append(f"no path leads from {self.of!r} (field 'of') to {self.step!r}.")
            return found + self._estimate().problems(wrong=wrong)
        return found + ([] if "went" in wrong else self._went_problems(route, set(wrong)))

    def _went_problems(self, route: Route, wrong: set[str]) -> list[str]:
        assert self.went is not None
        found = [] if self.went else ["field 'went' names no step."]
        if "of" not in wrong:
            allowed = ", ".join(route.successors(self.of)) or "none"
            found += [
                f"field 'went' names {step!r}, to which no transition leads directly from "
                f"{self.of!r}; those it leads to are: {allowed}."
                for step in self.went
                if step not in route.successors(self.of)
            ]
        counts = [
            text
            for step, number in self.went.items()
            for text in whole(0).problems(f"went[{step!r}]", number)
        ]
        found += counts
        if self.n is None:
            found.append("field 'went' needs field 'n', the number followed.")
        elif not counts and "n" not in wrong and sum(self.went.values()) > self.n:
            found.append(
                f"field 'went' adds up to {sum(self.went.values())}, more than field 'n'; "
                f"given n={self.n}."
            )
        others = [f for f in ("yes", "share", "se", "interval") if getattr(self, f) is not None]
        if self.defects:
            found.append("field 'went' does not go with defects; give one 'step' and 'yes'.")
        if others or ("deff" not in wrong and self.deff != 1):
            found.append(f"field 'went' does not go with {' and '.join(others) or 'deff'}.")
        return found

    def observations(self, q: Quantities) -> Sequence[Observation]:
        if self.step is not None:
            expected = self.as_measured(q.share(self.step, self.where, of=self.of), q)
            return [self._estimate().observation(expected, self._design(q, self.n))]
        assert self.went is not None
        assert self.n is not None
        shares = [q.transition(self.of, step, self.where) for step in self.went]
        # Of one shape, also where some shares are known numbers.
        none = 0.0 * sum(shares[1:], shares[0])
        p = fm.stack([share + none for share in shares])
        return [Observation(Multinomial(int(self.n), p), list(self.went.values()))]

    def with_data(self, figures: Sequence[Any], population: Population) -> Cohort:
        (value,) = figures
        if self.went is not None:
            counts = (int(number) for number in value)
            return replace(self, went=dict(zip(self.went, counts, strict=True)))
        new = self._estimate().redrawn(value)
        return replace(self, yes=new.yes, share=new.share, se=new.se, interval=new.interval)

    def shown_on_route(self, route: Route, population: Population) -> Sequence[OnRoute]:
        """Return the shares of the people followed who came to each place."""
        if self.went is not None:
            assert self.n is not None
            return [
                OnRoute(place=(self.of, step), number=n / self.n, of=self.of, where=self.where)
                for step, n in self.went.items()
            ]
        assert self.step is not None
        return [
            OnRoute(
                place=followed(route, self.of, self.step),
                number=self._estimate().centre,
                interval=self._estimate().limits,
                of=self.of,
                where=self.where,
            )
        ]
