"""What does a report show?

One value, the same for all three views. It assumes nothing about how the model was made: whatever the card leaves
out is left out of the report, or read from the plan and the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..kernel.findings import VERDICTS, Finding, Measure, Trial
from ..kernel.plan import Plan
from ..kernel.words import Say
from .speech import Voice


@dataclass(frozen=True)
class Content:
    """Everything that is shown: findings, plan, ledger, and the card.

    The card holds provenance and headline facts, each optional:

    - created, assay, python, packages {name: version}, sha256, seed, seconds, rows, file_bytes, command
    - task, task_title (text or Say), target, head ("value", "classes" ...)
    - blend: [{"name", "learner", "weight"}]; from the ledger's weights where it is not there
    - interrupted: whether training was stopped early; audited, audited_rows, audited_sha256 of an audit
    - readable: {"name", "found" (what its check said: "itself", "even", "worse" ...), "recommended"}
    - equation: {"equation": "y = θ0 + ...", "words" (by language, where these differ)}
    - made_elsewhere: {"name", "door", "by" (Say), "sha256", "rows" (audited), "ran_code"} of a model that is not ours

    `spoken` overrides the titles and questions of plug-ins, by "room/key.title" and "room/key.question"; the shelf is
    asked for all others.
    """

    title: str
    plan: Plan
    findings: tuple[Finding, ...] = ()
    ledger: tuple[Trial, ...] = ()
    card: Mapping[str, Any] = field(default_factory=dict)
    spoken: Mapping[str, Say] = field(default_factory=dict)

    def voice(self, lang: str) -> Voice:
        """Who tells it in one language."""
        return Voice(lang, self.spoken, self.plan.task, self.plan.unit)

    @property
    def seen(self) -> bool:
        """Whether what was audited is the very table that was learnt from."""
        audited = self.card.get("audited_sha256")
        return audited is not None and audited == self.plan.data.get("sha256")

    def headline(self) -> Measure | None:
        """The first measure that carries an interval and stands against the constant guess."""
        found = self.headlined()
        return None if found is None else next(m for m in found.measures if _stands(m))

    def headlined(self) -> Finding | None:
        """The finding that the headline stands in."""
        return next((f for f in self.findings if any(_stands(m) for m in f.measures)), None)

    def tally(self) -> dict[str, int]:
        """Number of findings of each verdict, in the order of VERDICTS; verdicts nobody gave are left out."""
        counts = {verdict: sum(f.verdict == verdict for f in self.findings) for verdict in VERDICTS}
        return {verdict: count for verdict, count in counts.items() if count}

    def ships(self) -> str:
        """What ships, "bag", "refit", "distilled" or "private": where the card does not tell it, what was asked for; "" of a model made elsewhere."""
        return "" if self.elsewhere() else str(self.card.get("ships") or self.plan.ship)

    def blend(self) -> tuple[tuple[str, str, float], ...]:
        """Name, learner and weight of each member of the shipped model, heaviest first."""
        given = self.card.get("blend") or [
            {"name": t.name, "learner": t.learner, "weight": t.weight} for t in self.ledger if t.weight > 0
        ]
        members = [(str(m["name"]), str(m.get("learner", "")), float(m.get("weight", 0.0))) for m in given]
        return tuple(sorted(members, key=lambda member: -member[2]))

    def equation(self, lang: str = "en") -> str:
        """The linear model written out, or nothing."""
        found = self.card.get("equation")
        if not isinstance(found, Mapping):
            return str(found or "")
        words = found.get("words")
        told = words.get(lang) if isinstance(words, Mapping) else None
        return str(told or found.get("equation", ""))

    def untimed(self) -> bool:
        """Whether nothing was timed: a run that counts candidates gives the same bytes again."""
        return bool(self.plan.trials and self.ledger) and not any(t.seconds or t.memory_mb for t in self.ledger)

    def read_instead(self) -> str:
        """The best model that can be read whole, where that is not the one that the equation is of; or nothing."""
        readable = self.card.get("readable")
        name = str(readable.get("name", "")) if isinstance(readable, Mapping) else ""
        learner = next((trial.learner for trial in self.ledger if trial.name == name), "")
        return name if self.equation() and learner not in ("", "linear", "constant") else ""

    def elsewhere(self) -> Mapping[str, Any]:
        """What is known of a model that was made elsewhere; nothing of ours."""
        found = self.card.get("made_elsewhere")
        return found if isinstance(found, Mapping) else {}

    def rows(self) -> int:
        """Rows of the table that was learnt from."""
        return int(self.card.get("rows") or self.plan.data.get("rows") or 0)


def _stands(measure: Measure) -> bool:
    return measure.low is not None and measure.constant is not None
