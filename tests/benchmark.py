"""Measure the speed of the course's code beside its peers, as ratios: make bench.

    make bench                                      every part, with one thread and with all
    make bench BENCH="--mnist FOLDER --parts ab"    options: see --help

PyTorch, JAX and scikit-learn are measured if they are installed: .venv/bin/python -m pip install -e ".[bench]".
Times of one machine mean little, so everything is a ratio to something measured in the same round: variants take
turns, and the medians of the rounds' ratios are printed. With one thread the clock is the processor's, which other
programs on the machine disturb least, and the process is tied to one core (on Linux), which binds libraries that
ignore the usual variables. Rounds go on until the medians are steady.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

SHAPES = {"342×2×3": (342, 2, 3), "1797×64×10": (1797, 64, 10), "60000×784×10": (60_000, 784, 10)}
SHAPES["10000×3072×10"] = (10_000, 3072, 10)
RATE = 0.1
BATCH_RATE = 0.01  # of part g: below 2/L, so that random data is no divergence, whose exponentials take longer
SCAN = 20  # steps inside one compiled loop
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
Step = Callable[[], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", default=os.environ.get("MNIST"), help="folder with MNIST's four files (or $MNIST)")
    parser.add_argument("--parts", default="abcdefg", help="which of a to g (a and b go together), and m for MNIST")
    parser.add_argument("--threads", default="1,all", help="1, all, or 1,all")
    parser.add_argument("--rounds", type=int, default=40, help="the most rounds for each table")
    parser.add_argument("--shapes", default=",".join(SHAPES), help="those of parts a and b")
    parser.add_argument("--epochs", type=int, default=10, help="passes over the data in part g")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        run(options)
        return
    for threads in options.threads.split(","):
        environment = dict(os.environ)
        if threads == "1":
            environment |= dict.fromkeys(THREADS, "1")
        print(f"\n{'=' * 20} {'one thread' if threads == '1' else f'{os.cpu_count()} threads'} {'=' * 20}", flush=True)
        arguments = [*sys.argv[1:], "--inside", "--threads", threads]
        subprocess.run([sys.executable, __file__, *arguments], env=environment, check=True)


def run(options: argparse.Namespace) -> None:
    """Measure with the number of threads that the environment has set."""
    one = options.threads == "1"
    if one and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    clock = time.process_time if one else time.perf_counter
    parts = {"c": to_the_optimum, "d": sweeps, "e": gradient_check, "g": batches}
    if set(options.parts) & set("ab"):
        for name in options.shapes.split(","):
            for dtype in ("float64", "float32"):
                one_step(name, dtype, options, clock)
    for letter, part in parts.items():
        if letter in options.parts:
            part(options, clock)
    if "f" in options.parts and one:
        imports(options)
    if "m" in options.parts and one:
        mnist_errors(options)


def interleaved(
    variants: dict[str, Step], clock: Callable[[], float], rounds: int, seconds: float = 0.03, warm: bool = True
) -> dict[str, list[float]]:
    """Return the times of one call of each variant, one for each round, all variants in turn."""
    import numpy as np

    repeats = {}
    for name, step in variants.items():
        if not warm:  # a long one: once in each round, and nothing before
            repeats[name] = 1
            continue
        step()  # whatever is done only once: compiling, first use of memory
        start = time.perf_counter()
        step()
        repeats[name] = max(1, int(seconds / (time.perf_counter() - start)))
    times: dict[str, list[float]] = {name: [] for name in variants}
    first = next(iter(variants))
    for done in range(1, rounds + 1):
        for name, step in variants.items():
            start = clock()
            for _ in range(repeats[name]):
                step()
            times[name].append((clock() - start) / repeats[name])
        if done >= 9:
            ratios = np.array([np.divide(times[name], times[first]) for name in variants])
            low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75], axis=1)
            if ((high - low) / middle < 0.01 * np.sqrt(done)).all():
                break
    return times


def print_table(
    title: str, times: dict[str, list[float]], notes: dict[str, str] | None = None, unit: float = 1
) -> None:
    """Print each variant's median time and its median ratio to the first variant."""
    import numpy as np

    first = next(iter(times))
    print(f"\n{title}   ({len(times[first])} rounds)")
    for name, measured in times.items():
        ratio = np.median(np.divide(measured, times[first]))
        print(f"  {name:44} {np.median(measured) * 1e6 / unit:12.1f} µs   {ratio:8.2f}  {(notes or {}).get(name, '')}")
    sys.stdout.flush()


