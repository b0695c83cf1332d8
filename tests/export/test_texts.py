"""Are texts cut, counted and weighed in an exported file as they are here?"""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import assay
from assay.cli.main import main
from assay.kernel.box import Box
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import RequestError
from assay.kernel.plugins import modality_of
from assay.kernel.rng import stream
from assay.language.grams import counted
from assay.language.normal import normal
from assay.modalities.text import Factors, Text
from assay.onnx_graph.file import Session, to_bytes
from assay.onnx_graph.graph import Graph
from assay.onnx_graph.texts import Counted, characters_of, pieces_graph, sizes_graph

TEXTS = [
    "The room wasn't clean; the staff, however, WAS friendly!!",
    "房间很好，ok很好 3天2晚。",
    "a",
    "",
    "'tis rock'n'roll - it’s ''quoted'' don't_",
    "ΟΔΟΣ İstanbul ΣΑΣ Straße ÅNGSTRÖM été",
    "x2y 12_3 4.5e-6 ١٢٣ ½ Ⅷ",
    "𠀀𠀁 🙂🙂 ok🙂ok ䷀䷁ a\U0002ffffb",
    "ひらがな カタカナ 한국어 ภาษาไทย हिन्दी",
    "one one one two two three " * 30,
]


def of_texts(draw, texts: list[str], missing: np.ndarray | None = None) -> np.ndarray:  # type: ignore[no-untyped-def]
    graph = Graph(taken=frozenset(["text", "out"]))
    graph.node("Identity", draw(graph, "text"), output="out")
    content = to_bytes(graph, {"text": ("int32", ("n", "m"))}, {"out": ("double", ("a", "b"))}, {})
    gone = np.zeros(len(texts), dtype=bool) if missing is None else missing
    return np.asarray(Session(content)({"text": characters_of(np.asarray(texts, dtype=object), gone)})["out"])


def listed(graph: Graph, found: Counted) -> str:
    """Row, key and count of each piece: [p, 3]."""
    parts = [graph.number(found.row), graph.number(found.key), found.often]
    return graph.node("Concat", *(graph.node("Unsqueeze", p, graph.constant(np.asarray([1]))) for p in parts), axis=1)


def odd_texts(seed: int, many: int = 40) -> list[str]:
    """Texts of characters of all sorts in any order, without their wrapping."""
    draw = random.Random(seed)
    some = "ab Zé0_9'’-. 很好。ΣİßⅧ½٣ｶ𠀀🙂ไ\u0301"
    return [normal("".join(draw.choice(some) for _ in range(draw.randrange(40)))) for _ in range(many)]


@pytest.mark.parametrize("words", [True, False], ids=["words", "characters"])
@pytest.mark.parametrize("seed", range(4))
def test_pieces_are_those_that_are_counted_here(words: bool, seed: int) -> None:
    texts = [*map(normal, TEXTS), *odd_texts(seed)]
    found = of_texts(lambda graph, x: listed(graph, pieces_graph(graph, x, words)), texts)
    ours = counted(texts, words).tocoo()
    assert found.tolist() == np.column_stack([ours.row, ours.col, ours.data]).tolist()


def test_texts_without_any_piece_are_read() -> None:
    for words in (True, False):
        assert of_texts(lambda g, x, w=words: listed(g, pieces_graph(g, x, w)), ["", ""]).shape == (0, 3)
    assert of_texts(sizes_graph, ["", "很好"], np.asarray([True, False])).tolist() == [[0.0], [2.0]]


def learnt(texts: list[str | None]) -> tuple[Factors, Column]:
    column = Text().open(Column.of_words("said", texts)).column
    encoder = Text().learn(column, stream(0, "t"))
    return encoder, column


@pytest.mark.parametrize("seed", range(3))
def test_factors_are_those_of_the_encoder(seed: int) -> None:
    encoder, _ = learnt([*TEXTS, *odd_texts(seed), *odd_texts(seed + 10)])
    assert encoder.basis.shape[1] > 5
    new = [None, *TEXTS, *odd_texts(seed + 20), "<b>Rock</b>&nbsp;'n' １２３"]
    column = Text().open(Column.of_words("said", new)).column
    codes = encoder.given(column)
    graph = Graph(taken=frozenset(["text", "out"]))
    graph.node("Identity", encoder.graph(graph, "text"), output="out")
    wide = 1 + encoder.basis.shape[1]
    content = to_bytes(graph, {"text": encoder.takes}, {"out": ("double", wide)}, {})
    found = np.asarray(Session(content)({"text": codes})["out"])
    ours = encoder.vector(column).values
    assert np.isnan(found[0]).all()
    assert np.isnan(ours[0]).all()
    assert np.abs(found[1:] - ours[1:]).max() < 1e-6
    assert np.abs(found[1:, 1:]).max() > 0.1


def test_words_that_always_stand_together_make_no_factors_of_rounding() -> None:
    rng = np.random.default_rng(0)
    encoder, column = learnt([" ".join(rng.choice(["ab cd", "ef gh", "ij", "kl mn op"], 3)) for _ in range(60)])
    assert len(encoder.words) == 8
    assert encoder.basis.shape[1] == 4
    assert encoder.vector(column).values.std(axis=0).min() > 1e-3


def test_made_up_texts_hold_known_and_unknown_words() -> None:
    encoder, _ = learnt([*TEXTS, *odd_texts(0)])
    column = encoder.sample(200, np.random.default_rng(0))
    assert 0 < column.missing.sum() < 40
    strange = encoder.strange(column)
    assert 0 < strange.sum() < 200


