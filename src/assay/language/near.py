"""Which texts are nearly the same text?

A text pasted twice with a word changed is no second witness: if one copy is learnt from and the other measured, the
figure flatters. Texts are compared by their shingles, all runs of five letters or digits after NFKC and lower case, blanks and
punctuation left away; runs of three where the letters are Chinese, Japanese or Korean, so that no cutting into words is
needed. How alike two texts are is their Jaccard index, the share of their shingles that both have; it is estimated from
MinHash signatures (Broder 1997) taken in one pass (one permutation hashing, Li, Owen & Zhang 2012), and only pairs that share
a band of a signature are compared at all.

Four fifths is the limit: a changed word of five letters breaks nine shingles, so that it takes a text of about 85 letters to
bear one, as a person would say too; at 0.5 two letters of one office, or two news of one match, would be the same.

What is not taken for a copy, and why:

- A text of fewer than 24 letters ("Sorry, I'll call later"): people write such a thing again, in new rows too, so that
  meeting it in training is no flattery.
- A template. Where letters differ in the one word that tells (approved, rejected), nearly all shingles are alike. So what
  more than a tenth of all texts have in common is the house's wording, and what is left of two texts without it, their own
  words, must be alike by half at least. A template of fewer texts cannot be told from copies with a small change; they are
  kept together, which at worst makes a figure too modest. Texts that are the same letter by letter are copies, template or
  not.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import weakref
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Dataset, Ints

RUN, SHORT_RUN = 5, 3  # letters of a shingle; of one whose letters are syllables or words
SYLLABLES = (0x2E80, 0xD7FF)  # code points from Chinese radicals to the end of Hangul
ALIKE, OWN_ALIKE = 0.8, 0.5  # estimated Jaccard index of two texts that are nearly the same, and of their own words
LEAST_LETTERS = 24
COMMON, LEAST_COMMON = 0.1, 20  # share, and number, of texts beyond which what they share is a template's
# Four bins a band: pairs at 0.8 share a band all but certainly, at 0.5 in 87 %, at 0.3 in 23 % of cases.
BINS, BANDS = 128, 32
LEAST_BINS = 10  # bins of its own without which a text is not compared
MOST_TEXTS = 100_000  # beyond it only texts that are the same letter by letter are found
MOST_LETTERS = 50_000_000  # read of all texts, but of each at least and at most these:
FEWEST_READ, LONGEST_READ = 2_000, 100_000
CHUNK = 1_000_000  # letters hashed at once, or one text more
EMPTY = np.uint32(0xFFFFFFFF)
UNSPOKEN = re.compile(r"[\W_]+")


def plain(text: str, most: int = LONGEST_READ) -> str:
    """The letters and digits of a text in small NFKC; of one longer than `most` characters its two ends.

    >>> plain("Ｈello,  World!")
    'helloworld'
    """
    if len(text) > most:
        text = text[: most // 2] + "\n" + text[-(most // 2) :]
    return UNSPOKEN.sub("", unicodedata.normalize("NFKC", text).lower())


def near_groups(texts: Sequence[str]) -> Ints:
    """Number of the group of each text [n]: texts that are nearly the same, or linked by such, have the same number.

    The same texts give the same groups, whatever else was grouped before.

    >>> long = "The parcel arrived on Monday and the box was open, but nothing had been taken out of it by anyone at all."
    >>> near_groups([long, "Another text altogether, of some length.", long.replace("Monday", "Tuesday")]).tolist()
    [0, 1, 0]
    """
    return _first_of(_grouped(texts)[0])


def _grouped(texts: Sequence[str]) -> tuple[Ints, NDArray[np.bool_]]:
    """(group of each text [n], whether it is long enough to be a copy [n])."""
    n = len(texts)
    most = int(np.clip(MOST_LETTERS // max(1, n), FEWEST_READ, LONGEST_READ))
    first: dict[bytes, int] = {}
    group = np.arange(n)
    spoken = np.zeros(n, dtype=bool)
    of: list[int] = []  # the first text of each spelling
    signed, waiting, letters_waiting = [_signatures([])], list[str](), 0  # texts are let go of chunk by chunk
    for i, text in enumerate(texts):
        letters = plain(text, most)
        if len(letters) < LEAST_LETTERS:
            continue
        spoken[i] = True
        key = hashlib.blake2b(letters.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        group[i] = first.setdefault(key, i)
        if group[i] == i and len(first) <= MOST_TEXTS:
            of.append(i)
            waiting.append(letters)
            letters_waiting += len(letters)
        if letters_waiting > CHUNK:
            signed.append(_signatures(waiting))
            waiting, letters_waiting = [], 0
    if 1 < len(first) <= MOST_TEXTS:
        linked = _linked(np.concatenate([*signed, _signatures(waiting)]))
        place = np.arange(n)
        place[of] = np.asarray(of)[linked]
        group = place[group]
    return group, spoken


def near_rows(data: Dataset, names: Iterable[str]) -> Ints:
    """Number of the group of each row [n]: rows whose texts, read together, are nearly the same.

    names : columns of words. A row without any text stands alone. Found once for as long as the table is held.
    """
    names = tuple(names)
    known = _REMEMBERED.setdefault(data, {})
    if names not in known:
        known[names] = _near_rows(data, names)
    return known[names]


_REMEMBERED: weakref.WeakKeyDictionary[Dataset, dict[tuple[str, ...], Ints]] = weakref.WeakKeyDictionary()


def _near_rows(data: Dataset, names: tuple[str, ...]) -> Ints:
    if not names:
        return np.arange(data.rows)
    columns = [data[name].as_words() for name in names]
    codes, row = np.unique(np.column_stack([c.cells for c in columns]), axis=0, return_inverse=True)
    row = row.reshape(-1)
    parts = [("" if c.levels is None else np.append(c.levels, "")) for c in columns]
    texts = ["\n".join(str(p[c]) for p, c in zip(parts, some, strict=True)) for some in codes.tolist()]
    group, spoken = _grouped(texts)
    return _first_of(np.where(spoken[row], data.rows + group[row], np.arange(data.rows)))


def joined(first: Ints, second: Ints) -> Ints:
    """Groups [n] in which rows stand together that either of two groupings has together."""
    n = len(first)
    links = [(np.unique(g, return_index=True, return_inverse=True)) for g in (first, second)]
    pairs = [np.column_stack([np.arange(n), at[code]]) for _, at, code in links]
    return _components(np.concatenate(pairs), n)


# ------------------------------------------------------------------------------------------------------ signatures


def _signatures(texts: Sequence[str]) -> NDArray[np.uint32]:
    """The smallest hash of a text's shingles in each of the bins they fall into: [n, BINS], EMPTY where none falls."""
    signatures = np.full(len(texts) * BINS, EMPTY, dtype=np.uint32)
    hashes, text = _shingles(texts)
    place = text * BINS + (hashes >> np.uint64(57)).astype(np.int64)  # seven bits choose the bin, 32 others are kept
    np.minimum.at(signatures, place, np.minimum(hashes.astype(np.uint32), EMPTY - np.uint32(1)))
    return signatures.reshape(len(texts), BINS)


