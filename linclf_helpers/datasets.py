"""Penguins, digits, MNIST from a folder, and made-up blobs. Nothing is ever downloaded."""

import csv
import gzip
import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linclf_helpers._files import _read_idx, _read_verified
from linclf_helpers._validate import Array, as_array_of_shape, as_labels, generator, not_negative, whole_number

__all__ = ["Dataset", "load_digits", "load_four_penguins", "load_mnist", "load_penguins", "make_blobs"]

_PENGUIN_FEATURES = {
    "bill_length_mm": "bill length (mm)",
    "bill_depth_mm": "bill depth (mm)",
    "flipper_length_mm": "flipper length (mm)",
    "body_mass_g": "body mass (g)",
}
_SPECIES = ("Adelie", "Chinstrap", "Gentoo")
_MNIST_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Examples with their labels, and where they come from.

    Attributes
    ----------
    X : ndarray of shape (N, D)
    labels : integers of shape (N,)
        From 0 to K - 1.
    feature_names : tuple of D str
    class_names : tuple of K str
    description : str
    source : str
    held_out : bool
        Whether it is a test set, which must not decide how data are prepared: see `standardize`.

    Raises
    ------
    ValueError
        If the shapes or the numbers of names do not fit together, or there are fewer than two classes.

    Notes
    -----
    What the loaders return, from notebook 00 on.
    """

    X: Array
    labels: NDArray[np.integer[Any]]
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]
    description: str = ""
    source: str = ""
    held_out: bool = False

    def __post_init__(self) -> None:
        X = as_array_of_shape("X", self.X, "N", "D")
        feature_names = _names("feature_names", self.feature_names)
        class_names = _names("class_names", self.class_names)
        if len(class_names) < 2:
            raise ValueError(f"class_names: expected at least 2, got {class_names}")
        labels = as_labels("labels", self.labels, K=len(class_names))
        if len(labels) != len(X):
            raise ValueError(f"labels: expected {len(X)}, one per row of X, got {len(labels)}")
        if len(feature_names) != X.shape[1]:
            raise ValueError(f"feature_names: expected {X.shape[1]}, one per column of X, got {len(feature_names)}")
        # Lists become arrays and tuples; a frozen dataclass can be filled in no other way.
        object.__setattr__(self, "X", X)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "feature_names", feature_names)
        object.__setattr__(self, "class_names", class_names)

    def __repr__(self) -> str:
        N, D = self.X.shape
        return f"Dataset(N={N}, D={D}, K={len(self.class_names)}: {self.description})"

    def train_test_split(self, seed: int, test_fraction: float = 0.25) -> tuple["Dataset", "Dataset"]:
        """Shuffle the examples and part them in two.

        Parameters
        ----------
        seed : int
            The same seed gives the same split.
        test_fraction : float, default 0.25
            Between 0 and 1, exclusive; rounded to whole examples, at least one on each side.

        Returns
        -------
        train, test : Dataset
            The second is marked as held out.

        Raises
        ------
        ValueError
            If seed is not a whole number of at least 0, the fraction is out of range, or there is but one example.

        Examples
        --------
        >>> train, test = load_penguins().train_test_split(seed=0)
        >>> len(train.X), len(test.X)
        (256, 86)
        """
        seed = whole_number("seed", seed, at_least=0)
        N = len(self.X)
        if not_negative("test_fraction", test_fraction, below=1) == 0:
            raise ValueError(f"test_fraction: expected a number greater than 0 and less than 1, got {test_fraction!r}")
        if N < 2:
            raise ValueError(f"X: expected at least 2 examples to split, got {N}")
        in_test = min(max(round(N * test_fraction), 1), N - 1)
        order = np.random.default_rng(seed).permutation(N)
        train, test = order[in_test:], order[:in_test]
        return (
            replace(self, X=self.X[train], labels=self.labels[train]),
            replace(self, X=self.X[test], labels=self.labels[test], held_out=True),
        )

    def standardize(self, fit_on: "Dataset | None" = None) -> "Dataset":
        """Return the same examples with every feature shifted and scaled to mean 0 and standard deviation 1.

        Parameters
        ----------
        fit_on : Dataset, optional
            Where mean and standard deviation are taken from; the data set itself by default. A test set has no such
            default: it takes the numbers of its training set, `test.standardize(fit_on=train)`.

        Returns
        -------
        data : Dataset
            A feature that never changes in `fit_on` is only shifted, since its standard deviation is 0. The units in
            the names of the features give way to "(standardised)".

        Raises
        ------
        ValueError
            If `fit_on` is not a data set or has other features, or the numbers would be those of a test set.

        Notes
        -----
        x'_nd = (x_nd − μ_d) / σ_d, σ with divisor N (ddof 0). Used from notebook 00 on; why it matters: notebook 07.

        Examples
        --------
        >>> data = load_penguins().standardize()
        >>> print(abs(data.X.mean(axis=0)).max() < 1e-12, data.X.std(axis=0).round(4))
        True [1. 1.]
        """
        reference = self if fit_on is None else fit_on
        if not isinstance(reference, Dataset):
            raise ValueError(f"fit_on: expected a Dataset, got {type(reference).__name__}")
        if reference.held_out:
            raise ValueError(
                "fit_on: expected the training set, got "
                + ("nothing for a test set" if fit_on is None else "a test set")
                + "; test.standardize(fit_on=train) takes mean and deviation from the examples trained on"
            )
        if reference.feature_names != self.feature_names:
            raise ValueError(
                f"fit_on: expected a data set with the features {self.feature_names}, got {reference.feature_names}"
            )
        mean, deviation = reference.X.mean(axis=0), reference.X.std(axis=0)
        # Rounding can give a constant feature a deviation above 0, and a tiny spread one of 0.
        constant = (np.ptp(reference.X, axis=0) == 0) | (deviation == 0)
        return replace(
            self,
            X=(self.X - mean) / np.where(constant, 1, deviation),
            feature_names=tuple(f"{name.split(' (')[0]} (standardised)" for name in self.feature_names),
        )


def load_penguins(features: tuple[str, ...] = ("bill_length_mm", "bill_depth_mm")) -> Dataset:
    """Return the Palmer penguins: 342 birds of three species.

    Parameters
    ----------
    features : tuple of str, default ("bill_length_mm", "bill_depth_mm")
        One to four of bill_length_mm, bill_depth_mm, flipper_length_mm (all in millimetres), body_mass_g (in grams).

    Returns
    -------
    data : Dataset
        N = 342, K = 3. The two of the 344 birds that were not measured are left out.

    Raises
    ------
    ValueError
        If a feature is unknown or named twice, or the data file is damaged.

    Notes
    -----
    Gorman, Williams, Fraser (2014), doi:10.1371/journal.pone.0090081; Horst, Hill, Gorman (2020),
    doi:10.5281/zenodo.3960218; CC0. The running example from notebook 00 on.

    Examples
    --------
    >>> load_penguins()
    Dataset(N=342, D=2, K=3: penguins of three species, measured on the islands of the Palmer Archipelago)
    """
    features = _names("features", features)
    unknown = set(features) - set(_PENGUIN_FEATURES)
    if unknown or not features or len(set(features)) != len(features):
        raise ValueError(f"features: expected different names out of {', '.join(_PENGUIN_FEATURES)}, got {features}")
    text = _read_verified("penguins.csv").decode("utf-8")
    birds = [bird for bird in csv.DictReader(io.StringIO(text)) if bird["bill_length_mm"] != "NA"]
    return Dataset(
        X=np.array([[float(bird[name]) for name in features] for bird in birds]),
        labels=np.array([_SPECIES.index(bird["species"]) for bird in birds]),
        feature_names=tuple(_PENGUIN_FEATURES[name] for name in features),
        class_names=_SPECIES,
        description="penguins of three species, measured on the islands of the Palmer Archipelago",
        source="Gorman, Williams, Fraser (2014), doi:10.1371/journal.pone.0090081, CC0",
    )


def load_four_penguins() -> Dataset:
    """Return the worked example of notebooks 00 to 06: four of the penguins, standardised with all 342.

    Returns
    -------
    data : Dataset
        N = 4, D = 2, K = 3: an Adelie, a Gentoo, a Chinstrap and another Gentoo.

    Raises
    ------
    ValueError
        If the data file is damaged.

    Notes
    -----
    Introduced in notebook 00. Two of the four belong to one species, so that the class counts differ.

    Examples
    --------
    >>> data = load_four_penguins()
    >>> print(data.X.round(2), data.labels)
    [[-0.88  0.79]
     [ 0.4  -2.  ]
     [ 1.11  1.19]
     [ 1.11 -0.43]] [0 2 1 2]
    """
    everyone = load_penguins().standardize()
    four = np.array([0, 151, 275, 152])  # rows of the table: Adelie, Gentoo, Chinstrap, Gentoo
    return replace(
        everyone,
        X=everyone.X[four],
        labels=everyone.labels[four],
        description="four penguins, bill length and depth standardised over all 342",
    )


def load_digits() -> Dataset:
    """Return 1,797 handwritten digits as images of 8 × 8 pixels.

    Returns
    -------
    data : Dataset
        N = 1797, D = 64 (an image row after row), K = 10. Pixels are whole numbers from 0 (paper) to 16 (ink).

    Raises
    ------
    ValueError
        If the data file is damaged.

    Notes
    -----
    Alpaydin, Kaynak (1998), doi:10.24432/C50P49, CC BY 4.0: the test part of the data set, in its order, as packed
    by scikit-learn. Used in notebook 08.

    Examples
    --------
    >>> load_digits()
    Dataset(N=1797, D=64, K=10: handwritten digits, 8 x 8 pixels of 0 to 16)
    """
    text = gzip.decompress(_read_verified("digits.csv.gz")).decode("ascii")
    table = np.loadtxt(io.StringIO(text), delimiter=",")
    return Dataset(
        X=table[:, :64].copy(),
        labels=table[:, 64].astype(int),
        feature_names=tuple(f"pixel {row},{column}" for row in range(8) for column in range(8)),
        class_names=tuple(str(digit) for digit in range(10)),
        description="handwritten digits, 8 x 8 pixels of 0 to 16",
        source="Alpaydin, Kaynak (1998), doi:10.24432/C50P49, CC BY 4.0",
    )


def load_mnist(path: str | PathLike[str]) -> tuple[Dataset, Dataset]:
    """Return MNIST's training and test set from the four standard files in a folder.

    Parameters
    ----------
    path : str or path
        A folder with train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
        t10k-labels-idx1-ubyte. Each may also be spelt with a dot (train-images.idx3-ubyte) or in capitals, gzipped
        or not, with or without .gz at the end: what counts is what is inside. Nothing is downloaded.

    Returns
    -------
    train, test : Dataset
        Images as rows of pixels from 0 to 1 in float64, K = 10. The second is marked as held out.

    Raises
    ------
    FileNotFoundError
        If the folder or one of the files is missing.
    ValueError
        If path is not a path, a file is damaged or of another kind, or the files do not match each other.

    Notes
    -----
    LeCun, Cortes, Burges, The MNIST database of handwritten digits. The IDX format: two zero bytes, the type (8 for
    unsigned bytes), the number of dimensions, each dimension as a big-endian 4-byte number, then the data.
    """
    if not isinstance(path, str | PathLike):
        raise ValueError(f"path: expected a folder, got {path!r}")
    folder = Path(path)
    if not folder.is_dir():
        raise FileNotFoundError(f"path: expected a folder with the four MNIST files, got {str(folder)!r}")
    parts: list[Dataset] = []
    for images_name, labels_name in (_MNIST_FILES[:2], _MNIST_FILES[2:]):
        images = _read_idx(folder, images_name, dimensions=3)
        labels = _read_idx(folder, labels_name, dimensions=1)
        if len(images) != len(labels):
            raise ValueError(
                f"{labels_name}: expected {len(images)} labels, as many as {images_name} has images, got {len(labels)}"
            )
        if labels.max() > 9:
            raise ValueError(f"{labels_name}: expected labels from 0 to 9, got {labels.max()}")
        _, rows, columns = images.shape
        parts.append(
            Dataset(
                X=images.reshape(len(images), -1) / 255.0,
                labels=labels.astype(int),
                feature_names=tuple(f"pixel {row},{column}" for row in range(rows) for column in range(columns)),
                class_names=tuple(str(digit) for digit in range(10)),
                description=f"MNIST, handwritten digits, {rows} x {columns} pixels of 0 to 1",
                source="LeCun, Cortes, Burges, The MNIST database of handwritten digits",
                held_out=bool(parts),
            )
        )
    train, test = parts
    if train.feature_names != test.feature_names:
        raise ValueError(f"{_MNIST_FILES[2]}: expected images of the size of the training images, got another size")
    return train, test


def make_blobs(
    rng: int | np.random.Generator | None,
    n_examples: int = 300,
    n_features: int = 2,
    n_classes: int = 4,
    spread: float = 1.0,
) -> Dataset:
    """Return made-up data: one round cloud of points per class.

    Parameters
    ----------
    rng : int, numpy.random.Generator or None
        Draws the centres (standard normal, times 3) and the points; None draws others each time.
    n_examples : int, default 300
        N, at least K. Classes take turns, so their sizes differ by at most one.
    n_features : int, default 2
        D, at least 1.
    n_classes : int, default 4
        K, at least 2.
    spread : float, default 1
        Standard deviation of each cloud, at least 0.

    Returns
    -------
    data : Dataset

    Raises
    ------
    ValueError
        If a number is out of range or rng is none of these.

    Notes
    -----
    x_n = centre of its class + spread · standard normal numbers. One of the data sets of
    `LearningRateExplorer`, in notebook 07.

    Examples
    --------
    >>> make_blobs(np.random.default_rng(0), n_examples=12)
    Dataset(N=12, D=2, K=4: made-up points in 4 round clouds)
    """
    rng = generator("rng", rng)
    D = whole_number("n_features", n_features, at_least=1)
    K = whole_number("n_classes", n_classes, at_least=2)
    N = whole_number("n_examples", n_examples, at_least=K)
    spread = not_negative("spread", spread)
    centres = 3 * rng.normal(size=(K, D))
    labels = np.arange(N) % K
    return Dataset(
        X=centres[labels] + spread * rng.normal(size=(N, D)),
        labels=labels,
        feature_names=tuple(f"feature {d}" for d in range(D)),
        class_names=tuple(f"class {k}" for k in range(K)),
        description=f"made-up points in {K} round clouds",
        source="drawn by linclf_helpers.datasets.make_blobs",
    )


def _names(name: str, value: object) -> tuple[str, ...]:
    """Return `value` as a tuple of strings; one string is refused, since its letters would pass for names."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError(f"{name}: expected several strings, got {value!r}")
    names = tuple(value)
    if not all(isinstance(entry, str) for entry in names):
        raise ValueError(f"{name}: expected only strings, got {names}")
    return names
