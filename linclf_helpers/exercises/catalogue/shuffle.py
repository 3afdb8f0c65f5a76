"""Patient 7 of the bug clinic: a shuffle, judged by statistics."""

import collections
import copy
import itertools
from dataclasses import dataclass, replace

import numpy as np

from linclf_helpers.exercises.catalogue.patient import (
    _EXTREMES,
    _LOOK_AGAIN,
    _STILL_SICK,
    _Patient,
)
from linclf_helpers.exercises.checking.observe import Array, Function, Probe, Seen, observe
from linclf_helpers.exercises.checking.outcome import Outcome
from linclf_helpers.exercises.checking.probes import (
    SEVEN,
    SIX,
    SMALL,
    Batch,
)
from linclf_helpers.exercises.checking.task import ASK_FOR_MORE

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
