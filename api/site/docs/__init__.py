"""The documentation on the site: the Markdown files of `docs/` as pages, and a search through them."""
