"""The bug clinic, notebook 10: eight patients, each repaired by the learner and judged by evidence."""

import collections
import copy
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from linclf_helpers.exercises import _batch_gradients, _data, _softmax_and_loss
from linclf_helpers.exercises._exercise import ASK_FOR_MORE, Exercise
from linclf_helpers.exercises._observe import Array, Function, Probe, Seen, observe
from linclf_helpers.exercises._outcome import Outcome
from linclf_helpers.exercises._probes import (
    BATCHES,
    MANY_CLASSES,
    SEVEN,
    SINGLE,
    SIX,
    SIZES,
    SMALL,
    SQUARE,
    THOUSANDS,
    WIDE_LOGITS,
    Batch,
    batch,
)

__all__ = ["CLINIC"]

_STILL_SICK = "it still behaves like the patient."
_LOOK_AGAIN = "On which input does it differ from what the formula says? Which law of the course does it break there?"
_LEAST = batch(20, D=1, K=2, labels=[1])
_TWELVE = batch(21, D=12, K=3, labels=[0, 2, 0, 0, 1])
_TINY = replace(SEVEN, X=SEVEN.X / 1e14)
_HUGE = replace(SEVEN, X=SEVEN.X * 1e8, W=SEVEN.W / 1e8)
_EXTREMES = (
    *SIZES,
    (_LEAST, "one example with one feature"),
    (_TWELVE, "twelve features"),
    (_TINY, "tiny features"),
    (_HUGE, "huge features and tiny weights"),
    (replace(SIX, X=SIX.X / 1e8, W=SIX.W * 1e8), "tiny features and huge weights"),
    (replace(SIX, W=SIX.W * 1000), "scores far apart"),
)


class _Patient(Exercise):
    """A function to repair: patient_1 becomes repaired_1."""

    @property
    def function(self) -> str:
        """The name that the notebook gives to the repaired function."""
        return self.name.replace("patient", "repaired")


def _patient(name: str, source: Exercise, sick: str, extremes: Sequence[Probe], hints: tuple[str, ...]) -> Exercise:
    """Return an exercise like an earlier one, in which one of its mistakes is the patient's own."""
    exercise = _Patient(
        name,
        hints,
        source.reference,
        source.formula,
        (*source.stages, extremes),
        source.outputs,
        source.laws,
        source.rtol,
        source.atol,
    )
    for mistake in source.mistakes:
        own = mistake.id.partition(".")[2]
        if own == sick:
            exercise.mistake("still_sick", mistake.code, _STILL_SICK, _LOOK_AGAIN, hints[0], mistake.variants)
        else:
            exercise.mistake(own, mistake.code, mistake.title, mistake.question, mistake.why, mistake.variants)
    return exercise


def _softmax(Z: Array) -> Array:
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def _gradients(X: Array, Y: Array, W: Array, b: Array) -> tuple[Array, Array]:
    G = (_softmax(X @ W + b) - Y) / len(X)
    return X.T @ G, G.sum(axis=0)


def _dead_bias(X: Array, Y: Array, W: Array, b: Array) -> tuple[Array, Array]:
    G = (_softmax(X @ W + b) - Y) / len(X)
    return X.T @ G, np.asarray(G.sum())


