"""The forms of the pages of versions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from emotion.forms import words
from emotion.versions.services import REASON_LENGTH


class PromoteForm(forms.Form):
    """Ask for the reason to promote past a failed gate."""

    reason = forms.CharField(
        label="Why shall it read all the same?",
        min_length=REASON_LENGTH,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=f"At least {REASON_LENGTH} characters. It is kept in the audit log with your name.",
    )

    def __init__(self, *args: Any, needed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needed:
            del self.fields["reason"]


class ShadowForm(forms.Form):
    """Ask for the share of readings that a candidate looks on at."""

    percent = forms.IntegerField(
        label="Share of the readings, in percent",
        min_value=1,
        max_value=100,
        initial=20,
        help_text="Of those people alone who agreed that the network may learn from their readings.",
    )


class ImportForm(forms.Form):
    """Take an artifact as a ZIP file."""

    # Not required as such: a file that was cut off at the cap does not arrive, and is told about below.
    file = forms.FileField(
        required=False,
        label="ZIP file",
        widget=forms.FileInput(attrs={"accept": ".zip"}),
        help_text="With model.keras, card.json and manifest.json at its top, as manage.py model_export writes it.",
    )

    def __init__(self, *args: Any, too_large: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.too_large = too_large

    def clean_file(self) -> Any:
        """Refuse a file past the site's cap in words."""
        file = self.cleaned_data.get("file")
        if self.too_large or (file and (file.size or 0) > settings.MAX_UPLOAD_MEGABYTES * 1024 * 1024):
            raise ValidationError(words("too_large"), code="too_large")
        if not file:
            raise ValidationError("Choose a file.")
        return file
