"""Does the check find personal data, hide what it shows of it, and stay quiet where there is none?"""

from __future__ import annotations

import json
import string
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assay.kernel.boxes import Box2D, cell_of
from assay.kernel.clock import Clock
from assay.kernel.data import Column
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Finding
from assay.kernel.shelf import shelf
from assay.language.check_digits import luhn
from assay.language.personal_shapes import SORTS

from .worlds import ask, logit_world, names, numbers, options, world

RNG = np.random.default_rng(0)
WORDS = ["".join(RNG.choice(list("etaoinshrdlucm"), size=RNG.integers(3, 9))) for _ in range(500)]


def notes(n: int) -> list[str]:
    return [" ".join(RNG.choice(WORDS, size=12)) + "." for _ in range(n)]


def text(name: str, cells: list[str], role: str = "feature") -> Column:
    return replace(Column.of_words(name, cells), kind="text", role=role)


def table(finding: Finding) -> list[list[object]]:
    return list(finding.figures[0].data["rows"])


def test_honest_tables_are_passed_with_what_was_not_looked_for() -> None:
    columns, y, z, _ = logit_world(600)
    finding = ask("personal", world([*columns, text("note", notes(600))], y, z))
    assert finding.verdict == "pass"
    assert finding.measure("cells").value == 0
    assert not finding.figures
    assert any("all the same" in note.text() for note in finding.notes)


def test_planted_data_is_counted_by_column_and_sort_and_never_shown_whole() -> None:
    columns, y, z, _ = logit_world(300)
    cells = notes(300)
    secrets = []
    for i in range(30):
        secrets += [f"patient{i}@clinic.org", f"1380000{i:04d}"]
        cells[i] += f" Write to {secrets[-2]} or ring {secrets[-1]}."
    secrets += ["4111 1111 1111 1111", "11010519491231002X"]
    cells[40] += f" Paid with {secrets[-2]}."
    cells[41] += f" Shown: {secrets[-1]}."
    finding = ask("personal", world([*columns, text("note", cells)], y, z))
    assert finding.verdict == "watch"
    assert finding.measure("cells").value == 32
    assert finding.measure("share").value == pytest.approx(32 / finding.measure("share").n)  # type: ignore[operator]
    assert {m.name: m.value for m in finding.measures if m.name in SORTS} == {
        "email": 30,
        "phone": 30,
        "card": 1,
        "china_id": 1,
    }
    assert [row[0] for row in table(finding)] == ["note"] * 4
    said = json.dumps(finding.to_json(), ensure_ascii=False)
    assert not [secret for secret in secrets if secret in said]
    assert "p***@c***.org" in said


def test_a_column_of_addresses_is_named_with_its_cure_whatever_it_is_for() -> None:
    columns, y, z, _ = logit_world(200)
    mail = [f"user{i % 50}@example.org" for i in range(200)]
    for role in ("feature", "id", "dropped"):
        finding = ask("personal", world([*columns, names("mail", mail, role)], y, z))
        assert finding.verdict == "watch"
        assert finding.measure("email").value == 200
        assert options(finding) == ({"--drop mail"} if role == "feature" else set())


