"""What a further figure, and knowing a parameter, would take away."""

import importlib
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.check import Plan, value_of_information
from funnelest.sampling.gate import Gate

PLANNED = importlib.import_module("funnelest.check.information.planned_figures")
FAILED = Gate("importance", {"k-hat": 0.9}, ("Pareto k-hat is 0.90, it must be below 0.7",))
YOUNG, OLD = {"age": (0, 11)}, {"age": (12, 16)}
A, B = 7.0, 18.0


@pytest.fixture(scope="module")
def result():
    model = fe.Model(
        fe.Route("happened", "told"),
        fe.Population.cells(),
        fe.Number(fe.Gamma(60, 0.1)),
        {("happened", "told"): fe.Share(fe.Beta(A, B))},
        parameters={"x": fe.Normal(1.0, 2.0), "y": fe.Normal(0.0, 1.0)},
    )
    return fe.fit(model, seed=1, draws=2000, engine="importance", progress=False)


def told(q):
    return q.transition("happened", "told")


def both(q):
    return q.parameter("x") * q.parameter("y")


def cohort(n):
    return fe.Cohort(name="planned", of="happened", step="told", yes=n // 4, n=n)


def asked(result, quantity="happened -> told", **others):
    given = {"plans": {"few": cohort(25), "many": cohort(225)}, "parameters": [], "replicates": 60}
    return value_of_information(
        result, quantity, **{**given, "seed": 3, "cores": 1, "progress": False, **others}
    )


def shares(found):
    return found.table.set_index("name")["reduction_percent"] / 100


def test_figures_against_a_closed_form(result):
    found = asked(result)
    table = found.table.set_index("name")
    assert table["reduction_percent"]["few"] == pytest.approx(50, abs=3)
    assert table["reduction_percent"]["many"] == pytest.approx(90, abs=3)
    assert table["variance_after"].to_numpy() == pytest.approx(
        (table["variance_now"] * (1 - shares(found))).to_numpy()
    )
    assert (table["width_after"] < table["width_now"]).all()
    assert table["interval"].tolist() == ["95% equal-tailed"] * 2
    assert table["rank"].to_dict() == {"many": 1, "few": 2}
    assert found.passed
    assert found.mark == ""
    assert found.headline.startswith("Of the 2 planned figures \u201cmany\u201d tells most of")
    assert found.text.startswith(found.headline)
    assert found.text in repr(found)


def test_with_costs_the_cheapest_percent_comes_first(result):
    found = asked(
        result,
        plans={"few": Plan(cohort(25), 10.0), "many": Plan([cohort(225)], cost=500.0)},
        currency="euro",
    )
    table = found.table.set_index("name")
    assert table["rank"].to_dict() == {"few": 1, "many": 2}
    assert table["cost_per_percent"]["few"] == pytest.approx(10 / table["reduction_percent"]["few"])
    assert "for 10 euro (0.2" in found.headline
    assert "Whatever it costs, \u201cmany\u201d takes away most." in found.text
    mixed = asked(result, plans={"few": Plan(cohort(25), 10.0), "many": cohort(225)})
    assert mixed.table.set_index("name")["rank"].to_dict() == {"few": 2, "many": 1}


def test_what_tells_nothing_has_no_price_and_comes_last(result):
    found = asked(
        result,
        lambda q: q.parameter("x"),
        plans={
            "useless": Plan(cohort(50), 1.0),
            "good": Plan(fe.OwnNormal(name="p", quantity=lambda q: q.parameter("x"), estimate=0,
                                      se=2.0), 99.0),
        },
    )  # fmt: skip
    table = found.table.set_index("name")
    assert table.index.tolist() == ["good", "useless"]
    assert np.isnan(table["cost_per_percent"]["useless"])
    assert table["reduction_percent"]["good"] == pytest.approx(50, abs=4)
    assert "\u201cuseless\u201d nothing beyond the Monte Carlo error" in found.text
    alone = asked(result, lambda q: q.parameter("x"), plans={"useless": cohort(50)})
    assert alone.headline.startswith("No planned figure is shown to take away any")


def test_parameters_one_by_one_and_together(result):
    found = asked(
        result, both, plans=None, parameters={"x": "x", "y": ["y"], "x and y": ["x", "y"]}
    )
    exact = {"x": 0.0, "y": 1 / 5, "x and y": 1.0}  # Var(E[x y | y]) = 1, Var(x y) = 4 + 1
    for name, share in shares(found).items():
        assert share == pytest.approx(exact[name], abs=0.04), name
    table = found.table.set_index("name")
    assert np.isnan(table["width_after"]["x and y"])
    assert table["width_after"]["y"] < table["width_now"]["y"]
    assert found.details["quantity"] == "both"
    assert "happened -> told" not in found.headline
    assert "Of parameters taken together the share is at least this" in found.text


def test_every_unknown_parameter_by_default(result):
    found = asked(result, plans=None, parameters=None)
    assert set(found.table["name"]) == set(result.model.free)
    assert found.headline == (
        "Knowing \u201chappened -> told\u201d exactly would take away most of the variance of "
        "happened -> told: >99.99%."
    )


@pytest.fixture(scope="module")
def registers():
    model = fe.Model(
        fe.Route("happened", "reported"),
        fe.Population({"age": [(0, 11), (12, 16)]}, [2e6, 1e6]),
        fe.Rate(fe.Beta(1, 30)),
        {("happened", "reported"): fe.Share(fe.Beta(10, 10))},
        [
            fe.Survey(name="asked", step="happened", yes=40, n=1900, where=OLD),
            fe.Register(
                name="police", step="reported", count=3000,
                defects=[fe.Coverage(fe.Beta(8, 4)), fe.PPV(fe.Beta(8, 8))],
            ),
            fe.Unlinked(
                name="help", overlap=fe.Beta(1, 1, statement="nobody knows"),
                registers=[
                    fe.Register(name="doctors", step="reported", count=4000),
                    fe.Register(name="schools", step="reported", count=5000),
                ],
            ),
        ],
        [fe.Shift(ages=(0, 11), like=(12, 16), prior=fe.Normal(-0.7, 0.5), statement="assumed")],
    )  # fmt: skip
    return fe.fit(model, seed=1, draws=2000, engine="importance", progress=False)


def linked(q):
    return 1 / q.multiplicity("help")


def test_a_name_that_is_taken_is_refused(registers):
    taken = fe.Survey(name="asked", step="happened", yes=1, n=20, where=YOUNG)
    with pytest.raises(fe.SpecError, match=r"plan 'a, n = 20': .*asked"):
        asked(registers, "number at reported", plans={"a": {20: taken}})


@pytest.mark.slow  # the linked lists bring parameters of their own: refits from scratch
def test_surveys_audits_and_links_are_plans(registers):
    three = fe.lists.OverlapTable(("a", "b"), {"10": 200, "01": 200, "11": 100})
    plans = {
        "asking 2,000 children under 12": fe.Survey(
            name="p", step="happened", yes=20, n=2000, where=YOUNG
        ),
        "audit of 200 police records": fe.Validation(
            name="p", of="police", what="ppv", yes=100, n=200
        ),
        "looking 200 cases up at the police": fe.Validation(
            name="p", of="police", what="coverage", yes=130, n=200
        ),
        # Of an entry, the chance that it is the first of its person.
        "linking 300 entries of doctors and schools": fe.OwnBinomial(
            name="p", quantity=linked, yes=250, n=300
        ),
        "two lists that are linked": fe.Linked(name="p", step="reported", table=three),
    }
    found = asked(registers, "number at reported", plans=plans, parameters={"the police": "police"})
    table = found.table.set_index("name")
    assert table["reduction_percent"].notna().all()
    link = table.loc["linking 300 entries of doctors and schools"]
    assert link["reduction_percent"] > 50
    assert (table["basis"] == "partly imputed").all()
    assert "number at reported is partly imputed: it rests" in found.text
    police = next(one for one in found.found if one.name == "the police")
    assert police.of == ("coverage[police]", "ppv[police]")


def test_what_is_assumed_says_so(registers):
    shift = "shift[age 0-11 against 12-16]"
    found = asked(
        registers,
        {"children under 12": lambda q: q.number("happened", YOUNG)},
        plans=None,
        parameters={"s": shift, "p": ["ppv[police]", shift], "c": "coverage[police]"},
        basis="imputed",
    )
    table = found.table.set_index("name")
    assert table["status"].to_dict() == {
        "s": "assumed", "p": "partly assumed", "c": "estimated"
    }  # fmt: skip
    assert set(table["basis"]) == {"imputed"}
    assert found.details["quantity"] == "children under 12"
    assert "\u201cs\u201d is assumed: no source measures that" in found.text


def test_more_draws_and_then_refits_where_draws_are_few(result):
    found = asked(result, plans={"many": cohort(5_000)})
    assert found.found[0].refitted < 10  # of eight times as many draws, enough weigh
    assert shares(found)["many"] == pytest.approx(1 - (A + B) / (A + B + 5000), abs=0.01)


def test_refits_stand_for_those_that_are_not_made(result, monkeypatch):
    monkeypatch.setattr(PLANNED, "_REFITS", 5)
    bare = replace(result, proposal=None)  # as from Markov chains: no more draws
    one, many = (
        asked(bare, plans={"many": cohort(20_000)}, replicates=20, cores=cores)
        for cores in (1, None)
    )
    part = one.found[0]
    assert (part.refitted, part.failed) == (5, 0)
    assert part.reduction == pytest.approx(1 - (A + B) / (A + B + 20_000), abs=0.001)
    assert part.reduction == many.found[0].reduction


def test_of_refits_that_fail_nothing_is_said(result, monkeypatch):
    monkeypatch.setattr(PLANNED, "refit", lambda *given: None)
    monkeypatch.setattr(PLANNED, "_REFITS", 3)
    bare = replace(result, proposal=None)
    found = asked(bare, plans={"many": Plan(cohort(20_000), 5.0)}, replicates=20)
    assert np.isnan(found.table["reduction_percent"][0])
    assert np.isnan(found.table["width_after"][0])
    assert "could not be found" in found.headline
    assert "Of \u201cmany\u201d nothing is said: 3 of 3 refits" in found.text


def test_repeated_draws_are_not_taken_for_more(result):
    """Draws that are there twice give errors as of half as many, and the same shares."""
    half = {name: d[:, ::2] for name, d in result.draws.items()}
    twice = {name: np.concatenate([d, d], axis=1) for name, d in half.items()}
    given = {"plans": None, "parameters": ["y", "x"]}
    one = asked(replace(result, draws=half), both, **given).table
    two = asked(replace(result, draws=twice), both, **given).table
    for table in (one, two):
        assert table["reduction_percent"][0] == pytest.approx(20, abs=8)
    ratio = two["reduction_percent_mc_error"][0] / one["reduction_percent_mc_error"][0]
    assert 0.7 < ratio < 1.6
    assert two["reduction_percent"][1] < 4 * two["reduction_percent_mc_error"][1]


def test_the_same_seed_gives_the_same_answer(result):
    one, same, other = (asked(result, seed=s, parameters=["x"]) for s in (4, 4, 5))
    columns = ["reduction_percent", "reduction_percent_mc_error", "width_after"]
    assert one.table[columns].equals(same.table[columns])
    assert not one.table[columns].equals(other.table[columns])


def test_a_closed_gate_stays_closed_and_an_opened_one_is_marked(result):
    failed = replace(result, gate=FAILED)
    with pytest.raises(fe.FitError, match="gate"):
        asked(failed)
    found = asked(failed.despite_failed_gate(), parameters=["x"])
    assert not found.passed
    assert set(found.table["mark"]) == {"CONVERGENCE GATE FAILED"}
    assert found.headline.startswith("CONVERGENCE GATE FAILED: ")
    dutch = found.in_language("nl")
    assert dutch.mark == "CONVERGENTIETOETS NIET GEHAALD"
    assert dutch.headline.startswith("CONVERGENTIETOETS NIET GEHAALD: Van de 2 geplande cijfers")


def test_every_problem_at_once(result):
    with pytest.raises(fe.SpecError) as caught:
        asked(
            result,
            "number at nowhere",
            plans={"a": 3, "b": Plan(cohort(5), -1.0)},
            parameters=["z"],
            replicates=3,
            probability=95,
            seed=-1,
            cores=0,
            currency=5,
            basis="guess",
        )
    said = "\n".join(caught.value.problems)
    for name in (
        "no main quantity 'number at nowhere'", "plan 'a'", "plan 'b'", "'z'", "replicates",
        "probability", "seed", "cores", "currency", "basis",
    ):  # fmt: skip
        assert name in said, name


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"quantity": 3}, "quantity must be the name of a main quantity"),
        ({"quantity": {"a": told, "b": told}}, "quantity must be one name"),
        ({"quantity": lambda q: 1.0}, "no variance to take away"),
        ({"quantity": lambda q: 1 / 0}, "ZeroDivisionError"),
        ({"plans": [cohort(5)]}, "plans must map names"),
        ({"plans": {"a": Plan([])}}, "must be evidence"),
        ({"plans": {"a": lambda n: cohort(n)}}, "plan 'a' must be evidence or a Plan of it"),
        ({"plans": {"a": {}}}, "plan 'a': sizes must be whole numbers of at least 1"),
        ({"plans": {"a": {2.5: cohort(5)}}}, "plan 'a': sizes must be whole numbers"),
        ({"plans": {"a": {True: cohort(1)}}}, "plan 'a': sizes must be whole numbers"),
        ({"plans": {"a": {5: 5}}}, "plan 'a, n = 5' must be evidence"),
        ({"plans": {"a": {5: Plan(cohort(5), 0.0)}}}, "field 'cost' must be above 0; given 0.0"),
        ({"seed": True}, "seed must be a whole number"),
        ({"seed": None}, "seed must be a whole number"),
        ({"plans": {"a": replace(cohort(5), yes=9)}}, "plan 'a': .*yes"),
        ({"parameters": "x"}, "parameters must be names"),
        ({"parameters": {"a": []}}, "must name parameters"),
        ({"plans": None, "parameters": []}, "nothing to judge"),
        ({"replicates": 60.5}, "replicates"),
    ],
)
def test_refusals(result, changed, text):
    with pytest.raises(fe.SpecError, match=text):
        asked(result, **changed)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda q: {}["a"], "quantity 'x' fails (KeyError: 'a')."),
        (
            lambda q: q.number("nowhere"),
            "quantity 'x': there is no step 'nowhere'; the steps are: happened, told.",
        ),
        (
            lambda q: np.ones((3, q.draws)),
            "quantity 'x' must return one number per draw; the shape is (3, 2000), with 2000 "
            "draws.",
        ),
        (lambda q: "many", "quantity 'x' must return one number per draw; it gave str."),
    ],
)
def test_a_function_that_fails_is_named_in_one_sentence(result, function, text):
    with pytest.raises(fe.SpecError) as caught:
        asked(result, {"x": function})
    assert caught.value.problems == (text,)


# ---------------------------------------------------------------- sizes


def sized(result, quantity, plans, **others):
    found = asked(result, quantity, plans={"planned": plans}, replicates=150, **others)
    return found, found.tables["sizes"]


def width(law, probability=0.95):
    low, high = law.interval(probability)
    return high - low


def test_widths_by_size_against_the_beta_binomial(result):
    found, sizes = sized(result, told, {n: cohort(n) for n in (200, 20)}, probability=0.9, seed=2)
    assert sizes["n"].tolist() == [20, 200]
    assert sizes["interval"].tolist() == ["90% equal-tailed"] * 2
    assert found.details["width_now"] == pytest.approx(width(stats.beta(A, B), 0.9), rel=0.05)
    for row in sizes.itertuples():
        y = np.arange(row.n + 1)
        weights = stats.betabinom(row.n, A, B).pmf(y)
        after = stats.beta(A + y, B + row.n - y)
        assert row.width_after == pytest.approx(
            weights @ width(after, 0.9), abs=4 * row.width_after_mc_error
        )
        assert row.width_after_mc_error < 0.03 * row.width_after
        assert row.ratio == pytest.approx(row.width_after / row.width_now)
        assert (row.replicates, row.failed, row.mark) == (150, 0, "")
        assert row.refitted <= 3  # made up from a draw far out in a tail


