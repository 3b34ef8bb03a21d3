"""The public pages. The server renders them completely from published data, so they need no JavaScript."""
