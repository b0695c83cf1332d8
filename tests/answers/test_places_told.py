"""Are the places of a picture told as people read them, and drawn where they can be found?"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from assay.answers.explanation import Explanation
from assay.answers.place_pulls import PlacePulls
from assay.kernel.errors import RequestError
from assay.kernel.words import Say

image = pytest.importorskip("PIL.Image")


def told(part: str = "photo", share: float = 1.0) -> PlacePulls:
    out = io.BytesIO()
    image.fromarray(np.full((30, 40, 3), 90, dtype=np.uint8)).save(out, "JPEG")
    pulls = np.zeros((6, 6))
    pulls[0, 0], pulls[5, 5] = 1.5, -0.5
    return PlacePulls(part, tuple(map(tuple, pulls.tolist())), -0.25, share, out.getvalue())


def explained(*pictures: PlacePulls) -> Explanation:
    unit = Say("answers", "unit_value", {"target": "y"})
    return Explanation(3, "1", 1.0, 0.25, (("photo", "1.jpg", 0.75),), unit, (), pictures)


def test_the_strongest_ninth_is_named_first_and_the_rest_last() -> None:
    lines = told().lines("en")
    assert lines[1] == "Where in 'photo' the pull lies"
    assert lines[2].split()[:3] == ["upper", "left", "+1.50"]
    assert lines[3].split()[:3] == ["lower", "right", "−0.500"]
    assert lines[-1].endswith("−0.250")
    assert "左上" in told().lines("zh")[2]


def test_it_says_how_much_of_the_blend_tells_of_places() -> None:
    assert "40.0 %" in told(share=0.4).lines("en")[-1]
    assert "40.0 %" in told(share=0.4).lines("zh")[-1]


def test_numbers_for_programs_add_up() -> None:
    said = told().to_json()
    assert np.asarray(said["pulls"]).shape == (6, 6)
    assert np.asarray(said["pulls"]).sum() + said["rest"] == pytest.approx(0.75)
    assert sum(said["regions"].values()) == pytest.approx(1.0)


def test_drawings_are_jpegs_named_after_row_and_column(tmp_path: Path) -> None:
    paths = explained(told(), told("../x ray")).draw(tmp_path / "maps")
    assert [path.name for path in paths] == ["row-3-photo.jpg", "row-3-___x_ray.jpg"]
    assert {path.parent for path in paths} == {tmp_path / "maps"}
    for path in paths:
        assert image.open(path).format == "JPEG"


def test_two_columns_whose_names_become_one_are_drawn_in_two_files(tmp_path: Path) -> None:
    paths = explained(told("left eye"), told("left/eye")).draw(tmp_path)
    assert [path.name for path in paths] == ["row-3-left_eye.jpg", "row-3-left_eye-2.jpg"]
    assert all(path.is_file() for path in paths)


def test_without_pictures_nothing_is_made(tmp_path: Path) -> None:
    assert explained().draw(tmp_path / "maps") == []
    assert not (tmp_path / "maps").exists()


def test_says_why_nothing_can_be_drawn(tmp_path: Path) -> None:
    (tmp_path / "maps").write_text("a file")
    with pytest.raises(RequestError, match="maps"):
        explained(told()).draw(tmp_path / "maps")
