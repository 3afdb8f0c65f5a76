"""scikit-learn's own tools and checks take the estimator, and its results are those of the model underneath.

Data frames are tried with stand-ins that have only what the estimator asks for, and with pandas' own if it is there.
"""

import io
import itertools
import pickle
import subprocess
import sys
import warnings
from decimal import Decimal

import joblib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.inspection import DecisionBoundaryDisplay, permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score, learning_curve
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import check_is_fitted

from linclf_helpers.datasets import load_penguins
from linclf_helpers.estimator import SoftmaxRegression
from linclf_helpers.model import LinearClassifier
from linclf_helpers.training import gradient_descent

PENGUINS = load_penguins()
NAMES = np.array(PENGUINS.class_names)[PENGUINS.labels]
TWO = PENGUINS.labels > 0
STANDARD = PENGUINS.standardize().X
# The birds in millimetres, in a random order; all three species, or two.
ORDER = np.random.default_rng(0).permutation(342)
TASKS = {3: (PENGUINS.X[ORDER], NAMES[ORDER]), 2: (PENGUINS.X[ORDER], np.array(["other", "Adelie"])[TWO[ORDER] * 1])}
X_FOUR = np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 5.0], [4.0, 4.0]])
Y_FOUR = ["a", "b", "a", "b"]


@pytest.fixture(params=TASKS)
def task(request):
    return TASKS[request.param]


# What scikit-learn demands of every estimator

# Each failure that is accepted, and why.
ACCEPTED = {
    "check_sample_weight_equivalence_on_dense_data": "with mini-batches: an example that is there twice falls into two"
    " batches, one that weighs 2 into one, so the steps differ and only their mean is the same"
}


@pytest.mark.parametrize(
    ("settings", "accepted"),
    [
        ({}, []),
        ({"momentum": 0.9}, []),
        ({"learning_rate": 0.1}, []),
        ({"l2": 1.0, "nesterov": True, "momentum": 0.5}, []),
        ({"batch_size": 8}, list(ACCEPTED)),
    ],
)
def test_passes_scikit_learns_checks(settings, accepted):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(SoftmaxRegression(**settings), on_fail=None, on_skip=None)
    assert len(results) > 40
    failed = {result["check_name"]: result["exception"] for result in results if result["status"] == "failed"}
    assert list(failed) == accepted, failed


# The mathematics


@pytest.mark.parametrize(("K", "factor"), [(3, 1), (2, 2)])
def test_agrees_with_scikit_learn(K, factor):
    """At the optimum; for two classes the same penalty on two columns of weights is half of that on one."""
    X, y = TASKS[K]
    ours = SoftmaxRegression(l2=factor / (0.5 * len(X)), tolerance=1e-9).fit(X, y)
    theirs = LogisticRegression(C=0.5, tol=1e-10, max_iter=10_000).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-4)
    np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), atol=1e-3)
    np.testing.assert_array_equal(ours.classes_, theirs.classes_)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    assert ours.intercept_.shape == theirs.intercept_.shape
    assert ours.score(X, y) == theirs.score(X, y)
    assert ours.n_features_in_ == 2
    assert ours.n_iter_ == len(ours.loss_curve_) - 1 < 1000


def test_scores_are_those_of_the_coefficients_and_of_the_model(task):
    X, y = task
    fitted = SoftmaxRegression(l2=0.01).fit(X, y)
    scores, logits, probabilities = fitted.decision_function(X), fitted.model_.logits(X), fitted.predict_proba(X)
    by_hand = X @ fitted.coef_.T + fitted.intercept_
    if len(fitted.classes_) == 2:
        assert scores.shape == (342,)
        assert fitted.coef_.shape == (1, 2)
        by_hand, logits = by_hand[:, 0], logits[:, 1] - logits[:, 0]
        np.testing.assert_array_equal(fitted.predict(X), fitted.classes_[(scores > 0).astype(int)])
    np.testing.assert_array_equal(scores, by_hand)
    np.testing.assert_allclose(scores, logits, atol=1e-9)
    np.testing.assert_allclose(probabilities, fitted.model_.predict_proba(X), atol=1e-12)
    np.testing.assert_array_equal(fitted.predict(X), fitted.classes_[probabilities.argmax(axis=1)])


