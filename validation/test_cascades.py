"""Published cascades: of those at one step, how many came to the next.

- Anchorage: sexual assaults reported to its police, 2000-2003 (Snodgrass, Alaska Justice Forum
  2006;23(1):1). 1,235 were reported, 1,074 of them with one victim and one suspect, and data
  were found of 1,052: 188 were referred for prosecution, 127 accepted, 111 led to a conviction. The
  first three numbers say of which assaults the study is; only the rest is attrition.
- Police in the Netherlands: 1,000, 480, 138, 111, 68 (source not stated; second-hand).
- Sweden: of 2,324 girls and 2,015 boys in the last year of school 1,505 and 457 had experienced
  sexual abuse; 81% and 69% of these had told someone (Priebe and Svedin, Child Abuse Negl
  2008;32:1095).
- Finland: of 11,364 pupils 256 had; 80% had told someone, 26% an adult, 12% had told authorities
  (Lahtinen et al., Child Abuse Negl 2018;76:84). That those who told authorities are among those
  who told an adult, and these among all who told, is taken here as a cascade takes it.

Mark: counts and shares published (abstracts read), but for the Netherlands. Tolerance: four Monte
Carlo errors, since the answer is known: with flat priors the share of k of n is Beta(1 + k, 1 + n -
k), independent of the other shares, and a share of the start is a product of such. A printed share
is a sum over the counts that print so.

Known counts are entered as a `Cascade`, and the shares of Finland too, all of them of the 256: each
chain of counts that prints so has the probability, under flat priors, of 1 / (1 + n) for each step
from n people. As three cohorts of the 256 they would be taken for three groups of pupils.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise, product

import numpy as np
import pytest
from scipy.stats import beta

import funnelest as fe

CASCADES = {
    "Anchorage": {"data found": 1_052, "referred": 188, "accepted": 127, "convicted": 111},
    "Netherlands": {"first": 1_000, "second": 480, "third": 138, "fourth": 111, "last": 68},
}
#: Printed, in per cents of the step before.
PRINTED = {"Anchorage": (17.9, 67.6, 87.4)}
DRAWS = 8000


def fitted(model: fe.Model) -> fe.Result:
    result = fe.fit(model, engine="importance", draws=DRAWS, seed=7, progress=False)
    assert result.gate.passed, result.gate.text
    return result


def held(drawn, exact) -> None:
    """Hold mean and 95% limits to four errors; `exact` are equally likely values."""
    exact = np.sort(exact)
    assert np.mean(drawn) == pytest.approx(exact.mean(), abs=4 * np.std(exact) / np.sqrt(DRAWS))
    for p in (0.025, 0.975):
        error = 4 * np.sqrt(p * (1 - p) / DRAWS)
        assert abs(np.searchsorted(exact, np.quantile(drawn, p)) / len(exact) - p) < error


def equally_likely(yes: int, n: int, size: int = 400_000, seed: int = 0) -> np.ndarray:
    """Return values of Beta(1 + yes, 1 + n - yes), evenly over its quantiles, in random order."""
    middles = (np.arange(size) + 0.5) / size
    return beta.ppf(np.random.default_rng(seed).permutation(middles), 1 + yes, 1 + n - yes)


# ---------------------------------------------------------------- counts


@cache
def of_counts(name: str) -> fe.Result:
    counts = CASCADES[name]
    return fitted(
        fe.Model(
            fe.Route(*counts), fe.Population.cells(), fe.Number(next(iter(counts.values()))),
            evidence=[fe.Cascade("followed", counts=counts)],
        )
    )  # fmt: skip


EACH = [(name, step) for name, counts in CASCADES.items() for step in list(counts)[1:]]


@pytest.mark.parametrize(("name", "step"), EACH)
def test_the_share_of_the_step_before(name, step):
    steps, counts = list(CASCADES[name]), CASCADES[name]
    before = steps[steps.index(step) - 1]
    drawn = of_counts(name).sample_of(lambda q: q.transition(before, step))
    held(drawn, equally_likely(counts[step], counts[before]))


@pytest.mark.parametrize(("name", "step"), EACH)
def test_the_share_of_the_start(name, step):
    start, counts = next(iter(CASCADES[name])), list(CASCADES[name].values())
    upto = list(CASCADES[name]).index(step)
    parts = [equally_likely(counts[i + 1], counts[i], seed=i) for i in range(upto)]
    held(of_counts(name).sample_of(lambda q: q.share(step, of=start)), np.prod(parts, axis=0))


@pytest.mark.parametrize("name", PRINTED)
def test_the_printed_shares_are_those_of_the_counts(name):
    counts = CASCADES[name].values()
    assert tuple(round(100 * b / a, 1) for a, b in pairwise(counts)) == PRINTED[name]


# ---------------------------------------------------------------- shares in whole per cents

SWEDEN = {"girls": (2_324, 1_505, 0.81), "boys": (2_015, 457, 0.69)}


@cache
def sweden() -> fe.Result:
    flat = fe.PerLevel("sex", {sex: fe.Beta(1, 1) for sex in SWEDEN})
    cohorts = []
    for sex, (asked, victims, told) in SWEDEN.items():
        where, told = {"sex": sex}, fe.Rounded(told, to=0.01)
        cohorts += [
            fe.Cohort(
                f"asked, {sex}", of="asked", step="victims", where=where, yes=victims, n=asked
            ),
            fe.Cohort(
                f"told, {sex}", of="victims", step="told", where=where, share=told, n=victims
            ),
        ]
    return fitted(
        fe.Model(
            fe.Route("asked", "victims", "told"), fe.Population.cells({"sex": list(SWEDEN)}),
            fe.Number(fe.PerLevel("sex", {sex: asked for sex, (asked, *_) in SWEDEN.items()})),
            {("asked", "victims"): fe.Share(flat), ("victims", "told"): fe.Share(flat)}, cohorts,
        )
    )  # fmt: skip


def not_told(q: fe.Quantities, where):
    """Return, of all asked, the share of victims who told nobody."""
    return q.share("victims", where, of="asked") - q.share("told", where, of="asked")


def counts_that_print(share: float, n: int) -> list[int]:
    return [k for k in range(n + 1) if abs(k / n - share) < 0.005]


@pytest.mark.parametrize("sex", SWEDEN)
def test_sweden(sex):
    asked, victims, told = SWEDEN[sex]
    at = {"sex": sex}
    # A flat prior makes every count equally likely.
    tell = np.concatenate(
        [equally_likely(k, victims, 40_000, k) for k in counts_that_print(told, victims)]
    )
    held(sweden().sample_of(lambda q: q.transition("victims", "told", at)), tell)
    happen = equally_likely(victims, asked, len(tell))
    held(sweden().sample_of(lambda q: q.transition("asked", "victims", at)), happen)
    hidden = happen * (1 - np.random.default_rng(1).permutation(tell))
    found = sweden().sample_of(lambda q: not_told(q, at))
    held(found, hidden)


# ---------------------------------------------------------------- shares of one group

ASKED, VICTIMS = 11_364, 256
STEPS = ("asked", "victims", "told", "told an adult", "told authorities")
TOLD = {"told": 0.80, "told an adult": 0.26, "told authorities": 0.12}


@cache
def finland() -> fe.Result:
    shares = {step: fe.Rounded(share, to=0.01) for step, share in TOLD.items()}
    return fitted(
        fe.Model(
            fe.Route(*STEPS), fe.Population.cells(), fe.Number(ASKED),
            evidence=[
                fe.Cohort("asked", of="asked", step="victims", yes=VICTIMS, n=ASKED),
                fe.Cascade("told", counts={"victims": VICTIMS}, shares=shares),
            ],
        )
    )  # fmt: skip


@cache
def exactly() -> np.ndarray:
    """Return draws of the three shares: of a chain of counts that prints so, and of a beta each."""
    chains = np.array(
        list(product([VICTIMS], *(counts_that_print(share, VICTIMS) for share in TOLD.values())))
    )
    chances = np.prod(1.0 / (1 + chains[:, :-1]), axis=1)
    rng = np.random.default_rng(2)
    n = chains[rng.choice(len(chains), 400_000, p=chances / chances.sum())]
    return rng.beta(1 + n[:, 1:], 1 + n[:, :-1] - n[:, 1:]).T


@pytest.mark.parametrize(("before", "step"), list(pairwise(STEPS[1:])))
def test_finland(before, step):
    drawn = finland().sample_of(lambda q: q.transition(before, step))
    held(drawn, exactly()[list(TOLD).index(step)])


@pytest.mark.parametrize("step", TOLD)
def test_finland_of_all_victims(step):
    drawn = finland().sample_of(lambda q: q.share(step, of="victims"))
    held(drawn, np.prod(exactly()[: list(TOLD).index(step) + 1], axis=0))


def test_three_cohorts_of_the_same_pupils_are_asked_about():
    cohorts = [
        fe.Cohort(step, of="victims", step=step, share=fe.Rounded(share, to=0.01), n=VICTIMS)
        for step, share in TOLD.items()
    ]
    with pytest.warns(fe.FunnelestWarning, match="256 people in 'victims'.*Cascade"):
        fe.Model(
            fe.Route(*STEPS), fe.Population.cells(), fe.Number(ASKED), evidence=cohorts,
        )  # fmt: skip
