"""Small routes on which people are followed one by one, and the law of what is counted there."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
from scipy import stats

import funnelest as fe
from funnelest.likelihood.density import log_likelihoods
from funnelest.population import Population

ROUTE = fe.Route("a", "b", "c", skips=[("a", "c")])
ON = {("a", "b"): 0.6, ("b", "c"): 0.5, ("a", "c"): 0.3}
ONE = Population.cells({})
#: Counts of small models go from 0 to this; more hardly ever come.
MOST = 7


def coverage(share):
    return [fe.Coverage(share)] if share < 1 else []


def register(step, count=0, share=1.0, *defects, name="", **fields):
    name = name or (step if isinstance(step, str) else "-".join(step))
    return fe.Register(
        name=name, step=step, count=count, defects=[*coverage(share), *defects], **fields
    )


def model_of(*evidence, number=3.0, route=ROUTE, on=ON, population=ONE, **parts):
    shares = {edge: fe.Share(on[edge]) for edge in route.edges}
    return fe.Model(route, population, fe.Number(fe.LogUniform(number / 9, number * 9)), shares,
                    evidence, **parts)  # fmt: skip


def probability(model, number=3.0):
    """Return the probability of what the sources of a model counted."""
    found = sum(log_likelihoods(model, {"number at a": np.array([number])}).values())
    return float(np.exp(found).item())


def paths(route, on, path=("a",)):
    """Yield every path and its probability."""
    left = 1.0
    for after in route.successors(path[-1]):
        share = left * on[path[-1], after]
        left *= 1 - on[path[-1], after]
        yield from ((p, share * q) for p, q in paths(route, on, (*path, after)))
    yield path, left


def by_people(registers, number=3.0, route=ROUTE, on=ON):
    """Return the joint law of counts, from people who go and are counted, group by group.

    Registers are a place, the share of people there who are counted, and expected false records.
    """
    size = MOST + 1
    law = np.zeros((size,) * len(registers))
    law[(0,) * len(registers)] = 1.0

    def add(mean, who):
        nonlocal law
        more, found = stats.poisson.pmf(np.arange(size), mean), np.zeros_like(law)
        for n, p in enumerate(more):
            to = tuple(slice(n, None) if w else slice(None) for w in who)
            of = tuple(slice(None, size - n) if w else slice(None) for w in who)
            found[to] += p * law[of]
        law = found

    for path, share in paths(route, on):
        places = {*path, *pairwise(path)}
        chances = [own if place in places else 0.0 for place, own, _ in registers]
        for who in product([False, True], repeat=len(registers)):
            mean = number * share
            for w, chance in zip(who, chances, strict=True):
                mean *= chance if w else 1 - chance
            if mean and any(who):
                add(mean, who)
    for i, (_, _, false) in enumerate(registers):
        if false:
            add(false, [i == j for j in range(len(registers))])
    return law
