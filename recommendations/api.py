"""Captures over HTTP: send a picture, ask how it stands, read the result, delete it."""

from __future__ import annotations

import uuid
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from emotion import services
from emotion.forms import MODE_CHOICES
from emotion.models import Capture
from emotion.selectors import reading_of
from mood_music.errors import UserError
from mood_music.messages import message
from recommendations import presenters, selectors


class CaptureRequest(serializers.Serializer[Any]):
    """Hold what a client sends."""

    photo = serializers.FileField()
    mode = serializers.ChoiceField(choices=MODE_CHOICES, required=False, allow_blank=True, default="")
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=Capture.Source.choices, required=False, default=Capture.Source.UPLOAD
    )


class RecommendationAnswer(serializers.Serializer[Any]):
    """Hold one track of a set."""

    rank = serializers.IntegerField()
    title = serializers.CharField()
    artist = serializers.CharField()
    year = serializers.IntegerField()
    reason = serializers.CharField()
    spotify_url = serializers.URLField()


class ReadingAnswer(serializers.Serializer[Any]):
    """Hold a reading."""

    scores = serializers.DictField(child=serializers.FloatField())
    dominant = serializers.CharField()
    corrected_emotion = serializers.CharField(allow_blank=True)
    confidence = serializers.FloatField()
    sure = serializers.BooleanField()
    valence = serializers.FloatField()
    arousal = serializers.FloatField()
    valence_sd = serializers.FloatField()
    arousal_sd = serializers.FloatField()
    box = serializers.DictField(child=serializers.FloatField())
    model_version = serializers.CharField()


class CaptureAnswer(serializers.Serializer[Any]):
    """Hold a capture with whatever there is of its reading and its music."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Capture.Status.choices)
    created_at = serializers.DateTimeField()
    refusal = serializers.DictField(child=serializers.CharField(), allow_null=True)
    reading = ReadingAnswer(allow_null=True)
    mode = serializers.CharField(allow_null=True)
    recommendations = RecommendationAnswer(many=True)


def capture_answer(capture: Capture) -> dict[str, Any]:
    """Return the answer for one capture."""
    reading = reading_of(capture=capture)
    found = selectors.set_of(reading=reading) if reading else None
    refusal = None
    if capture.refusal:
        words = message(capture.refusal)
        refusal = {"code": capture.refusal, "title": words.title, "detail": words.text, "action": words.action}
    rows = presenters.tracks(found) if found else []
    data = {
        "id": capture.public_id,
        "status": capture.status,
        "created_at": capture.created_at,
        "refusal": refusal,
        "reading": reading,
        "mode": found.mode if found else None,
        "recommendations": [
            {
                "rank": row["rank"],
                "title": row["track"].title,
                "artist": row["track"].artist,
                "year": row["track"].year,
                "reason": row["reason"],
                "spotify_url": row["spotify_url"],
            }
            for row in rows
        ],
    }
    return dict(CaptureAnswer(data).data)


class Captures(APIView):
    """Take pictures in."""

    parser_classes = [MultiPartParser]

    @extend_schema(request=CaptureRequest, responses={202: CaptureAnswer})
    def post(self, request: Request) -> Response:
        """Take a picture in; the answer says where to ask. An Idempotency-Key makes a repeated call harmless."""
        body = CaptureRequest(data=request.data)
        # Reading the data has run the upload handlers, of which one stops at the cap.
        if getattr(request._request, "upload_too_large", False):  # noqa: SLF001
            raise UserError("too_large", status=413)
        body.is_valid(raise_exception=True)
        photo = body.validated_data["photo"]
        capture = services.capture_create(
            user=request.user,
            photo=photo,
            source=Capture.Source(body.validated_data["source"]),
            mode=body.validated_data["mode"],
            idempotency_key=request.headers.get("Idempotency-Key", "")[:64],
        )
        return Response(capture_answer(capture), status=status.HTTP_202_ACCEPTED)


class CaptureDetail(APIView):
    """Show or delete one capture of the caller's own."""

    def _capture(self, public_id: uuid.UUID) -> Capture:
        return get_object_or_404(Capture.objects.for_user(self.request.user), public_id=public_id)

    @extend_schema(responses=CaptureAnswer)
    def get(self, request: Request, public_id: uuid.UUID) -> Response:
        """Return the status and, once done, the reading and the music."""
        return Response(capture_answer(self._capture(public_id)), headers={"Cache-Control": "no-store"})

    @extend_schema(responses={204: None})
    def delete(self, request: Request, public_id: uuid.UUID) -> Response:
        """Delete a capture with everything that hangs on it."""
        capture = self._capture(public_id)
        services.capture_forget(capture=capture)
        return Response(status=status.HTTP_204_NO_CONTENT)
