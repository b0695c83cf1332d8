"""What can go wrong, and in which words is it said?

AssayError                      everything Assay raises on purpose
├── RequestError (ValueError)   the request cannot be met as it stands        exit code 2
│   ├── DataError               the data cannot be read or used
│   ├── SettingError            a setting is out of its range
│   ├── UnknownKey (KeyError)   no plug-in, column or option of that name
│   └── MissingPackage (ImportError)   an optional package is not installed
├── BundleError                 a .assay file is refused                      exit code 2
│   ├── BundleTruncated         it ends too early, or is no bundle at all
│   ├── BundleTampered          a part is not what the manifest says
│   ├── BundleOversized         a part is larger than allowed
│   ├── BundleForeign           it names a part or key that this program does not know
│   └── BundleInvalid           a part is whole but makes no sense
├── PluginFault                 a plug-in broke its contract                  exit code 3
└── DoesNotApply                not an error: an answer ("fewer than 100 rows")

Every message has three parts: what was seen, what was expected, what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class AssayError(Exception):
    """Base of everything Assay raises on purpose."""

    exit_code = 2

    def __init__(self, seen: str, expected: str = "", do: str = "") -> None:
        self.seen, self.expected, self.do = seen, expected, do
        super().__init__(" ".join(part for part in (seen, expected, do) if part))

    def __str__(self) -> str:  # KeyError would otherwise print the repr of its argument
        return str(self.args[0]) if self.args else ""


class RequestError(AssayError, ValueError):
    """The request cannot be met as it stands."""


class DataError(RequestError):
    """The data cannot be read or used."""


class SettingError(RequestError):
    """A setting is out of its range."""


class UnknownKey(RequestError, KeyError):
    """There is no plug-in, column or option of that name."""


class MissingPackage(RequestError, ImportError):
    """An optional package is not installed."""


class BundleError(AssayError):
    """A .assay file is refused."""


class BundleTruncated(BundleError):
    """The file ends too early, or is no bundle at all."""


class BundleTampered(BundleError):
    """A part is not what the manifest says it is."""


class BundleOversized(BundleError):
    """A part is larger than allowed."""


class BundleForeign(BundleError):
    """The file names a part, key or version this program does not know."""


class BundleInvalid(BundleError):
    """A part is whole and untouched but makes no sense."""


class PluginFault(AssayError):
    """A plug-in broke its contract."""

    exit_code = 3


class DoesNotApply(AssayError):
    """An answer, not an error: the question cannot be put to this data or model.

    say : the reason as a `Say`, where it is to be read in more than one language
    """

    def __init__(self, seen: str, expected: str = "", do: str = "", *, say: object = None) -> None:
        super().__init__(seen, expected, do)
        self.say = say


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The closest known name as a sentence, or nothing.

    >>> did_you_mean("defualt", ["default", "age"])
    "Did you mean 'default'?"
    """
    names = [str(k) for k in known]
    folded = {k.casefold().strip(): k for k in names}
    close = difflib.get_close_matches(name.casefold().strip(), list(folded), n=1, cutoff=0.6)
    return f"Did you mean '{folded[close[0]]}'?" if close else ""


def listing(names: Sequence[str], most: int = 12) -> str:
    """A comma-separated list that stops before it becomes a wall.

    >>> listing(["a", "b", "c"], most=2)
    'a, b … (3 in all)'
    """
    if len(names) <= most:
        return ", ".join(names)
    return ", ".join(names[:most]) + f" … ({len(names)} in all)"


def unknown(what: str, name: str, known: Sequence[str]) -> UnknownKey:
    """The error for a name that is not among the known ones."""
    hint = did_you_mean(name, known)
    return UnknownKey(f"There is no {what} '{name}'.", hint, f"Known: {listing(list(known))}.")


def no_rows(name: str, rows: int) -> DataError:
    """The error for a table too short to learn from."""
    return DataError(
        f"{name} has {rows} row{'' if rows == 1 else 's'} of data.",
        "Learning needs two at the very least, and intervals worth reading need a hundred.",
        "Check that the file is the right one and that its rows were read.",
    )
