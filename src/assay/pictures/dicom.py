"""What does a DICOM file show, and does its header tell of persons?

Bytes in, levels of grey or red, green and blue out. The numbers are brought to their unit (modality LUT, or slope and intercept: Hounsfield
units in CT) and then to what is looked at, by the first window or look-up table of the file or by a window that the caller gives (DICOM
PS3.3, C.11.1 and C.11.2). Of several frames it is the first. Size and bits are judged by the header before a pixel is decoded. pydicom
reads the file; what is packed in a way that neither it nor Pillow unpacks is refused. Errors of pydicom are for the caller to translate.
"""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.need import has, need
from .unreadable import Unreadable
from .window import Window

ENDINGS = (".dcm", ".dicom")
PERSONS = {
    "name": ("PatientName", "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName", "ResponsiblePerson"),
    "patient_id": ("PatientID", "OtherPatientIDs", "IssuerOfPatientID", "AccessionNumber", "MedicalRecordLocator"),
    "birth": ("PatientBirthDate", "PatientBirthTime"),
    "address": ("PatientAddress", "PatientTelephoneNumbers"),
    "doctor": ("ReferringPhysicianName", "PerformingPhysicianName", "RequestingPhysician", "OperatorsName"),
}
_REMOVED = ("name", "patient_id")  # what stands there is a cover name where the header says that identity was removed
_NOBODY = re.compile(r"\W*(anon\w*|de-?identified|removed|unknown|none|n/?a|x+|0+)?\W*", re.IGNORECASE)

_PREAMBLE, _MARK = 128, b"DICM"
_BARE = re.compile(  # files that begin with their first field: of group 2 or 8, its VR or a short length behind it
    rb"\x02\0[\0-\x18]\0(?:UL|OB|UI)|\x08\0[\0-\x70]\0(?:CS|UI|UL|DA|TM|SH|LO)|\x08\0[\0-\x22]\0[\x02-\x40]\0\0\0",
    re.DOTALL,
)
_DEFLATED = b"1.2.840.10008.1.2.1.99"  # the whole header is compressed: how large it is is not known before
_GREY = ("MONOCHROME1", "MONOCHROME2")
_COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT", "PALETTE COLOR")
_BITS = (1, 8, 16, 32, 64)
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_RLE = "1.2.840.10008.1.2.5"
_RLE_GROWS = 1.1  # RLE makes what cannot be shortened longer by one byte in 128


def is_dicom(raw: bytes) -> bool:
    """Whether bytes are a DICOM file, as far as its beginning tells.

    >>> is_dicom(bytes(128) + b"DICM"), is_dicom(b"GIF89a")
    (True, False)
    """
    return raw[_PREAMBLE : _PREAMBLE + len(_MARK)] == _MARK or _BARE.match(raw) is not None


def header(raw: bytes, most_pixels: int) -> Any:
    """The fields of a DICOM file before its pixels; there are pixels, and no more than allowed.

    Raises Unreadable, and whatever pydicom does.
    """
    fields = _read(raw, stop_before_pixels=True)
    width, height = size(fields)
    if width < 1 or height < 1:
        raise Unreadable("strange")  # a report, a plan of radiation: not everything in DICOM is a picture
    if width * height > most_pixels:
        raise Unreadable("large")
    return fields


def size(fields: Any) -> tuple[int, int]:
    """Width and height in pixels; 0 where the header says nothing."""
    return int(fields.get("Columns") or 0), int(fields.get("Rows") or 0)


def maker(fields: Any) -> tuple[str, str]:
    """Who made the device, and what it is called."""
    return str(fields.get("Manufacturer") or ""), str(fields.get("ManufacturerModelName") or "")


def pixels(raw: bytes, most_pixels: int, window: Window | None = None) -> NDArray[np.float32]:
    """Levels from 0 to 1 of the first frame: grey [height, width] or red, green and blue [height, width, 3].

    window : in the unit of the file (after slope and intercept), in place of the file's own; for greys alone. Where low numbers are
    meant to be white (MONOCHROME1) it is turned as the picture is.

    Raises Unreadable, and whatever pydicom does.
    """
    header(raw, most_pixels)
    fields = _read(raw)
    meant = str(fields.get("PhotometricInterpretation") or "")
    if not any(name in fields for name in _PIXELS) or meant not in _GREY + _COLOURS:
        raise Unreadable("torn")
    if int(fields.get("BitsAllocated") or 0) not in _BITS or int(fields.get("SamplesPerPixel") or 0) not in (1, 3):
        raise Unreadable("torn")
    _check_packing(fields)
    reader = need("pydicom.pixels", "dicom")
    stored = reader.pixel_array(fields, index=0)  # colours are red, green and blue already
    if meant == "PALETTE COLOR":
        colours = reader.apply_color_lut(stored, fields)
        return np.asarray(colours / np.float32(np.iinfo(colours.dtype).max), dtype=np.float32)
    if meant not in _GREY:
        return np.asarray(stored / np.float32(2 ** int(fields.BitsStored) - 1), dtype=np.float32)
    numbers = np.asarray(reader.apply_modality_lut(stored, fields))
    level = _levels(numbers, fields, window, _known(stored, fields))
    return np.asarray(1 - level if meant == "MONOCHROME1" else level, dtype=np.float32)


