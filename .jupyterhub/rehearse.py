"""Rehearse a lesson on a real JupyterHub: `make class USERS=30`.

A hub, its proxy and one server per learner run on loopback, in a temporary folder. Each learner is a thread that does
over HTTP and websockets what the browser does: log in, click the link, run notebooks cell by cell, save. Meanwhile a
kernel is killed, a memory limit is exceeded, and the hub is killed and started again. Whatever does not hold is
printed as FAILED, and the exit code is 1.
"""

import argparse
import contextlib
import copy
import json
import os
import re
import secrets
import shutil
import signal
import socket
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
except ImportError as error:
    sys.exit(f"{error}. Install what a class needs: python -m pip install -e '.[class]'")

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
NOTEBOOKS = ["00_start_here", "04_softmax_derivative", "07_learning_rate"]
PATIENCE = 240  # seconds that a learner waits for one answer before it counts as an error
LEAST = 5  # learners: each of the incidents has its own
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
EAT = "eaten = []\nwhile len(eaten) * 20 < {megabytes}:\n    eaten.append(b'1' * 20_000_000)\nprint('never full')"


def message_of(frame: str | bytes) -> Any:
    """Return the message in a frame: JSON, or binary as widgets send pictures, where JSON is the first of the parts."""
    if isinstance(frame, str):
        return json.loads(frame)
    parts = struct.unpack_from(f"!{struct.unpack_from('!I', frame)[0]}I", frame, 4)
    return json.loads(frame[parts[0] : parts[1] if len(parts) > 1 else None])


class KernelDied(Exception):
    """The server says that the kernel is gone, and starts another."""


def free_ports(count: int) -> list[int]:
    """Return ports of loopback that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def git(folder: Path, *arguments: str) -> str:
    """Run git; what it complains of ends the rehearsal."""
    identity = ("-c", "user.name=teacher", "-c", "user.email=teacher@example.org")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"git {arguments[0]} failed in {folder}: {done.stderr.strip()}")
    return done.stdout


def wait_for(what: str, ready: Callable[[], bool], seconds: float) -> float:
    """Return how long it took until something was ready; a TimeoutError if it never was."""
    start = time.monotonic()
    while time.monotonic() < start + seconds:
        with contextlib.suppress(requests.ConnectionError):
            if ready():
                return time.monotonic() - start
        time.sleep(0.1)
    raise TimeoutError(f"{what} took more than {seconds} s")


def text_of(outputs: list[Any]) -> list[tuple[str, str]]:
    """Return what outputs say in text: printed lines joined as they were written, and each result's plain text."""
    said: list[tuple[str, str]] = []
    for output in outputs:
        kind = output.get("name") or output["output_type"]
        text = "\n".join(output["traceback"]) if kind == "error" else output.get("text")
        text = output["data"].get("text/plain", "") if text is None else text
        if said and said[-1][0] == kind and output["output_type"] == "stream":
            text = said.pop()[1] + text
        said.append((kind, text))
    return said