def test_widths_by_size_against_the_normal(result):
    def x(q):
        return q.parameter("x")

    plans = {
        n: fe.OwnNormal(name="planned", quantity=x, estimate=0.0, se=4 / np.sqrt(n))
        for n in (4, 16, 64)
    }
    _, sizes = sized(result, x, plans, seed=2)
    for row in sizes.itertuples():
        exact = width(stats.norm(0, (1 / 4 + row.n / 16) ** -0.5))
        assert row.width_after == pytest.approx(exact, abs=4 * row.width_after_mc_error)
        assert row.width_after_mc_error < 0.05 * exact


def test_widths_by_size_read_the_new_figures(result):
    # Records are a known share of 20 percent: gamma and Poisson.
    register = fe.Register(
        name="planned", step="happened", count=300, defects=[fe.Coverage(20 / 100)]
    )
    _, sizes = sized(result, lambda q: q.number("happened"), {20: register}, seed=2)
    y = np.arange(1000)
    weights = stats.nbinom(60, 0.1 / (0.1 + 0.2)).pmf(y)
    exact = weights @ width(stats.gamma(60 + y, scale=1 / (0.1 + 0.2)))
    assert sizes["width_after"][0] == pytest.approx(exact, rel=0.05)


def test_a_size_that_the_figure_does_not_have_is_named(result):
    with pytest.raises(fe.SpecError) as caught:
        asked(result, plans={"planned": {n: cohort(50) for n in (20, 50, 80)}})
    assert caught.value.problems == (
        "plan 'planned, n = 20' must have a field 'n' of 20; given 50.",
        "plan 'planned, n = 80' must have a field 'n' of 80; given 50.",
    )


