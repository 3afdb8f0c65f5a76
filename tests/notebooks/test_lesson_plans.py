"""The teacher's page: its times sum, what it names is there, its numbers and answers are true, its drawings right.

Each guard takes the page's text and returns its faults, one sentence each; below, one thing is spoilt at a time, and
the guard that watches it must name it.
"""

import copy
import functools
import itertools
import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from linclf_helpers import exercises
from linclf_helpers.exercises import Choice, Paper
from linclf_helpers.plots import INK, MUTED, PALETTE

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
PAGE = (FOLDER / "TEACHING.md").read_text(encoding="utf-8")
NOTEBOOKS = {path.name[:2]: path for path in sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))}
LABELS = ["Aim", "Plan", "Board", "Ask", "Where classes get stuck", "Exercises", "Adapt"]
MAX_LINES = 90
HOSTS = [
    "community.deeplearning.ai",
    "cs231n.github.io",
    "forums.fast.ai",
    "github.com",
    "math.stackexchange.com",
    "scikit-learn.org",
    "stackoverflow.com",
    "stats.stackexchange.com",
]
SVG = "{http://www.w3.org/2000/svg}"

Guard = Callable[[str], list[str]]


# The notebooks


@functools.cache
def cells(number: str) -> Any:
    """Return a notebook's cells."""
    return json.loads(NOTEBOOKS[number].read_text(encoding="utf-8"))["cells"]


def sources(number: str, kind: str) -> list[str]:
    """Return the sources of a notebook's code or Markdown cells."""
    return ["".join(cell["source"]) for cell in cells(number) if cell["cell_type"] == kind]


@functools.cache
def names(number: str) -> tuple[str, ...]:
    """Return a notebook's headings and the bold words that open its paragraphs, in their order."""
    found = []
    for source in sources(number, "markdown"):
        found += re.findall(r"(?m)^(?:#+ (.+?)|\*\*(.+?)[.,:]?\*\*.*)$", source)
    return tuple(heading or bold for heading, bold in found)


@functools.cache
def tasks(number: str) -> frozenset[str]:
    """Return the names of a notebook's exercises, stages of the capstone and patients."""
    code = "\n".join(sources(number, "code"))
    return frozenset(
        itertools.chain(
            re.findall(r"exercises\.(\w+)\.check", code),
            re.findall(r'capstone\.check\("(\w+)"\)', code),
            re.findall(r"(patient_\d)\.check", code),
        )
    )


@functools.cache
def numbers(number: str) -> tuple[frozenset[str], tuple[tuple[float, int], ...]]:
    """Return all numbers in a notebook's cells and printed outputs: as written, and with their decimals."""
    shown = sources(number, "markdown") + sources(number, "code")
    for output in (o for cell in cells(number) for o in cell.get("outputs", [])):
        shown += output.get("text", []) + output.get("data", {}).get("text/plain", [])
    written = frozenset(re.findall(r"\d+(?:\.\d+)?", re.sub(r"(?<=\d),(?=\d{3})", "", "\n".join(shown))))
    return written, tuple((float(w), len(w.partition(".")[2])) for w in written)


def unknown_numbers(text: str, allowed: tuple[str, ...], least: int = 3) -> list[str]:
    """Return the decimals, percentages and whole numbers of `least` digits that no notebook of `allowed` shows."""
    text = re.sub(r"\]\([^)]*\)|\(answer `[^`]*`\)", "", text)
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    found = re.findall(rf"(?<![\w.,:/])(\d+\.\d+|\d+(?= %)|\d{{{least},}})(?![\w:/])", text)

    def known(written: str) -> bool:
        decimals = len(written.partition(".")[2])
        return any(
            written in numbers(n)[0]
            or (decimals and any(d > decimals and f"{v:.{decimals}f}" == written for v, d in numbers(n)[1]))
            for n in allowed
        )

    return [written for written in found if not known(written)]


# The page


