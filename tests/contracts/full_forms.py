"""A full example of each form of intake, with the rule that keeps it."""

from datetime import UTC, date, datetime
from typing import Any

from contracts.kept import Row
from pydantic import BaseModel

from aftersales.intake.agreements.domain import contract as contracts
from aftersales.intake.agreements.domain import contract_terms
from aftersales.intake.archive.domain import customer as customers
from aftersales.intake.archive.domain import model as models
from aftersales.intake.archive.domain import product as products
from aftersales.intake.archive.domain.consent import ConsentForm
from aftersales.intake.archive.domain.standing import ClassWeights
from aftersales.intake.archive.domain.statement import MatchedProduct, ProductForm
from aftersales.intake.identity.domain import IdentityForm, set_identity
from aftersales.intake.network import domain as network
from aftersales.intake.office.domain import handover as handovers
from aftersales.intake.office.domain import meeting as meetings
from aftersales.intake.office.domain import notice as notices
from aftersales.intake.office.domain import training as trainings
from aftersales.intake.public.domain import complaint as public
from aftersales.intake.recalls import domain as recalls
from aftersales.intake.requests.domain.form import RegisterContact, RegisterRequest
from aftersales.intake.requests.domain.registration import Archive, Taken, register_request
from aftersales.intake.requests.domain.request import Ground
from aftersales.policy.choose import Facts, fallback_policy
from aftersales.policy.sla import ChangeNote

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
DAY = date(2026, 11, 20)
PLACE = {"lat": 39.9, "lon": 116.4}
BRANCH = network.Branch(id="BJ01", branch="BJ01", name="x", zone="Asia/Shanghai", location=PLACE)
GROUND = Ground(BRANCH, fallback_policy(Facts("BJ01", "refrigerator", "repair", "C", NOW.date())))
CONTRACT = contract_terms.ContractGround(BRANCH, GROUND.policy)
WEIGHTS = ClassWeights()
CALLER = {"name": "王芳", "phone": "13800138000", "address": "建国路 1 号"}
CUSTOMER = customers.Customer(id="0190b5e2-7c3a-7def-8123-456789abcdef", branch="BJ01", **CALLER)
PRODUCT = {"serial": "RF-0001", "model": "BCD-258", "line": "refrigerator"}
KNOWN = products.Product(id="RF-0001", branch="BJ01", model="BCD-258", line="refrigerator", customer=CUSTOMER.id)
PARTICULARS: dict[str, Any] = {
    "kind": "organisation",
    "aliases": ["阿芳"],
    "contacts": [{"name": "李雷", "role": "x", "phone": {"number": "13900139000"}}],
    "email": "a@b.example",
    "wechat": "wechat1",
    "chat_id": "旺旺1",
    "preferred_channel": "chat",
    "criteria": {"size": 90},
    "customer_class": "A",
    "vip": {"team": "t"},
    "membership": {"level": "gold"},
    "users": [{"name": "李梅", "role": "x"}],
    "shared_phones": [{"number": "13600136000"}],
    "unreachable": "x",
    "quiet_hours": "22:00-07:00",
    "language": "en",
}
PHONES = {"phones": [{"number": "13700137000"}], "addresses": [{"text": "长安街 2 号"}]}
SUBJECT: dict[str, Any] = {
    "product": PRODUCT,
    "kind": "installation",
    "problem_class": "quality",
    "fault": "noisy",
    "description": "x",
    "order": {"platform": "taobao", "number": "1", "account": "x"},
    "details": {"topic": "x"},
    "urgency": 3,
    "danger": True,
    "rush": True,
    "far": True,
    "major": True,
    "wanted_at": "2026-12-01T01:00:00Z",
}
SHARED = {
    "branch": "BJ01",
    "channel": "phone",
    "customer": CALLER,
    "location": PLACE,
    "owner": "desk-7",
    "at": "2026-11-22T03:00:00Z",
}


