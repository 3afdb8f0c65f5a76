"""Finite differences, and a gradient check that says what is wrong and can't be fooled."""

import re
import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from strategies import problems

from linclf_helpers.forward import cross_entropy_from_logits, linear, softmax
from linclf_helpers.gradcheck import (
    GradientCheck,
    check_gradient,
    error_by_step_size,
    numerical_gradient,
    numerical_jacobian,
)


def squares(x):
    return (x**2).sum()


X0 = np.array([1.0, 2.0, 3.0])

# --- numerical_gradient, numerical_jacobian ---


def test_gradient_known_values():
    np.testing.assert_allclose(numerical_gradient(squares, X0), [2, 4, 6], rtol=1e-9)
    np.testing.assert_allclose(numerical_gradient(squares, X0, scheme="forward", h=1e-7), [2, 4, 6], rtol=1e-6)
    np.testing.assert_allclose(numerical_gradient(lambda x: x**3, 2.0), 12.0, rtol=1e-9)  # x and f of shape ()
    assert numerical_gradient(squares, np.ones((2, 3, 4))).shape == (2, 3, 4)
    np.testing.assert_allclose(numerical_gradient(squares, [1, 2]), [2, 4])  # whole numbers become floats


def test_the_schemes_are_what_they_say():
    """On x³ at 1 with h = 0.1 the central quotient is 3 + h², the forward one 3 + 3h + h²."""
    cube = lambda x: (x**3).sum()  # noqa: E731
    assert numerical_gradient(cube, [1.0], h=0.1) == pytest.approx(3.01, rel=1e-12)
    assert numerical_gradient(cube, [1.0], h=0.1, scheme="forward") == pytest.approx(3.31, rel=1e-12)


def test_jacobian_puts_the_indices_of_f_first():
    f = lambda x: np.array([[x[0] * x[1], x[0]], [x[1] ** 2, 7.0], [0.0, x[2]]])  # noqa: E731
    J = numerical_jacobian(f, X0)
    assert J.shape == (3, 2, 3)
    expected = np.zeros((3, 2, 3))
    expected[0, 0], expected[0, 1], expected[1, 0], expected[2, 1] = [2, 1, 0], [1, 0, 0], [0, 4, 0], [0, 0, 1]
    np.testing.assert_allclose(J, expected, atol=1e-9)


@given(problems())
def test_forward_differences_agree_with_scipy(problem):
    X, labels, W, b, _ = problem
    f = lambda w: cross_entropy_from_logits(linear(X, w.reshape(W.shape), b), labels)  # noqa: E731
    ours = numerical_gradient(f, W.ravel(), h=1e-6, scheme="forward")
    np.testing.assert_allclose(ours, approx_fprime(W.ravel(), f, 1e-6), rtol=0, atol=1e-8)


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-3, 3))
def test_central_differences_are_exact_for_parabolas(a, b, x):
    slope = numerical_gradient(lambda x: a * x**2 + b * x, x, h=1e-3)
    np.testing.assert_allclose(slope, 2 * a * x + b, rtol=0, atol=1e-10)


def test_at_a_large_x_the_true_distance_counts():
    """Near 1e6 the floats lie 1e-10 apart, so x ± 1e-5 are not 2e-5 apart, but a straight line shows no error."""
    x = np.array([1234567.8, 3.3e6])
    np.testing.assert_array_equal(numerical_gradient(lambda x: (x - x.round(-2)).sum(), x), [1, 1])
    check_gradient(lambda x: (x - x.round(-2)).sum(), x, [1.0, 1.0], absolute_floor=0).assert_ok()


def test_f_may_do_what_it_likes_with_its_argument_and_result():
    buffer = np.zeros(3)

    def rude(x):
        buffer[:] = x**2
        x[:] = 99
        return buffer

    np.testing.assert_allclose(numerical_jacobian(rude, X0), np.diag([2, 4, 6]), atol=1e-9)
    np.testing.assert_array_equal(X0, [1, 2, 3])


