"""The classifier: weights, a bias, and the functions of the course put together. Assembled in notebook 06."""

import io
import zipfile
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linclf_helpers._validate import (
    Array,
    as_array_of_shape,
    as_one_hot,
    generator,
    not_negative,
    positive,
    whole_number,
    within_range,
)
from linclf_helpers.forward import linear, softmax
from linclf_helpers.gradients import _six_steps, loss_and_gradients

__all__ = ["LinearClassifier"]

_FORMAT = "linclf_helpers.LinearClassifier 1"


class LinearClassifier:
    """A softmax classifier: logits Z = XW + b, probabilities softmax(Z).

    Parameters
    ----------
    n_features : int
        D, at least 1.
    n_classes : int
        K, at least 2.
    rng : int or numpy.random.Generator, optional
        If given, W and b start as standard normal numbers divided by √D. Otherwise they start at zero, which is a
        fine start for this model (the loss is convex) and a blind spot for gradient checks.

    Attributes
    ----------
    W : ndarray of shape (D, K)
    b : ndarray of shape (K,)

    Raises
    ------
    ValueError
        If n_features or n_classes is not a whole number or too small, or rng is neither a seed nor a generator. The
        methods refuse X or labels that do not fit.

    Notes
    -----
    Put together in notebook 06.

    Examples
    --------
    >>> model = LinearClassifier(n_features=2, n_classes=3)
    >>> print(model.predict_proba([[1.0, 2.0]]).round(4))
    [[0.3333 0.3333 0.3333]]
    """

    def __init__(self, n_features: int, n_classes: int, rng: int | np.random.Generator | None = None) -> None:
        D = whole_number("n_features", n_features, at_least=1)
        K = whole_number("n_classes", n_classes, at_least=2)
        if rng is None:
            self.W: Array = np.zeros((D, K))
            self.b: Array = np.zeros(K)
        else:
            rng = generator("rng", rng)
            self.W = rng.normal(size=(D, K)) / np.sqrt(D)
            self.b = rng.normal(size=K) / np.sqrt(D)

    def __repr__(self) -> str:
        D, K = self.W.shape
        return f"LinearClassifier(n_features={D}, n_classes={K})"

    def logits(self, X: ArrayLike) -> Array:
        """Return the scores XW + b, shape (N, K), of examples X of shape (N, D)."""
        return linear(self._examples(X), self.W, self.b)

    def predict_proba(self, X: ArrayLike) -> Array:
        """Return the probabilities softmax(XW + b), shape (N, K), of examples X of shape (N, D)."""
        return softmax(self.logits(X))

    def predict(self, X: ArrayLike) -> NDArray[np.integer[Any]]:
        """Return the most probable class of each example, shape (N,); the lower number where classes tie."""
        return self.logits(X).argmax(axis=1)

    def loss(self, X: ArrayLike, Y: ArrayLike, l2: float = 0.0) -> float:
        """Return the mean cross-entropy on examples X and labels Y (one-hot or integers), plus (l2/2)·‖W‖²."""
        return loss_and_gradients(self._examples(X), Y, self.W, self.b, l2)[0]

    def gradients(self, X: ArrayLike, Y: ArrayLike, l2: float = 0.0) -> tuple[Array, Array]:
        """Return ∂L/∂W, shape (D, K), and ∂L/∂b, shape (K,), of the loss on examples X and labels Y."""
        _, dW, db = loss_and_gradients(self._examples(X), Y, self.W, self.b, l2)
        return dW, db

    def step(self, X: ArrayLike, Y: ArrayLike, learning_rate: float, l2: float = 0.0) -> float:
        """Take one step of gradient descent and return the loss before it.

        Parameters
        ----------
        X : array of shape (N, D)
        Y : array of shape (N, K), or integers of shape (N,)
        learning_rate : float
            η, greater than 0.
        l2 : float, default 0
            Strength of the penalty on the weights.

        Returns
        -------
        loss : float
            On this batch, before the update.

        Raises
        ------
        ValueError
            If the learning rate is not greater than 0 or leads beyond the largest float, or the batch is refused by
            `linclf_helpers.gradients.loss_and_gradients`. The parameters are then as they were.

        Notes
        -----
        W ← W − η ∂L/∂W, b ← b − η ∂L/∂b, both gradients taken before either changes. New arrays are assigned, so a
        copy of the old ones that somebody kept stays what it was. Derived in notebook 06.

        Examples
        --------
        >>> model = LinearClassifier(n_features=2, n_classes=3)
        >>> X, labels = [[1.0, 2.0], [-1.0, 0.5], [0.0, 1.0], [2.0, -1.0]], [0, 1, 1, 2]
        >>> first = model.step(X, labels, learning_rate=0.1)
        >>> model.loss(X, labels) < first
        True
        """
        learning_rate = positive("learning_rate", learning_rate)
        X, l2 = self._examples(X), not_negative("l2", l2)
        W = as_array_of_shape("W", self.W, X.shape[1], "K")
        loss, dW, db = _six_steps(X, Y, W, as_array_of_shape("b", self.b, W.shape[1]), l2)
        with np.errstate(over="ignore"):
            W = self.W - learning_rate * dW
            b = self.b - learning_rate * db
        within_range("learning_rate", "W", W)
        within_range("learning_rate", "b", b)
        self.W, self.b = W, b
        return loss

    def score(self, X: ArrayLike, labels: ArrayLike) -> float:
        """Return the accuracy: the share of examples X whose most probable class is their label (either form)."""
        Z = self.logits(X)
        Y = as_one_hot("labels", labels, Z, "X")
        return float((Z.argmax(axis=1) == Y.argmax(axis=1)).mean())

    def save(self, path: str | PathLike[str]) -> None:
        """Write W and b to a file, which `load` reads.

        Parameters
        ----------
        path : str or path
            The file's name, used as it is (`.npz` is the custom). An existing file is replaced, once the new one is
            complete.

        Returns
        -------
        None

        Raises
        ------
        OSError
            If the file can't be written.

        Notes
        -----
        NumPy's npz format, a zip archive of arrays, without pickle: reading it never runs code. Used in notebook 08.
        """
        path = Path(path)
        unfinished = path.with_name(path.name + ".part")
        with unfinished.open("wb") as file:
            np.savez(file, format=np.array(_FORMAT), W=self.W, b=self.b)
        unfinished.replace(path)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "LinearClassifier":
        """Return the model that `save` wrote to a file.

        Parameters
        ----------
        path : str or path

        Returns
        -------
        model : LinearClassifier
            With the same W and b, to the last bit.

        Raises
        ------
        OSError
            If there is no such file, or it can't be read.
        ValueError
            If the file is damaged, or was not written by `save`.
        """
        refusal = f"path: expected a file written by LinearClassifier.save, got {Path(path).name!r}"
        file = io.BytesIO(Path(path).read_bytes())
        try:
            with zipfile.ZipFile(file) as archive:  # which compares each array with its checksum
                parts = {name: io.BytesIO(archive.read(name)) for name in archive.namelist()}
            content = {
                name.removesuffix(".npy"): np.lib.format.read_array(part, allow_pickle=False)
                for name, part in parts.items()
            }
        except Exception as error:  # damage can make these readers raise nearly anything
            raise ValueError(f"{refusal}, which is damaged or of another kind ({error})") from None
        if content.keys() != {"format", "W", "b"} or str(content["format"]) != _FORMAT:
            raise ValueError(f"{refusal}, which holds {sorted(content) or 'nothing'} in another form")
        W, b = content["W"], content["b"]
        if W.dtype not in (np.float64, np.float32) or b.dtype != W.dtype:
            raise ValueError(f"{refusal}, in which W is of {W.dtype} and b of {b.dtype}")
        try:
            W = as_array_of_shape("W", W, "D", "K")
            D, K = W.shape
            b = as_array_of_shape("b", b, K)
            model = cls(D, K)
        except ValueError as error:
            raise ValueError(f"{refusal}, whose {error}") from None
        model.W, model.b = W, b
        return model

    def _examples(self, X: ArrayLike) -> Array:
        return as_array_of_shape("X", X, "N", self.W.shape[0])
