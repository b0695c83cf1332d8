"""Is it seen what of single rows stands in a file, and does a file of ours hold nothing of the kind?"""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.checks.traces import WITHIN, _standing
from assay.kernel.clock import Clock
from assay.kernel.errors import DoesNotApply

from .worlds import ask, logit_world, names, world

N = 240
ALONE = ("Unikatstadt", "Zweitestadt")


def table() -> dict[str, list[Any]]:
    """People with ids, notes of which each has a word of its own, and two towns that one row each is of."""
    rng = np.random.default_rng(0)
    said = ["good", "bad", "room", "cold", "warm", "staff", "late", "early", "noisy", "clean", "dirty", "food", "kind"]
    notes = [f"{' '.join(rng.choice(said, 10))} zq{rng.integers(10**9):09d}" for _ in range(N)]
    town = [f"town{rng.integers(6)}" for _ in range(N)]
    town[5], town[77] = ALONE
    x = rng.normal(size=N)
    y = np.where(x + np.asarray(["good" in note for note in notes]) + 0.5 * rng.normal(size=N) > 0.5, "yes", "no")
    ids = [f"cust-{rng.integers(10**12):012d}" for _ in range(N)]
    return {"id": ids, "note": notes, "town": town, "x": x.round(4).tolist(), "y": y.tolist()}


@pytest.fixture(scope="module")
def model() -> Any:
    checks = ("labels", "reasons", "leakage", "personal", "traces", "subgroups")
    learners = ("constant", "sparse", "linear")
    return assay.train(
        table(), "y", trials=2, folds=3, ids=("id",), kinds={"note": "text"}, learners=learners, checks=checks
    )


def _written(path: Path) -> str:
    with zipfile.ZipFile(path) as file:
        return "\n".join(file.read(name).decode("utf-8", "ignore") for name in file.namelist())


def _unique() -> list[str]:
    given = table()
    return [*given["id"], *given["note"], *(note.split()[-1] for note in given["note"]), *ALONE]


def test_no_unique_string_of_the_table_stands_in_the_saved_bytes(model: Any, tmp_path: Path) -> None:
    text = _written(model.save(tmp_path / "m.assay"))
    assert "town3" in text  # what many rows share is there, so it is the right place to look
    assert [one for one in _unique() if one in text] == []
    told = next(f for f in model.findings if f.check == "traces")
    assert told.verdict == "pass"
    assert told.measure("found").value == 0
    assert (told.measure("asked").value or 0) >= 3 * N + 2


def test_examples_stay_in_the_report_and_in_the_file_where_they_are_asked_for(model: Any, tmp_path: Path) -> None:
    assert any(one in model.report.html() for one in table()["id"])
    text = _written(model.save(tmp_path / "with.assay", examples=True))
    assert any(one in text for one in table()["id"])
    bare = assay.load(model.save(tmp_path / "without.assay"))
    held = [f for f in bare.findings if any(note.key == "withheld" for note in f.notes)]
    assert {"labels"} <= {f.check for f in held}
    assert not any(figure.rows for f in bare.findings for figure in f.figures)
    assert "left out of the model file" in bare.report.markdown()
    assert [f.measures for f in bare.findings] == [f.measures for f in model.findings]


def test_a_name_in_the_file_that_one_row_holds_is_found() -> None:
    columns, y, z, _ = logit_world(200)
    town = ["t1"] * 100 + ["t2"] * 97 + ["Frau Schmidt", "Herr Meier-Zwo", "t3"]
    columns[3] = names("town", town)
    evidence = world(columns, y, z)
    kept = ("t1", "t2", "a longer text that names Herr Meier-Zwo within")
    finding = ask("traces", replace(evidence, kept=lambda: kept))
    assert finding.verdict == "watch"
    assert finding.measure("found").value == 1
    assert "'town'" in finding.say.text()
    assert "Meier" not in str(finding.to_json())
    clean = ask("traces", replace(evidence, kept=lambda: kept[:2]))
    assert (clean.verdict, clean.measure("asked").value) == ("pass", 2)  # "t3" is too short to be told from chance


