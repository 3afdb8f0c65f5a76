"""The checker answers whatever it is handed, kindly and truly."""

import itertools
import re
import runpy
import subprocess
import sys
import warnings
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from linclf_helpers import exercises
from linclf_helpers.exercises import FUNCTIONS, Choice, Exercise, Outcome, Paper
from linclf_helpers.exercises.checking.compare import apart
from linclf_helpers.exercises.checking.observe import Probe, observe, own_lines

KINDS = {
    *("right", "not_started", "not_a_function", "wrong_signature", "raised", "stopped", "returned_nothing"),
    *("wrong_type", "wrong_shape", "recognised", "changed_input", "not_repeatable", "wrong"),
}
softmax, cross_entropy, dL_dZ = exercises.softmax, exercises.cross_entropy, exercises.dL_dZ


@pytest.fixture(autouse=True)
def fresh_ladders(monkeypatch: pytest.MonkeyPatch) -> None:
    for exercise in FUNCTIONS:
        monkeypatch.setattr(exercise, "attempts", 0)
        monkeypatch.setattr(exercise, "_asked", False)
        monkeypatch.setattr(exercise, "_hints_now", ())
        monkeypatch.setattr(exercise, "_hint_number", 0)


def right(Z):
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


# Not started


def stub(*args): ...


def stub_with_words(*args):
    """My softmax."""


def stub_that_passes(*args):
    pass


def stub_that_refuses(*args):
    raise NotImplementedError


def half_done(*args):
    E = np.array(args[0])
    assert E is not None
    return ...


@pytest.mark.parametrize(
    "answer", [None, ..., stub, stub_with_words, stub_that_passes, stub_that_refuses, half_done, lambda *args: None]
)
@pytest.mark.parametrize("exercise", FUNCTIONS, ids=lambda e: e.name)
def test_an_empty_function_is_not_started(exercise: Exercise, answer: object) -> None:
    outcome = exercise.check(answer)
    assert outcome.kind == "not_started"
    assert repr(outcome).startswith(f"○ {exercise.name}: not started.")
    assert exercise.attempts == 0


def test_check_without_anything_is_not_started() -> None:
    assert softmax.check().kind == "not_started"


# Odd things


class Hostile:
    def __getattribute__(self, name: str) -> object:
        raise RuntimeError("leave me alone")


class HostileError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no message either")


class NoArray:
    def __array__(self, dtype: object = None, copy: object = None) -> object:
        raise TypeError("not me")


def raises(error: BaseException):
    def function(Z):
        raise error

    return function


def recurses(Z):
    return recurses(Z)


def exits(Z):
    exit()


def quits_quietly(Z):
    sys.exit(0)


counter = itertools.count()
ODD = [
    (np.eye(3), "not_a_function"),
    ("softmax", "not_a_function"),
    (3, "not_a_function"),
    (lambda: 1, "wrong_signature"),
    (lambda Z, labels: Z, "wrong_signature"),
    (lambda Z, *, axis: Z, "wrong_signature"),
    (int, "raised"),
    (max, "raised"),
    (raises(ValueError("boo")), "raised"),
    (raises(HostileError()), "raised"),
    (raises(MemoryError()), "raised"),
    (raises(GeneratorExit()), "raised"),
    (recurses, "raised"),
    (exits, "raised"),
    (quits_quietly, "raised"),
    (print, "returned_nothing"),
    (lambda Z: [None], "wrong_type"),
    (lambda Z: "a string", "wrong_type"),
    (lambda Z: b"bytes", "wrong_type"),
    (lambda Z: {1: 2}, "wrong_type"),
    (lambda Z: [[1, 2], [3]], "wrong_type"),
    (lambda Z: Z.astype(object), "wrong_type"),
    (lambda Z: Z.astype(complex), "wrong_type"),
    (lambda Z: NoArray(), "wrong_type"),
    (lambda Z: (z for z in Z), "wrong_type"),
    (lambda Z: right(Z).tolist(), "wrong_type"),
    (lambda Z: np.full(Z.shape, np.nan), "wrong"),
    (lambda Z: np.full(Z.shape, np.inf), "wrong"),
    (lambda Z: Z, "wrong"),
    (lambda Z: Z[:, ::-1], "wrong"),
    (lambda Z: np.ma.masked_array(right(Z), mask=False), "right"),
    (lambda Z: right(Z).astype(np.longdouble), "right"),
    (lambda Z: right(Z).astype(np.float32), "wrong"),
    (lambda Z: np.zeros(0), "wrong_shape"),
    (lambda Z: 1, "wrong_shape"),
    (lambda Z: Fraction(1, 3), "wrong_shape"),
    (lambda Z: right(Z)[:, :-1], "wrong_shape"),
    (lambda Z: right(Z) + next(counter), "not_repeatable"),
    (lambda Z: right(Z) if next(counter) % 2 else None, "not_repeatable"),
    (lambda Z: right(Z) if next(counter) % 2 else 1 / 0, "not_repeatable"),
]


