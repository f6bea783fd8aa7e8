"""No link in README or docs leads nowhere, and every format has its page."""

import re

from support.micropython_runner import ROOT
from support.tree import check, files, name, text

PAGES = files(".md")
LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)|(?:src|href)=\"([^\"]+)\"")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


def anchors(page: str) -> set[str]:
    """The anchors that the usual forges make of headings."""
    plain = (re.sub(r"[`*_]|\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in HEADING.findall(page))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def without_code(page: str) -> str:
    page = re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", page)


def test_no_link_is_dead():
    dead = []
    for page in PAGES:
        for match in LINK.finditer(without_code(text(page))):
            target, _, anchor = (match[1] or match[2]).partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            path = (page.parent / target).resolve() if target else page
            if not path.exists() or (anchor and path.suffix == ".md" and anchor not in anchors(text(path))):
                dead.append(f"{name(page)}: {match[0]}")
    check(dead, "a link in README or docs leads to a file and a heading that exist")


def test_every_page_is_reached_from_the_index():
    index = text(ROOT / "docs" / "README.md")
    linked = {((ROOT / "docs") / match[1].partition("#")[0]).resolve() for match in LINK.finditer(index) if match[1]}
    pages = [page for page in PAGES if page.is_relative_to(ROOT / "docs") and page.name != "README.md"]
    covered = linked | {
        page for page in pages if any(page.is_relative_to(folder) for folder in linked if folder.is_dir())
    }
    check([name(page) for page in pages if page not in covered], "docs/README.md links to every page")
