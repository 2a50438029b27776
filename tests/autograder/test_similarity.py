import itertools
import re
import time
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest

from autograder.gradebook import similarity
from autograder.gradebook.similarity import MAX_CODE, Pair, Similar
from autograder.handout import build
from autograder.results import SubmissionResult

BLIND = Path(__file__).parent.parent / "zoo" / "blind"
REFERENCE = Path(build.PROJECT / "solutions" / "reference.py").read_text()


@pytest.fixture(scope="module")
def given():
    return similarity.handed_out()


def as_cells(code):
    """A notebook's code, a cell for each function."""
    cells = re.split(r"\n(?=def )", code)
    return similarity.source_of(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells]), {})


def renamed(code):
    """With every name of the student's own changed, other quotes, comments and blank lines."""
    for name in ("model", "history", "accuracies", "block", "conv", "figure", "axes", "results"):
        code = re.sub(rf"\b{name}\b", f"my_{name}", code)
    return "\n\n".join(f"{line}  # mine" if line.strip() else "" for line in code.split("\n"))


def compared(codes, given):
    return similarity.compare({name: similarity.tokens_of(code) for name, code in codes.items()}, given)


def results_of(codes):
    return [
        SubmissionResult(name, "graded", code=code, tokens=similarity.tokens_of(code)) for name, code in codes.items()
    ]


# The code that is kept


def test_code_is_cells_then_modules():
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("text"),
            nbformat.v4.new_code_cell("x = 1\r\ny = 2"),
            nbformat.v4.new_code_cell("  "),
            nbformat.v4.new_code_cell("z = '\x1b[31m\ud800'"),
        ]
    )
    files = {"b.py": b"b = 1", "a.py": b"a = 1\xff", "data.csv": b"1,2"}
    assert similarity.source_of(notebook, files) == (
        "# %%\nx = 1\ny = 2\n# %%\nz = ''\n# %% a.py\na = 1\ufffd\n# %% b.py\nb = 1\n"
    )


def test_code_is_cut():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x" * 30_000) for _ in range(3)])
    assert len(similarity.source_of(notebook, {"a.py": b"y" * 10**6})) == MAX_CODE


# Comparing


def test_copies_are_found_whatever_the_names_are(given):
    functions = re.split(r"\n(?=def )", REFERENCE)
    other_order = "\n".join([functions[0], *reversed(functions[1:])])
    codes = {"a": as_cells(REFERENCE), "b": as_cells(renamed(REFERENCE)), "c": as_cells(other_order)}
    found = compared(codes, given)
    assert {(pair.one, pair.other) for pair in found.pairs} == {("a", "b"), ("a", "c"), ("b", "c")}
    assert min(share for pair in found.pairs for share in (pair.share_of_one, pair.share_of_other)) > 0.95


def test_independent_solutions_are_far_below_the_threshold(given, monkeypatch):
    notebooks = {path.stem: nbformat.read(path, as_version=4) for path in sorted(BLIND.glob("*.ipynb"))}
    codes = {name: similarity.source_of(notebook, {}) for name, notebook in notebooks.items()}
    codes["reference"] = as_cells(REFERENCE)
    assert compared(codes, given) == Similar()
    monkeypatch.setattr(similarity, "SHARE", 0.0)
    shares = [max(p.share_of_one, p.share_of_other) for p in compared(codes, given).pairs]
    assert 0.2 < max(shares) < 0.305  # docs/gradebook.md says 30 %


def test_what_the_handout_gives_is_nobodys_own(given, monkeypatch):
    handout = "".join(f"# %%\n{cell}\n" for cell in given)
    assert compared({"a": handout, "b": handout}, given) == Similar()
    monkeypatch.setattr(similarity, "handed_out", list)
    assert compared({"a": handout, "b": handout}, []) != Similar()


def test_given_functions_in_changed_cells_do_not_count_either(given):
    (compare,) = [cell for cell in given if cell.startswith("def compare(")]
    codes = {name: f"# %%\n{name} = 1\n{compare}\n" * 5 for name in "ab"}
    assert compared(codes, given) == Similar()


def test_short_answers_are_not_compared(given):
    code = "# %%\ndef compile_model(model):\n    model.compile('adam', 'mse', ['accuracy'])\n    return model\n"
    assert compared({"a": code, "b": code}, given) == Similar()


