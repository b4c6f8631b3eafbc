"""What every figure of a check begins with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from funnelest.errors import raise_if_any
from funnelest.fields import TEXT
from funnelest.verdict import Verdict
from funnelest.words import Language, language_problems

__all__ = ["drawing"]


@contextmanager
def drawing(
    name: str,
    value: object,
    kind: type | str,
    language: str,
    more: Sequence[str] = (),
    *,
    title: object,
) -> Iterator[Language]:
    """Check the arguments of a figure, and draw in a style that no setting of the user spoils.

    Parameters
    ----------
    name : str
        The argument that is drawn.
    value : object
        What was given for it.
    kind : type or str
        What it must be; a text is the check whose verdict it must be.
    language : str
        Language of the texts.
    more : sequence of str, default ()
        Problems of the figure's own arguments.
    title : object
        Its title: a text, or None for that of the figure itself.

    Yields
    ------
    Language
        Numbers and words in that language.

    Raises
    ------
    SpecError
        With every problem of the arguments.
    """
    if isinstance(kind, str):
        fine = isinstance(value, Verdict) and value.check == kind
        wanted = f"what check.{kind} gives"
    else:
        fine = isinstance(value, kind)
        wanted = f"{'an' if kind.__name__[0] in 'AEIO' else 'a'} {kind.__name__}"
    raise_if_any(
        ([] if fine else [f"{name} must be {wanted}; given {value!r}."])
        + [*more, *TEXT.or_none.said("title", title), *language_problems(language)],
        "the figure",
    )
    import matplotlib as mpl

    with mpl.rc_context({"text.usetex": False, "path.sketch": None, "hatch.linewidth": 0.7}):
        yield Language(language)
