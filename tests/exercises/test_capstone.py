"""The capstone accepts by evidence: what a missing 1/N, a dead bias or borrowed code hides from accuracy."""

import ast
import warnings
from pathlib import Path

import nbformat
import numpy as np
import pytest

from linclf_helpers import forward
from linclf_helpers.exercises import CAPSTONE_EXERCISES, Capstone, Certificate, Outcome
from linclf_helpers.exercises.catalogue.capstone import PINNED_LOSSES, STAGES, digits
from linclf_helpers.model import LinearClassifier
from linclf_helpers.training import gradient_descent

ROOT = Path(__file__).resolve().parents[2]
SOLUTION = ROOT / "notebooks" / "solutions" / "09_build_your_own.ipynb"
EVERY_MISTAKE = [(exercise, mistake) for exercise in CAPSTONE_EXERCISES for mistake in exercise.mistakes]
VARIANTS = [(exercise, mistake, code) for exercise, mistake in EVERY_MISTAKE for code in mistake.variants]


def page(*replacements: tuple[str, str], extra: str = "") -> dict[str, object]:
    """Return the namespace of a learner who wrote the solution notebook's cells, with some text replaced."""
    cells = nbformat.read(SOLUTION, as_version=4).cells
    source = "\n\n".join(cell.source for cell in cells if cell.id.endswith("-yours"))
    for old, new in replacements:
        assert old in source
        source = source.replace(old, new)
    space: dict[str, object] = {"np": np, "__name__": "__main__"}
    exec(source + "\n" + extra, space)
    return space


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    result = Capstone(page()).certificate()
    assert isinstance(result, Certificate)
    return result


def test_the_solution_passes_every_stage() -> None:
    capstone = Capstone(page())
    for stage in STAGES:
        assert capstone.check(stage).kind == "right", capstone.check(stage)


def test_the_pinned_losses_are_those_of_the_package() -> None:
    X, labels, _, _ = digits()
    history = gradient_descent(LinearClassifier(64, 10), X, labels, learning_rate=0.5, steps=max(PINNED_LOSSES))
    for steps, pinned in PINNED_LOSSES.items():
        assert abs(history.losses[steps] - pinned) < 1e-9


def test_a_blank_page_has_not_started() -> None:
    capstone = Capstone({})
    assert {capstone.check(stage).kind for stage in STAGES} == {"not_started"}
    outcome = capstone.certificate()
    assert isinstance(outcome, Outcome)
    assert outcome.kind == "not_started"
    assert repr(capstone).startswith("Capstone: check('softmax', 'loss'")


def test_there_is_no_other_stage() -> None:
    with pytest.raises(ValueError, match="stage: expected one of softmax, loss"):
        Capstone({}).check("everything")


@pytest.mark.parametrize("exercise", CAPSTONE_EXERCISES, ids=[exercise.name for exercise in CAPSTONE_EXERCISES])
def test_the_reference_is_right(exercise) -> None:
    assert exercise.examine(exercise.reference).kind == "right"


@pytest.mark.parametrize(("exercise", "mistake"), EVERY_MISTAKE, ids=[m.id for _, m in EVERY_MISTAKE])
def test_every_mistake_is_diagnosed_as_itself(exercise, mistake) -> None:
    assert exercise.examine(mistake.code).mistake == mistake.id


@pytest.mark.every_sixth
@pytest.mark.parametrize(("exercise", "mistake", "code"), VARIANTS, ids=[m.id for _, m, _ in VARIANTS])
def test_its_variants_are_too(exercise, mistake, code) -> None:
    outcome = exercise.examine(code)
    assert outcome.mistake == mistake.id or (mistake.id in HARMLESS_SOMETIMES and outcome.kind == "right")


# An ε of 1e-16 in the probabilities of a gradient changes nothing that float64 shows.
HARMLESS_SOMETIMES = {"gradients.softmax.floor", "gradients.softmax.cut_off"}


