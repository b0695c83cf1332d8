"""What does a modality promise?

That it knows its own, opens whatever stands in a cell without a fall, counts what it cannot read, learns from training
rows only, and gives a row alone what it gives in a table.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..kernel.cells import Cell, cells_of, written
from ..kernel.data import Column
from ..kernel.errors import BundleInvalid, DoesNotApply
from ..kernel.forms import FORMS
from ..kernel.plugins import Claim, EncodesCells, GivesText, OpensCells, TellsUsual
from ..kernel.rng import stream
from ..kernel.shelf import shelf
from .contract import Contract, bytes_of, damaged, demand, same_bits, through_bytes
from .worlds import columns, hostile


def contracts(plugin: Any, examples: list[Column] | None = None) -> list[Contract]:
    """All contracts; `examples` are raw columns the modality should take for its own."""
    found: list[tuple[str, Callable[[], None]]] = [
        ("declares its forms", lambda: declares_forms(plugin)),
        ("knows its own and no others", lambda: knows_its_own(plugin, examples)),
        ("gives its reasons in words", lambda: gives_reasons(plugin, examples)),
        ("opens hostile text and counts misfits", lambda: opens_anything(plugin)),
        ("opens a row alone as in a table", lambda: opens_rows_alone(plugin, examples)),
        ("gives a vector without infinities", lambda: gives_vectors(plugin, examples)),
        ("gives a row alone its vector", lambda: rows_stand_alone(plugin, examples)),
        ("bears unseen and missing cells", lambda: bears_the_unseen(plugin, examples)),
        ("knows no training cell as strange", lambda: knows_training(plugin, examples)),
        ("learns the same twice", lambda: repeats_itself(plugin, examples)),
        ("opens and encodes a cell alone as in a column", lambda: cells_stand_alone(plugin, examples)),
        ("comes back from a file to the bit", lambda: comes_back(plugin, examples)),
        ("refuses a damaged file", lambda: refuses_damage(plugin, examples)),
    ]
    return [Contract("modalities", plugin.about.key, name, test) for name, test in found]


def own(plugin: Any, examples: list[Column] | None) -> list[tuple[Any, Column]]:
    """(the modality in its variant, a raw column of its own) for each column on which nobody bids higher."""
    found = []
    for column in columns().values() if examples is None else examples:
        claims = _claims(plugin, column)
        mine = claims.get(plugin.about.key)
        if mine is not None and mine.fit >= max(claim.fit for claim in claims.values()):
            found.append((plugin(mine.variant), column))
    return found


def _claims(plugin: Any, column: Column) -> dict[str, Claim]:
    found = {}
    for kind in {*shelf("modalities").ready(), plugin}:
        try:
            found[kind.about.key] = kind().recognise(column)
        except DoesNotApply:
            continue
    return found


@functools.lru_cache(maxsize=256)
def _opened(modality: Any, raw: Column) -> Column:
    column: Column = modality.open(raw).column
    return replace(column, kind=modality.about.key)


def _encoder(modality: Any, column: Column) -> Any:
    return modality.learn(column, stream(0, "encoder"))


def declares_forms(plugin: Any) -> None:
    """It gives the vector form, and no form that does not exist."""
    gives = plugin.about.gives
    demand("vector" in gives and set(gives) <= set(FORMS), f"gives {gives}")


def knows_its_own(plugin: Any, examples: list[Column] | None) -> None:
    """It bids highest for a column of its own, lower or not at all for another; bids are from 0 to 1."""
    demand(own(plugin, examples), "bids highest for no ordinary column; name some with `examples`")
    if examples is not None:
        missed = [c.name for c in examples if c.name not in {column.name for _, column in own(plugin, examples)}]
        demand(not missed, f"is outbid on its own {missed}")
    for name, column in columns().items():
        claims = _claims(plugin, column)
        wild = {key: claim.fit for key, claim in claims.items() if not 0.0 <= claim.fit <= 1.0}
        demand(plugin.about.key not in wild, f"bids {wild} for {name}")
    some = [c for c in columns().values() if _claims(plugin, c).get(plugin.about.key, _NOTHING).fit < 0.5]
    demand(some, "bids for every column there is")


_NOTHING = Claim(fit=0.0, why=None)  # type: ignore[arg-type]


def gives_reasons(plugin: Any, examples: list[Column] | None) -> None:
    """The reason of a bid reads in both languages."""
    for modality, column in own(plugin, examples):
        why = modality.recognise(column).why
        demand(why.text("en").strip() and why.text("zh").strip(), f"{why} is no sentence")


def opens_anything(plugin: Any) -> None:
    """No cell makes `open` fall; cells that became missing are counted as misfits, with a few examples."""
    variants = {modality.variant for modality, _ in own(plugin, None)} | {""}
    for variant in variants:
        raw = hostile()
        opened = plugin(variant).open(raw)
        column = opened.column
        demand(len(column) == len(raw) and column.name == raw.name, "rows or the name were lost")
        lost = int((column.missing & ~raw.missing).sum())
        demand(opened.misfits == lost, f"{lost} cells became missing, {opened.misfits} are counted as misfits")
        demand(bool(opened.examples) == bool(lost), "misfits without an example, or examples without a misfit")
        demand(len(opened.examples) <= 10, f"{len(opened.examples)} examples are a list, not a few")
        demand(not (raw.missing & ~column.missing).any(), "a missing cell was given a value")
        if column.store == "numbers":
            demand(not np.isinf(column.cells).any(), "an infinite number was let through")
        _encoder(plugin(variant), replace(column, kind=plugin.about.key)).vector(column)


def opens_rows_alone(plugin: Any, examples: list[Column] | None) -> None:
    """A row opened alone reads as it reads in a table."""
    for modality, raw in own(plugin, examples):
        whole = modality.open(raw).column.texts()
        for row in (0, len(raw) - 1):
            alone = modality.open(raw.take(np.asarray([row]))).column.texts()[0]
            demand(alone == whole[row], f"row {row} of {raw.name} reads {alone!r} alone, {whole[row]!r} in the table")


def gives_vectors(plugin: Any, examples: list[Column] | None) -> None:
    """float64 [n, d], finite or NaN, one named feature a column, each of this data column; codes name their levels."""
    for modality, raw in own(plugin, examples):
        column = _opened(modality, raw)
        vector = _encoder(modality, column).vector(column)
        shape = (len(raw), len(vector.features))
        demand(vector.values.shape == shape, f"the vector has shape {vector.values.shape}, not {shape}")
        demand(vector.values.dtype == np.float64, f"the vector is {vector.values.dtype}")
        demand(not np.isinf(vector.values).any(), "the vector holds infinities")
        names = [f.name for f in vector.features]
        demand(len(set(names)) == len(names), f"features of one name: {names}")
        demand(all(f.part == raw.name for f in vector.features), "a feature is of another data column")
        for place, feature in enumerate(vector.features):
            if feature.kind != "number":
                codes = vector.values[:, place]
                demand(((codes >= 0) & (codes <= len(feature.levels))).all(), f"codes of {feature.name} have no level")


def rows_stand_alone(plugin: Any, examples: list[Column] | None) -> None:
    """A row encoded alone, from an open of its own, gets the numbers it gets in the table."""
    for modality, raw in own(plugin, examples):
        column = _opened(modality, raw)
        encoder = _encoder(modality, column)
        whole = encoder.vector(column).values
        for row in (0, 5, len(raw) - 1):
            alone = encoder.vector(modality.open(raw.take(np.asarray([row]))).column).values[0]
            close = np.allclose(alone, whole[row], rtol=1e-9, atol=1e-12, equal_nan=True)
            demand(close, f"row {row} of {raw.name} alone: {alone}, in the table: {whole[row]}")


def bears_the_unseen(plugin: Any, examples: list[Column] | None) -> None:
    """Cells unlike training, a column all missing and no rows at all: a vector of the same features."""
    for modality, raw in own(plugin, examples):
        column = _opened(modality, raw)
        encoder = _encoder(modality, column)
        features = encoder.vector(column).features
        empty = Column.of_words(raw.name, [None] * 4)
        for other in (replace(hostile(), name=raw.name), empty, Column.of_words(raw.name, [])):
            opened = modality.open(other).column
            vector, strange = encoder.vector(opened), encoder.strange(opened)
            demand(vector.features == features, "the features change with the rows")
            demand(vector.values.shape == (len(other), len(features)), f"the vector has shape {vector.values.shape}")
            demand(not np.isinf(vector.values).any(), "the vector holds infinities")
            demand(strange.shape == (len(other),) and strange.dtype == bool, "strange() is not bool [n]")
        nothing = modality.open(empty).column
        taught = _encoder(modality, nothing)
        demand(len(taught.vector(nothing).values) == 4, "cannot learn from a column all missing")
        taught.vector(column)
        comes = modality.load(through_bytes(taught.dump))
        demand(same_bits(comes.vector(column).values, taught.vector(column).values), "what it learnt is lost in a file")


def knows_training(plugin: Any, examples: list[Column] | None) -> None:
    """No cell of training is strange."""
    for modality, raw in own(plugin, examples):
        column = _opened(modality, raw)
        strange = _encoder(modality, column).strange(column)
        demand(not strange.any(), f"{int(strange.sum())} cells of training in {raw.name} are strange to it")


def repeats_itself(plugin: Any, examples: list[Column] | None) -> None:
    """The same rows and the same stream give the same encoder to the bit."""
    for modality, raw in own(plugin, examples):
        column = _opened(modality, raw)
        first, second = (_encoder(modality, column) for _ in range(2))
        demand(bytes_of(first.dump) == bytes_of(second.dump), f"two encoders of {raw.name} differ")


def cells_stand_alone(plugin: Any, examples: list[Column] | None) -> None:
    """Where a modality opens cells, and its encoder encodes them, each gives what a column of that one cell gives, to the bit."""
    for modality, raw in own(plugin, examples):
        encoder = _encoder(modality, _opened(modality, raw))
        if not isinstance(modality, OpensCells):
            continue
        other = replace(hostile(), name=raw.name)
        numbers = Column.of_numbers(raw.name, [0.0, 1.0, -0.0, 1e300, 2.0**60, np.inf, np.nan])
        days = ["2024-02-29T12:30:01.5", "1969-12-31", "NaT", "0001-01-01", "-20000-05-06"]
        moments = Column(name=raw.name, cells=np.asarray(days, dtype="datetime64[us]"))
        abroad = replace(moments, zone="Asia/Kolkata")
        for source in (raw, other, numbers, moments, abroad):
            for row, cell in enumerate(cells_of(source)):
                column = modality.open(source.take(np.asarray([row]))).column
                opened = modality.open_cell(cell)
                demand(written(opened) == column.texts()[0], f"the cell {cell!r} is opened alone as {opened!r}")
                if not isinstance(encoder, EncodesCells):
                    continue
                found, strange = encoder.encode_cell(opened)
                whole = encoder.vector(column).values[0]
                demand(same_bits(np.asarray(found), whole), f"the cell {cell!r}: {found} alone, {whole} in a column")
                demand(bool(strange) == bool(encoder.strange(column)[0]), f"the cell {cell!r} is strange only once")
                if isinstance(encoder, GivesText):
                    text = encoder.text_of(opened)
                    demand(text == encoder.texts(column)[0], f"the cell {cell!r} reads alone as {text!r}")
        if isinstance(encoder, TellsUsual):
            _usual_cells(modality, encoder)


def _usual_cells(modality: Any, encoder: TellsUsual) -> None:
    """What an encoder tells of usual cells is what they come to when they are opened and encoded."""
    usual = encoder.usual
    told: list[tuple[Cell, float]] = [*usual.codes.items()]
    if usual.low <= usual.high:
        told += [(x, x) for x in (usual.low, usual.high, usual.low / 2 + usual.high / 2)]
    if usual.missing is not None:
        told.append((None, usual.missing))
    for cell, number in told:
        found, strange = encoder.encode_cell(modality.open_cell(cell))
        demand(
            same_bits(np.asarray(found), np.asarray([number])), f"the usual cell {cell!r}: {found}, told is {number}"
        )
        demand(not strange, f"the usual cell {cell!r} is strange")


def comes_back(plugin: Any, examples: list[Column] | None) -> None:
    """Dumped, written to bytes, read and loaded: the same vectors to the bit, and the same strange cells."""
    for modality, raw in own(plugin, examples):
        column = _opened(modality, raw)
        encoder = _encoder(modality, column)
        again = modality_of_box(modality, encoder)
        demand(same_bits(again.vector(column).values, encoder.vector(column).values), "vectors differ")
        demand(again.vector(column).features == encoder.vector(column).features, "features differ")
        other = modality.open(replace(hostile(), name=raw.name)).column
        demand(np.array_equal(again.strange(other), encoder.strange(other)), "what is strange differs")


def modality_of_box(modality: Any, encoder: Any) -> Any:
    """The encoder, read from the bytes of a bundle."""
    return modality.load(through_bytes(encoder.dump))


def refuses_damage(plugin: Any, examples: list[Column] | None) -> None:
    """A box in which one thing is missing or of a wrong type is refused with BundleInvalid."""
    for modality, raw in own(plugin, examples)[:1]:
        encoder = _encoder(modality, _opened(modality, raw))
        for what, box in damaged(encoder.dump):
            try:
                modality.load(box)
            except BundleInvalid:
                continue
            except Exception as error:  # noqa: BLE001  any other error is the breach that is looked for
                demand(False, f"{what}: raises {type(error).__name__}: {error}, not BundleInvalid")
            demand(False, f"{what}: is loaded")
