"""How much memory may this run use, and how much does it hold?

A limit is said in bytes: "4GB" is 4·10⁹ and "4GiB" is 4·2³⁰, so that a promise kept in the stricter unit is kept in both.
What is available is the least of what the machine and the control groups around the process (version 1 or 2) leave.
"""

from __future__ import annotations

import ctypes
import gc
import math
import os
import re
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

SHARE = 0.5  # of what is available, where no limit is asked for
UNKNOWN = 4 * 10**9  # bytes taken to be available where the system does not say
UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "KI": 2**10, "MI": 2**20, "GI": 2**30, "TI": 2**40}
AMOUNT = re.compile(r"\s*(\d+(?:\.\d*)?)\s*([KMGT]I?|)B?\s*", re.IGNORECASE)
GROUPS = Path("/sys/fs/cgroup")
_room: ContextVar[float] = ContextVar("room", default=math.inf)


def bytes_of(said: str | float) -> int | None:
    """The bytes an amount such as "4GB", "800 MB" or 4e9 stands for; None where it is no amount above zero.

    >>> bytes_of("4GB"), bytes_of("1.5GiB"), bytes_of("much")
    (4000000000, 1610612736, None)
    """
    found = AMOUNT.fullmatch(said if isinstance(said, str) else f"{said:.0f}")
    amount = int(float(found[1]) * UNITS[found[2].upper()]) if found else 0
    return amount or None


def said(amount: float) -> str:
    """Bytes as people read them.

    >>> said(800_000_000), said(4e9)
    ('800 MB', '4 GB')
    """
    return f"{amount / 1e9:.3g} GB" if amount >= 1e9 else f"{amount / 1e6:.0f} MB"


def available() -> int:
    """Bytes this process may still take before the system must refuse or kill."""
    return min([_machine(), *_groups()])


def room() -> float:
    """Bytes the caller may take besides what is held; endless where nobody above has set a limit."""
    return _room.get()


@contextmanager
def within(amount: float) -> Iterator[None]:
    """Inside, `room()` is `amount`; work side by side is given its share of it.

    >>> with within(1e6):
    ...     room()
    1000000.0
    """
    token = _room.set(float(max(0.0, amount)))
    try:
        yield
    finally:
        _room.reset(token)


def held() -> int:
    """Bytes this process holds now."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return peak()
    return pages * resource.getpagesize()


def peak() -> int:
    """The most bytes this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def give_back(collect: bool = True) -> None:
    """Ask the allocators to return to the system what nobody holds any more; a peak that follows starts lower.

    collect : also look for what only holds itself, which takes a tenth of a second: not after every block
    """
    if collect:
        gc.collect()
    if "pyarrow" in sys.modules:
        sys.modules["pyarrow"].default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None  # glibc has it
    if trim is not None:
        trim(0)


def _machine() -> int:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (OSError, ValueError):
        return UNKNOWN


def _groups() -> Iterator[int]:
    """What each control group around the process leaves: its limit less what it holds and could not give back."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        root = GROUPS if not controllers else GROUPS / "memory"
        names = ("memory.max", "memory.current", "inactive_file")
        if controllers:
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        place = root / path.lstrip("/")
        for folder in (place, *place.parents):
            if (left := _left(folder, *names)) is not None:
                yield left
            if folder == root:
                break


def _left(folder: Path, limit: str, used: str, given_back: str) -> int | None:
    try:
        most, now = int((folder / limit).read_text()), int((folder / used).read_text())
        stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return max(0, most - now + int(stat.get(given_back, 0)))
    except (OSError, ValueError):  # no such group here, or "max": no limit
        return None
