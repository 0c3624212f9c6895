# One queue dispatches 500 tasks a second at most, so the manifest counts several of a kind.

resource "google_cloud_tasks_queue" "queue" {
  for_each = module.manifest.queues
  name     = each.key
  location = var.region

  rate_limits {
    max_dispatches_per_second = each.value.max_dispatches_per_second
    max_concurrent_dispatches = each.value.max_concurrent_dispatches
  }
  retry_config {
    max_attempts  = each.value.max_attempts
    min_backoff   = "${each.value.min_backoff}s"
    max_backoff   = "${each.value.max_backoff}s"
    max_doublings = each.value.max_doublings
  }
  stackdriver_logging_config {
    sampling_ratio = 0.01
  }
  depends_on = [google_project_service.api]
}
