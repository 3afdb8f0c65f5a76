"""Rehearse a lesson on a real JupyterHub: `make class USERS=30`.

A hub, its proxy and a server per learner run on loopback, in a temporary folder. Each learner is a thread that does
over HTTP and websockets what the browser does: log in, click the link, run notebooks cell by cell, save. Meanwhile a
kernel is killed, a memory limit exceeded, the hub killed and started again. What does not hold is printed as FAILED,
and the exit code is 1.
"""

import argparse
import contextlib
import copy
import itertools
import json
import os
import re
import secrets
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urljoin

try:
    import nbformat
    import psutil
    import requests
    import websocket
    import yaml
    from jupyterhub.utils import random_port
except ImportError as error:
    sys.exit(f"{error}. Install what a class needs: python -m pip install -e '.[class]'")

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TEACHING = ROOT / "notebooks/teaching"
NOTEBOOKS = ["00_start_here", "04_softmax_derivative", "07_learning_rate"]
PROXY = ROOT / ".venv/chp/node_modules/.bin/configurable-http-proxy"  # where `make class` installs it
PATIENCE = 240  # seconds that a learner waits for one answer before it counts as an error
REFUSED = (401, 403, 404)
# Where Linux lets root limit the memory of a group of processes, and the file that takes the limit: version 2, then 1.
CGROUPS = {"/sys/fs/cgroup": "memory.max", "/sys/fs/cgroup/memory": "memory.limit_in_bytes"}
# What a curious learner runs in a kernel: tries each door, and prints what was behind it.
SPY = """
import json, os, urllib.error, urllib.request
def read(path):
    try:
        return os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1) and "read"
    except OSError as error:
        return type(error).__name__
def get(url):
    request = urllib.request.Request(url, headers={{"Authorization": "token " + os.environ["JUPYTERHUB_API_TOKEN"]}})
    try:
        return urllib.request.urlopen(request, timeout=30).status
    except urllib.error.HTTPError as error:
        return error.code
print(json.dumps([[read(path) for path in {paths}], [get(url) for url in {urls}]]))
"""
EAT = "eaten = []\nfor _ in range(150):\n    eaten.append(b'1' * 20_000_000)\nprint('3 GB, and no limit')"


class CellAborted(Exception):  # noqa: N818 the kernel did not run it, for something queued before it had failed
    """What happens to a cell that is sent while an earlier one still fails."""


class KernelDied(Exception):  # noqa: N818 it is news, no mistake
    """The server says that the kernel is gone, and starts another."""


def message_of(frame: str | bytes) -> Any:
    """Return the message in a frame: JSON, or binary as widgets send pictures, where JSON is the first of the parts."""
    if isinstance(frame, str):
        return json.loads(frame)
    parts = struct.unpack_from(f"!{struct.unpack_from('!I', frame)[0]}I", frame, 4)
    return json.loads(frame[parts[0] : parts[1] if len(parts) > 1 else None])


def text_of(outputs: list[Any]) -> list[tuple[str, str]]:
    """Return what outputs say in text: printed lines joined as they were written, and each result's plain text."""
    said: list[tuple[str, str]] = []
    for output in outputs:
        kind = output.get("name") or output["output_type"]
        text = output["text"] if "text" in output else output.get("data", {}).get("text/plain", "")
        text = "\n".join(output["traceback"]) if kind == "error" else text
        if said and said[-1][0] == kind and output["output_type"] == "stream":
            text = said.pop()[1] + text
        said.append((kind, text))
    return said


def content_of(notebook: Any) -> list[Any]:
    """Return what a learner would miss of a notebook: each cell's source, and what its outputs say."""
    return [(cell["source"], text_of(cell.get("outputs", []))) for cell in notebook["cells"]]


def git(folder: Path, *arguments: str) -> str:
    """Run git; what it complains of ends the rehearsal."""
    identity = ("-c", "user.name=teacher", "-c", "user.email=teacher@example.org")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def wait_for(what: str, ready: Callable[[], bool], seconds: float) -> float:
    """Return how long it took until something was ready; a TimeoutError if it never was."""
    start = time.monotonic()
    while time.monotonic() < start + seconds:
        with contextlib.suppress(requests.ConnectionError):
            if ready():
                return time.monotonic() - start
        time.sleep(0.1)
    raise TimeoutError(f"{what} took more than {seconds} s")


def status(url: str, **options: Any) -> int:
    """Return the status of an answer, 403 where it sends us to the hub's login."""
    answer = requests.get(url, timeout=PATIENCE, allow_redirects=False, **options)
    return 403 if answer.status_code == 302 and "/hub/" in answer.headers["Location"] else answer.status_code


def opens(url: str, **options: Any) -> bool:
    """Return whether a websocket opens."""
    with contextlib.suppress(websocket.WebSocketBadStatusException):
        websocket.create_connection(url.replace("http", "ws", 1), timeout=PATIENCE, **options).close()
        return True
    return False


