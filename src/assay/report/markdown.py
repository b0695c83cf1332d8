"""What does a repository show?

A model card: the front matter that Hugging Face reads (model-card metadata), then the findings, plan and ledger as
Markdown. The front matter is YAML in which every string is double-quoted; the user's text is escaped for Markdown.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..kernel.errors import AssayError
from ..kernel.findings import MADE_BY, Figure, Finding
from ..kernel.plugins import Codec, task_of
from .appendix import equation_said, provenance, settings_said, splits_said
from .axes import moment_of, real
from .content import Content
from .markup import clean, cut
from .pages import check_title
from .speech import Voice

SIGNS = {"pass": "✓", "watch": "!", "fail": "✕", "info": "i", "unknown": "?", "error": "‼"}
MOST_ROWS = 400


def markdown(content: Content, lang: str = "en") -> str:
    """The report as a model card."""
    voice = content.voice(lang)
    parts = [
        "---\n" + "\n".join(yaml_lines(front_matter(content, lang))) + "\n---",
        f"# {inline(content.title)}",
        _headline(content, voice),
        _board(content, voice),
        *(_finding(finding, voice, not content.elsewhere()) for finding in content.findings),
        _plan(content, voice),
        _ledger(content, voice),
        _provenance(content, voice),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def front_matter(content: Content, lang: str) -> dict[str, Any]:
    """The metadata of the card; what is not known is left out."""
    pipeline, found = _pipeline(content), content.headlined()
    voice = content.voice("en")
    metrics = [
        {"type": m.name, "name": voice.measure(m, found.check), "value": real(m.value)}
        for m in (found.measures if found else ())
        if found and math.isfinite(real(m.value))
    ]
    result = {
        "task": {"type": pipeline or "tabular-classification"},
        "dataset": {"name": str(content.plan.data.get("name", "table")), "type": "custom"},
        "metrics": metrics,
    }
    front: dict[str, Any] = {"language": [lang], "library_name": "assay"}
    front["tags"] = ["assay", "tabular", *(t for t in (content.plan.task.partition(":")[0],) if t)]
    if pipeline:
        front["pipeline_tag"] = pipeline
    if metrics and pipeline:
        front["model-index"] = [{"name": content.title, "results": [result]}]
    return front


def _pipeline(content: Content) -> str:
    """The Hugging Face task, from the head of the task; nothing where the task is not here to be asked."""
    head = str(content.card.get("head", ""))
    if not head:
        try:
            head = task_of(content.plan.task).head(Codec(labels=("0", "1"))).name
        except AssayError:
            return ""
    known = dict.fromkeys(("classes", "flags"), "tabular-classification") | dict.fromkeys(
        ("value", "counts", "quantiles"), "tabular-regression"
    )
    return known.get(head, "")


def yaml_lines(value: Any, depth: int = 0) -> Iterable[str]:
    """Mappings, lists and plain values as block YAML.

    >>> list(yaml_lines({"a": ["x: y", 1]}))
    ['a:', '  - "x: y"', '  - 1']
    """
    pad = "  " * depth
    items = value.items() if isinstance(value, Mapping) else ((None, v) for v in value)
    for key, inner in items:
        lead = f"{pad}- " if key is None else f"{pad}{_yaml(key) if _odd(key) else key}:"
        if isinstance(inner, Mapping) and key is None:
            first, *rest = yaml_lines(inner, depth + 1)
            yield lead + first.lstrip()
            yield from rest
        elif isinstance(inner, (Mapping, list)):
            yield lead
            yield from yaml_lines(inner, depth + 1)
        else:
            yield f"{lead}{'' if key is None else ' '}{_yaml(inner)}"


def _odd(key: str) -> bool:
    return not re.fullmatch(r"[a-z][a-z_-]*", key)


def _yaml(value: Any) -> str:
    """A scalar: a JSON string is a YAML string once control characters are gone."""
    return json.dumps(clean(value) if isinstance(value, str) else value, ensure_ascii=False, allow_nan=False)


def inline(text: object) -> str:
    """Text within a Markdown line, none of it read as markup.

    >>> inline("a|b <i> _c_")
    'a\\\\|b &lt;i&gt; \\\\_c\\\\_'
    """
    flat = " ".join(clean(text).split())
    flat = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    flat = re.sub(r"([\\`*_\[\]|~#$])", r"\\\1", flat)
    flat = flat.replace("://", ":&#47;&#47;").replace("www.", "www&#46;")
    return re.sub(r"^([-+=]|\d+[.)])", lambda m: m[0][:-1] + "\\" + m[0][-1], flat)


def code(text: object) -> str:
    """A code span that holds whatever it is given."""
    flat = " ".join(clean(text).split()).replace("|", "¦")
    longest = max((len(run) for run in re.findall("`+", flat)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {flat} {fence}" if longest else f"`{flat}`"


def rows(heads: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    lines += [f"| {' | '.join(row)} |" for row in body]
    return "\n".join(lines)


def _headline(content: Content, voice: Voice) -> str:
    plan, found, measure = content.plan, content.headlined(), content.headline()
    task = voice.say(content.card.get("task_title") or voice.title("tasks", plan.task))
    columns = len(plan.names("feature")) + len(plan.names("sensitive"))
    lines = [inline(voice.word("headline_model", task=task, target=plan.target, n=columns))]
    if found is not None and measure is not None:
        value, constant = voice.value(measure), voice.figure(measure.constant, measure.unit)
        against = voice.word("headline_constant", value=constant)
        lines.append(
            f"**{inline(voice.measure(measure, found.check))} {value}** ({voice.interval(measure)}) · {against}"
        )
    members = ", ".join(f"{weight * 100:.0f} % {inline(name)}" for name, _, weight in content.blend())
    if members:
        lines.append(f"{voice.word('headline_made')}: {members}")
    if content.equation():
        lines.append(f"{voice.word('equation')}: {code(content.equation(voice.lang))}")
        told = equation_said(content, voice)
        lines += [inline(told)] if told else []
    return "\n\n".join(lines)


def _board(content: Content, voice: Voice) -> str:
    body = [
        (
            f"{SIGNS[f.verdict]} {voice.word(f'verdict.{f.verdict}')}",
            inline(check_title(f, voice)),
            inline(voice.say(f.say)),
        )
        for f in content.findings
    ]
    return f"## {voice.word('board')}\n\n" + rows((voice.word("verdict"), voice.word("question"), ""), body)


def _finding(finding: Finding, voice: Voice, ours: bool) -> str:
    parts = [
        f"## {SIGNS[finding.verdict]} {inline(check_title(finding, voice))}",
        f"*{inline(voice.question(finding.check))}*" if voice.question(finding.check) else "",
        inline(voice.say(finding.say)),
    ]
    if finding.measures:
        interval = voice.word("interval", level=f"{finding.measures[0].level * 100:.3g} %")
        heads = [voice.word("measure"), voice.word("value"), interval, voice.word("constant")]
        body = [
            (
                inline(voice.measure(m, finding.check)),
                voice.value(m),
                voice.interval(m),
                voice.figure(m.constant, m.unit) if m.constant is not None else "",
            )
            for m in finding.measures
        ]
        parts.append(rows(heads, body))
    parts += [_known(figure, voice) for figure in finding.figures if figure.kind in ("lines", "bars")]
    parts.append("\n".join(f"- {inline(voice.say(note))}" for note in finding.notes))
    parts.append(
        "\n".join(
            f"- **{voice.word('advice')}**: {inline(voice.say(a.say))}"
            + (f" {code(f'{MADE_BY} {a.option}')}" if a.option and ours else "")
            for a in finding.advice
        )
    )
    return "\n\n".join(part for part in parts if part)


def _known(figure: Figure, voice: Voice) -> str:
    """A curve, or bars, of which the intervals are known, as a table: Markdown has no pictures of its own."""
    data = figure.data
    series = data.get("series") or [{"name": "", "x": data.get("labels"), "y": data.get("values"), **data}]
    body = [
        (
            inline(_at(one, x, voice, dates=bool(data.get("dates")))),
            voice.figure(y),
            f"{voice.figure(low)} – {voice.figure(high)}",
        )
        for one in series
        for x, y, low, high in _points(one)
        if y is not None
    ]
    if not body:
        return ""
    heads = [inline(voice.say(figure.x)) if figure.y else "", inline(voice.say(figure.y or figure.x))]
    table = rows([*heads, voice.word("interval", level="95 %")], body[:MOST_ROWS])
    return f"**{inline(voice.say(figure.title))}**\n\n{table}"


def _points(one: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Where a series is, its value and both ends; of a dashed line, which is level, one."""
    every = list(zip(*(one.get(key) or () for key in ("x", "y", "low", "high")), strict=False))
    return every[:1] if one.get("dashed") else every


