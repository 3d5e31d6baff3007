"""Files of announcements: what is taken, and who gets them: a guessed address gets nothing (M15+, S16)."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.http import parse_options_header

from services.members.announcements.attachments import LARGEST, MOST, PART, attach_file, attachments_of
from services.members.announcements.editing import withdraw_announcement
from services.members.announcements.file_kinds import file_name, media_type_of
from services.members.models import AttachmentPartRow, AttachmentRow
from shared.errors import InvalidInput
from shared.identity import Role
from shared.ids import new_id
from shared.service import RunningService
from tests.unit.members.conftest import LogIn, a_member, csrf, make_society, post
from tests.unit.members.test_announcements import OFFICE, change, write

PDF = b"%PDF-1.7\n" + b"x" * 100
JPEG = b"\xff\xd8\xff\xe0" + b"y" * 50
NAME = "総会資料（第1号）.pdf"


def office_file(main_part: str, *more: str) -> bytes:
    """A zip archive as Word, Excel and PowerPoint write them."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("[Content_Types].xml", main_part, *more):
            archive.writestr(name, "<x/>")
    return packed.getvalue()


def attach(running: RunningService, society: str, id: str, data: bytes = PDF, name: str = NAME) -> str:
    """The file's address."""
    with running.unit(society) as uow:
        return f"/members/attachments/{attach_file(uow, id, name, io.BytesIO(data)).id}"


def send(office: FlaskClient, address: str, *files: tuple[str, bytes], **form: Any) -> Any:
    """A form with files, as a browser sends it."""
    uploads = [FileStorage(io.BytesIO(data), name) for name, data in files]
    given = {"csrf_token": csrf(office, "/members/password"), "title": "総会", **form, "file": uploads}
    return office.post(address, data=given, content_type="multipart/form-data")


def names_of(running: RunningService, society: str, id: str) -> list[str]:
    with running.unit(society, reading=True) as uow:
        return [row.name for row in attachments_of(uow, [id])]


@pytest.mark.rule("M15")
def test_files_come_with_the_form_all_or_none(running: RunningService, society: str, as_role: LogIn) -> None:
    office = as_role(Role.AFFAIRS)
    page = send(office, OFFICE, (NAME, PDF), ("写真.jpg", JPEG)).location
    id = page.rpartition("/")[2]
    assert names_of(running, society, id) == [NAME, "写真.jpg"]
    assert NAME in office.get(page).text
    assert send(office, f"{page}/edit", (NAME, PDF)).status_code == 303, "a second click"
    refused = send(office, f"{page}/edit", ("三.pdf", PDF), ("四.svg", b"<svg/>"), title="別の件名")
    assert refused.status_code == 422 and 'id="e-file"' in refused.text and "四.svg" in refused.text
    assert send(office, f"{page}/edit", ("五.pdf", b"")).status_code == 422
    assert send(office, f"{page}/edit", ("六.pdf", PDF + b"z" * LARGEST)).status_code == 413
    assert names_of(running, society, id) == [NAME, "写真.jpg"]
    assert "別の件名" not in office.get(OFFICE).text
    many = [(f"{n}.txt", b"text") for n in range(MOST)]
    assert send(office, f"{page}/edit", *many).status_code == 422
    assert send(office, f"{page}/edit", *many[: MOST - 2]).status_code == 303


@pytest.mark.rule("M15+")
@pytest.mark.rule("S16")
def test_a_member_saves_it_under_its_name(running: RunningService, society: str, as_role: LogIn) -> None:
    large = PDF + bytes(range(256)) * 5000
    assert len(large) > PART, "in more than one piece"
    address = attach(running, society, write(running, society), large)
    answer = as_role(Role.MEMBER, person=a_member(running, society).id).get(address)
    assert answer.status_code == 200 and answer.data == large and answer.content_length == len(large)
    disposition, names = parse_options_header(answer.headers["Content-Disposition"])
    assert (disposition, names["filename"]) == ("attachment", NAME)
    assert answer.headers["Content-Disposition"].isascii()
    assert answer.content_type == "application/pdf" and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store" and "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.rule("M15+")
@pytest.mark.rule("S16")
@pytest.mark.rule("S2")
def test_a_guessed_address_gets_nothing(running: RunningService, society: str, as_role: LogIn) -> None:
    id = write(running, society, categories=["student"])
    address = attach(running, society, id)
    student = as_role(Role.MEMBER, person=a_member(running, society, category="student").id)
    readers = {
        "nobody": as_role().application.test_client(),
        "another member": as_role(Role.MEMBER, person=a_member(running, society).id),
        "an applicant": as_role(
            Role.APPLICANT, person=a_member(running, society, category="student", standing="applying").id
        ),
        "staff for events": as_role(Role.EVENTS),
        "another society": as_role(*Role, person=new_id(), society_id=make_society(running, "hokushin")),
    }
    nothing = readers["nobody"].get(f"/members/attachments/{new_id()}").status_code
    assert {who: browser.get(address).status_code for who, browser in readers.items()} == dict.fromkeys(
        readers, nothing
    )
    assert nothing == 404 and student.get(address).status_code == as_role(Role.READER).get(address).status_code == 200
    change(running, society, id, shown_from=None)
    assert student.get(address).status_code == 404, "a draft"
    assert as_role(Role.AFFAIRS).get(address).status_code == 200, "whoever writes it looks at it before"
    other = attach(running, society, write(running, society))
    assert student.get(other).status_code == 200
    with running.unit(society) as uow:
        withdraw_announcement(uow, uow.get(AttachmentRow, other.rpartition("/")[2]).announcement_id)
    assert student.get(other).status_code == 404


