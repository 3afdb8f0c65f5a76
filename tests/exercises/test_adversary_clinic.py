"""Right repairs in many styles are accepted in the clinic; cheats and half repairs are not."""

import copy
import itertools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax, logsumexp
from scipy.special import softmax as sp_softmax
from sklearn.preprocessing import StandardScaler
from sklearn.utils import shuffle as sk_shuffle
from test_adversary_softmax import BATCHES, arguments_of, tricks

from linclf_helpers.exercises import CLINIC, Exercise
from linclf_helpers.exercises.checking.observe import Probe

Function = Callable[..., Any]
PATIENTS = pytest.mark.parametrize("patient", CLINIC, ids=lambda patient: patient.name)


def softmax(Z):
    return sp_softmax(Z, axis=1)


def gradients(X, Y, W, b):
    G = (softmax(X @ W + b) - Y) / len(X)
    return X.T @ G, G.sum(axis=0)


def gradients_by_loops(X, Y, W, b):
    dL_dW, dL_db = np.zeros_like(W), np.zeros_like(b)
    for x, y in zip(X, Y, strict=True):
        z = x @ W + b
        e = np.exp(z - max(z))
        g = (e / sum(e) - y) / len(X)
        dL_dW += np.outer(x, g)
        dL_db += g
    return dL_dW, dL_db


def gradients_with_ones(X, Y, W, b):
    """The bias as the weight of a feature that is always 1."""
    X1, W1 = np.column_stack([X, np.ones(len(X))]), np.vstack([W, b])
    both = X1.T @ (softmax(X1 @ W1) - Y) / len(X)
    return both[:-1], both[-1]


def masked_in_place(X, H, dL_dZ, W):
    dL_dA = dL_dZ @ W.T
    dL_dA[H <= 0] = 0
    return X.T @ dL_dA


def dL_dV_by_loops(X, H, dL_dZ, W):
    dL_dV = np.zeros((X.shape[1], W.shape[0]))
    for n, m in np.argwhere(H):
        dL_dV[:, m] += X[n] * (dL_dZ[n] @ W[m])
    return dL_dV


def loss_by_rows(Z, Y):
    losses = []
    for z, y in zip(Z, Y, strict=True):
        top = max(z)
        losses.append(top - z[y.argmax()] + np.log(sum(np.exp(z - top))))
    return sum(losses) / len(losses)


def penalised(X, Y, W, b, l2):
    dL_dW, dL_db = gradients(X, Y, W, b)
    return dL_dW + l2 * W, dL_db


def penalised_in_place(X, Y, W, b, l2):
    dL_dW, dL_db = gradients_by_loops(X, Y, W, b)
    dL_dW += l2 * W
    return [dL_dW, dL_db]


def softmax_by_rows(Z):
    rows = []
    for z in Z:
        e = np.exp(z - np.max(z))
        rows.append(e / e.sum())
    return np.array(rows)


def minus_one_at_the_label(Y_hat, Y):
    G = Y_hat.copy()
    G[np.arange(len(Y)), Y.argmax(axis=1)] -= 1
    G /= len(Y)
    return G


def through_the_jacobian(Y_hat, Y):
    rows = [-(y - p * y.sum()) for p, y in zip(Y_hat, Y, strict=True)]
    return np.array(rows) / Y.shape[0]


def by_permutation(X, labels, rng):
    order = rng.permutation(len(X))
    return X[order], labels[order]


def by_shuffled_numbers(X, labels, rng):
    order = np.arange(len(labels))
    rng.shuffle(order)
    return X[order], labels[order]


def by_sorting_noise(X, labels, rng):
    order = np.argsort(rng.random(len(X)))
    return np.take(X, order, axis=0), np.take(labels, order)


def stacked(X, labels, rng):
    both = np.column_stack([X, labels])
    rng.shuffle(both)
    return both[:, :-1], both[:, -1].astype(int)


def as_pairs(X, labels, rng):
    pairs = list(zip(X, labels, strict=True))
    rng.shuffle(pairs)
    return np.array([x for x, _ in pairs]), np.array([label for _, label in pairs])


def in_blocks(X, labels, rng):
    X, labels = X.copy(), labels.copy()
    for start in range(0, len(X), 60):
        order = start + rng.permutation(len(X[start : start + 60]))
        X[start : start + 60], labels[start : start + 60] = X[order], labels[order]
    return X, labels


