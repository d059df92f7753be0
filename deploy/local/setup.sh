#!/bin/bash
# Creates .venv from requirements.lock and puts the given packages into it; used by the Makefile, from the checkout.
set -euo pipefail

PYTHON=${PYTHON:-python3}

if ! command -v "$PYTHON" >/dev/null; then
    echo "setup: no $PYTHON here; Python 3.11 or newer is needed (choose one with PYTHON=...)" >&2
    exit 1
fi
if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "setup: $("$PYTHON" --version) is too old; 3.11 or newer is needed (choose one with PYTHON=...)" >&2
    exit 1
fi
if ! "$PYTHON" -c 'import ensurepip' 2>/dev/null; then
    if [[ $EUID -ne 0 ]] || ! command -v apt-get >/dev/null; then
        echo "setup: $PYTHON has no ensurepip; install python3-venv" >&2
        exit 1
    fi
    echo "setup: installing python3-venv with apt-get"
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends python3-venv >/dev/null
fi

if ! compgen -G '/usr/share/fonts/*/*/NotoSansCJK-Regular.*' >/dev/null; then
    if [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null; then
        echo "setup: installing fonts-noto-cjk with apt-get, for printed documents"
        { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
            fonts-noto-cjk >/dev/null; } || echo "setup: that failed; without the font, nothing can be printed" >&2
    else
        echo "setup: no Chinese font here, so nothing can be printed; install fonts-noto-cjk" >&2
    fi
fi

started=$SECONDS
if [[ ! -x .venv/bin/pip ]]; then
    "$PYTHON" -m venv .venv
fi
echo "setup: installing requirements.lock into .venv (once, a minute or two)"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
    --require-hashes --requirement requirements.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
    --no-deps --no-build-isolation "${@/#/--editable=}"
echo "setup: done in $((SECONDS - started)) s"
