"""Answers to the exercises about data, finite differences and their errors: wrong ones are named, right ones right."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.spatial.distance import chebyshev
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
    label_binarize,
)

from linclf_helpers import exercises
from linclf_helpers.exercises import Exercise

pytestmark = pytest.mark.no_cover  # measuring slows it by half, and other tests reach the same lines

Function = Callable[..., Any]
EXERCISES = (
    exercises.one_hot,
    exercises.accuracy,
    exercises.standardize,
    exercises.numerical_gradient,
    exercises.relative_error,
)
RIGHT: list[tuple[Exercise, str, Function]] = []
WRONG: list[tuple[Exercise, str, Function]] = []  # with the mistake that is to be named, or "" if none is on record


def right(exercise: Exercise, **answers: Function) -> None:
    RIGHT.extend((exercise, name, answer) for name, answer in answers.items())


def wrong(exercise: Exercise, mistake: str, *answers: Function) -> None:
    WRONG.extend((exercise, mistake, answer) for answer in answers)


def remembers_first(solution: Function) -> Function:
    kept: list[Any] = []

    def answer(*args: Any) -> Any:
        kept.append(solution(*args))
        return kept[0]

    return answer


def with_noise(solution: Function) -> Function:
    rng = np.random.default_rng(0)
    return lambda *args: changed(solution(*args), lambda value: value + 1e-6 * rng.normal())


def with_counter(solution: Function) -> Function:
    calls: list[int] = []

    def answer(*args: Any) -> Any:
        calls.append(1)
        return changed(solution(*args), lambda value: value * (1 + (len(calls) > 12)))

    return answer


def changed(result: Any, change: Function) -> Any:
    return tuple(map(change, result)) if isinstance(result, tuple) else change(result)


for each in EXERCISES:
    for spoil in (remembers_first, with_noise, with_counter):
        wrong(each, "", spoil(each.reference))
    wrong(
        each,
        "",
        lambda *args, f=each.reference: changed(f(*args), lambda value: np.asarray(value) * 1.0001),
        lambda *args, f=each.reference: changed(f(*args), lambda value: np.asarray(value) - 1e-6),
        lambda *args, f=each.reference: changed(f(*args), lambda value: np.full(np.shape(value), np.nan)),
        lambda *args: 0,
        lambda *args: np.inf,
        lambda *args: args,
        lambda *args: "right",
        lambda *args, f=each.reference: {"result": f(*args)},
        lambda *args, f=each.reference: changed(f(*args), lambda value: np.asarray(value)[None]),
    )


class InAClass:
    """A solution in the clothes of a class."""

    def __init__(self, function: Function) -> None:
        self.function = function

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)

    def method(self, *args: Any) -> Any:
        return self.function(*args)


for each in EXERCISES:
    right(
        each,
        instance=InAClass(each.reference),
        method=InAClass(each.reference).method,
        partial=functools.partial(each.reference),
        wrapped=functools.wraps(each.reference)(lambda *args, f=each.reference: f(*args)),
        prints=lambda *args, f=each.reference: (print("here"), f(*args))[1],
        vectors=lambda *args, f=each.reference, **options: f(*args),
    )


# one_hot

one_hot = exercises.one_hot


def added_at(labels, K):
    Y = np.zeros((len(labels), K))
    np.add.at(Y, (np.arange(len(labels)), labels), 1)
    return Y


def put_along(labels, K):
    Y = np.zeros((len(labels), K))
    np.put_along_axis(Y, labels[:, None], 1, axis=1)
    return Y


def flat_positions(labels, K):
    Y = np.zeros(len(labels) * K)
    Y[np.arange(len(labels)) * K + labels] = 1
    return Y.reshape(-1, K)


def changes_labels(labels, K):
    labels += 0
    labels[:] = labels[::-1]
    return np.eye(K)[labels[::-1]]


right(
    one_hot,
    eye=lambda labels, K: np.eye(K)[labels],
    identity=lambda y, n_classes: np.identity(n_classes, dtype=int)[y],
    take=lambda labels, K: np.take(np.eye(K), labels, axis=0),
    where=lambda y, K: np.where(y[:, None] == np.arange(K), 1.0, 0.0),
    boolean=lambda y, K: y[:, None] == np.arange(K),
    float32=lambda labels, K: np.eye(K, dtype=np.float32)[labels],
    outer=lambda labels, K: np.equal.outer(labels, np.arange(K)).astype(float),
    product=lambda labels, K: np.stack([labels == k for k in range(K)], axis=1) * 1.0,
    added_at=added_at,
    put_along=put_along,
    flat_positions=flat_positions,
)
wrong(
    one_hot,
    "one_hot.width_from_batch",
    lambda labels, K: np.eye(labels.max() + 1)[labels],
    lambda labels, K: (labels[:, None] == np.arange(labels.max() + 1)).astype(int),
    lambda labels, K: np.eye(K)[labels][:, : labels.max() + 1],
)
wrong(
    one_hot,
    "one_hot.classes_present",
    lambda labels, K: np.eye(len(set(labels)))[np.unique(labels, return_inverse=True)[1]],
    lambda labels, K: np.eye(K)[labels][:, np.unique(labels)],
)
wrong(
    one_hot,
    "one_hot.renumbered",
    lambda labels, K: np.eye(K)[np.unique(labels, return_inverse=True)[1]],
    lambda labels, K: np.eye(K)[np.searchsorted(np.unique(labels), labels)],
)
wrong(one_hot, "one_hot.sorted", lambda labels, K: np.eye(K)[sorted(labels)])
wrong(one_hot, "one_hot.transposed", lambda labels, K: np.eye(K)[:, labels])
wrong(one_hot, "one_hot.labels_from_1", lambda labels, K: np.eye(K)[[c - 1 for c in labels]])
wrong(one_hot, "one_hot.off_by_one", lambda labels, K: np.eye(K)[(labels + 1) % K])
wrong(one_hot, "one_hot.complement", lambda labels, K: np.ones((len(labels), K)) - np.eye(K)[labels])
wrong(one_hot, "one_hot.labels_back", lambda labels, K: labels, lambda labels, K: labels.reshape(-1, 1))
wrong(
    one_hot,
    "",
    lambda labels, K: np.eye(K)[labels + 1],
    lambda labels, K: np.eye(K + 1)[labels],
    lambda labels, K: np.eye(K + 1)[labels][:, 1:],
    lambda labels, K: np.eye(K)[labels].tolist(),
    lambda labels, K: np.eye(K)[labels][::-1],
    lambda labels, K: np.eye(K)[labels][:, ::-1],
    lambda labels, K: np.eye(K)[np.minimum(labels, 255)],
    lambda labels, K: np.eye(K)[labels.astype(np.int8)],
    lambda labels, K: np.eye(K)[labels % 10],
    lambda labels, K: np.eye(K)[labels] if K > 2 else np.eye(K)[labels][:, 1:],
    lambda labels, K: label_binarize(labels, classes=np.arange(K)),  # one column for two classes
    lambda labels, K: np.eye(K)[labels] if len(labels) > 1 else np.eye(K)[labels][0],
    lambda labels, K: np.eye(K)[labels][:1000],
    lambda labels, K: np.eye(len(labels), K),
    lambda labels, K: np.eye(K)[np.random.default_rng(0).permutation(labels)],
    lambda labels, K: 0.9 * np.eye(K)[labels] + 0.1 / K,
    lambda labels, K: 2 * np.eye(K)[labels] - 1,
    lambda labels, K: labels[:, None] >= np.arange(K),
    changes_labels,
)

# accuracy

accuracy = exercises.accuracy


def counted(Y_hat, labels):
    hits = 0
    for n in range(len(labels)):
        best = 0
        for k in range(Y_hat.shape[1]):
            if Y_hat[n, k] > Y_hat[n, best]:
                best = k
        hits += best == labels[n]
    return hits / len(labels)


right(
    accuracy,
    counted=counted,
    float_=lambda Y_hat, labels: float(np.mean(np.argmax(Y_hat, axis=1) == labels)),
    swapped_names=lambda predictions, targets: np.mean(predictions.argmax(axis=-1) == targets),
    scikit_learn=lambda P, y: accuracy_score(y, P.argmax(axis=1)),
    last_of_ties=lambda Y_hat, labels: (np.argsort(Y_hat, axis=1, kind="stable")[:, -1] == labels).mean(),
    of_logarithms=lambda Y_hat, labels: (np.log(Y_hat).argmax(axis=1) == labels).mean(),
    one_minus=lambda Y_hat, labels: 1 - (Y_hat.argmax(axis=1) != labels).mean(),
    by_one_hot=lambda Y_hat, labels: (
        (np.eye(Y_hat.shape[1])[Y_hat.argmax(1)] * np.eye(Y_hat.shape[1])[labels]).sum() / len(labels)
    ),
    array_=lambda Y_hat, labels: np.array(np.mean(Y_hat.argmax(axis=1) == labels)),
    count_nonzero=lambda Y_hat, labels: np.count_nonzero(Y_hat.argmax(axis=1) == labels) / labels.shape[0],
)
wrong(accuracy, "accuracy.axis_0", lambda Y_hat, labels: np.mean(Y_hat.argmax(0) == labels))
wrong(accuracy, "accuracy.one_argmax", lambda Y_hat, labels: np.mean(np.argmax(Y_hat) == labels))
wrong(
    accuracy,
    "accuracy.by_classes",
    lambda Y_hat, labels: np.sum(np.argmax(Y_hat, axis=1) == labels) / Y_hat.shape[1],
    lambda Y_hat, labels: sum(Y_hat.argmax(axis=1) == labels) / len(Y_hat.T),
)
wrong(accuracy, "accuracy.by_size", lambda Y_hat, labels: np.sum(np.argmax(Y_hat, axis=1) == labels) / Y_hat.size)
wrong(accuracy, "accuracy.percent", lambda Y_hat, labels: accuracy_score(labels, Y_hat.argmax(axis=1)) * 100)
wrong(accuracy, "accuracy.count", lambda Y_hat, labels: accuracy_score(labels, Y_hat.argmax(axis=1), normalize=False))
wrong(
    accuracy,
    "accuracy.all_or_nothing",
    lambda Y_hat, labels: np.sum(Y_hat.argmax(axis=1) == labels) // len(labels),
    lambda Y_hat, labels: np.array_equal(Y_hat.argmax(axis=1), labels),
    lambda Y_hat, labels: bool((Y_hat.argmax(axis=1) == labels).all()),
)
wrong(
    accuracy,
    "accuracy.above_half",
    lambda Y_hat, labels: np.mean(np.take_along_axis(Y_hat, labels[:, None], axis=1) > 0.5),
    lambda Y_hat, labels: ((Y_hat > 0.5) == np.eye(Y_hat.shape[1])[labels]).all(axis=1).mean(),
    lambda Y_hat, labels: (np.round(Y_hat) == np.eye(Y_hat.shape[1])[labels]).all(axis=1).mean(),
)
wrong(
    accuracy,
    "accuracy.rounded_first",
    lambda Y_hat, labels: (np.round(Y_hat).argmax(axis=1) == labels).mean(),
    *(lambda Y_hat, labels, n=n: (np.round(Y_hat, n).argmax(axis=1) == labels).mean() for n in range(1, 13)),
    lambda Y_hat, labels: (Y_hat.astype(np.float32).argmax(axis=1) == labels).mean(),
    lambda Y_hat, labels: (Y_hat.astype("float16").argmax(axis=1) == labels).mean(),
)
wrong(
    accuracy,
    "accuracy.per_class",
    lambda Y_hat, labels: balanced_accuracy_score(labels, Y_hat.argmax(axis=1)),
)
wrong(
    accuracy,
    "accuracy.order_lost",
    lambda Y_hat, labels: np.mean(np.sort(Y_hat.argmax(axis=1)) == np.sort(labels)),
    lambda Y_hat, labels: np.mean([c in labels for c in Y_hat.argmax(axis=1)]),
)
wrong(
    accuracy,
    "accuracy.ties_count",
    lambda Y_hat, labels: np.mean(Y_hat[np.arange(len(labels)), labels] >= Y_hat.max(axis=1)),
    lambda Y_hat, labels: np.isclose(Y_hat[np.arange(len(labels)), labels], Y_hat.max(axis=1)).mean(),
)
wrong(
    accuracy,
    "",
    *(lambda Y_hat, labels, n=n: np.round((Y_hat.argmax(axis=1) == labels).mean(), n) for n in range(9)),
    lambda Y_hat, labels: np.float32((Y_hat.argmax(axis=1) == labels).mean()),
    lambda Y_hat, labels: np.float16((Y_hat.argmax(axis=1) == labels).mean()),
    lambda Y_hat, labels: (Y_hat[:, :10].argmax(axis=1) == labels).mean(),
    lambda Y_hat, labels: (Y_hat.argmax(axis=1) == labels)[:1000].mean(),
    lambda Y_hat, labels: (Y_hat.argmax(axis=1) == labels).sum() / max(len(labels) - 1, 1),
    lambda Y_hat, labels: (Y_hat.argmax(axis=1) == labels).any(),
    lambda Y_hat, labels: (Y_hat.argmax(axis=1) == labels).std(),
    lambda Y_hat, labels: (Y_hat.argmax(axis=1) == labels + 1).mean(),
    lambda Y_hat, labels: (Y_hat.argmax(axis=1) + 1 == labels).mean(),
    lambda Y_hat, labels: (Y_hat.max(axis=1) == labels).mean(),
    lambda Y_hat, labels: (Y_hat.sum(axis=1) == labels).mean(),
    lambda Y_hat, labels: Y_hat.argmax(axis=1) @ labels / len(labels),
    lambda Y_hat, labels: 1 - np.abs(Y_hat.argmax(axis=1) - labels).mean(),
    lambda Y_hat, labels: np.sum(Y_hat.argmax(axis=1) == labels) // 1 / 7,
    lambda Y_hat, labels: Y_hat.argmax(axis=1).sum() / labels.sum(),
    lambda Y_hat, labels: max((Y_hat.argmax(axis=1) == labels).mean(), 1 / Y_hat.shape[1]),
    lambda Y_hat, labels: (np.where(Y_hat < 0.01, 0.5, Y_hat).argmax(axis=1) == labels).mean(),
)

# standardize

standardize = exercises.standardize


def each_column(train, test):
    out_train, out_test = np.empty(train.shape), np.empty(test.shape)
    for d in range(train.shape[1]):
        m = sum(train[:, d]) / len(train)
        s = (sum((x - m) ** 2 for x in train[:, d]) / len(train)) ** 0.5
        out_train[:, d] = [(x - m) / (s or 1) for x in train[:, d]]
        out_test[:, d] = [(x - m) / (s or 1) for x in test[:, d]]
    return out_train, out_test


def of(shift: Function, width: Function, guard: Function = lambda s: np.where(s == 0, 1, s)) -> Function:
    """Return a standardisation with numbers taken from (train, test)."""

    def answer(train, test):
        m, s = shift(train, test), guard(width(train, test))
        return (train - m) / s, (test - m) / s

    return answer


def by(scaler: Function) -> Function:
    def answer(train, test):
        fitted = scaler().fit(train)
        return fitted.transform(train), fitted.transform(test)

    return answer


def mean(train, test):
    return train.mean(axis=0)


def std(train, test):
    return train.std(axis=0)


def in_place(train, test):
    m, s = train.mean(axis=0), train.std(axis=0)
    s[s == 0] = 1
    for part in (train, test):
        part -= m
        part /= s
    return train, test


def afterwards(change: Function) -> Function:
    return lambda train, test: tuple(change(part) for part in of(mean, std)(train, test))


right(
    standardize,
    each_column=each_column,
    scikit_learn=by(StandardScaler),
    floor_of_a_picometre=of(mean, std, lambda s: np.maximum(s, 1e-12)),
    added_picometre=of(mean, std, lambda s: s + 1e-12),
    added_less=of(mean, std, lambda s: s + 1e-16),
    threshold=of(mean, std, lambda s: np.where(s < 1e-12, 1, s)),
    by_range=of(mean, lambda train, test: np.where(np.ptp(train, axis=0) == 0, 1, train.std(axis=0))),
    root_of_variance=of(mean, lambda train, test: np.sqrt(np.mean(np.square(train - train.mean(axis=0)), axis=0))),
    covariance=of(
        mean,
        lambda train, test: (
            np.sqrt(np.atleast_1d(np.cov(train.T, bias=True).diagonal()))
            if train.shape[1] > 1 and len(train) > 1
            else train.std(axis=0)
        ),
    ),
    list_=lambda train, test: list(of(mean, std)(train, test)),
    other_names=lambda X_tr, X_te: of(mean, std)(X_tr, X_te),
    nan_to_0=lambda train, test: tuple(
        np.nan_to_num((part - train.mean(axis=0)) / train.std(axis=0)) for part in (train, test)
    ),  # 0/0 alone is replaced
)
wrong(
    standardize,
    "standardize.ddof_1",
    lambda train, test: tuple((part - train.mean(axis=0)) / train.std(axis=0, ddof=1) for part in (train, test)),
    of(mean, lambda train, test: train.std(axis=0, ddof=1)),
)
wrong(standardize, "standardize.fit_on_test", of(lambda a, b: b.mean(axis=0), lambda a, b: b.std(axis=0)))
wrong(standardize, "standardize.each_by_itself", lambda a, b: (of(mean, std)(a, a)[0], of(mean, std)(b, b)[0]))
wrong(
    standardize,
    "standardize.fit_on_all",
    of(lambda a, b: np.vstack([a, b]).mean(axis=0), lambda a, b: np.concatenate([a, b]).std(axis=0)),
)
wrong(standardize, "standardize.whole_table", of(lambda a, b: a.mean(), lambda a, b: a.std()))
wrong(standardize, "standardize.by_variance", of(mean, lambda a, b: a.var(axis=0)))
wrong(standardize, "standardize.only_scaled", of(lambda a, b: 0, std))
wrong(standardize, "standardize.only_shifted", of(mean, lambda a, b: np.ones(a.shape[1])))
wrong(standardize, "standardize.min_max", by(MinMaxScaler))
wrong(standardize, "standardize.median", by(RobustScaler))
wrong(standardize, "standardize.constant_feature", of(mean, std, lambda s: s))
wrong(standardize, "standardize.changes_arguments", in_place)
wrong(standardize, "standardize.swapped", lambda a, b: of(mean, std)(a, b)[::-1])
wrong(
    standardize,
    "standardize.epsilon",
    *(of(mean, std, lambda s, n=n: s + 10.0**-n) for n in range(2, 12)),
    *(of(mean, std, lambda s, n=n: np.sqrt(s**2 + 10.0**-n)) for n in range(2, 11)),
)
wrong(
    standardize,
    "standardize.narrow_left_alone",
    *(of(mean, std, lambda s, n=n: np.where(s < 10.0**-n, 1, s)) for n in range(1, 12)),
    *(of(mean, std, lambda s, n=n: np.where(s > 10.0**-n, s, 1)) for n in range(1, 12)),
    *(of(mean, std, lambda s, n=n: np.maximum(s, 10.0**-n)) for n in range(1, 12)),
    *(of(mean, std, lambda s, n=n: s.clip(10.0**-n)) for n in range(1, 12)),
    of(mean, std, lambda s: np.where(np.isclose(s, 0), 1, s)),
)
wrong(
    standardize,
    "standardize.clipped",
    *(afterwards(lambda A, m=m: np.clip(A, -m, m)) for m in (3, 4, 5, 10, 100, 1000)),
)
wrong(
    standardize,
    "standardize.one_pass",
    of(mean, lambda a, b: np.sqrt(np.mean(a**2, axis=0) - np.mean(a, axis=0) ** 2)),
)
wrong(
    standardize,
    "standardize.half_of_test",
    of(mean, lambda a, b: b.std(axis=0)),
    of(lambda a, b: b.mean(axis=0), std),
)
wrong(
    standardize,
    "",
    *(afterwards(lambda A, n=n: A.round(n)) for n in range(9)),
    *(afterwards(lambda A, n=n: np.where(abs(A) < 10.0**-n, 0, A)) for n in range(2, 11)),
    *(afterwards(lambda A, name=name: A.astype(name)) for name in ("float16", "float32")),
    lambda a, b: of(mean, std)(a.astype(np.float32), b.astype(np.float32)),
    afterwards(np.tanh),
    lambda a, b: of(mean, std)(a, b)[0],
    lambda a, b: np.vstack(of(mean, std)(a, b)),
    lambda a, b: (*of(mean, std)(a, b), a.mean(axis=0)),
    by(MaxAbsScaler),
    by(Normalizer),
    by(FunctionTransformer),
    of(mean, lambda a, b: np.sqrt(((a - a.mean()) ** 2).mean(axis=0))),
    of(mean, lambda a, b: np.linalg.norm(a - a.mean(axis=0), axis=0)),
    of(lambda a, b: a[0], std),
    of(lambda a, b: a[:100].mean(axis=0), lambda a, b: a[:100].std(axis=0)),
    of(mean, lambda a, b: a.std(axis=0) * len(a) ** 0.5),
    of(mean, lambda a, b: np.minimum(a.std(axis=0), 1e3)),
    lambda a, b: of(mean, std)(np.unique(a, axis=0), b),
    lambda a, b: of(mean, std)(np.sort(a, axis=0), b),
)

# numerical_gradient

numerical_gradient = exercises.numerical_gradient


def entrywise(slope: Function) -> Function:
    """Return a gradient made of slope(g, x_i), where g(t) is f with x_i moved by t."""

    def answer(f, x):
        out = np.zeros(x.shape)
        for i in np.ndindex(x.shape):

            def g(t, i=i):
                moved = x.astype(np.result_type(float, t))
                moved[i] += t
                return f(moved)

            out[i] = slope(g, x[i])
        return out

    return answer


def central(h: Any) -> Function:
    return entrywise(lambda g, x: (g(h) - g(-h)) / (2 * h))


def with_iterator(f, x):
    x = x.astype(float)
    grad, it = np.zeros_like(x), np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
    while not it.finished:
        i = it.multi_index
        old = x[i]
        x[i] = old + 1e-5
        high = f(x)
        x[i] = old - 1e-5
        low = f(x)
        x[i] = old
        grad[i] = (high - low) / 2e-5
        it.iternext()
    return grad


def restores_in_place(f, x):
    if x.dtype.kind != "f":
        return restores_in_place(f, x.astype(float))
    out = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + 1e-5
        high = f(x)
        x[i] = old - 1e-5
        out[i] = (high - f(x)) / 2e-5
        x[i] = old
    return out


def restores_by_sums(f, x):
    if x.dtype.kind != "f":
        return central(1e-5)(f, x)
    out = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        x[i] += 1e-5
        high = f(x)
        x[i] -= 2e-5
        out[i] = (high - f(x)) / 2e-5
        x[i] += 1e-5
    return out


def never_restores(f, x):
    out = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        x[i] += 1e-5
        high = f(x)
        x[i] -= 2e-5
        out[i] = (high - f(x)) / 2e-5
    return out


right(
    numerical_gradient,
    **{f"central_{h:g}": central(h) for h in (1e-4, 5e-5, 1e-5, 6e-6, 1e-6, 5e-7)},
    central_float=central(float(np.cbrt(np.finfo(float).eps))),
    five_points=entrywise(lambda g, x: (g(-2e-3) - 8 * g(-1e-3) + 8 * g(1e-3) - g(2e-3)) / 12e-3),
    richardson=entrywise(lambda g, x: (8 * (g(5e-4) - g(-5e-4)) - (g(1e-3) - g(-1e-3))) / 6e-3),
    three_points_ahead=entrywise(lambda g, x: (-3 * g(0) + 4 * g(1e-5) - g(2e-5)) / 2e-5),
    mean_of_both_sides=entrywise(lambda g, x: ((g(1e-5) - g(0)) + (g(0) - g(-1e-5))) / 2e-5),
    step_with_floor=entrywise(
        lambda g, x: (g(6e-6 * max(1, abs(x))) - g(-6e-6 * max(1, abs(x)))) / (12e-6 * max(1, abs(x)))
    ),
    step_with_one=entrywise(lambda g, x: (g(6e-6 * (1 + abs(x))) - g(-6e-6 * (1 + abs(x)))) / (12e-6 * (1 + abs(x)))),
    with_iterator=with_iterator,
    restores_in_place=restores_in_place,
    other_names=lambda func, theta, eps=1e-5: central(eps)(func, theta),
)
wrong(
    numerical_gradient,
    "numerical_gradient.forward",
    *(
        entrywise(lambda g, x, h=h: (g(h) - g(0)) / h)
        for h in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1.5e-8, 1e-9, 1e-12)
    ),
    lambda f, x: approx_fprime(x.ravel().astype(float), lambda v: f(v.reshape(x.shape)), 1e-6).reshape(x.shape),
)
wrong(
    numerical_gradient,
    "numerical_gradient.backward",
    *(entrywise(lambda g, x, h=h: (g(0) - g(-h)) / h) for h in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7)),
)
wrong(
    numerical_gradient,
    "",
    *(entrywise(lambda g, x, h=h: (g(h) - g(0)) / h) for h in (1e-8, 1.5e-8, 1e-9, 1e-10, 1e-11, 1e-12)),
    lambda f, x: approx_fprime(x.ravel().astype(float), lambda v: f(v.reshape(x.shape))).reshape(x.shape),
)
wrong(
    numerical_gradient,
    "numerical_gradient.h_too_large",
    *map(central, (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 5e-3, 2e-3, 1e-3, 5e-4)),
)
wrong(numerical_gradient, "numerical_gradient.h_too_small", *map(central, (1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13)))
wrong(numerical_gradient, "numerical_gradient.two_missing", entrywise(lambda g, x: (g(1e-5) - g(-1e-5)) / 1e-5))
wrong(numerical_gradient, "numerical_gradient.sign", entrywise(lambda g, x: (g(-1e-5) - g(1e-5)) / 2e-5))
wrong(
    numerical_gradient,
    "numerical_gradient.relative_step",
    *(
        entrywise(lambda g, x, h=h: np.divide(g(h * abs(x)) - g(-h * abs(x)), 2 * h * abs(x)))
        for h in (1e-3, 1e-4, 1e-5, 1e-6)
    ),
)
wrong(
    numerical_gradient,
    "numerical_gradient.complex_step",
    *(entrywise(lambda g, x, h=h: g(1j * h).imag / h) for h in (1e-8, 1e-20, 1e-30, 1e-100)),
)
wrong(numerical_gradient, "numerical_gradient.put_back_by_sums", restores_by_sums)
wrong(numerical_gradient, "numerical_gradient.not_restored", never_restores)
wrong(
    numerical_gradient,
    "",
    *(lambda f, x, n=n: central(1e-5)(f, x).round(n) for n in range(9)),
    *(lambda f, x, n=n: np.where(abs(central(1e-5)(f, x)) < 10.0**-n, 0, central(1e-5)(f, x)) for n in range(2, 11)),
    *(lambda f, x, m=m: np.clip(central(1e-5)(f, x), -m, m) for m in (1, 5, 30, 100, 1000, 1e5)),
    lambda f, x: central(1e-5)(f, x).astype(np.float32),
    lambda f, x: central(1e-3)(f, x.astype(np.float32)),
    lambda f, x: np.diag(np.diag(central(1e-5)(f, x))) if x.ndim == 2 else central(1e-5)(f, x),
    lambda f, x: np.where(np.arange(x.size).reshape(x.shape) == 0, central(1e-5)(f, x), 0),
    lambda f, x: central(1e-5)(f, x).ravel(),
    lambda f, x: central(1e-5)(lambda v: f(v.reshape(x.shape)), x.ravel()),
    lambda f, x: central(1e-5)(f, x).reshape(x.shape[::-1]),
    lambda f, x: central(1e-5)(f, np.atleast_2d(x)),
    lambda f, x: list(central(1e-5)(f, x)),
    lambda f, x: central(1e-5)(f, x.round(6)),
    lambda f, x: central(1e-5)(f, x + 1e-8),
    lambda f, x: central(1e-5)(f, np.clip(x, -10, 10)),
    lambda f, x: central(1e-5)(f, x)[:20],
    lambda f, x: 2 * x,
    lambda f, x: 3 * x**2,
    lambda f, x: f(x),
    lambda f, x: f(x) * np.ones(x.shape),
    lambda f, x: np.gradient(x) if x.ndim == 1 and x.size > 1 else x,
    entrywise(lambda g, x: (g(1e-5) - g(-1e-5)) / (2 * 1e-5 + 1e-8)),
    entrywise(lambda g, x: (g(1e-5 * x) - g(-1e-5 * x)) / 2e-5),
    entrywise(lambda g, x: (g(1e-5) + g(-1e-5)) / 2e-5),
    entrywise(lambda g, x: (g(1e-4) - 2 * g(0) + g(-1e-4)) / 1e-8),
    entrywise(lambda g, x: abs(g(1e-5) - g(-1e-5)) / 2e-5),
)

# relative_error

relative_error = exercises.relative_error


def below(size: Function) -> Function:
    return lambda a, n: np.max(np.abs(a - n) / size(np.abs(a), np.abs(n)))


def looped(a, n):
    worst = 0.0
    for p, q in zip(a.ravel(), n.ravel(), strict=True):
        size = max(abs(p), abs(q))
        if size > 0 and abs(p - q) / size > worst:
            worst = abs(p - q) / size
    return worst


right(
    relative_error,
    looped=looped,
    **{
        f"floor_{e:g}": below(lambda a, n, e=e: np.maximum(np.maximum(a, n), e)) for e in (1e-12, 1e-15, 1e-100, 1e-300)
    },
    **{f"added_{e:g}": below(lambda a, n, e=e: np.maximum(a, n) + e) for e in (1e-12, 1e-15, 1e-100, 1e-300)},
    nan_to_0=lambda a, n: np.nan_to_num(abs(a - n) / np.maximum(abs(a), abs(n))).max(),
    where_different=lambda a, n: max(
        (abs(p - q) / max(abs(p), abs(q)) for p, q in zip(a.flat, n.flat, strict=True) if p != q), default=0.0
    ),
    lists=lambda a, n: max([0 if p == q else abs(p - q) / max(abs(p), abs(q)) for p, q in np.c_[a.flat, n.flat]]),
    chebyshev=lambda a, n: chebyshev(
        *(part.ravel() / np.where((a == 0) & (n == 0), 1, np.maximum(abs(a), abs(n))).ravel() for part in (a, n))
    ),
    other_names=lambda grad, numgrad: looped(grad, numgrad),
    infinite_where_lost=lambda a, n: np.inf if np.isnan(a + n).any() else looped(a, n),
    nan_where_lost=lambda a, n: np.nan if np.isnan(a + n).any() else looped(a, n),
)
wrong(
    relative_error,
    "relative_error.one_side",
    below(lambda a, n: a),
    below(lambda a, n: n),
    below(lambda a, n: a + 1e-8),
)
wrong(
    relative_error,
    "relative_error.sum_below",
    below(lambda a, n: a + n),
    below(lambda a, n: np.maximum(1e-8, a + n)),  # as in CS231n
    below(lambda a, n: a + n + 1e-12),
)
wrong(relative_error, "relative_error.mean_below", below(lambda a, n: (a + n) / 2), below(lambda a, n: 0.5 * (a + n)))
wrong(relative_error, "relative_error.smaller_below", below(np.minimum), below(np.fmin))
wrong(relative_error, "relative_error.absolute", below(lambda a, n: 1))
wrong(relative_error, "relative_error.zero_by_zero", below(np.maximum), below(np.fmax))
wrong(relative_error, "relative_error.per_entry", lambda a, n: np.abs(n - a) / np.maximum(np.abs(n), np.abs(a)))
wrong(
    relative_error,
    "relative_error.floor",
    *(below(lambda a, n, e=e: np.maximum(np.maximum(a, n), 10.0**-e)) for e in range(11)),
    *(below(lambda a, n, e=e: np.maximum(a, n) + 10.0**-e) for e in range(2, 11)),
    *(below(lambda a, n, e=e: np.where(np.maximum(a, n) < 10.0**-e, 1, np.maximum(a, n))) for e in range(2, 11)),
)
wrong(
    relative_error,
    "relative_error.norms",
    lambda a, n: np.linalg.norm(a - n) / (np.linalg.norm(a) + np.linalg.norm(n)),
    lambda a, n: np.linalg.norm(a - n) / max(np.linalg.norm(a), np.linalg.norm(n)),
    lambda a, n: np.linalg.norm(a - n) / np.linalg.norm(n),
    lambda a, n: np.max(abs(a - n)) / max(np.max(abs(a)), np.max(abs(n))),
)
wrong(
    relative_error,
    "relative_error.nan_to_zero",
    lambda a, n: looped(np.nan_to_num(a), np.nan_to_num(n)),
    lambda a, n: looped(np.where(np.isnan(a), 0, a), np.where(np.isnan(n), 0, n)),
)
wrong(
    relative_error,
    "relative_error.hidden_at_the_end",
    lambda a, n: np.nan_to_num(np.max(abs(a - n) / np.maximum(abs(a), abs(n)))),
)
wrong(relative_error, "relative_error.mean", lambda a, n: np.mean(abs(a - n) / np.maximum(abs(a), abs(n))))
wrong(
    relative_error,
    "",
    *(lambda a, n, d=d: np.round(looped(a, n), d) for d in range(1, 10)),
    *(lambda a, n, e=e: max(looped(a, n), 10.0**-e) for e in range(1, 11)),
    *(lambda a, n, e=e: looped(a, n) * (looped(a, n) > 10.0**-e) for e in range(1, 9)),
    *(
        lambda a, n, e=e: looped(np.where(abs(a) < 10.0**-e, 0, a), np.where(abs(n) < 10.0**-e, 0, n))
        for e in range(1, 13)
    ),
    *(lambda a, n, m=m: looped(np.clip(a, -m, m), np.clip(n, -m, m)) for m in (1, 5, 100, 1e6)),
    lambda a, n: looped(a.astype(np.float32), n.astype(np.float32)),
    lambda a, n: np.float32(looped(a, n)),
    lambda a, n: min(looped(a, n), 1.0),
    lambda a, n: looped(np.sort(a.ravel()), np.sort(n.ravel())),
    lambda a, n: looped(abs(a), abs(n)),
    lambda a, n: looped(a[:1], n[:1]),
    lambda a, n: looped(a.ravel()[:100], n.ravel()[:100]),
    lambda a, n: looped(a, n) ** 2,
    lambda a, n: 100 * looped(a, n),
    lambda a, n: np.median(np.nan_to_num(abs(a - n) / np.maximum(abs(a), abs(n)))),
    lambda a, n: np.sum(np.nan_to_num(abs(a - n) / np.maximum(abs(a), abs(n)))),
    lambda a, n: np.min(np.nan_to_num(abs(a - n) / np.maximum(abs(a), abs(n)))),
    lambda a, n: np.max(np.nan_to_num((a - n) / np.maximum(abs(a), abs(n)))),
    lambda a, n: np.sqrt(np.max(np.nan_to_num((a - n) ** 2 / np.maximum(a**2, n**2)))),
    lambda a, n: np.max(abs(1 - np.nan_to_num(a / n, nan=1))),
    lambda a, n: np.max(abs(a - n)) / np.max(np.maximum(abs(a), abs(n))) if a.size > 1 else looped(a, n),
    lambda a, n: bool(looped(a, n) < 1e-7),
)


def names(table: list[tuple[Exercise, str, Function]]) -> list[str]:
    return [f"{exercise.name}-{n}-{name}" for n, (exercise, name, _) in enumerate(table)]


@pytest.mark.every_sixth
@pytest.mark.parametrize(("exercise", "mistake", "answer"), WRONG, ids=names(WRONG))
def test_a_wrong_answer_is_not_praised_and_is_named(exercise: Exercise, mistake: str, answer: Function) -> None:
    outcome = exercise.examine(answer)
    assert outcome.kind not in {"right", "not_started"}
    assert outcome.mistake == (mistake or outcome.mistake)


@pytest.mark.every_sixth
@pytest.mark.parametrize(("exercise", "name", "answer"), RIGHT, ids=names(RIGHT))
def test_a_right_answer_is_right(exercise: Exercise, name: str, answer: Function) -> None:
    outcome = exercise.examine(answer)
    assert outcome.kind == "right", outcome


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        (one_hot, lambda K, labels: np.eye(K)[labels]),
        (one_hot, lambda n_classes, y: np.eye(n_classes)[y]),
        (accuracy, lambda labels, Y_hat: (Y_hat.argmax(axis=1) == labels).mean()),
        (accuracy, lambda y_true, y_pred: np.mean(y_true == y_pred.argmax(axis=1))),
        (accuracy, lambda targets, scores: np.mean(targets == scores.argmax(axis=1))),
        (standardize, lambda X_test, X_train: of(mean, std)(X_train, X_test)),
        (standardize, lambda test, train: of(mean, std)(train, test)),
        (numerical_gradient, lambda x, f: central(1e-5)(f, x)),
        (numerical_gradient, lambda theta, loss: central(1e-5)(loss, theta)),
    ],
)
def test_another_order_of_the_parameters_is_told(exercise: Exercise, answer: Function) -> None:
    outcome = exercise.examine(answer)
    assert outcome.title.startswith("your parameters come in another order")
    assert outcome.lines == ("In the order asked for it is right.",)


def test_a_relative_error_that_passes_over_nan_is_told_so() -> None:
    assert "a number that was lost" in relative_error.examine(looped).message
    assert "lost" not in relative_error.examine(relative_error.reference).message
    assert "lost" not in relative_error.examine(lambda a, n: np.inf if np.isnan(a + n).any() else looped(a, n)).message
