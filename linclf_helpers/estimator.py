"""The classifier in scikit-learn's form, so that its tools accept it. scikit-learn itself is not needed."""

import inspect
import math
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linclf_helpers._validate import Array, as_any_array, not_negative, positive, whole_number, within_range
from linclf_helpers.forward import one_hot, softmax
from linclf_helpers.model import LinearClassifier

__all__ = ["SoftmaxRegression"]

_PATIENCE = 5  # passes in mini-batches that may go by without a lower loss
_DIVERGED = 1e150  # beyond it, the squares in the penalty would leave the range of floats


class SoftmaxRegression:
    """A `LinearClassifier` and the settings of its training, in scikit-learn's form.

    Parameters
    ----------
    learning_rate : float, callable or "auto", default "auto"
        A number greater than 0, or a function of the number of steps done so far. "auto" runs with every other
        setting and on features of any unit: see Notes.
    steps : int, default 1000
        Number of updates, at most.
    batch_size : int, optional
        Examples per update; all of them by default, and if there are fewer.
    l2 : float, default 0
        Strength of the penalty (l2/2)·‖W‖². For three classes and more it is scikit-learn's C = 1/(l2 · N); for two,
        where scikit-learn has one column of weights and this model has two, C = 2/(l2 · N).
    momentum : float, default 0
        From 0 up to, but not including, 1.
    nesterov : bool, default False
        Use Nesterov's form of momentum.
    tolerance : float, default 1e-4
        Converged, with full batches: no entry of the gradient is larger. With mini-batches, whose steps never settle:
        the loss of all examples has not fallen by more than this for five passes. At 0, all steps are taken.
    random_state : int, RandomState or Generator, optional
        Shuffles the mini-batches, each pass anew. Without it every fit shuffles differently.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
        The labels met in `fit`, sorted.
    coef_ : ndarray of shape (K, D), or (1, D) for two classes
        Wᵀ; for two classes, the weights of the second minus those of the first.
    intercept_ : ndarray of shape (K,), or (1,) for two classes
        b, likewise.
    model_ : LinearClassifier
    loss_curve_ : list of float
        The loss of all examples, penalty included, before the first step and after each pass.
    n_iter_ : int
        Updates done.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (D,)
        The names of the columns, if `fit` was given a DataFrame. The same columns, in the same order, are expected
        from then on.

    Notes
    -----
    With a number or a function as learning rate, training is that of `linclf_helpers.training.gradient_descent`.
    "auto" runs the descent on features of mean 0 and about deviation 1, and turns the result back: the minimum is the
    same, penalty included, but the way there is shorter. Full batches without momentum read the rate off the last step
    (Barzilai and Borwein, notebook 08), else it is 1/β, where β bounds the curvature.

    A weight in `sample_weight` counts an example that many times: 2 is as good as having it twice, 0 as not having it.

    Settings are kept as they come and looked at in `fit`, as `sklearn.base.clone` expects. Used in notebook 08.

    Examples
    --------
    >>> X, labels = [[1.0, 2.0], [-1.0, 0.5], [0.0, 1.0], [2.0, -1.0]], ["a", "b", "b", "c"]
    >>> print(SoftmaxRegression(l2=0.01).fit(X, labels).predict([[2.0, -2.0]]))
    ['c']
    """

    _estimator_type = "classifier"  # read by scikit-learn before 1.6; since then it asks for __sklearn_tags__

    def __init__(
        self,
        learning_rate: float | Callable[[int], float] | Literal["auto"] = "auto",
        steps: int = 1000,
        batch_size: int | None = None,
        l2: float = 0.0,
        momentum: float = 0.0,
        nesterov: bool = False,
        tolerance: float = 1e-4,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
    ) -> None:
        self.learning_rate = learning_rate
        self.steps = steps
        self.batch_size = batch_size
        self.l2 = l2
        self.momentum = momentum
        self.nesterov = nesterov
        self.tolerance = tolerance
        self.random_state = random_state

    def __repr__(self) -> str:
        settings = inspect.signature(type(self)).parameters
        changed = [f"{name}={value!r}" for name, value in self.get_params().items() if value != settings[name].default]
        return f"{type(self).__name__}({', '.join(changed)})"

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the settings by name. There are none within settings, so `deep` changes nothing."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params: Any) -> "SoftmaxRegression":
        """Change settings by name and return the estimator."""
        known = self.get_params()
        for name in params:
            if name not in known:
                raise ValueError(f"params: expected some of {', '.join(known)}, got {name!r}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> "SoftmaxRegression":
        """Train a new model and return the estimator.

        Parameters
        ----------
        X : array or DataFrame of shape (N, D)
            Numbers, none of them missing. Columns of a DataFrame may be of different types.
        y : array of shape (N,)
            Labels: strings, whole numbers or booleans, none of them missing.
        sample_weight : array of shape (N,), optional
            How many times each example counts, at least 0.

        Returns
        -------
        self : SoftmaxRegression

        Raises
        ------
        ValueError
            If X, y and the weights do not fit together or hold what can't be trained on, there is only one class, or a
            setting is out of range. The message names the column and the row.
        TypeError
            If X is sparse, or an entry of X is an object that is no number.

        Warns
        -----
        ConvergenceWarning
            scikit-learn's, if all steps are taken before the training has converged, or if it diverged.
        """
        names, data = _names(X), _examples(X)
        labels = _labels(y)
        if len(labels) != len(data):
            raise ValueError(f"y: expected shape ({len(data)},), one label per row of X, got {labels.shape}")
        weights = _weights(sample_weight, len(data))
        counted = weights > 0
        data, labels, weights = data[counted], labels[counted], weights[counted]
        classes, numbers = np.unique(labels, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(f"y: expected at least 2 classes, got 1 class, {classes.tolist()[0]!r}")
        model = self._train(data, one_hot(numbers, len(classes)), weights / weights.sum())
        self.classes_: NDArray[Any] = classes
        self.model_ = model
        self.coef_: Array = model.W.T
        self.intercept_: Array = model.b
        if len(classes) == 2:
            self.coef_, self.intercept_ = self.coef_[1:] - self.coef_[:1], self.intercept_[1:] - self.intercept_[:1]
        self.n_features_in_ = data.shape[1]
        self._columns = names
        self.__dict__.pop("feature_names_in_", None)  # of an earlier fit
        if _are_strings(names):
            self.feature_names_in_: NDArray[Any] = np.array(names, object)
        return self

    def decision_function(self, X: ArrayLike) -> Array:
        """Return X coef_ᵀ + intercept_: the logits, shape (N, K).

        For two classes, shape (N,): the logit of the second class minus that of the first.
        """
        self._require_fit()
        name, names, data = type(self).__name__, _names(X), _examples(X)
        self._compare_names(names)
        if data.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {data.shape[1]} features, but {name} is expecting {self.n_features_in_} features as input"
            )
        with np.errstate(over="ignore", invalid="ignore"):
            scores = within_range("X", "the logits", data @ self.coef_.T + self.intercept_)
        return scores[:, 0] if len(self.classes_) == 2 else scores

    def predict_proba(self, X: ArrayLike) -> Array:
        """Return the probabilities, shape (N, K), in the order of `classes_`."""
        return softmax(self._logits(X))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable label of each example, shape (N,); the first of them where classes tie."""
        best = self._logits(X).argmax(axis=1)
        return self.classes_[best]

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy on examples X and labels y, each counted as often as its weight says."""
        predicted, labels = self.predict(X), _labels(y)
        if labels.shape != predicted.shape:
            raise ValueError(f"y: expected shape {predicted.shape}, one label per row of X, got {labels.shape}")
        if (labels.dtype.kind in "OU") != (self.classes_.dtype.kind in "OU"):
            known, got = self.classes_.tolist()[0], labels.tolist()[0]
            raise ValueError(f"y: expected labels like those of fit, {known!r} for one, got {got!r}")
        return float(np.average(predicted == labels, weights=_weights(sample_weight, len(labels))))

    def _train(self, X: Array, Y: Array, weights: Array) -> LinearClassifier:
        """Return a trained model, and note how the training went."""
        l2, auto = not_negative("l2", self.l2), isinstance(self.learning_rate, str)
        task, origin, unit = _prepare(X, Y, weights, l2, rescale=auto)
        rate = _schedule(self.learning_rate, task.safe_rate())
        steps = whole_number("steps", self.steps, at_least=0)
        size = len(X) if self.batch_size is None else whole_number("batch_size", self.batch_size, at_least=1)
        momentum = not_negative("momentum", self.momentum, below=1)
        tolerance = not_negative("tolerance", self.tolerance)
        rng = _generator(self.random_state)
        if auto and size >= len(X) and momentum == 0:
            run = _descend_barzilai_borwein(task, steps, tolerance)
        else:
            run = _descend(task, rate, steps, min(size, len(X)), momentum, bool(self.nesterov), tolerance, rng)
        if run.trouble:
            advice = "Take more steps, raise l2, or let the learning rate be 'auto'."
            warnings.warn(
                f"{type(self).__name__} did not converge: {run.trouble}. {advice}",
                _of_scikit_learn("ConvergenceWarning", UserWarning),
                stacklevel=3,
            )
        self.n_iter_, self.loss_curve_ = run.steps, run.losses
        model = LinearClassifier(X.shape[1], Y.shape[1])
        model.W = run.theta[:-1] / unit[:, None]
        model.b = run.theta[-1] - origin @ model.W
        return model

    def _logits(self, X: ArrayLike) -> Array:
        """Return one score per class, also for two."""
        scores = self.decision_function(X)
        return scores if scores.ndim == 2 else np.column_stack([np.zeros_like(scores), scores])

    def _require_fit(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise _of_scikit_learn("NotFittedError", ValueError)(
                f"This {type(self).__name__} is not fitted yet: call fit first"
            )

    def _compare_names(self, names: list[Any]) -> None:
        """Refuse a DataFrame with other columns than that of `fit`, in the words of scikit-learn."""
        known, name = self._columns, type(self).__name__
        named, were_named = _are_strings(names), _are_strings(known)
        if were_named and not named:
            message = f"X does not have valid feature names, but {name} was fitted with feature names"
            warnings.warn(message, UserWarning, stacklevel=4)
        if named and not were_named:
            message = f"X has feature names, but {name} was fitted without feature names"
            warnings.warn(message, UserWarning, stacklevel=4)
        unseen, missing = [n for n in names if n not in known], [n for n in known if n not in names]
        # Names that are numbers tell columns apart only while they are the same numbers.
        if names == known or not ((named and were_named) or (names and not unseen and not missing)):
            return
        message = "The feature names should match those that were passed during fit.\n"
        if unseen:
            message += "Feature names unseen at fit time:\n" + "".join(f"- {n}\n" for n in sorted(unseen))
        if missing:
            message += "Feature names seen at fit time, yet now missing:\n" + "".join(
                f"- {n}\n" for n in sorted(missing)
            )
        else:
            order = "" if unseen else "Feature names must be in the same order as they were in fit.\n"
            message += f"{order}X[{known}] has the right columns in the right order."
        raise ValueError(message)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classes_")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags  # only scikit-learn asks for these

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(),
        )


# The training


@dataclass(frozen=True)
class _Task:
    """The loss to be made small: Σ_n w_n ℓ_n + ½ Σ p_d θ_dk², where θ is W with b as its last row."""

    X1: Array  # (N, D + 1), the last column 1
    Y: Array  # (N, K), one-hot
    weights: Array  # (N,), their sum is 1
    penalty: Array  # (D + 1, 1), 0 for the bias

    def loss_and_gradient(self, theta: Array) -> tuple[float, Array]:
        Z = self.X1 @ theta
        Z -= Z.max(axis=1, keepdims=True)
        log_Y_hat = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
        loss = -self.weights @ (log_Y_hat * self.Y).sum(axis=1) + (self.penalty * theta**2).sum() / 2
        dL_dZ = self.weights[:, None] * (np.exp(log_Y_hat) - self.Y)
        return float(loss), self.X1.T @ dL_dZ + self.penalty * theta

    def batch(self, rows: NDArray[np.integer[Any]]) -> "_Task":
        """Return the same task for some examples: with equal weights, their mean loss."""
        N = len(self.weights)
        return _Task(self.X1[rows], self.Y[rows], self.weights[rows] * (N / len(rows)), self.penalty)

    def start(self) -> Array:
        return np.zeros((self.X1.shape[1], self.Y.shape[1]))

    def safe_rate(self) -> float:
        """Return a rate below 1/β, with the trace for the largest eigenvalue."""
        squares = self.weights @ (self.X1**2).sum(axis=1)
        return float(1 / (squares / 2 + self.penalty.max()))


@dataclass(frozen=True)
class _Run:
    theta: Array
    losses: list[float]
    steps: int
    trouble: str  # why it has not converged; empty if it has


def _prepare(X: Array, Y: Array, weights: Array, l2: float, rescale: bool) -> tuple[_Task, Array, Array]:
    """Return the task, and the origin and unit in which it sees each feature.

    With x' = (x − origin) / unit and W' = unit · W, XW + b is the same for a suitable b', and the penalty l2 on W is
    l2/unit² on W'. In units of √(σ² + 2 l2), the loss is curved by at most ½ along each feature.
    """
    origin, unit = np.zeros(X.shape[1]), np.ones(X.shape[1])
    with np.errstate(over="ignore", invalid="ignore"):
        if rescale:
            constant = np.ptp(X, axis=0) == 0
            origin = np.where(constant, X[0], weights @ X)
            X = X - origin
            largest = np.where(constant, 1, np.abs(X).max(axis=0))
            deviation = largest * np.sqrt(weights @ (X / largest) ** 2)  # no square leaves the range of floats
            unit = np.hypot(deviation, math.sqrt(2 * l2))
            unit[unit == 0] = 1
            X = X / unit
        X1 = np.column_stack([X, np.ones(len(X))])
        task = _Task(X1, Y, weights, np.append((math.sqrt(l2) / unit) ** 2, 0)[:, None])
        if not (np.isfinite(X1).all() and task.safe_rate() > 0):
            raise ValueError("X: expected numbers whose squares stay within the range of floats, got larger ones")
    return task, origin, unit


def _schedule(learning_rate: object, safe_rate: float) -> Callable[[int], float]:
    """Return the learning rate as a function of the number of steps done."""
    if isinstance(learning_rate, str):
        if learning_rate != "auto":
            raise ValueError(f"learning_rate: expected a number, a function or 'auto', got {learning_rate!r}")
        return lambda step: safe_rate
    if callable(learning_rate):
        chosen = learning_rate
        return lambda step: positive("learning_rate", chosen(step))
    constant = positive("learning_rate", learning_rate)  # type: ignore[arg-type]
    return lambda step: constant


def _descend(
    task: _Task,
    learning_rate: Callable[[int], float],
    steps: int,
    size: int,
    momentum: float,
    nesterov: bool,
    tolerance: float,
    rng: np.random.Generator,
) -> _Run:
    """Take steps with a given rate, in batches of a given size."""
    theta, losses, N = task.start(), [], len(task.weights)
    velocity, queue = np.zeros_like(theta), np.arange(0)
    step = 0
    while True:
        if len(queue) == 0 or step == steps:
            loss, gradient = task.loss_and_gradient(theta)
            losses.append(loss)
            trouble = _not_converged(gradient, tolerance, losses if size < N else [], step)
            if not trouble or step == steps:
                break
            queue = rng.permutation(N)
        batch, queue = queue[:size], queue[size:]
        if size < N:
            _, gradient = task.batch(batch).loss_and_gradient(theta)
        velocity = momentum * velocity + gradient
        direction = gradient + momentum * velocity if nesterov else velocity
        with np.errstate(over="ignore", invalid="ignore"):
            moved = theta - learning_rate(step) * direction
        if not (np.abs(moved) < _DIVERGED).all():
            trouble = f"the learning rate is too large, and step {step + 1} left the range of floats"
            break
        theta = moved
        step += 1
    return _Run(theta, losses, step, trouble if tolerance else "")


def _descend_barzilai_borwein(task: _Task, steps: int, tolerance: float) -> _Run:
    """Take full-batch steps whose rate is read off the last one.

    As explained in notebook 08: s·s / s·y and s·y / y·y in turn; a step after which the loss exceeds the largest of
    the last ten is taken again with a tenth of the rate.
    """
    theta = task.start()
    loss, gradient = task.loss_and_gradient(theta)
    losses, rate = [loss], task.safe_rate()
    step = 0
    while True:
        trouble = _not_converged(gradient, tolerance, [], step)
        if not trouble or step == steps:
            break
        old_theta, old_gradient, loss = theta, gradient, math.inf
        while not loss <= max(losses[-10:]):  # NaN is no loss either
            theta = old_theta - rate * old_gradient
            loss, gradient = task.loss_and_gradient(theta)
            rate /= 10
        losses.append(loss)
        s, y = theta - old_theta, gradient - old_gradient
        ss, sy, yy = float((s * s).sum()), float((s * y).sum()), float((y * y).sum())
        # Where no curvature is to be seen, there is nothing to read the rate off.
        rate = task.safe_rate() if sy <= 1e-12 * ss else sy / yy if step % 2 else ss / sy
        step += 1
    return _Run(theta, losses, step, trouble if tolerance else "")


def _not_converged(gradient: Array, tolerance: float, losses: list[float], step: int) -> str:
    """Return what is missing to convergence; nothing if nothing is. `losses` are those of mini-batches, a pass each."""
    largest = np.abs(gradient).max()
    if largest <= tolerance:
        return ""
    if not losses:
        return f"after {step} steps an entry of the gradient is {largest:.2g}, above the tolerance of {tolerance:g}"
    if tolerance and len(losses) > _PATIENCE and min(losses[-_PATIENCE:]) >= min(losses[:-_PATIENCE]) - tolerance:
        return ""
    return f"after {step} steps the loss still falls by more than the tolerance of {tolerance:g} in {_PATIENCE} passes"


def _generator(random_state: Any) -> np.random.Generator:
    if isinstance(random_state, np.random.RandomState):
        random_state = random_state.randint(2**31)
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError):
        raise ValueError(
            f"random_state: expected a whole number, a RandomState, a Generator or None, got {random_state!r}"
        ) from None