@pytest.mark.rule("M15+")
def test_a_page_that_was_left_open_renews_its_session_first(
    running: RunningService, society: str, as_role: LogIn
) -> None:
    browser = as_role().application.test_client()
    browser.set_cookie("tsudoi_session_hint", "1")
    address = attach(running, society, write(running, society))
    assert browser.get(address).location == f"/members/session/renew?next={address}"


@pytest.mark.rule("S16")
@pytest.mark.parametrize(
    ("name", "data", "media"),
    [
        ("a.pdf", PDF, "application/pdf"),
        ("a.docx", office_file("word/document.xml"), "application/vnd.openxmlformats-officedocument.wordprocessing"),
        ("a.xlsx", office_file("xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml"),
        ("a.pptx", office_file("ppt/presentation.xml"), "application/vnd.openxmlformats-officedocument.presentation"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "application/vnd.ms-excel"),
        ("a.jpeg", JPEG, "image/jpeg"),
        ("a.png", b"\x89PNG\r\n\x1a\n....", "image/png"),
        ("a.gif", b"GIF89a....", "image/gif"),
        ("a.csv", "氏名,所属\r\n".encode("cp932"), "text/csv"),
        ("a.txt", "<script>本文</script>".encode(), "text/plain"),
        ("a.zip", office_file("x.txt"), "application/zip"),
        ("a.pdf", PDF + office_file("x.html"), "application/pdf"),  # two in one: sent as what its name says
    ],
)
def test_what_is_taken(name: str, data: bytes, media: str) -> None:
    assert media_type_of(name, data).startswith(media)


@pytest.mark.rule("S16")
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("a.html", b"<script>alert(1)</script>"),
        ("a.png", b"<svg onload='alert(1)'/>"),
        ("a.jpg", b"<script>\xff\xd8\xff</script>"),
        ("a.pdf", b"<html>%PDF-1.7"),
        ("a.docx", office_file("xl/workbook.xml")),
        ("a.docx", office_file("word/document.xml", "word/vbaProject.bin")),
        ("a.docm", office_file("word/document.xml")),
        ("a.zip", b"MZ\x90\x00"),
        ("a.pdf.exe", b"MZ\x90\x00"),
        ("a.txt", b"MZ\x00\x00"),
        ("a.csv", b"\x81\xff\xfe"),
        ("file.", PDF),
        ("pdf", PDF),
    ],
)
def test_what_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(InvalidInput):
        media_type_of(name, data)


@pytest.mark.rule("S16")
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/資料.PDF", "資料.pdf"),
        ("C:\\Users\\花子\\資料.pdf", "資料.pdf"),
        ("資料\u202efdp.exe.pdf", "資料 fdp.exe.pdf"),
        ('a"\r\nSet-Cookie: x=1\x00.pdf', "a_ Set-Cookie_ x=1.pdf"),
        ("がくせい.pdf".replace("が", "か\u3099"), "がくせい.pdf"),
        (".pdf", "file.pdf"),
        ("..", "file."),
        ("議事録", "議事録"),
        ("あ" * 300 + ".pdf", "あ" * 120 + ".pdf"),
    ],
)
def test_a_name_is_a_name_and_nothing_else(given: str, kept: str) -> None:
    assert file_name(given) == kept


@pytest.mark.rule("M15")
def test_files_go_with_their_announcement_and_a_copy_has_its_own(
    running: RunningService, society: str, as_role: LogIn
) -> None:
    office = as_role(Role.AFFAIRS)
    id = write(running, society)
    first, second = attach(running, society, id), attach(running, society, id, JPEG, "写真.jpg")
    page = f"{OFFICE}/{id}"
    copy = post(office, f"{page}/copy", page=page).location.split("/")[-2]
    other = write(running, society, "別")
    file = second.rpartition("/")[2]
    assert post(office, f"{OFFICE}/{other}/attachments/{file}/remove", page=page).status_code == 404
    assert post(office, f"{page}/attachments/{file}/remove", page=page).status_code == 303
    assert names_of(running, society, id) == [NAME] and office.get(second).status_code == 404
    assert post(office, f"{page}/remove", page=page).status_code == 303
    assert office.get(first).status_code == 404
    assert names_of(running, society, copy) == [NAME, "写真.jpg"]
    with running.unit(society, reading=True) as uow:
        kept = {row.id: row.size for row in attachments_of(uow, [copy])}
        parts = uow.session.execute(sa.select(AttachmentPartRow.attachment_id, AttachmentPartRow.data)).all()
    assert {id: len(data) for id, data in parts} == kept, "nothing is left of the other"
    assert [office.get(f"/members/attachments/{id}").data for id in kept] == [PDF, JPEG]


@pytest.mark.rule("W4")
def test_integrators_attach_too(running: RunningService, society: str, as_role: LogIn) -> None:
    office = as_role(Role.AFFAIRS)
    token = {"Authorization": f"Bearer {office.get_cookie('tsudoi_token').value}"}  # type: ignore[union-attr]
    api = f"/members/api/announcements/{write(running, society)}"
    upload = {"file": (io.BytesIO(PDF), NAME)}
    made = office.post(f"{api}/attachments", data=upload, headers=token)
    assert (made.status_code, made.get_json()["name"], made.get_json()["size"]) == (201, NAME, len(PDF))
    assert office.get(made.get_json()["href"], headers=token).data == PDF
    refused = office.post(f"{api}/attachments", data={"file": (io.BytesIO(PDF), "x.svg")}, headers=token)
    assert refused.status_code == 422 and refused.get_json()["errors"][0]["field"] == "file"
    assert office.delete(f"{api}/attachments/{made.get_json()['id']}", headers=token).status_code == 204
    assert office.get(api, headers=token).get_json()["attachments"] == []
