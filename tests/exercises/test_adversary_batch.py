"""Answers to the exercises of a batch's gradients and the step: none that is wrong is praised, none right refused."""

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special
from scipy.linalg import blas

from linclf_helpers.exercises import FUNCTIONS, Exercise

pytestmark = pytest.mark.no_cover  # measuring slows it by half, and other tests reach the same lines

Function = Callable[..., Any]
EXERCISES: dict[str, Exercise] = {exercise.name: exercise for exercise in FUNCTIONS}
NAMES = ("dL_dZ", "dL_dW", "dL_db", "l2_gradients", "gradient_step")


def of_all(change: Function, result: Any) -> Any:
    return tuple(map(change, result)) if isinstance(result, tuple) else change(result)


def after(name: str, change: Function) -> Function:
    return lambda *args: of_all(change, EXERCISES[name].reference(*args))


def before(name: str, change: Function) -> Function:
    return lambda *args: EXERCISES[name].reference(*(change(a) if isinstance(a, np.ndarray) else a for a in args))


def matmul_in(dtype: str) -> Function:
    return lambda X, G: (X.astype(dtype).T @ G.astype(dtype)).astype(float)


# Wrong answers, with the name of the mistake where it has one. None: a counter-example is enough.

CHANGES: list[tuple[str, Function, str | None]] = [
    *((f"rounded to {n}", lambda A, n=n: np.round(A, n), None) for n in range(2, 9)),
    *((f"cut to {t} and back", lambda A, t=t: A.astype(t).astype(float), None) for t in ("float16", "float32")),
    *((f"in {t}", lambda A, t=t: A.astype(t), None) for t in ("float16", "float32")),
    *((f"{e:g} added", lambda A, e=e: A + e, None) for e in (1e-2, 1e-4, 1e-6, 1e-8, 1e-10)),
    *((f"{e:g} at least", lambda A, e=e: np.maximum(A, e), None) for e in (0.0, 1e-2, 1e-8, 1e-12)),
    *((f"0 below {e:g}", lambda A, e=e: A * (np.abs(A) >= e), "small_dropped") for e in (1e-2, 1e-5, 1e-10, 1e-12)),
    ("0 below 3e-6, relative", lambda A: np.where(np.abs(A) < 3e-6 * np.abs(A).max(), 0, A), None),
    ("nan to 0", lambda A: np.nan_to_num(A), "nan_hidden"),
    ("nan to 1", lambda A: np.where(np.isnan(A), 1, A), None),
    ("infinitely wrong", lambda A: A * np.inf, None),
    ("a factor of 1 + 1e-8", lambda A: A * (1 + 1e-8), None),
    ("normed", lambda A: A / max(np.linalg.norm(A), 1e-12), None),
]
LARGE = [
    *((f"clipped to ±{m:g}", lambda A, m=m: np.clip(A, -m, m), "clipped") for m in (5, 10, 50, 100, 500, 1000)),
    *((f"clipped to ±{m:g}", lambda A, m=m: np.clip(A, -m, m), None) for m in (7, 42, 250, 1234)),
    *((f"no longer than {m:g}", lambda A, m=m: A * min(1, m / max(np.linalg.norm(A), 1e-99)), None) for m in (4, 900)),
    ("tanh at 100", lambda A: 100 * np.tanh(A / 100), None),
]


def with_buffer(dtype: str) -> Function:
    def dL_dW(X, G):
        out = np.zeros((X.shape[1], G.shape[1]), dtype=dtype)
        for x, g in zip(X, G, strict=True):
            out += np.outer(x, g).astype(dtype)
        return out

    return dL_dW


def momentum() -> Function:
    velocity: dict[tuple[int, ...], Any] = {}

    def step(W, b, dW, db, lr):
        for g in (dW, db):
            velocity[g.shape] = 0.9 * velocity.get(g.shape, 0) + g
        return W - lr * velocity[dW.shape], b - lr * velocity[db.shape]

    return step


def decaying() -> Function:
    count = itertools.count()

    def step(W, b, dW, db, lr):
        lr *= 0.99 ** next(count)
        return W - lr * dW, b - lr * db

    return step


