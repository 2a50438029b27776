"""The reference solution, and the baselines that it reaches."""
