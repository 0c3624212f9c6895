"""Firebase Cloud Messaging that delivers to a folder: what would be shown on a device lies there to be looked at."""

from local.fcm.service import FcmService

__all__ = ["FcmService"]
