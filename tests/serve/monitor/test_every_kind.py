"""Is every kind of model watched: rows looked at, answers counted as they are meant, drift told, and what is not looked at said?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

import assay
from assay.checks import _held as held
from assay.kernel.data import Column, Floats
from assay.kernel.findings import Finding
from assay.planning import portfolio
from assay.serve.monitor.findings import drift
from assay.serve.monitor.summaries import Layout
from assay.serve.server import application
from assay.serve.settings import Settings
from assay.stats.alarms import GoodScores
from assay.stats.drift import Tally

from ...learners.surfaces import surfaces
from ...pictures import boxed
from ..worlds import Client
from .worlds import folder, rows

Rows = list[dict[str, Any]]


def watched(path: Path, given: Rows, home: Path, **settings: Any) -> tuple[dict[str, Any], list[Any]]:
    """What /audit/live says when each row was asked by itself and all once more together, and the answers of the latter."""
    asked = Client(
        application(Settings(models=(str(path),), monitor=str(home / "traffic.db"), data=str(home), **settings))
    )
    alone = [asked.post("/predict", {"rows": [row]}).json["answers"][0] for row in given]
    together = asked.post("/predict", {"rows": given}).json["answers"]
    live, gauges = asked.ask("GET", "/audit/live").json, asked.ask("GET", "/metrics").body.decode()
    asked.app.world.monitor.close()
    (home / "traffic.db").unlink()
    assert live["traffic"]["rows"] == 2 * len(given)
    assert live["traffic"]["not_looked_at"] == 0
    assert live["traffic"]["out_of_range"] == sum(one["out_of_range"] for one in (*alone, *together))
    assert f"assay_monitor_rows_looked_at {2 * len(given)}\n" in gauges
    assert "assay_monitor_faults 0\n" in gauges
    return live, [*alone, *together]


def notes(live: dict[str, Any], place: int = 0, lang: str = "en") -> str:
    """The sentences of a finding."""
    said = live["findings"][place]["words"][lang]
    return " ".join([said["sentence"], *said["notes"]])


def drawn(home: Path, good: int, odd: int, seed: int) -> Rows:
    """Pictures of surfaces as files, good ones first."""
    image = pytest.importorskip("PIL.Image")
    found: Rows = []
    for number, pixels in enumerate(surfaces(good, odd, seed=seed).grids.columns[0].at(64)):
        image.fromarray(pixels).save(home / f"{seed}-{number}.png")
        found.append({"photo": str(home / f"{seed}-{number}.png"), "n": number % 7})
    return found


@cache
def looks_for_odd_ones() -> Any:
    """A model that learnt from pictures of 60 good surfaces."""
    pytest.importorskip("torch")
    home = folder() / "odd"
    home.mkdir()
    settings = {"side": 64, "made": 48, "steps": 20, "width": 16}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(portfolio, "_pictures", lambda: [("defects", "defects", settings)])
        model = assay.train(drawn(home, 60, 0, 0), task="odd", trials=1, folds=2, checks=())
    model.save(home / "odd.assay")
    return model


def test_alarms_are_counted_and_scores_of_odd_ones_drift(tmp_path: Path) -> None:
    model = looks_for_odd_ones()
    live, said = watched(folder() / "odd" / "odd.assay", drawn(tmp_path, 10, 10, 2), tmp_path, keep_answers=True)
    alarms = sum(one["answer"] == "odd" for one in said)
    assert live["traffic"]["answers"] == {"good": 40 - alarms, "odd": alarms}
    assert alarms >= 16
    assert f"{alarms} of the 40 rows" in notes(live)
    assert live["findings"][0]["verdict"] == "watch"
    assert "how odd rows look" in notes(live)
    assert "各行的异常程度" in notes(live, lang="zh")
    assert "% of the cells are missing" not in notes(live)  # pictures were sent: that they are gone by now is no drift
    assert "What pictures look like" in notes(live)
    assert "no labels are taken" in notes(live, 1)
    assert isinstance(model.conformal, GoodScores)


def of_scores(good: Floats, live: Floats) -> Finding:
    """The finding on rows of which nothing is known but how odd they look."""
    layout = Layout.of(replace(looks_for_odd_ones(), conformal=GoodScores(np.sort(good), len(good))))
    assert layout.score is not None
    numbers, tally = layout.empty(), Tally.of(layout.score[0], Column.of_numbers("", live))
    numbers[layout.at["rows"]] = len(live)
    numbers[layout.score[1]] = [tally.rows, tally.missing, *tally.counts]
    return drift(layout, [(0, numbers)])


def test_scores_like_those_of_good_ones_are_quiet_at_the_level_of_the_check_and_higher_ones_are_told() -> None:
    rng, looks = np.random.default_rng(3), 200
    quiet = [of_scores(rng.normal(size=60), rng.normal(size=80)) for _ in range(looks)]
    moved = [of_scores(rng.normal(size=200), rng.normal(0.8, 1, size=200)) for _ in range(20)]
    lower = [of_scores(rng.normal(size=200), rng.normal(-0.8, 0.5, size=200)) for _ in range(20)]
    assert sum(one.verdict != "pass" for one in quiet) <= binom.ppf(0.999, looks, held.ALONE)
    assert {one.verdict for one in moved} == {"watch"}
    assert {one.verdict for one in lower} == {"pass"}  # all models together answer good rows lower than each by itself
    assert all(one.measure("psi: how odd rows look").value > 0.1 for one in moved)


def test_boxes_are_counted_by_label_and_pictures_without_any_too(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    boxed.trained()[0].save(tmp_path / "things.assay")
    boxed.table(tmp_path, 16, seed=3)
    given = [{"picture": str(path)} for path in sorted(tmp_path.glob("*.png"))]
    live, said = watched(tmp_path / "things.assay", given, tmp_path)
    told = Counter(box["label"] for one in said for box in one["answer"])
    empty = sum(not one["answer"] for one in said)
    assert live["traffic"]["answers"] == {label: told[label] for label in boxed.LABELS}
    assert told.total() > 0
    assert live["traffic"]["empty"] == empty
    assert f"{told.total()} boxes were told of 32 pictures; of {empty} none was" in notes(live)
    assert live["findings"][0]["verdict"] == "pass"


def test_classes_of_pictures_are_counted_and_missing_pictures_drift(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    rng, given = np.random.default_rng(0), []
    for number in range(60):
        shade = rng.normal(60 if number % 2 else 190, 25, (16, 16, 3)).clip(0, 255).astype("uint8")
        image.fromarray(shade).save(tmp_path / f"{number}.png")
        given.append({"photo": str(tmp_path / f"{number}.png"), "size": round(float(rng.normal()), 2)})
    table = [{**row, "kind": ("bright", "dark")[number % 2]} for number, row in enumerate(given)]
    more = {"learners": ("linear",), "folds": 2, "trials": 1, "checks": (), "kinds": {"photo": "picture"}}
    assay.train(table, "kind", **more).save(tmp_path / "photos.assay")
    live, said = watched(tmp_path / "photos.assay", given[:20], tmp_path)
    assert live["traffic"]["answers"] == dict(Counter(one["answer"] for one in said))
    assert live["findings"][0]["verdict"] == "pass"
    gone, _ = watched(tmp_path / "photos.assay", [{**row, "photo": None} for row in given[:20]], tmp_path)
    assert "of the cells are missing" in notes(gone)
    assert gone["findings"][0]["verdict"] == "watch"


GIVEN = rows(200, 0)
RNG = np.random.default_rng(1)
VALUES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "value": lambda row: round(row["income"] + float(RNG.normal()), 3),
    "quantile:0.9": lambda row: round(row["income"] + float(RNG.normal()), 3),
    "count": lambda row: int(RNG.poisson(np.exp(row["income"] / 50))),
}
LEARNERS = {"quantile:0.9": ("boosting",)}


def trained(path: Path, table: Rows, **wishes: Any) -> Path:
    """The file of a small model of the column y."""
    assay.train(table, "y", trials=1, checks=(), **{"learners": ("linear",), **wishes}).save(path / "own.assay")
    return path / "own.assay"


@pytest.mark.parametrize("task", VALUES)
def test_values_say_that_their_spread_is_not_held_against_training(task: str, tmp_path: Path) -> None:
    path = trained(
        tmp_path,
        [{**row, "y": VALUES[task](row)} for row in GIVEN],
        task=task,
        learners=LEARNERS.get(task, ("linear",)),
    )
    live, _ = watched(path, rows(20, 3), tmp_path, keep_answers=True)
    assert live["traffic"]["answers"] == {}
    assert "How the answers are spread is not held" in notes(live)
    assert "only 0 labels" in notes(live, 1)


def test_grades_are_counted_by_grade(tmp_path: Path) -> None:
    path = trained(tmp_path, [{**row, "y": int(np.clip(row["income"] // 15, 1, 5))} for row in GIVEN], task="grades")
    live, said = watched(path, rows(20, 3), tmp_path)
    told = Counter(str(int(one["answer"])) for one in said)
    assert {grade: n for grade, n in live["traffic"]["answers"].items() if n} == told
    assert "How the answers are spread" not in notes(live)


def test_several_labels_are_counted_each_and_rows_without_any_too(tmp_path: Path) -> None:
    live, said = watched(folder() / "baskets.assay", rows(20, 3), tmp_path)
    told = Counter(label for one in said for label in one["answer"])
    assert live["traffic"]["answers"] == {"salt": told["salt"], "tea": told["tea"]}
    assert live["traffic"]["empty"] == sum(not one["answer"] for one in said) > 0


def test_texts_are_looked_at_by_their_length(tmp_path: Path) -> None:
    table = [
        {"said": f"{'good fine nice' if n % 2 else 'bad poor awful'} thing number {n} of day {n * 7 % 97}", "y": ("no", "yes")[n % 2]}
        for n in range(120)
    ]  # fmt: skip
    path = trained(tmp_path, table, kinds={"said": "text"})
    like = [{"said": row["said"].replace("thing", "place")} for row in table[3::6]]
    same, _ = watched(path, like, tmp_path)
    live, _ = watched(path, [{"said": one["said"] * 4} for one in like], tmp_path)
    assert same["findings"][0]["verdict"] == "pass"
    assert live["findings"][0]["verdict"] == "watch"
    assert "said (length)" in notes(live)
    assert "Time was short" not in notes(live)


def test_decimal_commas_are_counted_as_the_numbers_they_were_answered_as(tmp_path: Path) -> None:
    """4,056 is no 4056 to the monitor where it was 4.056 to the model."""
    numbers = np.random.default_rng(0).uniform(1, 9, 200).round(3).tolist()
    lines = [f"{number:.3f};{'high' if number > 5 else 'low'}".replace(".", ",") for number in numbers]
    (tmp_path / "rates.csv").write_text("\n".join(["rate;y", *lines, "2,5;low"]) + "\n", encoding="utf-8")
    model = assay.train(tmp_path / "rates.csv", "y", trials=1, learners=("linear",), checks=())
    layout, told = Layout.of(model), []
    for given in ([{"rate": f"{n:.3f}".replace(".", ",")} for n in numbers], [{"rate": n} for n in numbers]):
        told.append(layout.of_rows(given, [model.predict(row) for row in given], False))
    np.testing.assert_allclose(told[0], told[1])
    assert next(tally for _, tally in layout.tallies(told[0])).missing == 0
