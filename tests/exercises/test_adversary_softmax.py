"""Nothing wrong is praised: cheap tricks built from each exercise's own solution never pass for it.

A trick that is called right must do what the solution does on all probes, which the check itself sees to, and on many
batches that nobody chose by hand as well. If a trick passes that is wrong on one of these, the probes are too weak.
"""

import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from linclf_helpers.exercises import CAPSTONE_EXERCISES, CLINIC, FUNCTIONS, Exercise
from linclf_helpers.exercises.checking.observe import Probe, observe

pytestmark = pytest.mark.no_cover  # measuring slows it by half, and other tests reach the same lines

Function = Callable[..., Any]
BATCHES = 40
EVERY = 1 if os.environ.get("ALL_MUTANTS") else 6  # of the tricks; ALL_MUTANTS tries them all
# A shuffle has no one right result to compare with: test_adversary_clinic.py tries that patient.
LISTED = (*FUNCTIONS, *CAPSTONE_EXERCISES, *(patient for patient in CLINIC if "rng" not in patient.arguments))


# Batches that nobody chose


def world(seed: int) -> dict[str, Any]:
    """Return a value for every argument that an exercise may have, of sizes and spreads drawn from wide ranges."""
    rng = np.random.default_rng(seed)
    N, D, K = int(rng.choice([1, 2, 3, 5, 12, 40])), int(rng.integers(1, 9)), int(rng.integers(2, 9))
    if seed % 10 == 0:
        N = 5000
    X = rng.normal(size=(N, D)) * 10 ** rng.uniform(-3, 2, size=D) * (rng.random((N, D)) > 0.1)
    W, b = rng.normal(size=(D, K)) * 10 ** rng.uniform(-2, 1), rng.normal(size=K)
    labels = rng.integers(rng.integers(1, K + 1), size=N)
    Z = X @ W + b + (rng.normal(size=(N, 1)) * 1e4 if seed % 3 == 0 else 0.0)
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    Y_hat, Y = E / E.sum(axis=1, keepdims=True), np.eye(K)[labels]
    dW, db = X.T @ (Y_hat - Y) / N * 10 ** rng.uniform(-6, 3), rng.normal(size=K) * 10 ** rng.uniform(-6, 3)
    numeric = dW * (1 + 10 ** rng.uniform(-9, 0) * rng.normal(size=dW.shape))
    bend = rng.normal(size=W.shape)
    return {
        **{"X": X, "W": W, "b": b, "Z": Z, "Y_hat": Y_hat, "Y": Y, "labels": labels, "K": K},
        **{"dL_dZ": (Y_hat - Y) / N, "dL_dW": dW, "dL_db": db, "analytic": dW, "numeric": numeric},
        **{"learning_rate": float(10 ** rng.uniform(-3, 2)), "l2": float(10 ** rng.uniform(-3, 1)), "steps": 2},
        **{"X_train": X + 1e-3 * rng.normal(size=X.shape), "X_test": rng.normal(size=(3, D))},
        **{"y_hat": Y_hat[0], "H": np.maximum(rng.normal(size=(N, D)), 0)},
        **{"f": lambda x: float((bend * x**3 + np.sin(x)).sum()), "rng": np.random.default_rng(seed)},
    }


def arguments_of(exercise: Exercise, seed: int) -> tuple[Any, ...]:
    values = world(seed)
    special = {
        "dz_dW": {"x": values["X"][0]},
        "numerical_gradient": {"x": values["W"]},
        # In a single example no feature changes: it may be shifted alone, or set to 0.
        "patient_8": {"X_train": np.vstack([values["X_train"], np.ones(values["X"].shape[1])])},
    }
    values |= special.get(exercise.name, {})
    return tuple(values[name] for name in exercise.arguments)


# Tricks


def on_results(solution: Function, change: Callable[[np.ndarray], Any]) -> Function:
    def trick(*args: Any) -> Any:
        result = solution(*args)
        return tuple(map(change, map(np.asarray, result))) if isinstance(result, tuple) else change(np.asarray(result))

    return trick


def on_arguments(solution: Function, change: Callable[[np.ndarray], Any]) -> Function:
    def of(argument: Any) -> Any:
        return change(argument) if isinstance(argument, np.ndarray) and argument.dtype.kind == "f" else argument

    return lambda *args: solution(*map(of, args))


def only_where(solution: Function, holds: Callable[..., bool]) -> Function:
    """Return what is right where a condition holds, and ten times too large elsewhere."""
    wrong = on_results(solution, lambda result: 10 * result + 1)
    return lambda *args: solution(*args) if holds(*args) else wrong(*args)


def remembering(solution: Function) -> Function:
    """Return what gives its first answer again, whatever comes in later."""
    kept: list[Any] = []

    def trick(*args: Any) -> Any:
        kept.append(solution(*args))
        return kept[0]

    return trick


def first_row_only(A: np.ndarray) -> np.ndarray:
    return np.concatenate([A[:1], 0 * A[1:]]) if A.ndim else A


def shape_of(args: tuple[Any, ...], axis: int) -> int:
    return max((a.shape[axis] for a in args if isinstance(a, np.ndarray) and a.ndim > axis), default=0)


