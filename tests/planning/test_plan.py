"""Are kinds, roles, tasks, ids and cures recognised where they were planted?"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import assay
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import DataError, RequestError, UnknownKey
from assay.kernel.plan import Plan
from assay.planning.draw import draw, reopen
from assay.planning.splits import draw_splits
from assay.planning.wishes import Wishes

RNG = np.random.default_rng(0)
N = 400


def loans() -> dict[str, list[Any]]:
    age = RNG.integers(18, 90, size=N)
    town = RNG.choice(["Basel", "Genf", "Bern"], size=N)
    risk = age / 40 + (town == "Bern") + RNG.normal(size=N) > 2
    days = np.datetime64("2020-01-01") + np.arange(N)
    words = ["late", "again", "paid", "called", "reminder", "moved", "abroad", "slow"]
    return {
        "loan_id": [f"L{i:05d}" for i in RNG.permutation(N)],
        "row": list(range(1, N + 1)),
        "age": age.tolist(),
        "income": RNG.lognormal(10, 1, size=N).round(2).tolist(),
        "town": town.tolist(),
        "member": RNG.choice(["yes", "no"], size=N).tolist(),
        "opened": [str(d) for d in days],
        "customer_no": RNG.integers(1000, 1080, size=N).tolist(),
        "rooms": RNG.integers(1, 7, size=N).tolist(),
        "note": [" ".join(RNG.choice(words, size=8)) + f" {i}" for i in range(N)],
        "empty": [None] * N,
        "same": ["x"] * N,
        "default": np.where(risk, "bad", "good").tolist(),
    }


LOANS = loans()


def plan(table: Any = None, target: str = "default", **wishes: Any) -> Plan:
    return assay.plan(LOANS if table is None else table, target, **wishes)


@pytest.mark.parametrize(
    ("name", "kind", "role"),
    [
        ("loan_id", "category", "id"),
        ("row", "number", "id"),
        ("age", "number", "feature"),
        ("income", "number", "feature"),
        ("town", "category", "feature"),
        ("member", "flag:no,yes", "feature"),
        ("opened", "date:plain", "feature"),
        ("note", "text", "feature"),
        ("empty", None, "dropped"),
        ("same", "category", "dropped"),
        ("default", "category", "target"),
    ],
)
def test_kinds_and_roles_are_recognised(name: str, kind: str | None, role: str) -> None:
    column = plan().column(name)
    assert column.role == role
    assert kind is None or column.kind == kind
    assert column.why is not None
    assert column.why.text("en")
    assert column.why.text("zh")


def test_cures_are_suggested_as_options() -> None:
    options = {advice.option for advice in plan().advice}
    assert "--time opened" in options
    assert "--group customer_no" in options
    assert "--kind rooms=category" in options
    assert "--feature row" in options


def test_a_suggestion_that_was_followed_is_not_made_again() -> None:
    found = plan(time="opened", kinds={"rooms": "category"})
    assert not [a for a in found.advice if a.option.startswith(("--time", "--kind rooms"))]
    assert found.splits.how == "time"
    assert found.column("rooms").kind == "category:whole"


def test_a_copy_of_the_target_is_found_and_honest_columns_are_not() -> None:
    given_away = {**LOANS, "after": [1.0 if d == "bad" else 0.0 for d in LOANS["default"]]}
    assert "--drop after" in {a.option for a in plan(given_away).advice}
    assert not [a for a in plan().advice if a.option.startswith("--drop")]


def test_what_a_person_says_overrules() -> None:
    found = plan(
        kinds={"age": "category"}, ids=("town",), group="customer_no", weight="income", sensitive=("member",),
        drop=("note",), features=("row",), seed=7, folds=4, level=0.8,
    )  # fmt: skip
    roles = {c.name: c.role for c in found.columns}
    assert roles["town"] == "id"
    assert roles["customer_no"] == "group"
    assert roles["income"] == "weight"
    assert roles["member"] == "sensitive"
    assert roles["note"] == "dropped"
    assert roles["row"] == "feature"
    assert found.column("age").kind == "category:whole"
    assert (found.splits.how, found.splits.folds, found.level, found.seed) == ("grouped", 4, 0.8, 7)


def test_a_useless_column_is_not_used_even_if_asked_for() -> None:
    assert plan(features=("same",)).column("same").role == "dropped"


def test_every_wrong_name_is_told_together() -> None:
    with pytest.raises(RequestError) as caught:
        plan(drop=("aeg",), group="custmer_no", kinds={"town": "categry"})
    for hint in ("Did you mean 'age'?", "Did you mean 'customer_no'?", "Did you mean 'category'?"):
        assert hint in str(caught.value)


def test_wishes_out_of_range_are_told_together() -> None:
    with pytest.raises(RequestError) as caught:
        plan(minutes=0, folds=1, level=1.0)
    for part in ("minutes", "folds", "level"):
        assert part in str(caught.value)


def test_the_same_table_and_seed_give_the_same_plan() -> None:
    assert plan().to_json() == plan().to_json()
    assert Plan.from_json(plan().to_json()).to_json() == plan().to_json()


def test_large_tables_seal_rows_and_small_ones_do_not() -> None:
    n = 51_000
    large = {"x": np.arange(n) % 977 + RNG.random(n), "y": RNG.integers(2, size=n)}
    assert assay.plan(large, "y").splits.sealed == 10_200
    assert plan().splits.sealed == 0


def test_a_person_may_say_how_many_rows_are_sealed() -> None:
    assert plan(sealed=0.25).splits.sealed == plan().data["rows_used"] // 4
    with pytest.raises(RequestError, match=r"a share from 0 to 0\.5"):
        plan(sealed=0.9)


def test_copied_rows_are_counted_and_kept_together() -> None:
    twice = {name: cells * 2 for name, cells in LOANS.items() if name not in ("loan_id", "row")}
    assert any(note.key == "note.duplicates" for note in plan(twice).notes)
    assert not any(note.key == "note.duplicates" for note in plan().notes)


def test_rows_without_a_target_or_weight_are_left_out_and_counted() -> None:
    table = {"x": RNG.random(60).tolist(), "w": [0.0] * 5 + [1.0] * 55, "y": ["a", "b"] * 28 + [None] * 4}
    found = assay.plan(table, "y", weight="w")
    left = {say.key: say.values["n"] for say in found.left_out if "n" in say.values}
    assert left == {"left.target_missing": 4, "left.weight_missing": 5}
    assert found.data["rows_used"] == 51


@pytest.mark.parametrize(("heaviest", "told"), [(1.0, False), (1e6, True), (1e29, True)])
def test_weights_of_which_few_rows_bear_most_are_told(heaviest: float, told: bool) -> None:
    weights = [heaviest, *RNG.uniform(0.5, 2.0, 199).tolist()]
    table = {"x": RNG.random(200).tolist(), "w": weights, "y": ["a", "b"] * 100}
    notes = [note for note in assay.plan(table, "y", weight="w").notes if note.key == "note.weights"]
    assert len(notes) == told
    assert all(note.values["worth"] == 1 and note.values["share"] > 0.99 for note in notes)


def test_a_learner_that_cannot_be_loaded_is_named() -> None:
    names = {c.learner for c in plan().candidates}
    assert {"constant", "linear", "additive", "boosting"} <= names
    assert {c.learner for c in plan(learners=("linear",)).candidates} == {"linear"}


def test_another_table_is_opened_the_same_way() -> None:
    data = Dataset((Column.of_words("d", ["03/04/2024", "03/25/2024"] * 20), Column.of_words("y", ["a", "b"] * 20)))
    found, opened = draw(data, Wishes(target="y"))
    assert found.column("d").kind == "date:mdy"
    again = reopen(data.take(np.asarray([0])), found)
    assert again["d"].texts()[0] == opened["d"].texts()[0] == "2024-03-04"


def test_a_table_with_nothing_to_learn_from_says_why() -> None:
    with pytest.raises(DataError) as caught:
        assay.plan({"id": [f"a{i}" for i in range(40)], "y": ["a", "b"] * 20}, "y")
    assert "'id' is an id" in str(caught.value)
    assert "--feature" in str(caught.value)


@pytest.mark.parametrize("role", ["group", "time", "weight"])
def test_the_target_has_no_second_role(role: str) -> None:
    with pytest.raises(RequestError, match=f"both the target and the {role}"):
        plan(**{role: "default"})


@pytest.mark.parametrize(("role", "kind"), [("time", "date"), ("weight", "number")])
def test_words_have_no_order_and_no_amount(role: str, kind: str) -> None:
    with pytest.raises(RequestError, match=rf"'town' cannot be the {role}.*--kind town={kind}"):
        plan(**{role: "town"})
    with pytest.raises(RequestError, match="and no cell is one"):
        plan(kinds={"town": kind}, **{role: "town"})


def test_an_unknown_learner_is_told_before_anything_is_tried() -> None:
    with pytest.raises(RequestError, match=r"no learner 'bosting'.*Did you mean 'boosting'"):
        plan(learners=("bosting",))


def test_one_group_is_refused_before_anything_is_tried() -> None:
    with pytest.raises(DataError, match="'town' has one value"):
        plan({**LOANS, "town": ["here"] * N}, group="town")


def test_rows_without_a_time_are_left_out_only_where_time_orders_them() -> None:
    days = [None if i % 8 == 0 else day for i, day in enumerate(LOANS["opened"])]
    table = {**LOANS, "opened": days}
    assert plan(table).data["rows_used"] == N
    found, opened = draw(assay.read(table), Wishes(target="default", time="opened"))
    assert [(say.key, say.values["n"]) for say in found.left_out if say.key.endswith("missing")] == [
        ("left.time_missing", N // 8)
    ]
    assert opened.rows == N - N // 8
    assert not opened["opened"].missing.any()


def test_a_target_is_as_large_as_its_squares_allow() -> None:
    most = float(np.sqrt(np.finfo(np.float64).max / N) / 2)
    for top, fits in ((most * 0.99, True), (most * 1.01, False)):
        table = {**LOANS, "income": [top, *LOANS["income"][1:]]}
        if fits:
            assert plan(table, "income", task="value").task == "value"
            continue
        with pytest.raises(DataError, match="values as large as"):
            plan(table, "income", task="value")


def test_cells_that_do_not_fit_are_shown_without_personal_data() -> None:
    table = {"x": [*range(95), *["ann@example.org"] * 5], "y": ["a", "b"] * 50}
    column = assay.plan(table, "y").column("x")
    assert column.misfits == 5
    assert column.examples == ("a***@e***.org",)


@pytest.mark.parametrize(
    ("asked", "target", "task"),
    [
        ("regression", [0.5, 1.5, 2.5, 3.25], "value"),
        ("classification", ["a", "b"], "binary"),
        ("classification", ["a", "b", "c"], "classes"),
        ("classification", [0.5, 1.5, 2.5, 3.25], "classes"),
        ("multiclass", ["a", "b"], "classes"),
        ("poisson", [0, 1, 2, 5], "count"),
    ],
)
def test_the_names_that_the_field_has_for_tasks_are_known(asked: str, target: list[Any], task: str) -> None:
    rows = 200
    made = (
        Column.of_words("y", [target[k % len(target)] for k in range(rows)])
        if isinstance(target[0], str)
        else Column.of_numbers("y", np.asarray([target[k % len(target)] for k in range(rows)], dtype=np.float64))
    )
    table = Dataset((Column.of_numbers("x", np.random.default_rng(0).normal(size=rows)), made))
    assert assay.plan(table, "y", task=asked).task == task


def test_what_is_no_name_of_a_task_is_still_refused() -> None:
    table = Dataset((Column.of_numbers("x", np.arange(50.0)), Column.of_numbers("y", np.arange(50.0))))
    with pytest.raises(UnknownKey, match="riddle"):
        assay.plan(table, "y", task="riddle")


@pytest.mark.parametrize("name", ["Unnamed: 0", "rownames", "...1", "X", "row_number", "level_0"])
def test_row_numbers_are_known_by_name_where_rows_were_drawn(name: str) -> None:
    """A table that was ordered by its target tells it by the numbers of its rows."""
    rng = np.random.default_rng(0)
    numbers = rng.permutation(400)[:300]
    found = assay.plan({name: numbers, "x": rng.normal(size=300), "y": rng.normal(size=300)}, "y")
    assert {c.name: c.role for c in found.columns} == {name: "id", "x": "feature", "y": "target"}


def test_what_is_measured_under_such_a_name_is_learnt_from() -> None:
    rng = np.random.default_rng(0)
    far, ties = rng.permutation(400_000)[:300], rng.integers(0, 1000, 300)
    found = assay.plan({"X": far, "case": ties, "y": rng.normal(size=300)}, "y")
    assert [c.role for c in found.columns] == ["feature", "feature", "target"]


@pytest.mark.parametrize(
    ("name", "first", "role"),
    [("year", 1936, "feature"), ("modelYear", 1936, "feature"), ("年份", 1950, "feature"), ("year", 1, "id"), ("n", 1936, "id")],
)  # fmt: skip
def test_years_that_follow_one_another_number_no_rows(name: str, first: int, role: str) -> None:
    rng = np.random.default_rng(0)
    years = Column.of_numbers(name, np.arange(first, first + 40).astype(float))
    table = Dataset((years, Column.of_numbers("x", rng.normal(size=40)), Column.of_numbers("y", rng.normal(size=40))))
    assert draw(table, Wishes(target="y"))[0].column(name).role == role


@pytest.mark.parametrize("name", ["PID", "caseid", "studyid", "CustId"])
def test_numbers_that_name_persons_are_known_by_their_name(name: str) -> None:
    rng = np.random.default_rng(0)
    numbers = Column.of_numbers(name, rng.permutation(100_000)[:200].astype(float))
    table = Dataset(
        (numbers, Column.of_numbers("x", rng.normal(size=200)), Column.of_numbers("y", rng.normal(size=200)))
    )
    assert draw(table, Wishes(target="y"))[0].column(name).role == "id"


@pytest.mark.parametrize(
    ("name", "form", "role"),
    [
        ("学号", "{}", "id"),
        ("住院号", "{}", "id"),
        ("mark", "{:09}", "id"),
        ("mark", "{}", "feature"),
        ("信号", "{}", "feature"),
        ("患者ID", "{}", "id"),
        ("客户号", "{}", "id"),
    ],
    ids=["pupil", "patient", "leading zeros", "numbers", "signal", "Chinese and letters", "customer"],
)
def test_codes_that_differ_in_every_row_name_rows(name: str, form: str, role: str) -> None:
    rng = np.random.default_rng(0)
    cells = [form.format(k) for k in rng.permutation(100_000)[:200]]
    beside = (Column.of_numbers("x", rng.normal(size=200)), Column.of_numbers("y", rng.normal(size=200)))
    table = Dataset((Column.of_words(name, cells), *beside))
    assert draw(table, Wishes(target="y"))[0].column(name).role == role
    if form != "{}":
        wishes = Wishes(target="y", kinds={name: "number"})
        assert draw(table, wishes)[0].column(name).role == "feature"


@pytest.mark.parametrize(
    ("name", "again", "lost", "role"),
    [("住院号", 3, 0, "id"), ("住院号", 3, 3, "id"), ("住院号", 30, 0, "feature"), ("dose", 3, 0, "feature")],
    ids=["a few came twice", "a few are missing", "many came twice", "a measure"],
)
def test_a_few_that_come_twice_leave_an_id_what_its_name_says(name: str, again: int, lost: int, role: str) -> None:
    rng = np.random.default_rng(0)
    numbers = rng.permutation(100_000)[:200].astype(float)
    numbers[:again] = numbers[100 : 100 + again]
    numbers[50 : 50 + lost] = np.nan
    beside = (Column.of_numbers("x", rng.normal(size=200)), Column.of_numbers("y", rng.normal(size=200)))
    found = draw(Dataset((Column.of_numbers(name, numbers), *beside)), Wishes(target="y"))[0].column(name)
    assert found.role == role
    said = f"{200 - again - lost} different values in {200 - lost} cells, and its name says id"
    assert (found.why.text("en") == said) == (role == "id")


def test_a_column_asked_to_be_numbers_is_read_in_its_unit() -> None:
    """More than a fifth of the cells are no numbers, so that nobody would have guessed that it holds any."""
    rng = np.random.default_rng(0)
    weights = [f"{k} kg" if k < 60 else "unknown" for k in rng.integers(20, 90, 200)]
    table = Dataset((Column.of_words("weight", weights), Column.of_numbers("y", rng.normal(size=200))))
    column = draw(table, Wishes(target="y", kinds={"weight": "number"}))[0].column("weight")
    assert column.kind == "number:unit:kg"
    assert column.misfits == sum(weight == "unknown" for weight in weights)


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        (lambda k: f"<{k / 2}" if k < 25 else f"{k / 2}", "number:marks"),
        (lambda k: f"{k}个月" if k < 30 else f"{k}岁", "number:units:岁"),
    ],
    ids=["bounds", "units"],
)
def test_a_column_asked_to_be_numbers_is_read_with_its_marks_and_units(form: Callable[[int], str], kind: str) -> None:
    rng = np.random.default_rng(0)
    cells = [form(k) if k < 66 else f"unknown {k % 5}" for k in rng.integers(20, 90, 200).tolist()]
    table = Dataset((Column.of_words("x", cells), Column.of_numbers("y", rng.normal(size=200))))
    column = draw(table, Wishes(target="y", kinds={"x": "number"}))[0].column("x")
    assert column.kind == kind
    assert column.misfits == sum(cell.startswith("unknown") for cell in cells)


def test_a_column_asked_to_be_dates_is_read_month_first_where_more_of_it_can_be() -> None:
    rng = np.random.default_rng(0)
    days = [f"03/{k:02d}/2024" if k < 29 else "unknown" for k in rng.integers(1, 60, 200)]
    table = Dataset((Column.of_words("day", days), Column.of_numbers("y", rng.normal(size=200))))
    assert draw(table, Wishes(target="y", kinds={"day": "date"}))[0].column("day").kind == "date:mdy"


def test_the_constant_guess_alone_is_no_model() -> None:
    rng = np.random.default_rng(0)
    table = Dataset((Column.of_numbers("x", rng.normal(size=50)), Column.of_numbers("y", rng.normal(size=50))))
    with pytest.raises(RequestError, match="alone is no model"):
        draw(table, Wishes(target="y", learners=("constant",)))


def test_hashes_name_rows_and_are_no_text() -> None:
    rng = np.random.default_rng(0)
    keys = [str(uuid.UUID(bytes=rng.bytes(16))) for _ in range(200)]
    found = plan({"x": rng.normal(size=200).tolist(), "key": keys, "y": rng.choice(["a", "b"], 200).tolist()}, "y")
    assert (found.column("key").kind, found.column("key").role) == ("category", "id")


def test_moods_from_minus_one_to_one_are_classes() -> None:
    rng = np.random.default_rng(0)
    moods = rng.integers(-1, 2, 200)
    found = plan({"x": rng.normal(size=200).tolist(), "y": moods.tolist()}, "y")
    assert found.task == "classes"
    assert plan({"x": rng.normal(size=200).tolist(), "y": (moods * 10).tolist()}, "y").task == "value"


def test_there_are_no_more_folds_than_groups_and_in_time_the_first_block_is_not_measured() -> None:
    rng = np.random.default_rng(0)
    rows: dict[str, list[Any]] = {"x": rng.normal(size=200).tolist(), "y": rng.choice(["a", "b"], 200).tolist()}
    rows |= {"site": [f"s{i % 3}" for i in range(200)], "day": [f"2024-01-{1 + i // 10:02d}" for i in range(200)]}
    assert plan(rows, "y", group="site").splits.folds == 3
    said = [note.text("en") for note in plan(rows, "y", time="day").notes]
    assert any(text.startswith("every row but those of the first block") for text in said)


def test_copies_tie_the_groups_that_have_them_or_the_plan_says_where_they_cannot() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4))
    site = np.asarray([f"s{i % 60}" for i in range(300)])

    def told(rows: np.ndarray, sites: np.ndarray) -> list[str]:
        table = {f"x{j}": rows[:, j].tolist() for j in range(4)} | {"site": sites.tolist()}
        table["y"] = rng.choice(["a", "b"], len(rows)).tolist()
        return [note.key for note in plan(table, "y", group="site").notes if "copies" in note.key]

    few = np.concatenate([x, x[:6]])
    assert told(few, np.append(site, ["s30", "s31", "s32", "s33", "s34", "s35"])) == ["note.copies_tie"]
    assert told(np.concatenate([x] * 3), np.asarray([f"s{k}" for k in rng.integers(0, 40, 900)])) == [
        "note.copies_apart"
    ]
    assert told(x, site) == []


def test_learners_keep_named_groups_apart_and_copies_only_where_they_are_measured() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 4)).repeat(2, axis=0)
    rows = {f"x{j}": x[:, j].tolist() for j in range(4)} | {"site": [f"s{i % 20}" for i in range(200)]}
    rows["y"] = rng.choice(["a", "b"], 200).tolist()
    for wishes, apart in ((Wishes(target="y", drop=("site",)), False), (Wishes(target="y", group="site"), True)):
        planned, table = draw(assay.read(rows), wishes)
        split = draw_splits(planned, table, np.zeros(200, dtype=np.int64))
        assert split.groups is not None
        assert (split.apart is not None) == apart
