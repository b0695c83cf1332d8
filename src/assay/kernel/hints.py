"""Which hints and refusals do many rooms share?

The closest name, a listing that stops before it becomes a wall, a name nobody bears, and why the system said no: each
as something that is said in the reader's language.
"""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable, Sequence

from .errors import DataError, Part, UnknownKey
from .words import Say, refusal

REASONS = ("ENOENT", "EACCES", "EPERM", "EISDIR", "ENOTDIR", "EEXIST", "ENOSPC", "EROFS", "ENAMETOOLONG")


def did_you_mean(name: str, known: Iterable[str]) -> Say | None:
    """The closest known name as a question, or nothing.

    >>> did_you_mean("defualt", ["default", "age"]).text()
    "Did you mean 'default'?"
    """
    names = [str(k) for k in known]
    folded = {k.casefold().strip(): k for k in names}
    close = difflib.get_close_matches(name.casefold().strip(), list(folded), n=1, cutoff=0.6)
    return Say("kernel", "did_you_mean", {"name": folded[close[0]]}) if close else None


def listing(names: Iterable[object], most: int = 12) -> Say:
    """A list of names that stops before it becomes a wall.

    >>> listing(["a", "b", "c"], most=2).text()
    'a, b … (3 in all)'
    """
    texts = [str(name) for name in names]
    if len(texts) <= most:
        return Say("kernel", "listing", {"names": texts})
    return Say("kernel", "listing_cut", {"names": texts[:most], "n": len(texts)})


def unknown(thing: str, name: str, known: Sequence[str], most: int = 12, also: Sequence[str] = ()) -> UnknownKey:
    """The error for a name that is not among the known ones, of which `most` are listed; `thing` is "column", "kind" or a room of plug-ins.

    also : names that would do, too, and may be the one that was meant; they are not listed
    """
    what = Say("kernel", f"thing.{thing}")
    hint: Part = did_you_mean(name, (*known, *also)) or ""
    return refusal(UnknownKey, "kernel", "unknown", expected=hint, thing=what, name=name, known=listing(known, most))


def no_rows(name: str, rows: int) -> DataError:
    """The error for a table too short to learn from."""
    return refusal(DataError, "kernel", "no_rows", name=name, rows=rows)


def reason(error: OSError) -> Part:
    """Why the system said no; what is not among the usual reasons, in the system's own words."""
    code = errno.errorcode.get(error.errno or 0, "")
    return Say("kernel", f"reason.{code}") if code in REASONS else error.strerror or type(error).__name__
