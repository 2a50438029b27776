"""What students get, and what Otter gets, from the master notebook."""
