"""How are plan, ledger, schema and provenance shown?

The pages after the findings: what was decided, what was tried, what the model reads, and where all of it came from.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..kernel.findings import Trial, to_plain
from ..kernel.plan import ColumnPlan
from ..kernel.words import Say
from ..kernel.written_numbers import measured_in
from ..kernel.zones import zone_in
from .axes import real
from .bars import Strip, strip
from .content import Content
from .limits import Limits
from .markup import Raw, clean, cut, join, short, tag
from .pages import advice_list
from .speech import Voice

# Of which model a line is: that which answers, or its logarithm, another, one of its fold models.
OF_LINES = ("whole", "whole_log", "aside", "one")


def plan_section(content: Content, voice: Voice, limits: Limits) -> Raw:
    """Columns, splits, candidates, and what was left out and why."""
    plan = content.plan
    left_out = tag("ul", *(tag("li", voice.say(s)) for s in plan.left_out))
    notes = tag("ul", *(tag("li", voice.say(s)) for s in plan.notes))
    return tag(
        "section",
        tag("h2", voice.word("plan")),
        tag("p", voice.word("plan_elsewhere" if content.elsewhere() else "plan_note"), class_="muted"),
        _facts(_plan_facts(content, voice)),
        advice_list(plan.advice, voice),
        tag("h3", f"{voice.word('columns')} ({len(plan.columns)})"),
        _columns(plan.columns, voice, limits),
        tag("h3", voice.word("candidates")) if plan.candidates else None,
        _candidates(content, voice, limits),
        join(tag("h3", voice.word("left_out")), left_out) if plan.left_out else None,
        join(tag("h3", voice.word("notes")), notes) if plan.notes else None,
        id="plan",
        class_="appendix",
    )


def equation_said(content: Content, voice: Voice) -> str:
    """Of which model the line is that is written out, where that is known."""
    beside, told = content.read_instead(), content.card.get("equation")
    said = []
    if beside:
        said.append(voice.word("equation_beside", name=cut(beside, 60), title=voice.title("checks", "readable")))
    if isinstance(told, Mapping) and told.get("part") in OF_LINES:
        said.append(voice.word(f"equation_{told['part']}", models=int(told.get("models", 1))))
    if isinstance(told, Mapping) and (n := int(told.get("left_out", 0))):
        said.append(voice.word("equation_left_out", n=n))
    return ("" if voice.lang == "zh" else " ").join(said)


def splits_said(content: Content, voice: Voice) -> str:
    """How rows are kept apart, as a sentence."""
    splits = content.plan.splits
    key = f"splits.{splits.how}"
    values = {"folds": splits.folds, "group": splits.group, "time": splits.time, "named": splits.named}
    said = voice.word(key, **values) if voice.known(key) else splits.how
    return said + ("" if not splits.sealed else " · " + voice.word("sealed", n=splits.sealed))


def _plan_facts(content: Content, voice: Voice) -> list[tuple[str, object]]:
    plan = content.plan
    task = tag("p", voice.title("tasks", plan.task)), tag("p", voice.say(plan.task_why), class_="muted")
    seed = [] if plan.privacy else [(voice.word("seed"), str(plan.seed))]  # noise that protects has none that is known
    facts: list[tuple[str, object]] = [
        (voice.word("target"), short(plan.target, 80)),
        (voice.word("task"), join(*task)),
        (voice.word("splits"), splits_said(content, voice)),
        (
            voice.word("budget"),
            voice.word("trials", n=plan.trials) if plan.trials else voice.duration(60 * plan.minutes),
        ),
        (voice.word("level"), voice.figure(plan.level, "share")),
    ]
    return [*facts, *seed]


def _facts(facts: Sequence[tuple[str, object]]) -> Raw:
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in facts), class_="facts")


def _columns(columns: Sequence[ColumnPlan], voice: Voice, limits: Limits) -> Raw:
    headings = ("column", "kind", "role", "missing", "misfits", "distinct", "why")
    counts = {"missing", "misfits", "distinct"}
    heads = [tag("th", voice.word(h), scope="col", class_="num" if h in counts else None) for h in headings]
    rows = [_column(c, voice, limits) for c in columns[: limits.columns]]
    table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), class_="data sortable", id="columns")
    box = tag("input", type="search", id="filter", placeholder=voice.word("filter"), aria_label=voice.word("filter"))
    more = len(columns) - limits.columns
    return join(
        tag("p", box, " ", tag("span", voice.word("sort_hint"), class_="muted"), class_="tools", hidden=True),
        tag("div", table, class_="scroll", tabindex="0"),
        tag("p", voice.word("more_rows", n=more), class_="muted") if more > 0 else None,
    )


def _column(column: ColumnPlan, voice: Voice, limits: Limits) -> Raw:
    kind = voice.kind(column.kind)
    other = tag("small", f"{voice.word('otherwise')}: {voice.kind(column.runner_up)}") if column.runner_up else None
    examples = None
    if column.examples:
        shown = ", ".join(cut(clean(e), 30) for e in column.examples[:3])
        examples = tag("small", tag("bdi", voice.word("examples", examples=shown)))
    role = voice.known(f"role.{column.role}") or column.role
    return tag(
        "tr",
        tag("th", short(column.name, 60), scope="row"),
        tag("td", kind, _written_in(column.kind), other),
        tag("td", role, class_=f"role-{column.role}" if voice.known(f"role.{column.role}") else None),
        *(_count(n, voice, more) for n, more in ((column.missing, None), (column.misfits, examples))),
        _count(column.distinct, voice, None),
        tag("td", cut(voice.say(column.why), limits.letters) if column.why else "", class_="why"),
    )


def _count(count: int, voice: Voice, more: Raw | None) -> Raw:
    return tag("td", voice.figure(count) if count else "–", more, class_="num", data_v=str(count))


def settings_said(settings: Mapping[str, Any]) -> str:
    """Settings as name=value, short."""
    said = (f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in settings.items())
    return ", ".join(said)


def _candidates(content: Content, voice: Voice, limits: Limits) -> Raw | None:
    if not content.plan.candidates:
        return None
    heads = [tag("th", voice.word(h), scope="col") for h in ("candidate", "learner", "settings")]
    rows = [
        tag(
            "tr",
            tag("th", short(c.name, 60), scope="row"),
            tag("td", voice.title("learners", c.learner)),
            tag("td", tag("code", cut(settings_said(c.settings), limits.letters)), class_="why"),
        )
        for c in content.plan.candidates[: limits.columns]
    ]
    table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), class_="data")
    return tag("div", table, class_="scroll", tabindex="0")


def ledger_section(content: Content, voice: Voice, limits: Limits) -> Raw | None:
    """Every trial: a picture of the losses, and the table."""
    trials = content.ledger
    if not trials:
        return None
    return tag(
        "section",
        tag("h2", voice.word("ledger")),
        tag("p", voice.word("ledger_note"), class_="muted"),
        tag("p", voice.word("ledger_untimed"), class_="muted") if content.untimed() else None,
        _losses(trials, voice, limits),
        _trials(trials, voice, limits, timed=not content.untimed()),
        id="ledger",
        class_="appendix",
    )


def _losses(trials: Sequence[Trial], voice: Voice, limits: Limits) -> Raw | None:
    done = sorted((t for t in trials if math.isfinite(real(t.loss))), key=lambda t: real(t.loss))[: limits.bars]
    if not done:
        return None
    drawn = strip(
        Strip(
            labels=[t.name for t in done],
            values=[real(t.loss) for t in done],
            low=[real(t.low) for t in done],
            high=[real(t.high) for t in done],
            words=[voice.figure(t.loss) for t in done],
            dots=True,
        ),
        voice.loss(),
        voice.word("ledger"),
    )
    return tag("figure", drawn, class_="figure bars")


def _trials(trials: Sequence[Trial], voice: Voice, limits: Limits, *, timed: bool) -> Raw:
    spent = ("time", "memory") if timed else ()
    headings = ("candidate", "learner", "loss", "weight", *spent, "status", "settings")
    numbers = {"loss", "weight", "time", "memory"}
    named = {"loss": voice.loss()}
    heads = [
        tag("th", named.get(h) or voice.word(h), scope="col", class_="num" if h in numbers else None) for h in headings
    ]
    rows = [_trial(t, voice, limits, timed=timed) for t in trials[: limits.columns]]
    table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), class_="data sortable")
    return tag("div", table, class_="scroll", tabindex="0")


def _trial(trial: Trial, voice: Voice, limits: Limits, *, timed: bool) -> Raw:
    marks = [voice.word(w) for w, on in (("is_readable", trial.readable), ("resumed", trial.resumed)) if on]
    loss = real(trial.loss)
    interval = ""
    if trial.low is not None and trial.high is not None:
        interval = f"{voice.figure(trial.low)} – {voice.figure(trial.high)}"
    status = voice.known(f"status.{trial.status}") or trial.status
    error = tag("small", cut(clean(voice.say(trial.error)), limits.letters), class_="error") if trial.error else None
    spent = (
        tag("td", voice.duration(trial.seconds), class_="num", data_v=repr(trial.seconds)),
        tag("td", f"{trial.memory_mb:.0f} MB", class_="num", data_v=repr(trial.memory_mb)),
    )
    return tag(
        "tr",
        tag("th", short(trial.name, 60), tag("small", ", ".join(marks)) if marks else None, scope="row"),
        tag("td", voice.title("learners", trial.learner)),
        tag("td", voice.figure(loss), tag("small", interval), class_="num", data_v=repr(loss)),
        tag("td", f"{trial.weight * 100:.0f} %" if trial.weight else "–", class_="num", data_v=repr(trial.weight)),
        *(spent if timed else ()),
        tag("td", status, error, class_=f"s-{trial.status}" if voice.known(f"status.{trial.status}") else None),
        tag("td", tag("code", cut(settings_said(trial.settings), limits.letters)), class_="why"),
    )


def _written_in(kind: str) -> Raw | None:
    """The unit or time zone that the cells of a column are written in or read to, where its kind names one."""
    told = measured_in(kind) or zone_in(kind)
    return tag("small", short(told, 40)) if told else None


def schema_section(content: Content, voice: Voice, limits: Limits) -> Raw:
    """The columns that a table to be predicted must have, by kind."""
    read = content.plan.needed
    facts = []
    for title in dict.fromkeys(voice.kind(c.kind) for c in read):
        alike = [c for c in read if voice.kind(c.kind) == title]
        names = (tag("li", short(c.name, 40), _written_in(c.kind)) for c in alike[: limits.columns])
        facts.append((f"{title} ({len(alike)})", tag("ul", *names, class_="names")))
    return tag(
        "section",
        tag("h2", voice.word("schema")),
        tag("p", voice.word("schema_note"), class_="muted"),
        _facts(facts),
        id="schema",
        class_="appendix",
    )


def provenance_section(content: Content, voice: Voice, limits: Limits) -> Raw:
    """Where the data and the model came from."""
    return tag(
        "section",
        tag("h2", voice.word("provenance")),
        _facts([(name, tag("bdi", cut(said, 2 * limits.letters))) for name, said in provenance(content, voice)]),
        id="provenance",
        class_="appendix",
    )


def provenance(content: Content, voice: Voice) -> list[tuple[str, str]]:
    """Names and values of all that is known of the origin."""
    card, data = content.card, content.plan.data
    packages = card.get("packages") or {}
    facts: list[tuple[str, Any]] = [
        ("created", card.get("created")),
        ("command", card.get("command")),
        *_elsewhere(content, voice),
        ("data", data.get("name")),
        ("sha256", card.get("sha256") or data.get("sha256")),
        ("audited", card.get("audited")),
        ("audited_rows", card.get("audited_rows")),
        ("audited_sha256", card.get("audited_sha256")),
        ("rows_read", data.get("rows_read", content.rows())),
        ("rows_repaired", data.get("rows_repaired")),
        ("rows_refused", data.get("rows_refused")),
        ("reader", voice.title("readers", str(data["reader"])) if data.get("reader") else None),
        ("details", _details(content, voice)),
        ("seed", card.get("seed", content.plan.seed)),
        ("training_time", voice.duration(float(card["seconds"])) if card.get("seconds") is not None else None),
        ("file_size", voice.size(float(card["file_bytes"])) if card.get("file_bytes") else None),
        ("assay", card.get("assay") or content.plan.version),
        ("python", card.get("python")),
        ("packages", ", ".join(f"{name} {version}" for name, version in dict(packages).items())),
    ]
    counts = {"audited_rows", "rows_read", "rows_repaired", "rows_refused"}
    return [
        (voice.word(key), clean(f"{value:,}" if key in counts and isinstance(value, int) else value))
        for key, value in facts
        if value not in (None, "")
    ]


def _elsewhere(content: Content, voice: Voice) -> list[tuple[str, Any]]:
    """Which model that is not ours was audited, by which door it came, and whether code was run."""
    told = content.elsewhere()
    if not told:
        return []
    return [
        ("made_elsewhere", f"{told['name']} ({voice.say(told['by'])})"),
        ("made_sha256", told.get("sha256")),
        ("ran_code", voice.word("ran_code_yes") if told.get("ran_code") else None),
        ("audited_rows", told.get("rows")),
    ]


def _details(content: Content, voice: Voice) -> str:
    """How the data were read: in the reader's own sentences, or else what it noted down."""
    said = [note for note in content.plan.notes if note.owner.startswith("readers/")]
    if said:
        return voice.say(Say("kernel", "listing", {"names": said}))
    data = content.plan.data
    details, reader = data.get("details"), str(data.get("reader", ""))
    if not isinstance(details, Mapping):
        return ""
    plain = {k: v if isinstance(v, str) else json.dumps(to_plain(v), ensure_ascii=False) for k, v in details.items()}
    return ", ".join(f"{voice.detail(reader, key)}: {value}" for key, value in plain.items())
