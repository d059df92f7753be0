"""ALL-6 from the command line: everything about a customer in one file, the erasure, and the proof in words."""

from cli.system import open_system
from e2e import canaries

from aftersales.testing import ManualClock, eventually

WHO = ("--asked-by", "customer", "--why", "asked to be forgotten", "--evidence", "CO-1")


async def test_all_6_a_customer_is_exported_erased_and_the_proof_is_shown_in_words(urls, tmp_path):
    clock = ManualClock()
    async with open_system(urls, clock) as program:
        case = await canaries.live_a_case(program.system, clock)
        file = tmp_path / "all.json"
        exported = await program("--lang", "zh-Hans", "privacy", "export", case["customer"], str(file))
        assert (exported.code, file.stat().st_mode & 0o777) == (0, 0o600)
        assert canaries.mentioned(file.read_bytes()) == {*canaries.WORDS, *canaries.PHONES} - {"cancelled"}
        assert "全部存储信息" in file.read_text("utf-8")
        assert (await program("privacy", "export", case["customer"], str(file))).code == 1, "the file is not replaced"

        refused = await program("privacy", "erase", case["customer"], *WHO)
        assert (refused.code, case["question"] in refused.err) == (2, True)
        reason = {"reason": canaries.WORDS["cancelled"]}
        await program.system.intake.http.post(f"/requests/{case['question']}/cancel", json=reason)
        clock.advance(days=2)
        await program.system.quiet()
        assert (await program("privacy", "erase", case["customer"], *WHO)).code == 0

        async def complete():
            shown = await program("--lang", "zh-Hans", "privacy", "status", case["customer"])
            return shown.out if "全部完成" in shown.out else None

        said = await eventually(complete, 40)
        assert "asked to be forgotten" in said
        assert "已删除" in said
        assert case["customer"] in (await program("privacy", "status")).out
