"""Do alerts and dashboard look only at what there is?"""

import re

import pytest
from hcl import TERRAFORM

from shared import metrics

GOOGLES = {
    "run.googleapis.com/request_count",
    "run.googleapis.com/request_latencies",
    "run.googleapis.com/container/instance_count",
    "run.googleapis.com/container/memory/utilizations",
    "run.googleapis.com/container/startup_latencies",
    "cloudtasks.googleapis.com/queue/depth",
    "pubsub.googleapis.com/subscription/num_undelivered_messages",
    "firestore.googleapis.com/api/request_count",
    "logging.googleapis.com/exports/error_count",
    "monitoring.googleapis.com/uptime_check/check_passed",
}
"""Of the platform itself (https://cloud.google.com/monitoring/api/metrics_gcp)."""

OURS = re.compile(r"prometheus\.googleapis\.com/(\w+)/(counter|histogram)")
FILES = ("alerts.tf", "dashboard.tf")
QUERY = re.compile(r'(?m)^      query += "(.*)"$')
SELECTED = re.compile(r"\b([a-z]+(?:_[a-z]+)+)(?=[{\[])(?:\{(\w+)=)?")
GROUPED = re.compile(r"\b(?:by|without) \(([^)]+)\)")


def mentioned(file: str) -> set[str]:
    text = (TERRAFORM / file).read_text(encoding="utf-8")
    return set(re.findall(r'metric\.type ?= ?\\"([^"\\]+)\\"', text))


@pytest.mark.parametrize("file", FILES)
def test_only_metrics_that_are_emitted_are_looked_at(file: str) -> None:
    ours = {OURS.fullmatch(name) for name in mentioned(file) - GOOGLES}
    assert None not in ours, mentioned(file) - GOOGLES
    for found in ours:
        assert found is not None
        assert metrics.CATALOGUE[found[1]].kind == found[2]
    text = (TERRAFORM / file).read_text(encoding="utf-8")
    assert len(re.findall(r"metric\.type", text)) == len(re.findall(r'metric\.type ?= ?\\"', text)), "none escapes"


def selected() -> list[tuple[str, str]]:
    """Metric and label of each selector of an alert's PromQL."""
    found = QUERY.findall((TERRAFORM / "alerts.tf").read_text(encoding="utf-8"))
    assert len(found) == 4
    return [pair for query in found for pair in SELECTED.findall(query)]


def test_queries_ask_for_metrics_and_labels_that_are_emitted() -> None:
    """A histogram is asked by its buckets (https://docs.cloud.google.com/stackdriver/docs/managed-prometheus/promql)."""
    assert len(selected()) >= 5
    for name, label in selected():
        metric = metrics.CATALOGUE[name.removesuffix("_bucket")]
        assert (metric.kind == "histogram") == name.endswith("_bucket")
        assert not label or label in metric.labels


def test_queries_group_by_labels_that_are_emitted() -> None:
    queries = QUERY.findall((TERRAFORM / "alerts.tf").read_text(encoding="utf-8"))
    grouped = [(set(re.split(", *", labels)), query) for query in queries for labels in GROUPED.findall(query)]
    assert len(grouped) >= 2
    for labels, query in grouped:
        asked = {
            label
            for name, _ in SELECTED.findall(query)
            for label in metrics.CATALOGUE[name.removesuffix("_bucket")].labels
        }
        assert labels <= asked | {"le"}, query


def test_own_metrics_are_asked_by_queries_since_a_filter_by_an_unknown_metric_is_refused() -> None:
    assert not [name for name in mentioned("alerts.tf") if OURS.fullmatch(name)]
    assert "disable_metric_validation = true" in (TERRAFORM / "alerts.tf").read_text(encoding="utf-8")


def test_every_metric_is_on_the_dashboard() -> None:
    shown = {found[1] for name in mentioned("dashboard.tf") if (found := OURS.fullmatch(name))}
    assert shown == set(metrics.CATALOGUE)


def test_labels_that_are_asked_for_are_given() -> None:
    for file in FILES:
        for line in (TERRAFORM / file).read_text(encoding="utf-8").splitlines():
            if found := OURS.search(line):
                asked = set(re.findall(r"metric\.labels?\.(\w+)", line))
                assert asked <= set(metrics.CATALOGUE[found[1]].labels), line


def test_nothing_of_googles_is_listed_in_vain() -> None:
    assert {name for file in FILES for name in mentioned(file) if not OURS.fullmatch(name)} == GOOGLES
