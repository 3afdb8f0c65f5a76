"""Read what scikit-learn's users hand in: arrays, lists, tables with names, labels of any kind."""

import math
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linclf_helpers._validate import Array, as_any_array


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


def _of_scikit_learn(name: str, otherwise: Any) -> Any:
    """Return scikit-learn's exception or warning of that name; without it loaded, nobody can be waiting for that."""
    return getattr(sys.modules.get("sklearn.exceptions"), name, otherwise)
