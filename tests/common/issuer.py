"""A sign-in server for tests of the gate: discovery and keys over HTTP, and tokens that no real one would issue."""

import base64
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

AUDIENCE = "aftersales"


class Issuer:
    """Signs tokens with its newest key; `down` and `published` say how its server behaves."""

    def __init__(self, url: str) -> None:
        self.url, self.fetches, self.down = url, 0, False
        self.keys: list[Any] = [RSAKey.generate_key(2048, {"kid": "first"})]
        self.claimed_issuer = url
        self.odd_keys: Any = None

    def answer(self, path: str) -> Any:
        if self.down:
            return None
        if path.endswith("/.well-known/openid-configuration"):
            return {"issuer": self.claimed_issuer, "jwks_uri": f"{self.url}/keys"}
        self.fetches += 1
        if self.odd_keys is not None:
            return self.odd_keys
        return KeySet(self.keys).as_dict(private=False)

    def rotate(self, *, keep: bool = True) -> None:
        new = ECKey.generate_key("P-256", {"kid": f"key-{len(self.keys)}"})
        self.keys = [*self.keys, new] if keep else [new]

    def claims(self, now: datetime, **changes: Any) -> dict[str, Any]:
        issued, ends = int(now.timestamp()), int((now + timedelta(hours=1)).timestamp())
        said = {"iss": self.url, "aud": AUDIENCE, "sub": "u-17", "iat": issued, "exp": ends} | changes
        return {name: value for name, value in said.items() if value is not None}

    def token(self, now: datetime, *, header: dict[str, Any] | None = None, **changes: Any) -> str:
        key = self.keys[-1]
        algorithm = "RS256" if isinstance(key, RSAKey) else "ES256"
        return jwt.encode({"alg": algorithm, "kid": key.kid} | (header or {}), self.claims(now, **changes), key)

    def forged(self, now: datetime, **header: Any) -> str:
        """Sign by hand: with the public key as if it were a shared secret (RFC 8725, section 2.1), or not at all."""
        said = {"alg": "HS256", "kid": "first"} | header
        signed = f"{_part(said)}.{_part(self.claims(now))}"
        secret = self.keys[-1].as_pem(private=False)
        signature = hmac.digest(secret, signed.encode(), "sha256") if said["alg"] == "HS256" else b""
        return f"{signed}.{_encode(signature)}"


def _part(content: Any) -> str:
    return _encode(json.dumps(content).encode())


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@contextmanager
def serve_issuer() -> Iterator[Issuer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = issuer.answer(self.path)
            if found == "no HTTP":
                self.wfile.write(b"SSH-2.0-x\r\n")
                return
            self.send_response(503 if found is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
