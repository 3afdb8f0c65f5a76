"""The exercise of notebook 08 about the gradients with a penalty."""

from collections.abc import Callable

import numpy as np

from linclf_helpers.exercises.catalogue.gradients_of_parameters import _all_sizes, _with_nan
from linclf_helpers.exercises.catalogue.guards import SMALL_NUMBERS, add_guards
from linclf_helpers.exercises.checking.exercise import Exercise
from linclf_helpers.exercises.checking.observe import Array, Function, Probe
from linclf_helpers.exercises.checking.probes import (
    BATCHES,
    SEVEN,
    SIX,
    SIZES,
    SMALL,
    TWIN,
)


def _l2_gradients(dL_dW: Array, dL_db: Array, W: Array, b: Array, l2: float) -> tuple[Array, Array]:
    return dL_dW + l2 * W, dL_db


def _l2_in_place(dL_dW: Array, dL_db: Array, W: Array, b: Array, l2: float) -> tuple[Array, Array]:
    dL_dW += l2 * W
    return dL_dW, dL_db


def _weights_shrunk_in_place(dL_dW: Array, dL_db: Array, W: Array, b: Array, l2: float) -> tuple[Array, Array]:
    W *= l2
    return dL_dW + W, dL_db


def _of_strength(strength: Function) -> Callable[..., tuple[Array, Array]]:
    return lambda dL_dW, dL_db, W, b, l2: (dL_dW + strength(l2) * W, dL_db)