def unused_accounts(names: list[str]) -> tuple[dict[str, int], str]:
    """Return an account number for each name that nobody has; or none, and why not."""
    if os.getuid() != 0:
        return {}, "needs root"
    import pwd

    taken = {account.pw_uid for account in pwd.getpwall()} | {p.uids().real for p in psutil.process_iter()}
    free = [number for number in range(61000, 65000) if number not in taken][: len(names)]
    probe = [sys.executable, "-c", "import jupyterhub, linclf_helpers"]
    run_as: dict[str, Any] = {"user": free[0], "group": free[0], "extra_groups": [], "cwd": "/"}
    with contextlib.suppress(PermissionError):  # Python itself may be out of their reach
        if not subprocess.run(probe, **run_as, capture_output=True, check=False).returncode:
            return dict(zip(names, free, strict=True)), ""
    return {}, f"other accounts can't read {os.path.realpath(sys.executable)} or {ROOT}"


def new_cgroup(name: str) -> tuple[Path | None, str]:
    """Return a new group of processes in whose groups memory can be limited, and the name of the file that does it."""
    for parent, limit in CGROUPS.items():
        group = Path(parent, name)
        with contextlib.suppress(OSError):
            group.mkdir()
            # Version 2 wants to be told. In version 1 there is no such file, and to write one would keep the folder.
            with contextlib.suppress(OSError), (group / "cgroup.subtree_control").open("r+", encoding="utf-8") as told:
                told.write("+memory")
            (group / "probe").mkdir()
            works = (group / "probe" / limit).exists()
            (group / "probe").rmdir()
            if works:
                return group, limit
            group.rmdir()
    return None, ""


