"""How does one file come whole over a network that may break?

What has come stands in FILE.part, and a connection that ends early is taken up from there, in this run or the next. FILE gets its name
once its SHA-256 is the one that was asked for, so what bears it is whole. Proxies are those that the environment names (HTTPS_PROXY).
"""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import assay

from ..kernel.errors import Part
from ..kernel.words import Say

PATIENCE = 30.0  # seconds without an answer, or without a byte
PIECE = 1 << 16  # bytes read at once
TRIES = 5  # of one address, as long as each brings something
GONE = 416  # what was asked to begin there ends before

Watch = Callable[[int, int], None]  # bytes that are here, bytes of the whole (0 where nobody says)


class NotCome(Exception):
    """None of the addresses gave the file; `reasons` says why of each."""

    def __init__(self, reasons: Sequence[Say]) -> None:
        super().__init__("; ".join(one.text() for one in reasons))
        self.reasons = tuple(reasons)


class _Missed(Exception):
    """This address did not give it, this time."""

    def __init__(self, why: Part) -> None:
        super().__init__(why)
        self.why = why


def download(addresses: Sequence[str], path: Path, sha256: str, most: int, watch: Watch | None = None) -> None:
    """Bring the file of that SHA-256 to `path`, from the first address that has it.

    most : bytes beyond which it cannot be the file

    Raises NotCome with the reason of each address, and OSError where the disk does not take it.
    """
    part = part_of(path)
    missed = []
    if part.exists() and hash_of(part) == sha256:  # all was there, but for its name
        os.replace(part, path)
        return
    for address in addresses:
        why = _brought(address, part, sha256, most, watch)
        if why is None:
            os.replace(part, path)
            return
        missed.append(Say("fetching", "from", {"host": urllib.parse.urlsplit(address).netloc, "why": why}))
    raise NotCome(missed)


def part_of(path: Path) -> Path:
    """Where a file is while it comes."""
    return path.with_name(f"{path.name}.part")


def size_of(path: Path) -> int:
    """Bytes of a file, 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


def hash_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _brought(address: str, part: Path, sha256: str, most: int, watch: Watch | None) -> Part | None:
    """Nothing once the file is whole; otherwise why it is not."""
    why: Part = ""
    for _ in range(TRIES):
        before = size_of(part)
        try:
            _pour(address, part, most, watch)
        except _Missed as missed:
            why = missed.why
            if size_of(part) <= before:
                return why
            continue
        found = hash_of(part)
        if found == sha256:
            return None
        part.unlink()
        why = Say("fetching", "other", {"found": found[:16], "wanted": sha256[:16]})
        if not before:  # else what was there before may be what is wrong: once more from the beginning
            return why
    return why


def _pour(address: str, part: Path, most: int, watch: Watch | None) -> None:
    """Add to the part what is lacking, or begin it anew where the server does not go on."""
    came = size_of(part)
    with _asked(address, came) as answer:
        if answer.status == GONE and came:
            part.unlink()
            return _pour(address, part, most, watch)
        if answer.status not in (200, 206):
            raise _Missed(f"HTTP {answer.status} {answer.reason}")
        goes_on = answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {came}-")
        came = came if goes_on else 0
        length = answer.headers.get("Content-Length", "")
        whole = came + int(length) if length.isdigit() else 0
        with part.open("ab" if goes_on else "wb") as file:
            while piece := _read(answer):
                came += len(piece)
                if came > most:
                    file.truncate(0)
                    raise _Missed(Say("fetching", "large", {"most": most // 1_000_000}))
                file.write(piece)
                if watch:
                    watch(came, whole)
    if came < whole:
        raise _Missed(Say("fetching", "cut", {"came": came, "whole": whole}))
    return None


def _asked(address: str, beginning: int) -> Any:
    """The answer to a request for all from a byte on; a proxy of the environment is asked anew each time."""
    wanted = {"User-Agent": f"assay/{assay.__version__}"} | ({"Range": f"bytes={beginning}-"} if beginning else {})
    try:
        opener = urllib.request.build_opener()
        return opener.open(urllib.request.Request(address, headers=wanted), timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        return error  # an answer all the same
    except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a proxy that is no address
        raise _Missed(_why(error)) from error


def _read(answer: Any) -> bytes:
    try:
        piece: bytes = answer.read(PIECE)
    except http.client.IncompleteRead as error:
        return error.partial
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _Missed(_why(error)) from error
    return piece


def _why(error: Exception) -> Part:
    """What the network said."""
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(inner, TimeoutError):
        return Say("fetching", "slow", {"seconds": int(PATIENCE)})
    said = inner.strerror if isinstance(inner, OSError) else None
    return said or str(inner).strip() or type(inner).__name__
