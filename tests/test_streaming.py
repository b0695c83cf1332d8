"""Are rows that come block by block answered as all of them at once, and does a killed run end in the same file?"""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

import assay
from assay import streaming
from assay.answers.part import Part
from assay.cli.main import main
from assay.kernel import stored as kernel_stored
from assay.kernel.errors import DataError, RequestError
from assay.readers import _spool, _stored
from assay.streaming import answer_file

ROWS, BLOCK = 2_600, 500
SMALL = (
    "import sys; from assay.kernel import stored; from assay.readers import _stored; from assay.cli.main import main\n"
    f"stored.BLOCK = _stored.BLOCK = {BLOCK}\n"
)


def rows_of(n: int, seed: int) -> pa.Table:
    """Rows with cells of every kind of oddity: out of range, unseen, misfit, missing, formulas."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    town = rng.choice(["Basel", "Bern", "Chur"], n).astype(object)
    day = (np.datetime64("2020-01-01") + rng.integers(0, 900, n)).astype(str).astype(object)
    amount = np.asarray([f"{v:.2f}" for v in 100 + 10 * rng.normal(size=n)], dtype=object)
    label = np.where(x + (town == "Bern") + 0.3 * rng.normal(size=n) > 0.3, "yes", "-no").astype(object)
    if n > 400:
        x[::97], town[::53], day[::71], amount[::61], town[::59] = 1e6, "=Atlantis", "soon", "much", None
        amount[-1] = "n.a."
    code = np.asarray([f"{i}.50" for i in range(n)], dtype=object)
    return pa.table({"code": code, "x": x, "town": town, "day": day, "amount": amount, "y": label})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of two answers, one of a value, and rows to answer as Parquet and as CSV."""
    found = tmp_path_factory.mktemp("streaming")
    learnt = rows_of(300, 0)
    kinds = {"amount": "number", "day": "date", "town": "category"}
    common = {"ids": ("code",), "kinds": kinds, "learners": ("linear",), "trials": 1, "folds": 3, "checks": ()}
    pyarrow.parquet.write_table(learnt, found / "learnt.parquet")
    assay.train(found / "learnt.parquet", "y", **common).save(found / "two.assay")
    assay.train(found / "learnt.parquet", "x", **common).save(found / "value.assay")
    table = rows_of(ROWS, 1)
    pyarrow.parquet.write_table(table, found / "rows.parquet", row_group_size=1_100)
    pyarrow.feather.write_feather(table, found / "rows.arrow")
    table.to_pandas().to_csv(found / "rows.csv", index=False)
    return found


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_stored, "BLOCK", BLOCK)
    monkeypatch.setattr(kernel_stored, "BLOCK", BLOCK)
    monkeypatch.setattr(streaming, "BLOCK", BLOCK)
    monkeypatch.setattr(_spool, "LETTERS", 20_000)
    monkeypatch.setattr(streaming, "AT_ONCE", 1e5)


@pytest.mark.parametrize("name", ["two.assay", "value.assay"])
@pytest.mark.parametrize("data", ["rows.parquet", "rows.csv", "rows.arrow"])
@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_answers_are_those_of_the_whole_table(name: str, data: str, ending: str, folder: Path, tmp_path: Path) -> None:
    model = assay.load(folder / name)
    whole = model.predict(folder / data)
    told: list[tuple[int, int]] = []
    found = answer_file(model, folder / data, tmp_path / f"out.{ending}", tell=lambda *said: told.append(said))
    assert (found.rows, found.noted, found.refused) == (ROWS, sum(map(bool, whole.notes)), 0)
    assert told[0] == (0, ROWS)
    assert told[-1] == (ROWS, ROWS)
    assert len(told) > ROWS // BLOCK
    assert [path.name for path in tmp_path.iterdir()] == [f"out.{ending}"]
    columns = whole.columns()
    if ending == "csv":
        whole.save(tmp_path / "whole.csv")
        assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
        return
    if ending == "jsonl":
        lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
        got = {key: [json.loads(line)[key] for line in lines] for key in columns}
    else:
        got = pyarrow.parquet.read_table(tmp_path / "out.parquet").to_pydict()
    assert list(got) == list(columns)
    for key, cells in columns.items():
        same = pytest.approx(cells, rel=1e-12) if isinstance(cells[0], float) else cells
        assert got[key] == same, key


