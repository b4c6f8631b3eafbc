"""A quantity as two groups of sources give it, by closed forms."""

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.check.node_split import node_split


def share(q):
    return q.parameter("share")


def x(q):
    return q.parameter("x")


def model(*evidence, **parameters):
    return fe.Model(
        fe.Route("happened", "told"), fe.Population.cells(), fe.Number(1000),
        {("happened", "told"): fe.Share(0.5)}, evidence, parameters=parameters,
    )  # fmt: skip


def fitted(one, **options):
    return fe.fit(one, engine="importance", seed=1, progress=False, **options)


def normals(first=0.0, second=3.0):
    return model(
        fe.OwnNormal("first", quantity=x, estimate=first, se=0.6),
        fe.OwnNormal("second", quantity=x, estimate=second, se=0.8),
        fe.OwnNormal("third", quantity=x, estimate=1.0, se=1.0),
        x=fe.Normal(0, 50),
    )


@pytest.fixture(scope="module")
def split():
    sides = {"one": ["first"], "two": ["second"]}
    return node_split(normals(), "x", sides, seed=1, cores=1)


def test_a_normal_split(split):
    truth = 2 * stats.norm.cdf(-3 / np.hypot(0.6, 0.8))
    assert split.details["scale"] == "identity"
    assert split.details["once"] in ("one", "two")
    assert abs(split.details["p"] - truth) < 4 * split.details["mc_error"]
    assert split.details["p_normal"] == pytest.approx(truth, rel=0.25)
    assert split.details["unused"] == ("third",)
    assert not split.passed
    assert split.mark == "EVIDENCE IN CONFLICT ON: x"
    table = split.table.set_index("evidence")
    assert table.loc["one", "mean"] == pytest.approx(0, abs=0.05)
    assert table.loc["two", "sd"] == pytest.approx(0.8, rel=0.05)
    assert table.loc["difference", "sd"] == pytest.approx(1.0, rel=0.05)


def test_one_side_against_all_others():
    agreed = node_split(fitted(normals(1.0, 1.2)), x, {"one": ["first"]}, seed=1, cores=1, name="X")
    assert agreed.found[1].sources == ("second", "third")
    assert agreed.passed
    assert agreed.mark == ""
    assert agreed.details["together"] is not None
    assert "The priors count on both sides" in agreed.text
    assert "agree" in agreed.headline
    dutch = agreed.in_language("nl")
    assert dutch.headline.startswith("Beide kanten van het bewijs over X zijn het eens")
    assert "de andere bronnen: second, third" in dutch.text


def test_the_prior_is_taken_out_of_one_side():
    strong = model(
        fe.OwnNormal("first", quantity=x, estimate=0.0, se=1.0),
        fe.OwnNormal("second", quantity=x, estimate=2.0, se=1.0),
        x=fe.Normal(0, 2),
    )
    one = node_split(strong, "x", {"one": ["first"]}, seed=1, draws=8000, cores=1)
    # With the prior on one side: N(0.8 y, 0.8) beside N(y, 1).
    means = sorted(side.sample.mean() for side in one.found)
    kept, free = one.found if one.details["once"] == "other sources" else one.found[::-1]
    assert np.std(kept.sample) == pytest.approx(np.sqrt(0.8), rel=0.04)
    assert np.std(free.sample) == pytest.approx(1.0, rel=0.06)
    assert means[0] == pytest.approx(0, abs=0.1)


def test_a_side_that_says_nothing():
    silent = model(
        fe.OwnNormal("first", quantity=x, estimate=0.0, se=1.0),
        fe.OwnBinomial("second", quantity=share, yes=3, n=10),
        x=fe.Normal(0, 2), share=fe.Beta(1, 1),
    )  # fmt: skip
    found = node_split(silent, x, {"one": ["first"]}, seed=1, cores=1)
    assert found.details["silent"] == ("other sources",)
    assert "hardly more than the prior" in found.headline


def test_bad_arguments_of_a_split():
    for sides, text in (
        ({}, "one or two names"),
        ({"a": ["none"]}, "no source 'none'"),
        ({"a": ["first"], "b": ["first"]}, "on both sides"),
        ({"a": ["first", "second", "third"]}, "nothing to compare"),
        ({"a": "first"}, "must be a list"),
    ):
        with pytest.raises(fe.SpecError, match=text):
            node_split(normals(), "x", sides, seed=1)
    with pytest.raises(fe.SpecError) as caught:
        node_split(normals(), "y", {"a": ["first"]}, scale="x", probability=1, seed=None)
    assert len(caught.value.problems) == 4
