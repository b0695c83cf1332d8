"""Does the check of pictures name those that are blurred, dark, bright or empty, and leave the others alone?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from assay.kernel.errors import DoesNotApply
from assay.report.pages import measures_table
from assay.report.speech import Voice
from assay.stats.doubts import beyond

from .scenes import column_of, opened, part
from .worlds import ask, logit_world, world

pytest.importorskip("PIL.Image")
N = 120


def blurred(pixels: np.ndarray) -> np.ndarray:
    from PIL import Image, ImageFilter

    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(4)))


def evidence_of(column: object, n: int = N) -> object:
    columns, y, z, _ = logit_world(n)
    return world([*columns, column], y, z)  # type: ignore[list-item]


def test_honest_pictures_are_left_alone_and_their_sizes_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sized = [part(rng, *size) for size in [(72, 60)] * 60 + [(90, 75)] * 59 + [(120, 100)]]
    finding = ask("pictures", evidence_of(column_of(tmp_path / "p", sized)))  # type: ignore[arg-type]
    assert finding.verdict == "pass"
    assert finding.measure("sizes: photo").value == 3
    assert finding.measure("least_pixels: photo").value == 72 * 60
    assert any("3 different sizes, from 72×60 to 120×100 pixels (120 JPEG)" in note.text() for note in finding.notes)


def test_planted_faults_are_named_with_their_rows_and_shown(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    pictures = [part(rng) for _ in range(N)]
    pictures[7] = blurred(pictures[7])
    pictures[20] = blurred(pictures[20])
    pictures[33] = (pictures[33] * 0.1).astype(np.uint8)
    pictures[50] = (255 - (255 - pictures[50].astype(float)) * 0.15).astype(np.uint8)
    pictures[61] = np.full_like(pictures[61], 128)
    pictures[80] = (pictures[80] / [1, 3, 3]).astype(np.uint8)
    finding = ask("pictures", evidence_of(column_of(tmp_path / "p", pictures)))  # type: ignore[arg-type]
    assert finding.verdict == "watch"
    table = next(figure for figure in finding.figures if figure.kind == "table").data["rows"]
    named = {row[0]: row[1].text() for row in table}
    assert named == {
        8: "blurred", 21: "blurred", 34: "dark", 51: "bright", 62: "shows nothing", 81: named.get(81),
    }  # fmt: skip
    assert named[81] in ("odd", "dark")
    assert finding.measure("blurred").value == 2
    assert "2 blurred" in finding.say.text()
    sheets = {figure.title.key: len(figure.data["pictures"]) for figure in finding.figures if figure.kind == "pictures"}
    assert sheets["sheet.blurred"] == 2
    assert sheets["sheet.flat"] == 1


@pytest.mark.parametrize(("lang", "odd", "of"), [("en", "2 pictures", "240 pictures"), ("zh", "2 张", "240 张图片")])
def test_pictures_are_counted_as_pictures_not_as_rows(tmp_path: Path, lang: str, odd: str, of: str) -> None:
    """Two columns of 120 pictures are 240 pictures of 120 rows."""
    rng = np.random.default_rng(6)
    pictures = [part(rng) for _ in range(N)]
    pictures[7], pictures[20] = blurred(pictures[7]), blurred(pictures[20])
    one = column_of(tmp_path / "p", pictures)
    other = replace(column_of(tmp_path / "q", [part(rng) for _ in range(N)]), name="other")
    columns, y, z, _ = logit_world(N)
    finding = ask("pictures", world([*columns, one, other], y, z))
    page = str(measures_table(finding, Voice(lang)))
    assert f"<b>{odd}</b>" in page
    assert of in page
    assert f"{2 * N} rows" not in page
    assert f"{2 * N} 行" not in page


def test_pictures_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    column_of(tmp_path / "p", [part(rng) for _ in range(N)])
    for i in range(3):
        (tmp_path / "p" / f"{i:04}.jpg").write_bytes(b"no picture")
    evidence = evidence_of(opened(tmp_path / "p", N))
    columns = tuple(
        replace(c, misfits=3) if c.name == "photo" else c
        for c in evidence.plan.columns  # type: ignore[attr-defined]
    )
    evidence = replace(evidence, plan=replace(evidence.plan, columns=columns))  # type: ignore[type-var, attr-defined]
    finding = ask("pictures", evidence)  # type: ignore[arg-type]
    assert finding.measure("unread").value == 3
    assert finding.measure("odd_pictures").n == N - 3


@pytest.mark.parametrize("shape", ["normal", "uniform", "two humps"])
def test_alarms_on_numbers_of_ordinary_tails_are_as_seldom_as_stated(shape: str) -> None:
    rng, alarms = np.random.default_rng(3), 0
    for _ in range(200):
        x = rng.normal(size=300)
        x = x + 6 * (rng.random(300) < 0.5) if shape == "two humps" else rng.random(300) if shape == "uniform" else x
        alarms += bool(min(beyond(x, 1e-9).min(), beyond(-x, 1e-9).min()) < 0.02 / 600)
    assert alarms <= binom.ppf(0.999, 200, 0.02)


def test_what_lies_far_out_is_found_also_among_fifteen_of_three_hundred() -> None:
    x = np.random.default_rng(4).normal(size=300)
    x[:15] = 20 + x[:15]
    assert (beyond(x, 1e-9)[:15] < 0.02 / 3600).all()
    assert (beyond(np.append(np.zeros(300), 0.01), 0.1) > 0.4).all()  # within the spread that is assumed


def test_it_says_why_where_there_are_no_pictures_or_few(tmp_path: Path) -> None:
    columns, y, z, rng = logit_world(60)
    with pytest.raises(DoesNotApply) as none:
        ask("pictures", world(columns, y, z))
    assert "no column of pictures" in none.value.say.text()  # type: ignore[attr-defined]
    few = column_of(tmp_path / "p", [part(rng) for _ in range(20)])
    columns, y, z, _ = logit_world(20)
    with pytest.raises(DoesNotApply) as several:
        ask("pictures", world([*columns, few], y, z))
    assert "only 20 pictures" in several.value.say.text()  # type: ignore[attr-defined]
