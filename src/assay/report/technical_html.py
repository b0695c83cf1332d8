"""What does a person see of a technical file?

One HTML file in the look of the report: what the source is and how it was read, the sum, then clause by clause what is asked, what
answers it, what was not done, and room for what only a person can say.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ..kernel.findings import Finding
from .html import asset, document, top
from .limits import MOST_BYTES
from .markup import Raw, clean, cut, join, tag
from .pages import check_title, foot, icon, measures_table
from .speech import Voice
from .statements import Statement
from .technical import STANDINGS, Answered, TechnicalFile, Undone, why_undone

MEASURES, LINES, LETTERS = 8, 40, 1_500  # of a finding, of a fact, of a line
SIGN = {"evidence": "pass", "person": "pass", "part": "watch", "waiting": "info", "not_done": "unknown"}


def html(file: TechnicalFile, lang: str = "en") -> str:
    """The technical file as one HTML file; where it would grow too large, fewer figures and lines are shown, and said to be."""
    voice = file.content.voice(lang)
    text = ""
    for measures, lines, letters in ((MEASURES, LINES, LETTERS), (4, 12, 400), (1, 4, 120)):
        text = _Page(file, voice, measures, lines, letters).text()
        if len(text.encode()) < MOST_BYTES:
            break
    return text


class _Page:
    """One rendering: which findings have shown their figures already is known on the way."""

    def __init__(self, file: TechnicalFile, voice: Voice, measures: int, lines: int, letters: int) -> None:
        self.file, self.voice = file, voice
        self.most_measures, self.most_lines, self.most_letters = measures, lines, letters
        self.shown: dict[int, Answered] = {}  # the clause at which a finding's figures stand

    def text(self) -> str:
        file, voice = self.file, self.voice
        title = f"{file.content.title} · {file.frame.title[voice.lang]}"
        answers = iter(file.answers)
        chapters = [
            tag(
                "section",
                tag("h2", chapter.title[voice.lang]),
                *(self._clause(next(answers)) for _ in chapter.clauses),
                id=f"part-{number}",
            )
            for number, chapter in enumerate(file.frame.parts, 1)
        ]
        main = tag("main", self._summary(), *chapters, self._strangers())
        body = tag("div", self._contents(), main, class_="layout")
        style = asset("report.css") + "\n" + asset("technical.css")
        return document(title, file.content, voice, top(voice, voice.word("file.kind")), body, style=style)

    def _contents(self) -> Raw:
        voice = self.voice
        items = [
            tag("li", tag("a", tag("span", chapter.title[voice.lang]), href=f"#part-{number}"))
            for number, chapter in enumerate(self.file.frame.parts, 1)
        ]
        first = tag("li", tag("a", tag("span", voice.word("summary")), href="#board"))
        return tag("nav", tag("ol", first, *items), class_="toc", aria_label=voice.word("contents"))

    def _summary(self) -> Raw:
        file, voice, counts = self.file, self.voice, self.file.counts()
        frame = file.frame
        tiles = [
            tag("li", tag("b", str(counts[one])), voice.word(f"file.{one}"), class_=f"s-{one}") for one in STANDINGS
        ]
        facts = (
            (voice.word("file.model"), file.content.title),
            (voice.word("file.source"), f"{frame.source} ({frame.url})"),
            (voice.word("file.read"), frame.read),
            (voice.word("file.how_read"), frame.how_read[voice.lang]),
            (voice.word("file.applies"), frame.applies[voice.lang]),
        )
        return tag(
            "section",
            tag("h1", frame.title[voice.lang]),
            tag("p", voice.word("file.counts", clauses=len(file.answers), **counts), class_="lead"),
            tag("ul", *tiles, class_="counts"),
            tag("p", voice.word("file.caveat"), class_="caveat"),
            tag("dl", *(tag("div", tag("dt", name), tag("dd", said)) for name, said in facts), class_="facts"),
            id="board",
        )

    def _clause(self, one: Answered) -> Raw:
        voice, clause = self.voice, one.clause
        word = tag(
            "span", icon(SIGN[one.standing]), voice.word(f"file.{one.standing}"), class_=f"word s-{one.standing}"
        )
        place = tag("span", clause.place[voice.lang], class_="place")
        return tag(
            "article",
            tag("header", place, tag("h3", clause.title[voice.lang]), word),
            tag("p", clause.asks[voice.lang], class_="asks"),
            *(self._finding(finding, one) for finding in one.findings),
            *(self._undone(left) for left in one.undone),
            self._facts(one),
            *(self._unrecorded(key) for key in one.unrecorded),
            self._person(one),
            class_="clause",
            id=clause_id(clause.ref),
        )

    def _finding(self, finding: Finding, one: Answered) -> Raw:
        voice = self.voice
        word = tag("span", icon(finding.verdict), voice.word(f"verdict.{finding.verdict}"), class_="word")
        said = tag("p", voice.prose(finding.say))
        box = tag(
            "div",
            word,
            tag("p", check_title(finding, voice), class_="name"),
            said,
            class_=f"answer v-{finding.verdict}",
        )
        before = self.shown.setdefault(id(finding), one)
        if before is not one and finding.measures:
            place = f"{before.clause.place[voice.lang]} · {before.clause.title[voice.lang]}"
            link = tag("a", voice.word("file.seen_above", place=place), href=f"#{clause_id(before.clause.ref)}")
            return join(box, tag("p", link, class_="muted foot"))
        some = replace(finding, measures=finding.measures[: self.most_measures])
        more = len(finding.measures) - len(some.measures)
        rest = tag("p", voice.word("file.more_measures", n=more), class_="muted") if more > 0 else None
        return join(box, measures_table(some, voice), rest, foot(replace(finding, seconds=0.0), voice))

    def _undone(self, left: Undone) -> Raw:
        voice = self.voice
        word = tag("span", icon("unknown"), voice.word("file.undone"), class_="word")
        name = tag("p", voice.title("checks", left.check), class_="name")
        commands = [tag("code", option) for option in left.options]
        how = tag("p", voice.word("file.how"), ": ", *(join(command, " ") for command in commands), class_="muted")
        return tag("div", word, name, tag("p", why_undone(left, voice)), how, class_="answer v-unknown")

    def _unrecorded(self, key: str) -> Raw:
        voice = self.voice
        said = f"{voice.word('file.unrecorded')}: {voice.word(f'fact.{key}')}"
        return tag("div", tag("p", said), class_="answer v-unknown")

    def _facts(self, one: Answered) -> Raw | None:
        facts = self.file.facts(one, self.voice)
        if not facts:
            return None
        return tag(
            "dl",
            *(tag("div", tag("dt", fact.name), tag("dd", self._lines(fact.lines))) for fact in facts),
            class_="facts",
        )

    def _lines(self, lines: tuple[str, ...]) -> Raw:
        some = [tag("bdi", cut(clean(line), self.most_letters)) for line in lines[: self.most_lines]]
        if len(lines) == 1:
            return some[0]
        more = len(lines) - len(some)
        rest = tag("li", self.voice.word("file.more_lines", n=more), class_="muted") if more > 0 else None
        return tag("ul", *(tag("li", line) for line in some), rest)

    def _person(self, one: Answered) -> Raw | None:
        voice, asked = self.voice, one.question(self.voice.lang)
        if one.statement is not None:
            name = tag("p", voice.word("file.said"), class_="name")
            question = tag("p", asked, class_="muted") if asked else None
            return tag("div", name, question, *self._said(one.statement), class_="person")
        if one.clause.person is None:
            return None
        sign = tag("div", tag("span", voice.word("file.who")), tag("span", voice.word("file.date")), class_="sign")
        return tag(
            "div",
            tag("p", voice.word("file.says"), class_="name"),
            tag("p", asked) if asked else None,
            tag("div", voice.word("file.answer"), class_="room"),
            sign,
            class_="person",
        )

    def _said(self, said: Statement) -> tuple[Raw, Raw]:
        by = tag("p", tag("bdi", self.voice.word("file.by", who=said.who, date=said.date)), class_="muted foot")
        return tag("p", tag("bdi", said.text), class_="said"), by

    def _strangers(self) -> Raw | None:
        if not self.file.strangers:
            return None
        boxes = [
            tag("div", tag("p", said.ref, class_="name"), *self._said(said), class_="person")
            for said in self.file.strangers
        ]
        return tag("section", tag("h2", self.voice.word("file.strangers")), *boxes)


def clause_id(ref: str) -> str:
    """The anchor of a clause."""
    return "clause-" + re.sub(r"[^A-Za-z0-9]+", "-", ref)