def test_a_file_written_at_once_and_one_in_blocks_hold_the_same(folder: Path, tmp_path: Path) -> None:
    answers = assay.load(folder / "two.assay").predict(folder / "rows.parquet")
    for ending in ("parquet", "jsonl"):
        answers.save(tmp_path / f"out.{ending}")
    assert pyarrow.parquet.read_table(tmp_path / "out.parquet").to_pydict() == answers.columns()
    assert assay.read(tmp_path / "out.jsonl").rows == ROWS


@pytest.mark.parametrize("place", [0, ROWS - 1])
def test_a_name_beyond_ascii_marks_the_file_wherever_it_stands(place: int, folder: Path, tmp_path: Path) -> None:
    table, model = rows_of(ROWS, 1), assay.load(folder / "two.assay")
    codes = table["code"].to_pylist()
    codes[place] = "北京"
    pyarrow.parquet.write_table(table.set_column(0, "code", pa.array(codes)), tmp_path / "rows.parquet")
    answer_file(model, tmp_path / "rows.parquet", tmp_path / "calm.csv", known_as="m")
    assert (tmp_path / "calm.csv").read_bytes().startswith("\ufeffcode,".encode())
    assert (tmp_path / "calm.csv").read_bytes().count("\ufeff".encode()) == 1
    assert list(assay.read(tmp_path / "calm.csv")["code"].texts()) == codes
    stopped(folder, tmp_path / "out.csv", data=str(tmp_path / "rows.parquet"))
    answer_file(model, tmp_path / "rows.parquet", tmp_path / "out.csv", known_as="m", resume=True)
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "calm.csv").read_bytes()


class Stop(BaseException):
    """The power goes."""


def stopped(
    folder: Path, target: Path, after: int = 3 * BLOCK, model: str = "two.assay", data: str = "rows.csv"
) -> None:
    """A run that is killed once so many rows are done, the block that it was writing torn."""

    def tell(done: int, _: int) -> None:
        if done >= after:
            raise Stop

    with pytest.raises(Stop):
        answer_file(assay.load(folder / model), folder / data, target, known_as="m", tell=tell)
    with target.with_name(f".{target.name}.part").open("ab") as part:
        part.write(b"torn")
    with target.with_name(f".{target.name}.part.journal").open("ab") as journal:
        journal.write(b'{"blocks": 4, "chec')


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("data", ["rows.csv", "rows.parquet"])
def test_a_resumed_run_gives_the_same_bytes(ending: str, data: str, folder: Path, tmp_path: Path) -> None:
    model, target = assay.load(folder / "two.assay"), tmp_path / f"out.{ending}"
    answer_file(model, folder / data, tmp_path / f"calm.{ending}", known_as="m")
    target.write_text("what stood there", encoding="utf-8")
    stopped(folder, target, data=data)
    assert target.read_text(encoding="utf-8") == "what stood there"
    told: list[int] = []
    answer_file(model, folder / data, target, known_as="m", resume=True, tell=lambda done, _: told.append(done))
    assert told[0] == 3 * BLOCK
    assert target.read_bytes() == (tmp_path / f"calm.{ending}").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([f"calm.{ending}", target.name])


@pytest.mark.parametrize("spoilt", ["short", "altered", "gone"])
def test_bytes_that_the_journal_does_not_vouch_for_are_cut_off(spoilt: str, folder: Path, tmp_path: Path) -> None:
    model, target = assay.load(folder / "two.assay"), tmp_path / "out.csv"
    answer_file(model, folder / "rows.parquet", tmp_path / "calm.csv", known_as="m")
    stopped(folder, target, data="rows.parquet")
    part = tmp_path / ".out.csv.part"
    raw = part.read_bytes()
    middle = len(raw) // 2
    part.write_bytes({"short": raw[:-700], "altered": raw[:middle] + b"#" + raw[middle + 1 :], "gone": b""}[spoilt])
    told = list[int]()
    answer_file(
        model, folder / "rows.parquet", target, known_as="m", resume=True, tell=lambda done, _: told.append(done)
    )
    assert told[0] == {"short": 2, "altered": 1, "gone": 0}[spoilt] * BLOCK
    assert target.read_bytes() == (tmp_path / "calm.csv").read_bytes()


def test_without_resume_it_is_begun_anew(folder: Path, tmp_path: Path) -> None:
    target, told = tmp_path / "out.csv", list[int]()
    stopped(folder, target)
    answer_file(assay.load(folder / "two.assay"), folder / "rows.csv", target, tell=lambda done, _: told.append(done))
    assert told[0] == 0
    assert len(target.read_text(encoding="utf-8").splitlines()) == ROWS + 1