def test_the_text_tells_of_the_smallest_and_the_largest_size(result):
    sizes = (20, 50, 100, 2_000)
    found, table = sized(
        result, told, {n: Plan(cohort(n), 100.0 + n) for n in sizes}, seed=2, currency="euro"
    )
    assert found.text.count("With \u201cplanned\u201d the 95% equal-tailed interval") == 1
    assert " at a size of 20 (" in found.text
    assert " at a size of 2,000 (" in found.text
    assert "bij een omvang van 2.000 (" in found.in_language("nl").text
    assert "The table of sizes has all 4." in found.text
    gone = (table["width_now"] - table["width_after"]) / table["cost"]
    assert table["narrowing_per_cost"].tolist() == pytest.approx(gone.tolist())
    best = table["n"][int(gone.argmax())]
    assert f"Per unit of cost the width goes down most at {best:,d} (" in found.text
    assert found.table["name"].isin([f"planned, n = {n}" for n in sizes]).all()
    assert "sizes" not in asked(result).tables


def test_what_only_the_planned_source_needs_is_drawn_from_its_prior(result):
    def survey(sensitivity):
        return fe.OwnBinomial(
            name="planned", quantity=told, yes=60, n=200,
            defects=[fe.TestError(sensitivity=sensitivity)],
        )  # fmt: skip

    plans = {"sure": survey(0.8), "unsure": survey(fe.Beta(8, 2))}
    left = asked(result, told, plans=plans).table.set_index("name")
    assert (left["failed"] == 0).all()
    assert left["width_after"]["sure"] < left["width_after"]["unsure"] < left["width_now"]["sure"]