@pytest.mark.parametrize(("answer", "kind"), ODD)
def test_whatever_is_handed_in_gets_an_answer(answer: object, kind: str) -> None:
    outcome = softmax.check(answer)
    assert outcome.kind == kind, outcome
    assert "softmax" in repr(outcome)
    assert "<div" in outcome._repr_html_()


def test_what_can_not_even_be_looked_at_gets_an_answer(paper: Paper, choice: Choice) -> None:
    assert softmax.check(Hostile()).kind == "wrong_type"
    assert paper.check(Hostile()).kind == "wrong_type"
    assert choice.check(Hostile()).kind == "wrong_type"


def test_an_endless_loop_is_the_learners_to_stop() -> None:
    outcome = softmax.check(raises(KeyboardInterrupt()))
    assert outcome.kind == "stopped"
    assert "never ends" in outcome.message


def test_exit_is_given_back_to_whoever_owned_it() -> None:
    softmax.check(exits)
    assert "exit" not in globals()
    mine = {"exit": "mine", "sys": sys}
    exec("def f(Z):\n    exit()", mine)
    assert "exit()" in softmax.check(mine["f"]).message
    assert mine["exit"] == "mine"


def test_prints_and_warnings_stay_inside(capsys: pytest.CaptureFixture[str]) -> None:
    def noisy(Z):
        print("Z is", Z)
        print("oops", file=sys.stderr)
        warnings.warn("careful", UserWarning, stacklevel=1)
        np.seterr(over="raise", divide="raise", invalid="raise")  # e to the −1000th is 0, and rightly so
        return right(Z)

    with np.errstate():
        assert softmax.check(noisy).kind == "right"
        assert np.geterr()["over"] == "warn"
    assert capsys.readouterr() == ("", "")


def test_who_prints_to_find_a_mistake_is_told_where_it_went() -> None:
    def noisy(Z):
        print(Z)
        return Z

    def noisy_and_broken(Z):
        print(Z)
        return Z.nothing

    for answer in (noisy, noisy_and_broken):
        assert "kept off the page" in softmax.check(answer).message
    assert "kept off the page" not in softmax.check(lambda Z: Z).message


def test_a_warning_is_passed_on_where_the_answer_is_wrong() -> None:
    outcome = softmax.check(lambda Z: right(Z) + 0 * np.log(Z - Z.min()))
    assert outcome.kind == "wrong"
    assert "NumPy warned: divide by zero encountered in log." in outcome.message


def test_an_error_shows_the_learners_own_lines_and_no_paths() -> None:
    def inner(Z):
        return Z.reshape(7, 7, 7)

    def mine(Z):
        return inner(Z)

    outcome = softmax.check(mine)
    assert outcome.kind == "raised"
    assert re.fullmatch(
        r"line \d+ of mine: return inner\(Z\)\nline \d+ of inner: return Z.reshape\(7, 7, 7\)", outcome.code
    )
    assert "_observe" not in outcome.message
    assert ".py" not in outcome.message
    assert own_lines(ValueError("never raised")) == []


def test_a_long_message_is_cut() -> None:
    outcome = softmax.check(raises(ValueError("x" * 1000)))
    assert len(outcome.title) < 300


def test_recursion_and_exit_are_called_by_name() -> None:
    assert "calls itself without end" in softmax.check(recurses).message
    assert "exit()" in softmax.check(quits_quietly).message


def test_arguments_are_never_the_checkers_own() -> None:
    before = [[probe.args[0].copy() for probe in stage] for stage in softmax.stages]

    def vandal(Z):
        result = right(Z)
        Z[:] = 0
        return result

    outcome = softmax.check(vandal)
    assert outcome.kind == "changed_input"
    assert outcome.mistake == "softmax.changes_argument"
    for stage, kept in zip(softmax.stages, before, strict=True):
        for probe, Z in zip(stage, kept, strict=True):
            assert (probe.args[0] == Z).all()


def test_a_change_that_no_mistake_on_record_makes_is_told_too() -> None:
    def vandal(Y_hat, Y):
        result = -np.log(Y_hat[Y == 1]).mean()
        Y[:] = 0
        return result

    outcome = cross_entropy.check(vandal)
    assert (outcome.kind, outcome.mistake) == ("changed_input", None)
    assert "changed its argument Y." in outcome.message


