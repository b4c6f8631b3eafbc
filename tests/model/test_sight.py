"""Where a number is carried over from cells that a source sees to others that none does."""

from __future__ import annotations

from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest

import funnelest as fe
from funnelest.likelihood.informed import informed
from funnelest.words import Language

ROUTE = fe.Route("happened", "told", "reported")
HAPPENED, TOLD, REPORTED = ROUTE.steps
EVERY = (*ROUTE.steps, *ROUTE.edges)
EST, ALL, PART = "estimated", "carried over", "partly carried over"
GIVEN, SOME = "assumed", "partly assumed"


def model_of(*evidence: Any, people: Any = None, **given: Any) -> fe.Model:
    people = people or fe.Population({"year": [2019, 2022]}, [100_000, 100_000])
    rate = given.pop("rate", None) or fe.Rate(fe.Beta(1, 30))
    return fe.Model(ROUTE, people, rate, given.pop("transitions", None), evidence, **given)


def happened(**where: Any) -> fe.Survey:
    return fe.Survey(name="victims", step=HAPPENED, yes=30, n=1000, where=where)


def told(**where: Any) -> fe.Survey:
    return fe.Survey(name="told anyone", step=TOLD, of=HAPPENED, yes=30, n=60, where=where)


def police(**given: Any) -> fe.Register:
    cover = [fe.Coverage(fe.Beta(8, 2))]
    return fe.Register(name="police", step=REPORTED, defects=cover, **given)


def bases(model: fe.Model, **where: Any) -> list[str]:
    return [model.basis(where, of=place) for place in EVERY]


def test_a_step_in_a_year_that_no_source_of_it_saw() -> None:
    model = model_of(happened(), told(year=2022), police(count=130, where={"year": 2022}))
    assert bases(model, year=2019) == [EST, ALL, ALL, ALL, ALL]
    assert bases(model, year=2022) == [EST] * 5
    assert bases(model) == [EST, PART, PART, PART, PART]


def test_a_register_sees_its_own_step_and_not_those_before() -> None:
    """It knows a product, of which it tells nobody the parts."""
    counts = {"by": "year", "count": {2019: 100, 2022: 130}}
    model = model_of(happened(year=2022), told(year=2022), police(**counts))
    assert bases(model, year=2019) == [ALL, ALL, EST, ALL, ALL]
    assert bases(model, year=2022) == [EST] * 5
    assert bases(model) == [PART, PART, EST, PART, PART]
    # With the other two known in every year the last is known in every year too.
    model = model_of(happened(), told(), police(**counts))
    assert bases(model, year=2019) == [EST] * 5


def test_two_regions() -> None:
    people = fe.Population({"place": ["A", "B"]}, [100_000, 50_000], regions="place")
    model = model_of(
        happened(), told(place="A"), police(count=70, where={"place": "A"}), people=people
    )
    assert bases(model, place="A") == [EST] * 5
    assert bases(model, place="B") == [EST, ALL, ALL, ALL, ALL]
    assert bases(model) == [EST, PART, PART, PART, PART]


def main_example() -> fe.Model:
    """Return the model of the main example, from its script up to the fit."""
    path = Path(__file__).resolve().parents[2] / "examples" / "fact_sheet_2017_2018.py"
    script = path.read_text(encoding="utf-8")
    before = script[: script.index("print(model)")]
    names: dict[str, Any] = {"__name__": "example"}
    with redirect_stdout(StringIO()):
        exec(compile(before, str(path), "exec"), names)
    model: fe.Model = names["model"]
    return model


