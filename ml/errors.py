"""The errors of the vision code. Each says what is wrong in words fit for a log or a terminal."""


class MlError(Exception):
    """Mark any failure that this package foresees."""


class DatasetError(MlError):
    """Tell that a data folder cannot be used."""


class ArtifactError(MlError):
    """Tell that a model artifact is missing, corrupt, tampered with or of another format."""


class PictureError(MlError):
    """Tell that a file cannot be read as a still picture; `code` is a stable message id."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class TrainingCancelled(MlError):
    """Tell that training was asked to stop; its last checkpoint is complete."""
