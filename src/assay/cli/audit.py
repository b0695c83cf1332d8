"""assay audit: do the figures hold on new labelled rows?"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from .options import common, reading, reading_options, writable

EPILOG = """\
Puts the same checks to the model, on rows it has never seen.

  assay audit loans.assay june.csv
  assay audit loans.assay june.csv -o june.html --limit 'quality.auc>=0.75'
"""


def options(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.epilog = EPILOG
    parser.add_argument("model", help="a .assay file")
    parser.add_argument("data", help="rows whose answer is known")
    parser.add_argument("-o", "--output", metavar="PATH", help="write a report: .html, .md or .json")
    parser.add_argument("--limit", action="append", default=[], metavar="LIMIT",
                        help="a promise such as 'quality.auc>=0.8'; exit code 1 if it is broken")  # fmt: skip
    parser.add_argument("--minutes", type=float, default=5.0, help="time for the checks (default: 5)")
    reading(parser)
    common(parser)


def run(parsed: argparse.Namespace) -> int:
    """Audit, and report."""
    if parsed.output:
        writable(Path(parsed.output), parsed.model, parsed.data)
    import assay

    from .show import Progress, findings_text, word

    progress = Progress(parsed.lang)
    found = assay.audit(
        parsed.model, parsed.data, parsed.limit, tell=progress.check, minutes=parsed.minutes, **reading_options(parsed)
    )
    progress.done()
    if parsed.output:
        found.report.save(parsed.output, parsed.lang)
    if parsed.json:
        print(json.dumps(found.report.structured(), ensure_ascii=False, allow_nan=False))
    else:
        print(findings_text(found.findings, parsed.lang))
        if found.broken_limits:
            print(word("limits", parsed.lang, n=found.broken_limits))
        if parsed.output:
            print(word("wrote_report", parsed.lang, report=parsed.output))
    return 1 if found.broken_limits else 0
