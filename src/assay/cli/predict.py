"""assay predict: answers for new rows, however many."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assay.kernel.errors import RequestError
from assay.kernel.words import refusal

from .options import common, reading, reading_options, tell, writable
from .speech import helped, word

if TYPE_CHECKING:
    from assay.model import Model


def options(parser: argparse.ArgumentParser, lang: str) -> None:
    """Options of the verb."""
    parser.add_argument("model", help=helped("model", lang))
    parser.add_argument("data", help=helped("predict.data", lang))
    parser.add_argument("-o", "--output", metavar="PATH", help=helped("predict.output", lang))
    parser.add_argument("--resume", action="store_true", help=helped("predict.resume", lang))
    parser.add_argument("--draw", default="", metavar="FOLDER", help=helped("predict.draw", lang))
    parser.add_argument("--least", type=float, default=None, metavar="P", help=helped("predict.least", lang))
    reading(parser, lang)
    common(parser, lang)


def run(parsed: argparse.Namespace) -> int:
    """Answer, and write."""
    if parsed.output == "-":
        parsed.output = None
    if parsed.output:
        writable(Path(parsed.output), parsed.model, parsed.data)
    if parsed.least is not None and not 0.0 <= parsed.least <= 1.0:
        raise refusal(RequestError, "answers", "least", value=str(parsed.least))
    import assay
    from assay.stats.box_sets import BoxSets

    model = assay.load(parsed.model)
    special = parsed.json or parsed.draw or parsed.least is not None or isinstance(model.conformal, BoxSets)
    if parsed.output and not special:
        return _streamed(parsed, model)
    if parsed.resume:
        raise refusal(RequestError, "cli", "no_resume")
    return _at_once(parsed, model)


def _streamed(parsed: argparse.Namespace, model: Model) -> int:
    """Into a file, block by block."""
    from assay.streaming import answer_file

    from .show import Answering

    answering = Answering(parsed.lang)
    digest = hashlib.sha256(Path(parsed.model).read_bytes()).hexdigest()
    asked = {"lang": parsed.lang, "resume": parsed.resume, "known_as": digest}
    try:
        found = answer_file(model, parsed.data, parsed.output, tell=answering.more, **asked, **reading_options(parsed))
    except KeyboardInterrupt:
        answering.done()
        if answering.rows:
            tell(f"\n{word('kept_rows', parsed.lang, n=answering.rows)}")
        raise
    answering.done()
    if found.refused:
        tell(word("refused", parsed.lang, n=found.refused))
    _told(parsed, found.rows, found.noted)
    _gaps_told(parsed, found.gaps)
    return 0


def _told(parsed: argparse.Namespace, rows: int, noted: int) -> None:
    tell(word("wrote_answers", parsed.lang, n=rows, path=parsed.output))
    if noted:
        tell(word("notes_count", parsed.lang, n=noted))


def _gaps_told(parsed: argparse.Namespace, found: Mapping[str, int]) -> None:
    from assay.answers.gaps import counted

    for say in counted(found):
        tell(say.text(parsed.lang))


def _at_once(parsed: argparse.Namespace, model: Model) -> int:
    """On the screen, into a pipe, as JSON, or onto pictures."""
    from assay.answers.boxes import BoxAnswers
    from assay.answers.gaps import gaps

    rows = model.reading(parsed.data, **reading_options(parsed))
    answers = model.predict(rows)
    if isinstance(answers, BoxAnswers):
        answers = answers if parsed.least is None else replace(answers, least=parsed.least)
    elif option := "draw" if parsed.draw else "least" if parsed.least is not None else "":
        raise refusal(RequestError, "answers", "no_boxes", option=option)
    if rows.source.rows_refused:
        tell(word("refused", parsed.lang, n=rows.source.rows_refused))
    if parsed.draw and isinstance(answers, BoxAnswers):
        tell(word("drawn_boxes", parsed.lang, n=len(answers.draw(parsed.draw)), path=parsed.draw))
    if parsed.json:
        print(json.dumps(answers.columns(parsed.lang), ensure_ascii=False, allow_nan=False))
    if parsed.output:
        answers.save(parsed.output, parsed.lang)
        _told(parsed, len(answers), sum(map(bool, answers.notes)))
    elif not parsed.json and sys.stdout.isatty():
        print(answers.text(parsed.lang))
    elif not parsed.json:  # into a pipe or a file: every row, as CSV
        answers.write(sys.stdout, parsed.lang)
    _gaps_told(parsed, gaps(answers.notes))
    return 0
