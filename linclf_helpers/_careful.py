"""Call a learner's function with care: whatever it does, the page stays as it is. Exercises and explorers use it."""

import contextlib
import io
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Called:
    """What a call did: its result or its error, the first warning, and whether it printed."""

    result: Any = None
    error: BaseException | None = None
    warning: object = None
    printed: bool = False


def call(function: Callable[..., Any], *arguments: Any) -> Called:
    """Call a function, keep quiet what it prints and warns of, and survive what it raises, exit() included.

    A KeyboardInterrupt passes through: it is the learner's, who stopped an endless loop.
    """
    quiet = io.StringIO()
    with (
        warnings.catch_warnings(record=True) as caught,
        np.errstate(all="warn"),
        contextlib.redirect_stdout(quiet),
        contextlib.redirect_stderr(quiet),
        _exit_raises(getattr(function, "__globals__", {})),
    ):
        warnings.simplefilter("always")
        try:
            result, error = function(*arguments), None
        except KeyboardInterrupt:
            raise
        except BaseException as raised:
            result, error = None, raised
    return Called(result, error, caught[0].message if caught else None, bool(quiet.getvalue()))


@contextlib.contextmanager
def _exit_raises(space: dict[str, Any]) -> Iterator[None]:
    """Let exit() and quit() raise SystemExit in the learner's code; in a notebook they would end the kernel."""
    missing = object()
    saved = {name: space.get(name, missing) for name in ("exit", "quit")}
    space.update(dict.fromkeys(saved, sys.exit))
    try:
        yield
    finally:
        for name, value in saved.items():
            if value is missing:
                del space[name]
            else:
                space[name] = value