def test_results_that_are_no_floats():
    np.testing.assert_array_equal(numerical_jacobian(lambda x: np.uint8(10 * x), [1.0], h=0.5), [[10]])  # 5 − 15
    np.testing.assert_array_equal(numerical_gradient(lambda x: x[0] > 1, [1.0], h=0.5, scheme="forward"), [2])
    assert numerical_gradient(lambda x: int(x[0]), [1.5]) == 0


def test_float32_stays_float32_and_other_short_floats_do_not():
    x = np.ones(2, np.float32)
    assert numerical_gradient(squares, x, h=1e-2).dtype == np.float32
    assert numerical_gradient(squares, x.astype(np.float16)).dtype == np.float64
    assert numerical_gradient(lambda x: np.float16(0.1) * np.float16(x[0]), [1.0], h=0.1).dtype == np.float32


def raiser(x):
    raise KeyError("mine")


@pytest.mark.parametrize("function", [numerical_gradient, numerical_jacobian])
@pytest.mark.parametrize(
    ("f", "x", "options", "message"),
    [
        (3.0, X0, {}, r"f: expected a function, got float \(pass f itself, not its result\)"),
        (None, X0, {}, r"f: expected a function, got NoneType"),
        (lambda x: None, X0, {}, r"f: expected a function that returns real numbers, got NoneType"),
        (lambda x: "a", X0, {}, r"f: expected a function that returns real numbers, got an array of <U1"),
        (lambda x: x[0] * 1j, X0, {}, r"f: expected a function that returns real numbers, got an array of complex128"),
        (lambda x: [], X0, {}, r"f: expected a function that returns real numbers, got an array of .* shape \(0,\)"),
        (lambda x: [[1], [1, 2]], X0, {}, r"f: expected an array of numbers, got rows of different lengths"),
        (lambda x: np.nan, X0, {}, r"f: expected finite results, got nan at x with entry \[0\] nudged by 1e-05"),
        (lambda x: np.inf, 1.0, {}, r"f: expected finite results, got inf at x nudged by 1e-05"),
        (lambda x: np.where(x > 3, np.nan, x), X0, {}, r"f: .* got nan at x with entry \[2\] nudged by 1e-05"),
        (lambda x: np.where(x < 3, -np.inf, x)[2], X0, {}, r"f: .* got -inf at x with entry \[2\] nudged by -1e-05"),
        (lambda x: np.ones(2 if x[0] > 1 else 3), X0, {}, r"f: expected results of one shape, got \(2,\) and \(3,\)"),
        (lambda x: 1e308 * np.sign(x[0] - 1), X0, {}, r"f: expected its differences to stay within the range of flo"),
        (squares, [], {}, r"x: expected at least one number, got an empty array"),
        (squares, ["a"], {}, r"x: expected an array of real numbers, got an array of <U1"),
        (squares, [1.0, np.nan], {}, r"x: expected finite numbers, got nan at index \[1\]"),
        (squares, X0, {"h": 0}, r"h: expected a finite number greater than 0, got 0"),
        (squares, X0, {"h": -1e-5}, r"h: expected a finite number greater than 0, got -1e-05"),
        (squares, X0, {"h": np.inf}, r"h: expected a finite number greater than 0, got inf"),
        (squares, X0, {"h": "small"}, r"h: expected a number, got 'small'"),
        (squares, X0, {"h": 1e-17}, r"h: expected a nudge that changes x, got 1e-17 at x = 1, which is lost"),
        (squares, X0, {"scheme": "backward"}, r"scheme: expected 'central' or 'forward', got 'backward'"),
        (squares, X0, {"scheme": None}, r"scheme: expected 'central' or 'forward', got None"),
    ],
)
def test_what_can_not_be_derived_is_refused(function, f, x, options, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        function(f, x, **options)


def test_a_gradient_is_of_one_number():
    with pytest.raises(
        ValueError, match=r"^f: expected a function that returns one number, got a result of shape \(3,\)"
    ):
        numerical_gradient(lambda x: x**2, X0)
    with pytest.raises(ValueError, match=r"^f: expected .* one number, got a result of shape \(1,\)"):
        numerical_gradient(lambda x: x**2, [1.0])


def test_an_error_inside_f_comes_through_as_it_is():
    for function in (numerical_gradient, numerical_jacobian):
        with pytest.raises(KeyError, match="mine"):
            function(raiser, X0)


# --- check_gradient: the verdict ---


def test_a_right_gradient_passes():
    check = check_gradient(squares, X0, 2 * X0)
    assert check.ok
    assert repr(check) == "Gradient check passed: 3 entries, each within 1e-07 of its finite difference."
    assert check._repr_html_() == f"<div><strong>✓</strong> {check!r}</div>"
    check.assert_ok()
    assert 0 <= check.max_relative_error < 1e-9
    np.testing.assert_array_equal(check.analytic, [2, 4, 6])
    np.testing.assert_allclose(check.numeric, [2, 4, 6])
    assert (check.tolerance, check.problem, check.caution) == (1e-7, "", "")


def test_a_wrong_gradient_fails_and_the_worst_entry_is_named():
    check = check_gradient(squares, X0, [2.0, 4.0002, 5.0])
    assert not check.ok
    assert check.worst_index == (2,)
    assert check.worst_analytic == 5
    assert check.worst_numeric == pytest.approx(6, rel=1e-9)
    assert check.max_relative_error == pytest.approx(1 / 6, rel=1e-9)
    verdict = (
        "Gradient check FAILED at index [2], the worst of 3 entries:\n"
        "formula 5, finite difference 6, relative error 0.2 (allowed 1e-07)."
    )
    assert repr(check) == str(check) == verdict
    assert check._repr_html_() == f"<div><strong>✗</strong> {verdict}</div>"
    with pytest.raises(AssertionError, match=re.escape(verdict)):
        check.assert_ok()


def test_the_worst_entry_of_a_matrix():
    analytic = 2 * np.arange(1.0, 7).reshape(2, 3)
    analytic[1, 0] *= 1.01
    check = check_gradient(squares, np.arange(1.0, 7).reshape(2, 3), analytic)
    assert check.worst_index == (1, 0)
    assert "at index [1, 0], the worst of 6 entries" in repr(check)
    assert type(check.worst_index[0]) is int


def test_one_number_has_no_index():
    check = check_gradient(lambda x: x**2, 3.0, 7.0)
    assert repr(check) == (
        "Gradient check FAILED:\nformula 7, finite difference 6, relative error 0.1 (allowed 1e-07)."
    )
    assert "1 entry, within" in repr(check_gradient(lambda x: x**2, 3.0, 6.0)).replace("each ", "")


def test_the_worst_is_the_relative_error_not_the_difference():
    check = check_gradient(squares, [1.0, 2.0], [3.0, 5.2])
    assert check.worst_index == (0,)
    assert check.max_relative_error == pytest.approx(1 / 3)


def test_among_equal_errors_the_largest_difference_is_the_worst_and_then_the_first():
    """A wrong sign has the relative error 2 everywhere; rounding must not choose what the learner sees."""
    assert check_gradient(squares, X0, -2 * X0).worst_index == (2,)
    assert check_gradient(lambda x: x.sum(), X0, [0.0, 0.0, 0.0]).worst_index == (0,)


def test_html_is_escaped():
    check = GradientCheck(False, 0.0, (), np.array(1.0), np.array(1.0), 1e-7, 0.0, "a < b & c", "<script>")
    html = check._repr_html_()
    assert "a &lt; b &amp; c" in html
    assert "&lt;script&gt;" in html
    assert "<script>" not in html


def test_a_check_can_not_be_edited_and_keeps_its_own_copy():
    analytic = 2 * X0
    check = check_gradient(squares, X0, analytic)
    analytic[:] = 0
    np.testing.assert_array_equal(check.analytic, [2, 4, 6])
    with pytest.raises(AttributeError):
        check.ok = False


# --- check_gradient: what it catches ---


@given(problems(), st.sampled_from([1e-8, 1e-4, 1.0, 1e4, 1e8]))
def test_one_per_cent_is_caught_at_every_scale_of_the_loss(problem, scale):
    """The floor grows with f, not with the gradient, so a loss in other units is checked as sharply."""
    X, labels, W, b, _ = problem
    Z = linear(X, W, b)
    assume(cross_entropy_from_logits(Z, labels) > 0.3)  # a loss far below its logits rounds worse than the floor knows
    f = lambda Z: scale * cross_entropy_from_logits(Z, labels)  # noqa: E731
    right = scale * (softmax(Z) - problem.Y) / len(X)
    assert check_gradient(f, Z, right).ok
    assert not check_gradient(f, Z, 1.01 * right).ok
    one = right.copy()
    one[np.unravel_index(np.abs(one).argmax(), one.shape)] *= 1.01
    assert not check_gradient(f, Z, one).ok


def test_one_per_cent_is_caught_on_a_gradient_that_is_small_beside_its_loss():
    """Features of 1e-5: every derivative by W is near 1e-5, the loss near 1."""
    rng = np.random.default_rng(0)
    X, labels, W = 1e-5 * rng.normal(size=(5, 2)), [0, 1, 2, 0, 1], rng.normal(size=(2, 3))
    f = lambda W: cross_entropy_from_logits(linear(X, W, np.zeros(3)), labels)  # noqa: E731
    right = X.T @ (softmax(X @ W) - np.eye(3)[labels]) / 5
    assert not check_gradient(f, W, 1.01 * right).ok
    assert not check_gradient(f, W, right).ok  # undecided at this h: rounding hides it
    assert "undecided" in repr(check_gradient(f, W, right))
    assert check_gradient(f, W, right, h=10.0, tolerance=1e-6).ok  # nearly linear in W, so a large nudge can tell
    assert "FAILED" in repr(check_gradient(f, W, 1.01 * right, h=10.0, tolerance=1e-6))


def test_the_absolute_floor_forgives_rounding_and_no_more():
    f = lambda x: x[0] ** 2 + 5e-11 * x[1]  # noqa: E731
    x = np.array([1.0, 1.0])
    assert check_gradient(f, x, [2.0, 0.0]).ok  # 0 against 5e-11, beside an f of 1
    assert not check_gradient(f, x, [2.0, 0.0], absolute_floor=0).ok
    assert not check_gradient(f, x, [2.0, 1e-9]).ok
    check = check_gradient(f, x, [2.0, 0.0], absolute_floor=0.5)
    assert (check.ok, check.absolute_floor) == (True, 0.5)


def test_the_default_floor_is_where_rounding_makes_up_the_tolerance():
    eps = 2.0**-52
    check = check_gradient(lambda x: 10 * x[0], [3.0], [10.0], 1e-6, h=1e-3)
    assert check.absolute_floor == pytest.approx(4 * eps * 30.01 / 1e-3 / 1e-6, rel=1e-12)


def test_zero_against_zero_is_no_error_even_without_a_floor():
    assert check_gradient(lambda x: x[0] ** 2, [1.0, 1.0], [2.0, 0.0], absolute_floor=0).max_relative_error < 1e-9


@pytest.mark.parametrize(
    ("f", "floor"),
    [(lambda x: 7.0, None), (lambda x: 7.0, 0), (lambda x: squares(x - X0), None), (lambda x: squares(x - X0), 1e-3)],
)
def test_a_gradient_that_is_zero_everywhere_is_not_passed(f, floor):
    """f ignores its argument, or x sits at a minimum: 0 = 0 proves nothing."""
    check = check_gradient(f, X0, np.zeros(3), absolute_floor=floor)
    assert not check.ok
    assert repr(check).startswith("Gradient check undecided: no derivative exceeds ")
    assert "does f use its argument?" in repr(check)
    assert "✗" in check._repr_html_()
    with pytest.raises(AssertionError, match="undecided"):
        check.assert_ok()


def test_an_f_that_ignores_its_argument_fails_any_other_formula():
    W = np.array([1.0, 2.0])
    check = check_gradient(lambda w: squares(W), W, 2 * W)  # the classic slip: closes over W
    assert not check.ok
    assert check.worst_numeric == 0
    assert "FAILED" in repr(check)


def test_a_large_offset_leaves_it_undecided():
    """1e12 + x² swallows x²: the differences are rounding, and a wrong formula could look right."""
    for formula in (2 * X0, np.zeros(3), 3 * X0):
        check = check_gradient(lambda x: 1e12 + squares(x), X0, formula)
        assert not check.ok
        assert "undecided" in repr(check)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_a_number_in_the_formula_fails(bad):
    check = check_gradient(squares, X0, [2.0, bad, 5.0])
    assert not check.ok
    assert check.worst_index == (1,)
    assert check.max_relative_error == np.inf
    assert f"formula {bad}, finite difference 4, relative error inf" in repr(check)
    assert not check_gradient(lambda x: 7.0, X0, [0.0, bad, 0.0]).ok
    assert not check_gradient(squares, X0, [bad, bad, bad], absolute_floor=0).ok


def test_opposite_ends_of_the_range():
    check = check_gradient(lambda x: 1e304 * x.sum(), [1.0, 2.0], [1e304, -1.7e308], tolerance=1e-6)
    assert not check.ok
    assert check.worst_index == (1,)


def test_all_zero_parameters_are_warned_about():
    """At W = 0 the softmax is uniform, so a gradient that never looks at the logits agrees with the right one."""
    rng = np.random.default_rng(0)
    X, Y, W = rng.normal(size=(4, 2)), np.eye(3)[[0, 1, 2, 2]], rng.normal(size=(2, 3))
    f = lambda W: cross_entropy_from_logits(X @ W, Y)  # noqa: E731
    blind = X.T @ (1 / 3 - Y) / 4
    with pytest.warns(UserWarning, match="every entry of x is 0, and many wrong gradients agree") as caught:
        check = check_gradient(f, np.zeros((2, 3)), blind)
    assert caught[0].filename == __file__
    assert check.ok
    assert "Caution: every entry of x is 0" in repr(check)
    assert "<br>⚠ every entry of x is 0" in check._repr_html_()
    assert not check_gradient(f, W, blind).ok
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_gradient(f, np.eye(2, 3), X.T @ (softmax(X @ np.eye(2, 3)) - Y) / 4)  # one entry above 0 is enough


def test_float32_is_refused_unless_asked_for():
    x32, right = X0.astype(np.float32), 2 * X0
    for f, x, analytic, name in [
        (squares, x32, right, "float32"),
        (squares, X0, right.astype(np.float32), "float32"),
        (squares, X0, right.astype(np.float16), "float16"),
        (lambda x: squares(x.astype(np.float32)), X0, right, "float32"),
    ]:
        with pytest.raises(ValueError, match=f"^x, analytic, f: expected float64 throughout, got {name}, in which"):
            check_gradient(f, x, analytic)
    options = {"h": 1e-2, "tolerance": 1e-3, "allow_float32": True}
    assert check_gradient(squares, x32, right, **options).ok
    assert not check_gradient(squares, x32, 1.01 * right, **options).ok
    # x is float32, f answers in float64: the floor must still be that of float32.
    check = check_gradient(lambda x: float(squares(x)), x32, right, allow_float32=True)
    assert "undecided" in repr(check)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((squares, X0, lambda x: 2 * x), {}, r"analytic: expected the derivatives as an array, got a function"),
        ((squares, X0, 2 * X0[:2]), {}, r"analytic: expected shape \(3,\) \(shape of f\(x\), then .*, got \(2,\)"),
        ((squares, X0, 2 * X0[:, None]), {}, r"analytic: expected shape \(3,\) .*, got \(3, 1\)"),
        ((squares, X0, 6.0), {}, r"analytic: expected shape \(3,\) .*, got \(\)"),
        ((np.square, X0, 2 * X0), {}, r"analytic: expected shape \(3, 3\) .*, got \(3,\)"),
        ((squares, X0, None), {}, r"analytic: expected an array of real numbers, got an array of object"),
        ((squares, X0, 2j * X0), {}, r"analytic: expected an array of real numbers, got an array of complex128"),
        ((squares, X0, [[1], [1, 2]]), {}, r"analytic: expected an array of numbers, got rows of different lengths"),
        ((squares, X0, np.ma.masked_greater(X0, 2)), {}, r"analytic: expected no masked entries, got 1"),
        ((squares(X0), X0, 2 * X0), {}, r"f: expected a function, got float64"),
        ((squares, [np.inf], [1.0]), {}, r"x: expected finite numbers, got inf at index \[0\]"),
        ((squares, X0, 2 * X0, 0), {}, r"tolerance: expected a finite number greater than 0, got 0"),
        ((squares, X0, 2 * X0, 1), {}, r"tolerance: expected a number less than 1, got 1"),
        ((squares, X0, 2 * X0, np.nan), {}, r"tolerance: expected a finite number greater than 0, got nan"),
        ((squares, X0, 2 * X0), {"h": 0.0}, r"h: expected a finite number greater than 0, got 0.0"),
        (
            (squares, X0, 2 * X0),
            {"absolute_floor": -1},
            r"absolute_floor: expected a finite number of at least 0, got -1",
        ),
        ((squares, X0, 2 * X0), {"absolute_floor": np.inf}, r"absolute_floor: expected a finite .*, got inf"),
    ],
)
def test_what_can_not_be_checked_is_refused(arguments, options, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        check_gradient(*arguments, **options)


# --- the V-curve ---


def f_smooth(x):
    return np.exp(x).sum()


def test_the_error_falls_like_h_squared_or_h_and_then_rises():
    x = np.array([0.3, 1.0])
    h, error = error_by_step_size(f_smooth, x, np.exp(x))
    np.testing.assert_allclose(h, 10.0 ** -np.arange(1, 14))
    assert error[0] / error[1] == pytest.approx(100, rel=0.01)
    assert 3 <= error.argmin() <= 6  # h between 1e-4 and 1e-7
    assert error.min() < 1e-9 < 1e-5 < error[-1]
    _, forward = error_by_step_size(f_smooth, x, np.exp(x), [1e-2, 1e-3], scheme="forward")
    assert forward[0] / forward[1] == pytest.approx(10, rel=0.01)
    _, short = error_by_step_size(f_smooth, x.astype(np.float32), np.exp(x), [1e-2, 1e-5])
    assert short[1] > 1e-4  # in float32 the other branch starts much earlier


def test_the_error_is_relative_to_the_largest_derivative():
    _, error = error_by_step_size(lambda x: 2 * x[0] + 4 * x[1], [1.0, 1.0], [2.0, 5.0], [0.5])
    np.testing.assert_allclose(error, [1 / 5])


@pytest.mark.parametrize(
    ("analytic", "h", "message"),
    [
        ([0.0, 0.0], None, r"analytic: expected at least one derivative that is not 0, got only zeros"),
        ([1.0], [0.1], r"analytic: expected shape \(2,\) \(shape of f\(x\), then of x\), got \(1,\)"),
        ([1.0, np.nan], [0.1], r"analytic: expected finite numbers, got nan"),
        ([1.0, 1.0], [0.1, -0.1], r"h: expected a finite number greater than 0, got -0.1"),
        ([1.0, 1.0], 0.1, r"h: expected shape \(H,\), got \(\)"),
        ([1.0, 1.0], [1e-20], r"h: expected a nudge that changes x"),
    ],
)
def test_a_curve_that_can_not_be_drawn_is_refused(analytic, h, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        error_by_step_size(f_smooth, [1.0, 2.0], analytic, h)
