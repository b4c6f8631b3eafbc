"""Every sentence that a reader of a figure, a page or a verdict sees: one file per language."""

from funnelest.words.language import (
    LANGUAGES,
    Language,
    Named,
    Sentence,
    catalogue,
    from_json,
    language_problems,
    named,
    say,
    spoken,
    to_json,
)

__all__ = [
    "LANGUAGES",
    "Language",
    "Named",
    "Sentence",
    "catalogue",
    "from_json",
    "language_problems",
    "named",
    "say",
    "spoken",
    "to_json",
]
