"""Reading what was handed in: files, and what can be known of a notebook before it runs."""
