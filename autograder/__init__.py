"""The grader of the practical: sandboxed execution, hidden checks, gradebook."""

import sys

# jsonschema, which nbformat imports, would first build a parser of internet addresses: seconds, for nothing used here.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

from autograder.hidden import check  # noqa: E402

__all__ = ["check"]
