"""Other people's words on a terminal, such as reasons and changelogs."""


def plain(text: str) -> str:
    """*text*, a line or several, without what a terminal would obey."""
    return "".join(each if each.isprintable() or each in "\t\n" else "?" for each in text)
