"""Amazon Titan Text Embeddings V2 on Bedrock behind the port of embeddings.

Written after the vendor's documentation and never run against it here: the tests hold its request and how it takes
answers and refusals, on a client that is given to it over loopback.
"""

import json
from collections.abc import Sequence
from typing import Any

import boto3
import numpy as np
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from revloop.contracts.failures import Retry, RevloopError
from revloop.stores.embeddings import Matrix, unit

MODEL = "amazon.titan-embed-text-v2:0"
SIZES = (256, 512, 1024)
LONGEST = 50_000
"""Characters the vendor takes; chunks are far shorter."""
PASSING = frozenset(
    {
        "ThrottlingException",
        "ServiceUnavailableException",
        "InternalServerException",
        "ModelTimeoutException",
        "ModelNotReadyException",
    }
)
"""Refusals that heal by waiting."""


class BedrockRefused(RevloopError):
    """Bedrock will not embed this, however often it is asked: credentials, access to the model, or the text."""


class TitanEmbedder:
    """One text a call."""

    def __init__(self, region: str, *, dim: int = 512, endpoint: str | None = None) -> None:
        """Credentials come from where boto3 finds them; ``endpoint`` is another address of the service."""
        if dim not in SIZES:
            raise ValueError(f"Titan V2 has vectors of {', '.join(map(str, SIZES))} numbers, not of {dim}")
        self.dim = dim
        self.id = f"titan-embed-text-v2/{dim}"
        config = Config(retries={"mode": "standard", "max_attempts": 3}, connect_timeout=5, read_timeout=30)
        self._client: Any = boto3.client("bedrock-runtime", region_name=region, endpoint_url=endpoint, config=config)

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Ask for each text. Raises Retry or BedrockRefused."""
        rows = [self._one(text) if text.strip() else [0.0] * self.dim for text in texts]
        return unit(np.array(rows, dtype=np.float32).reshape(len(rows), self.dim))

    def _one(self, text: str) -> list[float]:
        body = json.dumps({"inputText": text[:LONGEST], "dimensions": self.dim, "normalize": True})
        try:
            answer = self._client.invoke_model(
                modelId=MODEL, body=body, contentType="application/json", accept="application/json"
            )
            found = json.loads(answer["body"].read())["embedding"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in PASSING:
                raise Retry(f"Bedrock cannot answer now: {error}") from error
            raise BedrockRefused(f"{error}: look at the credentials and at the access to {MODEL}") from error
        except BotoCoreError as error:
            raise Retry(f"Bedrock does not answer: {error}") from error
        if len(found) != self.dim:
            raise BedrockRefused(f"Bedrock gave {len(found)} numbers where {self.dim} were asked for")
        return [float(value) for value in found]
