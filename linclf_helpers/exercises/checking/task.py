"""What every exercise is: a task with hints and a solution, and mistakes that are known by name."""

from dataclasses import dataclass, field

from linclf_helpers.exercises.checking.observe import (
    Function,
)
from linclf_helpers.exercises.checking.outcome import Outcome

ASK_FOR_MORE = "hint() says more."


@dataclass(frozen=True)
class Mistake:
    """A wrong implementation and what to say about it.

    Attributes
    ----------
    id : str
    code : callable
        What a learner who makes it hands in.
    title : str
        The mistake, named.
    question : str
        The first thing to say: a question that leads to it.
    why : str
        What the mistake does, and why that is wrong. Not the cure.
    variants : tuple of callables
        The same mistake with other numbers in it.
    """

    id: str
    code: Function
    title: str
    question: str
    why: str
    variants: tuple[Function, ...] = ()


@dataclass(eq=False)
class Task:
    """What every exercise can do: give one more hint each time, and show its solution."""

    name: str
    hints: tuple[str, ...]
    attempts: int = field(default=0, init=False)
    _asked: bool = field(default=False, init=False)
    _hints_now: tuple[str, ...] = field(default=(), init=False)
    _hint_number: int = field(default=0, init=False)

    def __repr__(self) -> str:
        return f"Exercise {self.name}: check(your answer), hint(), solution()"

    def hint(self) -> Outcome:
        """Return the next hint. After a mistake that was recognised the hints are about that mistake."""
        hints = self._hints_now or self._general_hints()
        number = min(self._hint_number, len(hints) - 1)
        last = "This was the last hint." if number == len(hints) - 1 else "Ask again for the next one."
        if self._hint_number >= len(hints):
            last = "You have seen all hints; this is the last one again. solution() shows the way."
        self._hint_number += 1
        title = f"hint {number + 1} of {len(hints)}. {hints[number]}"
        return Outcome("hint", self.name, title, (last,))

    def solution(self) -> Outcome:
        """Return the solution with its formula, after an attempt or when asked twice."""
        if self.attempts == 0 and not self._asked:
            self._asked = True
            title = "try it first; even a wrong attempt gets an answer. Ask again and you will see the solution."
            return Outcome("solution", self.name, title)
        return self._show_solution()

    def _general_hints(self) -> tuple[str, ...]:
        return self.hints

    def _show_solution(self) -> Outcome:
        raise NotImplementedError

    def _not_started(self) -> Outcome:
        return Outcome("not_started", self.name, "not started.", ("Write your answer, then run this cell again.",))

    def _count(self, outcome: Outcome, hints: tuple[str, ...]) -> Outcome:
        """Note an attempt; start the hints anew if it is about something else than the last one."""
        if outcome.kind != "not_started":
            self.attempts += 1
            if hints != self._hints_now:
                self._hints_now, self._hint_number = hints, min(1, len(hints))  # the answer itself was the first hint
        return outcome
