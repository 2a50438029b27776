"""What of the practical enters the student's kernel at grading."""
