"""Does every cell come back from everything that can happen to a CSV file between writer and reader?

The pollutions are those that Pollock names (Vitagliano, Hameed, Jiang, Reisener, Wu & Naumann 2023, "Pollock: A Data
Loading Benchmark"): each generator takes a clean table and gives polluted texts, and the cells that should come back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from assay.readers.csv import Csv

NAMES = ["DATE", "TIME", "Qty", "PRODUCTID", "Price", "ProductType", "Description"]
WORDS = ["Brass bolt", "Steel washer, small", 'Pipe 3/4"', "Valve", "Copper tube", "Gasket", "Lever; long", "Spring"]


@dataclass(frozen=True)
class Polluted:
    """A text, and what a reader should make of it."""

    name: str
    text: str
    cells: list[list[str]]
    names: list[str]
    repaired: int = 0
    details: tuple[tuple[str, object], ...] = ()


def clean_rows(n: int = 60) -> list[list[str]]:
    """A shop's till: dates, times, numbers, codes, words that hold separators and quotes."""
    return [
        [
            f"2023-{1 + k % 12:02d}-{1 + k % 28:02d}",
            f"{8 + k % 12}:{k % 60:02d}",
            str(1 + k % 9),
            f"P{1000 + 7 * k}",
            f"{3 + 0.25 * k:.2f}",
            ["tool", "part", "kit"][k % 3],
            WORDS[k % len(WORDS)],
        ]
        for k in range(n)
    ]


def written(cell: str, separator: str = ",", quote: str = '"', escape: str = "") -> str:
    """One cell as a careful writer puts it."""
    if not quote or not any(mark in cell for mark in (separator, quote, "\n")):
        return cell
    return quote + cell.replace(quote, (escape or quote) + quote) + quote


def text_of(rows: list[list[str]], separator: str = ",", quote: str = '"', escape: str = "", end: str = "\n") -> str:
    """A whole table as a careful writer puts it."""
    return "".join(separator.join(written(c, separator, quote, escape) for c in row) + end for row in rows)


def pollutions() -> Iterator[Polluted]:
    """Every pollution."""
    yield from of_files()
    yield from of_structure()
    yield from of_rows()
    yield from of_cells()


