"""Addresses of the privacy pages."""

from django.urls import path

from privacy import views

urlpatterns = [
    path("consent/", views.consent, name="consent"),
    path("privacy/", views.privacy_centre, name="privacy_centre"),
    path("privacy/switch/", views.consent_switch, name="consent_switch"),
    path("privacy/erase/", views.erase, name="erase"),
    path("privacy/erase/cancel/", views.erase_cancel, name="erase_cancel"),
    path("privacy/erase/started/", views.erase_started, name="erase_started"),
    path("legal/privacy/", views.privacy_notice, name="privacy_notice"),
    path("legal/terms/", views.terms, name="terms"),
    path("legal/ai/", views.ai_notice, name="ai_notice"),
    path("legal/accessibility/", views.accessibility, name="accessibility"),
]
