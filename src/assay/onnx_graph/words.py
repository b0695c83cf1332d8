"""Sentences of the export, in English and Chinese."""

from __future__ import annotations

WORDS = {
    "en": {
        "no_graph.seen": "{what} cannot be written as ONNX yet.",
        "no_graph.expected": "Every column and every member of the blend must be.",
        "no_graph.do": "Train with --drop for such a column, or with --learner for other members.",
        "plain.seen": "{what} reads plain numbers made of the pictures in '{part}', and those cannot be written as ONNX yet.",
        "plain.expected": "Every member of the blend must look at the pixels themselves, or at other columns.",
        "plain.do": "Train with --learner residual (or patches, or cnn) alone, or with --drop {part}.",
        "differs.seen": "The ONNX file differs from the model by up to {largest} on {rows} {rows:row|rows}.",
        "differs.expected": "At most {most} is allowed. No file was written.",
        "differs.do": "This is our fault: send us the model file, if you may.",
        "no_rows.seen": "{name} has no rows to check the file on.",
        "no_rows.expected": "One row at least.",
        "no_rows.do": "Give other rows, or none: then rows are made up.",
        "unwritten.seen": "{path} could not be written: {reason}.",
        "unwritten.do": "Name another place.",
        "of_data": "every row of {name}",
        "of_made": "rows made up from what the encoders have seen, missing and unseen cells among them",
    },
    "zh": {
        "no_graph.seen": "{what} 还不能写成 ONNX。",
        "no_graph.expected": "每一列和组合中的每个成员都必须能写成 ONNX。",
        "no_graph.do": "训练时请用 --drop 去掉这样的列，或用 --learner 指定其他成员。",
        "plain.seen": "{what} 使用由“{part}”中的图片算出的普通数值，而这些数值还不能写成 ONNX。",
        "plain.expected": "组合中的每个成员都必须直接看像素，或只看其他列。",
        "plain.do": "训练时请只用 --learner residual（或 patches、cnn），或用 --drop {part}。",
        "differs.seen": "在 {rows} 行上，ONNX 文件与模型的差异最大为 {largest}。",
        "differs.expected": "最多允许 {most}。没有写入文件。",
        "differs.do": "这是程序的错误：如果可以，请把模型文件发给我们。",
        "no_rows.seen": "{name} 没有可供核对的行。",
        "no_rows.expected": "至少需要一行。",
        "no_rows.do": "请给出其他行；不给数据时将自动生成。",
        "unwritten.seen": "无法写入 {path}：{reason}。",
        "unwritten.do": "请指定其他位置。",
        "of_data": "{name} 的每一行",
        "of_made": "按编码器见过的范围生成的行，包括缺失和未见过的单元格",
    },
}