@pytest.mark.parametrize(
    "settings",
    [
        {"learning_rate": 0.1, "batch_size": 40, "l2": 0.1, "momentum": 0.5, "nesterov": True},
        {"learning_rate": 0.5, "momentum": 0.9},
        {"learning_rate": lambda step: 1 / (1 + step), "batch_size": 342},
        {"learning_rate": 0.2, "batch_size": 1, "l2": 1e-3},
    ],
)
def test_with_a_learning_rate_it_is_gradient_descent(settings):
    fitted = SoftmaxRegression(**settings, steps=50, tolerance=0, random_state=7).fit(STANDARD, PENGUINS.labels)
    model = LinearClassifier(2, 3)
    gradient_descent(model, STANDARD, PENGUINS.labels, steps=50, rng=np.random.default_rng(7), **settings)
    np.testing.assert_allclose(fitted.model_.W, model.W, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(fitted.model_.b, model.b, rtol=1e-10, atol=1e-12)
    assert fitted.n_iter_ == 50
    np.testing.assert_allclose(
        fitted.loss_curve_[-1], model.loss(STANDARD, PENGUINS.labels, settings.get("l2", 0)), rtol=1e-10
    )


def test_finds_the_minimum_of_the_weighted_loss():
    """In millimetres, and as SciPy finds it from the formula."""
    rng = np.random.default_rng(3)
    X, labels, weights, l2 = PENGUINS.X - 40, PENGUINS.labels, rng.uniform(0, 3, 342), 0.02

    def loss(parameters):
        W, b = parameters[:6].reshape(2, 3), parameters[6:]
        Z = X @ W + b
        by_example = np.log(np.exp(Z - Z.max(axis=1, keepdims=True)).sum(axis=1)) + Z.max(axis=1)
        return np.average(by_example - Z[np.arange(342), labels], weights=weights) + l2 / 2 * (W**2).sum()

    best = minimize(loss, np.zeros(9), options={"gtol": 1e-7}).fun
    fitted = SoftmaxRegression(l2=l2, tolerance=1e-8).fit(X, labels, sample_weight=weights)
    reached = loss(np.concatenate([fitted.model_.W.ravel(), fitted.model_.b]))
    assert abs(reached - best) < 1e-8
    assert abs(fitted.loss_curve_[-1] - reached) < 1e-10
    unweighted = SoftmaxRegression(l2=l2, tolerance=1e-8).fit(X, labels)
    assert loss(np.concatenate([unweighted.model_.W.ravel(), unweighted.model_.b])) > best + 1e-5


@pytest.mark.parametrize(
    "settings", [{}, {"momentum": 0.9}, {"learning_rate": 0.1, "steps": 50, "l2": 0.1, "tolerance": 0}]
)
def test_a_weight_counts_an_example_that_often(settings):
    times = np.random.default_rng(1).integers(0, 4, 342)
    times[PENGUINS.labels == 1] = 0  # a whole class goes
    weighted = SoftmaxRegression(l2=0.01).set_params(**settings).fit(STANDARD, NAMES, sample_weight=0.5 * times)
    repeated = clone(weighted).fit(np.repeat(STANDARD, times, axis=0), np.repeat(NAMES, times))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-7)
    assert list(weighted.classes_) == list(repeated.classes_) == ["Adelie", "Gentoo"]
    counted = weighted.score(STANDARD, NAMES, sample_weight=times)
    assert counted == pytest.approx(weighted.score(np.repeat(STANDARD, times, axis=0), np.repeat(NAMES, times)))
    assert counted != weighted.score(STANDARD, NAMES)
    same = clone(weighted).fit(STANDARD, NAMES, sample_weight=3)
    np.testing.assert_allclose(same.coef_, clone(weighted).fit(STANDARD, NAMES).coef_, rtol=1e-12)


def test_weights_in_mini_batches_pull_to_the_weighted_minimum():
    weights = np.where(PENGUINS.labels == 2, 5.0, 1.0)
    settings = {"l2": 0.1, "learning_rate": lambda step: 0.5 / (1 + step / 20), "tolerance": 0, "random_state": 0}
    exact = SoftmaxRegression(l2=0.1).fit(STANDARD, NAMES, sample_weight=weights)
    found = SoftmaxRegression(batch_size=32, steps=3000, **settings).fit(STANDARD, NAMES, sample_weight=weights)
    np.testing.assert_allclose(found.coef_, exact.coef_, atol=0.01)
    assert abs(SoftmaxRegression(l2=0.1).fit(STANDARD, NAMES).coef_ - exact.coef_).max() > 0.05


OPTIONS = list(itertools.product([None, 32, 1000], [0.0, 0.9], [False, True], [0.0, 0.01]))


