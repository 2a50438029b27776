"""Bring a notebook's JSON into the form that nbformat wants, whatever wrote it, so that what is there can be graded."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from autograder.sanitize import one_line

DAMAGED = "The notebook is damaged: no front end would open it. Ask for it again."
_KINDS = ("code", "markdown", "raw")
_OUTPUTS = ("stream", "display_data", "execute_result", "error")
_HALF = re.compile("[\ud800-\udfff]")  # of a character, such as an emoji


class Unmendable(ValueError):
    """Nothing of it can be graded; the message says why, and what to do."""


@dataclass
class Mended:
    """A notebook that nbformat reads.

    Args:
        text: its JSON.
        notes: sentences about what was odd, and has cost nothing.
        doubts: sentences about cells of which something is missing.
    """

    text: str
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def decode(content: bytes) -> tuple[str, list[str]]:
    """The text of a file, and what was odd about it.

    Args:
        content: UTF-8, as notebooks are; UTF-16 or UTF-32; or the code page of older Windows programs.
    """
    try:
        return content.decode(json.detect_encoding(content), "surrogatepass"), []
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace"), [
            "The file is not UTF-8; it was read as Windows' code page 1252. Letters with accents may be wrong."
        ]


def mended(data: Any) -> Mended:
    """A notebook in order, with sentences about everything that was not.

    Args:
        data: what the file's JSON holds. It is changed.

    Raises:
        Unmendable: it holds no cells.
    """
    if not isinstance(data, dict) or not ("cells" in data or "worksheets" in data):
        raise Unmendable("The file is JSON, but not a notebook. Ask for the notebook.")
    data["metadata"] = _metadata(data.get("metadata"))
    doubts: list[str] = []
    if "cells" not in data:  # an old format, which nbformat converts
        data["nbformat"] = data["nbformat"] if data.get("nbformat") in (2, 3) else 3
    elif not isinstance(data["cells"], list):
        raise Unmendable(DAMAGED)
    else:
        data["nbformat"] = 4
        data["cells"] = [_cell(cell, number, doubts) for number, cell in enumerate(data["cells"], 1)]
        _name_none_or_all(data)
    text = json.dumps(data, ensure_ascii=False)
    if not _HALF.search(text):
        return Mended(text, doubts=doubts)
    # No text with half a character in it can be run or written.
    note = "The notebook holds halves of characters (of emojis, say); “�” stands in their place."
    return Mended(_HALF.sub("\ufffd", text), [note], doubts)


def _name_none_or_all(data: dict[str, Any]) -> None:
    """Cells have names of their own from nbformat 4.5 on, all of them; below, none has."""
    minor, names = data.get("nbformat_minor"), [cell.get("id") for cell in data["cells"]]
    if isinstance(minor, int) and all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
        return
    data["nbformat_minor"] = 4
    for cell in data["cells"]:
        cell.pop("id", None)


def _metadata(found: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = found if isinstance(found, dict) else {}
    kernel, language = metadata.get("kernelspec"), metadata.get("language_info")
    metadata["kernelspec"] = kernel if isinstance(kernel, dict) else {"name": str(kernel or "")[:100]}
    metadata["language_info"] = language if isinstance(language, dict) else {"name": str(language or "")[:100]}
    return {name: value for name, value in metadata.items() if value != {"name": ""}}


def _cell(found: Any, number: int, doubts: list[str]) -> dict[str, Any]:
    """A cell in order; in place of what is none, one without text, so that the others keep their numbers."""
    if not isinstance(found, dict):
        doubts.append(f"Cell {number} of the file is no cell, and was left out.")
    cell: dict[str, Any] = found if isinstance(found, dict) else {"cell_type": "raw", "source": ""}
    kind = cell.get("cell_type")
    if kind not in _KINDS:
        is_code = "outputs" in cell or "execution_count" in cell
        cell["cell_type"] = "code" if is_code else "raw"
        what = f"of an unknown kind, “{one_line(str(kind), 40)}”" if kind else "without a kind"
        doubts.append(f"Cell {number} is {what}, and was {'taken for code' if is_code else 'not run'}.")
    source = cell.get("source")
    cell["source"] = _joined(source)
    if not all(isinstance(line, str) for line in (source if isinstance(source, list) else [source])):
        doubts.append(f"The text of cell {number} is missing or damaged.")
    cell["metadata"] = cell["metadata"] if isinstance(cell.get("metadata"), dict) else {}
    if "attachments" in cell:
        attached = cell["attachments"] if isinstance(cell["attachments"], dict) else {}
        cell["attachments"] = {name: _bundle(bundle) for name, bundle in attached.items()}
    if cell["cell_type"] == "code":
        cell["outputs"] = _outputs(cell.get("outputs"))
        count = cell.get("execution_count")
        cell["execution_count"] = count if isinstance(count, int) else None
    return cell


def _outputs(found: Any) -> list[dict[str, Any]]:
    outputs = [output for output in found if isinstance(output, dict)] if isinstance(found, list) else []
    for output in outputs:
        if output.get("output_type") in ("display_data", "execute_result"):
            output["data"] = _bundle(output.get("data"))
            output["metadata"] = output["metadata"] if isinstance(output.get("metadata"), dict) else {}
        elif output.get("output_type") == "stream":
            output["text"] = _joined(output.get("text"))
    return [output for output in outputs if output.get("output_type") in _OUTPUTS]


def _bundle(found: Any) -> dict[str, Any]:
    """An output's forms, by MIME type; text in lines is joined."""
    bundle: dict[str, Any] = found if isinstance(found, dict) else {}
    joined = {name: _joined(value) for name, value in bundle.items() if not name.endswith("json")}
    return bundle | joined


def _joined(text: Any) -> str:
    """Text, which a file may hold in lines; what is no text is left out."""
    lines = text if isinstance(text, list) else [text]
    return "".join(line for line in lines if isinstance(line, str))
