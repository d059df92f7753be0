"""What is printed when the day is over: where everything stands, and each check with what it found."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta

from deploy.demo.books import Books
from deploy.demo.checks import Check
from deploy.demo.day import Day, moment
from deploy.demo.offices import Document
from deploy.demo.told import Told
from deploy.local.screen import console
from rich.markup import escape
from rich.table import Table

STAGES = ("dispatch", "arrival", "callback")
OUTCOMES = ("met", "breached", "waived", "open")
_NAMES = {"orders": "work orders", "slips": "issue slips", "followups": "callbacks"}


def show(day: Day, told: Told, books: Books) -> None:
    today = {row["_id"] for row in books.requests_since(day.began)}
    requests, orders, slips, callbacks = _states(told, books, today)
    for tables in (
        (requests, orders),
        (slips, callbacks),
        (_promises(books, today),),
        (_policies(books, today),),
        (_dead(day, told),),
        (_kpis(told),),
    ):
        side_by_side = Table.grid(padding=(0, 6))
        side_by_side.add_row(*tables)
        console.print()
        console.print(side_by_side)
    console.print()


def show_checks(found: Sequence[Check]) -> None:
    table = Table(title="Checked against the databases", title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    table.add_column("")
    table.add_column("wanted", justify="right", max_width=40)
    table.add_column("found", justify="right", max_width=40)
    for check in found:
        mark = "[green]✓[/]" if check.holds else "[red]✗[/]"
        table.add_row(mark, escape(check.promise), *(escape(_short(check, side)) for side in check[1:]))
    console.print(table)


def _short(check: Check, side: object) -> str:
    """Say a big thing by its total while it is right, and all of it when it is wrong."""
    if not check.holds or not isinstance(side, dict | list | set):
        return str(side)
    if isinstance(side, dict) and all(isinstance(value, int) for value in side.values()):
        return str(sum(side.values()))
    return str(len(side))


def _states(told: Told, books: Books, today: set[str]) -> Iterable[Table]:
    for (service, name), states in told.states.items():
        rows = books.of(service, name)
        mine = Counter(row["state"] for row in rows if row.get("request", row["_id"]) in today)
        table = _table(_NAMES.get(name, name), "today", "ever")
        for state, number in sorted(states.items()):
            table.add_row(state, str(mine[state]), str(number))
        yield table


def _promises(books: Books, today: set[str]) -> Table:
    clocks = books.clocks(today)
    table = _table("SLA today", *OUTCOMES)
    for stage in STAGES:
        table.add_row(stage, *(str(clocks[stage, outcome]) for outcome in OUTCOMES))
    return table


def _policies(books: Books, today: set[str]) -> Table:
    """What the customer pays, by the policy of the branch (ALL-1, INT-6)."""
    table = _table("who pays today", "nothing", "parts at cost", "list prices")
    found: dict[str, Counter[str]] = {}
    for row in books.of("intake", "requests"):
        if row["_id"] in today and row["coverage"]:
            found.setdefault(row["policy"], Counter())[row["coverage"]["parts"]] += 1
    for policy, counts in sorted(found.items()):
        table.add_row(policy, *(str(counts[payer]) for payer in ("free", "cost", "list")))
    return table


def _dead(day: Day, told: Told) -> Table:
    table = _table("dead letters", "service", "today", "ever")
    today = Counter(
        (letter["reason"], letter["service"]) for letter in told.dead if moment(letter["last_at"]) >= day.began
    )
    ever = Counter((letter["reason"], letter["service"]) for letter in told.dead)
    for (reason, service), number in sorted(ever.items()):
        table.add_row(reason, service, str(today[reason, service]), str(number))
    return table


def _kpis(told: Told) -> Table:
    kpis = told.kpis
    table = _table("KPIs of the last day's requests", "")
    table.show_header = False
    table.add_row("requests / resolved / cancelled", f"{kpis['requests']} / {kpis['resolved']} / {kpis['cancelled']}")
    table.add_row("response time, p50 / p90", _spread(kpis["response_seconds"]))
    table.add_row("resolution time, p50 / p90", _spread(kpis["resolution_seconds"]))
    table.add_row("arrivals on time", _percent(kpis["on_time_rate"]))
    table.add_row("fixed at the first visit", _percent(kpis["first_visit_fix_rate"]))
    table.add_row("mean mark (1-5)", f"{kpis['satisfaction']['mean_mark']:.2f}")
    table.add_row("satisfied", _percent(kpis["satisfaction"]["share_satisfied"]))
    table.add_row("callbacks made", _percent(kpis["callback_coverage"]))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _spread(seconds: Document) -> str:
    return " / ".join(str(timedelta(seconds=seconds[rank])) for rank in ("p50", "p90"))


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.0%}"
