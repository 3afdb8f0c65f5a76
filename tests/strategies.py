"""What the property tests draw: problems in which N, D and K all differ, and logits of every size."""

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from linclf_helpers.model import LinearClassifier


class Problem(NamedTuple):
    X: np.ndarray  # (N, D)
    labels: np.ndarray  # (N,)
    W: np.ndarray  # (D, K)
    b: np.ndarray  # (K,)
    rng: np.random.Generator  # for whatever else a test needs

    @property
    def Y(self):
        return np.eye(len(self.b))[self.labels]  # (N, K), not made by the package


def different_sizes(N=(1, 6), D=(1, 6), K=(2, 6)):
    """Draw N, D, K, all different: equal ones would hide a transposition."""
    return st.tuples(st.integers(*N), st.integers(*D), st.integers(*K)).filter(lambda sizes: len(set(sizes)) == 3)


@st.composite
def problems(draw, N=(1, 6), D=(1, 6), K=(2, 6)):
    """Draw a random batch with random parameters."""
    N, D, K = draw(different_sizes(N, D, K))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return Problem(rng.normal(size=(N, D)), rng.integers(K, size=N), rng.normal(size=(D, K)), rng.normal(size=K), rng)


@st.composite
def batches_of_logits(draw, size=1e4, K=(2, 7)):
    """Draw logits (N, K), N != K, with the hard cases hypothesis likes: zeros, ties, subnormals, the largest."""
    N, _, K = draw(different_sizes(K=K))
    return draw(hnp.arrays(np.float64, (N, K), elements=st.floats(-size, size)))


def labels_for(Z):
    """Return some labels for the rows of Z, integers (N,)."""
    return np.arange(len(Z)) * 5 % Z.shape[1]


def model_with(W, b):
    model = LinearClassifier(*W.shape)
    model.W, model.b = W.copy(), b.copy()
    return model
