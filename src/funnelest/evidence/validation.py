"""A study of another source: how many of the records, people or answers it gets right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from funnelest import math as fm
from funnelest.axes import Where
from funnelest.distributions import Binomial, LogisticNormalBinomial, Multinomial
from funnelest.evidence.base import Evidence, NumberEvidence
from funnelest.evidence.counted import Counted
from funnelest.evidence.groups import AMONG, Group, fewest
from funnelest.evidence.published import SHARE_FIELDS, ShareEstimate
from funnelest.fields import LARGEST, Allowed, Constraint, explained, is_whole, whole, wrong_fields
from funnelest.figures import Exact, Figure, as_figure, figure_problems
from funnelest.observations.observation import Observation, Seen
from funnelest.observations.table import Printed, Table
from funnelest.population import Population
from funnelest.priors import Beta, Normal, Prior, as_prior, within
from funnelest.priors.constraint import prior_of
from funnelest.quantities.quantities import Quantities
from funnelest.route import Route
from funnelest.words import named

__all__ = ["Validation"]

#: What makes a test that tells people apart only together.
_TOLD = ("sensitivity", "specificity")


def _several(value: Any) -> list[Any]:
    """Return the numbers of several studies, or the one of one."""
    several = isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim)
    return list(value) if several else [value]


def _counts(least: int, *, figures: bool = False) -> Constraint:
    """Return the constraint of a whole number for each study, or with `figures` a printed one."""
    return Constraint(
        f"must be a whole number of at least {least}, or one per study",
        lambda value: (
            not figure_problems(value)
            if figures and isinstance(value, Figure)
            else all(is_whole(one, least) for one in _several(value))
        ),
        (3, [3, 4], (np.int64(3),)),
        (None, True, 2.5, least - 1, [least, least - 1], "3", ["3"], 1e30),
        most=LARGEST,
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class Validation(Evidence):
    r"""One or more studies that checked another source: an audit, a test of a test.

    So coverage, predictive value, sensitivity and specificity are estimated and not typed in.
    It takes `name`, `where`, `source` and `statement` as well, as every `Evidence`; axes left out
    of `where` are those of the source that was checked.

    Parameters
    ----------
    of : str
        Name of the source that was checked.
    what : {"coverage", "ppv", "sensitivity", "specificity"}
        What was checked: of `n` people of the step, `yes` were in the register; of `n` records,
        `yes` were people of the step; of `n` people of the step, `yes` said so; of `n` others,
        `yes` did not say so.
    yes, n : int or sequence of int
        The numbers of each study. `yes` of one study may be a printed figure.
    share : float or figure, optional
        The published share of one study, in place of `yes`; with `n`, `se` or `interval`.
    deff : float, default 1
        Design effect, at least 1, of one study; as in `Survey`.
    se : float, optional
        Standard error of the share.
    interval : (float or figure, float or figure), optional
        Interval of the share, with its `probability`; read as in `Survey`.
    probability : float, default 0.95
        Probability of the interval.
    unconfirmed : int, optional
        Of `n` records those that could be neither confirmed nor shown to be false (``what="ppv"``
        and one study): then `yes` are the confirmed and the rest are the false ones.
    confirmable, refutable : Prior or float, optional
        Share of the true records that could be confirmed, and of the false ones that could be
        shown to be false. Left out: anything from 0 to 1, a default that the ledger shows. The
        unconfirmed are not taken as false.
    between : Prior or float, optional
        Standard deviation of the log-odds between studies, of which the source that was checked
        is one more. Left out: the studies were done on this very source, and share its value.
    among : bool, optional
        Of a coverage or predictive value, whether those who were checked are among those whom the
        source counted, or missed, in the period of the model: then what the study found of them is
        certain of the numbers of that period (`Result.steps`). False says that they are others,
        such as the records of another year. Left out: they may be others, and those numbers do not
        use it; the ledger says so.

    Notes
    -----
    ``yes ~ Binomial(n, p)``, with p the share of the source pooled over `where`; a share with its
    interval is read as in `Survey`. With `between`,
    :math:`\sigma`: :math:`\mathrm{logit}\, p_j = m + \sigma z_j` for study j and
    :math:`\mathrm{logit}\, p = m + \sigma z` for the source, with standard normal z; the
    :math:`z_j` are integrated out numerically (the model of Gelman and Carpenter, J R Stat Soc C
    2020;69:1269, who sample them). With `unconfirmed`, confirmed,
    unconfirmed and false are multinomial with :math:`p s`, :math:`p(1-s) + (1-p)(1-f)` and
    :math:`(1-p) f`, where s is `confirmable` and f `refutable`.
    """

    of: str
    what: str
    yes: Any = None
    n: int | Sequence[int] | None = None
    share: Any = None
    deff: float = 1.0
    se: float | None = None
    interval: Any = None
    probability: float = 0.95
    unconfirmed: int | None = None
    confirmable: Prior | float | None = None
    refutable: Prior | float | None = None
    between: Prior | float | None = None
    among: bool | None = None

    allowed: ClassVar[Allowed] = {
        **SHARE_FIELDS,
        "yes": _counts(0, figures=True).or_none,
        "n": _counts(1).or_none,
        "unconfirmed": whole(0).or_none,
        "confirmable": prior_of(0.0, 1.0).or_none,
        "refutable": prior_of(0.0, 1.0).or_none,
        "between": prior_of(0.0, above=True).or_none,
        "among": AMONG,
        # Said where the other sources are known, in `problems_among`.
        **dict.fromkeys(("of", "what"), explained(lambda *_: [])),
    }

    def people_asked(self) -> int | None:
        return self.n if is_whole(self.n) else None  # type: ignore[return-value]

    def groups(self, sources: Mapping[str, Evidence]) -> Sequence[Group]:
        """Return the records that were checked, true and false; or the people, held and missed."""
        checked = sources.get(self.of)
        if not isinstance(checked, NumberEvidence) or self.between is not None:
            return ()
        where = {**checked.where, **self.where}
        step = checked.step if isinstance(checked.step, str) else (checked.step[0], checked.step[1])
        found: list[Group] = []
        for yes, n in zip(_several(self.yes), _several(self.n), strict=True):
            if n is None:
                continue
            low, high = fewest(yes), int(n) if yes is None else min(as_figure(yes).limits()[1], n)
            missed = max(int(n - high) - (self.unconfirmed or 0), 0)
            if self.what == "ppv":
                every = Group(size=int(n), said=f"checked {{}} records of {self.of!r}",
                              among=self.among, where=where, inside=self.of)  # fmt: skip
                right = replace(every, size=low, place=step)
                found += [every, right, replace(right, size=missed, nobody=True)]
            elif self.what == "coverage":
                every = Group(size=int(n), said=f"checked {{}} people of {self.of!r}",
                              among=self.among, place=step, where=where)  # fmt: skip
                held = replace(every, size=low, said=f"found {{}} people in {self.of!r}",
                               inside=self.of)  # fmt: skip
                found += [every, held, replace(every, size=missed, outside=self.of)]
        return found

    def _studies(self) -> list[tuple[int, int]]:
        pairs = zip(_several(self.yes), _several(self.n), strict=True)
        return [(int(yes), int(n)) for yes, n in pairs]

    def _one(self) -> ShareEstimate | None:
        """Return the share of one study; None of several, or with `unconfirmed`."""
        if self.unconfirmed is not None or self.between is not None:
            return None
        yes = _several(self.yes)
        if len(yes) != 1 or isinstance(self.n, list | tuple | np.ndarray):
            return None
        return ShareEstimate(
            yes[0], self.n, self.share, self.deff, self.se, self.interval, self.probability
        )

    def readings(self, population: Population) -> dict[str, str]:
        one = self._one()
        text = None if one is None else one.reading()
        return {} if text is None else {f"share[{self.name}]": text}

    def remarks(self, population: Population) -> list[str]:
        one = self._one()
        return [] if one is None else one.remarks()

    def _label(self, what: str) -> str:
        return f"{what}[{self.name}]"

    def problems(self, route: Route, population: Population) -> list[str]:
        found = super().problems(route, population)
        wrong = wrong_fields(self, route, population)
        if self.among and self.between is not None:
            found.append("field 'among' does not go with 'between', which is of other sources.")
        if self.among is not None and self.what in _TOLD:
            found.append("field 'among' is of a study of the 'coverage' or the 'ppv'.")
        one = self._one()
        if one is not None:
            found += one.problems(wrong=wrong) if not wrong else []
            return found + self._unused_problems()
        found += [
            f"field {name!r} is of one study, without 'between' and 'unconfirmed'."
            for name, unset in (
                ("share", self.share is None), ("se", self.se is None),
                ("interval", self.interval is None), ("deff", "deff" in wrong or self.deff == 1),
            )
            if not unset
        ]  # fmt: skip
        found += [
            f"field {name!r} is needed." for name in ("yes", "n") if getattr(self, name) is None
        ]
        yes, n = _several(self.yes), _several(self.n)
        alone = len(yes) == len(n) == 1
        if len(yes) != len(n) or not yes:
            found.append(
                f"fields 'yes' and 'n' must be of as many studies; given {len(yes)} and {len(n)}."
            )
        elif not found and not {"yes", "n"} & wrong.keys():
            found += [
                f"field 'yes' must not be above field 'n'; given {a} of {b}."
                for a, b in zip(yes, n, strict=True)
                if a > b
            ]
        if self.unconfirmed is None:
            return found + self._unused_problems()
        if self.what != "ppv" or not alone or self.between is not None:
            found.append("field 'unconfirmed' is of one study of the 'ppv', without 'between'.")
        elif not found and yes[0] + self.unconfirmed > n[0]:
            found.append(
                f"fields 'yes' and 'unconfirmed' add up to {yes[0] + self.unconfirmed}, more than "
                f"field 'n'; given n={n[0]}."
            )
        return found

    def _unused_problems(self) -> list[str]:
        return [
            f"field {name!r} only means something beside 'unconfirmed'."
            for name, value in (("confirmable", self.confirmable), ("refutable", self.refutable))
            if value is not None
        ]

    def problems_among(self, evidence: Sequence[Evidence]) -> list[str]:
        """Return why there is nothing to check, one sentence each."""
        known = {one.name: one for top in evidence for one in (top, *top.members())}
        checked = known.get(self.of) if isinstance(self.of, str) else None
        if checked is None or checked is self:
            names = ", ".join(repr(name) for name in known if name != self.name) or "none"
            return [f"field 'of' names the unknown source {self.of!r}; the sources are: {names}."]
        kind = type(checked).__name__
        if not checked.checks:
            return [
                f"the {kind} {self.of!r} has no coverage, predictive value or test that a study "
                "could check: leave the Validation out, or give it the source that was checked."
            ]
        if not isinstance(self.what, str) or self.what not in checked.checks:
            allowed = " or ".join(map(repr, checked.checks))
            return [
                f"field 'what' must be {allowed} for the {kind} {self.of!r}; given {self.what!r}."
            ]
        given = any(self.what in one.checked() for one in checked.defects)
        if not given and not (self.what == "coverage" and _is_member(evidence, self.of)):
            return [
                f"{kind} {self.of!r} has no {self.what} that could be estimated: give it the "
                f"defect {checked.checks[self.what]} with a prior."
            ]
        return self._turned([one for one in known.values() if isinstance(one, Validation)])

    def _turned(self, studies: Sequence[Validation]) -> list[str]:
        """Return why the studies of a test say that it turns the answers round.

        Their shares add up to less than 1, by more than chance: two standard errors.
        """
        pooled: dict[str, tuple[float, float]] = {}
        for one in studies:
            if one.of == self.of and not wrong_fields(one) and one.what in _TOLD:
                yes, n = pooled.get(one.what, (0.0, 0.0))
                own, of = one._effective()
                pooled[one.what] = yes + own, n + of
        # Said of the first of them only.
        first = next((one.name for one in studies if one.of == self.of and one.what in _TOLD), "")
        if len(pooled) < len(_TOLD) or first != self.name:
            return []
        told, kept = (yes / n for yes, n in (pooled[what] for what in _TOLD))
        many, others = (pooled[what][1] for what in _TOLD)
        error = (told * (1 - told) / many + kept * (1 - kept) / others) ** 0.5
        if told + kept + 2 * error > 1.0:
            return []
        return [
            f"the studies of {self.of!r} give a sensitivity of {told:.3g} and a specificity of "
            f"{kept:.3g}, which must add up to more than 1: else others say so more often than "
            "people of the step. Of 'specificity', 'yes' are the others who did not say so."
        ]

    def _effective(self) -> tuple[float, float]:
        """Return as how many, of how many people asked at random, its studies count."""
        one = self._one()
        if one is None:
            yes, n = zip(*self._studies(), strict=True)
            return float(sum(yes)), float(sum(n))
        share = one.centre
        asked = self.people_asked()
        if asked is not None:
            return share * asked / self.deff, asked / self.deff
        low, high = one.range()  # five standard errors off
        size = max(share * (1 - share), 1e-9) / max((high - low) / 10, 1e-9) ** 2
        return share * size, size

    def counted_people(self, q: Quantities) -> Sequence[Counted]:
        """Return as `Evidence`; of records that are not people, one by one, nothing."""
        checked = q.sources.get(self.of)
        if self.what == "ppv" and not (
            isinstance(checked, NumberEvidence) and checked.records(q).one_by_one
        ):
            return ()
        return super().counted_people(q)

    def checking(self) -> tuple[str, str]:
        return self.of, self.what

    def figure_cells(self, population: Population, looked: Sequence[Where]) -> Sequence[Where]:
        return looked  # axes left out are those of the source

    def parameters(self, population: Population) -> dict[str, Prior]:
        found: dict[str, Prior] = {}
        if self.between is not None:
            found[self._label("between studies")] = within(as_prior(self.between), 0.0, np.inf)
            found[self._label("deviation of the source")] = Normal(0.0, 1.0)
        if self.unconfirmed is not None:
            for name in ("confirmable", "refutable"):
                value = getattr(self, name)
                prior = Beta(1.0, 1.0) if value is None else as_prior(value)
                found[self._label(name)] = within(prior, 0.0, 1.0)
        return found

    def defaults(self) -> dict[str, str]:
        if self.between is not None:
            return {self._label("deviation of the source"): named("default.study")}
        if self.unconfirmed is None:
            return {}
        return {
            self._label(name): named("default.unconfirmed")
            for name in ("confirmable", "refutable")
            if getattr(self, name) is None
        }

    def observations(self, q: Quantities) -> Sequence[Seen]:
        share = q.source(self.of).checked(self.what, q, self.where)
        if self.unconfirmed is not None:
            ((yes, n),) = self._studies()
            confirmed = q.parameter(self._label("confirmable"))
            refuted = q.parameter(self._label("refutable"))
            rest = share * (1.0 - confirmed) + (1.0 - share) * (1.0 - refuted)
            p = fm.stack([share * confirmed + 0.0 * rest, rest])
            return [Observation(Multinomial(n, p), [yes, int(self.unconfirmed)])]
        if (one := self._one()) is not None:
            return [one.observation(share)]
        if self.between is None:
            return [Observation(Binomial(n, share), Exact(yes)) for yes, n in self._studies()]
        spread = q.parameter(self._label("between studies"))
        mean = fm.logit(share) - spread * q.parameter(self._label("deviation of the source"))
        # In one vector: a quadrature per study takes long to compile.
        sizes = np.array([[float(n)] for _, n in self._studies()])
        figures = tuple(Exact(yes) for yes, _ in self._studies())
        return [Table(LogisticNormalBinomial(sizes, mean, spread), Printed(figures))]

    def with_data(self, figures: Sequence[Any], population: Population) -> Validation:
        if self.unconfirmed is not None:
            ((yes, unconfirmed),) = figures
            return replace(self, yes=int(yes), unconfirmed=int(unconfirmed))
        if (study := self._one()) is not None:
            new = study.redrawn(figures[0])
            yes = new.yes if not isinstance(self.yes, list | tuple) else type(self.yes)([new.yes])
            return replace(self, yes=yes, share=new.share, se=new.se, interval=new.interval)
        several = figures if self.between is None else figures[0][0]
        counts = [int(figure.value) for figure in several]
        one = isinstance(self.yes, int | np.integer)
        return replace(self, yes=counts[0] if one else type(self.yes)(counts))


def _is_member(evidence: Sequence[Evidence], name: str) -> bool:
    """Return whether a source is one of several registers, which have a coverage each."""
    return any(member.name == name for top in evidence for member in top.members())