class Classroom:
    """The temporary folder, the course to hand out, the proxy and the hub; and what is found out about them."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="class-", dir="/tmp")).resolve()  # paths of sockets must be short
        self.folder.chmod(0o711)
        self.marker = self.folder.name
        self.failures: list[str] = []
        self.notebooks = [f"notebooks/{name}.ipynb" for name in args.notebooks]
        self.names = [f"learner{i:02}" for i in range(1, args.users + 1)]
        self.homes, self.private, self.course = (self.folder / name for name in ("homes", "private", "course"))
        self.homes.mkdir(mode=0o711)
        self.private.mkdir(mode=0o700)
        self.memory = yaml.safe_load((TEACHING / "tljh.yaml").read_text(encoding="utf-8"))["limits"]["memory"]
        self.url, self.hub_url, self.api_url = (f"http://127.0.0.1:{random_port()}" for _ in range(3))
        self.proxy, self.config, self.hub = args.proxy, args.config, None
        self.proxy_token, self.culler_token = secrets.token_hex(32), secrets.token_hex(32)
        self.accounts, self.why_no_accounts = unused_accounts(self.names)
        self.cgroup, self.cgroup_limit = new_cgroup(self.marker)
        without_root = "RLIMIT_DATA, each process by itself" if sys.platform == "linux" else ""
        self.limiter = f"cgroup, {self.cgroup_limit}" if self.cgroup else without_root
        for name in self.names:
            (self.homes / name).mkdir(mode=0o700)
            if self.accounts:
                os.chown(self.homes / name, self.accounts[name], self.accounts[name])
        (self.folder / "gitconfig").write_text("[safe]\n\tdirectory = *\n", encoding="utf-8")
        settings = {key: value for key, value in vars(self).items() if key not in ("proxy", "failures")}
        (self.private / "settings.json").write_text(json.dumps(settings, default=str), encoding="utf-8")
        self.environment = os.environ | {
            "CLASS_MARKER": self.marker,
            "CLASS_SETTINGS": str(self.private / "settings.json"),
            "CONFIGPROXY_AUTH_TOKEN": self.proxy_token,
            "JUPYTERHUB_API_TOKEN": self.culler_token,
            "JUPYTERHUB_API_URL": f"{self.hub_url}/hub/api",
        }

    def publish_course(self, source: Path) -> str:
        """Make the last commit of the course the repository that learners pull from; return the commit."""
        git(self.folder, "init", "--quiet", "--bare", str(self.course))
        git(self.course, "fetch", "--quiet", "--depth=1", f"file://{source.resolve()}", "HEAD:refs/heads/class")
        for path in self.notebooks:
            git(self.course, "cat-file", "-e", f"class:{path}")
        return git(self.course, "rev-parse", "class")

    def start_proxy(self) -> None:
        """Start the proxy, which sends to the hub everything that has no other route."""
        port, api_port = (url.rpartition(":")[2] for url in (self.url, self.api_url))
        addresses = ["--ip=127.0.0.1", f"--port={port}", "--api-ip=127.0.0.1", f"--api-port={api_port}"]
        targets = [f"--default-target={self.hub_url}", f"--error-target={self.hub_url}/hub/error"]
        self.start([self.proxy, *addresses, *targets], "proxy")
        wait_for("the proxy's start", lambda: bool(requests.get(self.api_url, timeout=5).status_code), 30)

    def start_hub(self) -> float:
        """Start the hub; return how long it took until it answered through the proxy."""
        self.hub = self.start([sys.executable, "-m", "jupyterhub", "-f", str(HERE / "rehearsal_config.py")], "hub")
        return wait_for("the hub's start", self.hub_answers, PATIENCE)

    def hub_answers(self) -> bool:
        """Return whether the hub answers; its end is the end of the rehearsal."""
        if self.hub and self.hub.poll() is not None:
            sys.exit(f"The hub ended:\n{self.log('hub')}")
        return requests.get(f"{self.url}/hub/health", timeout=PATIENCE).ok

    def start(self, command: list[str], name: str) -> Any:
        """Start a process of ours, its output in a log."""
        with (self.private / f"{name}.log").open("ab") as log:
            streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": subprocess.STDOUT}
            return subprocess.Popen(command, env=self.environment, cwd=self.private, start_new_session=True, **streams)

    def log(self, name: str) -> str:
        """Return the last errors in a log, or its last lines."""
        lines = (self.private / f"{name}.log").read_text(encoding="utf-8").splitlines()
        return "\n".join([line for line in lines if line.startswith(("[E", "[C"))][-15:] or lines[-15:])

    def processes(self, name: str | None = None) -> list[psutil.Process]:
        """Return the processes of this rehearsal: all, or one learner's."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                environment = process.environ()
                if environment.get("CLASS_MARKER") == self.marker:
                    found += [process] if name in (None, environment.get("JUPYTERHUB_USER")) else []
        return found

    def servers(self, fact: str = "started") -> dict[str, str]:
        """Return who has a running server, and since when (or another fact), as the hub tells its culler."""
        token = {"Authorization": f"token {self.culler_token}"}
        users = requests.get(f"{self.url}/hub/api/users", headers=token, timeout=PATIENCE).json()
        return {user["name"]: s[fact] for user in users for s in user["servers"].values() if s["ready"]}

    def check(self, what: str, holds: object, found: object = "") -> None:
        """Print whether something holds, and remember if it does not."""
        print(f"  {'ok    ' if holds else 'FAILED'} {what}{f': {found}' if found or found == 0 else ''}", flush=True)
        if not holds:
            self.failures.append(what)

    def stage(self, title: str, act: Callable[..., None], *actors: Any) -> None:
        """Run a part of the rehearsal under its title; what stops it is a failure, and the next part follows."""
        print(f"\n{title}", flush=True)
        try:
            act(self, *actors)
        except Exception as error:
            self.check(act.__name__, holds=False, found=f"{type(error).__name__}: {error}"[:300])

    def close(self) -> None:
        """End every process of the rehearsal, and remove what it left."""
        processes = self.processes()
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(processes, timeout=10)
        groups = [*(path for path in self.cgroup.iterdir() if path.is_dir()), self.cgroup] if self.cgroup else []
        for group, _ in itertools.product(groups, range(50)):
            with contextlib.suppress(OSError):  # a group can go when the last of its processes is wholly gone
                group.rmdir()
            time.sleep(0.1 if group.exists() else 0)
        shutil.rmtree(self.folder, ignore_errors=True)


