"""The local run: `python -m deploy.local up [--profile NAME] | down | status | logs [NAME]`, from the checkout."""

import argparse
import os
import signal
import subprocess
import sys
import time

from deploy.local import screen
from deploy.local.place import Place, read_profile
from deploy.local.runner import Runner
from deploy.local.up import StartError, bring_up

from aftersales.testing.servers import ServerUnavailableError
from aftersales.testing.servers.orphans import end_orphans


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="deploy.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up").add_argument("--profile", help="settings from deploy/local/<profile>.env")
    commands.add_parser("down")
    commands.add_parser("status")
    commands.add_parser("logs").add_argument("name", nargs="?", default="*")
    chosen = parser.parse_args(arguments)
    match chosen.command:
        case "up":
            return up(chosen.profile)
        case "down":
            return down()
        case "status":
            return status()
    return logs(chosen.name)


def up(profile: str | None) -> int:
    place = Place(profile=read_profile(profile) if profile else {})
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    try:
        if bring_up(place) and _attached():
            _stay(Runner(place))
    except KeyboardInterrupt:
        return down()
    except StartError:
        return 1
    except (ServerUnavailableError, RuntimeError, ValueError) as error:
        screen.failed("up", str(error), "", ())
        return 1
    return 0


def down() -> int:
    place = Place()
    runner = Runner(place)
    if runner.alive():
        with screen.console.status("stopping …"):
            runner.shutdown()
            end_orphans(place.data_dir)
        screen.say("Stopped.")
    elif left := end_orphans(place.data_dir):
        screen.say(f"Ended {left} processes that an earlier run left behind.")
    else:
        screen.say("Nothing is running.")
    return 0


def status() -> int:
    runner = Runner(Place())
    if not runner.alive():
        screen.say("Nothing is running.")
        return 1
    for name, state in runner.states().items():
        screen.say(f"{name:<11} {state.word.lower():<9} {f'pid {state.pid}' if state.pid else ''}")
    return 0


def logs(name: str) -> int:
    """Follow one log, or all of them."""
    files = [str(file) for file in sorted(Place().log_dir.glob(f"{name}.log"))]
    if not files:
        screen.say(f"No log of that name in {Place().log_dir}.")
        return 1
    return subprocess.call(["tail", "-n", "20", "-F", *files])


def _attached() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and not os.environ.get("DETACH")


def _stay(runner: Runner) -> None:
    """Remain in the foreground until ctrl-C, or until somebody else stops it; say what ends or comes back."""
    screen.say("Ctrl-C stops everything.")
    before = runner.states()
    while runner.alive():
        time.sleep(1)
        try:
            now = runner.states()
        except OSError:
            break
        for name in now.keys() & before.keys():
            if now[name].pid != before[name].pid:
                word = "started again" if now[name].up else now[name].word.lower()
                screen.say(f"{name}: {word}, log in {runner.log(name)}")
        before = now


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
