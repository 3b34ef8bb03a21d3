"""Django's commands, with the embedded servers of DATA_DIR where no others are named."""

import os
import sys

from config import embedded, env


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # What somebody runs by hand, such as a migration or `rebuild`, takes as long as it takes.
    env.set_default("DATABASE_STATEMENT_TIMEOUT", "0")
    from django.core.management import execute_from_command_line

    with embedded.environment():
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
