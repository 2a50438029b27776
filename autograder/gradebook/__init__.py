"""The pages that grading writes: feedback for students and the class report."""
