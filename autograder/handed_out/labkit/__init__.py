"""What every practical hands out: asking a notebook, judging answers, shortened training, kept runs."""
