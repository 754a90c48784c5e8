"""Addresses of the result page."""

from django.urls import path

from recommendations import views

urlpatterns = [
    path("captures/<uuid:public_id>/", views.result, name="result"),
    path("captures/<uuid:public_id>/status/", views.capture_status, name="capture_status"),
    path("captures/<uuid:public_id>/mode/", views.set_mode, name="set_mode"),
]
