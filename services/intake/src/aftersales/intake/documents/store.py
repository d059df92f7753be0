"""Printed documents and their series, with the indexes of their lists."""

from aftersales.engine import Aggregate, Index

from .domain.document import DocumentLogo, DocumentSeries, PrintedDocument

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    PrintedDocument: tuple(Index(name, "-_id") for name in ("request", "serial", "customer", "branch")),
    DocumentSeries: (),
    DocumentLogo: (),
}
