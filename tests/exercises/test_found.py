"""What a page holds in place of a function that is asked for is named, and nothing else is."""

from typing import Any

import numpy as np
import pytest

from linclf_helpers.exercises import Capstone


def page(source: str) -> dict[str, Any]:
    space: dict[str, Any] = {"__name__": "a_page_of_a_learner", "np": np}
    exec(source, space)
    return space


MODEL = """
class Model(Base):
    rate = 0.5

    def __init__(self, D):
        self.W = np.zeros((D, 3))

    def _hidden(self):
        return self.W

    def fit(self, X, labels, K, learning_rate, steps):
        return self.W

    @staticmethod
    def predict_classes(X):
        return X
"""


@pytest.mark.parametrize(
    ("source", "stage", "lines"),
    [
        ("def cost(X, y) -> float:\n    return 0.0", "loss",
         ("I found your function cost(X, y). If it is meant, it needs the name loss.",)),
        ("def helper(X):\n    return X\nfrom numpy import gradient", "gradients", ()),
        ("class Base:\n    pass\n" + MODEL, "train",
         ("I found fit(X, labels, K, learning_rate, steps) inside your class Model(D). I look for a function outside "
          "it, train(X, labels, K, learning_rate, steps).",
          "A method can be handed over as it is: train = Model(…).fit")),
        ("class Base:\n    pass\n" + MODEL, "predict",
         ("I found predict_classes(X) inside your class Model(D). I look for a function outside it, predict(X, W, b).",
          "All it needs must come in as arguments; W, b would not.")),
        ("class Base:\n    def show(self):\n        pass\n" + MODEL, "loss",
         ("I found your class Base() with the method show, and none of them for loss(X, labels, W, b). I look for a "
          "function.",
          "I found your class Model(D) with the methods fit, predict_classes, show, and none of them for "
          "loss(X, labels, W, b). I look for a function.")),
        ("class Silent(type):\n    __signature__ = property(lambda kind: 1 / 0)\n"
         "class Odd(metaclass=Silent):\n    def loss(self, X):\n        return X", "loss",
         ("I found loss(X) inside your class Odd. I look for a function outside it, loss(X, labels, W, b).",
          "All it needs must come in as arguments; labels, W, b would not.")),
    ],
)  # fmt: skip
def test_what_is_found_is_told(source: str, stage: str, lines: tuple[str, ...]) -> None:
    outcome = Capstone(page(source)).check(stage)
    assert outcome.lines == lines if lines else outcome.kind == "not_started"


def test_own_work_says_what_it_found_where_no_function_is() -> None:
    outcome = Capstone(page("class Net:\n    def fit(self, X):\n        pass")).check("own_work")
    assert outcome.title == "none of the five functions is there yet."
    assert any(line.startswith("I found fit(X) inside your class Net()") for line in outcome.lines)


def test_a_method_that_was_taken_from_its_class_needs_an_object() -> None:
    source = "class Net:\n    def predict(self, X, W, b):\n        return X\npredict = Net.predict"
    outcome = Capstone(page(source)).check("predict")
    assert outcome.kind == "wrong_signature"
    assert "self is filled in if you take it from an object: predict = my_object.predict" in outcome.lines
