"""assay fetch: a published data set, beside you as a file."""

from __future__ import annotations

import argparse
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from .options import common, tell, writable
from .speech import helped, word

if TYPE_CHECKING:
    from assay.fetching.published import Published


def options(parser: argparse.ArgumentParser, lang: str) -> None:
    """Options of the verb."""
    parser.add_argument("name", nargs="?", metavar="NAME", help=helped("fetch.name", lang))
    parser.add_argument("-o", "--output", default=".", metavar="PATH", help=helped("fetch.output", lang))
    common(parser, lang)


def run(parsed: argparse.Namespace) -> int:
    """Fetch, check, and say how to go on; without a name, list what there is."""
    from assay.fetching.download import part_of, size_of
    from assay.fetching.fetch import fetch, place_of
    from assay.fetching.published import published

    if not parsed.name:
        _list(parsed)
        return 0
    data = published(parsed.name)
    path = place_of(data, parsed.output)
    there = path.exists()
    writable(path)
    from .show import Arriving, commands

    arriving = Arriving(parsed.lang)
    try:
        fetch(parsed.name, path, watch=arriving.more)
    except KeyboardInterrupt:
        arriving.done()
        if come := size_of(part_of(path)):
            tell(f"\n{word('kept_part', parsed.lang, mb=come / 1e6)}")
        raise
    arriving.done()
    further = _next(data, path)
    if parsed.json:
        said = {"path": str(path), "bytes": path.stat().st_size, "sha256": data.sha256, "next": further}
        print(json.dumps(said, ensure_ascii=False))
        return 0
    said_of = {"path": str(path), "title": data.title, "mb": path.stat().st_size / 1e6}
    print(word("was_there" if there else "fetched", parsed.lang, **said_of))
    print(data.terms.text(parsed.lang))
    print(f"\n{word('next', parsed.lang)}")
    print(commands([further], parsed.lang))
    return 0


def _next(data: Published, path: Path) -> str:
    """The command that trains on its first half and measures on its second."""
    train, test = (shlex.quote(str(path / part)) for part in (data.train, data.test))
    return f"assay train {train} --target label --test {test} --minutes 5 -o {data.key}.assay"


def _list(parsed: argparse.Namespace) -> None:
    from assay.fetching.published import PUBLISHED
    from assay.kernel.words import pad

    from .show import commands

    if parsed.json:
        known = [{"name": key, "url": one.addresses[0], "sha256": one.sha256} for key, one in PUBLISHED.items()]
        print(json.dumps(known, ensure_ascii=False))
        return
    for key, one in PUBLISHED.items():
        print(f"  {pad(key, 14)} {one.megabytes:>4} MB  {one.what.text(parsed.lang)}")
    print(f"\n{word('next', parsed.lang)}")
    print(commands([f"assay fetch {key}" for key in PUBLISHED], parsed.lang))