def of_files() -> Iterator[Polluted]:
    """What befalls the file as a whole."""
    rows = clean_rows()
    table = text_of([NAMES, *rows])
    yield Polluted("clean", table, rows, NAMES)
    yield Polluted("no_trailing_newline", table.rstrip("\n"), rows, NAMES)
    yield Polluted("double_trailing_newline", table + "\n\n", rows, NAMES)
    yield Polluted("crlf", text_of([NAMES, *rows], end="\r\n"), rows, NAMES)
    yield Polluted("cr", text_of([NAMES, *rows], end="\r"), rows, NAMES)
    mixed = "".join(text_of([r], end=("\n", "\r\n", "\r")[k % 3]) for k, r in enumerate([NAMES, *rows]))
    yield Polluted("mixed_newlines", mixed, rows, NAMES, details=(("newline", "CRLF + LF + CR"),))
    yield Polluted("byte_order_mark", "\ufeff" + table, rows, NAMES, details=(("encoding", "utf-8-sig"),))
    yield Polluted("nul_bytes", table.replace("bolt", "bo\0lt"), rows, NAMES)
    yield Polluted("header_missing", text_of(rows), rows, [f"column_{k + 1}" for k in range(7)])
    preamble = "Sales of the northern branch\nPrinted 2023-12-31, by the manager\nConfidential\n\n"
    yield Polluted("preamble", preamble + table, rows, NAMES, details=(("preamble_lines", 3), ("header_line", 5)))
    remarks = "# made by a till\n# version 3, of July\n"
    yield Polluted("remarks", remarks + table, rows, NAMES, details=(("preamble_lines", 2),))
    yield Polluted("one_data_row", text_of([NAMES, rows[0]]), rows[:1], NAMES)
    units = ["(d)", "(h)", "(pieces)", "", "(EUR)", "", ""]
    both = ["DATE (d)", "TIME (h)", "Qty (pieces)", "PRODUCTID", "Price (EUR)", "ProductType", "Description"]
    yield Polluted("two_line_header", text_of([NAMES, units, *rows]), rows, both, details=(("header_rows", 2),))
    yield Polluted(
        "footnotes", table + "\nSource: the till\nPrices without tax\n", rows, NAMES, details=(("tail_lines", 2),)
    )
    yield Polluted("total", table + "Total,,301,,622.5,,\n", rows, NAMES, details=(("tail_lines", 1),))
    yield Polluted("empty_rows_below", table + ",,,,,,\n" * 20, rows, NAMES, details=(("blank_rows", 20),))
    title = "Sales of the northern branch,,,,,,\n"
    yield Polluted("padded_title", title + table, rows, NAMES, details=(("preamble_lines", 1), ("header_line", 2)))
    title += "Branch: North,,,2023,,,Amounts in EUR\n"
    yield Polluted("padded_titles", title + table, rows, NAMES, details=(("preamble_lines", 2),))
    yield Polluted("padded_title_and_blank_row", title + ",,,,,,\n" + table, rows, NAMES)
    below = ",,,,,,\nGrand Total:,,301,,622.5,,\nPrepared by: Ann,,,Checked by: Bob,,,\nAs the till had it,,,,,,\n"
    yield Polluted("padded_footnotes", table + below, rows, NAMES, details=(("tail_lines", 3), ("blank_rows", 1)))
    other = text_of([["Branch", "Head", "Staff"], ["North", "Ada", "4"], ["South", "Bob", "6"]])
    yield Polluted("another_table_with_fewer_columns", table + "\n" + other, rows, NAMES)
    wide = text_of([[f"m{k}" for k in range(9)], *[[str(k + j) for k in range(9)] for j in range(4)]])
    yield Polluted("another_table_with_more_columns", table + "\n" + wide, rows, NAMES)
    yield Polluted(
        "another_table_with_as_many", table + "\n" + table, rows + rows, NAMES, details=(("repeated_headers", 1),)
    )
    yield Polluted("excel_hint", "sep=,\n" + table, rows, NAMES)


def of_structure() -> Iterator[Polluted]:
    """Other separators, quotes and escapes."""
    rows = clean_rows()
    for separator in (";", "\t", "|", "^", "~", "||", "::", ", ", "\x01"):
        text = text_of([NAMES, *rows], separator)
        yield Polluted(f"separator_{separator!r}", text, rows, NAMES)
    quoted = [[cell.replace(" ", " ") for cell in row] for row in rows]
    text = "".join(" ".join(f'"{c.replace(chr(34), chr(34) * 2)}"' for c in row) + "\n" for row in [NAMES, *quoted])
    yield Polluted("separator_space", text, rows, NAMES)
    printed = [row[:6] for row in rows]
    width = [max(len(r[k]) for r in [NAMES, *printed]) + 2 for k in range(6)]
    text = "".join(
        "".join(c.ljust(w) for c, w in zip(r, width, strict=False)).rstrip() + "\n" for r in [NAMES, *printed]
    )
    yield Polluted("printed_columns", text, printed, NAMES[:6])
    yield Polluted("single_quotes", text_of([NAMES, *rows], quote="'"), rows, NAMES, details=(("quote", "'"),))
    yield Polluted("backslash_escape", text_of([NAMES, *rows], escape="\\"), rows, NAMES)
    bare = [[*row[:6], row[6].replace(",", "").replace('"', "")] for row in rows]
    yield Polluted("no_quotes", text_of([NAMES, *bare], quote=""), bare, NAMES)
    all_quoted = "".join(",".join('"' + c.replace('"', '""') + '"' for c in row) + "\n" for row in [NAMES, *rows])
    lines = text_of([NAMES, *rows]).splitlines()
    wrapped = "".join('"' + line.replace('"', '""') + '"\n' for line in lines)
    yield Polluted("every_line_quoted", wrapped, rows, NAMES)
    yield Polluted("all_quoted", all_quoted, rows, NAMES)


