"""Every mistake on record is recognised, in the record's own code and in that of an independent learner."""

import ast
import inspect
import re
from collections.abc import Callable

import numpy as np
import pytest
from learners import LEARNERS, RIGHT

from linclf_helpers import forward, gradcheck, gradients
from linclf_helpers.exercises import FUNCTIONS, Exercise, Mistake

MISTAKES = [(exercise, mistake) for exercise in FUNCTIONS for mistake in exercise.mistakes]
VARIANTS = [(exercise, mistake, code) for exercise, mistake in MISTAKES for code in mistake.variants]
every_mistake = pytest.mark.parametrize(("exercise", "mistake"), MISTAKES, ids=[m.id for _, m in MISTAKES])
every_exercise = pytest.mark.parametrize("exercise", FUNCTIONS, ids=[e.name for e in FUNCTIONS])


def test_there_are_seventy_or_more_and_each_has_its_learner() -> None:
    ids = [mistake.id for _, mistake in MISTAKES]
    assert len(ids) >= 70
    assert len(set(ids)) == len(ids)
    assert set(LEARNERS) == set(ids)
    assert set(RIGHT) == {exercise.name for exercise in FUNCTIONS}


def is_diagnosed(exercise: Exercise, mistake: Mistake, code: Callable[..., object]) -> None:
    outcome = exercise.check(code)
    assert (outcome.mistake, outcome.title) == (mistake.id, mistake.title)
    assert outcome.kind in {"recognised", "changed_input"}
    assert mistake.question in outcome.message


@every_mistake
def test_a_mistake_is_diagnosed_as_itself(exercise: Exercise, mistake: Mistake) -> None:
    is_diagnosed(exercise, mistake, mistake.code)


@pytest.mark.every_sixth
@pytest.mark.parametrize(("exercise", "mistake", "code"), VARIANTS, ids=[m.id for _, m, _ in VARIANTS])
def test_its_variants_are_too(exercise: Exercise, mistake: Mistake, code: Callable[..., object]) -> None:
    is_diagnosed(exercise, mistake, code)


@every_mistake
def test_a_learner_who_makes_it_is_told_so(exercise: Exercise, mistake: Mistake) -> None:
    assert exercise.check(LEARNERS[mistake.id]).mistake == mistake.id


