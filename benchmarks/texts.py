"""Is a text model trained in a few minutes at least as good as what a specialist would put together by hand?

    python benchmarks/texts.py --data DATA --results texts.jsonl --minutes 3 [--only sst2 …]
    python benchmarks/texts.py --results texts.jsonl --tell
    python benchmarks/texts.py --data DATA --speed
    python benchmarks/texts.py --data DATA --results texts.jsonl --minutes 3 --environments FOLDER [--systems setfit …]

DATA is a folder of the sets named below, as their authors publish them. Against each stands the better-known of two rivals: TF-IDF of words and
pairs (of characters for Chinese) with a linear support vector machine whose strength is chosen by cross-validation, and the points of
all-MiniLM-L6-v2 with a logistic regression, its strength chosen likewise. All learn from the same rows and answer the same held-out rows.
With `--environments` the tools that people use for texts answer the same rows in the same minutes, each in an environment of its own
(benchmarks/peers/make.sh FOLDER), and are told beside ours: AutoGluon, its multimodal predictor, SetFit, fastText. What stands in the
results is not done again. `--speed` prints ratios taken in one run, the rivals by turns.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Loaded = tuple[list[str], np.ndarray, np.ndarray]  # texts, answers, whether a row is held out
STRENGTHS = (0.1, 0.3, 1.0, 3.0)


def drawn(frame: pd.DataFrame, text: str, label: str, share: float = 0.2) -> Loaded:
    """A fifth at random, seed 0."""
    held = np.zeros(len(frame), dtype=bool)
    held[np.random.default_rng(0).permutation(len(frame))[: int(share * len(frame))]] = True
    return frame[text].fillna("").astype(str).tolist(), frame[label].to_numpy(), held


def sst2(data: Path) -> Loaded:
    frame = pd.read_csv(data / "sst2_sentences.csv.gz", encoding="utf-8-sig")
    return frame.text.tolist(), frame.label.to_numpy(), (frame.split == "test").to_numpy()


def news(data: Path) -> Loaded:
    frame = pd.read_json(data / "20newsgroups_bydate.jsonl.gz", lines=True)
    return frame.text.tolist(), frame.label.to_numpy(), (frame.split == "test").to_numpy()


def sms(data: Path) -> Loaded:
    return drawn(pd.read_csv(data / "sms_spam.tsv", sep="\t", quoting=3).drop_duplicates("SMS"), "SMS", "Label")


def phrases(data: Path) -> Loaded:
    return drawn(pd.read_csv(data / "financial_phrasebank_dev.csv", encoding="utf-8-sig"), "text", "label")


def hotel(data: Path) -> Loaded:
    return drawn(pd.read_csv(data / "chnsenticorp_hotel.csv.gz", encoding="utf-8-sig"), "review", "label")


def symptoms(data: Path) -> Loaded:
    frame = pd.read_csv(data / "symptom2disease.csv", encoding="utf-8-sig").drop_duplicates("text")
    return drawn(frame, "text", "diganosis")


def movies(data: Path) -> Loaded:
    return drawn(pd.read_csv(data / "movie_reviews_mr.csv.gz", encoding="utf-8-sig"), "text", "label")


def essays(data: Path) -> Loaded:
    return drawn(pd.read_csv(data / "ielts_essays_task2.csv.gz", encoding="utf-8-sig"), "Essay", "Overall")


SETS: dict[str, Callable[[Path], Loaded]] = {
    "sst2_sentences": sst2,
    "sms_spam": sms,
    "financial_phrasebank_dev": phrases,
    "chnsenticorp_hotel": hotel,
    "symptom2disease": symptoms,
    "movie_reviews_mr": movies,
    "ielts_essays_task2": essays,
    "20newsgroups_bydate": news,
}
VALUES = ("ielts_essays_task2",)
PEERS = ("autogluon-best", "multimodal", "setfit", "fasttext")
ALSO = ("autogluon-high",)


def ours(texts: list[str], y: np.ndarray, held: np.ndarray, minutes: float, folder: Path, number: bool) -> np.ndarray:
    """What `assay train` and `assay predict` answer, asked as a user asks."""
    frame = pd.DataFrame({"text": texts, "answer_wanted": y if number else [f"c_{v}" for v in y]})
    frame[~held].to_csv(folder / "train.csv", index=False)
    frame[held][["text"]].to_csv(folder / "held.csv", index=False)
    command = [sys.executable, "-m", "assay"]
    made = [*command, "train", "train.csv", "--target", "answer_wanted", "--minutes", str(minutes), "-o", "m.assay"]
    subprocess.run([*made, *(["--task", "value"] if number else [])], cwd=folder, check=True, capture_output=True)
    subprocess.run(
        [*command, "predict", "m.assay", "held.csv", "-o", "out.csv"], cwd=folder, check=True, capture_output=True
    )
    found = pd.read_csv(folder / "out.csv")["answer"]
    return found.to_numpy() if number else found.astype(str).str.removeprefix("c_").to_numpy()


def by_hand(texts: list[str], y: np.ndarray, held: np.ndarray, number: bool) -> np.ndarray:
    """TF-IDF and a linear model, its strength chosen on five folds."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    chinese = sum(c > "\u4e00" for text in texts[:200] for c in text) > 0.3 * sum(len(t) for t in texts[:200])
    cut = {"analyzer": "char", "ngram_range": (1, 2)} if chinese else {"ngram_range": (1, 2)}
    x = TfidfVectorizer(sublinear_tf=True, **cut)
    if number:
        search = GridSearchCV(make_pipeline(x, Ridge()), {"ridge__alpha": STRENGTHS}, cv=5)
    else:
        search = GridSearchCV(
            make_pipeline(x, LinearSVC()), {"linearsvc__C": STRENGTHS}, cv=3 if len(texts) > 15_000 else 5
        )
    kept = [text for text, out in zip(texts, held, strict=True) if not out]
    search.fit(kept, y[~held])
    return search.predict([text for text, out in zip(texts, held, strict=True) if out])


