"""Are pictures true to their numbers, and small?"""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pytest

from assay.kernel.findings import Figure
from assay.report.axes import Scale, date_ticks, thin, tick_words, ticks
from assay.report.bars import EM
from assay.report.figures import draw
from assay.report.limits import Limits, steps
from assay.report.markup import breadth
from assay.report.speech import Voice

from .sample import JPEG, text


def drawn(kind: str, data: dict[str, Any], lang: str = "en", **limits: int) -> str:
    return draw(Figure(kind=kind, title=text("t"), data=data, x="across", y="up"), Voice(lang), Limits(**limits))


def test_bars_are_as_long_as_their_values() -> None:
    page = drawn("bars", {"labels": ["a", "b", "c"], "values": [1.0, 2.0, 4.0]})
    widths = [float(w) for w in re.findall(r'<rect [^>]*width="([\d.]+)"', page)]
    assert widths[1] == pytest.approx(2 * widths[0], abs=0.2)
    assert widths[2] == pytest.approx(4 * widths[0], abs=0.3)


def test_signed_bars_leave_zero_to_both_sides_in_two_colours() -> None:
    page = drawn("bars", {"labels": ["up", "down"], "values": [2.0, -1.0], "colours": "signed"})
    spots = [
        (float(x), float(w), c)
        for x, w, c in re.findall(r'<rect x="([\d.]+)".*?width="([\d.]+)".*?class="(\w+)"', page)
    ]
    (x_up, _, up), (x_down, w_down, down) = spots
    assert (up, down) == ("pos", "neg")
    assert x_down + w_down == pytest.approx(x_up, abs=0.2)
    assert ">−1</text>" in page


def test_reference_and_intervals_are_drawn_where_given() -> None:
    with_both = drawn("bars", {"labels": ["a"], "values": [0.8], "low": [0.7], "high": [0.9], "reference": 0.85})
    without = drawn("bars", {"labels": ["a"], "values": [0.8]})
    for mark in ('class="ref"', 'class="whisker"'):
        assert mark in with_both
        assert mark not in without


def test_missing_values_lift_the_pen() -> None:
    page = drawn("lines", {"series": [{"name": "s", "x": list(range(20)), "y": [*range(9), None, *range(10)]}]})
    path = re.findall(r'<path d="([^"]*)" class="line', page)[0]
    assert path.count("M") == 2


def test_steps_go_along_and_then_up() -> None:
    page = drawn("lines", {"series": [{"name": "s", "x": [0, 1, 2], "y": [0, 1, 0], "steps": True}]})
    assert re.search(r'd="M[\d. ]+H[\d.]+V[\d.]+H[\d.]+V[\d.]+" class="line', page)


def test_words_along_x_are_dots_without_a_line_between() -> None:
    page = drawn("lines", {"series": [{"name": "s", "x": ["a", "b"], "y": [1, 2], "low": [0, 1], "high": [2, 3]}]})
    assert ">a</text>" in page
    assert "L" not in re.findall(r'<path d="([^"]*)" class="line', page)[0]


def test_numpy_arrays_are_drawn_like_lists() -> None:
    x = np.arange(4)
    for kind, data in (
        ("lines", {"series": [{"name": "s", "x": x, "y": x * 0.5, "low": x - 1, "high": x + 1}]}),
        ("points", {"x": x, "y": x, "groups": np.array(["a", "b", "a", "b"])}),
        ("matrix", {"rows": ["a", "b"], "columns": ["a", "b"], "values": x.reshape(2, 2)}),
        ("bars", {"labels": list("abcd"), "values": x, "low": x - 1, "high": x + 1, "reference": x[1]}),
        ("histogram", {"edges": x, "series": [{"name": "s", "counts": x[:3]}]}),
        ("table", {"columns": ["a"], "rows": [[x[2]]]}),
    ):
        assert drawn(kind, data) == drawn(kind, _plain(data))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list) else getattr(value, "tolist", lambda: value)()


def test_series_differ_in_more_than_colour() -> None:
    series = [{"name": f"series number {i}", "x": [0, 1], "y": [i, i]} for i in range(4)]
    page = drawn("lines", {"series": series})
    assert len(set(re.findall(r'class="line c\d" stroke-dasharray="([^"]*)"', page))) >= 3
    groups = drawn("points", {"x": [1, 2, 3], "y": [1, 2, 3], "groups": ["a", "b", "c"]})
    shapes = {re.sub(r"^M[\d.]+ [\d.]+", "", d) for d in re.findall(r'<path d="([^"]*)" class="cloud', groups)}
    assert len(shapes) == 3


def test_points_are_thinned_the_same_way_each_time_and_said_so() -> None:
    data = {"x": list(range(5000)), "y": list(range(5000))}
    page = drawn("points", data)
    assert page == drawn("points", data)
    assert re.findall(r'<path d="([^"]*)" class="cloud', page)[0].count("M") == 600
    assert "600 of 5,000 points drawn." in page


