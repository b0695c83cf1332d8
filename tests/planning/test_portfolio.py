"""Where do the small networks stand among the candidates, and what is said where they cannot be trained?"""

from __future__ import annotations

import pytest

from assay.kernel import shelf as shelves
from assay.kernel.errors import RequestError
from assay.kernel.forms import Head
from assay.kernel.shelf import shelf
from assay.planning.portfolio import candidates, check_learners


@pytest.mark.parametrize("rows", [300, 3_000, 80_000])
@pytest.mark.parametrize("head", [Head.value(), Head.classes(2), Head.classes(5)])
def test_the_readable_and_the_first_trees_come_before_the_networks(rows: int, head: Head) -> None:
    pytest.importorskip("torch")
    names = [c.name for c in candidates(rows, head, ())[0]]
    assert len(set(names)) == len(names)
    assert names.index("perceptron") > names.index("additive")
    assert any(name.startswith("boosting") for name in names[: names.index("perceptron")])
    assert names.index("perceptron") <= 6


def test_values_get_larger_steps_than_classes() -> None:
    pytest.importorskip("torch")
    value, classes = (
        next(c.settings for c in candidates(1000, head, ("perceptron",))[0] if c.learner == "perceptron")
        for head in (Head.value(), Head.classes(2))
    )
    assert value["rate"] > classes["rate"]
    assert value["dropout"] < classes["dropout"]


def test_without_torch_the_plan_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "has", lambda package: package != "torch")
    found, left_out = candidates(1000, Head.value(), ())
    assert "perceptron" not in [c.learner for c in found]
    told = [say.text() for say in left_out if say.values.get("learner") == "perceptron"]
    assert len(told) == 1
    assert "assay[nets]" in told[0]


def test_a_table_larger_than_memory_gets_learners_that_take_a_stream() -> None:
    found, left_out = candidates(100_000, Head.classes(2), (), drawn=True)
    assert {c.learner for c in found} == {"constant", "linear", "additive", "boosting"}
    assert not any(c.settings.get("craft") for c in found)
    assert "perceptron" in {say.values.get("learner") for say in left_out}


def test_a_learner_whose_packages_do_not_fit_the_memory_is_left_out_and_told() -> None:
    pytest.importorskip("torch")
    found, left_out = candidates(1000, Head.classes(2), (), spare=50e6)
    assert {c.learner for c in found} == {"constant", "linear", "additive", "boosting", "fourier"}
    assert "perceptron is left out: its packages take 400 MB of memory, and 50 MB are to spare" in [
        say.text() for say in left_out
    ]
    assert "perceptron" in {c.learner for c in candidates(1000, Head.classes(2), (), spare=1e9)[0]}


def test_what_reads_texts_is_tried_before_what_sees_a_few_factors_of_them() -> None:
    found, _ = candidates(1_000, Head.classes(2), (), forms=frozenset({"vector", "texts"}))
    takes = ["texts" in shelf("learners").get(c.learner).about.takes for c in found]
    assert found[0].learner == "constant"
    assert takes[1:] == sorted(takes[1:], reverse=True)
    assert sum(takes) >= 2


def test_of_counted_candidates_on_texts_one_can_still_be_read() -> None:
    found, _ = candidates(1_000, Head.classes(2), (), trials=1, forms=frozenset({"vector", "texts"}))
    assert [c.learner for c in found] == ["constant", "linear"]


@pytest.mark.parametrize("rows", [3_000, 80_000])
def test_of_many_classes_what_grows_trees_for_each_comes_last(rows: int) -> None:
    """A round of 150 trees takes as long as a network, and boosting took all the time of a short search for nothing."""
    found = candidates(rows, Head.classes(150), ())[0]
    grows = [shelf("learners").get(one.learner).about.by_class for one in found]
    assert any(grows)
    assert grows == sorted(grows)
    first = candidates(rows, Head.classes(150), (), trials=2)[0]
    assert not any(shelf("learners").get(one.learner).about.by_class for one in first)


@pytest.mark.parametrize(
    ("rows", "head", "there"),
    [
        (300, Head.classes(3), True),
        (3_000, Head.classes(3), False),
        (3_000, Head.classes(150), True),
        (300, Head.classes(2), False),
        (300, Head.value(), False),
    ],
)
def test_a_line_is_drawn_towards_means_where_rows_of_each_class_are_few(rows: int, head: Head, there: bool) -> None:
    assert ("linear discriminant" in [one.name for one in candidates(rows, head, ())[0]]) == there


def test_a_learner_whose_package_lacks_is_told_to_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "has", lambda package: package != "catboost")
    found, left_out = candidates(1000, Head.value(), ("catboost",))
    with pytest.raises(RequestError) as caught:
        check_learners(found, left_out, Head.value(), "value", frozenset({"vector"}))
    assert "pip install 'assay[catboost]'" in str(caught.value)
    assert "can do the task" not in str(caught.value)  # it can, once it is there
    assert "name other learners" in str(caught.value)
