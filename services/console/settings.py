"""Settings of the console: those every service has, and what the memory stands on."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, SecretStr

from revloop.streams import ServiceSettings


class EmbedderName(StrEnum):
    """What makes vectors of texts."""

    MINILM = "minilm"
    HASHED = "hashed"
    BEDROCK = "bedrock"


class Settings(ServiceSettings):
    """The read model lies in ``<home>/data/console``, the memory in a folder of its own there."""

    embedder: Annotated[
        EmbedderName,
        Field(description="What makes vectors of texts: `minilm` (on this machine), `hashed` (no model), `bedrock`."),
    ] = EmbedderName.MINILM
    bedrock_region: Annotated[str, Field(description="Region of Bedrock; for the embedder `bedrock` alone.")] = ""
    pinecone_host: Annotated[
        str, Field(description="Address of a Pinecone index for vectors; empty keeps them in files here.")
    ] = ""
    pinecone_api_key: Annotated[SecretStr, Field(description="Its API key; never logged.")] = SecretStr("")