# --- (a) and (b): one step of gradient descent -----------------------------------------------------------------------


def examples(name: str, options: argparse.Namespace, dtype: str) -> tuple[Any, Any, int]:
    """Return X, labels and K of a shape: the real data where there is some, else random numbers."""
    import numpy as np

    from linclf_helpers.datasets import load_digits, load_mnist, load_penguins

    N, D, K = SHAPES[name]
    if (N, D) == (342, 2):
        data = load_penguins().standardize()
        X, labels = data.X, data.labels
    elif (N, D) == (1797, 64):
        data = load_digits()
        X, labels = data.X / 16, data.labels
    elif (N, D) == (60_000, 784) and options.mnist:
        data, _ = load_mnist(options.mnist)
        X, labels = data.X, data.labels
    else:
        rng = np.random.default_rng(0)
        X, labels = rng.random((N, D)), rng.integers(0, K, N)
    return np.ascontiguousarray(X, dtype), labels, K


def one_step(name: str, dtype: str, options: argparse.Namespace, clock: Callable[[], float]) -> None:
    """Time a step of full-batch gradient descent that reports its loss."""
    import numpy as np

    X, labels, K = examples(name, options, dtype)
    variants: dict[str, Step] = {"X@W and Xᵀ@G, the yardstick": two_products(X, K), "ours": our_step(X, labels, K)}
    many = 400 if X.size < 10**4 else 40 if X.size < 10**6 else 2
    variants |= {"few": recorded_steps(X, labels, K, many), "more": recorded_steps(X, labels, K, 2 * many)}
    variants["textbook NumPy"] = textbook_step(X, labels, K)
    variants["model.step"] = model_step(X, labels, K)
    variants["CS231n style"] = cs231n_step(X, labels, K)
    for peer, make in (
        ("PyTorch eager", torch_step),
        ("JAX, jitted step", jax_step),
        (f"JAX, {SCAN} steps in one jitted scan", jax_scan),
        ("scikit-learn's loss and gradient", sklearn_step),
    ):
        try:
            variants[peer] = make(X, labels, K)
        except ImportError:
            print(f"  ({peer}: not installed)")
    times = interleaved(variants, clock, options.rounds)
    for peer in times:
        if "scan" in peer:
            times[peer] = [t / SCAN for t in times[peer]]
    both = zip(times.pop("few"), times.pop("more"), strict=True)  # what a run does once is not in the difference
    times["gradient_descent, with loss, accuracy, path"] = [(more - few) / many for few, more in both]
    print_table(f"(a, b) a step with its loss, {name}, {dtype}", times)
    against = np.median(np.divide(times["model.step"], times["textbook NumPy"]))
    print(f"  model.step, as a multiple of textbook NumPy: {against:.2f}")


def two_products(X: Any, K: int) -> Step:
    import numpy as np

    N, D = X.shape
    rng = np.random.default_rng(0)
    W, G = rng.normal(size=(D, K)).astype(X.dtype), rng.normal(size=(N, K)).astype(X.dtype)
    Z, dW = np.empty((N, K), X.dtype), np.empty((D, K), X.dtype)

    def step() -> None:
        np.matmul(X, W, out=Z)
        np.matmul(X.T, G, out=dW)

    return step


def our_step(X: Any, labels: Any, K: int, rate: float = RATE) -> Step:
    import numpy as np

    from linclf_helpers.fast import FastLoss

    space = FastLoss(X, labels, n_classes=K)
    theta = np.zeros((1, K, X.shape[1] + 1), X.dtype)

    def step() -> float:
        loss, gradient = space.loss_and_gradient(theta)
        gradient *= rate
        np.subtract(theta, gradient, out=theta)
        return float(loss[0])

    return step


def recorded_steps(X: Any, labels: Any, K: int, steps: int) -> Step:
    from linclf_helpers.model import LinearClassifier
    from linclf_helpers.training import gradient_descent

    return lambda: gradient_descent(LinearClassifier(X.shape[1], K), X, labels, RATE, steps)


