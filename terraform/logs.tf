# Who did what to the project, kept for years where it can be asked by SQL; and data accesses are recorded at all.

resource "google_project_iam_audit_config" "all" {
  for_each = toset(["cloudkms.googleapis.com", "secretmanager.googleapis.com", "iam.googleapis.com"])
  project  = var.project
  service  = each.key
  audit_log_config {
    log_type = "DATA_READ"
  }
  audit_log_config {
    log_type = "DATA_WRITE"
  }
  depends_on = [google_project_service.api]
}

resource "google_bigquery_dataset" "audit" {
  dataset_id                      = "audit"
  location                        = var.region
  description                     = "Cloud audit logs, by the sink of the same name"
  default_partition_expiration_ms = 400 * 24 * 3600 * 1000
  delete_contents_on_destroy      = !var.deletion_protection
  labels                          = local.labels
  depends_on                      = [google_project_service.api]
}

resource "google_logging_project_sink" "audit" {
  name                   = "audit"
  destination            = "bigquery.googleapis.com/${google_bigquery_dataset.audit.id}"
  filter                 = "logName:\"cloudaudit.googleapis.com\""
  unique_writer_identity = true
  bigquery_options {
    use_partitioned_tables = true
  }
}

resource "google_bigquery_dataset_iam_member" "audit" {
  dataset_id = google_bigquery_dataset.audit.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_logging_project_sink.audit.writer_identity
}

# Who has the link to a shared execution may look at it: so the platform's own request logs do not keep such links. The
# functions log these requests too, without what opens anything (shared/http/paths.py).
resource "google_logging_project_exclusion" "share_links" {
  name        = "share-links"
  description = "Requests with a link to a shared execution in them"
  filter      = "httpRequest.requestUrl=~\"/share/[A-Za-z0-9_-]{32}\""
  depends_on  = [google_project_service.api]
}
