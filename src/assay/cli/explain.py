"""assay explain: why is one row answered as it is?"""

from __future__ import annotations

import argparse
import json

from .options import common, reading, reading_options

EPILOG = """\
Each part's pull is in the unit of the score (log-odds of the answer, or the target's own unit); with the base
they add up to the score exactly.

  assay explain loans.assay new.csv --row 3
  assay explain loans.assay new.csv --row 3 --class default
"""


def options(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.epilog = EPILOG
    parser.add_argument("model", help="a .assay file")
    parser.add_argument("data", help="a table that holds the row")
    parser.add_argument("--row", type=int, default=1, help="which row, counted from 1 (default: 1)")
    parser.add_argument(
        "--class", dest="label", default="", help="explain the pull on this class (default: the answer)"
    )
    parser.add_argument("--most", type=int, default=0, help="show only the strongest parts")
    reading(parser)
    common(parser)


def run(parsed: argparse.Namespace) -> int:
    """Explain."""
    import assay

    found = assay.load(parsed.model).explain(parsed.data, parsed.row, parsed.label, **reading_options(parsed))
    if parsed.json:
        print(json.dumps(found.to_json(), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        print(found.text(parsed.lang, parsed.most))
    return 0
