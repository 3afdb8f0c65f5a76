"""`python -m linclf_helpers.teaching`: every command, what it starts, and what it says when something is missing."""

import runpy
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from linclf_helpers.teaching import __main__ as teaching
from linclf_helpers.teaching import checkout

PYTEST = ["-m", "pytest", "--numprocesses=logical", "--maxprocesses=4", "--dist=loadfile", "--no-loadscope-reorder"]
FIRST = "notebooks/00_start_here.ipynb"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], str]]:
    """Return a list of what was started instead of starting it: the arguments, and ALL_MUTANTS."""
    programs: list[tuple[list[str], str]] = []

    def start(words: list[str], cwd: Path, env: dict[str, str], check: bool) -> SimpleNamespace:
        assert words[0] == sys.executable
        assert cwd == checkout.ROOT
        programs.append((words[1:], env.get("ALL_MUTANTS", "")))
        return SimpleNamespace(returncode=3 if "format" in words else 0)

    monkeypatch.setattr(subprocess, "run", start)
    monkeypatch.setattr(teaching, "find_spec", lambda name: name)
    monkeypatch.delenv("ALL_MUTANTS", raising=False)
    return programs


@pytest.mark.parametrize(
    ("words", "starts"),
    [
        (["lab"], ["-m", "jupyterlab", "--notebook-dir=.", FIRST]),
        (["lab", "notebooks/01.ipynb"], ["-m", "jupyterlab", "--notebook-dir=.", "notebooks/01.ipynb"]),
        (["lab", "--no-browser"], ["-m", "jupyterlab", "--notebook-dir=.", "--no-browser", FIRST]),
        (["test", "-x"], [*PYTEST, "-x", "--cov=linclf_helpers"]),
        (["notebooks"], ["tests/notebooks/refresh.py"]),
        (["class", "--users=8"], ["tests/hub/rehearse.py", "--users=8"]),
        (["class", "--users", "8"], ["tests/hub/rehearse.py", "--users", "8"]),
        (["bench", "--mnist", "a folder"], ["tests/benchmark.py", "--mnist", "a folder"]),
    ],
)
def test_starts_a_program(started: list[tuple[list[str], str]], words: Sequence[str], starts: list[str]) -> None:
    assert teaching.main(words) == 0
    assert started == [(starts, "")]


def test_every_error_in_the_formulas_is_asked_for(started: list[tuple[list[str], str]]) -> None:
    assert teaching.main(["test-formulas"]) == 0
    assert started == [(["-m", "pytest", "tests/formulas"], "1")]


def test_the_first_program_that_fails_is_the_last(started: list[tuple[list[str], str]]) -> None:
    assert teaching.main(["check"]) == 3
    assert [words for words, _ in started] == [["-m", "ruff", "check"], ["-m", "ruff", "format", "--check"]]


def test_what_programs_are_started_is_there() -> None:
    for command in teaching.OTHERS.values():
        for step in command.steps:
            for word in step.split():
                path = word.removeprefix("--config=")
                assert not path.endswith(".py") or (checkout.ROOT / path).is_file()
    assert (checkout.ROOT / FIRST).is_file()


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_lists_the_commands(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert teaching.main(words) == 0
    said = capsys.readouterr().out
    assert all(f"\n  {name} " in said for name in (*teaching.OWN, *teaching.OTHERS))


def test_an_unknown_command_gets_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert teaching.main(["asignments"]) == 2
    assert "assignments" in capsys.readouterr().out


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teaching, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r'present needs what is not installed here: .*"\.\[present\]"'):
        teaching.main(["present"])


def test_without_a_clone_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checkout, "NOTEBOOKS", tmp_path)
    for words in (["lab"], ["handout"], ["assignments"]):
        with pytest.raises(SystemExit, match="this needs a clone of the course"):
            teaching.main(words)


def test_makes_a_handout_and_a_course(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert teaching.main(["handout", str(tmp_path / "a.zip")]) == 0
    assert teaching.main(["assignments", str(tmp_path / "course")]) == 0
    said = capsys.readouterr().out
    assert "a.zip: " in said
    assert "04_softmax_derivative" in said
    assert (tmp_path / "course" / "nbgrader_config.py").is_file()


def test_runs_as_a_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["teaching", "nonsense"])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(teaching.__file__), run_name="__main__")
    assert end.value.code == 2
    assert capsys.readouterr().out.startswith("usage: python -m linclf_helpers.teaching COMMAND")
