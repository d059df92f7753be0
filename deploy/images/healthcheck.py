"""The container's health: `/livez` of the service in it. Exits 1 when it is not alive; standard library only."""

import os
import sys
from http.client import HTTPConnection, HTTPException


def alive(port: int, seconds: float = 2) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if alive(int(os.environ["AFTERSALES_HTTP_PORT"])) else 1)
