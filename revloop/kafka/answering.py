"""Access to a cluster comes in; what it says of its topics goes out, or, within seconds, why nothing answers there."""

import re
from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, TopicMetadata

from revloop.contracts.failures import RevloopError

ANSWER_WITHIN_S = 5.0
SILENT = {"log_level": 0}
"""What goes wrong is raised once; the library would write each vain attempt to standard error, several a second."""
AFTER = re.compile(r" \(after \d+ms in state \w+.*?\)")


class NoBroker(RevloopError):
    """No broker answers; the message says where, why, and what to do."""


def topics_of(
    client: Mapping[str, str | int | float | bool], wait_s: float | None = None
) -> tuple[AdminClient, dict[str, TopicMetadata]]:
    """A client for the cluster, and the topics it has. Raises NoBroker after ``wait_s``."""
    errors: list[KafkaError] = []
    admin = AdminClient({**client, **SILENT, "error_cb": errors.append})  # type: ignore[dict-item]  # its type forgets callbacks
    try:
        return admin, admin.list_topics(timeout=ANSWER_WITHIN_S if wait_s is None else wait_s).topics
    except KafkaException as error:
        admin.poll(0)  # hands over why: a wrong password and a closed port look the same above
        causes = {AFTER.sub("", cause.str()): None for cause in (*errors, error.args[0])}
        raise NoBroker(
            f"no broker answers at {client.get('bootstrap.servers')}: {'; '.join(causes)}. Start one with"
            " `revloop kafka start`, or correct KAFKA_BOOTSTRAP_SERVERS and the other KAFKA_ variables."
        ) from error
