"""What is simulated is what the likelihood says: all data of a small source, one by one.

The probabilities of everything that may be printed add up to 1, and each of them is printed that
often.
"""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.figures import Figure
from funnelest.observations.overlap import Overlap
from funnelest.quantities.quantities import Quantities

PEOPLE = fe.Population(
    {"age": [(0, 11), (12, 17)], "sex": ["male", "female"], "year": [2017, 2018]},
    [[[300, 280], [310, 290]], [[200, 230], [220, 210]]],
)
ALL = {"step": "told"}
ONE = {"step": "told", "where": {"sex": "male", "year": 2017}}
SEXES = {"step": "told", "where": {"age": (0, 11), "year": 2017}, "by": "sex"}
YEARS = {"step": "told", "where": {"age": (0, 11), "sex": "male"}, "by": "year"}
FEW = fe.Overdispersion(0.5)
HIDDEN = {"male": fe.Withheld(0, 2), "female": fe.Withheld(0, 2, value=3)}
ERROR = fe.TestError(sensitivity=fe.Beta(8, 2), specificity=fe.Beta(18, 2))

SMALL = {
    "rounded": fe.Register(name="r", **ONE, count=fe.Rounded(5, to=5)),
    "rounded with spread": fe.Register(
        name="r", **ONE, count=fe.Rounded(5, to=5, rule="half even"), defects=[FEW]
    ),
    "randomly rounded with spread": fe.Register(
        name="r", **ONE, count=fe.RandomlyRounded(5), defects=[fe.Overdispersion()]
    ),
    "randomly rounded mean": fe.Register(
        name="r", step="told", where={"sex": "male"}, per="year", count=fe.RandomlyRounded(3, to=3)
    ),
    "unknown base": fe.Register(
        name="r", **ONE, count=fe.RoundedToUnknown(5, (1, 2, 5), (3, 2, 1)),
        defects=[fe.Coverage(fe.Beta(8, 2), fe.Levels("age")), fe.PPV(0.7)],
    ),
    "withheld mean": fe.Register(
        name="r", step="told", where={"sex": "male"}, per="year", count=fe.Withheld(1, 3, to=2)
    ),
    "limit with spread": fe.Register(name="r", **ONE, count=fe.AtLeast(3), defects=[FEW]),
    "limit of a mean": fe.Register(
        name="r", step="told", where={"sex": "male"}, per="year", count=fe.AtMost(3)
    ),
    "one of two values": fe.Register(
        name="r", **ONE, count=fe.Disagreeing((fe.Rounded(10, to=10), fe.Rounded(4, to=2)), use=1)
    ),
    "mixture of two values": fe.Register(
        name="r", step=("happened", "told"), where={**ONE["where"], "age": (0, 11)},
        count=fe.Disagreeing((3, fe.RandomlyRounded(5)), use="mixture", weights=(1, 2), apart=0.3),
    ),
    "reports and false ones": fe.Register(
        name="r", **ONE, count=3,
        defects=[
            fe.Bridge("reports", fe.LogNormal(0.2, 0.1, statement="several")),
            fe.FalsePositives(fe.Gamma(4, 2)),
        ],
    ),
    "table": fe.Register(name="r", **SEXES, count={"male": 2, "female": fe.Rounded(4, to=2)}),
    "table with spread": fe.Register(
        name="r", **SEXES, count={"male": 2, "female": fe.Withheld(0, 3)}, defects=[FEW]
    ),
    "table with spread apart": fe.Register(
        name="r", **SEXES, count={"male": 2, "female": fe.Withheld(0, 3)},
        defects=[fe.Overdispersion(0.5, by="every figure")],
    ),
    "table of two factors with a total": fe.Register(
        name="r", step="told", by=["sex", "year"], where={"age": (0, 11)}, total=fe.AtMost(9),
        count={
            ("male", 2017): fe.Withheld(0, 3, to=3), ("male", 2018): fe.Withheld(0, 3, to=3),
            ("female", 2017): fe.Withheld(0, 3, to=3),
        },
        defects=[fe.Overdispersion(0.3)],
    ),
    "withheld and total": fe.Register(name="r", **SEXES, count=HIDDEN, total=5),
    "withheld and total with spread": fe.Register(
        name="r", **SEXES, count=HIDDEN, total=fe.Rounded(5, to=5), defects=[FEW]
    ),
    "exact and total": fe.Register(name="r", **SEXES, count={"male": 2, "female": 3}, total=5),
    "exact and random total": fe.Register(
        name="r", **SEXES, count={"male": 2, "female": 3}, total=fe.RandomlyRounded(6, to=3)
    ),
    "exact and limits of totals": fe.Register(
        name="r", step="told", by=("sex", "age"), where={"year": 2017},
        count={("male", (0, 11)): 1, ("female", (0, 11)): fe.Rounded(2, to=2)},
        total={"male": fe.AtMost(2), "female": fe.AtLeast(2)},
    ),
    "random and random total": fe.Register(
        name="r", **SEXES, total=fe.RandomlyRounded(6, to=3),
        count={"male": fe.RandomlyRounded(3, to=3), "female": fe.RandomlyRounded(3, to=3)},
    ),
    "unknown base and limit of the total": fe.Register(
        name="r", **SEXES, total=fe.AtMost(4),
        count={"male": fe.RoundedToUnknown(2, (1, 2)), "female": fe.Withheld(0, 2)},
    ),
    "total of some": fe.Register(
        name="r", step="told", by=["sex", "year"], where={"age": (0, 11)},
        count={
            ("male", 2017): fe.Withheld(0, 1), ("male", 2018): fe.Withheld(0, 1, to=3),
            ("female", (2017, 2018)): fe.AtMost(3),
        },
        total={"male": fe.Rounded(2, to=2)},
    ),
    "class unknown": fe.Register(
        name="r", **SEXES, count={"male": 2, "female": fe.Rounded(4, to=4), "?": 1},
        defects=[fe.Unrecorded(fe.Beta(2, 8), fe.Levels("sex"), axis="sex", name="?")],
    ),
    "class unknown and total": fe.Register(
        name="r", **SEXES, total=fe.Rounded(4, to=4),
        count={"male": fe.Withheld(0, 1), "female": fe.Rounded(6, to=6), "?": fe.Withheld(0, 9)},
        defects=[fe.Unrecorded(fe.PerLevel("sex", {"male": 0.1, "female": 0.3}), axis="sex",
                               name="?")],
    ),
    "change and false ones by year": fe.Register(
        name="r", **YEARS, count={2017: fe.Rounded(2, to=2), 2018: 4},
        defects=[
            fe.Coverage(fe.Beta(8, 4), fe.ChangePoint("year", 2018)),
            fe.FalsePositives(fe.Gamma(4, 2), per="year"),
        ],
    ),
    "yes withheld": fe.Survey(
        name="s", step="told", of="happened", yes=fe.Withheld(0, 4), n=12, defects=[ERROR]
    ),
    "yes in clusters": fe.Cohort(
        name="s", step="told", of="happened", yes=fe.Rounded(4, to=2), n=12,
        defects=[ERROR, fe.Clustered(clusters=4, icc=fe.Beta(4, 16))],
    ),
    "yes outside": fe.Survey(
        name="s", step="happened", yes=3, n=25,
        defects=[
            fe.OutsideFrame(share=fe.Beta(2, 18), ratio=fe.LogNormal(0.5, 0.1), statement="s"),
            fe.Bridge("wider", fe.LogNormal(1.0, 0.2, statement="s")),
        ],
    ),
    "own limit": fe.OwnBinomial(
        name="s", quantity=lambda q: q.share("told", of="happened"), yes=fe.AtMost(4), n=12,
        defects=[ERROR],
    ),
    "two lists": fe.Unlinked(
        name="u", overlaps={("a", "b"): fe.Gamma(10, 10)}, together=fe.Beta(20, 2),
        registers=[fe.Register(name=name, **ONE, count=3) for name in "ab"],
    ),
    "two printed lists": fe.Unlinked(
        name="u", overlaps={("a", "b"): fe.Gamma(10, 10)},
        registers=[
            fe.Register(
                name="a", step="told", where={"sex": "male"}, per="year",
                count=fe.Rounded(4, to=2),
            ),
            fe.Register(
                name="b", step="told", where={"sex": "male"}, per="year",
                count=fe.RandomlyRounded(2, to=2), defects=[fe.FalsePositives(0.5)],
            ),
        ],
    ),
    "two lists of which one is withheld": fe.Unlinked(
        name="u", overlaps={("a", "b"): fe.Gamma(10, 10)},
        registers=[
            fe.Register(name="a", **ONE, count=fe.Withheld(1, 2)),
            fe.Register(name="b", **ONE, count=fe.RoundedToUnknown(4, (1, 2))),
        ],
    ),
    "overlapping registers": fe.Unlinked(
        name="u", overlap=fe.Beta(2, 2, statement="s"),
        registers=[
            fe.Register(name="a", step="told", where={"age": (0, 11), "year": 2017}, count=3),
            fe.Register(
                name="b", step="told", where={"year": 2017}, count=fe.Rounded(4, to=4),
                defects=[FEW],
            ),
        ],
    ),
    "audit": fe.Validation(name="v", of="doubted", what="coverage", yes=5, n=9),
    "audits": fe.Validation(
        name="v", of="doubted", what="coverage", yes=[5, 3], n=[9, 5], between=fe.HalfNormal(0.5)
    ),
    "three ways": fe.Validation(
        name="v", of="doubted", what="ppv", yes=5, n=9, unconfirmed=2, confirmable=fe.Beta(8, 2)
    ),
    "cohort": fe.Cohort(name="c", of="happened", went={"told": 6}, n=11),
}  # fmt: skip


