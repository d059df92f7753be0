"""Brings the whole system up on this machine, or repairs what of it does not run."""

import time
import xmlrpc.client
from collections.abc import Iterable, Mapping

from deploy.local import screen
from deploy.local.place import Place
from deploy.local.programs import Program, programs
from deploy.local.runner import Runner, State

from aftersales.testing.servers import is_taken
from aftersales.testing.servers.model import log_tail
from aftersales.testing.servers.orphans import end_orphans

_PATIENCE = 90.0
_POLL = 0.1


class StartError(RuntimeError):
    """A component did not come up; `program` is the one, `ran` tells whether its log knows more."""

    def __init__(self, program: Program, reason: str, *, ran: bool = True) -> None:
        super().__init__(reason)
        self.program = program
        self.ran = ran


def bring_up(place: Place, *, show_links: bool = True) -> bool:
    """Start or repair, wait until all is ready, show where it is; tell whether supervisord was started by this."""
    began = time.monotonic()
    wanted = programs(place)
    runner = Runner(place)
    fresh = not runner.alive()
    try:
        changed = _supervise(place, wanted, runner) if fresh else runner.update(wanted)
        started = _tier_by_tier(place, wanted, runner)
    except StartError as error:
        _explain(error, runner)
        raise
    if show_links:
        screen.links(wanted)
    if started or changed:
        screen.say(f"Ready in {time.monotonic() - began:.1f} s. `make down` stops it, data stays in {place.run_dir}.")
    else:
        screen.say("It is already running. `make down` stops it.")
    return fresh


def _supervise(place: Place, wanted: list[Program], runner: Runner) -> list[str]:
    end_orphans(place.data_dir)
    _ports_free(wanted)
    runner.launch(wanted)
    return []


def _tier_by_tier(place: Place, wanted: Iterable[Program], runner: Runner) -> bool:
    """Start what does not run, servers first; tell whether anything had to be started."""
    anything = False
    for tier in (0, 1):
        members = [program for program in wanted if program.tier == tier]
        down = _not_up(members, runner.states())
        anything = anything or bool(down)
        for program in down:
            runner.stop(program.name)
            end_orphans(place.data_dir / program.name)  # RabbitMQ leaves its name daemon behind
        _ports_free(down)
        for program in down:
            _start(program, runner)
        began = time.monotonic()
        with screen.console.status("") as status:
            for program in members:
                status.update(f"{program.name} …")
                _await(program, runner)
                if program in down:
                    screen.done(program.name, time.monotonic() - began)
                else:
                    screen.already(program.name)
    return anything


def _not_up(members: Iterable[Program], states: Mapping[str, State]) -> list[Program]:
    return [program for program in members if not states[program.name].up]


def _start(program: Program, runner: Runner) -> None:
    try:
        runner.start(program.name)
    except xmlrpc.client.Fault as fault:
        raise StartError(program, f"{program.command[0]}: {fault.faultString}", ran=False) from fault


def _await(program: Program, runner: Runner) -> None:
    deadline = time.monotonic() + _PATIENCE
    while reason := program.ready():
        state = runner.states()[program.name]
        if not state.up:
            raise StartError(program, f"ended while starting ({state.word.lower()})")
        if time.monotonic() > deadline:
            raise StartError(program, f"not ready after {_PATIENCE:.0f} s: {reason}")
        time.sleep(_POLL)


def _ports_free(wanted: Iterable[Program]) -> None:
    """Refuse before anything is started; a port that is not free belongs to somebody else."""
    for program in wanted:
        for name, port in program.ports.items():
            if is_taken(port):
                raise StartError(
                    program,
                    f"port {port} on 127.0.0.1 is held by another program; end that one, "
                    f"or choose another port with AFTERSALES_PORT_{name}=…",
                    ran=False,
                )


def _explain(error: StartError, runner: Runner) -> None:
    name = error.program.name
    log = runner.log(name)
    end = log_tail(log) if error.ran else ""
    hints = [f"More: {log}"] if end else []
    if runner.alive():
        hints.append("What did start runs on: `make up` tries again, `make down` stops it.")
    screen.failed(name, str(error), end, hints)
