"""What does a person see?

One HTML file that opens offline: the verdict board, a page for each check, then plan, ledger, schema and provenance.
Its policy forbids everything from outside, and of scripts and styles all but ours, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
from pathlib import Path

from ..kernel.findings import VERDICTS
from .appendix import equation_said, ledger_section, plan_section, provenance_section, schema_section
from .content import Content
from .limits import MOST_BYTES, Limits, steps
from .markup import Raw, cut, join, short, tag
from .pages import check_id, check_title, icon, page, small_plot
from .speech import Voice

BEGINNING = 2_000  # bytes within which the head says whose file it is
SECTIONS = ("plan", "ledger", "schema", "provenance")
# Drawn, so that they look the same everywhere: each verdict differs in outline and sign, not in colour alone.
SYMBOLS = {
    "pass": '<circle cx="12" cy="12" r="11"/><path class="k" d="M6.5 12.5l4 4l7.5-8.5"/>',
    "watch": '<path d="M12 1L23.5 22H.5z"/><path class="k" d="M12 8.5v6.5M12 18v1"/>',
    "fail": '<path d="M7.5 1h9L23 7.5v9L16.5 23h-9L1 16.5v-9z"/><path class="k" d="M8 8l8 8M16 8l-8 8"/>',
    "info": '<circle class="o" cx="12" cy="12" r="10"/><path class="j" d="M12 10.5v7M12 6.5v1"/>',
    "unknown": '<circle class="o" cx="12" cy="12" r="10" stroke-dasharray="3.5 2.5"/>'
    '<path class="j" d="M8.8 9.2c.2-4 6.4-4 6.4 0c0 2.4-3.2 2.4-3.2 5M12 17v1"/>',
    "error": '<path d="M12 .5L23.5 12L12 23.5L.5 12z"/><path class="k" d="M12 6v7M12 16.5v1"/>',
}
# What is said of the best readable model, by what its check found.
READABLE = {"even": "yes", "within": "within", "worse": "no", "itself": "itself", "itself_blend": "parts"}


def html(content: Content, lang: str = "en") -> str:
    """The report as one HTML file under 600 kB; what does not fit is left to the JSON, and said to be."""
    text = ""
    for limits in steps():
        text = _document(content, content.voice(lang), limits)
        if len(text.encode()) < MOST_BYTES:
            break
    return text


def _document(content: Content, voice: Voice, limits: Limits) -> str:
    title = f"{content.title} · {voice.word('report')}"
    body = (top(voice, voice.word("report")), _layout(content, voice, limits))
    return document(title, content, voice, *body, style=asset("report.css"))


def document(title: str, content: Content, voice: Voice, *body: Raw, style: str) -> str:
    """A whole file: its policy, the style and script that the policy names, and what is shown."""
    script = asset("report.js")
    policy = f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="generator", content=f"assay {content.card.get('assay', content.plan.version)}".strip()),
        tag("title", title),
        tag("style", Raw(style)),
    )
    shown = tag("body", _symbols(), *body, tag("script", Raw(script)))
    language = "zh-Hans" if voice.lang == "zh" else voice.lang
    return "<!doctype html>\n" + tag("html", head, "\n", shown, lang=language) + "\n"


def begins_as_one(path: str | Path) -> bool:
    """Whether a file begins as we write a report; what stands behind that is not looked at. One that cannot be read does not."""
    try:
        with open(path, "rb") as file:
            found = file.read(BEGINNING)
    except OSError:
        return False
    return b'<meta name="generator" content="assay' in found


def asset(name: str) -> str:
    """A file that lies beside this one."""
    return importlib.resources.files("assay.report").joinpath(name).read_text("utf-8").strip()


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def _symbols() -> Raw:
    marks = [tag("symbol", Raw(SYMBOLS[v]), id=f"v-{v}", viewBox="0 0 24 24") for v in VERDICTS]
    return tag("svg", *marks, width="0", height="0", class_="symbols", aria_hidden="true")


def top(voice: Voice, kind: str) -> Raw:
    """The bar on top: what kind of document this is."""
    return tag(
        "header",
        tag("a", voice.word("skip"), href="#board", class_="skip"),
        tag("span", tag("b", "Assay"), " ", kind, class_="brand"),
        tag("button", voice.word("theme"), type="button", id="theme", hidden=True),
        class_="top",
    )


def _layout(content: Content, voice: Voice, limits: Limits) -> Raw:
    main = tag(
        "main",
        _headline(content, voice),
        _board(content, voice),
        *(page(content, i, voice, limits) for i in range(len(content.findings))),
        plan_section(content, voice, limits),
        ledger_section(content, voice, limits),
        schema_section(content, voice, limits),
        provenance_section(content, voice, limits),
    )
    return tag("div", _contents(content, voice), main, class_="layout")


def _contents(content: Content, voice: Voice) -> Raw:
    """The list at the side of a wide screen."""
    checks = [
        tag("li", tag("a", icon(f.verdict), tag("span", check_title(f, voice)), href=f"#{check_id(content, i)}"))
        for i, f in enumerate(content.findings)
    ]
    rest = [tag("li", tag("a", tag("span", voice.word(key)), href=f"#{key}")) for key in SECTIONS]
    top = tag("li", tag("a", tag("span", voice.word("summary")), href="#summary"))
    return tag("nav", tag("ol", top, *checks, *rest), class_="toc", aria_label=voice.word("contents"))


def _headline(content: Content, voice: Voice) -> Raw:
    card, plan = content.card, content.plan
    task = card.get("task_title") or voice.title("tasks", plan.task)
    said = cut(voice.say(task), 60)
    if ":" in plan.task:  # in a way that was asked for: the level of a quantile, the order of grades
        said = f"{said} ({cut(voice.say(plan.task_why), 80)})"
    facts = voice.word(
        "headline_model",
        task=said,
        target=cut(str(card.get("target") or plan.target), 60),
        n=len(plan.names("feature")) + len(plan.names("sensitive")),
    )
    tally = [
        tag("li", icon(verdict), f"{count} ", tag("span", voice.word(f"verdict.{verdict}")), class_=f"v-{verdict}")
        for verdict, count in content.tally().items()
    ]
    equation, told = content.equation(voice.lang), equation_said(content, voice)
    written = tag(
        "div",
        tag("h2", voice.word("equation")),
        tag("p", told, class_="muted") if told else None,
        tag("p", tag("code", equation)),
        class_="equation",
    )
    return tag(
        "section",
        tag("h1", short(content.title, 120)),
        tag("p", facts, class_="lead"),
        tag("ul", *tally, class_="tally"),
        tag("div", _key_figure(content, voice), _facts(content, voice), class_="headline"),
        tag("p", voice.word("interrupted"), class_="muted") if card.get("interrupted") else None,
        written if equation else None,
        id="summary",
    )


def _key_figure(content: Content, voice: Voice) -> Raw | None:
    found, measure = content.headlined(), content.headline()
    if found is None or measure is None:
        return None
    name = voice.measure(measure, found.check)
    better = voice.word(f"better.{measure.better}") if measure.better else ""
    constant = voice.word("headline_constant", value=voice.figure(measure.constant, measure.unit))
    return tag(
        "div",
        tag("p", tag("b", name), f" · {better}" if better else "", class_="name"),
        tag("p", voice.value(measure), class_="big"),
        tag("p", voice.word("interval", level=f"{measure.level * 100:.3g} %"), ": ", voice.interval(measure)),
        small_plot(measure, name, voice),
        tag("p", f"◇ {constant}", class_="muted"),
        class_="key-figure",
    )


def _facts(content: Content, voice: Voice) -> Raw:
    card = content.card
    told = content.elsewhere()
    facts: list[tuple[str, object]] = [("learnt_from", voice.word("n_of_rows", n=content.rows()))]
    if told:
        made = f"{cut(str(told['name']), 60)}: {voice.say(told['by'])}"
        facts = [("made_elsewhere", made), ("audited_rows", voice.word("n_of_rows", n=int(told["rows"])))]
    if card.get("seconds") is not None:
        facts.append(("training_time", voice.duration(float(card["seconds"]))))
    if card.get("file_bytes"):
        facts.append(("file_size", voice.size(float(card["file_bytes"]))))
    members = content.blend()
    if members:
        facts.append(("headline_made", join(*(_member(*member, voice) for member in members))))
    readable = card.get("readable")
    if readable:
        key = READABLE.get(str(readable.get("found", "")), "yes" if readable.get("recommended") else "best")
        facts.append(("readable", voice.word(f"headline_readable_{key}", name=cut(str(readable.get("name", "")), 60))))
    return tag("dl", *(tag("div", tag("dt", voice.word(k)), tag("dd", v)) for k, v in facts), class_="facts")


def _member(name: str, learner: str, weight: float, voice: Voice) -> Raw:
    title = voice.title("learners", learner)
    more = None if not name or title.casefold() in ("", name.casefold()) else tag("span", f" · {title}", class_="muted")
    return tag("span", f"{weight * 100:.0f}\u00a0% ", short(name or title, 40), more, class_="member")


def _board(content: Content, voice: Voice) -> Raw:
    tiles = []
    for index, finding in enumerate(content.findings):
        word = tag("span", icon(finding.verdict), voice.word(f"verdict.{finding.verdict}"), class_="word")
        title = tag("span", check_title(finding, voice), class_="title")
        said = tag("span", voice.prose(finding.say), class_="said")
        link = tag("a", word, title, said, href=f"#{check_id(content, index)}", class_=f"tile v-{finding.verdict}")
        tiles.append(tag("li", link))
    return tag(
        "section",
        tag("h2", voice.word("board")),
        tag("p", voice.word("board_seen" if content.seen else "board_note"), class_="muted"),
        tag("ul", *tiles, class_="board"),
        id="board",
    )
