"""Keys and secrets are exchanged without anybody noticing (S32)."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from flask.testing import FlaskClient

from services.members import operators, second_factor
from services.members.codes import shown_code
from services.members.errors.logins import AppOfOtherKeys, WrongCode
from services.members.login_policy import factor_of
from services.members.settings import MembersSettings
from shared import clock
from shared.identity import Role
from shared.service import RunningService
from shared.settings import SettingsWrong
from shared.web.app import create_app
from tests.unit.members.conftest import LogIn, a_member, csrf, with_account

OLD, NEW = "s" * 32, "n" * 32


def exchange(running: RunningService, secret: str, beside: str = "") -> None:
    running.settings = dataclasses.replace(running.settings, secret=secret, secret_beside=beside)


def code(app: pyotp.TOTP, steps: int = 0) -> str:
    return app.at(clock.outside() + timedelta(seconds=second_factor.STEP * steps))


@pytest.fixture
def phone(running: RunningService, society: str) -> tuple[str, pyotp.TOTP]:
    """An account that has set up an app under the old secret."""
    account = with_account(running, society, a_member(running, society, email="m@example.jp"), "x")
    with running.unit(society) as uow:
        app = pyotp.TOTP(second_factor.begin_set_up(uow, account, (OLD,)))
        second_factor.confirm_set_up(uow, account, code(app, -1), (OLD,))
    return account, app


@pytest.mark.rule("S32")
def test_an_app_of_the_old_secret_goes_on_and_is_sealed_anew(
    running: RunningService, society: str, phone: tuple[str, pyotp.TOTP]
) -> None:
    account, app = phone
    exchange(running, NEW, beside=OLD)
    second_factor.check_code(running, society, account, code(app))
    exchange(running, NEW)
    second_factor.check_code(running, society, account, code(app, 1))


@pytest.mark.rule("S32")
def test_an_app_whose_secret_is_gone_says_so_until_it_is_switched_off(
    running: RunningService, society: str, phone: tuple[str, pyotp.TOTP], capsys: pytest.CaptureFixture[str]
) -> None:
    account, app = phone
    exchange(running, OLD)
    with pytest.raises(WrongCode):
        second_factor.check_code(running, society, account, "000000")
    exchange(running, NEW)
    with pytest.raises(AppOfOtherKeys):
        second_factor.check_code(running, society, account, code(app))
    assert operators.main(running, ["unlock", "m@example.jp"]) == 0
    assert "without a second step" in capsys.readouterr().out
    with running.unit(society, reading=True) as uow:
        assert factor_of(uow, account) is None
    assert operators.main(running, ["unlock", "nobody@example.jp"]) == 1


@pytest.mark.rule("S32")
def test_the_code_of_a_card_stays_while_the_old_secret_is_beside(running: RunningService, society: str) -> None:
    member = a_member(running, society)
    with running.unit(society) as uow:
        first = shown_code(uow, (OLD,), member.id)
        assert shown_code(uow, (NEW, OLD), member.id) == first
        assert shown_code(uow, (NEW,), member.id) != first


@pytest.mark.rule("S32")
def test_a_form_that_was_open_is_still_taken(running: RunningService, client: FlaskClient, society: str) -> None:
    token, cookie = csrf(client), client.get_cookie("tsudoi_session")
    assert cookie
    for secret, beside, status in ((NEW, OLD, 200), (NEW, "", 403)):
        exchange(running, secret, beside)
        browser = create_app(running).test_client()
        browser.set_cookie("tsudoi_session", cookie.value)
        form = {"csrf_token": token, "email": "m@example.jp"}
        assert browser.post("/members/password", data=form).status_code == status


@pytest.mark.rule("S32")
@pytest.mark.rule("S28")
def test_tokens_of_both_keys_are_read_and_of_one_that_is_gone_none(running: RunningService, as_role: LogIn) -> None:
    assert isinstance(running.settings, MembersSettings)
    old = as_role(Role.READER).get_cookie("tsudoi_token")
    assert old
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    running.settings.token_public.write_bytes(running.settings.token_public.read_bytes() + public)
    running.settings.token_key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    new = as_role(Role.READER).get_cookie("tsudoi_token")
    assert new

    def status(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return create_app(running).test_client().get("/members/api/members", headers=headers).status_code

    assert [status(old.value), status(new.value)] == [200, 200]
    running.settings.token_public.write_bytes(public)
    assert [status(old.value), status(new.value)] == [401, 200]


@pytest.mark.rule("S32")
def test_secrets_come_from_mounted_files_and_are_shown_nowhere(running: RunningService, tmp_path: Path) -> None:
    settings = running.settings
    assert isinstance(settings, MembersSettings)
    file = tmp_path / "mounted"
    file.write_text("m" * 40 + "\n")
    given = {
        "TSUDOI_DATABASE_MEMBERS": settings.database,
        "TSUDOI_TOKEN_PUBLIC": str(settings.token_public),
        "TSUDOI_TOKEN_KEY": str(settings.token_key),
        "TSUDOI_SECRET_FILE": str(file),
        "TSUDOI_SECRET_BESIDE": OLD,
    }
    found = MembersSettings.load("members", given)
    assert found.secrets == ("m" * 40, OLD)
    assert "mmm" not in repr(found) and OLD not in repr(found)
    for wrong, words in (
        ({"TSUDOI_SECRET_FILE": str(tmp_path / "none")}, "TSUDOI_SECRET_FILE: "),
        ({"TSUDOI_SECRET": NEW}, "both set"),
        ({"TSUDOI_SECRET_BESIDE": "short"}, "TSUDOI_SECRET_BESIDE is shorter"),
    ):
        with pytest.raises(SettingsWrong, match=words):
            MembersSettings.load("members", given | wrong)
