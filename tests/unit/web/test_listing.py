"""Lists keep their place in the address."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from shared.clock import now
from shared.ids import new_id
from shared.outbox import OutboxRow
from shared.service import RunningService
from shared.web.listing import Listed, list_rows


@pytest.fixture
def sixty(running: RunningService) -> RunningService:
    with running.session() as session:
        session.add_all(
            OutboxRow(id=new_id(), type=f"t{n:02}", payload="{}", bulk=False, correlation=new_id(), said_at=now())
            for n in range(60)
        )
    return running


def ask(app: Flask, running: RunningService, query: str) -> Listed:
    with app.test_request_context(f"/sample/public?{query}"), running.session(reading=True) as session:
        listed = list_rows(
            session, sa.select(OutboxRow), {"type": OutboxRow.type}, sort="type", unique=OutboxRow.id, size=50
        )
        assert "sort=" in listed.sorted_by("type")
        return listed


@pytest.mark.parametrize(
    ("query", "first", "page", "pages"),
    [
        ("", "t00", 1, 2),
        ("page=2", "t50", 2, 2),
        ("page=99", "t50", 2, 2),
        ("page=-1&size=7&sort=payload", "t00", 1, 2),
        ("page=１", "t00", 1, 2),
        ("sort=-type&size=20", "t59", 1, 3),
    ],
)
def test_the_address_says_what_is_shown_and_nonsense_is_ignored(
    app: Flask, sixty: RunningService, query: str, first: str, page: int, pages: int
) -> None:
    listed = ask(app, sixty, query)
    assert (listed.rows[0].type, listed.page, listed.pages, listed.total) == (first, page, pages, 60)


def test_an_empty_list_has_one_empty_page(app: Flask, running: RunningService) -> None:
    listed = ask(app, running, "page=3")
    assert (listed.first, listed.last, listed.pages, list(listed.rows)) == (0, 0, 1, [])


@pytest.mark.parametrize(("count_to", "total", "more", "pages"), [(40, 40, True, 2), (60, 60, False, 3)])
def test_a_list_too_long_to_be_counted_ends_where_counting_ends(
    app: Flask, sixty: RunningService, count_to: int, total: int, more: bool, pages: int
) -> None:
    with app.test_request_context("/sample/public?page=99&size=20"), sixty.session(reading=True) as session:
        order = {"type": OutboxRow.type}
        listed = list_rows(session, sa.select(OutboxRow), order, sort="type", unique=OutboxRow.id, count_to=count_to)
        assert (listed.total, listed.more, listed.pages, listed.page, len(listed.rows)) == (
            total,
            more,
            pages,
            pages,
            20,
        )


def test_filters_survive_sorting_and_turning_pages(app: Flask, sixty: RunningService) -> None:
    with app.test_request_context("/sample/public?q=%E6%9C%83&page=2&empty="), sixty.session(reading=True) as session:
        listed = list_rows(session, sa.select(OutboxRow), {"type": OutboxRow.type}, sort="type", unique=OutboxRow.id)
        assert listed.address(page=1) == "?q=%E6%9C%83&page=1"
        assert listed.sorted_by("type") == "?q=%E6%9C%83&sort=-type"
