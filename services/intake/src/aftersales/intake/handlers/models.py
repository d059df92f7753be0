"""The register of models (INT-3)."""

from aftersales.common.work import Work
from aftersales.intake.domain import model as models
from aftersales.intake.domain.model import REGISTER, Listing, Model, ModelForm, ModelRegister


async def enter_model(work: Work, code: str, form: ModelForm) -> Model:
    if await work.get(ModelRegister, REGISTER) is None:
        work.put(ModelRegister())
    known = await work.get(Model, code)
    model = models.enter(known, code, form)
    return model if model == known else work.put(model)


async def look_up(work: Work, code: str) -> Listing:
    """Ask the register about a model; while it is empty, no model is unknown."""
    model = await work.get(Model, code)
    return Listing(model, kept=bool(model or await work.get(ModelRegister, REGISTER)))
