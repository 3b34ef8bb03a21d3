"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from config import metrics

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Before anything that measures is imported.
metrics.share()
application = get_wsgi_application()
