"""The documents of the company's identity."""

from aftersales.engine import Aggregate, Index

from .domain import CompanyIdentity, CompanyLogo

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {CompanyIdentity: (), CompanyLogo: ()}
