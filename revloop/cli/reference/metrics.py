"""The one closed list of metrics comes in; its page goes out."""

from prometheus_client.metrics import MetricWrapperBase

from revloop.cli.reference.fields import MARK, table
from revloop.streams import metrics


def metrics_page() -> str:
    """Every metric with its type, labels and meaning."""
    head = "Each service answers `GET /metrics` on its own port. No label ever names a tenant or an account.\n"
    rows = [_row(metric) for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)]
    return "\n".join([MARK, "# Metrics\n", head, table(("Metric", "Type", "Labels", "Meaning"), rows)])


def _row(metric: MetricWrapperBase) -> tuple[str, str, str, str]:
    [family] = metric.describe()
    name = f"{family.name}_total" if family.type == "counter" else family.name
    labels = ", ".join(f"`{label}`" for label in metric._labelnames)  # no public name; the page checks it
    return f"`{name}`", family.type, labels, family.documentation
