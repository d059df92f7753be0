"""`aftersales policy`: checks, compares and publishes service policies, and explains which one holds (ALL-1)."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic_core import to_json, to_jsonable_python

from aftersales.cli.connection import connect_to_service, problem_of
from aftersales.cli.output import AsJson, print_json, print_table
from aftersales.cli.policy_sources import (
    File,
    branch_exists,
    file_findings,
    line_meant,
    policy_named,
    policy_of,
    published_policies,
    read_file,
    text_of,
)
from aftersales.cli.session import ERR, OUT, REFUSED, TROUBLE, Session, Trouble, to_printable
from aftersales.policy.choose import Facts, PolicyIndex
from aftersales.policy.difference import diff_policies
from aftersales.policy.explain import Candidate, ChoiceExplanation, explain_policy_choice
from aftersales.policy.findings import dotted_path
from aftersales.policy.model import Policy, Scope
from aftersales.values import uuid7

app = typer.Typer(no_args_is_help=True, help="Work on service policies: the figures by which each item is handled.")

OneFile = Annotated[Path, typer.Argument(metavar="FILE", help="A policy in YAML.", show_default=False)]
A_NAME = "A file, a preset's name, or `NAME@VERSION` as intake has it."
Named = Annotated[str, typer.Argument(help=A_NAME, show_default=False)]


@app.command("lint")
def lint_files(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Policies in YAML.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Report all errors and warnings of these policies, alone and side by side. Warnings refuse nothing."""
    session: Session = ctx.obj
    read = session.run(_read(files))
    policies = [file.draft.policy for file in read if file.draft.policy]
    if as_json:
        found = [file_findings(file, policies) for file in read]
        rows = [
            {"file": str(file.path), "findings": list(file.described(session, wrong))}
            for file, wrong in zip(read, found, strict=True)
        ]
        print_json(rows)
        refused = [finding.level == "error" for wrong in found for finding in wrong]
    else:
        refused = [_lint(session, file, policies) for file in read]
    raise typer.Exit(REFUSED if any(refused) else 0)


async def _read(files: Sequence[Path]) -> list[File]:
    return [read_file(path) for path in files]


def _lint(session: Session, file: File, others: Sequence[Policy]) -> bool:
    found = file_findings(file, others)
    errors = sum(finding.level == "error" for finding in found)
    file.complain(session, found)
    session.say("policy.linted", file=file.path, errors=errors, warnings=len(found) - errors)
    return errors > 0


@app.command("diff")
def show_difference(ctx: typer.Context, a: Named, b: Named, as_json: AsJson = False) -> None:
    """Show each figure in which B differs from A."""
    session: Session = ctx.obj

    async def both() -> tuple[Policy, Policy]:
        return await policy_named(session, a), await policy_named(session, b)

    changes = diff_policies(*session.run(both()))
    if as_json:
        rows = [{"path": dotted_path(change.path), "old": change.old, "new": change.new} for change in changes]
        print_json(rows)
        return
    for change in changes:
        line = f"{dotted_path(change.path)}: {_figure(change.old)} → {_figure(change.new)}"
        OUT.print(to_printable(line), soft_wrap=True, markup=False, highlight=False)
    if not changes:
        session.say("policy.same", a=a, b=b)


def _figure(value: Any) -> str:
    return "-" if value is None else value if isinstance(value, str) else to_json(value).decode()


@app.command("show")
def show_policy(ctx: typer.Context, name: Named, as_json: AsJson = False) -> None:
    """Print a policy as YAML; a preset with the rule behind each figure. JSON has every figure, including defaults."""
    session: Session = ctx.obj
    if as_json:
        print_json(session.run(policy_named(session, name)))
        return
    OUT.file.write(to_printable(session.run(text_of(session, name))).rstrip("\n") + "\n")


