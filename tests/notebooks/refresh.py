"""Execute the notebooks and save them with their outputs: `make notebooks`.

Unchanged sources give unchanged bytes, so a second run rewrites nothing. `--check` writes nothing at all and exits
with 1 if a file would change. A cell that raises or writes to stderr fails, and leaves its file as it was.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
import conftest  # noqa: E402, F401  gives the kernels the environment they have in the tests

NOTEBOOKS = sorted(p for p in (ROOT / "notebooks").rglob("*.ipynb") if p.parent.name != ".ipynb_checkpoints")


class KernelManager(AsyncKernelManager):
    """Starts the kernel nbval starts: this very interpreter, whatever kernel a notebook names."""

    def _kernel_spec_manager_default(self) -> NbvalKernelspecManager:
        return NbvalKernelspecManager()


def execute(notebook: NotebookNode, folder: Path) -> None:
    """Run every cell in a fresh kernel, in place; a cell that raises or writes to stderr is a RuntimeError."""
    client = NotebookClient(
        notebook,
        kernel_manager_class=KernelManager,
        kernel_name=CURRENT_ENV_KERNEL_NAME,
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,  # no timestamps in the file
        coalesce_streams=True,  # however the kernel happened to cut what was printed
        timeout=120,
    )
    try:
        client.execute(stderr=subprocess.DEVNULL)  # the kernel's own log; what cells write arrives as output
    except CellExecutionError as error:
        place = next(name(cell, i) for i, cell in enumerate(notebook.cells) if outputs(cell, "error"))
        raise RuntimeError(f"{place} raised:\n{error}") from None
    for i, cell in enumerate(notebook.cells):
        if stderr := [o.text for o in outputs(cell, "stream") if o.name == "stderr"]:
            raise RuntimeError(f"{name(cell, i)} wrote to stderr:\n{''.join(stderr)}")
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        language_info={"name": "python"},  # without the patch version of whoever executed it
    )


def outputs(cell: NotebookNode, kind: str) -> list[NotebookNode]:
    """Return the outputs of one type."""
    return [output for output in cell.get("outputs", []) if output.output_type == kind]


def name(cell: NotebookNode, index: int) -> str:
    """Say which cell."""
    return f"cell {index} ({cell.id})"


def refreshed(path: Path) -> str:
    """Return the text of the file as it is after execution."""
    notebook = nbformat.read(path, as_version=4)
    execute(notebook, path.parent)
    text = nbformat.writes(notebook) + "\n"
    for i, model_id in enumerate(dict.fromkeys(re.findall(r'"model_id": "([0-9a-f]{32})"', text)), start=1):
        text = text.replace(model_id, f"widget-{i}")
    return text


def main() -> int:
    """Refresh the notebooks named, or all; return the exit code."""
    parser = argparse.ArgumentParser(description="Execute the notebooks and save them with their outputs.")
    parser.add_argument("notebooks", nargs="*", type=Path, help="all of notebooks/ if none is named")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file would change")
    args = parser.parse_args()
    failed = False
    for path in args.notebooks or NOTEBOOKS:
        label = f"{path.absolute().parent.name}/{path.name}"
        before = path.read_bytes()
        try:
            after = refreshed(path).encode()
        except RuntimeError as error:
            print(f"{label}: {error}", file=sys.stderr)
            failed = True
            continue
        changed = after != before
        failed |= changed and args.check
        if changed and not args.check:
            path.write_bytes(after)
        print(f"{label}: {'unchanged' if not changed else 'would change' if args.check else 'saved'}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
