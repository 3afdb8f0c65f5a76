"""Five right capstones in five styles get their certificate; spoiled in one place, or in five, none of them does."""

from typing import Any

import numpy as np
import pytest

from linclf_helpers.exercises import Capstone, Certificate, Outcome
from linclf_helpers.exercises.catalogue.capstone import STAGES

pytestmark = pytest.mark.no_cover  # measuring slows it by half, and other tests reach the same lines

# Right, in the styles that people write in.

FUNCTIONS = """
def softmax(Z):
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def log_softmax(Z):
    Z = Z - Z.max(axis=1, keepdims=True)
    return Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))


def loss(X, labels, W, b):
    return -log_softmax(X @ W + b)[np.arange(len(X)), labels].mean()


def gradients(X, labels, W, b):
    G = softmax(X @ W + b)
    G[np.arange(len(X)), labels] -= 1
    G /= len(X)
    return X.T @ G, G.sum(axis=0)


def train(X, labels, K, learning_rate, steps):
    W, b = np.zeros((X.shape[1], K)), np.zeros(K)
    for _ in range(steps):
        dW, db = gradients(X, labels, W, b)
        W = W - learning_rate * dW
        b = b - learning_rate * db
    return W, b


def predict(X, W, b):
    return np.argmax(X @ W + b, axis=1)
"""

CLASS = """
from dataclasses import dataclass, field


@dataclass
class Net:
    n_features: int
    n_classes: int
    W: np.ndarray = field(init=False)
    b: np.ndarray = field(init=False)

    def __post_init__(self):
        self.W = np.zeros((self.n_features, self.n_classes))
        self.b = np.zeros(self.n_classes)

    def scores(self, X):
        return X @ self.W + self.b

    @staticmethod
    def probabilities(Z):
        E = np.exp(Z - np.max(Z, axis=1)[:, None])
        return E / np.sum(E, axis=1)[:, None]

    def loss(self, X, labels):
        Z = self.scores(X)
        top = Z.max(axis=1)
        log_total = top + np.log(np.exp(Z - top[:, None]).sum(axis=1))
        return np.mean(log_total - np.take_along_axis(Z, labels[:, None], axis=1)[:, 0])

    def gradients(self, X, labels):
        Y = np.eye(self.n_classes)[labels]
        G = (self.probabilities(self.scores(X)) - Y) / X.shape[0]
        return X.T.dot(G), np.sum(G, axis=0)

    def fit(self, X, labels, learning_rate, steps):
        for _ in range(steps):
            dW, db = self.gradients(X, labels)
            self.W -= learning_rate * dW
            self.b -= learning_rate * db
        return self


def net_of(W, b):
    net = Net(*W.shape)
    net.W, net.b = W, b
    return net


softmax = Net.probabilities


def loss(X, labels, W, b):
    return net_of(W, b).loss(X, labels)


def gradients(X, labels, W, b):
    return net_of(W, b).gradients(X, labels)


def train(X, labels, K, learning_rate, steps):
    net = Net(X.shape[1], K).fit(X, labels, learning_rate, steps)
    return net.W, net.b


def predict(X, W, b):
    return net_of(W, b).scores(X).argmax(1)
"""

LOOPS = """
import math


def softmax(Z):
    out = np.empty(Z.shape)
    for n in range(len(Z)):
        largest = max(Z[n])
        powers = [math.exp(z - largest) for z in Z[n]]
        total = math.fsum(powers)
        for k in range(len(powers)):
            out[n, k] = powers[k] / total
    return out


def loss(X, labels, W, b):
    total = 0.0
    for x, label in zip(X, labels):
        z = x @ W + b
        largest = z.max()
        total += largest + math.log(sum(math.exp(v - largest) for v in z)) - z[label]
    return total / len(X)


def gradients(X, labels, W, b):
    dW, db = np.zeros(W.shape), np.zeros(b.shape)
    P = softmax(X @ W + b)
    for n in range(len(X)):
        g = P[n]
        g[labels[n]] -= 1
        dW += np.outer(X[n], g)
        db += g
    return dW / len(X), db / len(X)


def train(X, labels, K, learning_rate, steps):
    N, D = X.shape
    Y = (labels[:, None] == np.arange(K)).astype(float)
    W, b = np.zeros((D, K)), np.zeros((K,))
    step = 0
    while step < steps:
        E = np.exp(X @ W + b - np.max(X @ W + b, axis=-1, keepdims=True))
        error = (E / E.sum(-1, keepdims=True) - Y) / N
        W, b = W - learning_rate * (X.T @ error), b - learning_rate * error.sum(0)
        step += 1
    return W, b


def predict(X, W, b):
    return np.array([max(range(len(b)), key=lambda k: z[k]) for z in X @ W + b])
"""

