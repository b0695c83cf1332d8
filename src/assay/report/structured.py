"""What does a tool read?

The whole content as strict JSON: nothing is cut, nothing is rounded. Findings, plan and ledger are exactly what
`Finding.from_json` and `Plan.from_json` read; titles and sentences stand beside them in every language.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..kernel.findings import Finding, to_plain
from ..kernel.words import LANGUAGES, Say
from .content import Content
from .speech import Voice

FORMAT = "assay-report"
VERSION = 1


def structured(content: Content) -> dict[str, Any]:
    """The report as plain JSON values; numbers that are not finite are null."""
    headline = content.headline()
    return {
        "format": FORMAT,
        "version": VERSION,
        "title": content.title,
        "tally": content.tally(),
        "headline": None if headline is None else to_plain(headline),
        "findings": told(content.findings, content.plan.task, content.spoken),
        "plan": content.plan.to_json(),
        "ledger": [to_plain(trial) for trial in content.ledger],
        "card": to_plain(dict(content.card)),
    }


def as_text(content: Content) -> str:
    """The same as JSON text."""
    return text_of(structured(content))


def text_of(raw: dict[str, Any]) -> str:
    """Plain values as JSON text, UTF-8 wherever the letters allow it."""
    text = json.dumps(raw, ensure_ascii=False, allow_nan=False, indent=1)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a letter in a name: written as an escape
        text = json.dumps(raw, ensure_ascii=True, allow_nan=False, indent=1)
    return text + "\n"


def told(findings: Sequence[Finding], task: str, spoken: Mapping[str, Say] | None = None) -> list[dict[str, Any]]:
    """Findings as plain values, each with its words in every language; `spoken` as in `Content`."""
    return [{**finding.to_json(), "words": _words(finding, task, spoken or {})} for finding in findings]


def _words(finding: Finding, task: str, spoken: Mapping[str, Say]) -> dict[str, dict[str, Any]]:
    """Title, question and every sentence of a finding, by language."""
    said = {}
    for lang in LANGUAGES:
        voice = Voice(lang, spoken, task)
        said[lang] = {
            "title": voice.title("checks", finding.check),
            "question": voice.question(finding.check),
            "verdict": voice.word(f"verdict.{finding.verdict}"),
            "sentence": voice.say(finding.say),
            "measures": {m.name: voice.measure(m, finding.check) for m in finding.measures},
            "notes": [voice.say(note) for note in finding.notes],
            "advice": [voice.say(advice.say) for advice in finding.advice],
        }
    return said
