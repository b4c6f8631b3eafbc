"""The curve over age: what it shows, where it says imputed, and the table behind it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

import funnelest as fe

CHILDREN = fe.Population(
    {"age": list(range(17)), "sex": ["girl", "boy"]}, np.full((17, 2), 90_000.0)
)


def model(*assumptions: object, occurrence: fe.Rate | None = None) -> fe.Model:
    return fe.Model(
        fe.Route("happened", "told"),
        CHILDREN,
        occurrence=occurrence or fe.Rate(fe.Beta(2, 98), fe.Levels("sex", fe.Normal(0, 1))),
        transitions={("happened", "told"): fe.Share(fe.Beta(3, 2))},
        evidence=[fe.Survey("pupils", step="happened", yes=20, n=1000, where={"age": (12, 16)})],
        assumptions=[
            fe.Shift(ages=(0, 11), like=(12, 16), prior=fe.Normal(-0.7, 0.5), statement="why"),
            *assumptions,
        ],
    )


FIRST = fe.FirstTime(share=fe.Beta(4, 4), statement="half, give or take")


@pytest.fixture(scope="module")
def found() -> fe.Result:
    return fe.fit(model(FIRST), engine="importance", draws=400, seed=2, progress=False)


def words(figure):
    texts = [text.get_text() for text in figure.texts]
    texts += [ax.get_title(loc="left") for ax in figure.axes]
    texts += [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    return " | ".join(texts)


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("en", ["victims in one year", "95% equal-tailed interval", "imputed", "first event"]),
        ("nl", ["slachtoffers in een jaar", "95%-interval", "bijgeschat", "sex girl"]),
    ],
)
def test_both_panels_and_the_imputed_ages(found, language, wanted):
    figure = fe.plot.ages(found, where={"sex": "girl"}, language=language)
    for text in wanted:
        assert text in words(figure)
    assert len(figure.axes) == 2
    shaded = [sorted(patch.get_xy()[0] for patch in ax.patches) for ax in figure.axes]
    # No source asks about first events: the second panel rests on their conversion everywhere.
    assert shaded == [list(range(12)), list(range(17))]
    plt.close(figure)


def test_the_curve_is_the_table(found):
    figure = fe.plot.ages(found, where={"sex": "boy"})
    rate, ever = figure.axes
    steps = found.steps({"sex": "boy"}, by="age")
    steps = steps[steps["step"] == "happened"]
    np.testing.assert_allclose(rate.lines[0].get_ydata(), steps["median"] / 90)
    np.testing.assert_allclose(rate.lines[0].get_xdata(), np.arange(17) + 0.5)
    table = found.first_events({"sex": "boy"}, before=list(range(1, 18)))
    shares = table[table["unit"] == "share"]["median"]
    np.testing.assert_allclose(ever.lines[0].get_ydata(), 100 * shares)
    np.testing.assert_allclose(ever.lines[0].get_xdata(), np.arange(1, 18))
    plt.close(figure)


def test_without_first_events_there_is_one_panel():
    result = fe.fit(model(), engine="importance", draws=400, seed=2, progress=False)
    figure = fe.plot.ages(result, title="The rate $by$ age")
    assert len(figure.axes) == 1
    assert "The rate $by$ age" in words(figure)
    plt.close(figure)
    with pytest.raises(fe.SpecError, match="no FirstTime"):
        result.first_events()


def test_every_problem_comes_at_once(found):
    with pytest.raises(fe.SpecError) as error:
        fe.plot.ages(found, where={"region": 1}, axis="sex", language="fr", probability=2)
    text = str(error.value)
    for part in ("'region'", "language must be one of", "no axis 'sex' of ages", "probability"):
        assert part in text


def test_the_table_keeps_three_quantities_apart(found):
    table = found.first_events(before=[12, 16], by="sex")
    assert list(table["quantity"]) == [
        "victims in one year", "for the first time", "ever before age 12", "ever before age 16",
    ] * 2  # fmt: skip
    assert list(table["unit"]) == ["people", "people", "share", "share"] * 2
    assert list(table["basis"]) == ["partly imputed", "imputed", "imputed", "imputed"] * 2
    assert set(table["interval"]) == {"95% equal-tailed"}
    draws = [
        found.sample_of(lambda q: q.first_events({"sex": "boy"})),
        found.sample_of(lambda q: q.number("happened", {"sex": "boy"}) * q.parameter("first time")),
        found.sample_of(lambda q: q.ever_before(17, {"sex": "boy"}) * 90_000),
    ]
    np.testing.assert_allclose(draws[0], draws[1])
    np.testing.assert_allclose(draws[0], draws[2])
    for wrong in (12, [float("nan")], [True], [-1]):
        with pytest.raises(fe.SpecError, match="before must be a list of ages"):
            found.first_events(before=wrong)


def test_first_events_of_more_people_than_there_are_are_refused():
    many = fe.Population({"age": list(range(17))}, [90_000.0] * 17)
    survey = fe.Survey("all", step="happened", yes=200, n=1000)
    model = fe.Model(
        fe.Route("happened", "told"),
        many,
        occurrence=fe.Rate(fe.Beta(1, 4)),
        transitions={("happened", "told"): fe.Share(0.5)},
        evidence=[survey],
        assumptions=[fe.FirstTime(share=0.9, statement="hardly anyone twice")],
    )
    result = fe.fit(model, engine="importance", draws=400, seed=2, progress=False)
    with pytest.raises(fe.SpecError, match="more people have a first event before age 16"):
        result.first_events(before=[2, 16])
    assert (result.first_events(before=[2])["high"] < 1e7).all()


def test_the_page_says_each_assumption_in_words(found, tmp_path):
    for language, wanted in (
        ("en", ["Assumptions in words", "is a victim for the first time", "Stated reason: why."]),
        ("nl", ["Aannamen in woorden", "voor het eerst slachtoffer", "imputed (bijgeschat)."]),
    ):
        page = fe.report.page(
            found, tmp_path / "page.html", title="T", language=language, checks=False
        )
        text = page.read_text(encoding="utf-8")
        for part in wanted:
            assert part in text
