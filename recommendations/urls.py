"""Addresses of the result page and the preferences."""

from django.urls import path

from recommendations import views

urlpatterns = [
    path("preferences/", views.preferences, name="preferences"),
    path("captures/<uuid:public_id>/", views.result, name="result"),
    path("captures/<uuid:public_id>/status/", views.capture_status, name="capture_status"),
    path("captures/<uuid:public_id>/mode/", views.set_mode, name="set_mode"),
]
