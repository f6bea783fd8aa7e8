"""Reports for people, as Markdown and PDF."""