def model_step(X: Any, labels: Any, K: int) -> Step:
    from linclf_helpers.model import LinearClassifier

    model = LinearClassifier(X.shape[1], K)
    model.W, model.b = model.W.astype(X.dtype), model.b.astype(X.dtype)
    return lambda: model.step(X, labels, RATE)


def textbook_step(X: Any, labels: Any, K: int, rate: float = RATE) -> Step:
    import numpy as np

    N, D = X.shape
    Y = np.eye(K, dtype=X.dtype)[labels]
    W, b = np.zeros((D, K), X.dtype), np.zeros(K, X.dtype)

    def step() -> float:
        nonlocal W, b
        Z = X @ W + b
        E = np.exp(Z - Z.max(axis=1, keepdims=True))
        Y_hat = E / E.sum(axis=1, keepdims=True)
        loss = -np.log(Y_hat[Y == 1]).mean()
        G = (Y_hat - Y) / N
        W = W - rate * (X.T @ G)
        b = b - rate * G.sum(axis=0)
        return float(loss)

    return step


def cs231n_step(X: Any, labels: Any, K: int) -> Step:
    import numpy as np

    N, D = X.shape
    W, b, n = np.zeros((D, K), X.dtype), np.zeros((1, K), X.dtype), np.arange(N)

    def step() -> float:
        nonlocal W, b
        scores = np.dot(X, W) + b
        exp_scores = np.exp(scores)
        probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
        loss = np.sum(-np.log(probs[n, labels])) / N
        dscores = probs
        dscores[n, labels] -= 1
        dscores /= N
        dW, db = np.dot(X.T, dscores), np.sum(dscores, axis=0, keepdims=True)
        W += -RATE * dW
        b += -RATE * db
        return float(loss)

    return step


def torch_step(X: Any, labels: Any, K: int) -> Step:
    import torch

    torch.set_num_threads(int(os.environ.get(THREADS[0]) or os.cpu_count() or 1))
    X_t, y_t = torch.from_numpy(X), torch.from_numpy(labels)
    layer = torch.nn.Linear(X.shape[1], K, dtype=X_t.dtype)
    optimizer = torch.optim.SGD(layer.parameters(), lr=RATE)

    def step() -> float:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(layer(X_t), y_t)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def jax_loss_step() -> Any:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def loss_of(parameters: Any, X: Any, y: Any) -> Any:
        W, b = parameters
        log_Y_hat = jax.nn.log_softmax(X @ W + b)
        return -jnp.take_along_axis(log_Y_hat, y[:, None], axis=1).mean()

    def step(parameters: Any, X: Any, y: Any) -> Any:
        loss, gradient = jax.value_and_grad(loss_of)(parameters, X, y)
        return tuple(p - RATE * g for p, g in zip(parameters, gradient, strict=True)), loss

    return step


def jax_step(X: Any, labels: Any, K: int) -> Step:
    import jax
    import jax.numpy as jnp

    jitted = jax.jit(jax_loss_step())
    X_j, y_j = jnp.asarray(X), jnp.asarray(labels)
    parameters = (jnp.zeros((X.shape[1], K), X.dtype), jnp.zeros(K, X.dtype))

    def step() -> float:
        nonlocal parameters
        parameters, loss = jitted(parameters, X_j, y_j)
        return float(loss)

    return step


def jax_scan(X: Any, labels: Any, K: int) -> Step:
    import jax
    import jax.numpy as jnp

    one = jax_loss_step()
    X_j, y_j = jnp.asarray(X), jnp.asarray(labels)
    parameters = (jnp.zeros((X.shape[1], K), X.dtype), jnp.zeros(K, X.dtype))
    many = jax.jit(lambda p, X, y: jax.lax.scan(lambda p, _: one(p, X, y), p, length=SCAN))

    def step() -> float:
        nonlocal parameters
        parameters, losses = many(parameters, X_j, y_j)
        return float(losses[-1])

    return step


