"""The same practical graded the usual way: plain Otter, with the obvious asserts (`plain.ipynb`, `compare.py`)."""
