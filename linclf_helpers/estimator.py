"""The classifier with scikit-learn's manners, so that its tools accept it. scikit-learn itself is not needed."""

import inspect
import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linclf_helpers._validate import Array, as_any_array, as_array_of_shape, whole_number
from linclf_helpers.model import LinearClassifier
from linclf_helpers.training import History, gradient_descent

__all__ = ["SoftmaxRegression"]


class SoftmaxRegression:
    """A `LinearClassifier` and the settings of its training, in scikit-learn's form.

    Parameters
    ----------
    learning_rate : float, callable or "barzilai-borwein", default "barzilai-borwein"
    steps : int, default 200
        Number of updates, at most.
    batch_size : int, optional
    l2 : float, default 0
    momentum : float, default 0
    nesterov : bool, default False
    tolerance : float, default 1e-4
        All as in `linclf_helpers.training.gradient_descent`. A penalty of l2 is scikit-learn's C = 1/(l2 · N).
    random_state : int, optional
        Seed for shuffling the batches; without it they are taken in order.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
        The labels met in `fit`, sorted.
    model_ : LinearClassifier
    history_ : History
    n_features_in_ : int
    n_iter_ : int

    Notes
    -----
    Settings are kept as they come and looked at in `fit`, as `sklearn.base.clone` expects. Used in notebook 08.

    Examples
    --------
    >>> X, labels = [[1.0, 2.0], [-1.0, 0.5], [0.0, 1.0], [2.0, -1.0]], ["a", "b", "b", "c"]
    >>> print(SoftmaxRegression(l2=0.01).fit(X, labels).predict([[2.0, -2.0]]))
    ['c']
    """

    def __init__(
        self,
        learning_rate: float | Callable[[int], float] | Literal["barzilai-borwein"] = "barzilai-borwein",
        steps: int = 200,
        batch_size: int | None = None,
        l2: float = 0.0,
        momentum: float = 0.0,
        nesterov: bool = False,
        tolerance: float = 1e-4,
        random_state: int | None = None,
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
        defaults = inspect.signature(type(self)).parameters
        changed = [f"{name}={value!r}" for name, value in self.get_params().items() if value != defaults[name].default]
        return f"SoftmaxRegression({', '.join(changed)})"

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the settings by name. There are none within settings, so `deep` changes nothing."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params: Any) -> "SoftmaxRegression":
        """Change settings by name and return the estimator."""
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise ValueError(f"params: expected some of {', '.join(known)}, got {name!r}")
            setattr(self, name, value)
        return self

    def fit(self, X: ArrayLike, y: ArrayLike) -> "SoftmaxRegression":
        """Train a new model on examples X, shape (N, D), and labels y of any kind, shape (N,); return the estimator.

        Raises
        ------
        ValueError
            If X and y do not fit together, there is only one class, or `gradient_descent` refuses a setting.
        """
        X = as_array_of_shape("X", X, "N", "D")
        y = as_any_array("y", y)
        if y.shape != (len(X),):
            raise ValueError(f"y: expected shape ({len(X)},), one label per row of X, got {y.shape}")
        self.classes_: NDArray[Any]
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y: expected at least 2 classes, got {len(self.classes_)}")
        self.n_features_in_ = X.shape[1]
        self.model_ = LinearClassifier(self.n_features_in_, len(self.classes_))
        batch_size, record_every = None, 1
        if self.batch_size is not None:
            batch_size = min(whole_number("batch_size", self.batch_size, at_least=1), len(X))
            record_every = math.ceil(len(X) / batch_size)  # once a pass
        self.history_: History = gradient_descent(
            self.model_,
            X,
            labels,
            self.learning_rate,
            self.steps,
            batch_size=batch_size,
            l2=self.l2,
            momentum=self.momentum,
            rng=None if self.random_state is None else np.random.default_rng(self.random_state),
            nesterov=self.nesterov,
            tolerance=self.tolerance,
            record_every=record_every,
        )
        self.n_iter_ = int(self.history_.steps[-1])
        return self

    def decision_function(self, X: ArrayLike) -> Array:
        """Return the logits, shape (N, K)."""
        return self._fitted().logits(X)

    def predict_proba(self, X: ArrayLike) -> Array:
        """Return the probabilities, shape (N, K), in the order of `classes_`."""
        return self._fitted().predict_proba(X)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable label of each example, shape (N,)."""
        best = self._fitted().predict(X)
        return self.classes_[best]

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """Return the accuracy on examples X and labels y."""
        predicted, y = self.predict(X), as_any_array("y", y)
        if y.shape != predicted.shape:
            raise ValueError(f"y: expected shape {predicted.shape}, one label per row of X, got {y.shape}")
        return float((predicted == y).mean())

    def _fitted(self) -> LinearClassifier:
        if not self.__sklearn_is_fitted__():
            raise ValueError("This SoftmaxRegression is not fitted yet: call fit first")
        return self.model_

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "history_")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags  # only scikit-learn asks for these

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(),
        )