# What comes in


def _of_scikit_learn(name: str, otherwise: Any) -> Any:
    """Return scikit-learn's exception or warning of that name; without it loaded, nobody can be waiting for that."""
    return getattr(sys.modules.get("sklearn.exceptions"), name, otherwise)


def _is_missing(value: object) -> bool:
    """Return whether this is None, pandas.NA, or the NaN of any type: the only value that differs from itself."""
    differs = value != value
    return value is None or type(value).__name__ == "NAType" or (isinstance(differs, bool | np.bool_) and bool(differs))


def _columns(X: Any) -> list[tuple[Any, Any]] | None:
    """Return the columns of a DataFrame with their names; None for anything else. No library is imported for it."""
    if not (hasattr(X, "columns") and hasattr(X, "dtypes")):
        return None
    return list(X.items() if hasattr(X, "items") else ((name, X[name]) for name in X.columns))


def _names(X: Any) -> list[Any]:
    """Return the names of a DataFrame's columns; none for anything else."""
    names = [name for name, _ in _columns(X) or []]
    strings = [name for name in names if isinstance(name, str)]
    if strings and len(strings) < len(names):
        other = next(name for name in names if not isinstance(name, str))
        raise ValueError(
            f"X: expected column names that are all strings, got {other!r} beside {strings[0]!r};"
            " X.columns = X.columns.astype(str) makes them so"
        )
    return names


