"""The demo's sheets are what make_data makes, as many as promised, and fit the services and the story."""

import csv
from collections import Counter, defaultdict
from math import hypot

import pytest
from deploy.demo.customers import form_of
from deploy.demo.day import Contact
from deploy.demo.make_data import DATA, OPENING, SEED, Maker, as_csv
from deploy.demo.offices import READER
from deploy.demo.partners import request_of
from deploy.demo.places import PLACES
from deploy.demo.story import OPEN_FOR_TOMORROW
from deploy.local.place import read_profile

from aftersales.cli.sheets.catalogue import KINDS
from aftersales.cli.sheets.read_options import ReadOptions
from aftersales.common.events.partner import PartnerServiceRequest
from aftersales.common.sign_in.access import access_table
from aftersales.dispatch.settings import Settings as DispatchSettings
from aftersales.feedback.settings import Settings as FeedbackSettings
from aftersales.intake.requests.domain.form import RegisterRequest
from aftersales.intake.settings import Settings as IntakeSettings
from aftersales.inventory.settings import Settings as InventorySettings
from aftersales.testing.sign_in.directory import read_accounts, read_clients

SHEETS = ("branches", "technicians", "parts", "stock", "customers", "contacts")
SETTINGS = (IntakeSettings, DispatchSettings, InventorySettings, FeedbackSettings)


def sheet(name):
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_is_what_make_data_makes_from_its_seed(name):
    assert (DATA / f"{name}.csv").read_text(encoding="utf-8") == as_csv(Maker(SEED).sheets()[name])


def test_everybody_of_the_demo_can_sign_in_under_the_same_name_at_the_same_branch():
    accounts = read_accounts()
    for row in sheet("technicians"):
        account = accounts[row["code"]]
        assert (account.chinese, account.place, account.roles) == (row["name"], row["branch"], ("technician",))
    codes = {f"{kind}-{row['code']}" for row in sheet("branches") for kind in ("sup", "desk", "C", "store", "disp")}
    assert codes | {READER, "manager", "D-quality", "D-service"} <= accounts.keys()
    assert {role for account in accounts.values() for role in account.roles} <= access_table().roles.keys()
    assert {role for client in read_clients().values() for role in client.roles} <= access_table().roles.keys()
    for account in accounts.values():
        assert not account.job or set(account.roles) == access_table().roles_of([account.job]), account.code
    assert len({account.subject for account in accounts.values()}) == len(accounts)


def test_another_seed_makes_other_customers():
    assert Maker(SEED + 1).sheets()["customers"] != sheet("customers")


def test_there_are_as_many_of_each_as_promised():
    assert len(sheet("branches")) == 2
    assert len({row["code"] for row in sheet("technicians")}) == 12
    assert len({row["code"] for row in sheet("parts")}) == 40
    assert len({row["phone"] for row in sheet("customers")}) == 60
    assert len({row["serial"] for row in sheet("contacts")}) == 120
    assert {row["serial"] for row in sheet("contacts")} == {row["serial"] for row in sheet("customers")}


def test_most_parts_lie_in_two_lots_and_every_lot_has_its_own_bin():
    lots = sheet("stock")
    of_part = Counter((row["branch"], row["part"]) for row in lots)
    assert Counter(of_part.values())[2] > 70
    assert len({(row["branch"], row["bin"]) for row in lots}) == len(lots)


@pytest.mark.parametrize("name", SHEETS[:-1])
def test_every_row_is_one_that_the_import_takes(name):
    calls = [KINDS[name].call(row, ReadOptions()) for row in sheet(name)]
    assert all(call.body for call in calls)


def test_every_contact_fits_the_request_form_and_the_partners_contract():
    for row in sheet("contacts"):
        form = RegisterRequest.model_validate(form_of(Contact(row)))
        event = PartnerServiceRequest.model_validate(request_of(Contact(row)))
        assert form.product.serial == event.serial == row["serial"]


def test_everybody_lives_near_their_branch():
    middle = {place.branch: (place.lat, place.lon) for place in PLACES}
    for row in sheet("contacts"):
        lat, lon = middle[row["branch"]]
        assert hypot(float(row["lat"]) - lat, float(row["lon"]) - lon) < 0.15, row


def test_somebody_licensed_knows_every_product_but_the_range_hoods_of_chengdu():
    able = defaultdict(set)
    for row in sheet("technicians"):
        if row["licence_until"] > "2030":
            for line in row["skills"].split(";"):
                able[row["branch"], line].add(row["code"])
    for row in sheet("contacts"):
        wanted = 0 if row["scene"] == "unlicensed" else 2
        assert (len(able[row["branch"], row["line"]]) >= 2) == bool(wanted), row


def test_parts_run_short_where_the_story_wants_it_and_nowhere_else():
    per_job = defaultdict(list)
    for part in sheet("parts"):
        for line in part["lines"].split(";"):
            per_job[line, part["faults"]].append((part["code"], int(part["quantity_per_job"])))
    wanted, there = Counter(), Counter()
    for row in sheet("contacts"):
        for part, quantity in per_job[row["line"], row["fault"]]:
            wanted[row["branch"], part] += quantity
    for row in sheet("stock"):
        there[row["branch"], row["part"]] += int(row["quantity"])
    assert wanted - there == {("sh-01", "R-01"): 3, ("cd-01", "A-01"): OPEN_FOR_TOMORROW}
    assert {place: there[place] for place in OPENING} == OPENING


def test_every_setting_of_the_demo_is_one_that_a_service_reads(monkeypatch):
    profile = read_profile("demo")
    for name, value in profile.items():
        monkeypatch.setenv(name, value)
    read = {f"AFTERSALES_{name.upper()}" for kind in SETTINGS for name in kind().model_fields_set}
    assert set(profile) <= read
