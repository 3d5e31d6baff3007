"""Security headers of every answer. There is no inline script or style anywhere, so the policy needs no exception."""

from __future__ import annotations

from flask import Flask, Response, g

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)


def allow_form_redirect(origin: str) -> None:
    """A form on this page leads to another site (a payment provider's page): browsers check redirects of forms too."""
    g.form_targets = (*g.get("form_targets", ()), origin)


def _policy() -> str:
    targets = " ".join(g.get("form_targets", ()))
    return POLICY.replace("form-action 'self'", f"form-action 'self' {targets}") if targets else POLICY


def install(app: Flask) -> None:
    @app.after_request
    def _secure(answer: Response) -> Response:
        headers = answer.headers
        headers.setdefault("Content-Security-Policy", _policy())
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(), microphone=(), payment=()")
        headers.setdefault("Cache-Control", "no-store")
        if app.config["PUBLIC_URL_IS_HTTPS"]:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        return answer
