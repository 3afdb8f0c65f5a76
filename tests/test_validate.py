"""One promise for every function: bad input is refused by name, and no argument is ever changed."""

import copy

import numpy as np
import pytest

from linclf_helpers.datasets import Dataset
from linclf_helpers.forward import cross_entropy, cross_entropy_from_logits, linear, log_softmax, one_hot, softmax
from linclf_helpers.gradcheck import check_gradient, error_by_step_size, numerical_gradient, numerical_jacobian
from linclf_helpers.gradients import (
    dL_db,
    dL_dW,
    dL_dYhat,
    dL_dZ,
    dz_db,
    dz_dW,
    loss_and_gradients,
    softmax_jacobian,
)
from linclf_helpers.model import LinearClassifier
from linclf_helpers.sweeps import safe_learning_rate, sweep_runs
from linclf_helpers.training import gradient_descent

rng = np.random.default_rng(0)
N, D, K = 5, 2, 3
X, W, b = rng.normal(size=(N, D)), rng.normal(size=(D, K)), rng.normal(size=K)
labels, Y = np.array([2, 0, 1, 2, 2]), np.eye(K)[[2, 0, 1, 2, 2]]
Z, Y_hat = X @ W + b, softmax(X @ W + b)
G = (Y_hat - Y) / N


def squares(x):
    return (x**2).sum()


def model():
    return LinearClassifier(D, K, np.random.default_rng(1))


def train(**arguments):
    return gradient_descent(model(), **arguments)


# Every public function with its arrays, then what else it needs.
CALLS = [
    (linear, {"X": X, "W": W, "b": b}, {}),
    (linear, {"X": X[0], "W": W, "b": b}, {}),
    (softmax, {"Z": Z}, {}),
    (log_softmax, {"Z": Z}, {}),
    (cross_entropy, {"Y_hat": Y_hat, "Y": Y}, {}),
    (cross_entropy, {"Y_hat": Y_hat, "Y": labels}, {}),
    (cross_entropy_from_logits, {"Z": Z, "Y": Y}, {}),
    (cross_entropy_from_logits, {"Z": Z, "Y": labels}, {}),
    (one_hot, {"labels": labels}, {"K": K}),
    (dL_dYhat, {"Y_hat": Y_hat, "Y": Y}, {}),
    (dL_dYhat, {"Y_hat": Y_hat, "Y": labels}, {}),
    (softmax_jacobian, {"y_hat": Y_hat[0]}, {}),
    (dz_dW, {"x": X[0]}, {"K": K}),
    (dL_dZ, {"Y_hat": Y_hat, "Y": Y}, {}),
    (dL_dZ, {"Y_hat": Y_hat, "Y": labels}, {}),
    (dL_dW, {"X": X, "dL_dZ": G}, {}),
    (dL_dW, {"X": X[0], "dL_dZ": G[0]}, {}),
    (dL_db, {"dL_dZ": G}, {}),
    (loss_and_gradients, {"X": X, "Y": Y, "W": W, "b": b}, {"l2": 0.1}),
    (loss_and_gradients, {"X": X, "Y": labels, "W": W, "b": b}, {}),
    (numerical_gradient, {"x": W}, {"f": squares}),
    (numerical_jacobian, {"x": W}, {"f": np.sin}),
    (check_gradient, {"x": W, "analytic": 2 * W}, {"f": squares}),
    (error_by_step_size, {"x": W, "analytic": 2 * W, "h": np.array([1e-2, 1e-3])}, {"f": squares}),
    (train, {"X": X, "Y": Y}, {"learning_rate": 0.1, "steps": 3, "momentum": 0.5, "l2": 0.1}),
    (train, {"X": X, "Y": labels}, {"learning_rate": 0.1, "steps": 3, "batch_size": 2}),
    (sweep_runs, {"X": X, "Y": Y, "learning_rates": np.array([0.1, 0.2])}, {"steps": 3}),
    (sweep_runs, {"X": X, "Y": labels, "learning_rates": np.array([0.1, 0.2])}, {"steps": 3}),
    (safe_learning_rate, {"X": X}, {}),
    (Dataset, {"X": X, "labels": labels}, {"feature_names": ("a", "b"), "class_names": ("c", "d", "e")}),
    (lambda **a: model().logits(**a), {"X": X}, {}),
    (lambda **a: model().predict_proba(**a), {"X": X}, {}),
    (lambda **a: model().predict(**a), {"X": X}, {}),
    (lambda **a: model().loss(**a), {"X": X, "Y": Y}, {}),
    (lambda **a: model().gradients(**a), {"X": X, "Y": labels}, {}),
    (lambda **a: model().step(**a), {"X": X, "Y": Y}, {"learning_rate": 0.1}),
    (lambda **a: model().score(**a), {"X": X, "labels": labels}, {}),
    (lambda **a: model().score(**a), {"X": X, "labels": Y}, {}),
]