def _at(one: Mapping[str, Any], x: Any, voice: Voice, *, dates: bool) -> str:
    """Where a point lies; a dashed line lies everywhere and is called by its name."""
    if one.get("dashed"):
        return voice.say(one.get("name", ""))
    if isinstance(x, (int, float)):
        return moment_of(real(x)) if dates else voice.figure(x)
    return voice.say(x)


def _plan(content: Content, voice: Voice) -> str:
    plan = content.plan
    heads = [voice.word(h) for h in ("column", "kind", "role", "missing", "misfits", "why")]
    body = [
        (
            inline(cut(c.name, 120)),
            inline(voice.kind(c.kind)),
            inline(voice.known(f"role.{c.role}") or c.role),
            f"{c.missing:,}",
            f"{c.misfits:,}",
            inline(cut(voice.say(c.why), 300)) if c.why else "",
        )
        for c in plan.columns[:MOST_ROWS]
    ]
    parts = [
        f"## {voice.word('plan')}",
        f"{voice.word('splits')}: {inline(splits_said(content, voice))}",
        rows(heads, body),
        "\n".join(f"- {voice.word('left_out')}: {inline(voice.say(s))}" for s in plan.left_out),
        "\n".join(f"- {inline(voice.say(s))}" for s in plan.notes),
    ]
    more = len(plan.columns) - MOST_ROWS
    parts.append(voice.word("more_rows", n=more) if more > 0 else "")
    return "\n\n".join(part for part in parts if part)