def registered(form: RegisterRequest) -> BaseModel:
    return register_request("SR-1", form, Archive(CUSTOMER, KNOWN), Taken("desk-9", NOW), GROUND)[0]


def hand_over(form: handovers.HandoverForm) -> BaseModel:
    requests = [handovers.OpenRequest("SR-261122-7K3F", "registered", "desk-7")]
    return handovers.hand_over("SH-1", form, GROUND, requests, NOW)


FORMS = [
    Row(
        RegisterRequest.model_validate(SUBJECT | SHARED),
        registered,
        left={
            "customer": "in the archive; the request keeps id and address",
            "product": "in the archive; the request keeps serial, model and line",
            "at": "clamped by the handler, then registered_at",
            "rush": "a case",
            "far": "a case",
            "major": "a case",
        },
    ),
    Row(
        RegisterContact.model_validate(SHARED | {"subjects": [SUBJECT]}),
        lambda contact: contact.forms()[0],
        left={"subjects": "each is a form of its own: the next row"},
    ),
    Row(
        RegisterContact.model_validate(SHARED | {"subjects": [SUBJECT]}).subjects[0],
        lambda subject: RegisterContact.model_validate(SHARED | {"subjects": [subject]}).forms()[0],
    ),
    Row(
        customers.ArchiveCustomer.model_validate(
            CALLER | PARTICULARS | PHONES | {"branch": "BJ02", "products": [PRODUCT]}
        ),
        lambda form: customers.update_customer(
            customers.enrol_customer("c-1", form, form.branch)[0], form, "x", WEIGHTS
        ),
        elsewhere={"criteria": "standing.criteria", "phones": "phones.1:", "addresses": "addresses.1:"},
        left={"products": "documents of their own"},
    ),
    Row(
        customers.ChangeCustomer.model_validate(PARTICULARS | PHONES | {"name": "王芳"}),
        lambda form: customers.change_customer(CUSTOMER.but(name="x"), form, "x", WEIGHTS),
        elsewhere={"criteria": "standing.criteria"},
    ),
    Row(
        ConsentForm(given=True, how="x", evidence="y", at=NOW),
        lambda form: customers.record_consent(CUSTOMER, "letters", form, "x", NOW).consents[0],
    ),
    Row(
        ProductForm.model_validate(
            PRODUCT
            | {"batch": "B7", "purchased_on": DAY, "sold_by": "x", "invoice": "y", "installed_at": {"text": "z"}}
        ),
        lambda form: products.archive_product(None, MatchedProduct(form), products.Owner("c-1", "BJ01"), DAY),
        elsewhere={"serial": "id"},
    ),
    Row(
        models.ModelForm(
            line="x", title="y", warranty_months=36, discontinued=True, synonyms=("z",), replaced_by="M-2"
        ),
        lambda form: models.enter_model(None, "M-1", form),
    ),
    Row(
        contracts.ContractForm.model_validate(
            {
                "customer": CUSTOMER.id,
                "branch": "BJ01",
                "serials": ["A"],
                "models": ["B"],
                "lines": ["C"],
                "valid_from": DAY,
                "valid_until": DAY,
                "commissioning_due": DAY,
                "training_hours": 2.5,
                "services": [{"kind": "maintenance", "count": 2}],
                "covers": {"parts": "free"},
                "response": {"arrival": 60},
            }
        ),
        lambda form: contract_terms.agree_contract(None, "HT-1", form, CONTRACT, ChangeNote(NOW, "x", "agreed"))[0],
    ),
    Row(
        recalls.RecallForm.model_validate(
            {
                "kind": "upgrade",
                "title": "x",
                "why": "y",
                "remedy": "z",
                "safety": True,
                "starts_on": DAY,
                "models": ["A"],
                "batches": ["B"],
                "serials": ["C"],
                "ranges": [{"prefix": "D", "first": "1", "last": "2"}],
            }
        ),
        lambda form: recalls.open_recall("RC-1", form, NOW)[0],
    ),
    Row(
        network.BranchForm.model_validate(
            {
                "name": "x",
                "zone": "Asia/Urumqi",
                "location": PLACE,
                "hours": {"holidays": "CN"},
                "far_districts": ["延庆"],
                "address": "长安街 1 号",
                "phone": "01065001234",
            }
        ),
        lambda form: network.register_branch(None, "BJ01", form, "x", NOW)[0],
    ),
    Row(
        IdentityForm(name={"en": "x"}, header={"en": "y"}, phone="400-555-0100", website="https://x.example"),
        lambda form: set_identity(None, form),
    ),
    Row(
        network.RoleForm.model_validate(
            {"title": {"en": "x", "zh_hans": "y", "zh_hant": "z"}, "told": ["a"], "asked": ["b"]}
        ),
        lambda form: network.define_role(None, "r", form),
    ),
    Row(
        network.PersonForm.model_validate(
            {
                "name": "x",
                "phone": "13800138000",
                "branch": "BJ01",
                "roles": ["r"],
                "languages": ["zh"],
                "active": False,
            }
            | {"supervisor": "s", "since": DAY, "until": DAY, "branches": ["SH01"], "subject": "u-1"}
        ),
        lambda form: network.register_person(None, "p", form, BRANCH, NOW)[0],
    ),
    Row(
        handovers.HandoverForm.model_validate(
            {"branch": "BJ01", "shift": "x", "ends_at": NOW, "from_person": "a", "only_own": True, "to_person": "b"}
            | {"notes": [{"request": "SR-261122-7K3F", "note": "x"}]}
        ),
        hand_over,
        elsewhere={"notes": "lines"},
        left={"only_own": "decides which requests are listed", "to_role": "or a person: the next row"},
    ),
    Row(
        handovers.HandoverForm.model_validate(
            {"branch": "BJ01", "shift": "x", "ends_at": NOW, "from_person": "a", "only_own": True, "to_role": "b"}
            | {"notes": [{"request": "SR-261122-7K3F", "note": "x"}]}
        ),
        hand_over,
        elsewhere={"notes": "lines"},
        left={"only_own": "decides which requests are listed", "to_person": "or a role: the row before"},
    ),
    Row(
        meetings.MinutesForm.model_validate(
            {"held_at": NOW, "chair": "c", "attendance": [{"person": "p", "status": "present"}], "minutes": "x"}
            | {"decisions": [{"what": "x", "who": "p"}]}
        ),
        lambda form: meetings.write_minutes(meetings.Meeting(id="m", branch="b", week="w", agenda=()), form, NOW, NOW),
    ),
    Row(
        notices.NoticeForm.model_validate(
            {"kind": "design_change", "title": "x", "text": "y", "attachments": ["f"], "people": ["p"], "roles": ["r"]}
            | {"branches": ["BJ01"], "due_at": "2026-12-01T00:00:00Z"}
            | {"supersessions": [{"old": "A", "new": "B", "valid_from": DAY}]}
        ),
        lambda form: notices.publish_notice("NT-1", form, notices.Publication("x", NOW, ["p"]))[0],
    ),
    Row(
        trainings.TrainingForm.model_validate(
            {"title": "x", "topic": "t", "branch": "BJ01", "roles": ["r"], "participants": ["p"], "materials": ["f"]}
            | {"sessions": [{"code": "S-1", "starts_at": NOW, "trainer": "t"}]}
        ),
        lambda form: trainings.plan_training(None, "T-1", form),
    ),
    Row(
        public.ComplaintForm.model_validate(
            {"name": "x", "phone": "13800138000", "text": "y", "kind": "quality", "number": "SR-1", "branch": "BJ01"}
            | {"website": "z"}
        ),
        lambda form: public.receive_complaint("CP-1", form, None, NOW)[0],
        left={"website": "only machines fill it in: the complaint is `suspect`"},
    ),
]