@pytest.mark.parametrize(("batch_size", "momentum", "nesterov", "l2"), OPTIONS)
@pytest.mark.parametrize("unit", [1.0, 1e-6, np.array([1e6, 1e-3])], ids=["mm", "km", "mixed"])
def test_every_option_runs_on_raw_measurements(batch_size, momentum, nesterov, l2, unit):
    l2 = l2 * np.min(unit) ** 2  # as strong as in millimetres
    settings = {"batch_size": batch_size, "momentum": momentum, "nesterov": nesterov, "l2": l2, "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = SoftmaxRegression(**settings).fit(PENGUINS.X * unit, NAMES)
    assert fitted.score(PENGUINS.X * unit, NAMES) > 0.95


def test_the_unit_of_a_feature_changes_nothing():
    """With a learning rate of its own, every step is the same in any unit and from any origin."""
    settings = {"momentum": 0.9, "batch_size": 50, "steps": 100, "tolerance": 0, "random_state": 0}
    there = SoftmaxRegression(**settings).fit(PENGUINS.X, NAMES)
    here = SoftmaxRegression(**settings).fit(PENGUINS.X * [1e5, 1e-5] + [0, 7], NAMES)
    np.testing.assert_allclose(here.coef_ * [1e5, 1e-5], there.coef_, rtol=1e-6)


@pytest.mark.parametrize("column", [0.0, 5.0, 0.1, 1e8 / 3])
def test_a_feature_that_never_changes_does_no_harm(column):
    X = np.column_stack([PENGUINS.X, np.full(342, column)])
    fitted, without = SoftmaxRegression().fit(X, NAMES), SoftmaxRegression().fit(PENGUINS.X, NAMES)
    np.testing.assert_allclose(fitted.predict_proba(X), without.predict_proba(PENGUINS.X), atol=1e-9)
    np.testing.assert_array_equal(fitted.coef_[:, 2], 0)


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1e160, 1e300])
def test_numbers_near_the_end_of_the_range(size):
    fitted = SoftmaxRegression(l2=0.0).fit(X_FOUR * size, Y_FOUR)
    assert fitted.score(X_FOUR * size, Y_FOUR) == 1
    with pytest.raises(ValueError, match="X: expected numbers whose squares stay within the range of floats"):
        SoftmaxRegression(0.1).fit(X_FOUR * 1e160, Y_FOUR)


# Convergence

# The largest entry of the gradient at W = 0, b = 0, where every probability is 1/3.
AT_ZERO = abs(STANDARD.T @ (1 / 3 - np.eye(3)[PENGUINS.labels])).max() / 342


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, f"after 0 steps an entry of the gradient is {AT_ZERO:.2g}, above the tolerance of 0.0001"),
        ({"steps": 3}, "after 3 steps an entry of the gradient is"),
        ({"steps": 3, "learning_rate": 0.01}, "after 3 steps an entry of the gradient is"),
        ({"steps": 30, "batch_size": 32}, "after 30 steps the loss still falls by more than the tolerance of 0.0001"),
        ({"learning_rate": 1e3, "l2": 1.0}, "the learning rate is too large, and step 51 left the range of floats"),
        ({"learning_rate": 1e3, "l2": 1.0, "batch_size": 9}, "the learning rate is too large, and step"),
    ],
)
def test_says_when_it_did_not_converge(settings, message):
    with pytest.warns(ConvergenceWarning, match=f"SoftmaxRegression did not converge: {message}") as caught:
        fitted = SoftmaxRegression(**settings).fit(STANDARD, NAMES)
    assert caught[0].filename == __file__
    assert np.isfinite(fitted.predict_proba(STANDARD)).all()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"l2": 0.1, "momentum": 0.9},
        {"learning_rate": 0.5, "l2": 0.1},
        {"batch_size": 32, "momentum": 0.9, "random_state": 0},
    ],
)
def test_converges_and_is_silent(settings):
    """Every warning is an error in these tests."""
    fitted = SoftmaxRegression(**settings).fit(STANDARD, NAMES)
    assert fitted.n_iter_ < 1000
    dW, db = fitted.model_.gradients(STANDARD, PENGUINS.labels, settings.get("l2", 0.0))
    assert max(abs(dW).max(), abs(db).max()) < (1.01e-4 if "batch_size" not in settings else 0.02)


def test_all_steps_are_taken_at_tolerance_0():
    for settings in ({}, {"batch_size": 100}, {"momentum": 0.5}):
        assert SoftmaxRegression(steps=400, tolerance=0, **settings).fit(STANDARD, NAMES).n_iter_ == 400


def test_the_way_back_to_the_minimum_from_a_step_too_far():
    """Data on which Barzilai and Borwein's rate overshoots: a step that raises the loss too far is taken again."""
    rng = np.random.default_rng(0)
    for _ in range(30):
        X = rng.standard_cauchy((12, 3)) ** 3
        y = rng.permutation(12) % 3
        fitted = SoftmaxRegression(l2=1e-3, steps=5000).fit(X, y)
        assert all(
            loss <= max(fitted.loss_curve_[max(0, i - 10) : i]) for i, loss in enumerate(fitted.loss_curve_) if i
        )


# Chance


def test_the_seed_makes_runs_repeat():
    def run(random_state):
        estimator = SoftmaxRegression(batch_size=10, steps=20, tolerance=0, random_state=random_state)
        return estimator.fit(STANDARD, NAMES).coef_

    for make in (lambda: 3, lambda: np.random.RandomState(3), lambda: np.random.default_rng(3)):
        np.testing.assert_array_equal(run(make()), run(make()))
    assert not np.array_equal(run(3), run(4))
    assert not np.array_equal(run(None), run(None))
    for going_on in (np.random.RandomState(3), np.random.default_rng(3)):
        assert not np.array_equal(run(going_on), run(going_on))
    for wrong in ("three", -1, 0.5):
        with pytest.raises(ValueError, match="random_state: expected a whole number, a RandomState, a Generator"):
            run(wrong)