def model_of(source):
    doubted = fe.Register(
        name="doubted", step="told", count=10, defects=[fe.Coverage(fe.Beta(8, 4)), fe.PPV(0.7)]
    )
    return fe.Model(
        fe.Route("happened", "told"), PEOPLE, fe.Rate(fe.Beta(6, 594)),
        {("happened", "told"): fe.Share(fe.Beta(5, 5))},
        [source, doubted] if isinstance(source, fe.Validation) else [source],
    )  # fmt: skip


def highest(distribution):
    """Return a count that is hardly ever passed."""
    if hasattr(distribution, "n"):
        return int(np.ravel(distribution.n)[0])
    mean, sd = (float(np.ravel(part)[0]) for part in distribution.moments())
    counts = np.arange(int(mean + 60 * sd) + 20)
    below = np.cumsum(np.exp(distribution.logp(counts[:, None])[:, 0]))
    return int(np.argmax(below > 1 - 1e-7))


def printings(figure, last, divisor):
    """Return all that counts of 0 to `last` may print as."""
    rng = np.random.default_rng(3)
    random = isinstance(figure, fe.RandomlyRounded | fe.RoundedToUnknown)
    if isinstance(figure, fe.Disagreeing) and figure.use == "mixture":
        parts = [
            printings(fe.Exact(one) if isinstance(one, int) else one, 2 * last, divisor)
            for one in figure.figures
        ]
        plain = [getattr(one, "value", one) for one in parts[0]]
        return [
            fe.Disagreeing(shown, figure.use, figure.weights, figure.apart)
            for shown in product(plain, *parts[1:])
        ]
    found = [
        figure.printed(count, divisor, rng)
        for count in range(last + 1)
        for _ in range(60 if random else 1)
    ]
    return list(dict.fromkeys(found))