def parts(page: str) -> dict[str, str]:
    """Return the text of each notebook's part by its number."""
    found = re.findall(r"(?ms)^## (\d\d) [^\n]+\n(.*?)(?=^## |\Z)", page)
    return dict(found)


def section(page: str, heading: str) -> str:
    """Return what stands under a heading, down to the next one."""
    return re.search(rf"(?ms)^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", page + "\n")[1]  # type: ignore[index]


def labelled(part: str, label: str) -> str:
    """Return what stands behind a label of a part, down to the next label."""
    others = "|".join(map(re.escape, LABELS))
    found = re.search(rf"(?ms)^\*\*{re.escape(label)}\.\*\*(.*?)(?=^\*\*(?:{others})\.\*\*|\Z)", part)
    return found[1] if found else ""


def rows(text: str) -> list[list[str]]:
    """Return the cells of a table's rows, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def span(cell: str) -> tuple[int, int]:
    """Return the minutes of "4–11", or of "09:10–09:40"."""
    first, last = (
        int(hours or 0) * 60 + int(minutes) for hours, minutes in re.findall(r"(?:(\d\d):)?(\d+)(?=–|$)", cell)
    )
    return first, last


def gaps(spans: list[tuple[int, int]], end: int, start: int = 0) -> list[str]:
    """Return what keeps time spans from filling the minutes from start to end without a hole."""
    faults = []
    at = start
    for first, last in spans:
        if first != at:
            faults.append(f"{first}–{last} follows {at}")
        if last <= first:
            faults.append(f"{first}–{last} takes no time")
        at = last
    return faults if at == end else [*faults, f"ends at {at}, not {end}"]


def questions(part: str) -> list[tuple[str, list[str]]]:
    """Return each question of a part with its answers."""
    found = re.split(r"(?m)^\d\. ", labelled(part, "Ask"))[1:]
    return [(q.split("\n")[0], re.findall(r"(?m)^   - (.+)$", q)) for q in found]


# The guards


def has_every_part(page: str) -> list[str]:
    """One part for each notebook, in order, each with all labels in the same order, none too long."""
    faults = [] if list(parts(page)) == list(NOTEBOOKS) else [f"parts {list(parts(page))}"]
    for number, part in parts(page).items():
        labels = re.findall(rf"(?m)^\*\*({'|'.join(LABELS)})\.\*\*", part)
        faults += [] if labels == LABELS else [f"{number}: labels {labels}"]
        faults += [f"{number}: nothing under {label}" for label in LABELS if not labelled(part, label).strip()]
        faults += [] if part.count("\n") <= MAX_LINES else [f"{number}: longer than {MAX_LINES} lines"]
        if f"({NOTEBOOKS.get(number, Path()).name})" not in part:
            faults.append(f"{number}: no link to its notebook")
    return faults


def plans_fill_their_minutes(page: str) -> list[str]:
    """Each lesson fills 50 minutes, and what is kept of it 30."""
    faults = []
    for number, part in parts(page).items():
        table = rows(labelled(part, "Plan"))
        faults += [f"{number}, 50 minutes: {gap}" for gap in gaps([span(row[0]) for row in table], 50)]
        kept = [(span(row[0]), span(row[1])) for row in table if row[1] != "–"]
        faults += [f"{number}, 30 minutes: {gap}" for gap in gaps([short for _, short in kept], 30)]
        longer = [short for long, short in kept if short[1] - short[0] > long[1] - long[0]]
        faults += [f"{number}: {short} is longer than in 50 minutes" for short in longer]
        faults += [f"{number}: nobody does anything in {row[0]}" for row in table if not row[3]]
    return faults


def ten_lessons_add_up(page: str) -> list[str]:
    """Ten lessons of 50 minutes, with every notebook in one of them or at home."""
    text = section(page, "Ten lessons")
    table = rows(text)
    faults = [] if [row[0] for row in table] == [str(n) for n in range(1, 11)] else ["not the lessons 1 to 10"]
    total = sum(int(row[2]) for row in table)
    faults += [] if f"Together {total} minutes" in text else [f"the lessons take {total} minutes"]
    faults += [f"lesson {row[0]} takes {row[2]} minutes" for row in table if row[2] != "50"]
    taught = re.findall(r"\[(\d\d)\]", "".join(row[1] for row in table))
    home = re.findall(r"\b\d\d\b", "".join(row[4] for row in table))
    missing = set(NOTEBOOKS) - set(taught) - set(home)
    faults += [f"notebook {number} is in no lesson" for number in sorted(missing)]
    return faults + ([] if len(set(taught)) == len(table) else ["a notebook is taught twice"])


def two_days_add_up(page: str) -> list[str]:
    """Both days run without a hole, take what they say, and have every notebook."""
    text = section(page, "Two days")
    table = rows(text)
    total = int(re.search(r"Together (\d+) minutes a day", text)[1])  # type: ignore[index]
    faults = []
    for day in ("1", "2"):
        of_day = [row for row in table if row[0] == day]
        start = 9 * 60
        faults += [f"day {day}: {gap}" for gap in gaps([span(row[1]) for row in of_day], start + total, start)]
        faults += [f"day {day}: {r[1]} is not {r[2]}" for r in of_day if span(r[1])[1] - span(r[1])[0] != int(r[2])]
    short = [row for row in table if "30-minute plan" in row[3]]
    full = [row for row in table if re.fullmatch(r"\[\d\d\]\(#[^)]+\)", row[3])]
    faults += [f"{row[1]} is not 30 minutes" for row in short if row[2] != "30"]
    faults += [f"{row[1]} is not 50 minutes" for row in full if row[2] != "50"]
    taught = re.findall(r"\[(\d\d)\]", "".join(row[3] for row in table))
    return faults + ([] if taught == list(NOTEBOOKS) else [f"the days teach {taught}"])


def the_lecture_adds_up(page: str) -> list[str]:
    """The lecture takes 90 minutes without a hole."""
    text = section(page, "One lecture")
    faults = gaps([span(row[0]) for row in rows(text)], 90)
    return faults if "Together 90 minutes" in text else [*faults, "the lecture does not say 90 minutes"]


def quoted(page: str) -> Iterator[tuple[str, str, str]]:
    """Yield notebook, name and ordinal ("1st", or nothing) of everything that the page sends a teacher to."""
    bold = r"\*\*(?!`)([^*]+?)\*\*(?: \((\d)(?:st|nd|rd)\))?"
    for number, part in parts(page).items():
        text = re.sub(rf"(?m)^\*\*(?:{'|'.join(LABELS)})\.\*\*|^ +- \*\*.+?\*\*|^- \*\*[\w ]+:\*\*", "", part)
        yield from ((number, *found) for found in re.findall(bold, text))
    for row in rows(section(page, "One lecture")):
        yield from ((row[1][:2], *found) for found in re.findall(bold, row[1]))
    for row in rows(section(page, "Ten lessons")):
        yield from ((row[1][1:3], *found) for found in re.findall(bold, row[4]))


def names_what_is_there(page: str) -> list[str]:
    """Every heading that is quoted is in its notebook, and told apart from others of the same name."""
    faults = []
    for number, name, ordinal in quoted(page):
        count = names(number).count(name) if number in NOTEBOOKS else 0
        if count == 0:
            faults.append(f"{number} has no “{name}”")
        elif (count > 1) != bool(ordinal):
            faults.append(f"{number} has {count} of “{name}”")
        elif ordinal and int(ordinal) > count:
            faults.append(f"{number} has no {ordinal}. “{name}”")
    return faults


def explorers_are_there(page: str) -> list[str]:
    """An explorer that is named is in that notebook, and each notebook's explorer is named in its part."""
    texts = [(number, part, True) for number, part in parts(page).items()]
    texts += [(row[1][:2], row[1], False) for row in rows(section(page, "One lecture"))]
    faults = []
    for number, text, all_of_them in texts:
        there = set(re.findall(r"(?m)^(?:explorer = )?(\w+Explorer)\(", "\n".join(sources(number, "code"))))
        named = set(re.findall(r"`(\w+Explorer)`", text))
        faults += [f"{number} has no {name}" for name in sorted(named - there)]
        faults += [f"{number}: {name} is not used" for name in sorted(there - named) if all_of_them]
    return faults


