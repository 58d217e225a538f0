"""Distributions are named <codename>-<repository>-<suite>."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.deb.names import MalformedName
from mini_buildd.domain.distribution import DistributionName


@given(st.one_of(st.text(max_size=40), st.from_regex(r"[a-z0-9-]{1,30}")))
def test_any_text_is_a_distribution_that_is_written_as_it_was_read_or_refused(text: str) -> None:
    try:
        name = DistributionName.parse(text)
    except MalformedName:
        return
    assert str(name) == text
    assert (name.codename, name.repository, name.suite) == tuple(text.split("-"))


@pytest.mark.parametrize(
    "text",
    [
        "trixie",
        "trixie-test",
        "trixie--unstable",
        "trixie-test-unstable-more",
        "trixie-test1-unstable",
        "Trixie-test-unstable",
        "trixie-test-unstable\n",
        "../trixie-test-unstable",
        "trixie-test-../x",
    ],
)
def test_other_texts_are_no_distribution(text: str) -> None:
    with pytest.raises(MalformedName):
        DistributionName.parse(text)
