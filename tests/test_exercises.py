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
from linclf_helpers.exercises._observe import Probe, own_lines

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
        monkeypatch.setattr(exercise, "_rungs", ())
        monkeypatch.setattr(exercise, "_rung", 0)


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


def test_single_precision_is_pointed_out() -> None:
    outcome = softmax.check(lambda Z: right(Z).astype(np.float32))
    assert "float32: how many digits" in outcome.message


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
    assert axis_0.question in softmax.check(axis_0.code).message  # the first rung
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
    from linclf_helpers.exercises._exercise import Task

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
any_array = arrays(
    dtype=st.sampled_from([np.float64, np.float32, np.int64, np.uint8, np.bool_, np.complex128, "O", "U3"]),
    shape=array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
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


def test_the_table_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(Path(exercises.__file__).parent / "__main__.py"), run_name="__main__")
    assert "diagnosed as themselves" in capsys.readouterr().out.splitlines()[-1]
