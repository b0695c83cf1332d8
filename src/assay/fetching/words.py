"""Sentences about published data sets, in English and Chinese."""

from __future__ import annotations

WORDS = {
    "en": {
        "20newsgroups.title": "20 Newsgroups",
        "20newsgroups.what": "18,846 posts to 20 newsgroups, parted by date",
        "20newsgroups.terms": "Posts of 1993 belong to their writers and no licence is stated; used for research and teaching. Cite Lang (1995), "
        "NewsWeeder: learning to filter netnews.",
        "imdb.title": "IMDB",
        "imdb.what": "50,000 film reviews, good or bad, and 50,000 without a label",
        "imdb.terms": "Reviews belong to their writers and no licence is stated; used for research and teaching. Its authors ask to cite "
        "Maas et al. (2011), Learning word vectors for sentiment analysis.",
        "from": "{host}: {why}",
        "slow": "no answer within {seconds} s",
        "cut": "the connection ended after {came} of {whole} bytes",
        "large": "what came is larger than {most} MB",
        "other": "what came is another file (SHA-256 begins {found}, expected {wanted})",
        "not_fetched.seen": "{title} could not be fetched: {reasons:; }.",
        "not_fetched.expected": "Expected the published file, over a network or a proxy that HTTPS_PROXY names.",
        "again": "{mb} MB are here: the same command goes on from there.",
        "by_hand": "Fetch {url} where there is a network and put it at {path}; the same command then checks it.",
        "another.seen": "{path} is there, and is not the published file of {title}: its SHA-256 begins {found}.",
        "another.expected": "Expected {wanted}, or no file.",
        "another.do": "Move it away, or name another place with -o.",
        "unwritable.seen": "{path} cannot be written: {reason}.",
        "unwritable.do": "Name another place with -o.",
    },
    "zh": {
        "20newsgroups.title": "20 Newsgroups",
        "20newsgroups.what": "20 个新闻组的 18,846 篇帖子，按日期分为两部分",
        "20newsgroups.terms": "帖子写于 1993 年，归各自作者所有，未注明许可；用于研究与教学。引用：Lang (1995), "
        "NewsWeeder: learning to filter netnews。",
        "imdb.title": "IMDB",
        "imdb.what": "50,000 篇影评（好评或差评），另有 50,000 篇没有标签",
        "imdb.terms": "影评归各自作者所有，未注明许可；用于研究与教学。数据作者要求引用：Maas et al. (2011), "
        "Learning word vectors for sentiment analysis。",
        "from": "{host}：{why}",
        "slow": "{seconds} 秒内没有应答",
        "cut": "收到 {whole} 字节中的 {came} 字节后连接中断",
        "large": "收到的内容超过 {most} MB",
        "other": "收到的是另一个文件（SHA-256 开头为 {found}，应为 {wanted}）",
        "not_fetched.seen": "无法获取 {title}：{reasons:；}。",
        "not_fetched.expected": "应能通过网络或 HTTPS_PROXY 所指的代理得到公开发布的文件。",
        "again": "已收到 {mb} MB：再次运行同一命令即可继续。",
        "by_hand": "请在能联网处下载 {url}，放到 {path}；再次运行同一命令会进行核对。",
        "another.seen": "{path} 已存在，但不是 {title} 公开发布的文件：其 SHA-256 开头为 {found}。",
        "another.expected": "应为 {wanted}，或者没有此文件。",
        "another.do": "请将其移走，或用 -o 指定其他位置。",
        "unwritable.seen": "无法写入 {path}：{reason}。",
        "unwritable.do": "请用 -o 指定其他位置。",
    },
}