def test_a_reshaped_argument_counts_as_changed() -> None:
    def vandal(Z):
        result = right(Z)
        Z.resize((1, Z.size), refcheck=False)
        return result

    assert softmax.check(vandal).kind == "changed_input"


# Counter-examples


def test_wrong_code_gets_its_smallest_counter_example() -> None:
    outcome = dL_dZ.check(lambda Y_hat, Y: (Y_hat - Y) * np.array([1, 2, 3, 4, 5])[: Y.shape[1]] / len(Y))
    assert outcome.kind == "wrong"
    table = dict(outcome.table)
    assert list(table)[:2] == ["Y_hat", "Y"]
    assert table["your dL_dZ[0, 1]"] == "0.3"
    assert table["expected"] == "0.15"
    assert "Each row should sum to 0; yours sum to" in outcome.message


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (lambda Y_hat, Y: 3 * (Y_hat - Y) / len(Y), "always 3 times"),
        (lambda Y_hat, Y: 2 * (Y_hat - Y), "always 2 · N times"),
        (lambda Y_hat, Y: Y - Y_hat, "always −N times"),
        (lambda Y_hat, Y: (Y_hat - Y) * Y.shape[1] / len(Y), "always K times"),
        (lambda Y_hat, Y: (Y - Y_hat) / len(Y) ** 2, "always -1/N times"),
    ],
)
def test_a_constant_factor_is_named(answer: object, text: str) -> None:
    outcome = dL_dZ.check(answer)
    assert outcome.kind == "wrong"
    assert f"Your result is {text} the right one." in outcome.message


def test_no_constant_factor_is_claimed_where_there_is_none() -> None:
    for answer in (
        lambda Y_hat, Y: (Y_hat - Y) / len(Y) + 1e-3,
        lambda Y_hat, Y: 0 * Y,
        lambda Y_hat, Y: (Y_hat - Y) * (2 if len(Y) == 2 else np.ones((1, len(Y)))) / len(Y),
        lambda Y_hat, Y: (Y_hat - Y) / len(Y) * (1 + len(Y) ** 3),
    ):
        outcome = dL_dZ.check(answer)
        assert outcome.kind == "wrong"
        assert "times the right one" not in outcome.message
    only_one = softmax.check(lambda Z: 2 * right(Z) if Z.max() > 900 else right(Z))
    assert "nan" not in only_one.message
    one_probe = softmax.check(lambda Z: 2 * right(Z) if len(Z) == 1 else right(Z))
    assert "times the right one" not in one_probe.message


def test_digits_are_shown_where_four_would_look_alike() -> None:
    outcome = softmax.check(lambda Z: right(Z) * (1 + 1e-6))
    yours, expected = (value for name, value in outcome.table if name != "Z")
    assert yours != expected


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda A: A.astype(np.float32), "your numbers have the type float32."),
        (lambda A: A.astype(np.float16), "your numbers have the type float16."),
        (lambda A: A.astype(np.float32).astype(float), "your numbers have the type float32."),
        (lambda A: A.round(1), "cut to 1 decimal."),
        (lambda A: A.round(6), "cut to 6 decimals."),
        (lambda A: np.floor(1e4 * A) / 1e4, "cut to 4 decimals."),
        (lambda A: A * (1 + 3e-7), "right to about 6 digits."),
    ],
)
@pytest.mark.parametrize("exercise", [softmax, exercises.dL_dYhat, exercises.dL_dW, exercises.gradient_step])
def test_lost_digits_are_named_and_nothing_else_is(exercise: Exercise, change: object, text: str) -> None:
    def answer(*args):
        result = exercise.reference(*args)
        return tuple(map(change, result)) if isinstance(result, tuple) else change(result)

    outcome = exercise.check(answer)
    assert (outcome.kind, outcome.mistake) == ("wrong", None)
    assert outcome.title.endswith(text)
    assert "times the right one" not in outcome.message
    assert "should sum" not in outcome.message
    yours, expected = (value for name, value in outcome.table if name == "expected" or name.startswith("your "))
    assert yours != expected


def test_low_precision_on_the_way_is_named() -> None:
    def halfway(Z):
        E = np.exp((Z - Z.max(axis=1, keepdims=True)).astype(np.float32)).astype(float)
        return E / E.sum(axis=1, keepdims=True)

    assert "right to about" in softmax.check(halfway).title
    assert "nearly" not in softmax.check(lambda Z: right(Z) * 1.01).title


