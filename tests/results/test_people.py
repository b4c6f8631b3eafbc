"""Numbers of people in tables: of this period, expected, or of the next one."""

from __future__ import annotations

import re

import numpy as np
import pytest

import funnelest as fe
from funnelest.lists import OverlapTable
from funnelest.results.intervals import ERRORS
from funnelest.results.result import Result
from funnelest.sampling.gate import known_gate

CHAIN = fe.Route("a", "b")
TABLE = OverlapTable(["p", "q"], {"10": 40, "01": 30, "11": 27})


def drawn(*evidence, population=None, occurrence=None, draws=2_000):
    """Return a result that was drawn from its prior: what was counted is all it knows."""
    one = fe.Model(
        CHAIN,
        population or fe.Population.cells({}),
        occurrence or fe.Number(fe.LogUniform(20, 2_000)),
        {("a", "b"): fe.Share(fe.Beta(2, 2))},
        evidence=list(evidence),
    )
    rng = np.random.default_rng(3)
    values = {name: prior.sample(rng, draws)[None] for name, prior in one.free.items()}
    return Result(model=one, draws=values, gate=known_gate(), seed=5)


def register(step, count, share, **fields):
    return fe.Register(name=step, step=step, count=count, defects=[fe.Coverage(share)], **fields)


COUNTED = register("a", 50, 0.8)
ASKED = fe.Survey(name="asked", step="b", of="a", yes=20, n=40)


def test_numbers_are_realised_where_people_were_counted() -> None:
    assert set(drawn(COUNTED).steps()["number"]) == {"realised"}
    assert set(drawn(COUNTED).flows()["number"]) == {"realised"}
    assert set(drawn(ASKED).steps()["number"]) == {"expected"}
    assert set(drawn(ASKED).steps(number="realised")["number"]) == {"realised"}


def test_three_numbers() -> None:
    result = drawn(COUNTED)
    found = {n: result.steps(number=n).loc[0] for n in ("realised", "expected", "predicted")}
    assert found["realised"]["low"] >= 50
    expected = result.sample_of(lambda q: q.number("a"))
    assert found["expected"]["mean"] == pytest.approx(expected.mean())
    # The next period: the expected number, and its chance variation.
    assert found["predicted"]["mean"] == pytest.approx(expected.mean(), rel=0.01)
    variance = expected.var() + expected.mean()
    assert found["predicted"]["sd"] ** 2 == pytest.approx(variance, rel=0.02)
    for one in found.values():
        assert one["prior_median"] == found["expected"]["prior_median"]


def test_the_complete_registers_of_the_issue() -> None:
    """Three hundred and a hundred were counted: there were as many."""
    table = drawn(register("a", 300, 1.0), register("b", 100, 1.0)).steps()
    assert table[["median", "low", "high"]].to_numpy().tolist() == [[300] * 3, [100] * 3]
    assert (table["low_mc_error"] == 0).all()


def test_the_linked_of_the_issue() -> None:
    """Ninety-seven people have a name: there are no fewer, and both tables say the same."""
    result = drawn(fe.Linked(name="lists", step="b", table=TABLE, order=1))
    steps = result.steps().set_index("step")
    linked = result.linked().set_index("quantity")
    assert steps.loc["b", "low"] >= 97
    columns = ["mean", "median", "sd", "low", "high"]
    assert steps.loc["b", columns].tolist() == linked.loc["total", columns].tolist()
    assert linked.loc["known", "sd"] == 0
    assert linked.loc["hidden", "mean"] == pytest.approx(steps.loc["b", "mean"] - 97)


def test_linked_people_by_stratum_are_those_of_the_steps() -> None:
    population = fe.Population({"sex": ["boy", "girl"]}, [1_000, 1_000])
    counts = {"boy": {"10": 20, "01": 10, "11": 9}, "girl": {"10": 30, "01": 21, "11": 15}}
    lists = fe.Linked(name="l", step="b", table=OverlapTable(["p", "q"], counts), strata="sex")
    result = drawn(lists, population=population, occurrence=fe.Rate(fe.Beta(20, 80)))
    steps = result.steps(by="sex")
    linked = result.linked().set_index(["stratum", "quantity"])
    for sex, known in (("boy", 39), ("girl", 66)):
        row = steps[(steps["sex"] == sex) & (steps["step"] == "b")].iloc[0]
        assert row["low"] >= known
        assert row["median"] == linked.loc[(sex, "total"), "median"]


