"""Judge a learner's notebook without opening it: `python -m linclf_helpers.exercises check NOTEBOOK`."""

import argparse
import ast
import json
import os
import queue
import re
import subprocess
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from linclf_helpers.exercises.page import EXERCISES_OF, Check, find_check

__all__ = ["Judged", "NoKernelError", "NotANotebookError", "Verdict", "judge", "junit", "main"]

# Run before each verdict: the package is imported afresh, so nothing that a notebook changed in it counts.
AFRESH = "(lambda m: [m.pop(n) for n in [*m] if n.split('.')[0] == 'linclf_helpers'])(__import__('sys').modules)"
VERDICT = "__import__('linclf_helpers.exercises.page', fromlist=['_']).verdict({name!r}, lambda: ({answer}), globals())"
MARKS = {"right": "✓", "not_started": "○"}
TIMEOUT = 60
START = 120  # seconds that a kernel may take to start
GRACE = 10  # seconds that a cell which was interrupted may go on


class NotANotebookError(ValueError):
    """There is no file, or none that is a notebook of the course."""


class NoKernelError(RuntimeError):
    """Python could not be started as a kernel: this computer's fault, not the learner's."""


@dataclass(frozen=True)
class Verdict:
    """What is said about one exercise.

    Attributes
    ----------
    name : str
        The exercise.
    kind : str
        As in `Outcome`; "not_run" where the notebook ended before.
    mistake : str or None
        The id of the mistake, if it was recognised.
    title : str
        The answer in a sentence.
    """

    name: str
    kind: str
    mistake: str | None
    title: str

    @property
    def right(self) -> bool:
        """Whether the exercise is solved."""
        return self.kind == "right"

    def __str__(self) -> str:
        known = f"{self.mistake}: " if self.mistake else ""
        return f"  {MARKS.get(self.kind, '✗')} {self.name:<26} {known}{self.title}"


