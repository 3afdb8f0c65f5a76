"""The bug clinic, notebook 10: eight patients, each repaired by the learner and judged by evidence."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from linclf_helpers.exercises import _batch_gradients, _data, _softmax_and_loss
from linclf_helpers.exercises._exercise import Exercise, plain_source
from linclf_helpers.exercises._observe import Array, Function, Probe, is_stub
from linclf_helpers.exercises._outcome import Outcome
from linclf_helpers.exercises._probes import BATCHES, SEVEN, SIX, SMALL, SQUARE, batch

__all__ = ["CLINIC"]

_STILL_SICK = "it still behaves like the patient."
_LOOK_AGAIN = "On which input does it differ from what the formula says? Which law of the course does it break there?"


def _patient(name: str, source: Exercise, sick: str, hints: tuple[str, ...]) -> Exercise:
    """Return an exercise like an earlier one, in which one of its mistakes is the patient's own."""
    exercise = Exercise(
        name,
        hints,
        source.reference,
        source.formula,
        source.stages,
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


patient_1 = Exercise(
    name="patient_1",
    hints=(
        "Print the bias after training. What do its entries have in common?",
        "Compare each of the two gradients with finite differences, each by itself. Which shape should the second one "
        "have?",
    ),
    reference=_gradients,
    formula="∂L/∂W = Xᵀ(Ŷ − Y)/N, ∂L/∂b = (1/N) Σ_n (ŷ_n − y_n)",
    stages=([Probe((each.X, each.Y, each.W, each.b)) for each in (*BATCHES, SQUARE)],),
    outputs=("dL_dW", "dL_db"),
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


def _dL_dV(X: Array, H: Array, dL_dZ: Array, W: Array) -> Array:
    return X.T @ ((dL_dZ @ W.T) * (H > 0))


def _hidden_probe(seed: int, D: int, M: int, K: int, labels: list[int]) -> Probe:
    each = batch(seed, D, K, labels)
    rng = np.random.default_rng(seed + 100)
    V, W = rng.normal(size=(D, M)), rng.normal(size=(M, K))
    H = np.maximum(each.X @ V, 0)
    G = (_softmax(H @ W) - each.Y) / len(labels)
    return Probe((each.X, H, G, W))


patient_2 = Exercise(
    name="patient_2",
    hints=(
        "Count how often the mask that is multiplied in is 0. What did you expect?",
        "H has been through the ReLU already. Which values can it have, and which question can you still ask of it?",
    ),
    reference=_dL_dV,
    formula="∂L/∂V = Xᵀ((∂L/∂Z Wᵀ) · 1[H > 0]), for H = max(XV, 0)",
    stages=([_hidden_probe(0, 2, 3, 4, [3, 0]), _hidden_probe(1, 3, 6, 4, [0, 2, 2, 0, 3])],),
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


def _loss(Z: Array, Y: Array) -> Any:
    top = Z.max(axis=1, keepdims=True)
    log_Y_hat = Z - top - np.log(np.exp(Z - top).sum(axis=1, keepdims=True))
    return -log_Y_hat[Y == 1].mean()


def _capped(epsilon: float) -> Function:
    return lambda Z, Y: -np.log(_softmax(Z)[Y == 1] + epsilon).mean()


patient_3 = Exercise(
    name="patient_3",
    hints=(
        "Make the model more and more wrong: multiply the weights by 10, by 100. Where does the loss stop?",
        "The gradient is that of the plain cross-entropy. Let the loss be that too, computed from the logits.",
    ),
    reference=_loss,
    formula="L = (1/N) Σ_n (log Σ_j e^{z_nj} − z_nc)",
    stages=(
        [Probe((each.Z, each.Y)) for each in (*BATCHES, SQUARE)],
        [Probe((SMALL.Z * 1000, SMALL.Y), "a model that is surely wrong")],
    ),
    outputs=("L",),
)
patient_3.mistake("still_sick", _capped(1e-3), _STILL_SICK, _LOOK_AGAIN, patient_3.hints[0])
patient_3.mistake(
    "smaller",
    _capped(1e-9),
    "a smaller ε is still an ε.",
    "Where does the loss stop now?",
    "The ceiling is higher, and it is still a ceiling: −log ε.",
    variants=[_capped(10.0**-n) for n in range(4, 17)],
)
patient_3.mistake(
    "log_of_softmax",
    _capped(0.0),
    "without ε, and infinite in a hopeless case.",
    "Simplify the logarithm of the softmax on paper. What need not be computed at all?",
    "The probability underflows to 0 before its logarithm is taken.",
)


def _with_penalty(factor: float) -> Function:
    def gradients(X: Array, Y: Array, W: Array, b: Array, l2: float) -> tuple[Array, Array]:
        dL_dW, dL_db = _gradients(X, Y, W, b)
        return dL_dW + factor * l2 * W, dL_db

    return gradients


def _penalised(X: Array, Y: Array, W: Array, b: Array, l2: float) -> tuple[Array, Array]:
    G = (_softmax(X @ W + b) - Y) / len(X)
    return X.T @ G + l2 * W, G.sum(axis=0)


patient_4 = Exercise(
    name="patient_4",
    hints=(
        "The gradient check passes, nearly. What happens to its error if the penalty is made a thousand times "
        "stronger?",
        "Differentiate the very line that adds the penalty to the loss. Which factor stands in front?",
    ),
    reference=_penalised,
    formula="∂/∂W (L + (λ/2)‖W‖²) = Xᵀ(Ŷ − Y)/N + λW",
    stages=([Probe((each.X, each.Y, each.W, each.b, l2)) for each, l2 in zip(BATCHES, (0.5, 0.1, 1e-4), strict=True)],),
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

patient_5 = _patient(
    "patient_5",
    _softmax_and_loss.softmax,
    "axis_0",
    (
        "Predict one example alone, then the same one in company. Do its probabilities agree?",
        "Print the sums of the rows, and the sums of the columns.",
    ),
)
patient_6 = _patient(
    "patient_6",
    _batch_gradients.dL_dZ,
    "lost_division",
    (
        "The check was made at one single point. Which property does that point have that others lack?",
        "Compare with finite differences at random logits. In which columns do they agree, and in which not?",
    ),
)


@dataclass(eq=False, repr=False)
class _Shuffle(Exercise):
    """A shuffle is right if every example keeps its label, wherever both went; so the pairs are compared, sorted."""

    def _judge(self, answer: object) -> Outcome:
        if not callable(answer) or is_stub(answer) or self._signature_problem(answer):
            return super()._judge(answer)
        return super()._judge(_sorted_pairs(answer))

    def _show_solution(self) -> Outcome:
        return Outcome("solution", self.name, self.formula, code=plain_source(_shuffled, self.name))


def _sorted_pairs(shuffle: Function) -> Function:
    if getattr(shuffle, "sorts_pairs", False):
        return shuffle

    def pairs(X: Array, labels: Array, rng: np.random.Generator) -> Any:
        result = shuffle(X, labels, rng)
        if not isinstance(result, tuple | list) or len(result) != 2:
            return result
        new_X, new_labels = result
        together = np.column_stack([new_X, new_labels])
        return together[np.lexsort(together.T)]

    pairs.sorts_pairs = True  # type: ignore[attr-defined]
    return pairs


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


def _shuffle_probe(each: Any, seed: int) -> Probe:
    return Probe((each.X, each.labels, np.random.default_rng(seed)))


patient_7 = _Shuffle(
    name="patient_7",
    hints=(
        "Pick one penguin before the shuffle, by its measurements, and look for it afterwards. Which species is it?",
        "How many different orders are drawn for one block? How many should there be?",
    ),
    reference=_sorted_pairs(_shuffled),
    formula="one order for both: (x_n, y_n) stays a pair",
    stages=([_shuffle_probe(SMALL, 0), _shuffle_probe(SEVEN, 1), _shuffle_probe(SIX, 2)],),
    outputs=("pairs",),
)
patient_7.mistake("still_sick", _sorted_pairs(_apart), _STILL_SICK, _LOOK_AGAIN, patient_7.hints[0])
patient_7.mistake(
    "labels_stay",
    _sorted_pairs(lambda X, labels, rng: (rng.permutation(X), labels)),
    "the examples moved, the labels stayed.",
    "Pick one example before and after. Does it still have its label?",
    "Only one of the two was shuffled.",
)

patient_8 = _patient(
    "patient_8",
    _data.standardize,
    "fit_on_all",
    (
        "Change one test example wildly. Which numbers of the training set move?",
        "Which data may have a say in the mean and the deviation? Could you have known them a day earlier?",
    ),
)

CLINIC = (patient_1, patient_2, patient_3, patient_4, patient_5, patient_6, patient_7, patient_8)
