"""Answers of students, question by question: right ones in many forms, and wrong ones with a single fault each.

Right ones must get full marks; wrong ones must lose the marks that they say, and no others.
"""

from answers import (
    bonus_blocks,
    bonus_network,
    bonus_parts,
    notebook,
    notebook_styles,
    q1_describe,
    q1_load,
    q2_drawings,
    q2_examples,
    q3_labels,
    q3_preprocess,
    q3_scaling,
    q4_blocks,
    q4_network,
    q5_compile,
    q6_fit,
    q6_train,
    q7_evaluate,
    q7_numbers,
    q8_curves,
    q8_labels,
    q9_faults,
    q9_record,
    q9_results,
    q9_runs,
    q9_ways,
    q10_maps,
    q10_parts,
    q10_plot,
    q11_kernels,
    q11_parts,
    q11_plot,
    q12_filters,
    q12_parts,
    q12_plot,
    q13_batch_normalization,
    q14_third_block,
    records,
)
from answers.entries import Entry

_FILES = (
    *(q1_load, q1_describe),
    *(q2_examples, q2_drawings),
    *(q3_scaling, q3_labels, q3_preprocess),
    *(q4_blocks, q4_network),
    q5_compile,
    q13_batch_normalization,
    q14_third_block,
    *(q6_train, q6_fit),
    *(q7_evaluate, q7_numbers),
    *(q8_curves, q8_labels),
    *(q9_runs, q9_results, q9_record, q9_ways, q9_faults),
    *(q10_maps, q10_plot, q10_parts),
    *(q11_kernels, q11_plot, q11_parts),
    *(q12_filters, q12_plot, q12_parts),
    *(bonus_blocks, bonus_network, bonus_parts),
    *(notebook, notebook_styles),
    records,
)
RIGHT: tuple[Entry, ...] = tuple(entry for file in _FILES for entry in file.RIGHT)
WRONG: tuple[Entry, ...] = tuple(entry for file in _FILES for entry in file.WRONG)
