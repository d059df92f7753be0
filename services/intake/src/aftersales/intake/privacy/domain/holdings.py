"""Where intake has personal data of customers (ALL-6); docs/privacy.md shows it. Pure."""

from aftersales.common.privacy.harmless import HARMLESS, MASTER_DATA, OF_STAFF
from aftersales.common.privacy.holdings import CLOCK_TEXTS, Holding, PersonalData
from aftersales.intake.agreements.domain.contract import Contract
from aftersales.intake.agreements.domain.entitlement import Entitlement
from aftersales.intake.archive.domain.customer import ContactPoint, Customer
from aftersales.intake.archive.domain.file import CustomerFile
from aftersales.intake.archive.domain.merge import Merge
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.domain.search import SearchEntry
from aftersales.intake.correspondence.domain import Correspondence
from aftersales.intake.documents.domain.document import PrintedDocument
from aftersales.intake.messages.domain.message import CustomerMessage, suppress_message
from aftersales.intake.office.domain.handover import ShiftHandover
from aftersales.intake.partners.domain import PartnerMessage
from aftersales.intake.public.domain.complaint import PublicComplaint
from aftersales.intake.recalls.domain import RecallCase
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.sales.domain import Shipment

CUSTOMERS = Holding(
    Customer,
    {"_id": "customers"},
    personal=(
        *("name", "aliases", "phone", "phones", "address", "addresses", "contacts", "users", "shared_phones"),
        *("email", "wechat", "chat_id", "preferred_channel", "vip", "membership", "quiet_hours", "unreachable"),
        *("language", "consents[].how", "consents[].evidence"),
    ),
    kept=(
        *("kind", "class_set_by", "confirmed_by", "standing", "consents.purpose", "consents.by", "contracts", "also"),
        "merged_into",
    ),
)
CONTACT_POINTS = Holding(ContactPoint, {"customer": "customers"}, kept=("customer",), removed=True)
SEARCH_ENTRIES = Holding(SearchEntry, {"_id": "customers"}, kept=("customer", "tokens"), removed=True)
REQUESTS = Holding(
    ServiceRequest,
    {"customer": "customers", "_id": "requests"},
    personal=(
        *("caller", "unreachable", "address", "description", "order", "details", "danger_words", "location"),
        *("resolution.cause", "resolution.solution", "answers[].text", "answers[].referred_to", "steps[].note"),
        *("claim_outcome.why", "review_remark", "history[].why"),
        *("acceptances[].accepted_by", "acceptances[].evidence", "acceptances[].file"),
        *("corrections[].why", "corrections[].changes[].before", "corrections[].changes[].after"),
        *("contacts[].caller", "contacts[].phone", "contacts[].said", "notes[].text", "offer", "custody[].note"),
        *("escalations[].reason", "escalations[].proposal", "escalations[].answer"),
        *("partner.id", "partner.reference", "elsewhere"),
        *CLOCK_TEXTS,
    ),
    kept=(
        *("customer", "product", "fault", "unclear", "policy", "owner", "registered_by", "visit_facts"),
        *("resolution.technician", "repeats", "importance_class", "answers.by", "steps.step", "steps.by"),
        *("claim_outcome.claim", "claim_outcome.amount", "claim_outcome.by", "waits", "reviewed_by"),
        *("coverage", "coverage_history", "acceptances.amount", "acceptances.noted_by", "history.by"),
        *("corrections.by", "corrections.changes.field", "corrections.held_up", "contacts.by"),
        *("contacts.from_request", "notes.by", "duplicate_of", "custody.from_owner", "custody.to_owner"),
        *("custody.reason", "custody.by", "escalations.to", "escalations.by", "asked", "due_elsewhere"),
        *("stage", "due_service", "pressing", "partner.partner", "partner.source", "tail"),
    ),
)
MERGES = Holding(
    Merge,
    {"winner": "customers", "loser": "customers"},
    personal=(
        *("why", "numbers", "aliases", "phones", "addresses", "contacts", "users", "shared_phones", "membership"),
        *("consents[].how", "consents[].evidence", "undone_why"),
    ),
    kept=(
        *("winner", "loser", "by", "products", "consents.purpose", "consents.by", "contracts", "also"),
        *("undone_by",),
    ),
)
_OF_PRODUCTS = (
    *("backwards", "model", "line", "batch", "customer", "extensions.claim", "extensions.approved_by", "sold_by"),
    *("unclear", "registered_with", "entitled", "history.by", "history.owner", "warranty_card.request"),
    *("warranty_card.fault", "warranty_card.technician", "warranty_card.parts"),
)
PRODUCTS = Holding(
    Product,
    {"customer": "customers"},
    personal=(
        *("proofs[].invoice", "proofs[].file", "proofs[].evidence", "extensions[].why", "invoice", "installed_at"),
        *("history[].why", "warranty_card[].cause", "warranty_card[].solution"),
    ),
    kept=_OF_PRODUCTS,
)
GIVEN_AWAY = Holding(
    Product,
    {"_id": "serials", "history.owner": "customers", "warranty_card.request": "requests"},
    personal=(
        *("history[owner:customers].why", "warranty_card[request:requests].cause"),
        *("warranty_card[request:requests].solution",),
    ),
    kept=(*_OF_PRODUCTS, "proofs", "extensions", "invoice", "installed_at"),
)
COMPLAINTS = Holding(
    PublicComplaint,
    {"_id": "complaints", "request": "requests"},
    personal=("name", "phone", "text", "number", "answer", "verified_remark", *CLOCK_TEXTS),
    kept=("request", "taken_by", "policy", "answered_by", "verified_by"),
)
DOCUMENTS = Holding(
    PrintedDocument,
    {"customer": "customers", "request": "requests"},
    personal=("paper.sections", "paper.link", "handed_over[].to", "handed_over[].file", "handed_over[].note"),
    kept=(
        *("request", "serial", "customer", "replaces", "replaced_by", "paper.title", "paper.letterhead"),
        *("paper.stamp", "paper.signatures", "paper.link_words", "issued_by", "printed_by"),
        *("handed_over.by",),
    ),
)
FILES = Holding(
    CustomerFile,
    {"customer": "customers"},
    personal=("name", "sha256"),
    kept=("customer", "type", "requests", "kept_by", "removed_by"),
)
LETTERS = Holding(
    Correspondence,
    {"customer": "customers", "request": "requests"},
    personal=("subject", "text", "reference", "files"),
    kept=("customer", "request", "serial", "line", "recorded_by"),
)
MESSAGES = Holding(
    CustomerMessage,
    {"customer": "customers", "request": "requests"},
    personal=("params", "attempts[].why"),
    settle=suppress_message,
    kept=("request", "customer", "attempts.by"),
)
HANDOVERS = Holding(
    ShiftHandover,
    {"lines.request": "requests"},
    personal=("lines[request:requests].note", "lines[request:requests].remark", *CLOCK_TEXTS),
    kept=(
        *("shift", "from_person", "to_person", "to_role", "lines.request", "lines.state", "lines.owner"),
        *("lines.by",),
    ),
)
CONTRACTS = Holding(
    Contract,
    {"customer": "customers"},
    personal=("commissioned.report", "sessions[].subject", *CLOCK_TEXTS),
    kept=(
        *("customer", "serials", "models", "lines", "commissioned.by", "sessions.by", "services"),
        *("response",),
    ),
)
ENTITLEMENTS = Holding(
    Entitlement,
    {"customer": "customers"},
    kept=("product", "kind", "work", "name", "policy", "customer", "used"),
)
RECALL_CASES = Holding(
    RecallCase,
    {"customer": "customers"},
    personal=("history[].note",),
    kept=("recall", "product", "model", "customer", "history.by"),
)
SHIPMENTS = Holding(
    Shipment,
    {"serials": "serials"},
    personal=("order_number", "reference"),
    kept=("waybill", "carrier", "serials", "partner", "source"),
)
PARTNER_MESSAGES = Holding(
    PartnerMessage,
    {"request": "requests", "serial": "serials"},
    personal=("message", "reference", "params"),
    kept=("partner", "source", "type", "digest", "request", "serial", "waybill", "code"),
)
PERSONAL = PersonalData(
    holdings=(
        CUSTOMERS,
        CONTACT_POINTS,
        SEARCH_ENTRIES,
        MERGES,
        REQUESTS,
        PRODUCTS,
        GIVEN_AWAY,
        COMPLAINTS,
        DOCUMENTS,
        FILES,
        LETTERS,
        MESSAGES,
        HANDOVERS,
        CONTRACTS,
        ENTITLEMENTS,
        RECALL_CASES,
        SHIPMENTS,
        PARTNER_MESSAGES,
    ),
    harmless=HARMLESS
    | dict.fromkeys(("branches", "people", "roles", "acknowledgements", "attendances", "notice_readers"), OF_STAFF)
    | dict.fromkeys(
        (
            *("catalogue_announcements", "catalogue_lists", "classification_rules", "identities", "logos", "prices"),
            *("model_register", "models", "notices", "trainings", "recalls", "document_logos", "search_upgrades"),
        ),
        MASTER_DATA,
    )
    | {
        "digests": "numbers and deadlines; removed by MongoDB after 92 days",
        "document_series": "numbers of documents, requests and products",
        "meetings": "minutes of the branch, about numbers of requests; they must name no customer",
    },
)
