"""assay report: what did the checks say, to be read?"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from assay.kernel.errors import RequestError
from assay.kernel.words import refusal

from .options import common, tell, writable
from .speech import helped, word

if TYPE_CHECKING:
    from assay.model import Model
    from assay.report.frame import Frame

SCORECARD = "scorecard"  # the name after --as that is no technical file
ONLY_WITH_FRAME = ("answers", "template", "keep")


def options(parser: argparse.ArgumentParser, lang: str) -> None:
    """Options of the verb."""
    parser.add_argument("model", help=helped("model", lang))
    parser.add_argument("-o", "--output", metavar="PATH", help=helped("report.output", lang))
    parser.add_argument("--as", dest="frame", metavar="NAME", help=helped("report.as", lang))
    parser.add_argument("--answers", metavar="FILE", help=helped("report.answers", lang))
    parser.add_argument("--template", metavar="FILE", help=helped("report.template", lang))
    parser.add_argument("--keep", metavar="PATH", help=helped("report.keep", lang))
    common(parser, lang)


def run(parsed: argparse.Namespace) -> int:
    """Write, or print the verdicts."""
    if parsed.frame and parsed.frame != SCORECARD:
        return _technical(parsed)
    alone = [f"--{name}" for name in ONLY_WITH_FRAME if getattr(parsed, name)]
    if alone:
        raise refusal(RequestError, "cli", "no_frame_named", options=alone)
    if parsed.output:
        writable(Path(parsed.output), parsed.model)
    import assay
    from assay.kernel.findings import MADE_BY

    from .show import findings_text

    if parsed.frame:
        return _scorecard(parsed)
    model = assay.load(parsed.model)
    report = model.report
    if parsed.output:
        report.save(parsed.output, parsed.lang)
        tell(word("wrote_report", parsed.lang, report=parsed.output))
    if parsed.json:
        print(json.dumps(report.structured(), ensure_ascii=False, allow_nan=False))
    elif not parsed.output:
        print(findings_text(model.findings, parsed.lang, MADE_BY))
        if model.tested:
            print(f"\n{word('tested', parsed.lang)}\n{findings_text(model.tested, parsed.lang, MADE_BY)}")
    return 0


def _scorecard(parsed: argparse.Namespace) -> int:
    """The points of an additive model: written, or printed as CSV."""
    import assay

    card = assay.load(parsed.model).scorecard
    if parsed.output:
        card.save(parsed.output, parsed.lang)
        tell(word("wrote_report", parsed.lang, report=parsed.output))
    if parsed.json:
        print(json.dumps(card.structured(), ensure_ascii=False, allow_nan=False))
    elif not parsed.output:
        print(card.csv(parsed.lang), end="")
    return 0


def _technical(parsed: argparse.Namespace) -> int:
    """A technical file: written, or its clauses printed with where each stands."""
    if parsed.keep and not parsed.answers:
        raise refusal(RequestError, "cli", "nothing_to_keep")
    for path in (parsed.output, parsed.template):
        if path:
            writable(Path(path), parsed.model, parsed.answers)
    if parsed.keep:
        writable(Path(parsed.keep), parsed.answers, parsed.output, parsed.template)
    from assay.report.frame import frame

    asked = frame(parsed.frame)
    model = _told(parsed, asked)
    if parsed.template:
        from assay.answers.written import whole
        from assay.report.statements import template_text

        lines = [template_text(asked, parsed.lang, model.statements)]
        whole(Path(parsed.template), lambda handle: handle.writelines(lines))
        tell(word("wrote_report", parsed.lang, report=parsed.template))
    report = model.report.technical(asked.key)
    if parsed.output:
        report.save(parsed.output, parsed.lang)
        tell(word("wrote_report", parsed.lang, report=parsed.output))
    if parsed.json:
        print(json.dumps(report.structured(), ensure_ascii=False, allow_nan=False))
    elif not parsed.output and not parsed.template:
        from .show import clauses_text

        print(clauses_text(report.file, parsed.lang))
    return 0


def _told(parsed: argparse.Namespace, asked: Frame) -> Model:
    """The model with the answers that were given, kept in a file where that was asked for."""
    import assay

    model = assay.load(parsed.model)
    if not parsed.answers:
        return model
    from assay.report.statements import read

    model = model.keeping(read(parsed.answers, asked))
    if parsed.keep:
        model.save(parsed.keep, examples=True)  # what was left out of the file stays out
        tell(word("wrote_report", parsed.lang, report=parsed.keep))
    return model
