"""scikit-learn's own tools take the estimator, and its results are those of the model underneath."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from linclf_helpers.datasets import load_penguins
from linclf_helpers.estimator import SoftmaxRegression
from linclf_helpers.model import LinearClassifier
from linclf_helpers.training import gradient_descent

PENGUINS = load_penguins()
NAMES = np.array(PENGUINS.class_names)[PENGUINS.labels]


def test_agrees_with_scikit_learn():
    X, N = PENGUINS.standardize().X, 342
    ours = SoftmaxRegression(l2=1 / (0.5 * N), tolerance=1e-9, steps=500).fit(X, NAMES)
    theirs = LogisticRegression(C=0.5, tol=1e-10, max_iter=1000).fit(X, NAMES)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-6)
    np.testing.assert_array_equal(ours.classes_, theirs.classes_)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    assert ours.score(X, NAMES) == theirs.score(X, NAMES)
    assert ours.n_features_in_ == 2
    assert ours.n_iter_ == ours.history_.steps[-1] < 500


def test_is_gradient_descent_with_its_settings():
    data = PENGUINS.standardize()
    settings = {"learning_rate": 0.1, "steps": 50, "batch_size": 40, "l2": 0.1, "momentum": 0.5, "nesterov": True}
    fitted = SoftmaxRegression(**settings, random_state=7).fit(data.X, data.labels)
    model = LinearClassifier(2, 3)
    gradient_descent(model, data.X, data.labels, **settings, rng=np.random.default_rng(7), record_every=9)
    np.testing.assert_array_equal(fitted.model_.W, model.W)
    np.testing.assert_array_equal(fitted.decision_function(data.X), model.logits(data.X))
    assert list(fitted.history_.steps) == [0, 9, 18, 27, 36, 45, 50]  # about once a pass of 342 / 40 batches
    again = SoftmaxRegression(**settings, random_state=7).fit(data.X, data.labels)
    np.testing.assert_array_equal(again.model_.W, fitted.model_.W)


def test_works_in_scikit_learns_tools():
    pipeline = make_pipeline(StandardScaler(), SoftmaxRegression(l2=0.01))
    scores = cross_val_score(pipeline, PENGUINS.X, NAMES, cv=4, error_score="raise")
    assert scores.min() > 0.9
    search = GridSearchCV(pipeline, {"softmaxregression__l2": [10.0, 0.01]}, cv=3, error_score="raise")
    assert search.fit(PENGUINS.X, NAMES).best_params_ == {"softmaxregression__l2": 0.01}


def test_follows_scikit_learns_conventions():
    estimator = SoftmaxRegression(learning_rate=0.3, l2=0.5)
    copy = clone(estimator)
    assert copy is not estimator
    assert copy.get_params() == estimator.get_params()
    assert repr(copy) == "SoftmaxRegression(learning_rate=0.3, l2=0.5)"
    assert repr(SoftmaxRegression()) == "SoftmaxRegression()"
    assert is_classifier(estimator)
    assert estimator.set_params(steps=9) is estimator
    assert estimator.steps == 9
    assert estimator.fit(PENGUINS.standardize().X, NAMES) is estimator
    check_is_fitted(estimator)
    assert not hasattr(clone(estimator), "model_")


def test_a_batch_larger_than_the_data_is_all_of_it():
    """Cross-validation makes the data smaller than what the settings were chosen for."""
    data = PENGUINS.standardize()
    large = SoftmaxRegression(0.1, 20, batch_size=1000).fit(data.X, data.labels)
    whole = SoftmaxRegression(0.1, 20).fit(data.X, data.labels)
    np.testing.assert_array_equal(large.model_.W, whole.model_.W)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda e: e.predict([[1.0, 2.0]]), "not fitted yet"),
        (lambda e: e.fit([[1.0, 2.0], [2.0, 1.0]], ["a", "a"]), "y: expected at least 2 classes, got 1"),
        (lambda e: e.fit([[1.0, 2.0], [2.0, 1.0]], ["a", "b", "c"]), r"y: expected shape \(2,\)"),
        (lambda e: e.fit([1.0, 2.0], ["a", "b"]), "X: expected shape"),
        (lambda e: e.set_params(alpha=1), "params: expected some of learning_rate, .*, got 'alpha'"),
        (lambda e: e.set_params(l2=-1.0).fit([[1.0], [2.0]], [0, 1]), "l2: expected"),
        (lambda e: e.set_params(batch_size=0).fit([[1.0], [2.0]], [0, 1]), "batch_size: expected"),
        (lambda e: e.fit([[1.0], [2.0]], ["a", "b"]).score([[1.0]], ["a", "b"]), r"y: expected shape \(1,\)"),
    ],
)
def test_refuses_what_cannot_be_right(act, message):
    with pytest.raises(ValueError, match=message):
        act(SoftmaxRegression())


def test_needs_no_scikit_learn():
    """In a process of its own, where importing it would fail."""
    program = """
import sys
sys.modules["sklearn"] = None
from linclf_helpers.estimator import SoftmaxRegression
assert SoftmaxRegression().fit([[1.0], [2.0]], ["a", "b"]).predict([[5.0]])[0] == "b"
assert not [name for name in sys.modules if name.startswith(("matplotlib", "ipywidgets", "tqdm"))]
"""
    subprocess.run([sys.executable, "-c", program], check=True)
