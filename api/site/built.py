"""What web/ is built into: files whose names change with them, as the list that is written with them says.

The list is read once, at the start. WhiteNoise looks for files at the start too, so a process asks for those that it
serves, even if it is built again meanwhile.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

_LIST = Path(__file__).parent / "static/site/built/files.json"


@cache
def files() -> dict[str, str]:
    """Return the files, each with its name among static files; none if nothing has been built."""
    listed: dict[str, Any] = json.loads(_LIST.read_text()) if _LIST.exists() else {}
    return {of: f"site/built/{name}" for of, name in listed.items()}