def remembered() -> Function:
    kept: list[Any] = []

    def step(W, b, dW, db, lr):
        kept.append((W - lr * dW, b - lr * db))
        return kept[0]

    return step


def seen_classes(P, Y):
    K = Y.argmax(axis=1).max() + 1
    G = P.copy()
    G[:, :K] -= Y[:, :K]
    return G[:, :K] / len(P)


def last_class_forgotten(P, Y):
    G = P - Y
    G[:, -1] = -G[:, :-1].sum(axis=1)
    return G / len(P)


def add_to_first(X, G):
    X *= 1.0000001
    return X.T @ G


WRONG: dict[str, list[tuple[str, Function, str | None]]] = {
    "dL_dZ": [
        ("by N − 1", lambda P, Y: (P - Y) / max(1, len(P) - 1), "one_less"),
        ("by K", lambda P, Y: (P - Y) / P.shape[1], "by_classes"),
        ("no mean", lambda P, Y: P - Y, "no_mean"),
        ("by the classes that occur", lambda P, Y: (P - Y) / Y.any(axis=0).sum(), None),
        ("by class counts", lambda P, Y: (P - Y) / np.maximum(Y.sum(axis=0), 1), None),
        ("mean over both axes", lambda P, Y: np.mean(P - Y), None),
        ("mean over examples", lambda P, Y: np.mean(P - Y, axis=0), None),
        ("broadcast mean", lambda P, Y: np.zeros(P.shape) + np.mean(P - Y, axis=0), None),
        ("the labelled column only", lambda P, Y: Y * (P - 1) / len(P), "diagonal_jacobian"),
        ("the other columns only", lambda P, Y: (1 - Y) * P / len(P), None),
        ("the classes seen", seen_classes, None),
        ("argmax for labels", lambda P, Y: (P - np.eye(P.shape[1])[P.argmax(1)]) / len(P), None),
        ("hits left out", lambda P, Y: (P - Y) * (P.argmax(1) != Y.argmax(1))[:, None] / len(P), None),
        ("focal", lambda P, Y: (P - Y) * (1 - (P * Y).sum(1, keepdims=True)) / len(P), None),
        ("smoothed labels", lambda P, Y: (P - (0.9 * Y + 0.1 / P.shape[1])) / len(P), None),
        ("smoothed by a little", lambda P, Y: (P - ((1 - 1e-7) * Y + 1e-7 / P.shape[1])) / len(P), None),
        ("normed rows", lambda P, Y: (P / P.sum(1, keepdims=True) - Y) / (len(P) + 1e-8), None),
        ("a floor of 1e-8", lambda P, Y: (np.maximum(P, 1e-8) - Y) / len(P), "floor"),
        ("a floor of 3e-9", lambda P, Y: (np.maximum(P, 3e-9) - Y) / len(P), None),
        ("0 dropped", lambda P, Y: np.where(P == 0, 0, P - Y) / len(P), "masked"),
        ("1 dropped", lambda P, Y: np.where(P == 1, 0, P - Y) / len(P), None),
        ("step by step", lambda P, Y: P * (-Y / P - (-Y / P * P).sum(1, keepdims=True)) / len(P), "division_left"),
        (
            "step by step with 1e-12",
            lambda P, Y: P * (-Y / (P + 1e-12) + (Y / (P + 1e-12) * P).sum(1, keepdims=True)) / len(P),
            "division_left",
        ),
        ("clipped to ±0.5", lambda P, Y: np.clip((P - Y) / len(P), -0.5, 0.5), "clipped"),
        ("clipped to ±0.45", lambda P, Y: np.clip((P - Y) / len(P), -0.45, 0.45), None),
        ("clipped before", lambda P, Y: np.clip(P - Y, -0.99, 0.99) / len(P), None),
    ],
    "dL_dW": [
        ("by N", lambda X, G: X.T @ G / len(X), "mean_twice"),
        ("by N − 1", lambda X, G: X.T @ G / np.float64(len(X) - 1), "divided"),
        ("by D", lambda X, G: X.T @ G / X.shape[1], "divided"),
        ("by K", lambda X, G: X.T @ G / G.shape[1], "divided"),
        ("covariance", lambda X, G: (X - X.mean(0)).T @ G, None),
        ("scaled features", lambda X, G: (X / (X.std(0) + 1e-8)).T @ G, None),
        ("normed rows", lambda X, G: (X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-9)).T @ G, None),
        ("relu of features", lambda X, G: np.maximum(X, 0).T @ G, None),
        ("0 for none", lambda X, G: np.where(X == 0, 1, X).T @ G, None),
        ("clipped features", lambda X, G: np.clip(X, -10, 10).T @ G, None),
        ("widely clipped features", lambda X, G: np.clip(X, -5e4, 5e4).T @ G, None),
        ("labelled examples only", lambda X, G: X.T @ np.where(G < 0, G, 0), None),
        ("last class from the others", lambda X, G: np.c_[X.T @ G[:, :-1], -(X.T @ G[:, :-1]).sum(1)], None),
        ("1,000 examples", lambda X, G: X[:1000].T @ G[:1000], None),
        ("all but the last", lambda X, G: X[:-1].T @ G[:-1], "one_short"),
        ("K rows at most", lambda X, G: X[: G.shape[1]].T @ G[: G.shape[1]], None),
        ("reshaped", lambda X, G: (G.T @ X).reshape(X.shape[1], G.shape[1]), None),
        ("squeezed", lambda X, G: np.squeeze(X.T @ G), None),
        ("float32 matmul", matmul_in("float32"), None),
        ("longdouble of float32", lambda X, G: np.float32(X).astype(float).T @ np.float32(G).astype(float), None),
        ("int buffer", with_buffer("int64"), None),
        ("float32 buffer", with_buffer("float32"), None),
        ("changes X", add_to_first, None),
    ],
    "dL_db": [
        ("mean", lambda G: G.mean(axis=0), "mean"),
        ("by K", lambda G: G.sum(axis=0) / G.shape[1], "mean_of_all"),
        ("by N − 1", lambda G: G.sum(axis=0) / max(len(G) - 1, 1), "one_less"),
        ("axis 1", lambda G: G.sum(axis=1), "over_classes"),
        ("last axis", lambda G: G.sum(axis=-1), "over_classes"),
        ("all", lambda G: G.sum(), "one_number"),
        ("median", lambda G: np.median(G, axis=0) * len(G), None),
        ("last class from the others", lambda G: np.append(G[:, :-1].sum(0), -G[:, :-1].sum()), None),
        ("centred", lambda G: G.sum(0) - G.sum(0).mean() - 1e-6, None),
        ("positive part", lambda G: np.maximum(G, 0).sum(0), None),
        ("1,000 examples", lambda G: G[:1000].sum(0), None),
        ("up to K rows", lambda G: G[: G.shape[1]].sum(0), None),
        ("running float32", lambda G: G.astype("float32").sum(0).astype(float), None),
        ("running float16", lambda G: G.sum(0, dtype="float16"), None),
        ("nansum", lambda G: np.nansum(G, axis=0), "nan_hidden"),
        ("cumulated", lambda G: np.cumsum(G, axis=0)[-1:], "keepdims"),
        ("in place", lambda G: np.add.accumulate(G, axis=0, out=G)[-1].copy(), None),
    ],
    "l2_gradients": [
        ("bias too", lambda dW, db, W, b, l2: (dW + l2 * W, db + l2 * b), "bias_too"),
        ("factor 2", lambda dW, db, W, b, l2: (dW + 2 * l2 * W, db), "twice"),
        ("factor 1/2", lambda dW, db, W, b, l2: (dW + 0.5 * l2 * W, db), "half"),
        ("by D", lambda dW, db, W, b, l2: (dW + l2 * W / len(W), db), "by_rows"),
        ("by K", lambda dW, db, W, b, l2: (dW + l2 * W / len(b), db), "by_rows"),
        ("L1", lambda dW, db, W, b, l2: (dW + l2 * np.sign(W), db), "lasso"),
        ("abs", lambda dW, db, W, b, l2: (dW + l2 * np.abs(W), db), "absolute"),
        ("l2 = 0 is 1", lambda dW, db, W, b, l2: (dW + (l2 or 1.0) * W, db), "strength_limited"),
        ("l2 = 0 is 3e-3", lambda dW, db, W, b, l2: (dW + (l2 or 3e-3) * W, db), None),
        ("l2 = 0 gives 0", lambda dW, db, W, b, l2: (dW + l2 * W if l2 else 0 * dW, db), None),
        ("l2 = 0 gives None", lambda dW, db, W, b, l2: (dW + l2 * W, db) if l2 else None, None),
        ("at most 1", lambda dW, db, W, b, l2: (dW + min(l2, 1) * W, db), "strength_limited"),
        ("at most 200", lambda dW, db, W, b, l2: (dW + min(l2, 200) * W, db), None),
        ("l2 squared", lambda dW, db, W, b, l2: (dW + l2**2 * W, db), None),
        ("root of l2", lambda dW, db, W, b, l2: (dW + np.sqrt(l2) * W, db), None),
        ("decay", lambda dW, db, W, b, l2: (dW * (1 + l2) + l2 * W, db), None),
        ("elastic", lambda dW, db, W, b, l2: (dW + l2 * W + 1e-9 * np.sign(W), db), None),
        ("Huber", lambda dW, db, W, b, l2: (dW + l2 * np.clip(W, -10, 10), db), None),
        ("first row kept", lambda dW, db, W, b, l2: (dW + l2 * np.r_[0 * W[:1], W[1:]], db), None),
        ("last row kept", lambda dW, db, W, b, l2: (dW + l2 * np.r_[W[:-1], 0 * W[-1:]], db), None),
        ("bias's gradient from W", lambda dW, db, W, b, l2: (dW + l2 * W, dW.sum(axis=0)), None),
        ("bias's row added", lambda dW, db, W, b, l2: (dW + l2 * (W + b), db), None),
        ("where the slope is", lambda dW, db, W, b, l2: (np.where(dW == 0, 0, dW + l2 * W), db), None),
        ("of float32", lambda dW, db, W, b, l2: (dW + np.float32(l2 * W), db), None),
        ("b back", lambda dW, db, W, b, l2: (dW + l2 * W, b), None),
        ("step taken", lambda dW, db, W, b, l2: (W - dW - l2 * W, b - db), None),
    ],
    "gradient_step": [
        ("ascending", lambda W, b, dW, db, lr: (W + lr * dW, b + lr * db), "plus"),
        ("divided", lambda W, b, dW, db, lr: (W - dW / lr, b - db / lr), "divided"),
        ("swapped", lambda W, b, dW, db, lr: (b - lr * db, W - lr * dW), "swapped"),
        ("bias by sum", lambda W, b, dW, db, lr: (W - lr * dW, b - lr * np.sum(db)), "bias_by_sum"),
        ("no rate", lambda W, b, dW, db, lr: (W - dW, b - db), "no_rate"),
        ("0.01 always", lambda W, b, dW, db, lr: (W - 0.01 * dW, b - 0.01 * db), "fixed_rate"),
        ("0.3 always", lambda W, b, dW, db, lr: (W - 0.3 * dW, b - 0.3 * db), None),
        ("W with b's", lambda W, b, dW, db, lr: (W - lr * db, b - lr * db), "weights_by_bias"),
        ("b with W's", lambda W, b, dW, db, lr: (W - lr * dW, b - lr * dW.sum(0)), "bias_by_weights"),
        ("momentum", momentum(), None),
        ("decaying rate", decaying(), None),
        ("the first result kept", remembered(), None),
        ("Nesterov", lambda W, b, dW, db, lr: (W - 1.9 * lr * dW, b - 1.9 * lr * db), None),
        ("weight decay", lambda W, b, dW, db, lr: ((1 - 1e-4 * lr) * W - lr * dW, b - lr * db), None),
        ("a little decay", lambda W, b, dW, db, lr: ((1 - 1e-8) * W - lr * dW, b - lr * db), None),
        ("RMS", lambda W, b, dW, db, lr: (W - lr * dW / (np.sqrt((dW**2).mean()) + 1e-8), b - lr * db), None),
        (
            "Adam's first",
            lambda W, b, dW, db, lr: (W - lr * dW / (abs(dW) + 1e-8), b - lr * db / (abs(db) + 1e-8)),
            None,
        ),
        ("rate at most 1", lambda W, b, dW, db, lr: (W - min(lr, 1) * dW, b - min(lr, 1) * db), "rate_limited"),
        ("rate at most 250", lambda W, b, dW, db, lr: (W - min(lr, 250) * dW, b - min(lr, 250) * db), None),
        ("rate 0 is 0.1", lambda W, b, dW, db, lr: (W - (lr or 0.1) * dW, b - (lr or 0.1) * db), "rate_limited"),
        (
            "gradient to ±5",
            lambda W, b, dW, db, lr: (W - lr * np.clip(dW, -5, 5), b - lr * np.clip(db, -5, 5)),
            "clipped",
        ),
        ("gradient to ±4", lambda W, b, dW, db, lr: (W - lr * np.clip(dW, -4, 4), b - lr * np.clip(db, -4, 4)), None),
        ("step to ±5", lambda W, b, dW, db, lr: (W - np.clip(lr * dW, -5, 5), b - np.clip(lr * db, -5, 5)), "clipped"),
        ("only W's clipped", lambda W, b, dW, db, lr: (W - lr * np.clip(dW, -1e3, 1e3), b - lr * db), None),
        ("only b's clipped", lambda W, b, dW, db, lr: (W - lr * dW, b - lr * np.clip(db, -1e3, 1e3)), None),
        ("kept in ±10", lambda W, b, dW, db, lr: np.clip(W - lr * dW, -10, 10), None),
        ("only W kept in ±10", lambda W, b, dW, db, lr: (np.clip(W - lr * dW, -10, 10), b - lr * db), None),
        ("only W's nan hidden", lambda W, b, dW, db, lr: (W - lr * np.nan_to_num(dW), b - lr * db), None),
        ("still at a nan", lambda W, b, dW, db, lr: (W, b) if np.isnan(dW).any() else (W - lr * dW, b - lr * db), None),
        ("centred", lambda W, b, dW, db, lr: (W - lr * dW, b - lr * (db - db.mean())), None),
        ("b in place", lambda W, b, dW, db, lr: (W - lr * dW, np.subtract(b, lr * db, out=b)), "changes_arguments"),
        ("gradient in place", lambda W, b, dW, db, lr: (W - np.multiply(dW, lr, out=dW), b - lr * db), None),
        ("a dict", lambda W, b, dW, db, lr: {"W": W - lr * dW, "b": b - lr * db}, None),
        ("b as a column", lambda W, b, dW, db, lr: (W - lr * dW, (b - lr * db)[:, None]), None),
        ("old ones too", lambda W, b, dW, db, lr: (W - lr * dW, b - lr * db, W, b), None),
    ],
}
LIMITS = {"clipped", "small_dropped"}  # of the gradients; of what a step leads to they are another mistake
for name in NAMES:
    for what, change, named in CHANGES if name == "dL_dZ" else CHANGES + LARGE:  # no entry of dL_dZ is above 1
        title = "parameters_limited" if name == "gradient_step" and named in LIMITS else named
        WRONG[name].append((f"result {what}", after(name, change), title))
    for what, change, _ in CHANGES:
        if (name, what) != ("dL_dZ", "0 at least"):  # its arguments are never negative
            WRONG[name].append((f"arguments {what}", before(name, change), None))


