"""Does each view show the whole list, and in nothing but its own markup?"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import itertools
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.kernel.errors import RequestError
from assay.kernel.findings import FIGURES, VERDICTS, Figure, Finding, Measure, Trial, to_plain
from assay.kernel.plan import ColumnPlan, Plan
from assay.kernel.words import Say
from assay.report.appendix import schema_section
from assay.report.content import Content
from assay.report.facts import known
from assay.report.limits import Limits
from assay.report.markdown import code, front_matter, inline, yaml_lines
from assay.report.pages import measures_table, small_plot
from assay.report.report import Report
from assay.report.speech import Voice
from assay.report.structured import as_text
from assay.report.words import WORDS

from .sample import CHECKS, sample, text

GOLDEN = Path(__file__).parent.parent / "golden" / "report.html"
HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</style></title></svg><b>",
    "javascript:alert(1)",
    "http://evil.example/x",
    "\u202egnp.exe\u202c \u200f\u2066x",
    "n" * 500,
    "🙂 👩‍👩‍👧",
    "客户编号（新）",
    "a\x00b\x1b[31m\ud800\r\nc",
    "--> <!-- ]]> &amp; {x} `code` | *bold* [a](b)",
)
VOID = {"meta", "br", "img", "input", "link", "hr"}


class Walker(HTMLParser):
    """Every element and attribute of a page; unbalanced tags are an error."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), (tag, names)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["script"], ["style"]):
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def hostile(words: str) -> Content:
    """The sample with one hostile text in every place that takes a text of the user's."""
    say = text(words)
    figures = (
        Figure(kind="bars", title=say, data={"labels": [words], "values": [1.0]}, x=say, y=words),
        Figure(kind="lines", title=say, data={"series": [{"name": words, "x": [1, 2], "y": [1, 2]}] * 2}, x=say, y=say),
        Figure(kind="lines", title=say, data={"series": [{"name": say, "x": [words, "b"], "y": [1, 2]}]}),
        Figure(kind="points", title=say, data={"x": [1, 2], "y": [3, 4], "groups": [words, "b"]}, x=say),
        Figure(
            kind="matrix", title=say, data={"rows": [words], "columns": [words], "values": [[1]], "text": [[words]]}
        ),
        Figure(kind="table", title=say, data={"columns": [words], "rows": [[words], [say]]}),
        Figure(kind="histogram", title=say, data={"edges": [0, 1], "series": [{"name": words, "counts": [3]}]}),
    )
    measure = Measure(name=words, value=1.0, low=0.0, high=2.0, constant=1.0, unit=words)
    finding = Finding(
        check=words, verdict="fail", say=say, measures=(measure,), figures=figures, notes=(say,), rows=words
    )
    column = ColumnPlan(name=words, kind=words, role=words, why=say, runner_up=words, misfits=1, examples=(words,))
    plan = Plan(
        data={"name": words, "sha256": words, "reader": words, "details": {words: words}}, target=words, task=words,
        task_why=say, columns=(column, replace(column, role="feature")), left_out=(say,), notes=(say,), version=words,
    )  # fmt: skip
    trial = Trial(name=words, learner=words, settings={words: words}, error=words, status="failed", loss=1.0)
    card = {
        "command": words, "created": words, "packages": {words: words}, "target": words, "task_title": words,
        "equation": {"equation": words}, "blend": [{"name": words, "learner": words, "weight": 1.0}],
        "readable": {"name": words, "recommended": True},
    }  # fmt: skip
    return Content(words, plan, (finding,), (trial,), card)


def test_golden_report_is_unchanged() -> None:
    """Renew it with scripts/golden_report after a wanted change."""
    assert Report(sample()).html() == GOLDEN.read_text("utf-8")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_page_is_balanced_and_complete(lang: str) -> None:
    page = Walker(Report(sample(lang)).html(lang))
    assert page.all("html")[0]["lang"] == {"en": "en", "zh": "zh-Hans"}[lang]
    said = " ".join(page.words)
    for words in CHECKS.values():
        for sentence in words[4:6] if lang == "zh" else words[1:3]:
            assert sentence in said
    assert len([a for a in page.all("section") if a.get("class") == "check"]) == len(CHECKS)
    assert {f.verdict for f in sample().findings} == set(VERDICTS)
    assert {fig.kind for f in sample().findings for fig in f.figures} == set(FIGURES)


