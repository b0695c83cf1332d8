"""How does a published data set come to be a file beside you?

Fetched once: a file that is there is checked, never written over. Where no network gives it, the error names the address to fetch it
from by hand and where to put it.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..kernel.errors import DataError, RequestError, Sentences
from ..kernel.hints import reason
from ..kernel.words import Say, refusal
from .download import NotCome, Watch, download, hash_of, part_of, size_of
from .published import Published, published


def fetch(name: str, to: str | os.PathLike[str] = ".", *, watch: Watch | None = None) -> Path:
    """The published archive of a data set, downloaded and checked unless it is there already.

    name  : "20newsgroups" or "imdb"
    to    : a folder, or the file to write
    watch : told the bytes that are here and the bytes of the whole

    Raises UnknownKey for another name, RequestError where it cannot be had or written, DataError where another file is in its place.
    """
    data = published(name)
    path = place_of(data, to)
    try:
        if path.exists():
            _checked(data, path)
        else:
            download(data.addresses, path, data.sha256, 2_000_000 * data.megabytes, watch)
    except NotCome as error:
        by_hand = Say("fetching", "by_hand", {"url": data.addresses[0], "path": str(path)})
        again = [Say("fetching", "again", {"mb": come / 1e6})] if (come := size_of(part_of(path))) else []
        do = Sentences([*again, by_hand])
        raise refusal(
            RequestError, "fetching", "not_fetched", do=do, title=data.title, reasons=list(error.reasons)
        ) from error
    except OSError as error:
        raise refusal(RequestError, "fetching", "unwritable", path=str(path), reason=reason(error)) from error
    return path


def place_of(data: Published, to: str | os.PathLike[str] = ".") -> Path:
    """The file a data set is written to: in a folder under the name it was published with."""
    path = Path(to).expanduser()
    return path / data.file if path.is_dir() else path


def _checked(data: Published, path: Path) -> None:
    found = hash_of(path)
    if found != data.sha256:
        values = {"path": str(path), "found": found[:16], "wanted": data.sha256[:16]}
        raise refusal(DataError, "fetching", "another", title=data.title, **values)
