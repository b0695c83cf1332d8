"""Is an amount of memory understood, and is what is available the least of what the system says?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.kernel import memory
from assay.kernel.data import Dataset
from assay.kernel.stored import BLOCK, Held, evenly_drawn


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("4GB", 4 * 10**9),
        ("4 gb", 4 * 10**9),
        ("1.5GiB", 3 * 2**29),
        ("512M", 512 * 10**6),
        ("900000000", 900_000_000),
        (4e9, 4 * 10**9),
        (800_000_000, 800_000_000),
    ],
)
def test_amounts_are_read(said: str | float, amount: int) -> None:
    assert memory.bytes_of(said) == amount


@pytest.mark.parametrize("said", ["", "much", "-4GB", "4XB", "GB", 0, "0GB", float("nan"), float("inf")])
def test_what_is_no_amount_is_none(said: str | float) -> None:
    assert memory.bytes_of(said) is None


def test_what_is_held_is_not_above_the_peak() -> None:
    held = np.ones(5_000_000)
    assert held.nbytes < memory.held() <= memory.peak() + 2**20


def test_a_control_group_bounds_what_is_available(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("max", "1000000"), ("current", "700000"), ("stat", "inactive_file 200000\nanon 5\n")):
        (tmp_path / f"memory.{name}").write_text(text)
    names = ("memory.max", "memory.current", "inactive_file")
    assert memory._left(tmp_path, *names) == 500_000  # files that are only cached can be given back
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._left(tmp_path, *names) is None
    monkeypatch.setattr(memory, "_groups", lambda: iter([12_345]))
    assert memory.available() == 12_345


def test_room_is_endless_until_somebody_sets_a_limit() -> None:
    assert memory.room() == float("inf")
    with memory.within(5.0):
        assert memory.room() == 5.0
        with memory.within(-1.0):
            assert memory.room() == 0.0
    assert memory.room() == float("inf")


def test_rows_are_drawn_evenly_from_all_of_the_table() -> None:
    rows = evenly_drawn(10 * BLOCK + 17, 20_000, np.random.default_rng(0))
    assert len(rows) == len(np.unique(rows)) == 20_000
    assert (np.diff(rows) > 0).all()
    share = np.bincount(rows // BLOCK)
    assert share[:10].min() >= 1_999  # every block its tenth
    assert share[:10].max() <= 2_001
    odd = (rows % 2 == 1).mean()  # within a block every row is as likely as any other
    assert abs(odd - 0.5) < 4 * 0.5 / np.sqrt(len(rows))
    assert np.array_equal(rows, evenly_drawn(10 * BLOCK + 17, 20_000, np.random.default_rng(0)))


def test_a_table_at_hand_gives_its_blocks_in_order() -> None:
    from assay.kernel.data import Column

    table = Held(Dataset((Column.of_numbers("a", np.arange(BLOCK + 3)), Column.of_numbers("b", np.zeros(BLOCK + 3)))))
    blocks = list(table.blocks(("a",)))
    assert [b.rows for b in blocks] == [BLOCK, 3]
    assert np.array_equal(np.concatenate([b["a"].cells for b in blocks]), np.arange(BLOCK + 3))
    assert blocks[0].names == ("a",)
