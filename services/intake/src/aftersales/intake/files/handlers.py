"""Use cases: records of customers' files (INT-2, INT-3). The bytes are stored before, and deleted when unused."""

from aftersales.engine import DomainError, UnitOfWork, use_case
from aftersales.intake.archive.domain import file as files
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.archive.domain.erased import must_not_be_erased
from aftersales.intake.archive.domain.file import CustomerFile, FileForm
from aftersales.intake.requests.domain.request import ServiceRequest


@use_case(
    preload=lambda owner, request: ((Customer, owner), *(((ServiceRequest, request),) if request else ())),
)
async def keep_file(work: UnitOfWork, owner: str, form: FileForm, request: str | None) -> CustomerFile:
    """Record the file, or return the customer's existing one with the same bytes."""
    customer = must_not_be_erased(await work.require(Customer, owner))
    if request and (await work.require(ServiceRequest, request)).customer != owner:
        raise DomainError("file.request_of_another_customer", request=request)
    same = await work.find(CustomerFile, customer=owner, sha256=form.sha256, removed=False)
    known = same[0] if same else None
    file = known or CustomerFile(
        branch=customer.branch, customer=owner, kept_at=work.now, kept_by=work.actor, **form.model_dump()
    )
    file = files.for_request(file, request)
    return file if file == known else work.put(file)


@use_case(about=lambda id: (CustomerFile, id))
async def remove_file(work: UnitOfWork, id: str) -> CustomerFile:
    known = await work.require(CustomerFile, id)
    removed = files.mark_removed(known, work.actor, work.now)
    return removed if removed == known else work.put(removed)
