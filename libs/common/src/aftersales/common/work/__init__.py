"""The writer: every change of state goes through it, many pieces of work in one transaction (ADR 2)."""

from aftersales.common.work.identity import Need, Needs
from aftersales.common.work.piece import DUPLICATE, AnswerKey, Piece, Stored
from aftersales.common.work.unit import Work
from aftersales.common.work.use_case import Call, UseCase, prepare_call, use_case
from aftersales.common.work.writer import Writer

__all__ = [
    "DUPLICATE",
    "AnswerKey",
    "Call",
    "Need",
    "Needs",
    "Piece",
    "Stored",
    "UseCase",
    "Work",
    "Writer",
    "prepare_call",
    "use_case",
]