def _shingles(texts: Sequence[str]) -> tuple[NDArray[np.uint64], Ints]:
    """Hashes of all runs of RUN letters, and the text each stands in: two arrays [m]."""
    lengths = np.asarray([len(text) for text in texts], dtype=np.int64)
    coded = "".join(texts).encode("utf-32-le", "surrogatepass")
    letters = np.frombuffer(coded, dtype=np.uint32).astype(np.uint64)
    m = max(0, len(letters) - RUN + 1)
    syllable = (letters >= SYLLABLES[0]) & (letters <= SYLLABLES[1])
    brief = np.ones(m, dtype=bool)
    hashes = np.zeros(m, dtype=np.uint64)
    for k in range(RUN):  # a polynomial in an odd number, modulo 2^64
        further = hashes * np.uint64(0x9E3779B97F4A7C15) + letters[k : k + m]
        hashes = further if k < SHORT_RUN else np.where(brief, hashes, further)
        if k < SHORT_RUN:
            brief &= syllable[k : k + m]
    text = np.repeat(np.arange(len(texts)), lengths)
    within = text[:m] == text[RUN - 1 : RUN - 1 + m]
    return _mixed(hashes[within]), text[:m][within]


def _mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Splitmix64 (Steele, Lea & Flood 2014): spreads every bit."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))


