"""The one closed list of metrics: name, unit and meaning; labels never name a tenant or an account."""

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

RECORDS_IN = Counter("revloop_records_in_total", "Records read.", ["stage", "topic"])
RECORDS_OUT = Counter(
    "revloop_records_out_total", "Records written, changelogs and aborted transactions aside.", ["stage", "topic"]
)
DEAD_LETTERS = Counter("revloop_dead_letters_total", "Inputs refused, by reason.", ["stage", "reason"])
COMMITS = Counter("revloop_commits_total", "Transactions or offset commits that took effect.", ["stage"])
ABORTS = Counter("revloop_aborts_total", "Transactions given up and done again.", ["stage"])
RETRIES = Counter("revloop_retries_total", "Pauses because the world was down.", ["stage"])
SESSIONS = Counter(
    "revloop_sessions_total", "Times that Kafka clients were made; more than one after a loss.", ["stage"]
)
COMMIT_SECONDS = Histogram("revloop_commit_seconds", "Time a commit took.", ["stage"], buckets=SECONDS)
BATCH_RECORDS = Histogram("revloop_batch_records", "Records in one read.", ["stage"], buckets=(1, 10, 100, 1000, 10000))
LAG_RECORDS = Gauge("revloop_lag_records", "Records not handled for good.", ["stage", "topic"])
RECOVERED_KEYS = Counter("revloop_recovered_keys_total", "States read back from a changelog.", ["stage"])
PARTITIONS_OWNED = Gauge("revloop_partitions", "Partitions this worker owns.", ["stage"])
EVENT_AGE_SECONDS = Gauge(
    "revloop_event_age_seconds",
    "Age of the oldest record of the last read, by the broker's clock; 0 at rest.",
    ["stage"],
)
TURN_AGE_SECONDS = Gauge("revloop_turn_age_seconds", "Time since the consuming thread last moved.", ["stage"])
LOOP_LATE_SECONDS = Gauge("revloop_loop_late_seconds", "How much too late the event loop woke up last time.")
