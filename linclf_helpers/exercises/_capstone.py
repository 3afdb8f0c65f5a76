"""The capstone, notebook 09: a classifier from a blank page, accepted by evidence."""

import dis
import io
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from linclf_helpers.datasets import load_digits
from linclf_helpers.exercises import _batch_gradients, _softmax_and_loss
from linclf_helpers.exercises._exercise import ASK_FOR_MORE, Exercise
from linclf_helpers.exercises._observe import Array, Function, Probe, is_stub, observe, own_lines, say
from linclf_helpers.exercises._outcome import Outcome
from linclf_helpers.exercises._probes import BATCHES, SEVEN, SIX, SMALL, SQUARE
from linclf_helpers.forward import cross_entropy_from_logits, one_hot
from linclf_helpers.gradcheck import check_gradient
from linclf_helpers.gradients import loss_and_gradients

__all__ = ["CAPSTONE_EXERCISES", "Capstone", "Certificate"]

STAGES = ("softmax", "loss", "gradients", "train", "predict", "own_work")
TRAINING_ROWS = 1347  # of the 1,797 digits; the last 450 are held out
LEARNING_RATE = 0.5
# Full-batch gradient descent from zero is deterministic, so the losses on its way are known (float64, natural log).
PINNED_LOSSES = {1: 2.2033560370, 2: 2.1094969597, 10: 1.5219565201, 100: 0.3764282060, 500: 0.1440229862}
STEPS = max(PINNED_LOSSES)
ACCURACY_BAR = 0.90

# What each exercise of the capstone looks for besides the mistakes of the earlier notebooks.
_CODE_HINT = (
    "The contract at the top of the notebook says what goes in and what comes out. How did you do it before?",
)


def _softmax(Z: Array) -> Array:
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def _loss(X: Array, labels: Array, W: Array, b: Array) -> float:
    return cross_entropy_from_logits(X @ W + b, labels)


