"""Does the leakage check find what was planted, and stay quiet where nothing was?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from assay.checks._probes import THING_LIKE
from assay.checks.leakage import shortened
from assay.kernel.clock import Clock
from assay.kernel.data import Column
from assay.kernel.errors import DoesNotApply

from .scenes import column_of, part
from .worlds import ask, logit_world, names, numbers, options, world


def test_clean_tables_raise_an_alarm_at_most_as_often_as_stated() -> None:
    alarms = 0
    for seed in range(40):
        columns, y, z, rng = logit_world(400, seed)
        columns += [numbers("flag", rng.integers(2, size=400), kind="flag"), names("id", range(400), "id")]
        alarms += ask("leakage", world(columns, y, z, seed=seed)).verdict != "pass"
    assert alarms <= binom.ppf(0.999, 40, 0.02)


def test_clean_values_are_quiet() -> None:
    alarms = 0
    for seed in range(20):
        columns, _, z, rng = logit_world(400, seed)
        alarms += ask("leakage", world(columns, z + rng.standard_t(4, 400), z, "value", seed=seed)).verdict != "pass"
    assert alarms <= binom.ppf(0.999, 20, 0.02)


@pytest.mark.parametrize("noise", [0.01, 0.1, 0.25])
def test_a_planted_copy_of_the_target_with_noise_is_found(noise: float) -> None:
    columns, y, _, rng = logit_world()
    copy = (y == "yes") + noise * rng.normal(size=len(y))
    scores = np.where(y == "yes", 5.0, -5.0)
    finding = ask("leakage", world([*columns, numbers("paid off", copy)], y, scores))
    assert finding.verdict in ("watch", "fail")
    assert options(finding) == {"--drop 'paid off'"}
    assert "paid off" in finding.say.text("zh")


@pytest.mark.parametrize("noise", [0.05, 0.3])
def test_a_planted_copy_of_a_value_is_found(noise: float) -> None:
    columns, _, z, rng = logit_world()
    value = z + rng.normal(size=len(z))
    copy = np.exp(value + noise * rng.normal(size=len(z)))
    finding = ask("leakage", world([*columns, numbers("copy", copy)], value, value, "value"))
    assert finding.verdict in ("watch", "fail")
    assert options(finding) == {"--drop copy"}


def test_several_strong_columns_of_one_kind_are_no_leak() -> None:
    rng = np.random.default_rng(1)
    size = rng.normal(size=500)
    columns = [numbers(f"measure {i}", size + 0.2 * rng.normal(size=500)) for i in range(5)]
    y = np.where(size + 0.2 * rng.normal(size=500) > 0, "b", "a")
    assert ask("leakage", world(columns, y, 6 * size)).verdict == "pass"


def test_flags_that_make_up_the_target_are_named_together() -> None:
    columns, _, _, rng = logit_world(3000)
    parts = [rng.random(3000) < share for share in (0.010, 0.015, 0.02)]
    y = np.where(parts[0] | parts[1] | parts[2] | (rng.random(3000) < 0.004), "1", "0")
    flags = [numbers(f"part {i}", part, kind="flag") for i, part in enumerate(parts)]
    finding = ask("leakage", world([*columns, *flags], y, np.where(y == "1", 4.0, -4.0)))
    assert finding.verdict == "fail"
    assert options(finding) == {f"--drop 'part {i}'" for i in range(3)}


def test_what_two_probes_advise_alike_is_said_once() -> None:
    columns, y, z, _ = logit_world()
    copy = names("outcome", np.where(y == "yes", "paid", "lost"))
    finding = ask("leakage", world([*columns, copy], y, np.where(y == "yes", 5.0, -5.0)))
    keys = [said.key for said in (finding.say, *finding.notes)]
    assert {"given_away", "pure_one"} <= set(keys)
    assert [one.option for one in finding.advice] == ["--drop outcome"]


def test_copies_kept_together_are_told_with_the_score_they_would_have_bought() -> None:
    columns, y, z, rng = logit_world(400)
    rows = np.concatenate([np.arange(400), np.arange(150)])
    rows = rows[rng.permutation(len(rows))]
    copied = [c.take(rows) for c in columns]
    finding = ask("leakage", world(copied, y[rows], z[rows]))
    assert finding.verdict == "watch"
    assert finding.measure("duplicate_share").value == pytest.approx(300 / 550)
    assert finding.measure("explained_with_copies").value > 0.5
    assert "300 rows" in finding.say.text()


def test_copies_on_both_sides_fail_where_a_given_group_parts_them() -> None:
    columns, y, z, rng = logit_world(400)
    rows = np.concatenate([np.arange(400), np.arange(150)])
    copied = [c.take(rows) for c in columns]
    group = names("ward", rng.integers(30, size=len(rows)), "group")
    finding = ask("leakage", world([*copied, group], y[rows], z[rows], group="ward"))
    assert finding.verdict == "fail"
    assert "both sides" in finding.say.text()


def test_rows_alike_for_lack_of_columns_are_no_copies() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.integers(3, size=500), rng.integers(2, size=500)
    z = 0.8 * a - 0.8
    y = np.where(rng.random(500) < 1 / (1 + np.exp(-z)), "yes", "no")
    c = np.where(rng.random(500) < 0.9, a, b).astype(float)
    finding = ask("leakage", world([names("a", a), names("b", b), names("c", c)], y, z))
    assert finding.verdict == "pass"


@pytest.mark.parametrize("role", ["id", "feature"])
def test_an_id_numbered_within_the_classes_is_found(role: str) -> None:
    columns, y, z, _ = logit_world(600)
    number = np.zeros(600)
    number[y == "yes"] = 1 + np.arange((y == "yes").sum())
    number[y == "no"] = 10_001 + np.arange((y == "no").sum())
    ids: Column = names("case id", [f"C{int(v):05d}" for v in number], role)
    if role == "feature":
        ids = numbers("case id", number)
    finding = ask("leakage", world([*columns, ids], y, z))
    assert finding.verdict in ("watch", "fail")
    assert any("case id" in note.text() for note in (finding.say, *finding.notes))
    assert ("--drop 'case id'" in options(finding)) == (role == "feature")


def test_a_file_sorted_by_class_is_told_and_not_taken_for_time() -> None:
    columns, y, z, _ = logit_world(600)
    rows = np.argsort(y, kind="stable")
    finding = ask("leakage", world([c.take(rows) for c in columns], y[rows], z[rows]))
    assert finding.verdict == "pass"
    assert any("place of a row" in note.text() for note in finding.notes)


def _series(n: int = 1500, seed: int = 0) -> tuple[list[Column], np.ndarray, np.ndarray]:
    """A value that wanders, a season, and a day that random folds can look up."""
    rng = np.random.default_rng(seed)
    level = np.cumsum(rng.normal(size=n)) * 0.3
    x = rng.normal(size=n)
    day = np.datetime64("2020-01-01", "us") + np.arange(n) * np.timedelta64(1, "D")
    date = Column(name="day", cells=day, kind="date")
    return [date, numbers("x", x)], level + x + 0.3 * rng.normal(size=n), level + x


def test_a_time_series_is_noticed_and_its_date_column_named() -> None:
    columns, y, scores = _series()
    finding = ask("leakage", world(columns, y, scores, "value"))
    assert finding.verdict == "fail"
    assert "--time day" in options(finding)
    rise = finding.measure("forward_rise")
    assert rise.low is not None
    assert 0.05 < rise.low < rise.value


def test_rows_written_in_turn_are_noticed_without_any_date() -> None:
    rng = np.random.default_rng(1)
    batch = np.arange(2000) // 40
    heat, effect, x = rng.normal(size=50), rng.normal(size=50), rng.normal(size=2000)
    y = effect[batch] + x + 0.3 * rng.normal(size=2000)
    columns = [numbers("x", x), numbers("heat", heat[batch] + 0.001 * rng.normal(size=2000))]
    finding = ask("leakage", world(columns, y, effect[batch] + x, "value"))
    assert finding.verdict == "watch"
    assert finding.measure("forward_rise").value > 0.05


def test_with_time_given_order_is_not_asked_again() -> None:
    columns, y, scores = _series()
    columns[0] = replace(columns[0], role="time")
    assert ask("leakage", world(columns, y, scores, "value", time="day")).verdict == "pass"


def test_rows_of_one_patient_are_noticed_and_the_group_named() -> None:
    rng = np.random.default_rng(0)
    patient = rng.integers(60, size=900)
    habit, x = rng.normal(size=60) * 2, rng.normal(size=900)
    z = habit[patient] + x
    y = np.where(rng.random(900) < 1 / (1 + np.exp(-z)), "ill", "well")
    columns = [numbers("x", x), numbers("patient_id", patient)]
    finding = ask("leakage", world(columns, y, -z))
    assert finding.verdict in ("watch", "fail")
    assert "--group patient_id" in options(finding)
    grouped = [numbers("x", x), numbers("patient_id", patient, "group")]
    assert ask("leakage", world(grouped, y, -x, group="patient_id")).verdict == "pass"


@pytest.mark.parametrize("copied", [False, True])
def test_rows_of_one_patient_are_noticed_though_no_column_names_whose_they_are(copied: bool) -> None:
    rng = np.random.default_rng(2)
    who = rng.permutation(np.repeat(np.arange(100), 5))
    x = rng.normal(size=(100, 5))[who] + 0.01 * rng.normal(size=(500, 5))
    if copied:
        x[who < 10] = x[[int(np.flatnonzero(who == one)[0]) for one in range(10)]][who[who < 10]]
    y = np.where(rng.random(100) < 0.5, "yes", "no")[who]
    scores = np.where(y == "yes", 2.0, -2.0)
    finding = ask("leakage", world([numbers(f"x{j}", x[:, j]) for j in range(5)], y, scores))
    alike = next(say for say in (finding.say, *finding.notes) if say.key == "alike")
    assert finding.verdict == "watch"
    assert alike.values["rise"] > 0.5
    assert abs(alike.values["groups"] - (90 if copied else 100)) <= 5
    assert any("--group" in one.say.text() and not one.option for one in finding.advice)


def test_it_says_why_when_rows_are_few_or_not_those_of_training() -> None:
    columns, y, z, _ = logit_world(40)
    with pytest.raises(DoesNotApply) as few:
        ask("leakage", world(columns, y, z))
    assert "only 40 rows" in few.value.say.text()  # type: ignore[attr-defined]
    columns, y, z, _ = logit_world(100)
    with pytest.raises(DoesNotApply) as audit:
        ask("leakage", world(columns, y, z, rows="audit"))
    assert "训练" in audit.value.say.text("zh")  # type: ignore[attr-defined]


def test_when_time_is_short_the_rest_is_said_to_be_unasked() -> None:
    columns, y, z, _ = logit_world()
    finding = ask("leakage", world(columns, y, z, seconds=0.0))
    assert any("not asked" in note.text() for note in finding.notes)
    assert any("was asked of 1 of 4" in note.text() for note in finding.notes)
    assert finding.say.text().startswith("None of the columns that were asked")
    # The strongest of one is no claim that holds with more time.
    assert "strongest_alone" not in [measure.name for measure in finding.measures]
    assert "neighbouring" not in finding.say.text()


@pytest.mark.parametrize("took", [1.0, 9.0])
def test_time_that_ran_out_within_order_and_groups_is_said(monkeypatch: pytest.MonkeyPatch, took: float) -> None:
    now = [0.0]
    monkeypatch.setattr("assay.checks._probes.alike", lambda *_: now.__setitem__(0, took))
    columns, y, z, _ = logit_world()
    finding = ask("leakage", replace(world(columns, y, z), clock=Clock.start(5.0, now=lambda: now[0])))
    assert any("not all of them may have been" in note.text() for note in finding.notes) == (took > 5.0)
    assert ("neighbouring" in finding.say.text()) == (took < 5.0)


def test_dates_without_any_order_in_time_are_quiet() -> None:
    alarms = 0
    for seed in range(20):
        columns, y, z, _ = logit_world(300, seed)
        day = np.datetime64("2020-01-01", "us") + np.arange(300) * np.timedelta64(1, "D")
        columns.append(Column(name="day", cells=day, kind="date"))
        alarms += ask("leakage", world(columns, y, z, seed=seed)).verdict != "pass"
    assert alarms <= binom.ppf(0.999, 20, 0.02)


def test_rows_sorted_by_customer_are_no_order_of_time() -> None:
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(150), 8)
    taste = rng.normal(size=150)[who]
    values = taste + 0.3 * rng.normal(size=1200)
    columns = [numbers("userId", who.astype(float)), numbers("x", rng.normal(size=1200))]
    found = options(ask("leakage", world(columns, values, np.zeros(1200), "value")))
    assert "--group userId" in found
    assert not any(option.startswith("--time") for option in found)


def _near_world(apart: bool, copied: int = 60, n: int = 300, **more: Any) -> tuple[Any, np.ndarray]:
    """Texts of which another row nearly copies some, on one side of the folds or not."""
    columns, y, z, rng = logit_world(n)
    vocabulary = ["".join(rng.choice(list("etaoinshrdlucm"), size=rng.integers(3, 9))) for _ in range(900)]
    texts = [" ".join(rng.choice(vocabulary, size=30)) for _ in range(n)]
    for i in range(copied):
        texts[i] = texts[n - 1 - i].replace(texts[n - 1 - i].split()[20], "another", 1)
    note = replace(Column.of_words("note", texts), kind="text")
    evidence = world([*columns, note], y, z, **more)
    folds = rng.permutation(np.arange(n) % 5)
    folds[n - copied :] = (folds[:copied][::-1] + apart) % 5
    return replace(evidence, folds=folds), np.asarray(texts)


def test_near_copies_of_texts_on_both_sides_are_found_with_examples() -> None:
    evidence, texts = _near_world(apart=True)
    finding = ask("leakage", evidence)
    assert finding.verdict == "watch"
    assert "nearly the same as one the model had learnt from" in finding.say.text()
    assert finding.measure("near_copies").value == pytest.approx(120 / 300)
    assert finding.measure("near_learnt").value == pytest.approx(120 / 300)
    table = next(f for f in finding.figures if f.kind == "table")
    one, other = table.data["rows"][0]
    assert one != other
    assert "another" in one + other
    assert max(len(one), len(other)) < min(len(t) for t in texts)


def test_near_copies_on_one_side_are_told_and_no_fault() -> None:
    finding = ask("leakage", _near_world(apart=False)[0])
    assert finding.verdict == "pass"
    assert finding.measure("near_learnt").value == 0
    assert any("kept on one side" in note.text() for note in finding.notes)


def test_texts_of_their_own_are_not_spoken_of() -> None:
    finding = ask("leakage", _near_world(apart=False, copied=0)[0])
    assert finding.verdict == "pass"
    assert not [m for m in finding.measures if m.name.startswith("near")]


def test_a_copy_that_came_later_was_not_learnt_from() -> None:
    evidence, _ = _near_world(apart=True)
    n = len(evidence.y)
    day = Column(
        name="day", cells=np.datetime64("2020-01-01", "us") + np.arange(n) * np.timedelta64(1, "D"), kind="date"
    )
    forward = replace(evidence, raw=evidence.raw.having(day), data=evidence.data.having(day))
    splits = replace(evidence.plan.splits, time="day")
    plan = replace(evidence.plan, splits=splits)
    finding = ask("leakage", replace(forward, plan=plan))
    assert finding.measure("near_learnt").value == pytest.approx(60 / n)
    assert any("leave --group and --time away" in advice.say.text() for advice in finding.advice)


@pytest.mark.parametrize("how", ["time", "time_grouped"])
@pytest.mark.parametrize("sealed", [False, True])
def test_copies_within_a_group_that_is_kept_apart_in_time_were_not_learnt_from(how: str, sealed: bool) -> None:
    who = np.arange(300) // 3  # what is known of a patient is the same at every visit
    rng = np.random.default_rng(0)
    x, z, w = rng.normal(size=(3, 100))[:, who]
    y = np.where(x + rng.normal(size=100)[who] > 0, "yes", "no")
    day = np.datetime64("2020-01-01", "us") + np.arange(300) * np.timedelta64(1, "D")
    evidence = world([numbers("x", x), numbers("z", z), numbers("w", w)], y, x)
    visits = (names("patient", who), Column(name="day", cells=day, kind="date"))
    evidence = replace(evidence, raw=evidence.raw.having(*visits), data=evidence.data.having(*visits))
    splits = replace(evidence.plan.splits, how=how, group="patient", time="day")
    evidence = replace(evidence, plan=replace(evidence.plan, splits=splits), folds=np.arange(300) // 50)
    if sealed:
        late = slice(250, 300)
        some = {"y": evidence.y[late], "scores": evidence.scores[late], "data": evidence.data.take(late)}
        evidence = replace(evidence, rows="sealed", folds=None, **some)
    finding = ask("leakage", evidence)
    said = [finding.say.text(), *(note.text() for note in finding.notes)]
    assert any("both sides" in one and "exact copies" in one for one in said) == (how == "time")
    assert finding.verdict == ("fail" if how == "time" else "watch")


def test_examples_of_near_copies_hide_what_is_personal() -> None:
    one, other = shortened("Call 4111 1111 1111 1111 " * 4 + "today", "Call 4111 1111 1111 1111 " * 4 + "later")
    assert "1111 1111 1111" not in one + other
    assert one.endswith("today")
    assert other.endswith("later")


def _letters(n: int, said: bool, classes: int = 3) -> Any:
    """Letters of 30 words about one of a few things, in which the answer may be written."""
    columns, _, _, rng = logit_world(n)
    vocabulary = ["".join(rng.choice(list("etaoinshrdlucm"), size=rng.integers(3, 9))) for _ in range(900)]
    y = rng.integers(classes, size=n)
    kinds = ["billing", "travel", "housing"]
    texts = []
    for i in range(n):
        words = list(rng.choice(vocabulary, size=30))
        if rng.random() < 0.4:
            words[3] = f"word{y[i]}"  # an honest hint
        texts.append(f"Dear all, {' '.join(words)}. {f'Sorted under {kinds[y[i]].title()}.' if said else ''}")
    note = replace(Column.of_words("note", texts), kind="text")
    return world([*columns, note], y, np.eye(classes)[y] * 2.0, "classes")


def test_an_answer_that_is_written_in_the_text_is_found_with_its_words() -> None:
    finding = ask("leakage", _letters(600, said=True))
    assert finding.verdict == "fail"
    said = finding.say.text()
    assert "'note'" in said
    assert all(word in said for word in ("Billing", "Travel", "Housing"))
    assert "written in the text" in said
    assert "文本" in finding.say.text("zh")


def test_words_that_hint_at_the_answer_are_no_leak() -> None:
    finding = ask("leakage", _letters(600, said=False))
    assert finding.verdict == "pass"
    assert finding.measure("strongest_alone").value == pytest.approx(0.4, abs=0.15)


def test_a_table_of_nothing_but_pictures_is_asked_too(tmp_path: Path) -> None:
    pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    _, y, z, _ = logit_world(60)
    finding = ask("leakage", world([column_of(tmp_path / "p", [part(rng) for _ in range(60)])], y, z))
    assert finding.verdict == "pass"
    assert "Short ways to the answer in pictures" in finding.say.text()


NAMES = "患者号 患者ID 用户ID 用户id 病案号 客户号 住院号 门诊号 账号 身份证号 车牌号 学生 患者 病人 病人号 学生姓名 patient_id PatientID MRN subject 设备编号 工号"
OTHERS = "信号 型号 病人年龄 住院天数 paid 会员等级 grid 账期 学生人数 subject_area"


def test_names_of_people_and_things_are_known_in_both_languages() -> None:
    assert [name for name in NAMES.split() if not THING_LIKE.search(name)] == []
    assert [name for name in OTHERS.split() if THING_LIKE.search(name)] == []
