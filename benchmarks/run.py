"""All benchmarks, one after another: `make bench`. Their output goes into docs/benchmarks.md, as it was printed."""

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
NAMES = (
    *("throughput", "reference_speed", "second_run", "record_cost", "record_power", "record_copies", "jail_cost"),
    "trainers",
)


def main() -> int:
    """Exit code: 0, or 1 where a benchmark failed; then the page is left as it was."""
    parts = [
        "# Benchmarks",
        "",
        f"Printed by `make bench` on {time.strftime('%Y-%m-%d')}. What each measures, and how, is said at the top of "
        "its file in `benchmarks/`.",
    ]
    for name in NAMES:
        print(f"== {name}", flush=True)
        done = subprocess.run(
            [sys.executable, str(HERE / f"{name}.py")], stdout=subprocess.PIPE, text=True, check=False
        )
        print(done.stdout, flush=True)
        if done.returncode:
            return 1
        parts += ["", f"## `benchmarks/{name}.py`", "", "```", done.stdout.strip(), "```"]
    PAGE.write_text("\n".join(parts) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