def test_a_batch_larger_than_the_data_is_all_of_it():
    """Cross-validation makes the data smaller than what the settings were chosen for."""
    large = SoftmaxRegression(batch_size=1000).fit(STANDARD, NAMES)
    np.testing.assert_array_equal(large.coef_, SoftmaxRegression().fit(STANDARD, NAMES).coef_)


# scikit-learn's tools


def test_scorers_and_searches(task):
    X, y = task
    two = len(set(y)) == 2
    binary = ["roc_auc", "average_precision"]
    for scoring in ["accuracy", "neg_log_loss", "f1_macro", "roc_auc_ovr", "roc_auc_ovo", *binary * two]:
        ours = cross_val_score(SoftmaxRegression(), X, y == "other" if scoring in binary else y, cv=3, scoring=scoring)
        assert ours.min() > (-0.3 if "loss" in scoring else 0.9), scoring
    pipeline = make_pipeline(StandardScaler(), SoftmaxRegression())
    grid = {"softmaxregression__l2": [10.0, 0.01], "softmaxregression__batch_size": [None, 100]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        search = GridSearchCV(pipeline, grid, cv=3, scoring="neg_log_loss", error_score="raise").fit(X, y)
    assert search.best_params_["softmaxregression__l2"] == 0.01
    assert search.score(X, y) > -0.3
    assert "SoftmaxRegression" in pipeline._repr_html_()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda e: CalibratedClassifierCV(e, method="sigmoid", cv=3),
        lambda e: CalibratedClassifierCV(e, method="isotonic", cv=3, ensemble=False),
        OneVsRestClassifier,
        OneVsOneClassifier,
        lambda e: VotingClassifier([("a", e), ("b", clone(e).set_params(l2=0.1))], voting="soft"),
        lambda e: StackingClassifier([("a", e), ("b", clone(e).set_params(l2=0.1))], final_estimator=clone(e), cv=3),
        lambda e: BaggingClassifier(e, n_estimators=3, random_state=0),
        lambda e: AdaBoostClassifier(e, n_estimators=3, random_state=0),
        lambda e: RFE(e, n_features_to_select=2),
        lambda e: make_pipeline(SelectFromModel(clone(e), threshold=-np.inf), e),
    ],
)
def test_works_inside_other_estimators(wrap, task):
    X, y = task
    assert wrap(SoftmaxRegression(l2=1e-3)).fit(X, y).score(X, y) > 0.9


def test_curves_importances_and_pictures(task):
    X, y = task
    sizes, _, scores = learning_curve(SoftmaxRegression(), X, y, cv=3, error_score="raise")
    assert len(sizes) == 5
    assert scores.mean(axis=1)[-1] > 0.9
    assert cross_val_predict(SoftmaxRegression(), X, y, method="decision_function").shape[0] == 342
    fitted = SoftmaxRegression().fit(X, y)
    assert permutation_importance(fitted, X, y, n_repeats=2, random_state=0).importances_mean.min() > 0
    _, axes = plt.subplots()
    methods = ["predict", "predict_proba", "decision_function"] if len(set(y)) == 2 else ["predict"]
    for method in methods:
        shown = DecisionBoundaryDisplay.from_estimator(fitted, X, response_method=method, grid_resolution=5, ax=axes)
        assert shown.response.shape == (5, 5)
    plt.close()
    assert get_scorer("neg_log_loss")(fitted, X, y) > -0.2


def test_can_be_kept_and_sent(task, tmp_path):
    X, y = task
    fitted = SoftmaxRegression(l2=0.1).fit(X, y)
    joblib.dump(fitted, tmp_path / "model")
    for again in (pickle.loads(pickle.dumps(fitted)), joblib.load(tmp_path / "model")):
        np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    buffer = io.BytesIO()
    joblib.dump(SoftmaxRegression(random_state=np.random.default_rng(0)), buffer)


def test_follows_scikit_learns_conventions():
    estimator = SoftmaxRegression(learning_rate=0.3, l2=0.5)
    copy = clone(estimator)
    assert copy is not estimator
    assert copy.get_params() == estimator.get_params()
    assert repr(copy) == "SoftmaxRegression(learning_rate=0.3, l2=0.5)"
    assert repr(SoftmaxRegression()) == "SoftmaxRegression()"
    assert is_classifier(estimator)
    assert estimator.set_params(steps=999) is estimator
    assert estimator.steps == 999
    with pytest.raises(ValueError, match=r"params: expected some of learning_rate, .*, got 'alpha'"):
        estimator.set_params(steps=9, alpha=1)
    assert estimator.steps == 999
    assert estimator.fit(STANDARD, NAMES) is estimator
    check_is_fitted(estimator)
    assert not hasattr(clone(estimator), "classes_")


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function", "score"])
def test_asks_to_be_fitted_first(method):
    arguments = ([[1.0, 2.0]],) + ((["a"],) if method == "score" else ())
    with pytest.raises(NotFittedError, match="This SoftmaxRegression is not fitted yet: call fit first"):
        getattr(SoftmaxRegression(), method)(*arguments)


