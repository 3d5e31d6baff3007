"""住所を自動入力: forms with a postal code come back with its address, whether or not scripts run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.members.pages.custom_input import all_typed
from shared.japan.addresses import addresses_of
from shared.japan.postcode import normalise_postcode
from shared.web.asking import is_htmx


@dataclass(frozen=True)
class LookUp:
    """What came of it. `towns`: to be chosen from, where several share the code."""

    sentence: str
    towns: tuple[str, ...] = ()
    by_script: bool = False


def asks_for_address() -> bool:
    """Was the form sent to have its address filled in?"""
    return "look_up" in request.form


def with_address(template: str, **context: Any) -> ResponseReturnValue:
    """The form with everything that was typed, and the address of its postal code. Nothing is checked or kept."""
    values = all_typed()
    code = normalise_postcode(request.form.get("postcode", ""))
    found = addresses_of(code) if code else []
    chosen = [town for town in found if town == request.form.get("town")] or found
    look_up = _look_up(code, chosen)
    if code:
        values["postcode"] = code
    if len(chosen) == 1 and not str(values.get("address", "")).startswith(chosen[0]):
        values["address"] = chosen[0]
    return render_template(template, **{**context, "values": values, "look_up": look_up})


def _look_up(code: str | None, found: list[str]) -> LookUp:
    script = is_htmx()
    if code is None:
        return LookUp(_("Please enter a Japanese postal code of seven digits."), by_script=script)
    if not found:
        sentence = _("We do not know the address of this postal code. Please write the address yourself.")
        return LookUp(sentence, by_script=script)
    if len(found) > 1:
        return LookUp(_("Several places share this postal code. Please choose yours."), tuple(found), script)
    return LookUp(_("The address was filled in. Please add the number and the building."), by_script=script)
