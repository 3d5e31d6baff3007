"""Every page of every service as its readers meet it: it opens, axe finds nothing in it – light and dark, Japanese and
English, desk and phone –, and it does not scroll sideways. `make pages` looks at each page in
four such ways, `make test` at each in one of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.pages.house import House, open_house
from tests.pages.walk import Walk, enter, pages_of

HOMES = {
    "nobody": ["/members/", "/members/login", "/members/docs", "/notifications/mailbox"],
    "member": ["/members/my/", "/members/my/email"],
    "contact": ["/members/my/", "/members/my/corporation/edit"],
    "office": ["/members/console/members", "/billing/console/", "/payments/console/notices", "/events/console/events"],
    "operator": ["/members/operator", "/members/operator/societies"],
}
LEAD_ON = {"/members/", "/members/console/duplicates/choose"}  # always to another page
# pages that nobody meets by an address: the story that shows each
BY_FORM_ONLY = {
    "/members/apply/<token>/done": "journeys/test_9_applications",
    "/members/login/code": "journeys/test_9_second_step",
    "/members/my/email/<token>": "unit/members/test_email_change",
    "/members/my/security/second-step": "journeys/test_9_second_step",
    "/members/setup/<token>": "journeys/test_8_onebox",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house") / "home") as opened:
        yield opened


@pytest.mark.rule("W1")
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_page_is_for_everybody(house: House, browser: Browser, campaign: bool) -> None:
    seen: set[str] = set()
    wrong: dict[str, str] = {}
    for who, token in house.tokens().items():
        page = enter(browser, house.url, token)
        more = {"office": house.addresses(), "nobody": house.mailed()}.get(who, [])
        Walk(page, house.url, house.apps, campaign, seen, wrong).go(HOMES[who], more)
        page.context.close()
    assert not wrong, "\n".join(f"{where}\n{what}" for where, what in wrong.items())
    unseen = pages_of(house.apps, thorough=campaign) - seen - LEAD_ON
    assert unseen == set(BY_FORM_ONLY), "\n".join(sorted(unseen ^ set(BY_FORM_ONLY)))
