"""What the development server keeps in its folder, readable by its owner only: its key, and the clients' secrets."""

import json
import os
import secrets
from dataclasses import replace
from pathlib import Path

from joserfc.jwk import KeySet, RSAKey

from aftersales.testing.sign_in.directory import Client, read_clients


def secret_path(folder: Path, client_id: str) -> Path:
    """Return the file with a client's secret, for `AFTERSALES_CLIENT_SECRET_FILE`."""
    return folder / f"{client_id}.secret"


def load_keys(folder: Path) -> KeySet:
    """Return the signing key, made at the first start, so that tokens outlive a restart."""
    path = folder / "key.json"
    if not path.exists():
        key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
        _write(path, json.dumps(key.as_dict(private=True)))
    return KeySet([RSAKey.import_key(json.loads(path.read_text()))])


def load_clients(folder: Path) -> dict[str, Client]:
    """Return the clients with their secrets, made at the first start."""
    clients = read_clients()
    for id, client in clients.items():
        if client.kind != "public":
            path = secret_path(folder, id)
            if not path.exists():
                _write(path, secrets.token_urlsafe(32))
            clients[id] = replace(client, secret=path.read_text().strip())
    return clients


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
