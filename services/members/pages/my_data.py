"""My Page 会員マイページ: a copy of one's own data 保有個人データの開示."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from services.members.api.erasure import OwnPasswordSchema, own_data
from services.members.pages.erasure import zip_answer
from shared.errors import TsudoiError
from shared.identity import PAYERS
from shared.web.access import allow
from shared.web.forms import form_again, load_form

pages = Blueprint("my_data", __name__, url_prefix="/members/my/data")


@pages.get("")
@allow(*PAYERS)
def show() -> ResponseReturnValue:
    return render_template("members/my_data.html")


@pages.post("")
@allow(*PAYERS)
def download() -> ResponseReturnValue:
    """After the password, so that nobody takes it from a screen that was left open."""
    try:
        tables = own_data(load_form(OwnPasswordSchema)["password"])
    except TsudoiError as error:
        return form_again("members/my_data.html", error)
    return zip_answer(tables, "my-data")