def test_the_main_example() -> None:
    """Ages 12-16 were asked in 2016; registers of 2017 and 2018 count all ages together."""
    model = main_example()
    asked, recent, young = {"age": (12, 16), "year": 2016}, {"year": (2017, 2018)}, {"age": (0, 11)}
    steps = model.route.steps
    found = {step: model.basis(recent, of=step) for step in steps}
    both = "partly imputed, carried over"
    # Each is what its register is of; happened, told and helped were seen in 2016 only.
    assert found["reported"] == found["investigated"] == "partly imputed"
    assert found["happened"] == found["told"] == found["helped"] == both
    # The pupils were asked what happened and whether they told; a total of help in 2016, of all
    # ages and any kind, depends on all that lies before it, and sees none of it.
    assert [model.basis(asked, of=step) for step in steps] == [EST, EST, ALL, ALL, ALL]
    last = steps[2:]
    for place in [*last[:2], *((a, b) for a, b in model.route.edges if a != steps[0])]:
        assert model.basis(asked, of=place).split(", ")[0] == ALL
        assert PART in model.basis(of=place)
    without = model.without("youth care 2016")
    for place in [*steps[:4], *zip(steps[1:], last, strict=False)]:
        for where in (asked, recent, young, {"year": 2016}, {}):
            assert model.basis(where, of=place) == without.basis(where, of=place)
    assert model.basis({"year": 2016}, of="helped") == "partly imputed"
    assert {model.basis(of=step) for step in steps} == {"partly imputed, partly carried over"}
    # Nobody asked children under 12 whether they told; of those reported all ages are counted.
    assert [model.basis(young, of=step) for step in steps] == [
        "imputed", *["imputed, carried over"] * 4,
    ]  # fmt: skip
    assert model.basis(young, of=("happened", "told")) == "imputed, carried over"
    assert model.basis(young, of=("reported", "investigated")) == ("imputed, partly carried over")
    assert model.basis({**young, **recent}, of=("reported", "investigated")) == "imputed"
    said = {one.about: one.value for one in model.ledger() if one.kind == "constant"}
    assert len(said) == 29
    assert said["told -> helped over age"].endswith("the same at age 0-11 as at 12-16 and 17")
    assert not {"happened -> told over age", "told -> reported over age"} & said.keys()
    assert said["rate of happened over year"].endswith("the same in 2016 and 2017-2018")
    assert "rate of happened over age" not in said
    assert "rate of happened over sex" not in said


def wide(kind: str, step: str = REPORTED) -> fe.Evidence:
    """Return a figure of a step in 2019 that tells nothing but an order of magnitude."""
    given: dict[str, Any] = {"name": "stock", "step": step, "where": {"year": 2019}}
    if kind == "own":
        return fe.OwnPoisson(
            name="stock", count=900, quantity=lambda q: 4 * q.number(step, {"year": 2019})
        )
    given["defects"] = [fe.Coverage(fe.Beta(1, 1))]
    if kind == "total":
        return fe.Total(estimate=900, interval=(700, 1200), **given)
    return fe.Register(count=900, **given)


@pytest.mark.parametrize("kind", ["own", "total", "register"])
@pytest.mark.parametrize("rate", ["asked", "not asked"])
def test_a_figure_further_on_in_other_cells_sees_nothing_before_it(kind, rate) -> None:
    """What only a register of 2022 is of is carried over to 2019, whatever is known of later steps.

    There the later figure sees the number of its own step, as a whole.
    """
    sources = [happened()] if rate == "asked" else []
    first = fe.Register(name="helpline", step=TOLD, count=900, where={"year": 2022})
    both = [first, police(count=130, where={"year": 2022})]
    plain, more = model_of(*sources, *both), model_of(*sources, *both, wide(kind))
    for where in ({"year": 2019}, {"year": 2022}, {}):
        for place in (HAPPENED, TOLD, (HAPPENED, TOLD), (TOLD, REPORTED)):
            assert more.basis(where, of=place) == plain.basis(where, of=place)
    assert plain.basis({"year": 2019}, of=TOLD) == more.basis({"year": 2019}, of=TOLD) == ALL
    assert plain.basis({"year": 2019}, of=REPORTED) == ALL
    assert more.basis({"year": 2019}, of=REPORTED) == EST


def test_a_share_that_its_figures_leave_as_its_prior_is_assumed() -> None:
    """Of who told nobody, who is reported: the register is of both ways, and knows neither.

    The share of all who come so varies with who told; the share that has the prior does not.
    """
    ways = fe.Route(HAPPENED, TOLD, REPORTED, skips=[(HAPPENED, REPORTED)])
    people = fe.Population({"year": [2019]}, [100_000])
    rare = fe.LogNormal.from_interval(0.0002, 0.02)
    shares = {(HAPPENED, REPORTED): fe.Share(rare), (TOLD, REPORTED): fe.Share(fe.Beta(2, 2))}
    model = fe.Model(
        ways, people, fe.Rate(fe.Beta(1, 30)), shares, [happened(), told(), police(count=300)]
    )
    table = fe.fit(model, seed=1, progress=False).transitions()
    found = dict(zip(zip(table["from"], table["to"], strict=True), table["basis"], strict=True))
    assert found == {
        (HAPPENED, TOLD): EST, (HAPPENED, REPORTED): "assumed", (TOLD, REPORTED): EST,
    }  # fmt: skip


def test_what_no_figure_tells_apart_is_seen_together() -> None:
    """Telling and reporting, of which the register knows the product: seen where it counts."""
    model = model_of(happened(), police(count=130, where={"year": 2022}))
    assert bases(model, year=2022) == [EST] * 5
    assert bases(model, year=2019) == [EST, ALL, ALL, ALL, ALL]


