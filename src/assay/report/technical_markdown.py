"""What does a repository show of a technical file? The same clauses as Markdown, with lines to fill in."""

from __future__ import annotations

from ..kernel.findings import Finding
from .markdown import SIGNS, code, inline, rows
from .markup import cut
from .pages import check_title
from .speech import Voice
from .technical import Answered, TechnicalFile, Undone, why_undone

MEASURES, LINES, LETTERS = 24, 60, 1_500  # of a finding, of a fact, of a line


def markdown(file: TechnicalFile, lang: str = "en") -> str:
    """The technical file as Markdown."""
    voice = file.content.voice(lang)
    frame, answers = file.frame, iter(file.answers)
    head = [
        f"# {inline(frame.title[lang])}",
        inline(voice.word("file.counts", clauses=len(file.answers), **file.counts())),
        f"> {inline(voice.word('file.caveat'))}",
        "\n".join(
            (
                f"- {voice.word('file.model')}: {inline(file.content.title)}",
                f"- {voice.word('file.source')}: {inline(frame.source)} <{frame.url}>",
                f"- {voice.word('file.read')}: {frame.read}",
                f"- {voice.word('file.how_read')}: {inline(frame.how_read[lang])}",
                f"- {voice.word('file.applies')}: {inline(frame.applies[lang])}",
            )
        ),
    ]
    shown: dict[int, Answered] = {}
    parts = list(head)
    for chapter in frame.parts:
        parts.append(f"## {inline(chapter.title[lang])}")
        parts += [_clause(next(answers), file, voice, shown) for _ in chapter.clauses]
    if file.strangers:
        parts.append(f"## {inline(voice.word('file.strangers'))}")
        parts += [f"- {inline(one.ref)}: {_quoted(one.text, one.who, one.date, voice)}" for one in file.strangers]
    return "\n\n".join(parts) + "\n"


def _clause(one: Answered, file: TechnicalFile, voice: Voice, shown: dict[int, Answered]) -> str:
    clause, lang = one.clause, voice.lang
    parts = [
        f"### {inline(clause.place[lang])} · {inline(clause.title[lang])}",
        f"**{inline(voice.word(f'file.{one.standing}'))}** · {inline(clause.asks[lang])}",
        *(_finding(finding, one, voice, shown) for finding in one.findings),
        *(_undone(left, voice) for left in one.undone),
    ]
    for fact in file.facts(one, voice):
        lines = [inline(cut(line, LETTERS)) for line in fact.lines[:LINES]]
        more = len(fact.lines) - len(lines)
        lines += [voice.word("file.more_lines", n=more)] if more > 0 else []
        joined = lines[0] if len(lines) == 1 else "".join(f"\n  - {line}" for line in lines)
        parts.append(f"- {inline(fact.name)}: {joined}")
    parts += [
        f"- **{inline(voice.word('file.unrecorded'))}: {inline(voice.word(f'fact.{key}'))}**" for key in one.unrecorded
    ]
    parts.append(_person(one, voice))
    return "\n\n".join(part for part in parts if part)


def _finding(finding: Finding, one: Answered, voice: Voice, shown: dict[int, Answered]) -> str:
    verdict = f"{SIGNS[finding.verdict]} {voice.word(f'verdict.{finding.verdict}')}"
    said = f"- **{inline(check_title(finding, voice))}** ({inline(verdict)}): {inline(voice.say(finding.say))}"
    if finding.rows:
        measured = voice.known(f"rows.{finding.rows}") or finding.rows
        said += f" {inline(voice.word('measured_on', rows=measured))}."
    if not finding.measures:
        return said
    before = shown.setdefault(id(finding), one)
    if before is not one:
        place = f"{before.clause.place[voice.lang]} · {before.clause.title[voice.lang]}"
        return f"{said} {inline(voice.word('file.seen_above', place=place))}"
    heads = [voice.word("measure"), voice.word("value"), voice.word("interval", level="").strip(), "n"]
    body = [
        (
            inline(voice.measure(m, finding.check)),
            voice.value(m),
            voice.interval(m),
            voice.counted(m, finding.check),
        )
        for m in finding.measures[:MEASURES]
    ]
    more = len(finding.measures) - len(body)
    rest = f"\n\n{voice.word('file.more_measures', n=more)}" if more > 0 else ""
    return f"{said}\n\n{rows(heads, body)}{rest}"


def _undone(left: Undone, voice: Voice) -> str:
    how = ", ".join(code(option) for option in left.options)
    title, why = inline(voice.title("checks", left.check)), inline(why_undone(left, voice))
    return f"- **{voice.word('file.undone')}: {title}.** {why} {voice.word('file.how')}: {how}"


def _person(one: Answered, voice: Voice) -> str:
    """What a person said, or the question with room for it; nothing where neither is."""
    asked = f": {inline(one.question(voice.lang))}" if one.question(voice.lang) else ""
    if one.statement is not None:
        said = _quoted(one.statement.text, one.statement.who, one.statement.date, voice)
        return f"> **{voice.word('file.said')}**{asked}  \n> {said}"
    if one.clause.person is None:
        return ""
    room = "".join(f"  \n> {voice.word(f'file.{name}')}: ____" for name in ("answer", "who", "date"))
    return f"> **{voice.word('file.says')}**{asked}{room}"


def _quoted(text: str, who: str, date: str, voice: Voice) -> str:
    return f"{inline(text)} — {inline(voice.word('file.by', who=who, date=date))}"
