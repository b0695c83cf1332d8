"""How far has a long answer come, should it be killed?

Blocks of answers go into a partial file beside the one that is asked for, and after each, once it is on the disk, a line into a
journal beside it: rows, bytes and checksum so far. What the journal does not vouch for is cut off when the run goes on. The file
that is asked for stays as it was until the last block is there; then the partial one takes its name.
"""

from __future__ import annotations

import json
import os
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from assay.kernel.errors import RequestError
from assay.kernel.hints import reason
from assay.kernel.words import Say, refusal
from assay.store.bundle import sync_folder

PIECE = 1 << 20  # bytes read at once
MARKS = ("model", "data", "options", "version")  # what a part must have in common with the run that goes on with it


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What the finished blocks come to."""

    blocks: int = 0
    rows: int = 0
    noted: int = 0  # rows that have notes
    size: int = 0  # bytes
    checksum: int = 0  # CRC-32 of them
    gaps: Mapping[str, int] = field(default_factory=dict)  # as `answers.gaps` counts them


class Part:
    """The partial file of a target and its journal, within `with`; `kept` is what is finished.

    mark   : plain values by which the run is known again, one for each of MARKS
    resume : go on with what is there; else it is begun anew

    Entering raises RequestError where what is there is of another run, where another run is at it, and where the place cannot be
    written to. Without a finished block nothing is left behind.
    """

    def __init__(self, target: Path, mark: Mapping[str, Any], resume: bool) -> None:
        self.target, self.mark, self.resume = target, json.loads(json.dumps(mark)), resume
        self.path = target.with_name(f".{target.name}.part")
        self.journal = target.with_name(f".{target.name}.part.journal")
        self.kept = Kept()
        self.ends: list[int] = []  # of each block, in bytes
        self._gone = False

    def __enter__(self) -> Part:
        try:
            self._lines = self.journal.open("a+b")
            try:
                self._open()
            except BaseException as error:
                self._lines.close()
                if isinstance(error, OSError) and not self.resume:
                    self.journal.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise self._unwritten(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        with suppress(OSError):  # the end of a file for which there is no room: what is finished is on the disk
            self._file.close()
        if not self._gone and not self.kept.blocks:
            self.discard()
        self._lines.close()

    def add(self, data: bytes, rows: int, noted: int, gaps: Mapping[str, int]) -> None:
        """One more block, once it is on the disk. Raises RequestError where it does not fit there."""
        kept = self.kept
        try:
            _put(self._file, data)
            now = Kept(
                blocks=kept.blocks + 1,
                rows=kept.rows + rows,
                noted=kept.noted + noted,
                size=kept.size + len(data),
                checksum=zlib.crc32(data, kept.checksum),
                gaps=dict(Counter(kept.gaps) + Counter(gaps)),
            )
            _put(self._lines, _line(asdict(now)))
        except OSError as error:
            raise self._unwritten(error) from error
        self._keep(now)

    def finish(self, join: Callable[[Path, Sequence[int], Path], None] | None = None) -> None:
        """Give the target its new content. join : makes the file of the part, where it is not the part itself."""
        try:
            self._file.close()
            made = self.path
            if join is not None:
                made = self.target.with_name(f".{self.target.name}.made")
                self._joined(join, made)
            os.replace(made, self.target)
            self.discard()
            sync_folder(self.target.parent)
        except OSError as error:
            raise self._unwritten(error) from error

    def discard(self) -> None:
        """Take away what is finished: it is of no use."""
        self._gone = True
        with suppress(OSError):
            self._file.close()
        self.path.unlink(missing_ok=True)
        self.journal.unlink(missing_ok=True)

    # ------------------------------------------------------------------------------------------------------ opening

    def _open(self) -> None:
        if not _locked(self._lines):
            raise refusal(RequestError, "answers", "part.busy", path=str(self.target))
        mark, lines = self._read() if self.resume else (None, [])
        if mark is not None and (differ := [name for name in MARKS if mark.get(name) != self.mark[name]]):
            says = [Say("answers", f"part.{name}") for name in differ]
            raise refusal(RequestError, "answers", "part.other", path=str(self.target), differences=says)
        self._file = self.path.open("r+b" if mark is not None and self.path.exists() else "w+b")
        for line in lines:
            if not self._vouched(line):
                break
            self._keep(line)
        self._file.truncate(self.kept.size)
        self._file.seek(self.kept.size)
        known = [] if mark is None else [self.mark, *map(asdict, lines[: self.kept.blocks])]
        self._lines.truncate(sum(len(_line(one)) for one in known))
        if mark is None:
            _put(self._lines, _line(self.mark))

    def _read(self) -> tuple[dict[str, Any] | None, list[Kept]]:
        """The mark and the lines of the journal, as far as they are as we write them."""
        self._lines.seek(0)
        found: list[dict[str, Any]] = []
        for line in self._lines.read().splitlines(keepends=True):
            try:
                values = json.loads(line)
            except ValueError:  # torn, and whatever follows
                break
            if not isinstance(values, dict) or line != _line(values):
                break
            found.append(values)
        if not found:
            return None, []
        whole = [_is_kept(one) for one in found[1:]]
        lines = found[1:][: whole.index(False) if False in whole else None]
        return found[0], [Kept(**line) for line in lines]

    def _vouched(self, line: Kept) -> bool:
        """Whether the part holds the bytes that a line tells of, behind those of the line before."""
        self._file.seek(self.kept.size)
        left, checksum = line.size - self.kept.size, self.kept.checksum
        while left > 0 and (piece := self._file.read(min(left, PIECE))):
            left, checksum = left - len(piece), zlib.crc32(piece, checksum)
        return left == 0 and checksum == line.checksum and line.blocks == self.kept.blocks + 1

    def _keep(self, kept: Kept) -> None:
        self.kept = kept
        self.ends.append(kept.size)

    def _joined(self, join: Callable[[Path, Sequence[int], Path], None], made: Path) -> None:
        try:
            join(self.path, self.ends, made)
            with made.open("rb") as file:
                os.fsync(file.fileno())
        except BaseException:
            made.unlink(missing_ok=True)
            raise

    def _unwritten(self, error: OSError) -> RequestError:
        said = {"path": str(self.target), "reason": reason(error)}
        if not self.kept.rows:
            return refusal(RequestError, "answers", "unwritten", **said)
        return refusal(RequestError, "answers", "part.full", rows=self.kept.rows, **said)


def _put(file: BinaryIO, data: bytes) -> None:
    """Write, and wait until it is on the disk."""
    file.write(data)
    file.flush()
    os.fsync(file.fileno())


def _is_kept(values: dict[str, Any]) -> bool:
    """Whether the values of a line are such as we write."""
    if set(values) != set(asdict(Kept())) or not isinstance(values["gaps"], dict):
        return False
    counts = [*values["gaps"].values(), *(value for key, value in values.items() if key != "gaps")]
    return all(type(count) is int for count in counts)


def _line(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, sort_keys=True).encode() + b"\n"


def _locked(file: BinaryIO) -> bool:
    """Whether this run alone is at the file, from now until it is closed; systems without such locks are trusted."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