def test_telephone_numbers_kept_as_numbers_are_found_and_other_long_numbers_are_not() -> None:
    columns, y, z, rng = logit_world(400)
    phones = numbers("contact", 13_000_000_000 + rng.integers(9 * 10**9 // 2, size=400) * 1.0)
    assert ask("personal", world([*columns, phones], y, z)).measure("phone").value == 400
    stamps = numbers("at", 1.6e9 + rng.integers(10**8, size=400))
    orders = numbers("order", 10**10 + rng.integers(9 * 10**10, size=400) * 1.0)
    cents = numbers("micros", 1e15 + rng.integers(10**14, size=400) * 1.0)
    assert ask("personal", world([*columns, stamps, orders, cents], y, z)).verdict == "pass"


def test_order_numbers_that_pass_a_check_by_chance_raise_no_alarm_and_are_told() -> None:
    columns, y, z, rng = logit_world(900)
    orders = ["4" + "".join(str(d) for d in rng.integers(10, size=15)) for _ in range(900)]
    assert 50 < sum(luhn(order) for order in orders) < 130
    finding = ask("personal", world([*columns, names("order", orders, "id")], y, z))
    assert finding.verdict == "pass"
    assert any("chance" in note.text() and "'order'" in note.text() for note in finding.notes)


def test_possible_names_are_said_to_be_no_more_than_possible() -> None:
    columns, y, z, _ = logit_world(200)
    cells = notes(200)
    cells[0] += " Mr. Smith was there."
    few = ask("personal", world([*columns, text("note", cells)], y, z))
    assert few.verdict == "info"
    cells = [f"{cell} Mrs. {word.capitalize()} was there." for cell, word in zip(cells, WORDS, strict=False)]
    many = ask("personal", world([*columns, text("note", cells)], y, z))
    assert many.verdict == "watch"
    assert "may hold names" in many.say.text()
    assert many.measure("cells").value == 0
    assert many.measure("name").value == 200


def test_of_many_texts_some_are_looked_at_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.checks.personal.MOST_TEXTS", 100)
    columns, y, z, _ = logit_world(400)
    finding = ask("personal", world([*columns, text("note", [f"{c} a@b.example.org" for c in notes(400)])], y, z))
    assert finding.measure("email").value == 100
    said = next(note.text() for note in finding.notes if "drawn evenly" in note.text())
    assert "406 different texts 106 were" in said  # the four towns and the two answers among them


def test_it_says_why_where_there_are_no_words() -> None:
    columns, _, z, _ = logit_world(100)
    with pytest.raises(DoesNotApply) as none:
        ask("personal", world(columns[:3], z, z, "value"))
    assert "no words" in none.value.say.text()  # type: ignore[attr-defined]


def test_when_the_time_is_up_a_little_is_looked_at_all_the_same() -> None:
    columns, y, z, _ = logit_world(600)
    late = Clock(started=0.0, deadline=0.0, now=lambda: 1.0)
    cells = [f"{cell} {cell * 9} a@b.example.org" for cell in notes(600)]
    finding = ask("personal", replace(world([*columns, text("note", cells)], y, z), clock=late))
    assert finding.verdict == "watch"
    assert 0 < finding.measure("email").value < 300
    assert any("drawn evenly" in note.text() for note in finding.notes)


def test_chinese_identity_numbers_read_as_numbers_are_known_by_place_and_birthday() -> None:
    columns, y, z, rng = logit_world(300)
    born = [f"110105{rng.integers(1950, 2005)}{rng.integers(1, 13):02d}{rng.integers(1, 29):02d}" for _ in range(300)]
    ids = numbers("id card", [float(f"{day}{rng.integers(10**4):04d}") for day in born])
    finding = ask("personal", world([*columns, ids], y, z))
    assert finding.measure("china_id").value == 300
    other = numbers("volume", 1e17 + rng.random(300) * 8e17)
    assert ask("personal", world([*columns, other], y, z)).verdict == "pass"


@pytest.mark.parametrize("key", ["personal", "leakage"])
def test_both_languages_say_the_same_with_the_same_values(key: str) -> None:
    words = shelf("checks").get(key).about.words
    assert set(words["en"]) == set(words["zh"])
    for name, template in words["en"].items():
        asked = {field for _, field, _, _ in string.Formatter().parse(template) if field}
        there = {field for _, field, _, _ in string.Formatter().parse(words["zh"][name]) if field}
        assert there == asked or name in ("clean", "pure_one"), name
    if key == "personal":
        assert all({f"sort.{sort}", f"measure.{sort}"} <= set(words["en"]) for sort in SORTS)


def test_letters_that_hold_addresses_are_not_told_to_be_left_out() -> None:
    columns, y, z, _ = logit_world(200)
    letters = [
        f"From: user{i}@example.org. The train was late again, and nobody at the station knew why it was so. {i}"
        for i in range(200)
    ]
    finding = ask("personal", world([*columns, text("letter", letters)], y, z))
    assert finding.verdict == "watch"
    assert finding.measure("email").value == 200
    assert options(finding) == set()


def test_pictures_that_tell_of_owners_are_counted_and_the_others_pass(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    exif = image.Exif()
    exif[315] = "Zebedee Quagga"
    columns, y, z, _ = logit_world(60)
    for i in range(60):
        image.new("RGB", (8, 8), (4 * i, 0, 0)).save(tmp_path / f"{i}.jpg", **({"exif": exif} if i < 7 else {}))
    for start, n in ((0, 7), (7, 0)):
        cells = [f"{start + i % 50}.jpg" for i in range(60)]
        pictures = replace(Column.of_words("photo", cells, home=str(tmp_path)), kind="picture")
        finding = ask("personal", world([*columns, pictures], y, z))
        told = sum(int(cell.removesuffix(".jpg")) < 7 for cell in cells)
        assert finding.measure("carried").value == told
        assert finding.verdict == ("watch" if n else "pass")
        assert "Quagga" not in json.dumps(finding.to_json(), ensure_ascii=False)
        if n:
            assert f"{told} of 60 pictures of 'photo' carry" in finding.say.text()
            assert f"who took it or owns the camera ({told})" in finding.say.text()
        else:
            assert "carry" not in finding.say.text()


def test_of_lists_of_boxes_the_labels_are_read_and_not_the_numbers() -> None:
    columns, y, z, _ = logit_world(300)
    numbers_alone = [cell_of([Box2D("cell", 4_111_111, 111_111 + i, 1_111, 1_111)]) for i in range(300)]
    mailed = [cell_of([Box2D(f"owner{i}@clinic.org", 1, 1, 5, 5), Box2D("cell", 1, 1, 2, 2)]) for i in range(20)]

    def asked(cells: list[str], kind: str = "boxes") -> Finding:
        return ask("personal", world([*columns, replace(text("drawn", cells), kind=kind)], y, z))

    honest = asked(numbers_alone)
    assert honest.verdict == "pass"
    assert honest.measure("cells").value == 0
    assert asked(numbers_alone, "text").measure("cells").value > 100  # which the numbers would be taken for
    told = asked([*mailed, *numbers_alone[20:]])
    assert told.verdict == "watch"
    assert told.measure("email").value == 20


def test_long_numbers_in_names_of_pictures_are_no_telephones_but_addresses_are_found(tmp_path: Path) -> None:
    pytest.importorskip("PIL.Image")
    columns, y, z, _ = logit_world(60)
    rng = np.random.default_rng(0)
    cells = [f"{rng.integers(10**9, 10**10)}_{rng.integers(10**8, 10**9)}.jpg" for _ in range(60)]
    cells[:3] = [f"202-555-01{i}0.jpg" for i in range(3)]
    pictures = replace(Column.of_words("photo", cells, home=str(tmp_path)), kind="picture")
    finding = ask("personal", world([*columns, pictures], y, z))
    assert "phone" not in {measure.name for measure in finding.measures}
    mails = [f"anna.smith{i}@example.org {i}.jpg" for i in range(60)]
    finding = ask("personal", world([*columns, replace(Column.of_words("photo", mails), kind="picture")], y, z))
    assert finding.measure("email").value == 60