def test_a_fit_that_is_refused_changes_nothing():
    fitted = SoftmaxRegression().fit(X_FOUR, Y_FOUR)
    before = fitted.predict_proba(X_FOUR)
    for X, y in ((X_FOUR, ["a"] * 4), (X_FOUR * np.nan, Y_FOUR), (np.ones((4, 3)), [1, None, 2, 2])):
        with pytest.raises(ValueError, match=r"^[Xy]: "):
            fitted.fit(X, y)
    np.testing.assert_array_equal(fitted.predict_proba(X_FOUR), before)


def test_needs_no_scikit_learn():
    """In a process of its own, where importing it would fail."""
    program = """
import sys, warnings
sys.modules["sklearn"] = None
from linclf_helpers.estimator import SoftmaxRegression
assert SoftmaxRegression().fit([[1.0], [2.0]], ["a", "b"]).predict([[5.0]])[0] == "b"
assert not [name for name in sys.modules if name.startswith(("matplotlib", "ipywidgets", "tqdm", "pandas"))]
try:
    SoftmaxRegression().predict([[1.0]])
except ValueError as error:
    assert "not fitted yet" in str(error)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    SoftmaxRegression(steps=1).fit([[1.0], [2.0]], [["a"], ["b"]])
assert [c.category for c in caught] == [UserWarning] * 2
"""
    subprocess.run([sys.executable, "-c", program], check=True)


# Data frames


class Frame:
    """What the estimator needs of a data frame: names, types, and columns by name. polars has no more."""

    def __init__(self, columns):
        self.data = {name: np.asarray(column) for name, column in columns.items()}
        self.columns, self.dtypes = list(self.data), [column.dtype for column in self.data.values()]

    def __len__(self):
        return len(next(iter(self.data.values()), []))

    def __getitem__(self, name):
        return self.data[name]


class FrameWithItems(Frame):
    """The columns of pandas' frames may share a name, so they are asked for in pairs of name and column."""

    def __getitem__(self, name):
        raise AssertionError("by name, one of two columns of the same name would be lost")

    def items(self):
        return self.data.items()


class NA:
    """As pandas.NA: it gives no truth value, not even compared with itself."""

    def __ne__(self, other):
        return self

    def __bool__(self):
        raise TypeError("boolean value of NA is ambiguous")

    __hash__ = None


NA.__name__ = "NAType"
FRAMES = [Frame, FrameWithItems]


@pytest.fixture(params=["two stand-ins", "pandas"])
def frames(request):
    return FRAMES if request.param == "two stand-ins" else [pytest.importorskip("pandas").DataFrame]


def test_columns_of_different_types(frames):
    b = [0.5, 1.5, 2.5, 2.0]
    for column in ([True, False, True, True], [1, 2, 3, 4], np.array([1, 2.5, Decimal(3), True], object)):
        plain = SoftmaxRegression().fit(np.column_stack([np.asarray(column, float), b]), Y_FOUR)
        for frame in frames:
            fitted = SoftmaxRegression().fit(frame({"a": column, "b": b}), Y_FOUR)
            np.testing.assert_array_equal(fitted.coef_, plain.coef_)
            assert list(fitted.feature_names_in_) == ["a", "b"]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([1, np.nan, 3, 4], "finite numbers, got NaN, a missing value, in column 'bill', row 1; fill it .*Imputer"),
        (np.array([1, None, 3, 4], object), "finite numbers, got NaN, a missing value, in column 'bill', row 1"),
        (np.array([1, 2, NA(), 4], object), "finite numbers, got NaN, a missing value, in column 'bill', row 2"),
        ([1, 2, 3, -np.inf], "finite numbers, got infinity in column 'bill', row 3; replace it"),
        (np.array([1, 10**400, 3, 4], object), "finite numbers, got infinity in column 'bill', row 1"),
        (["x", "y", "x", "y"], "numbers, got the text 'x' in column 'bill', row 0; OneHotEncoder"),
        (np.array([1, 2, "3", 4], object), r"numbers, got the text '3' in column 'bill', row 2; .*\.astype\(float\)"),
        (np.array(["2020", "2021", "NaT", "2022"], "M8[D]"), "numbers, got the time 2020-01-01.* in column 'bill'"),
        ([1j, 2, 3, 4], "X: Complex data not supported, got 1j in column 'bill', row 0"),
    ],
)
def test_names_the_column_and_the_cure(column, message, frames):
    for frame in frames:
        data = frame({"depth": [1.0, 2.0, 3.0, 4.0], "bill": column})
        with pytest.raises(ValueError, match=message):
            SoftmaxRegression().fit(data, Y_FOUR)
        fitted = SoftmaxRegression().fit(frame({"depth": X_FOUR[:, 0], "bill": X_FOUR[:, 1]}), Y_FOUR)
        for method in (fitted.predict, fitted.predict_proba, fitted.decision_function):
            with pytest.raises(ValueError, match=message):
                method(data)


