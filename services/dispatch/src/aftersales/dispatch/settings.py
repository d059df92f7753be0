"""Dispatch's knobs, over those of every service. Durations as in ISO 8601, such as PT15M."""

from datetime import timedelta

from aftersales.common.settings import ServiceSettings
from aftersales.dispatch.domain.order import Policy


class Settings(ServiceSettings):
    http_port: int = 8102
    dispatch_target: timedelta = timedelta(minutes=15)
    """DSP-2: from the receipt of the report to somebody being sent."""
    appointment_lead: timedelta = timedelta(minutes=20)
    """DSP-3: the soonest that somebody can be there."""
    appointment_window: timedelta = timedelta(hours=1)
    """DSP-5: how long the agreed window is."""
    assignment_retry_after: timedelta = timedelta(minutes=5)
    """How long to wait before looking again for somebody."""
    shortage_delay: timedelta = timedelta(days=1)
    """INV-13: how much later a visit is when parts are missing."""

    def policy(self) -> Policy:
        return Policy(
            dispatch_target=self.dispatch_target,
            lead=self.appointment_lead,
            window=self.appointment_window,
            retry_after=self.assignment_retry_after,
            shortage_delay=self.shortage_delay,
        )
