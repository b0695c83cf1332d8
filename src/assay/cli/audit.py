"""assay audit: do the figures hold on new labelled rows?"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from .options import common, reading, reading_options, writable
from .speech import helped, word


def options(parser: argparse.ArgumentParser, lang: str) -> None:
    """Options of the verb."""
    parser.add_argument("model", help=helped("model", lang))
    parser.add_argument("data", help=helped("audit.data", lang))
    parser.add_argument("-o", "--output", metavar="PATH", help=helped("audit.output", lang))
    parser.add_argument("--limit", action="append", default=[], metavar="LIMIT",
                        help=helped("limit", lang))  # fmt: skip
    parser.add_argument("--training", metavar="DATA", help=helped("audit.training", lang))
    parser.add_argument("--minutes", type=float, default=5.0, help=helped("audit.minutes", lang))
    reading(parser, lang)
    common(parser, lang)


def run(parsed: argparse.Namespace) -> int:
    """Audit, and report."""
    if parsed.output:
        writable(Path(parsed.output), parsed.model, parsed.data)
    import assay

    from .show import Progress, findings_text

    progress = Progress(parsed.lang)
    found = assay.audit(
        parsed.model,
        parsed.data,
        parsed.limit,
        tell=progress.check,
        minutes=parsed.minutes,
        training=parsed.training,
        **reading_options(parsed),
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