def test_digits_lost_to_the_nudge_ask_about_the_nudge() -> None:
    """Nearly the right difference, and not its every digit in float32."""
    central = exercises.numerical_gradient.reference
    nearly = exercises.numerical_gradient.check(
        lambda f, x: central(f, x) + 2e-6 * np.cos(np.arange(x.size)).reshape(x.shape)
    )
    assert nearly.title.startswith("nearly")
    assert "Make your nudge ten times smaller" in nearly.message
    short = exercises.numerical_gradient.check(lambda f, x: central(f, x).astype(np.float32).astype(float))
    assert "nudge" not in short.message


def test_a_nearly_right_number_is_no_factor_and_its_sums_show_why() -> None:
    outcome = dL_dZ.check(lambda Y_hat, Y: (Y_hat - Y) / len(Y) + 2e-5 * Y)
    assert "always" not in outcome.message
    odd = softmax.check(lambda Z: right(Z) * (1 + 2e-5 * (Z > 0)))
    [law] = [line for line in odd.lines if line.startswith("Each row should sum to 1; yours")]
    shown = law.partition(" to ")[2].partition(" to ")[2].rstrip(".…, ").split(", ")
    assert shown
    assert "1" not in shown
    assert "always 1.00002 times" in softmax.check(lambda Z: right(Z) * 1.00002).message


# Empty answers


@pytest.mark.parametrize("exercise", [softmax, dL_dZ, exercises.dL_dW, exercises.softmax_jacobian, exercises.dz_dW])
def test_zeros_and_constants_are_called_so(exercise: Exercise) -> None:
    def full(value):
        return lambda *args: np.full(exercise.reference(*args).shape, value)

    assert "Every entry of your result is 0." in exercise.check(full(0.0)).message
    assert "Every entry of your result is the same number, 0.3." in exercise.check(full(0.3)).message


def test_an_answer_that_does_not_look_at_what_comes_in() -> None:
    assert "It returns 0.5 whatever comes in." in cross_entropy.check(lambda Y_hat, Y: 0.5).message
    assert "It returns 0 whatever comes in." in cross_entropy.check(lambda Y_hat, Y: 0).message
    uneven = softmax.check(lambda Z: np.full(Z.shape, Z.sum()))
    assert "Every entry of your result is the same number." in uneven.message
    assert "Your result is the argument Z as it came." in softmax.check(lambda Z: Z).message
    assert "is the argument Y as it came." in dL_dZ.check(lambda Y_hat, Y: Y).message
    assert (
        "Your X_train is the argument X_train as it came." in exercises.standardize.check(lambda a, b: (a, b)).message
    )
    half = exercises.gradient_step.check(lambda W, b, dW, db, rate: (W - rate * dW, 0 * b))
    if half.kind == "wrong":
        assert "Every entry of your b is 0." in half.message
    assert "Every entry" not in softmax.check(lambda Z: right(Z)[:, ::-1] if len(Z) > 1 else 0 * Z).message
    mixed = softmax.check(lambda Z: np.zeros(Z.shape) if len(Z) == 2 else np.zeros(3))
    assert "Every entry" not in mixed.message


# The order of the parameters


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        (dL_dZ, lambda Y, Y_hat: (Y_hat - Y) / len(Y)),
        (dL_dZ, lambda y, y_hat: (y_hat - y) / len(y)),
        (dL_dZ, lambda y_true, y_pred: (y_pred - y_true) / len(y_true)),
        (dL_dZ, lambda labels, something: (something - labels) / len(labels)),
        (cross_entropy, lambda Y, Y_hat: -np.log(Y_hat[Y == 1]).mean()),
        (
            exercises.cross_entropy_from_logits,
            lambda labels, Z: exercises.cross_entropy_from_logits.reference(Z, labels),
        ),
        (exercises.dL_dYhat, lambda Y, P: -Y / P / len(Y)),
        (exercises.dz_dW, lambda K, x: np.einsum("d,jk->jdk", x, np.eye(K))),
        (exercises.one_hot, lambda K, labels: np.eye(K)[labels]),
        (exercises.dL_dW, lambda dL_dZ, X: X.T @ dL_dZ),
        (exercises.gradient_step, lambda W, dW, b, db, lr: (W - lr * dW, b - lr * db)),
    ],
)
def test_another_order_of_the_parameters_is_recognised(exercise: Exercise, answer: object) -> None:
    outcome = exercise.check(answer)
    assert (outcome.kind, outcome.mistake) == ("wrong_signature", None), outcome
    assert outcome.title.startswith(f"your parameters come in another order: I call {exercise.call}, and yours are (")
    assert outcome.lines == ("In the order asked for it is right.",)


