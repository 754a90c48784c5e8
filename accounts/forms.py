"""The sign-up form: address, password, and an age gate that keeps nothing but its answer."""

from __future__ import annotations

import datetime
from typing import Any

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from privacy.services import terms_accept


def age_on(birth_date: datetime.date, day: datetime.date) -> int:
    """Return the age in whole years on a day."""
    before_birthday = (day.month, day.day) < (birth_date.month, birth_date.day)
    return day.year - birth_date.year - before_birthday


class SignupForm(AllauthSignupForm):
    """Ask for the birth date without saying which answer opens the door, and forget it once it was checked."""

    birth_date = forms.DateField(
        label="Date of birth",
        help_text="Only checked now, not stored.",
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "bday"}),
    )
    agree_terms = forms.BooleanField(label="I accept the terms of use, and will not use this site at work or school.")

    def clean_birth_date(self) -> datetime.date:
        """Refuse people below the minimum age and dates that cannot be."""
        birth_date: datetime.date = self.cleaned_data["birth_date"]
        today = timezone.localdate()
        if birth_date > today or age_on(birth_date, today) > 125:
            raise forms.ValidationError("Please check the date.")
        if age_on(birth_date, today) < settings.MINIMUM_AGE:
            raise forms.ValidationError("We are sorry: you cannot register here yet. Nothing was stored.")
        return birth_date

    def save(self, request: HttpRequest) -> User:
        """Create the person and note that she passed the gate."""
        user: User = super().save(request)
        user.age_confirmed_at = timezone.now()
        user.save(update_fields=["age_confirmed_at"])
        terms_accept(user=user)
        return user

    def custom_signup(self, request: HttpRequest, user: Any) -> None:
        """Do nothing more: allauth asks every sign-up form for this method."""