def assigns_every_exercise(page: str) -> list[str]:
    """Every exercise of a notebook is for class, for home or optional, and in one list only."""
    faults = []
    for number, part in parts(page).items():
        lists = re.findall(r"(?m)^- \*\*(In class|At home|Optional):\*\*(.*)$", labelled(part, "Exercises"))
        text = re.sub(r"\(answer `[^`]*`\)", "", " ".join(line for _, line in lists))
        given = re.findall(r"`([^`]+)`", text)
        faults += [f"{number} has no exercise {name}" for name in given if name not in tasks(number)]
        faults += [f"{number}: {name} is in no list" for name in sorted(tasks(number) - set(given))]
        faults += [f"{number}: {name} is in two lists" for name in sorted(set(given)) if given.count(name) > 1]
        if tasks(number) and [kind for kind, _ in lists][:2] != ["In class", "At home"]:
            faults.append(f"{number}: not said what is for class and what for home")
        used = set(re.findall(r"`(\w+)`", labelled(part, "Plan"))) & set(exercises.__all__)
        faults += [f"{number} has no {name} to work on" for name in sorted(used - set(given))]
    return faults


def gives_right_answers(page: str) -> list[str]:
    """The answers given for exercises on paper and for questions are those that the exercises accept."""
    faults = []
    for number, part in parts(page).items():
        given = dict(re.findall(r"`(\w+)` \(answer `([^`]+)`\)", labelled(part, "Exercises")))
        for name in sorted(tasks(number)):
            exercise = copy.deepcopy(getattr(exercises, name, None))
            if not isinstance(exercise, Paper | Choice):
                continue
            if name not in given:
                faults.append(f"{number}: no answer to {name}")
            elif exercise.check(eval(given[name], {"__builtins__": {}})).kind != "right":
                faults.append(f"{number}: {given[name]} does not answer {name}")
        faults += [f"{number}: {name} needs no answer" for name in given if name not in tasks(number)]
    return faults


