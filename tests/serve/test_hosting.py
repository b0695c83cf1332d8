"""Is a replaced file taken up, a broken one left aside, and a file without the right signature never served?"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from assay.kernel.errors import AssayError, BundleTampered, MissingPackage, RequestError
from assay.model import Model
from assay.serve.hosting import Hosted, Hosts
from assay.store.signature import new_keys, sign

from .worlds import ROW, Client, amounts, client, loans, saved

TOLD: list[tuple[str, Hosted | AssayError]] = []


def served(folder: Path) -> Hosts:
    """The models of a folder that holds one."""
    shutil.copy(saved(), folder / "loans.assay")
    TOLD.clear()
    return Hosts([str(folder)])


def refresh(hosts: Hosts) -> None:
    """Look for replaced files."""
    hosts.refresh(lambda name, what: TOLD.append((name, what)))


def replaced(source: Path, path: Path) -> None:
    """Put a file in another's place at once."""
    shutil.copy(source, path.with_suffix(".part"))
    os.replace(path.with_suffix(".part"), path)


def test_a_replaced_file_is_taken_up_and_who_holds_the_old_model_keeps_it(tmp_path: Path) -> None:
    hosts = served(tmp_path)
    old = hosts.get()
    replaced(saved("amounts"), tmp_path / "loans.assay")
    refresh(hosts)
    assert hosts.get().version != old.version
    assert hosts.get().model.plan.task == "value"
    assert old.model.predict(ROW).answer in ("yes", "no")
    assert [name for name, _ in TOLD] == ["loans"]


@pytest.mark.parametrize("size", [0, 10, 1_000, -1])
def test_a_half_written_file_leaves_the_old_model_in_its_place(tmp_path: Path, size: int) -> None:
    hosts = served(tmp_path)
    old, whole = hosts.get(), saved("amounts").read_bytes()
    (tmp_path / "loans.assay").write_bytes(whole[:size])
    refresh(hosts)
    assert hosts.get() is old
    assert set(hosts.state) == {"loans"}
    refresh(hosts)
    assert len(TOLD) == 1  # told once, not at every look
    (tmp_path / "loans.assay").write_bytes(whole)
    refresh(hosts)
    assert not hosts.state
    assert hosts.get().model.plan.task == "value"


def test_models_come_and_go_with_their_files(tmp_path: Path) -> None:
    hosts = served(tmp_path)
    shutil.copy(saved("amounts"), tmp_path / "amounts.assay")
    refresh(hosts)
    assert set(hosts.names) == {"loans", "amounts"}
    (tmp_path / "amounts.assay").unlink()
    refresh(hosts)
    assert hosts.names == ("loans",)
    (tmp_path / "loans.assay").unlink()  # the last is kept: an empty server helps nobody
    refresh(hosts)
    assert hosts.names == ("loans",)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    shutil.copy(saved(), tmp_path / "a" / "loans.assay")
    with pytest.raises(RequestError, match="loans"):
        Hosts([str(tmp_path / "a"), str(saved())])


@pytest.mark.parametrize("source", ["empty", "gone", "gone.assay"])
def test_where_there_is_no_model_it_is_said(tmp_path: Path, source: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(RequestError):
        Hosts([str(tmp_path / source)])


def test_only_signed_files_are_served_where_a_key_is_given(tmp_path: Path) -> None:
    private, public = new_keys()
    (tmp_path / "key").write_bytes(public)
    path = tmp_path / "loans.assay"
    shutil.copy(saved(), path)
    with pytest.raises(BundleTampered):
        Hosts([str(path)], key=str(tmp_path / "key"))
    sign(path, private)
    hosts = Hosts([str(path)], key=str(tmp_path / "key"))
    other, _ = new_keys()
    shutil.copy(saved("amounts"), tmp_path / "other")
    sign(tmp_path / "other", other)
    replaced(tmp_path / "other", path)
    refresh(hosts)
    assert hosts.get().model.plan.task == "binary"
    assert set(hosts.state) == {"loans"}


def test_a_package_that_the_server_lacks_is_told_at_the_start_and_is_no_fault_of_a_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = client()

    def lacking(model: Model, source: object) -> None:
        raise MissingPackage("'torch' is not installed.", "It reads texts.", "pip install 'assay[text]'")

    monkeypatch.setattr(Model, "predict", lacking)
    got = asked.post("/predict", [ROW])
    assert got.status == 503
    assert got.json["error"]["do"] == "pip install 'assay[text]'"
    with pytest.raises(MissingPackage):
        Hosts([str(saved())])


def test_requests_between_two_models_are_each_answered_by_one(tmp_path: Path) -> None:
    asked: Client = client()
    assert asked.post("/predict", [ROW]).json["answers"][0]["answer"] == loans().predict(ROW).answer
    shutil.copy(saved("amounts"), tmp_path / "loans.assay")
    asked.app.world.hosts._sources = (tmp_path,)
    refresh(asked.app.world.hosts)
    assert asked.post("/predict", [ROW]).json["answers"][0]["answer"] == pytest.approx(amounts().predict(ROW).answer)
