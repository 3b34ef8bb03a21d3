"""A federation on several machines, played on this one: real processes with logs, ports and folders of their own.

`running` is the door. A killed process is started again as systemd would do it. All of them end with the process that
started them.
"""

from tests.cluster.cluster import COMMANDS, Cluster, Servers, host, hosts, running, servers
from tests.cluster.part import Part

__all__ = ["COMMANDS", "Cluster", "Part", "Servers", "host", "hosts", "running", "servers"]
