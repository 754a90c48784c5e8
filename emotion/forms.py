"""The forms of the capture page and the history."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from emotion.models import EMOTION_CHOICES, Capture
from mood_music.messages import message

MODE_CHOICES = [
    ("", "What suits the moment"),
    ("match", "Match"),
    ("shift", "Shift"),
    ("lift", "Lift"),
    ("keep", "Keep"),
]


def words(message_id: str) -> str:
    """Return a message as one text: what happened, and what to do."""
    found = message(message_id)
    return " ".join(part for part in (f"{found.title}.", found.text, found.action) if part)


class CaptureForm(forms.Form):
    """Take one photo, from a file or from the camera."""

    photo = forms.FileField(
        required=False,
        # An empty one gets our own words.
        allow_empty_file=True,
        label="Photo",
        widget=forms.ClearableFileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )
    mode = forms.ChoiceField(choices=MODE_CHOICES, required=False, widget=forms.RadioSelect, label="The music should")
    source = forms.ChoiceField(
        choices=Capture.Source, required=False, initial=Capture.Source.UPLOAD, widget=forms.HiddenInput
    )
    idempotency_key = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, too_large: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.too_large = too_large
        # One key a form: a second click on "send" leads to the same capture.
        self.fields["idempotency_key"].initial = uuid.uuid4().hex

    def clean_photo(self) -> Any:
        """Refuse a missing or too large file in words."""
        photo = self.cleaned_data.get("photo")
        if self.too_large or (photo and (photo.size or 0) > settings.MAX_UPLOAD_MEGABYTES * 1024 * 1024):
            raise ValidationError(words("too_large"), code="too_large")
        if photo is None or not photo.size:
            raise ValidationError(words("no_photo"), code="no_photo")
        return photo

    def clean_source(self) -> Capture.Source:
        """Take what says nothing for an upload."""
        return Capture.Source(self.cleaned_data.get("source") or Capture.Source.UPLOAD)


class HistoryFilterForm(forms.Form):
    """Narrow the history by emotion and by date."""

    emotion = forms.ChoiceField(choices=[("", "All"), *EMOTION_CHOICES], required=False)
    since = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        """Refuse a range that ends before it begins."""
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", "This is before the first date.")
        return cleaned


class HistoryImportForm(forms.Form):
    """Take a file with a history."""

    file = forms.FileField(
        label="File",
        help_text="The ZIP file of a copy from here, or the CSV file that Daylio exports.",
        widget=forms.FileInput(attrs={"accept": ".zip,.csv"}),
    )

    def __init__(self, *args: Any, too_large: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if too_large:
            # Nothing of it arrived: say that, rather than that a file is missing.
            self.fields["file"].error_messages["required"] = words("archive_too_large")