def quotes_true_numbers(page: str) -> list[str]:
    """Every decimal, percentage and long number stands in the notebook, as its output or in its text."""
    faults = []
    for number, part in parts(page).items():
        table = [" ".join(row[2:]) for row in rows(labelled(part, "Plan"))]
        text = "\n".join([line for line in part.splitlines() if not line.startswith("|")] + table)
        faults += [f"{number} does not show {written}" for written in unknown_numbers(text, (number,))]
    course = "\n".join(section(page, heading) for heading in ("Ten lessons", "Two days", "One lecture"))
    return faults + [f"nobody shows {written}" for written in unknown_numbers(course, tuple(NOTEBOOKS), least=4)]


def asks_three_questions(page: str) -> list[str]:
    """Three questions a part, each with its right answer first and a wrong one, and a place where one was seen."""
    faults = []
    for number, part in parts(page).items():
        asked = questions(part)
        faults += [] if len(asked) == 3 else [f"{number} asks {len(asked)} questions"]
        for at, (question, answers) in enumerate(asked, start=1):
            wrong = answers[1:]
            if not re.fullmatch(r"\*.+\*", question):
                faults.append(f"{number}, question {at} is not set as one")
            if not (answers and answers[0].startswith("**") and wrong and all(a.startswith('"') for a in wrong)):
                faults.append(f"{number}, question {at} does not have the right answer first and wrong ones after it")
            if not any("](https://" in answer for answer in wrong):
                faults.append(f"{number}, question {at}: nobody was seen to give a wrong answer")
        used = re.findall(r"[Qq]uestion (\d)", labelled(part, "Plan"))
        faults += [f"{number}: question {n} has no place in the plan" for n in "123" if n not in used]
    return faults


