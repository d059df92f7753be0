"""Technicians' documents and their indexes."""

from aftersales.engine import Aggregate, Index

from .domain import SecondLook, Technician

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    SecondLook: (),
    Technician: (Index("branch", "-_id"), Index("unclear.what", "-_id")),
}
