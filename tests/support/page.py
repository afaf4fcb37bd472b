"""What every page of a report must be: whole, and without anything that is fetched."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """The tags of *text*.

    Attributes
    ----------
    seen : list of str
        All tags that begin.
    open : list of str
        Tags that are not closed.
    addresses : list of str
        What the page would fetch or link.
    """

    VOID = ("meta", "br", "rect", "line", "path")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.open: list[str] = []
        self.seen: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def check(self) -> None:
        """Fails unless every tag is closed, nothing is fetched or run, and the dark colours are there."""
        assert self.open == []
        assert self.addresses == []
        assert "script" not in self.seen
        assert "prefers-color-scheme: dark" in self.text
        assert "url(" not in self.text
        assert "http" not in self.text

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag
