"""What `fit` gives of small models whose posterior is known by quadrature, on every seed.

Models of two to six unknowns, each hard in a way of its own: ridges that are a thousand times as
long as they are wide, poles of a prior, limits that figures push against, a hyperbola, a ring, two
modes of unequal mass, a spread that may be nothing, shells without modes. The exact distribution
functions are computed on grids fine enough that no rank is more than 1e-5 off, by comparison with
grids twice as coarse.

Run ``python -m validation.exact_posteriors --seeds 20`` to see the mean rank of every limit.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from validation import exact_chains, exact_registers, exact_symmetric, exact_two_unknowns
from validation.exact_quadrature import Case, Distribution

import funnelest as fe

__all__ = ["CASES", "HARDER", "LEVELS", "Case", "Fits", "fits"]

#: The limits that are compared: the probability that should be below each.
LEVELS = np.array([0.025, 0.5, 0.975, 0.995])
#: The numbers that a table prints, with an error each.
_PRINTED = LEVELS[:3]

#: Name -> what builds the case, of grids that are so many times coarser when `coarse` is given.
CASES: dict[str, Callable[..., Case]] = {
    name: getattr(module, name)
    for module in (exact_two_unknowns, exact_registers, exact_chains, exact_symmetric)
    for name in module.__all__
}

#: Two that may be refused, but not wrong: see `test_exact_necks`.
HARDER: dict[str, Callable[..., Case]] = {
    "funnel_3": exact_symmetric.funnel_3,
    "star_5": exact_symmetric.star_5,
}


@dataclass(frozen=True)
class Fits:
    """What fits of a case gave, a row for each that passed its gate.

    Parameters
    ----------
    ranks : mapping of str to array
        Parameter -> the exact ranks of the fitted quantiles at `LEVELS`.
    errors_off : mapping of str to array
        Parameter -> how many of its own Monte Carlo errors each number that a fit prints is off:
        the lower limit, the median and the upper limit.
    refused : sequence of str
        The fits that did not pass, and why.
    seconds : float
        CPU seconds a fit.
    """

    ranks: Mapping[str, Any]
    errors_off: Mapping[str, Any]
    refused: Sequence[str]
    seconds: float


def fits(case: Case, seeds: range, **arguments: Any) -> Fits:
    """Fit a case once with each of the seeds; further arguments are those of `fit`."""
    found: dict[str, list[Any]] = {name: [] for name in case.exact}
    off: dict[str, list[Any]] = {name: [] for name in case.exact}
    refused, seconds = [], 0.0
    for seed in seeds:
        begun = time.process_time()
        try:
            result = fe.fit(case.model, engine="importance", seed=seed, progress=False, **arguments)
        except fe.FitError as error:
            refused.append(f"seed {seed}: {error}")
            continue
        finally:
            seconds += (time.process_time() - begun) / len(seeds)
        if not result.gate.passed:
            refused.append(f"seed {seed}: {result.gate.text}")
            continue
        printed = result.parameters().set_index("parameter")
        for name, exact in case.exact.items():
            found[name].append(exact(np.quantile(result.draws[name], LEVELS)))
            off[name].append(_errors_off(exact, printed.loc[name]))
    return Fits(
        {name: np.array(one) for name, one in found.items()},
        {name: np.array(one) for name, one in off.items()},
        refused,
        seconds,
    )


def _errors_off(exact: Distribution, printed: Any) -> Any:
    """Return how many of its own errors each printed number is off, on the scale of ranks."""
    at, error = (
        np.array([float(printed[f"{name}{what}"]) for name in ("low", "median", "high")])
        for what in ("", "_mc_error")
    )
    in_ranks = (exact(at + error) - exact(at - error)) / 2
    # A median between two modes may move without any effect: ranks are exact to 1e-5 only.
    return (exact(at) - _PRINTED) / np.maximum(in_ranks, 1e-5)


def main() -> None:
    """Print the mean rank of every limit, less what it should be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=[*CASES, *HARDER])
    parser.add_argument("--seeds", type=int, default=20)
    given = parser.parse_args()
    print("mean rank less level (standard error); worst of any fit; of", LEVELS)
    print("and the most of its own errors that a printed number is off: lower, median, upper")
    for name in given.names:
        case = {**CASES, **HARDER}[name]()
        made = fits(case, range(given.seeds))
        unknowns, refused = len(case.model.free), len(made.refused)
        print(f"{name}: {unknowns} unknowns, {refused} refused, {made.seconds:.2f} s a fit")
        for parameter, one in made.ranks.items():
            if not len(one):
                continue
            apart, error = one.mean(axis=0) - LEVELS, one.std(axis=0) / np.sqrt(len(one))
            shown = " ".join(f"{a:+.4f} ({e:.4f})" for a, e in zip(apart, error, strict=True))
            worst = " ".join(f"{w:.4f}" for w in np.abs(one - LEVELS).max(axis=0))
            own = " ".join(f"{w:.1f}" for w in np.abs(made.errors_off[parameter]).max(axis=0))
            print(f"  {parameter}: {shown}; {worst}; {own}")
        print("".join(f"  {one}\n" for one in made.refused), end="", flush=True)


if __name__ == "__main__":
    main()
