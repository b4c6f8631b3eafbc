"""Hamiltonian Monte Carlo (NUTS) with nutpie, for models that importance sampling cannot do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from funnelest.errors import FitError
from funnelest.likelihood.as_pymc import split, to_pymc
from funnelest.model.model import Model
from funnelest.sampling.gate import Gate, chains_gate, measured

__all__ = ["Chains", "sample"]

type Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Chains:
    """What NUTS gives: draws per parameter, shape ``(chains, draws)``, and the gate."""

    draws: dict[str, np.ndarray[Any, Any]]
    gate: Gate


def sample(
    model: Model,
    *,
    draws: int,
    chains: int,
    seed: int,
    cores: int | None,
    progress: Progress = lambda done, text: None,
) -> Chains:
    """Sample the posterior with Markov chains, as many at a time as there are `cores`.

    The same seed gives the same draws, on one core and on many. `progress` is told the share done
    and what is being done.
    """
    import nutpie
    import pytensor

    progress(0.05, "compiling (this takes longest)")
    # With fast math the compiler may reorder sums, differently from an empty and from a filled
    # cache: the same seed would not give the same draws.
    with pytensor.config.change_flags(numba__fastmath=False):
        compiled = nutpie.compile_pymc_model(to_pymc(model), backend="numba")
        progress(0.6, "sampling")
        try:
            tree = nutpie.sample(
                compiled,
                draws=draws,
                tune=1000,
                chains=chains,
                cores=cores,
                seed=seed,
                target_accept=0.95,
                save_warmup=False,
                progress_bar=False,
                progress_callback=lambda state: progress(0.6 + 0.4 * _done(state), "sampling"),
            )
        except RuntimeError as error:
            raise FitError(f"NUTS could not start: {error}") from error
    found = split(model, tree["posterior"].dataset)
    stats = tree["sample_stats"].dataset
    diverging = int(stats["diverging"].values.sum())
    measures = measured(np.stack(list(found.values())), stats["energy"].values, diverging)
    return Chains(found, chains_gate(**measures))


def _done(state: Any) -> float:
    """Return the share of all draws that the chains have made."""
    total = sum(one.total_draws for one in state)
    return sum(one.finished_draws for one in state) / total if total else 0.0