def _are_strings(names: list[Any]) -> bool:
    return bool(names) and isinstance(names[0], str)  # then all are: see `_names`


def _examples(X: Any) -> Array:
    """Return examples as finite numbers, shape (N, D)."""
    if hasattr(X, "toarray"):
        raise TypeError("X: expected a dense array, got sparse data; X.toarray() makes it dense")
    frame = _columns(X)
    array = as_any_array("X", np.empty((len(X), len(frame))) if frame is not None else X)
    if array.ndim != 2:
        cure = "Reshape your data: X.reshape(1, -1) makes it one example, X.reshape(-1, 1) one feature"
        raise ValueError(f"X: expected shape (N, D), got {array.shape}. {cure}")
    if array.size == 0:
        N, D = array.shape
        raise ValueError(
            f"X: expected at least one example and one feature, got {N} sample(s) and {D} feature(s)"
            f" (shape=({N}, {D})) while a minimum of 1 is required."
        )
    columns = frame or list(enumerate(array.T))
    if frame or array.dtype.kind not in "fiub":
        array = np.column_stack([_as_numbers(name, column) for name, column in columns])
    with np.errstate(over="ignore"):  # a longdouble may not fit: it becomes inf, and is refused below
        array = array.astype(np.float64, copy=False)
    finite = np.isfinite(array)
    if not finite.all():
        row, d = np.argwhere(~finite)[0].tolist()
        value, cure = "infinity", "replace it, or leave out the row"
        if np.isnan(array[row, d]):
            value, cure = "NaN, a missing value,", "fill it (sklearn.impute.SimpleImputer), or leave out the row"
        raise ValueError(f"X: expected finite numbers, got {value} in column {columns[d][0]!r}, row {row}; {cure}")
    return array


