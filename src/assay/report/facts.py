"""What does the file itself know that a clause may ask for?

Facts of plan, ledger, card and provenance, each as named lines. What is not recorded gives no line, so that the clause can
say so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..kernel.plugins import task_of
from .appendix import equation_said, provenance, settings_said, splits_said
from .axes import real
from .content import Content
from .speech import Voice


@dataclass(frozen=True)
class Fact:
    """One thing known, under its name: a line, or several."""

    name: str
    lines: tuple[str, ...]


DECIDING = ("note.costs", "note.mitigate.thresholds")  # notes of the plan that say when a class is answered

Facts = list[tuple[str, tuple[str, ...]]]


def known(key: str, content: Content, voice: Voice) -> tuple[Fact, ...]:
    """What is recorded under a name of FACTS."""
    found = ((name, tuple(line for line in lines if line)) for name, lines in FACTS[key](content, voice))
    return tuple(Fact(name, lines) for name, lines in found if lines)


def _model(content: Content, voice: Voice) -> Facts:
    plan = content.plan
    task = voice.title("tasks", plan.task)
    return [
        (voice.word("target"), (plan.target,)),
        (voice.word("task"), (task,)),
        *_blend(content, voice),
        (voice.word("file.ships"), (voice.known(f"file.ships.{content.ships()}"),)),
    ]


def _blend(content: Content, voice: Voice) -> Facts:
    members = content.blend()
    said = tuple(
        f"{weight * 100:.0f} % {name} ({voice.title('learners', learner)})" for name, learner, weight in members
    )
    return [(voice.word("headline_made"), said)]


def _origin(content: Content, voice: Voice) -> Facts:
    return _of(content, voice, "created", "command", "assay", "seed", "sha256", "audited", "audited_rows")


def _software(content: Content, voice: Voice) -> Facts:
    return _of(content, voice, "assay", "python", "packages")


def _data(content: Content, voice: Voice) -> Facts:
    return _of(content, voice, "data", "sha256", "rows_read", "rows_repaired", "rows_refused", "reader", "details")


def _of(content: Content, voice: Voice, *keys: str) -> Facts:
    """Some lines of the provenance, under their names there."""
    said = dict(provenance(content, voice))
    return [(voice.word(key), (said.get(voice.word(key), ""),)) for key in keys]


def _columns(content: Content, voice: Voice) -> Facts:
    """How many columns bear each role, and what they miss."""
    lines = []
    for role in dict.fromkeys(column.role for column in content.plan.columns):
        some = [column for column in content.plan.columns if column.role == role]
        called = voice.known(f"role.{role}") or role
        missing, misfits = sum(c.missing for c in some), sum(c.misfits for c in some)
        lines.append(voice.word("file.role", role=called, n=len(some), missing=missing, misfits=misfits))
    return [(voice.word("columns"), tuple(lines))]


def _inputs(content: Content, voice: Voice) -> Facts:
    """The columns that a table to be predicted must have, by kind."""
    read = content.plan.needed
    facts: Facts = []
    for title in dict.fromkeys(voice.kind(column.kind) for column in read):
        names = [column.name for column in read if voice.kind(column.kind) == title]
        facts.append((f"{title} ({len(names)})", (", ".join(names),)))
    return [*facts, (voice.word("schema"), (voice.word("schema_note"),))] if facts else []


def _splits(content: Content, voice: Voice) -> Facts:
    return [(voice.word("splits"), (splits_said(content, voice),))]


def _candidates(content: Content, voice: Voice) -> Facts:
    """Every candidate that was tried, with its settings and its loss."""
    lines = []
    for trial in content.ledger:
        status = voice.known(f"status.{trial.status}") or trial.status
        doubt = "" if trial.low is None else f" ({voice.figure(trial.low)} – {voice.figure(trial.high)})"
        loss = f"{voice.loss()} {voice.figure(real(trial.loss))}{doubt}" if trial.loss is not None else status
        weight = f"{voice.word('weight')} {trial.weight * 100:.0f} %" if trial.weight else ""
        said = (f"{trial.name} ({voice.title('learners', trial.learner)})", loss, weight, settings_said(trial.settings))
        lines.append("; ".join(part for part in said if part))
    return [(voice.word("candidates"), tuple(lines))]


def _choices(content: Content, voice: Voice) -> Facts:
    """What was decided before training, with the reasons that were noted."""
    plan = content.plan
    budget = voice.duration(60 * plan.minutes) if plan.minutes else voice.word("trials", n=plan.trials)
    return [
        (voice.word("task"), (voice.title("tasks", plan.task), voice.say(plan.task_why))),
        (voice.word("budget"), (budget,)),
        (voice.word("level"), (voice.figure(plan.level, "share"),)),
        (voice.word("left_out"), tuple(voice.say(said) for said in plan.left_out)),
        (voice.word("notes"), tuple(voice.say(said) for said in plan.notes)),
    ]


def _decision(content: Content, voice: Voice) -> Facts:
    """How a class is answered by probabilities."""
    notes = tuple(voice.say(note) for note in content.plan.notes if note.key.startswith(DECIDING))
    gives = task_of(content.plan.task).about.gives
    usual = gives[0] if gives[0] in ("classes", "flags") else "none"
    return [(voice.word("decision"), notes or (voice.word(f"decision.{usual}"),))]


def _resources(content: Content, voice: Voice) -> Facts:
    most = max((trial.memory_mb for trial in content.ledger), default=0.0)
    memory = voice.figure(most, "mb") if most > 0 else ""
    return [*_of(content, voice, "training_time", "file_size"), (voice.word("memory"), (memory,))]


def _equation(content: Content, voice: Voice) -> Facts:
    return [(voice.word("equation"), (content.equation(voice.lang), equation_said(content, voice)))]


FACTS: dict[str, Callable[[Content, Voice], Facts]] = {
    "model": _model,
    "blend": _blend,
    "origin": _origin,
    "software": _software,
    "data": _data,
    "columns": _columns,
    "inputs": _inputs,
    "splits": _splits,
    "candidates": _candidates,
    "choices": _choices,
    "decision": _decision,
    "resources": _resources,
    "equation": _equation,
}
