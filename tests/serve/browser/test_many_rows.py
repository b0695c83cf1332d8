"""Is a whole file answered row by row, whatever its size, and does what is wrong with it reach the person?"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

Opening = Callable[..., Any]


def written(path: Path, columns: Mapping[str, Sequence[Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def send(page: Any, path: Path) -> None:
    page.get_by_label("Drop a CSV or Parquet file").set_input_files(path)
    page.locator(".finished, .problem").first.wait_for()


def downloaded(page: Any) -> list[dict[str, str]]:
    with page.expect_download() as found:
        page.get_by_role("link", name="Download the answers").click()
    return list(csv.DictReader(io.StringIO(Path(found.value.path()).read_text(encoding="utf-8"))))


def test_a_file_larger_than_a_piece_comes_back_in_order(opened: Opening, world: Any, tmp_path: Path) -> None:
    page = opened("/#many")
    # Of the target, which is not looked at.
    long = ['padding, "quoted"\nover lines ' + "x" * 9_000 for _ in world.rows["age"]]
    bodies: list[int] = []
    page.on("request", lambda asked: "/predict?" in asked.url and bodies.append(len(asked.post_data_buffer or b"")))
    send(page, written(tmp_path / "many.csv", {**world.rows, "loan": long}))
    assert "160 rows of many.csv answered." in page.locator(".finished").inner_text()
    assert len(bodies) >= 2
    rows = downloaded(page)
    assert list(rows[0])[: len(world.rows) + 2] == [*world.rows, "loan", "answer"]  # behind the person's own columns
    assert [row["town"] for row in rows] == world.rows["town"]
    assert [int(row["age"]) for row in rows] == world.rows["age"]
    assert {row["loan"] for row in rows} == set(long)
    shown = page.locator(".finished thead th").all_inner_texts()
    assert shown[0] == "answer"  # what was asked for is seen first
    assert set(shown) == set(rows[0])
    said = world.loans.predict({**world.rows})
    assert [row["answer"] for row in rows] == said.answer.tolist()
    assert [float(row["p_repaid"]) for row in rows] == pytest.approx(said.probabilities[:, 1].tolist(), abs=1e-6)


@pytest.mark.parametrize(("name", "mark"), [("北京", b"\xef\xbb\xbf"), ("Bern", b"")])
def test_a_file_of_more_than_ascii_is_one_that_a_spreadsheet_reads(
    name: str, mark: bytes, opened: Opening, world: Any, tmp_path: Path
) -> None:
    page = opened("/#many")
    send(page, written(tmp_path / "many.csv", {**world.rows, "loan": [name] * len(world.rows["age"])}))
    with page.expect_download() as found:
        page.get_by_role("link", name="Download the answers").click()
    raw = Path(found.value.path()).read_bytes()
    assert raw.startswith(mark + next(iter(world.rows)).encode() + b",")


def test_a_parquet_file_is_answered(opened: Opening, world: Any, tmp_path: Path) -> None:
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pa.table(world.rows), tmp_path / "many.parquet")
    page = opened("/#many")
    send(page, tmp_path / "many.parquet")
    assert [row["answer"] for row in downloaded(page)] == world.loans.predict({**world.rows}).answer.tolist()


def test_a_file_can_be_dropped(opened: Opening, world: Any) -> None:
    page = opened("/#many")
    text = "\n".join(
        [",".join(world.rows), *(",".join(map(str, row)) for row in zip(*world.rows.values(), strict=True))]
    )
    page.locator(".drop").evaluate(
        """(zone, text) => {
            const data = new DataTransfer();
            data.items.add(new File([text], "dropped.csv", { type: "text/csv" }));
            for (const kind of ["dragover", "drop"]) zone.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        text,
    )
    page.locator(".finished").wait_for()
    assert "160 rows of dropped.csv answered." in page.locator(".finished").inner_text()


def test_a_missing_column_is_told_in_three_parts(opened: Opening, world: Any, tmp_path: Path) -> None:
    page = opened("/#many", allowed=("422",))
    send(page, written(tmp_path / "lacking.csv", {name: cells for name, cells in world.rows.items() if name != "age"}))
    assert "age" in page.get_by_role("alert").inner_text()


