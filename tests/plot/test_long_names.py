"""Names of any length are drawn, in the time of others."""

from __future__ import annotations

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest

import funnelest as fe
from funnelest import check
from funnelest.plot.base.sheet import text_width, wrap


@pytest.mark.parametrize("room", [3.0, 0.4, 0.01, -1.0])
@pytest.mark.parametrize("text", ["x" * 80, "iW" * 40, "a b" + "c" * 79, "", "x", "\u00e9" * 50])
def test_a_long_word_is_cut_and_nothing_of_it_is_lost(text, room):
    lines = wrap(text, 8, room)
    assert "".join(line.removesuffix("-") for line in lines) == text.replace(" ", "")
    for line in lines:
        assert len(line.removesuffix("-")) <= 1 or text_width(line, 8) <= room
    for line, after in pairwise(lines):
        if line.endswith("-"):  # no letter more would have fitted
            assert text_width(line[:-1] + after[0] + "-", 8) > room


def test_no_line_is_measured_far_beyond_its_room(monkeypatch):
    measured = []

    def counted(text, size, *, bold=False):
        measured.append(len(text))
        return 0.05 * len(text)

    monkeypatch.setattr("funnelest.plot.base.sheet.text_width", counted)
    lines = wrap(" ".join(["x" * 80] * 30), 8, 3.0)
    assert len(lines) == 60
    assert max(measured) <= 162
    assert len(measured) < 25 * len(lines)  # of which 16 to halve


@pytest.mark.parametrize("size", [81, 300, 3000, 1_000_000])
def test_of_a_word_that_nobody_reads_the_ends_are_drawn(size, monkeypatch):
    """However long it is, as much is measured and drawn as of one of 71 letters."""
    measured = []

    def counted(text, size, *, bold=False):
        measured.append(text)
        return 0.05 * len(text)

    monkeypatch.setattr("funnelest.plot.base.sheet.text_width", counted)
    lines = wrap("a" * 50 + "x" * (size - 70) + "z" * 20, 8, 3.0)
    again = measured.copy()
    measured.clear()
    assert lines == wrap("a" * 50 + "\u2026" + "z" * 20, 8, 3.0)
    assert again == measured


def test_a_figure_of_long_names_has_no_more_letters_than_one_of_71():
    def letters(size):
        step, name = "s" * size, "n" * size
        made = fe.Model(
            fe.Route("f" * size, step, unit="u" * size), fe.Population({}, 1e4),
            fe.Rate(fe.Beta(1, 9)), None, [fe.Register(name, step=step, count=400)],
        )  # fmt: skip
        result = fe.fit(made, draws=400, seed=1, progress=False).despite_failed_gate()
        figure = fe.plot.route(result, title="t" * size)
        return sum(len(text.get_text()) for text in figure.findobj(plt.Text))

    many, more = letters(300), letters(5000)
    assert many == more < 3 * letters(71)
    plt.close("all")


@pytest.fixture(scope="module")
def result():
    step, age, name = "s" * 300, "g" * 300, "n" * 300
    axes = {"y" * 300: [2016, 2017], age: [(0, 11), (12, 17)]}
    people = fe.Population(axes, np.full((2, 2), 1e4), ages=age, years="y" * 300)
    sources = [
        fe.Register(name=f"{name}{i}", step=step, count=400 + i, defects=[fe.Coverage(0.5)])
        for i in range(2)
    ]
    made = fe.Model(
        fe.Route("f" * 300, step, unit="u" * 300), people, fe.Rate(fe.Beta(1, 9)), None, sources
    )
    return fe.fit(made, draws=400, seed=1, progress=False).despite_failed_gate()


@pytest.mark.parametrize(
    "draw",
    [
        lambda r, path: fe.plot.route(r, title="t" * 300),
        lambda r, path: fe.plot.ages(r, title="t" * 300),
        lambda r, path: fe.plot.conflict(check.conflict(r, seed=1), title="t" * 300),
        lambda r, path: fe.plot.convergence(check.convergence(r), title="t" * 300),
        lambda r, path: fe.plot.posterior_predictive(check.posterior_predictive(r, seed=1)),
        lambda r, path: fe.plot.contributions(check.contributions(r, seed=1)),
        lambda r, path: fe.report.page(
            r, path, title="t" * 300, checks=False, sections=[("s" * 300, r.steps())]
        ),
    ],
)
def test_names_of_300_letters_are_drawn(draw, result, tmp_path):
    """They were laid out without end."""
    draw(result, tmp_path / "x.html")
