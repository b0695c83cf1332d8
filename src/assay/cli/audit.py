"""assay audit: do the figures hold on new labelled rows?"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from .options import common, costs_of, kinds_of, reading, reading_options, tell, writable
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
    group = parser.add_argument_group(helped("elsewhere", lang))
    group.add_argument("--target", default="", metavar="COLUMN", help=helped("target", lang))
    group.add_argument("--task", default="", help=helped("task", lang))
    group.add_argument("--labels", default="", metavar="A,B", help=helped("audit.labels", lang))
    group.add_argument("--kind", action="append", default=[], metavar="COLUMN=KIND", help=helped("kind", lang))
    for name in ("id", "sensitive", "audit-only", "drop", "feature"):
        group.add_argument(f"--{name}", action="append", default=[], metavar="COLUMN",
                           help=helped(name.replace("-", "_"), lang))  # fmt: skip
    group.add_argument("--cost", action="append", default=[], metavar="CLASS=NUMBER", help=helped("audit.cost", lang))
    group.add_argument("--weight", default="", metavar="COLUMN", help=helped("weight", lang))
    group.add_argument("--seconds", type=float, default=None, help=helped("audit.seconds", lang))
    group.add_argument("--at-once", type=int, default=None, metavar="ROWS", help=helped("audit.at_once", lang))
    group.add_argument("--chat-model", default="", metavar="NAME", help=helped("audit.chat_model", lang))
    group.add_argument("--trust", action="append", default=[], metavar="TYPE", help=helped("audit.trust", lang))
    group.add_argument("--prompt", default="", metavar="TEXT", help=helped("audit.prompt", lang))
    reading(parser, lang)
    common(parser, lang)


def run(parsed: argparse.Namespace) -> int:
    """Audit, and report."""
    if parsed.output:
        writable(Path(parsed.output), parsed.model, parsed.data)
    import assay
    from assay.foreign.doors import is_foreign
    from assay.kernel.findings import MADE_BY

    from .show import Progress, asked_text, findings_text

    progress = Progress(parsed.lang)
    found = assay.audit(
        parsed.model,
        parsed.data,
        parsed.limit,
        tell=progress.check,
        minutes=parsed.minutes,
        training=parsed.training,
        **_elsewhere(parsed),
        **reading_options(parsed),
    )
    progress.done()
    if parsed.output:
        found.report.save(parsed.output, parsed.lang)
    if parsed.json:
        print(json.dumps(found.report.structured(), ensure_ascii=False, allow_nan=False))
    else:
        shown = found.findings
        if is_foreign(parsed.model):  # how to make it otherwise is for those who made it
            shown = tuple(replace(finding, advice=()) for finding in shown)
        print(findings_text(shown, parsed.lang, MADE_BY))
        if said := asked_text(found.findings, parsed.lang):
            print(said)
        if found.broken_limits:
            print(word("limits", parsed.lang, n=found.broken_limits))
        if parsed.output:
            print(word("wrote_report", parsed.lang, report=parsed.output))
    return 1 if found.broken_limits else 0


def _elsewhere(parsed: argparse.Namespace) -> dict[str, Any]:
    """What is said of a model that was made elsewhere. Raises RequestError where one of ours is told such things."""
    from assay.foreign.doors import Asking, is_foreign
    from assay.kernel.errors import RequestError
    from assay.kernel.words import refusal

    names = (
        "target",
        "task",
        "labels",
        "kind",
        "id",
        "sensitive",
        "audit_only",
        "drop",
        "feature",
        "cost",
        "weight",
        "seconds",
        "at_once",
        "chat_model",
        "prompt",
        "trust",
    )
    given = [name for name in names if getattr(parsed, name) not in ("", [], None)]
    if not is_foreign(parsed.model):
        if given:
            options = [f"--{name.replace('_', '-')}" for name in given]
            raise refusal(RequestError, "foreign", "for_ours", options=options)
        return {}
    asking = {
        "seconds": parsed.seconds,
        "at_once": parsed.at_once,
        "prompt": parsed.prompt,
        "called": parsed.chat_model,
        "trust": tuple(parsed.trust),
    }
    wishes = {
        "task": parsed.task,
        "kinds": kinds_of(parsed.kind),
        "ids": tuple(parsed.id),
        "sensitive": tuple(parsed.sensitive),
        "audit_only": tuple(parsed.audit_only),
        "drop": tuple(parsed.drop),
        "features": tuple(parsed.feature),
        "costs": costs_of(parsed.cost),
        "weight": parsed.weight,
    }
    return {
        "target": parsed.target,
        "labels": tuple(label.strip() for label in parsed.labels.split(",") if label.strip()),
        "asking": Asking(**{name: value for name, value in asking.items() if value not in (None, "")}),
        "wishes": wishes,
        "say": lambda said: tell(said.text(parsed.lang)),
    }
