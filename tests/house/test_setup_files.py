"""The set-up: what make does with .venv, and that the files which name versions and commands agree."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from linclf_helpers.teaching import __main__ as commands_of_teaching

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = PYPROJECT["project"]
GROUPS = PROJECT["optional-dependencies"]
REQUIREMENTS = [
    line for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines() if line[:1] not in ("", "#")
]
TEACHING = (ROOT / "notebooks/TEACHING.md").read_text(encoding="utf-8")
WORKFLOW = (ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8")

# A Python that makes a .venv of itself, and writes down what it was asked to do. `version` is what it says it is.
FAKE_PYTHON = """#!/bin/sh
echo "$*" >> "{log}"
case "$1 $2" in
"-c "*) exec "{python}" -c "import sys; sys.version_info = {version}; $2" ;;
"-m venv") mkdir -p .venv/bin; cp "{fake}" .venv/bin/python ;;
"-m pip") test ! -e "{log}.pip-fails" ;;
"-m pytest") echo "2 passed"; test ! -e "{log}.tests-fail" ;;
esac
"""


class Checkout:
    """A copy of the files make looks at, in a folder with a space in its name, and a Python that only pretends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "a checkout"
        self.folder.mkdir()
        for name in ("Makefile", "pyproject.toml"):
            shutil.copy2(ROOT / name, self.folder)
        self.python, self.log = folder / "python", folder / "log"
        self.use_version((3, 11, 0))

    def use_version(self, version: tuple[int, ...]) -> None:
        text = FAKE_PYTHON.format(log=self.log, python=sys.executable, version=version, fake=self.python)
        self.python.write_text(text, encoding="utf-8")
        self.python.chmod(0o755)

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run make, and start the log anew."""
        self.log.write_text("", encoding="utf-8")
        theirs = "MAKE|MFLAGS$|(TESTS|NOTEBOOK|USERS|CLASS|LAB_ARGS|ASSIGNMENT|CHROMIUM)$"  # of the make that runs us
        environment = {name: value for name, value in os.environ.items() if not re.match(theirs, name)}
        return subprocess.run(
            ["make", f"PYTHON={self.python}", *arguments],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def asked(self) -> list[str]:
        """What the pretended Pythons were asked to run as modules or scripts."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if not line.startswith("-c ")]


VENV = "-m venv --clear .venv"
PIP = "-m pip install --quiet --disable-pip-version-check --editable .[lab]"
PIP_TEST = "-m pip install --quiet --disable-pip-version-check --editable .[test]"
PYTEST = "-m pytest --numprocesses=logical --maxprocesses=4 --dist=loadfile --no-loadscope-reorder"
LAB = "-m jupyterlab --notebook-dir=. notebooks/00_start_here.ipynb"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    if shutil.which("make") is None or os.name == "nt":
        pytest.skip("needs make and sh")
    return Checkout(tmp_path)


def test_make_lab_sets_up_once(checkout: Checkout) -> None:
    assert checkout.make("lab").returncode == 0
    assert checkout.asked == [VENV, PIP, LAB]
    assert checkout.make("lab").returncode == 0
    assert checkout.asked == [LAB]


def test_make_lab_passes_arguments_on(checkout: Checkout) -> None:
    checkout.make("lab", "LAB_ARGS=--no-browser --port=8899")
    assert checkout.asked[-1] == "-m jupyterlab --notebook-dir=. --no-browser --port=8899 notebooks/00_start_here.ipynb"


def test_make_test_sets_up_and_proves_the_course_alone(checkout: Checkout) -> None:
    """Neither lint nor types: what a newer NumPy's stubs make of the code says nothing about the course."""
    result = checkout.make("test")
    assert result.returncode == 0
    assert checkout.asked == [VENV, PIP, PIP_TEST, f"{PYTEST} --cov=linclf_helpers"]
    assert result.stdout.splitlines()[-1] == "2 passed"
    checkout.make("test", "TESTS=tests/browser -x")
    assert checkout.asked == [f"{PYTEST} tests/browser -x"]


def test_make_check_judges_with_pinned_tools(checkout: Checkout) -> None:
    assert checkout.make("check").returncode == 0
    assert checkout.asked == [VENV, PIP, PIP_TEST.replace("test", "check"), "-m ruff check", "-m ruff format --check",
                              "-m mypy"]  # fmt: skip
    tools = [tool for tool in GROUPS["check"] if not tool.startswith("linclf-helpers")]
    assert [re.fullmatch(r"(\w+)==[\d.]+", tool)[1] for tool in tools] == ["ruff", "mypy"]


def test_make_lab_forgets_a_backend_for_figures(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "nonsense")
    with checkout.python.open("a", encoding="utf-8") as file:
        file.write('test -z "$MPLBACKEND" || echo inherited >> "$0.seen"\n')
    checkout.make("lab")
    assert not Path(f"{checkout.folder}/.venv/bin/python.seen").exists()
    assert checkout.asked[-1] == LAB


