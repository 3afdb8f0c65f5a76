"""The class on a JupyterHub: the files for a school agree, and the rehearsal passes, and finds what is wrong."""

import importlib.util
import json
import os
import shutil
import struct
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.optional import install, lacks, skip

ROOT = Path(__file__).resolve().parents[2]
HUB = ROOT / "tests/hub"
TEACHING = ROOT / "notebooks/teaching"
TLJH: Any = yaml.safe_load((TEACHING / "tljh.yaml").read_text(encoding="utf-8"))
VALUES: Any = yaml.safe_load((TEACHING / "values.yaml").read_text(encoding="utf-8"))
FIRST_USE = "firstuseauthenticator.FirstUseAuthenticator"
# Whoever logs in is let in and made at home in everyone's server.
OPEN = """
c.FirstUseAuthenticator.create_users = True
c.Authenticator.allow_all = True
c.JupyterHub.load_roles.append({"name": "user", "scopes": ["self", "access:servers"]})
"""


@pytest.fixture(scope="module")
def rehearse() -> ModuleType:
    if lacks("jupyterhub", "nbgitpuller", "firstuseauthenticator", "jupyterhub_idle_culler"):
        skip("JupyterHub", install("class"), "CLASS_TESTS")
    spec = importlib.util.spec_from_file_location("rehearse", HUB / "rehearse.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def hub(rehearse: ModuleType) -> None:
    """Skip where no hub can be started, unless it is required."""
    for tool, command in (
        ("git", "apt install git"),
        ("node", "apt install nodejs npm (macOS: brew install node)"),
        (str(rehearse.PROXY), "make .venv/.class"),
    ):
        found = shutil.which(tool)
        if not found or subprocess.run([found, "--version"], capture_output=True, check=False).returncode:
            skip(Path(tool).name, command, "CLASS_TESTS")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(HUB / "rehearse.py"), *arguments]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def test_both_files_describe_the_same_class() -> None:
    hub, learner = VALUES["hub"]["config"], VALUES["singleuser"]
    assert hub["JupyterHub"]["authenticator_class"] == TLJH["auth"]["type"] == FIRST_USE
    assert hub["Authenticator"]["admin_users"] == TLJH["users"]["admin"]
    assert hub["Authenticator"]["allowed_users"] == TLJH["users"]["allowed"]
    assert TLJH["auth"]["FirstUseAuthenticator"].items() <= hub["FirstUseAuthenticator"].items()
    assert {kind: learner[kind]["limit"] for kind in ("memory", "cpu")} == TLJH["limits"]
    cull = TLJH["services"]["cull"]
    assert VALUES["cull"] == {"maxAge" if key == "max_age" else key: value for key, value in cull.items()}
    https, encrypt = VALUES["proxy"]["https"], TLJH["https"]["letsencrypt"]
    assert (https["hosts"], https["letsencrypt"]["contactEmail"]) == (encrypt["domains"], encrypt["email"])


def test_no_door_stands_open() -> None:
    assert TLJH["users"]["allowed"]  # where the list is empty, this authenticator lets everyone in
    assert TLJH["auth"]["FirstUseAuthenticator"]["create_users"] is False
    assert TLJH["auth"]["FirstUseAuthenticator"]["min_password_length"] >= 10
    assert VALUES["hub"]["config"]["JupyterHub"]["admin_access"] is False
    assert TLJH["https"]["enabled"] is VALUES["proxy"]["https"]["enabled"] is True


def test_learners_get_the_same_environment() -> None:
    c = SimpleNamespace(Spawner=SimpleNamespace(environment={}), SystemdSpawner=SimpleNamespace())
    exec((TEACHING / "tljh_course.py").read_text(encoding="utf-8"), {"get_config": lambda: c})
    assert c.Spawner.environment == VALUES["singleuser"]["extraEnv"]
    assert c.Spawner.args == VALUES["hub"]["config"]["Spawner"]["args"]
    assert c.Spawner.start_timeout == VALUES["singleuser"]["startTimeout"]
    assert c.SystemdSpawner.isolate_tmp is True  # or learners would share the folder of their sockets


def test_the_image_has_what_the_course_and_the_link_need() -> None:
    lines = (ROOT / ".binder/requirements.txt").read_text(encoding="utf-8").splitlines()
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    needs = {line.partition("#")[0].strip() for line in lines}
    assert needs == {"-e .[lab]", *(band for band in groups["class"] if "nbgitpuller" in band)}


def test_a_frame_with_pictures_holds_its_message(rehearse: ModuleType) -> None:
    message, picture = json.dumps({"msg_type": "comm_msg"}).encode(), b"\x89PNG"
    offsets = struct.pack("!3I", 2, 12, 12 + len(message))
    assert rehearse.message_of(offsets + message + picture) == {"msg_type": "comm_msg"}
    assert rehearse.message_of(struct.pack("!2I", 1, 8) + message) == {"msg_type": "comm_msg"}
    assert rehearse.message_of(message.decode()) == {"msg_type": "comm_msg"}


