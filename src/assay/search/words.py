"""Sentences of the search, in English and Chinese."""

from __future__ import annotations

WORDS = {
    "en": {
        "refit.cross": "What ships is one model, fitted once more on all {n} rows. The figures are those of the {folds} fold models, which never saw the rows they were measured on.",
        "refit.sealed": "What ships is one model, fitted once more on all {n} rows that are not sealed. The figures are its own, on the sealed rows.",
        "refit.no_time": "One refit was asked for, but the time was up: the bag of {folds} fold models ships.",
        "refit.worse": "One refit was asked for, but it answers worse than the fold models on rows they never saw: the bag of {folds} fold models ships.",
    },
    "zh": {
        "refit.cross": "所交付的是在全部 {n} 行上重新拟合的单个模型。各项指标来自 {folds} 个折模型，它们从未见过用于测量的行。",
        "refit.sealed": "所交付的是在未封存的全部 {n} 行上重新拟合的单个模型。各项指标是它自己在封存行上的结果。",
        "refit.no_time": "要求重新拟合为单个模型，但时间已到：交付 {folds} 个折模型的组合。",
        "refit.worse": "要求重新拟合为单个模型，但它在折模型未见过的行上表现更差：交付 {folds} 个折模型的组合。",
    },
}
