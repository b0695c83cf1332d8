"""Is it told which things are missed, what is found where nothing is, and whether the promise is kept?"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.checks.objects import LEAST_PICTURES, Objects
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import DoesNotApply
from assay.kernel.plugins import Codec, modality_of
from assay.stats import box_sets
from assay.stats.found_boxes import as_answers, rows_of, there
from assay.tasks.boxes import Boxes

image = pytest.importorskip("PIL.Image")
LEVEL = 0.9


@dataclass(frozen=True)
class Planned:
    level: float = LEVEL


CODEC, PLAN = Codec(labels=("cat", "dog"), most=6), Planned()


@dataclass(frozen=True, kw_only=True)
class Stub:
    """As much of Evidence as the check asks for."""

    scores: np.ndarray
    y: np.ndarray
    sets: np.ndarray | None
    data: Dataset
    folds: np.ndarray | None = None
    weight: np.ndarray | None = None
    seed: int = 0
    codec: Codec = CODEC
    plan: Planned = PLAN
    task: Any = field(default_factory=Boxes)

    @property
    def n(self) -> int:
        return len(self.y)

    def answers(self) -> np.ndarray:
        return as_answers(self.scores)


def world(folder: Path, n: int = 60, seen: float = 0.98, seed: int = 0, right: bool = True) -> Stub:
    """Pictures with a cat and mostly a dog, found with such a chance, as sure as they are often right; and false dogs."""
    rng = np.random.default_rng(seed)
    folder.mkdir(exist_ok=True)
    y, found = np.zeros((n, 2, 5)), []
    y[:, :, 0] = -1.0
    for row in range(n):
        things = [(0.0, 4.0, 4.0, 20.0, 20.0), (1.0, 34.0, 8.0, 20.0, 30.0)][: 1 + int(rng.random() < 0.8)]
        y[row, : len(things)] = things
        kept = [thing for thing in things if rng.random() < seen]
        false = [(1.0, 4.0, 40.0, 10.0, 10.0)] if rng.random() < 0.3 else []
        boxes = np.asarray([*kept, *false]).reshape(-1, 5)
        odds = np.concatenate([rng.normal(4.0, 0.5, len(kept)), rng.normal(-2.0 if right else 4.0, 0.5, len(false))])
        found.append((boxes[:, 1:], boxes[:, 0].astype(np.int64), odds))
        image.fromarray(rng.integers(90, 130, (60, 60, 3)).astype(np.uint8)).save(folder / f"{row}.png")
    names = Column.of_words("photo", [f"{row}.png" for row in range(n)], home=str(folder))
    column = replace(modality_of("picture").open(names).column, role="feature")
    scores = rows_of(found, 6)
    sets = box_sets.fit_sets(scores, y, LEVEL)(as_answers(scores))
    return Stub(scores=scores, y=y, sets=sets, data=Dataset((column,)))


def run(stub: Stub) -> Any:
    return Objects().run(stub)  # type: ignore[arg-type]


def measures(finding: Any) -> dict[str, float]:
    return {m.name: m.value for m in finding.measures}


def said(finding: Any, lang: str = "en") -> str:
    return " ".join(say.text(lang) for say in (finding.say, *finding.notes))


def test_an_honest_finder_passes_and_its_figures_are_shares(tmp_path: Path) -> None:
    stub = world(tmp_path)
    finding = run(stub)
    assert finding.verdict == "pass"
    found = measures(finding)
    shares = {"found", "right", "promised", "calibration_error", "ap: cat", "ap: dog", "ap50: cat", "ap50: dog"}
    assert shares <= set(found)
    assert all(0 <= found[name] <= 1 for name in shares)
    things = int((stub.y[:, :, 0] >= 0).sum())
    hit = int((stub.scores.reshape(60, 6, 6)[:, :, 0] > 0).sum())
    assert found["found"] == pytest.approx(hit / things)
    assert (found["right"], found["false"]) == (1.0, 0.0)
    assert found["promised"] >= LEVEL
    for m in finding.measures[:4]:
        assert m.low <= m.value <= m.high
    assert f"Of {things} things" in said(finding)
    assert "90.0 % was promised" in said(finding)
    assert "承诺为 90.0 %" in said(finding, "zh")


def test_tables_tell_each_class_and_size(tmp_path: Path) -> None:
    stub = world(tmp_path)
    classes, sizes = [figure.data["rows"] for figure in run(stub).figures if figure.kind == "table"]
    assert [(row[0], row[1]) for row in classes] == [
        ("cat", 60),
        ("dog", int((stub.y[:, :, 0] == 1).sum())),
    ]
    assert [row[1] for row in sizes] == [int((stub.y[:, :, 0] >= 0).sum()), 0, 0]  # all of them smaller than 32 × 32
    assert [row[0].text("zh") for row in sizes][1] == "中"
    assert all(row[2:] == ["–", "–"] for row in sizes[1:])


def test_a_promise_that_new_pictures_break_fails(tmp_path: Path) -> None:
    learnt = box_sets.fit_sets(*(lambda s: (s.scores, s.y))(world(tmp_path / "a")), LEVEL)
    assert learnt.kept
    stub = world(tmp_path / "b", seen=0.6, seed=1)
    finding = run(replace(stub, sets=learnt(stub.answers())))
    assert finding.verdict == "fail"
    assert "The promise does not hold" in said(finding)
    assert "承诺不成立" in said(finding, "zh")
    assert measures(finding)["promised"] < 0.75


def test_a_promise_that_could_never_be_made_is_told_apart(tmp_path: Path) -> None:
    stub = world(tmp_path, seen=0.6)
    np.testing.assert_array_equal(stub.sets, there(stub.scores))  # all boxes are told
    finding = run(replace(stub, folds=np.arange(60) % 2))
    assert finding.verdict == "watch"
    assert "cannot be promised" in said(finding)
    assert "无法承诺" in said(finding, "zh")


def test_boxes_that_are_surer_than_they_are_right_are_told(tmp_path: Path) -> None:
    stub = world(tmp_path, n=100, right=False)
    rng = np.random.default_rng(0)
    odds = stub.scores.reshape(100, 6, 6)[:, :, 0]
    odds[odds > 0] = rng.normal(4.0, 0.5, int((odds > 0).sum()))
    finding = run(stub)
    assert measures(finding)["calibration_error"] > 0.1
    assert "not right as often as they say" in said(finding)
    assert finding.verdict != "pass"


def sheets(finding: Any) -> list[Any]:
    return [figure for figure in finding.figures if figure.kind == "pictures"]


def test_missed_and_false_things_are_shown(tmp_path: Path) -> None:
    missed, false = sheets(run(world(tmp_path, seen=0.9, right=False)))
    for sheet in (missed, false):
        assert 1 <= len(sheet.data["pictures"]) <= 6
        for one in sheet.data["pictures"]:
            picture = image.open(io.BytesIO(base64.b64decode(one["jpeg"])))
            assert (picture.format, max(picture.size)) == ("JPEG", 320)
    assert "missed" in missed.data["pictures"][0]["say"].text()
    assert "dog" in false.data["pictures"][0]["say"].text()
    assert "把握" in false.data["pictures"][0]["say"].text("zh")


def test_pictures_that_have_gone_are_left_out_of_the_sheets(tmp_path: Path) -> None:
    stub = world(tmp_path, seen=0.9, right=False)
    for path in tmp_path.glob("*.png"):
        path.unlink()
    assert sheets(run(stub)) == []


def test_says_why_when_pictures_are_few_or_nothing_is_drawn(tmp_path: Path) -> None:
    stub = world(tmp_path, n=LEAST_PICTURES - 1)
    with pytest.raises(DoesNotApply) as caught:
        run(stub)
    assert caught.value.say.text() == "only 9 pictures were measured; 10 are needed"
    empty = world(tmp_path, n=20)
    empty.y[:, :, 0] = -1.0
    with pytest.raises(DoesNotApply) as caught:
        run(empty)
    assert caught.value.say.text() == "nothing is drawn in any of the 20 pictures that were measured"


def test_a_class_without_things_and_pictures_without_boxes_are_no_fault(tmp_path: Path) -> None:
    stub = world(tmp_path)
    stub.y[:, 1:, 0] = -1.0  # no dogs at all
    found = measures(run(stub))
    assert "ap: dog" not in found
    assert "ap: cat" in found
    nothing = replace(world(tmp_path), scores=rows_of([(np.empty((0, 4)), np.empty(0, np.int64), np.empty(0))] * 60, 6))
    finding = run(replace(nothing, sets=there(nothing.scores)))
    assert measures(finding)["found"] == 0.0
    assert finding.verdict != "pass"