def test_of_drawn_rows_what_is_found_is_no_more_than_a_hint() -> None:
    columns, y, z, _ = logit_world(200)
    columns[3] = names("town", ["t1"] * 100 + ["t2"] * 99 + ["Herr Meier-Zwo"])
    evidence = world(columns, y, z)
    drawn = replace(evidence, plan=replace(evidence.plan, data={**evidence.plan.data, "rows_drawn": 5000}))
    finding = ask("traces", replace(drawn, kept=lambda: ("Herr Meier-Zwo",)))
    assert (finding.verdict, finding.measure("found").value) == ("info", 1)
    assert "fewer than 3 of the 200 rows drawn" in finding.say.text()
    assert "5,000 rows" in finding.say.text()
    clean = ask("traces", replace(drawn, kept=lambda: ("t1",)))
    assert clean.verdict == "pass"
    assert "200 rows drawn" in clean.say.text()


def test_all_that_is_looked_for_at_once_is_what_is_found_one_by_one() -> None:
    rng = np.random.default_rng(1)
    rare = {"".join(rng.choice(["月", "-", "日"], rng.integers(3, 14))) for _ in range(4000)}
    kept = ["".join(rng.choice(["月", "-", "日"], rng.integers(1, 60))) for _ in range(40)] + ["月-日"]
    text = "\0".join(kept)
    found = _standing(rare, kept)
    assert found == {one for one in rare if one in set(kept) or (len(one) >= WITHIN and one in text)}
    assert 0 < len(found) < len(rare)
    assert any(len(one) > WITHIN for one in found)


def test_of_many_strings_none_is_looked_for_where_the_time_is_up() -> None:
    columns, y, z, _ = logit_world(60_000)
    columns[3] = names("card", [f"card {i}" for i in range(60_000)])
    evidence = replace(world(columns, y, z), kept=lambda: ("card 17",))
    assert ask("traces", evidence).measure("found").value == 1
    with pytest.raises(DoesNotApply) as late:
        ask("traces", replace(evidence, clock=Clock.start(0.0)))
    assert "60,000 cells and words could not be looked for" in late.value.say.text()


def test_a_name_within_a_longer_number_or_word_is_no_trace() -> None:
    rare = {"customer 17", "Meierhof", "Hans Sachs"}
    assert _standing(rare, ["customer 175", "Meierhofer", "von Hans Sachs, Schuster"]) == {"Hans Sachs"}
    assert _standing(rare, ["customer 17 and others", "der Meierhof"]) == {"customer 17", "Meierhof"}


def test_it_is_not_asked_without_a_file_or_without_rare_names() -> None:
    columns, y, z, _ = logit_world(200)
    with pytest.raises(DoesNotApply):
        ask("traces", world(columns, y, z))
    with pytest.raises(DoesNotApply):
        ask("traces", replace(world(columns, y, z), kept=lambda: ()))


def test_no_cell_that_one_row_holds_stands_in_the_file_as_an_example(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    value = [f"{v:.3f}" for v in rng.uniform(1, 9, N)]
    lab, odd = list(value), list(value)
    lab[3], lab[9], odd[5], odd[6], odd[7:10] = "<4.731", "8.234 H", "5722 Bergstein", "approx 1634 Meier", ["n.a."] * 3
    pressure = [f"{rng.integers(100, 190)}/{rng.integers(50, 99)}" for _ in range(N)]
    pressure[11] = "173/41"
    worn = [f"{rng.integers(20, 90)}:{rng.integers(10, 60)}" for _ in range(N)]
    y = np.where(np.asarray(value, dtype=float) > 5, "yes", "no").tolist()
    data = {"lab": lab, "odd": odd, "pressure": pressure, "worn": worn, "x": rng.normal(size=N).tolist(), "y": y}
    model = assay.train(data, "y", trials=1, folds=3, learners=("linear",), checks=("traces", "data"))
    examples = model.plan.column("odd").examples
    assert set(examples) == {"#### B…", "a… #### M…", "n.a."}
    text = _written(model.save(tmp_path / "m.assay"))
    for cell in ("<4.731", "8.234 H", "5722 B", "Bergstein", "approx 1634", "Meier", "173/41"):
        assert cell not in text