LATE = {
    "no 1/N": ("train", "gradients", "    G /= len(X)  # dL_dZ, (N, K)\n", "", "dL_dZ.no_mean"),
    "dead bias": ("train", "gradients", "G.sum(axis=0)", "0 * G.sum(axis=0)", "dL_db.zeros"),
    "bias over everything": ("train", "gradients", "G.sum(axis=0)", "G.sum() + 0 * G[0]", None),
    "sign": ("train", "train", "W - learning_rate * dL_dW", "W + learning_rate * dL_dW", None),
    "short": ("train", "train", "range(steps)", "range(steps - 1)", "train.one_step_short"),
    "random start": ("train", "train", "np.zeros((X.shape[1], K))", "np.random.normal(size=(X.shape[1], K))", None),
    "naive softmax": ("softmax", "softmax", " - Z.max(axis=1, keepdims=True))  # (N, K)\n    return E",
                      ")\n    return E", "softmax.no_shift"),
    "log of softmax": ("loss", "loss", "log_Y_hat = log_softmax(X @ W + b)",
                       "log_Y_hat = np.log(softmax(X @ W + b))", "cross_entropy_from_logits.log_of_softmax"),
    "forgot b": ("predict", "predict", "return (X @ W + b)", "return (X @ W)", "predict.no_bias"),
}  # fmt: skip


@pytest.mark.parametrize("name", LATE)
def test_what_accuracy_does_not_show(name: str) -> None:
    affected, stage, old, new, mistake = LATE[name]
    capstone = Capstone(page((old, new)))
    outcome = capstone.check(stage)
    assert outcome.kind not in {"right", "not_started"}
    assert "hint()" not in outcome.message
    if mistake:
        assert str(outcome.mistake).endswith(mistake)
    assert capstone.check(affected).kind != "right"


def test_loss_and_gradients_must_be_of_one_model() -> None:
    """Gradients that are right do not pass beside a loss with an epsilon, or with a term of its own."""
    space = page(("return -log_Y_hat[", "return (W**2).sum() / 100 - log_Y_hat["))
    outcome = Capstone(space).check("gradients")
    assert outcome.kind == "wrong"
    assert "not the slope of your own loss" in outcome.title
    space = page(("log_Y_hat = log_softmax(X @ W + b)", "log_Y_hat = log_softmax(X @ W + b) + b.sum()"))
    assert "not the slope" in Capstone(space).check("gradients").title


def test_a_path_that_leaves_the_known_one_on_the_digits_only() -> None:
    """Right on every small batch, wrong where D is 64."""
    space = page(("b - learning_rate * dL_db", "b - learning_rate * dL_db * (len(W) != 64)"))
    outcome = Capstone(space).check("train")
    assert outcome.kind == "wrong"
    assert outcome.table[1] == ("expected", "2.2033560370")
    assert "after 1 step on the digits" in outcome.title


def test_stages_that_need_another_say_so() -> None:
    space = page()
    without = {k: v for k, v in space.items() if k != "loss"}
    assert "no loss of yours" in Capstone(without).check("gradients").title
    without = {k: v for k, v in space.items() if k != "train"}
    assert "no training of yours" in Capstone(without).check("predict").title


def test_a_function_that_reads_data_from_outside_is_told() -> None:
    """The digits that the notebook has loaded already, in place of the argument."""
    space = page(("= gradients(X, labels, W, b)", "= gradients(X_train, labels, W, b)"))
    space["X_train"] = np.ones((3, 2))
    outcome = Capstone(space).check("train")
    assert outcome.kind != "right"
    assert "It reads X_train from outside" in str(outcome)


def test_poor_training_shows_on_held_out_digits() -> None:
    space = page(("range(steps)", "range(min(steps, 3))"))
    outcome = Capstone(space).check("predict")
    assert outcome.kind == "wrong"
    assert "90% are within reach" in outcome.title


def test_a_prediction_that_is_wrong_on_the_digits_only() -> None:
    """Right on every small example, one of the 450 wrong: too few for the accuracy to show."""
    right = "return (X @ W + b).argmax(axis=1)"
    space = page((right, f"{right} * (np.arange(len(X)) != 400)"))
    outcome = Capstone(space).check("predict")
    assert outcome.kind == "wrong"
    assert "450 held-out digits" in str(outcome)


