"""The exercise of notebook 07 about scaling."""

from typing import Any

import numpy as np

from linclf_helpers.exercises.checking.exercise import Exercise
from linclf_helpers.exercises.checking.observe import Array, Probe
from linclf_helpers.exercises.checking.probes import (
    MANY_CLASSES,
    SEVEN,
    SIX,
    SMALL,
    THOUSANDS,
)


def _standardize(X_train: Array, X_test: Array) -> tuple[Array, Array]:
    mean, deviation = X_train.mean(axis=0), X_train.std(axis=0)
    deviation = np.where(deviation == 0, 1, deviation)
    return (X_train - mean) / deviation, (X_test - mean) / deviation


def _with(mean: Any, deviation: Any) -> Any:
    """Return a (wrong) standardisation that takes its mean and deviation by functions of (train, test)."""

    def standardize(X_train: Array, X_test: Array) -> tuple[Array, Array]:
        m, s = mean(X_train, X_test), deviation(X_train, X_test)
        return (X_train - m) / s, (X_test - m) / s

    return standardize


def _or_1(deviation: Array) -> Array:
    return np.where(deviation == 0, 1, deviation)


def _of_train(statistic: str, **options: Any) -> Any:
    return lambda train, test: getattr(train, statistic)(**options)


def _of_all(statistic: str) -> Any:
    return lambda train, test: getattr(np.vstack([train, test]), statistic)(axis=0)


def _of_test(statistic: str) -> Any:
    return lambda train, test: getattr(test, statistic)(axis=0)


def _each_by_itself(X_train: Array, X_test: Array) -> tuple[Array, Array]:
    return (X_train - X_train.mean(axis=0)) / X_train.std(axis=0), (X_test - X_test.mean(axis=0)) / X_test.std(axis=0)


def _in_place(X_train: Array, X_test: Array) -> tuple[Array, Array]:
    mean, deviation = X_train.mean(axis=0), X_train.std(axis=0)
    deviation = np.where(deviation == 0, 1, deviation)
    X_train -= mean
    X_train /= deviation
    X_test -= mean
    X_test /= deviation
    return X_train, X_test


def _min_max(X_train: Array, X_test: Array) -> tuple[Array, Array]:
    low, width = X_train.min(axis=0), np.ptp(X_train, axis=0)
    return (X_train - low) / width, (X_test - low) / width


def _mean_zero(X_train: Array, X_test: Array, train: Array, test: Array) -> str:
    means = train.mean(axis=0)
    if np.allclose(means, 0, atol=1e-9):
        return ""
    return f"Each training feature should have mean 0; the first of yours has {means[0]:.4g}."


