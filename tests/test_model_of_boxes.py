"""Does a model that finds things in pictures answer, is it audited, kept in a file, resumed and shipped as any other?"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import assay
from assay.kernel.boxes import Box2D, boxes_of, cell_of
from assay.kernel.errors import AssayError, RequestError
from assay.learners.detector import Detector
from assay.model import Model
from assay.search.blend import mixed
from assay.search.ensemble import Ensemble
from assay.stats.box_sets import BoxSets
from assay.stats.found_boxes import views

from .pictures.boxed import quick, table, trained

pytest.importorskip("torch")
pytest.importorskip("PIL.Image")


@pytest.fixture(scope="module")
def model() -> Model:
    return trained()[0]


@pytest.fixture(scope="module")
def source() -> Path:
    return trained()[1]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return table(tmp_path_factory.mktemp("fresh"), 24, seed=1)


def in_three_parts(error: AssayError) -> bool:
    return len([line for line in str(error).split(". ") if line]) >= 3


def test_the_fold_models_are_fused_and_calibrated(model: Model, fresh: Path) -> None:
    data = model._opened(assay.read(fresh))
    ensemble = model.ensemble
    each = [ensemble.only(fold).raw(data) for fold in range(2)]
    np.testing.assert_array_equal(ensemble.raw(data), mixed("boxes", each, [0.5, 0.5]))
    assert not np.array_equal(each[0], each[1])
    np.testing.assert_array_equal(ensemble.scores(data), ensemble.calibration(ensemble.raw(data)))


def test_with_folds_given_each_row_is_answered_by_its_own_fold(model: Model, fresh: Path) -> None:
    data = model._opened(assay.read(fresh))
    folds = np.arange(24) % 2
    own = model.ensemble.raw(data, folds)
    for fold in range(2):
        rows = np.flatnonzero(folds == fold)
        np.testing.assert_array_equal(own[rows], model.ensemble.only(fold).raw(data)[rows])


def test_a_row_is_answered_as_it_would_be_alone(model: Model, fresh: Path) -> None:
    answers = model.predict(fresh)
    assert len(answers) == 24
    assert any(answers.answer)
    for row in (0, 11):
        name = answers.pictures.texts()[row]
        alone = model.predict({"picture": str(fresh.parent / name)})
        assert alone.answer == answers.row(row).answer
        assert alone.set == answers.row(row).set


def test_no_rows_and_rows_without_a_picture_are_answered(model: Model, fresh: Path) -> None:
    rows = assay.read(fresh)
    assert len(model.predict(rows.take(np.arange(0)))) == 0
    first = rows["picture"].texts()[0]
    (fresh.parent / "some.csv").write_text(f"picture,n\n{first},1\nnowhere.png,2\n,3\n", encoding="utf-8")
    answers = model.predict(fresh.parent / "some.csv")
    assert len(answers) == 3
    assert answers.answer[1:] == ((), ())
    assert "nowhere.png" in answers.columns()["notes"][1]
    assert answers.row(0).answer == model.predict(fresh).row(0).answer


def test_a_saved_model_answers_the_same_and_is_written_the_same(model: Model, fresh: Path, tmp_path: Path) -> None:
    again = assay.load(model.save(tmp_path / "m.assay"))
    np.testing.assert_array_equal(again.predict(fresh).found, model.predict(fresh).found)
    np.testing.assert_array_equal(again.predict(fresh).sets, model.predict(fresh).sets)
    assert again.save(tmp_path / "again.assay").read_bytes() == (tmp_path / "m.assay").read_bytes()
    assert isinstance(again.ensemble, Ensemble)
    assert (again.codec, again.conformal.threshold) == (model.codec, model.conformal.threshold)


def test_boxes_are_not_explained_and_it_is_said_what_to_do(model: Model, fresh: Path) -> None:
    with pytest.raises(RequestError) as caught:
        model.explain(fresh)
    assert in_three_parts(caught.value)
    assert "--draw" in str(caught.value)


def test_the_report_tells_of_the_objects_in_both_languages(model: Model) -> None:
    for lang, title in (("en", "Things that are found"), ("zh", "找到的物体")):
        html = model.report.html(lang)
        assert title in html
        assert "data:image/jpeg;base64" in html


def test_checks_that_do_not_know_boxes_are_not_asked_and_none_breaks(model: Model) -> None:
    verdicts = {finding.check: finding.verdict for finding in model.findings}
    assert set(verdicts) == {"quality", "objects", "pictures", "cost", "data", "drift", "personal"}
    assert "error" not in verdicts.values()


def test_for_classes_the_same_checks_are_asked_as_ever() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=120)
    model = assay.train(
        {"x": x.tolist(), "y": np.where(x + rng.normal(size=120) > 0, "yes", "no").tolist()},
        "y",
        learners=("linear",),
        trials=2,
        checks=("quality", "objects", "calibration", "coverage", "labels", "data", "personal"),
    )
    unasked = {f.check: f.say.text("zh") for f in model.findings if "not for this task" in f.say.text()}
    assert unasked == {"objects": "未检查：此问题不适用于该任务（二分类）"}


def test_new_labelled_rows_are_audited_and_unknown_labels_are_told(model: Model, fresh: Path) -> None:
    rows = list(csv.reader(fresh.open(encoding="utf-8")))
    owl = Box2D("owl", 1, 1, 5, 5)
    rows[1][1], rows[2][1] = cell_of([*boxes_of(rows[1][1]), owl]), cell_of([owl, owl])
    with (fresh.parent / "owls.csv").open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows(rows)
    audited = model.audit(fresh.parent / "owls.csv", minutes=0.5)
    notes = [note.text() for note in audited.findings[0].notes]
    assert any("3 boxes of 'boxes' left out" in note and "owl: 3" in note for note in notes)
    measures = {m.name: m.value for f in audited.findings if f.check == "objects" for m in f.measures}
    assert measures["found"] > 0
    assert {f.verdict for f in audited.findings} <= {"pass", "watch", "fail", "info", "unknown"}


@pytest.mark.slow
def test_rows_in_which_nothing_is_drawn_are_audited(model: Model, fresh: Path) -> None:
    rows = list(csv.reader(fresh.open(encoding="utf-8")))[1:]
    with (fresh.parent / "empty.csv").open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([("picture", "boxes"), *((name, "[]") for name, _ in rows)])
    found = {f.check: f for f in model.audit(fresh.parent / "empty.csv", minutes=0.5).findings}
    assert "error" not in {f.verdict for f in found.values()}
    assert "nothing is drawn in any of the 24 pictures" in found["objects"].say.text()


@pytest.mark.slow
def test_a_run_is_resumed_to_the_same_boxes_and_measured_on_a_test_file(
    fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes = {"trials": 1, "folds": 2, "checks": ("quality", "objects"), "journal": tmp_path / "run"}
    small = table(tmp_path / "small", 16, seed=3)

    def never(*_: object) -> None:
        raise AssertionError("what stands in the journal was learnt again")

    with quick(epochs=3):
        first = assay.train(small, "boxes", test=fresh, **wishes)
        monkeypatch.setattr(Detector, "fit", never)
        again = assay.train(small, "boxes", resume=True, **wishes)
    assert {f.rows for f in first.tested} == {"test"}
    assert {"quality", "objects"} <= {f.check for f in first.tested}
    assert "error" not in {f.verdict for f in first.tested}
    np.testing.assert_array_equal(first.predict(fresh).found, again.predict(fresh).found)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["refit", "distilled"])
def test_another_way_to_ship_is_gone_or_it_is_said_why_not(way: str, fresh: Path, tmp_path: Path) -> None:
    said = {"refit": ("all 16 rows", "bag of 2 fold models ships"), "distilled": ("no learner that can imitate",)}
    small = table(tmp_path / "small", 16, seed=3)
    with quick(epochs=3):
        model = assay.train(small, "boxes", trials=1, folds=2, ship=way, checks=("quality",))
    note = model.findings[0].notes[0].text()
    assert any(part in note for part in said[way])
    assert {member.learner for member in model.ensemble.members} == {"detector"}
    assert (len(model.ensemble.encoders) == 2) == ("bag of 2 fold models ships" in note)
    assert len(model.predict(fresh)) == 24


def test_a_promise_can_be_kept_with_any_threshold_that_was_found(model: Model, fresh: Path) -> None:
    answers = model.predict(fresh)
    assert model.conformal.kept
    p = views(answers.found.reshape(24, -1))[:, :, 0]
    np.testing.assert_array_equal(answers.sets, (p >= model.conformal.threshold) & (answers.found[:, :, 4] > 0))
    assert (replace(answers, least=0.9).sets == answers.sets).all()
    assert not any("promises nothing" in note.text() for own in answers.notes for note in own)


def test_where_nothing_can_be_promised_every_list_says_so(model: Model, fresh: Path) -> None:
    answers = replace(model, conformal=BoxSets(0.0, False)).predict(fresh)
    assert all(own[-1].text().endswith("holds every box, and promises nothing") for own in answers.notes)
    np.testing.assert_array_equal(answers.sets, answers.found[:, :, 4] > 0)