class Learner(threading.Thread):
    """One learner with a browser: cookies, a copy of the course, open notebooks."""

    def __init__(self, room: Classroom, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.room, self.base, self.password = room, f"{room.url}/user/{name}", secrets.token_urlsafe(12)
        query = {"repo": room.course.as_uri(), "branch": "class", "urlpath": f"lab/tree/course/{room.notebooks[0]}"}
        self.link = f"{room.url}/hub/user-redirect/git-pull?{urlencode(query, quote_via=quote)}"
        self.session = requests.Session()
        self.work: Callable[[Learner], None] = Learner.pull
        self.clicks, self.clicked, self.first_result = 0, 0.0, 0.0  # how often; when first; how many seconds later
        self.problems: list[str] = []
        self.cells: list[tuple[float, bool]] = []  # when each ended, and whether without error and as committed
        self.saved: dict[str, Any] = {}
        self.kernels: dict[str, str] = {}
        self.waits = threading.Event()  # for the last notebook
        self.notes, self.survived = "", False  # the incident

    def run(self) -> None:
        """Do the learner's work; whatever goes wrong is the learner's problem, and only that."""
        try:
            self.work(self)
        except Exception as error:
            self.problems.append(f"{type(error).__name__}: {error} after {len(self.cells)} cells"[:300])
        finally:
            self.waits.set()

    def twin(self) -> "Learner":
        """Return another tab of the same browser."""
        twin = Learner(self.room, self.name)
        twin.session.cookies, twin.kernels = copy.copy(self.session.cookies), self.kernels
        return twin

    def cookies(self, url: str) -> str:
        """Return the cookies that the browser would send."""
        return requests.cookies.get_cookie_header(self.session.cookies, requests.Request("GET", url).prepare()) or ""

    def xsrf(self, path: str) -> str:
        """Return the cookie that a page of ours sends back to prove that it is one."""
        return next((c.value for c in self.session.cookies if c.name == "_xsrf" and c.path.startswith(path)), "") or ""

    def ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        """Send a request of JupyterLab to the learner's own server; anything but success is an exception."""
        url, headers = f"{self.base}/{path}", {"X-XSRFToken": self.xsrf("/user/")}
        answer = self.session.request(method, url, json=body, headers=headers, timeout=PATIENCE, allow_redirects=False)
        if answer.status_code >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:100]}")
        return answer

    def log_in(self, password: str) -> requests.Response:
        """Click the link, and send the form to which someone without credentials comes."""
        page = self.session.get(self.link, timeout=PATIENCE)
        xsrf = re.search(r'name="_xsrf"\s+value="([^"]+)"', page.text)
        action = re.search(r'<form action="([^"]+)"', page.text)
        if not xsrf or not action:
            raise RuntimeError(f"no login form at {page.url}: {page.status_code}")
        form = {"_xsrf": xsrf[1], "username": self.name, "password": password}
        return self.session.post(urljoin(page.url, action[1].replace("&amp;", "&")), data=form, timeout=PATIENCE)

    def arrive(self) -> None:
        """Log in, wait for the server, get the copy of the course; click again, as people do, if it led nowhere.

        Servers that start together may be given the same port: the hub picks one, and it stays free until the server
        is up. The later one then ends, and its learner sees a 404 until the hub notices, within half a minute.
        """
        self.clicked, self.clicks = time.monotonic(), 1
        page = self.log_in(self.password)
        while True:
            try:
                self.wait_for_server(page)
                return self.pull()
            except RuntimeError:
                if time.monotonic() > self.clicked + PATIENCE:
                    raise
            time.sleep(10)
            self.clicks += 1
            page = self.session.get(self.link, timeout=PATIENCE)

    def wait_for_server(self, page: requests.Response) -> None:
        """Wait for the server as its page does, if this is its page."""
        if progress := re.search(r'EventSource\("([^"]+)"', page.text):
            last = self.events(urljoin(page.url, progress[1].replace("\\u0026", "&").replace("&amp;", "&")))[-1]
            if not last.get("ready"):
                raise RuntimeError(f"the server did not start: {last}")

    def pull(self) -> None:
        """Click the link: fetch or update the copy through nbgitpuller, and open JupyterLab."""
        page = self.session.get(self.link, timeout=PATIENCE)
        xsrf = re.search(r'data-xsrf="([^"]*)"', page.text)
        if not page.url.startswith(f"{self.base}/git-pull") or not xsrf:
            raise RuntimeError(f"the link led to {page.url}: {page.status_code}")
        query = {"repo": self.room.course.as_uri(), "branch": "class", "targetpath": "course", "_xsrf": xsrf[1]}
        last = self.events(f"{self.base}/git-pull/api?{urlencode(query, quote_via=quote)}")[-1]
        if last["phase"] != "finished":
            raise RuntimeError(f"nbgitpuller: {last}")
        self.ask("GET", f"lab/tree/course/{self.room.notebooks[0]}")

    def events(self, url: str) -> list[Any]:
        """Return the events of a stream, up to its last."""
        with self.session.get(url, stream=True, timeout=PATIENCE) as answer:
            found = [{"phase": answer.status_code}]
            for line in answer.iter_lines():
                found += [json.loads(line[5:])] if line.startswith(b"data:") else []
                if found[-1].get("ready") or found[-1].get("failed"):
                    break
            return found

    def channel(self, path: str) -> Any:
        """Open a websocket to a notebook's kernel, with the browser's cookies."""
        url = f"{self.base}/api/kernels/{self.kernels[path]}/channels?session_id={uuid.uuid4().hex}"
        options: dict[str, Any] = {"cookie": self.cookies(url), "origin": self.room.url, "timeout": PATIENCE}
        return contextlib.closing(websocket.create_connection(url.replace("http", "ws", 1), **options))

    def execute(self, channel: websocket.WebSocket, code: str) -> list[Any]:
        """Run a cell and return its outputs."""
        number = uuid.uuid4().hex
        header = {"msg_id": number, "msg_type": "execute_request", "username": "", "session": "", "version": "5.3"}
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        channel.send(json.dumps(message))
        outputs: list[Any] = []
        missing = {"execute_reply", "idle"}
        while missing:
            answer = message_of(channel.recv())
            kind, state = answer["msg_type"], answer["content"].get("execution_state")
            if kind == "status" and state in ("restarting", "dead"):
                raise KernelDied(state)
            if answer["parent_header"].get("msg_id") != number:
                continue
            if answer["content"].get("status") == "aborted":
                raise CellAborted(code)
            missing -= {kind, state}
            if kind in ("stream", "display_data", "execute_result", "error"):
                outputs.append(nbformat.v4.output_from_msg(answer))
                self.first_result = self.first_result or time.monotonic() - self.clicked
        return outputs

    def open(self, path: str) -> None:
        """Open a notebook as JupyterLab does: with a kernel of its own, unless it has one."""
        body = {"path": f"course/{path}", "name": "", "type": "notebook", "kernel": {"name": "python3"}}
        self.kernels[path] = self.ask("POST", "api/sessions", body).json()["kernel"]["id"]

    def read(self, path: str) -> Any:
        """Return a notebook as the contents API gives it."""
        return self.ask("GET", f"api/contents/course/{path}?type=notebook").json()["content"]

    def save(self, path: str, notebook: Any) -> None:
        """Save a notebook through the contents API, and remember what was saved."""
        self.ask("PUT", f"api/contents/course/{path}", {"type": "notebook", "format": "json", "content": notebook})
        self.saved[path] = notebook

    def run_notebook(self, path: str, before_cell: Callable[[int], None] = lambda left: None) -> None:
        """Run a notebook cell by cell, compare what the cells say with the committed outputs, and save it."""
        notebook = self.read(path)
        self.open(path)
        code = [(number, cell) for number, cell in enumerate(notebook["cells"]) if cell["cell_type"] == "code"]
        with self.channel(path) as channel:
            for done, (number, cell) in enumerate(code):
                before_cell(len(code) - done)
                outputs = self.execute(channel, cell["source"])
                said, committed = text_of(outputs), text_of(cell["outputs"])
                if said != committed:
                    self.problems.append(f"{path} cell {number} says {str(said[-1:])[-200:]}, not as committed")
                failed = any(output["output_type"] == "error" for output in outputs)
                self.cells.append((time.monotonic(), said == committed and not failed))
                cell["outputs"] = outputs
        self.save(path, notebook)

    def lost(self) -> list[str]:
        """Return the saved notebooks that are not on the disk as they were saved."""
        home = self.room.homes / self.name / "course"
        return [
            f"{self.name}: {path}"
            for path, notebook in self.saved.items()
            if content_of(nbformat.read(home / path, as_version=4)) != content_of(notebook)
        ]

    def wait_for_kernel(self, path: str) -> None:
        """Wait until the server has replaced a kernel that died, and the new one has done with the old one's queue.

        The server's own word for its state is of no use here: of a kernel that died in a cell it may say that it is
        busy until the next cell is run. So a cell is run, and once more where the new kernel's answer is not heard.
        """

        def answers() -> bool:
            retry = (CellAborted, KernelDied, websocket.WebSocketTimeoutException)
            with contextlib.suppress(*retry), self.channel(path) as channel:
                channel.settimeout(10)
                self.execute(channel, "None")
                return True
            return False

        wait_for("an answer of the new kernel", answers, PATIENCE)


