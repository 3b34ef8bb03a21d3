"""PostgreSQL and Valkey from Python wheels, used if the settings name no servers.

Other modules call `environment()`: it finds or starts the servers of DATA_DIR, and names them in the environment.
"""

from config.embedded.postgres import programs
from config.embedded.servers import Busy, environment, missing, owned

__all__ = ["Busy", "environment", "missing", "owned", "programs"]