def sklearn_step(X: Any, labels: Any, K: int) -> Step:
    import numpy as np
    from sklearn._loss import HalfMultinomialLoss
    from sklearn.linear_model._linear_loss import LinearModelLoss

    loss_of = LinearModelLoss(base_loss=HalfMultinomialLoss(n_classes=K), fit_intercept=True)
    theta, y = np.zeros((K, X.shape[1] + 1), X.dtype, order="F"), labels.astype(X.dtype)
    threads = int(os.environ.get(THREADS[0]) or os.cpu_count() or 1)

    def step() -> float:
        nonlocal theta
        loss, gradient = loss_of.loss_gradient(theta, X, y, n_threads=threads)
        theta = theta - RATE * gradient
        return float(loss)

    return step


# --- (c): training to the optimum ------------------------------------------------------------------------------------


def to_the_optimum(options: argparse.Namespace, clock: Callable[[], float]) -> None:
    """Time training on the digits to within 1e-6 of the least loss, with scikit-learn's C = 1."""
    import warnings

    import numpy as np

    from linclf_helpers.datasets import load_digits
    from linclf_helpers.gradients import loss_and_gradients
    from linclf_helpers.model import LinearClassifier
    from linclf_helpers.training import gradient_descent

    data = load_digits()
    X, labels = data.X / 16, data.labels
    N, D = X.shape
    l2 = 1 / N  # C = 1

    def objective(W: Any, b: Any) -> float:
        return loss_and_gradients(X, labels, W, b, l2)[0]

    def ours(tolerance: float, centred: bool = True) -> tuple[Any, Any, int]:
        model, mean = LinearClassifier(D, 10), X.mean(axis=0) if centred else np.zeros(D)
        history = gradient_descent(
            model, X - mean, labels, "barzilai-borwein", 5000, l2=l2, tolerance=tolerance, record_every=5000
        )
        return model.W, model.b - mean @ model.W, int(history.steps[-1])  # the bias takes the mean back in

    fits: dict[str, Callable[[float], tuple[Any, Any, int]]] = {
        "ours: centre, Barzilai–Borwein": ours,
        "ours: Barzilai–Borwein, not centred": lambda tolerance: ours(tolerance, centred=False),
    }
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        print("\n(c) scikit-learn is not installed")
        return

    def sklearns(solver: str, tolerance: float, centred: bool) -> tuple[Any, Any, int]:
        mean = X.mean(axis=0) if centred else np.zeros(D)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = LogisticRegression(C=1.0, solver=solver, tol=tolerance, max_iter=20_000).fit(X - mean, labels)
        return fit.coef_.T, fit.intercept_ - mean @ fit.coef_.T, int(np.max(fit.n_iter_))

    for solver in ("lbfgs", "newton-cg", "newton-cholesky"):
        for centred in (False, True):
            fits[f"scikit-learn, {solver}{', centred' if centred else ''}"] = (
                lambda tolerance, solver=solver, centred=centred: sklearns(solver, tolerance, centred)
            )
    W, b, _ = ours(1e-12)
    least = objective(W, b)
    variants: dict[str, Step] = {}
    notes = {}
    for name, fit in fits.items():
        for tolerance in 10.0 ** -np.arange(1, 11, 0.5):  # the loosest that is good enough
            W, b, iterations = fit(tolerance)
            excess = objective(W, b) / least - 1
            if excess <= 1e-6:
                notes[name] = f"{iterations} iterations, tolerance {tolerance:.1g}, {excess:.0e} above the least"
                variants[name] = lambda fit=fit, tolerance=tolerance: fit(tolerance)
                break
    print_table(
        "(c) digits / 16, C = 1, to 1e-6 of the least loss", interleaved(variants, clock, options.rounds), notes
    )


# --- (d): many learning rates ----------------------------------------------------------------------------------------


def sweeps(options: argparse.Namespace, clock: Callable[[], float]) -> None:
    """Time many learning rates at once against one after the other."""
    import numpy as np

    from linclf_helpers.sweeps import sweep_runs

    for name, R, steps in (("342×2×3", 101, 200), ("1797×64×10", 21, 20)):
        for dtype in ("float64", "float32"):
            X, labels, K = examples(name, options, dtype)
            rates = np.geomspace(0.01, 10, R)
            variants: dict[str, Step] = {
                "sweep_runs": partial(sweep_runs, X, labels, rates, steps),
                "a loop of textbook steps": partial(one_after_the_other, textbook_step, X, labels, K, rates, steps),
                "a loop of our own fast steps": partial(one_after_the_other, our_step, X, labels, K, rates, steps),
            }
            times = interleaved(variants, clock, min(options.rounds, 15))
            print_table(f"(d) {R} rates × {steps} steps, {name}, {dtype}", times)


