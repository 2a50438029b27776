#!/usr/bin/env bash
# Does every package of the lock files have a wheel on each system? Nothing is downloaded but lists of files. Needs uv.
set -euo pipefail
cd "$(dirname "$0")"
for platform in x86_64-manylinux_2_28 aarch64-manylinux_2_28 aarch64-apple-darwin x86_64-apple-darwin x86_64-pc-windows-msvc; do
    for file in grading developing; do
        for python in 3.11 3.12 3.13; do
            if said=$(uv pip compile --quiet --no-deps --only-binary :all: --python-platform "$platform" \
                --python-version "$python" --output-file /dev/null "$file.txt" 2>&1); then
                echo "$platform, Python $python, $file: all"
            else
                echo "$platform, Python $python, $file: $(grep -oE '[a-z0-9-]+==\S+ has no [a-z ]*wheels' <<<"$said" | head -1)"
            fi
        done
    done
done
