"""The federation's migrations and one more, such as the next release may have. Tests upgrade to it."""

from federation import migrations

__path__ = [*__path__, *migrations.__path__]
