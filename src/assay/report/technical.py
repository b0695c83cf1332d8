"""How does a model answer the clauses of a technical file?

Each clause is met with the model's own findings and facts, and with what persons have said. What was not asked, or could not be
answered, is told as not done, with how it could be done. Nothing here says whether a duty is met: that is for people to judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..kernel.findings import Finding, to_plain
from ..kernel.words import LANGUAGES
from .content import Content
from .facts import Fact, known
from .frame import Clause, Frame
from .speech import Voice
from .statements import Statement

FORMAT, VERSION = "assay-technical-file", 1
UNANSWERED = ("unknown", "error")  # verdicts that leave a question open
Standing = Literal["evidence", "person", "waiting", "part", "not_done"]
STANDINGS: tuple[Standing, ...] = ("evidence", "person", "part", "waiting", "not_done")
# evidence: findings or facts answer all that is asked of the model, and nothing is asked of a person.
# person: a person has spoken, and what was asked of the model is answered too. part: some of the checks were done.
# waiting: only a person's word is missing. not_done: nothing that is asked of the model was done.


@dataclass(frozen=True)
class Undone:
    """A check that was not done, or could not answer: the finding that says why, where there is one."""

    check: str
    finding: Finding | None
    options: tuple[str, ...]


@dataclass(frozen=True)
class Answered:
    """One clause and all that speaks to it."""

    clause: Clause
    findings: tuple[Finding, ...]
    undone: tuple[Undone, ...]
    unrecorded: tuple[str, ...]  # facts of which the file holds nothing
    statement: Statement | None

    def question(self, lang: str) -> str:
        """What a person is asked; nothing where that is what the clause asks anyhow."""
        asked = self.clause.person
        return "" if asked is None or asked[lang] == self.clause.asks[lang] else asked[lang]

    @property
    def standing(self) -> Standing:
        """What the clause counts as in the summary."""
        asked = len(self.clause.checks) + len(self.clause.facts) - len(self.clause.welcome)
        lacking = len(self.undone) + len(self.unrecorded)
        if asked and lacking == asked:
            return "not_done"
        if lacking:
            return "part"
        if self.clause.person is None:
            return "evidence"
        return "waiting" if self.statement is None else "person"


@dataclass(frozen=True)
class TechnicalFile:
    """A frame, filled in from one model."""

    frame: Frame
    content: Content
    answers: tuple[Answered, ...]
    strangers: tuple[Statement, ...]  # on clauses of this frame that this release does not know

    def counts(self) -> dict[Standing, int]:
        """Number of clauses of each standing; together, all clauses."""
        return {standing: sum(one.standing == standing for one in self.answers) for standing in STANDINGS}

    def facts(self, answered: Answered, voice: Voice) -> tuple[Fact, ...]:
        """The facts that a clause asks for, each once."""
        found = (fact for key in answered.clause.facts for fact in known(key, self.content, voice))
        return tuple(dict.fromkeys(found))


def technical(frame: Frame, content: Content, statements: Sequence[Statement] = ()) -> TechnicalFile:
    """The technical file of a model."""
    said = {one.ref: one for one in statements if one.frame == frame.key}
    answers = tuple(_answered(clause, frame, content, said.get(clause.ref)) for clause in frame.clauses)
    strangers = tuple(one for ref, one in said.items() if ref not in frame.refs)
    return TechnicalFile(frame, content, answers, strangers)


def _answered(clause: Clause, frame: Frame, content: Content, said: Statement | None) -> Answered:
    findings: list[Finding] = []
    undone: list[Undone] = []
    for names in clause.checks:
        asked = [finding for finding in content.findings if finding.check in names]
        done = [finding for finding in asked if finding.verdict not in UNANSWERED]
        findings += done
        if not done:
            undone.append(_undone(names[0], asked[0] if asked else None, frame))
    voice = content.voice("en")
    needed = (key for key in clause.facts if key not in clause.welcome)
    unrecorded = tuple(key for key in needed if not known(key, content, voice))
    return Answered(clause, tuple(findings), tuple(undone), unrecorded, said)


def _undone(check: str, finding: Finding | None, frame: Frame) -> Undone:
    options = [frame.how[check]] if check in frame.how else []
    options += [advice.option for advice in (finding.advice if finding else ()) if advice.option]
    return Undone(finding.check if finding else check, finding, tuple(dict.fromkeys(options)) or (ANEW,))


ANEW = "assay audit MODEL ROWS"  # asks every check of this release anew, of rows with known answers


def structured(file: TechnicalFile) -> dict[str, Any]:
    """The technical file as plain JSON values, in every language."""
    frame = file.frame
    return {
        "format": FORMAT,
        "version": VERSION,
        "frame": frame.key,
        "title": dict(frame.title),
        "source": {"title": frame.source, "url": frame.url},
        "read": frame.read,
        "how_read": dict(frame.how_read),
        "applies": dict(frame.applies),
        "model": file.content.title,
        "counts": {"clauses": len(file.answers), **file.counts()},
        "clauses": [_clause(one, file) for one in file.answers],
        "unknown_clauses": [to_plain(one) for one in file.strangers],
    }


def _clause(one: Answered, file: TechnicalFile) -> dict[str, Any]:
    voices = {lang: file.content.voice(lang) for lang in LANGUAGES}
    return {
        "ref": one.clause.ref,
        "place": dict(one.clause.place),
        "title": dict(one.clause.title),
        "asks": dict(one.clause.asks),
        "standing": one.standing,
        "findings": [_finding(finding, voices) for finding in one.findings],
        "facts": {
            lang: [{"name": fact.name, "lines": list(fact.lines)} for fact in file.facts(one, voice)]
            for lang, voice in voices.items()
        },
        "not_done": [
            {
                "check": left.check,
                "why": {lang: why_undone(left, voice) for lang, voice in voices.items()},
                "how": list(left.options),
            }
            for left in one.undone
        ],
        "not_recorded": list(one.unrecorded),
        "person": None if one.clause.person is None else dict(one.clause.person),
        "statement": None if one.statement is None else to_plain(one.statement),
    }


def _finding(finding: Finding, voices: Mapping[str, Voice]) -> dict[str, Any]:
    return {
        "check": finding.check,
        "verdict": finding.verdict,
        "sentence": {lang: voice.say(finding.say) for lang, voice in voices.items()},
        "measures": [to_plain(measure) for measure in finding.measures],
        "rows": finding.rows,
    }


def why_undone(left: Undone, voice: Voice) -> str:
    """Why a check has no answer, as a sentence."""
    if left.finding is None:
        return voice.word("file.absent")
    return voice.say(left.finding.say)