def spoilt(array, value):
    other = np.array(array, np.result_type(array, type(value)))
    other[(-1,) * other.ndim] = value
    return other


HOSTILE = {
    "None": lambda good: None,
    "text": lambda good: "abc",
    "strings": lambda good: good.astype(str),
    "bytes": lambda good: good.astype(bytes),
    "a set": lambda good: {1.0, 2.0},
    "a dictionary": lambda good: {"X": 1.0},
    "ragged": lambda good: [[1.0], [1.0, 2.0]],
    "empty list": lambda good: [],
    "no rows": lambda good: good[:0],
    "no columns": lambda good: good[..., :0],
    "complex": lambda good: good.astype(complex),
    "objects": lambda good: good.astype(object),
    "dates": lambda good: good.astype(int).astype("datetime64[s]"),
    "NaN": lambda good: spoilt(good, np.nan),
    "infinity": lambda good: spoilt(good, -np.inf),
    "masked": lambda good: np.ma.masked_array(good, np.arange(good.size).reshape(good.shape) == 1),
    "one axis more": lambda good: good[None, None],
    "one axis less": lambda good: good.ravel()[0] if good.ndim == 1 else good[:, 0] + 0.5,
    "one row too many": lambda good: np.concatenate([good, good[:1]]),
}
if np.finfo(np.longdouble).max > np.finfo(np.float64).max:  # not on every machine
    HOSTILE["too long a float"] = lambda good: spoilt(good, np.longdouble("1e4000"))


def is_fine_after_all(call, arrays, name, kind):
    """Say what is no mistake: one more example, feature or rate, one row of logits, a point x of any shape."""
    if kind == "one row too many":
        free = {
            linear: ("X",) if arrays.get("X") is X else (),
            dL_dW: ("X", "dL_dZ") if arrays.get("X") is not X else (),
        }
        return len(arrays) == 1 or name in ("learning_rates", "h", *free.get(call, ()))
    if kind == "one axis less" and call in (softmax, log_softmax, dL_db):
        return True
    if kind.startswith("one ") and call in (numerical_gradient, numerical_jacobian):
        return True
    if call is check_gradient and name == "analytic":
        return kind in ("NaN", "infinity", "too long a float")  # a wrong formula: the check fails
    return kind == "None" and name == "h"  # the default


HOSTILE_CASES = [
    pytest.param(call, arrays, rest, name, kind, id=f"{call.__name__}-{name}-{kind}")
    for call, arrays, rest in CALLS
    for name in arrays
    for kind in HOSTILE
    if not is_fine_after_all(call, arrays, name, kind)
]


@pytest.mark.parametrize(("call", "arrays", "rest", "name", "kind"), HOSTILE_CASES)
def test_hostile_arrays_are_refused_by_name(call, arrays, rest, name, kind):
    bad = HOSTILE[kind](arrays[name])
    with pytest.raises(ValueError, match=r"(?s)^[\w, ]+: expected .+, got .+") as caught:
        call(**(arrays | {name: bad} | rest))
    blamed = str(caught.value).split(":")[0]
    assert blamed == name or kind.startswith("one "), caught.value  # a misfit may be blamed on either of two
    assert blamed in arrays


