"""Sentences of the forests: what they cannot hold or be asked, in English and Chinese."""

from __future__ import annotations

WORDS = {
    "en": {
        "shape.seen": "The values have shape {shape}.",
        "shape.expected": "These trees expect rows of {n} columns.",
        "shape.do": "Encode the table with the encoders of the same model.",
        "linear.seen": "The trees have linear leaves.",
        "linear.expected": "Only constant leaves are kept.",
        "linear.do": "Train without.",
        "wide_path.seen": "A path asks for {n} columns.",
        "wide_path.expected": "Shape functions need at most 2 on each path.",
        "wide_path.do": "Grow the trees with interaction_constraints of two columns at most.",
        "large_term.seen": "The table of columns {columns} has {sizes} cells.",
        "large_term.expected": "At most {most:raw} are kept.",
        "large_term.do": "Grow the trees with a smaller max_bin.",
        "two_kinds.seen": "Column {column:raw} is asked both as a number and as a category.",
        "two_kinds.expected": "It can be only one.",
        "two_kinds.do": "Grow all trees with the same categorical columns.",
    },
    "zh": {
        "shape.seen": "数值的形状为 {shape}。",
        "shape.expected": "这些树需要每行 {n} 列。",
        "shape.do": "请用同一模型的编码器对表格编码。",
        "linear.seen": "这些树的叶节点是线性的。",
        "linear.expected": "只保存常数叶节点。",
        "linear.do": "训练时请勿使用线性叶节点。",
        "wide_path.seen": "有一条路径用到 {n} 列。",
        "wide_path.expected": "形状函数要求每条路径最多 2 列。",
        "wide_path.do": "请在训练时用 interaction_constraints 限制为最多两列。",
        "large_term.seen": "列 {columns} 的表有 {sizes} 个单元格。",
        "large_term.expected": "最多保存 {most:raw} 个。",
        "large_term.do": "请在训练时使用较小的 max_bin。",
        "two_kinds.seen": "第 {column:raw} 列既按数值又按类别使用。",
        "two_kinds.expected": "只能取其一。",
        "two_kinds.do": "请让所有的树使用相同的类别列训练。",
    },
}