def with_one_state(X, labels, rng):
    """Both shuffled apart, by two generators in the same state."""
    twin = copy.deepcopy(rng)
    return X[twin.permutation(len(X))], labels[rng.permutation(len(X))]


def fisher_yates(X, labels, rng):
    X, labels = X.copy(), labels.copy()
    for n in range(len(X) - 1, 0, -1):
        m = rng.integers(n + 1)
        X[[n, m]], labels[[n, m]] = X[[m, n]], labels[[m, n]]
    return X, labels


def drawn_one_by_one(X, labels, rng):
    order = rng.choice(len(X), size=len(X), replace=False)
    return X[order], labels[order]


def pythons_own(X, labels, rng):
    order = list(range(len(X)))
    random.Random(int(rng.integers(2**62))).shuffle(order)
    return X[order], labels[order]


def standardize_by_columns(X_train, X_test):
    X_train, X_test = X_train.copy(), X_test.copy()
    for d in range(X_train.shape[1]):
        mean, deviation = np.mean(X_train[:, d]), np.std(X_train[:, d])
        X_test[:, d] = (X_test[:, d] - mean) / (deviation or 1)
        X_train[:, d] = (X_train[:, d] - mean) / (deviation or 1)
    return X_train, X_test


def with_scikit_learn(X_train, X_test):
    scaler = StandardScaler().fit(X_train)
    return scaler.transform(X_train), scaler.transform(X_test)


RIGHT: dict[str, list[Function]] = {
    "patient_1": [
        gradients,
        gradients_by_loops,
        gradients_with_ones,
        lambda X, Y, W, b: (X.T @ (softmax(X @ W + b) - Y) / len(Y), (softmax(X @ W + b) - Y).mean(axis=0)),
        lambda X, Y, W, b: [
            np.einsum("nd,nk->dk", X, softmax(X @ W + b) - Y) / len(Y),
            np.ones(len(X)) @ (softmax(X @ W + b) - Y) / len(X),
        ],
    ],
    "patient_2": [
        masked_in_place,
        dL_dV_by_loops,
        lambda X, H, dL_dZ, W: X.T @ (dL_dZ @ W.T * (H > 0)),
        lambda X, H, dL_dZ, W: X.T @ np.where(H == 0, 0, dL_dZ @ W.T),
        lambda X, H, dL_dZ, W: X.T @ (dL_dZ @ W.T * np.sign(H)),
        lambda X, H, dL_dZ, W: np.einsum("nd,nk,mk,nm->dm", X, dL_dZ, W, H.astype(bool)),
        lambda X, H, dL_dZ, W: ((W @ dL_dZ.T * np.heaviside(H.T, 0)) @ X).T,
    ],
    "patient_3": [
        loss_by_rows,
        lambda Z, Y: -(Y * log_softmax(Z, axis=1)).sum() / len(Y),
        lambda Z, Y: (logsumexp(Z, axis=1) - Z[Y == 1]).mean(),
        lambda Z, Y: np.mean(logsumexp(Z - Z[Y == 1][:, None], axis=1)),
        lambda Z, Y: -np.mean(log_softmax(Z, axis=1)[np.arange(len(Z)), Y.argmax(1)]),
        lambda Z, Y: np.mean(np.logaddexp.reduce(Z, axis=1) - Z[Y.astype(bool)]),
    ],
    "patient_4": [
        penalised,
        penalised_in_place,
        lambda X, Y, W, b, l2: (gradients_by_loops(X, Y, W, b)[0] + W * l2, gradients(X, Y, W, b)[1]),
        lambda X, Y, W, b, l2: (gradients(X, Y, W, b)[0] + 2 * (l2 / 2) * W, gradients_with_ones(X, Y, W, b)[1]),
    ],
    "patient_5": [
        softmax,
        softmax_by_rows,
        lambda Z: np.exp(Z - logsumexp(Z, axis=1, keepdims=True)),
        lambda Z: np.apply_along_axis(sp_softmax, 1, Z),
        lambda Z: (np.exp(Z.T - Z.max(1)) / np.exp(Z.T - Z.max(1)).sum(0)).T,
    ],
    "patient_6": [
        minus_one_at_the_label,
        through_the_jacobian,
        lambda Y_hat, Y: (Y_hat - Y) / len(Y),
        lambda Y_hat, Y: np.where(Y == 1, Y_hat - 1, Y_hat) / Y.shape[0],
        lambda Y_hat, Y: -(Y - Y_hat) * (1 / len(Y_hat)),
    ],
    "patient_7": [
        *(by_permutation, by_shuffled_numbers, by_sorting_noise, stacked, as_pairs, in_blocks, with_one_state),
        *(fisher_yates, drawn_one_by_one, pythons_own),
        lambda X, labels, rng: tuple(sk_shuffle(X, labels, random_state=int(rng.integers(2**31)))),
    ],
    "patient_8": [
        standardize_by_columns,
        with_scikit_learn,
        lambda a, b: tuple((x - a.mean(0)) / np.where(a.std(0) > 0, a.std(0), 1) for x in (a, b)),
        lambda a, b: [np.where(a.std(0) == 0, 0, (x - a.mean(0)) / np.maximum(a.std(0), 1e-300)) for x in (a, b)],
        lambda a, b: tuple(
            (x - a.mean(0)) / ((((a - a.mean(0)) ** 2).mean(0)) ** 0.5 + (np.ptp(a, 0) == 0)) for x in (a, b)
        ),
    ],
}


