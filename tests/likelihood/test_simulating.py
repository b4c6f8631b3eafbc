"""What is made up is a source that a model takes and a file gives back, wherever the truth lies."""

from __future__ import annotations

import json
import warnings
from itertools import product

import pytest
from tests.examples import SEEN

import funnelest as fe


def share_of(value):
    return fe.Rounded(value, to=0.01)


def number_of(value):
    return fe.Rounded(round(5000 * value), to=50)


def triplets():
    """Yield every mix of plain and rounded estimates and limits, at both ends and between."""
    places = {"low": (0, 0.02, 0.05), "high": (0.9, 0.98, 1.0), "middle": (0.2, 0.31, 0.42)}
    for (place, numbers), estimate, limits in product(
        places.items(), ("rounded", "plain", "none"), ("rounded", "plain", "low", "high")
    ):
        if estimate == "none" and place != "middle":  # only one limit would be known
            continue
        rounded = {"rounded": (0, 2), "low": (0,), "high": (2,)}.get(limits, ())
        rounded += (1,) if estimate == "rounded" else ()
        yield f"{place}, {estimate}, {limits}", numbers, rounded, estimate != "none"


def sources():
    to_told = {"of": "happened", "step": "told"}
    for name, numbers, rounded, given in triplets():
        low, middle, high = (
            share_of(v) if i in rounded else float(v) for i, v in enumerate(numbers)
        )
        share = {"share": middle if given else None, "interval": (low, high)}
        few, some, many = (
            number_of(v) if i in rounded else 5000.0 * v for i, v in enumerate(numbers)
        )
        yield fe.Survey(name=f"survey, {name}", **to_told, **share, where=SEEN)
        yield fe.Cohort(name=f"cohort, {name}", **to_told, **share)
        yield fe.Total(
            name=f"total, {name}", step="told", estimate=some if given else None,
            interval=(few, many), where=SEEN,
        )  # fmt: skip
        second = fe.Asked(step="happened", share=share_of(0.02), interval=(0.01, 0.03))
        yield fe.JointSurvey(
            name=f"joint, {name}", asked=[fe.Asked(**to_told, **share), second], correlation=0.3
        )
    for value in (0.01, 0.99):
        yield fe.Survey(name=f"survey se {value}", **to_told, share=share_of(value), se=0.01)
        yield fe.Cohort(name=f"cohort n {value}", **to_told, share=share_of(value), n=200)
        yield fe.JointSurvey(
            name=f"joint se {value}", se=[0.01, 0.01], correlation=0.3,
            asked=[fe.Asked(**to_told, share=share_of(v)) for v in (value, 0.5)],
        )  # fmt: skip
    yield fe.Total(name="total se", step="told", estimate=fe.Rounded(50, to=50), se=40, where=SEEN)


EXTREME = {one.name: one for one in sources()}
#: Shares that are often next to 0 and next to 1.
ENDS = {
    "occurrence": fe.Rate(fe.Beta(0.3, 0.3)),
    "transitions": {("happened", "told"): fe.Share(fe.Beta(0.3, 0.3))},
}


#: Of three lists with known overlaps a count below 20 is refused, made up or not: its likelihood is
#: normal and would be off.
REFUSED = "the normal approximation is not good below 20"


def comes_back(model, functions, seeds):
    for seed in seeds:
        made = fe.simulate(model, seed=seed)
        with warnings.catch_warnings():  # two digits beside thousands of people
            warnings.simplefilter("ignore", fe.FunnelestWarning)
            try:
                again = fe.Model(
                    made.route, made.population, made.occurrence, made.transitions, made.evidence,
                    made.assumptions, made.parameters,
                )  # fmt: skip
            except fe.SpecError as error:
                assert all(REFUSED in text for text in error.problems)  # noqa: PT017
                continue
            read = fe.Model.from_dict(json.loads(json.dumps(made.to_dict())), functions=functions)
        assert again == made == read


def test_what_is_made_up_comes_back(source, build, functions):
    comes_back(build(source), functions, range(1))


@pytest.mark.slow
def test_what_is_made_up_comes_back_with_many_seeds(source, build, functions):
    comes_back(build(source), functions, range(40))


@pytest.mark.parametrize("name", EXTREME)
def test_what_is_made_up_at_the_ends_comes_back(name, build):
    comes_back(build(EXTREME[name], **ENDS), {}, range(2))


@pytest.mark.slow
@pytest.mark.parametrize("name", EXTREME)
def test_what_is_made_up_at_the_ends_comes_back_with_many_seeds(name, build):
    comes_back(build(EXTREME[name], **ENDS), {}, range(60))


def test_a_share_that_would_print_as_an_end_is_printed_with_more_digits():
    from funnelest.observations.measured import shown_inside

    figure = fe.Rounded(0.31, to=0.01)
    assert shown_inside(figure, 0.25, (0.0, 1.0)) == fe.Rounded(0.25, to=0.01)
    assert shown_inside(figure, 0.0031, (0.0, 1.0)) == fe.Rounded(0.003, to=0.001)
    assert shown_inside(figure, 0.99996, (0.0, 1.0)) == fe.Rounded(0.99996, to=0.00001)
    floor = fe.Rounded(0.31, to=0.01, rule="floor")
    assert shown_inside(floor, 0.0031, (0.0, 1.0)) == fe.Rounded(0.003, to=0.001, rule="floor")