def test_another_order_and_a_mistake_besides() -> None:
    outcome = dL_dZ.check(lambda Y, Y_hat: Y_hat - Y)
    assert "another order" in outcome.title
    assert "something else is not right yet" in outcome.message


def test_the_order_is_found_by_trying_where_names_say_nothing() -> None:
    outcome = exercises.dL_dYhat.check(lambda one, other: -one / other / len(one))
    assert outcome.title == "it would be right if I called it as dL_dYhat(Y, Y_hat)."
    assert outcome.kind == "wrong_signature"
    inside = exercises.dL_dYhat.check(lambda Y_hat, Y: -Y_hat / Y / len(Y))  # the names are right, their use is not
    assert "it would be right if I called it as dL_dYhat(Y, Y_hat)" in inside.title
    either = dL_dZ.check(lambda one, other: (other - one) / len(one))  # as likely a sign
    assert "called it as dL_dZ(Y, Y_hat)" in either.title
    assert "the sign is the other way round" in either.message


def test_a_mistake_in_the_right_order_keeps_its_name() -> None:
    for answer in (lambda Y_hat, Y: (Y - Y_hat) / len(Y), lambda P, Y: (Y - P) / len(P)):
        assert dL_dZ.check(answer).mistake == "dL_dZ.sign"
    assert dL_dZ.check(np.subtract).mistake == "dL_dZ.no_mean"  # a function without a signature to read
    assert dL_dZ.check(lambda *both: both[0] - both[1]).mistake == "dL_dZ.no_mean"
    assert dL_dZ.check(lambda *both, Y_hat=None: both[0] - both[1]).mistake == "dL_dZ.no_mean"  # Y_hat has no place


# How closely numbers are compared


def test_tiny_numbers_count_as_much_as_large_ones() -> None:
    def lost(Z):
        P = right(Z)
        return np.where(P < 1e-13, 0, P)

    assert softmax.check(lost).kind == "wrong"
    tiny = Probe((np.array([[1e-20, 2.0]]), np.array([[0.0, 0], [0, 0]])))
    exercise = Exercise("tiny", (), lambda X, Y: X * 3, "3X", [[tiny]], ("Z",))
    assert exercise.check(lambda X, Y: X * 3).kind == "right"
    assert exercise.check(lambda X, Y: np.where(X < 1e-15, 0, X * 3)).kind == "wrong"


def test_rounding_is_no_mistake_where_a_sum_cancels() -> None:
    probe = Probe((np.array([[0.1, 0.2, -0.3, 1e-20], [0.3, -0.1, -0.2, 2e-20]]),))
    exercise = Exercise("sums", (), lambda X: X.sum(axis=1), "Σ x", [[probe]], ("s",))
    assert exercise.check(lambda X: X[:, ::-1].sum(axis=1)).kind == "right"
    assert exercise.check(lambda X: np.array([sum(sorted(x)) for x in X])).kind == "right"
    assert exercise.check(lambda X: X.sum(axis=1) + 1e-11).kind == "wrong"


def test_a_jump_is_not_put_down_to_rounding() -> None:
    """A result that jumps where its argument hardly moves is still compared closely."""
    exercise = Exercise("step", (), lambda X: np.sign(X - 0.3), "sign", [[Probe((np.array([0.3, 0.7]),))]], ("s",))
    assert exercise.check(lambda X: np.sign(X - 0.3)).kind == "right"
    assert exercise.check(lambda X: np.ones(2)).kind == "wrong"


def test_a_right_answer_that_is_more_exact_than_ours_is_right() -> None:
    def with_log1p(Z, labels):
        return np.mean([np.log1p(sum(np.exp(np.delete(z, c) - z[c]))) for z, c in zip(Z, labels, strict=True)])

    exercise = exercises.cross_entropy_from_logits
    sure = Probe((np.array([[60.0, 0.0]]), np.array([0])))
    assert exercise._is_right(sure, observe(with_log1p, sure, exercise.arguments, 1))


def test_equal_numbers_are_shown_with_all_digits() -> None:
    assert apart(1.5, 1.5) == ("1.5", "1.5")


def test_two_calls_that_differ_late_are_shown_with_digits_enough() -> None:
    outcome = softmax.check(lambda Z: right(Z) + 1e-8 * next(counter))
    assert outcome.kind == "not_repeatable"
    assert outcome.table[0][1] != outcome.table[1][1]