def slug(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def links_lead_somewhere(page: str) -> list[str]:
    """Every link leads to a file or a heading; those of the parts may also lead to where mistakes were seen.

    GitHub puts a heading's anchor in lower case, JupyterLab does not: so no heading that is linked to has capitals.
    """
    headings = re.findall(r"(?m)^#+ (.+)$", page)
    anchors, in_jupyterlab = [slug(h) for h in headings], {h.replace(" ", "-") for h in headings}
    hosts = re.findall(r"\]\(https?://([^/)]+)", "".join(parts(page).values()))
    faults = [f"{host}: an unknown host" for host in sorted(set(hosts) - set(HOSTS))]
    for target in re.findall(r"\]\(([^)\s]+)\)", page):
        if target.startswith("#"):
            faults += [] if anchors.count(target[1:]) == 1 else [f"{target}: not one heading"]
            faults += [] if target[1:] in in_jupyterlab else [f"{target}: leads nowhere in JupyterLab"]
        elif not target.startswith("https://") and not (FOLDER / target).is_file():
            faults.append(f"{target}: no such file")
    return faults


def shows_each_board(page: str) -> list[str]:
    """Each part shows its own drawing, says in words what is on it, and the drawing is in order."""
    faults = []
    for number, part in parts(page).items():
        shown = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", labelled(part, "Board"))
        if [path for _, path in shown] != [f"board/{number}.svg"]:
            faults.append(f"{number}: shows {[path for _, path in shown]}")
        faults += [f"{number}: says too little about its drawing" for alt, _ in shown if len(alt) < 60]
        path = FOLDER / "board" / f"{number}.svg"
        if path.is_file():
            faults += [f"{number}: {fault}" for fault in drawing_faults(path.read_text(encoding="utf-8"), number)]
    return faults


def drawing_faults(text: str, number: str) -> list[str]:
    """A drawing is small, plain and described, on white, in the course's colours, and its numbers are true."""
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        return [f"no XML: {error}"]
    faults = [] if len(text) < 8000 else ["too large"]
    faults += [f"no {tag}" for tag in ("title", "desc") if not (root.findtext(SVG + tag) or "").strip()]
    _, _, width, height = (float(v) for v in root.get("viewBox", "0 0 0 0").split())
    ground = root.find(SVG + "rect")
    if ground is None or (ground.get("width"), ground.get("fill")) != (f"{width:g}", "#FFFFFF"):
        faults.append("not on white")
    used = set(re.findall(r'"(#\w+)"', text))
    faults += [f"the colour {c} is not the course's" for c in sorted(used - {*PALETTE.values(), INK, MUTED, "#FFFFFF"})]
    for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", text) + re.findall(r'<text x="([\d.-]+)" y="([\d.-]+)"', text):
        if not (0 <= float(x) <= width and 0 <= float(y) <= height):
            faults.append(f"({x}, {y}) is off the board")
    words = " ; ".join(t.text or "" for t in root.iter(SVG + "text"))
    return faults + [f"the notebook does not show {w}" for w in unknown_numbers(words, (number,))]


GUARDS: list[Guard] = [
    has_every_part,
    plans_fill_their_minutes,
    ten_lessons_add_up,
    two_days_add_up,
    the_lecture_adds_up,
    names_what_is_there,
    explorers_are_there,
    assigns_every_exercise,
    gives_right_answers,
    quotes_true_numbers,
    asks_three_questions,
    links_lead_somewhere,
    shows_each_board,
]


@pytest.mark.parametrize("guard", GUARDS)
def test_the_page_is_in_order(guard: Guard) -> None:
    assert guard(PAGE) == []


ALT = "".join(re.findall(r"!\[(.*)\]\(board/09", PAGE))
# The guards can fail: what is looked for, what is put in its place, and a part of the fault that must be named.
TAMPERINGS: list[tuple[Guard, str, str, str]] = [
    (has_every_part, "## 07 choose", "## Choose", "parts"),
    (has_every_part, "**Board.** Draw the stairs", "Draw the stairs", "09: labels"),
    (has_every_part, "(03_loss_derivative.ipynb)", "(02_chain_rule.ipynb)", "03: no link"),
    (has_every_part, "**Adapt.**\n", "**Adapt.**\n" + "\n" * 60, "longer than"),
    (plans_fill_their_minutes, "| 5–14 | 4–11 |", "| 5–13 | 4–11 |", "03, 50 minutes: 14–18 follows 13"),
    (plans_fill_their_minutes, "| 49–50 | 29–30 |", "| 49–51 | 29–30 |", "ends at 51"),
    (plans_fill_their_minutes, "| 5–14 | 4–11 |", "| 5–14 | – |", "03, 30 minutes: 11–13 follows 4"),
    (plans_fill_their_minutes, "| 43–49 | 24–29 |", "| 43–49 | 24–24 |", "takes no time"),
    (plans_fill_their_minutes, "| 0–4 | 0–3 | **Look at", "| 0–2 | 0–3 | **Look at", "is longer than in 50"),
    (plans_fill_their_minutes, "| Find the 0 among the numbers |", "| |", "nobody does anything"),
    (ten_lessons_add_up, "Together 500 minutes", "Together 450 minutes", "take 500"),
    (ten_lessons_add_up, "| 9 | [08](#08-read-handwritten-digits) | 50", "| 9 | [07](#07) | 50", "08 is in no"),
    (ten_lessons_add_up, "| 3 | [02](#02-follow-a-weight-to-the-loss) | 50", "| 3 | [02](#02) | 40", "takes 40"),
    (two_days_add_up, "| 1 | 09:40–10:30 | 50 |", "| 1 | 09:40–10:20 | 50 |", "follows"),
    (two_days_add_up, "| 2 | 10:50–11:10 | 20 |", "| 2 | 10:50–11:10 | 25 |", "is not 25"),
    (two_days_add_up, "Together 420 minutes a day", "Together 400 minutes a day", "ends at 960, not 940"),
    (two_days_add_up, "| [09](#09-build-your-own) |", "| break |", "the days teach"),
    (the_lecture_adds_up, "| 43–50 | 03", "| 44–50 | 03", "44–50 follows 43"),
    (the_lecture_adds_up, "| 88–90 |", "| 88–95 |", "ends at 95"),
    (names_what_is_there, "**The same rate, harmless**", "**The same rate**", "07 has no “The same rate”"),
    (names_what_is_there, "| 03 **Predict** (1st)", "| 03 **Predict**", "03 has 2 of “Predict”"),
    (names_what_is_there, "**Predict** (2nd) | Vote: penguin 1", "**Predict** (3rd) | Vote: penguin 1", "no 3."),
    (names_what_is_there, "read **Notation**", "read **Notations**", "00 has no “Notations”"),
    (explorers_are_there, "`LinearLayerExplorer`", "`JacobianExplorer`", "05 has no JacobianExplorer"),
    (explorers_are_there, "`LinearLayerExplorer`", "the explorer", "LinearLayerExplorer is not used"),
    (explorers_are_there, "**Move it yourself** with `SoftmaxExplorer` | Vote", "`DigitsExplorer` | Vote", "01 has no"),
    (assigns_every_exercise, "**At home:** `dL_dYhat`, `num", "**At home:** `dL_dY`, `num", "no exercise dL_dY"),
    (assigns_every_exercise, "`dL_dYhat`, `num", "`num", "03: dL_dYhat is in no list"),
    (assigns_every_exercise, "- **Optional:** `l2_gradients`.", "- **Optional:** `accuracy`.", "accuracy is in two"),
    (assigns_every_exercise, "- **At home:** `dz_dW`", "- At home: `dz_dW`", "05: not said what is for class"),
    (assigns_every_exercise, "Alone: `slope_on_paper`", "Alone: `outer_on_paper`", "no outer_on_paper to work on"),
    (gives_right_answers, "`[1/8, 2/8, 5/8]`", "`[1, 2, 5]`", "does not answer softmax_on_paper"),
    (gives_right_answers, '`why_bias` (answer `"b"`)', '`why_bias` (answer `"a"`)', '"a" does not answer why_bias'),
    (gives_right_answers, ' (answer `"b"`).\n- **Optional:** `l2', ".\n- **Optional:** `l2", "no answer to why_loss"),
    (quotes_true_numbers, "beats the 0.7464", "beats the 0.7465", "00 does not show 0.7465"),
    (quotes_true_numbers, "96.8 % right", "97 % right", "06 does not show 97"),
    (quotes_true_numbers, "78500 against", "78400 against", "02 does not show 78400"),
    (quotes_true_numbers, "Is 91 % good?", "Is 91.7 % good?", "nobody shows 91.7"),
    (asks_three_questions, "3. *Training starts", "*Training starts", "09 asks 2 questions"),
    (asks_three_questions, "   - **Subtract.** The", "   - Subtract. The", "00, question 1 does not have"),
    (asks_three_questions, "[seen](https://github.com/udacity/sdc-issue-reports/issues/1326)", "", "07, question 3"),
    (asks_three_questions, "Question 3 before S is named", "", "04: question 3 has no place"),
    (links_lead_somewhere, "](#a-link-for-the-class)", "](#a-link)", "#a-link: not one heading"),
    (links_lead_somewhere, "## a link for", "## A link for", "#a-link-for-the-class: leads nowhere in JupyterLab"),
    (links_lead_somewhere, "(solutions/09_build", "(solution/09_build", "no such file"),
    (links_lead_somewhere, "https://forums.fast.ai/", "https://forums.example/", "an unknown host"),
    (shows_each_board, "(board/05.svg)", "(board/04.svg)", "05: shows ['board/04.svg']"),
    (shows_each_board, ALT, "Five stairs", "09: says too little"),
]


@pytest.mark.parametrize(("guard", "old", "new", "fault"), TAMPERINGS)
def test_guard_refuses(guard: Guard, old: str, new: str, fault: str) -> None:
    assert old in PAGE
    faults = guard(PAGE.replace(old, new))
    assert any(fault in found for found in faults), faults


def test_every_guard_is_known_to_bite() -> None:
    assert {guard for guard, *_ in TAMPERINGS} == set(GUARDS)


# The drawings


def drawing(number: str) -> str:
    return (FOLDER / "board" / f"{number}.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("number", "old", "new", "fault"),
    [
        ("03", "</svg>", "", "no XML"),
        ("03", "<title", "<!-- ", "no XML"),
        ("03", "Height and slope of −log p", "", "no title"),
        ("03", 'fill="#FFFFFF"', 'fill="#000000"', "not on white"),
        ("03", PALETTE["loss"], "#FF0000", "#FF0000 is not the course's"),
        ("03", "height 0.69", "height 0.96", "does not show 0.96"),
        ("03", 'd="M', 'd="M9', "is off the board"),
        ("03", "</svg>", f"<!-- {'o' * 9000} --></svg>", "too large"),
        ("08", "ours 90.9", "ours 91.9", "does not show 91.9"),
    ],
)
def test_a_spoilt_drawing_is_refused(number: str, old: str, new: str, fault: str) -> None:
    text = drawing(number)
    assert old in text
    assert drawing_faults(text, number) == []
    faults = drawing_faults(text.replace(old, new), number)
    assert any(fault in found for found in faults), faults


def circles(number: str) -> list[tuple[float, float]]:
    """Return the centres of all circles."""
    return [
        (float(c.get("cx", "")), float(c.get("cy", ""))) for c in ET.fromstring(drawing(number)).iter(SVG + "circle")
    ]


def strokes(number: str, width: float) -> list[list[tuple[float, float]]]:
    """Return the points of each path of this width."""
    paths = [p for p in ET.fromstring(drawing(number)).iter(SVG + "path") if float(p.get("stroke-width", 0)) == width]
    return [[(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", p.get("d", ""))] for p in paths]


def test_the_descents_on_the_board_are_gradient_descent() -> None:
    ways = [list(way) for _, way in itertools.groupby(circles("07"), key=lambda point: int(point[0] // 213))]
    bottoms = [110, 320, 530]
    factors = []
    for way, bottom in zip(ways, bottoms, strict=True):
        w = [x - bottom for x, _ in way]
        ratios = [after / before for before, after in itertools.pairwise(w)]
        assert ratios == pytest.approx([ratios[0]] * len(ratios), abs=0.06)  # (1 − ηλ), step after step
        heights = [(250 - y) / v**2 for (_, y), v in zip(way, w, strict=True) if abs(v) > 20]
        assert heights == pytest.approx([heights[0]] * len(heights), rel=0.02)  # all on one parabola
        factors.append(ratios[0])
    assert 0 < factors[0] < 1
    assert -1 < factors[1] < 0
    assert factors[2] < -1


def test_the_curve_on_the_board_is_the_loss() -> None:
    (curve,) = [points for points in strokes("03", 3) if len(points) > 9]
    unit = (curve[0][1] - curve[-1][1]) / math.log(65 / 1000)  # of the loss in pixels, downwards
    for x, y in curve:
        p = (x - 70) / 480
        assert (270 - y) / -unit == pytest.approx(math.log(p), abs=0.01)
    first, last = next(points for points in strokes("03", 2) if points[0][0] == pytest.approx(70 + 480 * 0.1))
    slope = (first[1] - last[1]) / unit / ((last[0] - first[0]) / 480)
    assert slope == pytest.approx(-2, abs=0.01)


def test_the_pushes_on_the_board_have_their_lengths() -> None:
    assert [a[1] - b[1] for a, b in (p for p in strokes("04", 4) if len(p) == 2)] == [48, -18, -30]  # 300 × J's column
    pushes = [a[1] - b[1] for a, b in (p for p in strokes("06", 4) if len(p) == 2)]
    assert pushes == pytest.approx([130 * 0.7129, -130 * 0.5409, -130 * 0.1720], abs=0.1)
    assert sum(pushes) == pytest.approx(0, abs=0.2)


def test_the_bars_on_the_board_are_a_softmax() -> None:
    heights = [float(r.get("height", 0)) for r in ET.fromstring(drawing("01")).findall(f"{SVG}g/{SVG}rect")]
    scores, exponentials, probabilities = heights[:2], heights[2:5], heights[5:]  # the bar of score 0 is a line
    assert scores == pytest.approx([40 * math.log(2), 40 * math.log(3)], abs=0.1)
    assert exponentials == [40, 80, 120]
    assert [p / sum(probabilities) for p in probabilities] == pytest.approx([1 / 6, 2 / 6, 3 / 6])


def test_the_table_of_instruments_is_the_notebooks() -> None:
    (table,) = (source for source in sources("10", "markdown") if source.count("| patient") > 3)
    said = [{int(n) for n in re.findall(r"\d", row[1])} for row in rows(table)]
    drawn: list[set[int]] = [set() for _ in said]
    for x, y in circles("10"):
        drawn[int(y - 60) // 40].add(int(x - 240) // 46 + 1)
    assert drawn == said
    assert drawn[-1] == set()  # accuracy finds none