def _gradients(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
    _, dL_dW, dL_db = loss_and_gradients(X, labels, W, b)
    return dL_dW, dL_db


def _train(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
    return _descend(X, labels, K, learning_rate, steps)


def _predict(X: Array, W: Array, b: Array) -> Array:
    return (X @ W + b).argmax(axis=1)


def _descend(
    X: Array,
    labels: Array,
    K: int,
    learning_rate: float,
    steps: int,
    gradients: Function = _gradients,
    start: float = 0.0,
) -> tuple[Array, Array]:
    W, b = np.full((X.shape[1], K), start), np.full(K, start)
    for _ in range(steps):
        dL_dW, dL_db = gradients(X, labels, W, b)
        W, b = W - learning_rate * dL_dW, b - learning_rate * dL_db
    return W, b


loss = Exercise(
    name="loss",
    hints=_CODE_HINT,
    reference=_loss,
    formula="L = (1/N) Σ_n (log Σ_j e^{z_nj} − z_nc), Z = XW + b",
    stages=(
        [Probe((each.X, each.labels, each.W, each.b)) for each in (*BATCHES, SQUARE)],
        [
            Probe((SMALL.X, SMALL.labels, SMALL.W * 0, SMALL.b * 0), "zero weights: L = log K"),
            Probe((SMALL.X, SMALL.labels, SMALL.W * 15, SMALL.b), "large weights"),
            Probe((SMALL.X, SMALL.labels, SMALL.W * 1000, SMALL.b), "huge weights"),
            Probe((SMALL.X, SMALL.labels, SMALL.W, SMALL.b + 1000), "logits near 1000"),
        ],
    ),
    outputs=("L",),
)
gradients = Exercise(
    name="gradients",
    hints=_CODE_HINT,
    reference=_gradients,
    formula="∂L/∂W = Xᵀ(Ŷ − Y)/N, ∂L/∂b = (1/N) Σ_n (ŷ_n − y_n)",
    stages=(
        [Probe((each.X, each.labels, each.W, each.b)) for each in (*BATCHES, SQUARE)],
        [
            Probe((SMALL.X, SMALL.labels, SMALL.W, SMALL.b + 1000), "logits near 1000"),
            Probe((SIX.X, SIX.labels, SIX.W * 2000, SIX.b), "huge weights"),
        ],
    ),
    outputs=("dL_dW", "dL_db"),
)
train = Exercise(
    name="train",
    hints=_CODE_HINT,
    reference=_train,
    formula="W ← W − η ∂L/∂W, b ← b − η ∂L/∂b, from zero",
    stages=(
        [
            Probe((each.X, each.labels, each.Y.shape[1], rate, steps))
            for each, rate, steps in ((SMALL, 0.5, 1), (SMALL, 0.1, 2), (SEVEN, 0.3, 4), (SIX, 0.2, 3))
        ],
        [Probe((SMALL.X, SMALL.labels, 3, 0.5, 0), "a run of no steps at all")],
    ),
    outputs=("W", "b"),
)
_FAR = np.array([-0.4, 0.2, 1.5])
predict = Exercise(
    name="predict",
    hints=_CODE_HINT,
    reference=_predict,
    formula="argmax_k z_nk",
    stages=(
        [
            *(Probe((each.X, each.W, each.b)) for each in (*BATCHES, SQUARE)),
            Probe((SMALL.X, SMALL.W, _FAR)),
            Probe((SIX.X, SIX.W, np.arange(5.0))),
        ],
        [
            Probe((SMALL.X, SMALL.W, SMALL.b + 1000), "logits near 1000"),
            Probe((SMALL.X, SMALL.W * 0, SMALL.b * 0), "zero weights, where all classes tie"),
        ],
    ),
    outputs=("labels",),
)
CAPSTONE_EXERCISES = (loss, gradients, train, predict)


def _borrow(target: Exercise, source: Exercise, wrap: Callable[[Function], Function], names: tuple[str, ...]) -> None:
    """Put mistakes of an earlier exercise on record here, with their code built into what is asked for here."""
    for mistake in source.mistakes:
        name = mistake.id.partition(".")[2]
        if name in names:
            variants = [wrap(variant) for variant in mistake.variants]
            code = wrap(mistake.code)
            target.mistake(f"{source.name}.{name}", code, mistake.title, mistake.question, mistake.why, variants)


def _as_loss_of_probabilities(code: Function) -> Function:
    return lambda X, labels, W, b: code(_softmax(X @ W + b), one_hot(labels, len(b)))


def _as_loss_of_logits(code: Function) -> Function:
    return lambda X, labels, W, b: code(X @ W + b, labels)


def _as_softmax_in_loss(code: Function) -> Function:
    return lambda X, labels, W, b: -np.log(code(X @ W + b)[np.arange(len(X)), labels]).mean()


def _as_dL_dZ(code: Function) -> Function:
    def gradients(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
        G = code(_softmax(X @ W + b), one_hot(labels, len(b)))
        return X.T @ G, G.sum(axis=0)

    return gradients


def _as_softmax_in_gradients(code: Function) -> Function:
    return _with_probabilities(lambda X, W, b: code(X @ W + b))


def _with_probabilities(probabilities: Function) -> Function:
    def gradients(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
        G = (probabilities(X, W, b) - one_hot(labels, len(b))) / len(X)
        return X.T @ G, G.sum(axis=0)

    return gradients


def _as_dL_dW(code: Function) -> Function:
    def gradients(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
        G = (_softmax(X @ W + b) - one_hot(labels, len(b))) / len(X)
        return code(X, G), G.sum(axis=0)

    return gradients


def _as_dL_db(code: Function) -> Function:
    def gradients(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
        G = (_softmax(X @ W + b) - one_hot(labels, len(b))) / len(X)
        return X.T @ G, code(G)

    return gradients


_borrow(
    loss,
    _softmax_and_loss.cross_entropy,
    _as_loss_of_probabilities,
    (
        *("sum", "mean_of_all", "sign", "per_example", "log2", "log10", "log_of_mean", "binary", "squared_error"),
        *("no_log", "entropy", "most_probable", "two_lists", "softmax_inside", "epsilon"),
    ),
)
_borrow(
    loss,
    _softmax_and_loss.cross_entropy_from_logits,
    _as_loss_of_logits,
    ("log_of_softmax", "no_shift", "label_as_number", "labels_from_1", "logit_alone"),
)
_borrow(loss, _softmax_and_loss.softmax, _as_softmax_in_loss, ("axis_0", "global_sum", "minus", "base_2", "sigmoid"))
loss.mistake(
    "no_bias",
    lambda X, labels, W, b: _loss(X, labels, W, 0 * b),
    "the bias is not in it.",
    "Change b and nothing else. Does your loss notice?",
    "The scores are XW alone, so the model's lines must all pass through the origin.",
)
_borrow(
    gradients,
    _batch_gradients.dL_dZ,
    _as_dL_dZ,
    (
        *("no_mean", "mean_twice", "by_classes", "by_size", "sign", "lost_division", "diagonal_jacobian"),
        *("derivative_again", "minus_one", "every_label_column", "rows_by_label", "no_labels", "dL_dYhat"),
        *("loss_for_slope", "binary", "squared_error", "softmax_again"),
    ),
)
_borrow(
    gradients,
    _batch_gradients.dL_dW,
    _as_dL_dW,
    ("times_N", "mean_twice", "transposed", "last_example", "sums_first", "means_first", "sign", "no_features"),
)
_borrow(
    gradients,
    _batch_gradients.dL_db,
    _as_dL_db,
    (
        *("one_number", "not_summed", "over_classes", "mean", "times_N", "last_example"),
        *("zeros", "keepdims", "sign", "absolute"),
    ),
)
_borrow(
    gradients,
    _softmax_and_loss.softmax,
    _as_softmax_in_gradients,
    ("axis_0", "global_sum", "no_shift", "global_max", "minus", "base_2", "sigmoid"),
)
gradients.mistake(
    "scores_minus_labels",
    _with_probabilities(lambda X, W, b: X @ W + b),
    "the labels were subtracted from the scores.",
    "What did you subtract Y from? Does it lie between 0 and 1?",
    "That is the gradient of a regression. The labels belong beside probabilities.",
)
gradients.mistake(
    "no_bias",
    _with_probabilities(lambda X, W, b: _softmax(X @ W)),
    "the bias is missing in the scores.",
    "Change b and nothing else. Do your gradients notice?",
    "The gradient is taken where the bias is zero, wherever the model really stands.",
)


def _plus(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
    return _descend(X, labels, K, -learning_rate, steps)


def _one_fewer(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
    return _descend(X, labels, K, learning_rate, max(0, steps - 1))


def _one_more(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
    return _descend(X, labels, K, learning_rate, steps + 1)


def _accumulating(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
    total_W, total_b = np.zeros((X.shape[1], K)), np.zeros(K)

    def gradients(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
        nonlocal total_W, total_b
        dL_dW, dL_db = _gradients(X, labels, W, b)
        total_W, total_b = total_W + dL_dW, total_b + dL_db
        return total_W, total_b

    return _descend(X, labels, K, learning_rate, steps, gradients)


def _one_after_the_other(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
    W, b = np.zeros((X.shape[1], K)), np.zeros(K)
    for _ in range(steps):
        W = W - learning_rate * _gradients(X, labels, W, b)[0]
        b = b - learning_rate * _gradients(X, labels, W, b)[1]
    return W, b


def _with_gradients(change: Callable[[Array, Array, Array], tuple[Array, Array]]) -> Function:
    """Return a training whose gradients are changed: change(dL_dW, dL_db, X)."""

    def run(X: Array, labels: Array, K: int, learning_rate: float, steps: int) -> tuple[Array, Array]:
        def wrong(X: Array, labels: Array, W: Array, b: Array) -> tuple[Array, Array]:
            return change(*_gradients(X, labels, W, b), X)

        return _descend(X, labels, K, learning_rate, steps, wrong)

    return run


train.mistake(
    "plus",
    _plus,
    "this climbs.",
    "The gradient points uphill. Where do you want to go? Print the loss after every step.",
    "With a plus the loss rises at every step.",
)
train.mistake(
    "no_rate",
    lambda X, labels, K, learning_rate, steps: _descend(X, labels, K, 1.0, steps),
    "the learning rate is not used.",
    "Run it with two learning rates. Do the results differ?",
    "The step is as long as the gradient, whatever rate is asked for.",
)
train.mistake(
    "rate_squared",
    lambda X, labels, K, learning_rate, steps: _descend(X, labels, K, learning_rate**2, steps),
    "the learning rate is in it twice.",
    "Divide the first change of W by its gradient. Which number should that be?",
    "Multiplied twice, a rate of 0.1 becomes 0.01.",
)
train.mistake(
    "no_mean",
    _with_gradients(lambda dL_dW, dL_db, X: (len(X) * dL_dW, len(X) * dL_db)),
    "these are steps down the sum of the losses.",
    "Your loss is a mean. Is the gradient you step along one?",
    "Every step is N times too long. With much data it diverges.",
)
train.mistake(
    "bias_forgotten",
    _with_gradients(lambda dL_dW, dL_db, X: (dL_dW, 0 * dL_db)),
    "the bias never moves.",
    "What is b after training? Where may the lines between the classes pass?",
    "Accuracy hardly shows it, and the loss stays above what it could be.",
)
train.mistake(
    "one_step_short",
    _one_fewer,
    "one step is missing.",
    "Count: how often are W and b changed if one step is asked for?",
    "The last update, or the first, never takes place.",
)
train.mistake(
    "one_step_more",
    _one_more,
    "there is one step too many.",
    "Count: how often are W and b changed if no step is asked for?",
    "The loop runs once more than it should.",
)
train.mistake(
    "accumulating",
    _accumulating,
    "gradients of earlier steps are still in it.",
    "What is in your gradient at the beginning of the second step?",
    "Something that adds up was not emptied, so each step repeats all the earlier ones and the path swings.",
)
train.mistake(
    "one_after_the_other",
    _one_after_the_other,
    "the bias looks at the weights after their step.",
    "At which W and b is each of the two gradients taken?",
    "Both gradients belong to one and the same point. Taking the second after the first has been used is another "
    "method, close by, and its losses are not the ones of this course.",
)
train.mistake(
    "starts_elsewhere",
    lambda X, labels, K, learning_rate, steps: _descend(X, labels, K, learning_rate, steps, start=1.0),
    "it does not start from zero.",
    "What do you return if no step is asked for?",
    "The model is convex, so a start at zero is as good as any, and it makes the path the same for everybody.",
)
predict.mistake(
    "probabilities",
    lambda X, W, b: _softmax(X @ W + b),
    "these are probabilities, not choices.",
    "How many numbers per example should come out, and which?",
    "The choice is the class with the largest probability.",
    variants=(lambda X, W, b: X @ W + b,),
)
predict.mistake(
    "one_choice",
    lambda X, W, b: (X @ W + b).argmax(),
    "one choice was made for the whole batch.",
    "How many predictions do you need?",
    "Without an axis the largest of all scores is looked for.",
)
predict.mistake(
    "axis_0",
    lambda X, W, b: (X @ W + b).argmax(axis=0),
    "the best example of each class was looked for.",
    "Best class per example, or best example per class: which do you want?",
    "K numbers came out, each the number of an example.",
)
predict.mistake(
    "no_bias",
    lambda X, W, b: (X @ W).argmax(axis=1),
    "the bias is not used.",
    "Raise the bias of one class very much. Does it win every time?",
    "The scores are XW alone.",
)
predict.mistake(
    "least",
    lambda X, W, b: (X @ W + b).argmin(axis=1),
    "the least probable class was chosen.",
    "Which class would you bet on?",
    "The smallest score wins here.",
)
predict.mistake(
    "from_1",
    lambda X, W, b: (X @ W + b).argmax(axis=1) + 1,
    "every choice is one too high.",
    "From which number do the labels count?",
    "The labels start at 0, as columns do.",
)
predict.mistake(
    "one_hot",
    lambda X, W, b: np.eye(len(b))[(X @ W + b).argmax(axis=1)],
    "the choices came as one-hot rows.",
    "How many numbers per example should come out?",
    "Each row says which class was chosen. Its number is wanted.",
)


class Capstone:
    """The checks of the capstone: what a learner's functions do, stage by stage.

    Parameters
    ----------
    namespace : dict
        Where the learner's functions are: `globals()` in the notebook.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace

    def __repr__(self) -> str:
        return f"Capstone: check({', '.join(map(repr, STAGES))}), certificate()"

    def check(self, stage: str) -> Outcome:
        """Return what is to be said about one stage.

        Parameters
        ----------
        stage : {"softmax", "loss", "gradients", "train", "predict", "own_work"}

        Returns
        -------
        outcome : Outcome

        Raises
        ------
        ValueError
            If there is no such stage.
        """
        if stage not in STAGES:
            raise ValueError(f"stage: expected one of {', '.join(STAGES)}, got {stage!r}")
        try:
            outcome = self._judge(stage)
        except KeyboardInterrupt:
            title = "you stopped the check while your function was still running."
            outcome = Outcome("stopped", stage, title, ("With all 1,347 digits: is there a loop over them?",))
        except Exception as error:
            title = f"on the data of this stage I got {type(error).__name__}: {say(error)}"
            outcome = Outcome("raised", stage, title, code="\n".join(own_lines(error)))
        return replace(outcome, lines=tuple(line for line in outcome.lines if line != ASK_FOR_MORE))

    def _judge(self, stage: str) -> Outcome:
        if stage == "own_work":
            return self._own_work()
        exercise = {e.name: e for e in (_softmax_and_loss.softmax, *CAPSTONE_EXERCISES)}[stage]
        outcome = exercise.examine(self._namespace.get(stage))
        if outcome.kind != "right":
            return outcome
        checked = "agrees with the formula, on ordinary inputs and on those that overflow a careless version."
        outcome = replace(outcome, lines=(f"{stage.capitalize()}: {checked}",))
        further = {"gradients": self._slope_of_own_loss, "train": self._path, "predict": self._held_out}
        return further[stage](outcome) if stage in further else outcome

    def _call(self, name: str, *args: Any) -> Any:
        """Call a function of the learner's with copies, quietly; an error in it is raised."""
        outputs = 2 if name in ("gradients", "train") else 1
        seen = observe(self._namespace[name], Probe(args), (), outputs)
        if seen.values is None:
            raise seen.error or ValueError(f"{name} returned {seen.problem}")
        return seen.values if outputs == 2 else seen.values[0]

    def certificate(self) -> "Certificate | Outcome":
        """Return the certificate, or what is still missing."""
        outcomes = {stage: self.check(stage) for stage in STAGES}
        missing = [stage for stage, outcome in outcomes.items() if outcome.kind != "right"]
        if missing:
            started = any(outcome.kind != "not_started" for outcome in outcomes.values())
            table = tuple((stage, repr(outcome)[0] + " " + outcome.title) for stage, outcome in outcomes.items())
            done = len(STAGES) - len(missing)
            title = f"{done} of {len(STAGES)} stages done." if started else "not started."
            return Outcome("wrong" if started else "not_started", "certificate", title, table=table)
        X, labels, X_test, test_labels = digits()
        steps = [0, 1, 2, 5, 10, 20, 50, 100, 200, STEPS]
        path = [self._call("train", X, labels, 10, LEARNING_RATE, s) for s in steps]
        losses = [float(self._call("loss", X, labels, W, b)) for W, b in path]
        W, b = path[-1]
        predicted = self._call("predict", X_test, W, b)
        checks = [line for outcome in outcomes.values() for line in outcome.lines[-1:]]
        return Certificate(tuple(steps), tuple(losses), W, predicted, test_labels, tuple(checks))

    def _slope_of_own_loss(self, right: Outcome) -> Outcome:
        """Compare the learner's gradients with finite differences of the learner's own loss."""
        if _is_missing(self._namespace.get("loss")):
            title = "right, but there is no loss of yours yet to check them against."
            return Outcome("wrong", "gradients", title, ("Write loss first, then check this stage again.",))
        for each in (SEVEN, SIX):
            dL_dW, dL_db = self._call("gradients", each.X, each.labels, each.W, each.b)

            def of_W(W: Array, each: Any = each) -> Any:
                return self._call("loss", each.X, each.labels, W, each.b)

            def of_b(b: Array, each: Any = each) -> Any:
                return self._call("loss", each.X, each.labels, each.W, b)

            for f, x, slope in ((of_W, each.W, dL_dW), (of_b, each.b, dL_db)):
                verdict = check_gradient(f, x, slope, tolerance=1e-6)
                if not verdict.ok:
                    title = "your gradients are not the slope of your own loss."
                    lines = ("Which of the two did you change last? Check the loss by itself.", str(verdict))
                    return Outcome("wrong", "gradients", title, lines)
        line = "Gradients: every entry agrees with finite differences of your own loss, at random weights."
        return replace(right, lines=(line,))

    def _path(self, right: Outcome) -> Outcome:
        """Compare the losses on the way through the digits with the known ones."""
        X, labels, _, _ = digits()
        for steps, pinned in PINNED_LOSSES.items():
            W, b = self._call("train", X, labels, 10, LEARNING_RATE, steps)
            found = _loss(X, labels, W, b)
            if abs(found - pinned) > 1e-6:
                title = (
                    f"after {steps} step{'s' * (steps > 1)} on the digits the loss is not where the derivation leads."
                )
                table = (("yours", f"{found:.10f}"), ("expected", f"{pinned:.10f}"))
                lines = ("It was right on small batches. What is different here: N, D, K, or the number of steps?",)
                return Outcome("wrong", "train", title, lines, table)
        counts = ", ".join(map(str, PINNED_LOSSES))
        line = f"Training: the loss after {counts} steps on 1,347 digits is the known one, to 6 decimals."
        return replace(right, lines=(line,))

    def _held_out(self, right: Outcome) -> Outcome:
        """Count how many of the held-out digits are recognised."""
        if _is_missing(self._namespace.get("train")):
            title = "right, but there is no training of yours yet to predict with."
            return Outcome("wrong", "predict", title, ("Write train first, then check this stage again.",))
        X, labels, X_test, test_labels = digits()
        W, b = self._call("train", X, labels, 10, LEARNING_RATE, STEPS)
        accuracy = float((self._call("predict", X_test, W, b) == test_labels).mean())
        if accuracy < ACCURACY_BAR:
            title = f"of the 450 held-out digits it recognises {accuracy:.1%}; {ACCURACY_BAR:.0%} are within reach."
            return Outcome("wrong", "predict", title, ("Is training right? Check that stage first.",))
        line = f"Prediction: {accuracy:.1%} of 450 held-out digits are recognised."
        return replace(right, lines=(line,))

    def _own_work(self) -> Outcome:
        started = [name for name in STAGES[:-1] if not _is_missing(self._namespace.get(name))]
        if not started:
            return Outcome("not_started", "own_work", "not started.", ("There is nothing of yours to look at yet.",))
        help_found = sorted({sentence for name in started for sentence in _outside_help(self._namespace, name)})
        if help_found:
            title = "this is to be done with NumPy alone."
            return Outcome("wrong", "own_work", title, (*help_found, "Can you write that part yourself?"))
        return Outcome("right", "own_work", "right.", ("Own work: nothing but NumPy is used.",))


def digits() -> tuple[Array, Array, Array, Array]:
    """Return the digits as the capstone splits them: X, labels of the first 1,347 and of the last 450, pixels / 16."""
    data = load_digits()
    X = data.X / 16
    return X[:TRAINING_ROWS], data.labels[:TRAINING_ROWS], X[TRAINING_ROWS:], data.labels[TRAINING_ROWS:]


def _is_missing(answer: object) -> bool:
    return answer is None or answer is ... or is_stub(answer)


def _outside_help(namespace: dict[str, Any], name: str) -> Iterator[str]:
    """Yield a sentence for whatever a function uses, directly or not, that is neither NumPy nor defined beside it."""
    home = namespace.get("__name__")
    todo, done = [(name, namespace[name])], set()
    while todo:
        path, value = todo.pop()
        if id(value) in done:
            continue
        done.add(id(value))
        origin = _origin(value)
        if origin == home and isinstance(value, type):
            todo += [(f"{path}.{key}", part) for key, part in vars(value).items() if isinstance(part, _FUNCTIONS)]
        elif isinstance(value, _FUNCTIONS):
            function = value.__func__ if isinstance(value, staticmethod | classmethod) else value
            if function.__globals__ is not namespace:
                yield f"{path} comes from {origin}."
                continue
            for kind, used in _uses(function.__code__):
                if kind == "import" or used in ("__import__", "eval", "exec"):
                    if used.split(".")[0] != "numpy":
                        yield f"{path} uses {used}."
                elif used in namespace:
                    todo.append((used, namespace[used]))
            todo += [(path, cell.cell_contents) for cell in function.__closure__ or ()]
        elif origin.split(".")[0] not in ("numpy", "builtins", str(home)):
            yield f"{path} comes from {origin}."


_FUNCTIONS = (types.FunctionType, staticmethod, classmethod)


def _origin(value: object) -> str:
    """Return the name of the module that a module, function, class or object comes from."""
    if isinstance(value, types.ModuleType):
        return value.__name__
    return str(getattr(value, "__module__", None) or type(value).__module__)


def _uses(code: types.CodeType) -> Iterator[tuple[str, str]]:
    """Yield the global names that code reads and the modules it imports, those of inner functions too."""
    for step in dis.get_instructions(code):
        if step.opname in {"LOAD_GLOBAL", "LOAD_NAME"}:
            yield "name", step.argval
        elif step.opname == "IMPORT_NAME":
            yield "import", step.argval
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _uses(constant)


@dataclass(frozen=True, eq=False)
class Certificate:
    """One page: the loss on its way down, what the classes look for, what is confused with what, what was checked."""

    steps: tuple[int, ...]
    losses: tuple[float, ...]
    W: Array
    predicted: Array
    labels: Array
    checks: tuple[str, ...]

    @property
    def accuracy(self) -> float:
        """The share of held-out digits that were recognised."""
        return float((self.predicted == self.labels).mean())

    def __repr__(self) -> str:
        return (
            f"Certificate: a softmax classifier from a blank page, {len(STAGES)} of {len(STAGES)} stages,"
            f" {self.accuracy:.1%} of the held-out digits"
        )

    def figure(self) -> Any:
        """Return the page as a matplotlib figure."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(9, 9.5), layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        figure.suptitle("A softmax classifier, built from a blank page", fontsize=16)
        parts: Any = figure.subfigures(3, 1, height_ratios=(4, 3, 2))
        top, middle, bottom = parts
        curve, confusion = top.subplots(1, 2)
        curve.plot(self.steps, self.losses, marker="o", color="#EC6115")
        curve.set_xscale("symlog", linthresh=1)
        curve.set_ylim(0, 1.1 * self.losses[0])
        curve.set(xlabel="step", ylabel="mean loss on 1,347 digits", title="Loss on its way down")
        for n in (0, -1):
            curve.annotate(f"{self.losses[n]:.4f}", (self.steps[n], self.losses[n]), (0, 6), textcoords="offset points")
        table = np.zeros((10, 10), int)
        np.add.at(table, (self.labels, self.predicted), 1)
        confusion.imshow(table, cmap="Greys", vmax=table.max() * 1.3)
        for i, j in zip(*np.nonzero(table), strict=True):
            confusion.text(j, i, str(table[i, j]), ha="center", va="center", color="white" if table[i, j] > 25 else "k")
        confusion.set(xticks=range(10), yticks=range(10), xlabel="predicted", ylabel="correct")
        confusion.set_title(f"450 held-out digits: {self.accuracy:.1%} right")
        middle.suptitle("Weights: orange where ink speaks for the digit, purple where against")
        reach = np.abs(self.W).max()
        for k, ax in enumerate(middle.subplots(2, 5).flat):
            ax.imshow(self.W[:, k].reshape(8, 8), cmap="PuOr_r", vmin=-reach, vmax=reach)
            ax.set(xticks=[], yticks=[], ylabel=str(k))
        bottom.text(0.03, 0.95, "What was checked", fontsize=12, va="top")
        bottom.text(0.03, 0.78, "\n".join(f"✓ {check}" for check in self.checks), va="top", fontsize=9, linespacing=1.5)
        return figure

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        from linclf_helpers.plots import course_style

        buffer = io.BytesIO()
        with course_style():
            self.figure().savefig(buffer, format="png", dpi=100, metadata={"Software": None})
        return {"text/plain": repr(self), "image/png": buffer.getvalue()}