def hub_restart(room: Classroom, learners: list[Learner]) -> None:
    """Check that everybody works on while the hub is killed, and that it finds them again."""
    before, kernels = room.servers(), [dict(learner.kernels) for learner in learners]
    assert room.hub
    room.hub.kill()
    room.hub.wait()
    down, answered = time.monotonic(), 0
    for learner in learners:
        with contextlib.suppress(Exception):
            learner.twin().read(room.notebooks[0])
            with learner.twin().channel(room.notebooks[0]):
                answered += 1
    took = room.start_hub()
    up, count = time.monotonic(), len(learners)
    room.check("new requests and websockets were served without it", answered == count, f"{answered}/{count}")
    ran = [sum(down < moment < up for moment, _ in learner.cells) for learner in learners]
    found = f"{sum(ran)} cells of {sum(map(bool, ran))} learners in {up - down:.1f} s"
    room.check("notebooks ran on without it", sum(ran), found)
    with contextlib.suppress(TimeoutError):
        wait_for("the hub's look at the servers", lambda: room.servers() == before, PATIENCE)
    room.check(f"back after {took:.1f} s, it finds the same servers", room.servers() == before, len(before))
    pages = [learner.twin().session.get(f"{room.url}/hub/home", timeout=PATIENCE).url for learner in learners]
    room.check("nobody has to log in again", all(page.endswith("/hub/home") for page in pages))
    now = [{kernel["id"] for kernel in learner.twin().ask("GET", "api/kernels").json()} for learner in learners]
    of_all = zip(learners, kernels, now, strict=True)
    gone = [f"{learner.name}: {path}" for learner, had, has in of_all for path in had if had[path] not in has]
    room.check("everybody's kernels are the same", not gone, ", ".join(gone))