def test_columns_are_recognised_by_name(frames):
    a, b = X_FOUR.T
    for frame in frames:
        fitted = SoftmaxRegression().fit(frame({"a": a, "b": b}), Y_FOUR)
        np.testing.assert_array_equal(fitted.predict(frame({"a": a, "b": b})), Y_FOUR)
        for columns, message in (
            ({"b": b, "a": a}, r"must be in the same order as they were in fit\.\nX\[\['a', 'b'\]\] has the right"),
            ({"a": a}, "seen at fit time, yet now missing:\n- b\n$"),
            ({"a": a, "c": a, "b": b}, r"unseen at fit time:\n- c\nX\[\['a', 'b'\]\] has the right columns"),
            ({"a": a, "B": b}, "unseen at fit time:\n- B\nFeature names seen at fit time, yet now missing:\n- b\n$"),
        ):
            for method in (fitted.predict, fitted.predict_proba, fitted.decision_function):
                with pytest.raises(ValueError, match=f"The feature names should match .*\n.*{message}"):
                    method(frame(columns))
        with pytest.warns(UserWarning, match="X does not have valid feature names, but SoftmaxRegression was fitted"):
            fitted.predict(X_FOUR)
        unnamed = fitted.fit(X_FOUR, Y_FOUR)
        assert not hasattr(unnamed, "feature_names_in_")
        with pytest.warns(UserWarning, match="X has feature names, but SoftmaxRegression was fitted without"):
            unnamed.predict(frame({"a": a, "b": b}))


def test_columns_that_are_numbered(frames):
    a, b = X_FOUR.T
    for frame in frames:
        fitted = SoftmaxRegression().fit(frame({0: a, 1: b}), Y_FOUR)
        assert not hasattr(fitted, "feature_names_in_")
        for same in (X_FOUR, frame({0: a, 1: b}), frame({5: a, 6: b})):
            np.testing.assert_array_equal(fitted.predict(same), Y_FOUR)
        with pytest.raises(ValueError, match="must be in the same order"):
            fitted.predict(frame({1: b, 0: a}))
        with pytest.raises(ValueError, match=r"X: expected column names that are all strings, got 0 beside 'a'; X"):
            fitted.fit(frame({"a": a, 0: b}), Y_FOUR)


def test_pandas_types():
    pd = pytest.importorskip("pandas")
    b = [0.5, 1.5, 2.5, 2.0]
    for column in (
        pd.array([1, 2, 3, 4], dtype="Int64"),
        pd.array([1.0, 2, 3, 4], dtype="Float64"),
        pd.array([True, False, True, True], dtype="boolean"),
        pd.Categorical([1, 2, 3, 4]),
        pd.arrays.SparseArray([0.0, 1, 0, 1]),
    ):
        data = pd.DataFrame({"a": column, "b": b}, index=[7, 8, 9, 7])
        plain = SoftmaxRegression().fit(data.to_numpy(float), Y_FOUR)
        np.testing.assert_array_equal(SoftmaxRegression().fit(data, Y_FOUR).coef_, plain.coef_)
    twins = pd.DataFrame(X_FOUR, columns=["a", "a"])
    np.testing.assert_array_equal(SoftmaxRegression().fit(twins, Y_FOUR).predict(twins), Y_FOUR)
    for column, message in (
        (pd.array([1, 2, None, 4], dtype="Int64"), "NaN, a missing value, in column 'a', row 2"),
        (pd.array([1, 2, None, 4], dtype="Float64"), "NaN, a missing value, in column 'a', row 2"),
        (pd.array([True, None, True, True], dtype="boolean"), "NaN, a missing value, in column 'a', row 1"),
        (pd.Categorical([1, 2, None, 4]), "NaN, a missing value, in column 'a', row 2"),
        (pd.Categorical(list("xyxy")), "got the text 'x' in column 'a', row 0"),
        (pd.array(["x", None, "x", "y"], dtype="string"), "got the text 'x' in column 'a', row 0"),
        (pd.date_range("2020", periods=4), "got the time 2020-01-01"),
        (pd.date_range("2020", periods=4, tz="UTC"), "got the time 2020-01-01"),
        (pd.period_range("2020", periods=4), "got the time 2020-01-01"),
        (pd.to_timedelta([1, 2, 3, 4], unit="D"), "got the time"),
    ):
        with pytest.raises(ValueError, match=message):
            SoftmaxRegression().fit(pd.DataFrame({"a": column, "b": b}), Y_FOUR)
    for y, classes in (
        (pd.Series([7, 1, 7, 1], dtype="Int64", index=[9, 8, 7, 6]), [1, 7]),
        (pd.Series([True, False] * 2, dtype="boolean"), [False, True]),
        (pd.Series(["b", "a"] * 2, dtype="string"), ["a", "b"]),
        (pd.Series(["b", "a"] * 2, dtype="category"), ["a", "b"]),
        (pd.Index(["b", "a"] * 2), ["a", "b"]),
    ):
        fitted = SoftmaxRegression().fit(X_FOUR, y)
        assert list(fitted.classes_) == classes
        assert list(fitted.predict(X_FOUR)) == list(y)
        assert fitted.score(X_FOUR, y) == 1
    for dtype in ("Int64", "Float64", "boolean", "category", object):
        with pytest.raises(ValueError, match=r"y: expected a label for every example, got .* in row 2 \(1 of 4 are"):
            SoftmaxRegression().fit(X_FOUR, pd.Series([1, 0, None, 1], dtype=dtype))
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
        assert list(SoftmaxRegression().fit(X_FOUR, pd.DataFrame({"y": Y_FOUR})).classes_) == ["a", "b"]


