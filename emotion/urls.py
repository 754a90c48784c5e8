"""Addresses of captures and the history. The result page and its status are the music's: they show both."""

from django.urls import path

from emotion import transfer_views, views

urlpatterns = [
    path("captures/new/", views.capture_new, name="capture_new"),
    path("captures/<uuid:public_id>/delete/", views.capture_delete, name="capture_delete"),
    path("captures/<uuid:public_id>/crop/", views.capture_crop, name="capture_crop"),
    path("captures/<uuid:public_id>/correct/", views.reading_correct, name="reading_correct"),
    path("history/", views.history, name="history"),
    path("history/moods.csv", transfer_views.history_csv, name="history_csv"),
    path("history/moods/<uuid:public_id>/delete/", views.told_mood_delete, name="told_mood_delete"),
    path("history/bring-in/", transfer_views.history_import, name="history_import"),
]
