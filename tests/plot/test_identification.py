"""What the figure of an identification says."""

from collections.abc import Iterator
from itertools import combinations

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt
from matplotlib.text import Text

import funnelest as fe
from funnelest.check.identification import identification
from funnelest.plot.identification import identification as drawn
from funnelest.verdict import Verdict

mpl.use("Agg")


def model(parameters: int = 0, name: str = "extra") -> fe.Model:
    return fe.Model(
        fe.Route("happened", "told", "reported", skips=[("happened", "reported")]),
        fe.Population({"year": [2018]}, [100_000.0]),
        occurrence=fe.Rate(fe.LogNormal(-4.0, 0.5)),
        evidence=[
            fe.Register(name="r", step="happened", count=400),
            fe.Register(
                name="a register with a name that is so long that it does not fit on one line",
                step="reported",
                count=90,
                defects=[fe.Coverage(fe.Uniform(0.2, 0.9)), fe.Overdispersion()],
            ),
        ],
        parameters={f"{name} {i}": fe.Beta(2, 2) for i in range(parameters)},
    )


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    style = dict(mpl.rcParams)
    yield
    plt.close("all")
    assert dict(mpl.rcParams) == style


@pytest.fixture(scope="module")
def found() -> Verdict:
    return identification(model())


def texts(figure: mpl.figure.Figure) -> list[str]:
    figure.draw_without_rendering()
    return [t.get_text() for t in figure.findobj(Text) if t.get_text() and t.get_visible()]


def overlapping(figure: mpl.figure.Figure) -> list[tuple[str, str]]:
    found = [t for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible()]
    boxes = [(t.get_text(), t.get_window_extent()) for t in found]
    return [
        (a, b)
        for (a, one), (b, two) in combinations(boxes, 2)
        if min(one.x1, two.x1) - max(one.x0, two.x0) > 1
        and min(one.y1, two.y1) - max(one.y0, two.y0) > 3
    ]


def outside(figure: mpl.figure.Figure) -> list[str]:
    return [
        t.get_text()
        for t in figure.findobj(Text)
        if t.get_text().strip()
        and t.get_visible()
        and not (t.get_window_extent().x0 >= 0 and t.get_window_extent().x1 <= figure.bbox.x1 + 1)
    ]


def test_says_what_is_decided_and_what_would_free_it(found: Verdict) -> None:
    said = texts(drawn(found, title="A route"))
    assert "A route" in said
    assert " ".join(said).count("not identified") >= 2
    joined = " ".join(said)
    assert found.mark.split(",")[0] in joined
    failed = sum(one.decided_by_priors for one in found.found)
    assert f"decide {failed} of {len(found.found)} quantities" in joined
    assert "A further figure of" in joined
    assert "Confounded parameters, set 1" in joined
    assert "only in scatter" in said


def test_in_dutch(found: Verdict) -> None:
    said = " ".join(texts(drawn(found, language="nl")))
    assert "Deel van de priorvariantie" in said
    assert "aantal bij happened" in said
    assert "niet vastgelegd" in said
    assert "DEELS AAN PRIORS OVERGELATEN: aantal bij told" in said
    for english in ("number at", "share of", "directly after", "PARTLY LEFT"):
        assert english not in said


@pytest.mark.parametrize("language", ["en", "nl"])
def test_no_text_meets_another_or_leaves_the_figure(found: Verdict, language: str) -> None:
    figure = drawn(found, title="A long title " * 8, language=language)
    figure.draw_without_rendering()
    assert overlapping(figure) == []
    assert outside(figure) == []


def test_bars_make_the_prior_variance(found: Verdict) -> None:
    from matplotlib.patches import Rectangle

    figure = drawn(found)
    bars = [p for p in figure.axes[0].patches if isinstance(p, Rectangle)]
    ends: dict[float, float] = {}
    for bar in bars:
        ends[bar.get_y()] = max(ends.get(bar.get_y(), 0.0), bar.get_x() + bar.get_width())
    assert ends
    assert all(end == pytest.approx(1.0, abs=0.003) for end in ends.values())
    # Shapes and not hues carry it: what stays is hatched.
    assert any(bar.get_hatch() for bar in bars)


def test_many_parameters_and_mathematics_in_names() -> None:
    figure = drawn(identification(model(42, "$x_1$ {0}")))
    said = " ".join(texts(figure))
    assert "parameters are not drawn" in said
    assert "$x_1$ {0} 1" in said
    assert overlapping(figure) == []


def test_everything_known_and_nothing_unknown() -> None:
    known = model().without(
        "a register with a name that is so long that it does not fit on one line"
    )
    held = known.holding({name: float(p.ppf(0.5)) for name, p in known.free.items()})
    for language in ("en", "nl"):
        said = texts(drawn(identification(held), language=language))
        assert any("all 6" in text or "alle 6" in text for text in said)


def test_refuses_what_cannot_be_meant(found: Verdict) -> None:
    with pytest.raises(fe.SpecError) as error:
        drawn("found", language="fr")  # type: ignore[arg-type]
    assert len(error.value.problems) == 2
