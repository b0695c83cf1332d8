"""Which published data sets are known by name, and where is each?

The one table of addresses in the house. Each archive is read as it was published, nothing is unpacked; its SHA-256 is the one that
scikit-learn (20 Newsgroups) and tensorflow-datasets (IMDB) hold, so that whoever sends it, it is the file that papers measure on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ..kernel.hints import unknown
from ..kernel.words import Say


@dataclass(frozen=True, kw_only=True)
class Published:
    """One archive of texts, one folder a class, with its published halves."""

    key: str
    file: str  # the name it was published under
    addresses: tuple[str, ...]  # tried in order
    sha256: str
    megabytes: int
    train: str  # the folder in it to learn from
    test: str  # the folder in it to measure on

    @property
    def title(self) -> Say:
        """What it is called."""
        return Say("fetching", f"{self.key}.title")

    @property
    def what(self) -> Say:
        """What is in it."""
        return Say("fetching", f"{self.key}.what")

    @property
    def terms(self) -> Say:
        """Whose it is, what is known of its licence, and what to cite."""
        return Say("fetching", f"{self.key}.terms")


PUBLISHED: Mapping[str, Published] = MappingProxyType(
    {
        one.key: one
        for one in (
            Published(
                key="20newsgroups",
                file="20news-bydate.tar.gz",
                addresses=(
                    "http://qwone.com/~jason/20Newsgroups/20news-bydate.tar.gz",
                    "https://ndownloader.figshare.com/files/5975967",
                ),
                sha256="8f1b2514ca22a5ade8fbb9cfa5727df95fa587f4c87b786e15c759fa66d95610",
                megabytes=14,
                train="20news-bydate-train",
                test="20news-bydate-test",
            ),
            Published(
                key="imdb",
                file="aclImdb_v1.tar.gz",
                addresses=("https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",),
                sha256="c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
                megabytes=84,
                train="train",
                test="test",
            ),
        )
    }
)


def published(name: str) -> Published:
    """The data set of a name. Raises UnknownKey with the closest one."""
    if name not in PUBLISHED:
        raise unknown("published", name, tuple(PUBLISHED))
    return PUBLISHED[name]


def meant_by(path: Path) -> Published | None:
    """The data set that a path to nothing asks for: by its name, its archive, or a folder in its archive.

    >>> [meant_by(Path(p)).key for p in ("imdb", "data/aclImdb_v1.tar.gz/train")], meant_by(Path("loans.csv"))
    (['imdb', 'imdb'], None)
    """
    parts = set(path.parts)
    return next((one for one in PUBLISHED.values() if path.name == one.key or one.file in parts), None)
