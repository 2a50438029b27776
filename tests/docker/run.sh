#!/usr/bin/env bash
# From nothing to marks in containers, on a Debian machine, as root: installs Docker, makes the images, grades the six samples by
# each route with empty and warm caches, and runs the tests of this folder. What it measured goes into build/docker/figures.txt.
# Images of an earlier run are removed first. Needs the network, 20 GB of disk, and an hour on two cores.
set -euo pipefail
cd "$(dirname "$0")/../.."
engine=tests/docker/engine.sh
python=.venv/bin/python
out=build/docker
rm -rf "$out"
mkdir -p "$out"
figures=$out/figures.txt
: >"$figures"
export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache} # where make keeps its data; the tests would keep theirs in build/cache
trap '$engine stop' EXIT

say() { echo "$*" | tee -a "$figures"; }

timed() { # what, command...
    local what=$1 start=$SECONDS
    shift
    "$@" >"$out/last.log" 2>&1 || { tail -40 "$out/last.log"; echo "failed: $what" >&2; exit 1; }
    cat "$out/last.log" >>"$out/all.log"
    say "$((SECONDS - start)) s  $what"
}

size() { say "$(docker image ls --format '{{.Size}}' "$1" | head -1)  $1"; }

forget() { # images and the cache of their building
    docker image ls --format '{{.Repository}}:{{.Tag}}' | { grep -E '^(tiny-vgg-grader|otter-grade):' || true; } |
        xargs -r docker image rm -f
    docker buildx prune -af
} >/dev/null

say "$(grep PRETTY_NAME /etc/os-release | cut -d '"' -f 2), $(nproc) cores, $(free -g | awk '/^Mem/ {print $2}') GB, Linux $(uname -r)"
timed "install the engine from packages" "$engine" install_all
timed "start the daemon" "$engine" start
say "Docker $(docker version --format '{{.Server.Version}}'), $(docker buildx version | cut -d' ' -f2)"
timed "base images" "$engine" bases
shellcheck autograder/docker/setup.sh autograder/docker/run_autograder tests/docker/*.sh
forget

timed ".venv" make .venv/installed
timed "what the tests need" make .venv/developing
timed "make autograder: the zip" make autograder
timed "make grade, the six samples" make grade OUT="$out/grade"
timed "make grade IN=docker, the six samples, image and all" make grade IN=docker OUT="$out/contained"
timed "make image, from an empty cache" make image
image=$($python -m autograder.docker build)
size "$image"
timed "make otter-grade, the six samples, image there" make otter-grade OUT="$out/otter-grade"
timed "make otter-grade, the six samples, all caches warm" make otter-grade OUT="$out/otter-grade"
size otter-grade:tiny-vgg
$python - "$image" <<'PYTHON' | tail -1 | tee -a "$figures" # after what the build says
import sys, time
from otter.grade.containers import build_image
from otter.run import AutograderConfig
start = time.monotonic()
build_image("dist/autograder.zip", sys.argv[1], "cached", AutograderConfig({}))
print(f"{time.monotonic() - start:.1f} s  the zip on that image, all cached")
PYTHON
timed "the zip on Ubuntu 22.04, as Otter and Gradescope build it" $python -c '
from otter.grade.containers import build_image
from otter.run import AutograderConfig
build_image("dist/autograder.zip", "ubuntu:22.04", "gradescope", AutograderConfig({}))'
size otter-grade:gradescope
mkdir -p "$out/default"
timed "otter grade on Ubuntu 22.04, the six samples, image there" .venv/bin/otter grade dist/samples --name gradescope \
    --autograder dist/autograder.zip --image ubuntu:22.04 --no-network --containers 2 --output-dir "$out/default"
$python - "$out" <<'PYTHON' | tee -a "$figures"
import csv, sys
from pathlib import Path
out = Path(sys.argv[1])
ours = {row["submission"]: row for row in csv.DictReader((out / "grade" / "grades.csv").open())}
differing = 0
for route in ("otter-grade", "default"):
    rows = {Path(row["file"]).stem: row for row in csv.DictReader((out / route / "final_grades.csv").open())}
    marks = [(name, q) for name, row in ours.items() for q in row if q.startswith("q") or q == "bonus"]
    other = [pair for pair in marks if float(ours[pair[0]][pair[1]]) != float(rows[pair[0]][pair[1]])]
    print(f"{route}: {len(marks) - len(other)} of {len(marks)} marks are those of make grade", *other)
    differing += len(other)
sys.exit(differing > 0)
PYTHON
timed "the tests" $python -m pytest tests/docker -q -rs
tail -3 "$out/last.log" | tee -a "$figures"