@pytest.mark.every_sixth
@pytest.mark.parametrize(("name", "n"), [(name, n) for name in RIGHT for n in range(len(RIGHT[name]))])
def test_right_repairs_in_any_style_are_accepted(name: str, n: int) -> None:
    [patient] = [patient for patient in CLINIC if patient.name == name]
    outcome = patient.check(RIGHT[name][n])
    assert outcome.kind == "right", outcome


def off_by(solution: Function, change: Callable[[Any], Any]) -> Function:
    """Return a solution whose first result is changed."""

    def changed(*args: Any) -> Any:
        result = solution(*args)
        return (change(result[0]), *result[1:]) if isinstance(result, tuple) else change(result)

    return changed


def remembering(solution: Function) -> Function:
    """Return a solution that gives its first answer again and again."""
    kept: list[Any] = []

    def first(*args: Any) -> Any:
        kept.append(solution(*args))
        return kept[0]

    return first


def in_float32(solution: Function) -> Function:
    return lambda *args: solution(
        *(a.astype(np.float32) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in args)
    )


def bias(change: Function) -> Function:
    return lambda X, Y, W, b: (gradients(X, Y, W, b)[0], change((softmax(X @ W + b) - Y) / len(X)))


def masked(mask: Callable[[Any], Any]) -> Function:
    return lambda X, H, dL_dZ, W: X.T @ (dL_dZ @ W.T * mask(H))


def of_probability(log: Callable[[Any], Any]) -> Function:
    return lambda Z, Y: -log(softmax(Z)[Y == 1]).mean()


def with_penalty(change: Function) -> Function:
    return lambda X, Y, W, b, l2: change(*gradients(X, Y, W, b), W, b, l2, len(X))


def scaled(mean: Callable[[Any], Any], deviation: Callable[[Any], Any]) -> Function:
    return lambda a, b: tuple((x - mean(a)) / deviation(a) for x in (a, b))


def in_order(order: Function) -> Function:
    def shuffle(X, labels, rng):
        new = order(len(X), rng)
        return X[new], labels[new]

    return shuffle


def in_place(X, labels, rng):
    order = rng.permutation(len(X))
    X[:], labels[:] = X[order], labels[order]
    return X, labels


def two_swapped(N, rng):
    order = np.arange(N)
    if N > 1:
        i, j = rng.choice(N, 2, replace=False)
        order[[i, j]] = order[[j, i]]
    return order


