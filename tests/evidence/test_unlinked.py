"""Registers that are not linked: expected counts and distinct people by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.likelihood.density import Density, prior_draws

#: 50 and 100 people at step b who are 0-5, 300 and 400 who are 6-17, in two years.
PEOPLE = fe.Population({"age": [(0, 5), (6, 17)], "year": [2017, 2018]},
                       [[1000, 2000], [3000, 4000]])  # fmt: skip
WHY = "some are in two"


def model_of(*registers, **more):
    source = fe.Unlinked(name="u", registers=list(registers), **more)
    return fe.Model(
        fe.Route("a", "b"), PEOPLE,
        fe.Rate(fe.PerLevel("age", {(0, 5): 0.1, (6, 17): 0.2})), {("a", "b"): fe.Share(0.5)},
        [source],
    )  # fmt: skip


def register(name, **more):
    return fe.Register(**{"name": name, "step": "b", "count": 100, **more})


def at(model, **values):
    """Return the quantities for shares of the entries (and others) as given."""
    given = {name: np.array([value]) for name, value in values.items()}
    middle = {name: np.array([float(p.ppf(0.5))]) for name, p in model.free.items()}
    return fe.Quantities(model, {**middle, **given})


def means(model, q):
    seen = model.evidence[0].observations(q)
    return np.concatenate([np.ravel(one.moments()[0]) for one in seen])


def sticks(*shares):
    """Return the sticks that give these shares of all entries."""
    left, found = 1.0, []
    for share in shares[:-1]:
        found.append(share / left)
        left -= share
    return {f"entries of {name}[u]": stick for name, stick in zip("abcdef", found, strict=False)}


SHARES = sticks(0.5, 0.3, 0.2)
THREE = [register(name) for name in "abc"]


@pytest.mark.parametrize(
    ("weight", "entries"),
    [
        (0.0, 850.0),  # nobody in two: as many entries as people
        (1.0, 1700.0),  # the largest holds everybody: 850 of a half of the entries
        (0.4, 850 / (1 - 0.4 * 0.5)),
    ],
)
def test_the_weight_is_between_nobody_and_everybody(weight, entries):
    model = model_of(*THREE, overlap=fe.Fixed(weight, statement=WHY))
    q = at(model, **SHARES)
    assert means(model, q) == pytest.approx(entries * np.array([0.5, 0.3, 0.2]))
    assert q.distinct("u") == pytest.approx(850)
    assert q.multiplicity("u") == pytest.approx(entries / 850)
    # distinct = sum - w (sum - max), as the user reads the weight.
    total, largest = entries, entries / 2
    assert total - weight * (total - largest) == pytest.approx(850)


def test_some_are_in_none():
    model = model_of(*THREE, overlap=fe.Beta(2, 2, statement=WHY), together=fe.Beta(8, 2))
    q = at(model, **SHARES, **{"overlap[u]": 0.4, "together[u]": 0.7})
    assert means(model, q).sum() == pytest.approx(0.7 * 850 / 0.8)
    assert q.distinct("u") == pytest.approx(0.7 * 850)
    assert q.multiplicity("u") == pytest.approx(1.25)


def test_a_register_that_does_not_see_an_age():
    """Of the 150 who are 0-5 all are in b; of the others 5/8 of the entries are in a."""
    model = model_of(
        register("a", where={"age": (6, 17)}), register("b"), register("c", where={"age": (6, 17)}),
        overlap=fe.Fixed(0.4, statement=WHY),
    )  # fmt: skip
    q = at(model, **SHARES)
    old = 700 / (1 - 0.4 * 0.5) * np.array([0.5, 0.3, 0.2])
    assert means(model, q) == pytest.approx(old + np.array([0, 150, 0]))
    assert q.distinct("u") == pytest.approx(850)
    assert q.distinct("u", {"age": (0, 5)}) == pytest.approx(150)
    assert q.multiplicity("u", {"age": (0, 5)}) == pytest.approx(1)
    assert q.multiplicity("u", {"age": (6, 17)}) == pytest.approx(1.25)
    assert q.multiplicity("u", {"year": 2018}) == pytest.approx((400 * 1.25 + 100) / 500)


def test_cells_that_no_register_sees():
    model = model_of(
        *(register(name, where={"age": (6, 17), "year": 2017}) for name in "ab"),
        overlap=fe.Fixed(0.0, statement=WHY),
    )  # fmt: skip
    q = at(model, **sticks(0.6, 0.4))
    assert means(model, q) == pytest.approx([180, 120])
    assert q.distinct("u") == pytest.approx(300)
    assert q.distinct("u", {"age": (0, 5)}) == pytest.approx(0)


def test_each_register_has_its_own_defects():
    model = model_of(
        register("a", defects=[fe.PPV(0.8), fe.Completeness(0.5)]),
        register("b", per="year", defects=[fe.FalsePositives(10)]),
        register("c", by="age", count={(0, 5): 1, (6, 17): 2, "?": 3},
                 defects=[fe.Unrecorded(0.1, axis="age", name="?")]),
        overlap=fe.Fixed(0.0, statement=WHY),
    )  # fmt: skip
    q = at(model, **SHARES)
    assert means(model, q) == pytest.approx(
        [425 * 0.5 / 0.8, 255 / 2 + 10, 30 * 0.9, 140 * 0.9, 170 * 0.1]
    )


def test_an_audit_of_one_of_them():
    model = model_of(*THREE, overlap=fe.Fixed(0.4, statement=WHY))
    audit = fe.Validation(name="v", of="b", what="coverage", yes=3, n=9)
    model = model.with_evidence([*model.evidence, audit])
    (seen,) = audit.observations(at(model, **SHARES))
    assert seen.distribution.p == pytest.approx(0.3 / 0.8)


# ------------------------------------------------------------------------- known overlaps


def test_two_lists_with_a_known_overlap():
    """850 people, of whom 110 are in both: 960 entries."""
    model = model_of(*THREE[:2], overlaps={("b", "a"): fe.Gamma(10, 0.1)})
    q = at(model, **sticks(0.6, 0.4), **{"on a and b[u]": 110.0})
    assert means(model, q) == pytest.approx([576, 384])
    assert q.distinct("u") == pytest.approx(850)
    assert q.multiplicity("u") == pytest.approx(960 / 850)
    (seen,) = model.evidence[0].observations(q)
    both = np.arange(101)
    logs = [stats.poisson.logpmf(k, m) for k, m in
            ((both, 110), (100 - both, 466), (100 - both, 274))]  # fmt: skip
    assert seen.logp() == pytest.approx(np.logaddexp.reduce(sum(logs)))


def test_means_over_years_of_lists_that_overlap():
    """Of the 850 in two years 110 are in both, 55 a year."""
    registers = [register(name, per="year") for name in "ab"]
    model = model_of(*registers, overlaps={("a", "b"): fe.Gamma(10, 0.1)})
    q = at(model, **sticks(0.6, 0.4), **{"on a and b[u]": 55.0})
    assert means(model, q) == pytest.approx([288, 192])
    assert q.distinct("u") == pytest.approx(850)


def test_three_lists_are_normal():
    overlaps = {("a", "b"): 50, ("b", "c"): 20, ("a", "c"): fe.Gamma(10, 0.1)}
    model = model_of(
        register("a", count=500), register("b", count=fe.Rounded(300, to=10)),
        register("c", count=200), overlaps=overlaps,
    )  # fmt: skip
    q = at(model, **SHARES, **{"on a and c[u]": 30.0})
    entries = 950 * np.array([0.5, 0.3, 0.2])
    assert means(model, q) == pytest.approx(entries)
    assert q.distinct("u") == pytest.approx(850)
    covariance = np.diag(entries) + np.array([[0, 50, 30], [50, 0, 20], [30, 20, 0]])
    covariance[1, 1] += 99 / 12  # ten counts print as 300
    law = stats.multivariate_normal(entries, covariance)
    (seen,) = model.evidence[0].observations(q)
    assert seen.logp() == pytest.approx(law.logpdf([500, 299.5, 200]))
    made = np.array([[f.middle for f in seen.simulate(np.random.default_rng(s))]
                     for s in range(4000)])  # fmt: skip
    assert np.cov(made.T) == pytest.approx(covariance, abs=35)


def test_an_overlap_that_is_larger_than_a_list_is_impossible():
    model = model_of(*THREE[:2], overlaps={("a", "b"): fe.Gamma(10, 0.1)})
    density = Density(model)
    values = {**sticks(0.95, 0.05), "on a and b[u]": 110.0}
    z = density.line({name: np.array([values[name]]) for name in density.names})
    assert density.log_likelihood(z) == -np.inf


# ------------------------------------------------------------------------------- results


@pytest.fixture(scope="module")
def fitted():
    source = fe.Unlinked(
        name="bodies", overlap=fe.Beta(2, 2, statement=WHY),
        registers=[
            fe.Register(name="a", step="b", count=300, per="year"),
            fe.Register(name="b", step="b", count=fe.Rounded(200, to=10), per="year"),
            fe.Register(name="c", step="b", count=50, per="year", where={"age": (6, 17)}),
        ],
    )  # fmt: skip
    model = fe.Model(
        fe.Route("a", "b"), PEOPLE, fe.Rate(fe.Beta(2, 10)), {("a", "b"): fe.Share(0.5)},
        [source, fe.Register(name="plain", step="a", count=1200)],
    )  # fmt: skip
    return fe.fit(model, engine="importance", draws=2000, seed=4, progress=False)


def test_the_table_of_distinct_people(fitted):
    table = fitted.distinct(per=None)
    assert set(table["source"]) == {"bodies"}
    assert list(table["quantity"]) == [
        "entries (upper bound)", "largest register (lower bound)", "distinct people",
        "registers per person",
    ]  # fmt: skip
    assert list(table["basis"]) == ["bound", "bound", "assumed overlap", "assumed overlap"]
    row = table.set_index("quantity")["median"]
    most, least = row["entries (upper bound)"], row["largest register (lower bound)"]
    assert least < row["distinct people"] < most
    assert row["distinct people"] == pytest.approx(np.median(fitted.sample_of(
        lambda q: q.distinct("bodies"))))  # fmt: skip
    assert most == pytest.approx(2 * 550, rel=0.05)
    assert least == pytest.approx(2 * 300, rel=0.08)
    assert 1 < row["registers per person"] < 550 / 300 * 1.1


@pytest.mark.parametrize("where", [{}, {"age": (0, 5)}, {"year": 2018}])
def test_within_the_bounds_in_every_draw(where, fitted):
    source = fitted.model.evidence[0]
    entries = np.array(fitted.sample_of(lambda q: sum(source.entries(q, where))))
    largest = fitted.sample_of(
        lambda q: np.maximum.reduce(np.broadcast_arrays(*source.entries(q, where)))
    )
    distinct = fitted.sample_of(lambda q: q.distinct("bodies", where))
    assert np.all(distinct <= entries * (1 + 1e-9))
    assert np.all(distinct >= largest * (1 - 1e-9))


def test_a_year_is_half_of_two(fitted):
    one = fitted.distinct(per="year").set_index("quantity")
    two = fitted.distinct(per=None).set_index("quantity")
    assert one.loc["distinct people", "mean"] == pytest.approx(
        two.loc["distinct people", "mean"] / 2
    )
    assert one.loc["registers per person", "mean"] == pytest.approx(
        two.loc["registers per person", "mean"]
    )


def test_the_data_ledger_has_a_row_for_each_register(fitted):
    table = fitted.figures().set_index("source")
    assert list(table.index) == ["a", "b", "c", "plain"]
    assert list(table["figure"]) == ["300 rounded to 1", "200 rounded to 10", "50 rounded to 1",
                                     "1,200"]  # fmt: skip
    shares = table.loc[["a", "b", "c"], "registered_share"]
    assert shares["a"] > shares["b"] > shares["c"] > 0
    assert table.loc["a", "cases_per_record"] == pytest.approx(1.0)


def test_asking_for_the_people_of_another_source(fitted):
    with pytest.raises(fe.SpecError, match="'plain' is a Register; distinct people are of"):
        fitted.sample_of(lambda q: q.distinct("plain"))
    with pytest.raises(fe.SpecError, match="no source 'x'; the sources are: 'bodies', 'a'"):
        fitted.sample_of(lambda q: q.multiplicity("x"))


def test_what_is_assumed_is_in_the_ledger():
    model = model_of(*THREE, overlaps={("a", "b"): 0, ("b", "c"): 3, ("a", "c"): fe.Gamma(2, 1)})
    ledger = {entry.about: entry for entry in model.ledger()}
    assert ledger["together[u]"].value == "everyone at the step is in one of the registers"
    assert ledger["overlaps[u]"].value == "nobody is on three registers"
    assert ledger["entries of a[u]"].kind == "default"
    assert ledger["on a and b[u]"].kind == "fixed"
    assert "coverage[a]" not in ledger
    model = model_of(*THREE, overlap=fe.Beta(2, 2, statement=WHY, source="p. 3"))
    entry = next(one for one in model.ledger() if one.about == "overlap[u]")
    assert (entry.kind, entry.statement, entry.source) == ("prior", WHY, "p. 3")


def test_shares_of_the_entries_are_uniform():
    """Sticks of a flat distribution over the simplex: each share is Beta(1, 2)."""
    model = model_of(*THREE, overlap=fe.Fixed(0.0, statement=WHY))
    q = fe.Quantities(model, prior_draws(model, np.random.default_rng(2), 40_000))
    listed = [np.ravel(part) for part in model.evidence[0].listing(q).values()]
    np.testing.assert_allclose(sum(listed), 1.0)
    for share in listed:
        assert stats.kstest(share, stats.beta(1, 2).cdf).pvalue > 1e-3