def test_means_over_years() -> None:
    population = fe.Population({"year": [2019, 2020]}, [10_000, 10_000])
    mean = register("a", 49.5, 1.0, per="year")
    result = drawn(mean, population=population, occurrence=fe.Rate(fe.Beta(5, 995)))
    assert result.steps()["median"][0] == 49.5  # ninety-nine in two years
    assert result.steps(per=None)["median"][0] == 99
    both = result.steps(by="year")
    both = both[both["step"] == "a"]
    assert (both["high"] <= 99).all()
    assert both["mean"].sum() == pytest.approx(99)


def test_what_there_is_to_say_stands_with_the_table() -> None:
    apart = drawn(register("a", 100, 1.0), register("b", 120, 1.0)).steps()
    assert "cannot all be of the same people" in apart.attrs["notes"][0]
    two = drawn(register("a", 100, 0.9), register("b", 20, 0.9))
    assert "taken not to depend on" in two.steps().attrs["notes"][0]
    assert two.steps(number="expected").attrs["notes"] == []


def test_a_model_that_is_too_large(monkeypatch) -> None:
    monkeypatch.setattr("funnelest.results.realised.numbers._WORK", 100)
    result = drawn(COUNTED)
    table = result.steps()
    assert set(table["number"]) == {"expected"}
    assert "too many cells" in table.attrs["notes"][0]
    assert "may lie below what was counted" in table.attrs["notes"][0]
    with pytest.raises(fe.SpecError, match="number='expected'"):
        result.steps(number="realised")


def test_in_a_model_that_is_too_large_no_fewer_than_were_counted(monkeypatch) -> None:
    """Expected numbers said 373 to 425 a year, where 400 was certain; then 30 where 50 were."""
    monkeypatch.setattr("funnelest.results.realised.numbers._WORK", 10_000)
    table = drawn(COUNTED, register("b", 30, 1.0)).steps()
    assert set(table["number"]) == {"realised"}
    assert table.loc[1, ["low", "high", "basis"]].tolist() == [30, 30, "counted"]
    assert table.loc[0, ["least", "low"]].min() >= 50
    (note,) = table.attrs["notes"]
    assert "of a no more is used than that there were at least as many" in note


