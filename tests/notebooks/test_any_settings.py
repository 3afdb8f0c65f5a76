"""The figures of a notebook are the course's, whatever the user's own settings ask of matplotlib and IPython."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from matplotlib import rc_context
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from linclf_helpers import widgets
from linclf_helpers.plots import course_style

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import matplotlib.pyplot as plt
from linclf_helpers import setup

setup()
fig, ax = plt.subplots()
ax.plot([1, 2], label="$x_1$ and −1")
ax.imshow([[0, 1], [2, 3]])
ax.legend()
plt.show()
"""
# What someone may have for a paper or a poster, or has forgotten.
OWN = """
text.usetex: True
text.hinting: none
font.size: 40
font.family: serif
mathtext.fontset: stix
figure.dpi: 30
figure.autolayout: True
figure.max_open_warning: 1
savefig.dpi: 17
savefig.transparent: True
axes.facecolor: black
axes.grid: True
axes.unicode_minus: False
axes.prop_cycle: cycler(color=['r', 'g'])
lines.linewidth: 12
path.sketch: 1, 100, 2
image.cmap: jet
image.origin: lower
interactive: False
toolbar: None
backend: svg
"""
BROKEN = "font.size: huge\nno.such.key: 1\nbackend: nonsense\n: :\n"
IPYTHON = """
c.InlineBackend.rc = {"figure.dpi": 20, "font.size": 40}
c.InlineBackend.figure_formats = {"svg"}
c.InlineBackend.print_figure_kwargs = {"bbox_inches": None, "facecolor": "red"}
c.InlineBackend.close_figures = False
"""


def pictures(**environment: str) -> list[str]:
    """Return the pictures that a kernel with these settings shows."""
    notebook = new_notebook(cells=[new_code_cell(CODE), new_code_cell("print('no picture here')")])
    NotebookClient(notebook, timeout=120).execute(env=os.environ | environment, stderr=subprocess.DEVNULL)
    return shown_in(notebook)


def shown_in(notebook: NotebookNode) -> list[str]:
    """Return the pictures among a notebook's outputs, none of which is an error."""
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    return [output.data["image/png"] for output in outputs if output.output_type == "display_data"]


@pytest.fixture(scope="module")
def as_always() -> list[str]:
    shown = pictures()
    assert len(shown) == 1
    return shown


@pytest.mark.parametrize("backend", ["Agg", "svg", "module://matplotlib.backends.backend_pdf", "TkAgg"])
def test_another_backend(as_always: list[str], backend: str) -> None:
    assert pictures(MPLBACKEND=backend) == as_always


@pytest.mark.parametrize("text", [OWN, BROKEN], ids=["own", "broken"])
def test_a_matplotlibrc(as_always: list[str], text: str, tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text(text, encoding="utf-8")
    assert pictures(MATPLOTLIBRC=str(tmp_path / "matplotlibrc")) == as_always


def test_settings_of_ipython(as_always: list[str], tmp_path: Path) -> None:
    (tmp_path / "profile_default").mkdir()
    (tmp_path / "profile_default/ipython_kernel_config.py").write_text(IPYTHON, encoding="utf-8")
    assert pictures(IPYTHONDIR=str(tmp_path)) == as_always


def test_what_a_user_has_is_no_matter_to_the_tests(tmp_path: Path) -> None:
    """A notebook passes where the user's own start-up files print and their matplotlib is broken."""
    startup = tmp_path / "profile_default/startup/first.py"
    startup.parent.mkdir(parents=True)
    startup.write_text("print('good morning')", encoding="utf-8")
    (tmp_path / "matplotlibrc").write_text(BROKEN, encoding="utf-8")
    names = {"IPYTHONDIR": tmp_path, "MATPLOTLIBRC": tmp_path / "matplotlibrc", "PYTHONSTARTUP": startup}
    environment = os.environ | {name: str(path) for name, path in names.items()} | {"PYTHONWARNINGS": "always"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "notebooks/00_start_here.ipynb"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def test_no_backend_at_all_is_said() -> None:
    with pytest.raises(CellExecutionError, match="'nonsense' is not a valid value for backend"):
        pictures(MPLBACKEND="nonsense")


def test_nbconvert_shows_them(as_always: list[str], tmp_path: Path) -> None:
    nbformat.write(new_notebook(cells=[new_code_cell(CODE)]), tmp_path / "one.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to=notebook", "--execute", "--inplace", "one.ipynb"]
    subprocess.run(command, cwd=tmp_path, env=os.environ | {"MPLBACKEND": "Agg"}, capture_output=True, check=True)
    pictures = shown_in(nbformat.read(tmp_path / "one.ipynb", as_version=4))
    assert [picture.strip() for picture in pictures] == [picture.strip() for picture in as_always]


def test_an_explorer_without_setup() -> None:
    """Drawn in the course's style from the first picture to the last."""
    usual = widgets.SoftmaxExplorer()
    with rc_context({"text.usetex": True, "font.size": 40, "axes.facecolor": "red", "text.hinting": "none"}):
        own = widgets.SoftmaxExplorer()
        assert own.live.image.value == usual.live.image.value
        own.set(z1=1.0)
    usual.set(z1=1.0)
    assert own.live.image.value == usual.live.image.value


def test_the_style_is_taken_back() -> None:
    from matplotlib import rcParams

    with rc_context({"font.size": 40}):
        with course_style():
            assert rcParams["font.size"] == 11
        assert rcParams["font.size"] == 40
