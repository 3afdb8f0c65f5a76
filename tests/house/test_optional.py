"""What is not installed is skipped, whatever else is there, and the reason is the command that installs it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests import optional

ROOT = Path(__file__).resolve().parents[2]
GROUPS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]

# A plugin of pytest that hides modules, as if they were not installed.
HIDE = """
import os, sys
from importlib.machinery import PathFinder
class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        hidden = name.partition(".")[0] in os.environ["HIDDEN"].split()
        return None if hidden else super().find_spec(name, path, target)
sys.meta_path[:] = [Without if finder is PathFinder else finder for finder in sys.meta_path]
"""
# Modules that pretend to be what the tests look for. Their browser never starts.
PLAYWRIGHT = """
class Error(Exception): ...
class Chromium:
    executable_path = "/nowhere"
    def launch(self, **_): raise Error("no")
class Playwright:
    chromium = Chromium()
    def __enter__(self): return self
    def __exit__(self, *_): ...
sync_playwright = Playwright
"""
ALL = ("playwright", "axe_playwright_python", "jupyterlab_deck", "jupyterhub", "nbgitpuller", "nbgrader")
TOOLS = ("chromium", "node")
TESTS = ("tests/browser", "tests/hub", "tests/teaching")
# Those that need nothing would only take time here.
NEEDY = "slides or lesson or explorer or notebook_and_an_open or folder_that_limits or schema"


def run(folder: Path, hidden: tuple[str, ...], tools: tuple[str, ...], **env: str) -> Any:
    """Run the tests that need more than make test installs, with these tools in PATH and without these modules."""
    fakes = folder / "fakes"
    (fakes / "playwright").mkdir(parents=True)
    (fakes / "playwright/__init__.py").touch()
    (fakes / "playwright/sync_api.py").write_text(PLAYWRIGHT, encoding="utf-8")
    for name in (*ALL[1:], "firstuseauthenticator", "jupyterhub_idle_culler"):
        (fakes / name).mkdir()
        (fakes / name / "__init__.py").touch()
    (fakes / "jupyterhub/utils.py").write_text("random_port = None", encoding="utf-8")
    (fakes / "hide.py").write_text(HIDE, encoding="utf-8")
    path = folder / "path"
    path.mkdir()
    for name in tools:
        (path / name).write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        (path / name).chmod(0o755)
    for name in ("git", "make", "sh"):
        (path / name).symlink_to(str(shutil.which(name)))
    outside = {
        k: v for k, v in os.environ.items() if not re.match("BROWSER_|CLASS_|CHROMIUM|PYTEST_|COV_|PYTHONPATH", k)
    }
    inside = {"PATH": str(path), "PYTHONPATH": str(fakes), "HIDDEN": " ".join(hidden), "MPLBACKEND": "nonsense"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "hide", "-p", "no:cacheprovider", "-k", NEEDY, *TESTS],
        cwd=ROOT, env=outside | inside | env, capture_output=True, text=True, check=False,
    )  # fmt: skip


def reasons(words: str) -> set[str]:
    """Return the reasons at the end of the output, after the number of their tests."""
    return set(re.findall(r"(?m)^ +\d+  (no .+)$", words))


pytestmark = pytest.mark.skipif(os.name == "nt" or not shutil.which("git"), reason="needs sh and git")


def test_nothing_is_installed(tmp_path: Path) -> None:
    """A browser in PATH and no playwright: as in a fresh clone on most machines. (`.ci/run` goes without a browser.)"""
    done = run(tmp_path, ALL, TOOLS)
    assert done.returncode in (0, 5), done.stdout + done.stderr
    assert not re.search(r"\d+ (failed|error)", done.stdout)
    assert reasons(done.stdout) == {
        f"no playwright: {optional.install('browser')}",
        f"no JupyterHub: {optional.install('class')}",
        f"no nbgrader: {optional.install('nbgrader')}",
    }


@pytest.mark.parametrize(
    ("hidden", "tools", "said"),
    [
        ((), (), ["no Chromium: python -m playwright install chromium", "no node: apt install"]),
        (("axe_playwright_python",), TOOLS, ["no playwright: ", "no node: apt install"]),
        ((), TOOLS, ["no Chromium that starts (", "python -m playwright install chromium"]),
    ],
    ids=["no tools", "half a group", "a browser that does not start"],
)
def test_a_part_is_installed(tmp_path: Path, hidden: tuple[str, ...], tools: tuple[str, ...], said: list[str]) -> None:
    done = run(tmp_path, (*hidden, "nbgrader"), tools)
    assert not re.search(r"\d+ (failed|error)", done.stdout), done.stdout + done.stderr
    for words in said:
        assert any(words in reason for reason in reasons(done.stdout)), done.stdout


def test_what_is_required_is_not_skipped(tmp_path: Path) -> None:
    done = run(tmp_path, ALL, TOOLS, BROWSER_TESTS="required", CLASS_TESTS="required")
    assert done.returncode == 1
    assert not reasons(done.stdout)
    for gate in ("BROWSER_TESTS", "CLASS_TESTS"):
        assert f"{gate}=required, but there is no" in done.stdout


def test_the_commands_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    """In .venv make installs a group, in another environment pip does."""
    sources = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/*.py"))
    for group in set(re.findall(r'install\("(\w+)"\)', sources)):
        assert group in GROUPS
        monkeypatch.setattr(sys, "prefix", str(ROOT / ".venv"))
        assert optional.install(group) == f"make .venv/.{group}"
        dry = subprocess.run(["make", "-n", f".venv/.{group}"], cwd=ROOT, capture_output=True, check=False)
        assert dry.returncode == 0
        monkeypatch.setattr(sys, "prefix", "/elsewhere")
        assert optional.install(group) == f'python -m pip install -e ".[{group}]"'