def test_ids_are_unique_and_links_lead_somewhere() -> None:
    page = Walker(Report(replace(sample(), findings=sample().findings * 2)).html())
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(set(ids)) == len(ids)
    targets = [str(a["href"]) for tag, a in page.elements if tag in ("a", "use")]
    assert all(t.startswith("#") and t[1:] in ids for t in targets)


def test_pictures_have_names_and_tables_have_headings() -> None:
    page = Walker(Report(sample()).html())
    assert all(a.get("aria-label") or a.get("aria-hidden") for a in page.all("svg"))
    assert all(a.get("scope") in ("col", "row") for a in page.all("th"))
    heads = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert heads[0] == 1
    assert heads.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(heads))


def test_nothing_comes_from_outside() -> None:
    page = re.sub(r' src="data:image/jpeg;base64,[A-Za-z0-9+/=]+"', "", Report(sample()).html())
    assert not re.search(r"(?:src|href|action)\s*=\s*[\"']?(?!#)", page.replace('href="#', ""))
    assert "url(" not in page
    assert "@import" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_policy_names_our_style_and_script_alone() -> None:
    page = Report(sample()).html()
    policy = next(str(a["content"]) for a in Walker(page).all("meta") if "http-equiv" in a)
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        found = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert len(found) == 1
        assert base64.b64encode(hashlib.sha256(found[0].encode()).digest()).decode() in policy


def test_colours_reach_contrast_aa_in_both_themes() -> None:
    style = re.findall("<style>(.*?)</style>", Report(sample()).html(), re.DOTALL)[0]
    themes = re.findall(r"--paper: #.*?--error-bg: #\w+;", style, re.DOTALL)
    assert len(themes) >= 3
    for theme in themes:
        colour = dict(re.findall(r"--([\w-]+): (#\w{3,6})", theme))
        pairs = [(ink, back) for ink in ("ink", "muted", "link") for back in ("paper", "card", "soft")]
        pairs += [(v, f"{v}-bg") for v in VERDICTS] + [(v, "card") for v in VERDICTS] + [("ink", "fail-bg")]
        pairs += [(f"c{i}", "paper") for i in range(8)]
        for front, back in pairs:
            assert contrast(colour[front], colour[back]) >= 4.5, (front, back)


def test_what_scrolls_sideways_shows_that_there_is_more() -> None:
    page = Report(sample()).html()
    style = re.findall("<style>(.*?)</style>", page, re.DOTALL)[0]
    box = re.findall(r"\n\.scroll \{(.*?)\n\}", style, re.DOTALL)[0]
    assert box.count(" local") == box.count(" scroll") == 2  # what covers the shade moves with the content
    assert style.count("--shade: rgb(") == 3  # of the light page, and of the dark one by choice and by the system
    assert page.count("<table") == len(re.findall(r'<div class="scroll" tabindex="0"><table', page))


