"""What stands on the page of one check?

The question, the verdict and its sentence, the measures with their intervals, figures, notes, and what to do.
"""

from __future__ import annotations

import math
import re

from ..kernel.findings import MADE_BY, Advice, Finding, Measure
from .axes import real
from .bars import interval_plot
from .content import Content
from .figures import draw
from .limits import Limits
from .markup import Raw, cut, join, short, tag
from .speech import Voice


def check_id(content: Content, index: int) -> str:
    """The anchor of a finding: its check, with a number where another finding bears the same."""
    names = [re.sub(r"[^a-z0-9-]+", "-", f.check.lower()).strip("-") or "x" for f in content.findings]
    again = names[:index].count(names[index])
    return f"check-{names[index]}" + (f"-{again + 1}" if again else "")


def check_title(finding: Finding, voice: Voice) -> str:
    """The check's title, and on which rows where those came from another file."""
    title = cut(voice.title("checks", finding.check), 120)
    return f"{title} · {voice.word(f'rows.{finding.rows}')}" if finding.rows in ("test", "audit") else title


def icon(verdict: str) -> Raw:
    """The sign of a verdict; the word beside it says the same."""
    use = tag("use", href=f"#v-{verdict}")
    return tag("svg", use, class_=f"icon i-{verdict}", viewBox="0 0 24 24", aria_hidden="true")


def page(content: Content, index: int, voice: Voice, limits: Limits) -> Raw:
    """The section of one finding."""
    finding = content.findings[index]
    anchor = check_id(content, index)
    question = voice.question(finding.check)
    word = tag(
        "span", icon(finding.verdict), voice.word(f"verdict.{finding.verdict}"), class_=f"word v-{finding.verdict}"
    )
    shown = finding.figures[: limits.figures]
    more = len(finding.figures) - len(shown)
    return tag(
        "section",
        tag("p", tag("a", voice.word("top"), href="#board"), class_="back"),
        tag("h2", check_title(finding, voice), id=f"{anchor}-title"),
        tag("p", question, class_="question") if question else None,
        tag("div", word, tag("p", voice.prose(finding.say)), class_=f"answer v-{finding.verdict}"),
        measures_table(finding, voice),
        tag("div", *(draw(f, voice, limits) for f in shown), class_="figures") if shown else None,
        tag("p", voice.word("more_figures", n=more), class_="muted") if more > 0 else None,
        _notes(finding, voice),
        advice_list(finding.advice, voice, ours=not content.elsewhere()),
        foot(finding, voice),
        id=anchor,
        class_="check",
        aria_labelledby=f"{anchor}-title",
    )


def measures_table(finding: Finding, voice: Voice) -> Raw | None:
    """The table of measures; columns that nothing stands in are left out."""
    measures = finding.measures
    if not measures:
        return None
    constant = any(m.constant is not None for m in measures)
    drawn = any(m.low is not None or m.constant is not None for m in measures)
    heads = [tag("th", voice.word("measure"), scope="col"), tag("th", voice.word("value"), scope="col", class_="num")]
    heads += [tag("th", voice.word("constant"), scope="col", class_="num")] if constant else []
    legend = voice.word("dot_legend" if constant else "interval_dot")
    heads += [tag("th", legend, scope="col", class_="plot")] if drawn else []
    check = finding.check
    rows = [_measure(m, voice.measure(m, check), voice.counted(m, check), voice, constant, drawn) for m in measures]
    table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), class_="data measures")
    return tag("div", table, class_="scroll", tabindex="0")


def _measure(measure: Measure, name: str, counted: str, voice: Voice, constant: bool, drawn: bool) -> Raw:
    aside = [voice.word(f"better.{measure.better}")] if measure.better else []
    aside += [counted] if counted else []
    interval = voice.interval(measure).replace(" %", "\u00a0%")  # broken, if at all, between its ends
    level = voice.word("interval", level=f"{measure.level * 100:.3g} %")
    cells = [
        tag(
            "th",
            short(name, 120),
            tag("small", " · ".join(aside)) if aside else None,
            scope="row",
        ),
        tag(
            "td",
            tag("b", voice.value(measure)),
            tag("small", interval, title=level) if interval else None,
            class_="num",
        ),
    ]
    if constant:
        cells.append(tag("td", voice.figure(measure.constant, measure.unit), class_="num"))
    if drawn:
        cells.append(tag("td", small_plot(measure, name, voice), class_="plot"))
    return tag("tr", *cells)


def small_plot(measure: Measure, name: str, voice: Voice) -> Raw:
    """The dot, interval and diamond of one measure."""
    value, low, high, constant = (real(v) for v in (measure.value, measure.low, measure.high, measure.constant))
    if not math.isfinite(value) or not (math.isfinite(low) or math.isfinite(constant)):
        return Raw("")
    ends = f" ({voice.interval(measure)})" if voice.interval(measure) else ""
    said = f"{name}: {voice.figure(value, measure.unit)}{ends}"
    return interval_plot(value, low, high, constant, said)


def _notes(finding: Finding, voice: Voice) -> Raw | None:
    if not finding.notes:
        return None
    return join(
        tag("h3", voice.word("notes")), tag("ul", *(tag("li", voice.prose(n)) for n in finding.notes), class_="notes")
    )


def advice_list(advice: tuple[Advice, ...], voice: Voice, ours: bool = True) -> Raw | None:
    """What to do, each with the option to copy and the command that takes it; no command makes a model that is not ours."""
    if not advice:
        return None
    items = []
    for one in advice:
        copy = tag(
            "button", voice.word("copy"), type="button", class_="copy", data_done=voice.word("copied"), hidden=True
        )
        given = [tag("span", MADE_BY, class_="muted"), tag("code", one.option), copy] if one.option and ours else []
        option = tag("span", *given, class_="option") if given else None
        items.append(tag("li", tag("p", voice.prose(one.say)), option))
    return join(tag("h3", voice.word("advice")), tag("ul", *items, class_="advice"))


def foot(finding: Finding, voice: Voice) -> Raw | None:
    """On which rows it was measured, and how long that took."""
    said = []
    if finding.rows:
        rows = voice.known(f"rows.{finding.rows}") or finding.rows
        said.append(voice.word("measured_on", rows=rows))
    if finding.seconds >= 0.05:
        said.append(voice.word("took", time=voice.duration(finding.seconds)))
    return tag("p", " · ".join(said), class_="muted foot") if said else None