def test_another_model_other_data_and_other_options_are_refused(folder: Path, tmp_path: Path) -> None:
    model, target = assay.load(folder / "two.assay"), tmp_path / "out.csv"
    stopped(folder, target)
    before = (tmp_path / ".out.csv.part").read_bytes()
    with pytest.raises(RequestError, match="answered with another model") as caught:
        answer_file(model, folder / "rows.csv", target, known_as="other", resume=True)
    assert all(caught.value.parts("zh"))
    with pytest.raises(RequestError, match="other data"):
        answer_file(model, folder / "rows.parquet", target, known_as="m", resume=True)
    with pytest.raises(RequestError, match="other options"):
        answer_file(model, folder / "rows.csv", target, lang="zh", known_as="m", resume=True)
    assert (tmp_path / ".out.csv.part").read_bytes() == before
    assert not target.exists()


def test_two_runs_do_not_write_one_file(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    mark = {"model": "", "data": {}, "options": {}, "version": ""}
    with Part(tmp_path / "out.csv", mark, False) as part:
        part.add(b"one\n", 1, 0, {})
        with pytest.raises(RequestError, match="Another run is writing"):
            answer_file(assay.load(folder / "two.assay"), folder / "rows.csv", tmp_path / "out.csv")
        part.add(b"two\n", 1, 0, {})
        part.finish()
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "one\ntwo\n"


def test_a_column_that_is_lacking_is_told_and_nothing_is_left(folder: Path, tmp_path: Path) -> None:
    table = pyarrow.parquet.read_table(folder / "rows.parquet").rename_columns(
        ["code", "x", "twon", "day", "amount", "y"]
    )
    pyarrow.parquet.write_table(table, tmp_path / "rows.parquet")
    with pytest.raises(DataError, match="Did you mean 'twon'"):
        answer_file(assay.load(folder / "two.assay"), tmp_path / "rows.parquet", tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["rows.parquet"]


def run(code: str, *arguments: str, most_bytes: int = 0) -> subprocess.CompletedProcess[str]:
    """The command line with small blocks; `most_bytes` is the largest file that the system lets it write."""

    def limit() -> None:
        if most_bytes:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    command = [sys.executable, "-c", SMALL + code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=limit, timeout=120)


def test_a_run_killed_by_the_system_is_gone_on_with(folder: Path, tmp_path: Path) -> None:
    asked = ["predict", str(folder / "two.assay"), str(folder / "rows.parquet"), "-o", str(tmp_path / "out.csv")]
    kill = (
        "import os, signal; from assay.answers.part import Part; add = Part.add\n"
        "def killed(self, *block):\n    add(self, *block)\n    if self.kept.blocks == 3: os.kill(os.getpid(), signal.SIGKILL)\n"
        "Part.add = killed; sys.exit(main(sys.argv[1:]))"
    )
    assert run(kill, *asked).returncode == -signal.SIGKILL
    assert not (tmp_path / "out.csv").exists()
    assert main([*asked, "--resume"]) == 0
    assay.load(folder / "two.assay").predict(folder / "rows.parquet").save(tmp_path / "whole.csv")
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_full_disk_leaves_what_stood_there_and_says_how_to_go_on(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("what stood there", encoding="utf-8")
    asked = ["predict", str(folder / "two.assay"), str(folder / "rows.parquet"), "-o", str(target)]
    said = run("sys.exit(main(sys.argv[1:]))", *asked, most_bytes=60_000)
    assert said.returncode == 2, said.stderr
    assert "finished answers are kept beside it" in said.stderr
    assert "--resume" in said.stderr
    assert "Traceback" not in said.stderr
    assert target.read_text(encoding="utf-8") == "what stood there"
    said = run("sys.exit(main(sys.argv[1:]))", *asked, "--resume")
    assert said.returncode == 0, said.stderr
    assert "2,600 answers" in said.stderr
    assert "rows, " in said.stderr  # progress, a line where a tenth is done
    assert len(target.read_text(encoding="utf-8").splitlines()) == ROWS + 1


def test_nothing_is_left_where_not_even_one_block_fits(folder: Path, tmp_path: Path) -> None:
    asked = ["predict", str(folder / "two.assay"), str(folder / "rows.parquet"), "-o", str(tmp_path / "out.csv")]
    said = run("sys.exit(main(sys.argv[1:]))", *asked, most_bytes=2_000)
    assert said.returncode == 2
    assert "could not be written" in said.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("more", [[], ["--json", "-o", "out.csv"]])
def test_resume_needs_a_file_of_answers(more: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(folder / "two.assay"), str(folder / "rows.parquet"), "--resume", *more]) == 2
    assert "nothing to go on with" in capsys.readouterr().err
