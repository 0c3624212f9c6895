# Who is told of what? Each alert names its page in docs/runbooks.md. `docs` and `tests/terraform` hold the two together.

resource "google_monitoring_notification_channel" "email" {
  for_each     = var.alert_emails
  display_name = each.key
  type         = "email"
  labels       = { email_address = each.key }
  depends_on   = [google_project_service.api]
}

locals {
  channels = [for channel in google_monitoring_notification_channel.email : channel.id]
  runbooks = "docs/runbooks.md" # in the repository

  # threshold: told when the value, over `window` seconds, is above it for `duration` seconds.
  alerts = {
    queue_waits = {
      title     = "Tasks pile up in a queue"
      filter    = "resource.type = \"cloud_tasks_queue\" AND metric.type = \"cloudtasks.googleapis.com/queue/depth\""
      aligner   = "ALIGN_MIN"
      reducer   = "REDUCE_SUM"
      group_by  = ["resource.label.queue_id"]
      window    = 300
      threshold = 5000
      duration  = 600
    }
    tasks_late = {
      title     = "Interactive work waits for more than a minute"
      filter    = "resource.type = \"prometheus_target\" AND metric.type = \"prometheus.googleapis.com/task_delay_seconds/histogram\" AND metric.labels.queue = \"interactive\""
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_PERCENTILE_95"
      group_by  = []
      window    = 300
      threshold = 60
      duration  = 300
    }
    much_recovered = {
      title     = "Recovery dispatches again what was lost, and much of it"
      filter    = "resource.type = \"prometheus_target\" AND metric.type = \"prometheus.googleapis.com/recovery_repairs_total/counter\""
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      group_by  = ["metric.label.what"]
      window    = 600
      threshold = 100
      duration  = 0
    }
    llm_spending = {
      title     = "Language models cost more an hour than was meant"
      filter    = "resource.type = \"prometheus_target\" AND metric.type = \"prometheus.googleapis.com/llm_cost_dollars_total/counter\""
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      group_by  = []
      window    = 3600
      threshold = var.llm_dollars_per_hour
      duration  = 0
    }
    dead_letters = {
      title     = "An event could not be delivered to anybody"
      filter    = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"dead-letters\" AND metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\""
      aligner   = "ALIGN_MAX"
      reducer   = "REDUCE_SUM"
      group_by  = []
      window    = 300
      threshold = 0
      duration  = 0
    }
    database_refuses = {
      title     = "The database refuses calls"
      filter    = "resource.type = \"firestore.googleapis.com/Database\" AND metric.type = \"firestore.googleapis.com/api/request_count\" AND metric.labels.response_code = one_of(\"RESOURCE_EXHAUSTED\", \"UNAVAILABLE\", \"PERMISSION_DENIED\")"
      aligner   = "ALIGN_RATE"
      reducer   = "REDUCE_SUM"
      group_by  = ["metric.label.response_code"]
      window    = 300
      threshold = 1
      duration  = 300
    }
    rows_late = {
      title     = "The audit sink loses rows"
      filter    = "resource.type = \"logging_sink\" AND metric.type = \"logging.googleapis.com/exports/error_count\""
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      group_by  = []
      window    = 3600
      threshold = 0
      duration  = 0
    }
  }
}

