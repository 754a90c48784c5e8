"""The forms of the privacy pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.http import url_has_allowed_host_and_scheme

from privacy.erasure import erasable
from privacy.models import ErasureRequest, PrivacyPreference
from privacy.purposes import ASKED, SPOTIFY, Purpose


class ConsentForm(forms.Form):
    """Ask for each purpose on its own; only the first is needed to go on. The terms are asked for once a version."""

    next = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, ask_terms: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if ask_terms:
            label = "I accept the terms of use, and will not use this site at work or school."
            self.fields["agree_terms"] = forms.BooleanField(label=label)
        for text in ASKED:
            self.fields[text.purpose] = forms.BooleanField(required=False, label=text.title, help_text=text.description)

    def clean(self) -> dict[str, Any]:
        """Require the purposes without which there is nothing to do."""
        cleaned = super().clean() or {}
        for text in ASKED:
            if text.required and not cleaned.get(text.purpose):
                self.add_error(
                    text.purpose, "Without this there is no reading. You can leave this page; nothing is stored."
                )
        return cleaned

    def answers(self) -> dict[Purpose, bool]:
        """Return the answer to each purpose."""
        return {text.purpose: bool(self.cleaned_data.get(text.purpose)) for text in ASKED}

    def next_url(self, fallback: str) -> str:
        """Return where to go on: an address of this site only."""
        url = str(self.cleaned_data.get("next") or "")
        return url if url_has_allowed_host_and_scheme(url, allowed_hosts=set(), require_https=False) else fallback


class ErasureForm(forms.Form):
    """Choose what to delete, and say that it is meant."""

    scope = forms.ChoiceField(label="What should go?", widget=forms.RadioSelect)
    sure = forms.BooleanField(label="I understand that this cannot be undone.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(c.name, c.label) for c in erasable()]
        self.fields["scope"].choices = [*choices, (ErasureRequest.ACCOUNT, "My whole account")]  # type: ignore[attr-defined]


class PicturesForm(forms.Form):
    """Choose how long crops are kept."""

    days = forms.TypedChoiceField(
        label="Keep pictures of my face for", choices=PrivacyPreference.PICTURE_DAYS, coerce=int
    )


class LimitForm(forms.Form):
    """Limit the use of sensitive data, or lift the limit."""

    limited = forms.ChoiceField(choices=[("on", "on"), ("off", "off")])


class SwitchForm(forms.Form):
    """Turn one purpose on or off."""

    purpose = forms.ChoiceField(choices=[(t.purpose.value, t.title) for t in (*ASKED, SPOTIFY)])
    granted = forms.ChoiceField(choices=[("on", "on"), ("off", "off")])
