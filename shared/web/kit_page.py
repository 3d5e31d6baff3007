"""The living page of all components, at `/<service>/kit`; only with TSUDOI_DEV=1."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from shared import clock
from shared.errors import Fault, InvalidInput
from shared.jobs import JobRow
from shared.web.access import allow_public
from shared.web.forms import Faults
from shared.web.listing import Listed
from shared.web.validation import fault_for

LAYOUTS = ("console", "my", "plain")


def make_blueprint(name: str) -> Blueprint:
    blueprint = Blueprint("kit_page", __name__, url_prefix=f"/{name}/kit")

    @blueprint.get("")
    @allow_public
    def show() -> ResponseReturnValue:
        layout = request.args.get("layout", "console")
        wrong = InvalidInput(
            faults=[fault_for("Not a valid email address.", "email"), Fault(text="Please fill this in.", field="name")]
        )
        rows = [
            {"number": "2026-00012", "payer": "髙橋 花子", "amount": 12_000, "state": "paid", "due": clock.today()},
            {"number": "2026-00013", "payer": "𠮷田 一郎", "amount": 6_000, "state": "open", "due": clock.today()},
            {
                "number": "2026-00014",
                "payer": "Sophie Tanaka-Laurent",
                "amount": 120_000,
                "state": "overdue",
                "due": clock.today(),
            },
        ]
        return render_template(
            "kit/kit_page.html",
            layout=f"kit/{layout if layout in LAYOUTS else 'console'}.html",
            listed=Listed(rows, 1_284, 2, 50, "-number"),
            values={"email": "hanako@", "language": "ja"},
            faults=Faults(wrong),
            now=clock.now(),
            job=JobRow(id="0", kind="sample", state="done", done=3_120, total=3_120),
        )

    @blueprint.get("/fragment")
    @allow_public
    def fragment() -> ResponseReturnValue:
        return render_template("kit/kit_fragment.html")

    return blueprint