def test_make_present_adds_its_group_once(checkout: Checkout) -> None:
    start = "-m linclf_helpers.teaching present"
    checkout.make("present")
    group = "-m pip install --quiet --disable-pip-version-check --editable .[present]"
    assert checkout.asked == [VENV, PIP, group, start]
    checkout.make("present", "NOTEBOOK=my notebooks/a.ipynb")
    assert checkout.asked == [f"{start} my notebooks/a.ipynb"]


def test_make_test_fails_when_pytest_fails(checkout: Checkout) -> None:
    Path(f"{checkout.log}.tests-fail").touch()
    assert checkout.make("test").returncode != 0


def test_make_notebooks_takes_all_or_one(checkout: Checkout) -> None:
    checkout.make("notebooks")
    assert checkout.asked == [VENV, PIP, PIP_TEST, "tests/notebooks/refresh.py"]
    checkout.make("notebooks", "NOTEBOOK=my notebooks/a.ipynb")
    assert checkout.asked == ["tests/notebooks/refresh.py my notebooks/a.ipynb"]


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder where commands are looked for: with what make needs, and without Node.js."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for tool in ("make", "sh", "mkdir", "cp", "touch"):
        (folder / tool).symlink_to(str(shutil.which(tool)))
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_make_class_asks_for_node_in_words(checkout: Checkout, tools: Path) -> None:
    result = checkout.make("class")
    assert result.returncode != 0
    assert "needs Node.js 18 or newer" in result.stdout
    assert checkout.asked == [VENV, PIP]


def test_make_class_sets_up_once(checkout: Checkout, tools: Path) -> None:
    for tool in ("node", "npm"):
        (tools / tool).write_text(f"#!/bin/sh\necho {tool} $* >> '{checkout.log}'\n", encoding="utf-8")
        (tools / tool).chmod(0o755)
    assert checkout.make("class", "USERS=7").returncode == 0
    assert "-m pip install --quiet --disable-pip-version-check --editable .[class]" in checkout.asked
    assert any(re.match(r"npm install .*configurable-http-proxy@5", line) for line in checkout.asked)
    checkout.make("class", "USERS=8", "CLASS=--arrive-within 5")
    assert checkout.asked == ["tests/hub/rehearse.py --users 8 --arrive-within 5"]


@pytest.mark.parametrize("browser", [None, "chromium", "google-chrome"])
def test_the_group_browser_brings_one_where_there_is_none(checkout: Checkout, tools: Path, browser: str | None) -> None:
    if browser:
        (tools / browser).write_text("#!/bin/sh\n", encoding="utf-8")
        (tools / browser).chmod(0o755)
    assert checkout.make(".venv/.browser").returncode == 0
    own = [] if browser else ["-m playwright install chromium"]
    assert checkout.asked == [VENV, PIP, PIP_TEST.replace("test", "browser"), *own]
    checkout.make(".venv/.browser")
    assert checkout.asked == []


def test_make_hands_out_and_sums_up(checkout: Checkout) -> None:
    group = "-m pip install --quiet --disable-pip-version-check --editable .[nbgrader]"
    checkout.make("handout")
    assert checkout.asked == [VENV, PIP, "-m linclf_helpers.teaching handout"]
    checkout.make("assignments")
    assert checkout.asked == [group, "-m linclf_helpers.teaching assignments"]
    checkout.make("class-summary", "ASSIGNMENT=02_chain_rule")
    assert checkout.asked == ["-m linclf_helpers.teaching summary 02_chain_rule"]


def test_changed_requirements_are_installed(checkout: Checkout) -> None:
    checkout.make("lab")
    later = (checkout.folder / ".venv/.ready").stat().st_mtime + 5
    os.utime(checkout.folder / "pyproject.toml", (later, later))
    checkout.make("lab")
    assert checkout.asked == [PIP, LAB]


def test_an_interrupted_set_up_is_repaired(checkout: Checkout) -> None:
    fails = Path(f"{checkout.log}.pip-fails")
    fails.touch()
    result = checkout.make("lab")
    assert result.returncode != 0
    assert checkout.asked == [VENV, PIP]
    fails.unlink()
    assert checkout.make("lab").returncode == 0
    assert checkout.asked == [VENV, PIP, LAB]


def test_a_venv_whose_python_is_gone_is_made_again(checkout: Checkout) -> None:
    checkout.make("lab")
    (checkout.folder / ".venv/bin/python").unlink()
    assert checkout.make("lab").returncode == 0
    assert checkout.asked == [VENV, PIP, LAB]


def test_an_old_python_is_refused_in_words(checkout: Checkout) -> None:
    checkout.use_version((3, 10, 4))
    result = checkout.make("lab")
    assert result.returncode != 0
    assert checkout.asked == []
    assert "Python 3.11 or newer is needed" in result.stderr
    assert "is 3.10" in result.stderr
    assert not (checkout.folder / ".venv").exists()