patient_1 = _Patient(
    name="patient_1",
    hints=(
        "Print the bias after training. What do its entries have in common?",
        "Compare each of the two gradients with finite differences, each by itself. Which shape should the second one "
        "have?",
    ),
    reference=_gradients,
    formula="∂L/∂W = Xᵀ(Ŷ − Y)/N, ∂L/∂b = (1/N) Σ_n (ŷ_n − y_n)",
    stages=(
        [Probe((each.X, each.Y, each.W, each.b)) for each in (*BATCHES, SQUARE)],
        [Probe((each.X, each.Y, each.W, each.b), note) for each, note in _EXTREMES],
    ),
    outputs=("dL_dW", "dL_db"),
    likeness=1e-12,  # a sum that cancels is 1e-17 or 0, as rounding will have it
)
patient_1.mistake("still_sick", _dead_bias, _STILL_SICK, _LOOK_AGAIN, patient_1.hints[0])
patient_1.mistake(
    "over_classes",
    lambda X, Y, W, b: (_gradients(X, Y, W, b)[0], (_softmax(X @ W + b) - Y).sum(axis=1) / len(X)),
    "the right idea, over the other axis.",
    "Which axis counts the examples here? Which shape has b?",
    "Each row of ∂L/∂Z sums to 0, so N zeros come out.",
)
patient_1.mistake(
    "mean",
    lambda X, Y, W, b: (_gradients(X, Y, W, b)[0], _gradients(X, Y, W, b)[1] / len(X)),
    "the right axis, and one division too many.",
    "∂L/∂Z carries the 1/N already. Is there a second one?",
    "The bias would learn N times more slowly than the weights.",
)
patient_1.mistake(
    "sum",
    lambda X, Y, W, b: (_gradients(X, Y, W, b)[0], _gradients(X, Y, W, b)[1] * len(X)),
    "the right axis, and the mean is lost.",
    "The loss is a mean over the batch. Do both gradients belong to a mean?",
    "The bias would learn N times faster than the weights, and the more data there are the worse it gets.",
)
patient_1.mistake(
    "one_number",
    lambda X, Y, W, b: (_gradients(X, Y, W, b)[0], np.full(len(b), _gradients(X, Y, W, b)[1].sum())),
    "there are K entries now, and all of them are the same number.",
    "May the bias of one class rise while another's falls? Can yours?",
    "One sum over everything was copied K times. It is 0, since each row of ∂L/∂Z sums to 0.",
)


def _dL_dV(X: Array, H: Array, dL_dZ: Array, W: Array) -> Array:
    return X.T @ ((dL_dZ @ W.T) * (H > 0))


def _hidden_probe(each: Batch, M: int, scale: float = 1.0, note: str = "") -> Probe:
    """Return a probe with a hidden layer of M units."""
    rng = np.random.default_rng(M)
    V, W = rng.normal(size=(each.X.shape[1], M)) * scale, rng.normal(size=(M, each.Y.shape[1])) / max(scale, 1)
    H = np.maximum(each.X @ V, 0)
    G = (_softmax(H @ W) - each.Y) / len(H)
    return Probe((each.X, H, G, W), note)


_OFF = np.maximum(SEVEN.X[:, :3], 0) * [0, 1, 1] * (np.arange(7) != 2)[:, None]  # one for all, all for one
patient_2 = _Patient(
    name="patient_2",
    hints=(
        "Count how often the mask that is multiplied in is 0. What did you expect?",
        "H has been through the ReLU already. Which values can it have, and which question can you still ask of it?",
    ),
    reference=_dL_dV,
    formula="∂L/∂V = Xᵀ((∂L/∂Z Wᵀ) · 1[H > 0]), for H = max(XV, 0)",
    stages=(
        [_hidden_probe(batch(0, D=2, K=4, labels=[3, 0]), 3), _hidden_probe(batch(1, 3, 4, [0, 2, 2, 0, 3]), 6)],
        [
            *(_hidden_probe(each, 7, note=note) for each, note in SIZES),
            _hidden_probe(_LEAST, 1, note="one of everything, and two classes"),
            _hidden_probe(_TINY, 6, note="tiny features"),
            _hidden_probe(_HUGE, 6, 1e-8, "huge features"),
            _hidden_probe(SIX, 1, note="one hidden unit"),
            _hidden_probe(SEVEN, 6, 1e-13, "activations near 0"),
            _hidden_probe(SEVEN, 6, 1e-300, "activations nearer 0"),
            _hidden_probe(SEVEN, 6, 1e9, "huge activations"),
            Probe((SEVEN.X, _OFF, SEVEN.dL_dZ * 1e-9, np.ones((3, 4)) * [[1], [2], [3]]), "units that are off"),
        ],
    ),
    outputs=("dL_dV",),
)
patient_2.mistake(
    "still_sick",
    lambda X, H, dL_dZ, W: X.T @ ((dL_dZ @ W.T) * (H >= 0)),
    _STILL_SICK,
    _LOOK_AGAIN,
    patient_2.hints[0],
    variants=(lambda X, H, dL_dZ, W: X.T @ (dL_dZ @ W.T),),
)
patient_2.mistake(
    "activation",
    lambda X, H, dL_dZ, W: X.T @ ((dL_dZ @ W.T) * H),
    "the activation stands in for its slope.",
    "How steep is the ReLU where it is 3? And where it is 5?",
    "Its slope is 0 or 1, whatever its height.",
)
patient_2.mistake(
    "inverted",
    lambda X, H, dL_dZ, W: X.T @ ((dL_dZ @ W.T) * (H <= 0)),
    "the gradient flows where the unit is off.",
    "Nudge V where H is 0. Does the loss move?",
    "The mask is 1 where it should be 0, and 0 where it should be 1.",
)
patient_2.mistake(
    "mean",
    lambda X, H, dL_dZ, W: X.T @ ((dL_dZ @ W.T) * (H > 0)) / len(X),
    "the right mask, and one division too many.",
    "∂L/∂Z carries the 1/N already. Is there a second one?",
    "The hidden layer would learn N times more slowly than the last.",
)


