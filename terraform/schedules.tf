resource "google_cloud_scheduler_job" "job" {
  for_each         = module.manifest.scheduled
  name             = each.key
  region           = var.region
  schedule         = each.value.schedule
  time_zone        = try(each.value.time_zone, "Etc/UTC")
  attempt_deadline = "${min(max(each.value.timeout, 15), 1800)}s"

  http_target {
    http_method = "POST"
    uri         = local.url_of[each.key]
    oidc_token {
      service_account_email = google_service_account.invoker.email
      audience              = local.url_of[each.key]
    }
  }
  retry_config {
    retry_count          = try(each.value.retries.retry_count, 0)
    max_retry_duration   = "${try(each.value.retries.max_retry_duration, 0)}s"
    min_backoff_duration = "${try(each.value.retries.min_backoff, 5)}s"
    max_backoff_duration = "${try(each.value.retries.max_backoff, 3600)}s"
    max_doublings        = try(each.value.retries.max_doublings, 5)
  }
  depends_on = [google_project_service.api]
}
