"""``python -m tests.flow.stages.worker TEST``: a worker that runs the counting core over the topics of one test."""

import os
import sys
from pathlib import Path

from revloop.contracts.generated.topics import TOPICS
from revloop.streams import ServiceApp, ServiceSettings, StageSpec
from tests.flow.stages.counting import CountingCore, Names


def main() -> None:
    names = Names(sys.argv[1])
    TOPICS.update({topic.name: topic for topic in names.topics()})
    app = ServiceApp(names.test, ServiceSettings())
    core = CountingCore(names.output, Path(os.environ["OUTAGE"]))
    app.add_stage(StageSpec("counts", core, names.inputs, names.table))
    app.main()


if __name__ == "__main__":
    main()
