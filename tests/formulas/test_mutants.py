"""Proof that the check of the formulas bites: every small error in every equation is noticed.

By default every sixth error is tried; `make test-formulas` sets ALL_MUTANTS and tries them all.
"""

import os

import pytest
from formula_mutants import EQUIVALENT, excuse, mutants, problem
from formula_pages import all_displays, is_allowed

EVERY = 1 if os.environ.get("ALL_MUTANTS") else 6


def test_every_error_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    tried, equivalent, survivors, used = 0, 0, [], set()
    everything = [mutant for display in all_displays() if not is_allowed(display) for mutant in mutants(display)]
    for mutant in everything[::EVERY]:
        tried += 1
        if problem(mutant) is None:
            if reason := excuse(mutant):
                equivalent += 1
                used.add(reason)
            else:
                survivors.append(f"{mutant.display.where}: {mutant.error}: {mutant.shown}")
    caught = tried - equivalent - len(survivors)
    with capsys.disabled():
        print(
            f"\n{tried} of {len(everything)} small changes to equations tried: {equivalent} leave them true; of the "
            f"{tried - equivalent} errors {caught} are caught, {100 * caught / (tried - equivalent):.1f} %"
        )
    assert not survivors, (
        "These changes go unnoticed. If they leave the equation true, say why in EQUIVALENT (formula_mutants.py); "
        "if not, the check has a hole:\n" + "\n".join(survivors)
    )
    assert EVERY > 1 or used == set(EQUIVALENT), "no survivor needs these any more"
