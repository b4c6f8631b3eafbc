"""Interrupts (Ctrl-C) that lose nothing of what is there."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Interrupt", "put_off"]


class Interrupt:
    """Whether somebody asked for an end, who is answered where nothing is lost by it.

    The first time it is only noted, and what runs looks at `came` where it can end. The second
    time, and `at_once`, a `KeyboardInterrupt` is raised as ever.
    """

    def __init__(self) -> None:
        self.came = False
        self._raises = False

    def ask(self, *_: object) -> None:
        """Note that an end is asked for, or raise `KeyboardInterrupt`."""
        again, self.came = self.came, True
        if again or self._raises:
            raise KeyboardInterrupt

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Let an interrupt raise: nothing is there yet that could be lost."""
        if self.came:
            raise KeyboardInterrupt
        self._raises = True
        try:
            yield
        finally:
            self._raises = False


@contextmanager
def put_off() -> Iterator[Interrupt]:
    """Yield an `Interrupt` that is asked by Ctrl-C until the end of the block.

    Where Python would raise `KeyboardInterrupt`: other threads get none, and a handler of the
    user's own stays.
    """
    interrupt = Interrupt()
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        yield interrupt
        return
    signal.signal(signal.SIGINT, interrupt.ask)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
