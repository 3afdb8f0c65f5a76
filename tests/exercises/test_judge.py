"""A learner's notebook judged from outside: named mistakes, tricks that earn nothing, cells that never end."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from linclf_helpers import exercises
from linclf_helpers.exercises import judge, page

ROOT = Path(__file__).resolve().parents[2]
NAME = "04_softmax_derivative"
START = "import numpy as np\nfrom linclf_helpers import exercises"
PAPER = "answer = [[0.25, -0.25, 0], [-0.25, 0.25, 0], [0, 0, 0]]\n\nexercises.jacobian_on_paper.check(answer)"
CODE = """
def my_softmax_jacobian(y_hat):
    return np.diag(y_hat) - np.outer(y_hat, y_hat)


exercises.softmax_jacobian.check(my_softmax_jacobian)"""
CHOICE = 'answer = "{letter}"\n\nexercises.why_no_inverse.check(answer)'
SOLVED = (START, PAPER, CODE, CHOICE.format(letter=exercises.why_no_inverse.right))


def save(folder: Path, *cells: str, name: str = NAME) -> Path:
    path = folder / f"{name}.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# A lesson"), *map(new_code_cell, cells)]), path)
    return path


def kinds(judged: judge.Judged) -> dict[str, str]:
    return {each.name: each.mistake or each.kind for each in judged.exercises}


def test_the_list_of_exercises_is_that_of_the_notebooks() -> None:
    found = {
        path.stem: tuple(
            check.name
            for cell in nbformat.read(path, as_version=4).cells
            if cell.cell_type == "code" and (check := page.find_check(cell.source))
        )
        for path in (ROOT / "notebooks").glob("*.ipynb")
    }
    assert found == page.EXERCISES_OF


def test_a_solved_notebook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = save(tmp_path, *SOLVED, name=f"ada, {NAME} (2)")
    before = path.read_bytes()
    assert judge.main([str(path), "--json", "--timeout=90", f"--junit={tmp_path / 'junit.xml'}"]) == 0
    assert path.read_bytes() == before
    said = json.loads(capsys.readouterr().out)
    (notebook,) = said["notebooks"]
    assert (said["right"], notebook["right"], notebook["trouble"], said["refused"]) == (True, True, [], [])
    assert [each["name"] for each in notebook["exercises"]] == [*page.EXERCISES_OF[NAME]]
    assert {each["kind"] for each in notebook["exercises"]} == {"right"}
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot()[0]
    assert (suite.tag, suite.get("tests"), suite.get("failures")) == ("testsuite", "3", "0")
    assert [case.get("name") for case in suite] == [*page.EXERCISES_OF[NAME]]


def test_mistakes_are_named_and_the_last_copy_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = CODE.replace("np.diag(y_hat) - np.outer(y_hat, y_hat)", "np.diag(y_hat * (1 - y_hat))")
    broken = 'raise ValueError("an accident between the exercises")'
    path = save(tmp_path, START, PAPER, CODE, broken, wrong, CHOICE.format(letter="a"))
    other = save(tmp_path, START, "def my_softmax(Z): ...\n\n\nexercises.softmax.check(my_softmax)", name="mine")
    assert judge.main([str(path), str(other), f"--junit={tmp_path / 'junit.xml'}"]) == 1
    said = capsys.readouterr().out
    assert f"{path}: 1 of 3 right" in said
    title = exercises.softmax_jacobian.check(lambda y_hat: exercises.softmax_jacobian.mistakes[0].code(y_hat)).title
    assert "  ✓ jacobian_on_paper" in said
    assert f"  ✗ softmax_jacobian           softmax_jacobian.diagonal_only: {title}" in said
    assert "  ✗ why_no_inverse             why_no_inverse.a: " in said
    assert f"{other}: 0 of 1 right\n  ○ softmax " in said
    failures = ElementTree.parse(tmp_path / "junit.xml").getroot().findall(".//failure")
    assert [failure.get("type") for failure in failures] == [
        "softmax_jacobian.diagonal_only", "why_no_inverse.a", "not_started",
    ]  # fmt: skip


TRICKS = {
    "a printed verdict": (START, 'print("✓ softmax_jacobian: right.")\ndef my_f(y_hat): return y_hat'),
    "a patched checker": (START, "type(exercises.softmax_jacobian).check = lambda self, answer: exercises.Outcome"
                          '("right", "softmax_jacobian", "right.")\ndef my_f(y_hat): return y_hat'),
    "names of its own": (
        "class exercises:\n    class softmax_jacobian:\n        check = print\n\n\ndef my_f(y_hat): return y_hat",
    ),
    "a patched judge": (
        START,
        "from linclf_helpers.exercises import page\npage.verdict = lambda *_: '{\"kind\": \"right\", \"mistake\": null,"
        " \"title\": \"right.\"}'\ndef my_f(y_hat): return y_hat",
    ),
}  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
def test_tricks_earn_nothing(tmp_path: Path, trick: str) -> None:
    for module in ("numpy", "linclf_helpers"):  # sent along: not imported
        (tmp_path / f"{module}.py").write_text("raise SystemExit", encoding="utf-8")
    path = save(tmp_path, *TRICKS[trick], "exercises.softmax_jacobian.check(my_f)")
    judged = judge.judge(path)
    found = kinds(judged)
    assert found["softmax_jacobian"] not in ("right", "not_started", "not_run")
    assert (found["jacobian_on_paper"], found["why_no_inverse"]) == ("not_started", "not_started")


def test_a_cell_that_never_ends_is_stopped_and_the_next_one_runs(tmp_path: Path) -> None:
    judged = judge.judge(save(tmp_path, START, "while True: pass", PAPER), timeout=3)
    assert kinds(judged)["jacobian_on_paper"] == "right"
    assert judged.trouble == ("cell 3 took more than 3 s and was stopped",)


def test_where_python_dies_the_rest_is_not_run(tmp_path: Path) -> None:
    judged = judge.judge(save(tmp_path, START, PAPER, "import os\nos._exit(1)", CODE))
    assert kinds(judged) == {
        "jacobian_on_paper": "right",
        "softmax_jacobian": "not_run",
        "why_no_inverse": "not_started",
    }
    assert judged.trouble == ("Python died in cell 4",)
    assert "✗ softmax_jacobian           not run: Python died in cell 4." in str(judged)


def test_what_cannot_be_stopped_is_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "GRACE", 1)
    deaf = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    judged = judge.judge(save(tmp_path, START, deaf, PAPER), timeout=2)
    assert kinds(judged)["jacobian_on_paper"] == "not_run"
    assert judged.trouble == ("Python could not be stopped after 2 + 1 s in cell 3",)
    assert ElementTree.fromstring(judge.junit([judged])).findtext(".//system-err") == judged.trouble[0]


def test_a_check_that_never_ends_is_stopped_and_the_next_one_runs(tmp_path: Path) -> None:
    endless = CODE.replace("return np", "while True: pass\n    return np")
    judged = judge.judge(save(tmp_path, START, endless, PAPER), timeout=3)
    said = {each.name: each.title for each in judged.exercises}
    assert said["softmax_jacobian"] == "stopped: the check took more than 3 s."
    assert kinds(judged)["jacobian_on_paper"] == "right"
    assert judged.trouble[-1] == "the check of softmax_jacobian took more than 3 s and was stopped"


def test_without_a_kernel_that_starts_nothing_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))  # a Python that finds no library
    assert judge.main([str(save(tmp_path, START))]) == 2
    assert "no kernel starts with" in capsys.readouterr().err


def test_what_a_learner_raises_may_say_anything(tmp_path: Path) -> None:
    odd = "\x00\x1b[31m<&>\ud800 ∑ 🙂"
    judged = judge.Judged(f"{odd}.ipynb", (judge.Verdict(odd, "raised", None, odd),), (odd,))
    xml = judge.junit([judged], [odd])
    failure = ElementTree.fromstring(xml).find(".//failure")
    assert failure is not None
    assert failure.get("message") == "\ufffd\ufffd[31m<&>\ufffd ∑ 🙂"
    raises = 'def my_f(y_hat): raise ValueError("\\0\\x1b")'
    path = save(tmp_path, START, raises, "exercises.softmax_jacobian.check(my_f)")
    ElementTree.fromstring(judge.junit([judge.judge(path)]))


def test_lessons_without_exercises_are_right(tmp_path: Path) -> None:
    assert judge.judge(save(tmp_path, "1 + 1", name="00_start_here")).right


def test_a_report_that_cannot_be_written_is_refused_before_anything_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        judge.main([str(save(tmp_path, START)), f"--junit={tmp_path / 'missing' / 'junit.xml'}"])
    assert end.value.code == 2
    assert "argument --junit: " in capsys.readouterr().err


def test_what_is_no_notebook_of_the_course_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in (("text", "no JSON"), ("empty", ""), ("other", "{}"), ("list", "[]"), ("cells", '{"cells": 1}')):
        (tmp_path / f"{name}.ipynb").write_text(text, encoding="utf-8")
    (tmp_path / "binary.ipynb").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "folder.ipynb").mkdir()
    paths = [*sorted(tmp_path.glob("*.ipynb")), tmp_path / "missing.ipynb", save(tmp_path, "1 + 1", name="own")]
    assert judge.main([*map(str, paths), "--json", f"--junit={tmp_path / 'junit.xml'}"]) == 2
    said = capsys.readouterr()
    assert json.loads(said.out) == {"right": False, "notebooks": [], "refused": said.err.splitlines()}
    assert len(said.err.splitlines()) == len(paths) == 9
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("errors"), len(suite.findall("./testcase/error"))) == ("9", "9", 9)
    assert "missing.ipynb: there is no such file" in said.err
    assert "text.ipynb: not a notebook (NotJSONError)" in said.err
    assert "own.ipynb: there is no exercise of the course in it" in said.err


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "1.5"])
def test_a_time_is_a_whole_number(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        judge.main(["a.ipynb", f"--timeout={seconds}"])
    assert f"expected a whole number of seconds from 1 on, got {seconds}" in capsys.readouterr().err


def test_without_a_kernel_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", None)
    with pytest.raises(SystemExit, match=r"comes with JupyterLab: pip install"):
        judge.main(["a.ipynb"])


def test_a_check_that_fails_itself_is_no_success() -> None:
    kernel = judge._Kernel.__new__(judge._Kernel)
    replies: list[Any] = [{}, {"user_expressions": {"verdict": {"ename": "NameError", "evalue": "no such name"}}}]
    kernel._reply = lambda code, expressions: (replies.pop(0), True)  # type: ignore[method-assign]
    assert kernel.ask("softmax", "f")[0].title == "the check itself failed (no answer)."
    assert kernel.ask("softmax", "f")[0].title == "the check itself failed (NameError: no such name)."


def test_the_verdict_on_every_kind_of_exercise() -> None:
    def said(name: str, answer: Any, space: Any = None) -> Any:
        return json.loads(page.verdict(name, answer, space or {}))

    assert said("why_no_inverse", lambda: "a") | {"title": ""} == {
        "kind": "recognised", "mistake": "why_no_inverse.a", "title": "",
    }  # fmt: skip
    assert said("softmax", lambda: exercises.softmax.reference)["kind"] == "right"
    assert said("patient_5", lambda: exercises.CLINIC[4].reference)["kind"] == "right"
    assert said("capstone-softmax", lambda: "softmax", {"softmax": exercises.softmax.reference})["kind"] == "right"
    assert said("capstone-loss", lambda: "loss")["kind"] == "not_started"
    assert said("softmax", lambda: my_softmax)["title"] == "not started (name 'my_softmax' is not defined)."  # noqa: F821


def test_runs_as_a_module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import runpy

    main = str(Path(exercises.__file__).with_name("__main__.py"))
    for words, status in ((["check", str(tmp_path / "missing.ipynb")], 2), (["nonsense"], "check NOTEBOOK")):
        monkeypatch.setattr(sys, "argv", ["exercises", *words])
        with pytest.raises(SystemExit) as end:
            runpy.run_path(main, run_name="__main__")
        assert end.value.code == status or str(status) in str(end.value.code)


def test_a_reply_to_something_else_is_passed_over() -> None:
    kernel = judge._Kernel.__new__(judge._Kernel)
    messages = [{"parent_header": {}, "content": {}}, {"parent_header": {"msg_id": "1"}, "content": {"status": "ok"}}]
    kernel._client = SimpleNamespace(execute=lambda *_, **__: "1", get_shell_msg=lambda timeout: messages.pop(0))
    kernel._timeout = 5
    assert kernel._reply("x", {}) == ({"status": "ok"}, True)
