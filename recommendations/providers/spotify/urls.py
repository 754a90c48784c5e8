"""Addresses of a person's Spotify account."""

from django.urls import path

from recommendations.providers.spotify import views

urlpatterns = [
    path("", views.spotify_settings, name="spotify_settings"),
    path("connect/", views.spotify_connect, name="spotify_connect"),
    path("callback/", views.spotify_callback, name="spotify_callback"),
    path("disconnect/", views.spotify_disconnect, name="spotify_disconnect"),
    path("captures/<uuid:public_id>/playlist/", views.spotify_playlist, name="spotify_playlist"),
    path("captures/<uuid:public_id>/play/", views.spotify_play, name="spotify_play"),
    path("captures/<uuid:public_id>/order/", views.spotify_order, name="spotify_order"),
    path("sessions/<uuid:public_id>/playlist/", views.spotify_session_playlist, name="spotify_session_playlist"),
    path("sessions/<uuid:public_id>/play/", views.spotify_session_play, name="spotify_session_play"),
]
