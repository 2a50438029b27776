"""The same practical graded the usual way: plain Otter, with the obvious asserts (`plain.ipynb`, `compare.py`)."""

from pathlib import Path

PLAIN = Path(__file__).with_name("plain.ipynb")
