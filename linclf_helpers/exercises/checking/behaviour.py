"""Compare what a learner's function does with the right one, and with every mistake on record."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from linclf_helpers.exercises.checking.compare import close, room, rounding
from linclf_helpers.exercises.checking.observe import (
    Array,
    Function,
    Probe,
    Seen,
    observe,
)
from linclf_helpers.exercises.checking.task import Mistake, Task
from linclf_helpers.exercises.checking.texts import _float

Law = Callable[..., str]


@dataclass(eq=False, repr=False)
class Behaviour(Task):
    """A function that is asked for, and how another one is compared with it; `Exercise` describes the attributes."""

    reference: Function
    formula: str
    stages: Sequence[Sequence[Probe]]
    outputs: tuple[str, ...]
    laws: tuple[Law, ...] = ()
    rtol: float = 1e-9
    atol: float = 0.0
    likeness: float = 0.0
    mistakes: list[Mistake] = field(default_factory=list, init=False)
    _cache: dict[tuple[Function, int], Seen] = field(default_factory=dict, init=False)
    _noise: dict[tuple[Function, int], list[Array]] = field(default_factory=dict, init=False)

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the arguments."""
        return tuple(inspect.signature(self.reference).parameters)

    @property
    def function(self) -> str:
        """The name that the function should have."""
        return self.name

    @property
    def call(self) -> str:
        """How the function is called, for example `softmax(Z)`."""
        return f"{self.function}({', '.join(self.arguments)})"

    def mistake(
        self, name: str, code: Function, title: str, question: str, why: str, variants: Sequence[Function] = ()
    ) -> None:
        """Put a mistake on record."""
        self.mistakes.append(Mistake(f"{self.name}.{name}", code, title, question, why, tuple(variants)))

    # Comparing

    def _observe(self, code: Function, probe: Probe, names: tuple[str, ...] = ()) -> Seen:
        return observe(code, probe, names or self.arguments, len(self.outputs))

    def _expected(self, probe: Probe) -> tuple[Array, ...]:
        values = self._of(self.reference, probe).values
        assert values is not None
        return values

    def _of(self, code: Function, probe: Probe) -> Seen:
        """Return what one of our own functions does on a probe; it is called once."""
        key = (code, id(probe))
        if key not in self._cache:
            self._cache[key] = self._observe(code, probe)
        return self._cache[key]

    def _confirmed(self, count: int) -> str:
        sizes = f"{count} inputs, each twice" + (
            "" if len(self.stages) == 1 else ", ordinary and extreme ones among them"
        )
        return f"It agrees with {self.formula} on {sizes}."

    def _agrees(self, values: tuple[Array, ...], code: Function, probe: Probe, rtol: float, atol: float) -> list[Array]:
        """Return where values agree with those of our own `code`; the shapes are the same."""
        ours = self._of(code, probe).values
        assert ours is not None
        agree = [close(_float(mine), _float(own), rtol, atol) for mine, own in zip(values, ours, strict=True)]
        near = [
            close(_float(m), _float(own), rtol, atol + room(_float(own))) for m, own in zip(values, ours, strict=True)
        ]
        if all(part.all() for part in agree) or not all(part.all() for part in near):
            return agree
        key = (code, id(probe))
        if key not in self._noise:
            self._noise[key] = rounding(lambda probe: self._floats(code, probe), probe)
        return [
            close(_float(mine), _float(own), rtol, atol + noise)
            for mine, own, noise in zip(values, ours, self._noise[key], strict=True)
        ]

    def _is_like(self, values: tuple[Array, ...], code: Function, probe: Probe) -> bool:
        ours = self._of(code, probe).values
        if ours is None or [v.shape for v in ours] != [v.shape for v in values]:
            return False
        if [v.any() for v in ours] != [v.any() for v in values]:  # nothing but zeros is like nothing else
            return False
        return all(part.all() for part in self._agrees(values, code, probe, 1e-9, max(self.likeness, self.atol)))

    def _floats(self, code: Function, probe: Probe) -> tuple[Array, ...] | None:
        values = self._observe(code, probe).values
        return None if values is None else tuple(map(_float, values))

    def _right_entries(self, probe: Probe, values: tuple[Array, ...]) -> list[Array]:
        rtol = self.rtol if probe.rtol is None else probe.rtol
        atol = self.atol if probe.atol is None else probe.atol
        return self._agrees(values, self.reference, probe, rtol, atol)

    def _has_right_shapes(self, probe: Probe, seen: Seen) -> bool:
        return seen.values is not None and [v.shape for v in seen.values] == [v.shape for v in self._expected(probe)]

    def _has_right_values(self, probe: Probe, seen: Seen) -> bool:
        if seen.values is None or not self._has_right_shapes(probe, seen):
            return False
        return all(entries.all() for entries in self._right_entries(probe, seen.values))

    def _is_right(self, probe: Probe, seen: Seen) -> bool:
        if probe.may_raise and seen.error is not None:
            return True
        return self._has_right_values(probe, seen) and not seen.changed and not seen.listed

    def _recognise(self, probes: list[Probe], seen: list[Seen], wrong: list[int]) -> Mistake | None:
        """Return the one mistake that behaves as was seen on every probe, or None if none or several do."""
        found = [
            mistake
            for mistake in self.mistakes
            if any(self._behaves(code, probes, seen, wrong) for code in (mistake.code, *mistake.variants))
        ]
        return found[0] if len(found) == 1 else None

    def _behaves(self, code: Function, probes: list[Probe], seen: list[Seen], wrong: list[int]) -> bool:
        """Tell whether `code` does what was seen: the same numbers, and if these are right the same damage.

        An error is matched with an error of the same kind, but it is no evidence by itself.
        """
        evidence = False
        for n in sorted(range(len(probes)), key=lambda n: n not in wrong):  # where most differ comes first
            probe, theirs = probes[n], seen[n]
            ours = self._of(code, probe)
            if ours.values is None or theirs.values is None:
                if ours.values is not theirs.values or type(ours.error) is not type(theirs.error):
                    return False
            elif not self._is_like(theirs.values, code, probe):
                return False
            elif self._has_right_values(probe, theirs):
                if ours.changed != theirs.changed:
                    return False
                evidence = evidence or bool(ours.changed)
            else:
                evidence = evidence or n in wrong
        return evidence