def test_a_wrong_shape_shows_both() -> None:
    outcome = dL_dZ.check(lambda Y_hat, Y: (Y_hat - Y)[0])
    assert outcome.kind == "wrong_shape"
    assert ("your shape", "(3,)") in outcome.table
    assert ("expected", "(2, 3)") in outcome.table
    nothing = exercises.gradient_step.check(lambda W, b, dW, db, rate: ())
    assert ("your shape", "nothing") in nothing.table


def test_extremes_are_looked_at_last_and_named() -> None:
    outcome = softmax.check(lambda Z: np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True))
    assert outcome.mistake == "softmax.no_shift"
    assert "It shows with logits near 1000." in outcome.message
    odd = softmax.check(lambda Z: right(Z) if Z.max() < 900 else Z)
    assert odd.kind == "wrong"
    assert "The input: logits near 1000." in odd.message


def test_each_law_speaks_when_it_is_broken_and_only_then() -> None:
    """Every sentence about a broken law belongs to a result that breaks it."""
    spoken = set()
    for exercise in FUNCTIONS:
        for probe in itertools.chain(*exercise.stages):
            good = exercise._expected(probe)
            for law in exercise.laws:
                assert law(*probe.args, *map(np.asarray, good)) == ""
        for mistake in exercise.mistakes:
            message = exercise.check(mistake.code).message
            spoken |= {exercise.name for s in ("should", "A logarithm", "never negative", "share lies") if s in message}
    assert {"softmax", "cross_entropy", "softmax_jacobian", "dz_dW", "dL_dZ", "dL_db", "one_hot"} <= spoken
    for bad in (np.nan, -1.0):
        assert cross_entropy.check(lambda Y_hat, Y, bad=bad: bad).lines[0]
    assert "nan: not a number" in softmax.check(lambda Z: np.where(Z > 900, np.nan, right(Z))).message


# Hints and solutions


def test_three_general_hints_that_end_in_a_worked_number() -> None:
    texts = [softmax.hint().title for _ in range(4)]
    assert texts[0].startswith("hint 1 of 3. ")
    assert texts[2].startswith("hint 3 of 3. A case to work out by hand. Given Z = [[")
    assert texts[3] == texts[2]


def test_who_asks_on_after_the_last_hint_is_told_so() -> None:
    lines = [softmax.hint().lines[0] for _ in range(4)]
    assert lines[1:3] == ["Ask again for the next one.", "This was the last hint."]
    assert "solution() shows the way" in lines[3]


def test_after_a_mistake_the_hints_are_about_it() -> None:
    softmax.hint()
    axis_0, twice = (next(m for m in softmax.mistakes if m.id == f"softmax.{name}") for name in ("axis_0", "twice"))
    assert axis_0.question in softmax.check(axis_0.code).message  # the first hint
    assert softmax.hint().title == f"hint 2 of 3. {axis_0.why}"
    softmax.check(axis_0.code)  # the same again: the ladder goes on
    assert softmax.hint().title.startswith("hint 3 of 3. A case to work out by hand.")
    softmax.check(twice.code)
    softmax.check(stub)  # an emptied cell is no attempt
    assert softmax.hint().title == f"hint 2 of 3. {twice.why}"
    softmax.check(lambda Z: Z)
    assert softmax.hint().title.startswith("hint 1 of 3. " + softmax.hints[0])


def test_the_solution_waits_for_an_attempt_or_a_second_wish() -> None:
    assert softmax.solution().code == ""
    shown = softmax.solution()
    assert shown.code.startswith("def softmax(Z):\n")
    assert shown.title == softmax.formula
    cross_entropy.check(lambda Y_hat, Y: 1.0)
    assert "def cross_entropy(Y_hat, Y):" in cross_entropy.solution().code


@pytest.mark.parametrize("exercise", FUNCTIONS, ids=lambda e: e.name)
def test_every_solution_shown_is_right(exercise: Exercise) -> None:
    exercise.solution()
    space = {"np": np}
    exec(exercise.solution().code, space)
    assert exercise.check(space[exercise.name]).kind == "right"


def test_an_exercise_introduces_itself() -> None:
    assert repr(softmax) == "Exercise softmax: check(your answer), hint(), solution()"
    assert softmax.call == "softmax(Z)"


# On paper, and by choice


