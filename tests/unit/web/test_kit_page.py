"""The living page of components."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient


@pytest.mark.parametrize("layout", ["console", "my", "plain"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_component_renders_in_every_layout(client: FlaskClient, layout: str, language: str) -> None:
    client.set_cookie("tsudoi_language", language)
    answer = client.get(f"/sample/kit?layout={layout}")
    assert answer.status_code == 200
    assert f'lang="{language}"' in answer.text
    assert "style=" not in answer.text
    assert "<script>" not in answer.text
