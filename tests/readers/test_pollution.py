"""Does every cell come back from every pollution that the Pollock benchmark names?"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from assay.readers.csv import Csv

_SPEC = importlib.util.spec_from_file_location("readers_pollution", Path(__file__).with_name("pollution.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
_MODULE = importlib.util.module_from_spec(_SPEC)
import sys  # noqa: E402

sys.modules["readers_pollution"] = _MODULE
_SPEC.loader.exec_module(_MODULE)
CASES = {case.name: case for case in _MODULE.pollutions()}


def cells_of(data):
    columns = [column.texts().tolist() for column in data]
    return [["" if cell is None else cell for cell in row] for row in zip(*columns, strict=True)]


@pytest.mark.parametrize("name", CASES)
def test_cells_come_back(name, tmp_path):
    case = CASES[name]
    path = tmp_path / "shop.csv"
    path.write_bytes(case.text.encode())
    data = Csv.read(path)
    assert list(data.names) == case.names
    assert cells_of(data) == case.cells
    assert data.source.rows_repaired == case.repaired
    for key, value in case.details:
        assert data.source.details[key] == value
    refused = {"another_table_with_fewer_columns": 3, "another_table_with_more_columns": 5}
    assert data.source.rows_refused == refused.get(name, 0)
    assert data.source.rows_read == data.rows + data.source.rows_refused