# ----------------------------------------------------------------------------------------------------------- pairs


def _linked(signatures: NDArray[np.uint32]) -> Ints:
    """Groups [n] of texts linked by pairs that are nearly the same."""
    own = _without_common(signatures)
    asked = np.flatnonzero((own != EMPTY).sum(axis=1) >= LEAST_BINS)
    own, whole = own[asked], signatures[asked]
    filled = _filled(own)
    n = len(asked)
    group = np.arange(n)
    links = np.empty((0, 2), dtype=np.int64)
    for band in range(BANDS):
        pairs = _sharing(filled[:, band::BANDS])
        pairs = pairs[group[pairs[:, 0]] != group[pairs[:, 1]]]
        pairs = pairs[_estimated(own, pairs) >= OWN_ALIKE]
        pairs = pairs[_estimated(whole, pairs) >= ALIKE]
        if len(pairs):
            links = np.concatenate([links, pairs])
            group = _components(links, n)
    out = np.arange(len(signatures))
    out[asked] = asked[_first_of(group)]
    return out


def _without_common(signatures: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Signatures without what many texts have in common."""
    most = max(LEAST_COMMON, COMMON * len(signatures))
    out = signatures.copy()
    for column in out.T:
        _, code, count = np.unique(column, return_inverse=True, return_counts=True)
        column[(count > most)[code]] = EMPTY
    return out


def _filled(signatures: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Empty bins filled from the next full one, so that like texts still share bands (densification, Shrivastava & Li 2014)."""
    twice = np.concatenate([signatures, signatures], axis=1)
    place = np.where(twice != EMPTY, np.arange(2 * BINS, dtype=np.int32), 2 * BINS)
    nearest = np.minimum.accumulate(place[:, ::-1], axis=1)[:, ::-1][:, :BINS] % BINS
    return np.take_along_axis(signatures, nearest, axis=1)


def _sharing(band: NDArray[np.uint32]) -> Ints:
    """Pairs [m, 2] of texts that have all of a band's bins alike: each with the first of its kind, and with the one before."""
    key = np.zeros(len(band), dtype=np.uint64)
    for column in band.T:
        key = _mixed(key ^ column)
    order = np.argsort(key, kind="stable")
    same = key[order][1:] == key[order][:-1]
    head = np.maximum.accumulate(np.where(np.append(False, same), 0, np.arange(len(order))))
    later = np.flatnonzero(same) + 1
    stars = np.column_stack([order[head[later]], order[later]])
    chains = np.column_stack([order[later - 1], order[later]])
    return np.concatenate([stars, chains[head[later] != later - 1]])


def _estimated(signatures: NDArray[np.uint32], pairs: Ints) -> NDArray[np.float64]:
    """Estimated Jaccard index of pairs [m, 2]: bins alike among bins that either has."""
    out = np.empty(len(pairs))
    for start in range(0, len(pairs), 20_000):
        a, b = (signatures[pairs[start : start + 20_000, side]] for side in (0, 1))
        either = ((a != EMPTY) | (b != EMPTY)).sum(axis=1)
        out[start : start + 20_000] = ((a == b) & (a != EMPTY)).sum(axis=1) / np.maximum(either, 1)
    return out


def _components(links: Ints, n: int) -> Ints:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(links), dtype=np.int32)
    found = connected_components(coo_array((ones, (links[:, 0], links[:, 1])), shape=(n, n)), directed=False)[1]
    return np.asarray(found, dtype=np.int64)


def _first_of(group: Ints) -> Ints:
    """Groups named by the place of their first member: [n]."""
    _, at, code = np.unique(group, return_index=True, return_inverse=True)
    return np.asarray(at[code], dtype=np.int64)