def kernel_killed(learner: Learner) -> None:
    """Run the last notebook, its kernel killed half way; once the page is told, run it again."""
    path, killed = learner.room.notebooks[-1], 0.0
    half = sum(cell["cell_type"] == "code" for cell in learner.read(path)["cells"]) // 2

    def kill(left: int) -> None:
        nonlocal killed
        if left == half:
            killed = time.monotonic()
            kernel = f"kernel-{learner.kernels[path]}"
            mine = learner.room.processes(learner.name)
            next(process for process in mine if any(kernel in part for part in process.cmdline())).kill()

    with contextlib.suppress(KernelDied):
        learner.run_notebook(path, kill)
        return  # nobody told the page
    learner.wait_for_kernel(path)
    took = time.monotonic() - killed
    learner.run_notebook(path)
    learner.notes, learner.survived = f"the page was told, a new kernel after {took:.1f} s, all run again", True


def memory_exceeded(learner: Learner) -> None:
    """Run the last notebook, fill the memory beyond the limit, and go on."""
    path = learner.room.notebooks[-1]
    learner.run_notebook(path)
    try:
        with learner.channel(path) as channel:
            seen = str(text_of(learner.execute(channel, EAT))[-1])
            learner.survived = "MemoryError" in seen
            seen = "MemoryError in the cell" if learner.survived else seen
    except KernelDied:
        seen, learner.survived = "the kernel was killed, the page was told", True
        learner.wait_for_kernel(path)
    with learner.channel(path) as channel:
        learner.survived &= text_of(learner.execute(channel, "print('again')")) == [("stdout", "again\n")]
    learner.notes = f"{seen}, the server stayed, cells run again"


def incidents(room: Classroom, killed: Learner, hungry: Learner, others: list[Learner]) -> None:
    """Tell what became of the learner whose kernel was killed and of the one who exceeded the memory limit."""
    room.check(f"{killed.name}, whose kernel was killed", killed.survived, killed.notes or killed.problems)
    if room.limiter:
        room.check(f"{hungry.name}, who wanted more memory", hungry.survived, hungry.notes or hungry.problems)
    else:
        print("  not checked: a learner who wants more memory: needs Linux")
    room.check("no other learner had an error", not any(learner.problems for learner in others))


def doors(room: Classroom, learner: Learner, other: Learner) -> None:
    """Try what is served without credentials, and what of another learner's with one's own."""
    path = room.notebooks[0]
    channel = f"{other.base}/api/kernels/{other.kernels[path]}/channels"
    pages = ["lab", f"api/contents/course/{path}", f"files/course/{path}", "api/kernels", "api/terminals", "git-pull"]
    server = [f"{other.base}/{page}" for page in pages]
    hub = [f"{room.url}/hub/{page}" for page in ("admin", "api/users", f"api/users/{other.name}", "api/proxy")]
    hub += [f"{room.hub_url}/hub/api/users", f"{room.api_url}/api/routes"]

    def served(urls: list[str], **options: Any) -> list[str]:
        return [url for url in urls if status(url, **options) not in REFUSED]

    wrong = served([*server, *hub, f"{room.url}/hub/home"])
    room.check("without credentials nothing is served", not wrong, wrong)
    wrong = served([*server, *hub], headers={"Authorization": f"token {secrets.token_hex(16)}"})
    room.check("nor with a token that is made up", not wrong, wrong)
    room.check("nor does a kernel's websocket open", not opens(channel))
    for what, name in ("another password", other.name), ("a name not on the list", "stranger"):
        answer = Learner(room, name).log_in("not the password")
        room.check(f"{what} is refused", answer.status_code == 403, answer.status_code)
    form = {"username": other.name, "password": other.password}
    answer = requests.post(f"{room.url}/hub/login", data=form, timeout=PATIENCE)
    room.check("a form sent from another site is refused", answer.status_code == 403, answer.status_code)

    page = f"{room.url}/hub/api/users/{learner.name}/tokens?{urlencode({'_xsrf': learner.xsrf('/hub')})}"
    token = {"Authorization": f"token {learner.session.post(page, json={}, timeout=PATIENCE).json()['token']}"}
    room.check("a learner's token opens the own server", status(f"{learner.base}/api/contents", headers=token) == 200)
    wrong = served([*server, *hub], headers=token)
    room.check("and nothing of another's, of the hub or the proxy", not wrong, wrong)
    visits = [learner.session.get(url, timeout=PATIENCE) for url in [*server, hub[0]]]
    wrong = [visit.url for visit in visits if visit.status_code not in REFUSED]
    wrong += [channel] if opens(channel, cookie=learner.cookies(channel)) else []
    room.check("nor do a learner's cookies", not wrong, wrong)

    home, theirs = room.homes / other.name, room.processes(other.name)
    ways = [json.loads(file.read_text(encoding="utf-8"))["transport"] for file in home.glob("run/kernel-*.json")]
    room.check("kernels talk through files, not over ports that others may take", set(ways) == {"ipc"}, len(ways))
    victim = next(process for process in theirs if "jupyterhub.singleuser" in process.cmdline())
    port = next(place.laddr.port for place in victim.net_connections("tcp") if place.status == "LISTEN")
    files = [room.homes / learner.name, home, home / "course" / path, f"/proc/{victim.pid}/environ", room.private]
    files += [room.private / "jupyterhub.sqlite", room.private / "settings.json"]
    direct = [f"http://127.0.0.1:{port}/user/{other.name}/api/{page}" for page in ("contents", "kernels")]
    with learner.channel(path) as mine:
        said = learner.execute(mine, SPY.format(paths=[str(file) for file in files], urls=[*direct, *hub[1:]]))
    read, answers = json.loads(text_of(said)[-1][1])
    wrong = [str(answer) for answer in answers if answer not in REFUSED]
    room.check("a kernel gets nothing from another's server, the hub or the proxy", not wrong, wrong)
    what = "a kernel reads its learner's files, not another's and not the hub's"
    if room.accounts:
        hidden = {"PermissionError", "FileNotFoundError"}.issuperset(map(str, read[1:]))
        room.check(what, isinstance(read[0], list) and hidden, "" if hidden else read[1:])
    else:
        print(f"  not checked: {what}: {room.why_no_accounts}")


