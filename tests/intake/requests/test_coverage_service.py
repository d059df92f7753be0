"""Coverage, warranties, quotations and the look before saving, by HTTP on real servers (INT-2, INT-6, INT-9)."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aio_pika

from aftersales.common.events.feedback import ClaimDecided
from aftersales.common.events.intake import ProductRef
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.domain.similar import SimilarSubject
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService, RunningSystem

Say = dict[str, Callable[..., Any]]
FORM: dict[str, Any] = {
    "branch": "BJ01",
    "channel": "phone",
    "customer": {"name": "王芳", "phone": "13800138000", "address": "朝阳区建国路 1 号"},
    "product": {"serial": "PR/0001", "model": "P-9", "line": "press"},
    "fault": "no-power",
}
FRIDGE = {"serial": "RF-0001", "model": "BCD-258", "line": "refrigerator"}
PROOF = {"purchased_on": "2026-01-31", "invoice": "0042", "evidence": "发票照片"}


async def call(intake: RunningService, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = await intake.http.request(method, path, json=body, headers={"X-Actor": "desk-7"})
    assert answer.status_code == status, answer.text
    return answer.json()


async def register(intake: RunningService, **changes: Any) -> Any:
    return await call(intake, "POST", "/requests", FORM | changes, 201)


@asynccontextmanager
async def overheard(intake: RunningService) -> AsyncIterator[list[dict[str, Any]]]:
    """What intake publishes meanwhile."""
    heard: list[dict[str, Any]] = []
    connection = await aio_pika.connect(intake.runtime.service.settings.amqp_url.get_secret_value())
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(intake.runtime.topology.events, "intake.#")

        async def hear(message: Any) -> None:
            if not (said := json.loads(message.body))["type"].endswith("heartbeat.v1"):
                heard.append(said)

        await queue.consume(hear, no_ack=True)
        yield heard


async def types(heard: list[dict[str, Any]], number: int) -> list[str]:
    await eventually(lambda: _enough(heard, number))
    return [event["type"].split(".")[1] for event in heard]


async def _enough(heard: list[dict[str, Any]], number: int) -> bool:
    return len(heard) >= number


async def test_a_quotation_is_needed_until_it_is_accepted_or_a_proof_makes_it_free(intake: RunningService) -> None:
    """INT-6, DSP-17."""
    async with overheard(intake) as heard:
        first, second = await register(intake), await register(intake)
        assert (first["coverage"]["quotation_first"], first["coverage"]["reason"]) == (True, "purchase_unknown")
        yes = {"amount": {"amount": 12_800}, "accepted_by": "王芳", "evidence": "短信确认"}
        path = f"/requests/{first['id']}/quotation/accept"
        accepted = await call(intake, "POST", path, yes)
        assert accepted["acceptances"][0]["noted_by"] == "desk-7"
        assert (await call(intake, "POST", path, yes))["version"] == accepted["version"]
        await call(intake, "POST", f"/requests/{second['id']}/cancel", {"reason": "不修了"})

        (changed,) = await call(intake, "POST", "/products/pr/0001/proof", PROOF)
        assert (changed["request"], changed["before"]["parts"], changed["after"]["parts"]) == (
            first["id"],
            "quote",
            "free",
        )
        assert [one["component"] for one in changed["after"]["differs"]] == ["parts", "labour", "travel"]
        assert await call(intake, "POST", "/products/PR/0001/proof", PROOF) == []
        refused = await call(intake, "POST", path, yes, 409)
        assert refused["code"] == "quotation.not_needed"

        misuse = await call(intake, "POST", f"/requests/{first['id']}/coverage", {"cause": "misuse"})
        assert (misuse["coverage"]["reason"], len(misuse["coverage_history"])) == ("in_warranty_misuse", 2)
        again = await call(intake, "POST", f"/requests/{first['id']}/coverage", {"cause": "misuse"})
        assert again["version"] == misuse["version"]
        said = ["request_registered", "coverage_decided"] * 2
        said += ["quotation_accepted", "request_cancelled", "coverage_decided", "coverage_decided"]
        assert await types(heard, len(said)) == said
    assert [event["data"]["revised"] for event in heard if "revised" in event["data"]] == [False, False, True, True]
    assert "王芳" not in json.dumps(heard, ensure_ascii=False)


async def test_a_proof_that_comes_after_the_cause_was_found_keeps_the_cause(intake: RunningService) -> None:
    """INT-6: misuse stays misuse, so the repair does not become free."""
    request = await register(intake)
    await call(intake, "POST", f"/requests/{request['id']}/coverage", {"cause": "misuse"})
    (changed,) = await call(intake, "POST", "/products/PR/0001/proof", PROOF)
    assert (changed["after"]["inputs"]["cause"], changed["after"]["reason"]) == ("misuse", "in_warranty_misuse")


async def test_a_free_repair_stays_one_event(built: RunningSystem, intake: RunningService) -> None:
    """INT-6: who pays is told only where a price list or a quotation comes first."""
    async with overheard(intake) as heard:
        request = await register(intake, product=FRIDGE, fault="no-cooling")
        await built.quiet()
        assert await types(heard, 1) == ["request_registered"]
    assert request["coverage"]["why"]["zh-Hans"] == "冰箱免费维修承诺"


async def test_a_proof_is_held_against_the_branchs_date(intake: RunningService) -> None:
    """ALL-2; the clock says 23 November 2026."""
    await register(intake)
    late = PROOF | {"purchased_on": "2026-11-24"}
    refused = await call(intake, "POST", "/products/PR/0001/proof", late, 409)
    assert refused["code"] == "product.purchased_in_future"
    assert (await call(intake, "POST", "/products/none/such/proof", PROOF, 404))["code"] == "products.unknown"
    await call(intake, "POST", "/products/PR/0001/proof", PROOF | {"evidence": ""}, 422)
    assert (await intake.get(Product, "PR/0001")).proofs == ()


async def test_an_approved_claim_extends_the_warranty_and_the_record_says_so(intake: RunningService) -> None:
    """INT-6."""
    request = await register(intake)
    await call(intake, "POST", "/products/PR/0001/proof", PROOF | {"purchased_on": "2025-01-31"})
    longer = {"until": "2027-06-30", "claim": "CL-1", "approved_by": "manager-1", "why": "同一故障三次"}
    (changed,) = await call(intake, "POST", "/products/PR/0001/extension", longer)
    assert (changed["request"], changed["after"]["inputs"]["warranty"]) == (request["id"], "extended")
    refused = await call(intake, "POST", "/products/PR/0001/extension", longer, 409)
    assert (refused["code"], refused["params"]["until"]) == ("product.extension_not_longer", "2027-06-30")
    for language, words in (("en", "Misuse"), ("zh-CN", "违章操作"), ("zh-TW", "違章操作")):
        answer = await intake.http.get("/products/PR/0001/warranty", headers={"Accept-Language": language})
        given = answer.json()
        assert given["liability"].startswith(words), given
    assert (given["state"], given["until"], given["months"]) == ("extended", "2027-06-30", 12)
    assert (given["proven"], given["policy"], given["extensions"]) == (True, "enterprise@0", [longer])


async def test_a_desk_sees_what_saving_brings_and_nothing_is_stored(intake: RunningService) -> None:
    """INT-2."""
    new = await call(intake, "POST", "/requests/check", FORM)
    assert (new["customer"], new["product"], new["duplicates"]) == (None, None, [])
    assert (new["policy"], new["coverage"]["quotation_first"]) == ("enterprise@0", True)
    assert {promise["stage"] for promise in new["promises"]} >= {"first_reply", "dispatch"}
    for kind in (Customer, Product, ServiceRequest):
        assert await intake.find(kind) == []
    request = await register(intake)
    other = FORM | {"product": {"serial": "PR/0001", "model": "P-8", "line": "press"}}
    seen = await call(intake, "POST", "/requests/check", other)
    assert (seen["customer"]["id"], seen["product"]["differs"]) == (request["customer"], ["model"])
    assert [(one["request"], one["reasons"]) for one in seen["duplicates"]] == [
        (request["id"], ["same_person", "same_product", "same_fault"])
    ]
    assert await call(intake, "GET", f"/requests/{request['id']}/similar") == []
    assert (await call(intake, "GET", "/requests/check", status=405))["code"] == "http.405"
    unknown = await call(intake, "POST", "/requests/check", FORM | {"branch": "XX99"}, 409)
    assert unknown["code"] == "branch.unknown"


async def test_requests_that_may_be_the_same_are_found_on_indexes(intake: RunningService, clock: ManualClock) -> None:
    """INT-2."""
    old = await register(intake)
    await call(intake, "POST", f"/requests/{old['id']}/replies", {"channel": "phone", "text": "在查"})
    clock.advance(hours=80)
    neighbour = await register(intake, customer=FORM["customer"] | {"phone": "13800138009"})
    mine = await register(intake, product=FORM["product"] | {"serial": "PR/0002"})
    found = await call(intake, "GET", f"/requests/{mine['id']}/similar")
    assert [(one["request"], one["hours_ago"]) for one in found] == [(old["id"], 80.0)]
    found = await call(intake, "GET", f"/requests/{neighbour['id']}/similar")
    assert [(one["request"], one["reasons"]) for one in found] == [(old["id"], ["same_product", "same_fault"])]
    subject = SimilarSubject(mine["customer"], "PR/0001", "no-power", clock.now())
    for where in subject.queries(intake.runtime.service.settings.duplicate_within):  # type: ignore[attr-defined]
        plan = str(await intake.runtime.mongo.explain(ServiceRequest, where, sort=("-_id",)))
        assert "IXSCAN" in plan
        assert "'SORT'" not in plan
        assert "'customer'" in plan or "'product.serial'" in plan


async def test_the_same_fault_after_a_repair_is_a_repeat(
    built: RunningSystem, intake: RunningService, say: Say
) -> None:
    """INT-9: linked, raised, reported; the appliance policy guarantees repairs."""
    first = await register(intake, product=FRIDGE, fault="no-cooling")
    await intake.deliver(
        say["repaired"](
            1, request=first["id"], at=intake.runtime.clock.now(), product=ProductRef.model_validate(FRIDGE)
        )
    )
    await eventually(lambda: intake.find(ServiceRequest, state="resolved"))
    shown = await call(intake, "POST", "/requests/check", FORM | {"product": FRIDGE, "fault": "no-cooling"})
    assert (shown["repeats"]["request"], shown["repeats"]["technician"]) == (first["id"], "T-9")
    async with overheard(intake) as heard:
        again = await register(intake, product=FRIDGE, fault="no-cooling")
        other = await register(intake, product=FRIDGE, fault="noisy")
        assert await types(heard, 3) == ["request_registered", "repeat_repair_found", "request_registered"]
    assert (again["repeats"], again["priority"], other["repeats"], other["priority"]) == (first["id"], 2, None, 3)
    told = heard[1]["data"]
    assert (told["repeats"], told["claim"], told["report_to"]) == (first["id"], True, "supervisor")


async def test_one_contact_about_several_products_is_one_correlation(intake: RunningService) -> None:
    """INT-2."""
    contact = {name: FORM[name] for name in ("branch", "channel", "customer")}
    subjects = [{"product": FORM["product"] | {"serial": f"PR-{n}"}, "fault": "no-power"} for n in range(3)]
    made = await call(intake, "POST", "/contacts", contact | {"subjects": subjects}, 201)
    stored = [await intake.get(ServiceRequest, request["id"]) for request in made]
    assert [request.product.serial for request in stored] == ["PR-0", "PR-1", "PR-2"]
    assert len({request.correlation for request in stored}) == len({request.customer for request in stored}) == 1


async def test_one_bad_product_refuses_the_whole_contact_and_is_named(intake: RunningService) -> None:
    """INT-2."""
    contact = {name: FORM[name] for name in ("branch", "channel", "customer")}
    good = {"product": FORM["product"], "fault": "no-power"}
    wrong = (
        ({"product": FORM["product"] | {"serial": "RF 1!"}, "fault": "x"}, "body.subjects.1.product.serial"),
        ({"product": FORM["product"], "kind": "training"}, "body.subjects.1.details.topic"),
    )
    for bad, field in wrong:
        refused = await call(intake, "POST", "/contacts", contact | {"subjects": [good, bad]}, 422)
        assert [error["field"] for error in refused["params"]["errors"]] == [field]
    assert refused["params"]["errors"][0]["code"] == "request.topic_missing"
    late = {"product": FORM["product"] | {"serial": "PR-9", "purchased_on": "2026-11-24"}, "fault": "x"}
    refused = await call(intake, "POST", "/contacts", contact | {"subjects": [good, late]}, 409)
    assert (refused["code"], refused["params"]["serial"]) == ("product.purchased_in_future", "PR-9")
    assert await intake.find(ServiceRequest) == []


async def test_forms_say_what_each_kind_needs(intake: RunningService) -> None:
    """INT-4."""
    forms = await call(intake, "GET", "/forms")
    assert (forms["training"], forms["repair"], forms["installation"]) == (["topic"], ["description"], [])


async def test_a_file_that_is_named_as_evidence_must_be_the_customers(intake: RunningService) -> None:
    """INT-6."""
    request = await register(intake)
    stranger = FORM["customer"] | {"phone": "13900139000", "branch": "BJ01"}
    owners = [request["customer"], (await call(intake, "POST", "/customers", stranger, 201))["id"]]
    files = []
    for owner in owners:
        sent = b"%PDF-1.7 " + owner.encode()
        answer = await intake.http.post(f"/customers/{owner}/files?name=invoice.pdf", content=sent)
        assert answer.status_code == 201, answer.text
        files.append(answer.json()["id"])
    proof = {"purchased_on": "2026-01-31", "evidence": "发票照片"}
    path = "/products/PR/0001/proof"
    assert (await call(intake, "POST", path, proof | {"file": files[1]}, 409))["code"] == "file.of_another_customer"
    assert (await call(intake, "POST", path, proof | {"file": "nowhere"}, 404))["code"] == "customer_files.unknown"
    await call(intake, "POST", path, proof | {"file": files[0]})


def claim_decided(request: str, **grants: Any) -> ClaimDecided:
    said = {"claim": request.replace("SR", "CL"), "request": request, "branch": "BJ01", "serial": FRIDGE["serial"]}
    said |= {"why": "三十天内再坏", "by": "centre-1", "decided_at": "2026-11-22T05:00:00Z"}
    return ClaimDecided.model_validate(said | {"amount": None, "until": None} | grants)


async def test_a_granted_claim_extends_the_warranty_and_shows_on_the_request_int_9(intake: RunningService) -> None:
    made = await register(intake, product=FRIDGE | {"purchased_on": "2026-01-31"}, fault="no-cooling")
    longer = claim_decided(made["id"], grants="longer_warranty", until="2028-01-31")
    await intake.deliver(longer)
    await intake.deliver(longer.model_copy(update={"why": "again"}))
    await intake.quiet()
    shown = await call(intake, "GET", f"/requests/{made['id']}")
    assert (shown["claim_outcome"]["extended"], shown["claim_outcome"]["why"]) == (True, "三十天内再坏")
    product = await intake.get(Product, FRIDGE["serial"])
    assert product
    (extension,) = product.extensions
    assert (str(extension.until), extension.claim) == ("2028-01-31", made["id"].replace("SR", "CL"))


async def test_other_decisions_about_a_claim_extend_nothing_int_9(intake: RunningService) -> None:
    """A compensation, and a warranty that would end earlier than the present one."""
    decisions: tuple[dict[str, Any], ...] = (
        {"grants": "compensation", "amount": {"amount": 20000, "currency": "CNY"}},
        {"grants": "longer_warranty", "until": "2026-12-01"},
    )
    for number, grants in enumerate(decisions):
        fridge = FRIDGE | {"serial": f"RF-900{number}", "purchased_on": "2026-01-31"}
        made = await register(intake, product=fridge, fault="no-cooling")
        await intake.deliver(claim_decided(made["id"], serial=fridge["serial"], **grants))
        await intake.quiet()
        shown = (await call(intake, "GET", f"/requests/{made['id']}"))["claim_outcome"]
        assert (shown["grants"], shown["amount"], shown["extended"]) == (grants["grants"], grants.get("amount"), False)
        product = await intake.get(Product, fridge["serial"])
        assert product
        assert product.extensions == ()