@pytest.mark.parametrize(("error", "kind"), [("1 / 0", "raised"), ("raise KeyboardInterrupt", "stopped")])
def test_trouble_on_the_digits_is_answered(error: str, kind: str) -> None:
    inner = f"if K == 10:\n        {error}\n    W, b = np.zeros"
    outcome = Capstone(page(("W, b = np.zeros", inner))).check("train")
    assert outcome.kind == kind


def test_a_loss_that_fails_on_other_data_is_answered() -> None:
    space = page(extra="def loss(X, labels, W, b):\n    return 'low'")
    outcome = Capstone(space).check("gradients")
    assert (outcome.kind, "loss returned a str" in outcome.title) == ("raised", True)


def test_prints_of_the_learner_do_not_flood_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    space = page(("for _ in range(steps):", "for _ in range(steps):\n        print('step')"))
    assert Capstone(space).check("train").kind == "right"
    assert capsys.readouterr().out == ""


class Hostile:
    def __getattribute__(self, name: str) -> object:
        raise RuntimeError("leave me alone")


@pytest.mark.parametrize("value", [3, "text", [1], np.eye(3), object(), int, Hostile], ids=type)
def test_whatever_stands_in_the_namespace_gets_an_answer(value: object) -> None:
    value = value() if value is Hostile else value
    capstone = Capstone({"__name__": "__main__", **dict.fromkeys(STAGES, value)})
    for stage in STAGES:
        outcome = capstone.check(stage)
        assert outcome.kind not in {"right", "not_started"} or stage == "own_work"
        assert repr(outcome)
    assert isinstance(capstone.certificate(), Outcome)


def test_work_in_progress_gets_a_list_and_no_certificate() -> None:
    space = page()
    del space["predict"]
    outcome = Capstone(space).certificate()
    assert isinstance(outcome, Outcome)
    assert outcome.title == "5 of 6 stages done."
    assert ("predict", "○ not started.") in outcome.table


def test_functions_from_elsewhere_are_not_own_work() -> None:
    assert Capstone({"softmax": forward.softmax, "__name__": "__main__"}).check("own_work").kind == "wrong"


def test_the_certificate_shows_what_was_checked(certificate: Certificate) -> None:
    assert repr(certificate).endswith("6 of 6 stages, 90.9% of the held-out digits")
    assert len(certificate.checks) == 6
    assert np.isclose(certificate.losses[0], np.log(10))
    assert np.isclose(certificate.losses[-1], PINNED_LOSSES[500])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = certificate.figure()
        bundle = certificate._repr_mimebundle_()
    axes = figure.get_axes()
    assert np.allclose(axes[0].lines[0].get_ydata(), certificate.losses)
    confusion = np.asarray(axes[1].images[0].get_array())
    assert confusion.sum() == 450
    assert np.isclose(np.trace(confusion) / 450, certificate.accuracy)
    assert confusion[1].sum() == (certificate.labels == 1).sum()  # rows are the correct class
    templates = [ax.images[0].get_array() for ax in axes[2:]]
    assert np.allclose(np.array(templates).reshape(10, 64).T, certificate.W)
    assert bytes(bundle["image/png"]).startswith(b"\x89PNG")
    assert bundle["text/plain"] == repr(certificate)


def test_the_solution_notebook_is_what_a_learner_writes() -> None:
    """Its own cells use NumPy only, and its outputs are committed from a fresh run."""
    notebook = nbformat.read(SOLUTION, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    shown = [output.get("data", {}).get("text/plain", "") for cell in code for output in cell.outputs]
    assert sum(text.startswith("✓") for text in shown) == len(STAGES)
    imported = [n for n in ast.walk(ast.parse(code[0].source)) if isinstance(n, ast.ImportFrom)]
    assert {n.module for n in imported} == {"linclf_helpers", "linclf_helpers.datasets", "linclf_helpers.exercises"}
