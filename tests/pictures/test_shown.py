"""Is each row shown its own picture, decoded once for all who ask?"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from assay.kernel.data import Column
from assay.pictures import shown
from assay.pictures.decoding import decoded
from assay.pictures.shown import Shown

N = 12


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    for i in range(N):
        drawn(tmp_path / f"{i}.ppm", rng.integers(0, 256, (20, 30, 3)))
    return tmp_path


def drawn(path: Path, pixels: np.ndarray) -> None:
    path.write_bytes(b"P6 %d %d 255\n" % (pixels.shape[1], pixels.shape[0]) + pixels.astype(np.uint8).tobytes())


def names(numbers: list[int | None]) -> list[str | None]:
    return [None if i is None else f"{i}.ppm" for i in numbers]


def column(folder: Path, numbers: list[int | None]) -> Shown:
    return Shown.of(Column.of_words("photo", names(numbers), home=str(folder)))


def picture(folder: Path, i: int, side: int) -> np.ndarray:
    return decoded((folder / f"{i}.ppm").read_bytes(), side)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, int]]:
    """How often each picture was decoded at each side."""
    found: Counter[tuple[str, int]] = Counter()
    plain = Shown._one

    def counted(self: Shown, level: int, side: int) -> np.ndarray | None:
        found[str(self.levels[level]), side] += 1
        return plain(self, level, side)

    monkeypatch.setattr(Shown, "_one", counted)
    return found


def test_rows_that_come_again_or_are_missing_are_shown_what_they_name(folder: Path) -> None:
    numbers = [3, None, 0, 3, 7, None, 1]
    grid = column(folder, numbers)
    assert grid.there.tolist() == [i is not None for i in numbers]
    for own, i in zip(grid.at(8), numbers, strict=True):
        assert np.array_equal(own, np.zeros((8, 8, 3)) if i is None else picture(folder, i, 8))


def test_a_row_alone_is_shown_what_it_is_shown_among_all(folder: Path) -> None:
    grid = column(folder, [5, None, *range(N), 2])
    among = grid.at(9)
    for row in range(len(grid.places)):
        assert np.array_equal(grid.take(np.asarray([row])).at(9)[0], among[row])
        alone = column(folder, [[5, None, *range(N), 2][row]])
        assert np.array_equal(alone.at(9)[0], among[row])


def test_no_rows_and_no_pictures_at_all_are_shown_nothing(folder: Path) -> None:
    assert column(folder, [1, 2]).take(np.arange(0)).at(8).shape == (0, 8, 8, 3)
    nothing = column(folder, [None, None])
    assert not nothing.there.any()
    assert not nothing.at(8).any()
    assert nothing.natural() == 1


def test_files_that_are_gone_torn_or_elsewhere_are_all_zero(folder: Path) -> None:
    grid = column(folder, list(range(N)))
    (folder / "4.ppm").unlink()
    (folder / "5.ppm").write_bytes(b"no picture")
    found = grid.at(8)
    assert not found[[4, 5]].any()
    assert found[[0, 6]].any(axis=(1, 2, 3)).all()
    out = Shown.of(Column.of_words("photo", ["../0.ppm"], home=str(folder / "inner")))
    assert not out.at(8).any()
    assert out.natural() == 1


def test_the_natural_side_is_that_at_which_nine_of_ten_lose_nothing(folder: Path) -> None:
    """The longer side of every picture is 30; two of twelve that are larger are more than a tenth, one is not."""
    grid = column(folder, [*range(N), None])
    assert grid.natural() == 30
    drawn(folder / "0.ppm", np.zeros((90, 10, 3)))
    assert grid.natural() == 30
    drawn(folder / "1.ppm", np.zeros((90, 10, 3)))
    assert grid.natural() > 30
    assert grid.take(np.asarray([0, 1, 1])).natural() == 90
    (folder / "2.ppm").unlink()
    assert grid.take(np.asarray([2])).natural() == 1


def test_a_picture_is_decoded_once_for_all_who_ask_at_a_side(folder: Path, looked: Counter[tuple[str, int]]) -> None:
    grid = column(folder, [*range(N), 0, 0, 3])
    grid.at(8)
    grid.take(np.arange(6)).at(8)
    grid.take(np.asarray([11])).at(8)
    assert set(looked.values()) == {1}
    assert len(looked) == N
    grid.at(10)
    assert set(looked.values()) == {1}
    assert len(looked) == 2 * N


def test_where_not_all_can_be_kept_only_those_asked_for_are_decoded(
    folder: Path, looked: Counter[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown, "KEPT", 3 * 8 * 8 * N - 1)
    grid = column(folder, list(range(N))).take(np.arange(N - 1))
    assert (grid.at(8) == grid.at(8)).all()
    assert len(looked) == N - 1
    assert set(looked.values()) == {2}


def test_where_few_are_asked_for_they_alone_are_decoded(folder: Path, looked: Counter[tuple[str, int]]) -> None:
    grid = column(folder, list(range(N)))
    grid.take(np.asarray([2, 2])).at(8)
    assert looked == {("2.ppm", 8): 1}


def test_rows_of_one_table_follow_each_other(folder: Path, looked: Counter[tuple[str, int]]) -> None:
    grid = column(folder, [*range(N), None])
    both = grid.take(np.asarray([3, 12])).then(grid.take(np.asarray([0, 3])))
    assert both.levels is grid.levels
    assert both.there.tolist() == [True, False, True, True]
    grid.at(8)
    for own, i in zip(both.at(8)[[0, 2, 3]], (3, 0, 3), strict=True):
        assert np.array_equal(own, picture(folder, i, 8))
    assert set(looked.values()) == {1}


def test_rows_of_two_tables_of_one_folder_follow_each_other(folder: Path) -> None:
    numbers, more = [3, None, 1], [None, 1, 9, 3]
    both = column(folder, numbers).then(column(folder, more))
    assert both.there.tolist() == [i is not None for i in (*numbers, *more)]
    for own, i in zip(both.at(8), (*numbers, *more), strict=True):
        assert np.array_equal(own, np.zeros((8, 8, 3)) if i is None else picture(folder, i, 8))


def test_pictures_of_two_folders_do_not_stand_in_one_column(folder: Path) -> None:
    grid = column(folder, [1, 2])
    with pytest.raises(ValueError, match="two folders"):
        grid.then(column(folder.parent, [1, 2]))


def test_its_memory_is_that_of_the_places(folder: Path) -> None:
    grid = column(folder, list(range(N)))
    grid.at(8)
    assert grid.nbytes == 4 * N


def test_a_whole_picture_is_decoded_once_for_all_who_ask_and_nobody_writes_into_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[tuple[str, int]] = Counter()
    plain = Shown._upright

    def counted(self: Shown, level: int, longer: int) -> np.ndarray:
        asked[str(self.levels[level]), longer] += 1
        return plain(self, level, longer)

    monkeypatch.setattr(Shown, "_upright", counted)
    grid = column(folder, [*range(N), 0, 3, None])
    seen = grid.whole(15)
    again = grid.take(np.asarray([3, 12])).whole(15)
    assert np.array_equal(again[0], seen[3])
    assert np.array_equal(again[1], seen[0])
    assert seen[3].shape == (10, 15, 3)
    assert seen[-1].shape == (0, 0, 3)
    assert {asked[f"{i}.ppm", 15] for i in range(N)} == {1}
    with pytest.raises(ValueError, match="read-only"):
        seen[3][:] = 0
    other = column(folder, [3]).whole(15)[0]
    assert np.array_equal(other, seen[3])
    assert asked["3.ppm", 15] == 2


def test_of_more_than_can_be_kept_whole_pictures_are_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "_WHOLE", shown.Memo(2 * 15 * 10 * 3, lambda pixels: int(pixels.nbytes)))
    grid = column(folder, list(range(N)))
    first, second = grid.whole(15), grid.whole(15)
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
