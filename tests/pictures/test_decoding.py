"""Does every kind of picture become the same square, and does every other kind of file say why it does not?"""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
import zlib
from typing import Any

import numpy as np
import pytest

from assay.kernel.errors import RequestError
from assay.pictures.decoding import REASONS, Unreadable, decoded, sizes_of

Image = pytest.importorskip("PIL.Image")

HALVES = np.zeros((40, 60, 3), dtype=np.uint8)  # red to the left, blue to the right, a green corner on top at the left
HALVES[:, :30, 0] = 200
HALVES[:, 30:, 2] = 200
HALVES[:10, :15] = (0, 200, 0)
TORN = [("JPEG", 0.6), ("PNG", 0.6), ("GIF", 0.6), ("BMP", 0.6), ("TIFF", 0.6), ("WEBP", 0.6), ("PPM", 0.6)]
TORN += [("JPEG", 0.01), ("PNG", 0.002), ("GIF", 0.002), ("WEBP", 0.01)]


def written(picture: Any, kind: str, **how: Any) -> bytes:
    out = io.BytesIO()
    (picture if hasattr(picture, "save") else Image.fromarray(picture)).save(out, kind, **how)
    return out.getvalue()


def noise(side: int = 60) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)


def reason(raw: bytes, **how: Any) -> str:
    with pytest.raises(Unreadable) as caught:
        decoded(raw, 16, **how)
    assert caught.value.reason in REASONS
    return caught.value.reason


def chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_every_format_shows_the_same_picture(kind: str) -> None:
    square = decoded(written(HALVES, kind, **({"quality": 95} if kind in ("JPEG", "WEBP") else {})), 20)
    assert square.shape == (20, 20, 3)
    assert square.dtype == np.uint8
    assert square.flags.writeable
    for y, x, colour in [(15, 4, (200, 0, 0)), (15, 15, (0, 0, 200)), (2, 2, (0, 200, 0))]:
        assert np.abs(square[y, x].astype(int) - colour).max() <= 12


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "P", "L", "LA", "RGBA", "1"])
def test_every_mode_becomes_red_green_and_blue(mode: str) -> None:
    picture = Image.new("RGB", (8, 8), "white").convert(mode)
    square = decoded(written(picture, "TIFF"), 4)
    assert square.min() >= 253


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_and_ycbcr_keep_their_colours(kind: str) -> None:
    for mode in ("CMYK", "YCbCr"):
        square = decoded(written(Image.new("RGB", (16, 16), (200, 0, 0)).convert(mode), kind), 4)
        assert np.abs(square.astype(int) - (200, 0, 0)).max() <= 4


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_is_turned_back(kind: str, orientation: int) -> None:
    stored = HALVES  # what an upright HALVES looks like to a camera held in another way
    undo = {2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1], 5: lambda a: a.swapaxes(0, 1)}
    undo |= {6: lambda a: np.rot90(a, 1), 7: lambda a: a[::-1, ::-1].swapaxes(0, 1), 8: lambda a: np.rot90(a, -1)}
    if orientation > 1:
        stored = np.ascontiguousarray(undo[orientation](HALVES))
    exif = Image.Exif()
    exif[274] = orientation
    raw = written(stored, kind, exif=exif, **({"quality": 95} if kind in ("JPEG", "WEBP") else {}))
    wanted = decoded(written(HALVES, "PNG"), 20).astype(int)
    assert np.abs(decoded(raw, 20).astype(int) - wanted).mean() < 5
    assert sizes_of(raw) == (60, 40)


@pytest.mark.parametrize(
    ("kind", "dtype"), [("PNG", "<u2"), ("TIFF", "<u2"), ("TIFF", ">u2"), ("TIFF", "<i4"), ("TIFF", "<f4")]
)
def test_deep_grey_is_stretched_and_not_whitened(kind: str, dtype: str) -> None:
    ramp = np.tile(np.linspace(1000, 3000, 64), (64, 1)).astype(dtype)
    square = decoded(written(ramp, kind), 64)
    assert np.abs(square[0, :, 0] - np.linspace(0, 255, 64)).max() <= 1
    assert (square == square[..., :1]).all()


