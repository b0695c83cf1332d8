"""Are words told as people read them, and does colour never run out of the text?"""

from __future__ import annotations

from assay.answers.explanation import LONGEST, WordPulls


def told(words: int) -> WordPulls:
    text = " ".join(["rude", "room"] * words)
    places = tuple((5 * i, 5 * i + 4, -1.0 if i % 2 == 0 else 0.1) for i in range(2 * words))
    return WordPulls("note", text, places, 0.5)


def test_a_word_that_stands_often_is_told_once_with_all_its_pull() -> None:
    lines = told(3).lines("en", colours=False)
    assert [line.split()[:2] for line in lines if "rude" in line] == [["rude", "−3.00"]]
    assert "\x1b" not in "".join(lines)


def test_a_long_text_is_cut_between_words_and_every_colour_is_ended() -> None:
    shown = told(LONGEST).lines("en", colours=True)[-1]
    assert shown.count("\x1b[31m") == shown.count("\x1b[0m") > 0
    assert len(shown.replace("\x1b[31m", "").replace("\x1b[0m", "")) == LONGEST + 2
