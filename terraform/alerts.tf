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

  # What is promised, of each public function: 99.5 % of 28 days, so an error budget of 0.5 %. Alerts on it burn as the
  # SRE workbook has it (https://sre.google/workbook/alerting-on-slos/): told when 2 % of the budget goes in an hour, or
  # 5 % in six; the short window, a twelfth of the long one, says when it is over.
  goal          = 0.995
  goal_days     = 28
  fails_percent = tonumber(format("%.2f", 100 * (1 - local.goal) * local.burn_rates.fast.rate)) # 6.72
  burn_rates = {
    fast = { long = 1, short = 300, rate = tonumber(format("%.2f", 0.02 * local.goal_days * 24 / 1)) }
    slow = { long = 6, short = 1800, rate = tonumber(format("%.2f", 0.05 * local.goal_days * 24 / 6)) }
  }

  # docs/runbooks.md says from what each threshold comes.
  # Told when the value, over `window` seconds, is above `threshold` for `duration` seconds. `of`: as a part of this one.
  alerts = {
    queue_waits = {
      title     = "Tasks pile up in a queue"
      filter    = "resource.type = \"cloud_tasks_queue\" AND metric.type = \"cloudtasks.googleapis.com/queue/depth\""
      aligner   = "ALIGN_MIN"
      reducer   = "REDUCE_SUM"
      group_by  = ["resource.label.queue_id"]
      window    = 300
      threshold = 60 * 500 # what a queue dispatches in the minute that tasks_late allows
      duration  = 600
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
      of        = "resource.type = \"firestore.googleapis.com/Database\" AND metric.type = \"firestore.googleapis.com/api/request_count\""
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      group_by  = []
      window    = 300
      threshold = local.fails_percent / 100
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

  # Of our own metrics, in PromQL: a filter by a metric that nobody has written yet is refused, and on the first day
  # nobody has (https://github.com/hashicorp/terraform-provider-google/issues/20491).
  queries = {
    tasks_late = {
      title    = "Interactive work waits for more than a minute"
      query    = "histogram_quantile(0.95, sum by (le) (rate(task_delay_seconds_bucket{queue=\"interactive\"}[5m]))) > 60"
      duration = 300
    }
    much_recovered = {
      title    = "Recovery dispatches again what was lost, and much of it"
      query    = "sum by (what) (increase(recovery_repairs_total[10m])) > ${10 * 50}"
      duration = 0
    }
    llm_spending = {
      title    = "Language models cost more an hour than was meant"
      query    = "sum(increase(llm_cost_dollars_total[1h])) > ${coalesce(var.llm_dollars_per_hour, 0.02 * var.budget)}"
      duration = 0
    }
    executions_fail = {
      title    = "Executions fail"
      query    = "sum(increase(agent_executions_total{status=\"FAILED\"}[10m])) / sum(increase(agent_executions_total[10m])) > 0.5"
      duration = 600
    }
  }
}

# One for each function: of its calls so many end with 5xx that the error budget burns fast.
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
    display_name = "5xx above ${local.fails_percent} %"
    condition_threshold {
      filter                  = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${local.service_of[each.key]}\" AND metric.type = \"run.googleapis.com/request_count\" AND metric.labels.response_code_class = \"5xx\""
      denominator_filter      = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${local.service_of[each.key]}\" AND metric.type = \"run.googleapis.com/request_count\""
      comparison              = "COMPARISON_GT"
      threshold_value         = local.fails_percent / 100
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
  depends_on = [google_project_service.api]
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
      denominator_filter      = try(each.value.of, null)
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
      dynamic "denominator_aggregations" {
        for_each = can(each.value.of) ? [1] : []
        content {
          alignment_period     = "${each.value.window}s"
          per_series_aligner   = each.value.aligner
          cross_series_reducer = each.value.reducer
        }
      }
    }
  }
  depends_on = [google_project_service.api]
}

resource "google_monitoring_alert_policy" "own" {
  for_each              = local.queries
  display_name          = each.value.title
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels
  user_labels           = local.labels
  documentation {
    mime_type = "text/markdown"
    content   = "${local.runbooks}#${each.key}"
  }
  conditions {
    display_name = each.value.title
    condition_prometheus_query_language {
      query                     = each.value.query
      duration                  = "${each.value.duration}s"
      evaluation_interval       = "60s"
      disable_metric_validation = true
    }
  }
  depends_on = [google_project_service.api]
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
    display_name = "No call that went well for as long as three take at most"
    condition_absent {
      filter   = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${local.service_of[each.key]}\" AND metric.type = \"run.googleapis.com/request_count\" AND metric.labels.response_code_class = \"2xx\""
      duration = "${3 * each.value.timeout}s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }
  depends_on = [google_project_service.api]
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
  depends_on = [google_project_service.api]
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
  depends_on   = [google_project_service.api]
}

resource "google_monitoring_slo" "availability" {
  for_each            = toset(module.manifest.public)
  service             = google_monitoring_custom_service.function[each.key].service_id
  slo_id              = "availability"
  display_name        = "99.5 % of calls of ${each.key} do not fail on our side"
  goal                = local.goal
  rolling_period_days = local.goal_days
  request_based_sli {
    good_total_ratio {
      bad_service_filter   = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${local.service_of[each.key]}\" AND metric.type = \"run.googleapis.com/request_count\" AND metric.labels.response_code_class = \"5xx\""
      total_service_filter = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${local.service_of[each.key]}\" AND metric.type = \"run.googleapis.com/request_count\""
    }
  }
}

resource "google_monitoring_alert_policy" "budget_burns" {
  for_each = merge([for name in module.manifest.public : {
    for pace, burn in local.burn_rates : "${name} ${pace}" => merge(burn, { function = name })
  }]...)
  display_name          = "${each.value.function} burns its error budget"
  combiner              = "AND"
  severity              = "ERROR"
  notification_channels = local.channels
  user_labels           = local.labels
  documentation {
    mime_type = "text/markdown"
    content   = "${local.runbooks}#budget_burns"
  }
  dynamic "conditions" {
    for_each = [each.value.long * 3600, each.value.short]
    content {
      display_name = "${each.value.rate} times as fast as ${local.goal_days} days allow, over ${conditions.value / 60} minutes"
      condition_threshold {
        filter          = "select_slo_burn_rate(\"${google_monitoring_slo.availability[each.value.function].name}\", \"${conditions.value}s\")"
        comparison      = "COMPARISON_GT"
        threshold_value = each.value.rate
        duration        = "0s"
      }
    }
  }
}
