"""Every number that the text states as a result is what a cell printed; `prose_numbers.py` holds the convention."""

from decimal import Decimal
from pathlib import Path

import nbformat
import pytest
from formula_reader import NOTEBOOKS
from prose_numbers import CONSTANTS, Source, Stated, agrees, fault, prose, read_ties, stated, value_of

pytestmark = pytest.mark.no_cover  # measuring slows it by half, and other tests reach the same lines

TIES = read_ties()
NUMBERS = [number for path in NOTEBOOKS for number in stated(path)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_numbers_in_the_text_are_what_cells_print(path: Path) -> None:
    faults = [problem for number in NUMBERS if number.notebook == path.name if (problem := fault(number, TIES))]
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)


def test_another_digit_or_sign_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    """Spoil each number: its tie must refuse the last digit one up, one down, and the other sign."""
    missed, tried = [], 0
    for number in NUMBERS:
        value = value_of(number.written)
        last = Decimal(1).scaleb(value.as_tuple().exponent)
        for wrong in {value + last, value - last, -value} - {value}:
            spoilt = Stated(number.notebook, number.cell, str(wrong))
            ties = {
                number.notebook: {number.cell: {spoilt.written: TIES[number.notebook][number.cell][number.written]}}
            }
            tried += 1
            if fault(spoilt, ties) is None:
                missed.append(f"{number.where}, and {wrong} would pass")
    with capsys.disabled():
        print(
            f"\n{len(NUMBERS)} numbers in the text tied; of {tried} wrong digits and signs {tried - len(missed)} caught"
        )
    assert not missed, "\n".join(missed)


def test_no_tie_and_no_constant_is_stale() -> None:
    known = {(n.notebook, n.cell, n.written) for n in NUMBERS}
    ties = {(notebook, cell, n) for notebook, cells in TIES.items() for cell, some in cells.items() for n in some}
    assert ties <= known, f"run python tests/formulas/prose_numbers.py: the text no longer has {ties - known}"
    text = {
        (path.name[:2], cell.id): prose(cell.source)
        for path in NOTEBOOKS
        for cell in nbformat.read(path, nbformat.NO_CONVERT).cells
        if cell.cell_type == "markdown"
    }
    for number, cell, written, reason in CONSTANTS:
        assert reason
        if any(path.name.startswith(number) for path in NOTEBOOKS):
            assert written in text[number, cell] or written == "*"


def test_rounding() -> None:
    printed = Source("a[0]", Decimal("0.0961"), exact=False)
    assert agrees("0.10", printed)
    assert agrees("0.096", printed)
    assert not agrees("0.09", printed)
    assert not agrees("−0.10", printed)
    assert not agrees("0.09610", printed)  # more digits than were printed
    assert not agrees("0.10", Source("a:0", Decimal("0.0961"), exact=True))


def test_what_counts_as_prose() -> None:
    text = "# Step 0.25\n\n`0.11` $0.12$ [a](b-0.13.html) [issue 123](https://a.b) <b>0.14</b> 0.15 % and 10⁻¹⁷"
    assert prose(text).split() == ["[a]", "0.14", "0.15", "%", "and", "10⁻¹⁷"]