def _loss(Z: Array, Y: Array) -> Any:
    top = Z.max(axis=1, keepdims=True)
    log_Y_hat = Z - top - np.log(np.exp(Z - top).sum(axis=1, keepdims=True))
    return -log_Y_hat[Y == 1].mean()


def _capped(epsilon: float) -> Function:
    return lambda Z, Y: -np.log(_softmax(Z)[Y == 1] + epsilon).mean()


def _floored(epsilon: float) -> Function:
    return lambda Z, Y: -np.log(np.maximum(_softmax(Z)[Y == 1], epsilon)).mean()


patient_3 = _Patient(
    name="patient_3",
    hints=(
        "Make the model more and more wrong: multiply the weights by 10, by 100. Where does the loss stop?",
        "The gradient is that of the plain cross-entropy. Let the loss be that too, computed from the logits.",
    ),
    reference=_loss,
    formula="L = (1/N) Σ_n (log Σ_j e^{z_nj} − z_nc)",
    stages=(
        [Probe((each.Z, each.Y)) for each in (*BATCHES, SQUARE)],
        [
            Probe((SMALL.Z * 1000, SMALL.Y), "a model that is surely wrong"),
            Probe((SMALL.Z * 1e9, SMALL.Y), "huge scores"),
            Probe((SIX.Z / 1e5, SIX.Y), "scores near 0"),
            *(
                Probe((Z, np.eye(Z.shape[1])[labels]), probe.note)
                for probe in _softmax_and_loss.cross_entropy_from_logits.stages[1]
                for Z, labels in [probe.args]
            ),
        ],
    ),
    outputs=("L",),
    laws=(lambda Z, Y, L: f"A cross-entropy is never negative; yours is {L:.4g}." if L < 0 else "",),
    atol=_softmax_and_loss.cross_entropy_from_logits.atol,
)
patient_3.mistake("still_sick", _capped(1e-3), _STILL_SICK, _LOOK_AGAIN, patient_3.hints[0])
patient_3.mistake(
    "smaller",
    _capped(1e-9),
    "a smaller ε is still an ε.",
    "Where does the loss stop now?",
    "The ceiling is higher, and it is still a ceiling: −log ε.",
    variants=[cap(10.0**-n) for n in range(4, 17) for cap in (_capped, _floored)],
)
patient_3.mistake(
    "log_of_softmax",
    _capped(0.0),
    "without ε, and infinite in a hopeless case.",
    "Simplify the logarithm of the softmax on paper. What need not be computed at all?",
    "The probability underflows to 0 before its logarithm is taken.",
)
patient_3.mistake(
    "hopeless_for_free",
    lambda Z, Y: np.nan_to_num(-np.log(_softmax(Z)[Y == 1]), posinf=0).mean(),
    "the hopeless cases cost nothing.",
    "What does an example pay whose correct class has the probability 0? And one with 1e-300?",
    "What is infinite was replaced by 0, the loss of a perfect answer.",
)
patient_3.mistake(
    "one_maximum",
    lambda Z, Y: (np.log(np.exp(Z - Z.max()).sum(axis=1)) + Z.max() - Z[Y == 1]).mean(),
    "one maximum was taken for the whole batch.",
    "What is left of a row whose best score lies 1000 below the best of the batch?",
    "A row that lies far below the largest score of all underflows to log 0. Each row needs a maximum of its own.",
)
patient_3.mistake(
    "sum",
    lambda Z, Y: _loss(Z, Y) * len(Z),
    "this is the sum over the batch.",
    "Does the loss of one example twice differ from its loss once?",
    "The formula has a 1/N in front.",
)