@dataclass(frozen=True)
class Judged:
    """What is said about one notebook.

    Attributes
    ----------
    notebook : str
        The file.
    exercises : tuple of Verdict
        In the notebook's order.
    trouble : tuple of str
        What ended the notebook or one of its cells.
    """

    notebook: str
    exercises: tuple[Verdict, ...]
    trouble: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether all exercises are solved."""
        return all(each.right for each in self.exercises)

    def __str__(self) -> str:
        count = sum(each.right for each in self.exercises)
        lines = [f"{self.notebook}: {count} of {len(self.exercises)} right"]
        return "\n".join([*lines, *map(str, self.exercises), *(f"  ! {line}" for line in self.trouble)])


def judge(path: Path, timeout: int = TIMEOUT) -> Judged:
    """Execute a learner's notebook in a new kernel and return what is to be said about each exercise.

    Parameters
    ----------
    path : Path
        The notebook. The file stays as it is.
    timeout : int, default 60
        Seconds that a cell may take. Then it is interrupted, and the next one runs.

    Returns
    -------
    judged : Judged

    Raises
    ------
    NotANotebookError
        If there is no such file, it is no notebook, or has no exercise of the course.
    NoKernelError
        If no kernel starts.

    Notes
    -----
    Each exercise is judged right after the cell that ends with its `check`, the last one if it was copied; what the
    notebook prints or displays is not looked at. An exercise that was deleted is not started. A notebook of the
    course without exercises (00) is right. A notebook is a program: it runs with the rights of whoever judges it, in
    its own folder, which is not imported from. Answer and verdict share one Python, so somebody skilled can fake one.
    """
    cells = _cells_of(path)
    asked = {check.name: index for index, source in enumerate(cells) if (check := _check_in(source))}
    of_course = [names for name, names in EXERCISES_OF.items() if name in path.stem]  # whatever stands around it
    wanted = of_course[0] if of_course else tuple(asked)
    if not of_course and not wanted:
        raise NotANotebookError(f"{path}: there is no exercise of the course in it")
    found, trouble = _run(cells, {asked[name]: name for name in wanted if name in asked}, path.parent, timeout)
    gone = "not started: there is no cell that ends with its check."
    verdicts = tuple(found.get(name) or Verdict(name, "not_started", None, gone) for name in wanted)
    return Judged(str(path), verdicts, tuple(trouble))


def _cells_of(path: Path) -> list[str]:
    """Return the source of each cell, "" for those that are no code."""
    import nbformat

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cells without an id
            cells = nbformat.read(path, as_version=4).cells
        return [str(cell.source) if cell.cell_type == "code" else "" for cell in cells]
    except FileNotFoundError:
        raise NotANotebookError(f"{path}: there is no such file") from None
    except Exception as error:  # no JSON, no notebook, no text, a folder, …
        raise NotANotebookError(f"{path}: not a notebook ({type(error).__name__})") from None


def _check_in(source: str) -> Check | None:
    check = find_check(source)
    known = {name for names in EXERCISES_OF.values() for name in names}
    return check if check and check.name in known else None


def _run(cells: list[str], places: dict[int, str], folder: Path, timeout: int) -> tuple[dict[str, Verdict], list[str]]:
    """Execute all cells; return the verdicts at these places, and what went wrong."""
    found: dict[str, Verdict] = {}
    trouble: list[str] = []
    over = ""
    with _Kernel(folder, timeout) as kernel:
        for index, source in enumerate(cells):
            name = places.get(index)
            if source and not over:
                try:
                    if not kernel.execute(source):
                        trouble.append(f"cell {index + 1} took more than {timeout} s and was stopped")
                    check = find_check(source)
                    if name and check:
                        found[name], in_time = kernel.ask(name, check.answer)
                        if not in_time:
                            trouble.append(f"the check of {name} took more than {timeout} s and was stopped")
                except _OverError as error:
                    over = f"{error} in cell {index + 1}"
            if over and name:
                found[name] = Verdict(name, "not_run", None, f"not run: {over}.")
    return found, [*trouble, *([over] if over else [])]


class _OverError(Exception):
    """The kernel answers no more."""


class _Kernel:
    """A new kernel of this very interpreter, whatever kernel a notebook names."""

    def __init__(self, folder: Path, timeout: int) -> None:
        from jupyter_client.kernelspec import KernelSpec
        from jupyter_client.manager import KernelManager

        class ThisPython(KernelManager):
            @property
            def kernel_spec(self) -> KernelSpec:
                argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
                return KernelSpec(argv=argv, display_name="Python 3", language="python")

        self._timeout, self._manager = timeout, ThisPython()
        environment = {**os.environ, "PYTHONSAFEPATH": "1"}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._manager.start_kernel(cwd=str(folder.resolve()), env=environment, **quiet)
        self._client = self._manager.blocking_client()
        self._client.start_channels()
        try:
            self._client.wait_for_ready(timeout=START)
        except RuntimeError as error:
            self.__exit__()
            raise NoKernelError(f"no kernel starts with {sys.executable}: {error}") from None

    def __enter__(self) -> "_Kernel":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def execute(self, code: str) -> bool:
        """Run a cell; return False if it took too long and was stopped."""
        return self._reply(code, {})[1]

    def ask(self, name: str, answer: str) -> tuple[Verdict, bool]:
        """Return the verdict of a package imported afresh, and whether it came in time.

        It comes with a reply, which nothing that is printed gets to.
        """
        expressions = {"afresh": AFRESH, "verdict": VERDICT.format(name=name, answer=answer)}
        reply, in_time = self._reply("", expressions)
        if not in_time:
            return Verdict(name, "raised", None, f"stopped: the check took more than {self._timeout} s."), in_time
        content = reply.get("user_expressions", {}).get("verdict", {})
        try:
            said = json.loads(ast.literal_eval(content["data"]["text/plain"]))
            return Verdict(name, str(said["kind"]), said["mistake"], str(said["title"])), in_time
        except (KeyError, TypeError, ValueError, SyntaxError):
            why = f"{content.get('ename', 'no answer')}: {content.get('evalue', '')}".rstrip(": ")
            return Verdict(name, "raised", None, f"the check itself failed ({why})."), in_time

    def _reply(self, code: str, expressions: dict[str, str]) -> tuple[dict[str, Any], bool]:
        """Return what the kernel replies, and whether it did so in time; else it is interrupted."""
        asked = self._client.execute(
            code, silent=not code, user_expressions=expressions, allow_stdin=False, stop_on_error=False
        )
        in_time, end = True, time.monotonic() + self._timeout
        while True:
            try:
                reply = self._client.get_shell_msg(timeout=0.2)
            except queue.Empty:
                if not self._manager.is_alive():
                    raise _OverError("Python died") from None
                if time.monotonic() < end:
                    continue
                if not in_time:
                    raise _OverError(f"Python could not be stopped after {self._timeout} + {GRACE} s") from None
                self._manager.interrupt_kernel()
                in_time, end = False, time.monotonic() + GRACE
            else:
                if reply["parent_header"].get("msg_id") == asked:
                    return dict(reply["content"]), in_time


def junit(results: Sequence[Judged], refused: Sequence[str] = ()) -> bytes:
    """Return the verdicts as JUnit's XML: a suite for each notebook, a case for each exercise.

    Parameters
    ----------
    results : sequence of Judged
    refused : sequence of str
        What is said about each file that could not be judged: an error each.

    Returns
    -------
    xml : bytes
    """
    root = ElementTree.Element("testsuites", name="How a classifier learns")
    for result in results:
        wrong = sum(not each.right for each in result.exercises)
        counts = {"tests": str(len(result.exercises)), "failures": str(wrong), "errors": "0"}
        suite = ElementTree.SubElement(root, "testsuite", {"name": result.notebook, **counts})
        for each in result.exercises:
            case = ElementTree.SubElement(suite, "testcase", classname=Path(result.notebook).stem, name=each.name)
            if not each.right:
                ElementTree.SubElement(case, "failure", type=each.mistake or each.kind, message=each.title)
        if result.trouble:
            ElementTree.SubElement(suite, "system-err").text = "\n".join(result.trouble)
    if refused:
        counts = {"tests": str(len(refused)), "failures": "0", "errors": str(len(refused))}
        suite = ElementTree.SubElement(root, "testsuite", {"name": "not judged", **counts})
        for why in refused:
            case = ElementTree.SubElement(suite, "testcase", classname="not judged", name=why)
            ElementTree.SubElement(case, "error", type="not judged", message=why)
    for element in root.iter():
        element.attrib.update({name: _printable(text) for name, text in element.attrib.items()})
        element.text = _printable(element.text or "") or None
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _printable(text: str) -> str:
    """Return a text as XML can hold it: a learner's own exception may say anything."""
    return re.sub(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)


def main(arguments: Sequence[str]) -> int:
    """Judge notebooks, print what is to be said, and return the exit status.

    Parameters
    ----------
    arguments : sequence of str
        As on the command line.

    Returns
    -------
    status : int
        0 if every exercise of every notebook is right, 1 if not, 2 if a file is no notebook of the course.
    """
    parser = argparse.ArgumentParser(
        "python -m linclf_helpers.exercises check", description="Judge learners' notebooks without opening them."
    )
    parser.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit's XML as well, for a build server")
    parser.add_argument("--timeout", type=_seconds, default=TIMEOUT, help="seconds that a cell may take (60)")
    options = parser.parse_args(arguments)
    if options.junit:
        try:
            options.junit.write_bytes(b"")  # now, before anything is judged for nothing
        except OSError as error:
            parser.error(f"argument --junit: {options.junit} can't be written ({error.strerror})")
    try:
        import ipykernel  # noqa: F401
    except ImportError:
        raise SystemExit('Judging needs a kernel, which comes with JupyterLab: pip install -e ".[lab]"') from None
    results, refused = [], []
    for path in options.notebooks:
        try:
            result = judge(path, options.timeout)
        except (NotANotebookError, NoKernelError) as error:
            refused.append(str(error))
            print(error, file=sys.stderr)
            continue
        results.append(result)
        if not options.json:
            print(result)
    if options.json:
        right = all(result.right for result in results) and not refused
        notebooks = [{**asdict(result), "right": result.right} for result in results]
        print(json.dumps({"right": right, "notebooks": notebooks, "refused": refused}, ensure_ascii=False, indent=2))
    if options.junit:
        options.junit.write_bytes(junit(results, refused))
    return 2 if refused else int(not all(result.right for result in results))


def _seconds(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of seconds from 1 on, got {text}")
    return int(text)
