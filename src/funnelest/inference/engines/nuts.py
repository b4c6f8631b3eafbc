"""Hamiltonian Monte Carlo (NUTS) with nutpie, for models that importance sampling cannot do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import ref

import numpy as np

from funnelest.errors import FitError
from funnelest.likelihood.as_pymc import split, to_pymc
from funnelest.model.model import Model
from funnelest.sampling.gate import Gate, chains_gate, measured

__all__ = ["Chains", "sample"]

type Progress = Callable[[float, str], None]

#: What is left of an interrupted run is a sample from so many draws a chain, of two chains.
_LEAST, _CHAINS = 100, 2


@dataclass(frozen=True)
class Chains:
    """What NUTS gives: draws per parameter, shape ``(chains, draws)``, and the gate.

    After an interrupt there are fewer of them.
    """

    draws: dict[str, np.ndarray[Any, Any]]
    gate: Gate
    interrupted: bool = False


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
    and what is being done. An interrupt (Ctrl-C) while the chains run ends them where they are, and
    goes on only when they have hardly begun.
    """
    import nutpie
    import pytensor

    progress(0.05, "compiling (this takes longest)")
    # With fast math the compiler may reorder sums, differently from an empty and from a filled
    # cache: the same seed would not give the same draws.
    with pytensor.config.change_flags(numba__fastmath=False):
        compiled = _compiled(model)
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
            # Only the first line: after it comes a trace of nutpie's own.
            raise FitError(f"NUTS could not start: {str(error).splitlines()[0]}") from error
    found = split(model, tree["posterior"].dataset)
    stats = tree["sample_stats"].dataset
    energies, diverging = stats["energy"].values, stats["diverging"].values
    kept, length = _there(energies)
    found = {name: one[kept, :length] for name, one in found.items()}
    divergences = int(diverging[kept, :length].sum())
    measures = measured(np.stack(list(found.values())), energies[kept, :length], divergences)
    interrupted = (len(kept), length) != (chains, draws)
    return Chains(found, chains_gate(**measures), interrupted)


#: The model that was compiled last, as long as somebody holds it: a fit that goes on, and
#: `Result.more`, would compile it again, which takes longer than sampling.
_last: tuple[Callable[[], Model | None], Any] = (lambda: None, None)


def _compiled(model: Model) -> Any:
    global _last
    if _last[0]() is not model:
        import nutpie

        _last = (ref(model), nutpie.compile_pymc_model(to_pymc(model), backend="numba"))
    return _last[1]


def _there(energies: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], int]:
    """Return which chains to keep, and their common length.

    On an interrupt nutpie hands over what is there, and fills up with what is no number. Chains
    that have made less than half of the longest, or have not begun, are left out.
    """
    lengths = np.sum(~np.isnan(energies), axis=1)
    kept = np.flatnonzero(2 * lengths >= lengths.max(initial=1))
    length = int(lengths[kept].min(initial=energies.shape[1]))
    if len(kept) < _CHAINS or length < _LEAST:
        raise KeyboardInterrupt
    return kept, length


def _done(state: Any) -> float:
    """Return the share of all draws that the chains have made."""
    total = sum(one.total_draws for one in state)
    return sum(one.finished_draws for one in state) / total if total else 0.0
