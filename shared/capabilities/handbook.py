"""The tables of the handbook: `python -m shared.capabilities.handbook > docs/staff/permissions.md`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.capabilities import MY_PAGE, OFFICE, Capability, capabilities_of, role_name
from shared.identity import Role

TITLES = (
    ("society", "事務局 / The office", OFFICE),
    ("own", "会員マイページ（ご自身のことだけ） / My Page: only what is one's own", MY_PAGE),
    ("installation", "システムの運用 / The installation", (Role.OPERATOR,)),
)


def page() -> str:
    lines = [
        "# 権限一覧 / Who may do what",
        "",
        "一人が複数の権限を持つときは、そのどれかでできることがすべてできます。権限は「事務局スタッフ」で管理者が決めます。",
        "Whoever has several roles may do what any of them may. Administrators give roles on the page Staff.",
    ]
    for scope, title, roles in TITLES:
        lines += ["", f"## {title}", "", *_table(capabilities_of(scope), roles)]
    lines += [
        "",
        "システム運用担当者は、会員・請求・メールの内容を見ることができません。",
        "Operators see no member, no invoice, no mail.",
        "",
        "<!-- made by: python -m shared.capabilities.handbook -->",
    ]
    return "\n".join(lines) + "\n"


def _table(capabilities: Sequence[Capability], roles: Sequence[Role]) -> Iterator[str]:
    names = [f"{role_name(role, 'ja')}<br>{role_name(role, 'en')}" for role in roles]
    yield f"| | {' | '.join(names)} |"
    yield f"|---|{'---|' * len(roles)}"
    for known in capabilities:
        marks = ("✓" if known.is_for(role) else "–" for role in roles)
        yield f"| {known.ja}<br>{known.en} | {' | '.join(marks)} |"


if __name__ == "__main__":
    print(page(), end="")
