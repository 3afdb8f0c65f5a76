"""What a teacher and a maintainer do with the course: `python -m linclf_helpers.teaching COMMAND`.

With make the same is `make COMMAND`, which also makes the environment first. This runs in the one it is started in.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import NamedTuple

from linclf_helpers.teaching import assignments, handout, summary
from linclf_helpers.teaching.checkout import ROOT, in_a_clone

FIRST = "notebooks/00_start_here.ipynb"
SLIDES = "linclf_helpers/teaching/slides/jupyter_config.py"


class Programs(NamedTuple):
    """Programs that do what a command asks for, each the arguments of a Python.

    Attributes
    ----------
    says : str
        What for.
    group : str
        The group of pyproject.toml that has what they need.
    needs : str
        A module of that group.
    steps : tuple of str
        The programs; `{}` stands for the caller's own arguments.
    default : str
        What stands there if there are none.
    environment : str
        A variable to set to 1, or "".
    """

    says: str
    group: str
    needs: str
    steps: tuple[str, ...]
    default: str = ""
    environment: str = ""


OWN: dict[str, tuple[str, Callable[[Sequence[str]], None]]] = {
    "assignments": ("the course as an nbgrader course, in build/nbgrader", assignments.main),
    "summary": ("how the class did, from nbgrader's gradebook", summary.main),
    "handout": ("one zip for learners, in build", handout.main),
}
OTHERS = {
    "lab": Programs(
        "read the course in JupyterLab", "lab", "jupyterlab", ("-m jupyterlab --notebook-dir=. {}",), FIRST
    ),
    "present": Programs(
        "the same as live slides", "present", "jupyterlab_deck",
        (f"-m jupyterlab --config={SLIDES} --notebook-dir=. {{}}",), FIRST,
    ),
    "test": Programs(
        "prove it: tests, doctests, formulas, notebooks", "test", "nbval",
        ("-m pytest --numprocesses=logical --maxprocesses=4 --dist=loadfile --no-loadscope-reorder {}",),
        "--cov=linclf_helpers",
    ),
    "test-formulas": Programs(
        "every formula, and every error in one", "test", "nbval", ("-m pytest tests/formulas {}",), "", "ALL_MUTANTS"
    ),
    "check": Programs("lint, format, types", "check", "mypy", ("-m ruff check", "-m ruff format --check", "-m mypy")),
    "notebooks": Programs("execute the notebooks and save them", "test", "nbval", ("tests/notebooks/refresh.py {}",)),
    "class": Programs(
        "rehearse a lesson on a JupyterHub (Linux, Node.js)", "class", "jupyterhub", ("tests/hub/rehearse.py {}",),
    ),
    "bench": Programs("measure the speed beside other libraries", "test", "nbval", ("tests/benchmark.py {}",)),
    "bench-widgets": Programs(
        "how fast the explorers answer in JupyterLab", "browser", "playwright",
        ("-m pytest -q -s -p no:cacheprovider tests/browser/bench_widgets.py {}",),
    ),
}  # fmt: skip


def usage() -> str:
    """Return the list of commands."""
    says = {name: text for name, (text, _) in OWN.items()} | {name: each.says for name, each in OTHERS.items()}
    lines = [f"  {name:<15}{text}" for name, text in says.items()]
    return "\n".join(["usage: python -m linclf_helpers.teaching COMMAND [its arguments]", "", *lines])


def run(name: str, arguments: Sequence[str]) -> int:
    """Run a command's programs in the clone, up to the first that fails; return its exit status.

    Raises
    ------
    SystemExit
        If there is no clone, or what the command needs is not installed.
    """
    in_a_clone()
    command = OTHERS[name]
    if find_spec(command.needs) is None:
        raise SystemExit(f'{name} needs what is not installed here: python -m pip install -e ".[{command.group}]"')
    environment = {**os.environ, **({command.environment: "1"} if command.environment else {})}
    for step in command.steps:
        words = [part for word in step.split() for part in _filled(word, command.default, arguments)]
        status = subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, check=False).returncode
        if status:
            return status
    return 0


def _filled(word: str, default: str, arguments: Sequence[str]) -> Sequence[str]:
    """Return a word of a program, or the caller's arguments in its place; options alone leave the default."""
    if word != "{}":
        return [word]
    named = [argument for argument in arguments if not argument.startswith("-")]
    return arguments if named or not default else [*arguments, *default.split()]


def main(arguments: Sequence[str]) -> int:
    """Do what a command says; return the exit status."""
    name, *rest = arguments or ["--help"]
    if name in OWN:
        OWN[name][1](rest)
        return 0
    if name in OTHERS:
        return run(name, rest)
    print(usage())
    return 0 if name in ("-h", "--help") else 2


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    raise SystemExit(main(sys.argv[1:]))
