"""The practical on tiny VGGs: all that a lecturer edits."""
