"""assay embed: a point for each text, for programs of one's own."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from .options import common, reading, reading_options, stem, tell, writable
from .speech import helped, word


def options(parser: argparse.ArgumentParser, lang: str) -> None:
    """Options of the verb."""
    parser.add_argument("data", help=helped("table", lang))
    parser.add_argument("--column", default="", metavar="COLUMN", help=helped("text_column", lang))
    parser.add_argument("--encoder", default="", metavar="FOLDER", help=helped("encoder", lang))
    parser.add_argument("-o", "--output", metavar="PATH", help=helped("embed.output", lang))
    reading(parser, lang)
    common(parser, lang)


def run(parsed: argparse.Namespace) -> int:
    """Encode and write."""
    path = writable(Path(parsed.output or f"{stem(parsed.data)}.npy"), parsed.data)
    from assay.documents import embed

    found = embed(parsed.data, parsed.column, parsed.encoder, **reading_options(parsed))
    found.save(path)
    n, width = found.points.shape
    if parsed.json:
        said = {"path": str(path), "rows": n, "width": width, "column": found.column, "by": found.by}
        print(json.dumps(said, ensure_ascii=False))
    tell(word("embedded", parsed.lang, path=str(path), n=n, width=width, column=found.column, by=found.by))
    return 0
