"""Outside help is seen wherever it is kept, own work and Python's own tools are let through, and nothing hangs it."""

import functools
import sys
import time
import types
from typing import Any

import numpy as np
import pytest
import scipy.special

from linclf_helpers.exercises import Capstone, Outcome

PLAIN = "def predict(X, W, b):\n    return (X @ W + b).argmax(axis=1)"


def judged(code: str, name: str = "__main__") -> Outcome:
    """Return what is said about a page on which `s` and `sp` are SciPy's."""
    space: dict[str, Any] = {"np": np, "__name__": name, "s": scipy.special.softmax, "sp": scipy.special}
    exec(code, space)
    return Capstone(space).check("own_work")


# The code, and the sentence it gets. Each ends up with a predict that could call somebody else's code.
HELP = {
    "its name": ("from linclf_helpers.forward import softmax", "softmax comes from linclf_helpers.forward."),
    "an alias": ("predict = s", "predict comes from scipy.special."),
    "a ufunc": (
        "from scipy.special import expit\n\n\ndef predict(X, W, b):\n    return expit(X)",
        "expit comes from scipy.special.",
    ),
    "a ufunc in a list": (
        "from scipy.special import expit\n\nhelp = [expit]\n\n\ndef predict(X, W, b):\n    return help[0](X)",
        "help uses expit from scipy.special.",
    ),
    "a default argument": (
        "import scipy.special\n\n\ndef predict(X, W, b, f=scipy.special.softmax):\n    return f(X)",
        "predict uses softmax from scipy.special.",
    ),
    "a keyword's default": (
        "def predict(X, W, b, *, f=s):\n    return f(X)",
        "predict uses softmax from scipy.special.",
    ),
    "a default in a default": (
        "def predict(X, W, b, f=lambda Z, g=[s]: g):\n    return f(X)",
        "predict uses softmax from scipy.special.",
    ),
    "a closure": (
        "from linclf_helpers import forward\n\n\ndef make(f):\n    def predict(X, W, b):\n        return f(X)\n\n"
        "    return predict\n\n\npredict = make(forward.softmax)",
        "predict uses softmax from linclf_helpers.forward.",
    ),
    "a dict": (
        "import scipy.special\n\nhelp = {'s': scipy.special.softmax}\n\n\ndef predict(X, W, b):\n    return help",
        "help uses softmax from scipy.special.",
    ),
    "a dict's key": (
        "help = {s: 1}\n\n\ndef predict(X, W, b):\n    return list(help)[0](X)",
        "help uses softmax from scipy.special.",
    ),
    "containers in containers": (
        "help = [({'a': {1: [frozenset([s])]}},)]\n\n\n"
        "def predict(X, W, b):\n    return help",
        "help uses softmax from scipy.special.",
    ),
    "a deque, a chain map": (
        "import collections\n"
        "help = collections.ChainMap({}, {'a': collections.deque([s])})\n\n\ndef predict(X, W, b):\n    return help",
        "help uses softmax from scipy.special.",
    ),
    "an array of objects": (
        "help = np.array([s, 1])\n\n\ndef predict(X, W, b):\n    return help",
        "help uses softmax from scipy.special.",
    ),
    "a weak reference": (
        "import weakref\nhelp = weakref.ref(s)\n\n\n"
        "def predict(X, W, b):\n    return help()(X)",
        "help uses softmax from scipy.special.",
    ),
    "a generator": (
        "help = (f for f in [s])\n\n\ndef predict(X, W, b):\n    return help",
        "help uses softmax from scipy.special.",
    ),
    "map": (
        "help = map(s, [1])\n\n\ndef predict(X, W, b):\n    return help",
        "help uses softmax from scipy.special.",
    ),
    "partial": (
        "import functools\npredict = functools.partial(s, axis=1)",
        "predict uses softmax from scipy.special.",
    ),
    "a partial's argument": (
        f"import functools\n{PLAIN}\n\n\npredict = functools.partial(predict, s)",
        "predict uses softmax from scipy.special.",
    ),
    "vectorize": (
        "predict = np.vectorize(s, signature='(k)->(k)')",
        "predict uses softmax from scipy.special.",
    ),
    "frompyfunc": (
        "predict = np.frompyfunc(s, 1, 1)",
        "predict uses softmax from scipy.special.",
    ),
    "a cache": (
        "import functools\npredict = functools.lru_cache(s)",
        "predict uses softmax from scipy.special.",
    ),
    "a decorator": (
        f"import functools\n@functools.wraps(s)\n{PLAIN}",
        "predict uses softmax from scipy.special.",
    ),
    "a wrapper of the library's": (
        "import contextlib\npredict = contextlib.contextmanager(s)",
        "predict uses softmax from scipy.special.",
    ),
    "a function's attribute": (
        f"{PLAIN}\n\n\npredict.help = s",
        "predict uses softmax from scipy.special.",
    ),
    "an object's attribute": (
        "import types\nhelp = types.SimpleNamespace(s=s)\n\n\n"
        "def predict(X, W, b):\n    return help.s(X)",
        "help uses softmax from scipy.special.",
    ),
    "an own object's attribute": (
        "class A:\n    pass\n\n\na = A()\na.s = s\n\n\n"
        "def predict(X, W, b):\n    return a.s(X)",
        "a uses softmax from scipy.special.",
    ),
    "a slot": (
        "class A:\n    __slots__ = ('s',)\n\n\na = A()\na.s = s\n\n\n"
        "def predict(X, W, b):\n    return a.s(X)",
        "a uses softmax from scipy.special.",
    ),
    "a class's attribute": (
        "class A:\n    s = s\n\n\ndef predict(X, W, b):\n    return A.s(X)",
        "A uses softmax from scipy.special.",
    ),
    "a lambda in a class": (
        "class A:\n    s = lambda self, Z: sp.softmax(Z)\n\n\n"
        "def predict(X, W, b):\n    return A().s(X)",
        "sp comes from scipy.special.",
    ),
    "a property": (
        "class A:\n    @property\n    def s(self):\n        return sp.softmax\n\n\n"
        "def predict(X, W, b):\n    return A().s(X)",
        "sp comes from scipy.special.",
    ),
    "a static method": (
        "class A:\n    @staticmethod\n    def s(X):\n        return [sp for _ in ()]\n\n\n"
        "def predict(X, W, b):\n    return A.s(X)",
        "sp comes from scipy.special.",
    ),
    "a static method of theirs": (
        "class A:\n    s = staticmethod(s)\n\n\n"
        "def predict(X, W, b):\n    return A.s(X)",
        "A uses softmax from scipy.special.",
    ),
    "a class method": (
        "class A:\n    @classmethod\n    def s(cls, X):\n        return sp\n\n\n"
        "def predict(X, W, b):\n    return A.s(X)",
        "sp comes from scipy.special.",
    ),
    "a bound method": (
        "class A:\n    def predict(self, X, W, b):\n        return sp.softmax(X)\n\n\n"
        "predict = A().predict",
        "sp comes from scipy.special.",
    ),
    "what a bound method is bound to": (
        "class A:\n    def __init__(self, s):\n        self.s = s\n\n"
        "    def predict(self, X, W, b):\n        return self.s(X)\n\n\npredict = A(s).predict",
        "predict uses softmax from scipy.special.",
    ),
    "a built-in method": (
        "predict = {'s': s}.get",
        "predict uses softmax from scipy.special.",
    ),
    "__call__": (
        "class A:\n    def __call__(self, X, W, b):\n        return sp.softmax(X)\n\n\n"
        "predict = A()",
        "sp comes from scipy.special.",
    ),
    "a base class": (
        "from linclf_helpers.model import LinearClassifier\n\n\nclass A(LinearClassifier):\n    pass\n\n\n"
        "def predict(X, W, b):\n    return A(2, 3)",
        "A uses LinearClassifier from linclf_helpers.model.",
    ),
    "a class under NumPy's name": (
        "class A:\n    __module__ = 'numpy'\n    s = s\n\n\n"
        "def predict(X, W, b):\n    return A.s(X)",
        "A uses softmax from scipy.special.",
    ),
    "a module under NumPy's name": (
        "import types\nhelp = types.ModuleType('numpy')\nhelp.s = s\n\n\n"
        "def predict(X, W, b):\n    return help.s(X)",
        "help uses softmax from scipy.special.",
    ),
    "an object of theirs": (
        "from linclf_helpers.model import LinearClassifier\n\nmodel = LinearClassifier(2, 3)\n\n\n"
        "def predict(*a):\n    return model",
        "model comes from linclf_helpers.model.",
    ),
    "an object of theirs in a list": (
        "from linclf_helpers.model import LinearClassifier\n\nmodels = [LinearClassifier(2, 3)]\n\n\n"
        "def predict(*a):\n    return models",
        "models uses a LinearClassifier from linclf_helpers.model.",
    ),
    "scikit-learn": (
        "from sklearn.linear_model import LogisticRegression\n\n\n"
        "def predict(X, W, b):\n    return LogisticRegression()",
        "LogisticRegression comes from sklearn.linear_model.",
    ),
    "a helper": (
        "import linclf_helpers.forward as f\n\n\ndef predict(*a):\n    return helper()\n\n\n"
        "def helper():\n    return f",
        "f comes from linclf_helpers.forward.",
    ),
    "an import inside": (
        "def predict(X, W, b):\n    import scipy.special\n    return scipy",
        "predict uses scipy.special.",
    ),
    "a from-import inside": (
        "def predict(X, W, b):\n    from scipy.special import softmax\n    return softmax(X)",
        "predict uses scipy.special.",
    ),
    "an import in an inner function": (
        "def predict(X, W, b):\n    def f():\n        import scipy.special as s\n        return s\n\n    return f()",
        "predict uses scipy.special.",
    ),
    "eval": ("def predict(X, W, b):\n    return eval('1')", "predict uses eval."),
    "exec": ("def predict(X, W, b):\n    return (lambda: exec(''))()", "predict uses exec."),
    "eval under another name": ("e = eval\n\n\ndef predict(X, W, b):\n    return e('1')", "e is eval."),
    "__import__": ("def predict(X, W, b):\n    return __import__('scipy')", "predict uses __import__."),
    "__import__ in a dict": (
        "d = [__import__]\n\n\ndef predict(X, W, b):\n    return d[0]('scipy')",
        "d uses __import__.",
    ),
    "importlib": (
        "import importlib\n\n\ndef predict(X, W, b):\n    return importlib.import_module('scipy')",
        "importlib comes from importlib.",
    ),
    "importlib inside": (
        "def predict(X, W, b):\n    from importlib import import_module\n    return import_module('scipy')",
        "predict uses importlib.",
    ),
    "import_module": (
        "from importlib import import_module as i\n\n\ndef predict(X, W, b):\n    return i('scipy')",
        "i is import_module.",
    ),
    "sys.modules": (
        "import sys\n\n\ndef predict(X, W, b):\n    return sys.modules['scipy']",
        "predict uses modules.",
    ),
    "getattr by a string": (
        "import sys\n\n\ndef predict(X, W, b):\n    return getattr(sys, 'modules')['scipy']",
        "predict uses modules.",
    ),
    "builtins": (
        "def predict(X, W, b):\n    import builtins\n    return getattr(builtins, '__imp' + 'ort__')",
        "predict uses builtins.",
    ),
    "globals by a string": (
        "def predict(X, W, b):\n    return globals()['sp'].softmax(X)",
        "sp comes from scipy.special.",
    ),
    "another page's globals": (
        "space = {}\nexec('import scipy.special as sp\\ndef predict(X, W, b):\\n    return sp', space)\n"
        "predict = space['predict']",
        "predict uses sp.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HELP)
def test_help_is_pointed_out(name: str) -> None:
    code, sentence = HELP[name]
    outcome = judged(code)
    assert outcome.kind == "wrong", outcome
    assert sentence in outcome.lines or name == "another page's globals", outcome


@pytest.mark.parametrize("code", ["np.kept = s", "np.linalg.kept = s", "import scipy.special\nnp.kept = scipy"])
def test_help_kept_in_numpy_itself(code: str) -> None:
    where = "np.linalg" if "linalg" in code else "np"
    source = f"from scipy.special import softmax as s\n{code}\n\n\ndef predict(X, W, b):\n    return {where}.kept"
    try:
        outcome = judged(source)
        again = judged(source.replace(f"return {where}", f"import numpy\n    return {where.replace('np', 'numpy')}"))
    finally:
        for module in (np, np.linalg):
            vars(module).pop("kept", None)
    assert (outcome.kind, again.kind) == ("wrong", "wrong")
    assert "scipy" in outcome.lines[0]


OWN = {
    "dataclass": "from dataclasses import dataclass, field\n\n\n@dataclass(order=True)\nclass A:\n    W: np.ndarray\n"
    "    n: list = field(default_factory=list)\n\n\ndef predict(X, W, b):\n    return A(W) == A(b)",
    "frozen dataclass with slots": "from dataclasses import dataclass, replace\n\n\n"
    "@dataclass(frozen=True, slots=True)\nclass A:\n    W: int = 1\n\n\ndef predict(X, W, b):\n    return replace(A())",
    "named tuples": "from collections import namedtuple\nfrom typing import NamedTuple\n\n"
    "P = namedtuple('P', 'x y')\n\n\n"
    "class Q(NamedTuple):\n    x: int\n\n\ndef predict(X, W, b):\n    return P(1, 2)._replace(x=Q(1))",
    "tools": "import math, itertools, functools, operator, statistics, random, time, copy, logging, warnings\n\n\n"
    "def predict(X, W, b):\n    random.seed(0)\n    logging.info('x')\n    warnings.warn('x')\n"
    "    return math.fsum(map(operator.itemgetter(0), itertools.chain(X, functools.reduce(max, W), time.time(),"
    " statistics.mean(copy.deepcopy(b)))))",
    "abc, enum, typing": "import abc, enum\nfrom typing import Generic, Protocol, TypeVar\nT = TypeVar('T')\n\n\n"
    "class E(enum.Enum):\n    A = 1\n\n\nclass B(abc.ABC, Generic[T]):\n    @abc.abstractmethod\n"
    "    def f(self): ...\n\n\n"
    "class C(B[int]):\n    def f(self):\n        return E.A\n\n\ndef predict(X, W, b):\n    return C().f()",
    "NumPy": "from numpy import exp\nimport numpy.linalg as la\nrng = np.random.default_rng(0)\n"
    "old = np.random.RandomState(0)\nf = np.vectorize(lambda x: x)\n"
    "g = np.frompyfunc(lambda x: x, 1, 1)\n\n\nclass Model:\n    rate = 1\n\n"
    "    def fit(self):\n        return exp(la.norm(rng.normal(size=3)))\n\n\ndef predict(X, W, b):\n"
    "    import numpy.random\n    np.random.shuffle(X)\n    with np.errstate(all='ignore'):\n"
    "        return Model().fit() or predict(X, W, b) or np.einsum('nd,dk->nk', X, W) or old.normal()"
    " or f(g(np.add.reduce(X)))",
    "cache, property, partial": "import functools\n\n\nclass A:\n    @functools.cached_property\n    def p(self):\n"
    "        return 1\n\n    @functools.lru_cache\n    def q(self, *a):\n        return 2\n\n    @staticmethod\n"
    "    def r():\n        return 3\n\n\npredict = functools.partial(A().q, 1)",
    "names by string": "state = {}\n\n\ndef predict(X, W, b):\n    return globals().get('state'), vars(), print",
    "printing": "import sys\n\n\ndef predict(X, W, b):\n    print(X, file=sys.stderr)\n    return sys.maxsize",
    "a name that others have too": "from linclf_helpers.forward import softmax as digits\n\n\n"
    "def predict(X, W, b):\n    '''digits'''\n    return X.digits",
    "imports of its own tools": "def predict(X, W, b):\n    import math\n    from collections import Counter\n"
    "    return math.pi, Counter",
    "a recursive function and a method of a list": "cache = []\nkeep = cache.append\n\n\ndef predict(X, W, b):\n"
    "    keep(1)\n    return predict(X, W, b)",
}  # fmt: skip


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("home", ["__main__", "page"])
def test_own_work_is_let_through(name: str, home: str) -> None:
    outcome = judged(OWN[name], home)
    assert outcome.kind == "right", outcome


def test_code_of_the_page_itself() -> None:
    """In a notebook the namespace is that of a real module, `__main__`."""
    page = types.ModuleType("page")
    page.np = np  # type: ignore[attr-defined]
    sys.modules["page"] = page
    try:
        exec("from scipy.special import softmax as s\n\n\n" + PLAIN, vars(page))
        assert Capstone(vars(page)).check("own_work").kind == "right"
        exec("helper = [s]\n\n\ndef predict(X, W, b):\n    return helper", vars(page))
        assert Capstone(vars(page)).check("own_work").kind == "wrong"
    finally:
        del sys.modules["page"]


class Liar:
    """Everything that can be asked of it raises."""

    def _refuse(self, *_: object) -> Any:
        raise RuntimeError("leave me alone")

    __getattribute__ = __eq__ = __len__ = __iter__ = __repr__ = __bool__ = __call__ = __instancecheck__ = _refuse
    __hash__ = object.__hash__


class LyingType(type):
    def __getattribute__(cls, name: str) -> Any:
        raise RuntimeError("leave me alone")


def lied() -> Any:
    class Lied(metaclass=LyingType):
        pass

    return Lied


class Endless:
    """Has every attribute, and each is a new one of its kind."""

    def __getattr__(self, name: str) -> "Endless":
        return Endless()

    def __iter__(self) -> Any:
        while True:
            yield Endless()


def cycle() -> list[Any]:
    first: list[Any] = []
    second = {"first": first, "own": (first,)}
    first += [first, second]
    return first


def deep() -> list[Any]:
    nest: list[Any] = []
    for _ in range(20_000):
        nest = [nest]
    return nest


HOSTILE = {
    "liar": Liar,
    "lying type": lied,
    "object of a lying type": lambda: object.__new__(lied()),
    "endless": Endless,
    "cycle": cycle,
    "deep": deep,
    "huge dict": lambda: dict.fromkeys(range(200_000), 0.5),
    "many lists": lambda: [[n] for n in range(20_000)],
    "an odd module": lambda: types.ModuleType("odd"),
    "a frame": lambda: sys._getframe(0) and (n for n in range(3)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_objects_neither_stop_nor_hang_the_search(name: str) -> None:
    space: dict[str, Any] = {"np": np, "__name__": __name__, "thing": HOSTILE[name](), "Liar": Liar}
    exec("def predict(X, W, b):\n    return thing, helper", space)
    begin = time.perf_counter()
    assert Capstone(space).check("own_work").kind == "right"
    space["helper"] = functools.partial(Capstone)
    outcome = Capstone(space).check("own_work")
    assert time.perf_counter() - begin < 30
    assert "helper uses Capstone from linclf_helpers.exercises." in outcome.lines