_weights = np.array([[0.0, 1e6, -1e-9], [-9e6, 0.5, 0.0], [1e-100, -3.0, 4e-5]])
_slopes = np.array([[1.5, 0.0, 2e-9], [1e6, -1e-9, 0.0], [-1e-100, 2.0, 4e-5]])
_biases, _bias_slopes = np.array([30.0, -2e6, 1e-9]), np.array([-1e6, 0.0, 1e-9])
l2_gradients = Exercise(
    name="l2_gradients",
    hints=(
        "The penalty is (λ/2)‖W‖². Differentiate it by one weight.",
        "The derivative of a sum is the sum of the derivatives: what does the data say, what does the penalty say, "
        "and does the penalty say anything about b?",
    ),
    reference=_l2_gradients,
    formula="∂/∂W (L + (λ/2)‖W‖²) = ∂L/∂W + λW; the bias is not penalised",
    stages=(
        [
            Probe((each.X.T @ each.dL_dZ, each.dL_dZ.sum(axis=0), each.W, each.b, l2))
            for each, l2 in zip(BATCHES, (0.1, 0.3, 0.02), strict=True)
        ],
        [
            *(
                Probe((each.X.T @ each.dL_dZ, each.dL_dZ.sum(axis=0), each.W, each.b, l2), f"λ = {l2:g}")
                for each, l2 in ((SMALL, 0.0), (TWIN, 250.0), (SIX, 5.0), (SEVEN, 1e-9))
            ),
            Probe((_slopes, _bias_slopes, _weights, _biases, 0.7), "tiny and huge numbers"),
            Probe((_slopes, _bias_slopes, _weights, _biases, 0.0), "λ = 0, and tiny and huge numbers"),
            Probe((np.zeros((2, 3)), np.zeros(3), SMALL.W[:2], SMALL.b, 1e-17), "no slope, and a tiny λ"),
            *(
                Probe((each.X.T @ each.dL_dZ, each.dL_dZ.sum(axis=0), each.W, each.b, 0.2), note)
                for each, note in (*SIZES[3:5], *_all_sizes[:2])
            ),
        ],
        [
            Probe(
                (_with_nan(SMALL.W), _with_nan(SMALL.b), SMALL.W, SMALL.b, 0.1),
                "a nan in both gradients",
                may_raise=True,
            )
        ],
    ),
    outputs=("dL_dW", "dL_db"),
)
l2_gradients.mistake(
    "twice",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW + 2 * l2 * W, dL_db),
    "the penalty pulls twice as hard as it should.",
    "Differentiate your penalty line itself. There is a ½ in it; what becomes of the 2 from the square?",
    "λ/2 times a square has the slope λ times the weight. Loss and gradient must share the convention.",
)
l2_gradients.mistake(
    "half",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 / 2 * W, dL_db),
    "the penalty pulls half as hard as it should.",
    "Differentiate a square: which factor comes down in front?",
    "The ½ of the penalty is there to cancel the 2 of the square. One of the two got lost.",
)
l2_gradients.mistake(
    "forgotten",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW, dL_db),
    "the penalty is not in it.",
    "Make λ very large. What should happen to the weights? Does your gradient know about it?",
    "The gradient is that of the data alone.",
)
l2_gradients.mistake(
    "sign",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW - l2 * W, dL_db),
    "the penalty rewards large weights.",
    "The penalty grows with the weights. Which way must descent then push them?",
    "With a minus the weights are driven outwards.",
)
l2_gradients.mistake(
    "bias_too",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 * W, dL_db + l2 * b),
    "the bias is penalised as well.",
    "Shift all features by 10 and let the bias make up for it. Should the penalty care?",
    "A bias says how frequent a class is and where the origin lies. Pulling it to zero pulls all classes to the same "
    "frequency.",
)
l2_gradients.mistake(
    "by_rows",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 * W / len(W), dL_db),
    "the penalty was averaged.",
    "Is there a mean in (λ/2)‖W‖², or a sum?",
    "The data's loss is a mean over examples. The penalty is a plain sum over the weights.",
    variants=(
        lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 * W / W.size, dL_db),
        lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 * W / W.shape[1], dL_db),
    ),
)
l2_gradients.mistake(
    "penalty_alone",
    lambda dL_dW, dL_db, W, b, l2: (l2 * W, dL_db),
    "the data has disappeared.",
    "Both terms are in the loss. How many are in your gradient?",
    "Only the penalty is left, which would shrink all weights to zero.",
)
l2_gradients.mistake(
    "value",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 / 2 * (W**2).sum(), dL_db),
    "the penalty itself was added, not its slope.",
    "How many numbers is the penalty, and how many is its gradient?",
    "One number went to every entry alike. Each weight has a slope of its own.",
    variants=(lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 * (W**2).sum(), dL_db),),
)
l2_gradients.mistake(
    "lasso",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 * np.sign(W), dL_db),
    "this is the slope of another penalty.",
    "Is the penalty the sum of squares, or of absolute values?",
    "A constant pull towards zero belongs to ‖W‖₁. For a square the pull grows with the weight.",
)
l2_gradients.mistake(
    "absolute",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 * np.abs(W), dL_db),
    "the signs of the weights are gone.",
    "One weight is 2, another −2. Must both be pushed the same way to come closer to 0?",
    "The pull goes towards 0, from either side. Without the sign negative weights are driven outwards.",
)
l2_gradients.mistake(
    "squared_weights",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 * W**2, dL_db),
    "the weights are still squared.",
    "Differentiate a square. Which power is left?",
    "The penalty has the square; its slope is a straight line through 0.",
    variants=(lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 / 2 * W**2, dL_db),),
)
l2_gradients.mistake(
    "normed",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 * W / np.sqrt((W**2).sum()), dL_db),
    "this is the slope of the length, not of its square.",
    "Is the penalty ‖W‖, or ‖W‖²?",
    "Divided by its length, W pulls equally hard however large it is, and at W = 0 it is 0/0.",
)
l2_gradients.mistake(
    "strength_limited",
    _of_strength(lambda l2: l2 or 0.1),
    "another λ than the one asked for is used.",
    "What should come out for λ = 0? For a very large one? What does your function make of it?",
    "0 is a strength like any other: it switches the penalty off. No λ has to be replaced, lifted or cut.",
    variants=[
        *(_of_strength(lambda l2, e=e: l2 or e) for e in (1.0, *SMALL_NUMBERS)),
        *(_of_strength(lambda l2, e=e: max(l2, e)) for e in SMALL_NUMBERS),
        *(_of_strength(lambda l2, e=e: l2 + e) for e in SMALL_NUMBERS),
        *(_of_strength(lambda l2, m=m: min(l2, m)) for m in (0.1, 0.5, 1, 2, 5, 10, 100)),
    ],
)
l2_gradients.mistake(
    "weights_alone",
    lambda dL_dW, dL_db, W, b, l2: dL_dW + l2 * W,
    "only the gradient of the weights came back.",
    "How many parameters does the model have, and how many gradients did you return?",
    "The bias has a gradient too, even if the penalty has no part in it.",
)
l2_gradients.mistake(
    "swapped",
    lambda dL_dW, dL_db, W, b, l2: (dL_db, dL_dW + l2 * W),
    "the two results have changed places.",
    "In which order does the caller expect them?",
    "Both are right. The first is expected to belong to W.",
)
l2_gradients.mistake(
    "bias_still",
    lambda dL_dW, dL_db, W, b, l2: (dL_dW + l2 * W, np.zeros_like(dL_db)),
    "the slope of the bias was set to 0.",
    "The penalty says nothing about b. Does the data say nothing about it, either?",
    "Not penalised does not mean not trained: what the data says about b stays as it is.",
)
l2_gradients.mistake(
    "changes_arguments",
    _l2_in_place,
    "right, but your function changed an array it was given.",
    "Look at all your arguments before and after the call. Which line writes into one?",
    "Adding in place changes the array for everybody who holds it; a second call would add the penalty twice.",
    variants=(_weights_shrunk_in_place,),
)
add_guards(l2_gradients)
