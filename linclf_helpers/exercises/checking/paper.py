"""Exercises for pencil and paper, and questions with answers to choose from."""

from dataclasses import dataclass, replace

import numpy as np

from linclf_helpers.exercises.checking.exercise import Exercise
from linclf_helpers.exercises.checking.observe import (
    Array,
    Function,
    Probe,
    Seen,
)
from linclf_helpers.exercises.checking.outcome import Outcome
from linclf_helpers.exercises.checking.task import ASK_FOR_MORE, Mistake, Task
from linclf_helpers.exercises.checking.texts import _short


@dataclass(eq=False, repr=False)
class Paper(Exercise):
    """Numbers to work out with pencil and paper, handed in as nested lists or an array."""

    likeness: float = 6e-3

    def _judge(self, answer: object) -> Outcome:
        if answer is None or answer is ... or _has_gap(answer):
            return self._not_started()
        if callable(answer):
            title = "I need the numbers you worked out, and got a function."
            return Outcome("wrong_type", self.name, title)
        try:
            array = np.array(answer, dtype=float)
        except (TypeError, ValueError):
            title = f"I need numbers, {self._wanted()}, and can't read them from this {type(answer).__name__}."
            return Outcome("wrong_type", self.name, title)
        return super()._judge(_constant(array))

    def _how_to_call(self) -> str:
        return f"Hand in the numbers: {self._wanted()}."

    def _confirmed(self, count: int) -> str:
        return f"It is {self.formula}."

    def _found_wrong(self) -> str:
        return "not yet. The first entry that is off:"

    def _lost_digits(self, probes: list[Probe], seen: list[Seen]) -> tuple[str, str]:
        return "", ""  # on paper numbers are rounded, and too much is shown by the entry

    def _diagnose(self, probes: list[Probe], seen: list[Seen], wrong: list[int], mistake: Mistake | None) -> Outcome:
        outcome = super()._diagnose(probes, seen, wrong, mistake)
        return outcome if mistake else replace(outcome, lines=(*outcome.lines, ASK_FOR_MORE))

    def _compared(self, probe: Probe, seen: Seen) -> tuple[tuple[str, str], ...]:
        """Say which entry is off, and not what it should be: there is nothing else to find out."""
        compared = super()._compared(probe, seen)
        return compared if "shape" in compared[0][0] else compared[:1]

    def _wanted(self) -> str:
        return f"an array of shape {self._expected(self.stages[0][0])[0].shape}"

    def _worked_number(self) -> str:
        value = self._expected(self.stages[0][0])[0]
        where = f" at {[0] * value.ndim}" if value.ndim else ""
        return f"One number to start from: {value.ravel()[0]:.4g}{where}."

    def _show_solution(self) -> Outcome:
        value = self._expected(self.stages[0][0])[0]
        return Outcome("solution", self.name, self.formula, code=_short(value))


@dataclass(eq=False, repr=False)
class Choice(Task):
    """A question with a few answers to choose from; every wrong one says what it overlooks.

    Attributes
    ----------
    question : str
    options : dict of str
        The letter of each answer and its text.
    right : str
        The letter of the right one.
    replies : dict of str
        What to say to each letter.
    """

    question: str
    options: dict[str, str]
    right: str
    replies: dict[str, str]

    def check(self, answer: object = None) -> Outcome:
        """Return what is to be said about the letter chosen. Never raises."""
        if answer is None or answer is ...:
            return self._not_started()
        letter = str(answer).strip().lower() if issubclass(type(answer), str) else ""
        if letter not in self.options:
            title = f"choose one of {', '.join(map(repr, self.options))}."
            return self._count(Outcome("wrong_type", self.name, title), ())
        if letter == self.right:
            return self._count(Outcome("right", self.name, "right.", (self.replies[letter],)), ())
        mistake = f"{self.name}.{letter}"
        outcome = Outcome("recognised", self.name, "not that one.", (self.replies[letter],), mistake=mistake)
        return self._count(outcome, ())

    def ask(self) -> Outcome:
        """Return the question with its answers."""
        table = tuple(self.options.items())
        return Outcome("hint", self.name, self.question, table=table)

    def _show_solution(self) -> Outcome:
        return Outcome("solution", self.name, f"{self.right!r}. {self.replies[self.right]}")


def _constant(array: Array) -> Function:
    return lambda: array


def _has_gap(answer: object) -> bool:
    if isinstance(answer, list | tuple):
        return any(_has_gap(part) for part in answer)
    return answer is None or answer is ...