def possible(observation, counts_of):
    """Return all data that an observation may have."""
    counts, totals = counts_of(observation)
    if not isinstance(counts[0][1], Figure):
        size, n = len(observation.figure), highest(observation.distribution)
        return [list(x) for x in product(range(n + 1), repeat=size) if sum(x) <= n]
    lasts = [highest(law) for law, _, _ in counts]
    parts = [
        printings(figure, last, divisor)
        for (_, figure, divisor), last in zip(counts, lasts, strict=True)
    ]
    if isinstance(observation, fe.Observation):  # one count
        return parts[0]
    if isinstance(observation, Overlap):  # lists that share people
        return [list(shown) for shown in product(*parts)]
    sums = [printings(figure, sum(lasts[i] for i in rows), counts[0][2]) for rows, figure in totals]
    return [(list(p), list(s)) for p in product(*parts) for s in product(*sums)]


def key(data):
    return repr([[int(x) for x in one] if isinstance(one, np.ndarray) else one for one in data])


def log_probability(model, values, data=None):
    (source, *_), q = model.evidence, Quantities(model, values)
    if data is not None:
        source = source.with_data(data, PEOPLE)
    return sum(float(one.logp()[0]) for one in source.observations(q))


@pytest.mark.parametrize("name", SMALL)
def test_all_data_have_their_probability(name, counts_of):
    model = model_of(SMALL[name])
    values = {n: np.array([float(prior.ppf(0.5))]) for n, prior in model.free.items()}
    seen = model.evidence[0].observations(Quantities(model, values))
    everything = [list(data) for data in product(*(possible(one, counts_of) for one in seen))]
    with np.errstate(divide="ignore"):
        p = {key(data): np.exp(log_probability(model, values, data)) for data in everything}
    assert len(p) == len(everything) > 1
    assert sum(p.values()) == pytest.approx(1.0, abs=2e-5)
    rng = np.random.default_rng(17)
    size = 4000
    drawn = Counter(key([one.simulate(rng) for one in seen]) for _ in range(size))
    assert set(drawn) <= set(p)
    often = np.array([[drawn[data], size * chance] for data, chance in p.items()])
    rare = often[:, 1] < 5
    table = np.vstack([often[~rare], often[rare].sum(axis=0)])
    table = table[table[:, 1] > 1]
    expected = table[:, 1] * table[:, 0].sum() / table[:, 1].sum()
    assert stats.chisquare(table[:, 0], expected).pvalue > 1e-4
    again = fe.simulate(model, seed=3, parameters={n: float(v[0]) for n, v in values.items()})
    assert np.isfinite(log_probability(again, values))
