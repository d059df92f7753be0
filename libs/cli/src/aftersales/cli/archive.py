"""`aftersales archive`: moves items that ended long ago into compressed files, and restores them on request."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from aftersales.cli.archive_files import (
    Broken,
    Draft,
    Line,
    Manifest,
    list_manifests,
    load_manifest,
    lock_folder,
    remove_leftovers,
    save_manifest,
    verify_archive_file,
)
from aftersales.cli.archive_files import write_archive_file as write_file
from aftersales.cli.connection import SERVICES, Connection, connect_to_service, problem_of
from aftersales.cli.output import AsJson, print_json
from aftersales.cli.session import ERR, OUT, REFUSED, Session, Trouble, to_printable
from aftersales.values import uuid7

app = typer.Typer(no_args_is_help=True, help="Put items that ended long ago into files, and bring them back.")
_PAGE = 100
_IN_A_FILE = 10_000
"""Most documents in one file."""
_TOGETHER = 50
_AUDIT = "audit"
"""Audit records are not restored, because the service still has their result."""
_MOST_BYTES = 800_000
"""Most bytes of lines sent together; a service accepts 20 MB, so that one large document passes too."""

ArchiveService = Annotated[
    list[str] | None, typer.Option("--service", metavar="NAME", help="Only of this service; may be repeated.")
]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", exists=True, file_okay=False, help="Where the files are.")]
Place = Annotated[Path, typer.Argument(metavar="FILE|FOLDER", exists=True, help="An archive file, or all in a folder.")]


@dataclass
class _Told:
    """The results of a run: printed immediately, or as one JSON list at the end."""

    session: Session
    as_json: bool
    rows: list[dict[str, Any]] = field(default_factory=list)

    def row(self, words: str, **content: Any) -> None:
        self.rows.append(content)
        if not self.as_json:
            OUT.print(words, soft_wrap=True, markup=False, highlight=False)

    def end(self) -> None:
        if self.as_json:
            print_json(self.rows)


def _shown(manifest: Manifest) -> dict[str, Any]:
    return manifest.model_dump(mode="json")


@app.command("write")
def write_archive(
    ctx: typer.Context,
    folder: Folder,
    service: ArchiveService = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would leave.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write documents that may leave (AFTERSALES_RETENTION) into files of FOLDER, verify the files, then remove them.

    An interrupted run is finished by the next one: nothing is lost, and nothing is in two files.
    """
    session: Session = ctx.obj
    os.umask(0o077)
    told = _Told(session, as_json)
    try:
        with lock_folder(folder):
            session.run(_each(session, service, lambda one: _write(told, one, folder, dry_run=dry_run)))
    except Broken as error:
        session.complain(error.code, **error.params)
        raise typer.Exit(REFUSED) from error
    finally:
        told.end()


@app.command("verify")
def verify_archive(ctx: typer.Context, place: Place, as_json: AsJson = False) -> None:
    """Verify that archive files match their manifests. Exit code 1: one does not."""
    session: Session = ctx.obj
    told, broken = _Told(session, as_json), False
    if not list_manifests(place):
        session.complain("archive.none", folder=str(place))
    for path in list_manifests(place):
        try:
            manifest, lines = verify_archive_file(path)
        except Broken as error:
            session.complain(error.code, **error.params)
            broken = True
        else:
            told.row(session.words("archive.whole", file=manifest.file, count=len(lines)), **_shown(manifest))
    told.end()
    if broken:
        raise typer.Exit(REFUSED)


@app.command("show")
def show_archived(
    ctx: typer.Context,
    place: Place,
    id: Annotated[str, typer.Argument(metavar="ID", help="e.g. SR-261122-7K3F")],
    as_json: AsJson = False,  # noqa: ARG001 (the output is always JSON)
) -> None:
    """Show an archived document as JSON, one line for every file that contains it."""
    session: Session = ctx.obj
    found = [line for _, line in _find(session, place, [id])]
    for line in found:
        OUT.file.write(to_printable(line.text) + "\n")
    if not found:
        session.complain("archive.not_in_files", id=id)
        raise typer.Exit(REFUSED)


@app.command("restore")
def restore_archived(
    ctx: typer.Context,
    place: Place,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Which; --all: everything.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All documents of these files.")] = False,
    as_json: AsJson = False,
) -> None:
    """Restore archived documents to their services unchanged; documents that are still there stay as they are."""
    session: Session = ctx.obj
    if bool(ids) == everything:
        raise typer.BadParameter("name IDs, or say --all")
    chosen: dict[tuple[str, str], list[Line]] = {}
    for path, line in _find(session, place, ids):
        manifest = load_manifest(path)
        if manifest.collection == _AUDIT:
            continue
        chosen.setdefault((manifest.service, manifest.collection), []).append(line)
    known = {line.id for lines in chosen.values() for line in lines}
    told = _Told(session, as_json)
    for (service, collection), lines in chosen.items():
        session.run(_restore(told, service, collection, lines))
    told.end()
    for id in sorted(set(ids or []) - known):
        session.complain("archive.not_in_files", id=id)
    if set(ids or []) - known:
        raise typer.Exit(REFUSED)


