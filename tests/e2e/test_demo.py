"""`make demo`, as a newcomer runs it: its own checks against the databases tell whether the day went well."""

import subprocess
import sys

import pytest
from deploy.local.place import ROOT, apart


@pytest.mark.timeout(300)
def test_the_demo_plays_its_day_and_every_check_holds(tmp_path):
    environment = apart(tmp_path)
    try:
        played = run(environment, "deploy.demo.play", "--speed", "4")
        assert played.returncode == 0, played.stdout[-4000:] + played.stderr[-4000:]
        assert "Everything runs on" in played.stdout
        assert "✓  median response: minutes; median resolution" in played.stdout, "GET /kpis can be believed"
    finally:
        run(environment, "deploy.local", "down")


def run(environment, module, *arguments):
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
