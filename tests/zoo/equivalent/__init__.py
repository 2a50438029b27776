"""Right answers, written as students write them: each must get full marks."""

from zoo import records
from zoo.equivalent import architecture, data, notebook, residual, robustness, training, visualization

ENTRIES = (
    *(
        entry
        for theme in (data, architecture, training, robustness, visualization, residual, notebook)
        for entry in theme.ENTRIES
    ),
    *records.EQUIVALENT,
)
