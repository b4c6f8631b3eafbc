"""What reviewers of the checks found false or silent, each as a small case."""

from __future__ import annotations

import numpy as np
import pytest

import funnelest as fe

PEOPLE = fe.Population({"sex": ["m", "f"]}, [6000, 4000])
TOLD = fe.Survey("t", step="b", of="a", yes=80, n=200)


def model(*evidence, rate=None):
    rate = fe.Beta(1, 1) if rate is None else rate
    return fe.Model(
        fe.Route("a", "b"), PEOPLE, fe.Rate(rate), {("a", "b"): fe.Share(fe.Beta(2, 2))}, evidence
    )


def fitted(*evidence, **options):
    return fe.fit(model(*evidence, **options), seed=1, progress=False)


@pytest.mark.filterwarnings("ignore:.*are each of 200 people")
def test_two_sources_that_agree_are_not_in_conflict_with_each_other_but_with_the_prior():
    result = fitted(
        fe.Survey("s1", step="a", yes=600, n=1000), fe.Survey("s2", step="a", yes=120, n=200),
        TOLD, rate=fe.Beta(200, 800),
    )  # fmt: skip
    found = fe.check.conflict(result, seed=1, cores=1)
    assert "s1" in found.details["against_prior"]
    assert not found.details["conflicting"]
    assert found.mark.startswith("SOURCES IN CONFLICT WITH THEIR PRIOR")


def test_sources_without_order_do_not_pass_in_silence():
    def custom(name, middle):
        return fe.OwnCustom(
            name=name, data={"x": middle}, quantity=lambda q: q.transition("a", "b"),
            log_likelihood=lambda data, share: -0.5 * ((share - data["x"]) / 0.02) ** 2,
            simulate=lambda share, rng: {"x": float(rng.normal(share, 0.02)[0])},
        )  # fmt: skip

    result = fitted(fe.Survey("s", step="a", yes=300, n=1000), custom("c1", 0.2), custom("c2", 0.8))
    found = fe.check.conflict(result, seed=1, cores=1)
    assert not found.passed
    assert set(found.details["not_compared"]) == {"c1", "c2"}


def test_a_power_of_nothing_identifies_nothing():
    one = model(fe.Survey("s", step="a", yes=300, n=1000), TOLD)
    found = fe.check.identification(one.with_powers({"s": 0, "t": 0}))
    assert found.details["rank"] == 0
    assert not found.passed
    weak = fe.check.identification(one.with_powers({"s": 0.01, "t": 0.01})).table
    full = fe.check.identification(one).table
    assert (weak["taken"] < full["taken"]).all()


def test_what_a_source_excludes_is_not_brought_back_by_weights():
    limit = fe.OwnCustom(
        name="limit", data=0.17, quantity=lambda q: q.number("a") / 1e4,
        log_likelihood=lambda data, share: np.where(share <= data, 0.0, -np.inf),
        simulate=lambda share, rng: 0.17,
    )  # fmt: skip
    result = fitted(limit, fe.Survey("s", step="a", yes=320, n=1600), TOLD)
    found = fe.check.conflict(result, seed=1, cores=1)
    limit = found.details["left_out"]["limit"]
    assert limit.how == "refit"
    without = np.median(limit.draws["rate of a"])
    assert without == pytest.approx(0.2, abs=0.01)


def test_marks_of_the_same_kind_are_all_kept_and_the_gate_is_not_accused():
    result = fitted(fe.Survey("s", step="a", yes=300, n=1000), TOLD)
    marked = result.marked(["X: a", "X: b", "X: a"])
    assert marked.mark == "X: a; X: b; X: a"
    from matplotlib import pyplot as plt
    from matplotlib.text import Text

    figure = fe.plot.route(marked, language="nl")
    said = " ".join(text.get_text() for text in figure.findobj(Text))
    assert "X: a" in said
    assert "convergentietoets" not in said
    plt.close(figure)


def test_the_page_says_what_failed_where_it_says_that_the_engine_converged(tmp_path):
    result = fitted(fe.Survey("s", step="a", yes=300, n=1000), TOLD).marked(["RESTS ON PRIORS: b"])
    text = fe.report.page(result, tmp_path / "p.html", title="T", checks=False).read_text(
        encoding="utf-8"
    )
    top = text[: text.index("<section>")]
    assert "onvergence gate passed" in text
    assert "RESTS ON PRIORS: b" in top
    assert "entries of the ledger" in text


def test_nothing_unknown_is_said_and_does_not_break():
    held = fe.Model(
        fe.Route("a", "b"), PEOPLE, fe.Rate(0.2), {("a", "b"): fe.Share(0.5)},
        [fe.Survey("s", step="a", yes=900, n=1000)],
    )  # fmt: skip
    found = fe.trust(fe.fit(held, seed=1, progress=False), cores=1, progress=False)
    assert not found.passed
    assert "no unknown parameter" in " ".join(found.not_made.values())


def test_the_value_of_a_figure_that_tells_nothing_is_nothing():
    result = fitted(fe.Survey("s", step="a", yes=30, n=100), TOLD)
    nothing = fe.Register("r", step="a", count=fe.AtMost(10_000_000))
    found = fe.check.value_of_information(
        result, "number at a", plans={"nothing": nothing}, parameters=["rate of a"], seed=1,
        replicates=20, cores=1, progress=False,
    )  # fmt: skip
    (row,) = [one for one in found.table.to_dict("records") if "nothing" in one.values()]
    assert row["variance_after"] == pytest.approx(row["variance_now"], rel=1e-6)


@pytest.mark.parametrize(
    "call",
    [
        lambda r: fe.trust(r, also=r),
        lambda r: fe.trust(r, cores=0),
        lambda r: fe.trust(r, quantities={3: lambda q: q.number("a")}),
        lambda r: fe.trust(r, quantities={"x": lambda q: q.number("aa")}),
        lambda r: r.marked(None),
        lambda r: r.model.with_priors(None),
        lambda r: r.model.with_powers(None),
        lambda r: fe.check.conflict(r, seed=1, executor="pool", refit=True),
    ],
)
def test_what_cannot_be_meant_is_one_clear_error(call):
    result = fitted(fe.Survey("s", step="a", yes=300, n=1000), TOLD)
    with pytest.raises(fe.SpecError):
        call(result)
