"""Writes all published numbers as files, with their manifest, if anything in them has changed."""

import time

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Workers do the same once a day."""

    help = __doc__ or ""

    def handle(self, **_: object) -> None:
        # It loads a large library, which `manage.py help` does not need.
        from federation.files import writing

        began = time.monotonic()
        try:
            found = writing.write()
        except OSError as error:
            raise CommandError(
                f"The files cannot be written: {error.strerror}. Set FILES_DIR to a folder that this program may write."
            ) from None
        if found is None:
            self.stdout.write("Nothing was written: the files are up to date, or another process is writing them.")
            return
        size = sum(file.size for file in found.files) / 1_000_000
        self.stdout.write(
            f"{len(found.files)} files, {size:.1f} MB, version {found.version}, in {time.monotonic() - began:.1f} s"
        )
