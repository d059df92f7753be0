"""What an account may do at RabbitMQ is what its service declares, publishes and reads, and nothing of another's."""

import re

import pytest
from e2e.conftest import ROWS

from aftersales.common.accounts.grants import grant_partner, grant_service
from aftersales.common.runtime import _topology

SERVICES = {made.name: made for made in (factory(kind(development=True)) for factory, kind in ROWS)}


@pytest.mark.parametrize("bus", ["aftersales", "other"])
@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_what_it_does_and_not_what_others_do(name, bus):
    grant = grant_service(name, bus)
    for other, service in SERVICES.items():
        service.settings.bus = bus
        names = _topology(service)
        own = [names.queue, names.dead, names.direct, *(names.retry(tier) for tier in range(len(names.tiers)))]
        assert {bool(re.search(grant.configure, one)) for one in own} == {other == name}
        assert {bool(re.search(grant.write, one)) for one in own} == {other == name}
        assert {bool(re.search(grant.read, one)) for one in own} == {other == name}
        write, read = grant.topics[names.events]
        assert {bool(re.search(write, event.TYPE)) for event in service.produces} == {other == name}
        assert all(re.search(read, key) for key in names.keys)
        for shared in (names.events, names.journal, names.partner_exchange, "", "amq.default", f"x{names.queue}"):
            assert not re.search(grant.configure, shared), shared
        assert not re.search(grant.write, "amq.default")
        assert bool(re.search(grant.read, names.partner_exchange)) == (name == "intake")


def test_a_partner_whose_name_begins_like_another_has_none_of_its_queues():
    grant = grant_partner("dealer-8", "aftersales")
    assert re.search(grant.configure, "dealer-8.answers")
    assert not re.search(grant.configure, "dealer-88.answers")
    assert not re.search(grant.write, "aftersales.events")
    assert not re.search(grant.topics["aftersales.partners"][0], "intake.request_registered.v1")
