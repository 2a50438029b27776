"""Answers with a single fault: each must lose the marks that it says, and no others."""

from zoo import records
from zoo.wrong import architecture, data, residual, robustness, training, visualization

ENTRIES = (
    *(
        entry
        for theme in (data, architecture, training, robustness, visualization, residual)
        for entry in theme.ENTRIES
    ),
    *records.WRONG,
    *records.FORGED,
)
