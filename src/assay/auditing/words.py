"""Sentences of the audit itself, in English and Chinese."""

from __future__ import annotations

WORDS = {
    "en": {
        "not_applicable": "not asked: {reason}",
        "no_time": "not asked: the time was up",
        "broken": "this check broke: {error}",
        "limit_kept": "limit kept: {name} is {value}, asked for {limit}",
        "limit_broken": "limit broken: {name} is {value}, asked for {limit}",
        "limit_unknown": "limit broken: {name} was not measured, asked for {limit}",
    },
    "zh": {
        "not_applicable": "未检查：{reason}",
        "no_time": "未检查：时间已到",
        "broken": "此项检查出错：{error}",
        "limit_kept": "满足限值：{name} 为 {value}，要求 {limit}",
        "limit_broken": "超出限值：{name} 为 {value}，要求 {limit}",
        "limit_unknown": "超出限值：未测得 {name}，要求 {limit}",
    },
}