@pytest.mark.parametrize(("code", "thousands"), [("en", ","), ("nl", ".")])
def test_no_number_is_printed_below_what_was_counted(
    code, thousands, tmp_path, monkeypatch
) -> None:
    """The lower limit was 200,040, where 200,041 people were counted."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    mpl.use("Agg")
    monkeypatch.setattr(
        "funnelest.results.tabled.summary_errors", lambda *_: dict.fromkeys(ERRORS, 1.9)
    )
    result = drawn(
        register("a", 200_041, 0.99999), occurrence=fe.Number(fe.LogUniform(215_000, 225_000))
    )
    row = result.steps().loc[0]
    assert row["low"] == row["least"] == 200_041
    path = fe.report.page(result, tmp_path / "page.html", title="t", checks=False, language=code)
    figure = fe.plot.route(result, language=code)
    texts = [repr(result), result._repr_html_()] if code == "en" else []
    texts += [
        path.read_text(encoding="utf-8"),
        " ".join(t.get_text() for t in figure.findobj(mpl.text.Text)),
    ]
    plt.close(figure)
    for text in texts:
        shown = re.findall(rf"\b200\{thousands}\d{{3}}\b", text)
        assert shown
        assert min(int(one.replace(thousands, "")) for one in shown) == 200_041


@pytest.mark.parametrize("number", ["recorded", None, 1, True, ["realised"]])
def test_what_is_no_number(number) -> None:
    with pytest.raises(fe.SpecError, match="number must be"):
        drawn(COUNTED).steps(number=number)


def test_nothing_unknown() -> None:
    one = fe.Model(CHAIN, fe.Population.cells({}), fe.Number(100.0), {("a", "b"): fe.Share(0.5)},
                   evidence=[register("a", 80, 0.8)])  # fmt: skip
    row = fe.fit(one, seed=1).steps().loc[0]
    assert row["low"] >= 80
    assert row["mean"] == pytest.approx(100, abs=0.5)
    assert row["sd"] == pytest.approx(np.sqrt(20), rel=0.05)


def test_text_names_the_number_and_is_no_finer_than_its_error() -> None:
    result = drawn(COUNTED, occurrence=fe.Number(fe.LogUniform(20, 20_000)))
    text = repr(result)
    assert "realised people; median" in text
    row = result.steps().iloc[0]
    assert row["high"] > 1_000
    assert row["high_mc_error"] > 1.5
    shown = text.splitlines()[3].split("-")[1].split()[0].replace(",", "")
    assert float(shown) % 10 == 0
    assert abs(float(shown) - row["high"]) <= 6.7 * row["high_mc_error"]
    assert "_mc_error" not in result._repr_html_()


@pytest.mark.parametrize(("code", "words"), [("en", "Realised number"), ("nl", "Werkelijk aantal")])
def test_figure_and_page_name_the_number(code, words, tmp_path) -> None:
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    mpl.use("Agg")
    result = drawn(register("a", 300, 1.0), register("b", 100, 0.9))
    drawn_on = fe.plot.route(result, language=code)
    assert any(words in one.get_text() for one in drawn_on.texts)
    plt.close(drawn_on)
    path = fe.report.page(result, tmp_path / "page.html", title="t", language=code)
    page = path.read_text(encoding="utf-8")
    assert f"{words} of people" in page or f"{words} personen" in page
    assert "300\u2013300" in page


def test_registers_that_are_not_linked_give_their_distinct_people() -> None:
    """With one that lies within the other, and nobody in none, the larger count is the number."""
    both = [fe.Register(name=name, step="a", count=n) for name, n in (("x", 160), ("y", 60))]
    apart = fe.Unlinked(
        name="u", registers=both, overlap=fe.Fixed(1.0, statement="y is a part of x")
    )
    table = drawn(apart).steps().set_index("step")
    assert set(table["number"]) == {"realised"}
    assert table.loc["a", ["low", "median", "high", "basis"]].tolist() == [160, 160, 160, "counted"]
    (note,) = table.attrs["notes"]
    assert note.startswith("u: how many people")
    (note,) = drawn(apart).distinct().attrs["notes"]
    assert "expected numbers" in note


def test_what_counts_leave_no_doubt_of_is_counted() -> None:
    result = drawn(register("a", 300, 1.0), register("b", 100, 0.5))
    steps = result.steps().set_index("step")["basis"]
    assert steps["a"] == "counted"
    assert steps["b"] != "counted"
    assert "counted" not in set(result.steps(number="expected")["basis"])
    assert "counted" not in set(result.flows()["basis"])
    both = drawn(register("a", 300, 1.0), register("b", 100, 1.0))
    assert both.flows()["basis"].tolist() == ["counted"]


def test_nobody_in_any_draw_is_not_counted() -> None:
    few = drawn(register("b", 0, 0.5), occurrence=fe.Number(1e-9))
    assert "counted" not in set(few.steps()["basis"])


def test_print_says_what_there_is_to_say_of_the_numbers() -> None:
    apart = drawn(register("a", 100, 1.0), register("b", 120, 1.0))
    assert "note: The counts cannot all be of the same people" in repr(apart)
    assert "The counts cannot all be of the same people" in apart._repr_html_()
    two = drawn(
        register("a", 50, 0.8),
        fe.Register(name="y", step="a", count=20, defects=[fe.Coverage(0.3)]),
    )
    assert "note: y may hold people of a step" in repr(two)
    assert "note:" not in repr(drawn(COUNTED))
