"""The zip for learners: what is in it, the same bytes every time, and that it works by itself."""

import os
import re
import subprocess
import zipfile
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

from linclf_helpers.teaching import handout

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the handout in a folder with a space in its name."""
    folder = tmp_path_factory.mktemp("handout") / "my downloads"
    handout.write_zip(folder / "handout.zip")
    with zipfile.ZipFile(folder / "handout.zip") as archive:
        archive.extractall(folder)
    return folder / handout.NAME


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "one.zip", tmp_path / "two.zip"
    count = handout.write_zip(one)
    assert handout.write_zip(two) == count
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as archive:
        entries = archive.infolist()
    assert len(entries) == count
    assert [e.filename for e in entries] == sorted(e.filename for e in entries)
    assert {(e.date_time, e.compress_type, e.external_attr) for e in entries} == {
        ((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED, 0o100644 << 16)
    }


def test_it_holds_what_learners_need_and_nothing_else(unpacked: Path) -> None:
    names = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    if not listed:
        pytest.skip("not a git checkout")
    package = {name for name in listed if name.startswith("linclf_helpers/")}
    package -= {name for name in listed if name.startswith("linclf_helpers/teaching/")}
    notebooks = {name for name in listed if re.fullmatch(r"notebooks/\d\d_\w+\.ipynb", name)}
    top = {"README.md", "LICENSE", "pyproject.toml"}
    assert len(notebooks) == 11
    assert names == package | notebooks | top


def test_its_start_page_names_what_is_there(unpacked: Path) -> None:
    start = (unpacked / "README.md").read_text(encoding="utf-8")
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'requires-python = ">={re.search(r"Python ([0-9.]+) or newer", start)[1]}"' in pyproject
    assert '-m pip install -e ".[lab]"' in start  # the group: tests/house/test_setup_files.py
    for name in re.findall(r"[\w/]+\.(?:txt|ipynb|md)", start):
        assert (unpacked / name).exists()


def test_notebooks_differ_only_where_they_linked_to_the_solution(unpacked: Path) -> None:
    for path in (unpacked / "notebooks").glob("*.ipynb"):
        committed = nbformat.read(ROOT / "notebooks" / path.name, as_version=4)
        changed = 0
        for ours, cell in zip(committed.cells, nbformat.read(path, as_version=4).cells, strict=True):
            changed += ours != cell
            for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", cell.source * (cell.cell_type == "markdown")):
                assert (path.parent / unquote(link)).exists(), f"{path.name}: {link}"
        assert changed == (path.name[:2] == "09")


@pytest.mark.parametrize("name", ["00_start_here", "02_chain_rule"])
def test_it_works_by_itself(unpacked: Path, name: str) -> None:
    """The package that is imported is the handout's own."""
    path = unpacked / "notebooks" / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(new_code_cell("import linclf_helpers\n\nprint(linclf_helpers.__file__)", id="whose"))
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}})
    client.execute(env=os.environ | {"PYTHONPATH": str(unpacked)})
    assert Path(notebook.cells[-1].outputs[0].text.strip()).parent == unpacked / "linclf_helpers"
