# One page: what comes in, what runs, what waits, what fails, what it costs.

locals {
  charts = [
    ["Requests of the API a second, by status", "resource.type=\"prometheus_target\" metric.type=\"prometheus.googleapis.com/http_requests_total/counter\"", "ALIGN_RATE", "REDUCE_SUM", ["metric.label.status"]],
    ["How long requests take, 95th percentile", "resource.type=\"prometheus_target\" metric.type=\"prometheus.googleapis.com/http_request_duration_seconds/histogram\"", "ALIGN_DELTA", "REDUCE_PERCENTILE_95", ["metric.label.function"]],
    ["Executions that ended a second, by how", "resource.type=\"prometheus_target\" metric.type=\"prometheus.googleapis.com/agent_executions_total/counter\"", "ALIGN_RATE", "REDUCE_SUM", ["metric.label.status"]],
    ["How long blocks run, 95th percentile", "resource.type=\"prometheus_target\" metric.type=\"prometheus.googleapis.com/node_execution_duration_seconds/histogram\"", "ALIGN_DELTA", "REDUCE_PERCENTILE_95", ["metric.label.block_type"]],
    ["How long tasks wait, 95th percentile", "resource.type=\"prometheus_target\" metric.type=\"prometheus.googleapis.com/task_delay_seconds/histogram\"", "ALIGN_DELTA", "REDUCE_PERCENTILE_95", ["metric.label.queue"]],
    ["What recovery dispatched again", "resource.type=\"prometheus_target\" metric.type=\"prometheus.googleapis.com/recovery_repairs_total/counter\"", "ALIGN_DELTA", "REDUCE_SUM", ["metric.label.what"]],
    ["Tokens of language models a second", "resource.type=\"prometheus_target\" metric.type=\"prometheus.googleapis.com/llm_tokens_total/counter\"", "ALIGN_RATE", "REDUCE_SUM", ["metric.label.provider", "metric.label.kind"]],
    ["What language models cost, dollars a minute", "resource.type=\"prometheus_target\" metric.type=\"prometheus.googleapis.com/llm_cost_dollars_total/counter\"", "ALIGN_DELTA", "REDUCE_SUM", ["metric.label.provider"]],
    ["Requests a second, by function", "resource.type=\"cloud_run_revision\" metric.type=\"run.googleapis.com/request_count\"", "ALIGN_RATE", "REDUCE_SUM", ["resource.label.service_name"]],
    ["Latency, 95th percentile, by function", "resource.type=\"cloud_run_revision\" metric.type=\"run.googleapis.com/request_latencies\"", "ALIGN_PERCENTILE_95", "REDUCE_MAX", ["resource.label.service_name"]],
    ["Calls that failed, by function", "resource.type=\"cloud_run_revision\" metric.type=\"run.googleapis.com/request_count\" metric.label.response_code_class=\"5xx\"", "ALIGN_RATE", "REDUCE_SUM", ["resource.label.service_name"]],
    ["Instances, by function", "resource.type=\"cloud_run_revision\" metric.type=\"run.googleapis.com/container/instance_count\"", "ALIGN_MAX", "REDUCE_SUM", ["resource.label.service_name"]],
    ["Memory in use, 95th percentile, by function", "resource.type=\"cloud_run_revision\" metric.type=\"run.googleapis.com/container/memory/utilizations\"", "ALIGN_PERCENTILE_95", "REDUCE_MAX", ["resource.label.service_name"]],
    ["Cold starts, 95th percentile, by function", "resource.type=\"cloud_run_revision\" metric.type=\"run.googleapis.com/container/startup_latencies\"", "ALIGN_PERCENTILE_95", "REDUCE_MAX", ["resource.label.service_name"]],
    ["Tasks that wait, by queue", "resource.type=\"cloud_tasks_queue\" metric.type=\"cloudtasks.googleapis.com/queue/depth\"", "ALIGN_MEAN", "REDUCE_SUM", ["resource.label.queue_id"]],
    ["Database calls a second, by method", "resource.type=\"firestore.googleapis.com/Database\" metric.type=\"firestore.googleapis.com/api/request_count\"", "ALIGN_RATE", "REDUCE_SUM", ["metric.label.api_method"]],
  ]
}

resource "google_monitoring_dashboard" "main" {
  dashboard_json = jsonencode({
    displayName = "Weftly ${var.environment}"
    mosaicLayout = {
      columns = 12
      tiles = [for index, chart in local.charts : {
        xPos   = 6 * (index % 2)
        yPos   = 4 * floor(index / 2)
        width  = 6
        height = 4
        widget = {
          title = chart[0]
          xyChart = {
            dataSets = [{
              plotType = "LINE"
              timeSeriesQuery = {
                timeSeriesFilter = {
                  filter = chart[1]
                  aggregation = {
                    alignmentPeriod    = "60s"
                    perSeriesAligner   = chart[2]
                    crossSeriesReducer = chart[3]
                    groupByFields      = chart[4]
                  }
                }
              }
            }]
          }
        }
      }]
    }
  })
  depends_on = [google_project_service.api]
}
