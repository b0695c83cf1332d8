"""What does a picture show, whatever kind of file it came in?

Bytes in, a square of red, green and blue out, or the reason why there is none. The whole picture is brought to the square; its aspect
ratio is not kept. Where the bytes come from is not known here. They may have been written by anybody: only well-known formats are opened,
a picture's size is judged by its header before anything is decoded, and whatever goes wrong inside Pillow or pydicom is one of a few reasons.

Pillow's process-wide switches are read, never set. An application that has set `ImageFile.LOAD_TRUNCATED_IMAGES` gets what it asked for:
pictures that are cut off are decoded as far as they go.
"""

from __future__ import annotations

import contextlib
import io
import re
import threading
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.need import need
from . import dicom
from .most import most_pixels as allowed
from .unreadable import REASONS as REASONS
from .unreadable import Unreadable as Unreadable
from .window import Window

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
ENDINGS = (
    ".jpg",
    ".jpeg",
    ".png",
    ".gif",
    ".bmp",
    ".tif",
    ".tiff",
    ".webp",
    ".ppm",
    ".pgm",
    ".pbm",
    ".pnm",
    *dicom.ENDINGS,
)

Size = tuple[int, int]  # width and height in pixels

_ORIENTATION = 274  # the number of EXIF's and TIFF's tag for it
_MAKER, _CAMERA = 271, 272  # and of the tags for who made the camera and what it is called
_LONGEST_NAME = 60  # letters of a camera's name
_TILE = (322, 323)  # TIFF's width and height of one tile, which need not be smaller than the picture
_DEEP = ("I", "F")  # what modes begin with whose numbers are not of 0 to 255
_PNG = b"\x89PNG\r\n\x1a\n"
_SIGNATURE = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n|GIF8[79]a|II\*\0|MM\0\*|II\+\0|MM\0\+|RIFF....WEBP|BM....\0\0\0\0|P[1-6]\s+[#\d]",
    re.DOTALL,
)


def decoded(raw: bytes, side: int, most_pixels: int | None = None, window: Window | None = None) -> NDArray[np.uint8]:
    """The whole picture as a square of `side` x `side` pixels, red, green and blue from 0 to 255: [side, side, 3].

    It stands upright (EXIF). Grey of 16 bits or of real numbers, and of DICOM, goes from black to white over the window; without one, over
    that of the file (DICOM) or from its own least to its own greatest number. What is transparent shows white behind it. Of an animation or
    several pages it is the first.

    A JPEG in whose middle bytes were changed may still decode, wrongly: the format has no check sums.

    most_pixels : a picture of more is not opened; where it is not given, what ASSAY_MOST_PIXELS says, or fifty million

    Raises Unreadable; MissingPackage without Pillow; ValueError for a side below one.

    >>> decoded(b"P5 2 1 255 \\x00\\xff", 2)[0, :, 0].tolist()
    [0, 255]
    """
    if side < 1:
        raise ValueError(f"a picture cannot be brought to a side of {side} pixels; it takes at least 1")
    return _decoded(raw, lambda width, height: (side, side), most_pixels, window)


def upright(raw: bytes, longer: int, most_pixels: int | None = None, window: Window | None = None) -> NDArray[np.uint8]:
    """The whole picture with its aspect kept, its longer side made no more than `longer` pixels: [h, w, 3]. Otherwise as `decoded`.

    >>> upright(b"P5 4 2 255 " + bytes(8), 2).shape
    (1, 2, 3)
    """
    if longer < 1:
        raise ValueError(f"a picture cannot be brought to a side of {longer} pixels; it takes at least 1")

    def within(width: int, height: int) -> Size:
        scale = min(1.0, longer / max(width, height, 1))
        return max(1, round(width * scale)), max(1, round(height * scale))

    return _decoded(raw, within, most_pixels, window)


def _decoded(
    raw: bytes, to: Callable[[int, int], Size], most_pixels: int | None, window: Window | None
) -> NDArray[np.uint8]:
    """The picture at the width and height that `to` makes of its own."""
    if dicom.is_dicom(raw):
        return _of_dicom(raw, to, allowed() if most_pixels is None else most_pixels, window)
    transpose = need("PIL.Image", "pictures").Transpose
    turns = {
        2: transpose.FLIP_LEFT_RIGHT,
        3: transpose.ROTATE_180,
        4: transpose.FLIP_TOP_BOTTOM,
        5: transpose.TRANSPOSE,
        6: transpose.ROTATE_270,
        7: transpose.TRANSVERSE,
        8: transpose.ROTATE_90,
    }
    with header_of(raw, most_pixels) as picture:
        size = to(*picture.size)
        picture.draft(None, (2 * size[0], 2 * size[1]))  # a JPEG is then decoded at a half, a quarter or an eighth
        picture.load()
        if picture.format == "PNG" and _is_broken(raw):
            raise Unreadable("torn")
        small = _small(picture, size, window)
        turn = turns.get(_orientation(picture))  # turning the small one is the same as turning the picture
        return np.array(small if turn is None else small.transpose(turn), dtype=np.uint8)


