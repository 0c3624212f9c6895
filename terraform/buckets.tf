# Values and files, as the manifest names them; what everybody may read; and who is told of what comes.

locals {
  buckets        = { for name, bucket in module.manifest.buckets : name => bucket if !try(bucket.public, false) }
  public_buckets = { for name, bucket in module.manifest.buckets : name => bucket if try(bucket.public, false) }
  # Topics into which buckets alone publish.
  told = toset([for bucket in values(local.buckets) : bucket.notifies if can(bucket.notifies)])
}

resource "google_storage_bucket" "bucket" {
  for_each                    = local.buckets
  name                        = "${var.project}-${each.key}"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.deletion_protection
  labels                      = local.labels

  soft_delete_policy {
    retention_duration_seconds = try(each.value.soft_delete_days, 7) * 24 * 3600
  }
  lifecycle_rule {
    condition {
      age = 1
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }
  # Prefix -> days. The code deletes what it no longer needs; this is for what nobody came back to.
  dynamic "lifecycle_rule" {
    for_each = try(each.value.delete_after_days, {})
    content {
      condition {
        age            = lifecycle_rule.value
        matches_prefix = compact([lifecycle_rule.key])
      }
      action {
        type = "Delete"
      }
    }
  }
  # What is past its end, which each object says itself.
  dynamic "lifecycle_rule" {
    for_each = try(each.value.delete_after_end, false) ? [0] : []
    content {
      condition {
        days_since_custom_time = lifecycle_rule.value
      }
      action {
        type = "Delete"
      }
    }
  }
  # Browsers upload and download by signed URLs.
  cors {
    origin          = concat([local.base_url], var.cors_origins)
    method          = ["GET", "PUT", "POST"]
    response_header = ["Content-Type", "x-goog-content-length-range", "x-goog-if-generation-match"]
    max_age_seconds = 3600
  }
  depends_on = [google_project_service.api]
}

# The web client: nothing that is not meant for everybody.
resource "google_storage_bucket" "public" {
  #checkov:skip=CKV_GCP_114:everybody may read it, as the manifest says
  for_each                    = local.public_buckets
  name                        = "${var.project}-${each.key}"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "inherited"
  force_destroy               = true
  labels                      = local.labels
  website {
    main_page_suffix = "index.html"
    not_found_page   = "index.html" # the client finds its pages itself
  }
  depends_on = [google_project_service.api]
}

resource "google_storage_bucket_iam_member" "public" {
  #checkov:skip=CKV_GCP_28:everybody may read it, as the manifest says
  for_each = local.public_buckets
  bucket   = google_storage_bucket.public[each.key].name
  role     = "roles/storage.objectViewer"
  member   = "allUsers"
}

# Who is told of every object that comes.
resource "google_storage_notification" "of_bucket" {
  for_each       = { for name, bucket in local.buckets : name => bucket if can(bucket.notifies) }
  bucket         = google_storage_bucket.bucket[each.key].name
  payload_format = "JSON_API_V1"
  topic          = google_pubsub_topic.topic[each.value.notifies].id
  event_types    = ["OBJECT_FINALIZE"]
  depends_on     = [google_pubsub_topic_iam_member.told_by_storage]
}

resource "google_pubsub_topic_iam_member" "told_by_storage" {
  for_each = local.told
  topic    = google_pubsub_topic.topic[each.key].id
  role     = "roles/pubsub.publisher"
  member   = "serviceAccount:${data.google_storage_project_service_account.this.email_address}"
}

data "google_storage_project_service_account" "this" {}