SMALL = [10.0**-n for n in range(2, 13)]
CHANGES: dict[str, Callable[[np.ndarray], Any]] = {
    "zeros": np.zeros_like,
    "ones": np.ones_like,
    "a third": lambda A: np.full(A.shape, 1 / 3),
    "transposed": lambda A: A.T,
    "sorted": lambda A: np.sort(A, axis=-1) if A.ndim else A,
    "sorted along the rows": lambda A: np.sort(A, axis=0) if A.ndim else A,
    "reversed": lambda A: A[::-1] if A.ndim else A,
    "reversed in each row": lambda A: A[..., ::-1] if A.ndim else A,
    "shifted by one": lambda A: np.roll(A, 1, axis=-1) if A.ndim else A,
    "abs": np.abs,
    "negative": np.negative,
    "squared": np.square,
    "never negative": lambda A: np.maximum(A, 0),
    "nan to 0": np.nan_to_num,
    "nothing but 0 where not finite": lambda A: np.where(np.isfinite(A), A, 0),
    "first row only": first_row_only,
    "the mean everywhere": lambda A: np.full(A.shape, A.mean()),
    "float16": lambda A: A.astype(np.float16),
    "float32": lambda A: A.astype(np.float32),
    "float16 and back": lambda A: A.astype(np.float16).astype(float),
    "float32 and back": lambda A: A.astype(np.float32).astype(float),
    "a list": lambda A: A.tolist(),
    "whole numbers": lambda A: A.astype(np.int64),
    "a factor of 1 + 1e-7": lambda A: A * (1 + 1e-7),
    "normed to length 3": lambda A: A * min(1.0, 3 / max(float(np.linalg.norm(A)), 1e-300)),
    **{f"rounded to {n}": lambda A, n=n: A.round(n) for n in range(1, 9)},
    **{f"clipped to ±{m:g}": lambda A, m=m: np.clip(A, -m, m) for m in (0.1, 1, 2, 5, 30, 100, 500, 700, 1e6)},
    **{f"0 below {e:g}": lambda A, e=e: np.where(np.abs(A) < e, 0, A) for e in SMALL},
    **{f"{e:g} added": lambda A, e=e: A + e for e in SMALL},
    **{f"at least {e:g}": lambda A, e=e: np.maximum(A, e) for e in SMALL},
    **{f"kept {e:g} from 0 and 1": lambda A, e=e: np.clip(A, e, 1 - e) for e in SMALL},
    **{f"1 where not above {e:g}": lambda A, e=e: np.where(e < A, A, 1) for e in (0, *SMALL)},
}


def takes_floats(exercise: Exercise) -> bool:
    return any(isinstance(each, np.ndarray) and each.dtype.kind == "f" for each in arguments_of(exercise, 0))


def tricks(exercise: Exercise) -> Iterator[tuple[str, Function]]:
    solution = exercise.reference
    for name, change in CHANGES.items():
        yield f"result: {name}", on_results(solution, change)
        if takes_floats(exercise):
            yield f"arguments: {name}", on_arguments(solution, change)
    yield "its first answer again", remembering(solution)
    count = len(exercise.arguments)
    for i, name in enumerate(exercise.arguments):
        yield f"returns {name}", lambda *args, i=i: args[i]
    for order in itertools.islice(itertools.permutations(range(count)), 1, 30):
        yield f"order {order}", lambda *args, order=order: solution(*(args[i] for i in order))
    for most in (1, 2, 3, 5, 10, 100, 1000, 4000):
        yield f"right for N up to {most}", only_where(solution, lambda *args, m=most: shape_of(args, 0) <= m)
        yield f"right for K up to {most}", only_where(solution, lambda *args, m=most: shape_of(args, 1) <= m)
    for least in (2, 3):
        yield f"right from N = {least}", only_where(solution, lambda *args, m=least: shape_of(args, 0) >= m)
        yield f"right from K = {least}", only_where(solution, lambda *args, m=least: shape_of(args, 1) >= m)
    if "labels" in exercise.arguments and {"W", "Z", "Y_hat", "K"} & set(exercise.arguments):
        yield "right where the last class is present", only_where(solution, lambda *a: last_is_present(exercise, a))
    if "Y" in exercise.arguments:
        where = exercise.arguments.index("Y")
        yield "right where the last class is present", only_where(solution, lambda *a: bool(a[where][:, -1].any()))


def last_is_present(exercise: Exercise, args: tuple[Any, ...]) -> bool:
    given = dict(zip(exercise.arguments, args, strict=True))
    K = given["K"] if "K" in given else next(given[name] for name in ("W", "Z", "Y_hat") if name in given).shape[-1]
    return bool(given["labels"].max() == K - 1)


def right_everywhere(exercise: Exercise, trick: Function, probes: list[Probe]) -> bool:
    return all(exercise._is_right(p, observe(trick, p, exercise.arguments, len(exercise.outputs))) for p in probes)


@pytest.mark.parametrize("exercise", LISTED, ids=lambda e: e.name)
def test_no_trick_is_praised(exercise: Exercise) -> None:
    probes = [Probe(arguments_of(exercise, seed)) for seed in range(BATCHES)]
    by_name = dict(itertools.islice(tricks(exercise), 0, None, EVERY))
    praised = [name for name, trick in by_name.items() if exercise.examine(trick).kind == "right"]
    with np.errstate(all="ignore"):
        wrongly = [name for name in praised if not right_everywhere(exercise, by_name[name], probes)]
    assert not wrongly, wrongly
    assert len(praised) < 0.6 * len(by_name)  # most tricks do change something


def test_a_weak_probe_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its extremes taken away the softmax is fooled, and the test above says so."""
    [softmax] = [exercise for exercise in FUNCTIONS if exercise.name == "softmax"]
    monkeypatch.setattr(softmax, "stages", softmax.stages[:1])
    monkeypatch.setitem(globals(), "EVERY", 1)
    with pytest.raises(AssertionError, match="arguments: clipped to ±30"):
        test_no_trick_is_praised(softmax)