def sizes_of(raw: bytes, most_pixels: int | None = None) -> tuple[int, int]:
    """Width and height of a picture in pixels as it is looked at, from its header alone.

    Raises Unreadable; MissingPackage without Pillow.

    >>> sizes_of(b"P5 640 480 255 ")
    (640, 480)
    """
    if dicom.is_dicom(raw):
        most = allowed() if most_pixels is None else most_pixels
        with _dicom(), quiet():
            return dicom.size(dicom.header(raw, most))
    with header_of(raw, most_pixels) as picture:
        return _size(picture)


@dataclass(frozen=True)
class Facts:
    """What the header of a file tells of a picture, beside what it shows; `camera` is "" where nobody wrote it down."""

    width: int
    height: int
    format: str
    camera: str


def facts_of(raw: bytes, most_pixels: int | None = None) -> Facts:
    """Size in pixels, format, and the camera that EXIF names, from the header alone.

    Raises Unreadable; MissingPackage without Pillow.

    >>> facts_of(b"P5 640 480 255 ")
    Facts(width=640, height=480, format='PPM', camera='')
    """
    if dicom.is_dicom(raw):
        most = allowed() if most_pixels is None else most_pixels
        with _dicom(), quiet():
            fields = dicom.header(raw, most)
            return Facts(*dicom.size(fields), "DICOM", _camera(dicom.maker(fields)))
    with header_of(raw, most_pixels) as picture:
        named = (_tag(picture, tag) for tag in (_MAKER, _CAMERA)) if _has_exif(picture) else ()
        return Facts(*_size(picture), str(picture.format), _camera(named))


def thumbnail(raw: bytes, side: int, window: Window | None = None) -> bytes:
    """A small JPEG of the picture, its longer side of `side` pixels, with nothing of the file in it but what is seen.

    Raises Unreadable; MissingPackage without Pillow.
    """
    image = need("PIL.Image", "pictures")
    width, height = sizes_of(raw)
    scale = side / max(width, height, 1)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    out = io.BytesIO()
    image.fromarray(decoded(raw, side, window=window)).resize(size).save(out, "JPEG", quality=80)
    return out.getvalue()


@contextlib.contextmanager
def header_of(raw: bytes, most_pixels: int | None = None) -> Iterator[Any]:
    """A picture whose header has been read and found small enough; what goes wrong before or within becomes Unreadable.

    Not for DICOM.
    """
    most = allowed() if most_pixels is None else most_pixels
    image = need("PIL.Image", "pictures")
    for name in ("TiffImagePlugin", "WebPImagePlugin"):  # else Pillow would look for them by loading all its plug-ins
        need(f"PIL.{name}", "pictures")
    if not raw:
        raise Unreadable("empty")
    opened = False
    try:
        with quiet(), image.open(io.BytesIO(raw), formats=FORMATS) as picture:
            opened = True
            tags = getattr(picture, "tag_v2", {})
            tile = [_whole(tags.get(tag)) for tag in _TILE]
            if max(picture.width * picture.height, tile[0] * tile[1]) > most:
                raise Unreadable("large")
            yield picture
    except Unreadable:
        raise
    except (image.DecompressionBombError, MemoryError) as error:
        raise Unreadable("large") from error
    except Exception as error:  # a decoder fed with hostile bytes fails in every way there is
        raise Unreadable("torn" if opened or _SIGNATURE.match(raw) else "strange") from error


def _small(picture: Any, size: Size, window: Window | None) -> Any:
    """A decoded picture, whatever its mode, at a size in RGB."""
    if picture.mode.startswith(_DEEP):
        return _stretched(picture, size, window)
    if picture.has_transparency_data:
        if picture.mode != "RGBA":
            picture = picture.convert("RGBA")
        over = np.asarray(_resized(picture.convert("RGBa"), size)).astype(np.int16)  # [h, w, 4], colours times alpha
        white = over[:, :, :3] + (255 - over[:, :, 3:])
        return need("PIL.Image", "pictures").fromarray(np.clip(white, 0, 255).astype(np.uint8))
    if picture.mode == "1":
        picture = picture.convert("L")
    if picture.mode not in ("L", "RGB"):
        picture = picture.convert("RGB")
    return _resized(picture, size).convert("RGB")


