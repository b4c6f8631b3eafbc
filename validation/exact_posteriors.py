"""What `fit` gives of small models whose posterior is known by quadrature, on every seed.

Models of two to six unknowns, each hard in a way of its own: ridges that are a thousand times as
long as they are wide, poles of a prior, limits that figures push against, a hyperbola, a ring, two
modes of unequal mass, a spread that may be nothing. The exact distribution functions
are computed on grids fine enough that no rank is more than 1e-5 off, by comparison with grids
twice as coarse.

Run ``python -m validation.exact_posteriors --seeds 20`` to see the mean rank of every limit.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from validation import exact_chains, exact_registers, exact_two_unknowns
from validation.exact_quadrature import Case

import funnelest as fe

__all__ = ["CASES", "LEVELS", "Case", "ranks"]

#: The limits that are compared: the probability that should be below each.
LEVELS = np.array([0.025, 0.5, 0.975, 0.995])

#: Name -> what builds the case, of grids that are so many times coarser when `coarse` is given.
CASES: dict[str, Callable[..., Case]] = {
    name: getattr(module, name)
    for module in (exact_two_unknowns, exact_registers, exact_chains)
    for name in module.__all__
}


def ranks(case: Case, seeds: range, **arguments: Any) -> tuple[dict[str, Any], list[str], float]:
    """Fit a case with several seeds.

    Parameters
    ----------
    case : Case
        The model and what is exact of it.
    seeds : range
        One fit for each.
    **arguments
        Further arguments of `fit`.

    Returns
    -------
    found : dict
        Parameter -> the exact ranks of the fitted quantiles at `LEVELS`, a row per fit that
        passed its gate.
    refused : list of str
        The other fits.
    seconds : float
        CPU seconds a fit.
    """
    found: dict[str, list[Any]] = {name: [] for name in case.exact}
    refused, begun = [], time.process_time()
    for seed in seeds:
        try:
            result = fe.fit(case.model, engine="importance", seed=seed, progress=False, **arguments)
        except fe.FitError as error:
            refused.append(f"seed {seed}: {error}")
            continue
        if not result.gate.passed:
            refused.append(f"seed {seed}: {result.gate.text}")
            continue
        for name, exact in case.exact.items():
            found[name].append(exact(np.quantile(result.draws[name], LEVELS)))
    seconds = (time.process_time() - begun) / len(seeds)
    return {name: np.array(one) for name, one in found.items()}, refused, seconds


def main() -> None:
    """Print the mean rank of every limit, less what it should be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=list(CASES))
    parser.add_argument("--seeds", type=int, default=20)
    given = parser.parse_args()
    print("mean rank less level (standard error); worst of any fit; of", LEVELS)
    for name in given.names:
        case = CASES[name]()
        found, refused, seconds = ranks(case, range(given.seeds))
        print(f"{name}: {len(case.model.free)} unknowns, {len(refused)} refused, {seconds:.2f} s")
        for parameter, one in found.items():
            if not len(one):
                continue
            apart, error = one.mean(axis=0) - LEVELS, one.std(axis=0) / np.sqrt(len(one))
            shown = " ".join(f"{a:+.4f} ({e:.4f})" for a, e in zip(apart, error, strict=True))
            worst = " ".join(f"{w:.4f}" for w in np.abs(one - LEVELS).max(axis=0))
            print(f"  {parameter}: {shown}; {worst}")
        print("".join(f"  {one}\n" for one in refused), end="", flush=True)


if __name__ == "__main__":
    main()
