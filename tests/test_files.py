"""Files are written whole or not at all, and what was changed since is seen."""

from __future__ import annotations

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

import funnelest as fe
from funnelest import files

OLD, NEW = b"old" * 400_000, b"new" * 500_000


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "r.nc"
    made.write_bytes(OLD)
    return made


def refused(path, match, data=NEW):
    """Fail to write, and leave nothing but the old file."""
    with pytest.raises(fe.FileError, match=match) as caught:
        files.write(path, data, "the result")
    assert isinstance(caught.value, fe.SpecError)
    assert isinstance(caught.value, OSError)
    (text,) = caught.value.problems
    assert text.startswith("the result was not written: ")
    assert text.endswith("; nothing was changed.")
    return text


def test_a_file_takes_the_place_of_another(path):
    path.chmod(0o640)
    before = path.stat()
    assert files.write(path, NEW, "it") == path
    assert path.read_bytes() == NEW
    assert os.listdir(path.parent) == [path.name]
    after = path.stat()
    assert stat.S_IMODE(after.st_mode) == 0o640
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert after.st_mtime >= before.st_mtime
    assert files.read(path, "it") == NEW


def test_a_new_file_has_the_permissions_of_any_and_a_folder_is_made(tmp_path):
    mask = os.umask(0o027)
    try:
        files.write(tmp_path / "a" / "b" / "r.nc", NEW, "it")
    finally:
        os.umask(mask)
    made = tmp_path / "a" / "b" / "r.nc"
    assert stat.S_IMODE(made.stat().st_mode) == 0o640


def test_a_link_stays_one(path):
    link = path.with_name("link.nc")
    link.symlink_to(path.name)
    files.write(link, NEW, "it")
    assert link.is_symlink()
    assert path.read_bytes() == NEW


def test_a_name_as_long_as_a_system_takes(tmp_path):
    files.write(tmp_path / ("n" * 255), NEW, "it")
    assert os.listdir(tmp_path) == ["n" * 255]
    refused(tmp_path / ("n" * 256), "too long")


def test_what_is_no_file_is_not_replaced(path):
    refused(path.parent, "no ordinary file")
    refused("/dev/null", "no ordinary file")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    refused(path / "inside" / "it", "r.nc")
    assert path.read_bytes() == OLD


@pytest.mark.parametrize(
    ("name", "error"),
    [("os.fsync", errno.ENOSPC), ("os.replace", errno.EXDEV), ("shutil.copystat", errno.EPERM)],
)
def test_whatever_step_fails_leaves_the_old_file(path, monkeypatch, name, error):
    def fails(*_, **__):
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(name, fails)
    refused(path, os.strerror(error).lower())
    assert path.read_bytes() == OLD
    assert os.listdir(path.parent) == [path.name]


def test_an_interrupt_leaves_the_old_file(path, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.write(path, NEW, "it")
    assert path.read_bytes() == OLD
    assert os.listdir(path.parent) == [path.name]


def run(script, *arguments, **more):
    source = str(Path(fe.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=False,
        **more,
    )


_WRITE = """
import os, sys
from funnelest import errors, files
if "nobody" in sys.argv and not os.getuid():  # what root may do nobody else may
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
try:
    files.write(sys.argv[1], b"new" * 500_000, "the result")
except errors.FileError as error:
    print(error.problems[0])
"""


def test_a_disk_that_is_full_leaves_the_old_file(path):
    """A limit on the size of a file fails where a full disk does: after a part was written."""
    done = run(
        _WRITE, path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_300_000, 1_300_000)),
    )  # fmt: skip
    assert "file too large; nothing was changed" in done.stdout
    assert done.returncode == 0
    assert path.read_bytes() == OLD
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("what", ["folder", "file"])
def test_what_may_not_be_written_is_not(tmp_path, what):
    folder = tmp_path / "there"
    folder.mkdir()
    path = folder / "r.nc"
    path.write_bytes(OLD)
    folder.chmod(0o555 if what == "folder" else 0o777)
    path.chmod(0o666 if what == "folder" else 0o444)
    try:
        for one in (tmp_path, *list(tmp_path.parents)[:3]):  # the folders that pytest made
            one.chmod(0o755)
        done = run(_WRITE, path, "nobody")
        said = "permission denied" if what == "folder" else "may not be written"
        assert said in done.stdout, done.stderr
    finally:
        folder.chmod(0o755)
    assert path.read_bytes() == OLD
    assert os.listdir(folder) == [path.name]


