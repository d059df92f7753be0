"""HTTP in: many rows at once (`aftersales import`), each on its own."""

from fastapi import APIRouter

from aftersales.common.batches import Batch, Job, Outcomes, take
from aftersales.common.policies import LIST
from aftersales.common.service import PROBLEMS, Desk
from aftersales.intake.domain.branch import Branch
from aftersales.intake.domain.customer import ArchiveCustomer, Customer
from aftersales.intake.domain.form import RegisterRequest
from aftersales.intake.domain.imports import ImportProduct
from aftersales.intake.handlers import imports, requests
from aftersales.intake.store.archive import caller, owned

router = APIRouter(prefix="/imports", responses=PROBLEMS)


@router.post("/customers")
async def import_customers(batch: Batch, desk: Desk) -> Outcomes:
    """Archive customers with what they own (INT-3): each form as `POST /customers` takes it."""

    def job(form: ArchiveCustomer) -> Job:
        products = [need for one in form.products for need in owned(one.serial, one.model)]
        needs = ((Branch, form.branch), caller(form.phone), *products, *LIST)
        return Job(imports.import_customer, (form, desk.settings, desk.library), needs)

    return await take(desk, batch, ArchiveCustomer, job)


@router.post("/products")
async def import_products(batch: Batch, desk: Desk) -> Outcomes:
    """Archive products of known customers (INT-3): `phone` or `customer` (an id), and the product's fields."""

    def job(form: ImportProduct) -> Job:
        owner = caller(form.phone) if form.phone else (Customer, str(form.customer))
        return Job(imports.import_product, (form, desk.library), (owner, *owned(form.serial, form.model), *LIST))

    return await take(desk, batch, ImportProduct, job)


@router.post("/requests")
async def import_requests(batch: Batch, desk: Desk) -> Outcomes:
    """Record contacts (INT-2): each form as `POST /requests` takes it."""

    def job(form: RegisterRequest) -> Job:
        product = owned(form.product.serial, form.product.model)
        needs = ((Branch, form.branch), caller(form.customer.phone), *product, *LIST)
        return Job(requests.register_request, (form, desk.library), needs)

    return await take(desk, batch, RegisterRequest, job)