def persons(raw: bytes) -> frozenset[str]:
    """Which keys of `PERSONS` the header fills with more than a cover name; "burnt" where it says that there is writing in the picture.

    Raises Unreadable, and whatever pydicom does.
    """
    tags = [name for names in PERSONS.values() for name in names]
    fields = _read(raw, stop_before_pixels=True, specific_tags=[*tags, "PatientIdentityRemoved", "BurnedInAnnotation"])
    removed = str(fields.get("PatientIdentityRemoved") or "").upper() == "YES"
    found = {
        key
        for key, names in PERSONS.items()
        if not (removed and key in _REMOVED) and any(_says(fields.get(name)) for name in names)
    }
    burnt = str(fields.get("BurnedInAnnotation") or "").upper() == "YES"
    return frozenset(found | ({"burnt"} if burnt else set()))


def _read(raw: bytes, **how: Any) -> Any:
    if not has("pydicom"):
        raise Unreadable("no_dicom")
    if _DEFLATED in raw:
        raise Unreadable("packed")
    fields = need("pydicom", "dicom").dcmread(io.BytesIO(raw), force=True, **how)
    if "TransferSyntaxUID" not in fields.file_meta:
        uid = need("pydicom.uid", "dicom")
        fields.file_meta.TransferSyntaxUID = (
            uid.ImplicitVRLittleEndian if fields.original_encoding[0] else uid.ExplicitVRLittleEndian
        )
    return fields


def _says(value: object) -> bool:
    return value is not None and _NOBODY.fullmatch(str(value).strip()) is None


def _check_packing(fields: Any) -> None:
    """Whether what is packed can be unpacked, and is of the size that the header says. Raises Unreadable."""
    syntax = fields.file_meta.TransferSyntaxUID
    if not syntax.is_transfer_syntax or not syntax.is_encapsulated:
        return
    try:
        known = need("pydicom.pixels", "dicom").get_decoder(syntax).is_available
    except NotImplementedError:
        known = False
    if not known:
        raise Unreadable("packed")
    frames = int(fields.get("NumberOfFrames") or 1)
    frame = need("pydicom.encaps", "dicom").get_frame(fields.PixelData, 0, number_of_frames=frames)
    if syntax == _RLE:
        width, height = size(fields)
        whole = width * height * int(fields.SamplesPerPixel) * int(fields.BitsAllocated) / 8
        if len(frame) > _RLE_GROWS * whole + 1024:
            raise Unreadable("torn")
        return
    with need("PIL.Image", "pictures").open(io.BytesIO(frame), formats=("JPEG", "JPEG2000")) as inner:
        if inner.size != size(fields):
            raise Unreadable("torn")


def _known(stored: NDArray[Any], fields: Any) -> NDArray[np.bool_]:
    """Where a number was measured, and not filled in around what was."""
    padding = fields.get("PixelPaddingValue")
    return np.asarray(stored != padding if isinstance(padding, int) else np.ones(stored.shape, dtype=bool))


def _levels(numbers: NDArray[Any], fields: Any, window: Window | None, known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Numbers in their unit as levels from 0 to 1."""
    grey = np.asarray(numbers, dtype=np.float32)
    if window is not None:
        return window.levels(grey)
    centre, width = _first(fields.get("WindowCenter")), _first(fields.get("WindowWidth"))
    if centre is not None and width is not None and width > 0:
        shape = str(fields.get("VOILUTFunction") or "LINEAR").upper()
        if shape == "SIGMOID":
            return np.asarray(1 / (1 + np.exp(np.clip(-4 * (grey - centre) / width, -60, 60))), dtype=np.float32)
        if shape == "LINEAR":  # C.11.2.1.2.1: of whole numbers, of which the last is part of the window
            centre, width = centre - 0.5, max(width - 1, 1e-6)
        return Window(centre - width / 2, centre + width / 2).levels(grey)
    if fields.get("VOILUTSequence"):
        table = fields.VOILUTSequence[0]
        looked = need("pydicom.pixels", "dicom").apply_voi(numbers, fields)
        return Window(0, 2.0 ** int(table.LUTDescriptor[2]) - 1).levels(np.asarray(looked, dtype=np.float32))
    return Window.around(grey[known]).levels(grey)


def _first(value: Any) -> float | None:
    """The first of several numbers; None where there is none."""
    several = value if isinstance(value, list | tuple) or hasattr(value, "append") else [value]
    return float(several[0]) if len(several) and several[0] is not None else None