# Labels


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        ([1.0, 5.0, 9.0, 5.0], [1, 5, 9]),
        ([True, False, True, False], [False, True]),
        (np.array([3, 1, 3, 1], object), [1, 3]),
        (np.array([True, False, True, False], object), [False, True]),
        (("b", "a", "b", "a"), ["a", "b"]),
        (np.array(["b", "a", "b", "a"], object), ["a", "b"]),
        ([-3, 200, -3, 200], [-3, 200]),
        (np.array([2, 1, 2, 1], np.uint8), [1, 2]),
        (np.array(["2021", "2020", "2021", "2020"], "M8[Y]"), list(np.array(["2020", "2021"], "M8[Y]"))),
    ],
)
def test_labels_of_every_kind(y, classes):
    fitted = SoftmaxRegression().fit(X_FOUR, y)
    assert list(fitted.classes_) == classes
    if isinstance(classes[0], str):  # an array of objects gets objects back
        assert fitted.predict(X_FOUR).dtype == np.asarray(y).dtype
    assert list(fitted.predict(X_FOUR)) == list(y)
    assert fitted.score(X_FOUR, y) == 1


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["a", None, "a", None], r"y: expected a label for every example, got None in row 1 \(2 of 4 are missing\)"),
        (["a", np.nan, "a", "b"], "y: expected a label for every example, got nan in row 1"),
        ([1.0, np.nan, 1.0, 2.0], "y: expected a label for every example, got nan in row 1 .*leave out the rows"),
        (np.array([1, 2, 1, NA()], object), "y: expected a label for every example, got .* in row 3"),
        (np.array(["2020", "NaT", "2020", "2021"], "M8[D]"), "y: expected a label for every example, got NaT in row 1"),
        ([0.5, 1.0, 2.0, 1.0], "y: Unknown label type: continuous; expected classes, got the number 0.5"),
        ([1.0, np.inf, 1.0, 2.0], "y: Unknown label type: continuous; expected classes, got the number inf"),
        (["a", 1, "b", 2], "y: expected labels of one type, got 'a' in row 0 and 1 in row 1; str"),
        ([True, 2, 1, False], "y: expected labels of one type, got True in row 0 and 2 in row 1"),
        ([b"a", b"b", b"a", b"b"], "y: Unknown label type: bytes"),
        (np.array([1j, 2, 1j, 2]), "y: Unknown label type: complex128"),
        ([1j, 2j, 1j, 2j], "y: Unknown label type: complex"),
        ([[1], [1, 2], [1], [2]], "y: Unknown label type: list"),
        ([10**30, 1, 10**30, 1], "y: Unknown label type: int"),
        (["a"] * 4, "y: expected at least 2 classes, got 1 class, 'a'"),
        (["a", "b"], r"y: expected shape \(4,\), one label per row of X, got \(2,\)"),
        (np.eye(4), r"y should be a 1d array, .* of shape \(4, 4\) instead .*y\.argmax\(axis=1\)"),
        ([], r"y should be a 1d array, .* of shape \(0,\)"),
        (None, "requires y to be passed, but the target y is None"),
        ("abab", "y should be a 1d array, one label per row of X, got str instead"),
        ({1, 2, 3, 4}, "y should be a 1d array, one label per row of X, got set instead"),
        (3, "y should be a 1d array, one label per row of X, got int instead"),
    ],
)
def test_labels_that_cannot_be_right(y, message):
    with pytest.raises(ValueError, match=message):
        SoftmaxRegression().fit(X_FOUR, y)


def test_a_column_of_labels_is_taken_with_a_warning():
    with pytest.warns(DataConversionWarning, match=r"A column-vector y was passed .*y\.ravel\(\)"):
        fitted = SoftmaxRegression().fit(X_FOUR, [[label] for label in Y_FOUR])
    assert list(fitted.predict(X_FOUR)) == Y_FOUR


# Examples, weights and settings


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([1.0, 2.0, 3.0, 4.0], r"X: expected shape \(N, D\), got \(4,\)\. Reshape your data"),
        (np.ones((4, 2, 2)), r"X: expected shape \(N, D\), got \(4, 2, 2\)"),
        (None, r"X: expected shape \(N, D\), got \(\)"),
        (np.ones((4, 0)), r"0 feature\(s\) \(shape=\(4, 0\)\) while a minimum of 1 is required"),
        (Frame({}), r"0 sample\(s\) and 0 feature\(s\)"),
        ([[1.0, None]] * 4, "got NaN, a missing value, in column 1, row 0"),
        ([[1.0, np.inf]] * 4, "got infinity in column 1, row 0"),
        (np.array([[1, 2]] * 3 + [[1, "2"]], object), "got the text '2' in column 1, row 3"),
        ([["1", "2"]] * 4, "got the text '1' in column 0, row 0"),
        (np.ma.masked_greater(X_FOUR, 4), "X: expected no masked entries, got 1"),
        (np.full((4, 1), 1j), "X: Complex data not supported, got 1j in column 0, row 0"),
    ],
)
def test_examples_that_cannot_be_right(X, message):
    with pytest.raises(ValueError, match=message):
        SoftmaxRegression().fit(X, Y_FOUR)


