"""Real PostgreSQL and Valkey out of Python wheels, used if the settings name no servers.

`environment()` is the door: it finds the servers of DATA_DIR or starts them, and names them in the environment.
"""

from config.embedded.postgres import programs
from config.embedded.servers import Busy, environment, missing, owned

__all__ = ["Busy", "environment", "missing", "owned", "programs"]