async def _each(session: Session, services: list[str] | None, doing: Any) -> None:
    """Run `doing` at each service; a service that does not answer ends the run after the others."""
    for name in services or []:
        if name not in SERVICES:
            raise typer.BadParameter(f"{name} is none of {', '.join(SERVICES)}", param_hint="--service")
    silent: list[Trouble] = []
    for service in dict.fromkeys(services or SERVICES):
        try:
            async with connect_to_service(session, service) as connection:
                await doing(connection)
        except Broken as error:
            silent.append(Trouble(error.code, **error.params))
        except OSError as error:
            silent.append(Trouble("archive.not_written", why=str(error)))
        except Trouble as error:
            silent.append(error)
    for trouble in silent[:-1]:
        session.complain(trouble.code, **trouble.params)
    if silent:
        raise silent[-1]


async def _write(told: "_Told", connection: Connection, folder: Path, *, dry_run: bool) -> None:
    """Finish what an earlier run began, then write and remove what may leave; `dry_run` only counts it."""
    service = connection.service
    if not dry_run:
        remove_leftovers(folder)
        for path in list_manifests(folder):
            manifest = load_manifest(path)
            if manifest.service == service and not manifest.removed:
                await _remove(told.session, connection, path)
    for collected in await _call(connection, "GET", "/archive"):
        collection = collected["collection"]
        if collected["after"] is None:
            continue
        if dry_run:
            count = sum([1 async for _ in _leaving(connection, collection, 0)])
            words = told.session.words("archive.would_leave", service=service, collection=collection, count=count)
            told.row(words, service=service, collection=collection, documents=count)
            continue
        total = 0
        while taken := [one async for one in _leaving(connection, collection, _IN_A_FILE)]:
            draft = Draft(service, collection, datetime.fromisoformat(taken[0][0]))
            path = await asyncio.to_thread(write_file, folder, draft, [line for _, line in taken])
            gone = await _remove(told.session, connection, path)
            total += gone
            if not gone:
                break
        words = told.session.words(
            "archive.left", service=service, collection=collection, count=total, folder=str(folder)
        )
        told.row(words, service=service, collection=collection, documents=total)


async def _leaving(connection: Connection, collection: str, at_most: int) -> AsyncIterator[tuple[str, str]]:
    """Yield documents that may leave, as lines, each with the time before which it ended."""
    after, count = "", 0
    while True:
        page = await _call(connection, "GET", f"/archive/{collection}", params={"after": after, "limit": _PAGE})
        if not page["items"]:
            return
        for item in page["items"]:
            yield page["before"], item["line"]
            count += 1
            if count == at_most:
                return
        after = page["items"][-1]["id"]


async def _remove(session: Session, connection: Connection, path: Path) -> int:
    """Verify the file, then let the service remove its documents. Returns how many were removed."""
    manifest, lines = await asyncio.to_thread(verify_archive_file, path)
    kept: list[str] = []
    for start in range(0, len(lines), _TOGETHER):
        batch = [{"id": line.id, "sha256": line.sha256} for line in lines[start : start + _TOGETHER]]
        done = await _call(
            connection,
            "POST",
            f"/archive/{manifest.collection}/removals",
            json={"file": manifest.file, "items": batch},
            headers={"idempotency-key": uuid7()},
        )
        kept += done["kept"]
    save_manifest(path, manifest.model_copy(update={"removed": True, "kept": kept}))
    if kept:
        session.complain("archive.kept", service=manifest.service, count=len(kept), file=manifest.file)
    return len(lines) - len(kept)


def _find(session: Session, place: Path, ids: list[str] | None) -> Iterator[tuple[Path, Line]]:
    """Yield documents from verified files, except those that stayed in their service; without `ids` all."""
    for path in list_manifests(place):
        try:
            manifest, lines = verify_archive_file(path)
        except Broken as error:
            ERR.print(session.words(error.code, **error.params), soft_wrap=True, markup=False, highlight=False)
            raise typer.Exit(REFUSED) from error
        for line in lines:
            if line.id not in manifest.kept and (not ids or line.id in ids):
                yield path, line


async def _restore(told: "_Told", service: str, collection: str, lines: list[Line]) -> None:
    restored = present = 0
    async with connect_to_service(told.session, service) as connection:
        while lines:
            batch, size = 0, 0
            while batch < min(len(lines), _TOGETHER) and (not batch or size < _MOST_BYTES):
                size += len(lines[batch].text.encode())
                batch += 1
            texts, lines = [line.text for line in lines[:batch]], lines[batch:]
            done = await _call(
                connection,
                "POST",
                f"/archive/{collection}/restorations",
                json={"lines": texts},
                headers={"idempotency-key": uuid7()},
            )
            restored += len(done["restored"])
            present += len(done["present"])
    found = {"service": service, "collection": collection}
    words = told.session.words("archive.restored", **found, count=restored, present=present)
    told.row(words, **found, restored=restored, present=present)


async def _call(connection: Connection, method: str, path: str, **request: Any) -> Any:
    answer = await connection.call(method, path, **request)
    if not answer.is_success:
        raise Trouble("cli.refused", service=connection.service, why=problem_of(answer)[1])
    return answer.json()
