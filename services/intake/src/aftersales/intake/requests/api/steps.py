"""HTTP API: steps of the desk that start and stop stages (INT-1, FBK-3, FBK-4)."""

from fastapi import APIRouter

from aftersales.engine import PROBLEMS, RequestContext
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.domain.steps import RecordStep
from aftersales.intake.requests.handlers import steps

from .requests import ServiceRequestNumber

router = APIRouter(responses=PROBLEMS)


@router.post("/requests/{number}/steps")
async def record_step(number: ServiceRequestNumber, form: RecordStep, context: RequestContext) -> ServiceRequest:
    """Record a step: the customer was not reached, the complaint was verified, the refund was paid.

    The stages of the policy that start or stop with it do so: `customer_not_reached` starts `contact_again`.
    """
    return await context.do(steps.record_step, number, form, context.catalogue)
