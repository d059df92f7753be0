"""`python -m aftersales.testing.sign_in`: the development sign-in server, on this machine only."""

import argparse
import os
import sys
from pathlib import Path

import uvicorn

from aftersales.testing.sign_in.app import build_sign_in_app
from aftersales.testing.sign_in.server import DevelopmentServer

_HOST = "127.0.0.1"
ALLOWED = "AFTERSALES_SIGN_IN_WITHOUT_PASSWORDS"
"""A variable of its own: `aftersales.testing` sets `AFTERSALES_DEVELOPMENT` for whatever it starts."""
_REFUSAL = (
    f"This server signs anybody in as anybody, without a password. It starts only where {ALLOWED}=1 "
    "says that this is wanted, as `make up` does on a machine for development. For real work, set up an OpenID Connect "
    "server: docs/sign-in.md"
)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m aftersales.testing.sign_in", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="for its key and the clients' secrets")
    parser.add_argument("--seconds", type=int, default=900, help="how long an access token is valid")
    chosen = parser.parse_args(arguments)
    if os.environ.get(ALLOWED) != "1":
        sys.stderr.write(f"{_REFUSAL}\n")
        return 2
    server = DevelopmentServer(f"http://{_HOST}:{chosen.port}", chosen.folder, chosen.seconds)
    uvicorn.run(build_sign_in_app(server), host=_HOST, port=chosen.port, log_level="warning", server_header=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
