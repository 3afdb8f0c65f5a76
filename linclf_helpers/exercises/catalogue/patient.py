"""What the patients of the bug clinic have in common."""

from collections.abc import Sequence
from dataclasses import replace

from linclf_helpers.exercises.checking.exercise import Exercise
from linclf_helpers.exercises.checking.observe import Probe
from linclf_helpers.exercises.checking.probes import (
    SEVEN,
    SIX,
    SIZES,
    batch,
)

_STILL_SICK = "it still behaves like the patient."
_LOOK_AGAIN = "On which input does it differ from what the formula says? Which law of the course does it break there?"
_LEAST = batch(20, D=1, K=2, labels=[1])
_TWELVE = batch(21, D=12, K=3, labels=[0, 2, 0, 0, 1])
_TINY = replace(SEVEN, X=SEVEN.X / 1e14)
_HUGE = replace(SEVEN, X=SEVEN.X * 1e8, W=SEVEN.W / 1e8)
_EXTREMES = (
    *SIZES,
    (_LEAST, "one example with one feature"),
    (_TWELVE, "twelve features"),
    (_TINY, "tiny features"),
    (_HUGE, "huge features and tiny weights"),
    (replace(SIX, X=SIX.X / 1e8, W=SIX.W * 1e8), "tiny features and huge weights"),
    (replace(SIX, W=SIX.W * 1000), "scores far apart"),
)


class _Patient(Exercise):
    """A function to repair: patient_1 becomes repaired_1."""

    @property
    def function(self) -> str:
        """The name that the notebook gives to the repaired function."""
        return self.name.replace("patient", "repaired")


def _patient(name: str, source: Exercise, sick: str, extremes: Sequence[Probe], hints: tuple[str, ...]) -> Exercise:
    """Return an exercise like an earlier one, in which one of its mistakes is the patient's own."""
    exercise = _Patient(
        name,
        hints,
        source.reference,
        source.formula,
        (*source.stages, extremes),
        source.outputs,
        source.laws,
        source.rtol,
        source.atol,
    )
    for mistake in source.mistakes:
        own = mistake.id.partition(".")[2]
        if own == sick:
            exercise.mistake("still_sick", mistake.code, _STILL_SICK, _LOOK_AGAIN, hints[0], mistake.variants)
        else:
            exercise.mistake(own, mistake.code, mistake.title, mistake.question, mistake.why, mistake.variants)
    return exercise