@pytest.fixture
def paper() -> Paper:
    J = np.array([[0.25, -0.25], [-0.25, 0.25]])
    task = Paper("half", ("Look at [0, 0].",), lambda: J, "diag(ŷ) − ŷ ŷᵀ", [[Probe(())]], ("J",), rtol=0, atol=1e-3)
    task.mistake("no_sign", lambda: abs(J), "no minus.", "Who loses?", "One gains what the other loses.")
    return task


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (None, "not_started"),
        (..., "not_started"),
        ([[..., ...], [..., ...]], "not_started"),
        ([[0.25, -0.25], [None, 0.25]], "not_started"),
        ([[0.25, -0.25], [-0.25, 0.25]], "right"),
        (np.array([[0.25, -0.25], [-0.25, 0.2502]]), "right"),
        ([[0.25, 0.25], [0.25, 0.25]], "recognised"),
        ([[0.25, -0.25], [-0.25, 0.5]], "wrong"),
        ([0.25, -0.25], "wrong_shape"),
        ([[0.25], [1, 2]], "wrong_type"),
        ("a quarter", "wrong_type"),
        (lambda: 3, "wrong_type"),
    ],
)
def test_numbers_on_paper(paper: Paper, answer: object, kind: str) -> None:
    outcome = paper.check(answer)
    assert outcome.kind == kind, outcome
    if kind == "wrong":
        assert outcome.table == (("your J[1, 1]", "0.5"),)  # which entry is off; not what it should be


@pytest.mark.parametrize(
    ("exercise", "right", "wrong"),
    [
        (
            "softmax_on_paper",
            [[0.12, 0.25, 0.62], [0.13, 0.25, 0.63], [0.125, 0.25, 0.625], [1 / 8, 2 / 8, 5 / 8]],
            [[0.11, 0.25, 0.63], [0.14, 0.25, 0.62], [0.1, 0.3, 0.6], [0.125, 0.25, 0.6]],
        ),
        (
            "slope_on_paper",
            [[[-1, 0, 0], [0, 0, -0.62]], [[-1, 0, 0], [0, 0, -0.63]], [[-1, 0, 0], [0, 0, -0.625]]],
            [[[-1, 0, 0], [0, 0, -0.64]], [[-1, 0, 0], [0, 0, -0.6]], [[-1, 0.01, 0], [0, 0, -0.63]]],
        ),
        ("chain_on_paper", [[-0.5, 0.25, 0.25]], [[-0.5, 0.2, 0.3], [-0.5, 0.25, 0.26]]),
        ("shapes_on_paper", [[[1, 5], [5, 5], [5, 20]]], [[[1, 5], [5, 5], [5, 20.004]], [[1, 5], [5, 5], [5, 21]]]),
        ("descent_on_paper", [[-0.2, 0.04, -0.008]], [[-0.2, 0.04, -0.01], [-0.2, 0.04, 0], [-0.2, 0.044, -0.008]]),
        ("recall_on_paper", [[0.9, 0.6, 0.98]], [[0.9, 0.6, 0.99], [0.9, 0.6, 1]]),
        (
            "jacobian_on_paper",
            [[[0.25, -0.25, 0], [-0.25, 0.25, 0], [0, 0, 0]]],
            [[[0.26, -0.25, 0], [-0.25, 0.25, 0], [0, 0, 0]]],
        ),
        ("outer_on_paper", [[[1, -0.5, -0.5], [-0.5, 0.25, 0.25]]], [[[1, -0.5, -0.5], [-0.5, 0.25, 0.3]]]),
    ],
)
def test_either_rounding_is_right_on_paper_and_nothing_looser(exercise: str, right: list, wrong: list) -> None:
    task = getattr(exercises, exercise)
    for answer in right:
        assert task.examine(answer).kind == "right", answer
    for answer in wrong:
        assert task.examine(answer).kind == "wrong", answer
        assert "hint() says more." in task.examine(answer).message


def test_paper_helps_too(paper: Paper) -> None:
    assert [paper.hint().title[:12] for _ in range(2)] == ["hint 1 of 2.", "hint 2 of 2."]
    assert "One number to start from: 0.25 at [0, 0]." in paper.hint().title
    paper.check([[1, 2], [3, 4]])
    assert "0.25" in paper.solution().code
    single = Paper("one", (), lambda: np.array(2.0), "1 + 1", [[Probe(())]], ("x",))
    assert single.hint().title.endswith("One number to start from: 2.")


