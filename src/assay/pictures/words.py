"""What does the toolkit of pictures say?"""

from __future__ import annotations

WORDS = {
    "en": {
        "most.seen": "ASSAY_MOST_PIXELS is '{value}'.",
        "most.expected": "It says how many pixels a picture may have before it is left out: a whole number from 1 to {most}.",
        "most.do": "Set it so, such as 200000000, or unset it: then it is {usual}.",
    },
    "zh": {
        "most.seen": "ASSAY_MOST_PIXELS 的值为“{value}”。",
        "most.expected": "它规定图片最多有多少像素，超过则不读取：应为 1 至 {most} 之间的整数。",
        "most.do": "请这样设置，例如 200000000；或取消设置，此时为 {usual}。",
    },
}
