# The functions: one bundle, many entry points.

locals {
  memory_mib = { for name, function in local.functions : name => (
    endswith(function.memory, "Gi") ? 1024 * tonumber(trimsuffix(function.memory, "Gi")) : tonumber(trimsuffix(function.memory, "Mi"))
  ) }
  # What the code reads, shared/config.py. What is not here has a default that holds in the cloud.
  settings = merge({
    GOOGLE_CLOUD_PROJECT = var.project
    FIRESTORE_DATABASE   = google_firestore_database.main.name
    REGION               = var.region
    FUNCTIONS_URL        = local.functions_url
    INVOKER_EMAIL        = google_service_account.invoker.email
    FILES_BUCKET         = google_storage_bucket.bucket["files"].name
    QUARANTINE_BUCKET    = google_storage_bucket.bucket["quarantine"].name
    CLAMD_URL            = var.scanner_image == "" ? "" : google_cloud_run_v2_service.scanner[0].uri
    QUEUES_PER_KIND      = tostring(max([for queue in values(module.manifest.queues) : queue.count]...))
    TRUSTED_PROXIES      = "2" # Google's load balancer adds two entries; Firebase Hosting and Cloud Run one each
    CORS_ORIGINS         = join(",", concat([local.base_url], var.cors_origins))
    CREDENTIALS_KMS_KEY  = google_kms_crypto_key.credentials.id
    TELEMETRY            = "google"
    TRACE_SAMPLE         = tostring(var.trace_sample)
    OAUTH_REDIRECT_URI   = "${local.base_url}/oauth/callback"
    PUBLIC_URL           = local.base_url
    MAIL_FROM            = "Weftly <no-reply@${var.domain != "" ? var.domain : "${var.project}.web.app"}>"
  }, var.settings)
}

resource "google_service_account" "builder" {
  account_id   = "function-builder"
  display_name = "Builds the images of functions"
  depends_on   = [google_project_service.api]
}

resource "google_project_iam_member" "builder" {
  for_each = toset(["roles/logging.logWriter", "roles/artifactregistry.writer", "roles/storage.objectViewer"])
  project  = var.project
  role     = each.key
  member   = google_service_account.builder.member

  # It runs what libraries do when they are installed, and reads sources: users' files and Terraform's state it does not.
  dynamic "condition" {
    for_each = each.key == "roles/storage.objectViewer" ? [1] : []
    content {
      title      = "sources"
      expression = "!resource.name.startsWith(\"projects/_/buckets/${var.project}-\") || resource.name.startsWith(\"projects/_/buckets/${var.project}-deploy/\")"
    }
  }
}

resource "google_artifact_registry_repository" "functions" {
  repository_id = "functions"
  location      = var.region
  format        = "DOCKER"
  description   = "Images of the functions"
  labels        = local.labels
  cleanup_policies {
    id     = "keep-for-roll-back"
    action = "KEEP"
    most_recent_versions {
      keep_count = 10
    }
  }
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "2592000s"
    }
  }
  depends_on = [google_project_service.api]
}

resource "google_cloudfunctions2_function" "function" {
  #checkov:skip=CKV_GCP_124:everything only for what the manifest calls public, and only where no load balancer stands
  for_each = local.functions
  name     = each.key
  location = var.region
  labels   = local.labels

  build_config {
    runtime           = "python311"
    entry_point       = each.value.entry_point
    service_account   = google_service_account.builder.id
    docker_repository = google_artifact_registry_repository.functions.id
    environment_variables = {
      GOOGLE_FUNCTION_SOURCE = "start_${each.key}.py"
    }
    source {
      storage_source {
        bucket = "${var.project}-deploy"
        object = var.bundle
      }
    }
  }

  service_config {
    available_memory                 = "${local.memory_mib[each.key]}Mi"
    available_cpu                    = tostring(try(each.value.cpu, 1)) # more than one request at a time needs a whole one
    timeout_seconds                  = each.value.timeout
    max_instance_request_concurrency = each.value.concurrency
    min_instance_count               = lookup(var.min_instances, each.key, try(each.value.min_instances, 0))
    max_instance_count               = try(each.value.max_instances, 100)
    service_account_email            = google_service_account.function[each.key].email
    ingress_settings = (
      !each.value.public ? "ALLOW_INTERNAL_ONLY" : var.small ? "ALLOW_ALL" : "ALLOW_INTERNAL_AND_GCLB"
    )
    vpc_connector                 = var.vpc ? google_vpc_access_connector.functions[0].id : null
    vpc_connector_egress_settings = var.vpc ? "ALL_TRAFFIC" : null
    # A new revision gets no traffic until it was tried: `make traffic`.
    all_traffic_on_latest_revision = false
    environment_variables          = local.settings

    dynamic "secret_environment_variables" {
      for_each = { for key, read in local.secrets_read : key => read if read.function == each.key }
      content {
        key        = secret_environment_variables.value.secret
        project_id = var.project
        secret     = google_secret_manager_secret.setting[secret_environment_variables.value.secret].secret_id
        version    = "latest"
      }
    }
  }

  depends_on = [
    google_project_iam_member.builder,
    google_project_iam_member.function,
    google_secret_manager_secret_iam_member.reader,
  ]
}
