"""What several models have in common."""

import re
from typing import Any, Final
from urllib.parse import unquote

from django.core.exceptions import ValidationError
from django.db import models

from p2p_core.traces import refusal

_ONE_WORD: Final = re.compile(r"[0-9A-Za-z+/]+={0,2}")
BEFORE_2017 = "This is before the year 2017, in which the campaign began."


class WrittenByPeople(models.Model):
    """A row with texts that people write. The texts are checked, because the audit trail keeps them for ever."""

    #: Fields that may contain the address of a mailbox, because the mailbox is that of an office and public.
    MAY_NAME_MAILBOX: frozenset[str] = frozenset()
    #: Fields that may be a hash or a key, alone and in one word, because it is a public random value.
    MAY_BE_HASH: frozenset[str] = frozenset()
    #: Fields that the audit trail must not keep. It only says that they changed.
    NOT_IN_TRAIL: frozenset[str] = frozenset()

    class Meta:
        abstract = True

    def clean_fields(self, exclude: Any = None) -> None:
        super().clean_fields(exclude)
        faults: dict[str, str] = {}
        for field in self._meta.concrete_fields:
            if field.name in (exclude or ()) or field.choices:
                continue
            value, names_mailbox = getattr(self, field.attname), field.name in self.MAY_NAME_MAILBOX
            is_link = names_mailbox or isinstance(field, models.URLField)
            texts = [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
            if names_mailbox:
                # Both parts of the address must not be a trace either.
                texts = [text.replace("@", " ", 1) for text in texts]
            if field.name in self.MAY_BE_HASH:
                texts = [text for text in texts if not _ONE_WORD.fullmatch(text)]
            refusals = (refusal(unquote(text) if is_link else text, is_link=is_link) for text in texts)
            if why := next(filter(None, refusals), None):
                faults[field.name] = why
        if faults:
            raise ValidationError(faults)
