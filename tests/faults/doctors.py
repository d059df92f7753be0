"""Small falsifications of a sound day's evidence: each makes one invariant untrue."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

from faults.evidence import Evidence
from faults.probes import Shown


def _documents(evidence: Evidence, service: str, collection: str) -> dict[str, Any]:
    return evidence.books[service].documents[collection]


def _first(evidence: Evidence, service: str, collection: str, **wanted: Any) -> Any:
    found = _documents(evidence, service, collection).values()
    return next(row for row in found if all(row[name] == value for name, value in wanted.items()))


def _event(evidence: Evidence, type: str) -> Any:
    return next(event for event in evidence.journal if event["type"] == type)


def _ended_clock(evidence: Evidence) -> Any:
    orders = _documents(evidence, "dispatch", "orders").values()
    return next(clock for order in orders for clock in order["clocks"] if clock["ended_at"])


def _lot(evidence: Evidence, part: str = "P-100") -> Any:
    return _first(evidence, "inventory", "stock", part=part)["lots"][0]


def _copied(documents: dict[str, Any], id: str, **changes: Any) -> None:
    documents[id] = deepcopy(next(iter(documents.values()))) | {"_id": id} | changes


def lose_an_order(evidence: Evidence) -> None:
    _documents(evidence, "dispatch", "orders").popitem()


def open_a_second_order(evidence: Evidence) -> None:
    _copied(_documents(evidence, "dispatch", "orders"), "WO-1")


def lose_an_accepted_request(evidence: Evidence) -> None:
    _documents(evidence, "intake", "requests").popitem()


def register_a_request_twice(evidence: Evidence) -> None:
    _copied(_documents(evidence, "intake", "requests"), "SR-1")


def do_a_command_twice(evidence: Evidence) -> None:
    audit = evidence.books["inventory"].audit
    audit.append(next(entry for entry in audit if entry["causation"] in evidence.ledger.commands))


def forget_an_answer(evidence: Evidence) -> None:
    evidence.books["dispatch"].answers.popitem()


def do_what_was_refused(evidence: Evidence) -> None:
    command = next(c for c in evidence.ledger.commands.values() if c.service == "dispatch")
    command.status = 409


def forget_an_event(evidence: Evidence) -> None:
    id = _event(evidence, "dispatch.technician_departed.v1")["id"]
    books = evidence.books["feedback"]
    books.inbox.remove(id)
    books.audit = [entry for entry in books.audit if entry["causation"] != id]


def apply_an_event_twice(evidence: Evidence) -> None:
    id = _event(evidence, "dispatch.part_needed.v1")["id"]
    audit = evidence.books["inventory"].audit
    audit += [entry for entry in audit if entry["causation"] == id]


def park_without_a_reason(evidence: Evidence) -> None:
    next(iter(evidence.books["intake"].parked.values()))["reason"] = ""


def drop_what_was_unreadable(evidence: Evidence) -> None:
    evidence.books["intake"].parked.clear()


def leave_a_message_in_a_queue(evidence: Evidence) -> None:
    evidence.stuck["dispatch.events"] = 1


def change_something_by_a_repeat(evidence: Evidence) -> None:
    evidence.changed_by_repeat.append("inventory slips/IS-1")


def publish_one_event_less(evidence: Evidence) -> None:
    evidence.journal.remove(_event(evidence, "intake.request_registered.v1"))


def publish_one_event_more(evidence: Evidence) -> None:
    evidence.journal.append(_event(evidence, "inventory.part_used.v1") | {"id": "never-committed"})


def leave_an_event_in_the_outbox(evidence: Evidence) -> None:
    evidence.books["intake"].outbox.append({"id": "1", "key": "intake.request_registered.v1"})


def take_more_than_there_is(evidence: Evidence) -> None:
    lot = _lot(evidence)
    lot["used"], lot["free"] = lot["used"] + lot["free"] + 1, -1


def lose_a_piece(evidence: Evidence) -> None:
    _lot(evidence)["free"] -= 1


def lose_a_line_of_the_ledger(evidence: Evidence) -> None:
    movements = _documents(evidence, "inventory", "movements")
    del movements[_first(evidence, "inventory", "movements", kind="used")["_id"]]


def use_on_a_slip_what_the_stock_still_has(evidence: Evidence) -> None:
    slip = next(slip for slip in _documents(evidence, "inventory", "slips").values() if slip["used"])
    slip["used"][0]["quantity"] += 1


def take_a_receipt_in_twice(evidence: Evidence) -> None:
    lot = _lot(evidence)
    lot["received"] += 3
    lot["free"] += 3


def lose_a_receipt(evidence: Evidence) -> None:
    lot = _lot(evidence)
    lot["received"] -= 1
    lot["free"] -= 1


def release_a_reservation_again(evidence: Evidence) -> None:
    used = _first(evidence, "inventory", "movements", kind="used")
    _documents(evidence, "inventory", "movements")["again"] = used | {"_id": "again", "kind": "released"}


def never_end_a_reservation(evidence: Evidence) -> None:
    movements = _documents(evidence, "inventory", "movements")
    ended = _first(evidence, "inventory", "movements", kind="used")
    del movements[ended["_id"]]


def end_a_slip_that_holds_something(evidence: Evidence) -> None:
    slips = _documents(evidence, "inventory", "slips").values()
    slip = next(slip for slip in slips if any(line["reserved"] for line in slip["lines"]))
    slip["state"] = "cancelled"


def say_twice_that_parts_were_used(evidence: Evidence) -> None:
    evidence.journal.append(_event(evidence, "inventory.part_used.v1") | {"id": "again"})


def carry_a_clock_twice(evidence: Evidence) -> None:
    order = next(order for order in _documents(evidence, "dispatch", "orders").values() if order["clocks"])
    order["clocks"] = [*order["clocks"], order["clocks"][0]]


def call_met_what_was_late(evidence: Evidence) -> None:
    clock = _ended_clock(evidence)
    clock |= {"outcome": "met", "ended_at": clock["deadline"] + timedelta(seconds=1)}


def end_a_clock_and_leave_it_open(evidence: Evidence) -> None:
    _ended_clock(evidence)["outcome"] = "open"


def tell_a_breach_twice(evidence: Evidence) -> None:
    evidence.journal.append(_event(evidence, "feedback.sla_breached.v1") | {"id": "again"})


def tell_no_breach(evidence: Evidence) -> None:
    evidence.journal.remove(_event(evidence, "feedback.sla_breached.v1"))


def count_a_deadline_twice(evidence: Evidence) -> None:
    metrics = evidence.books["dispatch"].pages["dispatch-a"]
    metrics[next(sample for sample in metrics if sample[0] == "aftersales_sla_deadlines_total")] += 1


def count_no_dead_letter(evidence: Evidence) -> None:
    metrics = evidence.books["intake"].pages["intake-a"]
    del metrics[next(sample for sample in metrics if sample[0] == "aftersales_dead_letters")]


def handle_what_is_parked(evidence: Evidence) -> None:
    books = evidence.books["intake"]
    books.inbox.add(next(iter(books.parked.values()))["event_id"])


def show_red_too_late(evidence: Evidence) -> None:
    evidence.shown.append(Shown("kill -9 RabbitMQ", red=evidence.probe_limit + 0.1, green=0.0))


def show_no_red_at_all(evidence: Evidence) -> None:
    evidence.shown.append(Shown("kill -9 RabbitMQ", green=0.0, silent=["dispatch-a"]))


def stay_red_too_long(evidence: Evidence) -> None:
    evidence.shown.append(Shown("kill -9 RabbitMQ", red=1.0, green=evidence.probe_limit + 0.1))


def write_by_a_second_writer(evidence: Evidence) -> None:
    """Two replicas change a document in turn, and one of the changes is not in the trail."""
    audit = evidence.books["dispatch"].audit
    changes = [entry for entry in audit if entry["document"] == _much_changed(audit)]
    changes[1]["record"] = changes[1]["record"].replace("dispatch@a", "dispatch@b")
    audit.remove(changes[2])


def _much_changed(audit: list[Any]) -> str:
    """Return a document with many changes."""
    names = [entry["document"] for entry in audit if entry["document"].startswith("orders/")]
    return max(names, key=names.count)


def break_a_chain(evidence: Evidence) -> None:
    evidence.books["intake"].broken_chains["intake@a"] = 7


def change_a_document_past_the_audit(evidence: Evidence) -> None:
    _first(evidence, "dispatch", "technicians")["name"] = "张师傅"


def lose_an_audit_entry(evidence: Evidence) -> None:
    audit = evidence.books["dispatch"].audit
    audit.remove(next(entry for entry in audit if entry["document"].startswith("orders/") and entry["version"] == 2))


def give_a_technician_an_order_too_many(evidence: Evidence) -> None:
    _first(evidence, "dispatch", "technicians")["open_orders"].append("WO-1")


def leave_a_request_open_whose_order_is_done(evidence: Evidence) -> None:
    _first(evidence, "intake", "requests", state="closed")["state"] = "registered"


def lose_a_slip(evidence: Evidence) -> None:
    slips = _documents(evidence, "inventory", "slips")
    del slips[_first(evidence, "inventory", "slips", state="used")["_id"]]


def lose_a_callback(evidence: Evidence) -> None:
    _documents(evidence, "feedback", "followups").popitem()


def lose_a_milestone(evidence: Evidence) -> None:
    _first(evidence, "feedback", "timelines")["facts"].pop()


def write_a_repair_twice_on_the_card(evidence: Evidence) -> None:
    card = next(p["warranty_card"] for p in _documents(evidence, "intake", "products").values() if p["warranty_card"])
    card.append(card[0])
