"""What the trainings show together: page and figures."""
