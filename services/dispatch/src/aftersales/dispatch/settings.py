"""Dispatch's knobs, over those of every service. Durations as in ISO 8601, such as PT15M."""

from datetime import timedelta

from aftersales.engine import Port, ServiceSettings

from .orders.domain.order import Figures


class Settings(ServiceSettings):
    http_port: Port = 8102
    appointment_lead: timedelta = timedelta(minutes=20)
    """DSP-3: the soonest that somebody can be there, where the service policy does not say."""
    appointment_window: timedelta = timedelta(hours=1)
    """DSP-5: how long the agreed window is, where the service policy does not say."""
    assignment_retry_after: timedelta = timedelta(minutes=5)
    """How long to wait before looking again for somebody for the first time; later waits are longer, a day at most."""
    shortage_delay: timedelta = timedelta(days=1)
    """INV-13: how much later a visit is when parts are missing, where the service policy does not say."""

    @property
    def figures(self) -> Figures:
        """What dispatch plans by where the service policy does not say."""
        return Figures(
            lead=self.appointment_lead,
            window=self.appointment_window,
            retry_after=self.assignment_retry_after,
            shortage_delay=self.shortage_delay,
        )
