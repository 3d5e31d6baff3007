"""Freeze a sample and the schema of every message version that has none yet: `python -m tests.contracts.freeze`.

Never overwrites: what was released once must decode for ever."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec

from shared.messages import CONTRACTS, Message

HERE = Path(__file__).parent


def sample_of(contract: type[msgspec.Struct]) -> Any:
    """A value with every field set, optional ones too."""
    values = {field.name: _value(field.name, field.type) for field in msgspec.inspect.type_info(contract).fields}  # type: ignore[attr-defined]
    return contract(**values)


def _value(name: str, kind: Any) -> Any:
    match kind:
        case msgspec.inspect.UnionType():
            return _value(name, next(t for t in kind.types if not isinstance(t, msgspec.inspect.NoneType)))
        case msgspec.inspect.StructType():
            return sample_of(kind.cls)
        case msgspec.inspect.VarTupleType():
            return (_value(name, kind.item_type),)
        case msgspec.inspect.StrType():
            return "019f0000-0000-7000-8000-00000000000a" if name == "id" or name.endswith("_id") else f"{name} 髙橋"
        case msgspec.inspect.IntType():
            return 7
        case msgspec.inspect.BoolType():
            return True
        case msgspec.inspect.DateTimeType():
            return datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
        case msgspec.inspect.DateType():
            return date(2026, 11, 21)
    raise TypeError(f"{name}: {kind}")


def schema_of(contract: type[Message]) -> dict[str, Any]:
    return msgspec.json.schema(contract)


def main() -> None:
    for name, contract in CONTRACTS.items():
        sample, schema = HERE / "samples" / f"{name}.json", HERE / "schemas" / f"{name}.json"
        if not sample.exists():
            sample.write_bytes(msgspec.json.format(msgspec.json.encode(sample_of(contract)), indent=1) + b"\n")
        if not schema.exists():
            schema.write_text(json.dumps(schema_of(contract), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
