"""``python -m standins.pinecone --dim N [--port N] [--key KEY] [--lag]``: one line of JSON says where it listens."""

import argparse
import json
import socket

import uvicorn

from standins.pinecone.app import create
from standins.pinecone.index import Index


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--dim", type=int, required=True, help="numbers in a vector of this index")
    parser.add_argument("--key", default="standin", help="API key that every request must bring")
    parser.add_argument("--lag", action="store_true", help="writes are seen only after POST /__standin__/settle")
    options = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", options.port))
    port = listener.getsockname()[1]
    print(json.dumps({"base_url": f"http://127.0.0.1:{port}"}), flush=True)
    app = create(Index(options.dim, lags=options.lag), options.key)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


if __name__ == "__main__":
    main()
