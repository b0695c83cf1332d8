"""Is a short way to the answer found that lies beside what pictures show, and nothing said where there is none?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from assay.checks.shortcuts import predicted
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Finding
from assay.kernel.forms import Head
from assay.tasks.binary import Binary

from .scenes import column_of, opened, part
from .worlds import ask, logit_world, world

pytest.importorskip("PIL.Image")
N = 240
KNOWS = np.asarray([-2.0, 2.0])  # the model's log-odds: right in seven of eight


def answers(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Classes, and what a good model would say of them."""
    y = rng.integers(2, size=N)
    heard = np.where(rng.random(N) < 0.88, y, 1 - y)
    return y, KNOWS[heard]


def finding_of(folder: Path, pictures: list[np.ndarray], y: np.ndarray, z: np.ndarray, **more: object) -> Finding:
    column = column_of(folder, pictures, **more)  # type: ignore[arg-type]
    return ask("shortcuts", world([column], np.where(y == 1, "yes", "no"), z))


def told(finding: Finding) -> list[str]:
    """The facts, the strongest first."""
    return [row[0].text() for row in finding.figures[1].data["rows"]]


def test_pictures_taken_in_one_way_are_quiet_as_often_as_stated(tmp_path: Path) -> None:
    rng, alarms = np.random.default_rng(0), 0
    column = column_of(tmp_path / "p", [part(rng) for _ in range(N)])
    for _ in range(20):
        y, z = answers(rng)
        alarms += ask("shortcuts", world([column], np.where(y == 1, "yes", "no"), z)).verdict != "pass"
    assert alarms <= binom.ppf(0.999, 20, 0.01)


def test_one_class_compressed_harder_is_found_by_the_size_of_the_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    y, z = answers(rng)
    qualities = np.where(y == 1, 95, 60).tolist()
    finding = finding_of(tmp_path / "p", [part(rng) for _ in range(N)], y, z, qualities=qualities)
    assert finding.verdict == "watch"
    assert told(finding)[0] == "the size of the file"
    share = finding.measure("shortcut")
    assert share.low is not None
    assert share.low > 0.5
    assert "area under ROC" in finding.say.text()
    assert "the size of the file" in finding.advice[0].say.text()


def test_one_class_on_another_ground_is_found_by_the_border(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    y, z = answers(rng)
    pictures = [part(rng) for _ in range(N)]
    for pixels, label in zip(pictures, y, strict=True):
        if label:
            pixels[:4] = pixels[:4] // 2  # a shadow at the upper edge
    finding = finding_of(tmp_path / "p", pictures, y, z)
    assert finding.verdict == "watch"
    assert told(finding)[0] == "the border"


def test_one_class_in_another_size_is_found(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    y, z = answers(rng)
    finding = finding_of(tmp_path / "p", [part(rng, 72 + 8 * int(label)) for label in y], y, z)
    assert finding.verdict == "watch"
    assert "width and height in pixels" in told(finding)[:2]


def test_a_camera_that_tells_every_answer_is_found(tmp_path: Path) -> None:
    from PIL import Image

    rng = np.random.default_rng(5)
    y, z = answers(rng)
    folder = tmp_path / "p"
    folder.mkdir()
    for i, label in enumerate(y):
        exif = Image.Exif()
        exif[271] = "Canon" if label else "Nikon"  # the maker
        Image.fromarray(part(rng)).save(folder / f"{i:04}.jpg", quality=90, exif=exif)
    finding = ask("shortcuts", world([opened(folder, N)], np.where(y == 1, "yes", "no"), z))
    assert finding.verdict == "watch"
    assert "camera" in " ".join(told(finding)[:2])


def test_several_classes_and_values_are_asked_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    kind = rng.integers(3, size=N)
    column = column_of(tmp_path / "p", [part(rng, 72 + 8 * int(k)) for k in kind])
    classes = ask("shortcuts", world([column], ["abc"[k] for k in kind], 3.0 * np.eye(3)[kind], "classes"))
    assert classes.verdict == "watch"
    assert "accuracy" in classes.say.text()
    values = ask("shortcuts", world([column], kind + rng.normal(0, 0.1, N), kind.astype(float), "value"))
    assert values.verdict == "watch"


def test_what_is_predicted_has_not_seen_its_own_answer() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(600, 3)), rng.integers(2, size=600)
    scores = predicted(Head.classes(2), x, y, np.arange(600) % 5)
    losses = Binary().losses(scores, y)
    assert losses.mean() > np.log(2) - 3 * losses.std() / 600**0.5


def test_it_says_why_it_is_not_asked(tmp_path: Path) -> None:
    columns, labels, z, rng = logit_world(N)
    with pytest.raises(DoesNotApply) as none:
        ask("shortcuts", world(columns, labels, z))
    assert "no column of pictures" in none.value.say.text()  # type: ignore[attr-defined]
    y, z = answers(rng)
    column = column_of(tmp_path / "p", [part(rng) for _ in range(N)])
    with pytest.raises(DoesNotApply) as weak:
        ask("shortcuts", world([column], np.where(y == 1, "yes", "no"), np.zeros(N)))
    assert "hardly better" in weak.value.say.text()  # type: ignore[attr-defined]
    some = column.take(np.arange(50))
    with pytest.raises(DoesNotApply) as few:
        ask("shortcuts", world([some], np.where(y[:50] == 1, "yes", "no"), z[:50]))
    assert "only 50" in few.value.say.text()  # type: ignore[attr-defined]
