"""The AsyncAPI 3.0 document of all messages, made from the contracts: `python -m shared.messages.asyncapi`."""

from __future__ import annotations

import inspect
import json
import sys
from typing import Any

import msgspec

from shared.messages import CONTRACTS


def document() -> dict[str, Any]:
    """The whole document as JSON values."""
    _, schemas = msgspec.json.schema_components(CONTRACTS.values(), ref_template="#/components/schemas/{name}")
    messages = {
        name: {
            "name": name,
            "summary": inspect.getdoc(contract),
            "contentType": "application/json",
            "payload": {"$ref": f"#/components/schemas/{contract.__name__}"},
        }
        for name, contract in CONTRACTS.items()
    }
    channels = {
        name: {"address": f"prompt.{name}", "messages": {name: {"$ref": f"#/components/messages/{name}"}}}
        for name in CONTRACTS
    }
    operations = {
        f"say.{name}": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{name}"},
            "title": f"{contract.publisher()} says {contract.__name__}",
        }
        for name, contract in CONTRACTS.items()
    }
    whole = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tsudoi",
            "version": "1",
            "description": "Facts on the topic exchange `tsudoi`. In runs the key begins with `bulk.`, not `prompt.`",
        },
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
    }
    plain: dict[str, Any] = json.loads(json.dumps(whole))
    return plain


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
