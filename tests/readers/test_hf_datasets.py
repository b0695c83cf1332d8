"""Is a folder that Hugging Face datasets wrote read as that package itself would?

The folders are written by Arrow alone, in the layout of `save_to_disk` (compared with datasets 5.2 by hand).
"""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from assay.kernel.errors import DataError
from assay.kernel.shelf import shelf
from assay.planning.draw import draw
from assay.planning.wishes import Wishes
from assay.readers.folder import Folder
from assay.readers.hf_datasets import HfDatasets
from assay.reading import read

LABEL = {"names": ["neg", "pos"], "_type": "ClassLabel"}
TEXT = {"dtype": "string", "_type": "Value"}
REVIEWS = {"text": ["dull", "superb", "charming", "a waste"], "label": [0, 1, 1, 0]}


def stream(path, table):
    with pa.ipc.new_stream(str(path), table.schema) as writer:
        writer.write_table(table)


def saved(folder, table, features=None, shards=1, **state):
    """A dataset as `save_to_disk` leaves it."""
    folder.mkdir(parents=True, exist_ok=True)
    table = table if isinstance(table, pa.Table) else pa.table(table)
    names = [f"data-{k:05}-of-{shards:05}.arrow" for k in range(shards)] if table.num_rows else []
    size = -(-table.num_rows // shards)
    for k, name in enumerate(names):
        stream(folder / name, table.slice(k * size, size))
    said = {"citation": "", "description": "", "features": features, "homepage": "", "license": ""}
    (folder / "dataset_info.json").write_text(json.dumps(said, indent=2))
    whole = {
        "_data_files": [{"filename": name} for name in names], "_fingerprint": "6c1ae0b2f591989f", "_format_columns": None,
        "_format_kwargs": {}, "_format_type": None, "_output_all_columns": False, "_split": None,
    }  # fmt: skip
    (folder / "state.json").write_text(json.dumps(whole | state, indent=2))
    return folder


def saved_splits(folder, **splits):
    """A dictionary of datasets as `save_to_disk` leaves it."""
    for name, table in splits.items():
        saved(folder / name, table, {"text": TEXT, "label": LABEL})
    (folder / "dataset_dict.json").write_text(json.dumps({"splits": list(splits)}))
    return folder


def cells_of(data):
    return {column.name: column.texts().tolist() for column in data}


def said(data, lang="en"):
    return "; ".join(note.text(lang) for note in HfDatasets.notes(data.source))


def test_class_numbers_become_the_names_of_classes(tmp_path):
    path = saved(tmp_path / "reviews", REVIEWS, {"text": TEXT, "label": LABEL})
    assert next(door for door in shelf("readers").ready() if door.opens(path)) is HfDatasets
    assert not Folder.opens(path)
    data = read(path)
    assert cells_of(data) == {"text": REVIEWS["text"], "label": ["neg", "pos", "pos", "neg"]}
    assert (data.source.name, data.source.reader, data.source.rows_read) == ("reviews", "hf_datasets", 4)
    assert said(data) == "numbers of label written as the names of their classes"


def test_shards_come_in_the_order_of_the_state(tmp_path):
    path = saved(tmp_path, {"n": list(range(10))}, shards=3)
    assert cells_of(read(path))["n"] == [str(n) for n in range(10)]
    state = json.loads((path / "state.json").read_text())
    state["_data_files"].reverse()
    (path / "state.json").write_text(json.dumps(state))
    assert cells_of(read(path))["n"] == ["8", "9", "4", "5", "6", "7", "0", "1", "2", "3"]


def test_splits_become_a_column_that_is_not_learnt_from(tmp_path):
    more = {"text": [f"review number {n} of many more" for n in range(30)], "label": [0, 1] * 15}
    path = saved_splits(tmp_path / "imdb", train=more, test=REVIEWS, unsupervised={"text": ["seen"], "label": [-1]})
    data = read(path)
    assert data.names == ("text", "label", "split")
    assert cells_of(data)["split"] == ["train"] * 30 + ["test"] * 4 + ["unsupervised"]
    assert data["label"].texts()[-1] is None
    assert "splits: train (30), test (4), unsupervised (1)" in said(data)
    assert said(data, "zh").startswith("各部分")
    plan, _ = draw(data, Wishes(target="label"))
    assert {c.name: c.role for c in plan.columns}["split"] == "dropped"
    assert cells_of(read(path / "test"))["label"] == ["neg", "pos", "pos", "neg"]


def test_a_split_without_rows_takes_nothing_from_the_others(tmp_path):
    data = read(saved_splits(tmp_path, train=REVIEWS, test={"text": [], "label": []}))
    assert (data.rows, data.source.details["splits"]) == (4, {"train": 4, "test": 0})


def test_rows_chosen_by_an_older_release_are_read_in_their_order(tmp_path):
    path = saved(tmp_path, {"n": [10, 11, 12, 13]}, _indices_data_files=[{"filename": "indices.arrow"}])
    stream(path / "indices.arrow", pa.table({"indices": pa.array([3, 0, 3], pa.uint64())}))
    assert cells_of(read(path))["n"] == ["13", "10", "13"]


def test_without_the_file_beside_the_rows_their_own_note_tells_the_classes(tmp_path):
    note = {"info": {"features": {"text": TEXT, "label": LABEL}}}
    table = pa.table(REVIEWS).replace_schema_metadata({"huggingface": json.dumps(note)})
    path = saved(tmp_path, table)
    (path / "dataset_info.json").unlink()
    assert cells_of(read(path))["label"] == ["neg", "pos", "pos", "neg"]


def test_a_class_number_without_a_name_stays_as_written(tmp_path):
    data = read(saved(tmp_path, {"label": [0, 7, None, -1]}, {"label": LABEL}))
    assert cells_of(data)["label"] == ["neg", "7", None, None]
    assert "1 class number without a name kept as written" in said(data)


def test_a_class_may_be_called_na(tmp_path):
    features = {"label": {"names": ["NA", "EU"], "_type": "ClassLabel"}}
    assert cells_of(read(saved(tmp_path, {"label": [0, 1]}, features)))["label"] == ["NA", "EU"]


def test_cells_of_every_type_are_those_of_a_parquet_file(tmp_path):
    table = pa.table(
        {"x": [1.5, None], "deep": [{"a": 1}, None], "list": [[1, 2], []], "yes": [True, None], "none": [None, None]}
    )
    assert cells_of(read(saved(tmp_path, table))) == {
        "x": ["1.5", None], "deep": ['{"a": 1}', None], "list": ["[1, 2]", "[]"], "yes": ["True", None], "none": [None, None],
    }  # fmt: skip


def test_pictures_are_left_out_and_told(tmp_path):
    picture = pa.array(
        [{"bytes": b"\x89PNG", "path": None}] * 4, pa.struct({"bytes": pa.binary(), "path": pa.string()})
    )
    features = {"image": {"_type": "Image"}, "label": LABEL}
    data = read(saved(tmp_path / "some", {"image": picture, "label": [0, 1, 1, 0]}, features))
    assert data.names == ("label",)
    assert "not read, since they hold pictures or sound: image" in said(data)
    with pytest.raises(DataError, match=r"holds pictures or sound alone: image. Those are not read yet"):
        read(saved(tmp_path / "all", {"image": picture}, features))


def test_names_that_lead_out_of_the_folder_are_refused(tmp_path):
    saved(tmp_path / "secret", {"n": [1]})
    for other in ("../secret/data-00000-of-00001.arrow", str(tmp_path / "secret" / "state.json"), ".."):
        path = saved(tmp_path / "open", {"n": [1]}, _data_files=[{"filename": other}])
        with pytest.raises(DataError, match="names a file outside its folder"):
            read(path)
    (path / "dataset_dict.json").write_text(json.dumps({"splits": ["../secret"]}))
    with pytest.raises(DataError, match=r"'dataset_dict.json' in 'open' names a file outside"):
        read(path)


@pytest.mark.parametrize(
    "state", ["{", "[]", '{"_data_files": 3}', '{"_data_files": [{"filename": "gone.arrow"}]}', "null"]
)
def test_a_damaged_state_is_told(tmp_path, state):
    (saved(tmp_path / "d", REVIEWS) / "state.json").write_text(state)
    with pytest.raises(DataError, match="The dataset in 'd' cannot be read"):
        read(tmp_path / "d")


def test_rows_cut_off_are_told(tmp_path):
    path = saved(tmp_path / "d", {"n": list(range(5000))})
    file = path / "data-00000-of-00001.arrow"
    file.write_bytes(file.read_bytes()[:9000])
    with pytest.raises(DataError, match="The dataset in 'd' cannot be read"):
        read(path)
    file.write_bytes(b"ARROW1\0\0 is not a stream")
    with pytest.raises(DataError, match="The dataset in 'd' cannot be read"):
        read(path)


def test_rows_cut_off_between_two_batches_are_told(tmp_path):
    path = saved(tmp_path / "d", {"n": [1]})
    with pa.ipc.new_stream(str(path / "data-00000-of-00001.arrow"), pa.schema({"n": pa.int64()})) as writer:
        for start in range(3):
            writer.write_table(pa.table({"n": [start, start + 1]}))
    file = path / "data-00000-of-00001.arrow"
    file.write_bytes(file.read_bytes()[:-8])
    with pytest.raises(DataError, match=r"data-00000-of-00001.arrow breaks off after 6 rows"):
        read(path)


def test_a_dataset_without_rows_and_a_folder_that_is_none_are_told(tmp_path):
    with pytest.raises(DataError, match=r"has no rows"):
        read(saved(tmp_path / "empty", {"n": pa.array([], pa.int64())}))
    (tmp_path / "other").mkdir()
    with pytest.raises(DataError, match="is no folder that Hugging Face datasets wrote"):
        HfDatasets.read(tmp_path / "other")
    with pytest.raises(DataError, match="There is no file"):
        HfDatasets.read(tmp_path / "nowhere")
