"""Two events of the demo society: the annual meeting with a fee, and a free lecture. A second time changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.events.catalogue import create_event, set_switches
from services.events.models import EventRow
from shared import clock, demo
from shared.service import RunningService

MEETING = "019f0000-0000-7000-8000-00000000e001"
LECTURE = "019f0000-0000-7000-8000-00000000e002"


def fill(running: RunningService) -> None:
    """Make and publish them, once."""
    with running.unit(demo.SOCIETY) as uow:
        for values in _events():
            if uow.session.get(EventRow, values["id"]) is None:
                event = create_event(uow, values)
                set_switches(uow, event.id, published=True, registration_open=True, on_my_page=True)


def _events() -> tuple[dict[str, Any], ...]:
    today = clock.today()
    meeting, lecture = today + timedelta(days=60), today + timedelta(days=30)
    return (
        {
            "id": MEETING,
            "title": f"年次大会{meeting.year}",
            "title_en": f"Annual Meeting {meeting.year}",
            "venue": "集い会館 大ホール（東京都千代田区）",
            "venue_en": "Tsudoi Hall, Chiyoda, Tokyo",
            "description": "基調講演、一般演題、懇親会を予定しています。\n皆さまのご参加をお待ちしております。",
            "description_en": "Keynotes, talks and a reception.\nWe look forward to seeing you.",
            "starts_on": meeting,
            "ends_on": meeting + timedelta(days=1),
            "registration_until": meeting - timedelta(days=14),
            "capacity": 100,
            "fee": 5_000,
            "tax_class": "standard",
        },
        {
            "id": LECTURE,
            "title": "公開講演会「集うということ」",
            "title_en": "Public lecture: Coming together",
            "venue": "オンライン",
            "venue_en": "Online",
            "description": "どなたでも無料でご参加いただけます。接続先は開催前日にお知らせします。",
            "description_en": "Free of charge. The address is sent on the day before.",
            "starts_on": lecture,
            "ends_on": lecture,
            "registration_until": lecture - timedelta(days=1),
            "capacity": 500,
            "fee": 0,
        },
    )
