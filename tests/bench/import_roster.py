"""A roster of 100,000 rows, XLSX: upload, dry run, confirm, imported and said. Straight: calamine and one COPY."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import python_calamine
import requests

from services.members import categories
from shared.identity import Principal, Role, sign_token
from shared.ids import new_id
from shared.tables import write_xlsx
from tests.bench import report, world

HEADERS = (
    "会員番号",
    "氏名",
    "氏名カナ",
    "氏名英字",
    "メールアドレス",
    "会員種別",
    "会員状況",
    "入会日",
    "所属",
    "郵便番号",
    "住所",
    "電話番号",
    "備考",
)


def main() -> None:
    n = report.size(100_000)
    with tempfile.TemporaryDirectory() as folder, world.stack() as stack:
        roster = Path(folder) / "roster.xlsx"
        write_xlsx(HEADERS, rows(n), roster)
        limit = straight(roster, stack.database_url("members", owner=True))
        world.fill(stack, 0)
        members = world.running(stack, "members")
        with members.unit(world.SOCIETY) as uow:
            categories.add_category(uow, code="regular", name="正会員", name_en="Regular")
        staff = Principal(
            account_id=new_id(),
            session_id=new_id(),
            society_id=world.SOCIETY,
            person_id=None,
            roles=frozenset({Role.ADMINISTRATOR}),
        )
        key = Path(stack.env("members")["TSUDOI_TOKEN_KEY"]).read_bytes()
        session = requests.Session()
        url = f"{stack.gateway_url}/members/api/imports"

        def ask(verb: str, path: str = "", **more: object) -> dict[str, object]:
            session.headers["Authorization"] = f"Bearer {sign_token(staff, key)}"
            answer = session.request(verb, url + path, timeout=120, **more)  # type: ignore[arg-type]
            assert answer.status_code < 300, answer.text
            found: dict[str, object] = answer.json()
            return found

        began = time.monotonic()
        with roster.open("rb") as file:
            id = ask("POST", files={"file": file})["id"]
        world.wait_until(lambda: ask("GET", f"/{id}")["state"] != "checking", every=0.2)
        checked = time.monotonic() - began
        assert ask("GET", f"/{id}")["state"] == "checked", ask("GET", f"/{id}/faults")
        ask("POST", f"/{id}/confirm")
        world.wait_until(lambda: ask("GET", f"/{id}")["state"] not in ("checked", "importing"), every=0.2)
        took = time.monotonic() - began
        assert ask("GET", f"/{id}")["state"] == "imported"
        memory = world.peak_memory(stack)
        report.tell(
            "import_roster",
            n,
            took,
            "s",
            limit,
            dry_run_s=round(checked, 2),
            file_mib=round(roster.stat().st_size / 2**20, 1),
            worker_peak_mib=memory["work-members"],
            web_peak_mib=memory["web-members"],
        )


def rows(n: int) -> Iterator[tuple[str, ...]]:
    for i in range(n):
        yield (
            f"R{i:07d}",
            f"髙橋 {i}",
            "タカハシ イチロウ",
            f"Takahashi {i}",
            f"r{i}@bench.example",
            "正会員",
            "在会",
            "2020-04-01",
            "計測大学 理学部",
            "100-0001",
            "東京都千代田区千代田1-1",
            "03-0000-0000",
            f"備考 {i % 50}",
        )


def straight(roster: Path, url: str) -> float:
    """Seconds to read the sheet with calamine and copy it into one table."""
    began = time.monotonic()
    sheet = python_calamine.CalamineWorkbook.from_path(str(roster)).get_sheet_by_index(0).to_python()
    with psycopg.connect(url.replace("+psycopg", "")) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE straight_roster (" + ", ".join(f"c{i} text" for i in range(len(HEADERS))) + ")")
        with cursor.copy("COPY straight_roster FROM STDIN") as copy:
            for row in sheet[1:]:
                copy.write_row([str(value) for value in row])
        connection.commit()
        took = time.monotonic() - began
        cursor.execute("DROP TABLE straight_roster")
    return took


if __name__ == "__main__":
    main()