# Right answers


class Answer:
    """A function of another kind."""

    def __init__(self, function: Function) -> None:
        self.function = function

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)


def scattered(P, Y):
    G = P / len(P)
    np.subtract.at(G, (range(len(P)), Y.argmax(axis=1)), 1 / len(P))
    return G


def looped(P, Y):
    N, K = P.shape
    G = np.zeros((N, K))
    for n in range(N):
        for k in range(K):
            G[n, k] = (P[n, k] - Y[n, k]) / N
    return G


def three_loops(X, G):
    out = np.zeros((X.shape[1], G.shape[1]))
    for n, d, k in np.ndindex(len(X), X.shape[1], G.shape[1]):
        out[d, k] += X[n, d] * G[n, k]
    return out


def scattered_rows(G):
    db = np.zeros(G.shape[1])
    np.add.at(db, np.tile(np.arange(G.shape[1]), len(G)), G.ravel())
    return db


def from_copy(W, b, dW, db, lr):
    W, b = W.copy(), b.copy()
    W -= lr * dW
    b -= lr * db
    return W, b


def refusing_nan(function: Function) -> Function:
    def careful(*args):
        if any(np.isnan(a).any() for a in args):
            raise ValueError("nan")
        return function(*args)

    return careful


RIGHT: dict[str, list[Function]] = {
    "dL_dZ": [
        lambda P, Y: (P - Y) / len(P),
        lambda Y_hat, Y, N=None: (Y_hat - Y) / (N or Y.shape[0]),
        lambda P, Y: 1 / P.shape[0] * (P - Y),
        lambda P, Y: np.divide(np.subtract(P, Y), float(len(P))),
        lambda P, Y: (P - Y) / Y.sum(),
        lambda P, Y: np.where(Y == 1, P - 1, P) / len(P),
        lambda P, Y: (P - Y) / max(len(P), 1e-12),
        lambda P, Y: (np.maximum(P, 1e-300) - Y) / len(P) if (P > 0).all() else (P - Y) / len(P),
        lambda P, Y: np.array([(p - y) / len(P) for p, y in zip(P.tolist(), Y, strict=True)]),
        lambda P, Y: (P - Y).T.copy().T / len(P),
        lambda P, Y: special.xlogy(np.ones_like(P), np.e) * (P - Y) / len(P),
        lambda P, Y: np.asfortranarray(P - Y.astype(int)) / len(P),
        lambda P, Y: (P - Y.astype(bool)) / len(P),
        scattered,
        looped,
        functools.partial(lambda P, Y, scale: scale * (P - Y) / len(P), scale=1.0),
        Answer(lambda P, Y: (P - Y) / len(P)),
    ],
    "dL_dW": [
        lambda X, dZ: X.T @ dZ,
        lambda X, G: np.dot(X.T, G),
        lambda X, G: (G.T @ X).T,
        lambda X, G: np.matmul(X.transpose(), G.astype(np.float64)),
        lambda X, G: np.einsum("nd,nk->dk", X, G),
        lambda X, G: np.einsum("ni,nj->ij", X, G, optimize=True),
        lambda X, G: np.tensordot(X, G, axes=(0, 0)),
        lambda X, G: (X[:, :, None] * G[:, None, :]).sum(axis=0),
        lambda X, G: sum(np.outer(x, g) for x, g in zip(X, G, strict=True)),
        lambda X, G: np.array([X.T @ column for column in G.T]).T,
        lambda X, G: np.array([[np.dot(x, g) for g in G.T] for x in X.T]),
        lambda X, G: np.add.reduce([np.multiply.outer(x, g) for x, g in zip(X, G, strict=True)]),
        lambda X, G: blas.dgemm(1.0, X, G, trans_a=True),
        lambda X, G: X.astype(np.longdouble).T @ G.astype(np.longdouble),
        lambda X, G: X[::-1].T @ G[::-1],
        three_loops,
        functools.partial(np.einsum, "nd,nk->dk"),
        Answer(lambda X, G: X.T @ G),
    ],
    "dL_db": [
        lambda dZ: dZ.sum(axis=0),
        lambda G: np.sum(G, 0),
        lambda G: sum(G),
        lambda G: G.T.sum(axis=1),
        lambda G: np.ones(len(G)) @ G,
        lambda G: np.einsum("nk->k", G),
        lambda G: G.mean(axis=0) * len(G),
        lambda G: np.array([sum(row[k] for row in G) for k in range(G.shape[1])]),
        lambda G: np.cumsum(G, axis=0)[-1],
        lambda G: G.sum(axis=0, keepdims=True)[0],
        lambda G, axis=0, keepdims=False: np.add.reduce(G, axis=axis, keepdims=keepdims),
        lambda G: G[::-1].astype(np.longdouble).sum(axis=0),
        lambda G: np.asarray(list(map(float, sum(G)))),
        scattered_rows,
        functools.partial(np.sum, axis=0),
        Answer(sum),
    ],
    "l2_gradients": [
        lambda dW, db, W, b, l2: (dW + l2 * W, db),
        lambda dW, db, W, b, lam: [dW + lam * W, db.copy()],
        lambda dL_dW, dL_db, W, b, l2=0.01: (l2 * W + dL_dW, dL_db + 0),
        lambda dW, db, W, b, l2: (dW + (l2 / 2) * 2 * W, db),
        lambda dW, db, W, b, l2: (np.array([w + l2 * p for w, p in zip(dW, W, strict=True)]), db[:]),
        lambda dW, db, W, b, l2: (np.einsum("dk,->dk", W, l2) + dW, db),
        lambda dW, db, W, b, l2: (dW + np.diag([l2] * len(W)) @ W, db) if np.isfinite(W).all() else None,
        lambda dW, db, W, b, l2: (dW + l2 * W if l2 else dW, db),
        lambda dW, db, W, b, l2: (dW - -l2 * W, np.asarray(db)),
        lambda dW, db, W, b, l2, penalise_bias=False: (dW + l2 * W, db + penalise_bias * l2 * b),
        lambda *args: (args[0] + args[4] * args[2], args[1]),
        functools.partial(lambda dW, db, W, b, l2, f: (dW + f * l2 * W, db), f=1),
        Answer(lambda dW, db, W, b, l2: (dW + l2 * W, db)),
    ],
    "gradient_step": [
        lambda W, b, dW, db, lr: (W - lr * dW, b - lr * db),
        lambda W, b, dW, db, eta: [W - eta * dW, b - eta * db],
        lambda W, b, dL_dW, dL_db, learning_rate=0.1: (W - dL_dW * learning_rate, b - dL_db * learning_rate),
        lambda W, b, dW, db, lr: tuple(p - lr * g for p, g in ((W, dW), (b, db))),
        lambda W, b, dW, db, lr: (W + (-lr) * dW, b + (-lr) * db),
        lambda W, b, dW, db, lr: (np.add(W, -lr * dW), np.subtract(b, np.multiply(lr, db))),
        lambda W, b, dW, db, lr: (np.array([w - lr * g for w, g in zip(W, dW, strict=True)]), b - lr * db),
        lambda W, b, dW, db, lr: (W - lr * dW if lr else W, b - lr * db if lr else b),
        lambda W, b, dW, db, lr: (W - np.float64(lr) * dW, b - np.array(lr) * db),
        lambda W, b, dW, db, lr, momentum=0.0, v=0.0: (W - lr * (dW + momentum * v), b - lr * (db + momentum * v)),
        lambda W, b, dW, db, lr: (W.astype(np.longdouble) - lr * dW, b - lr * db),
        lambda *p: (p[0] - p[4] * p[2], p[1] - p[4] * p[3]),
        from_copy,
        functools.partial(lambda W, b, dW, db, lr, sign: (W + sign * lr * dW, b + sign * lr * db), sign=-1),
        Answer(from_copy),
    ],
}

for name in NAMES:
    RIGHT[name].append(refusing_nan(EXERCISES[name].reference))


@pytest.mark.every_sixth
@pytest.mark.parametrize(
    ("name", "answer", "named"),
    [pytest.param(n, f, named, id=f"{n}: {what}") for n in NAMES for what, f, named in WRONG[n]],
)
def test_a_wrong_answer_is_never_praised_and_named_where_it_has_a_name(
    name: str, answer: Function, named: str | None
) -> None:
    outcome = EXERCISES[name].examine(answer)
    assert outcome.kind not in {"right", "not_started"}, outcome
    if named:
        assert outcome.mistake == f"{name}.{named}", outcome


@pytest.mark.every_sixth
@pytest.mark.parametrize(
    ("name", "answer"), [pytest.param(n, f, id=f"{n}: {i}") for n in NAMES for i, f in enumerate(RIGHT[n])]
)
def test_a_right_answer_is_never_refused(name: str, answer: Function) -> None:
    outcome = EXERCISES[name].examine(answer)
    assert outcome.kind == "right", outcome
