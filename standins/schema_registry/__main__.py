"""``python -m standins.schema_registry [--port N] [--user NAME:PASSWORD]``: one line of JSON says where it listens."""

import argparse
import json
import socket

import uvicorn

from standins.schema_registry.app import create


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--user", default="", help="NAME:PASSWORD that every request must bring")
    parser.add_argument("--refuse", default="", help="subject for which every schema is refused as incompatible")
    options = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", options.port))
    port = listener.getsockname()[1]
    print(json.dumps({"base_url": f"http://127.0.0.1:{port}"}), flush=True)
    server = uvicorn.Server(uvicorn.Config(create(options.user, options.refuse), log_level="warning"))
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