EINSUM = """
from functools import reduce


def scores(X, W, b):
    return np.einsum("nd,dk->nk", X, W) + b


softmax = lambda Z: np.exp(Z - np.logaddexp.reduce(Z, axis=1, keepdims=True))


def one_hot(labels, K):
    Y = np.zeros((labels.size, K))
    Y[np.arange(labels.size), labels] = 1
    return Y


def loss(X, labels, W, b):
    Z = scores(X, W, b)
    return (np.logaddexp.reduce(Z, axis=1) - (one_hot(labels, b.size) * Z).sum(1)).sum() / X.shape[0]


def gradients(X, labels, W, b):
    residual = softmax(scores(X, W, b)) - one_hot(labels, W.shape[1])
    return np.einsum("nd,nk->dk", X, residual) / len(X), residual.mean(axis=0)


def step(model, learning_rate, X, labels):
    return [p - learning_rate * g for p, g in zip(model, gradients(X, labels, *model))]


def train(X, labels, K, learning_rate, steps):
    start = [np.zeros((X.shape[1], K)), np.zeros(K)]
    return reduce(lambda model, _: step(model, learning_rate, X, labels), range(steps), start)


def predict(X, W, b):
    return np.argsort(scores(X, W, b), axis=1)[:, -1]
"""

AUGMENTED = """
from collections import namedtuple

Model = namedtuple("Model", "W b")


def with_ones(X):
    return np.hstack([X, np.ones((len(X), 1))])


def stable(Z):
    return Z - np.amax(Z, axis=1).reshape(-1, 1)


def softmax(Z):
    P = np.exp(stable(Z))
    P /= P.sum(axis=1)[:, np.newaxis]
    return P


def loss(X, labels, W, b):
    Z = stable(with_ones(X) @ np.vstack([W, b]))
    right = Z[range(len(Z)), labels]
    return np.average(np.log(np.sum(np.exp(Z), axis=1)) - right)


def gradients(X, labels, W, b):
    A, theta = with_ones(X), np.vstack([W, b])
    P = softmax(A @ theta)
    np.subtract.at(P, (np.arange(len(P)), labels), 1)
    slope = A.T @ P / len(P)
    return slope[:-1], slope[-1]


def train(X, labels, K, learning_rate, steps):
    model = Model(np.zeros((X.shape[1], K)), np.zeros(K))
    for _ in range(int(steps)):
        dW, db = gradients(X, labels, model.W, model.b)
        model = Model(model.W - learning_rate * dW, model.b - learning_rate * db)
    return model.W, model.b


def predict(X, W, b):
    Z = X @ W + b
    best = np.zeros(len(X), dtype=int)
    for k in range(1, Z.shape[1]):
        best[Z[:, k] > Z[range(len(Z)), best]] = k
    return best
"""

STYLES = {"functions": FUNCTIONS, "class": CLASS, "loops": LOOPS, "einsum": EINSUM, "augmented": AUGMENTED}


def page(source: str) -> dict[str, Any]:
    space: dict[str, Any] = {"np": np, "__name__": "__main__"}
    exec(source, space)
    return space


def first_fault(source: str) -> Outcome | None:
    capstone = Capstone(page(source))
    outcomes = (capstone.check(stage) for stage in STAGES)
    return next((outcome for outcome in outcomes if outcome.kind != "right"), None)


