"""Results of replicates on disk: one line each, so that a killed run goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from funnelest import files
from funnelest.errors import raise_if_any

__all__ = ["FORMAT", "Kept"]

#: Version of the file; raised when older files cannot be gone on with.
FORMAT = 2

_WHAT = "what replicates gave"
_SUM = "checksum"


class Kept:
    """A file of JSON lines: a header, and then one line per replicate.

    Parameters
    ----------
    path : Path or None
        The file; None keeps results in memory only.
    header : mapping
        What the answers depend on. A file with another header is refused.

    Raises
    ------
    SpecError
        When the file was made otherwise, or is no such file.
    """

    def __init__(self, path: Path | None, header: Mapping[str, Any]) -> None:
        self.path = path
        self.header = {"format": FORMAT, "what": "funnelest calibration", **header}
        self.records: dict[int, dict[str, Any]] = {}
        if path is None:
            return
        if not path.exists() or not self._read(path):
            files.write(path, _line(self.header), _WHAT)

    def _read(self, path: Path) -> bool:
        """Take what the file has, without a last line that was torn; whether it has a header."""
        whole = files.read(path, _WHAT)
        end = whole.rfind(b"\n") + 1
        if not end:
            # Nothing, or the beginning of a header: else it is somebody's file.
            torn = json.dumps(self.header).encode().startswith(whole)
            raise_if_any([] if torn else [_foreign(path)], "the file of results")
            return False
        try:
            header, *lines = [json.loads(line) for line in whole[:end].splitlines()]
            good = isinstance(header, dict) and header.get("what") == self.header["what"]
            found = {int(line["replicate"]): line for line in lines} if good else {}
            sums = {number: line.pop(_SUM, None) for number, line in found.items()}
        except (ValueError, KeyError, TypeError):
            good = False
        raise_if_any([] if good else [_foreign(path)], "the file of results")
        wanted = json.loads(json.dumps(self.header))
        raise_if_any(
            [
                f"{path.name} holds results with {name} = {_shown(header.get(name))}, and now it "
                f"is {_shown(wanted.get(name))}. Give another path, or remove the file."
                for name in sorted({*wanted, *header})
                if header.get(name) != wanted.get(name)
            ],
            "the file of results",
        )
        changed = [number for number, line in found.items() if sums[number] != _sum(line)]
        raise_if_any(
            [
                f"{path.name} was changed since it was written: the checksum of replicate {number} "
                "does not fit. Remove its line, and it is made again."
                for number in changed
            ],
            "the file of results",
        )
        self.records = found
        if end < len(whole):
            with path.open("r+b") as file:
                file.truncate(end)
        return True

    def add(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Keep what replicates gave; it is on the disk when this returns."""
        # As the file gives them back, so that a run that went on is the same to the last digit.
        kept = [json.loads(json.dumps(record)) for record in records]
        if self.path is not None:
            lines = [_line({**record, _SUM: _sum(record)}) for record in kept]
            files.append(self.path, b"".join(lines), _WHAT)
        self.records |= {record["replicate"]: record for record in kept}


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _sum(record: Mapping[str, Any]) -> str:
    return files.checksum(json.dumps(record).encode())[:16]


def _foreign(path: Path) -> str:
    return f"{path.name} is no file of results of a calibration: it is left as it is."


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 120 else text[:117] + "..."
