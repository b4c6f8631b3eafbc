"""The page: complete, well formed, escaped, and in need of nothing from outside."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

import funnelest as fe
from funnelest.check.trust import CHECKS
from funnelest.likelihood.density import prior_draws
from funnelest.sampling.gate import Gate, importance_gate
from funnelest.verdict import Verdict
from funnelest.words import Language, catalogue, say
from funnelest.words.digits import to_error, unit_of

plt.switch_backend("Agg")
PASSED = Gate("importance", {"k-hat": 0.3, "ESS": 2000.0}, ())
FAILED = importance_gate(0.9, 2000.0, 2000.0, 1000)
SHIFT = fe.Shift(
    ages=(0, 11),
    like=(12, 16),
    prior=fe.Normal(-0.7, 0.5),
    statement="half <the> odds & more",
    source='made "up"',
)


def made(*assumptions: fe.Assumption, gate: Gate = PASSED, evidence: bool = True) -> fe.Result:
    people = fe.Population(
        {"age": [(0, 11), (12, 16)], "year": [2016, 2017]}, [[2e6, 2e6], [1e6, 1e6]]
    )
    model = fe.Model(
        fe.Route("happened", "told <b>", "helped", skips=[("happened", "helped")]),
        people,
        fe.Rate(fe.LogNormal.from_interval(0.005, 0.06)),
        {("happened", "told <b>"): fe.Share(fe.Beta(2, 2))},
        [fe.Register(name="A & B", step="helped", count=fe.Rounded(1_950, to=50), per="year")]
        if evidence
        else [],
        assumptions,
    )
    draws = prior_draws(model, np.random.default_rng(0), 400)
    shaped = {name: np.asarray(values).reshape(2, 200) for name, values in draws.items()}
    return fe.Result(model, shaped, gate, seed=1)


def written(*given: Any, checks: Any = False, **named: Any) -> Path:
    """Return a page, without checks where it is not about them: they fit again."""
    return fe.report.page(*given, checks=checks, **named)


class Reader(HTMLParser):
    """Checks that tags close in order; keeps texts, attributes and the shape of tables."""

    VOID = ("meta", "img", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data


def read(path: Path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    assert reader.open == []
    return reader


def test_page_is_complete_and_well_formed(tmp_path: Path) -> None:
    result = made(SHIFT)
    path = written(result, tmp_path / "new" / "page.html", title="A <title>")
    assert path == tmp_path / "new" / "page.html"
    page = read(path)
    names = [tag for tag, _ in page.tags]
    assert names.count("h1") == names.count("title") == names.count("main") == 1
    assert names.count("table") == names.count("caption") == 8
    assert page.tags[0] == ("html", {"lang": "en"})
    assert all(attrs["scope"] in ("row", "col") for tag, attrs in page.tags if tag == "th")
    (alt,) = [attrs["alt"] for tag, attrs in page.tags if tag == "img"]
    assert alt is not None
    assert "Route with 3 steps. happened " in alt
    for text in (
        "A <title>",
        "Convergence gate passed.",
        "Engine: importance",
        "told <b>",
        "A & B",
        "half <the> odds & more",
        'made "up"',
        "95% equal-tailed interval",
        "1,950 rounded to 50",
        "True cases per record",
        "True cases registered",
        "Prior 95% interval",
        "no variation beyond Poisson",
        "default",
        result.model.hash(),
        fe.__version__,
    ):
        assert text in page.text
    assert "FAILED" not in page.text
    assert plt.get_fignums() == []  # its own figure is closed again


def test_every_assumption_stands_in_the_ledger(tmp_path: Path) -> None:
    result = made(SHIFT)
    page = read(written(result, tmp_path / "page.html", title="t"))
    for row in result.model.ledger_table().itertuples():
        for text in (row.about, row.value, row.statement, row.source):
            assert text in page.text


def test_nothing_from_outside_and_nothing_that_runs(tmp_path: Path) -> None:
    path = written(made(SHIFT), tmp_path / "page.html", title="t")
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"https?:|//[a-z]|@import|<script|<link|<iframe| on[a-z]+=", source, re.I)
    assert source.count("src=") == 1
    assert 'src="data:image/svg+xml;base64,' in source


def test_the_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = (written(made(), tmp_path / n, title="t").read_bytes() for n in "ab")
    assert one == two


def test_imputed_only_when_something_is(tmp_path: Path) -> None:
    assert "imputed" not in read(written(made(), tmp_path / "a", title="t")).text
    partly = read(written(made(SHIFT), tmp_path / "b", title="t"))
    assert "happened, of which imputed" in partly.text
    assert "is imputed: no source sees them" in partly.text
    assert partly.text.count(", of which imputed") == 3
    # The draws are those of the prior, and so every other row is assumed.
    assert [a.get("class") for tag, a in partly.tags if tag == "tr"].count("imputed") == 3 + 6
    young = read(written(made(SHIFT), tmp_path / "c", title="t", where={"age": (0, 11)}))
    assert "All of it is imputed" in young.text
    assert "age 0-11" in young.text


def test_failed_gate_is_closed_or_marked_everywhere(tmp_path: Path) -> None:
    closed = made(gate=FAILED)
    with pytest.raises(fe.FitError, match="gate"):
        written(closed, tmp_path / "page.html", title="t")
    assert not (tmp_path / "page.html").exists()
    page = read(written(closed.despite_failed_gate(), tmp_path / "page.html", title="t"))
    assert page.text.count("CONVERGENCE GATE FAILED") == 8  # the verdict and seven tables
    assert "Pareto k-hat is 0.90" in page.text
    assert next(a["alt"] for tag, a in page.tags if tag == "img").startswith("CONVERGENCE")  # type: ignore[union-attr]


class Styled:
    def _repr_html_(self) -> str:
        return "<p><em>own</em></p>"


def test_own_sections(tmp_path: Path) -> None:
    figure = plt.figure(figsize=(2, 1))
    table = pd.DataFrame(
        {
            "what": ["<i>", "b"],
            "share": [0.123456, np.nan],
            "year": [2017, 2018],
            "n": [12_345, 7],
            "basis": ["imputed", "estimated"],
            "mark": ["", ""],
        }
    )
    indexed = pd.DataFrame({"value": [1.0]}, index=pd.Index(["row name"], name="key"))
    page = read(
        written(
            made(),
            tmp_path / "page.html",
            title="t",
            language="nl",
            sections=[
                ("First & last", "One <b>.\n\nTwo."),
                ("Table", [table, indexed, Styled(), figure]),
            ],
        )
    )
    plt.close(figure)
    for text in (
        "First & last",
        "One <b>.",
        "0,123",
        "2017",
        "12.345",
        "imputed (bijgeschat)",
        "row name",
        "own",
        "<i>",
    ):
        assert text in page.text
    assert "em" in [tag for tag, _ in page.tags]
    assert next(a["alt"] for tag, a in page.tags if tag == "img") == "Table"
    assert page.text.index("Samenvatting") < page.text.index("First & last")
    assert page.text.index("First & last") < page.text.index("De route")


def test_what_users_write_stays_text(tmp_path: Path) -> None:
    """A title, a mark, a name or a cell is never read as HTML."""
    bad = "<b>bold</b><script>x</script>"
    result = made().marked([f"POOR {bad}"])
    table = pd.DataFrame({bad: [bad], "quantity": [bad]})
    path = written(result, tmp_path / "p", title=bad, sections=[(bad, [bad, table])])
    source = path.read_text(encoding="utf-8")
    assert "<b>" not in source
    assert "<script" not in source
    page = read(path)
    # Title twice, heading, text, caption, a column and two cells; the mark above seven tables.
    assert page.text.count(bad) == 2 + 1 + 1 + 1 + 3 + 8


def test_a_year_is_a_number_of_people_unless_it_is_an_axis(tmp_path: Path) -> None:
    table = pd.DataFrame({"year": [2016], "yearly cases": [2015], "jaar": [2014]})
    page = read(written(made(), tmp_path / "p", title="t", sections=[("T", table)]))
    for text in ("2016", "2,015", "2,014"):  # the population has an axis "year"
        assert text in page.text


def test_priors_and_expected_figures_are_rounded_to_their_errors(tmp_path: Path) -> None:
    result = made()
    text = read(written(result, tmp_path / "page.html", title="t")).text
    row = result.steps().iloc[0]
    figure = result.figures().iloc[0]
    for number, error in (
        (row["prior_high"], row["prior_high_mc_error"]),
        (figure["expected"], figure["expected_mc_error"]),
    ):
        rounded, unit = to_error(number, error)[0], unit_of(error)
        assert unit > 1
        assert f"{rounded:,.0f}" in text
        assert f"{float(f'{number:.3g}'):,.0f}" not in text


def test_a_table_of_ones_own_is_rounded_to_its_errors(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "median": [35_612.4],
            "median_mc_error": [7_670.0],
            "share": [0.4123],
            "share_mc_error": [0.004],
            "lone_mc_error": [0.0123],
        }
    )
    page = read(written(made(), tmp_path / "p", title="t", sections=[("T", table)]))
    assert "40,000" in page.text
    assert "35,6" not in page.text
    assert "0.41" in page.text
    assert "0.412" not in page.text
    assert page.text.count("mc error") == 1  # what has no number beside it is a number itself
    assert "0.0123" in page.text


def test_verdict_of_a_check_in_the_language_of_the_page(tmp_path: Path) -> None:
    verdict = Verdict(
        check="conflict",
        passed=False,
        said=[say("page.failed"), say("word.and_more", names="a <b>", n=2)],
        marked=say("convergence.mark"),
        rows={"": [{"quantity": "number at told", "basis": "imputed", "n": 1}]},
    )
    page = read(
        written(made(), tmp_path / "p", title="t", language="nl", sections=[("C", verdict)])
    )
    for text in ("Convergentietoets niet gehaald", "a <b> en nog 2", "aantal bij told"):
        assert text in page.text
    assert "CONVERGENTIETOETS NIET GEHAALD" in page.text
    assert "number at" not in page.text
    failed = made(gate=FAILED).despite_failed_gate()
    page = read(written(failed, tmp_path / "p", title="t", language="nl"))
    assert page.text.count("CONVERGENTIETOETS NIET GEHAALD") == 8
    assert "De Pareto-k-hat is 0,90" in page.text
    assert "FAILED" not in page.text
    assert "must be" not in page.text


def test_dutch(tmp_path: Path) -> None:
    page = read(written(made(SHIFT), tmp_path / "page.html", title="t", language="nl"))
    assert page.tags[0] == ("html", {"lang": "nl"})
    for text in (
        "Convergentietoets gehaald",
        "Naar schatting",
        "95%-interval met gelijke staarten",
        "1.950, afgerond op veelvouden van 50",
        "waarvan imputed (bijgeschat)",
        "standaard",
    ):
        assert text in page.text


def test_without_evidence_and_with_a_figure_of_the_user(tmp_path: Path) -> None:
    figure = plt.figure(figsize=(2, 1))
    page = read(written(made(evidence=False), tmp_path / "p", title="t", figure=figure))
    plt.close(figure)
    assert "No figures went in: this is the prior." in page.text


def test_all_problems_at_once(tmp_path: Path) -> None:
    with pytest.raises(fe.SpecError) as error:
        written(
            made(),
            tmp_path / "p",
            title="t",
            sections=["text"],  # type: ignore[list-item]
            language="fr",
            where={"place": 1},
        )
    for text in ("language", "section", "'place'"):
        assert text in str(error.value)


def test_it_says_how_far_another_seed_moves_its_numbers(fitted: fe.Result, tmp_path: Path) -> None:
    for language, said in (("en", "Another seed moves"), ("nl", "Een ander startgetal")):
        path = written(fitted, tmp_path / language, title="t", language=language)
        assert said in read(path).text


def test_what_is_carried_over_is_said_in_the_summary(tmp_path: Path) -> None:
    people = fe.Population({"year": [2019, 2022]}, [100_000, 100_000])
    told = fe.Survey(name="told", step="told", of="happened", yes=30, n=60, where={"year": 2022})
    asked = fe.Survey(name="asked", step="happened", yes=30, n=1000)
    model = fe.Model(
        fe.Route("happened", "told"), people, fe.Rate(fe.Beta(1, 30)), {}, [asked, told]
    )
    result = fe.fit(model, seed=1, progress=False)
    for language, year, words in (
        ("en", 2019, "No source sees what the number at told rests on"),
        ("en", None, "Part of the number at told is carried over"),
        ("nl", 2019, "Geen bron ziet waarop het aantal bij told berust"),
        ("nl", None, "Een deel van het aantal bij told is overgenomen van elders"),
    ):
        where = {"year": year} if year else None
        path = written(result, tmp_path / "p.html", title="t", where=where, language=language)
        assert words in path.read_text(encoding="utf-8")
    path = written(result, tmp_path / "p.html", title="t", where={"year": 2022})
    text = path.read_text(encoding="utf-8")
    assert "carried over" not in text
    assert "told is taken to be the same in 2019 and 2022" in text.replace("-&gt;", "->")


@pytest.fixture(scope="module")
def checked() -> Any:
    """A total tells only the product of a number and a share: both rest on their priors."""
    model = fe.Model(
        fe.Route("ill", "seen", unit="patients"),
        fe.Population.cells(),
        fe.Number(fe.LogNormal.from_interval(1, 1e8)),
        {("ill", "seen"): fe.Share(fe.Beta(5, 5))},
        [fe.Total(name="list", step="seen", estimate=500, se=20)],
    )
    return fe.trust(fe.fit(model, seed=1, progress=False), cores=1, progress=False)


def test_the_worst_comes_first(checked: Any, tmp_path: Path) -> None:
    page = read(written(checked.result, tmp_path / "p", title="t", checks=checked)).text
    order = [
        "An estimated 1,0",
        "patients enter the route at “ill”; that number rests for more than half on priors",
        "of those at “ill”; that share rests for more than half on priors and what was assumed",
        "What the numbers rest on, the weakest first:",
        "Of ill -> seen the figures say nothing: what is printed is the prior.",
        "Of 3 numbers and shares 2 rest for more than half",
        checked.headline.rstrip("."),
        f"identification: {checked.checks['identification'].headline}",
        "Words in capitals stand on every table and figure of this page: ",
        "For identification: however exact the sources were",
        "Summary",
        "as far as priors say what part goes on (ill -> seen)",
        "Ledger of assumptions",
        "How it was fitted",
        "Convergence gate passed.",
        "Engine: importance",
    ]
    places = [page.index(text) for text in order]
    assert places == sorted(places)
    assert "patients enter the route" in page
    assert "people" not in page
    # What is marked stands in full at the top; every table has the words in capitals.
    assert page.count("RESTS ON PRIORS") == 8
    assert "RESTS ON PRIORS:" not in page
    dutch = read(
        written(checked.result, tmp_path / "p", title="t", checks=checked, language="nl")
    ).text
    assert "Over ill -> seen zeggen de cijfers niets" in dutch
    assert "aangenomen: overgelaten aan de prior; meer dan de helft op" in dutch


def test_checks_are_made_unless_told_not_to(checked: Any, tmp_path: Path) -> None:
    result = checked.result.marked([])
    said = [
        read(fe.report.page(result, tmp_path / "p", title="t", **given)).text
        for given in ({}, {"checks": checked})
    ]
    assert said[0] == said[1]
    silent = read(fe.report.page(result, tmp_path / "p", title="t", checks=False)).text
    assert "Not checked: whether the sources contradict each other" in silent
    assert checked.headline not in silent
    for wrong, why in (("yes", "must be True, False or what"), (checked, "of another result")):
        with pytest.raises(fe.SpecError, match=why):
            fe.report.page(made(), tmp_path / "p", title="t", checks=wrong)  # type: ignore[arg-type]


def test_the_ledger_is_folded_but_for_what_is_assumed(tmp_path: Path) -> None:
    page = read(written(made(SHIFT), tmp_path / "p", title="t"))
    assert [tag for tag, _ in page.tags].count("details") == 3
    text = page.text[page.text.index("Ledger of assumptions") :]
    titles = ("Assumptions that somebody stated (1)", "Taken to be the same, though nobody stated",
              "Other defaults, which nobody stated", "Priors and fixed numbers")  # fmt: skip
    places = [text.index(title) for title in titles]
    assert places == sorted(places)


def test_every_check_that_may_fail_says_what_its_words_in_capitals_mean() -> None:
    for language in ("en", "nl"):
        known = catalogue(language)
        for name in CHECKS:
            assert name == "convergence" or f"page.means_{name}" in known


def test_tables_of_the_user_carry_the_marks_in_their_captions(checked: Any, tmp_path: Path) -> None:
    marked = checked.result
    sections = [("Own", marked.steps()), ("Two", pd.concat([marked.steps(), made().steps()]))]
    for language in ("en", "nl"):
        page = read(
            written(marked, tmp_path / "p", title="t", checks=checked, sections=sections,
                    language=language)
        )  # fmt: skip
        own = page.text[page.text.index("Own") : page.text.index("Two")]
        short = Language(language).say(marked.said_mark).split(":")[0]
        assert short in own
        assert f"{short}: " not in own
        assert f"{marked.mark.split(':')[0]}: " in page.text[page.text.index("Two") :]


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_page_says_why_figures_are_not_the_estimates_beside_them(
    language: str, tmp_path: Path
) -> None:
    cover = fe.Coverage(fe.Beta(8, 2, statement="some are <not> written down"))
    kinds = fe.Bridge(
        "stock per case", fe.LogNormal(1, 0.5, statement="of any year"), unit="reports",
        definition="any suspicion",
    )  # fmt: skip
    model = fe.Model(
        fe.Route("ill", "seen", unit="children", definition="severe"),
        fe.Population({"year": [2016, 2017]}, [1e5, 1e5]),
        fe.Rate(fe.Beta(1, 30)),
        None,
        [
            fe.Register(name="police", step="seen", count=960, defects=[cover, kinds],
                        unit="reports", definition="any suspicion", where={"year": 2017}),
            fe.Survey(name="pupils", step="ill", yes=30, n=1000),
        ],
    )  # fmt: skip
    result = fe.fit(model, seed=1, draws=400, progress=False)
    page = read(written(result, tmp_path / "p", title="t", language=language))
    text = page.text[page.text.index(Language(language)("page.beside")) :]
    said = text[: text.index(Language(language)("page.steps"))]
    for part in ("police (960; ", "reports", "any suspicion", "some are <not> written down",
                 "stock per case", "of any year", "2017"):  # fmt: skip
        assert part in said
    assert "pupils" not in said
    unit = {"en": "children", "nl": "children"}[language]
    for word in ("people", "mensen", "personen"):
        assert word not in page.text
    assert unit in page.text


def test_a_share_of_what_figures_tell_is_not_said_to_be_its_prior(tmp_path: Path) -> None:
    """The table beside that sentence had 0.17% (0.014-1.3%), and 0.22% (0.006-3%) of the prior."""
    model = fe.Model(
        fe.Route("ill", "seen", "cured", skips=[("ill", "cured")]),
        fe.Population.cells(),
        fe.Number(fe.LogNormal.from_interval(900, 1100)),
        {
            ("ill", "seen"): fe.Share(fe.Beta(1, 1)),
            ("ill", "cured"): fe.Share(fe.LogNormal.from_interval(0.0005, 0.05)),
            ("seen", "cured"): fe.Share(fe.Beta(5, 5)),
        },
        [fe.Cohort(name="c", of="ill", step="seen", yes=80, n=100)],
    )
    result = fe.fit(model, seed=1, progress=False)
    edges = result.transitions().set_index(["from", "to"])
    assert edges.loc[("ill", "cured"), "basis"] == "assumed"
    assert edges.loc[("ill", "cured"), "high"] < 0.6 * edges.loc[("ill", "cured"), "prior_high"]
    page = read(written(result, tmp_path / "p", title="t", checks=False)).text
    for text in (
        "Of ill and seen -> cured the figures say nothing: what is printed are the priors.",
        "Of ill -> cured by itself the figures say nothing: among those who took no earlier way "
        "from the step, the share is as its prior has it.",
        "assumed: left to its prior",
    ):
        assert text in page, text
