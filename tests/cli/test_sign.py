"""Does a writer sign a file with keys that stay theirs, and does a reader see whose it is?"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from assay.cli.main import main
from assay.kernel.box import Box
from assay.kernel.need import has
from assay.store import bundle

pytestmark = pytest.mark.skipif(not has("cryptography"), reason="cryptography is not installed")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    box = Box()
    box.put(rows=3)
    bundle.write(box, tmp_path / "loans.assay")
    return tmp_path / "loans.assay"


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    assert main(["sign", "--new-keys", str(tmp_path / "writer")]) == 0
    return tmp_path / "writer.key", tmp_path / "writer.pub"


def test_a_signed_file_is_verified_without_the_table(
    model: Path, keys: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    private, public = keys
    assert main(["verify", str(model), "--key", str(public)]) == 2
    assert f"{model}: The file carries no signature." in capsys.readouterr().err
    assert main(["sign", str(model), "--key", str(private)]) == 0
    assert f"Signed {model}" in capsys.readouterr().err
    assert main(["verify", str(model), "--key", str(public)]) == 0
    assert "The signature is that of the key." in capsys.readouterr().out
    assert bundle.read(model).whole("rows") == 3


def test_json_names_the_public_key(model: Path, keys: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sign", str(model), "--key", str(keys[0]), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["public_key"] == keys[1].read_bytes().hex()
    assert main(["verify", str(model), "--key", str(keys[1]), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"whole": True, "signed": True}


def test_keys_are_made_and_used_at_once(model: Path, tmp_path: Path) -> None:
    assert main(["sign", str(model), "--new-keys", str(tmp_path / "mine")]) == 0
    assert main(["verify", str(model), "--key", str(tmp_path / "mine.pub")]) == 0


def test_a_changed_file_and_another_key_are_refused(
    model: Path, keys: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sign", str(model), "--key", str(keys[0])]) == 0
    assert main(["sign", "--new-keys", str(tmp_path / "other")]) == 0
    assert main(["verify", str(model), "--key", str(tmp_path / "other.pub")]) == 2
    assert "not by this key" in capsys.readouterr().err
    raw = model.read_bytes()
    assert raw.count(b'"rows"') == 1
    model.write_bytes(raw.replace(b'"rows"', b'"sows"'))
    assert main(["verify", str(model), "--key", str(keys[1])]) == 2
    assert "was changed after the file was written" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="modes of files are those of POSIX")
def test_the_private_key_is_for_its_owner_alone(
    model: Path, keys: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    private, public = keys
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert len(private.read_bytes()) == len(public.read_bytes()) == 32
    assert main(["sign", str(model), "--key", str(private)]) == 0
    assert "chmod 600" not in capsys.readouterr().err
    private.chmod(0o644)
    assert main(["sign", str(model), "--key", str(private)]) == 0
    assert "chmod 600" in capsys.readouterr().err


@pytest.mark.parametrize("there", ["writer.key", "writer.pub"])
def test_a_key_is_never_written_over(there: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / there).write_bytes(b"x")
    assert main(["sign", "--new-keys", str(tmp_path / "writer")]) == 2
    assert "is there already" in capsys.readouterr().err
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(there, b"x")]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "writer.key").symlink_to(tmp_path / "elsewhere")
    assert main(["sign", "--new-keys", str(tmp_path / "writer")]) == 2
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["sign", "{model}"],
        ["sign", "{model}", "--key", "{key}", "--new-keys", "{folder}/a"],
        ["sign", "--key", "{key}"],
        ["sign", "{model}", "--key", "{folder}/none.key"],
        ["sign", "{model}", "--key", "{model}"],
        ["sign", "{folder}/none.assay", "--new-keys", "{folder}/b"],
        ["sign", "{key}", "--key", "{key}"],
        ["verify", "{model}"],
        ["verify", "{model}", "--key", "{folder}/none.pub"],
        ["verify", "{model}", "--key", "{model}"],
        ["verify", "{model}", "--key", "{key}", "-o", "{folder}/out.json"],
    ],
    ids=lambda arguments: " ".join(arguments) if isinstance(arguments, list) else arguments,
)
def test_what_cannot_be_done_is_said(
    arguments: list[str],
    lang: str,
    model: Path,
    keys: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    capsys.readouterr()
    before = sorted(path.name for path in tmp_path.iterdir())
    named = {"model": str(model), "key": str(keys[0]), "folder": str(tmp_path)}
    assert main([argument.format(**named) for argument in arguments] + ["--lang", lang]) == 2
    said = capsys.readouterr()
    assert said.err.strip()
    assert not said.out
    assert sorted(path.name for path in tmp_path.iterdir()) == before