def _stretched(picture: Any, size: Size, window: Window | None) -> Any:
    """A grey picture of 16 or 32 bits or of real numbers, black to white over the window. Numbers that are none are black."""
    image = need("PIL.Image", "pictures")
    grey = np.asarray(picture).astype(np.float32)  # [height, width]
    return _painted(image, (window or Window.around(grey)).levels(grey), size)


def _painted(image: Any, level: NDArray[np.float32], size: Size) -> Any:
    """Levels of grey from 0 to 1 [height, width] at a size in RGB."""
    small = np.asarray(_resized(image.fromarray(level), size)).astype(np.float64)
    return image.fromarray(np.rint(np.clip(small, 0, 1) * 255).astype(np.uint8)).convert("RGB")


def _of_dicom(raw: bytes, to: Callable[[int, int], Size], most: int, window: Window | None) -> NDArray[np.uint8]:
    image = need("PIL.Image", "pictures")
    with _dicom(), quiet():
        level = dicom.pixels(raw, most, window)
        size = to(level.shape[1], level.shape[0])
        if level.ndim == 2:
            return np.array(_painted(image, level, size), dtype=np.uint8)
        colours = np.rint(np.clip(level, 0, 1) * 255).astype(np.uint8)
        return np.array(_resized(image.fromarray(colours), size), dtype=np.uint8)


@contextlib.contextmanager
def _dicom() -> Iterator[None]:
    """What goes wrong within becomes Unreadable."""
    try:
        yield
    except (Unreadable, ImportError):
        raise
    except MemoryError as error:
        raise Unreadable("large") from error
    except Exception as error:  # as with Pillow
        raise Unreadable("torn") from error


def _resized(picture: Any, size: Size) -> Any:
    """Brought to a size: means over whole blocks first, then a triangle over what is left of the reduction."""
    return picture.resize(size, need("PIL.Image", "pictures").Resampling.BILINEAR, reducing_gap=2.0)


def _camera(named: Iterable[Any]) -> str:
    """Who made a camera and what it is called, as far as it can be printed."""
    written = " ".join("".join(c for c in str(name or "") if c.isprintable()).strip() for name in named)
    return written.strip()[:_LONGEST_NAME]


def _size(picture: Any) -> tuple[int, int]:
    """Width and height as a picture is looked at."""
    width, height = picture.size
    if picture.format == "TIFF":  # whose size Pillow has turned already
        return width, height
    return (height, width) if _has_exif(picture) and _orientation(picture) >= 5 else (width, height)


def _has_exif(picture: Any) -> bool:
    """Whether EXIF data can be read without Pillow looking for them behind the pixels."""
    return picture.format != "PNG" or "exif" in picture.info


def _orientation(picture: Any) -> int:
    """How a picture is turned, 1 to 8 (EXIF). One whose EXIF data are damaged is taken as upright."""
    return _whole(_tag(picture, _ORIENTATION) or 1)


def _tag(picture: Any, tag: int) -> Any:
    """A tag of EXIF; None where there is none or the EXIF data are damaged."""
    try:
        return picture.getexif().get(tag)
    except Exception:  # noqa: BLE001  as above; the picture itself is well
        return None


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _is_broken(raw: bytes) -> bool:
    """Whether a PNG's pixels fail its own check sum, at which Pillow does not look."""
    view, at = memoryview(raw), len(_PNG)
    while at + 12 <= len(raw):
        end = at + 8 + int.from_bytes(view[at : at + 4], "big")
        if bytes(view[at + 4 : at + 8]) == b"IDAT" and zlib.crc32(view[at + 4 : end]) != int.from_bytes(
            view[end : end + 4], "big"
        ):
            return True
        at = end + 4
    return False


class _Hush:
    """No warnings while anybody is within. Python's own switch is one for all threads: who leaves first must not turn it back."""

    def __init__(self) -> None:
        self.lock, self.within = threading.Lock(), 0
        self.held: warnings.catch_warnings[None] | None = None

    def enter(self) -> None:
        with self.lock:
            if not self.within:
                self.held = warnings.catch_warnings()
                self.held.__enter__()
                warnings.simplefilter("ignore")
            self.within += 1

    def leave(self) -> None:
        with self.lock:
            self.within -= 1
            if not self.within and self.held is not None:
                self.held.__exit__(None, None, None)
                self.held = None


_HUSH = _Hush()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keeps warnings about odd files from the user."""
    _HUSH.enter()
    try:
        yield
    finally:
        _HUSH.leave()