def test_outputs_are_compared_by_their_text(rehearse: ModuleType) -> None:
    def printed(text: str, name: str = "stdout") -> Any:
        return new_output("stream", name=name, text=text)

    whole, cut = [printed("one two")], [printed("one "), printed("two")]
    assert rehearse.text_of(whole) == rehearse.text_of(cut)
    assert rehearse.text_of(whole) != rehearse.text_of([printed("one "), printed("two", "stderr")])
    picture = new_output("display_data", data={"image/png": "…", "text/plain": "<Figure>"})
    assert rehearse.text_of([picture]) == [("display_data", "<Figure>")]
    error = new_output("error", ename="E", evalue="", traceback=["a", "b"])
    assert rehearse.text_of([error]) == [("error", "a\nb")]


def test_a_learner_clicks_again_and_not_for_ever(rehearse: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """As people do where the first click leads nowhere; when patience is over, it is an error."""
    room = SimpleNamespace(url="http://127.0.0.1:1", course=Path("/course"), notebooks=["a.ipynb"])
    now, fails = [0.0], [True, True, False]

    def pull() -> None:
        if fails.pop(0):
            raise RuntimeError("the link led to 404")

    monkeypatch.setattr(rehearse.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(rehearse.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    learner = rehearse.Learner(room, "ada")
    page = SimpleNamespace(text="")
    learner.log_in, learner.pull, learner.session = lambda _: page, pull, SimpleNamespace(get=lambda *_, **__: page)
    learner.arrive()
    assert (learner.clicks, fails, now) == (3, [], [20.0])
    fails += [True] * 1000
    with pytest.raises(RuntimeError, match="404"):
        learner.arrive()
    assert rehearse.PATIENCE < now[0] - 20 <= rehearse.PATIENCE + 10


def test_a_folder_that_limits_no_memory_is_left_as_it_was(
    rehearse: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Version 1 of Linux's control groups has a plain folder where version 2 has the groups."""
    monkeypatch.setattr(rehearse, "CGROUPS", {str(tmp_path): "memory.max"})
    assert rehearse.new_cgroup("class-1") == (None, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--users", "4"], "--users: expected 5 to 500, got 4"),
        (["--users", "many"], "invalid int value: 'many'"),
        (["--notebooks", "00_start_here"], "expected two or more"),
        (["--proxy", "no such proxy"], "no such proxy is missing; make class installs it with npm"),
    ],
)
def test_wrong_arguments_are_refused_in_words(
    rehearse: ModuleType,
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["rehearse.py", *arguments])
    with pytest.raises(SystemExit, match="2"):
        rehearse.main()
    assert message in capsys.readouterr().err


@pytest.mark.usefixtures("hub")
def test_five_learners_have_their_lesson() -> None:
    result = run("--users", "5", "--arrive-within", "5")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "notebooks run and saved: 15/15" in result.stdout
    assert "Everything holds." in result.stdout


@pytest.mark.skipif("CI" in os.environ, reason="takes another minute; runs on machines where make class has run")
@pytest.mark.usefixtures("hub")
def test_a_broken_notebook_and_an_open_hub_are_found(tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    for name, codes in (("fine", ["print('hello')"]), ("broken", ["print('hello')", "1 / 0"])):
        hello = [new_output("stream", name="stdout", text="hello\n")]
        cells = [new_code_cell(code, outputs=hello if "hello" in code else []) for code in codes]
        nbformat.write(new_notebook(cells=cells), tmp_path / f"notebooks/{name}.ipynb")
    (tmp_path / "open.py").write_text(OPEN, encoding="utf-8")
    identity = ["-c", "user.name=teacher", "-c", "user.email=teacher@example.org"]
    for command in (["init", "--quiet"], ["add", "notebooks"], [*identity, "commit", "--quiet", "--message=course"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)

    course = ["--course", str(tmp_path), "--notebooks", "fine", "broken", "--config", str(tmp_path / "open.py")]
    result = run("--users", "5", "--arrive-within", "1", *course)
    assert result.returncode == 1, result.stdout + result.stderr
    failed = [line.strip() for line in result.stdout.splitlines() if line.startswith("  FAILED")]
    for what in (
        "cells without error and with the committed text",
        "a name not on the list is refused",
        "and nothing of another's, of the hub or the proxy",
        "nor do a learner's cookies",
    ):
        assert any(what in line for line in failed), result.stdout
    assert any("ZeroDivisionError" in line for line in failed)


def test_a_folder_without_control_groups_is_left_as_it_was(
    rehearse: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root can make folders in the mount point of version 1, too; there they are folders and nothing more."""
    monkeypatch.setattr(rehearse, "CGROUPS", {str(tmp_path): "memory.max"})
    assert rehearse.new_cgroup("rehearsal") == (None, "")
    assert list(tmp_path.iterdir()) == []
