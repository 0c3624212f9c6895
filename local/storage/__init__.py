"""Cloud Storage on this machine: buckets and objects over the JSON API."""

from local.storage.service import StorageService as StorageService
