"""Progress bars: of one fit, that also moves while something compiles, and of many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

__all__ = ["counted", "progress_bar"]


def counted(total: int, what: str, wanted: bool, *, done: int = 0) -> Any:
    """Return a bar that counts to a total, shown after two seconds on a terminal."""
    from tqdm import tqdm

    silent = None if wanted else True  # None: where the stream is not a terminal
    return tqdm(total=total, initial=done, desc=what, delay=2, leave=False, disable=silent)


@contextmanager
def progress_bar(wanted: bool) -> Iterator[Any]:
    """Yield a function that moves a progress bar, shown after two seconds on a terminal."""
    from tqdm import tqdm

    ended = Event()
    # disable=None: silent when the stream is not a terminal. The delay never ends by itself: the
    # thread below draws the bar, so that it also moves while something compiles.
    with tqdm(
        total=100,
        delay=float("inf"),
        disable=None if wanted else True,
        leave=False,
        bar_format="{desc} {bar} {elapsed}",
    ) as bar:

        def draw() -> None:
            pause = 2.0
            while not ended.wait(pause):
                bar.refresh()
                pause = 0.3

        def report(done: float, text: str) -> None:
            bar.desc = text
            bar.n = max(bar.n, 100 * done)

        drawing = Thread(target=draw, daemon=True)
        if not bar.disable:
            drawing.start()
        try:
            yield report
        finally:
            ended.set()
            if not bar.disable:
                drawing.join()
                bar.clear()
