"""The capstone, notebook 09: a classifier from a blank page, accepted by evidence."""

import io
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from linclf_helpers.datasets import load_digits
from linclf_helpers.exercises.catalogue.capstone_stages import gradients, loss, loss_of, predict
from linclf_helpers.exercises.catalogue.capstone_training import train
from linclf_helpers.exercises.catalogue.softmax import softmax as softmax_exercise
from linclf_helpers.exercises.checking.exercise import Exercise
from linclf_helpers.exercises.checking.found import found_instead
from linclf_helpers.exercises.checking.observe import Array, Probe, is_stub, observe, own_lines, say
from linclf_helpers.exercises.checking.outcome import Outcome
from linclf_helpers.exercises.checking.own_work import outside_help, reach
from linclf_helpers.exercises.checking.probes import SEVEN, SIX
from linclf_helpers.exercises.checking.task import ASK_FOR_MORE
from linclf_helpers.gradcheck import check_gradient

__all__ = ["CAPSTONE_EXERCISES", "Capstone", "Certificate"]

STAGES = ("softmax", "loss", "gradients", "train", "predict", "own_work")
TRAINING_ROWS = 1347  # of the 1,797 digits; the last 450 are held out
LEARNING_RATE = 0.5
# Full-batch gradient descent from zero is deterministic, so the losses on its way are known (float64, natural log).
PINNED_LOSSES = {1: 2.2033560370, 2: 2.1094969597, 10: 1.5219565201, 100: 0.3764282060, 500: 0.1440229862}
STEPS = max(PINNED_LOSSES)
ACCURACY_BAR = 0.90
CAPSTONE_EXERCISES = (loss, gradients, train, predict)
_EXERCISES: dict[str, Exercise] = {each.name: each for each in (softmax_exercise, *CAPSTONE_EXERCISES)}


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
        exercise = _EXERCISES[stage]
        answer = self._namespace.get(stage)
        if issubclass(type(answer), type):
            title = f"it is a class, and I need a function, {exercise.call}."
            return Outcome("not_a_function", stage, title, found_instead(self._namespace, stage, exercise.arguments))
        outcome = exercise.examine(answer)
        if outcome.kind in ("not_started", "not_a_function", "wrong_signature"):
            return self._with_what_was_found(outcome, exercise)
        if outcome.kind != "right":
            return self._explained(outcome)
        checked = "agrees with the formula, on ordinary inputs and on those that overflow a careless version."
        outcome = replace(outcome, lines=(f"{stage.capitalize()}: {checked}",))
        further = {"gradients": self._slope_of_own_loss, "train": self._path, "predict": self._held_out}
        outcome = further[stage](outcome) if stage in further else outcome
        return outcome if outcome.kind == "right" else self._explained(outcome)

    def _with_what_was_found(self, outcome: Outcome, exercise: Exercise) -> Outcome:
        """Say what else on the page may be meant, if the function is not there or can't be called."""
        stage = outcome.exercise
        if outcome.kind == "wrong_signature":
            method = "it takes (self" in outcome.title
            lines = (f"self is filled in if you take it from an object: {stage} = my_object.{stage}",) * method
            return replace(outcome, lines=(*outcome.lines, *lines))
        found = found_instead(self._namespace, stage, exercise.arguments)
        if outcome.kind == "not_started" and found and stage not in self._namespace:
            return Outcome("not_a_function", stage, f"there is no function {exercise.call} yet.", found)
        return replace(outcome, lines=outcome.lines + found * (outcome.kind == "not_a_function"))

    def _explained(self, wrong: Outcome) -> Outcome:
        """Add where a wrong answer may come from: another start, another stage that is wrong, data from outside."""
        stage = wrong.exercise
        if stage == "train" and not wrong.mistake and self._starts_elsewhere():
            [known] = [mistake for mistake in _EXERCISES["train"].mistakes if mistake.id == "train.starts_elsewhere"]
            wrong = replace(wrong, kind="recognised", title=known.title, lines=(known.question,), mistake=known.id)
        lines = []
        used = [name for name, value in reach(self._namespace, stage) if value is self._namespace.get(name)]
        for name in sorted(set(used) - {stage}):
            value = self._namespace[name]
            if name in _EXERCISES:
                outcome = _EXERCISES[name].examine(value)
                if outcome.kind not in ("right", "not_started"):
                    lines.append(f"It calls your {name}, and that is not right: {outcome.title} Mend it first.")
            elif type(value) is np.ndarray:
                lines.append(f"It reads {name} from outside. Should it look at its arguments alone?")
        return replace(wrong, lines=(*wrong.lines, *lines))

    def _starts_elsewhere(self) -> bool:
        """Tell whether train returns anything but zeros if it may take no step, and none of any length."""
        try:
            W, b = self._call("train", SIX.X, SIX.labels, 5, 0.0, 0)
        except Exception:
            return False
        return (W.shape, b.shape) == (SIX.W.shape, SIX.b.shape) and bool(W.any() or b.any())

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
            found = loss_of(X, labels, W, b)
            if not abs(found - pinned) <= 1e-6:  # also if it is nan
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
        probe = Probe((X_test, W, b), f"the {len(X_test)} held-out digits, with your own W and b")
        outcome = replace(_EXERCISES["predict"], stages=([probe],)).examine(self._namespace["predict"])
        if outcome.kind != "right":
            return outcome
        accuracy = float((self._call("predict", X_test, W, b) == test_labels).mean())
        if accuracy < ACCURACY_BAR:
            title = f"of the 450 held-out digits it recognises {accuracy:.1%}; {ACCURACY_BAR:.0%} are within reach."
            return Outcome("wrong", "predict", title, ("Is training right? Check that stage first.",))
        line = f"Prediction: {accuracy:.1%} of 450 held-out digits are recognised."
        return replace(right, lines=(line,))

    def _own_work(self) -> Outcome:
        started = [name for name in STAGES[:-1] if not _is_missing(self._namespace.get(name))]
        if not started:
            found = [
                line
                for name, each in _EXERCISES.items()
                for line in found_instead(self._namespace, name, each.arguments)
            ]
            if found:
                title = "none of the five functions is there yet."
                return Outcome("not_a_function", "own_work", title, tuple(dict.fromkeys(found)))
            return Outcome("not_started", "own_work", "not started.", ("There is nothing of yours to look at yet.",))
        help_found = sorted({sentence for name in started for sentence in outside_help(self._namespace, name)})
        if help_found:
            title = "this is to be done with NumPy and Python's own library alone."
            return Outcome("wrong", "own_work", title, (*help_found, "Can you write that part yourself?"))
        return Outcome(
            "right", "own_work", "right.", ("Own work: nothing but NumPy and Python's own library is used.",)
        )


def digits() -> tuple[Array, Array, Array, Array]:
    """Return the digits as the capstone splits them: X, labels of the first 1,347 and of the last 450, pixels / 16."""
    data = load_digits()
    X = data.X / 16
    return X[:TRAINING_ROWS], data.labels[:TRAINING_ROWS], X[TRAINING_ROWS:], data.labels[TRAINING_ROWS:]


def _is_missing(answer: object) -> bool:
    return answer is None or answer is ... or is_stub(answer)


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

        from linclf_helpers.plots import PALETTE

        figure = Figure(figsize=(9, 9.5), layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        figure.suptitle("A softmax classifier, built from a blank page", fontsize=16)
        parts: Any = figure.subfigures(3, 1, height_ratios=(4, 3, 2))
        top, middle, bottom = parts
        curve, confusion = top.subplots(1, 2)
        curve.plot(self.steps, self.losses, marker="o", color=PALETTE["loss"])
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
