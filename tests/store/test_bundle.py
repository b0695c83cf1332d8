"""A bundle on disk is whole or is not there."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.errors import BundleOversized, BundleTruncated, RequestError
from assay.store import bundle, zipped


def a_box(rows: int = 3) -> Box:
    box = Box()
    box.put(rows=rows)
    box.put_array("x", np.arange(rows) / 7)
    return box


def test_it_is_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "模型.assay"
    bundle.write(a_box(), path, about={"task": "binary"})
    manifest, box = bundle.open_bundle(path)
    assert box.whole("rows") == 3
    assert manifest.about == bundle.read_manifest(path).about == {"task": "binary"}
    assert manifest.kind == "model"
    assert set(manifest.sizes) == {"model.json", "model.safetensors"}
    assert os.listdir(tmp_path) == ["模型.assay"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one.assay"
    bundle.write(a_box(3), path)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundle.os, "fsync", full)
    with pytest.raises(RequestError, match="No space"):
        bundle.write(a_box(9), path)
    assert bundle.read(path).whole("rows") == 3
    assert os.listdir(tmp_path) == ["one.assay"]


def test_the_size_is_looked_at_before_reading(tmp_path: Path) -> None:
    path = tmp_path / "huge.assay"
    with path.open("wb") as file:
        file.truncate(2**40)  # a sparse file: no room is taken
    with pytest.raises(BundleOversized):
        bundle.read(path)


def test_a_wrong_path_is_said(tmp_path: Path) -> None:
    for path in [tmp_path / "none.assay", tmp_path]:
        with pytest.raises(RequestError, match="cannot be read"):
            bundle.read(path)
    with pytest.raises(RequestError, match="cannot be written"):
        bundle.write(a_box(), tmp_path / "no" / "folder.assay")


def test_an_empty_file_is_truncated(tmp_path: Path) -> None:
    (tmp_path / "empty.assay").touch()
    with pytest.raises(BundleTruncated):
        bundle.read(tmp_path / "empty.assay")


def test_a_bundle_is_known_by_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "m.assay"
    box = Box()
    box.put(words=[f"word {k}" for k in range(5000)])
    bundle.write(box, path, about={"many": [f"{k * 7919 % 100_003:x}" for k in range(3000)]})
    data = path.read_bytes()
    assert bundle.begins_as_one(path)
    path.write_bytes(data[: len(data) // 2])
    assert bundle.begins_as_one(path)
    for other in (
        b"",
        b"PK",
        data[:20],
        zipped.write([("manifest.json", b"{}")]),
        data.replace(b"manifest.json", b"word/docs.xml"),
    ):
        path.write_bytes(other)
        assert not bundle.begins_as_one(path)
