#!/usr/bin/env bash
# Makes the virtual environment $1 with everything pinned in requirements.lock.
# Without an NVIDIA GPU it takes the CPU build of torch, which is ten times smaller.
set -euo pipefail

venv=${1:-.venv}
cd "$(dirname "$0")/.."
torch=$(sed -n 's/^torch==\([0-9.]*\).*/\1/p' requirements.lock)

for python in "${PYTHON:-}" python3.13 python3.12 python3.11 python3; do
    [ -n "$python" ] && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break
    python=
done
[ -n "$python" ] || { echo "setup: wakeling needs Python 3.11 or newer; name one: make setup PYTHON=/path/to/python" >&2; exit 2; }
"$python" -m venv "$venv"
pip="$venv/bin/pip --disable-pip-version-check --quiet"

if command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi -L >/dev/null 2>&1; then
    $pip install "torch==$torch"
else
    $pip install "torch==$torch+cpu" 2>/dev/null ||
        $pip install "torch==$torch" --index-url https://download.pytorch.org/whl/cpu 2>/dev/null ||
        $pip install "torch==$torch"
fi
grep -v '^torch==' requirements.lock > "$venv/requirements.txt"
$pip install --requirement "$venv/requirements.txt"
$pip install --no-deps --editable .
