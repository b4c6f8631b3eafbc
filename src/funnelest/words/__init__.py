"""Every sentence that a reader of a figure, a page or a verdict sees: one file per language."""

from funnelest.words.language import (
    LANGUAGES,
    Language,
    Sentence,
    catalogue,
    language_problems,
    say,
)

__all__ = ["LANGUAGES", "Language", "Sentence", "catalogue", "language_problems", "say"]