def _as_numbers(name: object, column: Any) -> Array:
    """Return one feature as numbers, shape (N,)."""
    values = as_any_array(f"X, column {name!r}", column)
    if values.dtype.kind not in "fiub":
        values = np.array([_as_number(name, row, value) for row, value in enumerate(values)])
    return values.astype(np.float64)


def _as_number(name: object, row: int, value: Any) -> float:
    where = f"in column {name!r}, row {row}"
    if isinstance(value, str | bytes):
        cure = (
            "OneHotEncoder (sklearn.preprocessing) makes numbers of categories, .astype(float) of numbers kept as text"
        )
        raise ValueError(f"X: expected numbers, got the text {str(value)!r} {where}; {cure}")
    if isinstance(value, np.datetime64 | np.timedelta64) or hasattr(value, "year"):
        raise ValueError(f"X: expected numbers, got the time {value!s} {where}; use its year, or days since a date")
    if isinstance(value, complex | np.complexfloating):
        raise ValueError(f"X: Complex data not supported, got {value!s} {where}; use its real and its imaginary part")
    if _is_missing(value):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf
    except TypeError as error:
        raise TypeError(f"X: expected numbers, got {value!r} {where} ({error})") from None


def _weights(sample_weight: Any, N: int) -> Array:
    """Return the weights of N examples, the largest of them 1."""
    if sample_weight is None:
        return np.ones(N)
    weights = as_any_array("sample_weight", sample_weight)
    if weights.dtype.kind not in "fiubO":
        raise ValueError(f"sample_weight: expected numbers, got {weights.dtype}")
    try:
        weights = weights.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError("sample_weight: expected numbers, got objects that are none") from None
    if weights.shape not in ((), (N,)):
        raise ValueError(f"sample_weight: expected shape ({N},), one weight per row of X, got {weights.shape}")
    bad = ~(np.isfinite(weights) & (weights >= 0))
    if bad.any():
        at = int(bad.argmax())
        raise ValueError(f"sample_weight: expected finite numbers of at least 0, got {weights.flat[at]:g} in row {at}")
    if weights.max() == 0:
        raise ValueError("sample_weight: expected a weight greater than 0, got only zeros")
    return np.broadcast_to(weights / weights.max(), N)


