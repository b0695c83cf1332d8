"""Is personal data found by its shape and its check digit, and hidden where it is shown?"""

from __future__ import annotations

import time

import numpy as np
import pytest

from assay.language.check_digits import luhn
from assay.language.personal import look, mask, masked
from assay.language.personal_shapes import SORTS

# Numbers that the authorities and the standards give as examples, or made for tests.
REAL = {
    "email": ["jane.doe+news@mail.example.co.uk", "zhang_san@example.cn", "123456789@qq.example.com"],
    "phone": [
        "+1 415-555-2671", "(212) 555-0143", "212-555-0143", "1-800-555-0199", "+49 (0)30 1234567", "030 12345678",
        "0171/1234567", "06 12 34 56 78", "01.42.68.53.00", "+33 6 12 34 56 78", "020 7946 0958", "06-12345678",
        "+48 512 345 678", "13812345678", "138-1234-5678", "+86 138 1234 5678", "Tel: 555 1234", "电话：010 12345678",
    ],
    "card": ["4111111111111111", "5555 5555 5555 4444", "3782-822463-10005", "6011111111111117", "2223003122003222", "30569309025904"],
    "iban": ["DE89370400440532013000", "GB82 WEST 1234 5698 7654 32", "FR1420041010050500013M02606", "NL91 ABNA 0417 1643 00"],
    "us_id": ["536-90-4399", "SSN 536904399", "social security number: 536 90 4399"],
    "germany_id": ["86095742719", "86 095 742 719"],
    "france_id": ["255081416802538", "2 55 08 14 168 025 38"],
    "spain_id": ["12345678Z", "X1234567L", "12345678-Z"],
    "italy_id": ["RSSMRA85T10A562S", "rssmra85t10a562s"],
    "netherlands_id": ["BSN 111222333", "burgerservicenummer: 1112.22.333"],
    "poland_id": ["44051401359", "02070803628"],
    "china_id": ["11010519491231002X", "440524188001010014"],
    "ip": ["203.0.113.77", "2001:db8:85a3::8a2e:370:7334"],
    "name": ["Mr. Smith", "Dr. Maria Gonzalez", "my name is Ada Lovelace", "王小明先生", "欧阳女士", "姓名：李雷"],
}  # fmt: skip
# Near misses: another check digit, no such network, a date, a version, a product.
NONE = (
    "4111111111111112", "9999 9999 9999 9995", "DE89370400440532013001", "000-12-3456", "666-12-3456", "987-65-4321",
    "86095742718", "255081416802539", "12345678A", "RSSMRA85T10A562T", "BSN 111222334", "44051401358", "110105194912310021",
    "11010519491331002X", "2024-01-31 12:45:10", "31.12.2024", "01-02-2020", "1,234,567.89", "0.12345678901234", "version 1.2.3.4",
    "127.0.0.1", "255.255.255.0", "ISBN 978-3-16-148410-0", "00:1A:2B:3C:4D:5E", "a@b", "user@localhost", "@handle", "room 1234, floor 12",
    "Mister", "drive to Dr", "北京高楼", "这位先生", "phone 2020-01-01", "3.14159265358979", "1e-10", "12:30:45", "order 20240131",
)  # fmt: skip


def sorts(text: str, header: str = "") -> set[str]:
    return {tally.rule.sort for tally in look([text], header)[0] if tally.cells}


@pytest.mark.parametrize(("sort", "text"), [(sort, text) for sort, texts in REAL.items() for text in texts])
def test_what_has_the_shape_and_the_check_digit_is_found_alone_and_within_a_sentence(sort: str, text: str) -> None:
    assert sorts(text) == {sort}
    assert sorts(f"He wrote: {text}, and left.") == {sort}
    assert sort == "name" or sorts(f"他说{text}。然后走了") == {sort}
    hidden = masked(f"It is {text}; so it was.")
    assert text not in hidden
    assert hidden.startswith("It is")
    assert hidden.endswith("; so it was.")


@pytest.mark.parametrize("text", NONE)
def test_what_only_resembles_it_is_left_alone(text: str) -> None:
    assert sorts(text) == set()
    assert masked(text) == text


def test_every_sort_has_examples_that_are_found() -> None:
    assert set(REAL) == set(SORTS)


