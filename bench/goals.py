"""The ratios to reach, by driver: PyMongo is the default, Motor is the setting (ADR 4)."""

from dataclasses import dataclass

from bench.places import Driver


@dataclass(frozen=True)
class Goals:
    """Ratios to reach: events against a transaction each and a bare loop; `POST /requests` against a bare insert and
    a transaction each."""

    single: float
    loop: float
    bare: float
    safe: float | None


GOALS: dict[Driver, Goals] = {"pymongo": Goals(10, 0.8, 0.7, 3), "motor": Goals(5, 0.7, 0.6, None)}