def test_numbers_that_are_none_are_black_and_a_flat_deep_picture_too() -> None:
    ramp = np.tile(np.linspace(-1, 1, 16, dtype=np.float32), (16, 1))
    ramp[0, 5], ramp[0, 6] = np.nan, np.inf
    square = decoded(written(ramp, "TIFF"), 16)
    assert square[0, 5:7].max() == 0
    assert square[5, 15, 0] == 255
    assert decoded(written(np.full((4, 4), 7, dtype=np.uint16), "PNG"), 4).max() == 0
    assert decoded(written(np.full((4, 4), np.nan, dtype=np.float32), "TIFF"), 4).max() == 0


def test_what_is_transparent_shows_white() -> None:
    clear = np.zeros((8, 8, 4), dtype=np.uint8)
    assert decoded(written(clear, "PNG"), 4).min() == 255
    clear[..., 3] = 128
    assert np.unique(decoded(written(clear, "PNG"), 4)).tolist() == [127]
    assert decoded(written(clear[..., ::3].copy(), "PNG"), 4).shape == (4, 4, 3)  # grey with alpha
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([200, 0, 0, 0, 0, 200])
    assert (decoded(written(palette, "PNG"), 4) == (200, 0, 0)).all()
    assert decoded(written(palette, "PNG", transparency=0), 4).min() == 255
    assert decoded(written(palette, "GIF", transparency=0), 4).min() == 255
    assert decoded(written(Image.new("RGB", (8, 8), (1, 2, 3)), "PNG", transparency=(1, 2, 3)), 4).min() == 255


def test_edges_of_a_transparent_picture_take_no_colour_from_what_is_hidden() -> None:
    half = np.zeros((8, 8, 4), dtype=np.uint8)
    half[:, 4:] = (255, 255, 255, 255)  # the hidden half is black
    assert decoded(written(half, "PNG"), 3).min() == 255


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "PNG", "WEBP"])
def test_the_first_of_several_pages_counts(kind: str) -> None:
    first, second = Image.new("RGB", (8, 8), (250, 0, 0)), Image.new("RGB", (8, 8), (0, 0, 250))
    how = {"lossless": True} if kind == "WEBP" else {}
    square = decoded(written(first, kind, save_all=True, append_images=[second], **how), 4)
    assert np.abs(square.astype(int) - (250, 0, 0)).max() <= 2


def test_the_two_views_of_a_stereo_camera_are_one_picture() -> None:
    raw = written(Image.fromarray(HALVES), "MPO", save_all=True, append_images=[Image.new("RGB", (60, 40))])
    assert np.abs(decoded(raw, 20)[15, 4].astype(int) - (200, 0, 0)).max() <= 12


def test_a_side_of_nothing_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        decoded(written(HALVES, "PNG"), 0)


def test_a_large_jpeg_is_decoded_reduced(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = written(np.kron(HALVES, np.ones((20, 20, 1), dtype=np.uint8)), "JPEG")
    seen = []
    from PIL import ImageFile

    load = ImageFile.ImageFile.load
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: (load(self), seen.append(self.size))[0])
    square = decoded(raw, 20)
    assert seen[0] == (150, 100)  # an eighth of 1200 x 800
    assert np.abs(square[15, 4].astype(int) - (200, 0, 0)).max() <= 6
    assert sizes_of(raw) == (1200, 800)


def test_no_bytes_and_no_picture_say_so() -> None:
    assert reason(b"") == "empty"
    for raw in (
        b"Dear doctor,\n",
        b"\0" * 100,
        b"%PDF-1.7 ...",
        b"P1 is the first",
        b"BMW makes cars, and more",
        b"<svg/>",
    ):
        assert reason(raw) == "strange"
    assert reason(written(HALVES, "PCX")) == "strange"  # a picture, but of no format on the list


@pytest.mark.parametrize(("kind", "kept"), TORN)
def test_a_picture_that_is_cut_off_is_torn(kind: str, kept: float) -> None:
    raw = written(noise(), kind)
    assert reason(raw[: int(len(raw) * kept)]) == "torn"