def teacher_update(room: Classroom, learner: Learner) -> None:
    """Check whose version the next click leaves when the teacher has changed what a learner has changed."""
    path, work, home = room.notebooks[0], room.folder / "teacher", room.homes / learner.name / "course"
    mine = learner.read(path)
    mine["cells"][0]["source"] = "# My own title"
    learner.save(path, mine)
    for name in ("notes.md", "new.md"):
        learner.ask("PUT", f"api/contents/course/{name}", {"type": "file", "format": "text", "content": "mine"})
    git(room.folder, "clone", "--quiet", "--branch=class", str(room.course), str(work))
    theirs = nbformat.read(work / path, as_version=4)
    theirs["cells"][0]["source"] = "# The teacher's title"
    nbformat.write(theirs, work / path)
    for name in ("new.md", "README.md"):
        (work / name).write_text("the teacher's", encoding="utf-8")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message=The teacher's change")
    git(work, "push", "--quiet")
    learner.pull()
    room.check("what both changed stays the learner's, outputs too", not learner.lost(), learner.lost())
    texts = {file.name: file.read_text(encoding="utf-8") for file in home.glob("*.md")}
    room.check("what only the teacher changed arrives", texts["README.md"] == texts["new.md"] == "the teacher's")
    aside = [name for name, text in texts.items() if text == "mine"]
    room.check("the learner's own files stay, under another name if need be", len(aside) == 2, ", ".join(aside))


