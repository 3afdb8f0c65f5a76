"""Pack what a learner needs into one zip: `make handout`.

Notebooks, package and a page on how to start; no worked solution, no tests, nothing for teachers. The
same files give the same bytes: sorted, with one fixed date, stored and not compressed (compressors differ).
"""

import argparse
import zipfile
from collections.abc import Sequence
from pathlib import Path

import nbformat

from linclf_helpers.teaching.assignments import without_solution_links
from linclf_helpers.teaching.checkout import BUILD, NOTEBOOKS, ROOT, in_a_clone

NAME = "how-a-classifier-learns"
PACKAGE = ROOT / "linclf_helpers"
PARTS = (".py", ".js", ".csv", ".gz", ".md", ".typed")  # of the package
LEFT_OUT = {"__pycache__", "teaching"}
DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold

START = """\
# How a classifier learns

Notebooks that derive softmax regression step by step, with exercises that answer you.

You need Python 3.11 or newer. In this folder, once:

    python3 -m venv .venv
    .venv/bin/python -m pip install -e ".[lab]"

and each time:

    .venv/bin/python -m jupyterlab notebooks/00_start_here.ipynb

On Windows write `python` for `python3`, and `.venv\\Scripts\\python` for `.venv/bin/python`.

Code and text: MIT, see LICENSE. Data: CC0 and CC BY 4.0, see linclf_helpers/data/README.md.
"""


def without_solutions(path: Path) -> bytes:
    """Return a notebook without the paragraphs that link to a worked solution; most come as they are."""
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    changed = [cell for cell in cells if without_solution_links(cell.source) != cell.source]
    for cell in changed:
        cell.source = without_solution_links(cell.source)
    return f"{nbformat.writes(notebook)}\n".encode() if changed else path.read_bytes()


def contents() -> dict[str, bytes]:
    """Return the handout's files: their names in it and their bytes."""
    files = {"README.md": START.encode()}
    files |= {name: (ROOT / name).read_bytes() for name in ("LICENSE", "pyproject.toml")}
    files |= {f"notebooks/{path.name}": without_solutions(path) for path in NOTEBOOKS.glob("*.ipynb")}
    parts = (path for path in PACKAGE.rglob("*") if path.suffix in PARTS and not LEFT_OUT & {*path.parts})
    return files | {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in parts}


def write_zip(path: Path) -> int:
    """Write the handout; return the number of files in it."""
    files = contents()
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{NAME}/{name}", DATE)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16  # as on Unix, wherever it is made
            archive.writestr(entry, data)
    return len(files)


def main(arguments: Sequence[str]) -> None:
    """Make the handout and say where it is."""
    parser = argparse.ArgumentParser("handout", description="Pack what a learner needs into one zip.")
    parser.add_argument("zip", nargs="?", type=Path, default=BUILD / f"{NAME}.zip", help="where to write it")
    path = parser.parse_args(arguments).zip
    in_a_clone()
    count = write_zip(path)
    print(f"{path}: {count} files, {path.stat().st_size / 1e6:.1f} MB")