@pytest.mark.parametrize(("call", "arrays", "rest"), CALLS)
def test_no_argument_is_ever_changed(call, arrays, rest):
    """Byte for byte; and read-only arrays will do, so nothing is even written back."""
    mine = copy.deepcopy(arrays)
    call(**mine, **rest)
    for name, array in mine.items():
        assert array.tobytes() == arrays[name].tobytes(), name
        array.flags.writeable = False
    call(**mine, **rest)


@pytest.mark.parametrize(("call", "arrays", "rest"), [case for case in CALLS if case[0] is not Dataset])
def test_results_share_no_memory_with_arguments(call, arrays, rest):
    mine = copy.deepcopy(arrays)
    result = call(**mine, **rest)
    for array in result if isinstance(result, tuple) else (result,):
        if isinstance(array, np.ndarray):
            array[...] = 99
    for name, array in mine.items():
        if name != "h":  # error_by_step_size returns the step sizes it was given
            assert array.tobytes() == arrays[name].tobytes(), name


@pytest.mark.parametrize(("call", "arrays", "rest"), CALLS)
def test_lists_strides_and_byte_orders_do_not_matter(call, arrays, rest):
    def flat(result):
        parts = (
            result if isinstance(result, tuple) else vars(result).values() if hasattr(result, "__dict__") else [result]
        )
        return [np.asarray(part) for part in parts]

    expected = flat(call(**arrays, **rest))
    for form in (
        lambda a: a.tolist(),
        lambda a: np.asfortranarray(a),
        lambda a: a.astype(a.dtype.newbyteorder()),
        lambda a: np.repeat(a, 2, axis=0)[::2],
        lambda a: np.ma.masked_array(a, mask=False),
        lambda a: np.longdouble(a) if a.dtype.kind == "f" else np.uint8(a),
    ):
        for got, wanted in zip(flat(call(**{n: form(a) for n, a in arrays.items()}, **rest)), expected, strict=True):
            if wanted.dtype.kind in "fiu":
                np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("call", "name", "good"),
    [
        (lambda v: one_hot([0], v), "K", 3),
        (lambda v: dz_dW([1.0], v), "K", 3),
        (lambda v: dz_db(v), "K", 3),
        (lambda v: LinearClassifier(v, 3), "n_features", 2),
        (lambda v: LinearClassifier(2, v), "n_classes", 3),
        (lambda v: train(X=X, Y=Y, learning_rate=0.1, steps=v), "steps", 2),
        (lambda v: train(X=X, Y=Y, learning_rate=0.1, steps=2, batch_size=v), "batch_size", 2),
        (lambda v: sweep_runs(X, Y, [0.1], v), "steps", 2),
    ],
)
def test_whole_numbers(call, name, good):
    call(good)
    call(np.int8(good))
    for bad in (float(good), str(good), [good], True, np.True_, np.nan, -good, np.array(good)):
        with pytest.raises(ValueError, match=rf"^{name}: expected a whole number of at least \d, got "):
            call(bad)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda v: train(X=X, Y=Y, learning_rate=v, steps=2), "learning_rate"),
        (lambda v: train(X=X, Y=Y, learning_rate=0.1, steps=2, l2=v), "l2"),
        (lambda v: train(X=X, Y=Y, learning_rate=0.1, steps=2, momentum=v), "momentum"),
        (lambda v: model().step(X, Y, v), "learning_rate"),
        (lambda v: model().loss(X, Y, l2=v), "l2"),
        (lambda v: loss_and_gradients(X, Y, W, b, v), "l2"),
        (lambda v: safe_learning_rate(X, v), "l2"),
        (lambda v: numerical_gradient(squares, X, v), "h"),
        (lambda v: check_gradient(squares, X, 2 * X, v), "tolerance"),
        (lambda v: check_gradient(squares, X, 2 * X, absolute_floor=v), "absolute_floor"),
    ],
)
def test_numbers(call, name):
    call(0.125)
    call(np.float32(0.125))
    for bad in ("0.1", [0.1], True, np.True_, np.nan, np.inf, -0.5, 1j, np.array(0.1), 10**400):
        with pytest.raises(ValueError, match=f"^{name}: expected a .*number.*, got "):
            call(bad)
