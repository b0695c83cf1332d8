#!/usr/bin/env bash
# What does the core weigh on disk, and what does importing it load? Prints MB of a fresh environment with assay alone, pip
# and setuptools not counted, and the number of modules behind `import assay`.
set -euo pipefail
cd "$(dirname "$0")/.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/v"
before=$(du -sm "$place/v" | cut -f1)
"$place/v/bin/pip" install --quiet --disable-pip-version-check -c constraints.txt .
after=$(du -sm "$place/v" | cut -f1)
echo "core install: $((after - before)) MB (goal: at most 500)"
"$place/v/bin/python" -c '
import sys
before = set(sys.modules)
import assay
print(f"import assay: {len(set(sys.modules) - before)} modules (goal: at most 60)")'
