"""Addresses of captures in the API."""

from django.urls import path

from recommendations import api

urlpatterns = [
    path("captures/", api.Captures.as_view(), name="api_captures"),
    path("captures/<uuid:public_id>/", api.CaptureDetail.as_view(), name="api_capture"),
]