def processes_of(marker: str, name: str | None = None) -> list[psutil.Process]:
    """Return the processes that this rehearsal started: all, or one learner's."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            environment = process.environ()
            if environment.get("CLASS_MARKER") == marker and name in (None, environment.get("JUPYTERHUB_USER")):
                found.append(process)
    return found


class Classroom:
    """The temporary folder, the course to hand out, the proxy and the hub; and what is found out about them."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.notebooks = [f"notebooks/{name}.ipynb" for name in args.notebooks]
        self.names = [f"learner{i:02}" for i in range(1, args.users + 1)]
        self.failures: list[str] = []
        self.unchecked: list[str] = []
        self.folder = Path(tempfile.mkdtemp(prefix="class-")).resolve()
        self.folder.chmod(0o711)
        self.marker = self.folder.name
        self.homes, self.private = self.folder / "homes", self.folder / "private"
        self.homes.mkdir(mode=0o711)
        self.private.mkdir(mode=0o700)
        rules = yaml.safe_load((HERE / "tljh.yaml").read_text(encoding="utf-8"))
        self.limit = rules["limits"]["memory"]
        port, hub_port, api_port = free_ports(3)
        self.url, self.hub_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{hub_port}"
        self.api_url, self.culler_token = f"http://127.0.0.1:{api_port}", secrets.token_hex(32)
        self.proxy_token = secrets.token_hex(32)
        self.proxy_command = args.proxy
        self.accounts = self.unused_accounts()
        self.cgroup, self.cgroup_limit = self.new_cgroup()
        own_limit = "RLIMIT_DATA of each process" if sys.platform == "linux" else "none"
        self.limiter = f"cgroup ({self.cgroup_limit})" if self.cgroup else own_limit
        self.copy_course(args.course)
        (self.folder / "gitconfig").write_text("[safe]\n\tdirectory = *\n", encoding="utf-8")
        for name in self.names:
            (self.homes / name).mkdir(mode=0o700)
            if self.accounts:
                os.chown(self.homes / name, self.accounts[name], self.accounts[name])
        settings = {
            "learners": self.names,
            "homes": str(self.homes),
            "private": str(self.private),
            "accounts": self.accounts,
            "cgroup": self.cgroup and str(self.cgroup),
            "cgroup_limit": self.cgroup_limit,
            "limiter": self.limiter,
            "environment": {"CLASS_MARKER": self.marker, "GIT_CONFIG_GLOBAL": str(self.folder / "gitconfig")},
            "url": self.url,
            "hub_url": self.hub_url,
            "proxy_api_url": self.api_url,
            "proxy_token": self.proxy_token,
            "culler_token": self.culler_token,
            "config": args.config,
        }
        (self.private / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        self.environment = os.environ | {
            "CLASS_MARKER": self.marker,
            "CLASS_SETTINGS": str(self.private / "settings.json"),
            "CONFIGPROXY_AUTH_TOKEN": self.proxy_token,
        }
        self.hub: subprocess.Popen[bytes] | None = None

    def unused_accounts(self) -> dict[str, int]:
        """Return an account number for each learner that nobody has, or none if we may not give any."""
        if os.getuid() != 0:
            self.unchecked.append("files of one learner hidden from another: needs root")
            return {}
        import pwd

        taken = {account.pw_uid for account in pwd.getpwall()} | {p.uids().real for p in psutil.process_iter()}
        free = [number for number in range(61000, 65000) if number not in taken][: len(self.names)]
        probe = [sys.executable, "-c", "import jupyterhub, linclf_helpers"]
        done = subprocess.run(
            probe, cwd="/", user=free[0], group=free[0], extra_groups=[], capture_output=True, check=False
        )
        if done.returncode:
            self.unchecked.append(
                "files of one learner hidden from another: another account can't read this Python or the course"
                f" ({os.path.realpath(sys.executable)}, {ROOT})"
            )
            return {}
        return dict(zip(self.names, free, strict=True))

    def new_cgroup(self) -> tuple[Path | None, str]:
        """Return a new group of processes whose memory can be limited, and the name of the file for the limit."""
        for parent, limit in CGROUPS.items():
            group = Path(parent, self.marker)
            with contextlib.suppress(OSError):
                group.mkdir()
                probe = group / "probe"  # version 2: a group that has groups needs leave to limit them
                with contextlib.suppress(OSError):
                    (group / "cgroup.subtree_control").write_text("+memory", encoding="utf-8")
                probe.mkdir()
                works = (probe / limit).exists()
                probe.rmdir()
                if works:
                    return group, limit
                group.rmdir()
        return None, ""

    def copy_course(self, source: Path) -> None:
        """Publish the last commit of the course as the repository that learners pull from."""
        self.course = self.folder / "course"
        git(self.folder, "init", "--quiet", "--bare", str(self.course))
        git(self.course, "fetch", "--quiet", "--depth=1", f"file://{source.resolve()}", "HEAD:refs/heads/class")
        self.commit = git(self.course, "rev-parse", "class").strip()
        for path in self.notebooks:
            git(self.course, "cat-file", "-e", f"class:{path}")

    def publish_change(self, change: Callable[[Path], None]) -> None:
        """Commit a teacher's change to the course, and publish it."""
        work = self.folder / "teacher"
        git(self.folder, "clone", "--quiet", "--branch=class", str(self.course), str(work))
        change(work)
        git(work, "add", "--all")
        git(work, "commit", "--quiet", "--message=The teacher's change")
        git(work, "push", "--quiet")

    def link(self, notebook: str) -> str:
        """Return the link a teacher gives to the class."""
        query = {"repo": self.course.as_uri(), "branch": "class", "urlpath": f"lab/tree/course/{notebook}"}
        return f"{self.url}/hub/user-redirect/git-pull?{urlencode(query, quote_via=quote)}"

    def start_proxy(self) -> None:
        """Start the proxy, which knows the hub's address and asks it for everything without another route."""
        port, api_port, hub = self.url.rpartition(":")[2], self.api_url.rpartition(":")[2], self.hub_url
        addresses = ["--ip=127.0.0.1", f"--port={port}", "--api-ip=127.0.0.1", f"--api-port={api_port}"]
        command = [self.proxy_command, *addresses, f"--default-target={hub}", f"--error-target={hub}/hub/error"]
        self.start(command, "proxy")
        wait_for("the proxy's start", lambda: bool(requests.get(self.api_url, timeout=5).status_code), 30)

    def start_hub(self) -> float:
        """Start the hub; return how long it took until it answered through the proxy."""
        self.hub = self.start([sys.executable, "-m", "jupyterhub", "-f", str(HERE / "rehearsal_config.py")], "hub")
        return wait_for("the hub's start", self.hub_is_up, 60)

    def hub_is_up(self) -> bool:
        """Return whether the hub answers; if it has ended, end the rehearsal with the end of its log."""
        if self.hub and self.hub.poll() is not None:
            sys.exit(f"The hub ended:\n{self.log_of('hub')}")
        return requests.get(f"{self.url}/hub/health", timeout=5).ok

    def start(self, command: list[str], name: str) -> subprocess.Popen[bytes]:
        """Start a process of ours, its output in a log."""
        with (self.private / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command,
                env=self.environment,
                cwd=self.private,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log_of(self, name: str) -> str:
        """Return the last lines of a log."""
        return "\n".join((self.private / f"{name}.log").read_text(encoding="utf-8").splitlines()[-15:])

    def check(self, what: str, *, holds: bool, found: object = "") -> None:
        """Print whether something holds, and remember if it does not."""
        print(f"  {'ok    ' if holds else 'FAILED'} {what}{f': {found}' if found != '' else ''}", flush=True)
        if not holds:
            self.failures.append(what)

    def servers(self) -> dict[str, str]:
        """Return who has a running server, and since when, as the hub tells its culler."""
        answer = requests.get(
            f"{self.url}/hub/api/users", headers={"Authorization": f"token {self.culler_token}"}, timeout=60
        )
        return {
            user["name"]: server["started"]
            for user in answer.json()
            for server in user.get("servers", {}).values()
            if server["ready"]
        }

    def close(self) -> None:
        """End every process of the rehearsal, and remove what it left."""
        processes = processes_of(self.marker)
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(processes, timeout=10)
        if self.cgroup:
            for group in (*(path for path in self.cgroup.iterdir() if path.is_dir()), self.cgroup):
                for _ in range(50):  # a group can be removed only when its last process is wholly gone
                    with contextlib.suppress(OSError):
                        group.rmdir()
                        break
                    time.sleep(0.1)
        shutil.rmtree(self.folder, ignore_errors=True)


class Learner(threading.Thread):
    """One learner with a browser: cookies, a copy of the course, open notebooks."""

    def __init__(self, room: Classroom, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.room, self.password = room, secrets.token_urlsafe(12)
        self.base = f"{room.url}/user/{name}"
        self.session = requests.Session()
        self.work: Callable[[Learner], None] = lambda learner: None
        self.problems: list[str] = []
        self.cells: list[tuple[float, bool]] = []  # when each ended, and whether without error and as committed
        self.saved: dict[str, Any] = {}
        self.kernels: dict[str, str] = {}
        self.first_result: float | None = None
        self.clicked = 0.0
        self.notes, self.fine = "", False  # what the incident did, and whether it went as it should
        self.at_last_notebook = threading.Event()

    def run(self) -> None:
        """Do the learner's work; whatever goes wrong is the learner's problem, and only that."""
        try:
            self.work(self)
        except Exception as error:  # noqa: BLE001 the table tells
            self.problems.append(f"{type(error).__name__}: {error}"[:300])
        finally:
            self.at_last_notebook.set()

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request of JupyterLab to the learner's own server; an error status is an exception."""
        xsrf = next((c.value for c in self.session.cookies if c.name == "_xsrf" and "/user/" in c.path), "")
        headers = {"X-XSRFToken": xsrf or ""}
        url = f"{self.base}/{path}"
        answer = self.session.request(method, url, headers=headers, timeout=PATIENCE, allow_redirects=False, **options)
        if answer.status_code >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:100]}")
        return answer

    def log_in(self, password: str) -> requests.Response:
        """Send the form of the page to which someone without credentials comes."""
        page = self.session.get(self.room.link(self.room.notebooks[0]), timeout=PATIENCE)
        xsrf = re.search(r'name="_xsrf"\s+value="([^"]+)"', page.text)
        action = re.search(r'<form action="([^"]+)"', page.text)
        if not xsrf or not action:
            raise RuntimeError(f"no login form at {page.url}: {page.status_code}")
        form = {"_xsrf": xsrf[1], "username": self.name, "password": password}
        target = urljoin(page.url, action[1].replace("&amp;", "&"))
        return self.session.post(target, data=form, timeout=PATIENCE)

    def follow_link(self, page: requests.Response) -> None:
        """Wait for the server as the page does, and let nbgitpuller fetch the learner's copy."""
        if "/hub/spawn-pending/" in page.url:
            progress = re.search(r'EventSource\("([^"]+)"', page.text)
            if not progress:
                raise RuntimeError(f"no progress at {page.url}")
            last = self.events(urljoin(page.url, progress[1].replace("\\u0026", "&").replace("&amp;", "&")))[-1]
            if not last.get("ready"):
                raise RuntimeError(f"the server did not start: {last}")
            page = self.session.get(page.url, timeout=PATIENCE)
        self.pull(page)

    def pull(self, page: requests.Response | None = None) -> None:
        """Fetch or update the learner's copy through nbgitpuller, and open JupyterLab."""
        if page is None:
            page = self.session.get(self.room.link(self.room.notebooks[0]), timeout=PATIENCE)
        if not page.url.startswith(f"{self.base}/git-pull") or not page.ok:
            raise RuntimeError(f"the link led to {page.url}: {page.status_code}")
        xsrf = re.search(r'data-xsrf="([^"]*)"', page.text)
        query = {"repo": self.room.course.as_uri(), "branch": "class", "targetpath": "course"}
        query["_xsrf"] = xsrf[1] if xsrf else ""
        events = self.events(f"{self.base}/git-pull/api?{urlencode(query, quote_via=quote)}")
        if events[-1]["phase"] != "finished":
            raise RuntimeError(f"nbgitpuller: {events[-1]}")
        self.ask("GET", f"lab/tree/course/{self.room.notebooks[0]}")

    def events(self, url: str) -> list[Any]:
        """Return the events of a stream, up to its last."""
        with self.session.get(url, stream=True, timeout=PATIENCE) as answer:
            if not answer.ok:
                raise RuntimeError(f"{url}: {answer.status_code}")
            found = []
            for line in answer.iter_lines():
                if line.startswith(b"data:"):
                    found.append(json.loads(line[5:]))
                    if found[-1].get("ready") or found[-1].get("failed"):
                        break
            return found

    def channel(self, kernel: str) -> websocket.WebSocket:
        """Open a websocket to a kernel, with the browser's cookies."""
        url = f"{self.base}/api/kernels/{kernel}/channels?session_id={uuid.uuid4().hex}"
        cookies = requests.cookies.get_cookie_header(self.session.cookies, requests.Request("GET", url))  # type: ignore[attr-defined]
        return websocket.create_connection(
            url.replace("http", "ws", 1), cookie=cookies, origin=self.room.url, timeout=PATIENCE
        )

    def execute(self, channel: websocket.WebSocket, code: str) -> list[Any]:
        """Run a cell and return its outputs."""
        header = {"msg_id": uuid.uuid4().hex, "username": self.name, "session": "", "version": "5.3"}
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        message = {"header": header | {"msg_type": "execute_request"}, "parent_header": {}, "metadata": {}}
        channel.send(json.dumps(message | {"content": content, "channel": "shell", "buffers": []}))
        outputs, replied, idle = [], False, False
        while not (replied and idle):
            answer = message_of(channel.recv())
            kind, content = answer["msg_type"], answer["content"]
            state = content.get("execution_state") if kind == "status" else None
            if state in ("restarting", "dead"):
                raise KernelDied(state)
            if answer["parent_header"].get("msg_id") != header["msg_id"]:
                continue
            replied |= kind == "execute_reply"
            idle |= state == "idle"
            if kind in ("stream", "display_data", "execute_result", "error"):
                outputs.append(nbformat.v4.output_from_msg(answer))
                if self.first_result is None and kind != "error":
                    self.first_result = time.monotonic() - self.clicked
        return outputs

    def open(self, path: str) -> str:
        """Open a notebook as JupyterLab does: a session with a kernel of its own; return the kernel."""
        body = {"path": f"course/{path}", "name": "", "type": "notebook", "kernel": {"name": "python3"}}
        self.kernels[path] = self.ask("POST", "api/sessions", json=body).json()["kernel"]["id"]
        return self.kernels[path]

    def run_notebook(self, path: str, interrupt: Callable[[int, str], None] = lambda cell, kernel: None) -> None:
        """Open a notebook, run it cell by cell, compare what the cells say with the committed outputs, and save it."""
        notebook = self.ask("GET", f"api/contents/course/{path}?type=notebook").json()["content"]
        kernel = self.kernels.get(path) or self.open(path)
        with contextlib.closing(self.channel(kernel)) as channel:
            for number, cell in enumerate(notebook["cells"]):
                if cell["cell_type"] != "code":
                    continue
                interrupt(number, kernel)
                outputs = self.execute(channel, cell["source"])
                as_committed = text_of(outputs) == text_of(cell["outputs"])
                failed = any(output["output_type"] == "error" for output in outputs)
                if failed or not as_committed:
                    said = text_of(outputs)[-1:]
                    self.problems.append(
                        f"{path} cell {number}: {'error' if failed else 'other output'} {str(said)[-200:]}"
                    )
                self.cells.append((time.monotonic(), as_committed and not failed))
                cell["outputs"] = outputs
        self.save(path, notebook)

    def save(self, path: str, notebook: Any) -> None:
        """Save a notebook through the contents API, and remember what was saved."""
        body = {"type": "notebook", "format": "json", "content": notebook}
        self.ask("PUT", f"api/contents/course/{path}", json=body)
        self.saved[path] = notebook

    def lost(self) -> list[str]:
        """Return the saved notebooks that are not on the disk as they were saved."""
        home = self.room.homes / self.name / "course"
        lost = []
        for path, notebook in self.saved.items():
            now = nbformat.read(home / path, as_version=4) if (home / path).exists() else None
            if now is None or [(cell["source"], text_of(cell.get("outputs", []))) for cell in now["cells"]] != [
                (cell["source"], text_of(cell.get("outputs", []))) for cell in notebook["cells"]
            ]:
                lost.append(path)
        return lost

    def new_kernel(self, kernel: str) -> float:
        """Return how long it took until the server had replaced a kernel that died."""
        return wait_for(
            "a new kernel",
            lambda: self.ask("GET", f"api/kernels/{kernel}").json()["execution_state"] in ("idle", "starting"),
            60,
        )


def status(url: str, **options: Any) -> int:
    """Return the status of an answer, 403 where it sends us to the login page instead."""
    answer = requests.get(url, timeout=60, allow_redirects=False, **options)
    return 403 if answer.status_code == 302 and "/hub/" in answer.headers["Location"] else answer.status_code


def opens(url: str, **options: Any) -> bool:
    """Return whether a websocket opens."""
    with contextlib.suppress(websocket.WebSocketBadStatusException):
        websocket.create_connection(url.replace("http", "ws", 1), timeout=60, **options).close()
        return True
    return False


def check_doors(room: Classroom, learner: Learner, other: Learner) -> None:
    """Check that nothing is served without credentials, and nothing of the other learner's with this one's."""
    print("\nDoors")
    stranger = Learner(room, "stranger")
    name, path = other.name, next(iter(other.saved or other.kernels), room.notebooks[0])
    kernel = next(iter(other.kernels.values()))
    pages = ["lab", f"api/contents/course/{path}", f"files/course/{path}", "api/kernels", f"api/kernels/{kernel}"]
    server = [f"{room.url}/user/{name}/{page}" for page in [*pages, "git-pull", "api/terminals"]]
    hub = [f"{room.url}/hub/{page}" for page in ("home", "admin", "api/users", f"api/users/{name}", "api/proxy")]
    proxy = [f"{room.api_url}/api/routes"]
    channel = f"{room.url}/user/{name}/api/kernels/{kernel}/channels"

    answers = {url: status(url) for url in [*server, *hub, *proxy]}
    wrong = [url for url, code in answers.items() if code not in (401, 403)]
    room.check(f"without credentials {len(answers)} addresses serve nothing", holds=not wrong, found=wrong or "401, 403")
    forged = {"headers": {"Authorization": "token " + secrets.token_hex(16)}}
    wrong = [url for url in [*server, *hub[2:], *proxy] if status(url, **forged) not in (401, 403)]
    room.check("nor with a token that is made up", holds=not wrong, found=wrong or "401, 403")
    room.check("nor does a kernel's websocket open", holds=not opens(channel) and not opens(channel, header=[]))
    ways = [("a learner's name, another password", other, "not the password"), ("a name not on the list", stranger, "")]
    for what, who, password in ways:
        thief = Learner(room, who.name)
        answer = thief.log_in(password or thief.password)
        room.check(f"{what}: refused", holds=answer.status_code == 403, found=answer.status_code)
    form = {"username": other.name, "password": other.password}
    answer = requests.post(f"{room.url}/hub/login", data=form, timeout=60)
    room.check("a form that another site sent (no _xsrf): refused", holds=answer.status_code == 403)

    xsrf = next(c.value for c in learner.session.cookies if c.name == "_xsrf" and c.path.startswith("/hub"))
    page = f"{room.url}/hub/api/users/{learner.name}/tokens?{urlencode({'_xsrf': xsrf or ''})}"
    made = learner.session.post(page, json={}, timeout=60)
    token = {"headers": {"Authorization": f"token {made.json()['token']}"}}
    mine = status(f"{learner.base}/api/contents", **token)
    room.check("a learner's token opens the learner's own server", holds=mine == 200, found=mine)
    theirs = [url for url in [*server, *hub[1:], *proxy] if status(url, **token) not in (401, 403, 404)]
    room.check("and nothing of another learner's, of the hub's or the proxy's", holds=not theirs, found=theirs or "")
    visits = [learner.session.get(url, timeout=60) for url in server]
    seen = [visit.url for visit in visits if visit.status_code not in (401, 403, 404)]
    room.check("nor do the learner's cookies", holds=not seen, found=seen or "")
    cookies = requests.cookies.get_cookie_header(learner.session.cookies, requests.Request("GET", learner.base))  # type: ignore[attr-defined]
    room.check("nor do they open another's websocket", holds=not opens(channel, cookie=cookies))
    check_kernel_as_spy(room, learner, other)


def check_kernel_as_spy(room: Classroom, learner: Learner, other: Learner) -> None:
    """Check what one learner's kernel reaches of another learner, the hub and the proxy on the same machine."""
    home, mine = room.homes / other.name, room.homes / learner.name
    victim = next(p for p in processes_of(room.marker, other.name) if "jupyterhub.singleuser" in p.cmdline())
    port = next(place.laddr.port for place in victim.net_connections("tcp") if place.status == "LISTEN")
    files = [home, home / "course" / room.notebooks[0], f"/proc/{victim.pid}/environ", room.private]
    files += [room.private / "jupyterhub.sqlite", room.private / "settings.json"]
    urls = [f"http://127.0.0.1:{port}/user/{other.name}/api/contents", f"{room.api_url}/api/routes"]
    urls += [f"{room.hub_url}/hub/api/users/{other.name}", f"http://127.0.0.1:{port}/user/{other.name}/api/kernels"]
    code = SPY.format(paths=[str(path) for path in (mine, *files)], urls=urls)
    with contextlib.closing(learner.channel(learner.kernels[room.notebooks[0]])) as channel:
        said = text_of(learner.execute(channel, code))
    found, answers = json.loads(said[-1][1])
    if room.accounts:
        hidden = all(value in ("PermissionError", "FileNotFoundError") for value in found[1:])
        room.check(
            "a kernel reads its own learner's files, not another's, nor the hub's",
            holds=hidden and isinstance(found[0], list),
            found="" if hidden else found[1:],
        )
    room.check("a kernel gets nothing from another's server or the proxy", holds=set(answers) <= {403, 404})


def hub_restart(room: Classroom, learners: list[Learner]) -> None:
    """Kill the hub while everybody works; check that they go on without it, and that it finds them again."""
    print("\nThe hub is killed while everybody runs a notebook")
    before, kernels = room.servers(), {learner: dict(learner.kernels) for learner in learners}
    assert room.hub
    room.hub.kill()
    room.hub.wait()
    down = time.monotonic()
    answered = []
    for learner in learners:
        twin = Learner(room, learner.name)  # another tab of the same browser
        twin.session.cookies = copy.copy(learner.session.cookies)
        with contextlib.suppress(Exception):
            twin.ask("GET", f"api/contents/course/{room.notebooks[0]}")
            twin.channel(learner.kernels[room.notebooks[0]]).close()
            answered.append(learner)
    took = room.start_hub()
    up = time.monotonic()
    count = len(learners)
    room.check("pages and websockets opened without it", holds=len(answered) == count, found=f"{len(answered)}/{count}")
    ran = [sum(down < moment < up for moment, _ in learner.cells) for learner in learners]
    room.check(
        "cells ran on without it",
        holds=sum(ran) > 0,
        found=f"{sum(ran)} of {sum(map(bool, ran))} learners in {up - down:.1f} s",
    )
    wait_for("the hub's look at the servers", lambda: len(room.servers()) >= len(before), 60)
    room.check(f"back after {took:.1f} s, it finds the same servers", holds=room.servers() == before, found=len(before))
    home = [learner.session.get(f"{room.url}/hub/home", timeout=60).url.endswith("/home") for learner in learners]
    room.check("nobody has to log in again", holds=all(home))
    same = [
        {kernel["id"] for kernel in learner.ask("GET", "api/kernels").json()} >= set(kernels[learner].values())
        for learner in learners
    ]
    room.check("everybody's kernels are the same", holds=all(same))


def kernel_killed(room: Classroom, learner: Learner) -> None:
    """Run the last notebook, its kernel killed half way: what is left, and how it goes on."""
    path = room.notebooks[-1]
    cells = learner.ask("GET", f"api/contents/course/{path}?type=notebook").json()["content"]["cells"]
    half = [number for number, cell in enumerate(cells) if cell["cell_type"] == "code"][-1] // 2

    def kill(cell: int, kernel: str) -> None:
        if cell >= half:
            mine = processes_of(room.marker, learner.name)
            next(p for p in mine if any(f"kernel-{kernel}" in part for part in p.cmdline())).kill()

    try:
        learner.run_notebook(path, kill)
        seen = "nothing"
    except KernelDied:
        seen = "the page was told"
    took = learner.new_kernel(learner.kernels[path])
    learner.run_notebook(path)
    learner.notes = f"{seen}; a new kernel after {took:.1f} s; run again from the top and saved"
    learner.fine = seen != "nothing"


def memory_exceeded(room: Classroom, learner: Learner) -> None:
    """Run the last notebook, then fill the memory beyond the limit: what happens, and how it goes on."""
    path = room.notebooks[-1]
    learner.run_notebook(path)
    with contextlib.closing(learner.channel(learner.kernels[path])) as channel:
        try:
            said = text_of(learner.execute(channel, EAT.format(megabytes=4000)))
            seen = "MemoryError in the cell" if "MemoryError" in said[-1][1] else f"no limit: {said[-1][1]}"
        except KernelDied:
            seen = "the kernel was killed, the page was told"
            learner.new_kernel(learner.kernels[path])
    learner.run_notebook(room.notebooks[0])
    learner.run_notebook(path)
    learner.notes = f"{seen}; the server stayed; run again and saved"
    learner.fine = not seen.startswith("no limit")


def teacher_update(room: Classroom, learner: Learner) -> None:
    """Let the teacher change what a learner has changed, and check whose version the learner has after a new click."""
    print("\nThe teacher updates the course, a learner clicks the link again")
    path = room.notebooks[0]
    notebook = learner.ask("GET", f"api/contents/course/{path}?type=notebook").json()["content"]
    notebook["cells"][0]["source"] = "# My own title"
    learner.save(path, notebook)
    home = room.homes / learner.name / "course"
    for name in ("notes.md", "from_the_teacher.md"):
        body = {"type": "file", "format": "text", "content": "mine"}
        learner.ask("PUT", f"api/contents/course/{name}", json=body)

    def change(folder: Path) -> None:
        theirs = nbformat.read(folder / path, as_version=4)
        theirs["cells"][0]["source"] = "# The teacher's title"
        nbformat.write(theirs, folder / path)
        (folder / "from_the_teacher.md").write_text("the teacher's", encoding="utf-8")
        (folder / "README.md").write_text("changed by the teacher", encoding="utf-8")

    room.publish_change(change)
    learner.pull()
    now = nbformat.read(home / path, as_version=4)
    room.check("the learner's line stays where both changed it", holds=now["cells"][0]["source"] == "# My own title")
    room.check("the learner's outputs stay", holds=not learner.lost(), found=learner.lost() or "")
    texts = {file.name: file.read_text(encoding="utf-8") for file in home.glob("*.md")}
    room.check("the teacher's other changes arrive", holds=texts["README.md"] == "changed by the teacher")
    aside = [name for name, text in texts.items() if name.startswith("from_the_teacher__") and text == "mine"]
    room.check(
        "a learner's file of the same name as a new one is set aside, not overwritten",
        holds=bool(aside) and texts["from_the_teacher.md"] == "the teacher's" and texts["notes.md"] == "mine",
    )


def culling(room: Classroom, active: Learner) -> None:
    """Run the culler with a limit of seconds: idle servers stop, the server of a learner who works does not."""
    print("\nIdle servers are stopped")
    before = room.servers()
    done = threading.Event()

    def work(learner: Learner) -> None:
        with contextlib.closing(learner.channel(learner.kernels[room.notebooks[0]])) as channel:
            while not done.wait(1):
                learner.execute(channel, "1")
                learner.ask("GET", "api/kernels")  # as an open JupyterLab does: the proxy notes who asks

    twin = Learner(room, active.name)
    twin.session, twin.kernels, twin.work = active.session, active.kernels, work
    twin.start()
    room.environment |= {"JUPYTERHUB_API_TOKEN": room.culler_token, "JUPYTERHUB_API_URL": f"{room.hub_url}/hub/api"}
    room.start([sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=15", "--cull-every=3"], "culler")
    with contextlib.suppress(TimeoutError):
        wait_for("culling", lambda: len(room.servers()) <= 1, 60 + 3 * len(before))
    left = list(room.servers())
    done.set()
    twin.join()
    room.check(f"of {len(before)}, all but the one in use", holds=left == [active.name] and not twin.problems, found=left)


def memory(room: Classroom, learner: Learner) -> dict[str, float]:
    """Return the megabytes of a learner's server, of the largest kernel and of all, and the processor time of all."""
    sizes: dict[str, float] = {"server": 0, "kernel": 0, "all": 0, "seconds": 0}
    for process in processes_of(room.marker, learner.name):
        info = process.memory_full_info()
        size = getattr(info, "pss", info.uss) / 1e6
        kind = "kernel" if any("ipykernel" in part for part in process.cmdline()) else "server"
        sizes[kind] = max(sizes[kind], size)
        sizes["all"] += size
        times = process.cpu_times()
        sizes["seconds"] += times.user + times.system + times.children_user + times.children_system
    return sizes


def table(room: Classroom, learners: list[Learner], sizes: list[dict[str, float]]) -> None:
    """Print shares, times and memory."""
    cells = [good for learner in learners for _, good in learner.cells]
    whole = sum(set(learner.saved) >= set(room.notebooks) for learner in learners)
    wanted = len(learners) * len(room.notebooks)
    saved = sum(len(learner.saved) for learner in learners)
    first = [learner.first_result for learner in learners if learner.first_result is not None]
    print("\nTable")
    room.check("cells without error, and with the committed text", holds=all(cells), found=f"{sum(cells)}/{len(cells)}")
    room.check("notebooks run and saved", holds=saved == wanted, found=f"{saved}/{wanted}")
    room.check("learners who got through", holds=whole == len(learners), found=f"{whole}/{len(learners)}")
    for learner in learners:
        for problem in learner.problems:
            room.check(f"{learner.name} had no problem", holds=False, found=problem)
    rows = [("first result, s after the click on the link", first)]
    kind = "PSS" if sys.platform == "linux" else "USS"
    rows += [
        (f"{kind} of a learner's server, MB", [size["server"] for size in sizes]),
        (f"{kind} of the largest kernel, MB", [size["kernel"] for size in sizes]),
        (f"{kind} of server and {len(room.notebooks)} kernels, MB", [size["all"] for size in sizes]),
        ("processor time of a learner, s", [size["seconds"] for size in sizes]),
    ]
    for what, values in rows:
        if values:
            print(f"  {what:<46} median {statistics.median(values):6.1f}   worst {max(values):6.1f}")


def lesson(room: Classroom, arrive_within: float) -> None:
    """Hold the lesson."""
    start = time.monotonic()
    room.start_proxy()
    room.start_hub()
    learners = [Learner(room, name) for name in room.names]
    go_on = threading.Event()
    killed, hungry, curious, diligent = learners[:4]
    last = {killed: kernel_killed, hungry: memory_exceeded}

    def work(learner: Learner) -> None:
        time.sleep(arrive_within * learners.index(learner) / (len(learners) - 1))
        learner.clicked = time.monotonic()
        learner.follow_link(learner.log_in(learner.password))
        for path in room.notebooks[:-1]:
            learner.run_notebook(path)
        learner.open(room.notebooks[-1])
        learner.at_last_notebook.set()
        go_on.wait()
        if learner in last:
            last[learner](room, learner)
        else:
            learner.run_notebook(room.notebooks[-1])

    for learner in learners:
        learner.work = work
        learner.start()
    for learner in learners:
        learner.at_last_notebook.wait()
    print(f"Everybody has come and saved {len(room.notebooks) - 1} notebooks: {time.monotonic() - start:.0f} s")
    go_on.set()
    hub_restart(room, learners)
    for learner in learners:
        learner.join()
    print(f"Everybody has finished: {time.monotonic() - start:.0f} s")
    sizes = [memory(room, learner) for learner in learners]
    print(f"\nA kernel is killed, a memory limit exceeded ({room.limit}, {room.limiter})")
    for learner in (killed, hungry):
        room.check(learner.name, holds=learner.fine, found=learner.notes or learner.problems[-1:])
    others = [learner for learner in learners if learner not in last]
    room.check("no other learner had an error", holds=not any(learner.problems for learner in others))
    check_doors(room, curious, diligent)
    teacher_update(room, curious)
    culling(room, diligent)
    lost = [f"{learner.name}: {path}" for learner in learners for path in learner.lost()]
    room.check("at the end every saved notebook is on the disk as it was saved", holds=not lost, found=lost or "")
    table(room, learners, sizes)


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description="Rehearse a lesson on a real JupyterHub, on this machine only.")
    parser.add_argument("--users", type=int, default=30, help=f"learners, at least {LEAST}")
    parser.add_argument("--notebooks", nargs="+", default=NOTEBOOKS, help="names without .ipynb, two or more")
    parser.add_argument("--arrive-within", type=float, default=60, help="seconds in which all click the link")
    parser.add_argument("--course", type=Path, default=ROOT, help="git repository whose last commit is handed out")
    parser.add_argument("--config", default="", help="JupyterHub configuration to load last: how tests open the hub")
    parser.add_argument("--proxy", default="configurable-http-proxy", help="the proxy's command")
    args = parser.parse_args()
    if not LEAST <= args.users <= 500:
        parser.error(f"--users: expected {LEAST} to 500, got {args.users}")
    if len(args.notebooks) < 2:
        parser.error("--notebooks: expected two or more")
    if os.name == "nt":
        parser.error("JupyterHub does not run on Windows; use Linux, macOS or WSL")
    for tool in ("git", args.proxy):
        if not shutil.which(tool):
            parser.error(f"{tool} is missing" + ("" if tool == "git" else "; `make class` installs it with npm"))
    return args


def main() -> int:
    """Rehearse, clean up, and return the exit code."""
    args = arguments()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    room = Classroom(args)
    try:
        print(f"{args.users} learners, commit {room.commit[:10]}, all click within {args.arrive_within:.0f} s")
        lesson(room, args.arrive_within)
    finally:
        if room.failures:
            print(f"\nEnd of the hub's log:\n{room.log_of('hub')}")
        room.close()
    for what in room.unchecked:
        print(f"not checked: {what}")
    print(f"{len(room.failures)} failed" if room.failures else "Everything holds.")
    return int(bool(room.failures))


if __name__ == "__main__":
    sys.exit(main())