def _labels(y: Any) -> NDArray[Any]:
    """Return labels of one type, shape (N,), none of them missing."""
    if y is None:
        raise ValueError("y: SoftmaxRegression requires y to be passed, but the target y is None")
    if hasattr(y, "toarray"):
        raise TypeError("y: expected a dense array, got sparse data; y.toarray().argmax(axis=1) may be what you want")
    in_list = not hasattr(y, "__array__")
    if in_list and (isinstance(y, str) or not isinstance(y, Sequence)):
        raise ValueError(f"y should be a 1d array, one label per row of X, got {type(y).__name__} instead")
    # Asked for objects, since NumPy would else make strings of the None and the 1 in a list with strings.
    labels = as_any_array("y", np.array(y, object) if in_list else y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        message = "A column-vector y was passed when a 1d array was expected. y.ravel() has the right shape."
        warnings.warn(message, _of_scikit_learn("DataConversionWarning", UserWarning), stacklevel=3)
        labels = labels[:, 0]
    if labels.ndim != 1 or len(labels) == 0:
        raise ValueError(
            f"y should be a 1d array, one label per row of X, got an array of shape {labels.shape} instead"
            " (rows of a one-hot array become labels by y.argmax(axis=1))"
        )
    absent = [_is_missing(label) for label in labels] if labels.dtype.kind == "O" else labels != labels
    missing = np.flatnonzero(absent)
    if len(missing):
        raise ValueError(
            f"y: expected a label for every example, got {labels[missing[0]]} in row {missing[0]}"
            f" ({len(missing)} of {len(labels)} are missing); leave out the rows without a label"
        )
    if labels.dtype.kind == "O":
        labels = _of_one_type(labels, in_list)
    if labels.dtype.kind not in "biufUSOmM":
        raise ValueError(f"y: Unknown label type: {labels.dtype}; expected strings or whole numbers")
    if labels.dtype.kind == "f" and not (np.isfinite(labels) & (labels == np.round(labels))).all():
        odd = labels[~(np.isfinite(labels) & (labels == np.round(labels)))][0]
        raise ValueError(
            f"y: Unknown label type: continuous; expected classes, got the number {odd}."
            " A number to be predicted is a task for a regressor"
        )
    return labels


def _of_one_type(labels: NDArray[Any], in_list: bool) -> NDArray[Any]:
    """Return Python objects as an array of numbers or booleans; strings stay objects, unless they came in a list."""
    kinds = [_kind(label) for label in labels]
    other = next((row for row, kind in enumerate(kinds) if kind != kinds[0]), None)
    if other is not None:
        first, second = labels[0], labels[other]
        raise ValueError(
            f"y: expected labels of one type, got {first!r} in row 0 and {second!r} in row {other};"
            " str(label) for each makes them strings"
        )
    if kinds[0] == "text":
        return labels.astype(str) if in_list else labels
    plain = np.array(labels.tolist()) if kinds[0] in ("truth", "number") else labels
    if plain.dtype.kind == "O":
        raise ValueError(f"y: Unknown label type: {type(labels[0]).__name__}; expected strings or whole numbers")
    return plain


def _kind(label: object) -> str:
    if isinstance(label, str):
        return "text"
    if isinstance(label, bool | np.bool_):
        return "truth"
    if isinstance(label, int | float | np.integer | np.floating):
        return "number"
    return type(label).__name__
