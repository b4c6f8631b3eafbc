"""Where each printed figure lies in what the fitted model prints anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelest.check.predicting import Fitted, PosteriorPredictive
from funnelest.plot.base import Language, drawing
from funnelest.plot.base.tails import MOST, Place, places

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["posterior_predictive"]

_WORDS = {
    "en": {
        "label": "Place of the printed figure in what the fitted model prints (normal scale)",
        "low": "lower than the model", "high": "higher than the model",
        "bad": "too far out for the number of figures", "apart": "beyond the {p}% interval",
        "fine": "within the {p}% interval", "limit": "a limit, of which one side can be passed",
        "gone": "not compared",
        "band": "{interval} of what is printed anew (predictive)",
        "column": "printed; anew", "no": "not compared", "mark": "POOR FIT",
        "note": "At the right the figure as printed, and median and {interval} of what the model "
                "prints anew. {out} of {all} figures lie outside, where chance puts about "
                "{chance}. The model was fitted to these figures, so agreement is weak evidence.",
        "few": " Drawn are the {most} figures farthest out, of {all}.",
    },
    "nl": {
        "label": "Plaats van het gepubliceerde cijfer in wat het model geeft (normale schaal)",
        "low": "lager dan het model", "high": "hoger dan het model",
        "bad": "te ver af voor het aantal cijfers", "apart": "buiten het {p}%-interval",
        "fine": "binnen het {p}%-interval",
        "limit": "een grens, die maar aan \u00e9\u00e9n kant overschreden kan worden",
        "gone": "niet vergeleken",
        "band": "{interval} van wat het model opnieuw geeft (predictief)",
        "column": "gepubliceerd; opnieuw", "no": "niet vergeleken", "mark": "SLECHTE AANPASSING",
        "note": "Rechts het cijfer zoals gepubliceerd, en mediaan en {interval} van wat het model "
                "opnieuw geeft. {out} van {all} cijfers liggen erbuiten, waar toeval er ongeveer "
                "{chance} geeft. Het model is aan deze cijfers aangepast: overeenstemming zegt "
                "weinig.",
        "few": " Getekend zijn de {most} cijfers die het verst afliggen, van {all}.",
    },
}  # fmt: skip


def posterior_predictive(
    posterior_predictive: PosteriorPredictive, *, title: str = "", language: str = "en"
) -> Figure:
    """Draw where each printed figure lies in what the fitted model prints anew.

    Parameters
    ----------
    posterior_predictive : PosteriorPredictive
        What `funnelest.check.posterior_predictive` gave.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the fixed texts.

    Returns
    -------
    matplotlib.figure.Figure
        7.5 inches wide and as high as its lines need; of more than 60 figures the farthest out.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing(
        "posterior_predictive", posterior_predictive, PosteriorPredictive, language
    ) as show:
        return _drawn(posterior_predictive, title, show)


def _drawn(found: PosteriorPredictive, title: str, show: Language) -> Figure:
    words, level = _WORDS[show.code], 1 - found.probability
    known = [one for one in found.figures if one.mid_p == one.mid_p]

    def kind(one: Fitted) -> str:
        if one.mid_p != one.mid_p:
            return "gone"
        if one.p * len(known) < level:
            return "bad"
        if one.p < level:
            return "apart"
        return "limit" if one.limit else "fine"

    def beside(one: Fitted) -> str:
        figure = show.given(one.figure)
        if one.mid_p != one.mid_p:
            return f"{figure}; {words['no']}"
        return f"{figure}; {show.numbers(one.median, one.low, one.high)}"

    shown = found.figures
    if len(shown) > MOST:
        far = sorted(shown, key=lambda one: one.p if one.p == one.p else 0.0)[:MOST]
        kept = set(map(id, far))
        shown = tuple(one for one in shown if id(one) in kept)
    rows = [Place(one.name, one.mid_p, kind(one), beside(one)) for one in shown]
    interval, percent = show.interval(found.probability), show.figure(100 * found.probability)
    note = words["note"].format(
        interval=interval,
        out=len(found.outside),
        all=len(known),
        chance=show.number(found.expected_outside, 2),
    )
    if len(rows) < len(found.figures):
        note += words["few"].format(most=MOST, all=show.figure(len(found.figures)))
    mark = found.mark.replace("POOR FIT:", f"{words['mark']}:")
    marks = "; ".join(part for part in (found.result_mark, mark) if part)
    return places(
        rows,
        head=[("title", title), ("mark", marks)],
        kinds={
            name: words[name].format(p=percent)
            for name in ("bad", "apart", "fine", "limit", "gone")
        },
        tail=level / 2,
        label=words["label"],
        sides=(words["low"], words["high"]),
        note=note,
        band=words["band"].format(interval=interval),
        column=words["column"],
        show=show,
    )
