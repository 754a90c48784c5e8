"""What `make` runs around the application: set-up, the local Redis, the process manager."""
