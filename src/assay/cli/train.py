"""assay train: a table in, a model with its assay out."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from assay.kernel.clock import Clock
from assay.kernel.errors import RequestError
from assay.kernel.plan import MEMBERSHIP
from assay.kernel.words import refusal

from .options import common, reading, reading_again, reading_options, stem, tell, wished, wishes, writable
from .speech import helped, word


def options(parser: argparse.ArgumentParser, lang: str) -> None:
    """Options of the verb."""
    wishes(parser, lang)
    parser.add_argument("-o", "--output", metavar="PATH", help=helped("train.output", lang))
    parser.add_argument("--test", metavar="DATA", help=helped("test", lang))
    parser.add_argument("--limit", action="append", default=[], metavar="LIMIT",
                        help=helped("limit", lang))  # fmt: skip
    parser.add_argument("--membership", choices=MEMBERSHIP, default="quick", help=helped("membership", lang))
    parser.add_argument("--annex", metavar="FILE", help=helped("annex", lang))
    parser.add_argument("--examples", action="store_true", help=helped("examples", lang))
    parser.add_argument("--price", action="store_true", help=helped("price", lang))
    parser.add_argument("--resume", action="store_true", help=helped("resume", lang))
    reading(parser, lang)
    common(parser, lang)


def run(parsed: argparse.Namespace) -> int:
    """Train, save, report."""
    started = Clock.start()  # reading the libraries is part of the budget
    from assay.report.html import begins_as_one as is_report
    from assay.store.bundle import begins_as_one as is_model

    path = writable(Path(parsed.output or f"{stem(parsed.data)}.assay"), parsed.data, parsed.test)
    report = writable(path.with_suffix(".html"), parsed.data, parsed.test)
    if report == path:
        raise refusal(RequestError, "cli", "a_report", path=str(path), model=str(path.with_suffix(".assay")))
    older = _older(path, "model", is_model) + _older(report, "report", is_report)
    annex = writable(Path(parsed.annex), parsed.data, parsed.test, option="--annex") if parsed.annex else None
    if annex in (path, report) or (annex and parsed.membership == "none"):
        raise refusal(RequestError, "cli", "no_annex", path=str(annex))
    journal = path.with_name(f"{path.stem}.run")
    import assay
    from assay.api import Watch

    from .show import Progress, plan_text

    progress, left = Progress(parsed.lang), _steps(journal)

    def planned(plan: Any) -> None:
        progress.task = plan.task
        if not parsed.json:
            print(plan_text(plan, parsed.lang), flush=True)
            tell()
        for key, said in older if not (left and parsed.resume) else ():  # a run that goes on has told it when it began
            tell(word(key, parsed.lang, **said))
        if left:
            tell(word("taken_over" if parsed.resume else "begun_anew", parsed.lang, n=left))

    def priced(metric: str, bare: float, kept: float) -> None:
        tell(word("price", parsed.lang, metric=metric, bare=bare, kept=kept))  # beside the results, never in them

    if parsed.price and parsed.privacy is None:
        raise refusal(RequestError, "cli", "no_price")
    try:
        model = assay.train(
            parsed.data,
            parsed.target,
            test=parsed.test,
            limits=parsed.limit,
            journal=journal,
            resume=parsed.resume,
            watch=Watch(
                planned=planned, trial=progress.trial, check=progress.check, price=priced if parsed.price else None
            ),
            clock=_budget(parsed, started),
            options=reading_options(parsed),
            membership=parsed.membership,
            **wished(parsed),
        )
        progress.done()
        model.save(path, examples=parsed.examples)
        model.report.save(report, parsed.lang)
        if annex and model.exposure is not None:
            model.exposure.save(annex, parsed.lang)
    except KeyboardInterrupt:  # a second time, or where nothing can be shipped
        progress.done()
        if kept := _steps(journal):
            tell(f"\n{word('kept', parsed.lang, n=kept)}")
        raise
    _forget(journal)
    if annex:
        key = "annex" if model.exposure is not None else "annex_none"
        tell(word(key, parsed.lang, path=str(annex), n=0 if model.exposure is None else len(model.exposure)))
    if parsed.json:
        said = {"model": str(path), "report": str(report), **model.report.structured()}
        print(json.dumps(said, ensure_ascii=False, allow_nan=False))
    else:
        _tell(model, path, report, parsed, started)
    return 1 if model.broken_limits else 0


def _older(path: Path, kind: str, ours: Callable[[Path], bool]) -> list[tuple[str, dict[str, str]]]:
    """What is told of the file that stands where one of ours will; nothing where none does. Raises RequestError where it is not ours."""
    if not path.exists() or not path.stat().st_size:
        return []
    if not ours(path):
        raise refusal(RequestError, "cli", f"no_{kind}_there", path=str(path))
    when = datetime.fromtimestamp(path.stat().st_mtime)
    return [(f"replaces_{kind}", {"path": str(path), "when": f"{when:%Y-%m-%d %H:%M}"})]


def _budget(parsed: argparse.Namespace, started: Clock) -> Clock | None:
    """The clock of the run, begun when the command was; None where trials are counted or the default holds."""
    from assay.planning.wishes import MINUTES

    if parsed.trials:
        return None
    minutes = MINUTES if parsed.minutes is None else parsed.minutes
    return Clock(started=started.started, deadline=started.started + 60 * max(minutes, 0.0))


def _steps(journal: Path) -> int:
    """How many finished steps a run has left."""
    from assay.store.journal import STEP

    return sum(1 for _ in journal.glob(f"*{STEP}"))


def _forget(journal: Path) -> None:
    """Remove what a run has left, and nothing else that may stand in a folder of that name."""
    from assay.store.journal import Journal

    Journal(journal, "").clear()


def _tell(model: Any, path: Path, report: Path, parsed: argparse.Namespace, clock: Clock) -> None:
    from .show import asked_text, commands, findings_text, shipped_text, size_text

    lang = parsed.lang
    if model.card.get("interrupted"):
        print(word("interrupted", lang))
    print(word("checks", lang))
    print(findings_text(model.findings, lang))
    if said := shipped_text(model.findings, lang):
        print(f"\n{said}")
    if model.tested:
        print(f"\n{word('tested', lang)}")
        print(findings_text(model.tested, lang))
        if left_out := asked_text(model.tested, lang):
            print(left_out)
    size = size_text(path.stat().st_size)
    print()
    if model.broken_limits:
        print(word("limits", lang, n=model.broken_limits))
    print(word("wrote", lang, model=str(path), size=size, report=str(report), seconds=clock.spent()))
    quoted, data = shlex.quote(str(path)), shlex.quote(parsed.data) + reading_again(parsed)
    boxes = "boxes" in model.task.about.gives
    print(f"\n{word('next', lang)}")
    print(
        commands(
            [
                *_place_of(parsed.encoder),
                f"assay predict {quoted} {data} -o scored.csv",
                f"assay predict {quoted} {data} --draw drawn" if boxes else f"assay explain {quoted} {data} --row 3",
                f"assay report  {quoted} -o {shlex.quote(str(path.with_suffix('.md')))}",
            ],
            lang,
        )
    )


def _place_of(encoder: str) -> list[str]:
    """What tells the later commands where a folder lies that a model file names only by its hash."""
    from assay.neural.checkpoint import PLACES

    folder = Path(encoder)
    return [f"export {PLACES}={shlex.quote(str(folder.resolve().parent))}"] if encoder and folder.is_dir() else []