def test_matrix_shows_whole_numbers_whole_and_depth_by_value() -> None:
    page = drawn("matrix", {"rows": ["a", "b"], "columns": ["a", "b"], "values": [[10, 0], [5, -5]]})
    assert [float(v) for v in re.findall(r'fill-opacity="([\d.]+)"', page)] == [0.58, 0.0, 0.29, 0.29]
    assert page.count('class="cold"') == 1
    assert ">10</text>" in page


def test_a_cell_of_which_nothing_is_known_says_so() -> None:
    page = drawn("matrix", {"rows": ["a"], "columns": ["b", "c"], "values": [[1.0, None]], "text": [["+1.00", ""]]})
    assert re.findall(r'class="m num">([^<]*)<', page) == ["+1.00", "–"]


def test_matrix_names_both_its_axes() -> None:
    page = drawn("matrix", {"rows": ["a"], "columns": ["b"], "values": [[1]]})
    assert ">across →</text>" in page
    assert ">up ↓</text>" in page


def test_long_names_of_many_columns_lean_and_are_read_in_full() -> None:
    names = [f"talk.politics.number.{i:02}" for i in range(20)]
    page = drawn("matrix", {"rows": names, "columns": names, "values": np.eye(20) * 300})
    assert page.count('transform="rotate(-60') == 20
    assert page.count(f"</title>{names[13]}</text>") == 1  # of the rows, narrow on the left, only the beginning is seen
    few = drawn("matrix", {"rows": ["yes", "no"], "columns": ["yes", "no"], "values": np.eye(2) * 300})
    assert "rotate" not in few


def test_pictures_are_shown_where_they_are_jpegs_in_base64_and_nothing_else() -> None:
    seen = [
        {"jpeg": JPEG, "say": "row 3"},
        {"jpeg": 'x" onerror="alert(1)', "say": "row 4"},
        {"jpeg": "A" * 90_000, "say": "row 5"},
    ]
    page = drawn("pictures", {"pictures": seen})
    assert page.count("<img ") == 1
    assert f'src="data:image/jpeg;base64,{JPEG}"' in page
    assert "onerror" not in page
    assert all(row in page for row in ("row 3", "row 4", "row 5"))


def test_a_wide_picture_is_given_the_room_of_two() -> None:
    page = drawn("pictures", {"pictures": [{"jpeg": JPEG, "say": "a", "wide": True}, {"jpeg": JPEG, "say": "b"}]})
    assert page.count('class="seen wide"') == page.count('class="seen"') == 1


def test_diagonal_is_drawn_where_asked_for() -> None:
    data = {"x": [0, 1, 2], "y": [0, 2, 1]}
    assert 'class="ref"' in drawn("points", {**data, "diagonal": True})
    assert 'class="ref"' not in drawn("points", data)


def test_tables_align_numbers_and_keep_them_whole_for_sorting() -> None:
    page = drawn("table", {"columns": ["name", "n"], "rows": [["a", 12345.678], ["b", None]]})
    assert 'data-v="12345.678"' in page
    assert ">12,346</td>" in page
    assert '<th scope="col" class="num"' in page


def test_shares_that_are_written_out_stand_and_sort_as_numbers() -> None:
    page = drawn("table", {"columns": ["part", "share"], "rows": [["age", "38.5 %"], ["job", "7.8 %"], ["12a", None]]})
    assert re.findall(r'data-v="([^"]*)"', page) == ["38.5", "7.8"]
    assert '<th scope="col" class="num"><bdi>share</bdi>' in page
    assert '<th scope="col"><bdi>part</bdi>' in page
    assert page.count('<td class="num"') == 3


@pytest.mark.parametrize("label", ["opened (year, cosine)", "opened: 2022-08-03 – 2023"])
def test_names_of_usual_length_are_read_in_full(label: str) -> None:
    page = drawn("bars", {"labels": [label, "age"], "values": [2.0, 1.0]})
    assert f"</title>{label}</text>" in page


def test_long_labels_are_cut_and_whole_in_their_title() -> None:
    name = "a column with a remarkably long name indeed"
    page = drawn("bars", {"labels": [name], "values": [1.0]})
    assert f"<title>{name}</title>" in page
    assert page.count(name) == 1


