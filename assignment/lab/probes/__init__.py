"""Probes: functions that look at the answers of a student's notebook, a module for each theme."""
