"""assay train: a table in, a model with its assay out."""

from __future__ import annotations

import argparse
import json
import shlex
from pathlib import Path
from typing import Any

from assay.kernel.clock import Clock
from assay.kernel.errors import RequestError, did_you_mean, listing

from .options import common, reading, reading_options, stem, tell, wished, wishes, writable

EPILOG = """\
Writes NAME.assay (the model, one file that holds no code) and NAME.html (the report) beside you; -o names
another place. Ctrl-C ships the best so far; a killed run goes on with --resume.

  assay train loans.csv --target default --minutes 2
  assay train loans.csv --target default --test june.csv --limit 'quality.auc>=0.75'
  assay train visits.csv --target readmitted --group patient --sensitive sex
"""


def options(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.epilog = EPILOG
    wishes(parser)
    parser.add_argument("-o", "--output", metavar="PATH", help="the model file (default: NAME.assay in this folder)")
    parser.add_argument("--test", metavar="DATA", help="labelled rows of your own, measured beside")
    parser.add_argument("--limit", action="append", default=[], metavar="LIMIT",
                        help="a promise such as 'quality.auc>=0.8'; exit code 1 if it is broken")  # fmt: skip
    parser.add_argument("--readable", action="store_true", help="ship the best model a person can read")
    parser.add_argument("--resume", action="store_true", help="go on with a killed run")
    reading(parser)
    common(parser)


def run(parsed: argparse.Namespace) -> int:
    """Train, save, report."""
    clock = Clock.start(60 * max(parsed.minutes, 0.0))  # reading the libraries is part of the budget
    path = writable(Path(parsed.output or f"{stem(parsed.data)}.assay"), parsed.data, parsed.test)
    report = writable(path.with_suffix(".html"), parsed.data, parsed.test)
    if report == path:
        raise RequestError(
            f"{path} is the name of a report.",
            f"The model needs a file of its own, such as {path.with_suffix('.assay')}; the report goes beside it.",
            "Name the model with -o.",
        )
    journal = path.with_name(f"{path.stem}.run")
    import assay
    from assay.api import Watch

    from .show import Progress, plan_text, word

    progress = Progress(parsed.lang)
    test = _test(parsed)

    def planned(plan: Any) -> None:
        if not parsed.resume:
            _forget(journal)  # of another run that was killed and is not gone on with
        if not parsed.json:
            print(plan_text(plan, parsed.lang), flush=True)
            tell()

    try:
        model = assay.train(
            parsed.data,
            parsed.target,
            test=test,
            limits=parsed.limit,
            journal=journal,
            resume=parsed.resume,
            watch=Watch(planned=planned, trial=progress.trial, check=progress.check),
            clock=clock,
            options=reading_options(parsed),
            readable=parsed.readable,
            **wished(parsed),
        )
        progress.done()
        model.save(path)
        model.report.save(report, parsed.lang)
    except KeyboardInterrupt:  # a second time, or where nothing can be shipped
        progress.done()
        if kept := _steps(journal):
            tell(f"\n{word('kept', parsed.lang, n=kept)}")
        raise
    _forget(journal)
    if parsed.json:
        said = {"model": str(path), "report": str(report), **model.report.structured()}
        print(json.dumps(said, ensure_ascii=False, allow_nan=False))
    else:
        _tell(model, path, report, parsed, clock)
    return 1 if model.broken_limits else 0


def _test(parsed: argparse.Namespace) -> Any:
    """The user's own test rows, read before any training: what is wrong with them costs no minutes then."""
    if parsed.test is None:
        return None
    import assay

    rows = assay.read(parsed.test, **reading_options(parsed))
    if parsed.target not in rows:
        raise RequestError(
            f"{parsed.test} has no column '{parsed.target}'.",
            did_you_mean(parsed.target, rows.names) or "A test needs rows whose answer is known.",
            f"Its {len(rows.names)} columns: {listing(rows.names, 30)}.",
        )
    return rows


def _steps(journal: Path) -> int:
    """How many finished steps a run has left."""
    from assay.store.journal import STEP

    return sum(1 for _ in journal.glob(f"*{STEP}"))


def _forget(journal: Path) -> None:
    """Remove what a run has left, and nothing else that may stand in a folder of that name."""
    from assay.store.journal import Journal

    Journal(journal, "").clear()


def _tell(model: Any, path: Path, report: Path, parsed: argparse.Namespace, clock: Clock) -> None:
    from .show import commands, findings_text, size_text, word

    lang = parsed.lang
    if model.card.get("interrupted"):
        print(word("interrupted", lang))
    print(word("checks", lang))
    print(findings_text(model.findings, lang))
    if model.tested:
        print(f"\n{word('tested', lang)}")
        print(findings_text(model.tested, lang))
    size = size_text(path.stat().st_size)
    print()
    if model.broken_limits:
        print(word("limits", lang, n=model.broken_limits))
    print(word("wrote", lang, model=str(path), size=size, report=str(report), seconds=clock.spent()))
    quoted, data = shlex.quote(str(path)), shlex.quote(parsed.data)
    print(f"\n{word('next', lang)}")
    print(
        commands(
            [
                f"assay predict {quoted} {data} -o scored.csv",
                f"assay explain {quoted} {data} --row 3",
                f"assay report  {quoted} -o {shlex.quote(str(path.with_suffix('.md')))}",
            ]
        )
    )
