"""Tests in real JupyterLab: one server and one browser for the run, one page for each notebook.

They need the group browser of pyproject.toml and a Chromium: one in PATH, the one that CHROMIUM names, or playwright's
own. Without, they are skipped; with BROWSER_TESTS=required in the environment, as in `.ci/run`, they fail.
"""

import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest

from linclf_helpers import widgets
from tests.optional import install, lacks, skip

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]  # fmt: skip
GATE = "BROWSER_TESTS"
EXPLORERS = [name for name in widgets.__all__ if name.endswith("Explorer")]


@dataclass
class Lab:
    """A running JupyterLab, with a folder of notebooks that the tests may write to."""

    url: str
    token: str
    root: Path


def write_explorers(folder: Path) -> None:
    """Write a notebook with one cell for each explorer."""
    first = "from linclf_helpers import setup, widgets\n\nsetup()"
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in (first, *(f"widgets.{name}()" for name in EXPLORERS))],
        metadata={"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    )
    nbformat.write(notebook, folder / "explorers.ipynb")


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One server for the session, untouched by the user's configuration, on a port that the system picks."""
    with running_lab(tmp_path_factory.mktemp("lab")) as lab:
        write_explorers(lab.root)
        yield lab


@contextmanager
def running_lab(work: Path, *options: str) -> Iterator[Lab]:
    """Start JupyterLab on a copy of the notebooks, with settings of its own, and end it afterwards."""
    shutil.copytree(ROOT / "notebooks", work / "root", ignore=shutil.ignore_patterns(".*"))
    settings = {
        "config/labconfig/page_config.json": {
            "disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}
        },
        "settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
    }
    for name, content in settings.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(json.dumps(content))
    folders = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
               "IPYTHONDIR": "ipython", "JUPYTERLAB_SETTINGS_DIR": "settings",
               "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}  # fmt: skip
    token = secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
               "--ServerApp.port=0", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}",
               f"--ServerApp.root_dir={work / 'root'}", "--LabApp.expose_app_in_browser=True", *options]  # fmt: skip
    with (work / "server.log").open("w+") as log:
        environment = {**os.environ, **{name: str(work / folder) for name, folder in folders.items()}}
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield Lab(url_of(server, work), token, work / "root")
        finally:
            server.terminate()  # it ends its kernels first
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def url_of(server: subprocess.Popen[bytes], work: Path) -> str:
    """Wait until the server answers, and return its address."""
    end = time.monotonic() + 90
    while server.poll() is None and time.monotonic() < end:
        for info in (work / "runtime").glob("jpserver-*.json"):
            try:
                url = str(json.loads(info.read_text())["url"]).rstrip("/")
                with urllib.request.urlopen(f"{url}/api", timeout=5):
                    return url
            except (OSError, ValueError):  # half-written, or not listening yet
                pass
        time.sleep(0.2)
    pytest.fail("JupyterLab did not start:\n" + (work / "server.log").read_text()[-3000:])


@pytest.fixture(scope="session", autouse=True)
def browser() -> Iterator[Any]:
    """One headless Chromium for the session: the first that starts."""
    if lacks("playwright", "axe_playwright_python"):
        skip("playwright", install("browser"), GATE)
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        named = os.environ.get("CHROMIUM")
        own = playwright.chromium.executable_path
        paths = [named] if named else [*filter(None, map(shutil.which, NAMES)), *([own] if Path(own).exists() else [])]
        chromium, why = None, ""
        for path in paths:
            try:
                chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
                break
            except Error as error:  # Ubuntu's chromium-browser, say, is a script that asks for a snap
                why = f" that starts ({path}: {str(error).splitlines()[0]})"
        if chromium is None:
            skip(f"Chromium{why}", "python -m playwright install chromium", GATE)
        yield chromium
        chromium.close()


def expect(what: Any) -> Any:
    """Return playwright's assertions about a part of the page; imported here, since it may not be installed."""
    from playwright.sync_api import expect

    return expect(what)