def _with_penalty(factor: float) -> Function:
    def gradients(X: Array, Y: Array, W: Array, b: Array, l2: float) -> tuple[Array, Array]:
        dL_dW, dL_db = _gradients(X, Y, W, b)
        return dL_dW + factor * l2 * W, dL_db

    return gradients


def _penalised(X: Array, Y: Array, W: Array, b: Array, l2: float) -> tuple[Array, Array]:
    G = (_softmax(X @ W + b) - Y) / len(X)
    return X.T @ G + l2 * W, G.sum(axis=0)


_STRENGTHS = (0.3, 3.0, 0.01, 1.0, 0.2, 0.1, 2.0, 0.4, 1e-14, 30.0, 1e-9, 0.05)
patient_4 = _Patient(
    name="patient_4",
    hints=(
        "The gradient check passes, nearly. What happens to its error if the penalty is made a thousand times "
        "stronger?",
        "Differentiate the very line that adds the penalty to the loss. Which factor stands in front?",
    ),
    reference=_penalised,
    formula="∂/∂W (L + (λ/2)‖W‖²) = Xᵀ(Ŷ − Y)/N + λW",
    stages=(
        [Probe((each.X, each.Y, each.W, each.b, l2)) for each, l2 in zip(BATCHES, (0.5, 0.1, 1e-4), strict=True)],
        [
            *(
                Probe((each.X, each.Y, each.W, each.b, l2), note)
                for (each, note), l2 in zip(_EXTREMES, _STRENGTHS, strict=True)
            ),
            Probe((SIX.X, SIX.Y, SIX.W, SIX.b, 0.0), "no penalty"),
            Probe((SIX.X, SIX.Y, SIX.W, SIX.b, 1e6), "a huge penalty"),
        ],
    ),
    outputs=("dL_dW", "dL_db"),
)
patient_4.mistake("still_sick", _with_penalty(2), _STILL_SICK, _LOOK_AGAIN, patient_4.hints[0])
patient_4.mistake(
    "no_penalty",
    _with_penalty(0),
    "now the penalty has left the gradient altogether.",
    "The loss still contains it. Does it have a slope?",
    "Loss and gradient must be of one and the same function.",
)
patient_4.mistake(
    "half",
    _with_penalty(0.5),
    "half of it is too little.",
    "What is the derivative of a square? And of half a square?",
    "The ½ in the penalty cancels the 2 that comes down from the square.",
)
patient_4.mistake(
    "bias_too",
    lambda X, Y, W, b, l2: (_penalised(X, Y, W, b, l2)[0], _penalised(X, Y, W, b, l2)[1] + l2 * b),
    "the bias is penalised as well.",
    "Which of the two parameters stands in the penalty?",
    "The penalty is of W alone. The bias has no part in it, so its gradient stays as it is.",
)
patient_4.mistake(
    "penalty_in_the_mean",
    lambda X, Y, W, b, l2: (_gradients(X, Y, W, b)[0] + l2 * W / len(X), _gradients(X, Y, W, b)[1]),
    "the penalty is divided by N.",
    "Is the penalty inside the mean over the examples, or beside it?",
    "Loss and gradient must be of one and the same function, and in the loss nothing divides the penalty by N.",
)
patient_4.mistake(
    "sign",
    _with_penalty(-1),
    "the penalty has the wrong sign.",
    "Make a positive weight larger. Does the penalty grow or shrink?",
    "With this gradient a step downhill makes the weights larger.",
)

