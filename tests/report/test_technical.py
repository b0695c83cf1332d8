"""Does a technical file ask every clause, show what answers it, and say of the rest that it was not done?"""

from __future__ import annotations

import base64
import hashlib
import html as markup
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.kernel.box import Box
from assay.kernel.errors import BundleInvalid, RequestError
from assay.kernel.findings import Finding
from assay.kernel.shelf import shelf
from assay.kernel.words import LANGUAGES
from assay.report import statements
from assay.report.content import Content
from assay.report.facts import FACTS
from assay.report.frame import Frame, frame, frames
from assay.report.report import Report, TechnicalReport
from assay.report.statements import MOST_LETTERS, Statement, load, read, template, template_text
from assay.report.technical import STANDINGS, technical
from assay.report.words import WORDS

from .sample import sample, text

HOSTILE = "<script>alert(1)</script> \u202e & \"'"


def _said(ref: str, words: str = "for loans", key: str = "ai-act") -> Statement:
    return Statement(frame=key, ref=ref, text=words, who="A. Person", date="2026-11-27")


def _file(key: str, content: Content | None = None, *said: Statement) -> TechnicalReport:
    return Report(sample() if content is None else content, said).technical(key)


def _views(report: TechnicalReport, lang: str) -> tuple[str, str, str]:
    return report.html(lang), report.markdown(lang), json.dumps(report.structured(), ensure_ascii=False)


def _texts(page: str) -> str:
    """The words of a page without its markup."""
    bare = re.sub(r"<(style|script)\b.*?</\1>|<[^<>]*>", " ", page, flags=re.DOTALL)
    return " ".join(markup.unescape(bare).split())


def _strings(found: Frame) -> list[Any]:
    texts = [found.title, found.how_read, found.applies, *(part.title for part in found.parts)]
    for clause in found.clauses:
        texts += [clause.place, clause.title, clause.asks, *([clause.person] if clause.person else [])]
    return texts


@pytest.mark.parametrize("key", frames())
class TestFrames:
    def test_every_check_and_fact_is_one_there_is(self, key: str) -> None:
        found = frame(key)
        named = {name for clause in found.clauses for names in clause.checks for name in names}
        assert named <= set(shelf("checks").keys())
        assert set(found.how) <= named
        facts = {name for clause in found.clauses for name in clause.facts}
        assert facts <= set(FACTS)
        assert all(f"fact.{name}" in WORDS[lang] for name in FACTS for lang in LANGUAGES)

    def test_every_text_is_there_in_every_language(self, key: str) -> None:
        for said in _strings(frame(key)):
            assert set(said) == set(LANGUAGES)
            assert all(words.strip() for words in said.values())
            assert re.search("[\u4e00-\u9fff]", said["zh"])
            assert not re.search("[\u4e00-\u9fff]", said["en"])

    def test_every_clause_can_be_answered_by_the_model_or_by_a_person(self, key: str) -> None:
        found = frame(key)
        assert found.key == key
        assert len(set(found.refs)) == len(found.refs) > 5
        for clause in found.clauses:
            needed = set(clause.facts) - set(clause.welcome)
            assert clause.checks or needed or clause.person, clause.ref

    def test_it_says_where_it_comes_from_and_when_it_was_read(self, key: str) -> None:
        found = frame(key)
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", found.read)
        for lang in LANGUAGES:
            said = _texts(_file(key).html(lang))
            for words in (found.source, found.url, found.read, found.how_read[lang], found.applies[lang]):
                assert " ".join(words.split()) in said

    @pytest.mark.parametrize("lang", LANGUAGES)
    def test_every_clause_stands_in_every_view(self, key: str, lang: str) -> None:
        report = _file(key)
        page, card, _ = _views(report, lang)
        page = _texts(page)
        for clause in frame(key).clauses:
            assert clause.asks[lang] in page
            assert clause.title[lang] in page
            assert clause.person is None or clause.person[lang] in page
        assert card.count("\n### ") == len(frame(key).clauses)
        assert [one["ref"] for one in report.structured()["clauses"]] == list(frame(key).refs)

    @pytest.mark.parametrize("lang", LANGUAGES)
    def test_nothing_is_ever_called_compliant(self, key: str, lang: str) -> None:
        whole = replace(sample(lang), findings=tuple(replace(f, verdict="pass") for f in sample(lang).findings))
        answers = [_said(ref, "yes", key) for ref in frame(key).refs]
        for content, said in ((sample(lang), ()), (whole, answers), (Content("x", sample().plan), ())):
            for view in _views(_file(key, content, *said), lang):
                assert not re.search("complian|comply|complies|合规|符合法规|达标", view, re.IGNORECASE)

    def test_standings_add_up_to_all_clauses(self, key: str) -> None:
        for said in ((), [_said(ref, key=key) for ref in frame(key).refs]):
            counts = _file(key, None, *said).structured()["counts"]
            assert counts.pop("clauses") == sum(counts.values()) == len(frame(key).clauses)
            assert tuple(counts) == STANDINGS

    def test_ids_are_unique_and_links_lead_somewhere(self, key: str) -> None:
        page = _file(key).html()
        ids = re.findall(r'\bid="([^"]+)"', page)
        assert len(set(ids)) == len(ids)
        assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)

    def test_a_page_stays_under_600_kb(self, key: str) -> None:
        assert len(_file(key).html("zh").encode()) < 600_000


