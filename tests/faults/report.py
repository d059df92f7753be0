"""The report in docs/faults.md: the newest run of each plan, and of the fuzzer."""

import platform
from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap
from typing import Any

from faults.plans import PLANS
from faults.score import Outcome
from faults.summary import Summary, kept, load

_WORDS = ("attempted", "accepted", "applied", "lost", "duplicates seen", "double effects")
_WIDTH = 118


def markdown() -> str:
    """The whole report, with all counts."""
    runs = [run for plan in PLANS if (run := load(plan))]
    parts = [_head(runs), *map(_run, runs), _invariants(runs), _broken(kept("broken")), _fuzz(kept("fuzz")), _NOTES]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _head(runs: Sequence[Summary]) -> list[str]:
    faults = sum(run.faults for run in runs)
    kinds = len({kind for run in runs for kind in run.recovered})
    minutes = sum(run.seconds for run in runs) / 60
    events = sum(run.published for run in runs)
    return [
        "# Faults",
        "",
        *_text(
            f"`make faults` and `make fuzz` write this page. The runs caused {faults} faults of {kinds} kinds in",
            f"{minutes:.0f} minutes, one after another under load, while {events} events were published;",
            f"{platform.system()}, Python {platform.python_version()}.",
        ),
        "",
        *_table(("", *_WORDS), _totals(runs)),
        "",
        "- `requests` came by HTTP and as partners' messages. An applied request has exactly one work order.",
        "- `commands` are HTTP calls with an Idempotency-Key. A command that is not accepted was refused by a rule.",
        "- `events` count each event once for each service that reads it. RabbitMQ accepts an event, and the service's",
        "  inbox applies it.",
        "- Duplicates seen are repeated deliveries and calls that were recognised.",
        "",
        *_table(
            ("run", "version", "servers", "replicas of each service", "faults", "minutes", "lost", "double effects"),
            [_line(run) for run in runs],
        ),
    ]


def _totals(runs: Sequence[Summary]) -> list[tuple[str, ...]]:
    names = runs[0].scores if runs else {}
    return [(name, *map(str, map(sum, zip(*(run.scores[name] for run in runs), strict=True)))) for name in names]


def _line(run: Summary) -> tuple[str, ...]:
    lost, double = (sum(score[place] for score in run.scores.values()) for place in (3, 5))
    how = run.run
    minutes = f"{run.seconds / 60:.0f}"
    return (how.plan, how.commit, how.servers, str(how.replicas), str(run.faults), minutes, str(lost), str(double))


def _run(run: Summary) -> list[str]:
    head = ("fault", "times", "red after", "green after", "failed parts", "recovered in", "at most")
    lines = [
        f"## Run `{run.run.plan}`",
        "",
        *_text(
            f"`make faults{run.run.arguments}`. Deliveries repeated on purpose: {run.redelivered}.",
            f"Dead letters that were handled after a replay: {_listed(run.dead)}.",
            f"Dead letters that remain, sent unreadable on purpose: {_listed(run.parked)}.",
        ),
        "",
        *_table(head, run.by_kind()),
    ]
    if run.failures:
        lines += ["", "What was found:", "", *(f"- {failure}" for failure in run.failures)]
    return lines


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items())) or "none"


def _invariants(runs: Sequence[Summary]) -> list[str]:
    names = dict.fromkeys(name for run in runs for name in run.invariants)
    rows = [(name, *(_holds(run.invariants.get(name)) for run in runs)) for name in names]
    return ["## Invariants", "", *_table(("invariant", *(f"`{run.run.plan}`" for run in runs)), rows)]


def _holds(contradictions: int | None) -> str:
    return (
        "not checked" if contradictions is None else f"violated {contradictions} times" if contradictions else "holds"
    )


def broken_rows(broken: Mapping[str, Outcome]) -> list[list[str]]:
    """The report's row for each variant, in the form in which it is stored."""
    rows = []
    for name, outcome in broken.items():
        shown = "; ".join(invariant for invariant, findings in outcome.findings.items() if findings) or "none"
        rows.append([f"`{name}`", str(outcome.lost), str(outcome.double_effects), shown])
    return rows


def _broken(rows: Sequence[Sequence[str]] | None) -> list[str]:
    if not rows:
        return []
    return [
        "## The same checks on broken variants",
        "",
        "Each variant has one fault at a chosen moment (`testing/broken.py`); `sound`, the real system, has four.",
        "",
        *_table(("variant", "lost", "double effects", "invariants that do not hold"), rows),
    ]


def _fuzz(found: Mapping[str, Any] | None) -> list[str]:
    if not found:
        return []
    return [
        "## Bad input",
        "",
        *_text(
            f"`make fuzz{found['arguments']}`, version {found['commit']}, {found['servers']}:",
            f"{found['sent']} messages in {found['seconds']:.0f} s,",
            "to the partners' exchange and to the services' own queues.",
        ),
        "",
        *_table(("result", "messages"), [(name, str(count)) for name, count in found["fates"].items()]),
        "",
        *(f"- {line}" for line in found["verdicts"]),
    ]


def _text(*sentences: str) -> list[str]:
    return wrap(" ".join(sentences), _WIDTH, break_long_words=False, break_on_hyphens=False)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


_NOTES = (
    "## How to read it",
    "",
    "- *Red after*: the most seconds from the moment at which the system stood still until the probes of all",
    "  affected replicas were red; `-` if it did not stand still. *Green after*: the seconds from the end of the fault",
    "  until all probes were green. Both must be at most 10.",
    "- *Failed parts*: the parts that `/healthz` reported as failed, and `/readyz` and `/livez` if they were red too.",
    "- *Recovered in*: the median of the seconds from the fault until a new request had passed all four services,",
    "  including the restart of a server or service.",
    '- To run a plan, give its name (`make faults ARGS="--plan cluster"`); this page shows the newest run of each.',
    "",
    "## Another RabbitMQ",
    "",
    "`AFTERSALES_RABBITMQ_SERVER` names the `rabbitmq-server` program for `make up`, the tests and the fault runs;",
    "`rabbitmqctl` must be in the same folder. RabbitMQ 4.0 on Debian 12, as root, from a tree of Debian 13:",
    "",
    "```sh",
    "apt-get install debootstrap",
    "debootstrap --variant=minbase --include=rabbitmq-server trixie /var/tmp/trixie",
    "export AFTERSALES_RABBITMQ_SERVER=$PWD/tests/faults/tree/rabbitmq-server  # runs the program in RABBITMQ_TREE",
    'make faults ARGS="--plan rabbitmq4"',
    "```",
    "",
    "## Known limits",
    "",
    "- If RabbitMQ 3.10.8 is killed with SIGKILL within about a second of creating a quorum queue or a stream, it",
    "  loses the queue or stream with all confirmed messages. The runs wait for 15 s after the first start before they",
    "  kill it.",
    "- RabbitMQ 3.10.8 stops moving expired messages to the dead queue after one of them has an `x-death` header that",
    "  its publisher set to an array of numbers (`function_clause` in its log); 4.0.5 moves them. Therefore",
    "  `make fuzz` sends no message with both. Use RabbitMQ 4 if partners publish.",
)
