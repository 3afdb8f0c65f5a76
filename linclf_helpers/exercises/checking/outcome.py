"""What a check, a hint or a solution shows: plain text for a terminal, HTML for a light or a dark notebook."""

import html
from dataclasses import dataclass

__all__ = ["Outcome"]

# kind -> (mark, colour). JupyterLab's own colours change with its theme; what follows the comma is for other places.
_LOOKS = {
    "right": ("✓", "var(--jp-success-color1, #388e3c)"),
    "not_started": ("○", "var(--jp-border-color1, #9e9e9e)"),
    "hint": ("→", "var(--jp-info-color1, #0288d1)"),
    "solution": ("→", "var(--jp-info-color1, #0288d1)"),
}
_OTHERWISE = ("✗", "var(--jp-warn-color1, #d08a00)")
_TEXT = "var(--jp-content-font-color1, inherit)"
_CODE = "font-family:var(--jp-code-font-family, monospace);font-size:var(--jp-code-font-size, 13px);color:inherit"


@dataclass(frozen=True)
class Outcome:
    """The answer to one attempt, or one hint.

    Attributes
    ----------
    kind : str
        "right", "not_started", "not_a_function", "wrong_signature", "raised", "stopped", "returned_nothing",
        "wrong_type", "wrong_shape", "recognised", "changed_input", "not_repeatable" or "wrong"; for help that was
        asked for, "hint" or "solution".
    exercise : str
        Its name.
    title : str
        The answer in a sentence.
    lines : tuple of str
        What else there is to say.
    table : tuple of (str, str)
        Things to lay beside each other, such as yours and expected.
    code : str
        Lines of code, if any.
    mistake : str or None
        The id of the mistake, if the evidence singled one out.
    """

    kind: str
    exercise: str
    title: str
    lines: tuple[str, ...] = ()
    table: tuple[tuple[str, str], ...] = ()
    code: str = ""
    mistake: str | None = None

    @property
    def message(self) -> str:
        """Everything there is to say, as text."""
        width = max((len(name) for name, _ in self.table), default=0)
        rows = []
        for name, value in self.table:
            first, *rest = value.split("\n")
            rows += [f"    {name:<{width}}  {first}", *(" " * (width + 6) + line for line in rest)]
        code = [f"    {line}" for line in self.code.splitlines()]
        return "\n".join([f"{self.exercise}: {self.title}", *rows, *code, *(f"  {line}" for line in self.lines)])

    def __repr__(self) -> str:
        return f"{_LOOKS.get(self.kind, _OTHERWISE)[0]} {self.message}"

    def _repr_html_(self) -> str:
        mark, colour = _LOOKS.get(self.kind, _OTHERWISE)
        title = f"<strong>{mark} {html.escape(self.exercise)}:</strong> {html.escape(self.title)}"
        cell = "text-align:left;vertical-align:top;padding:1px 12px 1px 0"
        font = (
            "margin:0;font-family:inherit;white-space:normal;word-break:normal"
            if self.kind == "hint"
            else f"margin:0;{_CODE}"
        )
        rows = "".join(
            f'<tr style="background:none"><th scope="row" style="{cell};font-weight:normal">{html.escape(name)}</th>'
            f'<td style="{cell}"><pre style="{font}">{html.escape(value)}</pre></td></tr>'
            for name, value in self.table
        )
        table = f'<table style="margin:6px 0;border:none;color:inherit">{rows}</table>' if rows else ""
        code = f'<pre style="margin:6px 0;{_CODE}">{html.escape(self.code)}</pre>' if self.code else ""
        lines = "".join(f'<div style="margin-top:4px">{html.escape(line)}</div>' for line in self.lines)
        return (
            f'<div style="border-left:4px solid {colour};padding:4px 0 4px 12px;margin:4px 0;max-width:46em;'
            f'color:{_TEXT}">{title}{table}{code}{lines}</div>'
        )