@pytest.mark.parametrize(
    ("header", "text", "sort"),
    [
        ("phone", "5551234", "phone"), ("customer_phone_no", "5551234", "phone"), ("手机", "62345678", "phone"),
        ("SSN", "536904399", "us_id"), ("bsn", "111222333", "netherlands_id"), ("Name", "Lovelace, Ada", "name"),
        ("first_name", "Ada", "name"), ("客户姓名", "王小明", "name"),
    ],
)  # fmt: skip
def test_the_name_of_a_column_tells_what_a_bare_cell_is(header: str, text: str, sort: str) -> None:
    assert sorts(text) == set()
    assert sorts(text, header) == {sort}


@pytest.mark.parametrize(
    "make",
    [
        lambda rng: "".join(str(d) for d in rng.integers(10, size=11)),
        lambda rng: "4" + "".join(str(d) for d in rng.integers(10, size=15)),
        lambda rng: f"{rng.integers(10**8):08d}{'ABCDEFGHJKLMNPQRSTVWXYZ'[rng.integers(23)]}",
    ],
)
def test_order_numbers_that_pass_a_check_as_often_as_chance_lets_them_are_told_apart(make: object) -> None:
    rng = np.random.default_rng(0)
    found, _ = look([make(rng) for _ in range(3000)])  # type: ignore[operator]
    assert any(tally.cells for tally in found)
    assert all(tally.by_chance for tally in found if tally.cells)


def test_cards_among_others_of_their_shape_are_not_taken_for_chance() -> None:
    rng = np.random.default_rng(1)
    cards = []
    while len(cards) < 100:
        head = "4" + "".join(str(d) for d in rng.integers(10, size=14))
        cards += [head + str(d) for d in range(10) if luhn(head + str(d))]
    found, _ = look(cards)
    card = next(tally for tally in found if tally.rule.sort == "card")
    assert not card.by_chance
    assert len(card.cells) > 95


def test_full_width_digits_are_digits() -> None:
    assert sorts("手机１３８１２３４５６７８") == {"phone"}


def test_digits_of_other_scripts_do_no_harm() -> None:
    assert sorts("١٢٣٤٥٦٧٨٩٠١ ४१११११११११११११११ ¹²³⁴⁵⁶⁷⁸⁹⁰¹ \ud800 13812345678") == {"phone"}


def test_cells_are_counted_once_and_kept_apart() -> None:
    found, looked = look(["a@example.org b@example.org", "none", "13812", "345678", "c@example.org"])
    assert [(tally.rule.sort, tally.cells) for tally in found if tally.cells] == [("email", [0, 4])]
    assert looked == 5


def test_examples_are_masked_and_never_whole() -> None:
    for texts in REAL.values():
        for text in texts:
            for tally in look([text])[0]:
                assert text not in tally.examples
    assert mask("email", "jane@example.org") == "j***@e***.org"
    assert mask("name", "王小明先生") == "王**先生"
    assert mask("ip", "203.0.113.77") == "203.***"
    assert mask("china_id", "11010519491231002X") == "1***************2X"


ADVERSARIAL = [
    "a", "1", "1 ", "1-", "a@", "a.", "@.a", "+1", "+1((", "1:", "1.1.1.1.", "Aa ", "Mr ", "Mr A", "DE89 ", "DE89A", "王", "tel ", "tel 1",
    "name: A ", "0188 ", "01-", "110105194912310021 ", "4111111111111111 ", "X1234567", "a1", "Aaaa Aaaa ", "我叫", "(0", "::", "ab:",
]  # fmt: skip


@pytest.mark.parametrize("piece", ADVERSARIAL)
def test_no_text_takes_more_time_than_its_length_explains(piece: str) -> None:
    """Twice the text, about twice the time; a pattern that goes back and forth would take thousands of times as long."""
    text = (piece * 400_000)[:400_000]
    started = time.process_time()
    look([text[:100_000]])
    look([text])
    assert time.process_time() - started < 10


def test_of_ten_million_letters_the_two_ends_are_read() -> None:
    text = "a@example.org " + "x" * 10_000_000 + " 4111111111111111"
    started = time.process_time()
    assert sorts(text) == {"email", "card"}
    assert time.process_time() - started < 10
