"""assay report: what did the checks say, to be read?"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from .options import common, tell, writable
from .speech import helped, word


def options(parser: argparse.ArgumentParser, lang: str) -> None:
    """Options of the verb."""
    parser.add_argument("model", help=helped("model", lang))
    parser.add_argument("-o", "--output", metavar="PATH", help=helped("report.output", lang))
    common(parser, lang)


def run(parsed: argparse.Namespace) -> int:
    """Write, or print the verdicts."""
    if parsed.output:
        writable(Path(parsed.output), parsed.model)
    import assay

    from .show import findings_text

    report = assay.load(parsed.model).report
    if parsed.output:
        report.save(parsed.output, parsed.lang)
        tell(word("wrote_report", parsed.lang, report=parsed.output))
    if parsed.json:
        print(json.dumps(report.structured(), ensure_ascii=False, allow_nan=False))
    elif not parsed.output:
        print(findings_text(report.content.findings, parsed.lang))
    return 0
