"""assay predict: answers for new rows."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from .options import common, reading, reading_options, tell, writable

EPILOG = """\
The written file has the id columns, then answer, p_CLASS for every class (or low and high for a value), set
(the answers that cannot be ruled out at the model's level) and notes (what is unusual about the row).

  assay predict loans.assay new.csv -o scored.csv
"""


def options(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.epilog = EPILOG
    parser.add_argument("model", help="a .assay file")
    parser.add_argument("data", help="rows to answer: CSV, Parquet, Excel, JSON lines, or a database URL")
    parser.add_argument("-o", "--output", metavar="PATH", help="CSV file to write (default: the screen)")
    reading(parser)
    common(parser)


def run(parsed: argparse.Namespace) -> int:
    """Answer, and write."""
    if parsed.output:
        writable(Path(parsed.output), parsed.model, parsed.data)
    import assay

    from .show import word

    answers = assay.load(parsed.model).predict(parsed.data, **reading_options(parsed))
    if parsed.json:
        print(json.dumps(answers.columns(parsed.lang), ensure_ascii=False, allow_nan=False))
    if parsed.output:
        answers.save(parsed.output, parsed.lang)
        tell(word("wrote_answers", parsed.lang, n=len(answers), path=parsed.output))
        noted = sum(bool(row) for row in answers.notes)
        if noted:
            tell(word("notes_count", parsed.lang, n=noted))
    elif not parsed.json:
        print(repr(answers))
    return 0
