"""Where the course is: the clone that the package was installed from."""

from pathlib import Path

__all__ = ["BUILD", "NOTEBOOKS", "ROOT", "in_a_clone"]

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
BUILD = ROOT / "build"


def in_a_clone() -> None:
    """Check that the notebooks are there.

    Raises
    ------
    SystemExit
        If the package was installed without them.
    """
    if not (NOTEBOOKS / "00_start_here.ipynb").exists():
        raise SystemExit(
            f"There are no notebooks in {ROOT}: this needs a clone of the course, installed with pip install -e ."
        )
