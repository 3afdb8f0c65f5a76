"""Call a learner's function and write down what happened, whatever it does."""

import copy
import dis
import numbers
import sysconfig
import traceback
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linclf_helpers._careful import call

Function = Callable[..., Any]
Array = NDArray[Any]


@dataclass(frozen=True)
class Probe:
    """Arguments to call a function with, what is special about them, and whether a function may refuse them.

    `rtol` and `atol` replace those of the exercise where this input needs others.
    """

    args: tuple[Any, ...]
    note: str = ""
    may_raise: bool = False
    rtol: float | None = None
    atol: float | None = None


@dataclass(frozen=True, eq=False)
class Seen:
    """What one call did.

    `values` are the arrays it returned, or None if it raised or returned something else; `problem` says what else.
    """

    values: tuple[Array, ...] | None = None
    problem: str = ""
    error: BaseException | None = None
    unfinished: bool = False
    listed: bool = False
    changed: tuple[str, ...] = ()
    warned: str = ""
    printed: bool = False


def observe(function: Function, probe: Probe, names: tuple[str, ...], outputs: int) -> Seen:
    """Call `function` with copies of the probe's arguments; keep quiet what it prints, survive what it raises.

    A KeyboardInterrupt passes through: it is the learner's, who stopped an endless loop.
    """
    args = copy.deepcopy(probe.args)
    called = call(function, *args)
    read = call(_read, called.result, outputs)  # an object that can't be looked at raises here
    error = called.error or read.error
    if error is not None:
        return Seen(error=error, unfinished=isinstance(error, NotImplementedError), printed=called.printed)
    values, problem, listed = read.result
    changed = tuple(
        name for name, now, before in zip(names, args, probe.args, strict=False) if not _unchanged(now, before)
    )
    warning = called.warning or read.warning
    return Seen(
        values=values,
        problem=problem,
        unfinished=called.result is ...,
        listed=listed,
        changed=changed,
        warned=say(warning) if warning else "",
        printed=called.printed or read.printed,
    )


def is_stub(answer: object) -> bool:
    """Tell whether a function's body is still empty: `...`, `pass`, or a docstring alone."""
    code = getattr(answer, "__code__", None)
    if not isinstance(code, types.CodeType):
        return False
    does_nothing = {"RESUME", "NOP", "RETURN_VALUE", "COPY_FREE_VARS"}
    rest = [step for step in dis.get_instructions(code) if step.opname not in does_nothing]
    return all(
        step.opname in {"LOAD_CONST", "RETURN_CONST"} and (step.argval is None or step.argval is ...) for step in rest
    )


def say(error: object, limit: int = 200) -> str:
    """Return an error's or a warning's message, also if it has none to give."""
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = "(its message can't be shown)"
    return text if len(text) <= limit else text[:limit] + " …"


def with_article(noun: str) -> str:
    """Return a type's name with "a" or "an"."""
    return f"an {noun}" if noun[:1].lower() in "aeiou" or noun.startswith("nd") else f"a {noun}"


def own_lines(error: BaseException) -> list[str]:
    """Return the lines of the learner's own code that led to an error, the last three at most."""
    hidden = (str(Path(__file__).parents[2]), str(Path(np.__file__).parent), sysconfig.get_path("stdlib"), "<frozen")
    lines: list[str] = []
    for frame, number in traceback.walk_tb(error.__traceback__):
        if not frame.f_code.co_filename.startswith(hidden):
            [summary] = traceback.StackSummary.extract(iter([(frame, number)]))
            line = f"line {number} of {frame.f_code.co_name}: {summary.line or ''}".rstrip(": ")
            if line not in lines:
                lines.append(line)
    return lines[-3:]


def _read(result: object, outputs: int) -> tuple[tuple[Array, ...] | None, str, bool]:
    """Return the arrays in a result, or a problem in words, and whether it came as a list instead of an array."""
    several = outputs > 1 and isinstance(result, tuple | list)
    parts = list(result) if several else [result]  # type: ignore[call-overload]
    arrays, listed = [], False
    for part in parts:
        if part is None:
            return None, "None", False
        if isinstance(part, numbers.Real):
            arrays.append(np.array(float(part)))
            continue
        listed = listed or isinstance(part, list | tuple)
        try:
            array = np.array(part)
        except Exception:
            return None, with_article(type(part).__name__), False
        if array.dtype.kind not in "fiub":
            what = f"array of {array.dtype}" if isinstance(part, np.ndarray) else type(part).__name__
            return None, with_article(what), False
        arrays.append(array)
    return tuple(arrays), "", listed


def _unchanged(now: object, before: object) -> bool:
    if not isinstance(before, np.ndarray) or not isinstance(now, np.ndarray):
        return True
    return now.shape == before.shape and now.dtype == before.dtype and now.tobytes() == before.tobytes()
