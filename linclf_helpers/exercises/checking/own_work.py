"""Find outside help in a learner's functions, wherever it is kept.

Everything a function can reach is followed: the globals it names, default arguments, closures, containers, attributes,
base classes, wrappers. Objects are asked for what they hold through the garbage collector, which runs no code of
theirs: no `__getattr__`, `__iter__` or `__eq__` of a learner's object can mislead the search or stop it.
"""

import builtins
import dis
import gc
import importlib
import re
import sys
import types
import weakref
from collections.abc import Iterable, Iterator
from importlib.machinery import ExtensionFileLoader
from typing import Any

import numpy as np

from linclf_helpers.exercises.checking.observe import with_article

__all__ = ["outside_help", "reach"]

# Parts of the standard library that load or run code from elsewhere.
_LOADERS = {"builtins", "code", "ctypes", "imp", "importlib", "marshal", "multiprocessing", "pickle", "pkgutil"} | {
    *("runpy", "subprocess", "zipimport"),
}
_ALLOWED = {"numpy"} | sys.stdlib_module_names
_RUN_ANYTHING = (builtins.__import__, builtins.eval, builtins.exec, builtins.compile, importlib.import_module)
_IMPORTING = {"__import__", "import_module", "modules"}
_READ_BY_STRING = {"globals", "locals", "vars", "__globals__"}
_PLAIN = {int, float, complex, bool, str, bytes, type(None), type(...), types.CodeType}
_WITH_A_NAME = (type, types.FunctionType, types.BuiltinFunctionType, np.ufunc)
_MADE_BY_A_CLASS_STATEMENT = 1 << 9  # the flag Py_TPFLAGS_HEAPTYPE


def outside_help(namespace: dict[str, Any], name: str) -> Iterator[str]:
    """Yield a sentence for whatever a function uses, directly or not, that is not the learner's, NumPy's or Python's.

    Parameters
    ----------
    namespace : dict
        Where the learner's functions are.
    name : str
        The one to look at.
    """
    home = namespace.get("__name__")
    for path, value in reach(namespace, name):
        itself = namespace.get(path) is value
        if type(value) is _Forbidden:
            yield f"{path} uses {value}."
        elif any(value is each for each in _RUN_ANYTHING):
            yield f"{path} {'is' if itself else 'uses'} {value.__name__}."
        elif not _is_allowed(value, home):
            origin = _INNER.split(_origin(value, home))[0]  # where it can be imported from
            what = "" if issubclass(type(value), types.ModuleType) else f"{_name(value)} from "
            yield f"{path} comes from {origin}." if itself else f"{path} uses {what}{origin}."


