"""A browser for tests: it sends the token that stands in the page's form, as a real one does."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


class Browser:
    """Somebody's browser."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def send(self, page: str, action: str, **values: Any) -> TestResponse:
        """Fill in a form that stands on `page`."""
        return self.client.post(action, data={"csrf_token": self._token(page), **values})

    def api(self, method: str, path: str, json: Any = None) -> TestResponse:
        return self.client.open(
            path, method=method, json=json, headers={"X-CSRFToken": self._token("/events/my/events")}
        )

    def _token(self, page: str) -> str:
        found = re.search(r'"X-CSRFToken": "([^"]+)"', self.client.get(page).text)
        assert found, f"no token on {page}"
        return found[1]
