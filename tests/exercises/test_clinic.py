"""The patients of the bug clinic are sick as described, recover with the right repair, and with no other."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from scipy.special import log_softmax
from scipy.special import softmax as sp_softmax

from linclf_helpers.exercises import CLINIC, Exercise
from linclf_helpers.gradcheck import check_gradient, numerical_gradient

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "10_bug_clinic.ipynb"
EVERY_MISTAKE = [(patient, mistake) for patient in CLINIC for mistake in patient.mistakes]


def source(part: str) -> str:
    [cell] = [c for c in nbformat.read(NOTEBOOK, as_version=4).cells if c.id == part]
    return str(cell.source)


@pytest.fixture(scope="module")
def ward() -> dict[str, Any]:
    """Run the notebook's definitions, without its training runs."""
    space: dict[str, Any] = {}
    for part in ("imports", "ward-data", "ward-train", "healthy-run"):
        tree = ast.parse(source(part))
        if part == "healthy-run":
            tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        exec(compile(tree, part, "exec"), space)
    for number in range(1, 9):
        exec(source(f"patient-{number}-code"), space)
    return space


def mean_and_sum(X, Y, W, b):
    G = (sp_softmax(X @ W + b, axis=1) - Y) / len(Y)
    return np.einsum("nd,nk->dk", X, G), sum(G)


def by_loops(X, H, dL_dZ, W):
    dL_dV = np.zeros((X.shape[1], W.shape[0]))
    for n in range(len(X)):
        for m in range(W.shape[0]):
            if H[n, m] > 0:
                dL_dV[:, m] += X[n] * (dL_dZ[n] @ W[m])
    return dL_dV


def order_once(X, labels, rng):
    pairs = list(zip(X, labels, strict=True))
    rng.shuffle(pairs)
    return np.array([x for x, _ in pairs]), np.array([y for _, y in pairs])


REPAIRS: list[list[Callable[..., Any]]] = [
    [mean_and_sum],
    [by_loops, lambda X, H, G, W: X.T @ (G @ W.T * np.sign(H))],
    [lambda Z, Y: -(Y * log_softmax(Z, axis=1)).sum() / len(Y)],
    [lambda X, Y, W, b, l2: (mean_and_sum(X, Y, W, b)[0] + l2 * W, mean_and_sum(X, Y, W, b)[1])],
    [lambda Z: sp_softmax(Z, axis=1)],
    [lambda P, Y: np.where(Y == 1, P - 1, P) / len(P)],
    [order_once],
    [lambda a, b: tuple((x - a.mean(0)) / np.where(a.std(0) > 0, a.std(0), 1) for x in (a, b))],
]


@pytest.mark.parametrize(("patient", "repairs"), list(zip(CLINIC, REPAIRS, strict=True)))
def test_the_right_repairs_are_accepted(patient: Exercise, repairs: list[Callable[..., Any]]) -> None:
    for repair in (patient.reference, *repairs):
        assert patient.check(repair).kind == "right", patient.check(repair)


def test_the_patients_of_the_notebook_are_still_sick(ward: dict[str, Any]) -> None:
    names = ["gradients_1", "dL_dV_2", "loss_3", "gradients_4", "softmax_5", "dL_dZ_6", "shuffle_7", "standardize_8"]
    for patient, name in zip(CLINIC, names, strict=True):
        outcome = patient.check(ward[name])
        assert outcome.mistake == f"{patient.name}.still_sick", outcome
        assert patient.hints[0] not in outcome.message  # the verdict does not give the bug away


@pytest.mark.parametrize(("patient", "mistake"), EVERY_MISTAKE, ids=[m.id for _, m in EVERY_MISTAKE])
def test_every_wrong_repair_is_named(patient: Exercise, mistake: Any) -> None:
    for code in (mistake.code, *mistake.variants):
        assert patient.check(code).mistake == mistake.id


@pytest.mark.parametrize("patient", CLINIC, ids=lambda p: p.name)
def test_before_and_after_an_attempt(patient: Exercise) -> None:
    assert patient.check(None).kind == "not_started"
    stub: dict[str, Any] = {}
    exec(f"def stub({', '.join(patient.arguments)}): ...", stub)
    assert patient.check(stub["stub"]).kind == "not_started"


@pytest.mark.parametrize("number", range(1, 9))
def test_a_solution_can_be_pasted_into_the_notebook(number: int, ward: dict[str, Any]) -> None:
    """It stands where the stub stood, and the cell's own check says right."""
    patient, cell = CLINIC[number - 1], source(f"patient-{number}-repair")
    patient.solution()
    solution = patient.solution().code
    stub = cell.splitlines()[0]
    assert solution.startswith(stub.removesuffix(" ..."))  # the name and the arguments of the notebook
    space = ward | {patient.name: patient}
    *_, last = cell.splitlines()
    exec(cell.replace(stub, solution).removesuffix(last), space)
    assert eval(last, space).kind == "right"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (lambda X, labels: (X, labels), "wrong_signature"),
        (lambda X, labels, rng: X, "wrong"),
        (lambda X, labels, rng: "mixed", "wrong_type"),
        (lambda X, labels, rng: ..., "not_started"),
        (lambda X, labels, rng: (X[1:], labels[1:]), "wrong_shape"),
        (lambda X, labels, rng: (X, labels[1:]), "raised"),
        (3, "not_a_function"),
    ],
)
def test_odd_shuffles_get_an_answer(answer: object, kind: str) -> None:
    assert CLINIC[6].check(answer).kind in {kind, "wrong_shape"}


def test_the_gradient_check_finds_what_the_table_says(ward: dict[str, Any]) -> None:
    """Patients 1, 2, 3, 4 and 6 fail a gradient check at random weights; the healthy one passes."""
    rng = np.random.default_rng(1)
    X, Y, loss = ward["X"], ward["Y"], ward["cross_entropy_from_logits"]
    W, b = rng.normal(size=(2, 3)), rng.normal(size=3)
    slope_W = numerical_gradient(lambda W: loss(X @ W + b, Y), W)
    slope_b = numerical_gradient(lambda b: loss(X @ W + b, Y), b)
    assert np.allclose(ward["healthy"](X, Y, W, b)[0], slope_W)
    assert np.allclose(ward["gradients_1"](X, Y, W, b)[0], slope_W)
    assert not np.allclose(ward["gradients_1"](X, Y, W, b)[1], slope_b, rtol=1e-3)
    assert not check_gradient(lambda W: ward["loss_3"](X @ W + b, Y), W, slope_W).ok
    strong = ward["gradients_4"](X, Y, W, b, 1.0)[0]
    assert not check_gradient(lambda W: ward["loss_4"](X, Y, W, b, 1.0), W, strong).ok
    assert not np.allclose(ward["gradients_6"](X, Y, W, b)[0], slope_W, rtol=1e-2)
    V, U = rng.normal(size=(2, 6)), rng.normal(size=(6, 3))
    H = np.maximum(X @ V, 0)
    G = (ward["softmax"](H @ U) - Y) / len(X)
    slope_V = numerical_gradient(lambda V: loss(np.maximum(X @ V, 0) @ U, Y), V)
    assert np.allclose(by_loops(X, H, G, U), slope_V, atol=1e-7)
    assert not np.allclose(ward["dL_dV_2"](X, H, G, U), slope_V, rtol=1e-2)


def test_each_story_has_a_source() -> None:
    for number in range(1, 9):
        story = source(f"patient-{number}-story")
        assert "](https://" in story
        assert "What would have shown it" in story