patient_5 = _patient(
    "patient_5",
    _softmax_and_loss.softmax,
    "axis_0",
    [
        Probe((np.array([[1e7, 1e7 + 1, 0], [-1e7, -1e7 - 1, -1e7]]),), "huge scores"),
        Probe((SIX.Z / 1e5,), "scores near 0"),
    ],
    (
        "Predict one example alone, then the same one in company. Do its probabilities agree?",
        "Print the sums of the rows, and the sums of the columns.",
    ),
)
patient_6 = _patient(
    "patient_6",
    _batch_gradients.dL_dZ,
    "lost_division",
    [
        *(Probe((each.Y_hat, each.Y), note) for each, note in SIZES),
        *(Probe((_softmax(Z), np.eye(3)[[0, 1, 1]]), note) for Z, note in WIDE_LOGITS),
        Probe((_softmax(WIDE_LOGITS[1][0] / 100), np.eye(3)[[2, 1, 0]]), "very small probabilities"),
    ],
    (
        "The check was made at one single point. Which property does that point have that others lack?",
        "Compare with finite differences at random logits. In which columns do they agree, and in which not?",
    ),
)


_PASSES = 4800  # each of the 24 orders of four examples is to be expected 200 times
_TOO_UNEVEN = 95.0  # χ² with 23 degrees of freedom exceeds it once in 10 billion


@dataclass(eq=False, repr=False)
class _Shuffle(_Patient):
    """A shuffle is right if every example keeps its label, wherever both went, and if chance alone says where."""

    def _observe(self, code: Function, probe: Probe, names: tuple[str, ...] = ()) -> Seen:
        """Return what one call did, the pairs in sorted order: any order of them will do here."""
        seen = super()._observe(code, probe, names)
        if seen.values is None or [v.ndim for v in seen.values] != [2, 1] or len(set(map(len, seen.values))) != 1:
            return seen
        new_X, new_labels = seen.values
        order = np.lexsort((new_labels, *new_X.T))
        return replace(seen, values=(new_X[order], new_labels[order]))

    def _judge(self, answer: object) -> Outcome:
        outcome = super()._judge(answer)
        return self._judge_orders(answer, outcome) if outcome.kind == "right" and callable(answer) else outcome

    def _judge_orders(self, answer: Function, outcome: Outcome) -> Outcome:
        """Return what is to be said about the orders that come, pass after pass, of four examples and of 5,000."""
        came = []
        for few, seed, passes in ((True, 0, _PASSES), (True, 0, 10), (True, 1, 10), (False, 0, 4)):
            probe = _numbered(few, seed)
            seen = observe(_repeated(answer, passes), probe, self.arguments, 2)
            if seen.error is not None:
                return self._raised(probe, seen.error, ("It came when one pass followed another.",))
            if seen.values is None or not _keeps_pairs(*probe.args[:2], *seen.values):
                title = "the first pass is right; after it, examples or labels get lost."
                return Outcome("wrong", self.name, title, ("What does your function keep from one call to the next?",))
            came.append(seen.values)
        found, line = _chance(_numbered(True, 0).args[0][:, 0], *(new_X[..., 0].astype(int) for new_X, _ in came))
        if found:
            [mistake] = [each for each in self.mistakes if each.id == f"{self.name}.{found}"]
            lines = tuple(filter(None, (mistake.question, line, ASK_FOR_MORE)))
            return Outcome("recognised", self.name, mistake.title, lines, mistake=mistake.id)
        kind_of_number = came[0][1].dtype
        if kind_of_number.kind == "f":
            line = f"Your labels came back as {kind_of_number}; one_hot wants whole numbers, as they were."
            return replace(outcome, lines=(*outcome.lines, line))
        return outcome

    def _confirmed(self, count: int) -> str:
        return f"Every example kept its label, on {count} inputs; all 24 orders of four examples came, equally often."

    def _compared(self, probe: Probe, seen: Seen) -> tuple[tuple[str, str], ...]:
        """Return the first pair that was lost, beside what became of it."""
        if seen.values is None or not self._has_right_shapes(probe, seen) or self._has_right_values(probe, seen):
            return super()._compared(probe, seen)
        X, labels, _ = probe.args
        new_X, new_labels = seen.values
        labels_of = [new_labels[(new_X == x).all(axis=1)] for x in X]
        n, there = next((n, there) for n, there in enumerate(labels_of) if not np.array_equal(there, labels[[n]]))
        came = " and ".join(f"{label:g}" for label in there[:3])
        x = f"x_{n} = {' '.join(np.array2string(X[n], precision=4, separator=', ').split())}"
        return (("given", f"{x} with label {labels[n]}"), ("yours", f"with label {came}" if came else "is not there"))


