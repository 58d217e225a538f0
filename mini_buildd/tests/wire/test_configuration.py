"""The file of a configuration: whatever a value is, it comes back as it was."""

from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.domain.configuration import FieldShape, Shape, ValueKind
from mini_buildd.wire.configuration import Shapes, read_configuration, write_configuration

SHAPES: Shapes = {
    ("thing",): Shape(
        ("thing",),
        "Things.",
        {
            "text": FieldShape("text", ValueKind.TEXT),
            "count": FieldShape("count", ValueKind.NUMBER, 1, "So many."),
            "flag": FieldShape("flag", ValueKind.TRUTH, default=False),
            "names": FieldShape("names", ValueKind.TEXTS, ()),
        },
    )
}
# What TOML has no way to write.
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    st.dictionaries(
        TEXT.map(lambda name: ("thing", name)),
        st.fixed_dictionaries(
            {},
            optional={
                "text": TEXT,
                "count": st.integers(2, 1 << 40),
                "flag": st.just(value=True),
                "names": st.lists(TEXT, min_size=1).map(tuple),
            },
        ),
        max_size=4,
    )
)
def test_what_is_written_is_read(configuration: dict[tuple[str, ...], dict[str, object]]) -> None:
    text = write_configuration(configuration, SHAPES)  # type: ignore[arg-type]  # drawn so
    assert read_configuration(text, SHAPES) == configuration
    assert write_configuration(read_configuration(text, SHAPES), SHAPES) == text
