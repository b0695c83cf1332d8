"""Are deep greys seen in the window that is asked for, and does a patient's name stay in the patient's file?"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from assay.cli.main import main
from assay.kernel.data import Column
from assay.kernel.errors import RequestError
from assay.kernel.plugins import CarriesPersons, modality_of
from assay.kernel.rng import stream

Image = pytest.importorskip("PIL.Image")

NAME, BIRTH = "Quagga^Zebedee", "19470229"


def written(numbers: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(numbers).save(path)


def scan(path: Path, bright: bool, rng: np.random.Generator, **more: object) -> None:
    """A DICOM file of 12 of 16 bits: a disc on a noisy ground, bright or dark."""
    pydicom = pytest.importorskip("pydicom")
    y, x = np.mgrid[:32, :32] - rng.integers(12, 20, size=(2, 1, 1))
    disc = np.where(x**2 + y**2 < 49, 900 if bright else -900, 0)
    numbers = np.clip(1500 + disc + rng.normal(0, 150, (32, 32)), 0, 4095).astype(np.uint16)
    fields = pydicom.Dataset()
    fields.file_meta = pydicom.dataset.FileMetaDataset()
    fields.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    fields.SOPClassUID, fields.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3"
    fields.Rows = fields.Columns = 32
    fields.SamplesPerPixel, fields.PhotometricInterpretation, fields.PixelRepresentation = 1, "MONOCHROME2", 0
    fields.BitsAllocated, fields.BitsStored, fields.HighBit = 16, 12, 11
    for name, value in more.items():
        setattr(fields, name, value)
    fields.PixelData = numbers.tobytes()
    fields["PixelData"].VR = "OW"
    path.parent.mkdir(parents=True, exist_ok=True)
    fields.save_as(path, enforce_file_format=True)


def test_the_same_grey_in_two_pictures_stays_the_same_within_a_window(tmp_path: Path) -> None:
    low, high = np.full((16, 16), 1000, dtype=np.uint16), np.full((16, 16), 1000, dtype=np.uint16)
    low[0], high[0] = 0, 4095
    written(low, tmp_path / "low.png")
    written(high, tmp_path / "high.png")
    raw = Column.of_words("scan", ["high.png", "low.png"], home=str(tmp_path))
    seen = {}
    for kind in ("picture", "picture:0-4095"):
        modality = modality_of(kind)
        column = modality.open(raw).column
        assert column.kind == kind
        encoder = modality.learn(column, stream(0, "e"))
        seen[kind] = encoder.grid(column).at(16)[:, 8, 8, 0].tolist()  # type: ignore[attr-defined]
    assert seen == {"picture": [0, 255], "picture:0-4095": [62, 62]}


def test_two_windows_of_one_column_do_not_mix(tmp_path: Path) -> None:
    written(np.full((8, 8), 1000, dtype=np.uint16), tmp_path / "a.png")
    raw = Column.of_words("scan", ["a.png"], home=str(tmp_path))
    encoders = [modality_of(f"picture:{window}") for window in ("0-2000", "0-4000")]
    columns = [modality.open(raw).column for modality in encoders]
    assert columns[0].levels is columns[1].levels
    learnt = [modality.learn(column, stream(0, "e")) for modality, column in zip(encoders, columns, strict=True)]
    light = [float(encoder.vector(column).values[0, 0]) for encoder, column in zip(learnt, columns, strict=True)]
    assert light[0] == pytest.approx(2 * light[1], rel=0.02)
    grids = [encoder.grid(column) for encoder, column in zip(learnt, columns, strict=True)]  # type: ignore[attr-defined]
    assert [int(grid.at(8)[0, 0, 0, 0]) for grid in grids] == [128, 64]
    with pytest.raises(ValueError, match="two windows"):
        grids[0].then(grids[1])


@pytest.mark.parametrize("window", ["x", "5", "9-3", "3-3", "0-", "0-1e9", "nan-1", "0 - 4095", "١-٢"])
def test_a_window_of_no_sense_is_refused_in_three_parts(window: str) -> None:
    with pytest.raises(RequestError) as caught:
        modality_of(f"picture:{window}")
    assert f"'picture:{window}'" in str(caught.value)
    assert "two numbers" in str(caught.value)
    assert "picture:0-4095" in str(caught.value)


def test_the_window_is_kept_by_the_model_and_a_wrong_one_is_told_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    for i in range(60):
        numbers = rng.normal(2600 if i % 2 else 1400, 200, (16, 16)).clip(0, 4095).astype(np.uint16)
        written(numbers, tmp_path / "scans" / f"{i:02}.png")
    lines = ["scan,answer", *(f"scans/{i:02}.png,{'bright' if i % 2 else 'dark'}" for i in range(60))]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    monkeypatch.chdir(tmp_path)
    assert main(["plan", "t.csv", "--target", "answer", "--kind", "scan=picture:9-3"]) == 2
    assert "picture:0-4095" in capsys.readouterr().err
    how = ["--kind", "scan=picture:0-4095", "--minutes", "1", "--folds", "3", "--learner", "linear"]
    assert main(["train", "t.csv", "--target", "answer", *how, "-o", "m.assay"]) == 0
    capsys.readouterr()
    assert main(["predict", "m.assay", "t.csv", "-o", "out.csv"]) == 0
    rows = [line.split(",") for line in (tmp_path / "out.csv").read_text().splitlines()]
    answer = rows[0].index("answer", 2) if rows[0].count("answer") > 1 else rows[0].index("answer")
    right = [row[answer] == ("bright" if i % 2 else "dark") for i, row in enumerate(rows[1:])]
    assert np.mean(right) > 0.9  # brightness as such is lost where each picture is stretched by itself


def test_a_patients_name_is_counted_and_is_in_neither_model_nor_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    for i in range(60):
        patient = {"PatientName": NAME, "PatientBirthDate": BIRTH} if i < 20 else {}
        scan(tmp_path / "scans" / ("hot" if i % 2 else "cold") / f"{i:02}.dcm", bool(i % 2), rng, **patient)
    assert NAME.encode() in (tmp_path / "scans" / "cold" / "00.dcm").read_bytes()
    monkeypatch.chdir(tmp_path)
    how = ["--target", "label", "--minutes", "1", "--folds", "3", "--learner", "linear"]
    assert main(["train", "scans", *how, "-o", "m.assay"]) == 0
    said = "".join(capsys.readouterr())
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert {"m.assay", "m.html"} <= files.keys()
    with zipfile.ZipFile(io.BytesIO(files["m.assay"])) as bundle:
        files |= {f"m.assay/{name}": bundle.read(name) for name in bundle.namelist()}
    for name, raw in [*files.items(), ("terminal", said.encode())]:
        assert not any(part in raw for part in (b"Quagga", b"Zebedee", BIRTH.encode())), name
    page = files["m.html"].decode()
    assert "20 of 60 pictures of" in page
    assert "birth dates (20)" in page


def test_where_and_by_whom_a_photograph_was_taken_is_noticed(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[315] = "Zebedee Quagga"
    exif[34853] = {1: "N", 2: (48.0, 8.0, 0.0)}
    exif[34665] = {42033: "SN-77"}
    plain = Image.new("RGB", (8, 8))
    plain.save(tmp_path / "a.jpg", exif=exif)
    plain.save(tmp_path / "b.jpg")
    (tmp_path / "c.jpg").write_bytes(b"")
    modality = modality_of("picture")
    assert isinstance(modality, CarriesPersons)
    told = modality.persons(
        Column.of_words("p", ["a.jpg", "b.jpg", "c.jpg", "gone.jpg", None, "a.jpg"], home=str(tmp_path))
    )
    assert told.keys() == {"place", "owner", "serial"}
    assert {tuple(cells.tolist()) for cells in told.values()} == {(True, False, False, False, False, True)}


def test_how_large_a_picture_may_be_is_told_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(np.zeros((40, 40), dtype=np.uint8), tmp_path / "a.png")
    raw = Column.of_words("scan", ["a.png"], home=str(tmp_path))
    monkeypatch.setenv("ASSAY_MOST_PIXELS", "1599")
    opened = modality_of("picture").open(raw)
    assert opened.misfits == 1
    assert "more than 1,599 pixels; ASSAY_MOST_PIXELS" in opened.examples[0]
    monkeypatch.setenv("ASSAY_MOST_PIXELS", "1600")
    assert modality_of("picture").open(raw).misfits == 0
    monkeypatch.setenv("ASSAY_MOST_PIXELS", "lots")
    with pytest.raises(RequestError, match="ASSAY_MOST_PIXELS is 'lots'"):
        modality_of("picture").open(raw)


def test_without_the_package_of_dicom_the_plan_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    for i in range(40):
        scan(tmp_path / "scans" / ("hot" if i % 2 else "cold") / f"{i:02}.dcm", bool(i % 2), rng)
    rows = [f"scans/{'hot' if i % 2 else 'cold'}/{i:02}.dcm,{i * 7 % 5},{i % 2}" for i in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(["scan,size,hot", *rows]))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("assay.pictures.dicom.has", lambda package: False)
    assert main(["plan", "scans", "--target", "label"]) == 2
    assert "pip install 'assay[dicom]'" in capsys.readouterr().err
    assert main(["plan", "t.csv", "--target", "hot"]) == 0  # the other column is learnt from all the same
    assert "pip install 'assay[dicom]'" in capsys.readouterr().out
