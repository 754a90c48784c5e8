"""Training runs: started by people or by the calendar, done by a worker of their own, and ending in a candidate."""
