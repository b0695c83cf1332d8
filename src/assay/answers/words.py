"""Sentences of answers and explanations, in English and Chinese."""

from __future__ import annotations

WORDS = {
    "en": {
        "outside": "{name} {value} is outside the range of training",
        "unseen": "{name} '{value}' was never seen in training",
        "misfit": "{name} '{value}' does not read as {kind}",
        "empty_set": "less typical than usual of every class",
        "base": "base (all rows alike)",
        "score": "score",
        "unit_classes": "log-odds of '{label}'",
        "unit_value": "in the unit of '{target}'",
        "heading": "Row {row}: {answer}",
        "missing": "missing",
    },
    "zh": {
        "outside": "{name} {value} 超出训练数据的范围",
        "unseen": "{name}“{value}”在训练中从未出现",
        "misfit": "{name}“{value}”不能按{kind}读取",
        "empty_set": "对每个类别而言都不够典型",
        "base": "基准（所有行相同）",
        "score": "得分",
        "unit_classes": "“{label}”的对数几率",
        "unit_value": "单位与“{target}”相同",
        "heading": "第 {row} 行：{answer}",
        "missing": "缺失",
    },
}
