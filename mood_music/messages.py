"""The words for people. Code passes ids; every sentence that explains a failure is here, and says what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings


@dataclass(frozen=True, slots=True)
class UserMessage:
    """Hold what a person reads: a title, what happened, and what to do now."""

    title: str
    text: str
    action: str = ""


_MESSAGES: dict[str, UserMessage] = {
    # A picture that cannot be read at all (codes of ml.pictures).
    "not_an_image": UserMessage(
        "That file is not a picture we can open",
        "We read photos as JPEG, PNG or WebP.",
        "Choose a photo in one of these formats. From an iPhone, pick “Most compatible” in the camera settings.",
    ),
    "too_many_pixels": UserMessage(
        "That picture is too large",
        "It has more than 40 million pixels, which is more than a reading needs.",
        "Send a smaller version, or take a photo with the camera here.",
    ),
    "animated": UserMessage("That picture moves", "Animated pictures cannot be read.", "Choose a still photo."),
    "truncated": UserMessage(
        "That picture is incomplete",
        "The file ends too early; perhaps the upload or a copy was cut short.",
        "Send it again, or choose another photo.",
    ),
    "too_small": UserMessage(
        "That picture is too small",
        "A face needs at least 48 pixels in each direction.",
        "Choose a larger photo, or take one with the camera here.",
    ),
    "unreadable": UserMessage(
        "That file cannot be opened", "It is not there, or it may not be read.", "Check the name and the permissions."
    ),
    "too_large": UserMessage(
        "That file is too large",
        "Files may have up to {max_megabytes} MB.",
        "Send a smaller version, or take a photo with the camera here.",
    ),
    "no_photo": UserMessage("There was no photo", "Nothing was sent.", "Choose a photo or take one, then send it."),
    # A picture in which no face can be read honestly (found out by the worker).
    "no_face": UserMessage(
        "We found no face",
        "Nothing in this picture looked like a face to us, so there is nothing to read.",
        "Look towards the camera with your whole face in the picture, in even light, and try again.",
    ),
    "too_dark": UserMessage(
        "It is too dark to read",
        "There is too little light on the face for an honest reading.",
        "Turn to a window or a lamp and try again.",
    ),
    "face_too_small": UserMessage(
        "The face is too far away",
        "It covers too few pixels for an honest reading.",
        "Come closer to the camera, or crop the photo around the face, and try again.",
    ),
    # The site's own trouble.
    "processing_failed": UserMessage(
        "We could not finish this reading",
        "It failed on our side three times, so we stopped. Your picture has been deleted.",
        "Please try again with a new photo.",
    ),
    "picture_lost": UserMessage(
        "The picture is no longer there",
        "It went missing on our side before it could be read.",
        "Please send it again.",
    ),
    "consent_required": UserMessage(
        "We need your consent first",
        "Without your consent to read expressions, no picture is looked at.",
        "Say yes on the consent page, or leave it: nothing has been stored.",
    ),
    "in_flight": UserMessage(
        "One moment",
        "You already have readings under way.",
        "Wait until they are done, then send the next one.",
    ),
    "busy": UserMessage(
        "Many people are here right now",
        "The queue is full, so this picture was not taken in. Nothing was stored.",
        "Please try again in a minute.",
    ),
    "still_pending": UserMessage(
        "This reading is still under way", "It has not finished yet.", "Wait for it, then try again."
    ),
    "no_reading": UserMessage("There is no reading to change", "This picture was not read.", "Take a new one."),
    "bad_cursor": UserMessage(
        "That page does not exist",
        "The link to this part of your history is damaged.",
        "Start from the newest reading.",
    ),
    "unknown_emotion": UserMessage(
        "We do not know that word", "It is not one of the eight.", "Pick one of the buttons."
    ),
    "sample_changed": UserMessage(
        "This face is not in the queue any more",
        "Somebody else decided on it, or its person changed her word or took the face back.",
        "Go on with the next one.",
    ),
    "unknown_feedback": UserMessage(
        "We do not know that word", "It is none of those beside the song.", "Tap one of the buttons."
    ),
    # Training and versions of the network, for administrators.
    "training_not_allowed": UserMessage(
        "You may not start or cancel training",
        "It needs the permission of its own.",
        "Ask whoever manages the accounts of the staff.",
    ),
    "training_options": UserMessage(
        "These choices are out of bounds", "A number is missing, too small or too large.", "Look at the form again."
    ),
    "training_no_base_data": UserMessage(
        "There are no base data",
        "Training from scratch needs the folder that TRAINING_BASE_DATA names.",
        "Fine-tune instead, or have the operator set it.",
    ),
    "training_no_start": UserMessage(
        "There is no version to start from",
        "No version is active yet; the first worker registers the one that came with the site.",
        "Start a worker, then try again.",
    ),
    "training_few_samples": UserMessage(
        "There are too few samples",
        "Fine-tuning needs 20 accepted samples of people who are not held out.",
        "Review those that wait, or come back when people have sent more.",
    ),
    "training_open": UserMessage(
        "A run is under way already", "There is one at a time.", "Wait for its end, or cancel it."
    ),
    "training_over": UserMessage(
        "This run is over or being cancelled already", "There is nothing left to stop.", "Load the page anew."
    ),
    # Versions of the network.
    "version_known": UserMessage(
        "This version is here already",
        "A network with the same name and the same digest is among the versions.",
        "Look for it in the list.",
    ),
    "version_damaged": UserMessage(
        "The files of this version are damaged or gone",
        "Their digests are not those that were noted when it came in.",
        "Import it again, or pick another version.",
    ),
    "version_gates": UserMessage(
        "This version does not pass every gate",
        "It was measured worse than the active one, or not measured beside it.",
        "Measure it, or write down why it shall read all the same, in 20 characters at least.",
    ),
    "version_overdue": UserMessage(
        "This version has to be replaced",
        "Somebody it learned from has withdrawn, and its term is over.",
        "Train a new version without these samples.",
    ),
    "version_state": UserMessage(
        "That cannot be done with this version now",
        "Somebody else changed its state, or the page was old.",
        "Look at the version again.",
    ),
    "version_first": UserMessage(
        "There is no version to go back to", "No other version has been active before this one.", "Promote another one."
    ),
    "queue_down": UserMessage(
        "The queue cannot be reached", "So nothing was started.", "Look whether Redis runs, and try again."
    ),
    "shadow_share": UserMessage(
        "That is no share of the readings", "A candidate looks on at 1 to 100 percent of them.", "Pick such a number."
    ),
    "proposal_stale": UserMessage(
        "The track was rated anew since",
        "The proposal speaks of a rating that no longer holds.",
        "Wait for the next night.",
    ),
    "proposal_decided": UserMessage(
        "This proposal was decided already", "Somebody else was faster.", "Load the list anew."
    ),
    "track_gone": UserMessage(
        "That song is no longer in this list", "Other songs were chosen meanwhile.", "Go back and load the page anew."
    ),
    "unknown_mode": UserMessage("We do not know that mode", "It is not one of the four.", "Pick one of the buttons."),
    # Listening sessions.
    "no_music_yet": UserMessage(
        "The music is still being chosen", "There is nothing to listen to yet.", "Wait a moment, then try again."
    ),
    "unknown_step": UserMessage(
        "Something was left out", "How you feel takes two taps: a face, and how much energy.", "Go back and tap both."
    ),
    "session_moved_on": UserMessage(
        "This session has moved on",
        "You have heard music since that page was shown, so this is no longer how you began.",
        "Go back to the session; it asks how you feel now.",
    ),
    "unknown_category": UserMessage(
        "We do not know that kind of data", "It is none that can be deleted alone.", "Pick one from the list."
    ),
    "export_elsewhere": UserMessage(
        "This copy was asked for elsewhere",
        "Only the browser that asked for a copy of your data may fetch it.",
        "Fetch it there, or ask for a new copy here.",
    ),
    # Spotify (recommendations.providers.spotify.errors). None of it stops anything else on the site.
    "spotify_unavailable": UserMessage(
        "Spotify did not answer",
        "It took too long or said something that made no sense; perhaps it did what you asked all the same.",
        "Look there, or try again in a minute. The links to Spotify keep working.",
    ),
    "spotify_paused": UserMessage(
        "Spotify needs a pause",
        "It has been asked too often, or failed several times, so we leave it alone for a while. Nothing was sent.",
        "Please try again later. The links to Spotify keep working.",
    ),
    "spotify_refused": UserMessage(
        "Spotify refused this",
        "It does not allow it for your account or for the app that this site uses.",
        "Disconnect and connect again; if that does not help, tell whoever runs this site.",
    ),
    "spotify_premium": UserMessage(
        "Playing on a device needs Spotify Premium",
        "Your account there does not have it, so Spotify takes no commands from here.",
        "Save the music as a playlist, or open a song with its link.",
    ),
    "spotify_no_device": UserMessage(
        "There is no device to play on",
        "Spotify is open nowhere that it could play.",
        "Open Spotify on your phone, computer or speaker, then press again.",
    ),
    "spotify_not_connected": UserMessage(
        "No Spotify account is connected", "There is nothing to do this with.", "Connect your account first."
    ),
    "spotify_reconnect": UserMessage(
        "Your Spotify account has to be connected again",
        "Spotify no longer accepts the permission you gave; it ends by itself after six months.",
        "Press “Connect again” on the Spotify page.",
    ),
    "spotify_state": UserMessage(
        "That was too late, or not from you",
        "The answer from Spotify did not belong to an attempt of yours that is still open. Nothing was connected.",
        "Start again with “Connect”.",
    ),
    "spotify_denied": UserMessage(
        "Nothing was connected", "You said no at Spotify, or it did not let you in.", "Connect when you like, or never."
    ),
    "own_music_too_large": UserMessage(
        "That file is too large", "An exported playlist may have up to 2 MB.", "Export one playlist at a time."
    ),
    "own_music_full": UserMessage(
        "That would be too many songs",
        "There is room for 1000 songs of your own; nothing of this file was taken in.",
        "Bring a shorter playlist, or delete what is here first.",
    ),
    "spotify_nothing_found": UserMessage(
        "None of these songs has been found on Spotify yet",
        "We look for them after they were chosen; that takes a moment.",
        "Try again in a minute, or use the links.",
    ),
    "spotify_saving": UserMessage(
        "This playlist is being saved already", "You pressed twice, or in two windows.", "Wait a moment."
    ),
    "history_off": UserMessage(
        "Your history is off",
        "A history can only be brought in if we may keep one.",
        "Switch “Keep my mood history” on under Privacy, then try again.",
    ),
    "bad_archive": UserMessage(
        "That file is not a copy we can read",
        "It is damaged, was changed, or did not come from here. Nothing was brought in.",
        "Choose the ZIP file as you downloaded it.",
    ),
    "archive_too_large": UserMessage(
        "That file holds too much", "It unpacks to more than we can take in at once.", "Write to us; we will help."
    ),
    "unknown_history_file": UserMessage(
        "We do not know that file",
        "It is neither a copy from here nor a CSV export from Daylio. Nothing was brought in.",
        "Choose the ZIP file from here, or the CSV file that Daylio exports.",
    ),
    "reason_too_short": UserMessage(
        "That is no reason yet", "The person whose readings you open will read it.", "Say in a sentence why."
    ),
    "glass_untold": UserMessage(
        "The person could not be told",
        "No mail goes out at the moment, so nothing was opened.",
        "Try again once the mail server answers.",
    ),
    "alert_closed": UserMessage("This alert is closed already", "Somebody else was faster.", "Go on with the others."),
    "glass_whole": UserMessage(
        "These readings are closed", "Nobody sees another person's readings.", "Break the glass with a reason first."
    ),
    # Advice that goes with a reading (codes of ml.quality).
    "advice.dark": UserMessage("", "The picture is dark. More light on your face makes the reading surer."),
    "advice.bright": UserMessage("", "The picture is very bright. Turn a little away from the light."),
    "advice.blurred": UserMessage("", "The face is blurred. Hold still for a moment, or wipe the lens."),
    "advice.small_face": UserMessage("", "The face is small in the picture. Come closer."),
    "advice.turned_away": UserMessage("", "The head is turned. Look towards the camera."),
    "advice.several_faces": UserMessage("", "There are several faces. We read the largest one, marked below."),
}


def message(message_id: str) -> UserMessage:
    """Return the words of an id. Raises KeyError for an id that nobody wrote words for: that is a bug."""
    found = _MESSAGES[message_id]
    values: dict[str, Any] = {"max_megabytes": settings.MAX_UPLOAD_MEGABYTES}
    return UserMessage(found.title, found.text.format(**values), found.action)


def message_ids() -> frozenset[str]:
    """Return every id that has words."""
    return frozenset(_MESSAGES)
