"""Does a DICOM file become the picture that is meant, and does every other one say why it does not?"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from assay.pictures import dicom
from assay.pictures.decoding import Facts, Unreadable, decoded, facts_of, sizes_of, thumbnail
from assay.pictures.persons import persons_of
from assay.pictures.window import Window

pydicom = pytest.importorskip("pydicom")
pytest.importorskip("PIL.Image")

RAMP = np.tile(np.arange(0, 640, 10, dtype=np.uint16), (64, 1))  # 0 to 630 from the left to the right
EXPLICIT, DEFLATED = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"


def file_of(
    pixels: np.ndarray, meant: str = "MONOCHROME2", syntax: str = EXPLICIT, bare: bool = False, **more: Any
) -> bytes:
    """A DICOM file of pixels [height, width], [height, width, 3] or, with NumberOfFrames, [n, height, width]."""
    from pydicom.dataset import Dataset, FileMetaDataset

    fields = Dataset()
    fields.SOPClassUID, fields.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3.4"
    fields.Rows, fields.Columns = pixels.shape[1:3] if "NumberOfFrames" in more else pixels.shape[:2]
    fields.SamplesPerPixel = 3 if pixels.shape[-1] == 3 else 1
    if fields.SamplesPerPixel == 3:
        fields.PlanarConfiguration = 0
    fields.BitsAllocated = fields.BitsStored = 8 * pixels.dtype.itemsize
    fields.HighBit, fields.PixelRepresentation = fields.BitsStored - 1, int(pixels.dtype.kind == "i")
    fields.PhotometricInterpretation = meant
    for name, value in more.items():
        setattr(fields, name, value)
    fields.PixelData = pixels.tobytes()
    fields["PixelData"].VR = "OB" if pixels.dtype.itemsize == 1 else "OW"
    out = io.BytesIO()
    if bare:
        fields.save_as(out, implicit_vr=False, little_endian=True, enforce_file_format=False)
        return out.getvalue()
    fields.file_meta = FileMetaDataset()
    fields.file_meta.TransferSyntaxUID = syntax
    fields.save_as(out, enforce_file_format=True)
    return out.getvalue()


def row(raw: bytes, side: int = 64, **how: Any) -> np.ndarray:
    return decoded(raw, side, **how)[side // 2, :, 0].astype(int)


def reason(raw: bytes, **how: Any) -> str:
    with pytest.raises(Unreadable) as caught:
        decoded(raw, 16, **how)
    return caught.value.reason


def test_deep_grey_without_a_window_goes_from_its_least_to_its_greatest_number() -> None:
    found = row(file_of(RAMP))
    assert np.abs(found - np.linspace(0, 255, 64)).max() <= 1
    assert sizes_of(file_of(RAMP[:32])) == (64, 32)


def test_low_numbers_are_white_where_the_file_means_it() -> None:
    assert np.abs(row(file_of(RAMP, "MONOCHROME1")) - row(file_of(RAMP))[::-1]).max() <= 1


def test_slope_intercept_and_the_first_window_of_the_file_are_kept() -> None:
    window = {"WindowCenter": [0, 300], "WindowWidth": [201, 10]}  # from -100.5 to 99.5, by the formula of the standard
    raw = file_of(RAMP, RescaleSlope=1, RescaleIntercept=-315, **window)
    wanted = np.clip((RAMP[0] - 315.0 + 100.5) / 200, 0, 1) * 255
    assert np.abs(row(raw) - wanted).max() <= 1
    exact = file_of(RAMP, WindowCenter=300, WindowWidth=200, VOILUTFunction="LINEAR_EXACT")
    assert np.abs(row(exact) - np.clip((RAMP[0] - 200.0) / 200, 0, 1) * 255).max() <= 1
    soft = row(file_of(RAMP, WindowCenter=310, WindowWidth=200, VOILUTFunction="SIGMOID"))
    assert abs(soft[31] - 127) <= 1
    assert 0 < soft[5] < soft[31] < soft[58] < 255


def test_a_window_that_is_given_stands_before_that_of_the_file() -> None:
    raw = file_of(RAMP, WindowCenter=10, WindowWidth=2, RescaleSlope=2, RescaleIntercept=0)
    wanted = np.clip((2.0 * RAMP[0] - 200) / 400, 0, 1) * 255
    assert np.abs(row(raw, window=Window(200, 600)) - wanted).max() <= 1


def test_numbers_below_zero_and_what_was_filled_in_are_no_part_of_the_range() -> None:
    numbers = RAMP.astype(np.int16) - 300
    numbers[:, :4] = -2000
    found = row(file_of(numbers, PixelPaddingValue=-2000))
    assert found[:4].max() == 0
    assert np.abs(found[5:] - (np.arange(5, 64) - 4) / 59 * 255).max() <= 2


def test_colours_are_those_of_the_file() -> None:
    red = np.zeros((16, 16, 3), dtype=np.uint8)
    red[..., 0] = 200
    assert (decoded(file_of(red, "RGB"), 4) == (200, 0, 0)).all()
    whitish = np.full((16, 16, 3), 128, dtype=np.uint8)
    whitish[..., 0] = 250
    assert np.abs(decoded(file_of(whitish, "YBR_FULL"), 4).astype(int) - 250).max() <= 2


def test_the_first_of_several_frames_counts() -> None:
    frames = np.stack([RAMP, RAMP[:, ::-1]])
    assert np.array_equal(row(file_of(frames, NumberOfFrames=2)), row(file_of(RAMP)))


def test_a_file_without_preamble_is_known() -> None:
    raw = file_of(RAMP, bare=True)
    assert raw[128:132] != b"DICM"
    assert dicom.is_dicom(raw)
    assert np.array_equal(row(raw), row(file_of(RAMP)))


def saved(fields: Any, **how: Any) -> bytes:
    out = io.BytesIO()
    fields.save_as(out, **how)
    return out.getvalue()


def test_a_file_that_says_nothing_of_how_it_is_written_is_known() -> None:
    fields = pydicom.dcmread(io.BytesIO(file_of(RAMP)))
    del fields.file_meta
    fields.preamble = None
    raw = saved(fields, implicit_vr=True, little_endian=True, enforce_file_format=False)
    assert np.array_equal(row(raw), row(file_of(RAMP)))


def test_a_palette_gives_its_colours() -> None:
    places = np.tile(np.arange(8, dtype=np.uint8) % 4, (8, 1))
    fields = pydicom.dcmread(io.BytesIO(file_of(places, "PALETTE COLOR")))
    for i, levels in enumerate(([0, 200, 0, 255], [0, 0, 200, 255], [0, 0, 0, 255])):
        fields.add_new(0x00281101 + i, "US", [4, 0, 16])
        fields.add_new(0x00281201 + i, "OW", (np.asarray(levels, dtype=np.uint16) * 257).tobytes())
    square = decoded(saved(fields), 8)
    assert square[0, :4].tolist() == [[0, 0, 0], [200, 0, 0], [0, 200, 0], [255, 255, 255]]


def test_a_look_up_table_stands_for_a_window() -> None:
    fields = pydicom.dcmread(io.BytesIO(file_of(RAMP)))
    table = pydicom.Dataset()
    table.add_new(0x00283002, "US", [640, 0, 16])
    table.add_new(0x00283006, "OW", (np.arange(640, dtype=np.uint16) * 100).tobytes())
    fields.VOILUTSequence = [table]
    assert np.abs(row(saved(fields)) - RAMP[0] * 100.0 / 65535 * 255).max() <= 1


def test_one_bit_to_a_pixel_is_black_and_white() -> None:
    fields = pydicom.dcmread(io.BytesIO(file_of(np.full((8, 1), 0x0F, dtype=np.uint8))))
    fields.Columns, fields.BitsAllocated, fields.BitsStored, fields.HighBit = 8, 1, 1, 0
    assert decoded(saved(fields), 8)[0, :, 0].tolist() == [255] * 4 + [0] * 4


def test_device_and_format_are_told_and_nothing_of_the_patient() -> None:
    raw = file_of(RAMP, Manufacturer="Acme", ManufacturerModelName="X1", PatientName="Quagga^Zebedee")
    assert facts_of(raw) == Facts(64, 64, "DICOM", "Acme X1")
    assert b"Quagga" in raw
    assert b"Quagga" not in thumbnail(raw, 32)


def test_what_is_cut_off_is_torn_and_what_has_no_pixels_is_no_picture() -> None:
    raw = file_of(RAMP)
    assert reason(raw[: len(raw) // 2]) == "torn"
    fields = pydicom.dcmread(io.BytesIO(raw))
    for name in ("Rows", "Columns", "PixelData"):
        del fields[name]
    out = io.BytesIO()
    fields.save_as(out)
    assert reason(out.getvalue()) == "strange"


def test_a_large_picture_is_known_by_its_header() -> None:
    raw = file_of(RAMP, Rows=20_000, Columns=20_000)
    assert reason(raw) == "large"
    with pytest.raises(Unreadable, match="large"):
        sizes_of(raw)
    assert reason(file_of(RAMP), most_pixels=4095) == "large"
    assert decoded(file_of(RAMP), 4, most_pixels=4096).shape == (4, 4, 3)


def test_what_cannot_be_unpacked_says_so() -> None:
    assert reason(file_of(RAMP, syntax=DEFLATED)) == "packed"
    raw = file_of(RAMP)
    for syntax in (b"1.2.840.10008.1.2.4.80", b"1.2.840.10008.1.2.4.100"):  # JPEG-LS without its plug-in, MPEG2
        from pydicom.encaps import encapsulate

        fields = pydicom.dcmread(io.BytesIO(raw))
        fields.file_meta.TransferSyntaxUID = syntax.decode()
        fields.PixelData = encapsulate([b"12345678"])
        fields["PixelData"].is_undefined_length = True
        out = io.BytesIO()
        fields.save_as(out)
        assert reason(out.getvalue()) in ("packed", "torn" if syntax.endswith(b"80") else "packed")


def test_run_lengths_and_jpeg_are_unpacked_and_a_jpeg_of_another_size_is_torn() -> None:
    from PIL import Image
    from pydicom.encaps import encapsulate

    fields = pydicom.dcmread(io.BytesIO(file_of(RAMP)))
    fields.compress("1.2.840.10008.1.2.5")
    out = io.BytesIO()
    fields.save_as(out)
    assert np.array_equal(row(out.getvalue()), row(file_of(RAMP)))
    for side, told in ((64, ""), (80, "torn")):
        jpeg = io.BytesIO()
        Image.fromarray(np.full((side, side), 90, dtype=np.uint8)).save(jpeg, "JPEG")
        fields = pydicom.dcmread(
            io.BytesIO(file_of(np.zeros((64, 64), dtype=np.uint8), WindowCenter=128, WindowWidth=256))
        )
        fields.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.50"
        fields.PixelData = encapsulate([jpeg.getvalue()])
        fields["PixelData"].is_undefined_length = True
        out = io.BytesIO()
        fields.save_as(out)
        if told:
            assert reason(out.getvalue()) == told
        else:
            assert np.abs(row(out.getvalue()) - 90).max() <= 2


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom, "has", lambda package: False)
    assert reason(file_of(RAMP)) == "no_dicom"
    assert persons_of(file_of(RAMP, PatientName="A^B")) == frozenset()


def test_patients_are_noticed_and_cover_names_are_not() -> None:
    raw = file_of(
        RAMP, PatientName="Quagga^Zebedee", PatientBirthDate="19500101", PatientID="", ReferringPhysicianName="Who"
    )
    assert persons_of(raw) == {"name", "birth", "doctor"}
    assert persons_of(file_of(RAMP)) == frozenset()
    assert persons_of(file_of(RAMP, PatientName="Anonymous", PatientID="000000")) == frozenset()
    cover = file_of(RAMP, PatientName="Case 17", PatientIdentityRemoved="YES", BurnedInAnnotation="YES")
    assert persons_of(cover) == {"burnt"}
    assert persons_of(raw[:50]) == frozenset()


def test_hostile_bytes_are_a_picture_or_unreadable_and_nothing_else() -> None:
    rng = np.random.default_rng(3)
    raw = file_of(RAMP[:16, :16].copy(), WindowCenter=[1, 2], WindowWidth=[3, 4], PatientName="A^B")
    told = set()
    for i in range(200):
        broken = bytearray(raw)
        for at in rng.integers(132, len(raw) - 512 if i % 2 else 300, rng.integers(1, 6)):
            broken[at] = rng.integers(256)
        if i % 5 == 0:
            del broken[int(rng.integers(133, len(broken))) :]
        persons_of(bytes(broken))
        for act in (lambda raw: decoded(raw, 8), sizes_of, facts_of):
            try:
                act(bytes(broken))
            except Unreadable as error:
                told.add(error.reason)
    assert "torn" in told