def test_what_was_not_asked_is_printed_as_not_done_with_the_command() -> None:
    content = replace(sample(), findings=())
    report = _file("ai-act", content)
    one = next(one for one in report.structured()["clauses"] if one["ref"] == "15.3")
    assert one["standing"] == "not_done"
    assert one["not_done"] == [
        {"check": "quality", "why": one["not_done"][0]["why"], "how": ["assay audit MODEL ROWS"]}
    ]
    for lang, words in (("en", "Not done"), ("zh", "未做")):
        page = _texts(report.html(lang))
        left = sum(len(one["not_done"]) + len(one["not_recorded"]) for one in report.structured()["clauses"])
        assert page.count(words) >= left > 20
        assert words in report.markdown(lang)


@pytest.mark.parametrize("verdict", ["unknown", "error"])
def test_a_question_left_open_is_not_done_and_says_why(verdict: Any) -> None:
    left = Finding(check="quality", verdict=verdict, say=text("Only 3 rows."))
    report = _file("ai-act", replace(sample(), findings=(left,)))
    one = next(one for one in report.structured()["clauses"] if one["ref"] == "15.3")
    assert one["standing"] == "not_done"
    assert one["not_done"][0]["why"]["en"] == "Only 3 rows."
    assert "Only 3 rows." in _texts(report.html())


def test_a_failed_check_answers_and_its_verdict_is_shown() -> None:
    failed = Finding(check="quality", verdict="fail", say=text("Worse than a guess."))
    report = _file("ai-act", replace(sample(), findings=(failed,)))
    one = next(one for one in report.structured()["clauses"] if one["ref"] == "15.3")
    assert one["standing"] == "evidence"
    assert one["findings"][0]["verdict"] == "fail"
    assert "Failed" in _texts(report.html())


def test_some_checks_done_are_an_answer_in_part() -> None:
    only = tuple(f for f in sample().findings if f.check == "quality")
    standing = {one.clause.ref: one.standing for one in _file("ai-act", replace(sample(), findings=only)).file.answers}
    assert standing["13.3.b.ii"] == "part"


def test_a_fact_that_is_not_recorded_is_told() -> None:
    bare = replace(sample(), card={}, ledger=(), plan=replace(sample().plan, data={}, version=""))
    report = _file("ai-act", bare)
    one = next(one for one in report.structured()["clauses"] if one["ref"] == "IV.1.c")
    assert (one["standing"], one["not_recorded"]) == ("not_done", ["software"])
    assert "nothing of this is recorded in the model file: versions of software" in _texts(report.html())


def test_figures_of_a_finding_stand_once_and_are_pointed_at_after() -> None:
    page = _file("ai-act").html()
    assert "Its figures stand at" in _texts(page)
    measures = sum(bool(f.measures) for f in sample().findings)
    assert page.count('class="data measures"') <= measures


def test_a_statement_moves_its_clause_from_waiting_to_a_person() -> None:
    before, after = _file("ai-act"), _file("ai-act", None, _said("IV.8", "Annexed as A1."))
    assert next(a.standing for a in before.file.answers if a.clause.ref == "IV.8") == "waiting"
    assert next(a.standing for a in after.file.answers if a.clause.ref == "IV.8") == "person"
    assert "Annexed as A1." in _texts(after.html())
    assert "A. Person, 2026-11-27" in _texts(after.html())