def contrast(a: str, b: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2)."""
    bright, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text(words: str) -> None:
    raw = Report(hostile(words)).html()
    page = Walker(raw)
    raw.encode()  # no half letters
    assert len(page.all("script")) == 1
    assert len(page.all("b")) == len(Walker(Report(hostile("x")).html()).all("b"))
    assert not any(name.startswith("on") for _, a in page.elements for name in a)
    assert all(str(a[name]).startswith("#") for _, a in page.elements for name in ("href", "src") if name in a)
    assert not re.search("[\x00\u202a-\u202e\u2066-\u2069]", raw)
    assert "javascript:" not in " ".join(f"{a.get('href')}" for _, a in page.elements)


def test_every_element_is_one_the_report_writes() -> None:
    honest = {tag for tag, _ in Walker(Report(sample()).html()).elements}
    for words in HOSTILE:
        assert {tag for tag, _ in Walker(Report(hostile(words)).html()).elements} <= honest


@pytest.mark.parametrize("letters", [12, 500])
def test_three_hundred_columns_stay_under_600_kb(letters: int) -> None:
    base = sample()
    names = [f"{i:03d}" + "长n"[letters > 12] * (letters - 3) for i in range(300)]
    columns = tuple(ColumnPlan(name=n, kind="number", why=text(n), examples=(n,) * 3, misfits=2) for n in names)
    spots = [i / 7 for i in range(5000)]
    heavy = tuple(
        Figure(kind="lines", title=text(n), data={"series": [{"name": n, "x": spots, "y": spots[::-1]}]}) for n in names
    )
    bars = Figure(kind="bars", title=text("all"), data={"labels": names, "values": list(range(300))})
    findings = tuple(replace(f, figures=(*f.figures, bars, *heavy)) for f in base.findings)
    ledger = tuple(Trial(name=n, learner="boosting", error="e" * 2000, status="failed") for n in names)
    plan = replace(base.plan, columns=columns)
    page = Report(replace(base, plan=plan, findings=findings, ledger=ledger)).html()
    assert len(page.encode()) < 600_000
    assert "more figures are in the JSON report" in page
    Walker(page)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("even", "prefer it"),
        ("within", "is to be weighed"),
        ("worse", "measurably worse"),
        ("itself", "The shipped model can be read whole."),
        ("itself_blend", "Each model in the blend can be read whole."),
        ("", "line is the best that can be read whole.<"),
    ],
)
def test_the_readable_model_is_called_what_its_check_found(found: str, said: str) -> None:
    card = {**sample().card, "readable": {"name": "line", "found": found, "recommended": found == "even"}}
    page = Report(replace(sample(), card=card)).html()
    assert said in page
    assert ("measurably worse" in page) == (found == "worse")


def test_a_plot_without_an_interval_is_not_read_out_with_empty_brackets() -> None:
    voice, bare = Voice("en"), Measure(name="width", value=7.29, constant=34.1)
    assert "mean width: 7.29<" in small_plot(bare, "mean width", voice)
    whole = replace(bare, low=6.5, high=8.1)
    assert "mean width: 7.29 (6.50 – 8.10)<" in small_plot(whole, "mean width", voice)


def test_the_equation_names_parts_of_dates_in_the_language_of_the_report(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    days = np.datetime64("2023-01-01") + rng.integers(0, 700, 150)
    x = rng.normal(size=150).round(3)
    rows = {"day": [str(day) for day in days], "x": [None, *x[1:]], "y": (x + days.astype(int) / 100).round(3)}
    model = assay.train(rows, "y", trials=1, learners=("linear",), checks=("quality",))
    written = assay.load(model.save(tmp_path / "m.assay"))
    english, chinese = (written.report.markdown(lang) for lang in ("en", "zh"))
    assert "·[day (days)]" in english
    assert "·[x missing]" in english
    assert "·[day（天数）]" in chinese
    assert "·[x缺失]" in chinese
    assert "(days)]" not in chinese


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_equation_of_another_model_than_the_one_named_says_so(lang: str) -> None:
    """The additive model is recommended, and what is written out is the linear one."""
    beside = {
        "en": "The best model that can be read whole is additive, not this one.",
        "zh": "最好的可读模型是 additive，而不是这一个。",
    }
    named, other = sample(), replace(sample(), card={**sample().card, "readable": {"name": "linear", "found": "even"}})
    assert beside[lang] in Report(named).html(lang)
    assert beside[lang] in Report(named).markdown(lang)
    assert any(beside[lang] in line for fact in known("equation", named, Voice(lang)) for line in fact.lines)
    for view in (Report(other).html(lang), Report(other).markdown(lang)):
        assert beside[lang][:12] not in view


def test_columns_of_one_kind_stand_together_whatever_their_unit() -> None:
    kinds = {"age": "number:unit:岁", "weight": "number:unit:kg", "size": "number", "paid": "date:zone:Asia/Shanghai"}
    columns = tuple(ColumnPlan(name=name, kind=kind) for name, kind in kinds.items())
    content = sample("en")
    section = schema_section(replace(content, plan=replace(content.plan, columns=columns)), Voice("en"), Limits())
    assert re.findall(r"<dt>(.*?)</dt>", section) == ["number (3)", "date (1)"]
    named = ["age", "岁", "weight", "kg", "size", "paid", "Asia/Shanghai"]
    assert re.findall(r"<(?:bdi|small)>([^<]+)<", section) == named


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_times_that_were_not_kept_are_not_told_as_nothing(lang: str) -> None:
    """A run that counts candidates keeps no times: 0 s and 0 MB of each would be untrue."""
    still = replace(
        sample(),
        plan=replace(sample().plan, trials=8),
        ledger=tuple(replace(t, seconds=0.0, memory_mb=0.0) for t in sample().ledger),
    )
    for view in (Report(still).html(lang), Report(still).markdown(lang)):
        ledger = re.split(rf"(?:<h2>|## ){WORDS[lang]['ledger']}", view)[1]
        assert WORDS[lang]["ledger_untimed"][:12] in ledger
        assert not re.search(r"[>|] ?0 ?(s|秒|MB)\b", ledger)
    assert WORDS[lang]["ledger_untimed"][:12] not in Report(sample()).html(lang)


def test_empty_content_is_still_a_report() -> None:
    empty = Content("", Plan(data={}, target="", task="", task_why=text("")))
    for view in (Report(empty).html(), Report(empty).html("zh")):
        Walker(view)
    assert Report(empty).markdown().startswith("---\n")
    assert json.loads(as_text(empty))["findings"] == []


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e300, -1e300, 10**400, None])
def test_odd_numbers_are_drawn_or_left_out(bad: Any) -> None:
    series = {"name": "s", "x": [1, 2, bad], "y": [bad, 1, 2], "low": [bad, 0, 1], "high": [bad, 2, 3]}
    figures = (
        Figure(kind="bars", title=text("t"), data={"labels": ["a", "b"], "values": [bad, 1.0], "reference": bad}),
        Figure(kind="lines", title=text("t"), data={"series": [series, {"name": "none", "x": [], "y": []}]}),
        Figure(kind="points", title=text("t"), data={"x": [bad, 1], "y": [1, bad]}),
        Figure(kind="matrix", title=text("t"), data={"rows": ["a"], "columns": ["b"], "values": [[bad]]}),
        Figure(kind="table", title=text("t"), data={"columns": ["a"], "rows": [[bad], []]}),
        Figure(
            kind="histogram", title=text("t"), data={"edges": [0, 1, 2], "series": [{"name": "s", "counts": [bad, 1]}]}
        ),
        Figure(kind="bars", title=text("t"), data={"labels": [], "values": []}),
    )
    finding = Finding(check="odd", verdict="info", say=text("odd"), figures=figures)
    page = Report(replace(sample(), findings=(finding,))).html()
    assert not re.search(r'"[^"]*\bnan\b[^"]*"', " ".join(re.findall(r' (?:d|x|y|cx|cy|width|x1|x2)="[^"]*"', page)))
    Walker(page)


def test_a_sentence_nobody_knows_any_more_is_shown_by_key_and_values() -> None:
    lost = Say("checks/of_another_package", "found", {"column": "age", "inner": Say("nobody", "x")})
    finding = Finding(check="of_another_package", verdict="watch", say=lost)
    page = Report(replace(sample(), findings=(finding,))).html()
    assert "[checks/of_another_package found] column: age" in page
    assert "of another package" in page


def test_card_read_back_from_a_file_says_the_same() -> None:
    card = {**sample().card, "task_title": text("Yes or no, really"), "interrupted": True, "audited": "june.csv"}
    fresh = Report(replace(sample(), card=card)).html()
    assert "Yes or no, really" in fresh
    assert "june.csv" in fresh
    assert WORDS["en"]["interrupted"] in fresh
    assert fresh == Report(replace(sample(), card=to_plain(card))).html()


def test_a_measure_without_a_name_of_its_own_goes_by_its_key() -> None:
    say = Say("report", "text", {"text": Say("tasks/binary", "measure.new_metric")})
    page = Report(replace(sample(), findings=(Finding(check="x", verdict="info", say=say),))).html()
    assert ">new metric</p>" in page


@pytest.mark.parametrize(
    ("check", "name", "en", "zh"),
    [
        ("quality", "auc", "1 row", "1 行"),
        ("personal", "share", "1 cell", "1 个单元格"),
        ("personal", "carried", "1 picture", "1 张图片"),
        ("objects", "found", "1 thing", "1 个物体"),
        ("objects", "ap: bolt", "1 thing", "1 个物体"),
        ("objects", "right", "1 box", "1 个方框"),
        ("objects", "false", "1 picture", "1 张图片"),
        ("traces", "asked", "1 cell or word", "1 个单元格与词语"),
        ("of_another_package", "asked", "1 row", "1 行"),
    ],
)
def test_what_is_counted_is_called_what_it_is(check: str, name: str, en: str, zh: str) -> None:
    measure = Measure(name=name, value=0.5, n=1)
    assert (Voice("en").counted(measure, check), Voice("zh").counted(measure, check)) == (en, zh)


def test_measures_of_two_columns_are_named_in_full() -> None:
    measure = Measure(name="p_value: outstanding_principal × months_since_last_delinquency", value=0.5)
    finding = Finding(check="interactions", verdict="info", say=text("t"), measures=(measure,))
    assert "outstanding_principal × months_since_last_delinquency</bdi>" in str(measures_table(finding, Voice("en")))


def test_options_in_sentences_are_not_broken_and_stay_text() -> None:
    said = str(Voice("en").prose(text("mark it with --audit-only COLUMN <b> a--b")))
    assert said == 'mark it with <span class="unbroken">--audit-only</span> COLUMN &lt;b&gt; a--b'


def test_advice_names_the_command_that_takes_it_and_none_of_a_model_made_elsewhere() -> None:
    told = {"name": "m.onnx", "door": "onnx", "by": text("ONNX"), "sha256": "0" * 64, "rows": 300, "ran_code": False}
    elsewhere = replace(sample(), card={**sample().card, "made_elsewhere": told})
    page, card = Report(sample()).html(), Report(sample()).markdown()
    assert '<span class="muted">assay train …</span><code>--drop biopsy_code</code>' in page
    assert "`assay train … --drop biopsy_code`" in card
    for view in (Report(elsewhere).html(), Report(elsewhere).markdown()):
        assert "Leave the column out and train again." in view
        assert "--drop biopsy_code" not in view.partition("Plan")[0]


def test_shares_too_small_to_be_read_are_told_as_less() -> None:
    assert [Voice("en").figure(v, "share") for v in (6.2e-8, 0.0, 1e-5)] == ["< 0.001 %", "0 %", "0.00100 %"]


def test_whole_counts_are_whole() -> None:
    finding = Finding(
        check="subgroups", verdict="pass", say=text("t"), measures=(Measure(name="worse_groups", value=2.0),)
    )
    for view in (str(measures_table(finding, Voice("en"))), Report(replace(sample(), findings=(finding,))).markdown()):
        assert re.search(r"groups that fare worse.*[>| ]2[<| ]", view, re.DOTALL)
        assert "2.00" not in view
    assert [Voice("en").figure(value, "rows") for value in (1.0, 2.0, 2.5)] == ["1 row", "2 rows", "2.50 rows"]


def test_both_languages_have_the_same_keys_and_values() -> None:
    assert WORDS["en"].keys() == WORDS["zh"].keys()
    slots = re.compile(r"\{(\w+)")
    for key, english in WORDS["en"].items():
        assert set(slots.findall(english)) == set(slots.findall(WORDS["zh"][key])), key
        assert english
        assert WORDS["zh"][key]


def test_json_is_strict_and_complete() -> None:
    base = sample()
    broken = Measure(name="auc", value=float("nan"), low=float("-inf"), high=1.0)
    content = replace(
        base, findings=(*base.findings, Finding(check="x", verdict="info", say=text("x"), measures=(broken,)))
    )
    raw = json.loads(as_text(content), parse_constant=lambda c: pytest.fail(c))
    assert raw["format"] == "assay-report"
    assert raw["version"] == 1
    assert tuple(Finding.from_json(f) for f in raw["findings"][:-1]) == tuple(
        Finding.from_json(f.to_json()) for f in base.findings
    )
    assert [Finding.from_json(f).say for f in raw["findings"][:-1]] == [f.say for f in base.findings]
    assert raw["findings"][-1]["measures"][0]["value"] is None
    assert Plan.from_json(raw["plan"]) == Plan.from_json(base.plan.to_json())
    assert tuple(Trial(**t) for t in raw["ledger"]) == base.ledger
    assert raw["card"]["packages"] == base.card["packages"]
    assert raw["findings"][0]["words"]["zh"]["verdict"] == "通过"


def test_json_of_half_letters_can_be_written(tmp_path: Path) -> None:
    saved = Report(hostile("half \ud800")).save(tmp_path / "a.json")
    assert json.loads(saved.read_text("utf-8"))["title"] == "half \ud800"


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_front_matter_is_yaml_whatever_the_names(words: str) -> None:
    front = front_matter(replace(hostile(words), card={"head": "classes"}), "en")
    lines = list(yaml_lines(front))
    plain = r'(?:"(?:[^"\\]|\\.)*"|-?\d[\d.e+-]*|true|false|null)'
    assert all(re.fullmatch(rf"\s*(?:- )?(?:[a-z_-]+:(?: {plain})?|{plain})", line) for line in lines), lines
    if importlib.util.find_spec("yaml"):
        loaded = importlib.import_module("yaml").safe_load("\n".join(lines))
        assert loaded["model-index"][0]["results"][0]["metrics"][0]["value"] == 1.0


def test_model_card_names_the_metrics() -> None:
    card = Report(sample()).markdown()
    head = card.split("---")[1]
    assert 'pipeline_tag: "tabular-classification"' in head
    assert 'type: "log_loss"' in head
    assert "value: 0.0786" in head
    assert "license" not in head
    for title in ("Findings at a glance", "Leakage", "The plan", "The ledger", "Provenance"):
        assert title in card
    assert "`assay train … --drop biopsy_code`" in card


def test_markdown_holds_no_markup_of_the_users() -> None:
    for words in HOSTILE:
        body = Report(hostile(words)).markdown().split("\n---\n", 1)[1]
        outside = re.sub(r"``[^\n]*?``|`[^`\n]*`", "", body)
        assert not re.search(r"<(?:script|img|b|!--)", outside)
        assert "](b)" not in outside.replace("\\](b)", "")
        assert "http://" not in outside


def test_code_spans_hold_backticks() -> None:
    assert code("a`b") == "`` a`b ``"
    assert inline("1. x") == "1\\. x"


@pytest.mark.parametrize("ending", ["html", "md", "json"])
def test_saved_file_is_the_view_of_its_ending(tmp_path: Path, ending: str) -> None:
    path = Report(sample()).save(tmp_path / f"r.{ending}", "en")
    starts = {"html": "<!doctype html>", "md": "---\n", "json": "{"}
    assert path.read_text("utf-8").startswith(starts[ending])
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_unknown_ending_language_and_place_are_said_in_three_parts(tmp_path: Path) -> None:
    for attempt in (
        lambda: Report(sample()).save(tmp_path / "r.pdf"),
        lambda: Report(sample()).html("fr"),
        lambda: Report(sample()).save(tmp_path / "nowhere" / "r.html"),
    ):
        with pytest.raises(RequestError) as caught:
            attempt()
        assert caught.value.seen
        assert caught.value.expected
        assert caught.value.do


def test_same_content_gives_the_same_bytes() -> None:
    assert Report(sample()).html() == Report(sample()).html()
    assert as_text(sample()) == as_text(sample())
