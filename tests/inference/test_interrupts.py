"""Interrupts (Ctrl-C) lose nothing; what was interrupted goes on to true notes and gates."""

from __future__ import annotations

import signal
import threading

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.inference import fitting
from funnelest.inference.engines import hmc
from funnelest.inference.interrupts import Interrupt, put_off
from funnelest.sampling.trajectories import Paths


@pytest.fixture(scope="module")
def model():
    return fe.Model(
        fe.Route("a", "b"), fe.Population.cells(), fe.Number(fe.Gamma(4, 0.1)),
        {("a", "b"): fe.Share(fe.Beta(2, 3))},
        [fe.Cohort(name="c", of="a", step="b", yes=7, n=20)],
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _hears_interrupts():
    """A process that was started in the background is told to ignore them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def fit(model, **more):
    return fe.fit(model, **{"seed": 6, "progress": False, **more})


def size(result):
    return next(iter(result.draws.values())).size


def pressed(monkeypatch, place, name, *, times=1, at=1):
    """Let Ctrl-C be pressed in the middle of a function, in the call `at`."""
    made, calls = getattr(place, name), []

    def interrupted(*given, **more):
        calls.append(1)
        if len(calls) == at:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
        return made(*given, **more)

    monkeypatch.setattr(place, name, interrupted)


def test_it_is_noted_once_and_raised_the_second_time():
    with put_off() as interrupt:
        signal.raise_signal(signal.SIGINT)
        assert interrupt.came
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), interrupt.at_once():
            pass  # what was asked for is answered where nothing is lost
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_it_is_raised_where_nothing_is_there():
    with put_off() as interrupt, pytest.raises(KeyboardInterrupt), interrupt.at_once():
        signal.raise_signal(signal.SIGINT)
    assert interrupt.came  # nothing is begun any more


def test_other_threads_and_handlers_are_left_alone():
    seen = []
    thread = threading.Thread(target=lambda: seen.append(put_off().__enter__()))
    thread.start()
    thread.join()
    assert isinstance(seen[0], Interrupt)

    def own(*_):
        seen.append("own")

    before = signal.signal(signal.SIGINT, own)
    try:
        with put_off():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is own
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen[1:] == ["own"]


def slow(monkeypatch):
    """Let chains go short ways, and nowhere else."""
    monkeypatch.setattr(hmc, "_PATHS", Paths(0.02, 0.1))
    monkeypatch.setattr(hmc, "_USEFUL", 2.0)


@pytest.mark.parametrize("place", ["_values", "measured", "chains_gate", "_finely"])
def test_chains_that_are_interrupted_anywhere_are_a_result(place, model, monkeypatch, agrees):
    """Also while values are computed, and the gate."""
    # Fine steps are taken in warm-up too, where an interrupt is raised.
    warm = sum(-(-moves // 4) for moves in hmc._WARM)
    monkeypatch.setattr(hmc, "_LENGTHS", (20, 2048))
    pressed(monkeypatch, hmc, place, at=warm + 2 if place == "_finely" else 1)
    slow(monkeypatch)
    result = fit(model, engine="hmc", draws=4000)
    assert not result.gate.passed  # twenty such trajectories of each chain are too few
    assert result.notes[0].startswith("interrupted")
    assert size(result) >= 64 * 15  # so many chains, and as many trajectories as are judged
    monkeypatch.undo()
    before = size(result)
    result = result.more(4000)
    assert before + 4000 <= size(result) < before + 4300
    assert result.gate.passed, result.gate.text
    assert result.notes == ()
    assert result.proposal.every >= 2
    assert result.proposal.paused is None
    agrees(result.draws["a -> b"], stats.beta(9, 16).cdf, result.effective_draws)
    # From here on draws are added, as far from each other.
    more = result.more(1000)
    np.testing.assert_array_equal(
        more.draws["a -> b"][:, : result.draws["a -> b"].shape[1]], result.draws["a -> b"]
    )
    assert more.proposal.every == result.proposal.every


@pytest.mark.parametrize("engine", ["importance", "hmc"])
def test_draws_that_are_there_are_not_lost_while_they_are_judged(engine, model, monkeypatch):
    pressed(monkeypatch, fitting, "_judged")
    result = fit(model, engine=engine, draws=4000)
    assert size(result) >= 4000
    assert result.gate.passed
    assert result.notes == ()  # nothing is missing


def test_weighted_draws_that_are_interrupted_are_not_begun_again(model, monkeypatch):
    from funnelest.inference.engines import importance

    calls, made = [], importance.sample

    def interrupted(*given, **more):
        calls.append(1)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)
        return made(*given, **more)

    monkeypatch.setattr(importance, "sample", interrupted)
    result = fit(model, precision=0.004)
    assert len(calls) == 2
    assert size(result) == 4000
    assert [note.sentence.key for note in result.notes] == ["fit.interrupted"]


@pytest.mark.parametrize("engine", ["importance", "hmc"])
def test_what_goes_on_for_precision_keeps_what_it_has(engine, model, monkeypatch):
    pressed(monkeypatch, fitting, "more")
    result = fit(model, engine=engine, precision=0.004)
    assert size(result) >= 4000
    assert len(result.notes) == 1
    assert result.notes[0].startswith("interrupted")
    monkeypatch.undo()
    result = result.more(400)
    assert result.notes == ()


def test_more_that_is_interrupted_gives_what_its_chains_made(model, monkeypatch):
    first = fit(model, engine="hmc", draws=4000)
    pressed(monkeypatch, hmc, "_finely", at=30)
    more = first.more(40_000)
    assert size(first) < size(more) < 44_000
    assert more.notes[0].startswith("interrupted")
    monkeypatch.undo()
    assert more.more(400).notes == ()


def test_more_of_weighted_draws_is_raised(model, monkeypatch):
    from funnelest.inference.engines import importance

    first = fit(model, draws=400)
    pressed(monkeypatch, importance, "sample")
    with pytest.raises(KeyboardInterrupt):
        first.more(400)


def test_the_failed_sample_is_kept_where_the_chains_have_no_draws(model, monkeypatch):
    monkeypatch.setattr(fitting, "_worth", lambda result: False)
    pressed(monkeypatch, hmc, "find_modes")
    result = fit(model)
    assert result.engine == "importance"
    assert size(result) == 4000
    assert "interrupted before they had draws" in result.notes[0]


def test_the_second_interrupt_ends_it(model, monkeypatch):
    pressed(monkeypatch, hmc, "_values", times=2)
    with pytest.raises(KeyboardInterrupt):
        fit(model, engine="hmc")


def test_what_is_larger_than_a_fit_ends_with_it(model, monkeypatch):
    pressed(monkeypatch, hmc, "_values")
    with pytest.raises(KeyboardInterrupt):
        fitting.fit_within(model, engine="hmc", seed=1, progress=False)


def test_notes_of_the_way_stay_and_those_of_the_draws_go(model, monkeypatch, tmp_path):
    failed = fitting._worth
    monkeypatch.setattr(fitting, "_worth", lambda result: result.engine == "hmc" and failed(result))
    monkeypatch.setattr(hmc, "_LENGTHS", (20, 2048))
    pressed(monkeypatch, hmc, "_values")
    slow(monkeypatch)
    result = fit(model, draws=4000)
    monkeypatch.undo()
    assert [note.sentence.key for note in result.notes][:2] == ["fit.given_up", "fit.interrupted"]
    fe.save(result, tmp_path / "a.nc")
    for one in (result, fe.load(tmp_path / "a.nc")):
        note, *others = one.more(4000).notes
        assert note.startswith("importance sampling was given up: ")
        assert not [other for other in others if "interrupted" in other]
