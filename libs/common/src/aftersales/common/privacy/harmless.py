"""Collections of the engine that are not in the tables of personal data, each with the reason (ALL-6). Pure."""

MASTER_DATA = "what the company sets; nothing of customers"
OF_STAFF = "people of the company, not customers"
HARMLESS: dict[str, str] = {
    "accounts": OF_STAFF,
    "anchors": "digests of the audit trail",
    "answers": "answers to commands with an Idempotency-Key; erased by the text, removed by MongoDB after 72 hours",
    "archived": "numbers of archived documents, with the name of their file",
    "audit": "who, when and why, digests, and numbers of documents; it cannot be changed",
    "audit_bases": "digests of documents",
    "audit_heads": "digests of the audit trail",
    "audit_values": "the values before and after each change; erased with their documents",
    "branch_hours": MASTER_DATA,
    "catalogues": MASTER_DATA,
    "counters": "the next numbers",
    "erasures": "the proof: numbers and counts",
    "failing_timers": "numbers of documents; removed after an hour",
    "heartbeats": "times",
    "inbox": "ids of events; removed by MongoDB after 14 days",
    "leases": "names of replicas",
    "marks": "what was done once",
    "outbox": "events on their way; removed as soon as RabbitMQ has confirmed them, within seconds",
    "parked": "dead letters; those that name the customer are deleted",
    "personal_exports": "the record of exports: numbers and counts",
    "policies": MASTER_DATA,
    "policy_lists": MASTER_DATA,
    "readings": "who read whom: ids of customers, routes and paths; removed by MongoDB after three years",
    "tallies": "counters",
    "uploads": "ids of files that are being stored",
    "verifications": "results of verifications of the audit trail",
}
"""The reasons by collection; what is erased although it is not in a table is done by the eraser itself."""
