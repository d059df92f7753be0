"""The program with services that ask for a token: from the environment, and never where others could read it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli.system import INTAKE, NOBODY, Program, open_system, saved
from common.issuer import Issuer, serve_issuer

from aftersales.intake.network.domain import Branch
from aftersales.testing import ManualClock

BRANCHES = "code,name,zone,lat,lon\nsh-01,上海静安服务中心,Asia/Shanghai,31.23,121.45\n"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with serve_issuer() as started:
        yield started


@pytest.fixture
async def aftersales(urls: Any, clock: ManualClock, issuer: Issuer) -> AsyncIterator[Program]:
    async with open_system(urls, clock, [INTAKE], oidc_issuer=issuer.url, oidc_first_subjects=("u-17",)) as program:
        yield program


async def test_a_token_in_a_file_signs_the_program_in(
    aftersales: Program, issuer: Issuer, clock: ManualClock, tmp_path: Path
) -> None:
    sheet, token = saved(tmp_path, "branches.csv", BRANCHES), tmp_path / "token"
    refused = await aftersales("--lang", "zh-Hans", "import", "branches", sheet)
    assert refused.code != 0
    assert "请先登录" in refused.out + refused.err
    token.write_text(issuer.token(clock.now()) + "\n")
    done = await aftersales("import", "branches", sheet, AFTERSALES_TOKEN_FILE=str(token))
    assert done.code == 0, done.err
    assert await aftersales.system.intake.get(Branch, "sh-01")


async def test_a_token_is_not_sent_where_others_could_read_it(aftersales: Program, tmp_path: Path) -> None:
    aftersales.urls = {"intake": "http://intake.example:8101"}
    sheet = saved(tmp_path, "branches.csv", BRANCHES)
    done = await aftersales("import", "branches", sheet, AFTERSALES_TOKEN="secret")
    assert done.code == 2
    assert "Use an address with https" in done.err
    assert "secret" not in done.out + done.err


async def test_a_token_file_that_is_not_there_is_named(aftersales: Program, tmp_path: Path) -> None:
    aftersales.urls = {"intake": NOBODY}
    sheet, missing = saved(tmp_path, "branches.csv", BRANCHES), tmp_path / "token"
    done = await aftersales("import", "branches", sheet, AFTERSALES_TOKEN_FILE=str(missing))
    assert done.code == 2
    assert str(missing) in done.err