def test_a_pool_says_nothing_of_the_part_that_is_not_seen_otherwise() -> None:
    every = fe.Survey(name="both years", step=HAPPENED, yes=60, n=2000)
    assert bases(model_of(every))[0] == EST
    both = model_of(happened(year=2022), every)
    assert both.basis({"year": 2019}) == ALL
    assert both.basis({"year": 2022}) == EST


def test_a_part_that_varies_is_not_the_same_but_still_carried() -> None:
    rate = fe.Rate(fe.Beta(1, 30), fe.Levels("year", fe.Normal(0, 1)))
    result = fe.fit(model_of(happened(year=2019), rate=rate), seed=1, progress=False)
    assert next(iter(result.steps({"year": 2019})["basis"])) == EST
    found = next(iter(result.steps({"year": 2022})["basis"]))
    assert found == "carried over, partly assumed"


def test_nothing_seen_is_assumed_and_not_carried() -> None:
    result = fe.fit(model_of(happened(year=2022)), seed=1, progress=False)
    table = result.transitions({"year": 2019})
    assert list(table["basis"]) == ["assumed", "assumed"]
    assert list(result.steps({"year": 2019})["basis"]) == [
        "carried over", "carried over, partly assumed", "carried over, partly assumed",
    ]  # fmt: skip


def test_known_parts_and_sources_left_out() -> None:
    known = {(HAPPENED, TOLD): fe.Share(0.3), (TOLD, REPORTED): fe.Share(0.1)}
    assert bases(model_of(happened(), transitions=known), year=2019) == [EST] * 3 + [GIVEN] * 2
    without = model_of(happened(), told(year=2022)).with_powers({"told anyone": 0})
    assert bases(without, year=2019) == [EST, SOME, SOME, GIVEN, GIVEN]


NOTHING = [
    police(count=fe.AtLeast(0)),
    fe.Survey(name="no survey", step=REPORTED, of=TOLD, yes=fe.AtMost(40), n=40),
    fe.Survey(name="no survey", step=REPORTED, of=TOLD, yes=fe.Between(0, 40), n=40),
]


@pytest.mark.parametrize("nothing", NOTHING, ids=lambda one: type(one).__name__)
def test_what_every_count_prints_as_is_seen_by_nobody(nothing) -> None:
    model = model_of(happened(), told(), nothing)
    assert bases(model) == [EST, EST, SOME, EST, GIVEN]
    assert not [name for name, who in informed(model).items() if nothing.name in who]


@pytest.mark.parametrize("last", ["seen", "nothing", "known", "nobody"])
def test_the_model_says_what_the_tables_say(last) -> None:
    sources = {"seen": [police(count=130)], "nothing": [police(count=fe.AtLeast(0))]}
    known = {(TOLD, REPORTED): fe.Share(0.1)} if last == "known" else None
    model = model_of(happened(), told(), *sources.get(last, []), transitions=known)
    result = fe.fit(model, seed=1, progress=False)
    tables = [*result.steps()["basis"], *result.transitions()["basis"]]
    assert tables == bases(model)


def test_imputed_keeps_its_word_and_both_may_hold() -> None:
    people = fe.Population({"age": [(0, 11), (12, 16)], "year": [2019, 2022]}, np.full((2, 2), 1e5))
    shift = fe.Shift(ages=(0, 11), like=(12, 16), prior=fe.Normal(0, 1), statement="alike")
    model = model_of(happened(age=(12, 16), year=2022), told(age=(12, 16), year=2022),
                     people=people, assumptions=[shift])  # fmt: skip
    young, old = {"age": (0, 11)}, {"age": (12, 16)}
    assert model.basis(young) == "imputed"
    assert model.basis(young, of=TOLD) == "imputed, carried over"
    assert model.basis({**old, "year": 2022}, of=TOLD) == EST
    assert model.basis({**old, "year": 2019}, of=TOLD) == ALL
    assert model.basis(of=TOLD) == "partly imputed, partly carried over"
    assert model.basis({"year": 2019}) == "partly imputed, carried over"


def test_a_function_of_the_user_says_over_which_cells_it_sums() -> None:
    own = fe.OwnPoisson(
        name="own", count=900, quantity=lambda q: q.number(HAPPENED, {"year": 2022})
    )
    assert bases(model_of(own), year=2019)[0] == ALL
    assert bases(model_of(own), year=2022)[0] == EST
    result = fe.fit(model_of(own), seed=1, progress=False)
    table = result.quantities({
        "then": lambda q: q.number(HAPPENED, {"year": 2019}),
        "now": lambda q: q.number(HAPPENED, {"year": 2022}),
        "rise": lambda q: q.number(HAPPENED, {"year": 2022}) / q.number(HAPPENED, {"year": 2019}),
    })  # fmt: skip
    # The rise is 1 whatever the figures are: that it is the same is what was assumed.
    assert list(table["basis"]) == ["derived, carried over", "derived", "assumed"]


