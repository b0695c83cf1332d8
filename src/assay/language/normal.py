"""What does a text say once its wrapping is taken off?

Unicode in its compatibility form (NFKC), HTML tags and entities resolved, signs that nobody sees (zero-width, direction
marks, control characters) taken away, every run of blanks one blank. Upper case stays: who counts words lowers it.
"""

from __future__ import annotations

import html
import re
import unicodedata

PLAIN = re.compile(r"[!-%'-;=-~]+(?: [!-%'-;=-~]+)*")  # printable ASCII without & and <, single blanks
TAG = re.compile(r"<(?:/?[a-zA-Z][a-zA-Z0-9]{0,15}(?:\s[^<>]{0,500})?/?|!--[^>]{0,2000}--)>")
HIDDEN = re.compile("[\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb]")
ODD = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\\s]+")


def normal(text: str) -> str:
    """The text without its wrapping.

    >>> normal("Caf\\u0065\\u0301&nbsp;<b>closed</b>\\n １２３")
    'Café closed 123'
    """
    if PLAIN.fullmatch(text):
        return text
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = TAG.sub(" ", text)
    if not text.isascii():
        text = HIDDEN.sub("", unicodedata.normalize("NFKC", text))
    return ODD.sub(" ", text).strip()
