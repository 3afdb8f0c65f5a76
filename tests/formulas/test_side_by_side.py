"""Where a notebook defines what the package has, too, both compute the same, at random and at extreme inputs."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from formula_pages import functions, namespace, run
from formula_reader import NOTEBOOKS

from linclf_helpers import forward, gradients
from linclf_helpers.model import LinearClassifier

pytestmark = pytest.mark.no_cover  # measuring slows it by half, and other tests reach the same lines

STEPS = [path for path in NOTEBOOKS if path.name[:2] <= "06"]  # later notebooks import the package's
Arguments = dict[str, Any]


def step(W: Any, b: Any, dL_dW: Any, dL_db: Any, learning_rate: float) -> tuple[Any, Any]:
    """Step 6's update as `LinearClassifier.step` does it: change a model whose gradients are known."""
    X = np.random.default_rng(0).normal(size=(5, W.shape[0]))
    labels = np.arange(5) % W.shape[1]
    model = LinearClassifier(*W.shape)
    model.W, model.b = W.copy(), b.copy()
    dW, db = model.gradients(X, labels)
    model.step(X, labels, learning_rate)
    # What is left after the model's own step is taken out is the same step along the gradients that were given.
    return model.W + learning_rate * (dW - dL_dW), model.b + learning_rate * (db - dL_db)


# Functions that have another name in the package: notebook, name -> the package's. naive_softmax overflows on purpose.
OTHER_NAMES: dict[tuple[str, str], Callable[..., Any]] = {
    ("01", "naive_softmax"): forward.softmax,
    ("04", "jacobian_with_loops"): gradients.softmax_jacobian,
    ("06", "loss"): lambda W, b, X, Y: gradients.loss_and_gradients(X, Y, W, b)[0],
    ("06", "gradient_step"): step,
}
NEEDED = {
    ("01", "softmax"), ("01", "log_softmax"), ("01", "cross_entropy"), ("01", "cross_entropy_from_logits"),
    ("03", "dL_dYhat"), ("04", "softmax_jacobian"), ("05", "dz_dW"), ("06", "dL_dZ"), ("06", "dL_dW"), ("06", "dL_db"),
    *OTHER_NAMES,
}  # fmt: skip


def pairs() -> Iterator[tuple[str, str, Callable[..., Any], Callable[..., Any]]]:
    """Yield notebook, name, the notebook's function and the package's."""
    for path in STEPS:
        number = path.name[:2]
        for _, node in functions(path):
            package = next((getattr(m, node.name) for m in (forward, gradients) if node.name in m.__all__), None)
            if package := OTHER_NAMES.get((number, node.name), package):
                space = namespace(path, {})
                run([node], space)
                yield number, node.name, space[node.name], package


def inputs(seed: int) -> Arguments:
    """Draw one value for every name that a parameter has."""
    rng = np.random.default_rng(seed)
    N, D, K = rng.permutation(np.arange(2, 8))[:3]
    Z = rng.normal(size=(N, K)) * rng.uniform(0.1, 5)
    labels = rng.integers(K, size=N)
    return arguments(Z, labels, rng.normal(size=(N, D)), rng.normal(size=(D, K)), rng)


def extremes() -> Iterator[Arguments]:
    """Yield scores of ±10000, one example, equal scores, probabilities of 1e-300, many classes."""
    rng = np.random.default_rng(0)
    for Z in (
        np.array([[1e4, 0, -1e4], [-1e4, -1e4, 1e4], [1e4, 1e4, 1e4], [0, 0, 0]]),
        np.array([[0, -690, 3.0]]),
        np.zeros((2, 1000)),
        rng.normal(size=(1, 1000)) * 50,
        rng.normal(size=(7, 2)) * 1e-8,
    ):
        N, K = Z.shape
        labels = np.full(N, 1)
        yield arguments(Z, labels, rng.normal(size=(N, 4)) * 1e3, rng.normal(size=(4, K)), rng)


def arguments(Z: Any, labels: Any, X: Any, W: Any, rng: np.random.Generator) -> Arguments:
    K = Z.shape[1]
    # A probability of exactly 0 is the one corner where notebook 03 tells that the two differ.
    Y_hat = np.maximum(forward.softmax(Z), 1e-300)
    G = rng.normal(size=Z.shape)
    return {
        "Z": Z, "Y_hat": Y_hat, "y_hat": Y_hat[0], "Y": np.eye(K)[labels], "X": X, "x": X[0], "K": K, "W": W,
        "b": rng.normal(size=K), "dL_dZ": G, "dL_dW": X.T @ G, "dL_db": G.sum(axis=0), "learning_rate": 0.3,
    }  # fmt: skip


PAIRS = list(pairs())


@pytest.mark.parametrize(("number", "name", "ours", "package"), PAIRS, ids=[f"{p[0]}-{p[1]}" for p in PAIRS])
def test_notebook_and_package_compute_the_same(
    number: str, name: str, ours: Callable[..., Any], package: Callable[..., Any]
) -> None:
    wild = [] if name == "naive_softmax" else list(extremes())
    for values in [inputs(seed) for seed in range(20)] + wild:
        chosen = [values[parameter] for parameter in inspect.signature(ours).parameters]
        copies = [np.copy(value) for value in chosen]
        mine, theirs = ours(*chosen), package(*chosen)
        for a, b in zip(mine, theirs, strict=True) if isinstance(mine, tuple) else [(mine, theirs)]:
            assert np.shape(a) == np.shape(b), f"notebook {number}: {name} returns another shape than the package's"
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12, err_msg=f"notebook {number}: {name}")
        for value, copy in zip(chosen, copies, strict=True):
            np.testing.assert_array_equal(value, copy, err_msg=f"notebook {number}: {name} changes its input")


def test_every_step_has_its_functions() -> None:
    assert {(number, name) for number, name, *_ in PAIRS} >= NEEDED
