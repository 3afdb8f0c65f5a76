"""Explorers: controls above a live picture, for the notebooks. Needs ipywidgets.

Each is made of a state (a frozen dataclass), a pure `compute(state)` and a `draw` that puts the result into a
`LiveFigure`. See `linclf_helpers.widgets.explorer`.
"""

from linclf_helpers.widgets.chain_rule import ChainRuleExplorer
from linclf_helpers.widgets.cross_entropy import CrossEntropyExplorer
from linclf_helpers.widgets.digits import DigitsExplorer
from linclf_helpers.widgets.gradient_check import GradientCheckExplorer
from linclf_helpers.widgets.jacobian import JacobianExplorer
from linclf_helpers.widgets.learning_rate import LearningRateExplorer
from linclf_helpers.widgets.linear_layer import LinearLayerExplorer
from linclf_helpers.widgets.live import LiveFigure
from linclf_helpers.widgets.softmax import SoftmaxExplorer

__all__ = [
    "ChainRuleExplorer",
    "CrossEntropyExplorer",
    "DigitsExplorer",
    "GradientCheckExplorer",
    "JacobianExplorer",
    "LearningRateExplorer",
    "LinearLayerExplorer",
    "LiveFigure",
    "SoftmaxExplorer",
]
