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

Every message has three parts: what was seen, what was expected, what to do next. A part is a `Say` where people read
it (`kernel.words.refusal` makes all three), plain English where only a plug-in's author does. `str(error)` is English;
`error.text("zh")` is the same in Chinese.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Spoken(Protocol):
    """Whatever can be said in more than one language: a Say, an error, several sentences."""

    def text(self, lang: str = "en") -> str:
        """The words in `lang`."""
        ...


Part = str | Spoken  # a plain string is the same in every language


class Sentences:
    """Sentences one after the other; empty ones are left out."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = tuple(parts)

    def text(self, lang: str = "en") -> str:
        """All of them in `lang`; after a Chinese full stop there is no space."""
        out = ""
        for part in self.parts:
            said = part if isinstance(part, str) else part.text(lang)
            gap = " " if said and out and out[-1].isascii() else ""
            out += gap + said
        return out


class AssayError(Exception):
    """Base of everything Assay raises on purpose."""

    exit_code = 2

    def __init__(self, seen: Part, expected: Part = "", do: Part = "") -> None:
        super().__init__(seen, expected, do)
        self.said: tuple[Part, Part, Part] = (seen, expected, do)

    def parts(self, lang: str = "en") -> tuple[str, str, str]:
        """What was seen, what was expected and what to do next, in `lang`; the last two may be empty."""
        seen, expected, do = (Sentences([part]).text(lang) for part in self.said)
        return seen, expected, do

    def text(self, lang: str = "en") -> str:
        """The whole message in `lang`."""
        return Sentences(self.said).text(lang)

    def __str__(self) -> str:  # KeyError would otherwise print the repr of its argument
        return self.text()

    @property
    def seen(self) -> str:
        """What was seen, in English."""
        return self.parts()[0]

    @property
    def expected(self) -> str:
        """What was expected, in English."""
        return self.parts()[1]

    @property
    def do(self) -> str:
        """What to do next, in English."""
        return self.parts()[2]


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

    say : the reason as a `Say`, where it is to be read in more than one language; `seen` itself may be one
    """

    def __init__(self, seen: Part, expected: Part = "", do: Part = "", *, say: Spoken | None = None) -> None:
        super().__init__(seen, expected, do)
        self.say = say if say is not None else None if isinstance(seen, str) else seen