def by_points(texts: list[str], y: np.ndarray, held: np.ndarray, number: bool) -> np.ndarray:
    """Points of MiniLM and a logistic regression, its strength chosen on five folds."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.model_selection import GridSearchCV

    from assay.neural.checkpoint import find
    from assay.neural.sentences import sentences

    x, _ = sentences(find().label, 256)(texts, quick=True)
    model = Ridge() if number else LogisticRegression(max_iter=500)
    grid = {"alpha": STRENGTHS} if number else {"C": (1.0, 10.0, 100.0)}
    return GridSearchCV(model, grid, cv=5).fit(x[~held], y[~held]).predict(x[held])


def measure(name: str, data: Path, minutes: float) -> dict[str, Any]:
    """One line of the results: the hits (or errors) of each on the held-out rows."""
    texts, y, held = SETS[name](data)
    number = name in VALUES
    line: dict[str, Any] = {"set": name, "minutes": minutes, "n": int(held.sum()), "truth": [str(v) for v in y[held]]}
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        found = ours(texts, y, held, minutes, Path(folder), number)
        line["seconds"] = time.perf_counter() - started
        line["bytes"] = (Path(folder) / "m.assay").stat().st_size
    line["assay"] = [str(v) for v in found]
    line["tfidf"] = [str(v) for v in by_hand(texts, y, held, number)]
    line["minilm"] = [str(v) for v in by_points(texts, y, held, number)]
    return line


def peer(system: str, name: str, data: Path, minutes: float, environments: Path) -> dict[str, Any]:
    """One line of the results: what a tool of others answers on the same held-out rows, or how it failed."""
    texts, y, held = SETS[name](data)
    number = name in VALUES
    line: dict[str, Any] = {"set": name, "minutes": minutes, "peer": system, "n": int(held.sum())}
    line["truth"] = [str(v) for v in y[held]]
    with tempfile.TemporaryDirectory() as folder:
        for part, rows in (("train", ~held), ("held", held)):
            said: dict[str, Any] = {"texts": [text for text, wanted in zip(texts, rows, strict=True) if wanted]}
            if part == "train":
                said["answers"] = [float(v) if number else str(v) for v in y[rows]]
            Path(folder, f"{part}.json").write_text(json.dumps(said))
        python = environments.resolve() / system.split("-")[0] / "bin" / "python"
        script = Path(__file__).resolve().parent / "peers" / "run_texts.py"
        command = [str(python), str(script), system, folder, str(minutes), *(["--values"] if number else [])]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60 * (5 * minutes + 10), check=False)
        except subprocess.TimeoutExpired:
            return line | {"error": "more than five times its minutes and ten more"}
        if done.returncode or not Path(folder, "said.json").exists():
            return line | {"error": f"exit {done.returncode}: {done.stderr[-2500:]}"}
        return line | json.loads(Path(folder, "said.json").read_text())


def tell(path: Path) -> None:
    """Tables of accuracy and of what beats what, with 95 % intervals over the held-out rows."""
    every = [json.loads(row) for row in path.read_text().splitlines()]
    lines = [line for line in every if "peer" not in line]
    if lines:
        _tell_ours(lines)
    if len(lines) < len(every):
        _tell_peers(lines, [line for line in every if "peer" in line])


def _tell_peers(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    """Each tool beside ours at the same minutes: accuracy (RMSE), and ours less theirs on the same rows."""
    systems = [system for system in (*PEERS, *ALSO) if any(line["peer"] == system for line in theirs)]
    by = {(line["set"], line["minutes"], line["peer"]): line for line in theirs}
    own = {(line["set"], line["minutes"]): line for line in ours}
    for minutes in sorted({line["minutes"] for line in theirs}):
        print(f"\n### Against the tools people use, {minutes:g} minutes\n")
        print(
            "Accuracy in percent (RMSE for grades), and below it ours less theirs with its 95 % interval; seconds and MB kept.\n"
        )
        print("| set | assay | " + " | ".join(systems) + " |\n|---|---|" + "---|" * len(systems))
        for name in [name for name in SETS if any((name, minutes, system) in by for system in systems)]:
            mine = own.get((name, minutes))
            cells = [_of_peer(by.get((name, minutes, system)), mine, name in VALUES) for system in systems]
            print(f"| {name} | {_of_peer(mine, None, name in VALUES)} | {' | '.join(cells)} |")


def _of_peer(line: dict[str, Any] | None, ours: dict[str, Any] | None, number: bool) -> str:
    """What one cell says of a tool: its figure, ours less it, seconds and size."""
    if line is None:
        return "–"
    if "error" in line:
        return "failed"
    each = _each(line, number)
    figure = f"{np.sqrt(each.mean()):.3f}" if number else f"{100 * each.mean():.2f}"
    gap = ""
    if ours is not None and ours["truth"] == line["truth"]:
        if number:
            rng, mine = np.random.default_rng(0), _each(ours, number)
            rows = rng.integers(len(each), size=(1000, len(each)))
            low, high = np.quantile(np.sqrt(mine[rows].mean(axis=1)) - np.sqrt(each[rows].mean(axis=1)), [0.025, 0.975])
            gap = f"<br>{np.sqrt(mine.mean()) - np.sqrt(each.mean()):+.3f} ({low:+.3f} to {high:+.3f})"
        else:
            less = _each(ours, number) - each
            gap = f"<br>{100 * less.mean():+.2f} (± {100 * 1.96 * less.std() / np.sqrt(len(less)):.2f})"
    return f"{figure}{gap}<br>{line['seconds']:.0f} s, {line['bytes'] / 1e6:.1f} MB"


def _each(line: dict[str, Any], number: bool) -> np.ndarray:
    """Hit or miss (squared error) of each held-out row."""
    found = line["found"] if "peer" in line else line["assay"]
    if number:
        return (np.asarray(found, dtype=float) - np.asarray(line["truth"], dtype=float)) ** 2
    return (np.asarray(found) == np.asarray(line["truth"])).astype(float)


def _tell_ours(lines: list[dict[str, Any]]) -> None:
    print(
        "| set | held-out rows | assay | TF-IDF + SVM | MiniLM + logistic | assay − the better, 95 % | seconds | MB |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for line in [one for one in lines if one["set"] not in VALUES]:
        truth = np.asarray(line["truth"])
        hit = {who: (np.asarray(line[who]) == truth).astype(float) for who in ("assay", "tfidf", "minilm")}
        better = max(("tfidf", "minilm"), key=lambda who: hit[who].mean())
        gap = hit["assay"] - hit[better]
        half = 1.96 * gap.std() / np.sqrt(len(gap))
        cells = [f"{100 * hit[who].mean():.2f} %" for who in hit]
        said = f"{100 * gap.mean():+.2f} (± {100 * half:.2f})"
        print(
            f"| {line['set']} | {line['n']} | {' | '.join(cells)} | {said} | {line['seconds']:.0f} | {line['bytes'] / 1e6:.1f} |"
        )
    for line in [one for one in lines if one["set"] in VALUES]:
        print(f"\n{line['set']}, {line['n']} held-out rows, {line['seconds']:.0f} s, {line['bytes'] / 1e6:.1f} MB\n")
        print("| | RMSE (95 %) | quadratic weighted kappa (95 %) |\n|---|---|---|")
        truth = np.asarray(line["truth"], dtype=float)
        for who in ("assay", "tfidf", "minilm"):
            print(f"| {who} | {' | '.join(_of_grades(truth, np.asarray(line[who], dtype=float)))} |")


def _of_grades(truth: np.ndarray, found: np.ndarray, step: float = 0.5) -> list[str]:
    from sklearn.metrics import cohen_kappa_score

    def kappa(rows: np.ndarray) -> float:
        grades = np.clip(np.round(found[rows] / step), truth.min() / step, truth.max() / step).astype(int)
        return float(cohen_kappa_score((truth[rows] / step).astype(int), grades, weights="quadratic"))

    def rmse(rows: np.ndarray) -> float:
        return float(np.sqrt(((found - truth)[rows] ** 2).mean()))

    rng, every, said = np.random.default_rng(0), np.arange(len(truth)), []
    for figure in (rmse, kappa):
        drawn = [figure(rng.integers(len(truth), size=len(truth))) for _ in range(1000)]
        low, high = np.quantile(drawn, [0.025, 0.975])
        said.append(f"{figure(every):.3f} ({low:.3f} to {high:.3f})")
    return said


def speed(data: Path) -> None:
    """Texts a second: our model of words on a batch; our encoder against sentence-transformers, by turns."""
    from assay.kernel.clock import Clock
    from assay.kernel.forms import Batch, Feature, Head, Texts, Vector
    from assay.language.normal import normal
    from assay.learners.sparse import Sparse
    from assay.neural.checkpoint import find
    from assay.neural.sentences import Sentences

    texts, y, held = sst2(data)

    def batch(some: list[str], answers: np.ndarray | None) -> Batch:
        vector = Vector(np.zeros((len(some), 1)), (Feature("text", "text"),))
        column = np.asarray([normal(text) for text in some], dtype=object)
        return Batch({"vector": vector, "texts": Texts((column,), ("text",))}, answers)

    kept = [text for text, out in zip(texts, held, strict=True) if not out]
    train = batch(kept, y[~held].astype(np.int64))
    cut = np.arange(train.rows) % 8 == 0
    model = Sparse().fit(
        train.take(np.flatnonzero(~cut)),
        train.take(np.flatnonzero(cut)),
        Head.classes(2),
        Clock.start(600),
        np.random.default_rng(0),
    )
    many = texts * 5
    found = []
    for _ in range(5):
        started = time.perf_counter()
        model.predict(batch(many, None))
        found.append(len(many) / (time.perf_counter() - started))
    print(
        f"words: {np.median(found):,.0f} texts/s ({min(found):,.0f} to {max(found):,.0f}), one model, {len(many):,} texts, one thread"
    )
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        print("sentence-transformers is not installed: its encode is not compared")
        return
    theirs = SentenceTransformer(str(find().folder), device="cpu")
    theirs.max_seq_length = 256
    few, ratios = texts[:1500], []
    theirs.encode(few[:64])
    for turn in range(5):
        seconds = {}
        for who in ("ours", "theirs") if turn % 2 else ("theirs", "ours"):
            encode = Sentences(find(), 256) if who == "ours" else None
            started = time.perf_counter()
            points = encode(few)[0] if encode is not None else theirs.encode(few, normalize_embeddings=True)
            seconds[who] = time.perf_counter() - started
            if who == "ours":
                own = points
        assert np.abs(own - theirs.encode(few, normalize_embeddings=True)).max() < 1e-4
        ratios.append(seconds["theirs"] / seconds["ours"])
    rate = len(few) / seconds["ours"]
    print(
        f"encoder: {rate:,.0f} texts/s, {np.median(ratios):.2f} of sentence-transformers' speed ({min(ratios):.2f} to {max(ratios):.2f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--results", type=Path)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--only", nargs="*", default=list(SETS), choices=list(SETS))
    parser.add_argument("--environments", type=Path)
    parser.add_argument("--systems", nargs="*", default=list(PEERS), choices=[*PEERS, *ALSO])
    parser.add_argument("--tell", action="store_true")
    parser.add_argument("--speed", action="store_true")
    asked = parser.parse_args()
    if asked.tell:
        tell(asked.results)
    elif asked.speed:
        speed(asked.data)
    else:
        lines = asked.results.read_text().splitlines() if asked.results.exists() else []
        done = {(line["set"], line["minutes"], line.get("peer", "")) for line in map(json.loads, lines)}
        for name in asked.only:
            for system in asked.systems if asked.environments else [""]:
                if (name, asked.minutes, system) in done:
                    continue
                if system:
                    line = peer(system, name, asked.data, asked.minutes, asked.environments)
                else:
                    line = measure(name, asked.data, asked.minutes)
                with asked.results.open("a") as handle:
                    handle.write(json.dumps(line) + "\n")
                print(name, system, line.get("error", f"done in {line.get('seconds', 0):.0f} s"), flush=True)


if __name__ == "__main__":
    main()
