"""Simulation-based calibration: closed forms, what it must find out, files and executors."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.check import calibrate
from funnelest.check.calibration import uniform
from funnelest.check.calibration.judging import judged
from funnelest.check.measures import holm
from funnelest.errors import SpecError


def small(prior=(2, 3)):
    return fe.Model(
        fe.Route("happened", "told"),
        fe.Population.cells(),
        fe.Number(fe.Gamma(60, 0.1)),
        {("happened", "told"): fe.Share(fe.Beta(*prior))},
        [fe.Cohort(name="now", of="happened", step="told", yes=30, n=100)],
    )


@pytest.fixture(scope="module")
def found():
    return calibrate(small(), replicates=20, seed=2, cores=1, progress=False)


def made(seed=1, size=200, wrong=False, failed=0, lost=0):
    """Return a calibration of ranks made here."""
    rng = np.random.default_rng(seed)
    ranks = rng.integers(0, 100, (size, 2))
    if wrong:
        ranks[:, 0] = np.clip(ranks[:, 0] + 25, 0, 99)
    levels = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975]
    records = [
        {
            "replicate": i,
            "redrawn": 0,
            "fits": 1,
            "failure": "k-hat" if i < failed else "",
            "rank": [int(r) for r in row],
            "truth": [(int(r) + 0.5) / 100 for r in row],
            "mean": [0.5, 0.5],
            "sd": [0.29, 0.29],
            "quantiles": [levels, levels],
        }
        for i, row in enumerate(ranks)
    ]
    for record in records[:lost]:
        record["failure"] = "x"
        for name in ("rank", "mean", "sd", "quantiles"):
            del record[name]
    return judged(
        records, names=("a", "b"), kinds=("parameter", "parameter"),
        prior_sd=np.array([0.29, 0.29]), basis="estimated", draws=400, engine="importance",
    )  # fmt: skip


# ------------------------------------------------------------------------- the test itself


def test_p_values_are_exact():
    rng = np.random.default_rng(1)
    p = np.array([uniform.uniformity(rng.integers(0, 20, 60), 19) for _ in range(400)])
    for level in (0.05, 0.2, 0.5):  # counts are discrete: at most the level
        assert stats.binomtest(int((p <= level).sum()), 400, level, "greater").pvalue > 1e-3
        assert (p <= level).mean() > 0.6 * level


def test_bands_hold_the_whole_line_as_often_as_they_say():
    low, high = uniform.bands(100, 99, 0.95)
    rng = np.random.default_rng(2)
    lines = np.array([uniform.below(rng.integers(0, 100, 100), 99) for _ in range(4000)])
    held = ((lines >= low) & (lines <= high)).all(axis=1).mean()
    assert 0.94 < held < 0.965


def test_a_line_out_of_its_band_is_a_small_p_value_and_the_other_way_round():
    rng = np.random.default_rng(3)
    low, high = uniform.bands(50, 19, 0.9)
    for _ in range(100):
        ranks = rng.integers(0, 20, 50)
        line = uniform.below(ranks, 19)
        inside = ((line >= low) & (line <= high)).all()
        p = uniform.uniformity(ranks, 19)
        assert inside == (p > 0.1) or abs(p - 0.1) < 0.02


def test_holm_and_clopper_pearson():
    corrected = holm(np.array([0.01, np.nan, 0.04, 0.03]))
    assert corrected == pytest.approx([0.03, np.nan, 0.06, 0.06], nan_ok=True)
    wanted = stats.binomtest(93, 100).proportion_ci(0.95, "exact")
    assert uniform.clopper_pearson(93, 100) == pytest.approx(tuple(wanted))
    assert uniform.clopper_pearson(0, 10)[0] == 0
    assert uniform.clopper_pearson(10, 10)[1] == 1


# ------------------------------------------------------------------------------ verdicts


def test_even_ranks_pass_and_shifted_ranks_do_not():
    good, bad = made(), made(wrong=True)
    assert good.passed
    assert good.mark == ""
    assert good.text.startswith(good.headline)
    assert not bad.passed
    assert bad.details["off"] == ("a",)
    assert bad.mark == "NOT CALIBRATED: a"
    assert "for a" in bad.headline
    assert set(bad.table["mark"]) == {bad.mark}
    dutch = bad.in_language("nl")
    assert dutch.mark == "NIET GEKALIBREERD: a"
    assert dutch.headline.startswith("Niet gekalibreerd: over 200 verzonnen gegevenssets")


def test_failed_fits_are_counted_and_too_many_fail_the_check():
    few, many = made(failed=2), made(failed=3)
    assert few.passed
    assert "2 of 200 fits failed" in few.text
    assert not many.passed
    assert many.mark == "3 OF 200 CALIBRATION FITS FAILED"
    assert "Calibration cannot be vouched for" in many.headline
    assert set(many.table["replicates"]) == {200}


def test_a_replicate_without_draws_has_no_rank_and_is_said():
    lost = made(lost=1)
    assert lost.details["lost"] == lost.details["failed"] == 1
    assert "1 gave no draws at all" in lost.text
    assert "1 gaven helemaal geen trekkingen" in lost.in_language("nl").text
    assert set(lost.table["replicates"]) == {199}
    assert lost.tables["ranks"][["a", "b"]].isna().sum().sum() == 2


# --------------------------------------------------------------------------------- fits


def test_ranks_and_medians_are_those_of_the_conjugate_posterior(found):
    model = small()
    table = found.tables["recovered"]
    medians = table[table["quantity"] == "happened -> told"]["median"].to_numpy()
    for i in range(20):
        rng = np.random.default_rng([2, i])
        truth = fe.draw_parameters(model, seed=rng)
        q = fe.Quantities(model, {name: np.array([v]) for name, v in truth.items()})
        (figure,) = (o.simulate(rng) for o in model.evidence[0].observations(q))
        yes = float(np.ravel(getattr(figure, "value", figure))[0])
        law = stats.beta(2 + yes, 103 - yes)
        assert medians[i] == pytest.approx(law.median(), abs=0.15 * law.std())
        exact = law.cdf(truth["happened -> told"])
        rank = found.tables["ranks"]["happened -> told"].iloc[i]
        assert abs((rank + 0.5) / 100 - exact) < 4.5 * np.sqrt(0.25 / 99)


def test_what_is_looked_at(found):
    assert list(found.tables["ranks"].columns) == [
        "replicate", "number at happened", "happened -> told", "number at told",
        "log-likelihood of the data", "mark",
    ]  # fmt: skip
    assert found.passed
    assert "95% equal-tailed" in found.text
    assert {"p", "p_corrected", "coverage_95", "coverage_interval", "bias_in_sd", "contraction",
            "recovery", "failed", "basis", "mark"} <= set(found.table)  # fmt: skip
    assert "Calibrated" in repr(found)
    dutch = found.in_language("nl")
    assert dutch.headline.startswith("Gekalibreerd, voor zover 20 verzonnen gegevenssets")
    worst = found.table.sort_values("p", kind="stable")["quantity"].iloc[0]
    assert worst == "number at happened"
    assert "van \u201caantal bij happened\u201d" in dutch.text


@pytest.mark.slow
def test_a_conjugate_model_is_uniform():
    found = calibrate(small(), replicates=500, seed=3, progress=False)
    assert found.passed, found


@pytest.mark.slow
def test_a_wrong_prior_is_found_out():
    wrong = small().with_priors({"happened -> told": fe.Beta(30, 10)})
    few = calibrate(wrong, replicates=200, seed=4, truth=small(), progress=False)
    assert not few.passed
    assert "happened -> told" in few.details["off"]
    assert "another model" in few.text
    row = few.table.set_index("quantity").loc["happened -> told"]
    assert row["coverage_95_high"] < 0.95


@pytest.mark.slow
def test_own_quantities_and_more_draws():
    def odds(q):
        share = q.transition("happened", "told")
        return share / (1 - share)

    found = calibrate(small(), replicates=20, quantities={"odds": odds}, draws=800, seed=5, cores=1,
                      progress=False)  # fmt: skip
    # The odds rise with the share: the same ranks.
    assert (found.tables["ranks"]["odds"] == found.tables["ranks"]["happened -> told"]).all()


def test_a_truth_that_holds_a_parameter_has_its_value(monkeypatch):
    truth = small().holding({"happened -> told": 0.4})
    found = calibrate(small(), replicates=10, seed=6, truth=truth, cores=1, progress=False)
    rows = found.tables["recovered"][found.tables["recovered"]["quantity"] == "happened -> told"]
    assert set(rows["truth"]) == {0.4}


# ------------------------------------------------------------------ executors and files


def test_executors_give_the_same(found):
    with ThreadPoolExecutor(2) as threads:
        again = calibrate(small(), replicates=20, seed=2, executor=threads, progress=False)
    assert again.details["records"] == found.details["records"]


@pytest.mark.slow
def test_processes_give_the_same(found):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        again = calibrate(small(), replicates=20, seed=2, executor=processes, progress=False)
    assert again.details["records"] == found.details["records"]
    assert (
        calibrate(small(), replicates=20, seed=2, cores=2, progress=False).details["records"]
        == (found.details["records"])
    )


@pytest.mark.slow
def test_dask_gives_the_same(found):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        again = calibrate(
            small(), replicates=20, seed=2, executor=client.get_executor(), progress=False
        )
    assert again.details["records"] == found.details["records"]


def test_a_file_is_gone_on_with_whatever_was_torn(tmp_path, found):
    path = tmp_path / "there" / "ranks.jsonl"
    calibrate(small(), replicates=10, seed=2, cores=1, path=path, progress=False)
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:8]) + lines[8][:37])  # killed while it wrote
    again = calibrate(small(), replicates=20, seed=2, cores=1, path=path, progress=False)
    assert again.details["records"] == found.details["records"]
    assert sorted(json.loads(line)["replicate"] for line in path.read_text().splitlines()[1:]) == (
        list(range(20))
    )
    before = path.read_bytes()
    fewer = calibrate(small(), replicates=12, seed=2, cores=1, path=path, progress=False)
    assert fewer.details["records"] == found.details["records"][:12]
    assert path.read_bytes() == before


def test_a_torn_header_is_begun_anew(tmp_path, found):
    path = tmp_path / "ranks.jsonl"
    calibrate(small(), replicates=10, seed=2, cores=1, path=path, progress=False)
    path.write_bytes(path.read_bytes()[:30])
    again = calibrate(small(), replicates=10, seed=2, cores=1, path=path, progress=False)
    assert again.details["records"] == found.details["records"][:10]


def test_another_run_is_refused(tmp_path):
    path = tmp_path / "ranks.jsonl"
    calibrate(small(), replicates=10, seed=2, cores=1, path=path, progress=False)
    kept = path.read_bytes()
    for model, extra, about in (
        (small((2, 4)), {}, "model"),
        (small(), {"seed": 3}, "seed = 2"),
        (small(), {"draws": 800}, "draws"),
        (small(), {"truth": small((9, 1))}, "truth"),
        (small(), {"quantities": {"x": lambda q: q.number("told")}}, "quantities"),
    ):
        arguments = {"seed": 2, "replicates": 10, **extra}
        with pytest.raises(SpecError, match=about):
            calibrate(model, cores=1, path=path, progress=False, **arguments)
    assert path.read_bytes() == kept


@pytest.mark.parametrize("text", ["somebody's notes", '{"a": 1}\n', "1\n2\n"])
def test_a_file_of_something_else_is_left_as_it_is(tmp_path, text):
    path = tmp_path / "notes.txt"
    path.write_text(text)
    with pytest.raises(SpecError, match="left as it is"):
        calibrate(small(), replicates=10, seed=2, cores=1, path=path, progress=False)
    assert path.read_text() == text


_SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from test_calibrate import calibrate, small
calibrate(small(), replicates=20, seed=2, cores=1, path=sys.argv[2], progress=False)
"""


