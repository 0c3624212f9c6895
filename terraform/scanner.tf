# ClamAV as a service of its own, called by functions with a token. It is deployed where `scanner_image` names an image
# that answers over HTTP: `terraform/clamav` makes one, and its repository is there before (docs/deploying.md).

resource "google_artifact_registry_repository" "images" {
  repository_id = "weftly"
  location      = var.region
  format        = "DOCKER"
  description   = "Images that are no functions"
  labels        = local.labels
  depends_on    = [google_project_service.api]
}

resource "google_service_account" "scanner" {
  count        = var.scanner_image == "" ? 0 : 1
  account_id   = "scanner"
  display_name = "ClamAV; may do nothing"
  depends_on   = [google_project_service.api]
}

resource "google_cloud_run_v2_service" "scanner" {
  count               = var.scanner_image == "" ? 0 : 1
  name                = "scanner"
  location            = var.region
  ingress             = "INGRESS_TRAFFIC_ALL" # functions call it over its public name, with a token
  deletion_protection = false
  labels              = local.labels
  template {
    service_account                  = google_service_account.scanner[0].email
    max_instance_request_concurrency = 4
    timeout                          = "300s"
    scaling {
      min_instance_count = var.scanner_min_instances
      max_instance_count = 10
    }
    containers {
      image = var.scanner_image
      ports {
        container_port = 8080
      }
      resources {
        limits            = { cpu = "1", memory = "4Gi" } # the signatures alone take more than 1 GiB
        cpu_idle          = true
        startup_cpu_boost = true
      }
      startup_probe {
        initial_delay_seconds = 10
        period_seconds        = 10
        failure_threshold     = 30
        http_get {
          path = "/" # the bridge answers 503 until clamd has read its signatures
          port = 8080
        }
      }
    }
  }
}

resource "google_cloud_run_v2_service_iam_member" "scanner" {
  for_each = var.scanner_image == "" ? {} : { for name, function in local.functions : name => function if try(function.scanner, false) }
  location = var.region
  name     = google_cloud_run_v2_service.scanner[0].name
  role     = "roles/run.invoker"
  member   = google_service_account.function[each.key].member
}