def test_what_is_of_a_wrong_type():
    for make in (sparse.csr_matrix, sparse.coo_array):
        with pytest.raises(TypeError, match=r"X: expected a dense array, got sparse data; X\.toarray\(\)"):
            SoftmaxRegression().fit(make(X_FOUR), Y_FOUR)
        with pytest.raises(TypeError, match="y: expected a dense array, got sparse data"):
            SoftmaxRegression().fit(X_FOUR, make(X_FOUR[:, :1]))
    with pytest.raises(TypeError, match=r"X: expected numbers, got \{'a': 1\} in column 0, row 0"):
        SoftmaxRegression().fit(np.array([[{"a": 1}, 2]] * 4, object), Y_FOUR)


def test_other_forms_of_numbers():
    plain = SoftmaxRegression().fit(X_FOUR, Y_FOUR)
    forms = [X_FOUR.astype(dtype) for dtype in (np.float32, np.longdouble, int, np.uint8, object)]
    for X in (X_FOUR.tolist(), np.asfortranarray(X_FOUR), *forms):
        np.testing.assert_allclose(SoftmaxRegression().fit(X, Y_FOUR).coef_, plain.coef_, rtol=1e-12)
    X = X_FOUR.copy()
    X.flags.writeable = False
    np.testing.assert_array_equal(SoftmaxRegression().fit(X, Y_FOUR).coef_, plain.coef_)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 2], r"expected shape \(4,\), one weight per row of X, got \(2,\)"),
        ([[1]] * 4, r"expected shape \(4,\), one weight per row of X, got \(4, 1\)"),
        ([1, -1, 1, 1], "expected finite numbers of at least 0"),
        ([1, np.nan, 1, 1], "expected finite numbers of at least 0"),
        (np.array([1, None, 1, 1], object), "expected finite numbers of at least 0"),
        ([0, 0, 0, 0], "expected a weight greater than 0, got only zeros"),
        (["a"] * 4, "expected numbers, got <U1"),
    ],
)
def test_weights_that_cannot_be_right(weights, message):
    fitted = SoftmaxRegression().fit(X_FOUR, Y_FOUR)
    for method in (fitted.fit, fitted.score):
        with pytest.raises(ValueError, match=f"^sample_weight: {message}"):
            method(X_FOUR, Y_FOUR, sample_weight=weights)


@pytest.mark.parametrize("weights", [[1e-310] * 4, [1e308] * 4])
def test_weights_near_the_end_of_the_range(weights):
    fitted = SoftmaxRegression().fit(X_FOUR, Y_FOUR, sample_weight=weights)
    np.testing.assert_allclose(fitted.coef_, SoftmaxRegression().fit(X_FOUR, Y_FOUR).coef_, rtol=1e-9)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"l2": -1.0}, "l2: expected"),
        ({"batch_size": 0}, "batch_size: expected"),
        ({"steps": 1.5}, "steps: expected"),
        ({"momentum": 1.0}, "momentum: expected"),
        ({"tolerance": -1e-3}, "tolerance: expected"),
        ({"learning_rate": 0.0}, "learning_rate: expected"),
        ({"learning_rate": lambda step: -1.0}, "learning_rate: expected"),
        ({"learning_rate": None}, "learning_rate: expected a number"),
        ({"learning_rate": "fast"}, "learning_rate: expected a number, a function or 'auto', got 'fast'"),
    ],
)
def test_settings_that_cannot_be_right(settings, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        SoftmaxRegression(**settings).fit(X_FOUR, Y_FOUR)


def test_predictions_that_cannot_be_right():
    fitted = SoftmaxRegression().fit(X_FOUR, Y_FOUR)
    with pytest.raises(ValueError, match="X has 1 features, but SoftmaxRegression is expecting 2 features as input"):
        fitted.predict([[1.0]])
    with pytest.raises(ValueError, match="X: expected the logits to stay within the range of floats"):
        fitted.predict([[1.7e308, -1.7e308]])
    with pytest.raises(ValueError, match=r"y: expected shape \(4,\), one label per row of X, got \(1,\)"):
        fitted.score(X_FOUR, ["a"])
    with pytest.raises(ValueError, match="y: expected labels like those of fit, 'a' for one, got 1"):
        fitted.score(X_FOUR, [1, 2, 1, 2])
    assert fitted.score(X_FOUR, ["a", "b", "a", "a label that fit never met"]) == 0.75
