"""The checker: compare a learner's function with the right one, and with every mistake on record.

A mistake is a wrong implementation with an explanation. To diagnose is to find the one mistake that behaves as the
learner's function does on all the probes; where none or several do, the answer is a counter-example.
"""

import inspect
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from linclf_helpers.exercises.checking.behaviour import Behaviour, Law
from linclf_helpers.exercises.checking.compare import apart, lost_digits, sums_off
from linclf_helpers.exercises.checking.observe import (
    Array,
    Function,
    Probe,
    Seen,
    is_stub,
    own_lines,
    say,
    with_article,
)
from linclf_helpers.exercises.checking.order import call_with, order_by_behaviour, order_by_name
from linclf_helpers.exercises.checking.outcome import Outcome
from linclf_helpers.exercises.checking.task import ASK_FOR_MORE, Mistake
from linclf_helpers.exercises.checking.texts import _alike, _float, _outline, _shapes, _short, plain_source

_AXES = {"Z": "NK", "Y_hat": "NK", "Y": "NK", "dL_dZ": "NK", "X": "ND", "W": "DK", "X_train": "ND"}
KEPT_QUIET = "(What your function prints is kept off the page during a check. Call it yourself to see it.)"


@dataclass(eq=False, repr=False)
class Exercise(Behaviour):
    """A function to write.

    Attributes
    ----------
    name : str
        The name of the function.
    hints : tuple of str
        From a nudge to nearly there; a worked number is added as the last one.
    reference : callable
        The solution; its argument names are those of the exercise.
    formula : str
    stages : sequence of sequences of Probe
        What to try, smallest first. A later stage is looked at when the earlier ones are right: extremes come last,
        so that a wrong formula is called that and not an overflow.
    outputs : tuple of str
        Names of what is returned.
    laws : tuple of callables
        Each takes the arguments and then the values, and returns a sentence if its law is broken, else "".
    rtol, atol : float
        How far the right answer may be off, beside what rounding does to it.
    likeness : float
        How far a wrong answer may be from a mistake's to be taken for it, likewise.
    """

    def check(self, answer: object = None) -> Outcome:
        """Return what is to be said about a learner's function. Never raises, whatever is handed in.

        Parameters
        ----------
        answer : object
            The learner's function: itself, not the result of calling it.

        Returns
        -------
        outcome : Outcome
            It shows itself in a notebook; `kind` and `mistake` are for programs.
        """
        outcome = self.examine(answer)
        return self._count(outcome, self._hints_for(outcome))

    def examine(self, answer: object) -> Outcome:
        """Return what `check` returns, without counting it as an attempt."""
        try:
            with np.errstate(all="ignore"):  # our own arithmetic; the learner's functions get their warnings noted
                return self._judge(answer)
        except KeyboardInterrupt:
            title = "you stopped the check while your function was still running."
            lines = (
                "Is there a loop that never ends? What must change in it for its condition to become false?",
                "(A check stops nothing by itself: the stop button, ■, was the right thing to press.)",
            )
            return Outcome("stopped", self.name, title, lines)
        except Exception as error:  # an object that does not even let itself be looked at
            title = f"I can't make sense of what you handed in ({type(error).__name__})."
            return Outcome("wrong_type", self.name, title, (self._how_to_call(),))

    def _judge(self, answer: object) -> Outcome:
        if answer is None or answer is ... or is_stub(answer):
            return self._not_started()
        if not callable(answer):
            title = f"I need your function, and got {self._described(answer)}."
            return Outcome("not_a_function", self.name, title, (self._how_to_call(),))
        problem = self._signature_problem(answer)
        if problem:
            return Outcome("wrong_signature", self.name, problem)
        probes: list[Probe] = []
        seen: list[Seen] = []
        for stage in self.stages:
            for probe in stage:
                once, again = (self._observe(answer, probe) for _ in range(2))
                if once.unfinished:
                    return self._not_started()
                if not _alike(once, again, self.rtol, max(self.atol, 1e-12)):
                    return self._not_repeatable(probe, once, again)
                probes.append(probe)
                seen.append(once)
            wrong = [n for n in range(len(probes)) if not self._is_right(probes[n], seen[n])]
            if wrong:
                mistake = self._recognise(probes, seen, wrong)
                outcome = self._misordered(answer, mistake) or self._diagnose(probes, seen, wrong, mistake)
                quiet = (KEPT_QUIET,) if any(each.printed for each in seen) else ()
                return replace(outcome, lines=outcome.lines + quiet)
        return Outcome("right", self.name, "right.", (self._confirmed(len(probes)),))

    def _described(self, answer: object) -> str:
        return with_article(type(answer).__name__)

    def _how_to_call(self) -> str:
        return f"Hand in the function itself, its name without brackets. I will call it as {self.call}."

    def _signature_problem(self, answer: Function) -> str:
        try:
            signature = inspect.signature(answer)
        except (TypeError, ValueError):  # some built-in functions have none; calling will tell
            return ""
        try:
            signature.bind(*self.arguments)
        except TypeError:
            return f"I call your function as {self.call}, and it can't be called so: it takes {signature}."
        return ""

    # The order of the parameters

    def _misordered(self, answer: Function, mistake: Mistake | None) -> Outcome | None:
        """Return what is to be said if the parameters come in another order, by their names or by what they do."""
        order = order_by_name(answer, self.arguments)
        if order is not None and order != tuple(range(len(order))):
            found = ", ".join(list(inspect.signature(answer).parameters)[: len(order)])
            title = f"your parameters come in another order: I call {self.call}, and yours are ({found})."
            line = "Put them in the order asked for, then check again: something else is not right yet."
            if self._is_right_in_order(answer, order):
                line = "In the order asked for it is right."
            return Outcome("wrong_signature", self.name, title, (line,))
        if mistake and order is not None:
            return None
        order = order_by_behaviour(len(self.arguments), lambda order: self._is_right_in_order(answer, order))
        if order is None:
            return None
        title = f"it would be right if I called it as {call_with(self.function, self.arguments, order)}."
        lines: tuple[str, ...] = (f"I call it as {self.call}. Which of your parameters holds what?",)
        if mistake:
            lines += (f"Or is the order meant so? Then {mistake.title}", mistake.question)
        return Outcome("wrong_signature", self.name, title, lines)

    def _is_right_in_order(self, answer: Function, order: tuple[int, ...]) -> bool:
        """Tell whether the function is right if its i-th parameter is given our argument number order[i]."""
        names = tuple(self.arguments[i] for i in order)
        for probe in (probe for stage in self.stages for probe in stage):
            seen = self._observe(answer, Probe(tuple(probe.args[i] for i in order)), names)
            if not self._is_right(probe, seen):
                return False
        return True

    # Answering

    def _diagnose(self, probes: list[Probe], seen: list[Seen], wrong: list[int], mistake: Mistake | None) -> Outcome:
        first = wrong[0]
        probe, theirs = probes[first], seen[first]
        if mistake:
            values_right = self._has_right_values(probe, theirs)
            lines = () if values_right else self._broken_laws(probe, theirs)
            if probe.note:
                lines = (*lines, f"It shows with {probe.note}.")
            kind = "changed_input" if values_right else "recognised"
            lines = (mistake.question, *lines, ASK_FOR_MORE)
            return Outcome(kind, self.name, mistake.title, lines, self._compared(probe, theirs), mistake=mistake.id)
        given = (*self._given(probe), *self._compared(probe, theirs))
        noted: tuple[str, ...] = (f"The input: {probe.note}.",) if probe.note else ()
        if theirs.warned:
            noted += (f"NumPy warned: {theirs.warned}.",)
        if theirs.error is not None:
            return self._raised(probe, theirs.error, noted)
        if theirs.problem == "None":
            title = "your function ran, and returned None. Does every way through it end in a return?"
            return Outcome("returned_nothing", self.name, title)
        if theirs.values is None:
            title = f"your function returned {theirs.problem}; I expected {self._wanted()}."
            return Outcome("wrong_type", self.name, title, noted)
        if self._has_right_values(probe, theirs):
            if theirs.changed:
                names = " and ".join(theirs.changed)
                title = f"the result is right, but your function changed its argument {names}."
                lines = ("Whoever called it still needs that array. Which line writes into it?",)
                return Outcome("changed_input", self.name, title, lines)
            title = f"the numbers are right, but they came as a list; I expected {self._wanted()}."
            return Outcome("wrong_type", self.name, title, ("The next step will want to calculate with it.",))
        if not self._has_right_shapes(probe, theirs):
            title = "the shape is not what it should be."
            return Outcome("wrong_shape", self.name, title, noted, given)
        title, question = self._lost_digits(probes, seen)
        if title:
            return Outcome("wrong", self.name, title, (question, *noted), given)
        lines = self._empty(probes, seen) or self._ratio(probes, seen, wrong)
        return Outcome(
            "wrong", self.name, self._found_wrong(), (*lines, *self._broken_laws(probe, theirs), *noted), given
        )

    def _found_wrong(self) -> str:
        return "not yet. The smallest input I found that shows it:"

    def _raised(self, probe: Probe, error: BaseException, noted: tuple[str, ...]) -> Outcome:
        if isinstance(error, SystemExit):
            title = "your function called exit(). It should return its result instead."
            return Outcome("raised", self.name, title)
        if isinstance(error, RecursionError):
            title = "your function calls itself without end."
            return Outcome("raised", self.name, title, ("When should it stop?",), code="\n".join(own_lines(error)[-1:]))
        title = f"your function raised {type(error).__name__}: {say(error)}"
        return Outcome("raised", self.name, title, noted, self._given(probe), code="\n".join(own_lines(error)))

    def _not_repeatable(self, probe: Probe, once: Seen, again: Seen) -> Outcome:
        title = "the same input gave two different answers."
        lines = ("What does your function keep from one call to the next? Or does it draw random numbers?",)
        first, second = _outline(once), _outline(again)
        if first == second and once.values and again.values:  # they differ in later digits
            pairs = zip(once.values, again.values, strict=True)
            x, y = next((a[differs][0], b[differs][0]) for a, b in pairs if (differs := a != b).any())
            first, second = apart(float(x), float(y))
        table = (("first call", first), ("second call", second))
        return Outcome("not_repeatable", self.name, title, lines, table)

    def _wanted(self) -> str:
        what = "a NumPy array or a number" if len(self.outputs) == 1 else f"{len(self.outputs)} arrays"
        return f"{', '.join(self.outputs)}: {what}"

    def _given(self, probe: Probe) -> tuple[tuple[str, str], ...]:
        rows = []
        for name, value in zip(self.arguments, probe.args, strict=True):
            if not callable(value):
                rows.append((name, _short(np.asarray(value))))
        return tuple(rows)

    def _compared(self, probe: Probe, seen: Seen) -> tuple[tuple[str, str], ...]:
        """Return yours beside expected: the shapes if they differ, else the first entry that differs."""
        if seen.values is None or self._has_right_values(probe, seen):
            return ()
        expected = self._expected(probe)
        if not self._has_right_shapes(probe, seen):
            return (("your shape", _shapes(seen.values)), ("expected", _shapes(expected)))
        entries = self._right_entries(probe, seen.values)
        name, mine, right, agree = next(
            each for each in zip(self.outputs, seen.values, expected, entries, strict=True) if not each[3].all()
        )
        index = tuple(int(i) for i in np.argwhere(~agree)[0])
        where = f"{name}[{', '.join(map(str, index))}]" if index else name
        yours, wanted = apart(float(mine[index]), float(right[index]))
        return ((f"your {where}", yours), ("expected", wanted))

    def _broken_laws(self, probe: Probe, seen: Seen) -> tuple[str, ...]:
        if seen.values is None or not self._has_right_shapes(probe, seen):
            return ()
        return tuple(filter(None, (law(*probe.args, *map(_float, seen.values)) for law in self.laws)))[:2]

    def _ratio(self, probes: list[Probe], seen: list[Seen], wrong: list[int]) -> tuple[str, ...]:
        """Return a sentence if every wrong result is a constant times the right one."""
        found: list[tuple[float, dict[str, float]]] = []
        for n in wrong:
            mine, right = seen[n].values, self._expected(probes[n])
            if mine is None or [v.shape for v in mine] != [v.shape for v in right]:
                return ()
            a, e = (np.concatenate([_float(v).ravel() for v in values]) for values in (mine, right))
            if not (np.isfinite(a).all() and np.isfinite(e).all()):
                return ()
            top = np.abs(e).argmax()
            ratio = float(a[top] / e[top]) if e[top] else np.nan
            if not np.isfinite(ratio) or ratio == 0 or not np.allclose(a, ratio * e, rtol=1e-7, atol=1e-12):
                return ()
            found.append((ratio, self._sizes(probes[n])))
        ratios = np.array([ratio for ratio, _ in found])
        if len(found) < 2:
            return ()
        for letter, power in (("", 0), ("N", 1), ("N", -1), ("K", 1), ("K", -1), ("D", 1), ("D", -1)):
            counts = np.array([sizes.get(letter, np.nan) if letter else 1.0 for _, sizes in found])
            constants = ratios / counts**power
            if np.allclose(constants, constants[0], rtol=1e-6, atol=0):
                factor = f"{constants[0]:.4g}"
                if factor == "1" and power == 0:
                    factor = f"{constants[0]:.6g}"  # a factor of 1 is none
                unit = {"1": letter, "-1": f"−{letter}"}.get(factor, f"{factor} · {letter}")
                text = factor if power == 0 else unit if power == 1 else f"{factor}/{letter}"
                return (f"Your result is always {text} times the right one.",)
        return ()

    def _sizes(self, probe: Probe) -> dict[str, float]:
        sizes: dict[str, float] = {}
        for name, value in zip(self.arguments, probe.args, strict=True):
            if isinstance(value, np.ndarray):
                sizes |= {letter: float(n) for letter, n in zip(_AXES.get(name, ""), value.shape, strict=False)}
        return sizes

    def _lost_digits(self, probes: list[Probe], seen: list[Seen]) -> tuple[str, str]:
        if not all(self._has_right_shapes(*pair) for pair in zip(probes, seen, strict=True)):
            return "", ""
        mine = [_float(value) for each in seen for value in each.values or ()]
        return lost_digits(mine, [_float(value) for probe in probes for value in self._expected(probe)])

    def _empty(self, probes: list[Probe], seen: list[Seen]) -> tuple[str, ...]:
        """Return a sentence for each result that holds nothing new: one and the same number, or an argument."""
        if not all(self._has_right_shapes(*pair) for pair in zip(probes, seen, strict=True)):
            return ()
        lines = []
        for k, name in enumerate(self.outputs):
            mine = [_float(each.values[k]) for each in seen if each.values is not None]
            if all(self._right_entries(p, s.values)[k].all() for p, s in zip(probes, seen, strict=True) if s.values):
                continue
            subject = "your result" if len(self.outputs) == 1 else f"your {name}"
            numbers = np.unique(np.concatenate([value.ravel() for value in mine]))
            same = next((a for i, a in enumerate(self.arguments) if self._returns(i, probes, mine)), "")
            if len(numbers) == 1 and len(mine) > 1 and all(value.ndim == 0 for value in mine):
                lines.append(f"It returns {numbers[0]:.4g} whatever comes in.")
            elif len(numbers) == 1 and max(value.size for value in mine) > 1:
                what = "0" if numbers[0] == 0 else f"the same number, {numbers[0]:.4g}"
                lines.append(f"Every entry of {subject} is {what}.")
            elif same:
                lines.append(f"Y{subject[1:]} is the argument {same} as it came.")
            elif all(value.size > 1 and (value == value.flat[0]).all() for value in mine):
                lines.append(f"Every entry of {subject} is the same number.")
        return tuple(lines)

    def _returns(self, argument: int, probes: list[Probe], mine: list[Array]) -> bool:
        given = [probe.args[argument] for probe in probes]
        return all(isinstance(g, np.ndarray) and np.array_equal(g, m) for g, m in zip(given, mine, strict=True))

    # Hints and solution

    def _worked_number(self) -> str:
        probe = self.stages[0][0]
        lines = [f"{name} = {' '.join(value.split())}" for name, value in self._given(probe)]
        given = ", ".join(lines)
        results = ", ".join(
            f"{name} = {' '.join(_short(value).split())}"
            for name, value in zip(self.outputs, self._expected(probe), strict=True)
        )
        note = f" and {probe.note}" if probe.note else ""
        return f"A case to work out by hand. Given {given}{note}: {results}."

    def _general_hints(self) -> tuple[str, ...]:
        return (*self.hints, self._worked_number())

    def _hints_for(self, outcome: Outcome) -> tuple[str, ...]:
        for mistake in self.mistakes:
            if mistake.id == outcome.mistake:
                return (mistake.question, mistake.why, self._worked_number())
        return ()

    def _show_solution(self) -> Outcome:
        return Outcome("solution", self.name, self.formula, code=plain_source(self.reference, self.function))


def rows_sum_to(target: float, what: str = "row") -> Law:
    """Return the law that each row of the last argument sums to `target`."""

    def law(*args: Any) -> str:
        rows = np.atleast_2d(args[-1])
        shown = sums_off(rows.sum(axis=1), target)
        return f"Each {what} should sum to {target:g}; yours {'sums' if len(rows) == 1 else 'sum'} to {shown}." * bool(
            shown
        )

    return law
