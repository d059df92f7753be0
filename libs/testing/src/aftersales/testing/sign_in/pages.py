"""The pages of the sign-in, in Chinese and English, which work without scripts."""

from collections.abc import Iterable
from html import escape
from itertools import groupby

from aftersales.testing.sign_in.directory import Account

ROLES = {
    "clerk": ("信息员", "clerk"),
    "dispatcher": ("调度员", "dispatcher"),
    "technician": ("服务工程师", "technician"),
    "store_keeper": ("备件管理员", "store keeper"),
    "quality": ("质量管理员", "quality"),
    "supervisor": ("服务主管", "supervisor"),
    "manager": ("服务经理", "manager"),
    "headquarters": ("总部", "headquarters"),
    "ops": ("运维", "operations"),
    "auditor": ("审计员", "auditor"),
}
STYLE = """
body{font:16px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}
.note{background:#fff3cd;border:1px solid #997404;border-radius:.4rem;padding:.6rem 1rem}
.people{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.5rem}
button{font:inherit;text-align:left;padding:.5rem .8rem;border:1px solid #767676;border-radius:.4rem;background:#fff}
button:hover,button:focus-visible{outline:2px solid #0b57d0}
small{display:block;color:#555}input{font:inherit;padding:.4rem}
"""
_NOTE = (
    "<p class=note><b>仅供开发使用，没有密码。</b> 点击一个名字即以此人身份登录。<br>"  # noqa: RUF001 (Chinese)
    "<b>For development only, without passwords.</b> Click a name to sign in as that person.</p>"
)


def sign_in_page(client: str, accounts: Iterable[Account], action: str, user_code: str = "") -> str:
    """Return the page on which a person is chosen."""
    hidden = f"<input type=hidden name=user_code value='{escape(user_code)}'>" if user_code else ""
    groups = "".join(
        f"<h2>{escape(branch) or '全网 · whole network'}</h2><div class=people>{''.join(map(_button, members))}</div>"
        for branch, members in groupby(sorted(accounts, key=lambda one: one.place or "~"), lambda one: one.place)
    )
    return _page(
        "登录 · Sign in",
        f"{_NOTE}<p><b>{escape(client)}</b> 请求登录 · asks you to sign in</p>"
        f"<form method=post action='{escape(action)}'>{hidden}{groups}"
        "<p><button name=person value=''>拒绝 · Refuse</button></p></form>",
    )


def code_page(wrong: str = "") -> str:
    """Return the page on which the code of a device is entered."""
    note = f"<p role=alert>没有等待中的代码 · No device waits with the code {escape(wrong)}</p>" if wrong else ""
    return _page(
        "输入代码 · Enter the code",
        f"{note}<form action=/device><label>代码 · Code <input name=user_code autofocus autocomplete=off></label> "
        "<button>继续 · Continue</button></form>",
    )


def front_page(accounts: Iterable[Account]) -> str:
    """Return the page that says what this is and who is here."""
    people = "".join(f"<li>{_said(account)}</li>" for account in accounts)
    return _page(
        "开发登录服务器 · Development sign-in server",
        "<p class=note><b>仅供开发使用，没有密码。</b> <b>For development only, without passwords.</b></p>"  # noqa: RUF001
        "<p><code>aftersales login</code> · <code>aftersales login --device</code> · "
        f"<a href=/device>输入代码 · Enter a code</a></p><ul>{people}</ul>",
    )


def closing_page(chinese: str, english: str) -> str:
    """Return a page that says how it went."""
    return _page(f"{chinese} · {english}", "")


def _button(account: Account) -> str:
    return f"<button name=person value='{escape(account.code)}'>{_said(account)}</button>"


def _said(account: Account) -> str:
    titles = [ROLES.get(role, (role, role)) for role in account.roles]
    roles = f"{'、'.join(one for one, _ in titles)} · {', '.join(one for _, one in titles)} · {account.code}"
    return f"{escape(account.chinese)} {escape(account.english)}<small>{escape(roles)}</small>"


def _page(title: str, body: str) -> str:
    return (
        f"<!doctype html><html lang=zh-Hans><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(title)}</title><style>{STYLE}</style><h1>{escape(title)}</h1>{body}</html>"
    )
