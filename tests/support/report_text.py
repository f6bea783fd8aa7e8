"""What a reader sees of a report, as Markdown and as PDF; and the tags of the templates that reports are made from."""

import re

from markdown_it import MarkdownIt
from pypdf import PdfReader

PARSER = MarkdownIt("commonmark").enable("table")


def plain(text):
    return re.sub(r"[\s\u200b]+", "", text)


def words_of(markdown):
    """The text that a reader of the Markdown sees, of each block."""
    found = []
    for token in PARSER.parse(markdown):
        assert token.type not in ("html_block", "code_block", "fence"), token.type
        if token.type == "inline":
            assert all(child.type not in ("link_open", "image", "html_inline") for child in token.children), markdown
            found.append("".join(child.content for child in token.children))
    return found


def text_of(data):
    return plain("".join(page.extract_text() for page in PdfReader(data).pages))


def tags_of(template):
    """The Jinja tags of a template without the words in quotes, sorted: languages put them in another order."""
    text = re.sub(r"\{#.*?#\}", "", template.read_text(encoding="utf-8"))
    return sorted(re.sub(r'"[^"]*"', '""', tag) for tag in re.findall(r"\{[{%].*?[}%]\}", text))
