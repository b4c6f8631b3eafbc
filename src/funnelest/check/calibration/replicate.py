"""One replicate: parameters from the prior, made-up data, a fit, and where the truth ranks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.check.arguments import Quantity
from funnelest.errors import FitError, SpecError
from funnelest.inference.fitting import fit_within
from funnelest.likelihood.density import log_likelihoods
from funnelest.likelihood.simulating import draw_parameters, made_up
from funnelest.model.model import Model, with_made_up
from funnelest.quantities.quantities import Quantities
from funnelest.words import named

__all__ = ["LEVELS", "LIKELIHOOD", "RANKED", "Task"]

type Floats = NDArray[np.float64]

#: The data-dependent test quantity.
LIKELIHOOD = named("calibrate.likelihood")
#: Draws that the truth is ranked among. Four effective draws or more stand behind each, since
#: the gate asks for 400: they are then nearly independent.
RANKED = 99
#: Levels of the quantiles that are kept: the median, and 50%, 80% and 95% intervals.
LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
#: Tries of parameters under which data are possible.
_TRIES = 1000
#: Draws of the last try of a fit, for each draw asked for.
_MORE = 4
#: Draws of Markov chains, for each that is kept: they follow on each other.
_CHAINED = 4


@dataclass(frozen=True, kw_only=True)
class Task:
    """What every replicate has in common; called with the number of one.

    Parameters
    ----------
    model : Model
        What is fitted.
    truth : Model or None
        What data are made up from; None is the model itself.
    parameters : tuple of str
        Unknown parameters that are looked at.
    quantities : mapping of str to callable
        Further quantities, functions of `Quantities`.
    likelihood : bool
        Whether the log-likelihood is looked at.
    draws : int
        Draws per fit.
    engine : str
        As `calibrate` takes it.
    seed : int
        That of the whole calibration.
    """

    model: Model
    truth: Model | None
    parameters: tuple[str, ...]
    quantities: Mapping[str, Quantity] = field(repr=False)
    likelihood: bool
    draws: int
    engine: Any
    seed: int

    @property
    def names(self) -> list[str]:
        """Names of everything that is ranked, in order."""
        return [*self.parameters, *self.quantities, *([LIKELIHOOD] if self.likelihood else [])]

    def __call__(self, numbers: tuple[int, ...]) -> list[dict[str, Any]]:
        """Return what replicates of these numbers give, as JSON types."""
        return [self.one(number) for number in numbers]

    def one(self, number: int) -> dict[str, Any]:
        """Return what one replicate gives; it depends on its number and the seed only."""
        rng = np.random.default_rng([self.seed, number])
        values, made, redrawn = self.made(rng)
        true = self.true(values, made)
        found: dict[str, Any] = {"replicate": number, "redrawn": redrawn, "truth": _plain(true)}
        draws, failure, fits = self.fitted(made, rng)
        found |= {"fits": fits, "failure": failure}
        if draws is None:
            return found
        sample = self.sample(made, draws)
        thinned = sample[:, np.linspace(0, sample.shape[1] - 1, RANKED).astype(int)]
        found["rank"] = [_rank(row, value, rng) for row, value in zip(thinned, true, strict=True)]
        found["mean"] = _plain(sample.mean(axis=1))
        found["sd"] = _plain(sample.std(axis=1))
        # Not the rule of `sampling.weights`: the truth and the draws are exchangeable, so the r-th
        # of n draws stands at the level r / (n + 1). Intervals then hold the truth as often as
        # they say, also with few draws.
        quantiles = np.quantile(sample, LEVELS, axis=1, method="weibull")
        found["quantiles"] = [_plain(row) for row in quantiles.T]
        return found

    def made(self, rng: np.random.Generator) -> tuple[dict[str, float], Model, int]:
        """Return true values, the model with data made up from them, and how often anew.

        A prior may reach to where no data are possible at all (more people on two lists than on
        one of them). The posterior has nothing there, so it belongs to the prior without that
        part: true values are drawn from that.
        """
        source = self.truth or self.model
        for redrawn in range(_TRIES):
            values = draw_parameters(source, seed=rng)
            arrays = {name: np.array([value]) for name, value in values.items()}
            q = Quantities(source, arrays)
            with np.errstate(all="ignore"):
                figures = made_up(source, q, rng)
            evidence = [
                one.with_data(figures[one.name], source.population) for one in source.evidence
            ]
            made = with_made_up(source, evidence)
            if _possible(made, arrays):
                if self.truth is not None:  # the same figures, with the priors of the model
                    made = self.model.with_evidence(
                        [
                            one.with_data(figures[one.name], self.model.population)
                            for one in self.model.evidence
                        ]
                    )
                return values, made, redrawn
        raise SpecError(
            [f"none of {_TRIES:,} draws from the priors makes data possible."], "the calibration"
        )

    def true(self, values: Mapping[str, float], made: Model) -> Floats:
        """Return the true value of everything that is ranked."""
        q = Quantities(
            self.truth or self.model, {name: np.array([value]) for name, value in values.items()}
        )
        with np.errstate(all="ignore"):
            found = [_first(q.parameter(name)) for name in self.parameters]
            found += [_first(function(q)) for function in self.quantities.values()]
            if self.likelihood:
                shown = {name: np.array([_first(q.parameter(name))]) for name in made.free}
                found.append(float(_log_likelihood(made, shown)[0]))
        return np.array(found)

    def sample(self, made: Model, draws: Mapping[str, Floats]) -> Floats:
        """Return the posterior draws of everything that is ranked, shape ``(things, draws)``."""
        q = Quantities(made, draws)
        size = len(next(iter(draws.values()))) if draws else self.draws
        with np.errstate(all="ignore"):
            found = [draws[name] for name in self.parameters]
            found += [
                np.broadcast_to(np.asarray(function(q), dtype=np.float64), (size,))
                for function in self.quantities.values()
            ]
            if self.likelihood:
                found.append(_log_likelihood(made, draws))
        return np.array(found)

    def fitted(
        self, made: Model, rng: np.random.Generator
    ) -> tuple[dict[str, Floats] | None, str, int]:
        """Return draws, why they cannot be trusted (empty when they can), and the fits made.

        None in place of draws when there are none. A fit that fails its gate is made again, with
        other random numbers and with more draws.
        """
        tries: list[tuple[str, int]] = [("importance", 1), ("importance", _MORE)]
        if self.engine == "hmc":
            tries = [("hmc", _CHAINED), ("hmc", 2 * _CHAINED)]
        elif self.engine == "auto":
            tries = [("importance", 1), ("importance", _MORE), ("hmc", _CHAINED)]
        failure, kept, count = "", None, 0
        for engine, more in tries:
            count += 1
            seed = int(rng.integers(2**31))
            try:
                result = fit_within(made, engine=engine, draws=more * self.draws,  # type: ignore[arg-type]
                                    seed=seed, progress=False)  # fmt: skip
            except FitError as error:
                failure = str(error)
                continue
            # Independent draws in random order, or chains one after the other; the fit may have
            # made more than were asked for.
            kept = {
                name: value[:: value.size // self.draws][: self.draws]
                for name, value in result.flat.items()
            }
            failure = "" if result.gate.passed else result.gate.text
            if not failure:
                break
        return kept, failure, count


def _rank(draws: Floats, value: float, rng: np.random.Generator) -> int | None:
    """Return how many draws lie below a value, ties broken at random; None without numbers."""
    if np.isnan(value) or np.isnan(draws).any():
        return None
    return int(rng.integers((draws < value).sum(), (draws <= value).sum() + 1))


def _possible(model: Model, arrays: Mapping[str, Floats]) -> bool:
    return not model.evidence or bool(np.isfinite(_log_likelihood(model, arrays)).all())


def _log_likelihood(model: Model, draws: Mapping[str, Floats]) -> Floats:
    total = np.sum(list(log_likelihoods(model, draws).values()), axis=0)
    return np.where(np.isnan(total), -np.inf, total)


def _first(value: Any) -> float:
    return float(np.asarray(value, dtype=np.float64).reshape(-1)[0])


def _plain(values: Floats) -> list[float | None]:
    """Return numbers as JSON has them: what is not finite is nothing."""
    return [float(value) if np.isfinite(value) else None for value in values]
