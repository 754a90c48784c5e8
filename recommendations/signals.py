"""What choosing music tells those who resolve and play it. Receivers hand the ids on and do nothing else."""

from django.dispatch import Signal

# Sent after commit with `track_ids`, whenever tracks were chosen for somebody. It does not say for whom.
tracks_chosen = Signal()
