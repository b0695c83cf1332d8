"""Does a table keep its cells?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.kernel.data import Column, Dataset
from assay.kernel.errors import DataError
from assay.kernel.labels import codes_of, distinct_labels


def table() -> Dataset:
    moments = np.asarray(["2024-01-31", "NaT", "2024-02-01T12:30"], dtype="datetime64[us]")
    return Dataset(
        (
            Column.of_words("town", ["Bern", None, "北京"]),
            Column.of_numbers("amount", [1.0, np.nan, 2.5]),
            Column(name="day", cells=moments),
        )
    )


def test_cells_read_as_they_would_be_written() -> None:
    assert table()["town"].texts().tolist() == ["Bern", None, "北京"]
    assert table()["amount"].texts().tolist() == ["1", None, "2.5"]
    assert table()["day"].texts().tolist() == ["2024-01-31", None, "2024-02-01T12:30:00"]
    for column in table():
        assert column.as_words().texts().tolist() == column.texts().tolist()
        assert column.missing.tolist() == [False, True, False]


def test_the_hash_knows_every_cell_and_name() -> None:
    one = table()
    assert one.sha256 == table().sha256
    changed = one.having(Column.of_numbers("amount", [1.0, np.nan, 2.500001]))
    renamed = Dataset((*one.columns[:2], Column(name="date", cells=one["day"].cells)))
    assert len({one.sha256, changed.sha256, renamed.sha256, one.take(slice(0, 2)).sha256}) == 4


def test_a_column_that_is_not_there_is_told_with_the_nearest() -> None:
    with pytest.raises(DataError) as caught:
        table()["amuont"]
    assert "Did you mean 'amount'?" in str(caught.value)
    assert "Its 3 columns: town, amount, day." in str(caught.value)


def test_tables_that_are_none_are_refused() -> None:
    with pytest.raises(TypeError, match="differ in length"):
        Dataset((Column.of_numbers("a", [1.0]), Column.of_numbers("b", [1.0, 2.0])))
    with pytest.raises(TypeError, match="distinct"):
        Dataset((Column.of_numbers("a", [1.0]), Column.of_numbers("a", [1.0])))
    with pytest.raises(TypeError, match="float64"):
        Column(name="a", cells=np.asarray([1, 2]))


def test_labels_are_in_natural_order() -> None:
    assert distinct_labels(Column.of_words("y", ["10", "9", "2", None])) == ["2", "9", "10"]
    assert distinct_labels(Column.of_words("y", ["Yes", "No"])) == ["No", "Yes"]
    assert distinct_labels(Column.of_words("y", ["good", "bad"])) == ["bad", "good"]


def test_a_number_is_one_label_however_it_is_written() -> None:
    codes = codes_of(Column.of_words("y", ["1.0", "1", "01", "2", "x", None]), ["0", "1"])
    assert codes.tolist() == [1, 1, 1, -1, -1, -1]
    assert codes_of(Column.of_words("y", ["01", "1"]), ["01", "1"]).tolist() == [0, 1]
