"""What the user's own code gives, tried once where a model is made.

Priors, terms, assumptions, defects, figures, distributions and sources may be written by anyone.
Here each is called on some draws from the priors, and what it returns is checked; while a model is
fitted nothing of it is checked again. Parts are tried from the bottom, each only where those that
it is made from are well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.assumptions.base import Assumption
from funnelest.distributions import Custom
from funnelest.errors import SpecError
from funnelest.evidence.base import Evidence
from funnelest.evidence.own import OwnEvidence
from funnelest.fields import an
from funnelest.model.hidden_members import is_own, parts_within
from funnelest.model.parts import Parts
from funnelest.observations.observation import Seen
from funnelest.population import Population
from funnelest.priors import Prior
from funnelest.quantities.quantities import Quantities

__all__ = ["mask_problems", "tried_problems"]

type Floats = NDArray[np.float64]

#: Draws from the priors; and some of them again, by themselves.
_DRAWS = 16
_ALONE = ([5], [2, 11, 3])
#: How far out along a ray a likelihood is looked at, in standard deviations of the priors; how far
#: it has to be seen; and what its logarithm must have risen to beside what the prior fell, below
#: which that of a density of data stays. Rays are the axes, and so many others.
_FAR, _ENOUGH, _RISEN, _RAYS = 2.0 ** np.arange(2, 13), 30.0, 1000.0, 4
#: Numbers in cells that may be looked at for this, and at once.
_WORK, _ROOM = 1e8, 2e6
#: Probabilities at which a prior is tried, and how far from them its density is taken. So much may
#: its functions contradict each other, in probability and in the logarithm of a density.
_LEVELS, _BESIDE, _APART, _LOG_APART = np.linspace(0.05, 0.95, 19), 1e-4, 1e-3, 0.1

_HOW = (
    "It gets one value per draw, on the last axis: use the ordinary operators and funnelest.math, "
    "and return one value per draw"
)


def tried_problems(model: Parts) -> list[str]:
    """Return what is wrong with what the user's own code gives, one sentence each."""
    parts = [model.priors, model.occurrence, model.transitions, model.evidence, model.assumptions]
    own = [one for one in parts_within(parts) if is_own(type(one))]
    if not own and not any(isinstance(one, OwnEvidence) for one in model.evidence):
        return []  # of most models; then nothing is drawn, and nothing imported for it
    priors = {repr(one): one for one in own if isinstance(one, Prior)}
    found = [text for one in priors.values() for text in _prior_problems(one)]
    if found:
        return found
    tries = _Tries(model)
    return [*tries.in_cells()] or [*tries.of_sources()]


def mask_problems(one: Assumption, population: Population) -> list[str]:
    """Return which methods of an assumption give no mask over cells, one sentence each.

    Asked before anything else of it: the checks of a model use these masks.
    """
    return [
        f"{type(one).__name__}: {method}(population) must be an array of True and False in the "
        f"cells {population.shape}; it is {_shown(mask)}."
        for method in ("imputed", "rests_on")
        for mask in [getattr(one, method)(population)]
        if not _is_mask(mask, population.shape)
    ]