def one_after_the_other(make: Callable[..., Step], X: Any, labels: Any, K: int, rates: Any, steps: int) -> None:
    """Train once for each rate; like `sweep_runs`, with one more loss than steps."""
    for rate in rates:
        step = make(X, labels, K, float(rate))
        for _ in range(steps + 1):
            step()


# --- (e): the gradient check -----------------------------------------------------------------------------------------


def gradient_check(options: argparse.Namespace, clock: Callable[[], float]) -> None:
    """Time the check of all 650 digit parameters against the loop that computes the whole loss anew for each."""
    import numpy as np

    from linclf_helpers.fast_gradcheck import numerical_gradients
    from linclf_helpers.gradients import loss_and_gradients

    X, labels, K = examples("1797×64×10", options, "float64")
    N, D = X.shape
    rng = np.random.default_rng(0)
    W, b = rng.normal(size=(D, K)) / 4, rng.normal(size=K)
    _, dW, db = loss_and_gradients(X, labels, W, b)
    exact = np.vstack([dW, db])

    def loss(theta: Any) -> float:
        Z = X @ theta[:-1] + theta[-1]
        Z -= Z.max(axis=1, keepdims=True)
        return float((np.log(np.exp(Z).sum(axis=1)) - Z[np.arange(N), labels]).mean())

    def naive() -> Any:
        theta, h = np.vstack([W, b]), 1e-5
        gradient = np.empty_like(theta)
        for index in np.ndindex(theta.shape):
            before = theta[index]
            theta[index] = before + h
            above = loss(theta)
            theta[index] = before - h
            gradient[index] = (above - loss(theta)) / (2 * h)
            theta[index] = before
        return gradient

    variants = {
        "ours: a nudge changes one column of Z": lambda: np.vstack(numerical_gradients(X, labels, W, b)),
        "the whole loss for every nudge": naive,
    }
    notes = {
        name: f"largest error {np.abs(variant() - exact).max() / np.abs(exact).max():.0e} of the largest derivative"
        for name, variant in variants.items()
    }
    times = interleaved(variants, clock, min(options.rounds, 15))
    print_table("(e) finite differences of all 650 digit parameters", times, notes)


# --- (f): starting up ------------------------------------------------------------------------------------------------


def imports(options: argparse.Namespace) -> None:
    """Time imports in fresh processes, by the processor's clock."""
    import resource

    def start(statement: str) -> Step:
        return lambda: subprocess.run([sys.executable, "-c", statement], check=True, cwd=ROOT)

    def clock() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    variants = {
        "import numpy": start("import numpy"),
        "import linclf_helpers": start("import linclf_helpers"),
        "import linclf_helpers.training": start("import linclf_helpers.training"),
        "python alone": start("pass"),
    }
    print_table("(f) imports, Python's own start included", interleaved(variants, clock, options.rounds, seconds=0))


# --- (g): batches ----------------------------------------------------------------------------------------------------