def test_every_requirement_is_a_band_with_a_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    for requirement in [*PROJECT["dependencies"], *GROUPS["lab"], *GROUPS["test"]]:
        if requirement == "linclf-helpers[lab]":
            continue
        # The workflow's sed turns lines of this form into the oldest versions.
        assert re.fullmatch(r"[a-z-]+>=[\d.]+,<[\d.]+|nbval==[\d.]+", requirement)
        assert any(re.match(rf'    "{re.escape(requirement)}", # \w', line) for line in lines), requirement


def test_requirements_txt_is_what_a_learner_needs_wherever_it_is_read() -> None:
    """pip looks for a path like -e . in the folder where it runs, not in that of the file."""
    assert [*PROJECT["dependencies"], *GROUPS["lab"]] == REQUIREMENTS
    assert not [line for line in REQUIREMENTS if re.search(r"^-|[./]/|file:", line)]


def test_every_page_installs_the_same() -> None:
    """Each line names groups that exist; where learners begin, the group that `make lab` installs, and no other."""
    handout = (ROOT / "linclf_helpers/teaching/handout.py").read_text(encoding="utf-8")
    binder = (ROOT / ".binder/requirements.txt").read_text(encoding="utf-8")
    for page, lab in (README, 1), (TEACHING, 2), (handout, 1), (binder, 1), (WORKFLOW, 0):
        lines = re.findall(r"(?:pip install|^)[^\n]*? \"?\.(?:/course)?\[(\w+)\]", page, re.MULTILINE)
        assert set(lines) <= set(GROUPS)
        assert lines.count("lab") == lab
        assert "pip install -r" not in page
        assert "requirements.txt" not in page


def test_one_oldest_python() -> None:
    oldest = PYPROJECT["project"]["requires-python"].removeprefix(">=")
    major, minor = oldest.split(".")
    assert f"Python {oldest} or newer" in README
    assert f"v < ({major}, {minor})" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert PYPROJECT["tool"]["ruff"]["target-version"] == f"py{major}{minor}"
    assert WORKFLOW.count(f'python: ["{oldest}", "3.12", "3.13", "3.x"]') == 1
    assert WORKFLOW.count(f'python: ["{oldest}", "3.x"]') == 1  # without make
    assert WORKFLOW.count(f'python-version: "{oldest}"') == 1  # with the oldest dependencies


def test_the_workflow_uses_the_readmes_lines_and_official_actions_only() -> None:
    assert all(action.startswith("actions/") for action in re.findall(r"uses: (.+)", WORKFLOW))
    windows = re.findall(r"- run: (.+)", WORKFLOW.partition("  windows:")[2].partition("  oldest:")[0])
    assert len(windows) == 3
    assert windows[0] in README
    assert windows[1].replace("[test]", "[lab]") in README
    assert windows[2].startswith(README.split("-m jupyterlab")[0].splitlines()[-1] + "-m pytest")
    sed = re.search(r"sed -n '(s/.+/p)' pyproject.toml", WORKFLOW)
    assert sed
    if shutil.which("sed"):
        command = ["sed", "-n", sed[1], str(ROOT / "pyproject.toml")]
        oldest = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        bands = [band for band in [*PROJECT["dependencies"], *GROUPS["lab"], *GROUPS["test"]] if ">=" in band]
        assert oldest == [band.partition(",")[0].replace(">=", "==") for band in bands]


def test_the_teachers_page_has_the_lines_of_make_present_for_windows() -> None:
    assert "$(VENV) -m linclf_helpers.teaching present" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert ".venv\\Scripts\\python -m linclf_helpers.teaching present\n" in TEACHING
    assert ".venv\\Scripts\\python -m pip install -e .[present]\n" in TEACHING


def test_whoever_has_no_make_has_its_targets() -> None:
    """Every target that isn't a set-up is a command of `python -m linclf_helpers.teaching`, and the other way round."""
    targets = re.search(r"(?m)^\.PHONY: (lab .+)$", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert targets
    commands = {*commands_of_teaching.OWN, *commands_of_teaching.OTHERS}
    assert {name.replace("class-summary", "summary") for name in targets[1].split()} == commands


def test_the_readme_is_short_and_its_links_work() -> None:
    assert sum(bool(re.search(r"\w", word)) for word in README.split()) <= 400  # a table's bars are no words
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert not [link for link in links if not (ROOT / link).exists()]
    table = re.findall(r"(?m)^\| \[\d\d\]\(notebooks/([^)]+)\)", README)
    assert table == sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))


def test_ci_run_is_executable() -> None:
    listed = subprocess.run(["git", "ls-files", "-s", ".ci/run"], cwd=ROOT, capture_output=True, text=True, check=False)
    if not listed.stdout:
        pytest.skip("not a git checkout")
    assert listed.stdout.startswith("100755")
