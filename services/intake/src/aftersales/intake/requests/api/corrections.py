"""HTTP API: corrections of requests (INT-2)."""

from fastapi import APIRouter

from aftersales.engine import PROBLEMS, RequestContext
from aftersales.intake.requests.domain.correction import CorrectRequest
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.handlers import corrections

from .requests import CurrentClassifier, ServiceRequestNumber

router = APIRouter(responses=PROBLEMS)


@router.patch("/requests/{number}")
async def correct_request(
    number: ServiceRequestNumber, command: CorrectRequest, context: RequestContext, classifier: CurrentClassifier
) -> ServiceRequest:
    """Correct the fields that the body names (INT-2); coverage, priority, cases and clocks are decided again.

    Clocks get their whole terms from the registration. The work order follows, unless its visit is under way: then the
    correction is marked `held_up` as soon as dispatch has answered. Another branch takes the request over.
    """
    return await context.do(corrections.correct_request, number, command, context.catalogue, classifier)