def batches(options: argparse.Namespace, clock: Callable[[], float]) -> None:
    """Time a whole training in batches of 100, its record included, against the bare loop without one."""
    name = "60000×784×10"
    for dtype in ("float64", "float32"):
        X, labels, K = examples(name, options, dtype)
        variants: dict[str, Step] = {}
        for how, rng in (("in order", None), ("shuffled", 0)):
            variants |= {
                f"the bare loop, {how}": partial(bare_batches, X, labels, K, options.epochs, rng),
                f"gradient_descent, {how}": partial(our_batches, X, labels, K, options.epochs, rng),
            }
        title = f"(g) {options.epochs} passes in batches of 100, {name}, {dtype}"
        times = interleaved(variants, clock, min(options.rounds, 5), warm=False)
        notes = {}
        for how in ("in order", "shuffled"):
            ours, bare = times[f"gradient_descent, {how}"], times[f"the bare loop, {how}"]
            ratio = sorted(a / b for a, b in zip(ours, bare, strict=True))[len(ours) // 2]
            notes[f"gradient_descent, {how}"] = f"{ratio:.2f} of its bare loop"
        print_table(title, times, notes)


def bare_batches(X: Any, labels: Any, K: int, epochs: int, rng: int | None, size: int = 100) -> Any:
    """Return W and b after so many passes: nothing but the steps, no loss, no record."""
    import numpy as np

    (N, D), chance = X.shape, np.random.default_rng(rng)
    Y, W, b = np.eye(K, dtype=X.dtype)[labels], np.zeros((D, K), X.dtype), np.zeros(K, X.dtype)
    for _ in range(epochs):
        order = None if rng is None else chance.permutation(N)
        for start in range(0, N, size):
            batch: Any = slice(start, start + size)
            batch = batch if order is None else order[batch]
            X_batch = X[batch]
            Z = X_batch @ W + b
            E = np.exp(Z - Z.max(axis=1, keepdims=True))
            G = (E / E.sum(axis=1, keepdims=True) - Y[batch]) / len(X_batch)
            W = W - BATCH_RATE * (X_batch.T @ G)
            b = b - BATCH_RATE * G.sum(axis=0)
    return W, b


def our_batches(X: Any, labels: Any, K: int, epochs: int, rng: int | None, size: int = 100) -> Any:
    """Return W and b after as many passes of `gradient_descent`, which has looked at all the data once for each."""
    from linclf_helpers.model import LinearClassifier
    from linclf_helpers.training import gradient_descent

    model = LinearClassifier(X.shape[1], K)
    model.W, model.b = model.W.astype(X.dtype), model.b.astype(X.dtype)
    gradient_descent(model, X, labels, BATCH_RATE, epochs * -(-len(X) // size), batch_size=size, rng=rng)
    return model.W, model.b


# --- (m): the known errors on MNIST ----------------------------------------------------------------------------------


def mnist_errors(options: argparse.Namespace) -> None:
    """Print the test error on MNIST: as in CMU's homework, and with the best plain settings found."""
    if not options.mnist:
        print("\n(m) no MNIST: name its folder with --mnist")
        return
    import numpy as np

    from linclf_helpers.datasets import load_mnist
    from linclf_helpers.model import LinearClassifier
    from linclf_helpers.training import descend, gradient_descent

    train, test = load_mnist(options.mnist)
    print("\n(m) MNIST, test errors")
    model, errors = LinearClassifier(784, 10), []
    start = time.process_time()
    for step in descend(model, train.X, train.labels, learning_rate=0.2, batch_size=100):
        if step % 600 == 0:
            errors.append(1 - model.score(test.X, test.labels))
        if step == 6000:
            break
    print(f"  rate 0.2, batches of 100 in order: {errors[0]:.2%} after 1 epoch, {errors[-1]:.2%} after 10", end="")
    print(f"   ({time.process_time() - start:.1f} s)")

    model, epochs = LinearClassifier(784, 10), 20
    start = time.process_time()
    gradient_descent(
        model,
        train.X,
        train.labels,
        learning_rate=lambda step: 1 - step / (600 * epochs),
        steps=600 * epochs,
        batch_size=100,
        rng=0,
        record_every=600 * epochs,
    )
    print(f"  rate falling from 1 to 0, shuffled: {1 - model.score(test.X, test.labels):.2%} after {epochs}", end="")
    print(f"   ({time.process_time() - start:.1f} s)")

    Y, W = np.eye(10)[train.labels], np.zeros((784, 10))
    errors = []
    for _ in range(10):
        for first in range(0, 60_000, 100):
            X_batch, Y_batch = train.X[first : first + 100], Y[first : first + 100]
            E = np.exp(X_batch @ W)
            W -= 0.2 / 100 * (X_batch.T @ (E / E.sum(axis=1, keepdims=True) - Y_batch))
        errors.append(((test.X @ W).argmax(axis=1) != test.labels).mean())
    print(f"  the same without bias, textbook:   {errors[0]:.2%} after 1 epoch, {errors[-1]:.2%} after 10")


ROOT = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    main()