@pytest.mark.slow
def test_a_killed_run_loses_nothing(tmp_path, found):
    path = tmp_path / "ranks.jsonl"
    here = os.path.dirname(__file__)
    running = subprocess.Popen([sys.executable, "-c", _SCRIPT, here, str(path)])
    begun = time.time()
    while time.time() - begun < 60 and (not path.exists() or path.read_bytes().count(b"\n") < 4):
        time.sleep(0.005)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    written = path.read_bytes().count(b"\n") - 1
    assert 3 <= written < 20
    again = calibrate(small(), replicates=20, seed=2, cores=1, path=path, progress=False)
    assert again.details["records"] == found.details["records"]


# ----------------------------------------------------------------------------- bad input


def test_every_bad_argument_is_named():
    with pytest.raises(SpecError) as error:
        calibrate(
            "model", replicates=3, quantities={"x": 1}, draws=10, seed=-1, engine="magic",
            truth="t", executor=3, cores=0, path=4,
        )  # fmt: skip
    text = str(error.value)
    for name in ("model", "replicates", "'x'", "draws", "seed", "engine", "truth", "executor",
                 "cores", "path"):  # fmt: skip
        assert name in text


def test_a_truth_with_other_sources_is_refused():
    with pytest.raises(SpecError, match="same names"):
        calibrate(small(), replicates=10, seed=1, truth=small().without("now"))


@pytest.mark.parametrize(
    ("function", "about"),
    [(lambda q: 1 / 0, "fails"), (lambda q: "a", "one number per draw"),
     (lambda q: np.zeros(3), "shape")],
)  # fmt: skip
def test_a_quantity_that_is_none_is_refused(function, about):
    with pytest.raises(SpecError, match=about):
        calibrate(small(), replicates=10, seed=1, quantities={"x": function})


def test_a_name_that_is_taken_is_refused():
    with pytest.raises(SpecError, match="name of something"):
        calibrate(small(), replicates=10, seed=1, quantities={"number at told": lambda q: 1.0})
