"""The checkout on the path (these tests look at its programs), and the events as the services declare them."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT
