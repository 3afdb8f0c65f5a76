"""What learners hand in: for each mistake on record, code that makes it, written without looking at the record.

Where the record uses matrices these use loops, and the other way round; SciPy's softmax stands in for ours. If
somebody changes a mistake's code, what stands here is no longer recognised as that mistake.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import entr, expit, log_softmax, logsumexp, rel_entr, xlogy
from scipy.special import softmax as sp_softmax
from sklearn.preprocessing import StandardScaler

LEARNERS: dict[str, Callable[..., Any]] = {}
RIGHT: dict[str, list[Callable[..., Any]]] = {}


def learner(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        LEARNERS[name] = function
        return function

    return keep


def right(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        RIGHT.setdefault(name, []).append(function)
        return function

    return keep


def rows(function: Callable[..., Any]) -> Callable[..., Any]:
    """Apply a function of one row to each row of all arguments."""
    return lambda *batches: np.array([function(*row) for row in zip(*batches, strict=True)])


def pick(P: Any, labels: Any) -> Any:
    return np.array([P[n, int(c)] for n, c in enumerate(labels)])


def classes(Y: Any) -> Any:
    return np.nonzero(Y)[1]


# one_hot


@right("one_hot")
def _(labels, K):
    return np.eye(K)[labels]


@right("one_hot")
def _(labels, K, dtype=int):
    return (np.arange(K) == np.reshape(labels, (-1, 1))).astype(dtype)


@right("one_hot")
def _(labels, K):
    Y = []
    for c in labels:
        Y.append([float(k == c) for k in range(K)])
    return np.array(Y)


@learner("one_hot.width_from_batch")
def _(labels, K):
    Y = np.zeros((labels.size, max(labels) + 1))
    for n, c in enumerate(labels):
        Y[n, c] = 1
    return Y


@learner("one_hot.classes_present")
def _(labels, K):
    present = sorted(set(labels.tolist()))
    Y = np.zeros((len(labels), len(present)))
    for n, c in enumerate(labels):
        Y[n, present.index(c)] = 1.0
    return Y


@learner("one_hot.transposed")
def _(labels, K):
    Y = np.zeros((K, len(labels)))
    Y[labels, range(len(labels))] = 1
    return Y


@learner("one_hot.labels_from_1")
def _(labels, K):
    return np.eye(K)[labels - 1]


@learner("one_hot.off_by_one")
def _(labels, K):
    return np.roll(np.eye(K)[labels], 1, axis=1)


@learner("one_hot.whole_columns")
def _(labels, K):
    return np.tile([1.0 if k in labels else 0.0 for k in range(K)], (len(labels), 1))


@learner("one_hot.rows_by_label")
def _(labels, K):
    Y = np.zeros((len(labels), K))
    for c in labels:
        Y[c, :] = 1
    return Y


@learner("one_hot.complement")
def _(labels, K):
    return (labels[:, None] != np.arange(K)).astype(float)


@learner("one_hot.label_as_value")
def _(labels, K):
    return np.eye(K)[labels] * labels[:, None]


@learner("one_hot.renumbered")
def _(labels, K):
    seen = sorted(set(labels.tolist()))
    return np.array([[float(seen.index(c) == k) for k in range(K)] for c in labels])


@learner("one_hot.sorted")
def _(labels, K):
    return np.repeat(np.eye(K), np.bincount(labels, minlength=K), axis=0)


@learner("one_hot.column_by_row")
def _(labels, K):
    Y = np.zeros((len(labels), K))
    for n, c in enumerate(labels):
        Y[c, n] = 1
    return Y


LEARNERS["one_hot.labels_back"] = lambda labels, K: np.array(labels, float)

# softmax


@right("softmax")
def _(Z):
    return sp_softmax(Z, axis=1)


@right("softmax")
def _(Z):
    Y_hat = np.zeros(Z.shape)
    for n in range(Z.shape[0]):
        total = sum(np.exp(z - max(Z[n])) for z in Z[n])
        for k in range(Z.shape[1]):
            Y_hat[n][k] = np.exp(Z[n][k] - max(Z[n])) / total
    return Y_hat


@right("softmax")
def _(Z, axis=-1, **ignored):
    E = np.exp(Z.astype(float) - np.amax(Z, axis, keepdims=True))
    return np.einsum("nk,n->nk", E, 1 / np.einsum("nk->n", E))


@right("softmax")
def _(Z):
    return np.exp(log_softmax(Z, axis=1))


@right("softmax")
def _(Z):
    return np.exp(Z - logsumexp(Z, axis=1, keepdims=True))


@right("softmax")
def _(Z):
    shifted = np.asarray(Z, dtype=float) - np.sort(Z, axis=1)[:, -1:]
    powers = np.power(np.e, shifted)
    return (powers.T / powers.sum(axis=1)).T


@right("softmax")
def _(Z):
    return np.nan_to_num(np.apply_along_axis(sp_softmax, 1, Z))  # nothing is there to be replaced


LEARNERS |= {
    "softmax.other_shift": rows(lambda z: np.exp(z - np.median(z)) / sum(np.exp(z - np.median(z)))),
    "softmax.cut_off": rows(lambda z: np.exp(np.clip(z, -700, 700)) / np.exp(np.clip(z, -700, 700)).sum()),
    "softmax.epsilon": rows(lambda z: np.exp(z - max(z)) / (1e-7 + sum(np.exp(z - max(z))))),
    "softmax.floor": lambda Z: np.maximum(1e-15, sp_softmax(Z, axis=1)),
    "softmax.axis_0": lambda Z: sp_softmax(Z, axis=0),
    "softmax.global_sum": lambda Z: sp_softmax(Z),
    "softmax.no_keepdims": lambda Z: np.exp(Z - np.max(Z)) / np.sum(np.exp(Z - np.max(Z)), axis=1),
    "softmax.no_shift": rows(lambda z: np.exp(z) / sum(np.exp(z))),
    "softmax.global_max": lambda Z: rows(lambda z: np.exp(z - np.max(Z)) / sum(np.exp(z - np.max(Z))))(Z),
    "softmax.max_with_zero": rows(lambda z: np.exp(z - max(0, *z)) / np.exp(z - max(0, *z)).sum()),
    "softmax.column_max": lambda Z: sp_softmax(Z - [max(column) for column in Z.T], axis=1),
    "softmax.twice": lambda Z: sp_softmax(sp_softmax(Z, axis=1), axis=1),
    "softmax.base_2": lambda Z: sp_softmax(Z * np.log(2), axis=1),
    "softmax.minus": lambda Z: sp_softmax(-Z, axis=1),
    "softmax.no_exp": rows(lambda z: z / sum(z)),
    "softmax.not_normalised": lambda Z: np.e**Z,
    "softmax.log_softmax": lambda Z: log_softmax(Z, axis=1),
    "softmax.sigmoid": expit,
    "softmax.hard_max": lambda Z: np.eye(Z.shape[1])[np.argmax(Z, axis=1)],
}


@learner("softmax.nan_hidden")
def _(Z):
    Y_hat = np.exp(Z) / np.exp(Z).sum(axis=1)[:, None]
    Y_hat[np.isnan(Y_hat)] = 0
    return Y_hat


@learner("softmax.integer_buffer")
def _(Z):
    Y_hat = Z.copy()
    for n, z in enumerate(Z):
        Y_hat[n] = sp_softmax(z)
    return Y_hat


@learner("softmax.changes_argument")
def _(Z):
    for n in range(len(Z)):
        Z[n] -= max(Z[n])
    return np.exp(Z) / np.exp(Z).sum(axis=1)[:, None]


# cross_entropy


@right("cross_entropy")
def _(Y_hat, Y):
    return sum(-np.log(Y_hat[n, c]) for n, c in enumerate(classes(Y))) / len(Y)


@right("cross_entropy")
def _(Y_hat, Y):
    return np.mean(-np.log(np.einsum("nk,nk->n", Y_hat, Y)), keepdims=False)


@right("cross_entropy")
def _(Y_hat, Y):
    class Loss(float):
        pass

    return Loss(rel_entr(Y, Y_hat).sum() / Y.shape[0])


@right("cross_entropy")
def _(Y_hat, Y):
    return np.mean([np.log(1 / p) if p else np.inf for p in (Y_hat * Y).sum(axis=1)])


@right("cross_entropy")
def _(Y_hat, Y):
    return -np.log(Y_hat, where=Y > 0, out=np.zeros(Y.shape)).sum() / len(Y)


@right("cross_entropy")
def _(Y_hat, Y):
    return -xlogy(Y, Y_hat).sum(axis=1).mean()


@right("cross_entropy")
def _(Y_hat, Y):
    return -np.nansum(Y * np.log(Y_hat)) / len(Y)  # 0 · −∞ is left out, 1 · −∞ is not


LEARNERS |= {
    "cross_entropy.masked": lambda P, Y: -sum(np.log(p) for p in pick(P, classes(Y)) if p > 0) / len(P),
    "cross_entropy.infinity_hidden": lambda P, Y: -np.nan_to_num(Y * np.log(P)).sum() / len(P),
    "cross_entropy.sum": lambda P, Y: -sum(np.log(pick(P, classes(Y)))),
    "cross_entropy.mean_of_all": lambda P, Y: -(Y * np.log(P)).mean(),
    "cross_entropy.sign": lambda P, Y: (Y * np.log(P)).sum(axis=1).mean(),
    "cross_entropy.per_example": lambda P, Y: -(Y * np.log(P)).sum(axis=1),
    "cross_entropy.log2": lambda P, Y: -sum(np.log2(pick(P, classes(Y)))) / len(P),
    "cross_entropy.log10": lambda P, Y: -sum(np.log10(pick(P, classes(Y)))) / len(P),
    "cross_entropy.log_of_mean": lambda P, Y: np.log(len(P)) - np.log(sum(pick(P, classes(Y)))),
    "cross_entropy.binary": lambda P, Y: -np.log(np.where(Y == 1, P, 1 - P)).sum() / len(P),
    "cross_entropy.squared_error": lambda P, Y: np.mean(np.linalg.norm(P - Y, axis=1) ** 2),
    "cross_entropy.no_log": lambda P, Y: np.mean(1 - (Y * P).sum(axis=1)),
    "cross_entropy.entropy": lambda P, Y: entr(P).sum() / len(P),
    "cross_entropy.most_probable": lambda P, Y: np.mean([-np.log(max(p)) for p in P]),
    "cross_entropy.two_lists": lambda P, Y: np.mean([-np.log(p[c]) for p in P for c in classes(Y)]),
    "cross_entropy.softmax_inside": lambda P, Y: -(Y * log_softmax(P, axis=1)).sum() / len(P),
    "cross_entropy.zero_times_infinity": lambda P, Y: np.mean(np.sum(-Y * np.log(P), axis=1)),
    "cross_entropy.epsilon": lambda P, Y: -np.mean(np.sum(Y * np.log(P + 1e-8), axis=1)),
}

# cross_entropy_from_logits


@right("cross_entropy_from_logits")
def _(Z, labels):
    return np.mean(logsumexp(Z, axis=1) - pick(Z, labels))


@right("cross_entropy_from_logits")
def _(Z, labels):
    return -sum(log_softmax(z)[c] for z, c in zip(Z, labels, strict=True)) / len(Z)


@right("cross_entropy_from_logits")
def _(Z, labels):
    Y = np.eye(Z.shape[1])[labels]
    return np.einsum("nk,nk->", Y, -log_softmax(Z, axis=1)) / len(Z)


@right("cross_entropy_from_logits")
def _(Z, labels):
    return np.mean(
        [
            np.log1p(sum(np.exp(np.delete(z, c) - z[c]))) if z[c] == max(z) else logsumexp(z) - z[c]
            for z, c in zip(Z, labels, strict=True)
        ]
    )


@right("cross_entropy_from_logits")
def _(Z, labels):
    Z = (Z.T - Z.max(axis=1)).T
    return (np.logaddexp.reduce(Z, axis=1) - np.take_along_axis(Z, labels[:, None], axis=1)[:, 0]).mean()


LEARNERS |= {
    "cross_entropy_from_logits.global_max": lambda Z, y: np.mean(
        np.log(np.exp(Z - np.max(Z)).sum(axis=1)) + np.max(Z) - pick(Z, y)
    ),
    "cross_entropy_from_logits.other_shift": lambda Z, y: np.mean(
        [np.log(sum(np.exp(z - np.mean(z)))) + np.mean(z) - z[c] for z, c in zip(Z, y, strict=True)]
    ),
    "cross_entropy_from_logits.cut_off": lambda Z, y: np.mean(
        logsumexp(np.clip(Z, -300, 300), axis=1) - pick(np.clip(Z, -300, 300), y)
    ),
    "cross_entropy_from_logits.masked": lambda Z, y: (
        -np.mean([np.log(p) if p > 0 else 0.0 for p in pick(sp_softmax(Z, axis=1), y)])
    ),
    "cross_entropy_from_logits.infinity_hidden": lambda Z, y: (
        -np.mean(np.nan_to_num(np.log(pick(sp_softmax(Z, axis=1), y))))
    ),
    "cross_entropy_from_logits.width_from_batch": lambda Z, y: (
        -np.mean(np.sum((y[:, None] == np.arange(max(y) + 1)) * log_softmax(Z, axis=1), axis=1))
    ),
    "cross_entropy_from_logits.log_of_softmax": lambda Z, y: -np.log(pick(sp_softmax(Z, axis=1), y)).mean(),
    "cross_entropy_from_logits.no_shift": lambda Z, y: (-pick(Z, y) + np.log(sum(np.exp(Z.T)))).mean(),
    "cross_entropy_from_logits.sum": lambda Z, y: sum(logsumexp(Z, axis=1) - pick(Z, y)),
    "cross_entropy_from_logits.sign": lambda Z, y: pick(log_softmax(Z, axis=1), y).mean(),
    "cross_entropy_from_logits.label_as_number": lambda Z, y: -(y @ log_softmax(Z, axis=1)).sum() / len(y),
    "cross_entropy_from_logits.labels_from_1": lambda Z, y: np.mean(logsumexp(Z, axis=1) - pick(Z, y - 1)),
    "cross_entropy_from_logits.softmax_twice": lambda Z, y: np.mean(
        logsumexp(sp_softmax(Z, axis=1), axis=1) - pick(sp_softmax(Z, axis=1), y)
    ),
    "cross_entropy_from_logits.two_lists": lambda Z, y: np.mean([-log_softmax(z)[c] for z in Z for c in y]),
    "cross_entropy_from_logits.logit_alone": lambda Z, y: -sum(pick(Z, y)) / len(y),
    "cross_entropy_from_logits.epsilon": lambda Z, y: -np.log(pick(sp_softmax(Z, axis=1), y) + 1e-10).mean(),
}

# numerical_gradient


def nudging(value: Callable[..., Any]) -> Callable[..., Any]:
    """Return a gradient made of value(g), where g(t) is f with one entry moved by t."""

    def gradient(f, x):
        slopes = []
        for i in range(x.size):

            def g(t, i=i):
                moved = x.astype(float).ravel()
                moved[i] += t
                return f(moved.reshape(x.shape))

            slopes.append(value(g))
        return np.array(slopes).reshape(x.shape)

    return gradient


@right("numerical_gradient")
def _(f, x):
    x = np.array(x, dtype=float)
    gradient = np.empty(x.shape)
    for i in range(x.size):
        kept = x.flat[i]
        x.flat[i] = kept + 1e-5
        high = f(x)
        x.flat[i] = kept - 1e-5
        gradient.flat[i] = (high - f(x)) / 2e-5
        x.flat[i] = kept
    return gradient


@right("numerical_gradient")
def _(f, x, h=3e-6):
    moves = h * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([(f(x + m) - f(x - m)) / (h + h) for m in moves]).reshape(x.shape)


RIGHT["numerical_gradient"].append(
    nudging(lambda g: (-g(2e-3) + 8 * g(1e-3) - 8 * g(-1e-3) + g(-2e-3)) / 12e-3)  # a five-point rule
)


RIGHT["numerical_gradient"] += [nudging(lambda g, h=h: (g(h) - g(-h)) / (2 * h)) for h in (1e-4, 6e-6, 1e-6, 2e-7)]
RIGHT["numerical_gradient"] += [
    nudging(lambda g: (4 * (g(5e-4) - g(-5e-4)) / 1e-3 - (g(1e-3) - g(-1e-3)) / 2e-3) / 3),  # Richardson's
    nudging(lambda g: ((g(1e-5) - g(0)) / 1e-5 + (g(0) - g(-1e-5)) / 1e-5) / 2),
]


@right("numerical_gradient")
def _(f, x):
    gradient = np.zeros(x.shape)
    for i, value in np.ndenumerate(x):
        h = 6e-6 * max(1.0, abs(value))
        high, low = x.astype(float), x.astype(float)
        high[i], low[i] = value + h, value - h
        gradient[i] = (f(high) - f(low)) / (high[i] - low[i])
    return gradient


LEARNERS |= {
    "numerical_gradient.forward": nudging(lambda g: (g(1e-6) - g(0)) / 1e-6),
    "numerical_gradient.backward": nudging(lambda g: (g(0) - g(-1e-5)) / 1e-5),
    "numerical_gradient.two_missing": nudging(lambda g: (g(1e-5) - g(-1e-5)) / 1e-5),
    "numerical_gradient.h_too_large": nudging(lambda g: (g(0.1) - g(-0.1)) / 0.2),
    "numerical_gradient.h_too_small": nudging(lambda g: (g(1e-12) - g(-1e-12)) / 2e-12),
    "numerical_gradient.not_divided": nudging(lambda g: g(1e-3) - g(-1e-3)),
    "numerical_gradient.brackets": nudging(lambda g: (g(1e-3) - g(-1e-3)) / 2 * 1e-3),
    "numerical_gradient.sign": nudging(lambda g: (g(-1e-5) - g(1e-5)) / 2e-5),
    "numerical_gradient.alias": nudging(lambda g: (g(1e-5) - g(1e-5)) / 2e-5),
    "numerical_gradient.all_at_once": lambda f, x: np.ones_like(x) * (f(x + 1e-5) - f(x - 1e-5)) / 2e-5,
    "numerical_gradient.one_number": lambda f, x: (f(x + 1e-6) - f(x - 1e-6)) / 2e-6,
    "numerical_gradient.complex_step": lambda f, x: np.array(
        [f(x + 1e-30j * move.reshape(x.shape)).imag / 1e-30 for move in np.eye(x.size)]
    ).reshape(x.shape),
}


@learner("numerical_gradient.relative_step")
def _(f, x):
    slopes = []
    for i in range(x.size):
        h = 1e-4 * abs(x.flat[i])
        values = []
        for step in (h, -h):
            moved = x.astype(float).ravel()
            moved[i] += step
            values.append(f(moved.reshape(x.shape)))
        slopes.append((values[0] - values[1]) / (2 * h))
    return np.reshape(slopes, x.shape)


@learner("numerical_gradient.put_back_by_sums")
def _(f, x):
    flat, slopes = x.reshape(-1), []
    for i in range(len(flat)):
        flat[i] -= 1e-6
        low = f(x)
        flat[i] += 2e-6
        slopes.append((f(x) - low) / 2e-6)
        flat[i] -= 1e-6
    return np.reshape(slopes, x.shape)


@learner("numerical_gradient.not_restored")
def _(f, x):
    flat, slopes = x.reshape(-1), []
    for i in range(len(flat)):
        flat[i] += 1e-5
        high = f(x)
        flat[i] -= 2e-5
        low = f(x)
        slopes.append((high - low) / 2e-5)
    return np.reshape(slopes, x.shape)


@learner("numerical_gradient.whole_rows")
def _(f, x):
    slopes = []
    for i in range(x.shape[0]):
        high, low = x.astype(float), x.astype(float)
        high[i] += 1e-5
        low[i] -= 1e-5
        slopes.append(np.full(x[i].shape, (f(high) - f(low)) / 2e-5))
    return np.array(slopes)


@learner("numerical_gradient.half_restored")
def _(f, x):
    flat, slopes = x.reshape(-1), []
    for i in range(len(flat)):
        low = f(x)
        flat[i] += 1e-5
        slopes.append((f(x) - low) / 1e-5)
    return np.reshape(slopes, x.shape)


@learner("numerical_gradient.whole_number_nudge")
def _(f, x):
    slopes = []
    for i in range(x.size):
        high, low = x.copy(), x.copy()
        high.flat[i] = high.flat[i] + 1e-5
        low.flat[i] = low.flat[i] - 1e-5
        slopes.append((f(high) - f(low)) / 2e-5)
    return np.reshape(slopes, x.shape)


@learner("numerical_gradient.whole_number_result")
def _(f, x):
    gradient = x.copy()
    exact = nudging(lambda g: (g(1e-5) - g(-1e-5)) / 2e-5)(f, x)
    for i in range(x.size):
        gradient.flat[i] = exact.flat[i]
    return gradient


# dL_dYhat


@right("dL_dYhat")
def _(Y_hat, Y):
    G = np.zeros_like(Y_hat)
    for n, c in enumerate(classes(Y)):
        G[n, c] = -1 / (len(Y) * Y_hat[n, c])
    return G


@right("dL_dYhat")
def _(Y_hat, Y):
    return np.where(Y == 1, -1 / Y_hat, 0) / Y.shape[0]


@right("dL_dYhat")
def _(Y_hat, Y, mean=True):
    return np.asfortranarray(-(Y_hat**-1) * Y / Y_hat.shape[0])


LEARNERS |= {
    "dL_dYhat.masked": lambda P, Y: np.where((Y == 1) & (P > 0), -1 / np.where(P > 0, P, 1), 0) / len(P),
    "dL_dYhat.loss_itself": lambda P, Y: np.where(Y == 1, -np.log(P), 0) / len(P),
    "dL_dYhat.sign": lambda P, Y: np.where(Y == 1, 1 / P, 0) / len(P),
    "dL_dYhat.no_mask": lambda P, Y: -(P**-1) / len(P),
    "dL_dYhat.no_mean": lambda P, Y: np.where(Y == 1, -1 / P, 0),
    "dL_dYhat.mean_of_all": lambda P, Y: np.where(Y == 1, -1 / P, 0) / (P.shape[0] * P.shape[1]),
    "dL_dYhat.by_classes": lambda P, Y: np.where(Y == 1, -1 / P, 0) / len(P[0]),
    "dL_dYhat.mean_twice": lambda P, Y: np.where(Y == 1, -1 / P, 0) / len(P) / len(P),
    "dL_dYhat.product": lambda P, Y: np.where(Y == 1, -P, 0) / len(P),
    "dL_dYhat.already_dL_dZ": lambda P, Y: np.where(Y == 1, P - 1, P) / len(P),
    "dL_dYhat.only_correct": lambda P, Y: -1 / pick(P, classes(Y)) / len(P),
    "dL_dYhat.binary": lambda P, Y: np.where(Y == 1, -1 / P, 1 / (1 - P)) / len(P),
    "dL_dYhat.squared_error": lambda P, Y: np.where(Y == 1, 2 * P - 2, 2 * P) / len(P),
    "dL_dYhat.epsilon": lambda P, Y: np.where(Y == 1, -1 / (P + 1e-7), 0) / len(P),
}

# softmax_jacobian


@right("softmax_jacobian")
def _(p):
    K = len(p)
    return np.array([[p[i] * ((i == j) - p[j]) for j in range(K)] for i in range(K)])


@right("softmax_jacobian")
def _(p):
    return p[:, None] * (np.eye(len(p)) - p)


@right("softmax_jacobian")
def _(p):
    J = -np.einsum("i,j->ij", p, p)
    J[np.diag_indices(len(p))] = p * (1 - p)
    return J


def entries(value: Callable[..., float]) -> Callable[..., Any]:
    return lambda p: np.array([[value(p, i, j) for j in range(len(p))] for i in range(len(p))])


LEARNERS |= {
    "softmax_jacobian.floor": lambda p: (
        np.diag(np.maximum(p, 1e-8)) - np.outer(np.maximum(p, 1e-8), np.maximum(p, 1e-8))
    ),
    "softmax_jacobian.diagonal_only": entries(lambda p, i, j: p[i] - p[i] ** 2 if i == j else 0.0),
    "softmax_jacobian.vector": lambda p: p - p**2,
    "softmax_jacobian.no_delta": entries(lambda p, i, j: -p[i] * p[j]),
    "softmax_jacobian.one_case_everywhere": entries(lambda p, i, j: p[i] * (1 - p[j])),
    "softmax_jacobian.plus": entries(lambda p, i, j: p[i] * ((i == j) + p[j])),
    "softmax_jacobian.plus_off_diagonal": entries(lambda p, i, j: p[i] * (1 - p[i]) if i == j else p[i] * p[j]),
    "softmax_jacobian.negative": entries(lambda p, i, j: p[i] * (p[j] - (i == j))),
    "softmax_jacobian.inner_product": entries(lambda p, i, j: p[i] * (i == j) - sum(p**2)),
    "softmax_jacobian.elementwise_product": entries(lambda p, i, j: p[i] * (i == j) - p[j] ** 2),
    "softmax_jacobian.no_factor": entries(lambda p, i, j: (i == j) - p[j]),
    "softmax_jacobian.softmax_again": lambda p: np.diag(sp_softmax(p)) - np.outer(sp_softmax(p), sp_softmax(p)),
    "softmax_jacobian.squared_diagonal": entries(lambda p, i, j: (i == j) - p[i] * p[j]),
}

# dz_dW


@right("dz_dW")
def _(x, K):
    return np.einsum("d,jk->jdk", x, np.eye(K))


@right("dz_dW")
def _(x, K):
    return np.array([[[x[d] * (j == k) for k in range(K)] for d in range(len(x))] for j in range(K)])


@right("dz_dW")
def _(x, K):
    return np.kron(np.eye(K)[:, None, :], x[None, :, None])


def tensor(value: Callable[..., float]) -> Callable[..., Any]:
    return lambda x, K: np.array(
        [[[float(value(x, j, d, k)) for k in range(K)] for d in range(len(x))] for j in range(K)]
    )


LEARNERS |= {
    "dz_dW.x_alone": lambda x, K: np.reshape(x, (len(x), 1)),
    "dz_dW.no_logit": lambda x, K: np.tile(x, (K, 1)).T,
    "dz_dW.no_delta": tensor(lambda x, j, d, k: x[d]),
    "dz_dW.ones": tensor(lambda x, j, d, k: j == k),
    "dz_dW.first_class_only": tensor(lambda x, j, d, k: x[d] if j == k == 0 else 0),
    "dz_dW.axes_swapped": lambda x, K: np.einsum("d,jk->jkd", x, np.eye(K)),
    "dz_dW.logit_last": lambda x, K: np.einsum("d,jk->dkj", x, np.eye(K)),
    "dz_dW.flat": lambda x, K: np.kron(x, np.eye(K)),
    "dz_dW.sign": tensor(lambda x, j, d, k: -x[d] if j == k else 0),
    "dz_dW.diagonal_of_D": tensor(lambda x, j, d, k: (j + 1) * x[d] if j == k else 0),
}

# dL_dZ


@right("dL_dZ")
def _(Y_hat, Y):
    G = Y_hat.copy()
    G[np.arange(len(Y)), Y.argmax(axis=1)] -= 1
    return G / len(Y)


@right("dL_dZ")
def _(Y_hat, Y):
    G = []
    for p, y in zip(Y_hat, Y, strict=True):
        G.append(-y @ (np.eye(len(p)) - p))
    return np.array(G) / len(Y)


@right("dL_dZ")
def _(Y_hat, Y, N=None):
    return np.einsum("nk,->nk", np.subtract(Y_hat, Y), 1 / (N or len(Y)))


LEARNERS |= {
    "dL_dZ.no_mean": lambda P, Y: np.where(Y == 1, P - 1, P),
    "dL_dZ.mean_twice": lambda P, Y: np.where(Y == 1, P - 1, P) / len(P) / len(P),
    "dL_dZ.by_classes": lambda P, Y: np.where(Y == 1, P - 1, P) / len(P[0]),
    "dL_dZ.by_size": lambda P, Y: np.where(Y == 1, P - 1, P) / P.size,
    "dL_dZ.sign": lambda P, Y: np.where(Y == 1, 1 - P, -P) / len(P),
    "dL_dZ.lost_division": rows(lambda p, y: sum(p * y) - y),
    "dL_dZ.diagonal_jacobian": lambda P, Y: np.where(Y == 1, P - 1, 0) / len(P),
    "dL_dZ.derivative_again": lambda P, Y: np.where(Y == 1, -P * (1 - P) ** 2, P**2 * (1 - P)) / len(P),
    "dL_dZ.minus_one": lambda P, Y: (P - np.ones(P.shape)) / len(P),
    "dL_dZ.no_labels": lambda P, Y: P / P.shape[0],
    "dL_dZ.dL_dYhat": lambda P, Y: np.where(Y == 1, -1 / P, 0) / len(P),
    "dL_dZ.no_mask": lambda P, Y: (P.shape[1] * P - 1) / len(P),
    "dL_dZ.softmax_again": lambda P, Y: (sp_softmax(P, axis=1) - Y) / len(P),
}
LEARNERS["dL_dZ.lost_division"] = lambda P, Y: rows(lambda p, y: (sum(p * y) - y) / len(P))(P, Y)


def by_jacobian(slope: Callable[..., Any]) -> Callable[..., Any]:
    return lambda P, Y: np.array(
        [slope(p, y) @ (np.diag(p) - np.outer(p, p)) / len(P) for p, y in zip(P, Y, strict=True)]
    )


LEARNERS |= {
    "dL_dZ.loss_for_slope": by_jacobian(lambda p, y: np.where(y == 1, -np.log(p), 0)),
    "dL_dZ.binary": by_jacobian(lambda p, y: np.where(y == 1, -1 / p, 1 / (1 - p))),
    "dL_dZ.squared_error": by_jacobian(lambda p, y: 2 * (p - y)),
}


LEARNERS |= {
    "dL_dZ.one_less": lambda P, Y: np.where(Y == 1, P - 1, P) / np.float64(len(P) - 1),
    "dL_dZ.division_left": by_jacobian(lambda p, y: -y / p),
    "dL_dZ.floor": lambda P, Y: np.where(Y == 1, np.clip(P, 1e-12, 1 - 1e-12) - 1, np.fmax(P, 1e-12)) / len(P),
    "dL_dZ.nan_hidden": lambda P, Y: np.where(P != P, 0, P - Y) / len(P),
    "dL_dZ.masked": lambda P, Y: (P - Y) * (P != 0) / len(P),
}


@learner("dL_dZ.clipped")
def _(P, Y):
    G = (P - Y) / len(P)
    G[G > 0.1] = 0.1
    G[G < -0.1] = -0.1
    return G


@learner("dL_dZ.small_dropped")
def _(P, Y):
    G = (P - Y) / len(P)
    G[(G < 1e-8) & (G > -1e-8)] = 0
    return G


@learner("dL_dZ.every_label_column")
def _(P, Y):
    G = P.copy()
    for c in set(classes(Y).tolist()):
        G[:, c] -= 1
    return G / len(P)


@learner("dL_dZ.rows_by_label")
def _(P, Y):
    G = P.copy()
    for c in set(classes(Y).tolist()):
        G[c] -= 1
    return G / len(P)


@learner("dL_dZ.changes_argument")
def _(P, Y):
    P[np.arange(len(P)), classes(Y)] -= 1
    return P / len(P)


# dL_dW


@right("dL_dW")
def _(X, G):
    total = np.zeros((X.shape[1], G.shape[1]))
    for x, g in zip(X, G, strict=True):
        total += np.outer(x, g)
    return total


@right("dL_dW")
def _(X, G):
    return np.einsum("nd,nk->dk", X, G)


@right("dL_dW")
def _(X, G, transpose=True):
    return (G.T @ X).T


LEARNERS |= {
    "dL_dW.times_N": lambda X, G: np.einsum("nd,nk->dk", X, G) * X.shape[0],
    "dL_dW.mean_twice": lambda X, G: np.mean([np.outer(x, g) for x, g in zip(X, G, strict=True)], axis=0),
    "dL_dW.transposed": lambda X, G: np.einsum("nd,nk->kd", X, G),
    "dL_dW.elementwise": lambda X, G: np.multiply(X, G),
    "dL_dW.last_example": lambda X, G: X[-1][:, None] * G[-1],
    "dL_dW.first_example": lambda X, G: X[0][:, None] * G[0],
    "dL_dW.sums_first": lambda X, G: sum(X)[:, None] * sum(G)[None, :],
    "dL_dW.means_first": lambda X, G: np.mean(X, axis=0)[:, None] * np.mean(G, axis=0),
    "dL_dW.examples_kept": lambda X, G: np.einsum("nd,nk->ndk", X, G),
    "dL_dW.mean_of_outer": lambda X, G: np.einsum("nd,nd,nk->dk", X, X, G),
    "dL_dW.sign": lambda X, G: np.einsum("nd,nk->dk", X, -G),
    "dL_dW.no_features": lambda X, G: np.array([sum(G)] * X.shape[1]),
}


@learner("dL_dW.divided")
def _(X, G):
    total = sum(np.outer(x, g) for x, g in zip(X, G, strict=True))
    return total / len(X[0])


@learner("dL_dW.one_short")
def _(X, G):
    total = np.zeros((X.shape[1], G.shape[1]))
    for n in range(len(X) - 1):
        total += np.outer(X[n], G[n])
    return total


@learner("dL_dW.integer_buffer")
def _(X, G):
    out = np.empty((len(X[0]), len(G[0])), dtype=X.dtype)
    for d, column in enumerate(X.T):
        out[d] = column @ G
    return out


@learner("dL_dW.clipped")
def _(X, G):
    return np.minimum(np.maximum(np.einsum("nd,nk->dk", X, G), -0.1), 0.1)


@learner("dL_dW.small_dropped")
def _(X, G):
    dW = np.einsum("nd,nk->dk", X, G)
    dW[np.abs(dW) < 1e-8] = 0
    return dW


@learner("dL_dW.nan_hidden")
def _(X, G):
    dW = np.einsum("nd,nk->dk", X, G)
    dW[np.isnan(dW)] = 0
    return dW


# dL_db


@right("dL_db")
def _(G):
    return np.ones(len(G)) @ G


@right("dL_db")
def _(G):
    return np.array([sum(column) for column in G.T])


@right("dL_db")
def _(G, axis=0):
    return np.add.reduce(G, axis)


LEARNERS |= {
    "dL_db.one_number": lambda G: float(np.einsum("nk->", G)),
    "dL_db.one_number_repeated": lambda G: np.zeros(len(G[0])) + G.sum(),
    "dL_db.not_summed": lambda G: G.copy(),
    "dL_db.over_classes": lambda G: G @ np.ones(len(G[0])),
    "dL_db.mean": lambda G: sum(G) / len(G),
    "dL_db.times_N": lambda G: sum(G) * len(G),
    "dL_db.mean_of_all": lambda G: sum(G) / len(G[0]),
    "dL_db.last_example": lambda G: G[len(G) - 1, :],
    "dL_db.first_example": lambda G: G[:1].ravel(),
    "dL_db.zeros": lambda G: 0 * G[0],
    "dL_db.keepdims": lambda G: sum(G)[None],
    "dL_db.sign": lambda G: -sum(G),
    "dL_db.absolute": lambda G: sum(abs(G)),
    "dL_db.one_short": lambda G: sum((G[n] for n in range(1, len(G))), np.zeros(len(G[0]))),
    "dL_db.one_less": lambda G: sum(G) / np.float64(len(G) - 1),
    "dL_db.nan_hidden": lambda G: np.nansum(G, axis=0),
    "dL_db.clipped": lambda G: np.array([min(max(sum(column), -0.1), 0.1) for column in G.T]),
    "dL_db.small_dropped": lambda G: np.array([s if abs(s) >= 1e-8 else 0.0 for s in sum(G)]),
}


@learner("dL_db.changes_argument")
def _(G):
    first, *others = G
    for other in others:
        first += other
    return first.copy()


# gradient_step


@right("gradient_step")
def _(W, b, dL_dW, dL_db, learning_rate):
    W, b = W.copy(), b.copy()
    W -= learning_rate * dL_dW
    b -= learning_rate * dL_db
    return W, b


@right("gradient_step")
def _(W, b, dW, db, lr=0.1, momentum=0.0):
    return [p + -lr * g for p, g in ((W, dW), (b, db))]


@right("gradient_step")
def _(W, b, dW, db, eta):
    new_W = np.array([[W[d, k] - eta * dW[d, k] for k in range(len(b))] for d in range(len(W))])
    return new_W, np.array([b[k] - eta * db[k] for k in range(len(b))])


LEARNERS |= {
    "gradient_step.plus": lambda W, b, dW, db, lr: (W - -lr * dW, b - -lr * db),
    "gradient_step.no_rate": lambda W, b, dW, db, lr: (-(dW - W), -(db - b)),
    "gradient_step.rate_squared": lambda W, b, dW, db, lr: (W - lr * (lr * dW), b - lr * (lr * db)),
    "gradient_step.divided": lambda W, b, dW, db, lr: (W - 1 / lr * dW, b - 1 / lr * db),
    "gradient_step.bias_forgotten": lambda W, b, dW, db, lr: (-lr * dW + W, b.copy()),
    "gradient_step.weights_forgotten": lambda W, b, dW, db, lr: (W.copy(), -lr * db + b),
    "gradient_step.bias_by_itself": lambda W, b, dW, db, lr: (W - lr * dW, (1 - lr) * b),
    "gradient_step.weights_by_themselves": lambda W, b, dW, db, lr: ((1 - lr) * W, b - lr * db),
    "gradient_step.bias_plus": lambda W, b, dW, db, lr: (W - lr * dW, lr * db + b),
    "gradient_step.bias_without_rate": lambda W, b, dW, db, lr: (W - lr * dW, -db + b),
    "gradient_step.step_alone": lambda W, b, dW, db, lr: (0 - lr * dW, 0 - lr * db),
    "gradient_step.swapped": lambda W, b, dW, db, lr: (b - lr * db, W - lr * dW),
    "gradient_step.weights_alone": lambda W, b, dW, db, lr: -lr * dW + W,
    "gradient_step.multiplied": lambda W, b, dW, db, lr: (W - lr * W * dW, b - lr * b * db),
    "gradient_step.sign_only": lambda W, b, dW, db, lr: (W - lr * dW / abs(dW), b - lr * db / abs(db)),
    "gradient_step.fixed_rate": lambda W, b, dW, db, lr, own=0.1: (W - own * dW, b - own * db),
    "gradient_step.rate_limited": lambda W, b, dW, db, lr: (W - (lr if lr < 1 else 1) * dW, b - min(1, lr) * db),
    "gradient_step.rate_halved": lambda W, b, dW, db, lr: (W - dW * lr / 2, b - db * lr / 2),
    "gradient_step.rate_doubled": lambda W, b, dW, db, lr: (W - lr * dW - lr * dW, b - lr * db - lr * db),
    "gradient_step.parameters_limited": lambda W, b, dW, db, lr: (
        np.minimum(np.maximum(W - lr * dW, -10), 10),
        np.minimum(np.maximum(b - lr * db, -10), 10),
    ),
    "gradient_step.averaged": lambda W, b, dW, db, lr: (W - lr / W.shape[0] * dW, b - lr / W.shape[0] * db),
    "gradient_step.bias_by_sum": lambda W, b, dW, db, lr: (W - lr * dW, b - lr * sum(db)),
    "gradient_step.bias_by_weights": lambda W, b, dW, db, lr: (W - lr * dW, b - lr * sum(dW)),
    "gradient_step.weights_by_bias": lambda W, b, dW, db, lr: (np.array([w - lr * db for w in W]), b - lr * db),
}


def each_gradient(change: Callable[..., Any]) -> Callable[..., Any]:
    return lambda W, b, dW, db, lr: tuple(p - lr * np.reshape(change(g), g.shape) for p, g in ((W, dW), (b, db)))


LEARNERS |= {
    "gradient_step.clipped": each_gradient(lambda g: [min(max(s, -1), 1) for s in g.ravel()]),
    "gradient_step.nan_hidden": each_gradient(lambda g: [s if s == s else 0 for s in g.ravel()]),
    "gradient_step.small_dropped": each_gradient(lambda g: [s * (abs(s) >= 1e-8) for s in g.ravel()]),
    "gradient_step.normed": each_gradient(lambda g: g / np.sqrt((g * g).sum())),
}


@learner("gradient_step.changes_arguments")
def _(W, b, dW, db, lr):
    for parameter, slope in ((W, dW), (b, db)):
        parameter[...] = parameter - lr * slope
    return W, b


@learner("gradient_step.changes_gradients")
def _(W, b, dW, db, lr):
    for slope in (dW, db):
        slope[...] = lr * slope
    return W - dW, b - db


# relative_error


@right("relative_error")
def _(a, n):
    worst = 0.0
    for p, q in zip(a.ravel(), n.ravel(), strict=True):
        if p != q:
            worst = max(worst, abs(p - q) / max(abs(p), abs(q)))
    return worst


@right("relative_error")
def _(a, n, floor=1e-300):
    return np.max(np.abs(a - n) / np.maximum(floor, np.maximum(np.abs(a), np.abs(n))))


@right("relative_error")
def _(a, n):
    size = np.where(np.abs(a) > np.abs(n), np.abs(a), np.abs(n))
    return np.divide(np.abs(n - a), size, out=np.zeros(a.shape), where=size > 0).max()


@right("relative_error")
def _(a, n):
    return np.nan_to_num(abs(a - n) / np.maximum(abs(a), abs(n))).max()


@right("relative_error")
def _(a, n):
    size = np.maximum(abs(a), abs(n)) + 1e-12  # too little to spoil a check
    return float(np.max(abs(a - n) / size))


@right("relative_error")
def _(a, n):
    return max(0 if p == q else abs(p - q) / max(abs(p), abs(q), 1e-12) for p, q in zip(a.flat, n.flat, strict=True))


def errors(below: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, n: max(abs(p - q) / below(p, q) for p, q in zip(a.ravel(), n.ravel(), strict=True))


LEARNERS |= {
    "relative_error.absolute": lambda a, n: np.linalg.norm((n - a).ravel(), np.inf),
    "relative_error.zero_by_zero": lambda a, n: np.max(np.divide(abs(n - a), np.fmax(abs(a), abs(n)))),
    "relative_error.mean": lambda a, n: sum((abs(n - a) / np.fmax(abs(a), abs(n))).ravel()) / a.size,
    "relative_error.signed": lambda a, n: np.max((a - n) / np.fmax(abs(a), abs(n))),
    "relative_error.one_side": errors(lambda p, q: abs(q)),
    "relative_error.per_entry": lambda a, n: abs(n - a) / np.fmax(abs(a), abs(n)),
    "relative_error.sum_below": errors(lambda p, q: abs(p) + abs(q)),
    "relative_error.smaller_below": errors(lambda p, q: min(abs(p), abs(q))),
    "relative_error.mean_below": lambda a, n: np.max(2 * abs(n - a) / (abs(a) + abs(n))),
    "relative_error.sizes_signed": errors(max),
    "relative_error.norms": lambda a, n: np.sqrt(np.sum((a - n) ** 2)) / (np.linalg.norm(a) + np.linalg.norm(n)),
    "relative_error.floor": errors(lambda p, q: max(abs(p), abs(q), 1e-7)),
    "relative_error.hidden_at_the_end": lambda a, n: np.nan_to_num(np.max(abs(n - a) / np.fmax(abs(a), abs(n)))),
    "relative_error.nan_to_zero": lambda a, n: RIGHT["relative_error"][0](*(np.where(g == g, g, 0) for g in (a, n))),
}


# l2_gradients


@right("l2_gradients")
def _(dW, db, W, b, lam):
    return np.add(dW, np.multiply(lam, W)), db.copy()


@right("l2_gradients")
def _(dL_dW, dL_db, W, b, l2):
    new = dL_dW.copy()
    for d in range(W.shape[0]):
        for k in range(W.shape[1]):
            new[d, k] += l2 * W[d, k]
    return [new, dL_db]


@right("l2_gradients")
def _(dW, db, W, b, l2, scale=2):
    return dW + l2 / 2 * scale * W, db + 0 * b


LEARNERS |= {
    "l2_gradients.twice": lambda dW, db, W, b, lam: (dW + lam * W + lam * W, db),
    "l2_gradients.half": lambda dW, db, W, b, lam: (dW + 0.5 * lam * W, db),
    "l2_gradients.forgotten": lambda dW, db, W, b, lam: (dW.copy(), db.copy()),
    "l2_gradients.sign": lambda dW, db, W, b, lam: (dW + -lam * W, db),
    "l2_gradients.bias_too": lambda dW, db, W, b, lam: tuple(g + lam * p for g, p in ((dW, W), (db, b))),
    "l2_gradients.by_rows": lambda dW, db, W, b, lam: (dW + lam / W.shape[0] * W, db),
    "l2_gradients.penalty_alone": lambda dW, db, W, b, lam: (W * lam, db),
    "l2_gradients.value": lambda dW, db, W, b, lam: (dW + 0.5 * lam * np.linalg.norm(W) ** 2, db),
    "l2_gradients.lasso": lambda dW, db, W, b, lam: (dW + lam * W / abs(W), db),
    "l2_gradients.absolute": lambda dW, db, W, b, lam: (dW + lam * np.where(W < 0, -W, W), db),
    "l2_gradients.squared_weights": lambda dW, db, W, b, lam: (dW + lam * W * W, db),
    "l2_gradients.normed": lambda dW, db, W, b, lam: (dW + lam / np.linalg.norm(W) * W, db),
    "l2_gradients.strength_limited": lambda dW, db, W, b, lam: (dW + (lam if lam != 0 else 0.1) * W, db),
    "l2_gradients.weights_alone": lambda dW, db, W, b, lam: np.add(dW, lam * W),
    "l2_gradients.swapped": lambda dW, db, W, b, lam: (db, np.add(dW, lam * W)),
    "l2_gradients.bias_still": lambda dW, db, W, b, lam: (dW + lam * W, 0 * b),
    "l2_gradients.nan_hidden": lambda dW, db, W, b, lam: (
        np.where(dW == dW, dW + lam * W, 0),
        np.where(db == db, db, 0),
    ),
    "l2_gradients.clipped": lambda dW, db, W, b, lam: (np.fmax(np.fmin(dW + lam * W, 0.1), -0.1), db.clip(-0.1, 0.1)),
    "l2_gradients.small_dropped": lambda dW, db, W, b, lam: tuple(g * (abs(g) >= 1e-8) for g in (dW + lam * W, db)),
}


@learner("l2_gradients.changes_arguments")
def _(dW, db, W, b, lam):
    for slopes, weights in zip(dW, W, strict=True):
        slopes += lam * weights
    return dW, db


# accuracy


@right("accuracy")
def _(Y_hat, labels):
    return sum(int(np.argmax(p)) == c for p, c in zip(Y_hat, labels, strict=True)) / len(labels)


@right("accuracy")
def _(Y_hat, labels):
    return 1 - np.count_nonzero(Y_hat.argmax(1) - labels) / labels.size


@right("accuracy")
def _(Y_hat, labels, normalize=True):
    return np.average(np.equal(np.argmax(Y_hat, axis=-1), labels))


LEARNERS |= {
    "accuracy.one_argmax": lambda P, y: sum(c == np.argmax(P) for c in y) / len(y),
    "accuracy.axis_0": lambda P, y: (np.argmax(P.T, axis=1) == y).mean(),
    "accuracy.all_pairs": lambda P, y: np.mean([[np.argmax(p) == c for p in P] for c in y]),
    "accuracy.count": lambda P, y: sum(np.argmax(p) == c for p, c in zip(P, y, strict=True)),
    "accuracy.percent": lambda P, y: sum(100 * (np.argmax(p) == c) for p, c in zip(P, y, strict=True)) / len(y),
    "accuracy.error_rate": lambda P, y: 1 - sum(np.argmax(p) == c for p, c in zip(P, y, strict=True)) / len(y),
    "accuracy.argmin": lambda P, y: sum(np.argmax(-p) == c for p, c in zip(P, y, strict=True)) / len(y),
    "accuracy.mean_probability": lambda P, y: sum(pick(P, y)) / len(y),
    "accuracy.above_half": lambda P, y: sum(p > 0.5 for p in pick(P, y)) / len(y),
    "accuracy.per_entry": lambda P, y: np.mean((P > 0.5) == (np.arange(len(P[0])) == y[:, None])),
    "accuracy.per_example": lambda P, y: np.array([np.argmax(p) == c for p, c in zip(P, y, strict=True)]),
    "accuracy.ties_count": lambda P, y: np.mean([p[c] >= max(p) for p, c in zip(P, y, strict=True)]),
    "accuracy.rounded_first": lambda P, y: np.mean([np.around(p, 2).argmax() == c for p, c in zip(P, y, strict=True)]),
    "accuracy.by_classes": lambda P, y: sum(np.argmax(p) == c for p, c in zip(P, y, strict=True)) / len(P[0]),
    "accuracy.by_size": lambda P, y: np.sum(np.argmax(P, axis=1) == y) / np.prod(P.shape),
    "accuracy.all_or_nothing": lambda P, y: float(np.array_equal(np.argmax(P, axis=1), y)),
    "accuracy.per_class": lambda P, y: np.mean([np.mean(np.argmax(P[y == c], axis=1) == c) for c in set(y.tolist())]),
    "accuracy.order_lost": lambda P, y: np.mean(np.array(sorted(np.argmax(P, axis=1))) == np.array(sorted(y))),
}

# standardize


@right("standardize")
def _(train, test):
    mu, sigma = np.mean(train, 0), np.sqrt(np.var(train, 0))
    sigma[sigma == 0] = 1
    return [(part - mu) / sigma for part in (train, test)]


@right("standardize")
def _(train, test):
    train, test = train.copy(), test.copy()
    for d in range(train.shape[1]):
        mu, sigma = train[:, d].mean(), train[:, d].std()
        for part in (train, test):
            part[:, d] -= mu
            if sigma > 0:
                part[:, d] /= sigma
    return train, test


@right("standardize")
def _(train, test, ddof=0):
    both = np.vstack([train, test]) - train.mean(axis=0)
    both = both / np.maximum(train.std(axis=0, ddof=ddof), 1e-300)
    return np.split(both, [len(train)])


@right("standardize")
def _(train, test):
    scaler = StandardScaler().fit(train)
    return scaler.transform(train), scaler.transform(test)


@right("standardize")
def _(train, test):
    sigma = np.std(train, axis=0) + 1e-12  # too little to be seen
    return (train - np.mean(train, axis=0)) / sigma, (test - np.mean(train, axis=0)) / sigma


@right("standardize")
def _(train, test):
    sigma = np.maximum(np.std(train, axis=0), 1e-12)
    return [(part - np.mean(train, axis=0)) / sigma for part in (train, test)]


def scaled(shift: Callable[..., Any], width: Callable[..., Any]) -> Callable[..., Any]:
    """Return a standardisation, feature by feature, with numbers from (train column, test column)."""

    def standardize(train, test):
        columns = zip(train.T, test.T, strict=True)
        done = [((a - shift(a, b)) / width(a, b), (b - shift(a, b)) / width(a, b)) for a, b in columns]
        return np.array([a for a, _ in done]).T, np.array([b for _, b in done]).T

    return standardize


def both(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, b: function(np.concatenate([a, b]))


LEARNERS |= {
    "standardize.fit_on_all": scaled(both(np.mean), both(np.std)),
    "standardize.fit_on_test": scaled(lambda a, b: b.mean(), lambda a, b: b.std()),
    "standardize.each_by_itself": lambda a, b: tuple((x - np.mean(x, 0)) / np.std(x, 0) for x in (a, b)),
    "standardize.only_shifted": lambda a, b: (a - sum(a) / len(a), b - sum(a) / len(a)),
    "standardize.only_scaled": lambda a, b: (a / np.std(a, 0), b / np.std(a, 0)),
    "standardize.ddof_1": scaled(lambda a, b: a.mean(), lambda a, b: a.std() * np.sqrt(len(a) / (len(a) - 1))),
    "standardize.by_variance": scaled(lambda a, b: a.mean(), lambda a, b: a.std() ** 2),
    "standardize.whole_table": lambda a, b: ((a - np.mean(a)) / np.std(a), (b - np.mean(a)) / np.std(a)),
    "standardize.across_features": lambda a, b: tuple(
        np.array([(row - row.mean()) / row.std() for row in x]) for x in (a, b)
    ),
    "standardize.min_max": scaled(lambda a, b: min(a), lambda a, b: max(a) - min(a)),
    "standardize.test_untouched": lambda a, b: ((a - np.mean(a, 0)) / np.where(np.std(a, 0) > 0, np.std(a, 0), 1), b),
    "standardize.constant_feature": scaled(lambda a, b: a.mean(), lambda a, b: a.std()),
    "standardize.epsilon": scaled(lambda a, b: a.mean(), lambda a, b: a.std() + 1e-7),
    "standardize.narrow_left_alone": scaled(lambda a, b: a.mean(), lambda a, b: a.std() if a.std() >= 0.1 else 1.0),
    "standardize.one_pass": scaled(
        lambda a, b: sum(a) / len(a), lambda a, b: (sum(a * a) / len(a) - (sum(a) / len(a)) ** 2) ** 0.5 or 1.0
    ),
    "standardize.clipped": lambda a, b: [np.minimum(np.maximum(x, -5), 5) for x in RIGHT["standardize"][0](a, b)],
    "standardize.median": scaled(
        lambda a, b: np.median(a), lambda a, b: np.quantile(a, 0.75) - np.quantile(a, 0.25) or 1.0
    ),
    "standardize.by_range": scaled(lambda a, b: a.mean(), lambda a, b: max(a) - min(a) or 1.0),
    "standardize.mean_deviation": scaled(lambda a, b: a.mean(), lambda a, b: sum(abs(a - a.mean())) / len(a) or 1.0),
    "standardize.half_of_test": scaled(lambda a, b: a.mean(), lambda a, b: b.std() or 1.0),
    "standardize.swapped": lambda a, b: tuple(reversed(RIGHT["standardize"][0](a, b))),
}


@learner("standardize.changes_arguments")
def _(train, test):
    mu, sigma = train.mean(0), train.std(0)
    for part in (test, train):
        part[...] = (part - mu) / np.where(sigma > 0, sigma, 1)
    return train, test
