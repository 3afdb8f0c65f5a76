"""What a machine may lack: the tests of it are skipped, with the one command that installs it."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent


def lacks(*modules: str) -> bool:
    """Return whether one of the modules is not installed."""
    return any(find_spec(name) is None for name in modules)


def install(group: str) -> str:
    """Return the command that installs a group of pyproject.toml for the Python that runs the tests."""
    if Path(sys.prefix).resolve() == (ROOT / ".venv").resolve() and shutil.which("make"):
        return f"make .venv/.{group}"
    return f'python -m pip install -e ".[{group}]"'


def skip(what: str, command: str, gate: str) -> NoReturn:
    """Skip a test; fail instead where the environment has BROWSER_TESTS or CLASS_TESTS=required, as in `.ci/run`."""
    if os.environ.get(gate) == "required":
        pytest.fail(f"{gate}=required, but there is no {what}: {command}")
    pytest.skip(f"no {what}: {command}")
