"""In which order do words stand that grade something?

Known are the usual scales of schools, clinics and questionnaires, in English and Chinese. A scale is a list of steps, lowest
first; words of one step mean the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

# fmt: off
SCALES: tuple[tuple[tuple[str, ...], ...], ...] = (
    (("不及格", "不合格"), ("及格", "合格", "达标"), ("中", "中等"), ("良", "良好"), ("优", "优秀")),
    (("差", "较差"), ("中", "中等", "一般"), ("良", "良好", "较好"), ("优", "优秀", "很好")),
    (("很差", "极差"), ("差", "较差"), ("一般", "中等"), ("好", "较好", "良好"), ("很好", "优秀")),
    (("极低", "很低", "非常低"), ("低", "较低"), ("中", "中等", "一般"), ("高", "较高"), ("极高", "很高", "非常高")),
    (("极小", "很小"), ("小", "较小"), ("中", "中等"), ("大", "较大"), ("极大", "很大", "特大")),
    (("无", "正常"), ("轻", "轻度", "轻微"), ("中", "中度"), ("重", "重度", "严重"), ("极重", "极重度", "危重")),
    (("非常不满意", "很不满意"), ("不满意", "较不满意"), ("一般", "中立"), ("满意", "较满意", "比较满意"), ("非常满意", "很满意")),
    (("非常不同意", "完全不同意"), ("不同意",), ("一般", "中立"), ("同意",), ("非常同意", "完全同意")),
    (("从不",), ("很少", "偶尔"), ("有时",), ("经常", "常常"), ("总是",)),
    (("小学",), ("初中",), ("高中", "中专"), ("大专", "专科"), ("本科", "大学"), ("硕士", "研究生"), ("博士",)),
    (("丁",), ("丙",), ("乙",), ("甲",)),
    (("very low", "very_low"), ("low",), ("medium", "moderate", "mid", "med", "middle", "average"), ("high",), ("very high", "very_high")),
    (("very small", "xs"), ("small", "s"), ("medium", "m", "mid"), ("large", "l", "big"), ("very large", "xl")),
    (("none", "absent", "normal"), ("minimal",), ("mild", "slight", "minor"), ("moderate",), ("severe", "major"), ("critical",)),
    (("very poor", "very bad"), ("poor", "bad"), ("fair", "average", "ok"), ("good",), ("very good",), ("excellent",)),
    (("fail", "failed"), ("pass", "passed"), ("merit", "good"), ("distinction", "excellent")),
    (("never",), ("rarely", "seldom"), ("sometimes", "occasionally"), ("often", "frequently"), ("always",)),
    (("very dissatisfied",), ("dissatisfied",), ("neutral",), ("satisfied",), ("very satisfied",)),
    (("strongly disagree",), ("disagree",), ("neutral", "neither agree nor disagree"), ("agree",), ("strongly agree",)),
    (("f",), ("e",), ("d-",), ("d",), ("d+",), ("c-",), ("c",), ("c+",), ("b-",), ("b",), ("b+",), ("a-",), ("a",), ("a+",)),
    (("d",), ("c",), ("cc",), ("ccc",), ("b",), ("bb",), ("bbb",), ("a",), ("aa",), ("aaa",)),
)
# fmt: on
MOST = 100  # words beyond which they grade nothing
LEAST = 3  # two words of a scale are two classes
KNOWN = 0.95  # share of the cells whose words a scale must know; the rest is no grade (缺考)


def in_order(words: Mapping[str, int]) -> tuple[str, ...]:
    """Of words and in how many cells each stands, those that one scale knows, lowest first; none where no scale knows enough of them,
    two mean the same, or scales disagree.

    >>> in_order({"high": 9, "Low": 5, "medium": 6}), in_order({"优": 30, "中": 40, "差": 20, "良": 50, "缺考": 3})
    (('Low', 'medium', 'high'), ('差', '中', '良', '优'))
    >>> in_order({"red": 9, "low": 9, "high": 9})
    ()
    """
    if len(words) > MOST:
        return ()
    found = {order: sum(words[word] for word in order) for scale in SCALES if (order := _by(scale, words))}
    most = max(found.values(), default=0)
    best = [order for order, cells in found.items() if cells == most]
    enough = most >= KNOWN * sum(words.values())
    return best[0] if enough and len(best) == 1 and len(best[0]) >= LEAST else ()


def _by(scale: Sequence[Sequence[str]], words: Iterable[str]) -> tuple[str, ...]:
    place = {word: step for step, same in enumerate(scale) for word in same}
    steps = {word: place[word.strip().casefold()] for word in words if word.strip().casefold() in place}
    return tuple(sorted(steps, key=lambda word: steps[word])) if len(set(steps.values())) == len(steps) else ()
