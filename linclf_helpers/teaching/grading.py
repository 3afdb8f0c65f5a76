"""How nbgrader runs a returned notebook to its end, whatever a learner made of it. Needs nbgrader."""

from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output
from nbgrader.api import Gradebook
from nbgrader.preprocessors import Execute, NbGraderPreprocessor, OverwriteCells
from nbgrader.utils import is_grade

# Sent to the kernel before each test: the package is imported afresh there, so nothing changed in it counts. Both
# lines leave no name behind in the learner's notebook.
AFRESH = "(lambda m: [m.pop(n) for n in [*m] if n.split('.')[0] == 'linclf_helpers'])(__import__('sys').modules)"
LIMIT = "(lambda r: r.setrlimit(r.RLIMIT_DATA, ({0} << 30, {0} << 30)))(__import__('resource'))"
GIGABYTES = 4  # what a kernel may take, on Linux. The course's own notebooks need 0.4.


class ExecuteToTheEnd(Execute):  # type: ignore[misc]
    """Execute a notebook; where its kernel dies or can't be interrupted, say so in that cell and in all that follow.

    nbgrader alone would leave out such a notebook: no points for what is right in it, and no feedback. A test that
    never ran must show an error, for nbgrader gives all points to a test that shows none.
    """

    _over = ""

    def preprocess(self, nb: NotebookNode, resources: Any = None, km: Any = None) -> tuple[NotebookNode, Any]:
        """Execute the notebook."""
        self._over = ""
        return super().preprocess(nb, resources, km)

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        """Execute one cell, or say why not."""
        if cell.cell_type != "code":
            return cell, resources
        if self._over:
            cell.outputs = [_error(self._over, "Not run: an earlier cell ended the notebook.")]
            return cell, resources
        if is_grade(cell):
            self.kc.execute(AFRESH, silent=True, stop_on_error=False)
        try:
            return super().preprocess_cell(cell, resources, index)
        except DeadKernelError:
            self._over, why = "DeadKernelError", "Python died here: it was ended, crashed, or ran out of memory."
        except CellTimeoutError:
            self._over, why = "CellTimeoutError", "This cell took too long and could not be stopped."
        cell.outputs.append(_error(self._over, why))
        return cell, resources


class Recognise(NbGraderPreprocessor):  # type: ignore[misc]
    """Give each exercise's cells what nbgrader needs to know of them, whatever a learner made of it.

    nbgrader alone gives up a notebook in which a cell was copied, or its metadata or type changed. Here the last copy
    counts, the others are the learner's own cells, and `summary` reads what was mended.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Mend all cells, and note in the notebook's metadata what there was to mend."""
        here = resources["nbgrader"]
        mended = []
        with Gradebook(here["db_url"]) as gradebook:
            page = gradebook.find_notebook(here["notebook"], here["assignment"])
            points = {cell.name: cell.max_score for cell in page.grade_cells}
            known = {cell.name: (cell.locked, cell.checksum) for cell in page.source_cells}
        seen = set()
        for place, cell in reversed([*enumerate(nb.cells)]):
            theirs = cell.metadata.pop("nbgrader", None)
            name = theirs.get("grade_id") if isinstance(theirs, dict) else None
            if not isinstance(name, str) or name not in known:
                continue
            if name in seen:
                mended.append([name, "copied"])
                continue
            seen.add(name)
            if cell.cell_type != "code":
                mended.append([name, "type"])
                cell = new_code_cell(cell.source, id=cell.get("id") or f"mended-{place}", metadata=cell.metadata)
                nb.cells[place] = cell
            locked, checksum = known[name]
            ours = {"schema_version": 3, "grade_id": name, "grade": name in points, "solution": name not in points}
            ours |= {"locked": locked, "task": False, "checksum": checksum, "cell_type": "code"}
            ours |= {"points": points[name]} if name in points else {}
            for key in ours:
                if key != "checksum" and theirs.get(key, ours[key] if key == "cell_type" else None) != ours[key]:
                    self.log.warning("Attribute '%s' for cell %s has changed!", key, name)
                    mended.append([name, "metadata"])
            cell.metadata["nbgrader"] = NotebookNode(ours)
        mended += [[name, "deleted"] for name in known if name not in seen]
        nb.metadata["mended"] = [each for number, each in enumerate(mended) if each not in mended[:number]]
        return nb, resources


class PutBack(OverwriteCells):  # type: ignore[misc]
    """Put changed and deleted tests back; nbgrader alone gives up a notebook that lacks a learner's cell as well."""

    def add_missing_grade_cells(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Put each deleted test behind the learner's cell it belongs to, or at the end."""
        page = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
        sources = {cell.name: cell for cell in page.source_cells}
        names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in nb.cells]
        for test in page.grade_cells:
            if test.name not in names:
                self.log.warning("Test %s was deleted; it is put back", test.name)
                yours = f"{test.name}-yours"
                place = names.index(yours) + 1 if yours in names else len(names)
                nb.cells.insert(place, self.missing_cell_transform(sources[test.name], test.max_score))
                names.insert(place, test.name)
        return nb, resources


def _error(name: str, text: str) -> NotebookNode:
    return new_output("error", ename=name, evalue=text, traceback=[f"\x1b[0;31m{name}\x1b[0m: {text}"])
