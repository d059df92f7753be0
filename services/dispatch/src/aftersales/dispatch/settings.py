"""Dispatch's settings, in addition to those of every service. Durations are in ISO 8601, such as PT15M."""

from datetime import timedelta

from aftersales.engine import Port, ServiceSettings

from .orders.domain.order import Figures


class Settings(ServiceSettings):
    http_port: Port = 8102
    appointment_lead: timedelta = timedelta(minutes=20)
    """DSP-3: the earliest arrival after the assignment, if the service policy sets none."""
    appointment_window: timedelta = timedelta(hours=1)
    """DSP-5: the length of the agreed window, if the service policy sets none."""
    assignment_retry_after: timedelta = timedelta(minutes=5)
    """The first wait before another search for a technician; later waits are longer, at most a day."""
    shortage_delay: timedelta = timedelta(days=1)
    """INV-13: the delay of a visit with missing parts, if the service policy sets none."""

    @property
    def figures(self) -> Figures:
        """The figures for planning that the service policy does not set."""
        return Figures(
            lead=self.appointment_lead,
            window=self.appointment_window,
            retry_after=self.assignment_retry_after,
            shortage_delay=self.shortage_delay,
        )
