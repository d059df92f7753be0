"""A slice of what `make faults` does for hours: each sort of fault once, under load, and nothing is lost or doubled."""

import pytest
from faults.campaign import Campaign, campaign
from faults.kinds import KINDS
from faults.load import Stream
from faults.scenarios import BROKEN

SLICE = (
    "kill -9 intake",
    "SIGTERM dispatch",
    "poison",
    "kill -9 dispatch",
    "twice and shuffled",  # says again all that was said so far
    "consumers cancelled",
    "kill -9 feedback",
    "SIGSTOP dispatch",
    "kill -9 RabbitMQ",
    "queue deleted",
    "cut half a frame",
    "cut before the confirm",
    "memory alarm",
    "step down",
    "SIGSTOP mongod",
    "kill -9 mongod",
    "SIGTERM all without MongoDB",
    "SIGTERM all without RabbitMQ",
)


@pytest.mark.timeout(900)
async def test_no_fault_loses_or_doubles_anything_while_requests_stream_in(killable):
    outcome = await campaign(killable, Campaign(SLICE, seed=7, stream=Stream(100, 2000, gap=0.6), probe_limit=60))

    assert not outcome.failures, "\n".join(outcome.failures)
    scores = outcome.scores()
    assert [score.lost for score in scores.values()] == [0, 0, 0]
    assert [score.double_effects for score in scores.values()] == [0, 0, 0]
    assert scores["requests"].applied == scores["requests"].accepted == scores["requests"].attempted >= 100
    assert scores["events"].duplicates_seen >= outcome.redelivered * 0.9
    assert {kind: len(seconds) for kind, seconds in outcome.recovered.items()} == dict.fromkeys(SLICE, 1)


def test_the_slice_knows_only_faults_that_exist():
    assert set(SLICE) <= set(KINDS)


@pytest.mark.timeout(300)
async def test_a_crash_of_each_service_at_its_worst_moment_is_survived(sound):
    assert not sound.failures, "\n".join(sound.failures)
    assert sound.scores()["commands"].duplicates_seen >= 1, "nobody asked again after the crash"
    assert sound.duplicates >= 1, "no event came twice after a crash"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("variant", BROKEN)
def test_a_broken_variant_is_found_out(broken, variant):
    """Each patches the running service: the same crash as the sound one survives."""
    outcome = broken[variant]

    for invariant, kind in BROKEN[variant].shows.items():
        found = [finding for finding in outcome.findings[invariant] if finding.kind == kind]
        assert found, f"{invariant}: no finding of the kind {kind}, but {outcome.failures}"
