"""Small models whose posterior is known by quadrature: what `fit` must give, on every seed.

Each is hard in a way of its own: a ridge that is a thousand times as long as it is wide and runs
into a pole of a prior, a hyperbola, a ring, two modes of unequal mass, poles at both ends. The
exact distribution functions are computed here from densities written out by hand, on grids fine
enough that no rank is more than 1e-5 off, by comparison with grids twice as coarse.

Run ``python validation/exact_posteriors.py --seeds 20`` to see the mean rank of every limit.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special, stats

import funnelest as fe

LEVELS = np.array([0.025, 0.5, 0.975, 0.995])


@dataclass(frozen=True)
class Case:
    """A model, and the exact distribution function of one of its parameters."""

    model: fe.Model
    parameter: str
    exact: Callable[[Any], Any]


def _below(nodes: Any, log_density: Any) -> Callable[[Any], Any]:
    """Return the distribution function of a density on evenly spaced nodes."""
    mass = np.exp(log_density - log_density.max())
    heights = np.cumsum(mass) - mass / 2
    return lambda x: np.interp(x, nodes, heights / mass.sum())


def register_on_a_ridge(coarse: int = 1) -> Case:
    """A register of 25,000 whose coverage has a pole at 0: only the product is known."""
    people, count, low, high = 3_000_000, 25_000, 1e-5, 0.1
    model = fe.Model(
        fe.Route("a", "b"),
        fe.Population({"group": ["all"]}, [people]),
        fe.Rate(fe.LogNormal.from_interval(low, high)),
        evidence=[fe.Register("r", step="a", count=count, defects=[fe.Coverage(fe.Beta(0.5, 3))])],
    )
    mean = (np.log(low) + np.log(high)) / 2
    sd = (np.log(high) - np.log(low)) / 2 / stats.norm.ppf(0.975)
    rates = np.linspace(np.log(count / people) - 0.05, 0, 4001 // coarse)[:-1]
    expected = np.linspace(count - 1500, count + 1500, 1501 // coarse)
    share = expected / (people * np.exp(rates[:, None]))
    with np.errstate(all="ignore"):
        prior = np.where(share < 1, special.xlogy(-0.5, share) + 2 * np.log1p(-share), -np.inf)
    inner = special.logsumexp(prior + stats.poisson.logpmf(count, expected), axis=1) - rates
    exact = _below(rates, inner + stats.norm.logpdf(rates, mean, sd))
    return Case(model, "rate of a", lambda x: exact(np.log(x)))


def _plane(
    value: Callable[[Any, Any], Any], estimate: float, se: float, sd: float, coarse: int
) -> Case:
    """Two normal numbers of which a function is known, by a grid on both."""
    own = fe.OwnNormal(
        name="f",
        quantity=lambda q: value(q.parameter("x"), q.parameter("y")),
        estimate=estimate,
        se=se,
    )
    model = fe.Model(
        fe.Route("a", "b"),
        fe.Population({"group": ["all"]}, [1000]),
        fe.Rate(0.01),
        {("a", "b"): fe.Share(0.5)},
        [own],
        [],
        {"x": fe.Normal(0, sd), "y": fe.Normal(0, sd)},
    )
    x = np.linspace(-6 * sd, 6 * sd, 12_001 // coarse)
    fine = np.linspace(-6 * sd, 6 * sd, 12_001 // coarse)
    logs = []
    for part in np.array_split(x, 50):
        log = stats.norm.logpdf(value(part[:, None], fine[None]), estimate, se)
        log += stats.norm.logpdf(fine, 0, sd)
        logs.append(special.logsumexp(log, axis=1))
    exact = _below(x, np.concatenate(logs) + stats.norm.logpdf(x, 0, sd))
    return Case(model, "x", exact)


def hyperbola(coarse: int = 1) -> Case:
    """Of two numbers only the product is known."""
    return _plane(lambda x, y: x * y, 1.0, 0.02, 2.0, coarse)


def ring(coarse: int = 1) -> Case:
    """Of two numbers the sum of their squares is known."""
    return _plane(lambda x, y: x * x + y * y, 1.0, 0.05, 1.0, coarse)


def two_modes(coarse: int = 1) -> Case:
    """A square is known, and the sign only nearly: modes of unequal mass, far apart."""
    return _plane(lambda x, y: x * x + 0.6 * x + 0.3 * y, 4.0, 0.2, 2.0, coarse)


def poles(coarse: int = 1) -> Case:
    """None of 50, a prior that is infinite at 0, and one that is infinite at 1."""
    model = fe.Model(
        fe.Route("a", "b"),
        fe.Population({"group": ["all"]}, [1000]),
        fe.Rate(fe.Beta(0.05, 1)),
        {("a", "b"): fe.Share(fe.Beta(0.5, 0.5))},
        [
            fe.Survey("none", step="a", yes=0, n=50),
            fe.Survey("all", step="b", of="a", yes=20, n=20),
        ],
    )
    return Case(model, "a -> b", stats.beta(20.5, 0.5).cdf)


CASES: dict[str, Callable[..., Case]] = {
    one.__name__: one for one in (register_on_a_ridge, hyperbola, ring, two_modes, poles)
}


def ranks(case: Case, seeds: range, **arguments: Any) -> tuple[Any, list[str], float]:
    """Return the exact ranks of fitted quantiles per seed, the refusals, and CPU s a fit."""
    found, refused, begun = [], [], time.process_time()
    for seed in seeds:
        try:
            result = fe.fit(case.model, engine="importance", seed=seed, progress=False, **arguments)
        except fe.FitError as error:
            refused.append(f"seed {seed}: {error}")
            continue
        if not result.gate.passed:
            refused.append(f"seed {seed}: {result.gate.text}")
            continue
        found.append(case.exact(np.quantile(result.draws[case.parameter], LEVELS)))
    return np.array(found), refused, (time.process_time() - begun) / len(seeds)


def main() -> None:
    """Print the mean rank of every limit, less what it should be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=list(CASES))
    parser.add_argument("--seeds", type=int, default=20)
    given = parser.parse_args()
    print("case: mean rank less level (standard error); worst; refused; CPU s a fit", LEVELS)
    for name in given.names:
        found, refused, seconds = ranks(CASES[name](), range(given.seeds))
        apart = found.mean(axis=0) - LEVELS
        error = found.std(axis=0) / np.sqrt(len(found))
        shown = " ".join(f"{a:+.4f} ({e:.4f})" for a, e in zip(apart, error, strict=True))
        worst = " ".join(f"{w:.4f}" for w in np.abs(found - LEVELS).max(axis=0))
        print(f"{name}: {shown}; worst {worst}; refused {len(refused)}; {seconds:.2f} s")
        print("".join(f"  {one}\n" for one in refused), end="")


if __name__ == "__main__":
    main()