def test_what_a_killed_process_left_is_removed(path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    start = files._start(path)
    left = path.with_name(f"{start}{dead.pid}-0")
    at_work = path.with_name(f"{start}{os.getppid()}-0")
    other = path.with_name(f"{files._start(path.with_name('other.nc'))}{dead.pid}-0")
    for one in (left, at_work, other):
        one.write_bytes(b"part")
    files.write(path, NEW, "it")
    assert set(os.listdir(path.parent)) == {path.name, at_work.name, other.name}


_FOR_EVER = """
import sys
from funnelest import files
print("begun", flush=True)
n = 0
while True:
    n += 1
    files.write(sys.argv[1], files.seal(b"%d " % n * 200_000), "it")
"""


def killed(path, times, script=_FOR_EVER):
    """Kill a process that writes, at another moment each time; the file is whole every time."""
    source = str(Path(fe.__file__).parents[1])
    for number in range(times):
        running = subprocess.Popen(
            [sys.executable, "-c", script, str(path)],
            env={**os.environ, "PYTHONPATH": source},
            stdout=subprocess.PIPE,
        )
        running.stdout.readline()
        time.sleep(0.002 + 0.0007 * (number % 50))
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        running.stdout.close()
        body, same = files.unseal(path.read_bytes())
        assert same, number
        assert len(set(body.split())) == 1
    files.write(path, files.seal(b"1 "), "it")
    assert os.listdir(path.parent) == [path.name]


def test_a_process_that_is_killed_while_it_writes(path):
    path.write_bytes(files.seal(b"0 "))
    killed(path, 10)


@pytest.mark.slow
def test_two_hundred_processes_that_are_killed_while_they_write(path):
    path.write_bytes(files.seal(b"0 "))
    killed(path, 200)


# ------------------------------------------------------------------------------- added to


def test_what_is_added_is_added_or_not(path, monkeypatch):
    files.append(path, b"line\n", "it")
    assert path.read_bytes() == OLD + b"line\n"

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(fe.FileError, match="no space left on device; nothing was changed"):
        files.append(path, b"line\n", "it")
    assert path.read_bytes() == OLD + b"line\n"


# ----------------------------------------------------------------------------------- seals


def test_a_seal_sees_every_bit():
    sealed = files.seal(b"what was written")
    assert files.unseal(sealed) == (b"what was written", True)
    for place in range(len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[place] ^= 1 << bit
            assert not files.unseal(bytes(changed))[1]
        assert not files.unseal(sealed[:place])[1]
    assert not files.unseal(sealed + b"\n")[1]


def test_reading_what_is_not_there(tmp_path):
    with pytest.raises(fe.FileError, match="was not read: no such file"):
        files.read(tmp_path / "none.nc", "the result")


@pytest.mark.skipif(os.name != "posix", reason="devices and pipes have names there")
@pytest.mark.parametrize("what", ["/dev/zero", "/dev/full", "/dev/null", "pipe", "link"])
def test_what_never_ends_is_not_read(what, tmp_path):
    path = tmp_path / "x" if what in ("pipe", "link") else what
    if what == "pipe":
        os.mkfifo(path)
    elif what == "link":
        path.symlink_to("/dev/zero")
    with pytest.raises(fe.FileError, match="that is no ordinary file"):
        fe.load(path)
