"""Files: written whole or not at all, and sealed so that what was changed since is seen.

All that the package writes to a disk is written here. It is first made in memory, so that nothing
can fail halfway but the disk; then it goes into a file beside the one that it replaces, and takes
that one's name only when it is on the disk.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import platform
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from funnelest.errors import FileError

__all__ = ["SEAL_LENGTH", "append", "checksum", "read", "seal", "unseal", "write"]

#: What stands at the end of a sealed file, before its checksum and a line end.
_SEAL = b"\nfunnelest sha256 "
SEAL_LENGTH = len(_SEAL) + 64 + 1
_NUMBERS = itertools.count()  # two threads may write the same file


def write(path: str | os.PathLike[str], data: bytes, what: str) -> Path:
    """Put `data` in a file in place of what it holds; after any failure it holds that still.

    Parameters
    ----------
    path : path-like
        The file; its folder is made where there is none. A link stays, and what it leads to is
        replaced. A file that is replaced keeps its permissions.
    data : bytes
        What it is to hold.
    what : str
        What is written, such as ``"the page"``.

    Returns
    -------
    Path
        The `path`.

    Raises
    ------
    FileError
        When the file cannot be written.
    """
    with _explained(path, f"{what} was not written", "; nothing was changed"):
        file = Path(os.path.realpath(path))
        old = file.exists()
        if old and not stat.S_ISREG(file.stat().st_mode):
            raise OSError("that is no ordinary file")
        if old and not os.access(file, os.W_OK):  # else a protected file would be replaced
            raise OSError("that file may not be written")
        file.parent.mkdir(parents=True, exist_ok=True)
        start = _start(file)
        _remove_left(file.parent, start)
        beside = file.with_name(f"{start}{os.getpid()}-{next(_NUMBERS)}")
        try:
            with open(beside, "xb") as stream:
                if old:
                    _keep_permissions(file, beside)
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(beside, file)
        except BaseException:  # whatever it was, an interrupt too
            beside.unlink(missing_ok=True)
            raise
        with suppress(OSError):  # the new name is on the disk too, where a folder can be told so
            folder = os.open(file.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    return Path(path)


def append(path: str | os.PathLike[str], data: bytes, what: str) -> None:
    """Add `data` to the end of a file; after a failure it ends where it did."""
    with (
        _explained(path, f"{what} was not written", "; nothing was changed"),
        open(path, "ab", buffering=0) as stream,
    ):
        size = os.fstat(stream.fileno()).st_size
        try:
            left = memoryview(data)
            while left:
                left = left[stream.write(left) :]
            os.fsync(stream.fileno())
        except BaseException:
            stream.truncate(size)
            raise


def read(path: str | os.PathLike[str], what: str) -> bytes:
    """Return all that a file holds."""
    with _explained(path, f"{what} was not read", ""):
        # Asked before it is opened: a pipe waits for a writer, and a device never ends.
        if not stat.S_ISREG(os.stat(path).st_mode) and not os.path.isdir(path):
            raise OSError("that is no ordinary file")
        return Path(path).read_bytes()


@contextmanager
def _explained(path: str | os.PathLike[str], what: str, then: str) -> Iterator[None]:
    """Turn what the system says into a sentence."""
    try:
        yield
    except (OSError, ValueError) as error:  # of a path that can be none: a ValueError
        said = getattr(error, "strerror", None) or str(error)
        other = getattr(error, "filename", None)
        if isinstance(other, str | Path) and Path(other) in Path(path).parents:
            said += f" ({os.fspath(other)!r})"
        raise FileError([f"{what}: {said[:1].lower()}{said[1:]}{then}."], _shown(path)) from error


def _shown(path: str | os.PathLike[str]) -> str:
    return f"the file {os.fspath(path)!r}"


def _keep_permissions(old: Path, new: Path) -> None:
    if os.name == "posix":
        with suppress(OSError):  # only some may give a file to its owner
            os.chown(new, old.stat().st_uid, old.stat().st_gid)
    shutil.copystat(old, new)


# ------------------------------------------------- what a process that was killed left behind


def _start(file: Path) -> str:
    """Return the beginning of the names of files beside `file`: of one machine, and short."""
    name = f"{platform.node()}/{file.name}".encode("utf-8", "surrogateescape")
    return f".funnelest-{hashlib.sha256(name).hexdigest()[:16]}-"


def _remove_left(folder: Path, start: str) -> None:
    """Remove what processes that are no more left of the same file."""
    if os.name != "posix":  # elsewhere nobody can be asked for without being ended
        return
    for left in folder.glob(f"{start}*"):
        writer = left.name.removeprefix(start).split("-")[0]
        if not (writer.isdecimal() and _lives(int(writer))):
            left.unlink(missing_ok=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


# ---------------------------------------------------------------------------------- seals


def checksum(data: bytes) -> str:
    """Return the SHA-256 checksum of `data`: 64 digits, of which some are letters."""
    return hashlib.sha256(data).hexdigest()


def seal(data: bytes) -> bytes:
    """Return `data` with its checksum behind it, where readers of HDF5 do not look."""
    return data + _SEAL + checksum(data).encode() + b"\n"


def unseal(data: bytes) -> tuple[bytes, bool | None]:
    """Return what was sealed, and whether it is what was sealed; None where there is no seal."""
    body, end = data[:-SEAL_LENGTH], data[-SEAL_LENGTH:]
    if not end.startswith(_SEAL):
        return data, None
    return body, data == seal(body)
