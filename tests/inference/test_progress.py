"""The progress bar: on a terminal after two seconds, silent elsewhere and when asked."""

from __future__ import annotations

import subprocess
import sys

import pytest

pty = pytest.importorskip("pty", reason="pseudo-terminals exist on Unix only")

SCRIPT = """
import time
from funnelest.inference.progress import progress_bar
with progress_bar({wanted}) as report:
    report(0.4, "compiling")
    time.sleep({seconds})
print("done")
"""


def on_a_terminal(wanted, seconds):
    """Return what a process with a terminal of 30 x 80 writes to standard error."""
    import fcntl
    import os
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 80, 0, 0))
    code = SCRIPT.format(wanted=wanted, seconds=seconds)
    process = subprocess.Popen(
        [sys.executable, "-c", code], stderr=theirs, stdout=subprocess.PIPE, text=True
    )
    os.close(theirs)
    assert process.communicate()[0] == "done\n"
    written = b""
    try:
        while part := os.read(ours, 4096):
            written += part
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    return written.decode()


def test_the_bar_shows_on_a_terminal_and_is_cleared():
    written = on_a_terminal(wanted=True, seconds=3)
    assert "compiling" in written
    assert written.rstrip("\r\n").split("\r")[-1].strip() == ""


@pytest.mark.parametrize(("wanted", "seconds"), [(False, 3), (True, 0)])
def test_no_bar_when_not_asked_for_or_not_needed(wanted, seconds):
    assert on_a_terminal(wanted, seconds).strip() == ""


def test_nothing_is_written_where_there_is_no_terminal(capfd):
    from funnelest.inference.progress import progress_bar

    with progress_bar(True) as report:
        report(0.4, "compiling")
    assert capfd.readouterr().err == ""