def _numbered(few: bool, seed: int) -> Probe:
    """Return four examples or 5,000 whose first feature is a number of their own."""
    numbers = np.array([2, 1, 0, 3]) if few else np.arange(5000)
    labels = numbers % 2 if few else numbers // 2000
    return Probe((np.column_stack([numbers, 0.5 - numbers]), labels, np.random.default_rng(seed)))


def _repeated(shuffle: Function, passes: int) -> Function:
    """Return a function that shuffles in several passes with one generator, and returns all that came."""

    def repeated(X: Array, labels: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        came = [shuffle(X, labels, rng) for _ in range(passes)]
        return np.array([new_X for new_X, _ in came]), np.array([new_labels for _, new_labels in came])

    return repeated


def _keeps_pairs(X: Array, labels: Array, new_X: Array, new_labels: Array) -> bool:
    """Tell whether each of several passes holds every example once, with its label."""
    if new_X.shape[1:] != X.shape or new_labels.shape[1:] != labels.shape:
        return False
    by_number = np.argsort(X[:, 0])
    if not (np.sort(new_X[..., 0]) == X[by_number, 0]).all():
        return False
    numbers = new_X[..., 0].astype(int)
    return bool((new_X == X[by_number][numbers]).all() and (new_labels == labels[by_number][numbers]).all())


def _chance(given: Array, orders: Array, again: Array, other: Array, large: Array) -> tuple[str, str]:
    """Return the name of the mistake that orders show, and a sentence about them, or two "".

    Parameters
    ----------
    given : ndarray of shape (4,)
        The order in which the examples were given.
    orders, again, other : ndarrays of shape (P, 4)
        The orders of many passes; of a few with the same seed; and with another seed.
    large : ndarray of shape (P, 5000)
        The orders of a few passes with 5,000 examples, given in the order 0, 1, 2, …
    """
    if (orders == given).all() and (large == np.arange(large.shape[1])).all():
        return "nothing_moves", ""
    if (orders == orders[0]).all() and (again == other).all():
        return "one_order", ""
    if (orders[: len(again)] != again).any():
        return "own_chance", ""
    if (orders == orders[0]).all():
        return "generator_left_as_it_was", ""
    if (again == other).all():
        return "own_chance", "Two generators with different seeds gave the same orders."
    counts = collections.Counter(map(tuple, orders.tolist()))
    if len(counts) < 24:
        return (
            "missing_orders",
            f"Four examples can come in 24 orders; in {len(orders)} passes yours came in {len(counts)}.",
        )
    often = np.array(list(counts.values()))
    if ((often - often.mean()) ** 2).sum() / often.mean() > _TOO_UNEVEN:
        line = (
            f"In {len(orders)} passes one order of four examples came {often.min()} times, another {often.max()} times."
        )
        return "uneven", line
    passes = [np.arange(large.shape[1]), *large]
    kept = max(_kept(one, following) for one, following in itertools.pairwise(passes))
    if kept > 0.4:
        return "only_small", f"Of 5,000 examples {kept:.0%} had the same place or the same neighbour as before."
    return "", ""


def _kept(one: Array, other: Array) -> float:
    """Return the share of examples that have the same place in two orders, or the same next neighbour."""
    place = np.argsort(other)[one]
    next_to = np.append(np.abs(np.diff(place)) == 1, False)
    return float((next_to | (place == np.arange(len(one)))).mean())


def _pairs_kept(X: Array, labels: Array, rng: object, new_X: Array, new_labels: Array) -> str:
    """Return how pairs got lost."""
    if not np.array_equal(np.unique(X, axis=0), np.unique(new_X, axis=0)):
        return "Some of the examples given are not among yours."
    if not np.array_equal(np.sort(labels), np.sort(new_labels)):
        return "Every example is there, but not every label as often as it was given."
    return "Every example and every label is there, but not together."


def _shuffled(X: Array, labels: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    order = rng.permutation(len(X))
    return X[order], labels[order]


def _apart(X: Array, labels: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    new_X, new_labels = X.copy(), labels.copy()
    for start in range(0, len(X), 60):
        block = slice(start, start + 60)
        new_X[block] = rng.permutation(X[block])
        new_labels[block] = rng.permutation(labels[block])
    return new_X, new_labels


def _in_order(order: Function) -> Function:
    """Return the shuffle that puts examples and labels in an order, which depends on N and the generator."""

    def shuffle(X: Array, labels: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        new = order(len(X), rng)
        return X[new], labels[new]

    return shuffle


def _with_any_other(N: int, rng: np.random.Generator) -> Array:
    """Return an order in which each place in turn was swapped with any other: some orders come more often."""
    order = np.arange(N)
    for n, other in enumerate(rng.integers(N, size=N)):
        order[[n, other]] = order[[other, n]]
    return order


def _shuffle_probe(each: Batch, seed: int, note: str = "") -> Probe:
    return Probe((each.X, each.labels, np.random.default_rng(seed)), note)


patient_7 = _Shuffle(
    name="patient_7",
    hints=(
        "Pick one penguin before the shuffle, by its measurements, and look for it afterwards. Which species is it?",
        "How many different orders are drawn for one block? How many should there be?",
    ),
    reference=_shuffled,
    formula="one order for both, drawn anew in each pass: (x_n, y_n) stays a pair",
    stages=(
        [_shuffle_probe(SMALL, 0), _shuffle_probe(SEVEN, 1), _shuffle_probe(SIX, 2)],
        [_shuffle_probe(each, 3, note) for each, note in _EXTREMES],
    ),
    outputs=("X", "labels"),
    laws=(_pairs_kept,),
)
patient_7.mistake("still_sick", _apart, _STILL_SICK, _LOOK_AGAIN, patient_7.hints[0])
patient_7.mistake(
    "labels_stay",
    lambda X, labels, rng: (rng.permutation(X), labels),
    "the examples moved, the labels stayed.",
    "Pick one example before and after. Does it still have its label?",
    "Only one of the two was shuffled.",
)
patient_7.mistake(
    "nothing_moves",
    lambda X, labels, rng: (X, labels),
    "the pairs are kept, and every example is where it was before.",
    "In which order do the species come after your shuffle?",
    "The penguins lie species after species. Unshuffled, a batch holds one species only, and the model swings from one "
    "to the next.",
)
patient_7.mistake(
    "one_order",
    lambda X, labels, rng: (X[::-1], labels[::-1]),
    "the pairs are kept, but the order is the same in every pass, whichever generator comes in.",
    "Where does chance come into your function?",
    "An order that is fixed once is not a shuffle: every pass shows the same batches.",
    variants=[_in_order(lambda N, rng, s=s: np.random.default_rng(s).permutation(N)) for s in (0, 1, 42)],
)
patient_7.mistake(
    "own_chance",
    _in_order(lambda N, rng: np.random.default_rng().permutation(N)),
    "the pairs are kept, but the order does not come from the generator that was handed in.",
    "Shuffle twice, each time with a new generator of the same seed. Do you get the same order?",
    "A run can only be repeated if all chance in it comes from one generator, whose seed is known.",
)
patient_7.mistake(
    "generator_left_as_it_was",
    _in_order(lambda N, rng: copy.deepcopy(rng).permutation(N)),
    "the pairs are kept, but one generator gives the same order in every pass.",
    "Shuffle twice with one generator. What should have become of the generator in between?",
    "A generator moves on when a number is drawn from it. A copy of it, or a new one of its seed, starts again.",
)
patient_7.mistake(
    "missing_orders",
    _in_order(lambda N, rng: np.roll(np.arange(N), rng.integers(N))),
    "the pairs are kept, but not every order can come.",
    "Into which orders can your function bring four examples, and into which not?",
    "A shuffle must be able to bring every example to every place, whatever has become of the others.",
)
patient_7.mistake(
    "uneven",
    _in_order(_with_any_other),
    "the pairs are kept, but some orders come more often than others.",
    "Which of your draws decides about a place that had been decided before?",
    "In a shuffle each order is as likely as any other.",
)
patient_7.mistake(
    "only_small",
    _in_order(lambda N, rng: rng.permutation(N) if N < 100 else np.roll(np.arange(N), rng.integers(N))),
    "right for few examples; of many, too many stay where they were, or beside whom they were.",
    "How many different places does one example get to, if there are 5,000?",
    "A small set is shuffled, a large one hardly.",
)

_ONE_FIXED = np.array([[1.0, 7.0], [3.0, 7.0], [8.0, 7.0]])
_NEAR_MEAN = np.array([[-1.1, 0.7], [1.1, 1e-7], [1e-9, -0.7], [-1e-9, -1e-7]])
patient_8 = _patient(
    "patient_8",
    _data.standardize,
    "fit_on_all",
    [
        Probe((SEVEN.X * 10.0 ** np.array([-9, -6, -3, 0, 9]), SEVEN.X[:3] + 1), "features of very different spread"),
        Probe((SIX.X, 1e4 * SMALL.X[:1, :3]), "one test example, far away"),
        Probe((SIX.X, SIX.X[[0, 0, 0]]), "a test set whose features never change"),
        Probe((SINGLE.X, SINGLE.X), "one training example"),
        Probe((_ONE_FIXED, np.array([[2, 7 + 1e-10]])), "a feature that changes a little in the test set alone"),
        Probe((SMALL.X, SEVEN.X[:1, :4]), "two training examples"),
        Probe((SIX.X[:, :1], SEVEN.X[:, :1]), "one feature"),
        Probe((_TWELVE.X, _TWELVE.X[1:] + 1), "twelve features"),
        Probe((_NEAR_MEAN, _NEAR_MEAN[::-1]), "values very near the mean"),
        Probe((THOUSANDS.X, SEVEN.X[:, :2]), "5,000 training examples"),
        Probe((MANY_CLASSES.X, THOUSANDS.X), "5,000 test examples"),
    ],
    (
        "Change one test example wildly. Which numbers of the training set move?",
        "Which data may have a say in the mean and the deviation? Could you have known them a day earlier?",
    ),
)
patient_8.atol = 1e-9  # a feature that never changed may be shifted alone, or set to 0

CLINIC = (patient_1, patient_2, patient_3, patient_4, patient_5, patient_6, patient_7, patient_8)
