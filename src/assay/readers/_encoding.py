"""In which encoding were these bytes written?

Byte-order marks first, then UTF-8 taken strictly, then UTF-16 by its zero bytes; what remains is judged by how
plausible the decoded text is: GB18030 and Big5 by the share of everyday characters, Western code pages by accented
letters that stand alone between plain ones. Lines of two encodings in one file, as exports pasted together have them,
are read each in its own. Nothing here knows of tables.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

import numpy as np

from assay.kernel.errors import DataError
from assay.kernel.hints import listing
from assay.kernel.words import refusal

MARKS = (
    (codecs.BOM_UTF8, "utf-8", "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16"),
)
JUDGED = 1 << 20  # bytes around the first foreign one that are judged
LEAST = 8  # bytes of Chinese that tell a second encoding: two Western signs side by side would make one character
PIECES = 16  # of a sixteenth of that, all over a larger text, in which lines of another encoding are looked for
HIGH_RUN = re.compile(rb"[\x80-\xff]+")
UTF8_CHARACTER = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# Two-byte characters as each encoding's readers cut them; everyday ones (level 1, punctuation) tell them apart.
GB_CHARACTER = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")
GB_EVERYDAY = re.compile(rb"[\xb0-\xd7][\xa1-\xfe]|[\xa1-\xa3][\xa1-\xfe]")
BIG5_CHARACTER = re.compile(rb"[\x81-\xfe][\x40-\x7e\xa1-\xfe]")
BIG5_EVERYDAY = re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]|[\xa1-\xa3][\x40-\x7e\xa1-\xfe]")
EVERYDAY = {"gb18030": (GB_CHARACTER, GB_EVERYDAY), "big5": (BIG5_CHARACTER, BIG5_EVERYDAY)}
MOST_PLAIN = 0.8  # of its second bytes
CHINESE_UTF8 = re.compile(rb"[\xe3-\xe9\xef][\x80-\xbf]{2}")
AND = " + "  # between the names of two encodings
WESTERN_LETTER = re.compile(rb"[\xc0-\xd6\xd8-\xf6\xf8-\xff\x8a\x8c\x8e\x9a\x9c\x9e\x9f]")
WESTERN_SIGN = re.compile(rb"[\x80\x82-\x87\x91-\x97\x99\xa0\xa1\xa3\xa7-\xab\xad\xae\xb0-\xb7\xba-\xbf\xd7\xf7]")


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """Text as UTF-8 bytes without a mark, the encoding found, and how many characters are not of it.

    encoding : its name; "utf-8 + gb18030" where lines are of the one or the other, the second then counted in `guessed`
    """

    utf8: bytes
    encoding: str
    guessed: int = 0


def decode(raw: bytes, encoding: str | None = None) -> Decoded:
    """Turn bytes of any encoding into UTF-8.

    Raises DataError where `encoding` is given and does not fit.

    >>> decode("姓名,城市".encode("gb18030")).encoding
    'gb18030'
    """
    if encoding:
        return _as_told(raw, encoding)
    for mark, codec, name in MARKS:
        if raw.startswith(mark):
            return _marked(raw[len(mark) :], codec, name)
    try:
        codecs.decode(raw, "utf-8")
    except UnicodeDecodeError as error:
        return _foreign(raw, error.start)
    wide = _wide_without_mark(raw)
    if wide:
        return Decoded(utf8=raw.decode(wide, "replace").encode("utf-8", "replace"), encoding=wide)
    return Decoded(utf8=raw, encoding="utf-8")


def _as_told(raw: bytes, encoding: str) -> Decoded:
    try:
        text = raw.decode(encoding)
    except LookupError as error:
        known = listing(["utf-8", "utf-16", "gb18030", "big5", "cp1252", "latin-1"])
        raise refusal(DataError, "readers", "no_encoding", encoding=encoding, known=known) from error
    except UnicodeDecodeError as error:
        raise refusal(DataError, "readers", "encoding", encoding=encoding, place=error.start) from error
    return Decoded(utf8=text.removeprefix("\ufeff").encode("utf-8", "replace"), encoding=encoding)


def _marked(raw: bytes, codec: str, name: str) -> Decoded:
    try:
        utf8 = raw if codec == "utf-8" and raw.decode(codec) is not None else raw.decode(codec).encode()
        return Decoded(utf8=utf8, encoding=name)
    except UnicodeDecodeError:
        if codec == "utf-8":
            return _mixed(raw, name, _beside_utf8(_pieces(raw)))
        text = raw.decode(codec, "replace")
        return Decoded(utf8=text.encode("utf-8", "replace"), encoding=name, guessed=text.count("\ufffd"))


def _mixed(raw: bytes, name: str, beside: str) -> Decoded:
    """UTF-8, and in it lines of the encoding `beside`, or single Western bytes."""
    text, guessed = mended(raw.decode("utf-8", "surrogateescape"), beside)
    return Decoded(utf8=text.encode(), encoding=f"{name}{AND}{beside}" if beside else name, guessed=guessed)


def _wide_without_mark(raw: bytes) -> str:
    """UTF-16 without a mark: in text mostly Latin, every second byte is zero."""
    sample = np.frombuffer(raw[:4096], dtype=np.uint8)
    if len(sample) < 4:
        return ""
    even, odd = np.mean(sample[::2] == 0), np.mean(sample[1::2] == 0)
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.05 else ""


def _foreign(raw: bytes, first: int) -> Decoded:
    """Not UTF-8 throughout: the most plausible of the others."""
    wide = _wide_without_mark(raw)
    if wide:
        return Decoded(utf8=raw.decode(wide, "replace").encode("utf-8", "replace"), encoding=wide)
    beside = _beside_utf8(_pieces(raw))
    if beside:
        return _mixed(raw, "utf-8", beside)
    sample = raw[max(0, first - JUDGED // 2) : first + JUDGED]
    scores = plausibility(sample)
    for name in sorted(scores, key=lambda name: -scores[name]):
        if name == "utf-8":
            return _mixed(raw, "utf-8", "")
        try:
            return Decoded(utf8=raw.decode(name).encode(), encoding=name)
        except UnicodeDecodeError:
            if scores[name] > 0.9 and name in EVERYDAY:
                text = raw.decode(name, "replace")
                return Decoded(utf8=text.encode(), encoding=name, guessed=text.count("\ufffd"))
    return Decoded(utf8=raw.decode("latin-1").encode(), encoding="latin-1")


def _pieces(raw: bytes) -> bytes:
    """Whole lines from all over the text, a megabyte at most."""
    if len(raw) <= JUDGED:
        return raw
    found = []
    for k in range(PIECES):
        start = k * len(raw) // PIECES
        piece = raw[start : start + JUDGED // PIECES]
        found.append(piece[piece.find(b"\n") + 1 : piece.rfind(b"\n") + 1])
    return b"".join(found)


def _beside_utf8(sample: bytes) -> str:
    """The encoding of Chinese lines that are not UTF-8 where other Chinese lines are; "" where one encoding explains them all."""
    sides: tuple[list[bytes], list[bytes]] = ([], [])
    for line in sample.split(b"\n"):
        if not line.isascii():
            sides[_is_utf8(line)].append(line)
    foreign, own = (b"\n".join(side) for side in sides)
    if not own or sum(len(run) for run in HIGH_RUN.findall(foreign)) < LEAST:
        return ""
    scores = plausibility(foreign)
    best = max(scores, key=lambda name: scores[name])
    if best not in EVERYDAY or scores[best] < 0.9 or _everyday(own, *EVERYDAY[best]) > 0.8:
        return ""  # short words of GB18030 may happen to be UTF-8: they are everyday words as the others are
    chinese = 3 * len(CHINESE_UTF8.findall(own))
    return best if chinese > 0.8 * sum(len(run) for run in HIGH_RUN.findall(own)) else ""


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def plausibility(sample: bytes) -> dict[str, float]:
    """How plausible the foreign bytes are in each encoding, 0 to 1."""
    high = sum(len(run) for run in HIGH_RUN.findall(sample)) or 1
    scores = {"utf-8": 0.0}
    whole = sum(len(c) for c in UTF8_CHARACTER.findall(sample))
    # A mostly whole UTF-8 file with a few broken bytes; chance alone rarely gives half.
    scores["utf-8"] = whole / high if whole > 0.8 * high else 0.0
    scores |= {name: _everyday(sample, *patterns) for name, patterns in EVERYDAY.items()}
    if scores["big5"] and _plain_seconds(sample) > MOST_PLAIN:
        scores["big5"] *= 0.5  # 37.1°C and Änderung: a Western sign and the plain letter behind it
    scores["cp1252"] = _western(sample, high)
    return scores


def _plain_seconds(sample: bytes) -> float:
    """The share of two-byte characters of Big5 whose second byte is a plain one: of Chinese it is two in five."""
    found = BIG5_CHARACTER.findall(sample)
    return float(sum(character[1] < 0x80 for character in found) / max(1, len(found)))


def _everyday(sample: bytes, character: re.Pattern[bytes], everyday: re.Pattern[bytes]) -> float:
    found = character.findall(sample)
    if not found:
        return 0.0
    return sum(1 for c in found if everyday.fullmatch(c)) / len(found)


def _western(sample: bytes, high: int) -> float:
    """Accented letters stand alone or in pairs among plain ones; a run of many speaks for Chinese."""
    alone = 0.0
    for match in HIGH_RUN.finditer(sample):
        run = match.group()
        if len(run) <= 2:
            letters = len(WESTERN_LETTER.findall(run)) + 0.7 * len(WESTERN_SIGN.findall(run))
            alone += letters * _beside_plain(sample, match.start(), match.end())
    return 0.95 * alone / high


def _beside_plain(sample: bytes, start: int, end: int) -> float:
    before, after = sample[start - 1 : start] if start else b"", sample[end : end + 1]
    return 1.0 if before.isalpha() or after.isalpha() or before.isdigit() else 0.5


BROKEN = re.compile("[\udc80-\udcff]")  # bytes that broke UTF-8, kept as lone surrogates


def _western_letter(match: re.Match[str]) -> str:
    """A byte that broke UTF-8, kept as a lone surrogate, read as Western (cp1252)."""
    byte = bytes([ord(match.group()) - 0xDC00])
    try:
        return byte.decode("cp1252")
    except UnicodeDecodeError:
        return byte.decode("latin-1")


def mended(text: str, beside: str = "") -> tuple[str, int]:
    """Text in which what broke UTF-8 was kept as lone surrogates, read anew: (text, how many characters were).

    beside : encoding in which lines with such bytes are read; without one each byte is read as Western (cp1252)
    """
    if not beside:
        return BROKEN.subn(_western_letter, text)
    lines, guessed = text.split("\n"), 0
    for k, line in enumerate(lines):
        if BROKEN.search(line):
            lines[k] = line.encode("utf-8", "surrogateescape").decode(beside, "replace")
            guessed += sum(not letter.isascii() for letter in lines[k])
    return "\n".join(lines), guessed