def test_what_is_left_out_is_said() -> None:
    assert "2 more" in drawn("bars", {"labels": list("abcdef"), "values": [1] * 6}, bars=4)
    assert "2 more rows" in drawn("table", {"columns": ["a"], "rows": [[1]] * 6}, rows=4)
    assert "没有可绘制的数据" in drawn("histogram", {"edges": [], "series": []}, "zh")


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-3.7, 12.9), (1e-9, 2e-9), (5e8, 6e8), (1e20, 1e20 + 1e5), (-1e90, 1e90)]
)
def test_ticks_are_few_round_and_inside(low: float, high: float) -> None:
    marks = ticks(low, high)
    assert 2 <= len(marks) <= 9
    assert all(low - 1e-9 * (high - low) <= m <= high + 1e-9 * (high - low) for m in marks)
    assert len(tick_words(marks)) == len(marks)


@pytest.mark.parametrize(
    "ends",
    [
        (2e-35, 9e-32),
        (-3e-33, 4e-33),
        (1e9, 4.3e9),
        (1e9, 1.0004e9),
        (123456789.0, 123456999.0),
        (-2.4e14, 3e14),
        (1e15, 1e15 + 8),
    ],
)
def test_ticks_far_from_one_are_short_true_and_never_overprint(ends: tuple[float, float]) -> None:
    low, high = ends
    x = np.linspace(low, high, 8).tolist()
    pages = [
        drawn("lines", {"series": [{"name": "s", "x": x, "y": x}]}),
        drawn("points", {"x": x, "y": x}),
        drawn("bars", {"labels": list("abcdefgh"), "values": x}),
        drawn("bars", {"labels": ["a long name of a column that takes its room"] * 8, "values": x}),
        drawn("histogram", {"edges": x, "series": [{"name": "s", "counts": x[:7]}]}),
    ]
    for page in pages:
        for row in _rows_of_ticks(page):
            assert len({word for _, _, word in row}) == len(row), "two ticks that read the same"
            for (_, stop, word), (start, _, following) in itertools.pairwise(sorted(row)):
                assert stop < start, (word, following)


def _rows_of_ticks(page: str) -> list[list[tuple[float, float, str]]]:
    """From where to where the words along x reach, by the height at which they stand."""
    rows: dict[str, list[tuple[float, float, str]]] = {}
    for at, y, side, word in re.findall(r'<text x="([\d.-]+)" y="([\d.]+)" class="tick ([ems])">([^<]*)<', page):
        wide = breadth(word) * EM
        start = float(at) - {"e": wide, "m": wide / 2, "s": 0.0}[side]
        rows.setdefault(y, []).append((start, start + wide, word))
    return [row for row in rows.values() if len(row) > 1]


def test_close_large_numbers_are_told_apart() -> None:
    assert tick_words([1e9, 1.0002e9, 1.0004e9]) == ["1e9", "1.0002e9", "1.0004e9"]
    assert tick_words([-2e-33, 0.0, 2e-33]) == ["−2e−33", "0", "2e−33"]
    assert tick_words([2021.0, 2022.0]) == ["2021", "2022"]


@pytest.mark.parametrize(
    ("low", "high"),
    [("2021-01-03", "2021-01-20"), ("1890-01-01", "2024-06-01"), ("2023-02-01", "2023-12-24"), ("0001-01-01", "9999-12-31"), ("2024-02-28T22:00", "2024-03-01T03:00"), ("2024-01-01T00:00:00", "2024-01-01T00:00:40")],
)  # fmt: skip
def test_ticks_of_dates_are_dates_within(low: str, high: str) -> None:
    ends = [float(np.datetime64(end, "us").astype(np.int64)) / 86_400e6 for end in (low, high)]
    marks, words = date_ticks(*ends)
    assert 2 <= len(marks) <= 9
    assert all(ends[0] - 1e-5 <= mark <= ends[1] + 1e-5 for mark in marks)
    assert len(set(words)) == len(words)
    assert all(
        re.fullmatch(r"\d{1,4}(-\d\d(-\d\d( \d\d:\d\d(:\d\d)?)?)?)?|\d\d:\d\d(:\d\d)?", word) for word in words
    ), words


def test_dates_beyond_the_calendar_are_drawn_as_numbers() -> None:
    for far in (1e99, -1e12):
        page = drawn("lines", {"series": [{"name": "s", "x": [0.0, far], "y": [0.0, 1.0]}], "dates": True})
        assert re.search(r">−?[\d.]+e\d+</text>", page), far
        assert not re.search(r">\d{4}(-\d\d)*</text>", page), far


def test_scale_keeps_strays_at_its_ends() -> None:
    assert [Scale(0, 10, 100, 200)(v) for v in (-5, 0, 5, 99)] == [100, 100, 150, 200]


def test_thinning_keeps_both_ends() -> None:
    kept = thin(1000, 7)
    assert len(kept) == 7
    assert (kept[0], kept[-1]) == (0, 999)


def test_limits_grow_tighter_and_come_to_an_end() -> None:
    series = list(steps())
    assert len(series) < 20
    assert all(b.points <= a.points for a, b in itertools.pairwise(series))
    assert series[-1].tighter() == series[-1]
