"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

from mood_music import pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("favicon.ico", pages.favicon, name="favicon"),
    path("health/live/", pages.health_live, name="health_live"),
    path("health/ready/", pages.health_ready, name="health_ready"),
    path("accounts/", include("allauth.urls")),
    path("account/", include("accounts.urls")),
    path("", include("privacy.urls")),
    path("", include("recommendations.urls")),
    path("", include("emotion.urls")),
    path("spotify/", include("recommendations.providers.spotify.urls")),
    path("api/v1/", include("mood_music.api_urls")),
    path("admin/", admin.site.urls),
]
