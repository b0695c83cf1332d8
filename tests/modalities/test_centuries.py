"""Are years of two digits those of the hundred years that a column runs over?"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import assay
from assay.kernel.data import Column
from assay.kernel.errors import RequestError
from assay.kernel.plugins import modality_of
from assay.kernel.shelf import shelf
from assay.modalities._centuries import century_in, first_in, year_of
from assay.planning.kinds import bids

FORMS = (
    "{d:02d}.{m:02d}.{y:02d}",
    "{m}/{d}/{y:02d}",
    "{y:02d}/{m:02d}/{d:02d}",
    "{d}-{name}-{y:02d}",
    "{name}-{y:02d}",
)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WORLDS = {  # first and last year, and the hundred years: people who learn or borrow, orders, the old, bonds
    "births": (1936, 2006, "from:1930"),
    "births of children, too": (1936, 2024, "from:1930"),
    "orders": (2005, 2024, ""),
    "orders around the turn": (1990, 2015, ""),
    "the old": (1920, 1980, "from:1910"),
    "bonds": (1995, 2055, ""),
}


def written(first: int, last: int, form: str, n: int = 600) -> tuple[list[str], np.ndarray]:
    """Days in a form, and their years."""
    rng = np.random.default_rng(first)
    drawn = rng.choice(np.arange(f"{first}-01-01", f"{last + 1}-01-01", dtype="datetime64[D]"), n)
    parts = [tuple(map(int, str(day).split("-"))) for day in drawn]
    cells = [form.format(y=y % 100, m=m, d=d, name=MONTHS[m - 1]) for y, m, d in parts]
    return cells, np.asarray([y for y, _, _ in parts])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("world", WORLDS)
def test_every_year_is_read_as_the_one_that_was_meant(world: str, form: str) -> None:
    first, last, century = WORLDS[world]
    cells, years = written(first, last, form)
    column = Column.of_words("day", cells)
    bid = bids(column)[0]
    assert bid.kind.startswith("date")
    assert ("from:" in bid.kind, century in bid.kind) == (bool(century), True)
    opened = modality_of(bid.kind).open(column).column
    assert (opened.cells.astype("datetime64[Y]").astype(int) + 1970 == years).all()
    assert ("years of two digits are" in bid.claim.why.text()) is bool(century)


def test_a_span_that_is_free_by_chance_moves_no_year() -> None:
    rng = np.random.default_rng(0)
    every = [century_in(rng.integers(0, 100, n).tolist()) for n in (3, 10, 30, 300, 3000) for _ in range(40)]
    assert every.count("") >= 0.9 * len(every)
    assert century_in(range(100)) == century_in([36]) == century_in([]) == ""


def test_whatever_years_are_met_they_lie_within_a_hundred_and_not_behind_2068() -> None:
    rng = np.random.default_rng(1)
    for _ in range(500):
        start, span = int(rng.integers(0, 100)), int(rng.integers(1, 80))
        met = [(start + k) % 100 for k in range(span)]
        read = [year_of(year, first_in(century_in(met))) for year in met]
        assert max(read) <= 2068
        if span < 60:  # what is free is wide enough to be told: the years run on as they were met
            assert read == list(range(read[0], read[0] + span))


def test_an_example_is_of_the_century_that_is_told() -> None:
    days = np.random.default_rng(0).choice(np.arange("1906-01-01", "1973-01-01", dtype="datetime64[D]"), 400)
    cells = [f"{d[5:7]}/{min(int(d[8:10]), 12):02d}/{d[2:4]}" for d in days.astype(str).tolist()]
    why = bids(Column.of_words("day", cells))[0].claim.why.text()
    assert "years of two digits are 1" in why
    assert "01/02/03 is read as 1903" in why
    assert "2003" not in why


def test_what_is_asked_for_is_done_and_zones_and_orders_stay() -> None:
    cells, _ = written(1936, 2006, "{m}/{d}/{y:02d}")
    column = Column.of_words("day", cells)

    def way(variant: str) -> str:
        return modality_of(":".join(filter(None, ("date", variant)))).way(column)

    assert way("") == "mdy:from:1930"
    assert way("mdy") == "mdy:from:1930"
    assert way("from:1969") == "mdy:from:1969"
    assert way("mdy:from:1900") == "mdy:from:1900"
    assert way("zone:Asia/Shanghai") == "mdy:from:1930:zone:Asia/Shanghai"
    zoned = Column.of_words("day", [f"{cell} 10:00:00+08:00" for cell in cells])
    kind = bids(zoned)[0].kind
    assert kind == "date:mdy:from:1930:zone:+08:00"
    assert str(np.datetime64(modality_of(kind).open_cell("7/5/41 02:00:00Z"), "us")) == "1941-07-05T10:00:00.000000"


def test_a_row_that_comes_alone_is_of_the_same_hundred_years(tmp_path: Path) -> None:
    cells, years = written(1936, 2006, FORMS[0])
    noise = np.random.default_rng(0).normal(size=len(years))
    y = (2024 - years) + noise
    model = assay.train({"born": cells, "age": y}, "age", trials=1, learners=("linear",), checks=())
    kind = next(c.kind for c in model.plan.columns if c.name == "born")
    assert kind == "date:from:1930"
    loaded = assay.load(model.save(tmp_path / "ages.assay"))
    alone = [float(loaded.predict({"born": cell}).answer) for cell in cells[:50]]
    assert alone == pytest.approx(loaded.predict({"born": cells[:50]}).values, abs=1e-9)
    assert np.abs(np.asarray(alone) - y[:50]).max() < 6
    old = assay.train(
        {"born": cells, "age": y}, "age", kinds={"born": "date:from:1969"}, trials=1, learners=("linear",), checks=()
    )
    assert float(np.abs(old.predict({"born": cells}).values - y).mean()) > 10


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        ("date:form:1930", "date:from:1930"),
        ("date:from:36", "date:from:1930"),
        ("date:mdyy", "date:mdy"),
        ("number:coma", "number:comma"),
    ],
)
def test_a_variant_that_there_is_not_is_refused_with_what_may_be_meant(kind: str, meant: str) -> None:
    with pytest.raises(RequestError, match=f"no kind '{kind}'.*Did you mean '{meant}'"):
        assay.plan({"day": ["01.02.36", "05.06.07"] * 30, "y": ["a", "b", "a"] * 20}, "y", kinds={"day": kind})


@pytest.mark.parametrize("key", ["date", "number"])
def test_what_is_said_to_be_there_is(key: str) -> None:
    plugin = shelf("modalities").get(key)
    assert [variant for variant in plugin.some if re.fullmatch(plugin.variants, variant) is None] == []
    for variant in (
        ("comma+marks", "unit:kg+marks")
        if key == "number"
        else ("plain:zone:own", "epoch:ms:zone:UTC", "mdy:from:1930:zone:+08:00")
    ):
        assert re.fullmatch(plugin.variants, variant)
