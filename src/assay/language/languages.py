"""In which language and script is a text?

The script is that of most letters. Among languages in Latin letters the one is taken whose most frequent small words make up most of
the text (Ingle 1976; Grefenstette 1995); where hardly any do, the answer is the script alone. A name of two letters as in ISO 639.
"""

from __future__ import annotations

import functools
import re

import numpy as np

from .characters import TABLE, codes_of

LOOKED_AT = 400  # characters of a text
SMALL_WORDS = {
    "en": "the of and to in is it you that was for on are with as his they be at this have from or had by not but what all were we when your can said there an each which she do how their if will up about then them these so some her would make like him into has the i my me",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man ich wir",
    "fr": "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont avec nous mais ou vous cette être leur ses son aux été très je elle on tout ont y",
    "es": "de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me si sin sobre este ya entre cuando todo esta ser son dos también fue había era muy hasta desde nos",
    "it": "di e il la che in un a per è una sono mi ho lo ma del con non si da le i come ti al alla dei della più nel anche questo se ha ci gli o questa",
    "pt": "de a o que e do da em um para com não uma os no se na por mais as dos como mas ao ele das à seu sua ou quando muito nos já eu também só pelo pela até isso ela entre",
    "nl": "de het een en van in is dat op te zijn met voor niet die aan er om ook als dan maar bij nog naar hij door wordt worden over uit ze ik je heeft was we geen of",
}  # fmt: skip
SCRIPTS = (
    ("zh", 0x3400, 0x4DBF), ("zh", 0x4E00, 0x9FFF), ("zh", 0xF900, 0xFAFF), ("ja", 0x3040, 0x30FF), ("ko", 0x1100, 0x11FF),
    ("ko", 0xAC00, 0xD7AF), ("ru", 0x0400, 0x052F), ("ar", 0x0600, 0x06FF), ("ar", 0x0750, 0x077F), ("he", 0x0590, 0x05FF),
    ("el", 0x0370, 0x03FF), ("th", 0x0E00, 0x0E7F), ("hi", 0x0900, 0x097F), ("latin", 0x41, 0x5A), ("latin", 0x61, 0x7A),
    ("latin", 0xC0, 0xD6), ("latin", 0xD8, 0xF6), ("latin", 0xF8, 0x24F), ("latin", 0x1E00, 0x1EFF),
)  # fmt: skip
NAMES = ("", *dict.fromkeys(name for name, _, _ in SCRIPTS))
LEAST = 0.12  # share of words that must be small words of a language
WORD = re.compile(r"[^\W\d_]+")


def language_of(text: str) -> str:
    """A language such as "en" or "zh", "latin" where only the script is clear, "" where there are no letters.

    >>> language_of("The room was not clean"), language_of("房间很干净"), language_of("42!"), language_of("30×50")
    ('en', 'zh', '', '')
    """
    text = text[:LOOKED_AT]
    codes = codes_of(text)
    count = np.bincount(_scripts()[codes[codes < TABLE]], minlength=len(NAMES))
    count[0] = 0
    if not count.any():
        return ""
    if count[NAMES.index("ja")] > 0.1 * count.sum():  # Japanese writes Han characters as well
        return "ja"
    name = NAMES[int(count.argmax())]
    if name != "latin":
        return name
    words = WORD.findall(text.lower())
    shares = {key: sum(word in small for word in words) / len(words) for key, small in _small_words().items()}
    best = max(shares, key=lambda key: shares[key])
    return best if shares[best] >= LEAST else name


@functools.cache
def _scripts() -> np.ndarray:
    table = np.zeros(TABLE, dtype=np.int64)
    for name, first, last in SCRIPTS:
        table[first : last + 1] = NAMES.index(name)
    return table


@functools.cache
def _small_words() -> dict[str, frozenset[str]]:
    return {key: frozenset(words.split()) for key, words in SMALL_WORDS.items()}