def test_a_png_with_changed_pixels_is_torn() -> None:
    raw = bytearray(written(Image.fromarray(noise()), "PNG", compress_level=0))
    raw[len(raw) // 2] ^= 1
    assert reason(bytes(raw)) == "torn"


def test_a_bomb_is_known_by_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    header = (20_000).to_bytes(4, "big") * 2 + b"\x01\x00\x00\x00\x00"  # one bit to a pixel
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    bomb += chunk(b"IDAT", zlib.compress(bytes(2501 * 20_000), 9)) + chunk(b"IEND", b"")
    assert len(bomb) < 60_000
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("its pixels were unpacked"))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda _: pytest.fail("its pixels were unpacked"))
    assert reason(bomb) == "large"


def test_more_pixels_than_allowed_are_large_and_no_warning_is_heard() -> None:
    raw = written(Image.new("1", (10_000, 9_500)), "PNG")  # Pillow alone would only warn
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert reason(raw) == "large"
        assert reason(written(HALVES, "PNG"), most_pixels=2399) == "large"
        assert decoded(written(HALVES, "PNG"), 4, most_pixels=2400).shape == (4, 4, 3)
        with pytest.raises(Unreadable, match="large"):
            sizes_of(raw)


def test_a_tile_larger_than_its_picture_counts_too() -> None:
    fields = [
        (256, 8),
        (257, 8),
        (258, 8),
        (259, 8),
        (262, 1),
        (277, 1),
        (322, 20_000),
        (323, 20_000),
        (324, 200),
        (325, 9),
    ]
    body = b"".join(
        tag.to_bytes(2, "little") + b"\4\0" + b"\1\0\0\0" + value.to_bytes(4, "little") for tag, value in fields
    )
    raw = b"II*\0\x08\0\0\0" + len(fields).to_bytes(2, "little") + body + bytes(4)
    assert reason(raw.ljust(200, b"\0") + zlib.compress(bytes(9))) == "large"


def test_pillow_is_left_as_it_was() -> None:
    from PIL import ImageFile

    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)
    raws = [written(noise(), "JPEG"), written(noise(), "TIFF"), written(noise(), "PNG")[:3000]]

    def read(raw: bytes) -> None:
        for _ in range(20):
            with contextlib.suppress(Unreadable):
                decoded(raw, 16)

    threads = [threading.Thread(target=read, args=(raw,)) for raw in raws]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)) == before


def test_hostile_bytes_are_a_picture_or_unreadable_and_nothing_else() -> None:
    rng = np.random.default_rng(7)
    small = Image.fromarray(noise(24))
    exif = Image.Exif()
    exif[274], exif[315] = 6, "somebody"
    seeds = [written(small, kind, exif=exif) for kind in ("JPEG", "PNG", "TIFF", "WEBP")]
    seeds += [written(small, kind) for kind in ("GIF", "BMP")]
    seeds += [
        written(small.convert("L"), "TIFF", compression="tiff_lzw"),
        written(small, "GIF", save_all=True, append_images=[small]),
    ]
    told = set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for i in range(300):
            raw = bytearray(seeds[i % len(seeds)])
            near = len(raw) if i % 2 else min(200, len(raw))  # half of the blows go to the header
            for at in rng.integers(0, near, rng.integers(1, 9)):
                raw[at] = rng.choice([0, 1, 127, 255, int(rng.integers(256))])
            if i % 5 == 0:
                del raw[int(rng.integers(1, len(raw))) :]
            for act in (lambda raw: decoded(raw, 8), sizes_of):
                try:
                    act(bytes(raw))
                except Unreadable as error:
                    told.add(error.reason)
    assert told <= set(REASONS)
    assert "torn" in told


def test_the_environment_says_how_large_a_picture_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = written(HALVES, "PNG")
    monkeypatch.setenv("ASSAY_MOST_PIXELS", "2399")
    assert reason(raw) == "large"
    monkeypatch.setenv("ASSAY_MOST_PIXELS", "2400")
    assert sizes_of(raw) == (60, 40)
    for wrong in ("many", "-1", "0", "1e6", "9" * 20):
        monkeypatch.setenv("ASSAY_MOST_PIXELS", wrong)
        with pytest.raises(RequestError, match="whole number"):
            decoded(raw, 4)
