"""Counting for those who watch."""

from mini_buildd.domain.metric import Counter, Histogram
from mini_buildd.tests.exposition import parse
from mini_buildd.wire.exposition import exposition


def test_a_counter_counts_each_of_its_labels() -> None:
    counter = Counter("builds_total", "Builds.", "result")
    counter.add("failed")
    counter.add("succeeded", by=2)
    counter.add("failed")
    found = parse(exposition([counter.family()]))
    assert found["builds_total"] == [({"result": "failed"}, 2), ({"result": "succeeded"}, 2)]


def test_what_was_never_counted_is_there_as_nought_if_it_has_no_labels() -> None:
    assert parse(exposition([Counter("x_total", "All of it.").family()]))["x_total"] == [({}, 0)]
    assert exposition([Counter("y_total", "All of it.", "kind").family()]) == ""


def test_a_histogram_tells_how_many_took_at_most_so_long() -> None:
    histogram = Histogram("took_seconds", "Time.", (1.0, 10.0), "step")
    for seconds in (0.5, 1.0, 3.0, 60.0):
        histogram.observe(seconds, "tidy")
    found = parse(exposition([histogram.family()]))
    buckets = {labels["le"]: value for labels, value in found["took_seconds_bucket"]}
    assert buckets == {"1": 2, "10": 3, "+Inf": 4}
    assert found["took_seconds_sum"] == [({"step": "tidy"}, 64.5)]
    assert found["took_seconds_count"] == [({"step": "tidy"}, 4)]


def test_names_of_others_cannot_break_the_text() -> None:
    counter = Counter("x_total", "A \\ and\na line.", "suite")
    counter.add('a"} 5\nb\\')
    text = exposition([counter.family()])
    assert len(text.splitlines()) == 3
    assert text.splitlines()[2] == 'x_total{suite="a\\"} 5\\nb\\\\"} 1'
