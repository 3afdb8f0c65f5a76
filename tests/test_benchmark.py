"""The benchmark runs, whoever is installed, and what it times is the same descent for all."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import benchmark


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_variant_takes_the_same_steps(dtype):
    rng = np.random.default_rng(0)
    X, labels = rng.random((50, 4)).astype(dtype), rng.integers(0, 3, 50)
    losses = {}
    for make in (benchmark.our_step, benchmark.textbook_step, benchmark.cs231n_step, benchmark.sklearn_step):
        step = make(X, labels, 3)
        losses[make.__name__] = [step() for _ in range(6)]
    for name, values in losses.items():
        np.testing.assert_allclose(values, losses["textbook_step"], rtol=1e-5 if dtype == np.float32 else 1e-12)
        assert values[-1] < values[0], name


@pytest.mark.parametrize("rng", [None, 0])
def test_the_bare_loop_over_batches_is_ours(rng):
    chance = np.random.default_rng(0)
    X, labels = chance.random((50, 4)), chance.integers(0, 3, 50)
    for bare, ours in zip(
        *(f(X, labels, 3, 2, rng, 8) for f in (benchmark.bare_batches, benchmark.our_batches)), strict=True
    ):
        np.testing.assert_allclose(bare, ours, rtol=1e-11)
        assert np.abs(ours).max() > 0


def test_prints_a_table():
    command = [sys.executable, benchmark.__file__, "--threads", "1", "--rounds", "1", "--parts", "a"]
    done = subprocess.run(
        [*command, "--shapes", "342×2×3"], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    for words in ("one thread", "(a, b) a step with its loss, 342×2×3, float64", "yardstick", "ours", "CS231n"):
        assert words in done.stdout
