"""What a page holds in place of a function that is asked for: a class, an object, or a function with another name."""

import inspect
import re
import types
from collections.abc import Iterator
from typing import Any

__all__ = ["found_instead"]

# What people call the five functions.
_ALSO = {
    "softmax": ("softmax", "probabilit", "probs"),
    "loss": ("loss", "cost", "crossentropy", "nll", "objective"),
    "gradients": ("grad", "backward", "backprop"),
    "train": ("train", "fit", "descent", "descend", "learn", "optimi"),
    "predict": ("predict", "classif", "inference"),
}


def found_instead(namespace: dict[str, Any], name: str, arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Return sentences on what a page defines that may be meant for the function `name`, or none.

    Parameters
    ----------
    namespace : dict
        Everything the page holds. None of it is called.
    name : str
        One of the five functions.
    arguments : tuple of str
        What it is called with.
    """
    home = namespace.get("__name__")
    call = f"{name}({', '.join(arguments)})"
    lines = []
    for key, value in list(namespace.items()):
        kind = type(value)
        if kind is types.FunctionType and value.__globals__ is namespace and _is_like(key, name) and key != name:
            lines.append(f"I found your function {key}{_signature(value)}. If it is meant, it needs the name {name}.")
        elif issubclass(kind, type) and type.__getattribute__(value, "__module__") == home:
            lines += _of_class(key, value, name, arguments, call)
    return tuple(lines)


def _of_class(key: str, value: type, name: str, arguments: tuple[str, ...], call: str) -> Iterator[str]:
    """Yield what is to be said of a class: which of its methods may be meant, and what that one lacks."""
    methods = _methods(value)
    if not methods:
        return
    meant = sorted((method for method in methods if _is_like(method, name)), key=lambda method: method != name)
    what = f"your class {key}{_signature(value)}"
    if not meant:
        yield f"I found {what} with {_listed(methods)}, and none of them for {call}. I look for a function."
        return
    taken = _parameters(methods[meant[0]])
    yield f"I found {meant[0]}({', '.join(taken)}) inside {what}. I look for a function outside it, {call}."
    missing = [argument for argument in arguments if argument not in taken]
    if missing and len(taken) != len(arguments):
        yield f"All it needs must come in as arguments; {', '.join(missing)} would not."
    else:
        yield f"A method can be handed over as it is: {name} = {key}(…).{meant[0]}"


def _methods(value: type) -> dict[str, types.FunctionType]:
    """Return the functions in a class and in its bases, without Python's own."""
    found: dict[str, types.FunctionType] = {}
    for base in type.__getattribute__(value, "__mro__"):
        for name, part in type.__getattribute__(base, "__dict__").items():
            function = part.__func__ if type(part) in (staticmethod, classmethod) else part
            if type(function) is types.FunctionType and (not name.startswith("_") or name == "__call__"):
                found.setdefault(name, function)
    return found


def _parameters(function: types.FunctionType) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]


def _signature(value: Any) -> str:
    try:
        return re.sub(r" -> .*", "", str(inspect.signature(value)))
    except Exception:  # a class whose metaclass won't say
        return ""


def _listed(methods: dict[str, types.FunctionType]) -> str:
    return f"the method{'s' * (len(methods) > 1)} {', '.join(list(methods)[:8])}"


def _is_like(name: str, wanted: str) -> bool:
    plain = name.lower().replace("_", "")
    return any(part in plain for part in _ALSO[wanted])
