"""Judge notebooks, or print what is said to somebody who makes a mistake on record.

python -m linclf_helpers.exercises                    exercises × mistakes × diagnoses
python -m linclf_helpers.exercises check NOTEBOOK …   the verdict on each exercise of a learner's notebook
"""

import sys

from linclf_helpers.exercises import CAPSTONE_EXERCISES, CLINIC, FUNCTIONS, judge

EXERCISES = (*FUNCTIONS, *CAPSTONE_EXERCISES, *CLINIC)


def table() -> str:
    """Return one line per mistake: its id, what the checker calls it, and the kind of answer."""
    lines = []
    count = wrong = 0
    for exercise in EXERCISES:
        lines.append(f"{exercise.call}: {len(exercise.mistakes)} mistakes")
        for mistake in exercise.mistakes:
            outcome = exercise.check(mistake.code)
            count += 1
            wrong += outcome.mistake != mistake.id
            mark = "✓" if outcome.mistake == mistake.id else "✗"
            lines.append(f"  {mark} {mistake.id:<42} {outcome.kind:<14} {outcome.title}")
    lines.append(f"{len(EXERCISES)} exercises, {count} mistakes, {count - wrong} diagnosed as themselves")
    return "\n".join(lines)


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    if sys.argv[1:2] == ["check"]:
        raise SystemExit(judge.main(sys.argv[2:]))
    if sys.argv[1:]:
        raise SystemExit(__doc__)
    print(table())