def test_the_most_similar_pairs_come_first_and_the_rest_is_counted(given, monkeypatch):
    half = REFERENCE[: len(REFERENCE) * 2 // 3]
    monkeypatch.setattr(similarity, "MAX_PAIRS", 2)
    own = "\n".join(f"def own{i}(x):\n    return [x * {i}, x ** {i}, sum(x), max(x) / {i} + 1]\n" for i in range(1, 60))
    codes = {"a": as_cells(half + own), "b": as_cells(REFERENCE), "c": as_cells(renamed(REFERENCE))}
    found = compared(codes, given)
    assert found.pairs[0].one + found.pairs[0].other == "bc"
    assert (len(found.pairs), found.more) == (2, 1)


def test_candidates_are_the_pairs_that_share_many_fingerprints():
    rng = np.random.default_rng(0)
    hashes = {f"s{i:02}": set(rng.integers(-(2**62), 2**62, 30).tolist()) for i in range(40)}
    pool = rng.integers(-(2**62), 2**62, 60).tolist()
    for number, own in enumerate(hashes.values()):
        own |= set(rng.choice(pool, number % 13 * 4, replace=False).tolist())
    hashes["none"] = set()
    expected = []
    for (one, a), (other, b) in itertools.combinations(hashes.items(), 2):
        share = len(a & b) / max(min(len(a), len(b)), 1)
        if share >= similarity.SHARE / 2:
            expected.append((one, other, share))
    expected.sort(key=lambda pair: -pair[2])
    assert len(expected) > 50
    assert similarity._candidates(hashes) == expected
    assert similarity._candidates({"a": {1}}) == similarity._candidates({}) == []


def test_pairs_beyond_those_that_are_compared_are_counted_by_their_fingerprints(given, monkeypatch):
    codes = {name: as_cells(REFERENCE) for name in "abcd"}
    monkeypatch.setattr(similarity, "MAX_COMPARED", 2)
    assert compared(codes, given) == Similar((Pair("a", "b", 1.0, 1.0), Pair("a", "c", 1.0, 1.0)), 4)


@pytest.mark.parametrize(
    "text", ["(", '"""', 'f"{', "x=1\n", "\\", "a ", "1_", "é", "import ", "\n", "'\\x", "\x00", "lambda:", "{[("]
)
def test_hostile_code_takes_no_time(given, text):
    code = "# %%\n" + text * (MAX_CODE // len(text))
    start = time.process_time()
    compared({"a": code, "b": code, "c": ""}, given)
    assert time.process_time() - start < 10


def test_one_whose_code_could_not_be_read_is_named_and_the_others_are_compared(tmp_path):
    results = results_of({name: as_cells(REFERENCE) for name in "abc"})
    results[2] = replace(results[2], tokens=None)
    found = similarity.find(results, tmp_path / "none")
    assert found == Similar((Pair("a", "b", 1.0, 1.0),), unread=("c",))
    (tmp_path / "kept").write_text(similarity.encode(found, results))
    assert similarity.find(results, tmp_path / "kept") == found


# What is kept between runs


def test_what_was_found_is_not_looked_for_again(tmp_path, monkeypatch):
    kept = tmp_path / "similarity.json"
    results = results_of({"a": as_cells(REFERENCE), "b": as_cells(renamed(REFERENCE))})
    found = similarity.find(results, kept)
    assert [(pair.one, pair.other) for pair in found.pairs] == [("a", "b")]
    kept.write_text(similarity.encode(found, results))
    looked: list[object] = []
    monkeypatch.setattr(similarity, "compare", lambda *arguments: looked.append(1) or Similar())
    assert similarity.find(results, kept) == found
    assert not looked
    changed = results_of({"a": as_cells(REFERENCE), "b": "# %%\nx = 1\n"})
    assert similarity.find(changed, kept) == Similar()
    assert looked


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"key": 1}'])
def test_a_damaged_file_is_made_anew(tmp_path, text):
    (tmp_path / "similarity.json").write_text(text)
    results = results_of({"a": as_cells(REFERENCE), "b": as_cells(REFERENCE)})
    assert similarity.find(results, tmp_path / "similarity.json").pairs == (Pair("a", "b", 1.0, 1.0),)


def test_where_the_handout_cannot_be_made_nothing_is_compared(tmp_path, monkeypatch):
    def broken():
        raise build.BuildError("master notebook, cell 3: no such check")

    results = results_of({"a": as_cells(REFERENCE), "b": as_cells(REFERENCE)})
    monkeypatch.setattr(similarity, "handed_out", broken)
    assert similarity.tokens_of(as_cells(REFERENCE)) is None
    found = similarity.find(results, tmp_path / "none")
    assert found.pairs == ()
    assert found.problem == (
        "the handout's code could not be made from master.ipynb: master notebook, cell 3: no such check"
    )
    (tmp_path / "kept").write_text(similarity.encode(found, results))
    monkeypatch.undo()
    assert similarity.find(results, tmp_path / "kept").pairs != ()
