"""assay counterfactual: what would have to be otherwise for another answer?"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from .options import common, reading, reading_options, tell, writable
from .speech import helped, word


def options(parser: argparse.ArgumentParser, lang: str) -> None:
    """Options of the verb."""
    parser.add_argument("model", help=helped("model", lang))
    parser.add_argument("data", help=helped("explain.data", lang))
    parser.add_argument("--row", type=int, default=1, help=helped("row", lang))
    parser.add_argument("--to", default="", metavar="ANSWER", help=helped("to", lang))
    for name in ("immutable", "increase-only", "decrease-only"):
        key = name.replace("-", "_")
        parser.add_argument(f"--{name}", action="append", default=[], metavar="COLUMNS", help=helped(key, lang))
    parser.add_argument("--most", type=int, default=3, help=helped("counterfactual.most", lang))
    parser.add_argument("-o", "--output", metavar="PATH", help=helped("counterfactual.output", lang))
    reading(parser, lang)
    common(parser, lang)


def run(parsed: argparse.Namespace) -> int:
    """Search, and print."""
    if parsed.output:
        writable(Path(parsed.output), parsed.model, parsed.data)
    import assay

    found = assay.load(parsed.model).counterfactual(
        parsed.data,
        parsed.row,
        parsed.to,
        parsed.immutable,
        parsed.increase_only,
        parsed.decrease_only,
        parsed.most,
        **reading_options(parsed),
    )
    if parsed.json:
        print(json.dumps(found.to_json(parsed.lang), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        print(found.text(parsed.lang))
    if parsed.output:
        found.save(parsed.output, parsed.lang)
        tell(word("wrote_ways", parsed.lang, n=len(found), path=parsed.output))
    return 0
