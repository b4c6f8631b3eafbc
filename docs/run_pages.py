"""The Python on the pages runs as it stands, and prints what the pages show."""

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import matplotlib
import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
#: A fenced block of Python, and the block of text that may follow it at once.
BLOCK = re.compile(
    r"^```python\n(.*?)^```\n(?:\n?^```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL
)
NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?(?![\w])")
#: Relative and absolute: draws differ a little from machine to machine.
TOLERANCE = (0.15, 0.03)


def numbers(text: str) -> list[float]:
    """Return the numbers in a text."""
    return [float(found.replace(",", "")) for found in NUMBER.findall(text)]


def words(text: str) -> list[str]:
    """Return what stands between the numbers of a text."""
    return NUMBER.sub("#", text).split()


def pages_with_code() -> list[Path]:
    """Return the pages that hold Python."""
    return [page for page in PAGES if BLOCK.search(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", pages_with_code(), ids=lambda page: page.name)
def test_code_runs_and_prints_what_is_shown(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    # Dataclasses of a page look up the module that they say they come from.
    names: dict[str, object] = {"__name__": "__main__"}
    text = page.read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        line = text[: block.start()].count("\n") + 1
        code = "\n" * line + block[1]  # an error names the line of the page
        printed = StringIO()
        with redirect_stdout(printed):
            exec(compile(code, str(page), "exec"), names)
        if block[2] is None:
            continue
        got, shown = printed.getvalue(), block[2]
        assert words(got) == words(shown), f"{page.name}:{line}"
        relative, absolute = TOLERANCE
        assert numbers(got) == pytest.approx(numbers(shown), rel=relative, abs=absolute), (
            f"{page.name}:{line}"
        )