def of_rows() -> Iterator[Polluted]:
    """What befalls single rows."""
    rows = clean_rows()
    lines = text_of([NAMES, *rows]).splitlines(keepends=True)
    for at in (1, 5, 59, 60):
        more = [*lines]
        more[at] = more[at].rstrip("\n") + ",,\n"
        yield Polluted(f"more_separators_at_the_end_{at}", "".join(more), rows, NAMES, repaired=1)
        inside = [*lines]
        cells = [written(c) for c in rows[at - 1]]
        inside[at] = ",".join([*cells[:2], "", *cells[2:]]) + "\n"
        yield Polluted(f"more_separators_inside_{at}", "".join(inside), rows, NAMES, repaired=1)
        less = [*lines]
        short = [*rows[at - 1][:6], ""]
        less[at] = ",".join(written(c) for c in short[:6]) + "\n"
        yield Polluted(f"fewer_separators_{at}", "".join(less), [*rows[: at - 1], short, *rows[at:]], NAMES, repaired=1)
        other = [*lines]
        plain = [*rows[at - 1][:6], "Valve"]
        other[at] = ";".join(plain) + "\n"
        mended = [*rows[: at - 1], plain, *rows[at:]]
        yield Polluted(f"other_separator_{at}", "".join(other), mended, NAMES, repaired=1)
        wrapped = [*lines]
        wrapped[at] = '"' + ",".join(plain) + '"\n'
        yield Polluted(f"one_line_quoted_{at}", "".join(wrapped), mended, NAMES, repaired=1)
        blank = [*lines[:at], "\n", "   \n", *lines[at:]]
        yield Polluted(f"blank_rows_{at}", "".join(blank), rows, NAMES)


def of_cells() -> Iterator[Polluted]:
    """What befalls single cells."""
    rows = clean_rows()
    lines = text_of([NAMES, *rows]).splitlines(keepends=True)
    for at in (1, 20, 57):
        row = rows[at - 1]
        unclosed = [*lines]
        unclosed[at] = ",".join([*row[:5], '"' + row[5], "Valve"]) + "\n"
        mended = [*rows[: at - 1], [*row[:6], "Valve"], *rows[at:]]
        yield Polluted(f"unclosed_quote_{at}", "".join(unclosed), mended, NAMES, repaired=1)
        inside = [*lines]
        inside[at] = ",".join([*row[:6], '"the "best" bolt"']) + "\n"
        mended = [*rows[: at - 1], [*row[:6], 'the "best" bolt'], *rows[at:]]
        yield Polluted(f"quotes_inside_{at}", "".join(inside), mended, NAMES, repaired=1)
        plain = [*lines]
        plain[at] = ",".join([*row[:6], 'five" bolt']) + "\n"
        mended = [*rows[: at - 1], [*row[:6], 'five" bolt'], *rows[at:]]
        yield Polluted(f"quote_in_bare_cell_{at}", "".join(plain), mended, NAMES)
        several = [*lines]
        several[at] = ",".join([*row[:6], '"first line\nsecond, line"']) + "\n"
        mended = [*rows[: at - 1], [*row[:6], "first line\nsecond, line"], *rows[at:]]
        yield Polluted(f"several_lines_in_quotes_{at}", "".join(several), mended, NAMES)
        broken = [*lines]
        broken[at] = ",".join([*row[:5], "to\rol", "Valve"]) + "\n"
        mended = [*rows[: at - 1], [*row[:5], "to ol", "Valve"], *rows[at:]]
        yield Polluted(f"stray_carriage_return_{at}", "".join(broken), mended, NAMES, repaired=1)


CASES = {case.name: case for case in pollutions()}


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
    refused = {"another_table_with_fewer_columns": 3, "another_table_with_more_columns": 5, "empty_rows_below": 20}
    refused |= {"total": 1, "padded_footnotes": 4}
    assert data.source.rows_refused == refused.get(name, 0)
    assert data.source.rows_read == data.rows + data.source.rows_refused
