"""The classifier in scikit-learn's form, so that its tools accept it. scikit-learn itself is not needed."""

import inspect
import warnings
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linclf_helpers._fitting import _descend, _descend_barzilai_borwein, _prepare, _schedule
from linclf_helpers._tables import _are_strings, _examples, _labels, _names, _of_scikit_learn, _weights
from linclf_helpers._validate import Array, not_negative, whole_number, within_range
from linclf_helpers.forward import one_hot, softmax
from linclf_helpers.model import LinearClassifier

__all__ = ["SoftmaxRegression"]


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