@app.command("explain")
def explain_choice(  # noqa: PLR0913, PLR0917 (a command's options)
    ctx: typer.Context,
    branch: Annotated[str, typer.Option(help="The item's branch.")] = "",
    line: Annotated[str, typer.Option(help="Its product line.")] = "",
    work_type: Annotated[str, typer.Option(help="Its kind of work.")] = "",
    customer_class: Annotated[str, typer.Option("--class", help="The customer's class.")] = "",
    member: Annotated[bool, typer.Option("--member", help="The customer is a member.")] = False,
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="When it comes in; without it today.")
    ] = None,
    file: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="As if this were published too; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show which policy holds for an item, and why each of the others does not.

    Exit code 2: intake does not answer; the published policies are left out.
    """
    session: Session = ctx.obj
    when = day.date() if day else datetime.now(session.zone).date()
    policies, line, complete = session.run(_considered(session, file or [], branch, line))
    facts = Facts(branch, line, work_type, customer_class, when, member)
    found = explain_policy_choice(PolicyIndex(policies), facts)
    if as_json:
        print_json(_as_data(found))
    else:
        session.say("policy.chosen", name=found.chosen.name, version=found.chosen.version, day=when)
        if found.chosen.scope == Scope():
            session.say("policy.general", name=found.chosen.name, line=line)
        _print_candidates(session, found.candidates)
    if not complete:
        raise typer.Exit(TROUBLE)


async def _considered(
    session: Session, files: Sequence[Path], branch: str, line: str
) -> tuple[list[Policy], str, bool]:
    """Return policies of files and intake, the line's code, and whether intake answered.

    Ends the program if the branch is unknown.
    """
    ours = [policy_of(session, read_file(path)) for path in files]
    try:
        async with connect_to_service(session, "intake") as connection:
            policies = [*ours, *await published_policies(connection)]
            named = any(branch in policy.scope.branches for policy in policies)
            known = not branch or named or await branch_exists(connection, branch)
            code, suggestions = await line_meant(connection, line) if line else ("", ())
    except Trouble as trouble:
        session.complain("policy.without_intake", why=session.words(trouble.code, **trouble.params))
        return ours, line, False
    if not known:
        session.complain("branch.unknown", branch=branch)
        raise typer.Exit(REFUSED)
    if line and not code and not any(line in policy.scope.lines for policy in policies):
        session.complain("policy.line_unclear", line=line, suggestions=", ".join(suggestions) or "-")
    return policies, code or line, True


def _as_data(found: ChoiceExplanation) -> dict[str, Any]:
    candidates = [to_jsonable_python(candidate._asdict()) for candidate in found.candidates]
    return {"name": found.chosen.name, "version": found.chosen.version, "candidates": candidates}


def _print_candidates(session: Session, candidates: Sequence[Candidate]) -> None:
    titles = (
        session.words("policy.column.policy"),
        session.words("policy.column.from"),
        session.words("policy.column.specificity"),
        session.words("policy.column.outcome"),
    )
    rows = [
        (
            session.words("policy.preset", name=one.name) if one.preset else f"{one.name}@{one.version}",
            f"{one.effective_from}",
            str(one.specificity),
            _outcome(session, one),
        )
        for one in candidates
    ]
    print_table(titles, rows)


def _outcome(session: Session, candidate: Candidate) -> str:
    fields = {
        "branch": session.words("policy.field.branch"),
        "line": session.words("policy.field.line"),
        "work_type": session.words("policy.field.work_type"),
        "customer_class": session.words("policy.field.customer_class"),
    }
    missed = ", ".join(fields[name] for name in candidate.missed)
    return {
        "chosen": session.words("policy.outcome.chosen"),
        "less_specific": session.words("policy.outcome.less_specific"),
        "later_in_alphabet": session.words("policy.outcome.later_in_alphabet"),
        "published_first": session.words("policy.outcome.published_first"),
        "out_of_scope": session.words("policy.outcome.out_of_scope", fields=missed),
        "replaced": session.words("policy.outcome.replaced", version=candidate.replaced_by),
        "not_yet": session.words("policy.outcome.not_yet"),
    }[candidate.outcome]


@app.command("publish")
def publish_policy(ctx: typer.Context, file: OneFile, as_json: AsJson = False) -> None:
    """Publish a policy at intake as the next version of its name. Items in progress keep their version."""
    session: Session = ctx.obj
    (read,) = session.run(_read([file]))
    wrong = file_findings(read, [])
    read.complain(session, wrong)
    if any(finding.level == "error" for finding in wrong):
        raise typer.Exit(REFUSED)
    content = session.run(_publish(session, policy_of(session, read)))
    if content is None:
        raise typer.Exit(REFUSED)
    if as_json:
        print_json(content)
    else:
        name, version, day = content["name"], content["version"], content["effective_from"]
        session.say("policy.published", name=name, version=version, day=day)


async def _publish(session: Session, policy: Policy) -> dict[str, Any] | None:
    """Return the published policy, or None after reporting a refusal."""
    body = policy.model_dump(mode="json", exclude={"version"})
    async with connect_to_service(session, "intake") as connection:
        answer = await connection.call("POST", "/policies", json=body, headers={"idempotency-key": uuid7()})
    if not answer.is_success:
        _, why, params = problem_of(answer)
        session.complain("cli.refused", service="intake", why=why)
        for error in params.get("errors", ()):
            ERR.print(
                to_printable(f"{error['field']}: {error['problem']}"), soft_wrap=True, markup=False, highlight=False
            )
        return None
    published_now: dict[str, Any] = answer.json()["policy"]
    return published_now
