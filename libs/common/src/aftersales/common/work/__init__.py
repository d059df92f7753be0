"""The writer, which makes every change of state and commits many jobs in one transaction (ADR 2)."""

from aftersales.common.work.identity import DocumentRef, DocumentRefs
from aftersales.common.work.job import DUPLICATE, AnswerKey, Job, Stored
from aftersales.common.work.unit import UnitOfWork
from aftersales.common.work.use_case import Call, UseCase, prepare_call, use_case
from aftersales.common.work.writer import Writer

__all__ = [
    "DUPLICATE",
    "AnswerKey",
    "Call",
    "DocumentRef",
    "DocumentRefs",
    "Job",
    "Stored",
    "UnitOfWork",
    "UseCase",
    "Writer",
    "prepare_call",
    "use_case",
]
