"""The gate as a check, and how precisely the draws know what is printed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import funnelest as fe
from funnelest.check.convergence import convergence
from funnelest.plot.convergence import convergence as drawn
from funnelest.sampling.gate import Gate, chains_gate, importance_gate
from funnelest.words import Language


def test_it_says_what_the_gate_says(fitted):
    found = convergence(fitted)
    assert found.passed is fitted.gate.passed is True
    assert found.mark == ""
    assert "converged" in found.headline
    table = found.table.set_index("measure")
    assert table.loc["k-hat", "must_be"] == "below"
    assert bool(table.loc["ESS", "passed"])
    assert table["passed"].isna()["evaluations"]
    assert list(found.tables["precision"]["quantity"])[:2] == [
        "number at happened",
        "number at told",
    ]
    assert set(found.tables["precision"]["interval"]) == {"95% equal-tailed"}
    assert (found.tables["precision"]["coarse"] > 0).all()


@pytest.mark.parametrize(
    "gate",
    [importance_gate(0.9, 100, 50, 1000), chains_gate(1.2, 100, 500, 3, 0.5)],
    ids=["importance", "hmc"],
)
def test_a_failed_gate_is_told_and_marked(fitted, gate):
    found = convergence(dataclasses.replace(fitted, gate=gate))
    assert not found.passed
    assert found.mark == "CONVERGENCE GATE FAILED"
    assert set(found.tables["precision"]["mark"]) == {found.mark}
    table = found.table.set_index("measure")
    failed = set(table.index[~table["passed"].fillna(True).astype(bool)])
    assert failed == ({"k-hat", "ESS", "tail ESS"} if gate.engine == "importance" else
                      {"R-hat", "bulk ESS", "divergences"})  # fmt: skip
    assert len(failed) == len(gate.failures)
    assert "may not be draws from the posterior" in found.text
    assert found.headline in repr(found)
    assert found.headline.count("it must be") + found.headline.count("none may") == len(failed)
    # Of an engine with measures of its own: its own sentences.
    own = dataclasses.replace(gate, measures={"other": 3.0}, failures=("other is 3",))
    assert "converged: other is 3." in convergence(dataclasses.replace(fitted, gate=own)).headline
    dutch = found.in_language("nl")
    assert dutch.mark == "CONVERGENTIETOETS NIET GEHAALD"
    assert dutch.headline.count("en moet ") + dutch.headline.count("divergeerden") == len(failed)


def test_few_draws_are_coarse(fitted):
    # Five of every six draws are the one before.
    draws = {name: np.repeat(one[:, ::10], 10, axis=1) for name, one in fitted.draws.items()}
    origins = np.repeat(np.arange(200), 10).reshape(4, 500)
    found = convergence(dataclasses.replace(fitted, draws=draws, origins=origins))
    assert "twentieth" in found.text
    told = found.tables["precision"].set_index("quantity").loc["number at told"]
    assert told["coarse"] > 0.02
    gate = Gate("importance", {"k-hat": 0.1, "ESS": 401.0, "tail ESS": 401.0}, ())
    found = convergence(dataclasses.replace(fitted, gate=gate))
    # The weights and the drawing by them both add to the error.
    assert found.details["effective"] == pytest.approx(1 / (1 / 401 + 1 / found.details["draws"]))


def test_your_own_quantities(fitted):
    found = convergence(fitted, quantities={"half": lambda q: q.number("told") / 2})
    assert list(found.tables["precision"]["quantity"]) == ["half"]
    with pytest.raises(fe.SpecError) as caught:
        convergence(3, quantities={"x": 1})
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_figure(fitted, language):
    from matplotlib import pyplot as plt

    found = convergence(fitted)
    made = drawn(found, language=language, title="Title")
    names = [Language(language).say(row["quantity"]) for row in found.rows["precision"]]
    assert {"Title", *names} <= {text.get_text() for text in made.texts}
    # Of each the limits and the median; and 5%.
    assert len(made.axes[0].lines) >= 2 * len(names) + 1
    plt.close(made)
    with pytest.raises(fe.SpecError, match=r"check must be what check\.convergence gives"):
        drawn(fitted)
