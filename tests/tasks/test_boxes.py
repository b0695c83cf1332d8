"""Are lists of boxes known as a target, written into arrays and back, and parted so that rare things lie in every fold?"""

from __future__ import annotations

import json

import numpy as np
import pytest

import assay
from assay.kernel.boxes import Box2D, cell_of
from assay.kernel.data import Column
from assay.kernel.errors import DataError, DoesNotApply
from assay.kernel.plugins import Codec
from assay.planning.target import choose_task
from assay.stats.found_boxes import views
from assay.tasks.boxes import LEAST_FOUND, MOST_FOUND, Boxes
from assay.testing.worlds import pictures

CAT, DOG = Box2D("cat", 1.0, 2.0, 30.0, 40.0), Box2D("dog", 5.5, 6.25, 7.0, 8.0)


def column(*lists):
    """A raw target of lists of boxes, None where nobody looked."""
    return Column.of_words("boxes", [None if boxes is None else cell_of(boxes) for boxes in lists])


def test_lists_of_boxes_are_the_task_of_boxes_and_nothing_else():
    task, why, _ = choose_task(column([CAT], [], [CAT, DOG], *[[DOG]] * 20), "")
    assert task.about.key == "boxes"
    assert why.text() == "'boxes' holds lists of labelled boxes"
    assert why.text("zh") == "“boxes”是带标签的方框列表"


def test_boxes_that_are_each_the_same_are_boxes_still():
    assert choose_task(column(*[[CAT]] * 20, *[[]] * 20), "")[0].about.key == "boxes"


@pytest.mark.parametrize(
    "cells",
    [
        ["a", "b"] * 20,
        ["[]"] * 40,
        [json.dumps(["cat", "dog"]), json.dumps(["cat"]), json.dumps(["dog", "bird"])] * 20,
        [cell_of([CAT]), "nothing", "[1, 2]", "seen"] * 10,
    ],
)
def test_other_columns_are_not_boxes(cells):
    with pytest.raises(DoesNotApply):
        Boxes().recognise(Column.of_words("t", cells))


def test_plain_lists_of_names_stay_several_labels_a_row():
    rng, names = np.random.default_rng(0), np.asarray(["cat", "dog", "bird", "owl", "hen"])
    cells = [json.dumps(names[kept].tolist()) for kept in rng.random((80, 5)) < 0.5]
    assert choose_task(Column.of_words("t", cells), "")[0].about.key == "flags"


def seen(n=40, **more):
    """A table with pictures, and a box in most of them."""
    pytest.importorskip("PIL.Image")
    folder = pictures(80)
    cells = [cell_of([Box2D("bar" if i % 2 else "spot", 2, 3, 5 + i % 7, 6)] if i % 5 else []) for i in range(n)]
    return {"photo": [f"{folder}/{i}.ppm" for i in range(n)], "boxes": cells, **more}


def test_a_plan_for_boxes_tries_the_detector_and_says_that_it_starts_from_nothing():
    pytest.importorskip("torch")
    plan = assay.plan(seen(), "boxes")
    assert plan.task == "boxes"
    assert [candidate.learner for candidate in plan.candidates] == ["constant", "detector"]
    said = " ".join(note.text() for note in plan.notes)
    assert "without pretrained weights" in said
    assert plan.column("boxes").kind == "boxes"


def test_boxes_without_a_column_of_pictures_are_refused_before_anything_is_tried():
    table = seen(size=[0.5 * (i % 7) for i in range(40)])
    table.pop("photo")
    with pytest.raises(DataError) as caught:
        assay.plan(table, "boxes")
    assert "no column of pictures" in str(caught.value)
    assert "size" in str(caught.value)
    assert "--kind NAME=picture" in str(caught.value)


def test_labels_stand_in_order_and_an_answer_holds_twice_the_fullest_picture():
    few = Boxes().codec(column([DOG], [CAT, DOG], []))
    assert (few.labels, few.most) == (("cat", "dog"), LEAST_FOUND)
    assert Boxes().codec(column([CAT] * 80, [DOG])).most == 160
    assert Boxes().codec(column([CAT] * 5_000)).most == MOST_FOUND


def test_nothing_to_be_found_and_a_name_for_each_thing_are_refused():
    with pytest.raises(DataError, match="no box in any of 3 rows"):
        Boxes().codec(column([], [], None))
    named = [Box2D(f"cat {i}", 1, 1, 2, 2) for i in range(10_001)]
    with pytest.raises(DataError, match="10,001 labels"):
        Boxes().codec(column(named))


def test_nothing_there_is_an_answer_and_a_missing_cell_is_none():
    y = Boxes().encode(column([DOG, CAT], [], None), Codec(labels=("cat", "dog")))
    assert y.shape == (3, 2, 5)
    assert y[0].tolist() == [[1.0, 5.5, 6.25, 7.0, 8.0], [0.0, 1.0, 2.0, 30.0, 40.0]]
    assert y[1, :, 0].tolist() == [-1.0, -1.0]
    assert np.isnan(y[2]).all()


def test_labels_that_training_never_saw_are_left_out_and_counted():
    cells, codec = column([DOG, CAT], [DOG], None, [CAT]), Codec(labels=("cat",))
    y = Boxes().encode(cells, codec)
    assert (y[:2, :, 0] >= 0).sum(axis=1).tolist() == [1, 0]
    assert dict(Boxes().left_out(cells, codec)) == {"dog": 2}
    assert not Boxes().left_out(cells, Codec(labels=("cat", "dog")))


def test_each_label_and_the_empty_pictures_are_a_stratum_where_they_are_many():
    lists = [[CAT]] * 60 + [[CAT, DOG]] * 20 + [[]] * 12 + [[Box2D("owl", 1, 1, 2, 2), CAT]] * 2
    cells = column(*lists)
    task = Boxes()
    strata = task.strata(task.encode(cells, task.codec(cells)))
    common, rare, empty, few = strata[0], strata[60], strata[80], strata[92:]
    assert len({common, rare, empty}) == 3
    assert (strata[:60] == common).all()
    assert (strata[60:80] == rare).all()
    assert (strata[80:92] == empty).all()
    assert (few == common).all()  # two owls make no stratum: they count as cats


def test_the_best_guess_for_all_is_that_nothing_is_there():
    task, codec = Boxes(), Codec(labels=("cat",), most=4)
    y = task.encode(column([CAT], []), codec)
    guess = np.tile(task.constant(y, None, codec), (2, 1))
    assert task.losses(guess, y).tolist() == [1.0, 0.0]
    assert views(task.answers(guess))[:, :, 0].max() == 0.0
    assert [metric.key for metric in task.metrics(codec)] == ["ap", "ap50", "ap75", "recall", "precision"]