@pytest.mark.parametrize("style", STYLES)
def test_right_work_gets_its_certificate(style: str) -> None:
    capstone = Capstone(page(STYLES[style]))
    for stage in STAGES:
        assert capstone.check(stage).kind == "right", capstone.check(stage)
    if style != "loops":  # trains for long; the stages above are what it takes
        assert isinstance(capstone.certificate(), Certificate)


# Wrong: where it is changed, what is put there, and the stage and the mistake that are to be told.

SOFTMAX, LOG_SOFTMAX = "np.exp(Z - Z.max(axis=1, keepdims=True))", "Z - Z.max(axis=1, keepdims=True)\n"
RETURN = "return E / E.sum(axis=1, keepdims=True)"
PICKED = "-log_softmax(X @ W + b)[np.arange(len(X)), labels].mean()"
SPOILED = "G = softmax(X @ W + b)"
LABELS = "G[np.arange(len(X)), labels] -= 1"
START = "W, b = np.zeros((X.shape[1], K)), np.zeros(K)"
LOOP = "for _ in range(steps):"
UPDATE = "W = W - learning_rate * dW\n        b = b - learning_rate * db"
BOTH = "dW, db = gradients(X, labels, W, b)"
CHOICE = "np.argmax(X @ W + b, axis=1)"
PROBABILITY = "softmax(X @ W + b)[np.arange(len(X)), labels]"
Bug = tuple[str, str, str, str]
BUGS: list[Bug] = [
    # softmax
    (SOFTMAX, "np.exp(Z)", "softmax", "softmax.no_shift"),
    (SOFTMAX, "np.exp(Z - Z.max())", "softmax", "softmax.global_max"),
    (SOFTMAX, "np.exp(Z - Z.mean(axis=1, keepdims=True))", "softmax", "softmax.other_shift"),
    (SOFTMAX, "np.exp(Z - Z[:, :1])", "softmax", "softmax.other_shift"),
    (SOFTMAX, "np.exp(Z - np.abs(Z).max(axis=1, keepdims=True))", "softmax", "softmax.other_shift"),
    (SOFTMAX, "np.exp(np.clip(Z, -500, 500))", "softmax", "softmax.cut_off"),
    (SOFTMAX, "np.exp((Z - Z.max(axis=1, keepdims=True)).astype(np.float32))", "softmax", ""),
    (RETURN, "return E / E.sum(axis=0)", "softmax", ""),
    (RETURN, "return (E / E.sum(axis=1, keepdims=True)).round(6)", "softmax", ""),
    (RETURN, "return E / (E.sum(axis=1, keepdims=True) + 1e-8)", "softmax", "softmax.epsilon"),
    (RETURN, "return np.clip(E / E.sum(axis=1, keepdims=True), 1e-12, 1)", "softmax", "softmax.floor"),
    (RETURN, "return np.nan_to_num(np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True))", "softmax", "softmax.nan_hidden"),
    # loss
    (PICKED, f"-np.log({PROBABILITY}).mean()", "loss", "loss.cross_entropy_from_logits.log_of_softmax"),
    (PICKED, f"-np.log({PROBABILITY} + 1e-12).mean()", "loss", "loss.cross_entropy_from_logits.epsilon"),
    (PICKED, f"-np.log({PROBABILITY} + 1e-2).mean()", "loss", "loss.cross_entropy_from_logits.epsilon"),
    (PICKED, f"-np.log(np.maximum({PROBABILITY}, 1e-9)).mean()", "loss", "loss.cross_entropy_from_logits.epsilon"),
    (PICKED, "-np.maximum(log_softmax(X @ W + b)[np.arange(len(X)), labels], -100).mean()", "loss",
     "loss.cross_entropy_from_logits.epsilon"),
    (PICKED, f"(lambda p: -np.log(np.where(p > 0, p, 1)).mean())({PROBABILITY})", "loss",
     "loss.cross_entropy_from_logits.masked"),
    (PICKED, f"np.nan_to_num(-np.log({PROBABILITY})).mean()", "loss", "loss.cross_entropy_from_logits.infinity_hidden"),
    (PICKED, "-log_softmax(np.clip(X @ W + b, -700, 700))[np.arange(len(X)), labels].mean()", "loss",
     "loss.cross_entropy_from_logits.cut_off"),
    (LOG_SOFTMAX, "Z - Z.max()\n", "loss", "loss.cross_entropy_from_logits.global_max"),
    (LOG_SOFTMAX, "Z - Z.mean(axis=1, keepdims=True)\n", "loss", "loss.cross_entropy_from_logits.other_shift"),
    (LOG_SOFTMAX, "Z\n", "loss", "loss.cross_entropy_from_logits.no_shift"),
    (PICKED, "-(np.eye(labels.max() + 1)[labels] * log_softmax(X @ W + b)).sum() / len(X)", "loss",
     "loss.cross_entropy_from_logits.width_from_batch"),
    (PICKED, "-log_softmax(X @ W + b)[np.arange(len(X)), labels].sum()", "loss", "loss.cross_entropy.sum"),
    (PICKED, "-log_softmax(X @ W + b)[np.arange(len(X)), labels].sum() / W.shape[1] / len(X)", "loss",
     "loss.cross_entropy.mean_of_all"),
    (PICKED, "-log_softmax(X @ W + b)[:, labels].mean()", "loss", "loss.cross_entropy.two_lists"),
    (PICKED, "-log_softmax(X @ W)[np.arange(len(X)), labels].mean()", "loss", "loss.no_bias"),
    (PICKED, "round(-log_softmax(X @ W + b)[np.arange(len(X)), labels].mean(), 6)", "loss", ""),
    (PICKED, "np.median(-log_softmax(X @ W + b)[np.arange(len(X)), labels])", "loss", ""),
    (PICKED, "-log_softmax((X @ W + b).astype('f4'))[np.arange(len(X)), labels].mean()", "loss", ""),
    (PICKED, "log_softmax(X @ W + b)[np.arange(len(X)), labels].mean()", "loss", "loss.cross_entropy.sign"),
    (PICKED, "-log_softmax(X @ W + b)[np.arange(len(X)), labels].mean() / np.log(2)", "loss",
     "loss.cross_entropy.log2"),
    # gradients
    (LABELS, "G = G - np.eye(labels.max() + 1)[labels]", "gradients", "gradients.width_from_batch"),
    (SPOILED, "G = (lambda E: E / E.sum(axis=1, keepdims=True))(np.exp(X @ W + b))", "gradients",
     "gradients.softmax.no_shift"),
    (SPOILED, "G = (lambda E: E / E.sum(axis=1, keepdims=True))(np.exp(X @ W + b - (X @ W + b).max()))", "gradients",
     "gradients.softmax.global_max"),
    (SPOILED, "G = softmax(np.clip(X @ W + b, -30, 30))", "gradients", "gradients.softmax.cut_off"),
    (SPOILED, "G = softmax(X @ W + b).round(5)", "gradients", ""),
    (SPOILED, "G = softmax(X @ W + b).astype(np.float32)", "gradients", ""),
    (SPOILED, "G = np.maximum(softmax(X @ W + b), 1e-7)", "gradients", "gradients.softmax.floor"),
    (SPOILED, "G = softmax(X @ W)", "gradients", "gradients.no_bias"),
    (SPOILED, "G = X @ W + b", "gradients", "gradients.scores_minus_labels"),
    ("    G /= len(X)\n", "", "gradients", "gradients.dL_dZ.no_mean"),
    ("G /= len(X)", "G /= G.size", "gradients", "gradients.dL_dZ.by_size"),
    ("G /= len(X)", "G /= len(b)", "gradients", "gradients.dL_dZ.by_classes"),
    ("G /= len(X)", "G /= len(X) - 1 or 1", "gradients", ""),
    ("G /= len(X)", "G /= len(X) + 1e-5", "gradients", ""),
    ("G /= len(X)", "G /= min(len(X), 1000)", "gradients", ""),
    ("return X.T @ G, G.sum(axis=0)", "return X.T @ G, G.mean(axis=0)", "gradients", "gradients.dL_db.mean"),
    ("return X.T @ G, G.sum(axis=0)", "return X.T @ G, G.sum()", "gradients", "gradients.dL_db.one_number"),
    ("return X.T @ G, G.sum(axis=0)", "return 2 * X.T @ G, G.sum(axis=0)", "gradients", ""),
    ("return X.T @ G, G.sum(axis=0)", "return -X.T @ G, -G.sum(axis=0)", "gradients", "gradients.dL_dZ.sign"),
    ("return X.T @ G, G.sum(axis=0)", "return np.clip(X.T @ G, -5, 5), G.sum(axis=0)", "gradients", ""),
    ("return X.T @ G, G.sum(axis=0)", "return np.nan_to_num(X.T @ G.round(9)), G.sum(axis=0)", "gradients", ""),
    ("return X.T @ G, G.sum(axis=0)", "return (G.T @ X).T.reshape(-1, len(W)).T, G.sum(axis=0)", "gradients", ""),
    ("return X.T @ G, G.sum(axis=0)", "return X.T @ G + 0.01 * W, G.sum(axis=0)", "gradients", ""),
    # train
    (LOOP, "for _ in range(0):", "train", "train.stands_still"),
    (UPDATE, "W_new, b_new = W - learning_rate * dW, b - learning_rate * db", "train", "train.stands_still"),
    (UPDATE, "W.copy()[:] -= learning_rate * dW\n        b.copy()[:] -= learning_rate * db", "train",
     "train.stands_still"),
    (UPDATE, UPDATE + "\n        return W, b", "train", "train.one_step_only"),
    (LOOP, "for _ in range(100):", "train", "train.other_steps"),
    (LOOP, "for _ in range(steps - 1):", "train", "train.one_step_short"),
    (LOOP, "for _ in range(steps + 1):", "train", "train.one_step_more"),
    (LOOP, "for _ in range(min(steps, 50)):", "train", ""),
    (LOOP, "for _ in range(min(steps, 400)):", "train", ""),
    (UPDATE, "W = W + learning_rate * dW\n        b = b + learning_rate * db", "train", "train.plus"),
    (UPDATE, "W = W - learning_rate * dW\n        b = b", "train", "train.bias_forgotten"),
    (UPDATE, "W = W - 0.5 * dW\n        b = b - 0.5 * db", "train", "train.no_rate"),
    (UPDATE, "W = W - 0.1 * dW\n        b = b - 0.1 * db", "train", "train.no_rate"),
    (BOTH, BOTH + "\n        if abs(dW).max() < 1e-6 and abs(db).max() < 1e-6:\n            break", "train",
     "train.stops_early"),
    (BOTH, BOTH + "\n        if loss(X, labels, W, b) < 1e-3:\n            break", "train", "train.stops_early"),
    (UPDATE, UPDATE + "\n        if learning_rate * abs(dW).max() < 1e-8:\n            break", "train", ""),
    (BOTH, BOTH + "\n        dW, db = dW / max(1, np.linalg.norm(dW)), db / max(1, np.linalg.norm(db))", "train",
     "train.clipped"),
    (BOTH, "dW, db = gradients(X[:32], labels[:32], W, b)", "train", ""),
    (BOTH, "dW, db = gradients(X[_ % len(X)][None], labels[_ % len(X)][None], W, b)", "train",
     "train.part_of_the_data"),
    (START, START + "\n    X = X[::-1]", "train", "train.unpaired"),
    (START, START + "\n    X = np.random.default_rng(0).permutation(X)", "train", "train.unpaired"),
    (START, START + "\n    np.random.shuffle(labels)", "train", ""),
    (START, START + "\n    X = (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-8)", "train", "train.scaled"),
    (START, START + "\n    X = X / 16", "train", "train.scaled"),
    (START, "W, b = np.zeros((X.shape[1], labels.max() + 1)), np.zeros(labels.max() + 1)", "train",
     "train.width_from_batch"),
    (START, "W, b = np.random.randn(X.shape[1], K), np.zeros(K)", "train", "train.starts_elsewhere"),
    (START, "W, b = np.random.default_rng(7).normal(size=(X.shape[1], K)) / 100, np.zeros(K)", "train",
     "train.starts_elsewhere"),
    (START, "W, b = np.zeros((X.shape[1], K)), np.full(K, 1e-6)", "train", "train.starts_elsewhere"),
    (f"    {START}\n", "    global W, b\n    if 'W' not in globals() or W.shape != (X.shape[1], K):\n        " + START
     + "\n", "train", ""),
    ("return W, b", "return W.round(5), b.round(5)", "train", ""),
    ("return W, b", "return np.ones_like(W), b", "train", "train.starts_elsewhere"),
    ("return W, b", "return W", "train", ""),
    ("return W, b", "return W, b, [loss(X, labels, W, b)]", "train", ""),
    (LOOP, "v = 0\n    " + LOOP, "train", "train.momentum"),  # with the change in ALSO
    (LOOP, "X = first = globals().setdefault('first', X)\n    " + LOOP, "train", ""),
    # predict
    (CHOICE, "np.argmax((X @ W + b).round(2), axis=1)", "predict", "predict.rounded"),
    (CHOICE, "np.argmax((X @ W + b).round(8), axis=1)", "predict", "predict.rounded"),
    (CHOICE, "np.argmax(softmax(X @ W + b).round(3), axis=1)", "predict", "predict.rounded"),
    (CHOICE, "np.argmax((X @ W + b).astype(np.float32), axis=1)", "predict", "predict.rounded"),
    (CHOICE, "np.argmax(np.exp(X @ W + b), axis=1)", "predict", "predict.overflow"),
    (CHOICE, "np.argmax(1 / (1 + np.exp(-(X @ W + b))), axis=1)", "predict", "predict.sigmoid"),
    (CHOICE, "np.argmax(softmax(X @ W + b) > 0.5, axis=1)", "predict", "predict.threshold"),
    (CHOICE, "np.argmax(abs(X @ W + b), axis=1)", "predict", "predict.absolute"),
    (CHOICE, "np.argmax(np.clip(X @ W + b, -500, 500), axis=1)", "predict", "predict.cut_off"),
    (CHOICE, "np.argmax(X @ W, axis=1)", "predict", "predict.no_bias"),
    (CHOICE, "np.argmax(X @ W + b, axis=1) + 1", "predict", "predict.from_1"),
    (CHOICE, "np.argmin(X @ W + b, axis=1)", "predict", "predict.least"),
    (CHOICE, "np.argmax(X @ W + b)", "predict", "predict.one_choice"),
    (CHOICE, "softmax(X @ W + b)", "predict", "predict.probabilities"),
    (CHOICE, "np.argmax(X @ W + b, axis=1) * (np.arange(len(X)) != 400)", "predict", ""),
    (CHOICE, "np.argmax(X @ W + b, axis=1) * (np.arange(len(X)) < 440) * (len(X) != 450)", "predict", ""),
    # own work
    (RETURN, RETURN + "\n\n\nfrom scipy.special import softmax", "softmax", "softmax.global_sum"),
    ("def softmax(Z):", "import scipy.special\n\n\ndef softmax(Z):\n    return scipy.special.softmax(Z, axis=1)",
     "own_work", ""),
    ("def predict(X, W, b):", "def predict(X, W, b, help=[__import__('scipy.special')]):", "own_work", ""),
]  # fmt: skip
MOMENTUM = "v = 0.9 * v + np.vstack([dW, db])\n        W, b = W - learning_rate * v[:-1], b - learning_rate * v[-1]"
ALSO = {"train.momentum": [(UPDATE, MOMENTUM)]}  # what changes with the change listed


def spoiled(bug: Bug, source: str = FUNCTIONS) -> str:
    old, new, _, mistake = bug
    changes = [(old, new), *ALSO.get(mistake, [])]
    for before, after in changes:
        assert before in source
        source = source.replace(before, after)
    return source


@pytest.mark.every_sixth
@pytest.mark.parametrize("bug", BUGS, ids=[f"{bug[2]}: {' '.join(bug[1].split())[:60]}" for bug in BUGS])
def test_one_bug_is_found_and_told(bug: Bug) -> None:
    _, _, stage, mistake = bug
    outcome = first_fault(spoiled(bug))
    assert outcome is not None
    assert (outcome.exercise, outcome.mistake or "") == (stage, mistake), outcome
    assert "hint()" not in outcome.message
