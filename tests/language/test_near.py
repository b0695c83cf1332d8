"""Are texts that are nearly the same found, and others left alone?"""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from assay.kernel.data import Column, Dataset
from assay.language import near

LETTERS = list("etaoinshrdlucmfwypvbgk")


def vocabulary(rng: np.random.Generator, words: int = 3000) -> list[str]:
    return ["".join(rng.choice(LETTERS, size=rng.integers(2, 10))) for _ in range(words)]


def written(rng: np.random.Generator, vocabulary: list[str], words: int) -> list[str]:
    """Words as often as in a language: the k-th in proportion to 1/k (Zipf 1935)."""
    share = 1.0 / np.arange(1, len(vocabulary) + 1)
    return [str(w) for w in rng.choice(vocabulary, size=words, p=share / share.sum())]


def edited(rng: np.random.Generator, words: list[str], share: float, vocabulary: list[str]) -> list[str]:
    """The same words, a share of them replaced by others."""
    return [str(rng.choice(vocabulary)) if rng.random() < share else word for word in words]


def shingles(text: str) -> set[str]:
    text = near.plain(text)
    return {text[i : i + near.RUN] for i in range(len(text) - near.RUN + 1)}


def counted(texts: list[str]) -> list[tuple[int, int, float]]:
    """The Jaccard index of every pair of texts that have a shingle in common, counted."""
    sets = [shingles(text) for text in texts]
    pairs = itertools.combinations(range(len(texts)), 2)
    return [
        (i, j, len(sets[i] & sets[j]) / len(sets[i] | sets[j])) for i, j in pairs if not sets[i].isdisjoint(sets[j])
    ]


def world(seed: int, families: int = 60) -> list[str]:
    rng = np.random.default_rng(seed)
    words = vocabulary(rng)
    texts = []
    for _ in range(families):
        first = written(rng, words, int(rng.integers(12, 90)))
        texts += [" ".join(edited(rng, first, share, words)) for share in (0.0, *rng.uniform(0, 0.12, size=3))]
    return [texts[i] for i in rng.permutation(len(texts))]


@pytest.mark.parametrize("seed", range(3))
def test_pairs_counted_alike_are_found_and_pairs_counted_unlike_are_not(seed: int) -> None:
    """The estimate has a deviation of at most sqrt(0.8 * 0.2 / bins): 0.04 to 0.06 around the limit."""
    texts = world(seed)
    group = near.near_groups(texts)
    pairs = counted(texts)
    sure = [group[i] == group[j] for i, j, share in pairs if share >= near.ALIKE + 0.06]
    all_alike = [group[i] == group[j] for i, j, share in pairs if share >= near.ALIKE]
    found = [share for i, j, share in pairs if group[i] == group[j]]
    assert len(sure) > 20
    assert np.mean(sure) > 0.97
    assert np.mean(all_alike) > 0.85  # recall
    assert np.mean(np.asarray(found) >= near.ALIKE) > 0.8  # precision, where families lie all about the limit
    assert np.mean(np.asarray(found) >= near.ALIKE - 0.1) > 0.95  # the rest is linked through a third text
    assert min(found) > 0.5


def test_the_groups_are_the_same_in_any_order_of_the_texts() -> None:
    texts = world(5, families=40)
    order = np.random.default_rng(0).permutation(len(texts))
    there = near.near_groups(texts)
    again = near.near_groups([texts[i] for i in order])
    assert ((there[order][:, None] == there[order]) == (again[:, None] == again)).mean() > 0.9999
    np.testing.assert_array_equal(near.near_groups(texts), there)


def test_case_width_blanks_and_punctuation_do_not_part_texts() -> None:
    text = "The pump was replaced on Monday, and the line ran again."
    assert near.near_groups([text, text.upper().replace(",", " -- "), "Ｔｈｅ " + text[4:]]).tolist() == [0, 0, 0]