def reach(namespace: dict[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    """Yield whatever a function can reach, itself first, each with the global name under which it was found.

    What does not belong to the learner, to NumPy or to Python is yielded and not looked into.
    """
    home = namespace.get("__name__")
    todo: list[tuple[str, Any]] = [(name, namespace[name])]
    done: dict[int, Any] = {id(namespace): namespace}  # keeps alive what was seen, so that no id is used twice
    while todo:
        path, value = todo.pop()
        if type(value) in _PLAIN or id(value) in done:
            continue
        done[id(value)] = value
        yield path, value
        if type(value) is not _Forbidden and _is_allowed(value, home):
            todo += _held(path, value, home)


# The parts of a package that nobody imports from: named with an underscore, or rooms of the exercises.
_INNER = re.compile(r"\._|(?<=linclf_helpers\.exercises)\.")


class _Forbidden(str):
    """The name of something that a function imports or looks up by a string."""


def _held(path: str, value: Any, home: object) -> Iterator[tuple[str, Any]]:
    """Yield what an object holds, without running any code of its own."""
    kind = type(value)
    parts: Iterable[Any]
    if kind is types.FunctionType:
        parts = (*(value.__closure__ or ()), *vars(value).values())
        if not _origin(value, home):
            parts = (*parts, value.__defaults__, value.__kwdefaults__)
            yield from _named(path, value)
    elif issubclass(kind, type | types.ModuleType) and _origin(value, home):
        parts = ()
    elif kind is types.BuiltinFunctionType:
        parts = () if isinstance(value.__self__, types.ModuleType) else (value.__self__,)
    elif kind is np.ndarray:
        parts = value.ravel().tolist() if value.dtype.hasobject else ()
    elif kind is weakref.ReferenceType:
        parts = (value(),)
    elif _is_cython(kind):
        parts = ()
    else:
        parts = (kind, *gc.get_referents(value))
    yield from ((path, part) for part in parts if type(part) not in _PLAIN)


def _named(path: str, function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield what a function's code names: globals, imports, and what is kept in the modules among them."""
    space = function.__globals__
    names, words, imports = _words(function.__code__)
    if words & _READ_BY_STRING:
        names = names | words & set(space)
    used = {name: space[name] for name in names if name in space}
    yield from used.items()
    yield from ((path, getattr(builtins, name)) for name in names - set(used) if hasattr(builtins, name))
    yield from ((path, _Forbidden(word)) for word in words & _IMPORTING - names)
    allowed = {module for module in imports if module.split(".")[0] in _ALLOWED - _LOADERS}
    yield from ((path, _Forbidden(module)) for module in imports - allowed)
    modules = [*used.values(), *map(sys.modules.get, allowed)]
    seen = {id(sys)}  # whose attributes are the interpreter's own
    while modules:
        module = modules.pop()
        if (
            id(module) not in seen
            and type(module) is types.ModuleType
            and _origin(module, None).split(".")[0] in _ALLOWED
        ):
            seen.add(id(module))
            kept = [vars(module)[word] for word in words if word in vars(module)]
            modules += kept
            yield from ((path, part) for part in kept)


def _words(code: types.CodeType) -> tuple[set[str], set[str], set[str]]:
    """Return the globals that code reads, all names and strings in it, and the modules it imports."""
    steps = list(dis.get_instructions(code))
    names = {step.argval for step in steps if step.opname in {"LOAD_GLOBAL", "LOAD_NAME"}}
    imports = {step.argval for step in steps if step.opname == "IMPORT_NAME"}
    words = set(code.co_names) | {constant for constant in code.co_consts if type(constant) is str}
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            more = _words(inner)
            names, words, imports = names | more[0], words | more[1], imports | more[2]
    return names, words, imports


def _is_allowed(value: Any, home: object) -> bool:
    """Tell whether an object belongs to the learner, to NumPy or to Python."""
    root = _origin(value, home).split(".")[0]
    if root in _LOADERS:
        return root == "builtins" and not issubclass(type(value), types.ModuleType)
    return root in _ALLOWED or not root


def _origin(value: Any, home: object) -> str:
    """Return the module that an object truly is from, or "" if the learner made it."""
    kind = type(value)
    if issubclass(kind, types.ModuleType):
        module = str(types.ModuleType.__getattribute__(value, "__dict__").get("__name__"))
        real = sys.modules.get(module) is value
    elif issubclass(kind, type):
        module, outer = _module_of(value), type.__getattribute__(value, "__qualname__").split(".")[0]
        written = type.__getattribute__(value, "__flags__") & _MADE_BY_A_CLASS_STATEMENT
        real = not written or outer in _contents(module)
    elif kind is types.FunctionType:
        module = str(value.__globals__.get("__name__"))
        real = _contents(module) is value.__globals__
    elif kind is np.ufunc:  # SciPy has some as well, and none says where it is from
        places = [name for name in list(sys.modules) if _contents(name).get(value.__name__) is value]
        made = [name for name in places if _is_compiled(name)]  # elsewhere it has only been imported
        module, real = min(made or places, default="").partition("._")[0], True
    elif kind is types.BuiltinFunctionType or _is_cython(kind):
        module, real = str(value.__module__ or "builtins"), True
    else:
        return _origin(kind, home)
    return module if real and module not in (home, "__main__") else ""


def _contents(module: str) -> dict[str, Any]:
    found = sys.modules.get(module)
    is_module = issubclass(type(found), types.ModuleType)
    return types.ModuleType.__getattribute__(found, "__dict__") if is_module else {}


def _is_compiled(module: str) -> bool:
    return type(getattr(_contents(module).get("__spec__"), "loader", None)) is ExtensionFileLoader


def _module_of(kind: type) -> str:
    return str(type.__getattribute__(kind, "__module__"))


def _is_cython(kind: type) -> bool:
    return _module_of(kind).startswith("_cython")


def _name(value: Any) -> str:
    return value.__name__ if issubclass(type(value), _WITH_A_NAME) else with_article(type(value).__name__)
