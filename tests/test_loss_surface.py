"""Slices of the loss."""

import pytest

from linclf_helpers.datasets import load_penguins
from linclf_helpers.loss_surface import loss_slice


def test_a_slice_needs_two_points() -> None:
    with pytest.raises(ValueError, match="points: expected a whole number of at least 2, got 1"):
        loss_slice(load_penguins(), points=1)
