"""A limit at or near 0 or 100%: nearly equal figures say nearly the same."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

import funnelest as fe
from funnelest.evidence.estimated import Estimated
from funnelest.quantities.quantities import Quantities

FORMS = {"log": (np.log, np.exp), "logit": (special.logit, special.expit)}
SOURCE = fe.Cohort(name="c", of="a", step="b", share=0.968, interval=(0.939, 1.0))


def seen(source):
    share = fe.Share(fe.Beta(1, 1))
    model = fe.Model(fe.Route("a", "b"), None, None, {("a", "b"): share}, [source])
    (one,) = source.observations(Quantities(model, {"a -> b": np.array([0.9])}))
    return model, one


OPEN = {
    "to whole numbers and thousands": ("log", (5001, (0, 9001)), (5000, (0, 9000))),
    "to tenths and whole per cents": ("logit", (0.0201, (0, 0.0501)), (0.02, (0, 0.05))),
    "up to 100%": ("logit", (0.9681, (0.9391, 1)), (0.968, (0.939, 1))),
    "from 0 to 100%": ("logit", (0.501, (0, 1)), (0.5, (0, 1))),
}  # fmt: skip


@pytest.mark.parametrize("name", OPEN)
def test_nearly_equal_figures_up_to_an_end_have_nearly_equal_tails(name):
    """A limit of 0 or 100% is not read by the digits of the others."""
    scale, *pair = OPEN[name]
    levels = stats.norm.ppf([0.01, 0.025, 0.25, 0.5, 0.75, 0.975, 0.999])
    one, other = (Estimated(scale, m, None, limits).triplet for m, limits in pair)
    far = [t.median + t.made(levels) for t in (one, other)]
    np.testing.assert_allclose(*far, atol=0.02)
    values = FORMS[scale][1](np.linspace(other.median - 3, other.median + 3, 41))
    logs = [Estimated(scale, m, None, limits).observation(values).logp() for m, limits in pair]
    np.testing.assert_allclose(*logs, atol=0.1)


def joint(name, step, share, interval):
    asked = [
        fe.Asked(step=step, share=share, interval=interval),
        fe.Asked(step="b", of="a", share=0.3, interval=(0.2, 0.45)),
    ]
    return fe.JointSurvey(name=name, asked=asked, correlation=0.2)


def own(name, share, interval):
    return fe.OwnNormal(
        name=name, quantity=lambda q: q.transition("a", "b"), scale="logit", estimate=share,
        interval=interval,
    )  # fmt: skip


#: A kind of source, what else it takes, the other two figures, the end, and what just misses it.
NEAR = {
    "survey": (fe.Survey, {"step": "a"}, "share", (0.02, 0.05), 0, 1e-5),
    "survey of a total": (fe.Survey, {"step": "a"}, "total", (20_000, 50_000), 0, 5),
    "survey up to 100%": (fe.Survey, {"step": "a"}, "share", (0.939, 0.968), 1, 1 - 1e-5),
    "total": (fe.Total, {"step": "a"}, "estimate", (5000, 9000), 0, 1),
    "joint": (joint, {"step": "a"}, "share", (0.02, 0.05), 0, 1e-5),
    "cohort": (fe.Cohort, {"of": "a", "step": "b"}, "share", (0.3, 0.55), 0, 1e-4),
    "own": (own, {}, "share", (0.5, 0.9), 0, 1e-5),
}


@pytest.mark.parametrize("name", NEAR)
def test_a_limit_that_just_misses_an_end_says_what_the_end_says(name):
    """Of each kind of source: the posterior, on a grid, under a prior that knows little."""
    kind, fields, what, others, *limits = NEAR[name]
    line = np.linspace(-16, 9, 20_001)
    values = {"rate of a": np.full(line.size, 0.1), "a -> b": np.full(line.size, 0.3)}
    values["rate of a" if fields.get("step") == "a" else "a -> b"] = special.expit(line)
    found = []
    for limit in limits:
        low, middle, high = sorted((*others, limit))
        source = kind(name="x", **fields, **{what: middle}, interval=(low, high))
        model = fe.Model(
            fe.Route("a", "b"), fe.Population({"sex": ["f", "m"]}, [500_000, 500_000]),
            fe.Rate(fe.Beta(1, 1)), {("a", "b"): fe.Share(fe.Beta(1, 1))}, [source],
        )  # fmt: skip
        seen = source.observations(Quantities(model, values))
        logs = sum(one.logp() for one in seen) + stats.norm(-2, 3).logpdf(line)
        weight = np.exp(logs - logs.max())
        levels = [0.025, 0.25, 0.5, 0.75, 0.975]
        found.append(np.interp(levels, np.cumsum(weight) / weight.sum(), line))
    np.testing.assert_allclose(*found, atol=0.02)


def test_a_figure_up_to_an_end_says_how_its_limit_is_read():
    model, one = seen(SOURCE)
    (entry,) = [e for e in model.ledger() if e.about == "share[c]"]
    assert "upper end of the scale comes from no error on that scale" in entry.value
    assert one.parts([])[0][1].describe() == (
        "0.968 (0.939 to 1, 95%), read as cut off at the end of the scale"
    )