def test_several_figures_of_one_source_are_each_of_their_own_cells() -> None:
    asked = [
        fe.Asked(step=HAPPENED, share=0.03, where={"year": 2019}),
        fe.Asked(step=TOLD, of=HAPPENED, share=0.5, where={"year": 2022}),
    ]
    joint = fe.JointSurvey(name="joint", asked=asked, se=[0.01, 0.1], correlation=0)
    assert bases(model_of(joint), year=2019)[:2] == [EST, ALL]
    assert bases(model_of(joint), year=2022)[:2] == [ALL, ALL]
    assert bases(model_of(joint), year=2022)[3] == EST
    went = fe.Cohort(name="went", of=TOLD, went={REPORTED: 20}, n=100, where={"year": 2019})
    assert bases(model_of(went), year=2019)[4] == EST
    assert bases(model_of(went), year=2022)[4] == ALL


def test_people_who_only_weigh_a_share_are_not_what_it_is_of() -> None:
    """Shares and rates that differ by sex: a pooled share depends on both, and is of the one."""
    people = fe.Population({"sex": ["m", "f"], "year": [2019, 2022]}, np.full((2, 2), 1e5))
    by = {"rate": fe.Rate(fe.Beta(1, 30), fe.Levels("sex")), "people": people}
    share = {(HAPPENED, TOLD): fe.Share(fe.Beta(2, 2), fe.Levels("sex"))}
    model = model_of(happened(year=2022), told(year=2019), transitions=share, **by)
    for sex in ("m", "f"):
        assert bases(model, year=2019, sex=sex)[3] == EST
        assert bases(model, year=2022, sex=sex)[3] == ALL
        assert bases(model, year=2019, sex=sex)[0] == ALL
    result = fe.fit(model, seed=1, progress=False)
    table = result.transitions(by="year").set_index(["from", "year"])["basis"]
    assert table[HAPPENED, "2019"] == EST
    assert table[HAPPENED, "2022"] == ALL


def test_a_model_that_was_looked_at_travels() -> None:
    model = model_of(happened(), told(year=2022))
    assert bases(model, year=2019)[1] == ALL
    sent = cloudpickle.loads(cloudpickle.dumps(model))
    assert len(cloudpickle.dumps(model.sight)) < 20_000
    assert bases(sent, year=2019) == bases(model, year=2019)
    assert sent.sight.looks_at(lambda q: q.number(TOLD, {"year": 2019}))[0] == {
        "rate of happened", "happened -> told",
    }  # fmt: skip


def test_no_step() -> None:
    with pytest.raises(fe.SpecError, match="'of'"):
        model_of(happened()).basis(of="helped")


def test_the_words_in_dutch() -> None:
    show = Language("nl")
    assert show.cell("basis", "partly imputed, carried over") == (
        "deels imputed (bijgeschat), overgenomen van elders"
    )


@pytest.mark.parametrize("seed", range(8))
def test_other_names_change_nothing(seed: int) -> None:
    def made(year: str, place: str, labels: Any) -> tuple[fe.Model, list[dict[str, Any]]]:
        rng = np.random.default_rng(seed)
        towns = [labels(one) for one in "ABC"]
        people = fe.Population({year: [2019, 2020, 2022], place: towns}, np.full((3, 3), 1e5),
                               years=year, regions=place)  # fmt: skip
        cells = [{year: y, place: p} for y in (2019, 2020, 2022) for p in towns]
        chosen = iter(rng.permutation(9))
        evidence = [
            fe.Survey(name="a", step=HAPPENED, yes=30, n=1000, where=cells[next(chosen)]),
            fe.Survey(name="b", step=TOLD, of=HAPPENED, yes=3, n=9, where=cells[next(chosen)]),
            fe.Register(name="c", step=REPORTED, count=40, where={year: cells[next(chosen)][year]}),
        ]
        return model_of(*evidence, people=people), [{}, *cells]

    one, cells = made("year", "place", str)
    two, others = made("jaar", "gemeente", lambda name: f"wijk {name}")
    first = [[one.basis(where, of=place) for place in EVERY] for where in cells]
    assert first == [[two.basis(where, of=place) for place in EVERY] for where in others]
    assert {word for row in first for word in row} >= {EST, ALL, PART}
