"""What runs in the student's kernel at grading, beside the student's code. It holds no check and no answer sheet.

The sandbox copies this package and `lab` into its scratch folder; nothing else of the grader is there.
"""
