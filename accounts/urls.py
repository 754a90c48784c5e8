"""Addresses of the account page; log-in and its kin are allauth's, below /accounts/."""

from django.urls import path

from accounts import views

urlpatterns = [path("", views.account_settings, name="account_settings")]
