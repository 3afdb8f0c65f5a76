r"""Random values for every symbol of the course, and how they hang together. Nothing here uses the package.

A `World` is one random model: either one example or a batch. Base values (x, W, b, y, ...) are drawn; the others are
computed from them, straight from their definitions. `pin` replaces one value and computes anew what depends on it:
so a derivative is taken by a complex step (exact to the last digits), or by SymPy, of the definition, and never by
anybody's gradient code.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy
from formula_reader import FormulaError

Value = Any  # an ndarray of floats, of complex numbers, or of SymPy expressions

SIZES = [(5, 2, 4), (6, 3, 5), (2, 4, 3)]  # N, D, K: never two alike, nor like D + 1 or D · K, nor like 1
RANGES = {"n": "N", "d": "D", "i": "K", "j": "K", "k": "K"}  # what an index letter runs over
BATCH = {"X", "Z", "Y", "Y_hat", "N", "X_tilde", "x_bar"}  # symbols that only a batch has
STEP = 1e-30


def exp(a: Value) -> Value:
    """e to the a, for numbers and SymPy expressions."""
    a = np.asarray(a)
    return np.asarray(np.frompyfunc(sympy.exp, 1, 1)(a), dtype=object) if a.dtype == object else np.exp(a)


def log(a: Value) -> Value:
    """The natural logarithm, for numbers and SymPy expressions."""
    a = np.asarray(a)
    return np.asarray(np.frompyfunc(sympy.log, 1, 1)(a), dtype=object) if a.dtype == object else np.log(a)


def softmax(z: Value) -> Value:
    """Along the last axis, as defined."""
    e = exp(z)
    return e / e.sum(axis=-1, keepdims=True)


Definitions = dict[str, Callable[["World"], Value]]

BOTH: Definitions = {
    "L_lambda": lambda w: w["L"] + 0.5 * w["lambda"] * (w["W"] * w["W"]).sum(),
    "slope along u": lambda w: (w.jacobian("L", "W") * w["u"]).sum(),
}
ONE: Definitions = BOTH | {
    "z": lambda w: w["x"] @ w["W"] + w["b"],
    "y_hat": lambda w: softmax(w["z"]),
    "L": lambda w: -(w["y"] * log(w["y_hat"])).sum(),
    "S": lambda w: exp(w["z"]).sum(),
    "m": lambda w: w["z"].max(),
    "g": lambda w: w.jacobian("L", "z"),
    "J": lambda w: w.jacobian("y_hat", "z"),
}
MANY: Definitions = BOTH | {
    "Z": lambda w: w["X"] @ w["W"] + w["b"],
    "Y_hat": lambda w: softmax(w["Z"]),
    "L": lambda w: -(w["Y"] * log(w["Y_hat"])).sum() / len(w["Y"]),
    "G": lambda w: w.jacobian("L", "Z"),
    "X_tilde": lambda w: np.column_stack([w["X"], np.ones(len(w["X"]))]),
    "N_k": lambda w: w["Y"].sum(axis=0),
    "x_bar": lambda w: w["X"].mean(axis=0),  # of all examples
    "x_bar_k": lambda w: w["Y"].T @ w["X"] / w["N_k"][:, None],  # of each class
    "V after": lambda w: w["mu"] * w["V"] + w.jacobian("L", "W"),
    "W after": lambda w: w["W"] - w["eta"] * w.jacobian("L", "W"),
    "b after": lambda w: w["b"] - w["eta"] * w.jacobian("L", "b"),
}
COLUMNS: Definitions = ONE | {"z": lambda w: w["W"] @ w["x"] + w["b"]}  # W has shape (K, D) there


class World:
    """The values of one random model. `world["Z"]` is an array, `world.pin("Z", value)` another world."""

    def __init__(self, base: dict[str, Value], definitions: Definitions, kind: str) -> None:
        self.base, self.definitions, self.kind = base, definitions, kind
        self.cache: dict[Any, Value] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.base or name in self.definitions

    def __getitem__(self, name: str) -> Value:
        if name in self.base:
            return self.base[name]
        if name not in self.cache:
            if name not in self.definitions:
                one = "a batch" if self.kind == "batch" else "one example"
                raise FormulaError(f"{name!r} has no value for {one}; a new symbol needs a line in formula_world.py")
            self.cache[name] = self.definitions[name](self)
        return self.cache[name]

    def pin(self, name: str, value: Value) -> "World":
        """Give one symbol a value of its own, whatever it depends on."""
        return World({**self.base, name: value}, self.definitions, self.kind)

    def nudged(self, name: str, entry: tuple[int, ...]) -> "World":
        """Move one entry by a tiny imaginary step."""
        value = np.array(self[name], dtype=complex)
        value[entry] += 1j * STEP
        return self.pin(name, value)

    def jacobian(self, of: str, by: str) -> Value:
        """Differentiate one symbol by all entries of another: shape of the first, then shape of the second."""
        key = (of, by)
        if key not in self.cache:
            result = np.zeros(np.shape(self[of]) + np.shape(self[by]))
            for entry in np.ndindex(np.shape(self[by])):
                result[(..., *entry)] = np.imag(self.nudged(by, entry)[of]) / STEP
            self.cache[key] = result
        return self.cache[key]


def draw(kind: str, seed: int, K: int | None = None, more: Definitions | None = None) -> World:
    """Draw a world: "one" example (rows), one example in "columns", or a "batch"."""
    rng = np.random.default_rng(seed)
    N, D, K_ = SIZES[seed % len(SIZES)]
    if K and K in (N, D):
        N, D = 7, 4
    K = K or K_
    labels = (seed + rng.permutation(N)) % K  # one example: the first, so that every class is correct once
    labels[0] = seed % K
    base: dict[str, Value] = {
        "D": np.float64(D),
        "K": np.float64(K),
        "W": rng.normal(size=(K, D) if kind == "columns" else (D, K)),
        "b": rng.normal(size=K),
        "u": rng.normal(size=(D, K)),
        "V": rng.normal(size=(D, K)),
        "v": rng.normal(size=K),
    }
    for name in ("a", "T", "eta", "lambda", "p", "mu"):
        base[name] = rng.uniform(0.3, 0.9)
    base["h"] = np.float64(1e-5)
    if kind == "batch":
        base |= {"N": np.float64(N), "X": rng.normal(size=(N, D)), "Y": np.eye(K)[labels], "c": labels}
    else:
        base |= {"x": rng.normal(size=D), "y": np.eye(K)[labels[0]], "c": labels[0]}
    definitions = {"one": ONE, "columns": COLUMNS, "batch": MANY}[kind]
    more = more or {}
    return World({name: base[name] for name in base if name not in more}, definitions | more, kind)