@pytest.mark.every_sixth
@every_mistake
def test_changing_a_mistakes_code_is_noticed(
    exercise: Exercise, mistake: Mistake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The learner's code above is a real test of the record: spoil the record a little and it no longer fits."""

    def spoiled(*args: object) -> object:
        result = mistake.code(*args)
        return tuple(1.001 * r + 1e-3 for r in result) if isinstance(result, tuple) else 1.001 * np.array(result) + 1e-3

    others = [m for m in exercise.mistakes if m is not mistake]
    changed = Mistake(mistake.id, spoiled, mistake.title, mistake.question, mistake.why)
    monkeypatch.setattr(exercise, "mistakes", [*others, changed])
    assert exercise.check(LEARNERS[mistake.id]).mistake != mistake.id


@pytest.mark.every_sixth
@every_mistake
def test_a_mistake_is_one_and_no_other(exercise: Exercise, mistake: Mistake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its entry on record nobody else's name is put on it."""
    monkeypatch.setattr(exercise, "mistakes", [m for m in exercise.mistakes if m is not mistake])
    outcome = exercise.check(mistake.code)
    assert outcome.mistake is None
    assert outcome.kind not in {"right", "recognised", "not_started"}


@pytest.mark.every_sixth
@every_mistake
def test_two_entries_that_behave_alike_name_nobody(
    exercise: Exercise, mistake: Mistake, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = Mistake(f"{exercise.name}.twin", mistake.code, "the twin.", "Which of us?", "Nobody can tell.")
    monkeypatch.setattr(exercise, "mistakes", [*exercise.mistakes, twin])
    assert exercise.check(mistake.code).mistake is None


@every_exercise
def test_the_reference_and_unusual_right_answers_are_accepted(exercise: Exercise) -> None:
    assert len(RIGHT[exercise.name]) >= 3
    for answer in (exercise.reference, *RIGHT[exercise.name]):
        outcome = exercise.check(answer)
        assert outcome.kind == "right", outcome


PACKAGE = {
    "softmax": forward.softmax,
    "cross_entropy": forward.cross_entropy,
    "cross_entropy_from_logits": forward.cross_entropy_from_logits,
    "one_hot": forward.one_hot,
    "numerical_gradient": gradcheck.numerical_gradient,
    "dL_dYhat": gradients.dL_dYhat,
    "softmax_jacobian": gradients.softmax_jacobian,
    "dz_dW": gradients.dz_dW,
    "dL_dZ": gradients.dL_dZ,
    "dL_dW": gradients.dL_dW,
    "dL_db": gradients.dL_db,
}


@pytest.mark.parametrize("name", PACKAGE)
def test_the_package_solves_its_own_exercises(name: str) -> None:
    [exercise] = [e for e in FUNCTIONS if e.name == name]
    assert exercise.check(PACKAGE[name]).kind == "right"
    assert next(iter(inspect.signature(PACKAGE[name]).parameters)) == exercise.arguments[0]


def test_references_against_numbers_worked_out_by_hand() -> None:
    """A second fixture, of other sizes, with answers written down as numbers."""
    answer = {e.name: e.reference for e in FUNCTIONS}
    Y_hat, Y = np.array([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]]), np.array([[1, 0, 0], [0, 0, 1]])
    assert np.allclose(answer["softmax"](np.log(Y_hat) + 7), Y_hat)
    assert np.isclose(answer["cross_entropy"](Y_hat, Y), 0.6019864022)
    assert np.isclose(answer["cross_entropy_from_logits"](np.log(Y_hat), np.array([0, 2])), 0.6019864022)
    assert np.allclose(answer["dL_dYhat"](Y_hat, Y), [[-1, 0, 0], [0, 0, -0.8333333333]])
    J = [[0.25, -0.125, -0.125], [-0.125, 0.1875, -0.0625], [-0.125, -0.0625, 0.1875]]
    assert np.allclose(answer["softmax_jacobian"](Y_hat[0]), J)
    assert np.allclose(answer["dL_dZ"](Y_hat, Y), [[-0.25, 0.125, 0.125], [0.1, 0.1, -0.2]])
    G, X = np.array([[-0.25, 0.125, 0.125], [0.1, 0.1, -0.2]]), np.array([[1.0, 2, 0, 4], [3, 0, 1, 1]])
    dW = [[0.05, 0.425, -0.475], [-0.5, 0.25, 0.25], [0.1, 0.1, -0.2], [-0.9, 0.6, 0.3]]
    assert np.allclose(answer["dL_dW"](X, G), dW)
    assert np.allclose(answer["dL_db"](G), [-0.15, 0.225, -0.075])
    W, b = answer["gradient_step"](np.ones((4, 3)), np.zeros(3), np.array(dW), np.array([1.0, 0, -1]), 2.0)
    assert np.allclose(W[3], [2.8, -0.2, 0.4])
    assert np.allclose(b, [-2, 0, 2])
    dW2, db2 = answer["l2_gradients"](np.ones((2, 3)), np.ones(3), np.full((2, 3), 4.0), np.full(3, 9.0), 0.5)
    assert np.allclose(dW2, 3)
    assert np.allclose(db2, 1)
    assert np.isclose(answer["accuracy"](Y_hat, np.array([0, 1])), 0.5)
    assert np.isclose(answer["relative_error"](np.array([1.0, 0.0, 4.0]), np.array([1.0, 0.0, 5.0])), 0.2)
    train, test = answer["standardize"](np.array([[1.0, 5], [3.0, 5]]), np.array([[4.0, 6]]))
    assert np.allclose(train, [[-1, 0], [1, 0]])
    assert np.allclose(test, [[2, 1]])


def normal(code: str) -> str:
    return re.sub(r"\s", "", code)


@every_exercise
def test_no_hint_contains_a_line_of_the_solution(exercise: Exercise) -> None:
    texts = [*exercise.hints, *(t for m in exercise.mistakes for t in (m.title, m.question, m.why))]
    solution = exercise._show_solution().code
    parts = {
        normal(ast.unparse(node))
        for node in ast.walk(ast.parse(solution))
        if isinstance(node, ast.stmt | ast.BinOp | ast.Call | ast.Subscript)
    }
    for part in (p for p in parts if len(p) >= 6):
        assert not any(part in normal(text) for text in texts), part


@every_mistake
def test_a_mistake_asks_before_it_explains(exercise: Exercise, mistake: Mistake) -> None:
    assert "?" in mistake.question
    assert mistake.title.endswith(".")
    assert mistake.title[0].islower() or not mistake.title[0].isalpha()
    assert mistake.why not in exercise.check(mistake.code).message
    words = " ".join([mistake.title, mistake.question, mistake.why]).lower()
    for unkind in ("simply", "obviously", "just ", "stupid", "of course", "trivial"):
        assert unkind not in words


def test_no_question_is_asked_for_two_mistakes_of_one_exercise_in_the_same_words() -> None:
    for exercise in FUNCTIONS:
        whys = [m.why + m.title for m in exercise.mistakes]
        assert len(set(whys)) == len(whys)