_rng = np.random.default_rng(6)
_widths = _rng.normal(size=(9, 6)) * 10.0 ** np.array([-2, -1, 0, 2, 6, 8]) + 10.0 ** np.array([-1, 0, 1, 3, 7, 7])
_narrow = _rng.normal(size=(8, 2)) * [1e-6, 1e-9]
_far_off = 1e6 * np.array([1.0, -3.0]) + _rng.integers(-4, 5, size=(8, 2))  # whole numbers, so the squares are exact
_symmetric = np.array([[sign * 10.0**-n, sign * (n + 0.5)] for n in range(13) for sign in (1, -1)])
_train_of_three = np.array([[1.0, 40.0], [2.0, 60.0], [6.0, 50.0]])
_EPSILONS = [10.0**-n for n in range(1, 12)]
_mean, _std = _of_train("mean", axis=0), _of_train("std", axis=0)
standardize = Exercise(
    name="standardize",
    hints=(
        "Could you compute your mean on the day before the test data arrives?",
        "Per feature: shift by one number, then scale by another, so that the training features have mean 0 and "
        "standard deviation 1. The test data is treated with the same two numbers.",
    ),
    reference=_standardize,
    formula="x' = (x − μ_train) / σ_train, per feature, σ with divisor N",
    stages=(
        [
            Probe((_train_of_three, np.array([[3.0, 45.0], [0.0, 70.0]]))),
            Probe((SEVEN.X, SIX.X[:, [0, 1, 2, 0, 1]] + 1)),
            Probe((SIX.X, SMALL.X[:, :3])),
        ],
        [
            Probe(
                (np.array([[1.0, 7.0], [3.0, 7.0], [8.0, 7.0]]), np.array([[2.0, 7.0]])),
                "a feature that never changes",
            )
        ],
        [
            Probe((_widths[:6], _widths[6:]), "features with spreads from 0.01 to 1e8"),
            # A number of 1e-12 in the denominator spoils nothing and is let pass.
            Probe((_narrow[:5], _narrow[5:]), "features with spreads of 1e-6 and 1e-9", rtol=2e-3),
            Probe((_narrow[:5] * 5e-3, _narrow[5:] * 5e-3), "features with spreads of 5e-9 and 5e-12", rtol=0.3),
            Probe((SEVEN.X[:, :1], SIX.X[:, :1]), "one feature"),
            Probe((_far_off[:5], _far_off[5:]), "features whose mean is a million times their spread"),
            Probe(
                (_symmetric, np.array([[1e-7, 2.0], [-2000.0, 1500.0], [50.0, -9.0]])), "values near the mean, and far"
            ),
            Probe((THOUSANDS.X, SIX.X[:, :2]), "a training set of 5,000 examples"),
            Probe((SMALL.X[:, :1] + SEVEN.X[:2], THOUSANDS.X[:1000].reshape(400, 5)), "a training set of two examples"),
            Probe((SMALL.X[:1], SMALL.X[:1]), "a training set of one example"),
            Probe((MANY_CLASSES.Y_hat, MANY_CLASSES.Y_hat[2:3] + 0.1), "30 features and one test example"),
        ],
    ),
    outputs=("X_train", "X_test"),
    laws=(_mean_zero,),
)
standardize.mistake(
    "fit_on_all",
    _with(_of_all("mean"), _of_all("std")),
    "the test data had a say in mean and deviation.",
    "Could you compute these two numbers on the day before the test data arrives?",
    "What is measured on the test data must not flow into the model. Here a little of it does, and the score is a "
    "little too good.",
)
standardize.mistake(
    "fit_on_test",
    _with(_of_test("mean"), _of_test("std")),
    "mean and deviation come from the test data.",
    "Which of the two sets may the model learn from?",
    "The two numbers are part of the model, and the model learns from the training data alone.",
)
standardize.mistake(
    "each_by_itself",
    _each_by_itself,
    "the test data was scaled by numbers of its own.",
    "One example in the test set: what would its mean and deviation be? Does the same penguin get the same numbers "
    "in both sets?",
    "The same measurement means different things in the two sets then, and the weights fit only one of them.",
)
standardize.mistake(
    "only_shifted",
    _with(_mean, lambda train, test: 1.0),
    "shifted, not scaled.",
    "Compare the spread of your columns. Are they alike?",
    "One learning rate has to suit all features; a wide one still dictates it.",
)
standardize.mistake(
    "only_scaled",
    _with(lambda train, test: 0.0, _std),
    "scaled, not shifted.",
    "What is the mean of your columns?",
    "The features are of equal width, but far from 0, and the bias has to fight the weights.",
)
standardize.mistake(
    "ddof_1",
    _with(_mean, _of_train("std", axis=0, ddof=1)),
    "the deviation was computed with N − 1.",
    "What is the standard deviation of your training columns: exactly 1?",
    "N − 1 is for estimating the spread of a population. Here the data at hand shall have deviation 1; the "
    "reference values of the course divide by N.",
)
standardize.mistake(
    "by_variance",
    _with(_mean, _of_train("var", axis=0)),
    "divided by the variance.",
    "In which unit is the variance of millimetres? What would be left after dividing?",
    "The variance is the square of what you need: units do not cancel, and wide columns become the narrow ones.",
)
standardize.mistake(
    "whole_table",
    _with(_of_train("mean"), _of_train("std")),
    "one mean for the whole table.",
    "Is it sensible to average millimetres of length with millimetres of depth, or with grams?",
    "Features keep their different positions and widths, since all were treated with the same two numbers.",
)
standardize.mistake(
    "across_features",
    lambda X_train, X_test: (
        (X_train - X_train.mean(axis=1, keepdims=True)) / X_train.std(axis=1, keepdims=True),
        (X_test - X_test.mean(axis=1, keepdims=True)) / X_test.std(axis=1, keepdims=True),
    ),
    "each example was standardised, not each feature.",
    "Which axis counts the examples? Over which should the mean be taken?",
    "The mean of one penguin's bill length and depth says nothing about other penguins.",
)
standardize.mistake(
    "min_max",
    _min_max,
    "scaled to lie between 0 and 1.",
    "What is the mean of your columns?",
    "That is another way to scale. The extremes decide it, so a single odd measurement squeezes all the others.",
)
standardize.mistake(
    "test_untouched",
    lambda X_train, X_test: (_standardize(X_train, X_test)[0], X_test),
    "the test data was left as it was.",
    "The weights learn from standardised features. What do they meet in the test?",
    "Raw millimetres through weights for standardised ones: the predictions mean nothing.",
)
standardize.mistake(
    "constant_feature",
    _with(_mean, _std),
    "a feature that never changes gives 0/0.",
    "What is the deviation of a pixel that is always white? What do you divide by?",
    "Its deviation is 0, and one nan spreads to every number of the model.",
)
standardize.mistake(
    "epsilon",
    _with(_mean, lambda train, test: train.std(axis=0) + 1e-8),
    "a small number was added to the deviation.",
    "Is the deviation of your training columns exactly 1 now? What becomes of a feature measured in kilometres?",
    "It avoids 0/0 by changing every other number a little, the more the narrower the feature. Which features need "
    "the exception?",
    variants=[
        _with(_mean, deviation)
        for e in _EPSILONS
        for deviation in (
            lambda train, test, e=e: train.std(axis=0) + e,
            lambda train, test, e=e: np.sqrt(train.var(axis=0) + e),
        )
    ],
)
standardize.mistake(
    "narrow_left_alone",
    _with(_mean, lambda train, test: np.where(train.std(axis=0) < 1e-8, 1, train.std(axis=0))),
    "narrow features were not scaled to deviation 1.",
    "A length measured in kilometres has a small spread. Does the same length in millimetres come out the same?",
    "What counts as small depends on the unit. A feature that never changes has deviation 0; a narrow one has not.",
    variants=[
        _with(_mean, deviation)
        for e in (0.5, *_EPSILONS)
        for deviation in (
            lambda train, test, e=e: np.where(train.std(axis=0) < e, 1, train.std(axis=0)),
            lambda train, test, e=e: np.maximum(train.std(axis=0), e),
            lambda train, test, e=e: np.where(train.std(axis=0) < e, e, train.std(axis=0)),
            lambda train, test, e=e: np.where(train.std(axis=0) < e, np.inf, train.std(axis=0)),
        )
    ],
)
standardize.mistake(
    "one_pass",
    _with(_mean, lambda train, test: _or_1(np.sqrt((train**2).mean(axis=0) - train.mean(axis=0) ** 2))),
    "the deviation loses its digits where the mean is large.",
    "1000001² and 1000003² have how many digits in common? What is left of them when you subtract?",
    "The mean of the squares minus the square of the mean is right on paper. In floats two large and nearly equal "
    "numbers cancel; subtract the mean first, and square what is left.",
)
standardize.mistake(
    "clipped",
    lambda X_train, X_test: tuple(np.clip(part, -3, 3) for part in _standardize(X_train, X_test)),
    "values far from the mean were cut off.",
    "A test example lies 2,000 deviations from the mean. Where does your function put it?",
    "Whatever lies beyond your limit becomes equal. Standardising moves and stretches; it takes nothing away.",
    variants=[
        (lambda X_train, X_test, m=m: tuple(np.clip(part, -m, m) for part in _standardize(X_train, X_test)))
        for m in (1, 2, 2.5, 4, 5, 6, 10, 20, 50, 100, 1000)
    ],
)
standardize.mistake(
    "median",
    _with(
        lambda train, test: np.median(train, axis=0),
        lambda train, test: _or_1(np.subtract(*np.percentile(train, [75, 25], axis=0))),
    ),
    "the median was used instead of the mean.",
    "What is the mean of your training columns?",
    "Median and quartiles do not mind odd measurements, and some prefer them for that. What was asked for has mean 0 "
    "and deviation 1.",
    variants=[
        _with(lambda train, test: np.median(train, axis=0), lambda train, test, f=f: _or_1(f(train)))
        for f in (
            lambda train: np.median(abs(train - np.median(train, axis=0)), axis=0),
            lambda train: 1.4826 * np.median(abs(train - np.median(train, axis=0)), axis=0),
            lambda train: train.std(axis=0),
        )
    ],
)
standardize.mistake(
    "by_range",
    _with(_mean, lambda train, test: _or_1(np.ptp(train, axis=0))),
    "divided by the range.",
    "What is the standard deviation of your training columns?",
    "Largest minus smallest is a width as well, but two odd measurements decide it.",
)
standardize.mistake(
    "mean_deviation",
    _with(_mean, lambda train, test: _or_1(abs(train - train.mean(axis=0)).mean(axis=0))),
    "divided by the mean distance from the mean.",
    "What is the standard deviation of your training columns?",
    "The standard deviation squares the distances before it averages them, and takes the root afterwards.",
)
standardize.mistake(
    "half_of_test",
    _with(_mean, lambda train, test: _or_1(test.std(axis=0))),
    "one of the two numbers comes from the test data.",
    "You need a mean and a deviation. From which set does each of yours come?",
    "Both numbers belong to the model, which learns from the training data alone.",
    variants=(_with(_of_test("mean"), lambda train, test: _or_1(train.std(axis=0))),),
)
standardize.mistake(
    "swapped",
    lambda X_train, X_test: _standardize(X_train, X_test)[::-1],
    "training and test data changed places.",
    "Which of the two arrays does your function return first?",
    "Both are right, but the first result is taken for the training data.",
)
standardize.mistake(
    "changes_arguments",
    _in_place,
    "right, but your function changed the data it was given.",
    "Run your function twice on the same array. What do you get the second time?",
    "The raw measurements are gone for everybody who still holds that array.",
)