# One for each function: more than 2 % of its calls end with 5xx.
resource "google_monitoring_alert_policy" "function" {
  for_each              = local.functions
  display_name          = "Function ${each.key} fails"
  combiner              = "OR"
  severity              = each.value.public ? "ERROR" : "CRITICAL"
  notification_channels = local.channels
  user_labels           = local.labels
  documentation {
    mime_type = "text/markdown"
    content   = "${local.runbooks}#function_fails"
  }
  conditions {
    display_name = "5xx above 2 %"
    condition_threshold {
      filter                  = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${local.service_of[each.key]}\" AND metric.type = \"run.googleapis.com/request_count\" AND metric.labels.response_code_class = \"5xx\""
      denominator_filter      = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${local.service_of[each.key]}\" AND metric.type = \"run.googleapis.com/request_count\""
      comparison              = "COMPARISON_GT"
      threshold_value         = 0.02
      duration                = "300s"
      evaluation_missing_data = "EVALUATION_MISSING_DATA_INACTIVE"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
      denominator_aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }
}

resource "google_monitoring_alert_policy" "platform" {
  for_each              = local.alerts
  display_name          = each.value.title
  combiner              = "OR"
  severity              = try(each.value.severity, "ERROR")
  notification_channels = local.channels
  user_labels           = local.labels
  documentation {
    mime_type = "text/markdown"
    content   = "${local.runbooks}#${each.key}"
  }
  conditions {
    display_name = each.value.title
    condition_threshold {
      filter                  = each.value.filter
      comparison              = "COMPARISON_GT"
      threshold_value         = each.value.threshold
      duration                = "${each.value.duration}s"
      evaluation_missing_data = each.value.duration > 0 ? "EVALUATION_MISSING_DATA_INACTIVE" : null
      aggregations {
        alignment_period     = "${each.value.window}s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
        group_by_fields      = each.value.group_by
      }
    }
  }
}

# More than half of what ends, ends badly: a dependency of blocks, or a release.
resource "google_monitoring_alert_policy" "executions_fail" {
  display_name          = "Executions fail"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels
  user_labels           = local.labels
  documentation {
    mime_type = "text/markdown"
    content   = "${local.runbooks}#executions_fail"
  }
  conditions {
    display_name = "FAILED above 50 %"
    condition_threshold {
      filter                  = "resource.type = \"prometheus_target\" AND metric.type = \"prometheus.googleapis.com/agent_executions_total/counter\" AND metric.labels.status = \"FAILED\""
      denominator_filter      = "resource.type = \"prometheus_target\" AND metric.type = \"prometheus.googleapis.com/agent_executions_total/counter\""
      comparison              = "COMPARISON_GT"
      threshold_value         = 0.5
      duration                = "600s"
      evaluation_missing_data = "EVALUATION_MISSING_DATA_INACTIVE"
      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
      denominator_aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }
}

# What runs by the clock and does not run: the engine's recovery among it.
resource "google_monitoring_alert_policy" "schedule_silent" {
  for_each              = module.manifest.scheduled
  display_name          = "${each.key} is not called"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels
  user_labels           = local.labels
  documentation {
    mime_type = "text/markdown"
    content   = "${local.runbooks}#schedule_silent"
  }
  conditions {
    display_name = "No call that went well for 15 minutes"
    condition_absent {
      filter   = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${local.service_of[each.key]}\" AND metric.type = \"run.googleapis.com/request_count\" AND metric.labels.response_code_class = \"2xx\""
      duration = "900s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }
}

resource "google_monitoring_uptime_check_config" "health" {
  display_name = "Health, deep"
  timeout      = "10s"
  period       = "300s"
  http_check {
    path         = "/health?deep=true"
    port         = 443
    use_ssl      = true
    validate_ssl = true
    accepted_response_status_codes {
      status_class = "STATUS_CLASS_2XX"
    }
  }
  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project
      host       = trimprefix(local.base_url, "https://")
    }
  }
}

resource "google_monitoring_alert_policy" "unreachable" {
  display_name          = "The platform cannot be reached"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels
  user_labels           = local.labels
  documentation {
    mime_type = "text/markdown"
    content   = "${local.runbooks}#unreachable"
  }
  conditions {
    display_name = "Two regions or more see no health"
    condition_threshold {
      filter          = "resource.type = \"uptime_url\" AND metric.type = \"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.labels.check_id = \"${google_monitoring_uptime_check_config.health.uptime_check_id}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "300s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }
    }
  }
}

# The availability that is promised, of each public function, and how fast its error budget may burn.
resource "google_monitoring_custom_service" "function" {
  for_each     = toset(module.manifest.public)
  service_id   = "weftly-${local.service_of[each.key]}"
  display_name = each.key
}

resource "google_monitoring_slo" "availability" {
  for_each            = toset(module.manifest.public)
  service             = google_monitoring_custom_service.function[each.key].service_id
  slo_id              = "availability"
  display_name        = "99.5 % of calls of ${each.key} do not fail on our side"
  goal                = 0.995
  rolling_period_days = 28
  request_based_sli {
    good_total_ratio {
      bad_service_filter   = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${local.service_of[each.key]}\" AND metric.type = \"run.googleapis.com/request_count\" AND metric.labels.response_code_class = \"5xx\""
      total_service_filter = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${local.service_of[each.key]}\" AND metric.type = \"run.googleapis.com/request_count\""
    }
  }
}

resource "google_monitoring_alert_policy" "budget_burns" {
  for_each              = toset(module.manifest.public)
  display_name          = "${each.key} burns its error budget"
  combiner              = "AND"
  severity              = "ERROR"
  notification_channels = local.channels
  user_labels           = local.labels
  documentation {
    mime_type = "text/markdown"
    content   = "${local.runbooks}#budget_burns"
  }
  dynamic "conditions" {
    for_each = { "an hour" = "3600s", "five minutes" = "300s" } # a long window for what matters, a short one for when it is over
    content {
      display_name = "14 times as fast as the month allows, over ${conditions.key}"
      condition_threshold {
        filter          = "select_slo_burn_rate(\"${google_monitoring_slo.availability[each.key].name}\", \"${conditions.value}\")"
        comparison      = "COMPARISON_GT"
        threshold_value = 14
        duration        = "0s"
      }
    }
  }
}
