"""Who says what: shares against closed forms, strata, and what is known without a source."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import funnelest as fe
from funnelest.check.contributions import contributions
from funnelest.likelihood.components import Component, components, held, log_densities

PEOPLE = fe.Population({"sex": ["male", "female"]}, [600, 400])


def own(name, quantity, estimate, se):
    return fe.OwnNormal(name=name, quantity=quantity, estimate=estimate, se=se)


def normal_model():
    """Two normal parameters: x is seen by two sources, x + y by a third."""
    return fe.Model(
        fe.Route("a", "b"), PEOPLE, fe.Rate(0.1), {("a", "b"): fe.Share(0.5)},
        [
            own("s", lambda q: q.parameter("x"), 0.3, 0.5),
            own("t", lambda q: q.parameter("x"), -0.2, 0.7),
            own("u", lambda q: q.parameter("x") + q.parameter("y"), 0.5, 0.4),
        ],
        parameters={"x": fe.Normal(0, 1), "y": fe.Normal(0.2, 0.6)},
    )  # fmt: skip


PRECISIONS = {
    "s": np.array([[4.0, 0], [0, 0]]),
    "t": np.array([[1 / 0.49, 0], [0, 0]]),
    "u": np.array([[1.0, 1], [1, 1]]) / 0.16,
    "x": np.array([[1.0, 0], [0, 0]]),
    "y": np.array([[0.0, 0], [0, 1 / 0.36]]),
}
NORMAL = fe.fit(normal_model(), engine="importance", draws=20_000, seed=1, progress=False)
LOOKED = {"x": lambda q: q.parameter("x"), "y": lambda q: q.parameter("y"),
          "2x - y": lambda q: 2 * q.parameter("x") - q.parameter("y")}  # fmt: skip
WEIGHTS = {"x": [1, 0], "y": [0, 1], "2x - y": [2, -1]}
FOUND = contributions(NORMAL, quantities=LOOKED, seed=2, cores=1)


@pytest.mark.parametrize("name", WEIGHTS)
def test_shares_of_a_normal_posterior(name):
    """Exactly ``c' V L_k V c / c' V c``, with V the inverse of the sum of the L_k."""
    row = next(row for row in FOUND.found if row.quantity == name)
    c, v = np.array(WEIGHTS[name]), np.linalg.inv(sum(PRECISIONS.values()))
    exact = {k: float(c @ v @ part @ v @ c / (c @ v @ c)) for k, part in PRECISIONS.items()}
    assert sum(exact.values()) == pytest.approx(1)
    assert set(row.shares) == set(exact)
    assert sum(row.shares.values()) == pytest.approx(1)
    assert row.total == pytest.approx(1, abs=0.08)
    for k, value in exact.items():
        assert row.shares[k] == pytest.approx(value, abs=4 * row.errors[k] + 1e-3)
        assert row.errors[k] < 0.02


@pytest.mark.parametrize(("gone", "name"), [("s", "x"), ("t", "x"), ("u", "2x - y"), ("s", "y")])
def test_without_a_source(gone, name):
    row = next(row for row in FOUND.found if row.quantity == name)
    c, v = np.array(WEIGHTS[name]), np.linalg.inv(sum(PRECISIONS.values()))
    less = np.linalg.inv(sum(part for k, part in PRECISIONS.items() if k != gone))
    assert row.without[gone].how in ("reweighted", "refit")
    assert row.without[gone].widened ** 2 == pytest.approx((c @ less @ c) / (c @ v @ c), rel=0.08)


def test_one_parameter_gives_the_shares_of_the_precision():
    model = normal_model().with_powers({"u": 0})
    result = fe.fit(model, engine="importance", draws=20_000, seed=1, progress=False)
    found = contributions(result, quantities={"x": LOOKED["x"]}, seed=2, refit=False)
    (row,) = found.found
    whole = 4 + 1 / 0.49 + 1
    for k, part in {"s": 4, "t": 1 / 0.49, "x": 1, "y": 0}.items():
        assert row.shares[k] == pytest.approx(part / whole, abs=4 * row.errors[k] + 1e-3)
    assert "u" not in row.shares
    assert row.contraction == pytest.approx(1 - 1 / whole, abs=0.02)
    assert row.seen_by == ("s", "t")
    assert all(one.how == "not asked" for one in row.without.values())


def test_a_flat_prior_owes_two_observations():
    """Beta(1, 1) and 8 of 18: 2 of 20 on the log-odds, nearly."""
    model = fe.Model(
        fe.Route("a", "b"), PEOPLE, fe.Rate(fe.Uniform(0, 1)), {("a", "b"): fe.Share(0.5)},
        [fe.Survey("s", step="a", yes=8, n=18)],
    )  # fmt: skip
    result = fe.fit(model, engine="importance", draws=20_000, seed=1, progress=False)
    looked = {"rate": lambda q: q.parameter("rate of a")}
    (row,) = contributions(result, quantities=looked, seed=2, refit=False).found
    assert row.shares["rate of a"] == pytest.approx(0.1, abs=0.03)
    assert row.shares["s"] == pytest.approx(0.9, abs=0.03)


MODEL = fe.Model(
    fe.Route("a", "b", "c", "d"), PEOPLE, fe.Rate(fe.Beta(2, 8), fe.Levels("sex", fe.Normal(0, 1))),
    {("a", "b"): fe.Share(fe.Beta(2, 2)), ("b", "c"): fe.Share(fe.Beta(2, 6)),
     ("c", "d"): fe.Share(0.5)},
    [
        fe.Survey("s", step="a", yes=60, n=300, where={"sex": "male"}),
        fe.Register("r", step="b", count=60, defects=[fe.Coverage(fe.Beta(8, 2))]),
    ],
)  # fmt: skip
RESULT = fe.fit(MODEL, engine="importance", draws=4000, seed=5, progress=False)


def test_what_a_posterior_is_the_product_of():
    assert components(MODEL) == [
        Component("s", "source"),
        Component("r", "source"),
        Component("rate of a", "prior", ("rate of a", "rate of a[sex=female]")),
        Component("a -> b", "prior", ("a -> b",)),
        Component("b -> c", "prior", ("b -> c",)),
        Component("coverage[r]", "assumption", ("coverage[r]",)),
    ]
    assert held(MODEL) == {"c -> d": "fixed at 0.5"}
    flat = {name: np.asarray(x).reshape(-1) for name, x in RESULT.draws.items()}
    logs = log_densities(MODEL.with_powers({"r": 0.5}), flat)
    np.testing.assert_allclose(logs["r"], 0.5 * log_densities(MODEL, flat)["r"])


def test_what_no_source_sees_is_said():
    found = contributions(RESULT, seed=3, by="sex", refit=False)
    assert not found.passed
    rows = {row.name: row for row in found.found}
    assert rows["b -> c"].seen_by == ()
    assert rows["b -> c"].rests_on == "prior only"
    assert rows["c -> d"].rests_on == "held"
    assert rows["b -> c"].contraction == pytest.approx(0, abs=0.1)
    assert found.headline.startswith("Seen by no source: b -> c; ")
    assert "RESTS ON PRIORS: b -> c" in found.mark
    assert "Held at a number, not estimated: c -> d" in found.text
    male, female = rows["number at a, sex male"], rows["number at a, sex female"]
    assert male.seen_by == ("s", "r")
    assert male.apart == ("s",)
    assert female.seen_by == ("r",)
    assert female.apart == ()
    assert "sees these apart from others: a -> b, sex male, number at a" in found.text
    table = found.table
    assert list(table["sex"].unique()) == ["all", "male", "female"]
    assert set(table["interval"]) == {"95% equal-tailed"}
    assert (table["seen_by"] == "prior only").sum() == 3  # in all, and in either sex
    assert set(found.tables["shares"]["kind"]) == {"source", "prior", "assumption"}
    assert "quantity" in repr(found)
    dutch = found.in_language("nl")
    assert dutch.headline.startswith("Door geen bron gezien: b -> c; ")
    assert dutch.mark.startswith("BERUST OP PRIORS: b -> c")
    assert "a -> b, sex male, aantal bij a" in dutch.text
    assert not set(dutch.text.split()) & {"the", "and", "number", "owed"}


def test_a_model_that_the_sources_tell_of_passes():
    model = fe.Model(
        fe.Route("a", "b"), PEOPLE, fe.Rate(fe.Beta(1, 1)), {("a", "b"): fe.Share(fe.Beta(1, 1))},
        [fe.Survey("s", step="a", yes=60, n=300), fe.Survey("t", step="b", of="a", yes=30, n=60)],
    )  # fmt: skip
    found = contributions(fe.fit(model, seed=1, progress=False), seed=1, refit=False)
    assert found.passed
    assert found.mark == ""
    assert found.headline == (
        "No quantity rests for more than half on priors and what was assumed."
    )


def test_the_headline_says_what_the_table_says():
    """Whatever is not owed to sources for half or more is named, and the check does not pass."""
    asked = fe.Survey(
        "s", step="a", yes=60, n=300, defects=[fe.TestError(sensitivity=fe.Beta(12, 8))]
    )
    model = fe.Model(
        fe.Route("a", "b"), PEOPLE, fe.Rate(fe.Beta(8, 32)), {("a", "b"): fe.Share(fe.Beta(1, 1))},
        [asked, fe.Survey("t", step="b", of="a", yes=30, n=60)],
    )  # fmt: skip
    for result in (RESULT, fe.fit(model, seed=1, progress=False)):
        found = contributions(result, seed=1, refit=False)
        little = {row.name for row in found.found if row.owed["source"] < 0.5}
        assert little
        assert not found.passed
        assert all(name in found.headline for name in little)
        assert found.mark.startswith("RESTS ON ")
    kinds = {row.name: row.rests_on for row in found.found}
    assert kinds == {"number at a": "both", "number at b": "", "a -> b": ""}
    assert "on priors and what was assumed together: number at a." in found.headline


@pytest.mark.slow
def test_the_same_on_one_core_and_on_two():
    """But for rounding: another process may add in another order."""
    one, two = (contributions(RESULT, seed=3, cores=cores) for cores in (1, 2))
    assert (one.tables["shares"]["how"] == "refit").any()
    pd.testing.assert_frame_equal(one.tables["shares"], two.tables["shares"], rtol=1e-9)
    assert one.table.equals(two.table)


def test_arguments():
    with pytest.raises(fe.SpecError) as caught:
        contributions(
            "fit",
            quantities={"x": 1},
            by=3,
            probability=2,
            contraction=1,
            seed=-1,
            cores=0,
            refit=2,
        )
    for text in ("result must", "quantity 'x'", "probability must", "contraction must", "seed must",
                 "cores must", "refit must"):  # fmt: skip
        assert text in str(caught.value)
    with pytest.raises(fe.SpecError, match=r"by names axis 'age'"):
        contributions(RESULT, by="age", seed=1)
    with pytest.raises(fe.SpecError, match="by goes with the default quantities"):
        contributions(RESULT, by="sex", quantities=LOOKED, seed=1)
    with pytest.raises(fe.SpecError, match="must be a finite number in every draw"):
        contributions(RESULT, quantities={"nothing": lambda q: np.nan}, seed=1)
