"""Every sentence in every language, none that nothing says, and a third language from one file."""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.text import Text

import funnelest as fe
from funnelest.likelihood.density import prior_draws
from funnelest.report.content import name_in, unit_in
from funnelest.sampling.gate import Gate, chains_gate, importance_gate
from funnelest.words import Language, catalogue, from_json, language, to_json

mpl.use("Agg")
ROOT = Path(fe.__file__).parent
#: Looked up by what tables and models hold, not by a key in the code.
BY_DATA = ("word.", "quantity.", "code.", "heading.")


def braces(text: object) -> set[tuple[str, str]]:
    texts = text.values() if isinstance(text, dict) else [text]
    return {
        (name, spec or "")
        for one in texts
        for _, name, spec, _ in Formatter().parse(str(one))
        if name is not None
    }


@pytest.mark.parametrize("code", language.languages())
def test_every_language_has_the_same_sentences(code: str) -> None:
    english, other = catalogue("en"), catalogue(code)
    assert other.keys() == english.keys()
    for key, text in english.items():
        assert braces(other[key]) == braces(text), key
        assert isinstance(other[key], str) == isinstance(text, str), key


def written() -> Iterator[tuple[Path, set[str], set[str], set[str]]]:
    """Yield of every module its texts, the beginnings of composed ones, and what it says."""
    for path in ROOT.rglob("*.py"):
        texts, begins, said = set(), set(), set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                begins.add(str(node.values[0].value))
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                first = node.args[0]
                if name in ("say", "show", "Sentence") and isinstance(first, ast.Constant):
                    said.add(str(first.value))
        yield path, texts, begins, said


def test_what_the_code_says_is_in_the_catalogue() -> None:
    known, count = catalogue("en"), 0
    for path, _, begins, said in written():
        for key in said:
            if " " in key or not key:  # a text that is said as it is
                continue
            composed = [begin + key for begin in begins if re.fullmatch(r"[a-z_.]+\.", begin)]
            assert any(one in known for one in [key, *composed]), f"{path.name}: {key}"
            count += 1
    assert count > 40


def test_no_sentence_is_left_that_nothing_says() -> None:
    """A key stands in the code as it is, or is composed there of texts that stand there."""
    texts, composed = set(), set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
            if isinstance(node, ast.JoinedStr):
                parts = [
                    re.escape(str(one.value)) if isinstance(one, ast.Constant) else "(.+)"
                    for one in node.values
                ]
                if re.fullmatch(r"[a-z_.]+", text := "".join(parts).replace("(.+)", "").replace(
                    "\\", "")) and text:  # fmt: skip
                    composed.add("".join(parts))

    def said(key: str) -> bool:
        if key in texts or key.isdigit():
            return True
        found = (re.fullmatch(one, key) for one in composed)
        return any(match and all(map(said, match.groups())) for match in found)

    unused = [key for key in catalogue("en") if not key.startswith(BY_DATA) and not said(key)]
    assert unused == []


def test_names_that_the_library_makes_are_said_in_the_language() -> None:
    show = Language("nl")
    for english, dutch in (
        ("number at told", "aantal bij told"),
        ("number at told, age 12", "aantal bij told, age 12"),
        ("share of a who go directly to b", "aandeel van a dat rechtstreeks naar b gaat"),
        ("b after a, by any path", "b na a, langs welke weg ook"),
        ("a study of number at b", "een onderzoek naar aantal bij b"),
        ("95% equal-tailed", "95%, gelijke staarten"),
        ("the user's own", "the user's own"),
    ):
        assert name_in(show, english) == dutch
        assert name_in(Language("en"), english) == english


def test_units_are_said_in_the_language_and_those_of_the_route_as_they_are() -> None:
    show = Language("nl")
    for english, dutch in (
        ("people", "personen"),
        ("people per year, mean over 2016-2018", "personen per jaar, gemiddelde over 2016-2018"),
        ("kinderen, year 2017", "kinderen, jaar 2017"),
        ("kinderen", "kinderen"),
    ):
        assert unit_in(show, english) == dutch
        assert unit_in(Language("en"), english) == english


def test_what_the_gate_found_is_said_in_the_language_and_comes_back_from_a_file() -> None:
    show = Language("nl")
    failures = [
        *importance_gate(0.9, 10, 10, 100).failures,
        *chains_gate(1.2, 10, 10, 3, 0.1).failures,
    ]
    assert len(failures) == 8
    again = from_json(json.loads(json.dumps(to_json(failures))))
    assert again == failures
    for failure in again:  # none of its English is left
        assert "must" in failure or "diverged" in failure
        assert "must" not in show.say(failure)
        assert "diverged" not in show.say(failure)


def test_a_third_language_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for code in ("en", "nl"):
        shutil.copy(ROOT / "words" / f"{code}.toml", tmp_path)
    text = (tmp_path / "en.toml").read_text(encoding="utf-8")
    text = text.replace('"Expected number of {unit}"', '"Erwartete Anzahl {unit}"')
    text = text.replace('decimal = "."', 'decimal = ";"')
    (tmp_path / "de.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(language, "FOLDER", tmp_path)
    catalogue.cache_clear()
    model = fe.Model(
        fe.Route("in", "out"), fe.Population.cells(), fe.Number(fe.LogNormal.from_interval(40, 90))
    )
    draws = prior_draws(model, np.random.default_rng(0), 400)
    shaped = {name: np.asarray(values).reshape(2, 200) for name, values in draws.items()}
    result = fe.Result(model, shaped, Gate("importance", {"ESS": 2000.0}, ()), seed=1)
    figure = fe.plot.route(result, language="de")
    said = " ".join(one.get_text() for one in figure.findobj(Text))
    plt.close(figure)
    page = fe.report.page(result, tmp_path / "page.html", title="t", language="de", checks=False)
    catalogue.cache_clear()
    assert "Erwartete Anzahl people" in said
    assert '<html lang="de">' in page.read_text(encoding="utf-8")
    assert Language("de").number(1.5) == "1;5"
    with pytest.raises(fe.SpecError, match="one of de, en, nl; given 'fr'"):
        fe.plot.route(result, language="fr")


@pytest.mark.parametrize("code", ["en", "nl"])
def test_no_heading_has_something_to_fill_in(code: str) -> None:
    """A column "interval" was headed "{p}% equal-tailed interval"."""
    names = [key.split(".", 1)[1] for key in catalogue(code) if key.startswith("word.")]
    assert "interval" in names
    assert not [name for name in names if "{" in Language(code).heading(name)]


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    catalogue.cache_clear()
