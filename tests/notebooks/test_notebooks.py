"""The committed notebooks keep the promises in `guards`; that their outputs are right is nbval's part."""

from pathlib import Path

import pytest
from guards import GUARDS, ROOT, Guard, Page
from refresh import NOTEBOOKS


@pytest.mark.parametrize(
    "name",
    [
        "00_start_here",
        "01_softmax_and_cross_entropy",
        "02_chain_rule",
        "03_loss_derivative",
        "04_softmax_derivative",
        "05_linear_derivative",
        "06_gradients_and_update",
        "07_learning_rate",
        "08_real_digits",
        "09_build_your_own",
        "10_bug_clinic",
    ],
)
def test_exists(name: str) -> None:
    assert (ROOT / "notebooks" / f"{name}.ipynb").is_file()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.relative_to(ROOT / "notebooks").as_posix())
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
def test_guard(guard: Guard, path: Path) -> None:
    faults = guard(Page.read(path))
    if faults:
        pytest.fail("\n".join(f"{path.name} {fault}" for fault in faults), pytrace=False)
