"""Which label means good, and what becomes of the others?"""

from __future__ import annotations

import numpy as np
import pytest

import assay
from assay.kernel.data import Column
from assay.kernel.errors import DataError, RequestError
from assay.kernel.plugins import task_of


def names(*cells: str | None) -> Column:
    """A target."""
    return Column.of_words("part", list(cells))


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        (("ok", "scratch", "scratch", "scratch"), ("ok", "scratch")),
        (("Free", "Crack", "Fray", "Fray", "Fray"), ("Free", "odd")),
        (("合格", "划痕", "划痕"), ("合格", "划痕")),
        (("a", "a", "b"), ("a", "b")),  # no name says it: the most frequent
        (("good", "good"), ("good", "odd")),
        (("0", "1", "1"), ("0", "1")),
    ],
)
def test_the_label_of_good_ones_is_told_by_its_name_else_by_how_many_bear_it(cells, labels):
    assert task_of("odd").codec(names(*cells)).labels == labels


def test_the_label_of_good_ones_may_be_named():
    task = task_of("odd:b")
    codec = task.codec(names("a", "a", "b", "c"))
    assert codec.labels == ("b", "odd")
    assert task.encode(names("a", "b", None, "new"), codec).tolist() == [1, 0, -1, 1]
    with pytest.raises(DataError, match="No row of the target 'part' is 'b'") as caught:
        task.codec(names("a", "a"))
    assert all(caught.value.parts("zh"))


def test_another_file_may_call_good_ones_by_another_word():
    task = task_of("odd")
    assert task.encode(names("OK", "正常", "scratch"), task.codec(names("good", "good"))).tolist() == [0, 0, 1]
    assert task.encode(names("OK", "x"), task.codec(names("x", "x", "y"))).tolist() == [1, 0]


def test_nothing_is_learnt_from_an_empty_target():
    with pytest.raises(DataError, match="is empty"):
        task_of("odd").codec(names(None, None))


def test_scores_are_weighed_as_odd_against_good():
    task = task_of("odd")
    codec = task.codec(names("good", "bad"))
    y = np.asarray([0, 0, 1, 1])
    right, wrong = np.asarray([[-2.0], [-1.0], [1.0], [2.0]]), np.asarray([[2.0], [1.0], [-1.0], [-2.0]])
    assert task.losses(right, y).mean() < task.losses(wrong, y).mean()
    area = {m.key: m.of for m in task.metrics(codec)}["auc"]
    assert area(right, y, None) == 1.0
    assert np.isnan(area(right, np.zeros(4, dtype=np.int64), None))


@pytest.fixture
def parts(tmp_path):
    """Thirty parts, flat and in folders."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for place in ("flat", "both/good", "both/scratch"):
        (tmp_path / place).mkdir(parents=True)
    for i in range(30):
        picture = Image.fromarray(rng.integers(0, 255, (16, 16)).astype(np.uint8))
        picture.save(tmp_path / "flat" / f"{i}.png")
        picture.save(tmp_path / "both" / ("scratch" if i % 5 == 0 else "good") / f"{i}.png")
    return tmp_path


def test_without_a_target_every_row_is_a_good_one(parts):
    plan = assay.plan(str(parts / "flat"), task="odd")
    assert (plan.task, plan.target, plan.level) == ("odd", "label", 0.99)
    assert plan.names("feature") == ("picture",)


def test_without_a_target_folders_tell(parts):
    plan = assay.plan(str(parts / "both"), task="odd")
    assert plan.target == "label"
    assert "'good' in 'label' means good" in plan.task_why.text("en")
    assert assay.plan(str(parts / "both"), task="odd", level=0.95).level == 0.95


def test_it_is_never_guessed(parts):
    for wishes in ({"target": "label"}, {}, {"task": "binary"}):  # what folders tell is the target where none is named
        plan = assay.plan(str(parts / "both"), **wishes)
        assert (plan.target, plan.task) == ("label", "binary")
    assert assay.plan(assay.read(str(parts / "both"))).target == "label"
    with pytest.raises(RequestError, match="no target is named"):
        assay.plan(assay.read(str(parts / "both")).only(["picture"]))
