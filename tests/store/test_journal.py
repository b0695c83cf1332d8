"""A killed run finds its steps again, and only its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.errors import RequestError
from assay.store.journal import STEP, Journal, open_journal

RUN = {"data": "ab12", "settings": {"minutes": 2, "seed": 0}, "version": "0.1.0"}


def step(value: float) -> Box:
    box = Box()
    box.put(score=value)
    box.put_array("oof", np.array([value, value]))
    return box


def test_a_step_is_found_again(tmp_path: Path) -> None:
    open_journal(tmp_path / "run", RUN).put("trial 1 / fold 2", step(0.1))
    again = open_journal(tmp_path / "run", RUN)
    found = again.get("trial 1 / fold 2")
    assert found is not None
    assert found.real("score") == 0.1
    assert again.get("trial 1 / fold 3") is None


@pytest.mark.parametrize("keep", [0, 10, 200, -1])
def test_a_torn_step_is_as_good_as_absent(tmp_path: Path, keep: int) -> None:
    journal = open_journal(tmp_path, RUN)
    journal.put("one", step(1))
    journal.put("two", step(2))
    torn = journal._path("two")
    torn.write_bytes(torn.read_bytes()[:keep])
    assert journal.get("two") is None
    assert not torn.exists()
    assert journal.get("one") is not None


def test_a_corrupt_step_is_as_good_as_absent(tmp_path: Path) -> None:
    journal = open_journal(tmp_path, RUN)
    journal.put("one", step(1))
    path = journal._path("one")
    data = bytearray(path.read_bytes())
    data[-200] ^= 1
    path.write_bytes(bytes(data))
    assert journal.get("one") is None


def test_another_run_is_refused_and_says_why(tmp_path: Path) -> None:
    open_journal(tmp_path, RUN)
    with pytest.raises(RequestError, match="differs in data; the version of Assay"):
        open_journal(tmp_path, RUN | {"data": "cd34", "version": "0.2.0"})


def test_steps_whose_run_is_unknown_are_removed(tmp_path: Path) -> None:
    open_journal(tmp_path, RUN).put("one", step(1))
    (tmp_path / "fingerprint.run.assay").write_bytes(b"PK\x03\x04")
    assert open_journal(tmp_path, RUN).get("one") is None
    assert not list(tmp_path.glob(f"*{STEP}"))


def test_the_same_run_is_the_same_whatever_the_order_of_its_settings(tmp_path: Path) -> None:
    open_journal(tmp_path, RUN).put("one", step(1))
    assert open_journal(tmp_path, dict(reversed(RUN.items()))).get("one") is not None
    assert open_journal(tmp_path, RUN | {"settings": {"seed": 0, "minutes": 2}}).get("one") is not None


def test_clearing_removes_our_files_only(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    journal = open_journal(folder, RUN)
    journal.put("one", step(1))
    (folder / "notes.txt").write_text("mine")
    journal.clear()
    assert [p.name for p in folder.iterdir()] == ["notes.txt"]
    (folder / "notes.txt").unlink()
    journal.clear()
    assert not folder.exists()


def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RequestError, match="journal"):
        open_journal(tmp_path / "file" / "run", RUN)


def test_a_file_in_place_of_the_folder_is_said_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("a,b\n1,2\n")
    Journal(file, "").clear()
    with pytest.raises(RequestError, match=r"cannot be kept in"):
        open_journal(file, {"seed": 1})
    assert file.read_text() == "a,b\n1,2\n"
