"""Syntax trees of Python, built by one thread at a time.

Python 3.11 counts in one place for all threads how deep it is in a tree that it builds (python/cpython#106905). Threads
that build trees at the same time get a SystemError, or a RecursionError that is none.
"""

import ast
import threading

# Held while one is built. NumPy builds one, too, of the header of each array that it loads.
building = threading.Lock()


def parse(source: str) -> ast.Module:
    """`ast.parse`, which see."""
    with building:
        return ast.parse(source)
