"""Are wrong arguments told in three parts, in the reader's language, and is a call without any answered with help?"""

from __future__ import annotations

import argparse

import pytest

from assay.cli.main import VERBS, main
from assay.cli.refused import SENTENCES, refused
from assay.cli.words import SAID

REFUSED = {  # arguments, what was seen, what to do
    "verb": ("trian t.csv", "There is no verb 'trian'", "Did you mean 'train'?"),
    "number": ("train t.csv --minutes soon", "--minutes takes a number; 'soon' is none", "assay train --help"),
    "whole number": ("train t.csv --folds 1.5", "--folds takes a whole number; '1.5' is none", "assay train --help"),
    "choice": ("train t.csv --ship bags", "--ship does not take 'bags'", "Did you mean 'bag'?"),
    "language": ("plan t.csv --lang fr", "--lang does not take 'fr'", "assay plan --help"),
    "no value": ("train t.csv --memory -1GB", "--memory stands without its value", "--memory=VALUE"),
    "value of a switch": ("train t.csv --readable=1", "--readable takes no value, but '1' is given", "left away"),
    "two names": ("train t.csv -o", "--output stands without its value", "assay train --help"),
    "nothing": ("train", "assay train needs more: data", "assay train --help"),
    "short": ("train t.csv --m 3", "'--m' may mean several options: --minutes", "written out"),
    "option": ("train t.csv --redable --target y", "assay train has no option '--redable'", "'--readable'?"),
    "option alone": ("--nope", "assay has no option '--nope'", "assay --help"),
    "no model": ("serve", "No model is named", "assay serve NAME.assay"),
    "no tokens": ("serve m.assay --token-file nowhere", "nowhere cannot be read", "--new-token"),
    "nothing at all": ("serve m.assay --seconds 0", "'seconds' is 0", "larger number"),
    "more than it takes": ("plan t.csv default", "does not know what to do with 'default'", "such as --target"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_wrong_arguments_are_told_in_three_parts(case, capsys):
    arguments, seen, do = REFUSED[case]
    assert main([*arguments.split(), "--lang", "en"] if case != "language" else arguments.split()) == 2
    out, said = capsys.readouterr()
    first, *more = said.splitlines()
    assert (out, seen in first) == ("", True), said
    assert do in " ".join(more), said
    assert len(more) <= 2, said
    assert "usage:" not in said


def test_wrong_arguments_are_told_in_chinese(capsys):
    for arguments, _, _ in REFUSED.values():
        assert main([*arguments.split(), "--lang", "zh"]) == 2
        said = capsys.readouterr().err
        assert "argument" not in said
        assert any("\u4e00" <= letter <= "\u9fff" for letter in said.splitlines()[0]), said


def test_an_empty_argument_is_told(capsys):
    assert main(["plan", "t.csv", "", "--lang", "en"]) == 2
    assert "does not know what to do with ''" in capsys.readouterr().err


def test_every_sentence_has_words():
    for lang, words in SAID.items():
        assert all(f"{key}.seen" in words for key in [*SENTENCES, "no_option", "arguments"]), lang


def test_a_sentence_that_is_not_known_is_passed_on():
    error = refused("argument --a: not allowed with argument --b", "assay train", ["--a", "--b"])
    assert str(error).startswith(
        "The arguments of assay train cannot be read: argument --a: not allowed with argument --b."
    )


class Told(Exception):
    """What argparse says."""


def test_the_sentences_are_those_of_argparse():
    """What argparse of this Python says is taken apart, not passed on."""

    class Telling(argparse.ArgumentParser):
        def error(self, message):
            raise Told(message)

    parser = Telling()
    parser.add_argument("--much", type=float)
    parser.add_argument("--many", type=int)
    parser.add_argument("--how", choices=("a", "b"))
    parser.add_argument("--on", action="store_true")
    parser.add_argument("place")
    wrong = ["--much x", "--many x", "--how c", "--how", "--on=1", "", "--m 1", "place more"]
    for arguments in wrong:
        with pytest.raises(Told) as told:
            parser.parse_args(arguments.split())
        assert "cannot be read" not in str(refused(str(told.value), "assay", [])), told.value


def test_without_arguments_there_is_help(capsys):
    for arguments in ([], ["--lang", "en"]):
        assert main(arguments) == 0
        said = capsys.readouterr().out
        assert all(f"\n  {verb}" in said or f"\n    {verb}" in said for verb in VERBS)
