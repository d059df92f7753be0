"""Technicians' documents and their indexes."""

from aftersales.common.aggregate import Aggregate
from aftersales.common.mongo import Index

from .domain import SecondLook, Technician

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {SecondLook: (), Technician: (Index("branch", "-_id"),)}
