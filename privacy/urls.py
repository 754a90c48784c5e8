"""Addresses of the privacy pages."""

from django.urls import path

from privacy import views

urlpatterns = [
    path("consent/", views.consent, name="consent"),
    path("privacy/", views.privacy_centre, name="privacy_centre"),
    path("privacy/switch/", views.consent_switch, name="consent_switch"),
    path("privacy/pictures/", views.pictures_set, name="pictures_set"),
    path("privacy/limit/", views.limit_set, name="limit_set"),
    path("privacy/receipt/", views.receipt, name="receipt"),
    path("privacy/receipt.json", views.receipt_json, name="receipt_json"),
    path("privacy/erase/", views.erase, name="erase"),
    path("privacy/erase/cancel/", views.erase_cancel, name="erase_cancel"),
    path("privacy/erase/started/", views.erase_started, name="erase_started"),
    path("privacy/export/", views.export, name="export"),
    path("privacy/export/status/", views.export_status, name="export_status"),
    path("privacy/export/cancel/", views.export_cancel, name="export_cancel"),
    path("privacy/export/<uuid:public_id>/download/", views.export_download, name="export_download"),
    path(".well-known/gpc.json", views.gpc, name="gpc"),
    path("legal/privacy/", views.privacy_notice, name="privacy_notice"),
    path("legal/terms/", views.terms, name="terms"),
    path("legal/ai/", views.ai_notice, name="ai_notice"),
    path("legal/cookies/", views.cookies, name="cookies"),
    path("legal/retention/", views.retention, name="retention"),
    path("legal/accessibility/", views.accessibility, name="accessibility"),
]
