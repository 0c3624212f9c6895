# What do the files beside this one share?

module "manifest" {
  source = "./manifest"
  path   = "${path.module}/../functions/manifest.yaml"
}

locals {
  functions  = module.manifest.functions
  service_of = { for name in keys(local.functions) : name => replace(name, "_", "-") } # the Cloud Run service of a function
  # Of what is reached from inside alone, Cloud Run lets Cloud Tasks, Scheduler and Pub/Sub in at the run.app address
  # and names no other (https://cloud.google.com/run/docs/securing/ingress); this one is known before there is a service
  # (https://cloud.google.com/run/docs/triggering/https-request#deterministic).
  functions_url = "https://{service}-${data.google_project.this.number}.${var.region}.run.app"
  url_of        = { for name, service in local.service_of : name => replace(local.functions_url, "{service}", service) }
  base_url      = var.small ? "https://${var.project}.web.app" : "https://${var.domain}"
  labels        = { app = "weftly", environment = var.environment }
  apis = [
    "apikeys", "artifactregistry", "bigquery", "billingbudgets", "cloudbuild", "cloudfunctions", "cloudkms",
    "cloudresourcemanager", "cloudscheduler", "cloudtasks", "cloudtrace", "compute", "fcm", "fcmregistrations",
    "firebase", "firebasehosting", "firebaseinstallations", "firebaserules", "firestore", "iam", "iamcredentials",
    "identitytoolkit", "logging", "monitoring", "pubsub", "run", "secretmanager", "securetoken", "storage",
    "telemetry", "vpcaccess",
  ]
}

resource "google_project_service" "api" {
  for_each           = toset(local.apis)
  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}
