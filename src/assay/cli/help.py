"""What does --help say, in English and Chinese?

Kept apart from what the verbs print, and free of templates, so that help needs nothing but this file.
"""

from __future__ import annotations

HELP = {
    "en": {
        "help.usage": "usage: ",
        "help.positional arguments": "positional arguments",
        "help.options": "options",
        "help.verbs": "verbs",
        "help.help": "show this help and exit",
        "help.version": "show the version and exit",
        "help.top": "Your own data and a target in; a model that stands up to inspection out.",
        "help.top.epilog": """\
from a table to answers:
  assay plan    loans.csv --target default
  assay train   loans.csv --target default --minutes 2     writes loans.assay and loans.html
  assay predict loans.assay new.csv -o scored.csv
  assay explain loans.assay new.csv --row 3
  assay counterfactual loans.assay new.csv --row 3         what would have to change for another answer
  assay audit   loans.assay june.csv
  assay verify  loans.assay loans.csv                      every claim computed again
  assay sign    loans.assay --key writer.key
  assay report  loans.assay -o loans.md
  assay export  loans.assay loans.onnx june.csv
  assay similar reviews.csv "the room was cold"
  assay fetch   imdb                                       a published data set to try it on

'assay VERB --help' tells more. Exit codes: 0 done, 1 a check with a limit failed,
2 the request cannot be met, 3 our fault.
""",
        "help.plan": "what would be done with a table, nothing trained",
        "help.plan.epilog": """\
Nothing is trained and nothing is written. What you would decide otherwise, say: every line of the plan
can be overruled, and 'assay train' takes the same options.

  assay plan loans.csv --target default
  assay plan loans.csv --target default --kind zip=category --drop notes --group customer
""",
        "help.train": "a table in, a model with its assay out",
        "help.train.epilog": """\
Writes NAME.assay (the model, one file that holds no code) and NAME.html (the report) beside you; -o names
another place. Ctrl-C ships the best so far; a killed run goes on with --resume.

  assay train loans.csv --target default --minutes 2
  assay train loans.csv --target default --test june.csv --limit 'quality.auc>=0.75'
  assay train visits.csv --target readmitted --group patient --sensitive sex
""",
        "help.predict": "answers for new rows",
        "help.predict.epilog": """\
The written file has the id columns, then answer, p_CLASS for every class (or low and high for a value,
and before them the value that a grade is nearest to), set (the answers that cannot be ruled out at the
model's level) and notes (what is unusual about the row). In CSV, a text that begins with = + - or @ gets
an apostrophe before it, so that no spreadsheet reckons with it; numbers stay as they are. One that holds
more than ASCII is UTF-8 behind its mark, as spreadsheets need it.

CSV, Parquet and Arrow files larger than the memory are answered block by block. PATH appears when all is there; what a killed
run has finished lies beside it (.PATH.part), and --resume goes on from there.

  assay predict loans.assay new.csv -o scored.csv
  assay predict loans.assay millions.parquet -o scored.parquet --resume
  assay predict cells.assay slides/ -o found.json --draw drawn/     boxes, as COCO and on the pictures
""",
        "help.explain": "why one row is answered as it is",
        "help.explain.epilog": """\
Each part's pull is in the unit of the score (log-odds of the answer, or the target's own unit); with the base
they add up to the score exactly. As reason codes, at most four reasons why a row did not get the other of two answers, beside the
rows that just got it (US Regulation B, official comment 9(b)(2)-5), put to the model.

  assay explain loans.assay new.csv --row 3
  assay explain loans.assay new.csv --row 3 --as reason-codes --class good
  assay explain loans.assay new.csv --row 3 --class default
  assay explain parts.assay parts.csv --row 3 --draw maps
  assay explain parts.assay parts.csv --row 3 --draw maps --places occlusion
""",
        "help.counterfactual": "the smallest changes of one row that alter its answer",
        "help.counterfactual.epilog": """\
Looks for few and small changes, among cells that training rows hold and together as usual as real rows are. Each is put to
the model before it is told. What nobody can change, say: --immutable. Sensitive columns, texts and pictures stay as they are
by themselves. Names rise and fall where they bear numbers ('... < 100', '100 - 500').

  assay counterfactual loans.assay new.csv --row 3
  assay counterfactual loans.assay new.csv --row 3 --to good --immutable age,sex --increase-only savings
  assay counterfactual houses.assay new.csv --to '>300000' --decrease-only distance
""",
        "help.to": "the class that is wished for (default: any other); of a value a range such as '>20', '<20' or '20..30'",
        "help.immutable": "columns that stay as they are, with commas between",
        "help.increase_only": "columns that only rise",
        "help.decrease_only": "columns that only fall",
        "help.counterfactual.most": "how many ways to tell, the cheapest first (default 3)",
        "help.counterfactual.output": "write the changes as a CSV file beside",
        "help.audit": "the same checks on new labelled rows",
        "help.audit.epilog": """\
Puts the same checks to the model, on rows it has never seen.

  assay audit loans.assay june.csv
  assay audit loans.assay june.csv -o june.html --limit 'quality.auc>=0.75'
  assay audit theirs.onnx june.csv --target default --labels no,yes -o theirs.html
  assay audit scoring:answers june.csv --target default
  assay audit https://models.example/score june.csv --target default
""",
        "help.serve": "a page and an API for one model or several",
        "help.serve.epilog": """\
examples:
  assay serve loans.assay                                  a page at http://127.0.0.1:8000, for this machine alone
  assay serve models/ --port 9000 --workers 2              every .assay file of a folder; a file that is replaced is taken up
  assay serve --new-token > token && chmod 600 token
  assay serve loans.assay --host 0.0.0.0 --token-file token \\
              --certificate tls.crt --private-key tls.key
  curl -H "Authorization: Bearer $(cat token)" https://bank.example:8000/predict \\
       --json '{"rows": [{"age": 41, "purpose": "car"}]}'
  curl -F photo=@x-ray.png -F age=61 localhost:8000/predict                     a row as a form, a picture as its file
  curl --data-binary @new.csv -H "Content-Type: text/csv" -H "Accept: text/csv" \\
       "localhost:8000/predict?columns=input"                                   answers behind your own columns

GET /openapi.json tells every address, GET /models/NAME the columns of a model and an example row.""",
        "help.serve.models": "the .assay files, or folders of them",
        "help.serve.host": "the address to listen at (127.0.0.1: this machine alone)",
        "help.serve.port": "the port; 0 takes any that is free (8000)",
        "help.serve.default": "the model that is asked where none is named",
        "help.serve.workers": "processes that answer (1); the limits below are of each",
        "help.serve.guard": "who is let in",
        "help.serve.token_file": "a file of tokens, one a line: whoever asks shows one of them",
        "help.serve.new_token": "print a token that nobody can guess, and end",
        "help.serve.certificate": "certificate for TLS (PEM)",
        "help.serve.private_key": "its private key (PEM)",
        "help.serve.client_ca": "clients show certificates that this authority signed (mTLS)",
        "help.serve.host_name": "a name under which the server is asked, beside its address",
        "help.serve.open_health": "/health/live and /health/ready are answered without a token",
        "help.serve.insecure": "listen beyond this machine and let everybody in",
        "help.serve.require_signature": "serve only models signed with this public key",
        "help.serve.data": "the folder below which rows may name picture files",
        "help.serve.limits": "what a client may ask",
        "help.serve.most_mb": "megabytes of a body, as sent and as unpacked (64)",
        "help.serve.most_rows": "rows of a body (1,000,000)",
        "help.serve.seconds": "seconds for one request (60)",
        "help.serve.concurrent": "requests under way at once (64)",
        "help.serve.rate": "requests a second of one client (no limit)",
        "help.serve.drain": "seconds for requests under way after SIGTERM (30)",
        "help.serve.monitor": "sum up the traffic in this SQLite file, or PostgreSQL database (postgresql://…), hour by hour; never of fewer than ten new rows at a time (those of a worker that ends are forgotten), but guard it all the same",
        "help.serve.keep_answers": "keep answers, too (no cells), so that labels that come later tell how good they were",
        "help.serve.quiet": "log what failed only",
        "help.verify": "every claim of a model computed again from its file and the table it learnt from",
        "help.verify.epilog": """\
For whoever must not take our word for it. Each row is scored again by the fold models that never saw it, and every
check is asked again. Claim by claim: the same; near, where other rows were asked; different; or not to be checked
from the file and the table, with the reason. Exit code 1 where a claim differs, 2 where none could be confirmed.

  assay verify loans.assay loans.csv
  assay verify loans.assay loans.csv --key writer.pub -o evidence.json
  assay verify loans.assay --key writer.pub
""",
        "help.verify.data": "the table that the model was learnt from; without it, --key alone is checked",
        "help.sign": "the writer's signature into a .assay file",
        "help.sign.epilog": """\
An Ed25519 signature over the manifest, which names the hash of every part: whoever has the public key sees whether
the file is as you wrote it. A signature that is there is replaced. Keys are 32 raw bytes; none is ever written over.

  assay sign --new-keys keys/writer                        writes keys/writer.key and keys/writer.pub
  assay sign loans.assay --key keys/writer.key
  assay verify loans.assay --key keys/writer.pub
""",
        "help.sign.key": "the private key (32 raw bytes)",
        "help.sign.new_keys": "make a pair of keys first: STEM.key, which its owner alone can read, and STEM.pub",
        "help.verify.test": "the test rows of your own that the model was measured on",
        "help.verify.key": "the writer's public key (32 raw bytes): the file's signature is checked first",
        "help.verify.output": "every claim as JSON",
        "help.report": "the report of a model, as HTML, Markdown or JSON",
        "help.report.epilog": """\
The ending says for whom: .html for people, .md for a repository (a model card), .json for programs.

  assay report loans.assay -o loans.html --lang zh

--as writes a technical file instead: what a law or a known form asks, clause by clause, with the finding that answers
it, what was not done, and what only a person can say.

  assay report loans.assay --as ai-act -o file.html
  assay report loans.assay --as ai-act --template answers.json
  assay report loans.assay --as ai-act --answers answers.json --keep loans.assay -o file.html
  assay report loans.assay --as scorecard -o card.html
""",
        "help.report.as": "instead of the report: a technical file (ai-act, us-model-risk, cn-genai-filing, model-card or datasheet), or the scorecard of an additive model (.html, .md, .csv or .json)",
        "help.report.answers": "what persons say to its clauses: a file that --template has written, filled in",
        "help.report.template": "write a file with the questions that only a person can answer",
        "help.report.keep": "write the model with these answers in it (a signature is not carried over)",
        "help.similar": "the texts nearest to one of yours",
        "help.similar.epilog": """\
Compares by meaning where an encoder is installed that knows the script (pip install 'assay[text]'), else by the
words and characters that texts share.

  assay similar incidents.csv "brake failure on a downhill stretch"
  assay similar notes.jsonl "chest pain at night" --column note --by words --most 10
""",
        "help.similar.query": "the text to compare with",
        "help.similar.by": "compare by meaning (an encoder) or by words; by default meaning where it can be had",
        "help.similar.most": "how many to show (default 5)",
        "help.embed": "a point for each text, written for programs of your own",
        "help.embed.epilog": """\
Texts of like meaning become points that are near: rows of numbers of length one, in the order of the table.

  assay embed incidents.csv --column report -o incidents.npy
  assay embed incidents.csv --encoder ./bge-small-zh -o incidents.parquet
""",
        "help.embed.output": "where to write: .npy, .csv or .parquet (default NAME.npy)",
        "help.text_column": "the column of texts, where there is more than one",
        "help.fetch": "a published data set, downloaded and checked",
        "help.fetch.epilog": """\
Without NAME, lists what there is. The archive stays as it was published: train reads it as it is, its folders
are the labels. What breaks off goes on with the same command; a proxy is named by HTTPS_PROXY. Without a network,
put the file there by hand, and this checks it.

  assay fetch
  assay fetch 20newsgroups
  assay fetch imdb -o data
  assay train data/aclImdb_v1.tar.gz/train --target label --test data/aclImdb_v1.tar.gz/test -o imdb.assay
""",
        "help.fetch.name": "20newsgroups or imdb",
        "help.fetch.output": "folder or file to write to (default: this folder)",
        "help.export": "the model as ONNX, checked against its own answers",
        "help.export.epilog": """\
Every row of DATA is asked in onnxruntime, and answers must equal the model's within 0.00001; without DATA,
rows are made up from what the model has seen. Needs the packages of assay[onnx].

Names are given to the file as strings. NA, null, ? and an empty string are missing there as anywhere; blanks around a
name are to be taken off first, since ONNX has no operation that does, and ' red' is another name than 'red'.

Texts are given to the file as the codes of their characters, int32, 0 behind the last and -1 first where one is
missing; the file's metadata says what is taken off a text before. Models that read sentences with networks cannot be written.

Pictures are given to the file as pixels, "photo_64x64", at the size at which the model looks, and "photo_there" says where
there is one; the file's metadata says how pixels are made. A member that reads the plain numbers made of a picture
cannot be written: train with --learner fisher, or patches, residual, cnn.

A model that finds things takes one picture a call, its aspect kept, in the rectangle that its input is called after
("photo_320x256"), and "photo_size", its width and height; "boxes", "probability", "classes" and "label" come out.
Sides are within 0.00001 of the picture's longer one.
One that raises alarms gives "score", within 0.0001 of its spread, "alarm" where that is above 0, and "label".
Of grades "value" comes out and the "label" of the nearest. Models of several labels a row cannot be written.

  assay export loans.assay loans.onnx
  assay export loans.assay loans.onnx new.csv
""",
        "help.export.output": "ONNX file to write",
        "help.export.data": "rows to check the file on (default: made-up rows)",
        "help.lang": "language of sentences (default: %(default)s)",
        "help.json": "print JSON for programs instead of text",
        "help.debug": "show a traceback if assay breaks",
        "help.reading": "reading",
        "help.sheet": "sheet of an Excel file (default: the first that is no cover)",
        "help.encoding": "encoding of a text table, where what is found out is wrong: cp1251, shift_jis, euc-kr ...",
        "help.header": "whether the first row of a text table or sheet names the columns (default: found out)",
        "help.query": "SQL query, when the source is a database URL such as sqlite:///loans.db",
        "help.table": "CSV, Parquet, Excel, JSON lines, a database URL, or a folder (tar, zip) of texts or pictures, one folder a class, or of pictures with boxes (COCO, VOC, YOLO)",
        "help.target": "the column to be learnt; may be left out where folders or boxes tell it",
        "help.minutes": "time budget of the whole run (default: 2)",
        "help.trials": "try this many candidates instead, however long it takes, so not beside --minutes or --latency; two such runs give the same bytes",
        "help.overruling": "overruling the plan (repeat an option to name several)",
        "help.task": "what the target means: binary (binary:fraud to say which class is looked for), classes, flags, value, grades (grades:poor,fair,good), count or quantile:0.9; regression and classification are understood",
        "help.kind": "number (number:order:low,mid,high for words in order), category, flag, date, text, picture (picture:0-4095 with a window) or boxes",
        "help.reference": "pictures of COLUMN are what those of PICTURES should look like: what differs is looked at",
        "help.id": "names the row; never learnt from, written beside the answers",
        "help.sensitive": "learnt from, and always looked at apart by the checks",
        "help.audit_only": "sensitive, but kept from learning and from what is predicted: the checks alone look at it",
        "help.mitigate": "against gaps between the groups of a marked column: reweight (rows, in training) or thresholds (of each group, in answers)",
        "help.cost": "what it costs to answer something else where CLASS is true (others 1): --cost fraud=20 raises an alarm from a probability of 1/21; what is learnt stays the same",
        "help.favourable": "the class of the target that favours a person: groups of sensitive columns are compared by it",
        "help.drop": "left out",
        "help.feature": "learnt from, although it looks like an id",
        "help.learner": "try only this learner, by its key (boosting), by a name that the field has for it (lightgbm, extra_trees, realmlp, knn), or one candidate as the plan names it ('forest random')",
        "help.also": "try this learner beside the usual ones; 'neighbours' often helps on small tables, but its file holds rows of the table; 'finetune' trains a pretrained network on texts, 'finetune_pictures' the one that --encoder names on pictures, and both want ten minutes or more",
        "help.encoder": "pretrained encoder for texts or for pictures, or a detector of the DETR family for boxes, whichever the folder is of: config.json, safetensors weights, and a tokenizer or preprocessor_config.json; or a name on the Hugging Face hub; by default the one for texts that assay[text] brings",
        "help.group": "rows of one value stay together (patient, customer); beside --time only where enough is left to learn from, which the plan tells",
        "help.by_name": "keep pictures together whose file names and looks tell that they are of one thing (the usual), or not",
        "help.time": "learn the past, predict the future by this column",
        "help.weight": "how much each row counts",
        "help.folds": "number of folds (default: by the number of rows)",
        "help.sealed": "rows set aside before anything is fitted and opened once by the checks; 0 for none (default: a fifth beyond 50,000 rows, none below)",
        "help.memory": "most memory of the whole run, such as 4GB; what does not fit is searched in part and streamed (default: half of what is available)",
        "help.level": "coverage of sets and intervals (default: 0.9; for --task odd the share of good ones without an alarm: 0.99)",
        "help.privacy": "train with a differential-privacy guarantee of this ε for every row (1 is strong); needs --schema; --learner additive (the usual), linear, perceptron, or encoder or finetune for texts",
        "help.delta": "the probability left outside the guarantee (default: 1e-6)",
        "help.schema": "JSON that declares each column beforehand: a range (low, high), levels, or text; never made from the rows",
        "help.price": "show once, on this screen alone, what the same learner reaches without noise; that figure is not private",
        "help.seed": "the same seed gives the same plan and folds (default: 0)",
        "help.train.output": "the model file (default: NAME.assay in this folder)",
        "help.test": "labelled rows of your own, measured beside",
        "help.limit": "a promise such as 'quality.auc>=0.8'; exit code 1 if it is broken",
        "help.readable": "ship the best model a person can read",
        "help.ship": "what ships: the bag of fold models (the default, but for --time), one refit on all rows, or one model distilled from the blend: smaller and faster",
        "help.latency": "ship what answers one row within this time on this machine, with fewer members or as one refit where a bag takes longer: 5ms, 200us, 1s; assay plan then tells what each candidate takes, measured for some seconds; not beside --trials",
        "help.membership": "how it is asked who was in the training data: by the fold models (quick, the default), by 5 refits of everything on random halves (standard), by 17 (deep), or not (none)",
        "help.annex": "write which rows are exposed most, and whose answer is doubtful, to this CSV: it names rows, and is no part of the model",
        "help.examples": "keep figures that show single rows (ids, texts, pictures) in the model file too; without it they stand in the report alone that is written now",
        "help.resume": "go on with a killed run",
        "help.model": "a .assay file",
        "help.predict.data": "rows to answer: CSV, Parquet, Excel, JSON lines, a database URL, or a folder of texts or pictures",
        "help.predict.resume": "go on with a killed run of the same model, data and options: the file is the same to the byte",
        "help.predict.output": "file to write: .parquet, .jsonl, else CSV (default: the screen); where boxes are answered, NAME.json is written as COCO",
        "help.predict.draw": "write each picture with its boxes into FOLDER (models that find things in pictures)",
        "help.predict.least": "answer with boxes of at least this probability (default: 0.5)",
        "help.explain.data": "a table that holds the row",
        "help.row": "which row, counted from 1 (default: 1)",
        "help.class": "explain the pull on this class (default: the answer)",
        "help.most": "show only the strongest parts",
        "help.draw": "write each picture, with what its places pull laid over it, into this folder",
        "help.places": "how the places of pictures are told: their exact pulls, or by hiding part after part; usual: pulls where the model has them",
        "help.as": "what to tell: the pulls of all parts (the usual), the same in points of a scorecard, or reason-codes, at most four reasons of a denial; --class names the answer that was denied",
        "help.explain.reference": "rows to hold a denied row against (default: those of training that just got the answer)",
        "help.audit.data": "rows whose answer is known",
        "help.audit.output": "write a report: .html, .md or .json",
        "help.audit.training": "the table the model learnt from: drift is then asked row by row, too, and whether its rows are told from the new ones",
        "help.elsewhere": "models made elsewhere: .onnx, .skops, .keras, a folder of transformers, module:function (your code is run), http(s) addresses",
        "help.audit.cost": "what it costs to answer something else where CLASS is true (others 1): answers are then the class of least expected cost",
        "help.audit.labels": "classes of the model's outputs, in order, where it does not tell them",
        "help.audit.seconds": "of an endpoint: longest time for one batch (default: 30)",
        "help.audit.at_once": "of an endpoint: rows of one batch (default: 100)",
        "help.audit.chat_model": "of a chat endpoint: the model that is asked",
        "help.audit.prompt": "of a chat endpoint: the question, names of columns in braces; without it one is made of the row",
        "help.audit.trust": "a type in a skops file that is made although it may run code; repeat it for several",
        "help.audit.minutes": "time for the checks (default: 5)",
        "help.report.output": "file to write (default: the verdicts on the screen)",
    },
    "zh": {
        "help.usage": "用法：",
        "help.positional arguments": "位置参数",
        "help.options": "选项",
        "help.verbs": "命令",
        "help.help": "显示此帮助并退出",
        "help.version": "显示版本并退出",
        "help.top": "输入您自己的数据和目标，得到经得起检验的模型。",
        "help.top.epilog": """\
从表格到回答：
  assay plan    loans.csv --target default
  assay train   loans.csv --target default --minutes 2     写出 loans.assay 和 loans.html
  assay predict loans.assay new.csv -o scored.csv
  assay explain loans.assay new.csv --row 3
  assay counterfactual loans.assay new.csv --row 3         如何改变才能得到另一个回答
  assay audit   loans.assay june.csv
  assay verify  loans.assay loans.csv                      重新计算每一项声明
  assay sign    loans.assay --key writer.key
  assay report  loans.assay -o loans.md
  assay export  loans.assay loans.onnx june.csv
  assay similar reviews.csv "the room was cold"
  assay fetch   imdb                                       供试用的公开数据集

“assay VERB --help”给出详细说明。退出码：0 完成，1 有限值未满足，
2 请求无法满足，3 程序出错。
""",
        "help.plan": "说明将如何处理一张表，不做任何训练",
        "help.plan.epilog": """\
不训练，也不写入任何文件。方案中的每一行都可以另行指定，“assay train”接受同样的选项。

  assay plan loans.csv --target default
  assay plan loans.csv --target default --kind zip=category --drop notes --group customer
""",
        "help.train": "输入一张表，得到模型及其检查报告",
        "help.train.epilog": """\
在当前文件夹写出 NAME.assay（模型，单个文件，不含代码）和 NAME.html（报告）；用 -o 指定其他位置。
按 Ctrl-C 保存目前最好的结果；被终止的运行可用 --resume 继续。

  assay train loans.csv --target default --minutes 2
  assay train loans.csv --target default --test june.csv --limit 'quality.auc>=0.75'
  assay train visits.csv --target readmitted --group patient --sensitive sex
""",
        "help.predict": "对新的行给出回答",
        "help.predict.epilog": """\
写出的文件依次为标识列、answer（回答）、每个类别的 p_CLASS（数值预测则为 low 和 high；
等级预测在此之前还有取整前的 value）、set（在模型的覆盖率下不能排除的回答）和 notes（该行的异常之处）。
在 CSV 中，以 = + - @ 开头的文本前会加一个撇号，以免表格软件把它当作公式计算；数字保持原样。
含有非 ASCII 字符（例如中文）的 CSV 为带标记（BOM）的 UTF-8，Excel 双击即可正确显示。

大于内存的 CSV、Parquet 和 Arrow 文件会逐块回答。全部完成后 PATH 才会出现；被中断的运行已完成的部分保存在旁边
（.PATH.part），可用 --resume 继续。

  assay predict loans.assay new.csv -o scored.csv
  assay predict loans.assay millions.parquet -o scored.parquet --resume
  assay predict cells.assay slides/ -o found.json --draw drawn/     方框，写为 COCO 并画在图片上
""",
        "help.explain": "说明某一行为何得到这样的回答",
        "help.explain.epilog": """\
每个部分的影响以得分的单位表示（回答的对数几率，或目标自身的单位）；
与基准相加，恰好等于得分。reason-codes 则给出某一行未能得到两种回答中另一种的至多四条主要理由，
对照刚好得到它的行（美国 B 条例官方解释 9(b)(2)-5），并交给模型核对。

  assay explain loans.assay new.csv --row 3
  assay explain loans.assay new.csv --row 3 --as reason-codes --class good
  assay explain loans.assay new.csv --row 3 --class default
  assay explain parts.assay parts.csv --row 3 --draw maps
  assay explain parts.assay parts.csv --row 3 --draw maps --places occlusion
""",
        "help.counterfactual": "改变某一行回答所需的最小改变",
        "help.counterfactual.epilog": """\
寻找既少又小的改变：只取训练数据中出现过的值，且合在一起与真实的行一样常见。每种改变在给出之前都交给模型核对。
无法改变的列请用 --immutable 指定；敏感列、文本与图片总是保持不变。名称中含有数字时也有升降
（如“... < 100”“100 - 500”）。

  assay counterfactual loans.assay new.csv --row 3
  assay counterfactual loans.assay new.csv --row 3 --to good --immutable age,sex --increase-only savings
  assay counterfactual houses.assay new.csv --to '>300000' --decrease-only distance
""",
        "help.to": "希望得到的类别（默认：任何其他类别）；数值则为范围，如 '>20'、'<20' 或 '20..30'",
        "help.immutable": "保持不变的列，以逗号分隔",
        "help.increase_only": "只许升高的列",
        "help.decrease_only": "只许降低的列",
        "help.counterfactual.most": "给出多少种改变，代价最小的在前（默认 3）",
        "help.counterfactual.output": "另将各项改变写成 CSV 文件",
        "help.audit": "用新的带答案的行重做同样的检查",
        "help.audit.epilog": """\
用模型从未见过的行，对它做同样的检查。

  assay audit loans.assay june.csv
  assay audit loans.assay june.csv -o june.html --limit 'quality.auc>=0.75'
  assay audit theirs.onnx june.csv --target default --labels no,yes -o theirs.html
  assay audit scoring:answers june.csv --target default
  assay audit https://models.example/score june.csv --target default
""",
        "help.serve": "为一个或多个模型提供网页和接口",
        "help.serve.epilog": """\
示例：
  assay serve loans.assay                                  网页位于 http://127.0.0.1:8000，仅限本机
  assay serve models/ --port 9000 --workers 2              文件夹中的每个 .assay 文件；文件被替换后自动换用
  assay serve --new-token > token && chmod 600 token
  assay serve loans.assay --host 0.0.0.0 --token-file token \\
              --certificate tls.crt --private-key tls.key
  curl -H "Authorization: Bearer $(cat token)" https://bank.example:8000/predict \\
       --json '{"rows": [{"age": 41, "purpose": "car"}]}'
  curl -F photo=@x-ray.png -F age=61 localhost:8000/predict                     以表单发送一行，图片即其文件
  curl --data-binary @new.csv -H "Content-Type: text/csv" -H "Accept: text/csv" \\
       "localhost:8000/predict?columns=input"                                   回答写在您自己的各列之后

GET /openapi.json 列出所有地址，GET /models/NAME 给出模型的各列和一个示例行。""",
        "help.serve.models": ".assay 文件，或存放它们的文件夹",
        "help.serve.host": "监听的地址（127.0.0.1：仅限本机）",
        "help.serve.port": "端口；0 表示任一空闲端口（8000）",
        "help.serve.default": "未指明模型时使用的模型",
        "help.serve.workers": "作答的进程数（1）；下列限制对每个进程分别生效",
        "help.serve.guard": "谁可以进入",
        "help.serve.token_file": "令牌文件，每行一个：访问者须出示其中之一",
        "help.serve.new_token": "打印一个难以猜测的令牌后结束",
        "help.serve.certificate": "TLS 证书（PEM）",
        "help.serve.private_key": "其私钥（PEM）",
        "help.serve.client_ca": "客户端须出示由此机构签发的证书（mTLS）",
        "help.serve.host_name": "除地址外，访问服务器时使用的名称",
        "help.serve.open_health": "/health/live 和 /health/ready 无需令牌",
        "help.serve.insecure": "监听本机之外并允许任何人进入",
        "help.serve.require_signature": "只提供以此公钥签名的模型",
        "help.serve.data": "各行可引用其中图片文件的文件夹",
        "help.serve.limits": "客户端可以请求多少",
        "help.serve.most_mb": "请求体的兆字节数，发送时与解开后均适用（64）",
        "help.serve.most_rows": "请求体的行数（1,000,000）",
        "help.serve.seconds": "单个请求的秒数（60）",
        "help.serve.concurrent": "同时处理的请求数（64）",
        "help.serve.rate": "单个客户端每秒的请求数（不限）",
        "help.serve.drain": "收到 SIGTERM 后留给处理中请求的秒数（30）",
        "help.serve.monitor": "在此 SQLite 文件或 PostgreSQL 数据库（postgresql://…）中按小时汇总流量；每次写入至少含十行新数据（结束时不足十行的会被遗忘），但仍请妥善保护它",
        "help.serve.keep_answers": "同时保留答案（不含单元格），以便之后用标签衡量其好坏",
        "help.serve.quiet": "只记录失败的请求",
        "help.verify": "用模型文件和训练数据重新计算每一项声明",
        "help.verify.epilog": """\
供不愿仅凭一面之词的人使用。每一行都由从未见过它的折模型重新打分，每项检查都重新进行。逐项给出：相同；
相近（询问的行不同）；不同；或无法由文件和数据核对及其原因。有不同者退出码为 1，无一能证实则为 2。

  assay verify loans.assay loans.csv
  assay verify loans.assay loans.csv --key writer.pub -o evidence.json
  assay verify loans.assay --key writer.pub
""",
        "help.verify.data": "模型学习所用的表；省略时只用 --key 核对签名",
        "help.sign": "为 .assay 文件加上作者的签名",
        "help.sign.epilog": """\
对清单作 Ed25519 签名，清单载有每个部分的哈希：持有公钥者可知文件是否与您写出时一致。已有的签名会被替换。
密钥为 32 字节的原始数据，绝不会被覆盖。

  assay sign --new-keys keys/writer                        写出 keys/writer.key 和 keys/writer.pub
  assay sign loans.assay --key keys/writer.key
  assay verify loans.assay --key keys/writer.pub
""",
        "help.sign.key": "私钥（32 字节）",
        "help.sign.new_keys": "先生成一对密钥：STEM.key（仅所有者可读）和 STEM.pub",
        "help.verify.test": "训练时用于测量的自有测试行",
        "help.verify.key": "作者的公钥（32 字节）：先核对文件的签名",
        "help.verify.output": "以 JSON 写出每一项声明",
        "help.report": "输出模型的报告：HTML、Markdown 或 JSON",
        "help.report.epilog": """\
后缀决定用途：.html 供人阅读，.md 供代码库使用（模型卡），.json 供程序读取。

  assay report loans.assay -o loans.html --lang zh

--as 改为输出技术文件：逐条列出法规或公认文档格式的要求、作出回答的检查结果、
未做的事项，以及只有人才能说明的内容。

  assay report loans.assay --as ai-act -o file.html
  assay report loans.assay --as ai-act --template answers.json
  assay report loans.assay --as ai-act --answers answers.json --keep loans.assay -o file.html
  assay report loans.assay --as scorecard -o card.html
""",
        "help.report.as": "代替报告：技术文件（ai-act、us-model-risk、cn-genai-filing、model-card 或 datasheet），或可加模型的评分卡 scorecard（.html、.md、.csv 或 .json）",
        "help.report.answers": "人对各条款的回答：由 --template 写出并已填写的文件",
        "help.report.template": "写出只有人才能回答的问题",
        "help.report.keep": "写出包含这些回答的模型（签名不会保留）",
        "help.similar": "与给定文本最相近的文本",
        "help.similar.epilog": """\
若装有认识该文字的编码器（pip install 'assay[text]'），按含义比较；否则按共有的词与字符比较。

  assay similar incidents.csv "下坡路段刹车失灵"
  assay similar notes.jsonl "夜间胸痛" --column note --by words --most 10
""",
        "help.similar.query": "用来比较的文本",
        "help.similar.by": "按含义（编码器）或按词比较；默认能按含义时按含义",
        "help.similar.most": "显示多少条（默认 5）",
        "help.embed": "每段文本的向量，供您自己的程序使用",
        "help.embed.epilog": """\
含义相近的文本得到相近的向量：长度为一，顺序与表中各行一致。

  assay embed incidents.csv --column report -o incidents.npy
  assay embed incidents.csv --encoder ./bge-small-zh -o incidents.parquet
""",
        "help.embed.output": "写到何处：.npy、.csv 或 .parquet（默认 NAME.npy）",
        "help.text_column": "文本所在的列（不止一列时）",
        "help.fetch": "下载并核对公开数据集",
        "help.fetch.epilog": """\
不给出 NAME 时列出可用的数据集。压缩包保持发布时的原样：train 可直接读取，其中的文件夹即为标签。
下载中断后用同一命令继续；代理由 HTTPS_PROXY 指定。不能联网时请自行放入文件，本命令会进行核对。

  assay fetch
  assay fetch 20newsgroups
  assay fetch imdb -o data
  assay train data/aclImdb_v1.tar.gz/train --target label --test data/aclImdb_v1.tar.gz/test -o imdb.assay
""",
        "help.fetch.name": "20newsgroups 或 imdb",
        "help.fetch.output": "写入的文件夹或文件（默认：当前文件夹）",
        "help.export": "将模型写成 ONNX，并与其自身的回答核对",
        "help.export.epilog": """\
用 onnxruntime 回答 DATA 的每一行，与模型的差异不得超过 0.00001；未给出 DATA 时，
按模型见过的范围生成若干行。需要 assay[onnx] 的软件包。

名称以字符串给出。NA、null、? 和空字符串在文件中同样视为缺失；名称两端的空白须事先去掉：
ONNX 没有去除空白的运算，“ red”与“red”会被当作两个名称。

文本以其字符的编码（int32）给出，末尾以 0 补齐，缺失的文本首位为 -1；读取前去除哪些内容写在文件的元数据中。
用网络读取句子的模型不能写成 ONNX。

图片以像素形式给出，如“photo_64x64”，边长为模型所看的大小；“photo_there”说明哪些行有图片；
像素如何得到写在文件的元数据中。使用由图片算出的普通数值的成员不能写成 ONNX：
训练时请用 --learner fisher，或 patches、residual、cnn。

目标检测模型每次接收一张图片：保持宽高比放入输入名所示的矩形（如“photo_320x256”），
并用“photo_size”给出图片的宽和高；输出为“boxes”“probability”“classes”和“label”。
边长的差异不超过图片长边的 0.00001。
从良品学习的模型输出“score”（差异不超过其标准差的 0.0001）、“alarm”（大于 0 时为真）和“label”。
等级模型输出“value”和最接近的等级“label”。每行有多个标签的模型不能写成 ONNX。

  assay export loans.assay loans.onnx
  assay export loans.assay loans.onnx new.csv
""",
        "help.export.output": "要写入的 ONNX 文件",
        "help.export.data": "用于核对的行（默认：生成的行）",
        "help.lang": "语言（默认：%(default)s）",
        "help.json": "输出供程序读取的 JSON，而非文本",
        "help.debug": "程序出错时显示调用栈",
        "help.reading": "读取",
        "help.sheet": "Excel 文件的工作表（默认：封面之后的第一张）",
        "help.encoding": "文本表的编码，仅在自动判断有误时需要：gb18030、big5、shift_jis 等",
        "help.header": "文本表或工作表的第一行是否为列名（默认：自动判断）",
        "help.query": "SQL 查询，用于 sqlite:///loans.db 之类的数据库 URL",
        "help.table": "CSV、Parquet、Excel、JSON 行、数据库 URL，或每类一个文件夹的文本或图片（文件夹、tar、zip），或带方框的图片（COCO、VOC、YOLO）",
        "help.target": "要学习的列；文件夹或方框已说明时可省略",
        "help.minutes": "整个运行的时间预算，单位为分钟（默认：2）",
        "help.trials": "改为尝试这么多个候选模型，不限时间，因此不能与 --minutes 或 --latency 同时使用；两次这样的运行得到完全相同的文件",
        "help.overruling": "改变方案（同一选项可重复使用，以指定多项）",
        "help.task": "目标的含义：binary（binary:欺诈 指明所找的类）、classes、flags、value、grades（grades:差,中,良）、count 或 quantile:0.9（也可写 regression、classification）",
        "help.kind": "number（有序词语 number:order:低,中,高）、category、flag、date、text、picture（可带窗口 picture:0-4095）或 boxes",
        "help.reference": "COLUMN 列的图片是 PICTURES 列的参考（应有的样子）：查看二者之间的差异",
        "help.id": "用于标识行；不参与学习，写在回答旁边",
        "help.sensitive": "参与学习，且检查时总是单独考察",
        "help.mitigate": "减小已标出的列各群体间的差距：reweight（训练时对行加权）或 thresholds（回答时每个群体各有阈值）",
        "help.audit_only": "敏感列，但不参与学习，预测时也不需要：仅供检查使用",
        "help.cost": "真实类别为 CLASS 而答成其他类别的代价（其余为 1）：--cost 欺诈=20 时概率达 1/21 即报警；学习本身不变",
        "help.favourable": "目标中对人有利的类别：按它比较敏感列的各群体",
        "help.drop": "不使用",
        "help.feature": "虽然像标识，仍参与学习",
        "help.learner": "只尝试这个学习器：可用其键名（boosting）、业内通称（lightgbm、extra_trees、realmlp、knn），或方案中列出的某个候选名称（“forest random”）",
        "help.also": "在常用学习器之外也尝试这个；“neighbours”对小表常有帮助，但模型文件会含有表中的行；“finetune”在文本上微调预训练网络，“finetune_pictures”在图片上微调 --encoder 指定的网络，二者都需要十分钟以上",
        "help.encoder": "文本或图片的预训练编码器，或用于方框的 DETR 类目标检测网络（由文件夹内容决定）：含 config.json、safetensors 权重，以及分词器或 preprocessor_config.json 的文件夹，或 Hugging Face 模型库中的名称；默认使用 assay[text] 自带的文本编码器",
        "help.group": "取值相同的行放在一起（如病人、客户）；与 --time 并用时，仅在剩余行足够训练时如此，计划会说明",
        "help.by_name": "文件名与外观表明出自同一对象的图片是否始终在一起（默认是）",
        "help.time": "按此列用过去预测未来",
        "help.weight": "每一行的权重",
        "help.folds": "折数（默认：由行数决定）",
        "help.sealed": "在任何拟合之前封存的行的比例，仅由检查打开一次；0 表示不封存（默认：超过 50,000 行时封存五分之一，否则不封存）",
        "help.memory": "整个运行最多使用的内存，例如 4GB；放不下的表格抽样搜索、分块训练（默认：可用内存的一半）",
        "help.level": "集合与区间的覆盖率（默认：0.9；--task odd 时为良品不报警的占比：0.99）",
        "help.privacy": "以此 ε 对每一行给出差分隐私保证地训练（1 为强保护）；需要 --schema；--learner 可为 additive（默认）、linear、perceptron，或用于文本的 encoder、finetune",
        "help.delta": "保证之外的概率（默认：1e-6）",
        "help.schema": "事先声明各列的 JSON：范围（low、high）、类别（levels）或文本（text）；不得从数据行中得出",
        "help.price": "只在本屏幕上显示一次：同一学习器不加噪声能达到多少；该数字不受隐私保证",
        "help.seed": "随机种子相同，方案与各折也相同（默认：0）",
        "help.train.output": "模型文件（默认：当前文件夹中的 NAME.assay）",
        "help.test": "您自己的带答案的行，另行测量",
        "help.limit": "限值，例如 'quality.auc>=0.8'；未满足时退出码为 1",
        "help.readable": "采用最好的可读模型",
        "help.ship": "交付的内容：bag 为折模型的组合（默认；有 --time 时为 refit），refit 为在全部行上重新拟合的单个模型，distilled 为由组合模型蒸馏出的单个模型：更小、更快",
        "help.latency": "交付在本机上能于此时间内回答一行的模型（组合过慢时减少成员或改为重新拟合的单个模型）：5ms、200us、1s；assay plan 此时用数秒测量并说明各候选的用时；不能与 --trials 同时使用",
        "help.membership": "如何检验谁在训练数据之中：用折模型（quick，默认），用随机一半数据上的 5 次（standard）或 17 次（deep）重新拟合，或不检验（none）",
        "help.annex": "将最易暴露及答案可疑的行写入此 CSV：它会指明具体的行，不属于模型文件",
        "help.examples": "在模型文件中也保留展示单行（标识、文本、图片）的图表；否则它们只出现在本次写出的报告中",
        "help.resume": "继续被终止的运行",
        "help.model": ".assay 文件",
        "help.predict.data": "要回答的行：CSV、Parquet、Excel、JSON 行、数据库 URL，或文本或图片文件夹",
        "help.predict.resume": "以相同的模型、数据和选项继续被中断的运行：写出的文件逐字节相同",
        "help.predict.output": "要写入的文件：.parquet、.jsonl，否则为 CSV（默认：显示在屏幕上）；回答为方框时，名称以 .json 结尾则写为 COCO",
        "help.predict.draw": "把每张图片连同方框写入文件夹（用于在图片中寻找物体的模型）",
        "help.predict.least": "只回答概率不低于此值的方框（默认：0.5）",
        "help.explain.data": "包含该行的表",
        "help.row": "第几行，从 1 开始（默认：1）",
        "help.class": "说明对此类别的影响（默认：所回答的类别）",
        "help.most": "只显示影响最大的若干部分",
        "help.draw": "将每张图片连同各处的影响画成 JPEG，写入该文件夹",
        "help.places": "如何说明图片各处的影响：精确影响，或逐一遮住各部分；默认在模型可给出精确影响时用前者",
        "help.as": "给出什么：pulls 为各部分的影响（默认），points 为换算成评分卡分值的影响，reason-codes 为至多四条拒绝理由；--class 指定未得到的回答",
        "help.explain.reference": "用于对照被拒绝行的数据（默认：训练数据中刚好得到该回答的行）",
        "help.audit.data": "答案已知的行",
        "help.audit.output": "写出报告：.html、.md 或 .json",
        "help.audit.training": "模型训练所用的表：漂移将同时逐行比较，并检验能否把其中的行与新的行区分开",
        "help.elsewhere": "别处制作的模型：.onnx、.skops、.keras、transformers 文件夹、module:function（将运行您的代码）、http(s) 地址",
        "help.audit.cost": "真实类别为 CLASS 而答成其他类别的代价（其余为 1）：回答取期望代价最小的类别",
        "help.audit.labels": "模型各输出的类别，按顺序；仅在模型自己没有说明时需要",
        "help.audit.seconds": "端点：一批最长的等待时间，单位为秒（默认：30）",
        "help.audit.at_once": "端点：一批的行数（默认：100）",
        "help.audit.chat_model": "对话端点：所问的模型",
        "help.audit.prompt": "对话端点：所提的问题，列名写在花括号中；不给出时由该行生成",
        "help.audit.trust": "skops 文件中可能运行代码、但您信任的类型；可重复使用",
        "help.audit.minutes": "检查的时间，单位为分钟（默认：5）",
        "help.report.output": "要写入的文件（默认：在屏幕上显示结论）",
    },
}