def test_the_policy_names_our_style_and_script_alone() -> None:
    page = _file("ai-act").html()
    policy = markup.unescape(re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)[0])
    for kind in ("style", "script"):
        (held,) = re.findall(rf"<{kind}>(.*?)</{kind}>", page, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(held.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not re.findall(r"\b(?:src|style|onclick|onload)=", page)


def test_what_a_person_says_unasked_is_shown_too() -> None:
    assert next(c.person for c in frame("ai-act").clauses if c.ref == "15.3") is None
    report = _file("ai-act", None, _said("15.3", "Declared on page 4."))
    assert "Declared on page 4." in _texts(report.html())
    assert "Declared on page 4." in report.markdown()


def test_hostile_statements_stay_text() -> None:
    said = Statement(frame="ai-act", ref="IV.8", text=HOSTILE, who=HOSTILE, date="2026-11-27")
    report = _file("ai-act", None, said, replace(said, ref="IV.99"))
    assert "<script>alert" not in report.html()
    assert "<script>" not in report.markdown()
    assert "\u202e" not in report.html() + report.markdown()
    assert "IV.99" in _texts(report.html())  # said to a clause that this release does not know


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(RequestError) as error:
        frame("ai-akt")
    assert all(error.value.parts())
    assert "Did you mean 'ai-act'?" in error.value.expected


class TestAnswers:
    def _write(self, path: Path, answers: Any, key: str = "ai-act") -> Path:
        path.write_text(json.dumps({"format": "assay-answers", "frame": key, "answers": answers}), encoding="utf-8")
        return path

    @pytest.mark.parametrize("lang", LANGUAGES)
    def test_an_empty_template_is_read_as_no_answers(self, lang: str, tmp_path: Path) -> None:
        path = tmp_path / "answers.json"
        path.write_text(template_text(frame("ai-act"), lang), encoding="utf-8")
        assert read(path, frame("ai-act")) == ()

    def test_a_filled_template_is_read_as_it_was_said(self, tmp_path: Path) -> None:
        said = (_said("IV.8"), _said("13.3.a", "Bank, 1 Street"))
        path = tmp_path / "answers.json"
        path.write_text(template_text(frame("ai-act"), "en", said), encoding="utf-8")
        assert set(read(path, frame("ai-act"))) == set(said)

    def test_the_template_asks_every_question_for_a_person_and_no_other(self) -> None:
        found = frame("ai-act")
        assert list(template(found, "en")["answers"]) == [c.ref for c in found.clauses if c.person]

    def test_all_mistakes_are_told_at_once(self, tmp_path: Path) -> None:
        good = {"text": "x", "who": "y", "date": "2026-11-27"}
        answers = {
            "IV.88": good,
            "IV.8": {**good, "date": "27 November"},
            "IV.9": {**good, "text": "x" * (MOST_LETTERS + 1)},
            "IV.5": {**good, "who": " "},
            "IV.7": {"text": "x"},
        }
        with pytest.raises(RequestError) as error:
            read(self._write(tmp_path / "a.json", answers), frame("ai-act"))
        assert all(error.value.parts())
        assert "Did you mean 'IV.8'?" in error.value.seen
        assert all(ref in error.value.seen for ref in answers)
        assert error.value.parts("zh")[0] != error.value.seen

    @pytest.mark.parametrize("raw", ["", "[]", "{}", '{"format": "assay-answers", "answers": 3}', "\x00", '{"a": NaN}'])
    def test_what_is_no_file_of_answers_is_refused_in_three_parts(self, raw: str, tmp_path: Path) -> None:
        path = tmp_path / "a.json"
        path.write_text(raw, encoding="utf-8")
        with pytest.raises(RequestError) as error:
            read(path, frame("ai-act"))
        assert all(error.value.parts())

    def test_answers_to_another_file_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(RequestError, match="'datasheet'"):
            read(self._write(tmp_path / "a.json", {}, "datasheet"), frame("ai-act"))

    def test_a_file_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(RequestError, match="cannot be read"):
            read(tmp_path / "none.json", frame("ai-act"))


class TestKept:
    def test_statements_come_back_from_a_box(self) -> None:
        box, said = Box("statements"), (_said("IV.8"), _said("IV.8", key="later-frame"))
        statements.dump(said, box)
        assert load(box) == said

    @pytest.mark.parametrize(
        "change",
        [
            {"text": 3},
            {"text": ""},
            {"text": "x" * (MOST_LETTERS + 1)},
            {"who": "x" * 500},
            {"date": "soon"},
            {"date": "2026-02-30"},
            {"more": "x"},
        ],
    )
    def test_nonsense_in_a_file_is_refused(self, change: dict[str, Any]) -> None:
        box = Box("statements")
        box.put(said=[{"frame": "ai-act", "ref": "IV.8", "text": "x", "who": "y", "date": "2026-11-27", **change}])
        with pytest.raises(BundleInvalid):
            load(box)

    def test_two_statements_on_one_clause_and_too_many_are_refused(self) -> None:
        box, one = Box("statements"), {"frame": "f", "ref": "r", "text": "x", "who": "y", "date": "2026-11-27"}
        box.put(said=[one, one])
        with pytest.raises(BundleInvalid, match="two statements"):
            load(box)
        box.put(said=[{**one, "ref": str(i)} for i in range(statements.MOST + 1)])
        with pytest.raises(BundleInvalid):
            load(box)

    def test_the_new_word_on_a_clause_takes_the_place_of_the_old(self) -> None:
        old, new = _said("IV.8", "old"), _said("IV.8", "new")
        assert statements.joined((old, _said("IV.9")), (new,)) == (new, _said("IV.9"))


def test_same_content_gives_the_same_file() -> None:
    first, second = (technical(frame("ai-act"), sample()) for _ in range(2))
    assert TechnicalReport(first).html() == TechnicalReport(second).html()


@pytest.mark.parametrize("ending", ["html", "md", "json"])
def test_saved_file_is_the_view_of_its_ending(tmp_path: Path, ending: str) -> None:
    path = _file("ai-act").save(tmp_path / f"file.{ending}")
    begins = {"html": "<!doctype html>", "md": "# Technical file", "json": "{"}[ending]
    assert path.read_text(encoding="utf-8").startswith(begins)
    with pytest.raises(RequestError):
        _file("ai-act").save(tmp_path / "file.doc")
