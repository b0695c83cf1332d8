"""Does the file of a picture tell of persons, beside what it shows?

Patients in the header of DICOM; where, by whom and with whose camera a photograph was taken, in EXIF. It is told which sorts of fields are
filled; what stands in them is not handed on.
"""

from __future__ import annotations

from typing import Any

from . import dicom
from .decoding import header_of, quiet

_ARTIST, _PLACE, _MORE = 315, 34853, 34665  # EXIF: who took it, the part on GPS, the part on the shot
_OWNER, _SERIAL, _LENS = 42032, 42033, 42037  # of the camera, of its body and of its lens, in that part
_AT = (2, 4)  # latitude and longitude, of the part on GPS
SORTS = (*dicom.PERSONS, "burnt", "place", "owner", "serial")


def persons_of(raw: bytes) -> frozenset[str]:
    """The keys of `SORTS` of which the file tells; none where it cannot be read.

    Raises MissingPackage without Pillow.

    >>> persons_of(b"P5 640 480 255 ")
    frozenset()
    """
    try:
        if dicom.is_dicom(raw):
            with quiet():
                return dicom.persons(raw)
        with header_of(raw) as picture:
            return _in_exif(picture)
    except ImportError:
        raise
    except Exception:  # noqa: BLE001  hostile bytes fail in every way there is
        return frozenset()


def _in_exif(picture: Any) -> frozenset[str]:
    if picture.format == "PNG" and "exif" not in picture.info:
        return frozenset()
    tags = picture.getexif()
    shot, place = tags.get_ifd(_MORE), tags.get_ifd(_PLACE)
    told = {
        "place": any(at in place for at in _AT),
        "owner": _said(tags.get(_ARTIST)) or _said(shot.get(_OWNER)),
        "serial": _said(shot.get(_SERIAL)) or _said(shot.get(_LENS)),
    }
    return frozenset(key for key, said in told.items() if said)


def _said(value: object) -> bool:
    return bool(str(value or "").strip("\0 "))
