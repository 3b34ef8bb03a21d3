"""What the web server serves."""

import os

import django

from config import metrics
from config.handler import Handler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Before anything that measures is imported.
metrics.share()
django.setup(set_prefix=False)
application = Handler()
