"""assay export: the model as ONNX, checked against its own answers."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from .options import common, reading, reading_options, tell, writable
from .speech import helped, word


def options(parser: argparse.ArgumentParser, lang: str) -> None:
    """Options of the verb."""
    parser.add_argument("model", help=helped("model", lang))
    parser.add_argument("output", help=helped("export.output", lang))
    parser.add_argument("data", nargs="?", help=helped("export.data", lang))
    reading(parser, lang)
    common(parser, lang)


def run(parsed: argparse.Namespace) -> int:
    """Write, check, and say what was checked."""
    path = writable(Path(parsed.output), parsed.model, parsed.data)
    import assay

    found = assay.load(parsed.model).export(path, parsed.data, **reading_options(parsed))
    what = found.checked.text(parsed.lang)
    if parsed.json:
        said = {"path": str(found.path), "rows": found.rows, "largest": found.largest, "bytes": found.bytes}
        more = {"checked": found.checked.to_json(), "keeping": list(found.keeping)}
        print(json.dumps(said | more, ensure_ascii=False, allow_nan=False))
    size = f"{found.bytes / 1e6:.2f} MB"
    tell(word("exported", parsed.lang, path=str(path), size=size, rows=found.rows, what=what, largest=found.largest))
    if found.keeping:
        tell(word("exported_rows", parsed.lang, learners=list(found.keeping)))
    return 0
