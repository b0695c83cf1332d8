"""assay similar: which texts are nearest to this one?"""

from __future__ import annotations

import argparse
import json

from .options import common, reading, reading_options, tell
from .speech import helped, word

SHOWN = 160  # letters of a text


def options(parser: argparse.ArgumentParser, lang: str) -> None:
    """Options of the verb."""
    parser.add_argument("data", help=helped("table", lang))
    parser.add_argument("text", help=helped("similar.query", lang))
    parser.add_argument("--column", default="", metavar="COLUMN", help=helped("text_column", lang))
    parser.add_argument("--by", choices=("meaning", "words"), default="", help=helped("similar.by", lang))
    parser.add_argument("--encoder", default="", metavar="FOLDER", help=helped("encoder", lang))
    parser.add_argument("--most", type=int, default=5, help=helped("similar.most", lang))
    reading(parser, lang)
    common(parser, lang)


def run(parsed: argparse.Namespace) -> int:
    """Compare and print, the nearest first."""
    from assay.documents import similar

    wanted = reading_options(parsed)
    found, by = similar(
        parsed.data, parsed.text, parsed.column, max(1, parsed.most), parsed.by, parsed.encoder, **wanted
    )
    if parsed.json:
        rows = [{"row": near.row, "nearness": near.nearness, "text": near.text} for near in found]
        print(json.dumps({"by": by, "rows": rows}, ensure_ascii=False, indent=2))
        return 0
    tell(word("compared", parsed.lang, by=by))
    for near in found:
        text = near.text if len(near.text) <= SHOWN else near.text[: SHOWN - 1] + "…"
        print(f"{near.row:>8}  {near.nearness:6.3f}  {text}")
    return 0