def test_cells_that_look_like_html_or_formulas_stay_text(opened: Opening, world: Any, tmp_path: Path) -> None:
    page = opened("/#many")
    hostile = ["=1+1", "<script>window.caught=2</script>", world.bad_level]
    rows = {name: cells[:3] for name, cells in world.rows.items()}
    send(page, written(tmp_path / "hostile.csv", {**rows, "purpose": hostile}))
    preview = page.locator(".finished table").inner_text()
    assert "<script>window.caught=2</script>" in preview
    assert page.locator("main img, main script").count() == 0
    assert not [cell for row in downloaded(page) for cell in row.values() if cell.startswith(("=", "+", "@"))]


def test_a_busy_server_is_asked_again(opened: Opening, world: Any, tmp_path: Path) -> None:
    page = opened("/#many", allowed=("503",))
    busy = {
        "status": 503,
        "headers": {"retry-after": "0.05"},
        "json": {"error": {"seen": "Busy.", "expected": "", "do": ""}},
    }
    turns: list[str] = []

    def reply(route: Any) -> None:
        turns.append(route.request.url)
        route.fulfill(**busy) if len(turns) < 3 else route.continue_()

    page.route("**/predict?*", reply)
    send(page, written(tmp_path / "many.csv", world.rows))
    assert "160 rows of many.csv answered." in page.locator(".finished").inner_text()
    assert len(turns) == 3


def test_escape_stops_a_file_under_way(opened: Opening, world: Any, tmp_path: Path) -> None:
    page = opened("/#many", allowed=("ERR_FAILED", "ERR_ABORTED"))
    page.route("**/predict?*", lambda route: None)  # never answered
    page.get_by_label("Drop a CSV or Parquet file").set_input_files(written(tmp_path / "slow.csv", world.rows))
    page.get_by_role("progressbar").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("Stopped.").wait_for()
    assert page.get_by_role("progressbar").count() == 0
    page.unroute_all(behavior="ignoreErrors")


@pytest.mark.parametrize("most", [1, 7, 64, 10_000])
def test_pieces_are_whole_tables_and_lose_no_row(opened: Opening, most: int) -> None:
    """Cut as the file arrives, in whatever portions: quotes, doubled quotes and line ends within cells, CRLF, no end of line at the end."""
    table = [["a", 'b "c"', "d\nd"], ["1", "x,\r\ny", '""'], ["", "", ""], ["2", '"\n"', "北京"], ["3", "z", "last"]]
    made = io.StringIO()
    csv.writer(made, lineterminator="\r\n").writerows(table)
    text = made.getvalue().removesuffix("\r\n")
    page = opened("/#many")
    pieces = page.evaluate(
        """async ([text, most]) => {
            const { Slices } = await import("/page/slices.js");
            const [bytes, slices, found] = [new TextEncoder().encode(text), new Slices(most), []];
            for (let k = 0; k < bytes.length; k += 3) found.push(...slices.push(bytes.subarray(k, k + 3)));
            return [...found, ...slices.end()].map((piece) => new TextDecoder().decode(piece));
        }""",
        [text, most],
    )
    read = [list(csv.reader(io.StringIO(piece, newline=""))) for piece in pieces]
    assert all(rows[0] == table[0] for rows in read)
    assert [row for rows in read for row in rows[1:]] == table[1:]
    assert len(pieces) == (4 if most == 1 else 1 if most == 10_000 else len(pieces))


def test_answers_are_counted_and_joined_without_their_heads(opened: Opening) -> None:
    page = opened("/#many")
    texts = ['a,"b\n"\r\n1,"x\ny"\r\n2,z\r\n', "a\n1", "a"]
    rests, parsed = page.evaluate(
        """async ([texts, table]) => {
            const { headless, records } = await import("/page/slices.js");
            const rests = texts.map((text) => headless(new TextEncoder().encode(text)));
            return [rests.map(({ rest, rows }) => [new TextDecoder().decode(rest), rows]), records(table, 9)];
        }""",
        [texts, 'a,"b ""c"""\r\n1,"x\ny"'],
    )
    assert rests == [['1,"x\ny"\r\n2,z\r\n', 2], ["1", 1], ["", 0]]
    assert parsed == [["a", 'b "c"'], ["1", "x\ny"]]