class _Tries:
    """A model at draws from its priors, and at some of these by themselves."""

    def __init__(self, model: Parts) -> None:
        # Limits without a distribution have no draws: all is tried at the upper one.
        ended = [one.ends(model.population).get("upper", one) for one in model.assumptions]
        self.model = model.but(assumptions=tuple(ended))
        rng = np.random.default_rng(0)
        values = {name: prior.sample(rng, _DRAWS) for name, prior in model.free.items()}
        self._draws = [np.arange(_DRAWS), *map(np.array, _ALONE)] if values else [np.arange(1)]
        self._q = [self._at({name: x[at] for name, x in values.items()}) for at in self._draws]

    def _at(self, values: dict[str, Floats]) -> Quantities:
        return Quantities(self.model, values)

    def in_cells(self) -> Iterator[str]:
        """Yield what is wrong with own terms and assumptions, which give numbers in cells."""
        people = self.model.population
        for varying, name in self.model.varying():
            for term in varying.terms:
                if is_own(type(term)):
                    what = f"{type(term).__name__} of {name}: deviation"
                    made = [partial(term.deviation, q.parameters, name, people) for q in self._q]
                    yield from self._tried(what, made, people.shape)
        assumed = self.model.assumptions
        if not any(is_own(type(one)) for one in assumed):
            return
        occurrence, called = self.model.occurrence, self.model.occurrence_name
        rates = [occurrence.evaluate(q.parameters, called, people) for q in self._q]
        ones = [np.ones((1,) * (len(people.shape) + 1)) for _ in self._q]
        for method, before in (("apply_to_rate", rates), ("apply_to_population", ones)):
            for one in assumed:
                made = [
                    partial(getattr(one, method), value, q.parameters, people)
                    for value, q in zip(before, self._q, strict=True)
                ]
                if is_own(type(one)) and one.gives(method):
                    found = [*self._tried(f"{type(one).__name__}: {method}", made, people.shape)]
                    if found:  # the next one is handed what this gives
                        yield from found
                        break
                before = [value() for value in made]
        for one in assumed:
            if is_own(type(one)) and one.gives("first_share"):
                made = [partial(one.first_share, q.parameters, people) for q in self._q]
                yield from self._tried(f"{type(one).__name__}: first_share", made, people.shape)

    def of_sources(self) -> Iterator[str]:
        """Yield what is wrong with sources that are own, or made of own parts."""
        everywhere = [
            type(one).__name__
            for one in self.model.assumptions
            if is_own(type(one)) and one.gives("on_records")
        ]
        for one in self.model.evidence:
            own = {type(part).__name__: None for part in parts_within([one]) if is_own(type(part))}
            if isinstance(one, OwnEvidence) or is_own(type(one)):
                yield from self._source(one, one.written)
            elif own or everywhere:
                yield from self._source(one, " or ".join([*own, *everywhere]))

    def _source(self, one: Evidence, written: str) -> Iterator[str]:
        """Yield what is wrong with what a source observes; `written` is what the user wrote."""
        start = f"{type(one).__name__} {one.name!r}"
        what = f"{start}: the log-likelihood by {written}"
        found = [*self._tried(what, [partial(_logp, one, q) for q in self._q], (), density=True)]
        free = [] if found else [i for i, o in enumerate(_seen(one, self._q[0])) if _is_free(o)]
        for i in free:
            made = [partial(_located, one, i, q) for q in self._q]
            found += self._tried(f"{start}: what locations() of {written} gives", made, None)
        yield from found
        if free and not found:
            yield from self._rising(
                what, lambda q: sum(o.logp() for o in _seen(one, q) if _is_free(o))
            )

    def _tried(
        self,
        what: str,
        made: Sequence[Callable[[], Any]],
        shape: tuple[int, ...] | None,
        *,
        density: bool = False,
    ) -> Iterator[str]:
        """Yield what is wrong with the numbers that are made at the draws, the first thing only.

        Of this `shape` before the draws, where the lengths may be 1; or of any, with None.
        """
        try:
            with np.errstate(all="ignore"):
                values = [one() for one in made]
        except SpecError as error:
            yield from (f"{what}: {text}" for text in error.problems)
            return
        except Exception as error:  # whatever a user's function may do
            yield (
                f"{what} fails on draws from the priors ({type(error).__name__}: {error}). {_HOW}."
            )
            return
        numbers = []
        for at, value in zip(self._draws, values, strict=True):
            if not _fits(value, shape, len(at)):
                cells = "" if not shape else f" in each of the cells {shape}"
                yield (
                    f"{what} must be one number per draw{cells}; for {len(at)} draws it is "
                    f"{_shown(value)}. {_HOW}."
                )
                return
            value = np.asarray(value, dtype=np.float64)
            numbers.append(np.broadcast_to(value, np.broadcast_shapes(value.shape, (len(at),))))
        whole = numbers[0]
        for at, alone in zip(self._draws[1:], numbers[1:], strict=True):
            if not np.allclose(whole[..., at], alone, rtol=1e-6, atol=1e-9, equal_nan=True):
                yield (
                    f"{what} is another number for the same draw when other draws stand beside it. "
                    f"{_HOW}, without sums, means or orders over the draws and without chance."
                )
                return
        if density and (whole == np.inf).any():
            where = self._point(int(np.argmax(whole == np.inf)))
            yield f"{what} is infinite at {where}, where a density has to be finite."
        elif np.isnan(whole).all():
            yield f"{what} is not a number at any of {whole.size} draws from the priors."

    def _point(self, at: int) -> str:
        values = [f"{n} = {self._q[0].parameters[n][at]:.4g}" for n in self.model.free]
        return ", ".join([*values[:3], *(["..."] if len(values) > 3 else [])]) or "its fixed values"

    def _rising(self, what: str, logp: Callable[[Quantities], Any]) -> Iterator[str]:
        """Yield along what a likelihood rises without end, faster than the priors fall.

        A likelihood of data is bounded; one that is written by hand may leave no posterior. Judged
        where all parameters can still be told from the ends of their ranges.
        """
        free, cells = self.model.free, self.model.population.counts.size
        others = np.random.default_rng(1).standard_normal((_RAYS, len(free)))
        others /= np.linalg.norm(others, axis=1, keepdims=True)
        far = np.concatenate([[0.0], _FAR])
        each = cells * 2 * len(far)
        # In a country it would take too long to look along every axis.
        rays = np.concatenate([np.eye(len(free)), others]) if each * len(free) < _WORK else others
        at_once = max(1, int(_ROOM // each))
        for first in range(0, len(rays), at_once):
            some = np.concatenate([(ray, -ray) for ray in rays[first : first + at_once]])
            values, inside = {}, np.ones((len(some), len(far)), dtype=bool)
            with np.errstate(all="ignore"):
                for (name, prior), part in zip(free.items(), some.T, strict=True):
                    x = prior.line()[0](prior.line_of_score(part[:, None] * far))
                    low, high = prior.support
                    inside &= np.isfinite(x) & (x > low) & (x < high)
                    values[name] = np.ravel(prior.inside(x))
                total = np.broadcast_to(logp(self._at(values)), inside.size).reshape(inside.shape)
                total = total - 0.5 * far**2
            for ray, heights, seen in zip(some, total, inside, strict=True):
                text = _endless(heights, seen & ~np.isnan(heights), far)
                if text:
                    at = int(np.argmax(np.abs(ray)))
                    single = np.abs(ray[at]) == 1
                    name = list(free)[at] if single else "several parameters together"
                    way = "higher" if not single or ray[at] > 0 else "lower"
                    yield f"{what} {text.format(way=way, name=name)}"
                    return


def _endless(total: Floats, seen: NDArray[np.bool_], far: Floats) -> str:
    """Return how a log-density rises along a ray without end; empty where that is not plain."""
    total, reached = total[seen], far[seen]
    if np.any(total == np.inf):  # it has grown beyond all numbers
        total = total[: int(np.argmax(total)) + 1]
        if len(total) == 1:
            return "is infinite at the medians of the priors."
    elif len(total) < 4 or reached[-1] < _ENOUGH:
        return ""
    if not total[-1] > max(total[:-1].max(initial=-np.inf), _RISEN):
        return ""
    if not (np.diff(total[-3:]) > 0).all():
        return ""
    return (
        "rises without end, and faster than the prior falls, the {way} {name} is: there is no "
        "posterior. It must be the logarithm of a probability (density) of the data."
    )


def _is_free(seen: Seen) -> bool:
    """Return whether a user wrote how likely the data are."""
    law = seen.expected
    return is_own(type(seen)) or is_own(type(law)) or isinstance(law, Custom)


def _seen(one: Evidence, q: Quantities) -> Sequence[Seen]:
    found = one.observations(q)
    odd = [other for other in found if not isinstance(other, Seen)]
    if odd:
        raise TypeError(f"a list of Observation is wanted; in it is {odd[0]!r}")
    return found


def _logp(one: Evidence, q: Quantities) -> Any:
    """Return the log-likelihood of a source; of several parts one that is no number per draw."""
    values = [seen.logp() for seen in _seen(one, q)]
    odd = [value for value in values if not _is_real(value) or np.ndim(value) > 1]
    return odd[0] if odd else sum(values)


def _located(one: Evidence, i: int, q: Quantities) -> Any:
    """Return all numbers that an observation of a source locates, one row each."""
    places = [place for place in _seen(one, q)[i].locations() if place is not None]
    rows = [np.atleast_2d(part) for place in places for part in place]
    most = max((row.shape[-1] for row in rows), default=1)
    return np.concatenate([np.broadcast_to(row, (len(row), most)) for row in rows]) if rows else 0.0


def _is_real(value: Any) -> bool:
    return isinstance(value, int | float | np.ndarray | np.generic) and (
        np.asarray(value).dtype.kind in "fiub"
    )


def _is_mask(value: Any, shape: tuple[int, ...]) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "b" and value.shape == shape


def _fits(value: Any, shape: tuple[int, ...] | None, draws: int) -> bool:
    if not _is_real(value):
        return False
    if shape is None:
        return np.shape(value)[-1:] in ((), (1,), (draws,))
    try:
        return np.broadcast_shapes(np.shape(value), (*shape, draws)) == (*shape, draws)
    except ValueError:
        return False


def _shown(value: Any) -> str:
    """Return what was returned, in few words."""
    if isinstance(value, np.ndarray | np.generic):
        kind = "" if _is_real(value) else f" of type {value.dtype}"
        return f"an array of shape {np.shape(value)}{kind}"
    if value is None or isinstance(value, str | complex):
        return repr(value)
    return an(type(value).__name__)


# ------------------------------------------------------------------------------ priors


def _prior_problems(prior: Prior) -> list[str]:
    """Return what is wrong with what an own family gives, the first thing only."""
    kind = type(prior).__name__
    try:
        with np.errstate(all="ignore"):
            low, high = prior.support
            x = _per_level(prior.ppf(_LEVELS), "ppf(p)")
            if not (low < high and (np.diff(x) > 0).all() and low <= x[0] and x[-1] <= high):
                raise _Wrong(
                    "ppf(p) must rise with p, between the two numbers of its support; at p = "
                    f"{_LEVELS[0]:g} and {_LEVELS[-1]:g} it is {x[0]:.4g} and {x[-1]:.4g}, and the "
                    f"support {prior.support!r}"
                )
            if not np.allclose(_per_level(prior.cdf(x), "cdf(x)"), _LEVELS, atol=_APART):
                raise _Wrong("cdf(x) must be p again where x is ppf(p), and it is not")
            near = [prior.ppf(_LEVELS + side * _BESIDE) for side in (1, -1)]
            slope = np.log(2 * _BESIDE) - np.log(near[0] - near[1])
            off = np.median(np.abs(_per_level(prior.logpdf(x), "logpdf(x)") - slope))
            if not off < _LOG_APART:
                raise _Wrong(
                    "logpdf(x) must be the logarithm of the slope of cdf(x); it is off by "
                    f"{off:.2g} and more at every other x"
                )
            if prior.together:
                _stacked_well(prior, x)
    except _Wrong as wrong:
        return [f"{kind}: {wrong}."]
    except Exception as error:  # whatever a user's function may do
        return [f"{kind}, a prior of your own, fails ({type(error).__name__}: {error})."]
    return []


class _Wrong(Exception):
    """What a prior gives and must not."""


def _per_level(value: Any, what: str) -> Floats:
    if not _is_real(value) or np.shape(value) != _LEVELS.shape or not np.isfinite(value).all():
        raise _Wrong(
            f"{what} must be one finite number for each of {_LEVELS.size} given; it is "
            f"{_shown(value)}"
        )
    return np.asarray(value, dtype=np.float64)


def _stacked_well(prior: Prior, x: Floats) -> None:
    """Raise where several priors of a family cannot be evaluated at once."""
    z = prior.line()[1](x)
    single = prior.line_logpdf(z)
    try:
        several = type(prior).stacked([prior, prior]).line_logpdf(np.stack([z, z]))
        fine = np.allclose(several, single)
    except Exception:
        fine = False
    if not fine:
        raise _Wrong(
            "its functions must also take columns of parameters, since several priors of a family "
            "are evaluated at once; write them so, or give the class together = False"
        )
