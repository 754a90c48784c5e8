"""Addresses of the result page, the preferences, one's own music and listening sessions."""

from django.urls import path

from recommendations import own_music_views, session_views, views

urlpatterns = [
    path("preferences/", views.preferences, name="preferences"),
    path("preferences/own-music/", own_music_views.own_music, name="own_music"),
    path("preferences/own-music/delete/", own_music_views.own_music_delete, name="own_music_delete"),
    path("captures/<uuid:public_id>/", views.result, name="result"),
    path("captures/<uuid:public_id>/status/", views.capture_status, name="capture_status"),
    path("captures/<uuid:public_id>/mode/", views.set_mode, name="set_mode"),
    path("captures/<uuid:public_id>/music/", views.set_renew, name="set_renew"),
    path("captures/<uuid:public_id>/feedback/", views.track_feedback, name="track_feedback"),
    path("captures/<uuid:public_id>/listen/", session_views.session_start, name="session_start"),
    path("sessions/", session_views.session_list, name="session_list"),
    path("sessions/<uuid:public_id>/", session_views.session, name="session"),
    path("sessions/<uuid:public_id>/next/", session_views.session_next, name="session_next"),
    path("sessions/<uuid:public_id>/word/", session_views.session_word, name="session_word"),
    path("sessions/<uuid:public_id>/mode/", session_views.session_mode, name="session_mode"),
    path("sessions/<uuid:public_id>/mood/", session_views.session_mood, name="session_mood"),
    path("sessions/<uuid:public_id>/reading/", session_views.session_reading, name="session_reading"),
    path("sessions/<uuid:public_id>/end/", session_views.session_end, name="session_end"),
]