def one_half(N, rng):
    return np.concatenate([rng.permutation(N // 2), np.arange(N // 2, N)])


def both_halves(N, rng):
    return np.concatenate([rng.permutation(N // 2), N // 2 + rng.permutation(N - N // 2)])


def naive_swaps(N, rng):
    order = np.arange(N)
    for n in range(N):
        m = rng.integers(N)
        order[[n, m]] = order[[m, n]]
    return order


def in_a_cycle(N, rng):
    """Sattolo's algorithm: no example stays where it was."""
    order = np.arange(N)
    for n in range(N - 1, 0, -1):
        m = rng.integers(n)
        order[[n, m]] = order[[m, n]]
    return order


def within_each_class(X, labels, rng):
    order = np.arange(len(X))
    for label in set(labels.tolist()):
        mine = np.flatnonzero(labels == label)
        order[mine] = rng.permutation(mine)
    return X[order], labels[order]


def within_sorted_classes(X, labels, rng):
    order = np.lexsort((rng.random(len(X)), labels))
    return X[order], labels[order]


def odd_places(N, rng):
    order = np.arange(N)
    order[1::2] = rng.permutation(order[1::2])
    return order


def neighbours_swapped(N, rng):
    order = np.arange(N)
    n = rng.integers(max(N - 1, 1))
    order[n : n + 2] = order[n : n + 2][::-1]
    return order


def never_the_first(N, rng):
    order = rng.permutation(N)
    return np.roll(order, 1) if order[0] == 0 else order


_own = np.random.default_rng(0)
_orders: dict[int, Any] = {}
ORDERS: dict[str, Function] = {
    "identity": lambda N, rng: np.arange(N),
    "reversed": lambda N, rng: np.arange(N)[::-1],
    "rolled": lambda N, rng: np.roll(np.arange(N), 1),
    "rolled at random": lambda N, rng: np.roll(np.arange(N), rng.integers(N)),
    "rolled or reversed": lambda N, rng: np.roll(np.arange(N), rng.integers(N))[:: rng.choice([1, -1])],
    "two stacks exchanged": lambda N, rng: np.roll(np.arange(N), N // 2 * rng.integers(2)),
    **{f"seed {s}": lambda N, rng, s=s: np.random.default_rng(s).permutation(N) for s in (0, 1, 42)},
    "legacy seed": lambda N, rng: np.random.RandomState(0).permutation(N),
    "the global generator": lambda N, rng: np.random.permutation(N),  # noqa: NPY002
    "a generator of its own, kept": lambda N, rng: _own.permutation(N),
    "a generator of its own, fresh": lambda N, rng: np.random.default_rng().permutation(N),
    "a copy of the generator": lambda N, rng: copy.deepcopy(rng).permutation(N),
    "kept for each size": lambda N, rng: _orders.setdefault(N, rng.permutation(N)),
    "two swapped": two_swapped,
    "neighbours swapped": neighbours_swapped,
    "one half": one_half,
    "both halves": both_halves,
    "odd places": odd_places,
    "naive swaps": naive_swaps,
    "a cycle": in_a_cycle,
    "never the first": never_the_first,
    "noise with ties": lambda N, rng: np.argsort(rng.random(N).round(1), kind="stable"),
    "noise added to the place": lambda N, rng: np.argsort(np.arange(N) + rng.normal(size=N) * 3),
    "only few": lambda N, rng: rng.permutation(N) if N < 100 else np.arange(N),
    "only few, else one half": lambda N, rng: rng.permutation(N) if N < 100 else one_half(N, rng),
    "only few, else rolled": lambda N, rng: rng.permutation(N) if N < 100 else np.roll(np.arange(N), rng.integers(N)),
    "with replacement": lambda N, rng: rng.integers(N, size=N),
    "choice with replacement": lambda N, rng: rng.choice(N, N),
    "one doubled": lambda N, rng: np.append(rng.permutation(N)[:-1], 0),
    "one lost": lambda N, rng: rng.permutation(N)[:-1],
}
FLOORS = [10.0**-n for n in range(2, 9)]
WRONG: dict[str, dict[str, Function]] = {
    "patient_1": {
        "0": bias(lambda G: np.zeros(G.shape[1])),
        "ones": bias(lambda G: np.ones(G.shape[1])),
        "one sum": bias(lambda G: G.sum()),
        "one sum, K times": bias(lambda G: np.full(G.shape[1], G.sum())),
        "over the classes": bias(lambda G: G.sum(axis=1)),
        "a row": bias(lambda G: G.sum(axis=0, keepdims=True)),
        "the mean again": bias(lambda G: G.mean(axis=0)),
        "the sum": bias(lambda G: G.sum(axis=0) * len(G)),
        "the first row": bias(lambda G: G[0]),
        "the largest": bias(lambda G: G.max(axis=0)),
        "absolute": bias(lambda G: np.abs(G.sum(axis=0))),
        "not shifted": lambda X, Y, W, b: gradients(X, Y, W, b) if (np.abs(X @ W) < 500).all() else (W, b),
        "K from the batch": lambda X, Y, W, b: gradients(X, Y, W, b) if Y[:, -1].any() else (W, b),
        "the parameters": lambda X, Y, W, b: (W, b),
    },
    "patient_2": {
        "no mask": masked(np.ones_like),
        "at 0 too": masked(lambda H: H >= 0),
        "inverted": masked(lambda H: H <= 0),
        "half at 0": masked(lambda H: np.heaviside(H, 0.5)),
        "the activation": masked(lambda H: H),
        "of the whole unit": masked(lambda H: (H > 0).any(axis=0)),
        "of the whole example": masked(lambda H: (H > 0).any(axis=1, keepdims=True)),
        "leaky": masked(lambda H: np.where(H > 0, 1, 0.01)),
        "a soft step": masked(lambda H: np.minimum(H * 1e12, 1)),
        "tanh": masked(lambda H: np.tanh(1e9 * H)),
        "from the sums": lambda X, H, dL_dZ, W: X.T @ np.maximum(dL_dZ @ W.T, 0),
        "the mean again": lambda X, H, dL_dZ, W: X.T @ (dL_dZ @ W.T * (H > 0)) / len(X),
        **{f"above {e:g}": masked(lambda H, e=e: e < H) for e in FLOORS},
    },
    "patient_3": {
        "0": lambda Z, Y: 0.0,
        "log of the softmax": of_probability(np.log),
        "nothing for the hopeless": of_probability(lambda p: np.log(np.where(p > 0, p, 1))),
        "nan_to_num": of_probability(lambda p: np.nan_to_num(np.log(p), neginf=0)),
        "nan_to_num, huge": of_probability(lambda p: np.nan_to_num(np.log(p))),
        "the finite ones": of_probability(lambda p: np.log(p[p > 0])),
        "at most 700": lambda Z, Y: min(loss_by_rows(Z, Y), 700.0),
        "the smallest float": of_probability(lambda p: np.log(np.maximum(p, np.finfo(float).tiny))),
        "not shifted": lambda Z, Y: (np.log(np.exp(Z).sum(axis=1)) - Z[Y == 1]).mean(),
        "one maximum": lambda Z, Y: (np.log(np.exp(Z - Z.max()).sum(axis=1)) + Z.max() - Z[Y == 1]).mean(),
        "the mean as shift": lambda Z, Y: (
            np.log(np.exp(Z - Z.mean(1)[:, None]).sum(axis=1)) + Z.mean(1) - Z[Y == 1]
        ).mean(),
        "logits cut off": lambda Z, Y: loss_by_rows(np.clip(Z, -700, 700), Y),
        "sum": lambda Z, Y: loss_by_rows(Z, Y) * len(Z),
        "mean of all entries": lambda Z, Y: -(Y * log_softmax(Z, axis=1)).mean(),
        **{f"{e:g} added": of_probability(lambda p, e=e: np.log(p + e)) for e in (*FLOORS, 1e-12, 1e-16)},
        **{f"at least {e:g}": of_probability(lambda p, e=e: np.log(np.clip(p, e, 1))) for e in (*FLOORS, 1e-15)},
        **{f"kept {e:g} away": of_probability(lambda p, e=e: np.log(np.clip(p, e, 1 - e))) for e in FLOORS},
    },
    "patient_4": {
        "twice": with_penalty(lambda dW, db, W, b, l2, N: (dW + 2 * l2 * W, db)),
        "half": with_penalty(lambda dW, db, W, b, l2, N: (dW + l2 / 2 * W, db)),
        "none": with_penalty(lambda dW, db, W, b, l2, N: (dW, db)),
        "minus": with_penalty(lambda dW, db, W, b, l2, N: (dW - l2 * W, db)),
        "in the mean": with_penalty(lambda dW, db, W, b, l2, N: (dW + l2 * W / N, db)),
        "alone": with_penalty(lambda dW, db, W, b, l2, N: (l2 * W, db)),
        "of the bias too": with_penalty(lambda dW, db, W, b, l2, N: (dW + l2 * W, db + l2 * b)),
        "of the bias alone": with_penalty(lambda dW, db, W, b, l2, N: (dW, db + l2 * b)),
        "the sign of W": with_penalty(lambda dW, db, W, b, l2, N: (dW + l2 * np.sign(W), db)),
        "the norm": with_penalty(lambda dW, db, W, b, l2, N: (dW + l2 * W / np.linalg.norm(W), db)),
        "a sum": with_penalty(lambda dW, db, W, b, l2, N: (dW + l2 * W.sum(), db)),
        "a strength of its own": with_penalty(lambda dW, db, W, b, l2, N: (dW + 0.5 * W, db)),
        "at most 1": with_penalty(lambda dW, db, W, b, l2, N: (dW + min(l2, 1) * W, db)),
        "if strong": with_penalty(lambda dW, db, W, b, l2, N: (dW + (l2 > 1e-5) * l2 * W, db)),
    },
    "patient_5": {
        "the patient": lambda Z: sp_softmax(Z, axis=0),
        "columns, then rows": lambda Z: sp_softmax(Z, axis=0) / sp_softmax(Z, axis=0).sum(axis=1, keepdims=True),
        "all together": lambda Z: sp_softmax(Z),
        "not shifted": lambda Z: np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True),
        "one maximum": lambda Z: np.exp(Z - Z.max()) / np.exp(Z - Z.max()).sum(axis=1, keepdims=True),
        "of the transpose": lambda Z: sp_softmax(Z.T, axis=1).T,
        "nan_to_num": lambda Z: np.nan_to_num(np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)),
        "a hard one": lambda Z: (Z.max(axis=1, keepdims=True) == Z).astype(float),
        "sigmoid": lambda Z: 1 / (1 + np.exp(-Z)),
        **{f"at least {e:g}": lambda Z, e=e: np.maximum(softmax(Z), e) for e in FLOORS},
        **{f"{e:g} below": lambda Z, e=e: np.exp(Z) / (np.exp(Z).sum(axis=1, keepdims=True) + e) for e in FLOORS},
    },
    "patient_6": {
        "the patient": lambda Y_hat, Y: ((Y_hat * Y).sum(axis=1, keepdims=True) - Y) / len(Y),
        "the sum": lambda Y_hat, Y: Y_hat - Y,
        "sign": lambda Y_hat, Y: (Y - Y_hat) / len(Y),
        "the correct class alone": lambda Y_hat, Y: Y * (Y_hat - 1) / len(Y),
        "the wrong classes alone": lambda Y_hat, Y: Y_hat * (1 - Y) / len(Y),
        "all rows with the first label": lambda Y_hat, Y: (Y_hat - Y[0]) / len(Y),
        "by the classes": lambda Y_hat, Y: (Y_hat - Y) / Y.shape[1],
        "at zero weights": lambda Y_hat, Y: (1 / Y.shape[1] - Y) / len(Y),
        "the slope by the probabilities": lambda Y_hat, Y: -Y / np.maximum(Y_hat, 1e-12) / len(Y),
        "of the sigmoid": lambda Y_hat, Y: (Y_hat - Y) * Y_hat * (1 - Y_hat) / len(Y),
        "rows made to sum to 0": lambda Y_hat, Y: (Y_hat.mean(axis=1, keepdims=True) - Y) / len(Y),
        **{f"kept {e:g} away": lambda Y_hat, Y, e=e: (np.clip(Y_hat, e, 1 - e) - Y) / len(Y) for e in FLOORS},
        **{f"0 below {e:g}": lambda Y_hat, Y, e=e: (np.where(Y_hat < e, 0, Y_hat) - Y) / len(Y) for e in FLOORS},
    },
    "patient_7": {
        **{name: in_order(order) for name, order in ORDERS.items()},
        "X alone": lambda X, labels, rng: (rng.permutation(X), labels),
        "labels alone": lambda X, labels, rng: (X, rng.permutation(labels)),
        "apart": lambda X, labels, rng: (rng.permutation(X), rng.permutation(labels)),
        "two orders": lambda X, labels, rng: (X[rng.permutation(len(X))], labels[rng.permutation(len(X))]),
        "each feature by itself": lambda X, labels, rng: (rng.permuted(X, axis=0), labels),
        "features of a row": lambda X, labels, rng: (rng.permutation(X, axis=1), labels),
        "sorted by label": lambda X, labels, rng: (X[labels.argsort()], np.sort(labels)),
        "sorted by feature": lambda X, labels, rng: (X[X[:, 0].argsort()], labels[X[:, 0].argsort()]),
        "in place": in_place,
        "within each class": within_each_class,
        "within sorted classes": within_sorted_classes,
        "labels all 0": lambda X, labels, rng: (rng.permutation(X), 0 * labels),
        "X all 0": lambda X, labels, rng: (0 * X, rng.permutation(labels)),
        "labels as a column": lambda X, labels, rng: (X, labels[:, None]),
        "the labels first": lambda X, labels, rng: by_permutation(X, labels, rng)[::-1],
        "X in float32": lambda X, labels, rng: off_by(by_permutation, lambda X: X.astype(np.float32))(X, labels, rng),
        "lists": lambda X, labels, rng: tuple(list(part) for part in by_permutation(X, labels, rng)),
    },
    "patient_8": {
        "the mean of all": lambda a, b: tuple((x - np.vstack([a, b]).mean(0)) / a.std(0) for x in (a, b)),
        "each by itself": lambda a, b: tuple((x - x.mean(0)) / x.std(0) for x in (a, b)),
        "the test set's": lambda a, b: tuple((x - b.mean(0)) / b.std(0) for x in (a, b)),
        "nothing for the test set": lambda a, b: ((a - a.mean(0)) / a.std(0), b),
        "one number for all": scaled(np.mean, np.std),
        "by rows": lambda a, b: tuple((x - x.mean(1)[:, None]) / x.std(1)[:, None] for x in (a, b)),
        "N - 1": scaled(lambda a: a.mean(0), lambda a: a.std(0, ddof=1)),
        "variance": scaled(lambda a: a.mean(0), lambda a: a.var(0) + (a.var(0) == 0)),
        "0/0": scaled(lambda a: a.mean(0), lambda a: a.std(0)),
        "median": scaled(lambda a: np.median(a, axis=0), lambda a: a.std(0) + (a.std(0) == 0)),
        "range": scaled(lambda a: a.min(0), lambda a: np.ptp(a, 0) + (np.ptp(a, 0) == 0)),
        "nan_to_num": lambda a, b: tuple(np.nan_to_num((x - a.mean(0)) / a.std(0)) for x in (a, b)),
        "at most 3": lambda a, b: tuple(np.clip(x, -3, 3) for x in with_scikit_learn(a, b)),
        **{f"{e:g} added": scaled(lambda a: a.mean(0), lambda a, e=e: a.std(0) + e) for e in FLOORS},
        **{f"at least {e:g}": scaled(lambda a: a.mean(0), lambda a, e=e: np.maximum(a.std(0), e)) for e in FLOORS},
        **{
            f"1 below {e:g}": scaled(lambda a: a.mean(0), lambda a, e=e: np.where(a.std(0) < e, 1, a.std(0)))
            for e in (0.1, *FLOORS)
        },
    },
}


@pytest.mark.every_sixth
@pytest.mark.parametrize(("name", "cheat"), [(name, cheat) for name in WRONG for cheat in WRONG[name]])
def test_wrong_repairs_are_refused(name: str, cheat: str) -> None:
    [patient] = [patient for patient in CLINIC if patient.name == name]
    outcome = patient.check(WRONG[name][cheat])
    usual = {"wrong", "recognised", "raised", "wrong_shape", "changed_input", "not_repeatable"}
    assert outcome.kind in usual | {{"lists": "wrong_type", "the labels first": "wrong_signature"}.get(cheat)}, outcome
    assert "make sense" not in outcome.message  # the check itself did not stumble


@PATIENTS
def test_cheap_changes_of_the_solution_are_refused(patient: Exercise) -> None:
    solution = patient.reference
    cheats: list[Function] = [
        remembering(solution),
        in_float32(solution),
        off_by(solution, lambda value: value * 0),
        off_by(solution, lambda value: value + 1e-6),
        off_by(solution, lambda value: value * (1 + 1e-6)),
        off_by(solution, lambda value: np.round(value, 6)),
        *(lambda *args, n=n: args[n] for n in range(len(patient.arguments))),
        lambda *args: args,
        lambda *args: 0,
        lambda *args: np.zeros((2, 2)),
    ]
    for number, cheat in enumerate(cheats):
        assert patient.check(cheat).kind not in {"right", "not_started"}, number


@pytest.mark.parametrize(
    ("order", "mistake"),
    [
        *((order, "nothing_moves") for order in ("identity",)),
        *((order, "one_order") for order in ("reversed", "rolled", "seed 0", "seed 1", "seed 42", "legacy seed")),
        *((order, "own_chance") for order in ("the global generator", "a generator of its own, kept")),
        ("a copy of the generator", "generator_left_as_it_was"),
        *((order, "missing_orders") for order in ("two swapped", "one half", "both halves", "a cycle", "odd places")),
        *((order, "uneven") for order in ("naive swaps", "noise with ties", "noise added to the place")),
        *((order, "only_small") for order in ("only few", "only few, else one half", "only few, else rolled")),
    ],
)
def test_what_a_shuffle_lacks_is_named(order: str, mistake: str) -> None:
    outcome = CLINIC[6].check(in_order(ORDERS[order]))
    assert outcome.mistake == f"patient_7.{mistake}", outcome


def test_a_generator_by_any_seed_gives_the_same_orders() -> None:
    """Each pass has another order, which only counts how often the function was called with this generator."""
    counts: dict[int, Any] = {}
    kept: list[Any] = []  # so that no two generators share an id

    def by_count(N: int, rng: np.random.Generator) -> Any:
        kept.append(rng)
        own = counts.setdefault(id(rng), np.random.default_rng(0))
        return own.permutation(N)

    outcome = CLINIC[6].check(in_order(by_count))
    assert outcome.mistake == "patient_7.own_chance"
    assert "different seeds" in outcome.message


def test_pairs_that_get_lost_later_are_seen() -> None:
    def forgetful(N_calls: int, then: Function) -> Function:
        calls = itertools.count()
        return lambda X, labels, rng: (by_permutation if next(calls) < N_calls else then)(X, labels, rng)

    def fails(X: Any, labels: Any, rng: Any) -> Any:
        raise ValueError("enough shuffled")

    apart = WRONG["patient_7"]["apart"]
    doubled = in_order(ORDERS["with replacement"])
    for then in (apart, doubled, lambda X, labels, rng: (X[1:], labels[1:]), lambda X, labels, rng: "mixed"):
        outcome = CLINIC[6].check(forgetful(100, then))
        assert outcome.kind in {"wrong", "raised"}
        assert "after it" in outcome.message or "followed another" in outcome.message
    lost = CLINIC[6].check(forgetful(20, lambda X, labels, rng: (X[:, : 1 if len(X) == 4 else None], labels)))
    assert lost.title == "the first pass is right; after it, examples or labels get lost."
    outcome = CLINIC[6].check(forgetful(100, fails))
    assert outcome.kind == "raised"
    assert "enough shuffled" in outcome.message


def test_a_lost_pair_is_shown() -> None:
    check = CLINIC[6].check
    message = check(lambda X, labels, rng: (rng.permutation(X), 0 * labels)).message
    assert "with label 2" in message
    assert "with label 0" in message
    assert "Every example is there, but not every label" in message
    message = check(lambda X, labels, rng: (0 * X, labels)).message
    assert "is not there" in message
    assert "not among yours" in message
    message = check(lambda X, labels, rng: (X, labels[::-1])).message
    assert "Every example and every label is there, but not together." in message


def test_labels_that_became_floats_are_mentioned() -> None:
    def left_as_floats(X: Any, labels: Any, rng: Any) -> Any:
        both = np.column_stack([X, labels])
        rng.shuffle(both)
        return both[:, :-1], both[:, -1]

    outcome = CLINIC[6].check(left_as_floats)
    assert outcome.kind == "right"
    assert "one_hot wants whole numbers" in outcome.message
    assert "float" not in CLINIC[6].check(stacked).message


def test_no_trick_is_praised_as_a_shuffle() -> None:
    """As in test_adversary.py for every other exercise; here it is the pairs that are compared."""
    patient = CLINIC[6]
    probes = [Probe(arguments_of(patient, seed)) for seed in range(BATCHES)]
    by_name = dict(tricks(patient))
    praised = [name for name in by_name if patient.examine(by_name[name]).kind == "right"]
    with np.errstate(all="ignore"):
        wrongly = [
            name
            for name in praised
            if not all(patient._is_right(p, patient._observe(by_name[name], p)) for p in probes)
        ]
    assert not wrongly, wrongly


class Repaired:
    """What a learner may hand in by mistake."""

    def __call__(self, *args: Any) -> None:
        return None


def stops(*args: Any) -> None:
    raise SystemExit


def divides(*args: Any) -> float:
    return 1 / 0


@PATIENTS
@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (divides, "raised", "ZeroDivisionError: division by zero"),
        (stops, "raised", "exit()"),
        (Repaired(), "returned_nothing", "returned None"),
        (lambda *args: print("here"), "returned_nothing", "returned None"),
        (lambda *args: "repaired", "wrong_type", "a str"),
        (lambda *args: {"W": 1}, "wrong_type", "a dict"),
        (lambda *args: np.zeros((1, 2, 3)), "wrong_shape", "shape"),
        (lambda: 3, "wrong_signature", "it takes ()"),
        (Repaired, "wrong_signature", "it takes ()"),
        (np.zeros(3), "not_a_function", "an ndarray"),
        ("repaired", "not_a_function", "a str"),
        (None, "not_started", "not started"),
        (..., "not_started", "not started"),
    ],
)
def test_odd_answers_get_a_clear_sentence(patient: Exercise, answer: object, kind: str, says: str) -> None:
    outcome = patient.check(answer)
    assert outcome.kind == kind, outcome
    assert says in outcome.message
    assert "Traceback" not in outcome.message
