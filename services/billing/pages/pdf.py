"""What PDFs say of this website."""

from __future__ import annotations

from shared.web.access import running_service


def my_page() -> str:
    """Address of My Page, as it is printed on an invoice."""
    return f"{running_service().settings.public_url}/members/my/"