@dataclass
class Notebook:
    """An open notebook. All waiting is for something to happen, never for a fixed time."""

    page: Any
    problems: list[str] = field(default_factory=list)

    def run_all(self) -> list[str]:
        """Run every cell; return the errors."""
        self.page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
        self.settle()
        return list(
            self.page.evaluate("""() => [...jupyterapp.shell.currentWidget.content.model.sharedModel.cells]
            .filter(c => c.cell_type === 'code').flatMap(c => c.outputs.filter(o => o.output_type === 'error'))
            .map(o => o.ename + ': ' + o.evalue)""")
        )

    def settle(self) -> None:
        """Wait until the kernel has dealt with all that was sent to it: our own request is answered last."""
        self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestKernelInfo()")

    def explorer(self, name: str) -> "OnScreen":
        """Return one of the explorers of explorers.ipynb."""
        return OnScreen(self, self.page.locator(".linclf-explorer").nth(EXPLORERS.index(name)))

    def dark(self, on: bool) -> None:
        """Switch the theme."""
        theme = "JupyterLab Dark" if on else "JupyterLab Light"
        self.page.evaluate("t => jupyterapp.commands.execute('apputils:change-theme', {theme: t})", theme)
        self.page.wait_for_function("on => (document.body.dataset.jpThemeLight === 'false') === on", arg=on)


@dataclass
class OnScreen:
    """An explorer in the page."""

    notebook: Notebook
    box: Any

    def slider(self, label: str) -> Any:
        """Return the handle of the slider with this label."""
        row = self.box.locator(".widget-inline-hbox", has=self.box.page.get_by_text(label, exact=True))
        return row.get_by_role("slider")

    def png(self) -> bytes:
        """Return the file that the picture shows. One that is displaced meanwhile can't be read: then the next one."""
        data = self.box.locator("img").evaluate("""async (img) => { for (;;) { const shown = img.src; try {
            await img.decode();
            const bytes = new Uint8Array(await (await fetch(shown)).arrayBuffer());
            let s = ''; for (const b of bytes) s += String.fromCharCode(b); return btoa(s);
            } catch (error) { if (img.src === shown) throw error; } } }""")
        return base64.b64decode(data)

    def wait_for(self, png: bytes, seconds: float = 20) -> None:
        """Wait until the picture is this one."""
        end = time.monotonic() + seconds
        while self.png() != png:
            if time.monotonic() > end:
                pytest.fail(f"not the picture that compute and draw give; the screen says: {self.box.inner_text()}")
            self.box.page.wait_for_timeout(30)


def stacks(error: Any) -> list[str]:
    """Return where a page's error was raised; nothing for the splash screen's.

    JupyterLab removes its splash screen 200 ms after it is no longer wanted (`splash` in its apputils-extension). Where
    that happens twice while it starts, as on a busy machine, the second finds the screen gone. That function alone is
    on the stack then: a node that a widget of ours removes would come with more of them.
    """
    stack = str(error.stack or error)
    message, *frames = stack.splitlines()
    of_splash = "removeChild" in message and len(frames) == 1 and "/static/lab/jlab_core." in frames[0]
    return [] if of_splash else [stack]


@pytest.fixture(scope="session")
def open_notebook(lab: Lab, browser: Any) -> Iterator[Callable[[str], Notebook]]:
    """Open notebooks by name; all are closed at the end of the session."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)

    def opened(name: str) -> Notebook:
        notebook = Notebook(context.new_page())
        page = notebook.page
        page.on("pageerror", lambda error: notebook.problems.extend(stacks(error)))
        page.on("console", lambda line: notebook.problems.append(line.text) if line.type == "error" else None)
        page.goto(f"{lab.url}/lab/tree/{name}?reset&token={lab.token}")
        page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext", timeout=90_000)
        page.evaluate("""async () => { const w = jupyterapp.shell.currentWidget; await jupyterapp.restored;
            await w.context.ready; await w.sessionContext.ready; jupyterapp.shell.collapseLeft(); }""")
        return notebook

    yield opened
    for page in context.pages:
        page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    context.close()
