"""How do a plan, progress and findings look in a terminal?"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from math import isfinite
from threading import Lock
from typing import TYPE_CHECKING, TextIO

from assay.kernel.clock import Clock
from assay.kernel.findings import Finding
from assay.kernel.plan import ColumnPlan, Plan
from assay.kernel.shelf import shelf
from assay.kernel.words import Say, pad, width_of
from assay.search.run import Event

from .speech import language, word, wrapped

if TYPE_CHECKING:
    from assay.report.technical import TechnicalFile

COLUMNS_SHOWN = 40
INDENT = "  "
LEAST_ROOM = 48  # columns beside a title; in a narrower terminal its text begins below it
SHARED = 4  # checks that were not asked for one reason, from which on they share a line
BROKEN = ("limit_broken", "limit_unknown")
LIMITS = (*BROKEN, "limit_kept")  # notes that stand at their check


def plan_text(plan: Plan, lang: str) -> str:
    """The plan, for people."""
    data = plan.data
    details = _listing([say for say in plan.notes if say.owner.startswith("readers/")], lang)
    lines = [
        _fact("data", lang, word("data_line", lang, name=data["name"], rows=data["rows"], columns=len(plan.columns),
                                 reader=data["reader"], details=details or "–")),
        _fact("target", lang, word("target_line", lang, target=plan.target, why=plan.task_why,
                                   task=Say(f"tasks/{plan.task.partition(':')[0]}", "title"))),
        _fact("time", lang, _budget(plan, lang)),
        "",
        _columns(plan, lang),
        "",
        _fact("candidates", lang, _listing([c.name for c in plan.candidates], lang)),
    ]  # fmt: skip
    lines += _listed("left_out", [say.text(lang) for say in plan.left_out], lang)
    lines += _listed("notes", [say.text(lang) for say in plan.notes if not say.owner.startswith("readers/")], lang)
    said = [(a.option, a.say.text(lang)) for a in plan.advice]
    wide = min(32, max((width_of(option) for option, _ in said), default=0))
    if said:
        lines += ["", word("advice", lang)]
        lines += [_hung(f"{INDENT}{option + ' ' * max(0, wide - width_of(option))}  ", why) for option, why in said]
    return "\n".join(lines)


def _budget(plan: Plan, lang: str) -> str:
    """How long it may take, or how much is tried."""
    if plan.trials:
        return word("trials_line", lang, trials=plan.trials)
    return word("time_line", lang, minutes=_whole(plan.minutes))


def _listing(names: Sequence[object], lang: str) -> str:
    return Say("kernel", "listing", {"names": list(names)}).text(lang)


def _whole(value: float) -> float:
    """Two minutes, not 2.00."""
    return int(value) if value == int(value) else value


def _fact(key: str, lang: str, text: str) -> str:
    return _hung(pad(word(key, lang), 16), text)


def _listed(key: str, rows: Sequence[str], lang: str) -> list[str]:
    return ["", word(key, lang), *(_hung(INDENT, row) for row in rows)] if rows else []


def _hung(head: str, text: str) -> str:
    """A text behind a head; in a terminal broken between words, each line beginning where the first one does.

    Where that would leave a narrow strip, the text begins on the line below a head, or farther left under what it belongs to.
    """
    if not sys.stdout.isatty():
        return head + text
    room = shutil.get_terminal_size((110, 24)).columns - 2  # Chinese marks of the end may hang over
    indent, first = width_of(head), head
    if room - indent < LEAST_ROOM:
        indent = len(2 * INDENT) if head.strip() else len(3 * INDENT)
        first = head.rstrip() + "\n" + " " * indent if head.strip() else " " * indent
    return first + ("\n" + " " * indent).join(wrapped(text, max(20, room - indent)))


def _columns(plan: Plan, lang: str) -> str:
    heads = [word(f"col.{key}", lang) for key in ("name", "kind", "role", "or", "missing", "why")]
    shown = plan.columns[:COLUMNS_SHOWN]
    rows = [heads, *(_row(c, lang) for c in shown)]
    room = max(60, shutil.get_terminal_size((110, 24)).columns)
    most = (32, 12, 10, 12, 9)
    widths = [min(most[i], max(width_of(row[i]) for row in rows)) for i in range(5)]
    last = max(16, room - sum(widths) - 2 * len(INDENT) - 10)
    lines = [
        (INDENT + "  ".join(pad(cell, w) for cell, w in zip(row, (*widths, last), strict=True))).rstrip()
        for row in rows
    ]
    if len(plan.columns) > len(shown):
        lines.append(INDENT + word("more_columns", lang, n=len(plan.columns) - len(shown)))
    return "\n".join([word("columns", lang), *lines])


def _row(c: ColumnPlan, lang: str) -> list[str]:
    def title(kind: str) -> str:
        return Say(f"modalities/{kind.partition(':')[0]}", "title").text(lang) if kind else ""

    missing = f"{c.missing:,}" if c.missing else ""
    other = "" if c.role in ("dropped", "target") else title(c.runner_up)
    return [c.name, title(c.kind), word(f"role.{c.role}", lang), other, missing, c.why.text(lang) if c.why else ""]


class Progress:
    """One line that is written over in a terminal; one line a candidate where output goes to a file."""

    def __init__(self, lang: str, stream: TextIO | None = None) -> None:
        self.lang = lang
        self.stream = stream or sys.stderr
        self.task = ""  # whose loss is told, once it is known
        self.live = self.stream.isatty()
        self.last = ""
        self.lock = Lock()  # folds run side by side

    def trial(self, event: Event) -> None:
        """A fold of a candidate begins."""
        place = {"place": event.tried + 1, "of": event.candidates, "candidate": event.candidate}
        said = word("trying", self.lang, fold=event.fold + 1, folds=event.folds, **place)
        best = "" if event.best is None else f" · {word('best', self.lang, measure=self._loss(), loss=event.best)}"
        left = (
            f" · {word('left', self.lang, time=clock_text(event.seconds_left))}" if isfinite(event.seconds_left) else ""
        )
        share = (event.tried + event.fold / event.folds) / event.candidates
        self._line(f"{bar(share)} {said}{best}{left}", event.candidate)

    def check(self, key: str, place: int, of: int) -> None:
        """A check begins."""
        title = Say(f"checks/{key}", "title").text(self.lang)
        self._line(f"{bar(place / of)} {word('checking', self.lang, check=title)}", "checks")

    def done(self) -> None:
        """Take the line away."""
        if self.live and self.last:
            self.stream.write("\r\033[K")
            self.stream.flush()

    def _loss(self) -> str:
        """What the loss of the task is called."""
        known = shelf("tasks").get(self.task.partition(":")[0]).about.words[self.lang] if self.task else {}
        return known.get("loss") or word("loss", self.lang)

    def _line(self, text: str, step: str) -> None:
        with self.lock:
            if self.live:
                room = shutil.get_terminal_size((100, 24)).columns - 1
                self.stream.write("\r\033[K" + pad(text, room).rstrip())
            elif step != self.last:
                self.stream.write(text + "\n")
            self.stream.flush()
            self.last = step


class Arriving(Progress):
    """How much of a file is here, and how long the rest takes at the pace so far."""

    def __init__(self, lang: str, stream: TextIO | None = None, clock: Clock | None = None) -> None:
        super().__init__(lang, stream)
        self.clock = clock or Clock.start()
        self.first: int | None = None  # what was here when this run began to receive

    def more(self, came: int, whole: int) -> None:
        """Bytes that are here, and of the whole file (0 where nobody says)."""
        self.first = came if self.first is None else self.first
        if not whole:
            return self._line(word("arriving_of", self.lang, came=came / 1e6), f"{came // 10**7}")
        share, pace = came / whole, (came - self.first) / max(self.clock.spent(), 1e-3)
        left = f" · {word('left', self.lang, time=clock_text((whole - came) / pace))}" if pace else ""
        said = word("arriving", self.lang, came=came / 1e6, whole=whole / 1e6)
        return self._line(f"{bar(share)} {said}{left}", f"{int(10 * share)}")


class Answering(Arriving):
    """How many rows are answered, how many a second, and how long the rest takes; quiet where there is one block of them."""

    rows = 0

    def more(self, came: int, whole: int) -> None:
        """Rows that are answered, and all of them."""
        self.rows = came
        if self.first is None:
            self.first = came
            self.clock = Clock.start()
        elif not (self.first == 0 and came == whole and not self.last):
            pace = (came - self.first) / max(self.clock.spent(), 1e-3)
            left = word("left", self.lang, time=clock_text((whole - came) / max(pace, 1e-9)))
            said = word("answering", self.lang, came=came, whole=whole, pace=round(pace))
            self._line(f"{bar(came / whole)} {said} · {left}", f"{int(10 * came / whole)}")


def bar(share: float, width: int = 18) -> str:
    """A bar that is filled to a share.

    >>> bar(0.5, 4)
    '██··'
    """
    full = round(min(1.0, max(0.0, share)) * width)
    return "█" * full + "·" * (width - full)


def clock_text(seconds: float) -> str:
    """Minutes and seconds.

    >>> clock_text(75.2)
    '1:15'
    """
    if seconds == float("inf"):
        return "∞"
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def findings_text(findings: Sequence[Finding], lang: str, command: str = "") -> str:
    """The verdict board; checks that were not asked for one and the same reason share a line at its end.

    command : whose options the advice names, where it is not the one that was given
    """
    before = f"{command} " if command else ""
    lines = []
    unasked: dict[str, list[str]] = {}
    for f in findings:
        if f.verdict == "unknown" and not any(note.key in BROKEN for note in f.notes):
            unasked.setdefault(f.say.text(lang), []).append(Say(f"checks/{f.check}", "title").text(lang))
    many = {said: titles for said, titles in unasked.items() if len(titles) >= SHARED}
    wide = max((width_of(Say(f"checks/{f.check}", "title").text(lang)) for f in findings), default=0)
    for f in findings:
        if f.verdict == "unknown" and f.say.text(lang) in many:
            continue
        title = pad(Say(f"checks/{f.check}", "title").text(lang), wide)
        lines.append(_hung(f"{INDENT}{pad(word(f'verdict.{f.verdict}', lang), 11)} {title}  ", f.say.text(lang)))
        under = " " * (len(INDENT) + 14 + wide)
        lines += [_hung(under, f"→ {before}{a.option}  {a.say.text(lang)}") for a in f.advice if a.option]
        lines += [_hung(under, f"✕ {note.text(lang)}") for note in f.notes if note.key in BROKEN]
    shown = pad(word("verdict.unknown", lang), 11)
    for said, titles in many.items():
        lines += [_hung(f"{INDENT}{shown} ", _listing(titles, lang)), _hung(INDENT + " " * 12, said)]
    return "\n".join(lines)


def asked_text(findings: Sequence[Finding], lang: str) -> str:
    """What is said of the rows that were asked, and of the door they were asked at: those left out, say; "" where nothing is."""
    told = [
        note for f in findings for note in f.notes if note.owner in ("foreign", "auditing") and note.key not in LIMITS
    ]
    return "\n".join(_hung(INDENT, line) for line in dict.fromkeys(note.text(lang) for note in told))


def shipped_text(findings: Sequence[Finding], lang: str) -> str:
    """What the search says of what ships: that a stated time is not kept, say; "" where the bag ships as usual."""
    said = [note.text(lang) for f in findings for note in f.notes if note.owner == "search"]
    return "\n".join(_hung(INDENT, line) for line in dict.fromkeys(said))


def size_text(size: float) -> str:
    """Bytes as people say them.

    >>> size_text(218516)
    '219 kB'
    """
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"


def commands(lines: Sequence[str], lang: str) -> str:
    """Commands to try next, one a line; copied, they answer in the language of this run."""
    asked = "" if lang == language(()) else f" --lang {lang}"
    return "\n".join(f"{INDENT}{line}{asked if line.startswith('assay ') else ''}" for line in lines)


def clauses_text(file: TechnicalFile, lang: str) -> str:
    """The sum of a technical file, and each clause with where it stands."""
    from assay.report.speech import Voice

    voice = Voice(lang)
    lines = [file.frame.title[lang], voice.word("file.counts", clauses=len(file.answers), **file.counts()), ""]
    for one in file.answers:
        standing = pad(voice.word(f"file.{one.standing}"), 22)
        lines.append(f"{standing}  {one.clause.ref:<16}  {one.clause.title[lang]}")
    return "\n".join([*lines, "", voice.word("file.caveat")])
