"""nbgrader's settings for this course. `assignments` copies them into the course's folder."""

import os
import sys
from pathlib import Path
from typing import Any

from nbgrader.converters import Autograde
from nbgrader.preprocessors import DeduplicateIds, Execute, OverwriteCells

from linclf_helpers.teaching.grading import GIGABYTES, LIMIT, ExecuteToTheEnd, PutBack, Recognise

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821

# nbgrader calls alembic by its name: find it although the environment is not activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

c.CourseDirectory.course_id = "how-a-classifier-learns"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
# Where releases, submissions and feedback change hands. On a JupyterHub: a folder that all users see.
c.Exchange.root = os.environ.get("NBGRADER_EXCHANGE", str(Path(__file__).resolve().parent / "exchange"))

# Without such a folder: downloaded/ASSIGNMENT/archive/ holds LEARNER__ASSIGNMENT.ipynb, or a folder or zip per learner.
c.FileNameCollectorPlugin.named_regexp = r".*[/\\](?P<student_id>[^/\\]+?)(?:__|[/\\])(?P<file_id>\d\d_[a-z_]+)"

# A released cell keeps its stub, and nothing stands where the solution was.
c.ClearSolutions.code_stub = {"python": ""}

ours = {DeduplicateIds: Recognise, Execute: ExecuteToTheEnd, OverwriteCells: PutBack}
c.Autograde.sanitize_preprocessors = [ours.get(each, each) for each in Autograde().sanitize_preprocessors]
c.Autograde.autograde_preprocessors = [ours.get(each, each) for each in Autograde().autograde_preprocessors]

# A test that was deleted comes back. Files that were sent along are neither collected nor imported.
c.OverwriteCells.add_missing_cells = True
c.CourseDirectory.include = ["*.ipynb", "timestamp.txt", "submission_secret.txt"]
os.environ["PYTHONSAFEPATH"] = "1"

# A cell gets a minute; then it is interrupted, and the next one runs. The slowest of the course takes a second or two.
c.Execute.timeout = 60
c.Execute.error_on_timeout = {
    "ename": "CellTimeoutError",
    "evalue": "This cell took too long and was stopped.",
    "traceback": ["\x1b[0;31mCellTimeoutError\x1b[0m: This cell took too long and was stopped."],
}
c.Execute.shutdown_kernel = "immediate"
if sys.platform == "linux":
    c.Execute.extra_arguments = [f"--IPKernelApp.exec_lines={[LIMIT.format(GIGABYTES)]!r}"]