def culling(room: Classroom, active: Learner) -> None:
    """Check that the culler, given a limit of seconds, stops idle servers and only those."""
    before, twin, done = room.servers("last_activity"), active.twin(), threading.Event()

    def work(learner: Learner) -> None:
        with learner.channel(room.notebooks[0]) as channel:
            while not done.wait(1):
                learner.execute(channel, "1")
                learner.ask("GET", "api/kernels")  # as an open JupyterLab does: the proxy notes that someone asks

    twin.work = work
    twin.start()
    wait_for("notice", lambda: room.servers("last_activity")[active.name] != before[active.name], PATIENCE)
    room.start([sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=12", "--cull-every=3"], "culler")
    with contextlib.suppress(TimeoutError):
        wait_for("culling", lambda: len(room.servers()) <= 1, PATIENCE)
    left = list(room.servers())
    done.set()
    twin.join()
    room.check(f"of {len(before)}, all but the one in use", left == [active.name] and not twin.problems, left)


def memory_of(learner: Learner) -> dict[str, float]:
    """Return the megabytes of a learner's server, of the largest kernel and of all, and the processor time of all."""
    sizes = {"server": 0.0, "kernel": 0.0, "all": 0.0, "time": 0.0}
    for process in learner.room.processes(learner.name):
        info, times = process.memory_full_info(), process.cpu_times()
        kind = "kernel" if any("ipykernel" in part for part in process.cmdline()) else "server"
        size = getattr(info, "pss", info.uss) / 1e6
        sizes[kind] = max(sizes[kind], size)
        sizes["all"] += size
        sizes["time"] += times.user + times.system
    return sizes


def table(room: Classroom, learners: list[Learner], sizes: list[dict[str, float]]) -> None:
    """Print shares, times and memory."""
    cells = [good for learner in learners for _, good in learner.cells]
    saved, wanted = sum(len(learner.saved) for learner in learners), len(learners) * len(room.notebooks)
    lost = [path for learner in learners for path in learner.lost()]
    room.check("cells without error and with the committed text", all(cells), f"{sum(cells)}/{len(cells)}")
    room.check("notebooks run and saved", saved == wanted, f"{saved}/{wanted}")
    room.check("of them not on the disk as saved", not lost, lost or 0)
    for learner in learners:
        room.check(f"{learner.name} had no problem", False, learner.problems[0]) if learner.problems else None
    again = [learner.name for learner in learners if learner.clicks > 1]
    print(f"  {'learners who had to click the link again':<48} {len(again)}  {', '.join(again)}".rstrip())
    kind = "PSS" if sys.platform == "linux" else "USS"
    rows = [("first result, s after the click on the link", [learner.first_result for learner in learners])]
    rows += [
        (f"memory of a learner's server, MB ({kind})", [size["server"] for size in sizes]),
        (f"memory of the largest kernel, MB ({kind})", [size["kernel"] for size in sizes]),
        (f"memory of server and {len(room.notebooks)} kernels, MB ({kind})", [size["all"] for size in sizes]),
        ("processor time of server and kernels, s", [size["time"] for size in sizes]),
    ]
    for what, values in rows:
        print(f"  {what:<48} median {statistics.median(values):6.1f}   worst {max(values):6.1f}")


def lesson(room: Classroom, arrive_within: float) -> None:
    """Hold the lesson."""
    start, go_on = time.monotonic(), threading.Event()
    room.start_proxy()
    room.start_hub()
    learners = [Learner(room, name) for name in room.names]
    first, second, curious, diligent = learners[:4]
    last = {first: kernel_killed} | ({second: memory_exceeded} if room.limiter else {})

    def work(learner: Learner) -> None:
        time.sleep(arrive_within * learners.index(learner) / (len(learners) - 1))
        learner.arrive()
        for path in room.notebooks[:-1]:
            learner.run_notebook(path)
        learner.open(room.notebooks[-1])
        learner.waits.set()
        go_on.wait()
        if learner in last:
            last[learner](learner)
        else:
            learner.run_notebook(room.notebooks[-1])

    for learner in learners:
        learner.work = work
        learner.start()
    for learner in learners:
        learner.waits.wait()
    print(f"Everybody has come and saved {len(room.notebooks) - 1} notebooks: {time.monotonic() - start:.0f} s")
    go_on.set()
    room.stage("The hub is killed while everybody runs the last notebook", hub_restart, learners)
    for learner in learners:
        learner.join()
    print(f"Everybody has finished: {time.monotonic() - start:.0f} s")
    sizes = [memory_of(learner) for learner in learners if learner is not second]  # who has eaten
    title = f"Incidents of the last notebook; the memory limit is {room.memory} ({room.limiter or 'none'})"
    room.stage(title, incidents, first, second, learners[2:])
    room.stage("Doors", doors, curious, diligent)
    room.stage("The teacher updates the course, a learner clicks the link again", teacher_update, curious)
    room.stage("Idle servers are stopped", culling, diligent)
    room.stage("Table", table, learners, sizes)


def arguments() -> argparse.Namespace:
    """Return what was asked for, or say what is wrong with it."""
    parser = argparse.ArgumentParser(description="Rehearse a lesson on a real JupyterHub, on this machine only.")
    parser.add_argument("--users", type=int, default=30, help="learners, 5 to 500")
    parser.add_argument("--notebooks", nargs="+", default=NOTEBOOKS, help="names without .ipynb, two or more")
    parser.add_argument("--arrive-within", type=float, default=60, help="seconds in which all click the link")
    parser.add_argument("--course", type=Path, default=ROOT, help="git repository whose last commit is handed out")
    parser.add_argument("--config", default="", help="JupyterHub configuration to load last (tests open the hub)")
    parser.add_argument("--proxy", default=str(PROXY), help="the command configurable-http-proxy")
    args = parser.parse_args()
    if not 5 <= args.users <= 500:
        parser.error(f"--users: expected 5 to 500, got {args.users}")
    if len(args.notebooks) < 2:
        parser.error("--notebooks: expected two or more")
    if os.name == "nt":
        parser.error("JupyterHub does not run on Windows; use Linux, macOS or WSL")
    for tool in ("git", args.proxy):
        if not shutil.which(tool):
            parser.error(f"{tool} is missing{'' if tool == 'git' else '; make class installs it with npm'}")
    return args


def main() -> int:
    """Rehearse, clean up, and return the exit code."""
    args = arguments()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    room = Classroom(args)
    try:
        commit = room.publish_course(args.course)
        print(f"{args.users} learners, commit {commit[:10]}; all click the link within {args.arrive_within:.0f} s")
        lesson(room, args.arrive_within)
        print(f"\n{len(room.failures)} failed\n{room.log('hub')}" if room.failures else "\nEverything holds.")
    finally:
        room.close()
    return int(bool(room.failures))


if __name__ == "__main__":
    sys.exit(main())
