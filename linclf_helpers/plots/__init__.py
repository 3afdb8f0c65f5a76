"""Static figures of the course. Each function draws on the axes it is given; none touches pyplot."""

from linclf_helpers.plots.data import bars, decision_regions, heatmap, image_grid, scatter_classes
from linclf_helpers.plots.derivatives import (
    computation_graph,
    direction_histogram,
    loss_against_probability,
    push_and_pull,
    step_size_curve,
)
from linclf_helpers.plots.style import (
    CARD,
    CLASS_COLOURS,
    CLASS_MARKERS,
    INK,
    INK_ON_PAPER,
    MUTED,
    PALETTE,
    SIGNED,
    course_style,
    show_figures_in_notebooks,
    use_course_style,
)
from linclf_helpers.plots.training import (
    confusion_table,
    loss_curve,
    loss_surface,
    loss_valley,
    rate_curve,
    reliability_curve,
    train_and_test,
)

__all__ = [
    "CARD",
    "CLASS_COLOURS",
    "CLASS_MARKERS",
    "INK",
    "INK_ON_PAPER",
    "MUTED",
    "PALETTE",
    "SIGNED",
    "bars",
    "computation_graph",
    "confusion_table",
    "course_style",
    "decision_regions",
    "direction_histogram",
    "heatmap",
    "image_grid",
    "loss_against_probability",
    "loss_curve",
    "loss_surface",
    "loss_valley",
    "push_and_pull",
    "rate_curve",
    "reliability_curve",
    "scatter_classes",
    "show_figures_in_notebooks",
    "step_size_curve",
    "train_and_test",
    "use_course_style",
]