@pytest.fixture
def choice() -> Choice:
    return Choice(
        "why",
        ("Think of the sum.",),
        "Why?",
        {"a": "Because.", "b": "It sums to 1."},
        "b",
        {"a": "Because of what?", "b": "Exactly: what one gains the others lose."},
    )


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (None, "not_started"),
        (..., "not_started"),
        ("b", "right"),
        (" B ", "right"),
        ("a", "recognised"),
        ("c", "wrong_type"),
        (2, "wrong_type"),
    ],
)
def test_choosing(choice: Choice, answer: object, kind: str) -> None:
    outcome = choice.check(answer)
    assert outcome.kind == kind
    assert outcome.mistake == ("why.a" if kind == "recognised" else None)


def test_a_choice_asks_hints_and_solves(choice: Choice) -> None:
    assert choice.ask().table == (("a", "Because."), ("b", "It sums to 1."))
    assert "Think of the sum." in choice.hint().title
    choice.solution()
    assert choice.solution().title.startswith("'b'. Exactly")


def test_a_bare_task_has_no_solution() -> None:
    from linclf_helpers.exercises.checking.task import Task

    task = Task("bare", ("hint",))
    task.solution()
    with pytest.raises(NotImplementedError):
        task.solution()


# What is shown


def test_html_is_escaped_and_takes_its_colours_from_the_theme() -> None:
    outcome = Outcome("wrong", "f", "<b>", ("a < b",), (("x", "<1>"),), "if a < b:")
    page = outcome._repr_html_()
    for harmful in ("<b>", "<1>", "a < b"):
        assert harmful not in page
    assert "&lt;1&gt;" in page
    colours = re.findall(r"color:\s*([^;\"]+)|solid ([^;]+)", page)
    assert colours
    assert all("var(--jp-" in a + b or (a + b) == "inherit" for a, b in colours)


def test_kinds_look_different() -> None:
    marks = {kind: repr(Outcome(kind, "f", "t"))[0] for kind in KINDS}
    assert marks["right"] == "✓"
    assert marks["not_started"] == "○"
    assert {marks[k] for k in KINDS - {"right", "not_started"}} == {"✗"}
    assert len({Outcome(kind, "f", "t")._repr_html_() for kind in ("right", "not_started", "wrong", "hint")}) == 4


# Anything at all


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.just(...),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=5,
)
any_shape = array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
any_dtype = st.sampled_from([np.float64, np.float32, np.int64, np.uint8, np.bool_, np.complex128, "U3"])
any_object = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
any_array = arrays(any_dtype, any_shape) | arrays("O", any_shape, elements=any_object)
generous = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@generous
@given(answer=anything | any_array, which=st.sampled_from(FUNCTIONS))
def test_any_object_gets_an_answer(answer: object, which: Exercise) -> None:
    outcome = which.check(answer)
    assert outcome.kind in KINDS
    assert repr(outcome)
    assert outcome._repr_html_()


@generous
@given(result=anything | any_array, which=st.sampled_from(FUNCTIONS))
def test_any_result_gets_an_answer(result: object, which: Exercise) -> None:
    outcome = which.check(lambda *args: result)
    assert outcome.kind in KINDS - {"right"}
    assert repr(outcome)
    assert outcome._repr_html_()


@generous
@given(
    answer=anything | any_array,
    kind=st.sampled_from([SimpleNamespace, dict, list, range, slice, iter, sorted, zip, np.array, np.sum, np.exp, id]),
)
def test_any_callable_gets_an_answer(answer: object, kind: type) -> None:
    for exercise in (softmax, dL_dZ):
        assert exercise.check(kind).kind in KINDS
    assert softmax.check(lambda Z: kind).kind in KINDS


# The package


def test_importing_exercises_needs_no_screen() -> None:
    code = (
        "import sys, linclf_helpers.exercises;"
        "print([m for m in ('matplotlib', 'ipywidgets', 'IPython') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_table_lists_every_mistake(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Shown on every sixth exercise: the other mistakes are diagnosed in the catalogue's own tests."""
    listed = []
    for name in ("FUNCTIONS", "CAPSTONE_EXERCISES", "CLINIC"):
        monkeypatch.setattr(exercises, name, getattr(exercises, name)[1::6])
        listed += getattr(exercises, name)
    main = str(Path(exercises.__file__).parent / "__main__.py")
    monkeypatch.setattr(sys, "argv", ["exercises"])  # without it, pytest's own
    runpy.run_path(main, run_name="imported")
    assert capsys.readouterr().out == ""
    runpy.run_path(main, run_name="__main__")
    text = capsys.readouterr().out
    mistakes = [mistake.id for exercise in listed for mistake in exercise.mistakes]
    count = len(mistakes)
    assert f"{len(listed)} exercises, {count} mistakes, {count} diagnosed as themselves" in text
    assert "✗" not in text
    assert all(mistake in text for mistake in mistakes)
