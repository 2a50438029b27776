"""One submission: run it, ask it, judge it; and when that need not be done again."""
