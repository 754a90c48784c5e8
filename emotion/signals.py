"""What the emotion app tells the apps above it. Receivers hand the id to a service and do nothing else."""

from django.dispatch import Signal

# Sent after commit with `reading_id`, once for every reading that was stored.
reading_recorded = Signal()

# Sent after commit with `reading_id` when the person said that she felt something else.
reading_corrected = Signal()