def _ledger(content: Content, voice: Voice) -> str:
    if not content.ledger:
        return ""
    untimed = content.untimed()
    spent = () if untimed else ("time",)
    first, more = ("candidate", "learner"), ("weight", *spent, "status", "settings")
    heads = [*map(voice.word, first), voice.loss(), *map(voice.word, more)]
    body = []
    for trial in content.ledger[:MOST_ROWS]:
        status = voice.known(f"status.{trial.status}") or trial.status
        said = f"{inline(status)}: {inline(cut(voice.say(trial.error), 300))}" if trial.error else inline(status)
        doubt = f" ({voice.figure(trial.low)} – {voice.figure(trial.high)})" if trial.low is not None else ""
        loss = voice.figure(real(trial.loss)) + doubt
        weight, settings = f"{trial.weight * 100:.0f} %", settings_said(trial.settings)
        learner = inline(voice.title("learners", trial.learner))
        shown = code(settings) if settings else ""
        took = () if untimed else (voice.duration(trial.seconds),)
        body.append((inline(trial.name), learner, loss, weight, *took, said, shown))
    told = f"{inline(voice.word('ledger_untimed'))}\n\n" if untimed else ""
    return f"## {voice.word('ledger')}\n\n" + told + rows(heads, body)


def _provenance(content: Content, voice: Voice) -> str:
    lines = [f"- {name}: {inline(cut(value, 600))}" for name, value in provenance(content, voice)]
    return f"## {voice.word('provenance')}\n\n" + "\n".join(lines)