def test_ages_that_an_assumption_fills_in_may_be_asked_and_it_says_so():
    model = fe.Model(
        fe.Route("happened", "told"),
        fe.Population({"age": [(0, 11), (12, 16)]}, [2e6, 1e6]),
        fe.Rate(fe.Beta(1, 30)),
        evidence=[fe.Survey(name="asked", step="happened", yes=40, n=1900, where=OLD)],
        assumptions=[
            fe.Shift(ages=(0, 11), like=(12, 16), prior=fe.Normal(-0.7, 0.5), statement="assumed")
        ],
    )
    filled = fe.fit(model, seed=1, progress=False)
    plans = {
        n: fe.Survey(name="planned", step="happened", yes=1, n=n, where=YOUNG) for n in (500, 2000)
    }
    for basis, shown in (
        (None, "imputed"),
        ("partly imputed", "partly imputed"),
        ("estimated", ""),
    ):
        found = asked(
            filled,
            {"young": lambda q: q.number("happened", YOUNG)},
            plans={"children": plans},
            basis=basis,
            replicates=30,
        )
        sizes = found.tables["sizes"]
        assert sizes["ratio"].is_monotonic_decreasing
        assert sizes["ratio"].max() < 0.95
        assert set(sizes["basis"]) == {shown or "estimated"}
        assert ("imputed" in found.text) == bool(shown)
        if shown:
            assert f"young is {shown}: it rests " in found.text
            assert "(bijgeschat): het berust" in found.in_language("nl").text


def test_a_dutch_reader_gets_dutch(result):
    found = asked(result, "number at told").in_language("nl")
    assert (
        "zegt \u201cmany\u201d het meest over aantal bij told: naar verwachting" in found.headline
    )
    assert "95%-interval met gelijke staarten" in found.text
    for word in (" the ", "number", "expected"):
        assert word not in found.text, word


@pytest.mark.parametrize("placeholder", [10, 45, fe.Rounded(10, to=1)])
def test_a_planned_count_of_people_who_are_counted_already(placeholder):
    """Of 40 who told some were helped: as telling as asking 40, whatever stands in for the count.

    A share with a Beta(2, 2) prior loses 40 / (40 + 4) of its variance by a binomial number of 40.
    """
    here = fe.Register(name="here", step="told", count=40)
    model = fe.Model(
        fe.Route("happened", "told", "helped"),
        fe.Population.cells(),
        fe.Number(fe.Gamma(60, 0.1)),
        {("happened", "told"): fe.Share(0.1), ("told", "helped"): fe.Share(fe.Beta(2, 2))},
        [here],
    )
    result = fe.fit(model, seed=1, draws=4000, engine="importance", progress=False)
    plan = fe.Register(name="new", step="helped", count=placeholder)
    found = asked(result, "told -> helped", plans={"new": plan}, replicates=100)
    assert shares(found)["new"] == pytest.approx(40 / 44, abs=0.02)
