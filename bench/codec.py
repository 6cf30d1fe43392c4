"""Encodes and decodes a Snapshot of 15 fields and a SignalChange, with the generated codec and with fastavro."""

import io
import json
import time
from collections.abc import Callable
from pathlib import Path

import fastavro
import msgspec

from revloop.contracts import codec
from revloop.contracts.generated.events import Envelope, SignalChange, Snapshot
from revloop.contracts.generated.schemas import SCHEMAS
from revloop.contracts.resolution import reader_for

EXAMPLES = Path(__file__).resolve().parents[1] / "schemas" / "examples"
CALLS = 5_000
REPEATS = 7
FIELDS: dict[str, bool | int | float | str | None] = {
    "amount": 1_250_000.0,
    "close_date": "2018-06-30",
    "created": 1_519_862_400_000,
    "forecast": "Commit",
    "is_closed": False,
    "lead_source": "Web",
    "name": "Acme renewal 2018",
    "next_step": None,
    "owner": "0051t00000ABCDE",
    "probability": 60,
    "product": "Core",
    "region": "EMEA",
    "stage": "Negotiation",
    "term_months": 12,
    "type": "Renewal",
}


def events() -> list[Envelope]:
    """What is measured."""
    snapshot = msgspec.json.decode((EXAMPLES / Snapshot.SCHEMA / "opportunity.json").read_bytes(), type=Snapshot)
    signal = (EXAMPLES / SignalChange.SCHEMA / "close_date_slipped.json").read_bytes()
    return [msgspec.structs.replace(snapshot, fields=FIELDS), msgspec.json.decode(signal, type=SignalChange)]


def nanoseconds(call: Callable[[], object]) -> float:
    """One call, the best of some repeats."""
    best = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter_ns()
        for _ in range(CALLS):
            call()
        best = min(best, (time.perf_counter_ns() - start) / CALLS)
    return best


def measured(event: Envelope) -> dict[str, tuple[float, float]]:
    """Nanoseconds to encode and to decode, by codec; each makes and takes the event, not a dictionary."""
    kind = type(event)
    plain_schema = json.loads(SCHEMAS[event.SCHEMA].replace(',"logicalType":"timestamp-millis"', ""))
    schema = fastavro.parse_schema(plain_schema)
    data = codec.encode(event)
    body = data[10:]
    older = reader_for(SCHEMAS[event.SCHEMA])

    def fastavro_encode() -> bytes:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, msgspec.to_builtins(event, builtin_types=(bytes,)))
        return out.getvalue()

    def fastavro_decode() -> Envelope:
        found = fastavro.schemaless_reader(io.BytesIO(body), schema, None)
        return msgspec.convert(found, kind, builtin_types=(bytes,))

    return {
        "generated": (nanoseconds(lambda: codec.encode(event)), nanoseconds(lambda: codec.decode(data))),
        "fastavro": (nanoseconds(fastavro_encode), nanoseconds(fastavro_decode)),
        "of another release": (float("nan"), nanoseconds(lambda: older(data, 10))),
    }


def main() -> None:
    """Print a table; the last columns are ratios to fastavro in this run."""
    print(f"{'event':<14}{'codec':<20}{'bytes':>6}{'encode/s':>11}{'decode/s':>11}{'x enc':>7}{'x dec':>7}")
    for event in events():
        rows = measured(event)
        base = rows["fastavro"]
        for name, (encode_ns, decode_ns) in rows.items():  # nan where a codec only reads
            rates = f"{1e9 / encode_ns:>11,.0f}{1e9 / decode_ns:>11,.0f}"
            ratios = f"{base[0] / encode_ns:>7.2f}{base[1] / decode_ns:>7.2f}"
            print(f"{type(event).__name__:<14}{name:<20}{len(codec.encode(event)):>6}{rates}{ratios}")


if __name__ == "__main__":
    main()
