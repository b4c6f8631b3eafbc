"""The errors and warnings that funnelest raises."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["FileError", "FitError", "FunnelestError", "FunnelestWarning", "SpecError"]


class FunnelestError(Exception):
    """Base class of every error that funnelest raises on purpose."""


class SpecError(FunnelestError, ValueError):
    """A model, or a part of one, that cannot be meant as it was given.

    Parameters
    ----------
    problems : iterable of str
        Every problem found, one sentence each. All are shown in the message.
    subject : str, default "the model"
        What the problems are about.

    Attributes
    ----------
    problems : tuple of str
        The sentences, in the order in which they were found.
    """

    def __init__(self, problems: Iterable[str], subject: str = "the model") -> None:
        self.problems: tuple[str, ...] = tuple(dict.fromkeys(problems))
        count = len(self.problems)
        noun = "problem" if count == 1 else "problems"
        lines = "\n".join(f"  {i}. {text}" for i, text in enumerate(self.problems, 1))
        super().__init__(f"{count} {noun} in {subject}:\n{lines}")


class FileError(SpecError, OSError):
    """A file that could not be written or read; one that was to be replaced is as it was."""


class FitError(FunnelestError, RuntimeError):
    """A fit that did not give an answer, or whose answer may not be shown."""


class NothingFoundError(FitError):
    """No point of the parameters that was tried gives the figures a positive probability."""


class UnboundedError(FitError):
    """At some parameters the density is infinite: there is no posterior to be found."""


class FunnelestWarning(UserWarning):
    """Something the user should know, that does not stop the work."""


def raise_if_any(problems: Iterable[str], subject: str = "the model") -> None:
    """Raise one `SpecError` with all `problems`, or return when there are none."""
    found = tuple(problems)
    if found:
        raise SpecError(found, subject)
