"""Linked registers as evidence on a step of a route."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import funnelest as fe
from funnelest.likelihood.density import log_likelihoods
from funnelest.lists import LinkageError, OverlapTable
from funnelest.lists.linkage import observed

ROUTE = fe.Route("happened", "reported")
PEOPLE = fe.Population({"region": ["north", "south"], "sex": ["girls", "boys"]}, [[5e4] * 2] * 2)
NAMES = ("police", "hospital", "shelter")
THREE = {"100": 90, "010": 70, "001": 40, "110": 22, "101": 14, "011": 12, "111": 6}
TABLE = OverlapTable(NAMES, THREE)


def model(linked: fe.Linked, **more: object) -> fe.Model:
    return fe.Model(
        ROUTE,
        PEOPLE,
        fe.Rate(fe.Beta(2, 98)),
        {("happened", "reported"): fe.Share(fe.Beta(1, 1))},
        evidence=[linked],
        **more,
    )


def logp(one: fe.Model, values: dict[str, float]) -> float:
    found = log_likelihoods(one, {k: np.array([v]) for k, v in values.items()})
    return float(np.ravel(found["lists"])[0])


def linked(**fields: object) -> fe.Linked:
    return fe.Linked(**{"name": "lists", "step": "reported", "table": TABLE, **fields})


def poisson(means: dict[str, float], counts: dict[str, int]) -> float:
    return sum(
        counts[h] * math.log(means[h]) - means[h] - math.lgamma(counts[h] + 1) for h in counts
    )


def values_of(one: fe.Model, seed: int = 3) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    return {k: float(prior.ppf(rng.uniform(0.2, 0.8))) for k, prior in one.free.items()}


def test_the_likelihood_is_that_of_a_log_linear_model() -> None:
    one = model(linked())
    at = values_of(one)
    people = float(quantities(one, at).number("reported")[0])
    effect = {i: at[f"effect of {name}[lists]"] for i, name in enumerate(NAMES)}
    scale = at["spread of interactions of 2[lists]"]
    joint = {
        (i, j): scale * at[f"interaction of {NAMES[i]} and {NAMES[j]}[lists]"]
        for i, j in ((0, 1), (0, 2), (1, 2))
    }
    weights = {}
    for code in range(8):
        h = format(code, "03b")
        on = [i for i in range(3) if h[i] == "1"]
        weights[h] = math.exp(
            sum(effect[i] for i in on) + sum(x for pair, x in joint.items() if set(pair) <= set(on))
        )
    whole = sum(weights.values())
    means = {h: people * w / whole for h, w in weights.items()}
    assert logp(one, at) == pytest.approx(poisson(means, THREE), rel=1e-10)


def test_a_count_of_several_patterns_is_their_sum_and_a_limit_a_tail() -> None:
    counts = {"1?0": 60, "010": 70, "001": 35, "011": 12, "101": 14, "111": 6}
    table = OverlapTable(NAMES, counts, upper=["hospital"])
    full, part = model(linked()), model(linked(table=table))
    at = values_of(full)
    means = dict(
        zip(
            [h for h in format_all(3) if h != "000"],
            full.evidence[0].observations(quantities(full, at))[0].distribution.mean[:, 0],
            strict=True,
        )
    )
    from scipy.stats import poisson as law

    wanted = law.logpmf(60, means["100"] + means["110"]) + law.logcdf(70, means["010"])
    wanted += sum(law.logpmf(n, means[h]) for h, n in list(counts.items())[2:])
    assert logp(part, at) == pytest.approx(wanted, rel=1e-9)


def format_all(lists: int) -> list[str]:
    return [format(code, f"0{lists}b") for code in range(2**lists)]


def quantities(one: fe.Model, at: dict[str, float]) -> fe.Quantities:
    return fe.Quantities(one, {k: np.array([v]) for k, v in at.items()})


def test_a_list_that_does_not_cover_a_stratum_has_nobody_there() -> None:
    table = OverlapTable(
        NAMES,
        {"north": THREE, "south": {"100": 30, "010": 20, "110": 5}},
        not_covering={"shelter": ["south"]},
    )
    one = model(linked(table=table, strata="region"))
    assert "effect of shelter in south[lists]" not in one.free
    q = quantities(one, values_of(one))
    (seen,) = one.evidence[0].observations(q)
    assert seen.distribution.mean.shape == (10, 1)
    source = one.evidence[0]
    for stratum in ("north", "south", None):
        parts = source.known(q, stratum) + source.hidden(q, stratum)
        where = {} if stratum is None else {"region": stratum}
        assert parts == pytest.approx(q.number("reported", where), rel=1e-12)
    inside = seen.distribution.mean[7:, 0].sum()
    assert source.known(q, "south") == pytest.approx(inside, rel=1e-12)


def test_strata_may_be_any_cells_that_have_nobody_in_common() -> None:
    table = OverlapTable(NAMES[:2], {"a": {"10": 9, "01": 8, "11": 4}, "b": {"10": 5, "01": 5}})
    cells = {"a": {"region": "north"}, "b": {"region": "south", "sex": "girls"}}
    one = model(linked(table=table, strata=cells, order=1))
    q = quantities(one, values_of(one))
    number = q.number("reported", cells["a"]) + q.number("reported", cells["b"])
    assert one.evidence[0].total(q) == pytest.approx(number, rel=1e-12)
    with pytest.raises(fe.SpecError, match="nobody is in two strata"):
        model(linked(table=table, strata={"a": {}, "b": {"sex": "girls"}}, order=1))


def test_wrong_links_are_in_the_expectation() -> None:
    error = LinkageError(missed=0.2, false=0.05)
    plain, wrong = model(linked()), model(linked(linkage=error))
    at = values_of(plain)
    true = plain.evidence[0].observations(quantities(plain, at))[0].distribution.mean[:, 0]
    seen = wrong.evidence[0].observations(quantities(wrong, at))[0].distribution.mean[:, 0]
    assert seen == pytest.approx(error.matrix(3, 0.2, 0.05)[1:, 1:] @ true, rel=1e-10)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"table": {"10": 3}}, "must be an OverlapTable"),
        ({"step": "helped"}, "unknown step 'helped'"),
        ({"order": 3}, "a whole number from 1 to 2"),
        ({"order": True}, "given True"),
        ({"interactions": -1}, "at least 0"),
        ({"effects": "wide"}, "a prior or a number is needed"),
        ({"strata": "region"}, "the table has none"),
        ({"linkage": 0.1}, "must be a LinkageError"),
        ({"linkage": LinkageError(missed=1.5)}, "between 0 and 1"),
        ({"defects": [fe.Coverage(0.5)]}, "Coverage"),
        ({"table": OverlapTable(NAMES, {"100": 5, "010": 4, "001": 3})}, "even if the lists were"),
        ({"table": OverlapTable(NAMES, {"111": 50})}, "only the prior would"),
    ],
)
def test_says_what_is_wrong(fields: dict[str, object], said: str) -> None:
    with pytest.raises(fe.SpecError, match=said):
        model(linked(**fields))


@pytest.mark.parametrize(
    ("strata", "said"),
    [
        (None, "must say where the people of each stratum are"),
        ("age", "the population's axes are: region, sex"),
        ("sex", "'north' is not a level of axis 'sex'"),
        ({"north": {}}, "says not where the people of stratum 'south' are"),
        ({"north": {}, "south": {}, "east": {}}, "names 'east'"),
        ({"north": {"region": "west"}, "south": {}}, "west"),
        ({"north": 3, "south": {}}, "must be a mapping"),
    ],
)
def test_says_what_is_wrong_with_strata(strata: object, said: str) -> None:
    table = OverlapTable(NAMES, {"north": THREE, "south": THREE})
    with pytest.raises(fe.SpecError, match=said):
        model(linked(table=table, strata=strata))


@pytest.mark.parametrize(
    "known", [{"effects": -2.0}, {"interactions": 0.3}, {"effects": -2.0, "order": 1}]
)
def test_what_is_known_may_be_given_as_a_number(known: dict[str, object]) -> None:
    found = fe.simulate(model(linked(**known)), seed=1)
    one = model(linked(**known))
    values = {name: prior.sample(np.random.default_rng(2), 5) for name, prior in one.free.items()}
    assert np.ravel(log_likelihoods(one, values)["lists"]).shape == (5,)
    assert isinstance(found.evidence[0], fe.Linked)


def test_a_study_cannot_check_linked_lists() -> None:
    study = fe.Validation(name="audit", of="lists", what="coverage", yes=30, n=40)
    with pytest.raises(fe.SpecError, match="no coverage, predictive value or test"):
        fe.Model(
            ROUTE,
            PEOPLE,
            fe.Rate(fe.Beta(2, 98)),
            {("happened", "reported"): fe.Share(fe.Beta(1, 1))},
            evidence=[linked(), study],
        )


def test_where_and_strata_do_not_both_name_an_axis() -> None:
    table = OverlapTable(NAMES, {"north": THREE, "south": THREE})
    with pytest.raises(fe.SpecError, match="both name axis 'region'"):
        model(linked(table=table, strata="region", where={"region": "north"}))


def test_hidden_people_whose_ages_nobody_asked_are_imputed(tmp_path: Path) -> None:
    people = fe.Population({"age": [(0, 11), (12, 17)]}, [5e4, 5e4])
    one = fe.Model(
        ROUTE,
        people,
        fe.Rate(fe.Beta(2, 98)),
        {("happened", "reported"): fe.Share(fe.Beta(1, 1))},
        evidence=[
            fe.Survey(name="survey", step="happened", yes=40, n=2000, where={"age": (12, 17)}),
            linked(),
        ],
        assumptions=[
            fe.Shift(ages=(0, 11), like=(12, 17), prior=fe.Normal(0, 1), statement="made up")
        ],
    )
    result = fe.fit(one, seed=1)
    fe.report.page(result, tmp_path / "page.html", title="Linked", checks=False)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "On linked registers, and on none of them" in page
    assert "partly imputed, all lists together do not interact" in page
    found = result.linked()
    basis = "partly imputed, all lists together do not interact"
    assert list(found["basis"]) == ["counted", basis, basis]


def test_more_people_on_lists_than_there_are_is_refused() -> None:
    many = OverlapTable(NAMES[:2], {"10": 150_000, "01": 150_000, "11": 50_000})
    with pytest.raises(fe.SpecError, match="more than the population"):
        model(linked(table=many, order=1))


def test_the_ledger_names_what_all_lists_together_do() -> None:
    one = model(linked())
    texts = one.ledger_table().to_string()
    assert "no interaction of more than 2 of the 3 lists" in texts
    assert "no link is missed" in texts


def test_two_independent_lists_give_lincoln_petersen() -> None:
    """With a flat number and wide effects the posterior is near the closed form."""
    table = OverlapTable(["a", "b"], {"10": 400, "01": 200, "11": 600})
    cells = fe.Population.cells({})
    one = fe.Model(
        ROUTE,
        cells,
        fe.Number(fe.LogUniform(1_000, 3_000)),
        {("happened", "reported"): fe.Share(1.0)},
        evidence=[
            fe.Linked(name="lists", step="reported", table=table, order=1, effects=fe.Normal(0, 5))
        ],
    )
    result = fe.fit(one, seed=2)
    rows = result.linked().set_index("quantity")
    # 1000 on the first list, 800 on the second, 600 on both.
    assert rows.loc["total", "median"] == pytest.approx(1_333, rel=0.01)
    found = result.linked()
    assert list(found["quantity"]) == ["known", "hidden", "total"]
    assert list(found["basis"]) == ["counted", *["estimated, the lists are independent"] * 2]
    assert found.loc[0, ["median", "low", "high"]].to_list() == [1200, 1200, 1200]
    assert (found["low"] >= [1200, 0, 1200]).all()
    assert set(found["interval"]) == {"95% equal-tailed"}


def test_made_up_tables_have_the_same_lists() -> None:
    source = linked(table=OverlapTable(NAMES, {**THREE, "001": 3}, upper=["shelter"]))
    one = model(source)
    made = fe.simulate(one, seed=5, parameters=values_of(one)).evidence[0]
    assert made.table.lists == NAMES
    assert made.table.upper == ("shelter",)
    assert replace(made, table=source.table) == source or made.name == source.name


def test_observed_patterns_follow_from_who_is_legible() -> None:
    """By simulation of the records, for three lists."""
    rng = np.random.default_rng(8)
    true = {"111": 30_000, "110": 20_000, "001": 10_000}
    seen = np.zeros(8)
    lost = 1 - math.sqrt(1 - 0.3)
    for pattern, n in true.items():
        on = [i for i, letter in enumerate(pattern) if letter == "1"]
        legible = rng.random((n, len(on))) > lost
        for row in legible:
            kept = [i for i, ok in zip(on, row, strict=True) if ok]
            alone = [i for i in on if i not in kept] if len(kept) > 1 else on
            for i in alone:
                seen[1 << (2 - i)] += 1
            if len(kept) > 1:
                seen[sum(1 << (2 - i) for i in kept)] += 1
    means = np.zeros((8, 1))
    for pattern, n in true.items():
        means[int(pattern, 2)] = n
    found = observed(means, np.array([0.3]), np.array([0.0]), 3)[:, 0]
    assert seen[1:] == pytest.approx(found[1:], abs=5 * np.sqrt(30_000))
    assert np.allclose(seen, found, rtol=0.03)
