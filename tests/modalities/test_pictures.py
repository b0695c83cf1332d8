"""Are pictures in files known, read once, and told apart by what they show?"""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import assay
from assay.cli.main import main
from assay.kernel.data import Column
from assay.kernel.errors import DataError, DoesNotApply
from assay.kernel.plugins import modality_of
from assay.kernel.rng import stream

Image = pytest.importorskip("PIL.Image")
ImageDraw = pytest.importorskip("PIL.ImageDraw")


def part(kind: str, rng: np.random.Generator) -> bytes:
    """A grey part on a noisy ground: a disc, or a square with an edge."""
    pixels = rng.normal(110, 25, size=(48, 56, 3)).clip(0, 255).astype(np.uint8)
    picture = Image.fromarray(pixels)
    x, y, r = rng.integers(14, 40), rng.integers(14, 32), rng.integers(8, 13)
    pen, shade = ImageDraw.Draw(picture), int(rng.integers(150, 210))
    (pen.ellipse if kind == "disc" else pen.rectangle)((x - r, y - r, x + r, y + r), fill=(shade, shade, shade))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


def folder_of(root: Path, n: int, seed: int = 0) -> Path:
    """n parts of each kind, one folder a kind."""
    rng = np.random.default_rng(seed)
    for kind in ("disc", "square"):
        (root / kind).mkdir(parents=True)
        for i in range(n):
            (root / kind / f"{i:03}.jpg").write_bytes(part(kind, rng))
    return root


def column_in(folder: Path) -> Column:
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.jpg"))
    return Column.of_words("part", names, home=str(folder))


def test_a_column_of_paths_with_files_behind_them_is_one_of_pictures(tmp_path: Path) -> None:
    column = column_in(folder_of(tmp_path / "parts", 12))
    claim = modality_of("picture").recognise(column)
    assert claim.fit == 1.0
    assert ".jpg" in claim.why.text()
    elsewhere = replace(column, home=str(tmp_path))
    low = modality_of("picture").recognise(elsewhere)
    assert low.fit < modality_of("category").recognise(elsewhere).fit
    assert "none of the files" in low.why.text()
    with pytest.raises(DoesNotApply):
        modality_of("picture").recognise(Column.of_words("name", ["Anna", "Bo"]))


def test_what_cannot_be_read_is_missing_counted_and_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "parts", 12)
    (folder / "disc" / "000.jpg").write_bytes((folder / "disc" / "000.jpg").read_bytes()[:300])
    (folder / "disc" / "001.jpg").write_text("no picture at all")
    (folder / "disc" / "002.jpg").write_bytes(b"")
    (tmp_path / "outside.jpg").write_bytes((folder / "disc" / "003.jpg").read_bytes())
    column = column_in(folder)
    more = Column.of_words("part", [*column.texts().tolist(), "gone.jpg", "../outside.jpg"], home=str(folder))
    opened = modality_of("picture").open(more)
    assert opened.misfits == int(opened.column.missing.sum()) == 5
    assert len(opened.column) == len(column) + 2
    said = " ".join(opened.examples)
    assert all(
        reason in said for reason in ("(broken)", "(no picture)", "(empty)", "(no such file)", "(outside the folder")
    )


def test_factors_are_learnt_from_some_and_make_the_same_numbers_of_a_picture_alone(tmp_path: Path) -> None:
    column = modality_of("picture").open(column_in(folder_of(tmp_path / "parts", 40))).column
    encoder = modality_of("picture").learn(column.take(np.arange(0, 80, 2)), stream(0, "e"))
    whole = encoder.vector(column)
    assert whole.values.shape == (80, 6 + 10)
    assert whole.features[0].name == "part (brightness)"
    alone = encoder.vector(column.take(np.asarray([33])))
    assert np.array_equal(alone.values[0], whole.values[33])
    assert not encoder.strange(column.take(np.arange(0, 80, 2))).any()


def test_parts_are_told_apart_from_a_folder_and_the_model_answers_for_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder_of(tmp_path / "parts", 90)
    folder_of(tmp_path / "new", 40, seed=1)
    monkeypatch.chdir(tmp_path)
    learners = ["--learner", "constant", "--learner", "linear"]
    assert (
        main(["train", "parts", "--target", "label", "--minutes", "1", "--folds", "3", *learners, "-o", "m.assay"]) == 0
    )
    out = capsys.readouterr().out
    assert "picture" in out
    assert main(["predict", "m.assay", "new", "-o", "scored.csv"]) == 0
    rows = [line.split(",") for line in (tmp_path / "scored.csv").read_text().splitlines()]
    answer = rows[0].index("answer")
    given = sorted(str(path.relative_to(tmp_path / "new")) for path in (tmp_path / "new").rglob("*.jpg"))
    hits = [row[answer] == path.split("/")[0] for row, path in zip(rows[1:], given, strict=True)]
    assert np.mean(hits) > 0.85
    page = (tmp_path / "m.html").read_text()
    assert str(tmp_path) not in page
    assert str(tmp_path).encode() not in (tmp_path / "m.assay").read_bytes()


def test_pictures_stand_beside_numbers_in_a_table(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "parts", 60)
    rng = np.random.default_rng(0)
    rows = [
        f"{path.relative_to(tmp_path)},{rng.normal():.3f},{'ok' if path.parent.name == 'disc' else 'bad'}"
        for path in sorted(folder.rglob("*.jpg"))
    ]
    (tmp_path / "parts.csv").write_text("\n".join(["photo,weight,verdict", *rows]))
    model = assay.train(str(tmp_path / "parts.csv"), "verdict", minutes=1, folds=3, learners=("constant", "linear"))
    kinds = {column.name: column.kind for column in model.plan.columns}
    assert kinds["photo"] == "picture"
    finding = next(f for f in model.findings if f.check == "quality")
    assert finding.measure("accuracy").value > 0.7  # type: ignore[operator]


def test_a_table_of_pictures_that_are_all_broken_is_refused(tmp_path: Path) -> None:
    for kind in ("a", "b"):
        (tmp_path / "p" / kind).mkdir(parents=True)
        for i in range(20):
            (tmp_path / "p" / kind / f"{i}.png").write_text("no picture")
    with pytest.raises(DataError):
        assay.train(str(tmp_path / "p"), "label", minutes=0.2)