def test_chinese_texts_are_found_without_cutting_them_into_words() -> None:
    one = "这家酒店位置非常好，离地铁站只有五分钟路程，房间干净整洁，服务员态度热情，早餐品种也很丰富，下次来北京出差还会选择入住。"
    other = "买来给孩子用的，屏幕清晰，声音洪亮，就是电池不太耐用，一天要充两次电，客服答应给换一块新的，等了一个星期还没有收到。"
    assert near.near_groups([one, other, one.replace("热情", "很好")]).tolist() == [0, 1, 0]


def test_short_texts_are_nobodys_copies() -> None:
    texts = ["ok", "OK", "thanks!", "", "  ", "Sorry, I'll call later", "Sorry, I'll call later", "很好", "很好"]
    assert near.near_groups(texts).tolist() == list(range(len(texts)))


def test_letters_from_one_template_that_differ_in_the_word_that_tells_are_no_copies() -> None:
    rng = np.random.default_rng(0)
    names = vocabulary(rng)
    letters = [
        f"Dear {rng.choice(names)} {rng.choice(names)}, we have looked at your application number {rng.integers(10**6)} with "
        f"great care and have to tell you that it has been {'approved' if i % 2 else 'rejected'} by our office. If you "
        "have any questions, please call us on any working day between nine and five. With kind regards, your bank"
        for i in range(300)
    ]
    assert len(set(near.near_groups(letters).tolist())) == 300
    longest = max(letters, key=len)
    again = near.near_groups([*letters, longest.replace("great", "utmost")])
    assert again[300] == again[letters.index(longest)]
    assert len(set(again.tolist())) == 300
    mixed = [" ".join(written(rng, names, 40)) for _ in range(300)]
    group = near.near_groups([*letters, *mixed, mixed[0] + " indeed"])
    assert group[600] == group[300]
    assert len(set(group.tolist())) == 600


def test_the_same_letter_sent_to_many_is_a_copy_all_the_same() -> None:
    letter = "Congratulations, you have won a prize of one thousand pounds. Call now to claim it before midnight."
    rng = np.random.default_rng(1)
    others = [" ".join(written(rng, vocabulary(rng, 500), 30)) for _ in range(50)]
    group = near.near_groups([*[letter] * 50, *others])
    assert len(set(group[:50].tolist())) == 1
    assert len(set(group[50:].tolist())) == 50


def test_many_and_long_texts_take_seconds() -> None:
    """A guard against time that grows with pairs, not a measurement: many times what it took."""
    rng = np.random.default_rng(2)
    words = vocabulary(rng)
    flat = written(rng, words, 400_000)
    texts = [" ".join(flat[i * 20 : i * 20 + 20]) for i in range(20_000)]
    long = "".join(rng.choice(LETTERS, size=1_000_000)) * 10
    started = time.process_time()
    near.near_groups(texts)
    group = near.near_groups([long, long[:5_000_000] + "a change in the middle" + long[5_000_000:], "x" * 10_000_000])
    assert time.process_time() - started < 20
    assert group.tolist() == [0, 0, 2]


def test_texts_full_of_what_is_no_letter_do_no_harm() -> None:
    assert len(near.near_groups(["\ud800" * 40, "😀" * 100, "\x00\x01" * 50, "א" * 60, "1 " * 60])) == 5
    assert near.near_groups([]).tolist() == []


def test_rows_are_compared_by_all_their_texts_and_rows_without_one_stand_alone() -> None:
    body = "The nurse noted a mild fever in the evening, which had gone by the next morning without any medicine."
    notes = [body, body.replace("mild", "light"), None, None, body]
    more = ["A scan of the chest showed nothing that would explain the patient's long cough.", None, None, None, None]
    data = Dataset((Column.of_words("note", notes), Column.of_words("more", more)))
    assert near.near_rows(data, ["note"]).tolist() == [0, 0, 2, 3, 0]
    assert near.near_rows(data, ["note", "more"]).tolist() == [0, 1, 2, 3, 1]
    assert near.near_rows(data, []).tolist() == [0, 1, 2, 3, 4]


def test_two_groupings_become_one_in_which_either_holds() -> None:
    together = near.joined(np.asarray([0, 0, 1, 2, 3]), np.asarray([5, 6, 6, 7, 8]))
    assert together[0] == together[1] == together[2]
    assert len(set(together.tolist())) == 3
