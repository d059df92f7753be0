"""Documents and indexes of erasures and exports, and the search for all numbers of a customer (ALL-6)."""

from aftersales.common.dead_letters import StoredDeadLetter
from aftersales.common.privacy.erasure import PRIVACY_INDEXES
from aftersales.common.privacy.holdings import DataSubject
from aftersales.common.privacy.traces import has_any
from aftersales.common.work.group import ANSWERS
from aftersales.engine import Document, Reads
from aftersales.intake.archive.domain.customer import Customer, contact_points
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.public.domain.complaint import PublicComplaint
from aftersales.intake.requests.domain.request import ServiceRequest

INDEXES = PRIVACY_INDEXES
_ROWS = 500


async def find_records_of(mongo: Reads, customer: Customer) -> list[Customer]:
    """Return the customer and all customers merged into them."""
    ids = {customer.id, *customer.also}
    return await mongo.find(Customer, {"$or": [{"_id": {"$in": sorted(ids)}}, {"merged_into": {"$in": sorted(ids)}}]})


async def find_subject(mongo: Reads, customers: list[Customer]) -> DataSubject:
    """Return the numbers of everything that belongs to these records of a customer."""
    ids = sorted(one.id for one in customers)
    theirs: Document = {"customer": {"$in": ids}}
    requests = [row["_id"] for row in await mongo.rows(ServiceRequest, theirs, only=("_id",))]
    serials = [row["_id"] for row in await mongo.rows(Product, theirs, only=("_id",))]
    phones = sorted({point for one in customers for point in contact_points(one) if point})
    about: Document = {"$or": [{"request": {"$in": requests}}, {"phone": {"$in": phones}}]}
    complaints = [row["_id"] for row in await mongo.rows(PublicComplaint, about, only=("_id",))]
    return DataSubject(
        customers=tuple(ids),
        requests=tuple(sorted(requests)),
        serials=tuple(sorted(serials)),
        complaints=tuple(sorted(complaints)),
    )


async def find_traces(mongo: Reads, customers: list[Customer]) -> list[str]:
    """Return dead letters and stored answers that have a number or an account of the customer."""
    points = {point.removeprefix("mailto:").removeprefix("chat:") for one in customers for point in contact_points(one)}
    words = {word for point in points for word in (point, point.removeprefix("+86"))}
    found: list[str] = []
    for collection, body in ((StoredDeadLetter.COLLECTION, "body"), (ANSWERS, "answer.body")):
        after = ""
        while rows := await mongo.rows(collection, {"_id": {"$gt": after}}, sort=("_id",), limit=_ROWS):
            for row in rows:
                inner = row if body == "body" else row["answer"]
                if has_any(words, inner.get("body", b"")):
                    found.append(f"{collection}/{row['_id']}")
            after = rows[-1]["_id"]
    return found
