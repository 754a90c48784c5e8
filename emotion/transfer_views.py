"""Take a history out as a plain table, and bring one in."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from emotion import imports, selectors
from emotion.forms import HistoryImportForm, words
from emotion.models import ToldMood
from mood_music.errors import UserError


class _Line:
    """Hand a written line back instead of keeping it, so that a long history needs no memory."""

    def write(self, line: str) -> str:
        """Return the line."""
        return line


@never_cache
@login_required
@require_safe
def history_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Return the person's mood history as one CSV file."""
    writer = csv.writer(_Line())

    def lines() -> Iterator[str]:
        for row in selectors.history_rows(user=request.user):
            yield writer.writerow(row)

    name = f"moods-{timezone.localdate():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8", headers=headers)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def history_import(request: HttpRequest) -> HttpResponse:
    """Ask for a file with a history and bring it in."""
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    # Known once the form was read, as it was just now.
    form = HistoryImportForm(*sent, too_large=getattr(request, "upload_too_large", False))
    if form.is_valid():
        try:
            done = imports.history_import(user=request.user, file=form.cleaned_data["file"])
        except UserError as error:
            form.add_error("file", words(error.message_id))
        else:
            skipped = f" {done.skipped} could not be understood and were left out." if done.skipped else ""
            messages.success(request, f"{done.added} moods came in; {done.known} were here already.{skipped}")
            return redirect("history_import")
    told = ToldMood.objects.for_user(request.user).count()
    context = {"form": form, "told_total": told, "words": imports.DAYLIO.items()}
    return render(request, "emotion/history_import.html", context, status=422 if form.errors else 200)
