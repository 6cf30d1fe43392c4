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
CALLS = 1_000
ROUNDS = 40
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


def nanoseconds(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """One call of each, the best of some rounds; rounds take turns, so that a busy moment spoils none alone."""
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(ROUNDS):
        for name, call in calls.items():
            start = time.perf_counter_ns()
            for _ in range(CALLS):
                call()
            best[name] = min(best[name], (time.perf_counter_ns() - start) / CALLS)
    return best


def measured(event: Envelope) -> dict[str, tuple[float, float]]:
    """Nanoseconds to encode and to decode, by codec; each makes and takes the event, not a dictionary."""
    kind, data, older = type(event), codec.encode(event), reader_for(SCHEMAS[event.SCHEMA])
    schema = fastavro.parse_schema(json.loads(SCHEMAS[event.SCHEMA].replace(',"logicalType":"timestamp-millis"', "")))
    body = data[10:]

    def fastavro_encode() -> bytes:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, msgspec.to_builtins(event, builtin_types=(bytes,)))
        return out.getvalue()

    def fastavro_decode() -> Envelope:
        found = fastavro.schemaless_reader(io.BytesIO(body), schema, None)
        return msgspec.convert(found, kind, builtin_types=(bytes,))

    encode = nanoseconds({"generated": lambda: codec.encode(event), "fastavro": fastavro_encode})
    decode = nanoseconds(
        {
            "generated": lambda: codec.decode(data),
            "fastavro": fastavro_decode,
            "of another release": lambda: older(data, 10),
        }
    )
    return {name: (encode.get(name, float("nan")), took) for name, took in decode.items()}


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