def test_texts_are_read_without_their_wrapping_and_older_encoders_as_written() -> None:
    written = ["<b>good</b> stay &amp; food", "bad stay", "good room", "bad food"] * 6
    encoder, column = learnt([f"{text} {k}" for k, text in enumerate(written)])
    assert "good" in encoder.words
    assert "b" not in encoder.words
    assert "amp" not in encoder.words
    box = Box()
    encoder.dump(box)
    again = modality_of("text").load(box)
    assert again.vector(column).values.tolist() == encoder.vector(column).values.tolist()
    box.values["words"] = box.values.pop("words_said")
    old = modality_of("text").load(box)
    assert isinstance(old, Factors)
    assert old.as_written
    some = Text().open(Column.of_words("said", ["<b>x</b>"])).column
    assert old.vector(some).values[0, 0] == np.log(4)
    assert encoder.vector(some).values[0, 0] == np.log(2)
    with pytest.raises(RequestError, match="earlier release"):
        old.graph(Graph(), "said")


def reviews(rows: int = 400, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    good, bad = ["great", "lovely", "Excellent", "很好"], ["dirty", "Noisy", "broken", "太吵"]
    fill = ["the", "room", "was", "and", "staff", "our", "stay", "at", "hotel", "in", "city's", "station"]
    yes = rng.uniform(size=rows) < 0.5
    texts: list[str | None] = []
    for one in yes:
        told = [*rng.choice(fill, 8), *rng.choice(good if one else bad, 2 if rng.uniform() < 0.8 else 0)]
        texts.append(" ".join(rng.permutation(told)) + "." if rng.uniform() < 0.95 else None)
    price = 100 + 20 * rng.normal(size=rows) + 10 * yes
    columns = (
        Column.of_words("review", texts),
        Column.of_numbers("price", price),
        Column.of_words("city", list(rng.choice(["Bern", "Basel", "Genf"], rows))),
        Column.of_words("again", ["yes" if one else "no" for one in yes]),
    )
    return Dataset(columns)


@pytest.mark.parametrize(
    "learners", [("linear",), ("boosting",), ("sparse",), ("sparse", "linear", "boosting")], ids=str
)
def test_model_of_texts_answers_every_row_alike(learners: tuple[str, ...], tmp_path: Path) -> None:
    if "sparse" in learners:
        pytest.importorskip("sklearn")
    model = assay.train(
        reviews(), "again", trials=len(learners) + 1, learners=("constant", *learners), folds=3, checks=()
    )
    used = {member.learner for member in model.ensemble.members if member.weight}
    assert len(used) >= min(2, len(learners))
    assert used <= set(learners)
    told = model.export(tmp_path / "m.onnx", reviews(200, 1))
    assert (told.rows, told.largest <= 1e-5) == (200, True)
    assert model.export(tmp_path / "made.onnx").largest <= 1e-5


@pytest.mark.parametrize("learner", ["linear", "sparse"])
@pytest.mark.parametrize("target", ["value", "classes"])
def test_two_columns_of_texts_and_other_targets(target: str, learner: str, tmp_path: Path) -> None:
    table = reviews(300, 2)
    rng = np.random.default_rng(0)
    more = [" ".join(rng.choice(["dear", "Sir", "thanks", "for", "all", "die", "Betten"], 6)) for _ in range(300)]
    high = np.asarray([text is not None and "lovely" in text for text in table["review"].texts()])
    score = 1e6 + 5 * high + rng.normal(size=300)
    y = Column.of_numbers("y", score) if target == "value" else Column.of_words("y", [f"c{int(v) % 3}" for v in score])
    table = Dataset((table["review"], Column.of_words("note", more), table["price"], y))
    model = assay.train(table, "y", trials=2, learners=("constant", learner), folds=3, checks=())
    assert sum(c.kind == "text" for c in model.plan.columns) == 2
    assert model.export(tmp_path / "m.onnx", table).largest <= 1e-5


def test_a_long_text_among_short_ones_is_asked_in_a_block_of_its_own(tmp_path: Path) -> None:
    table = reviews(300)
    texts = table["review"].texts().tolist()
    texts[7] = "one two " * 3 + "room " * 50_000 + "lovely"  # only its first 200,000 characters are read
    long = Dataset((Column.of_words("review", texts), *(table[name] for name in ("price", "city", "again"))))
    model = assay.train(reviews(), "again", trials=3, learners=("constant", "linear", "sparse"), folds=3, checks=())
    told = model.export(tmp_path / "m.onnx", long)
    assert (told.rows, told.largest <= 1e-5) == (300, True)


def test_file_says_how_texts_are_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import onnx

    model = assay.train(reviews(), "again", trials=2, learners=("constant", "linear"), folds=3, checks=())
    model.save(tmp_path / "m.assay")
    assert main(["export", str(tmp_path / "m.assay"), str(tmp_path / "m.onnx")]) == 0
    capsys.readouterr()
    file = onnx.load(tmp_path / "m.onnx")
    onnx.checker.check_model(file)
    about = {entry.key: entry.value for entry in file.metadata_props}
    assert json.loads(about["inputs"])["review"] == "text"
    assert "NFKC" in about["texts"]
    assert "-1" in about["texts"]
    assert next(i for i in file.graph.input if i.name == "review").type.tensor_type.elem_type == onnx.TensorProto.INT32
