"""Long work (`shared.jobs`) as the API speaks of it."""

from __future__ import annotations

from marshmallow import Schema, fields


class WorkSchema(Schema):
    """Long work and how far it is."""

    id = fields.UUID()
    kind = fields.String()
    state = fields.String()
    done = fields.Integer()
    total = fields.Integer()
    error = fields.String(allow_none=True)
