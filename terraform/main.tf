# What do the files beside this one share?

module "manifest" {
  source = "./manifest"
  path   = "${path.module}/../functions/manifest.yaml"
}

locals {
  functions     = module.manifest.functions
  service_of    = { for name in keys(local.functions) : name => replace(name, "_", "-") } # the Cloud Run service of a function
  functions_url = "https://${var.region}-${var.project}.cloudfunctions.net"
  base_url      = var.small ? "https://${var.project}.web.app" : "https://${var.domain}"
  labels        = { app = "weftly", environment = var.environment }
  apis = [
    "apikeys", "artifactregistry", "bigquery", "billingbudgets", "cloudbuild", "cloudfunctions", "cloudkms",
    "cloudresourcemanager", "cloudscheduler", "cloudtasks", "cloudtrace", "compute", "eventarc", "fcm", "firebase",
    "firebasehosting", "firebaserules", "firestore", "iam", "iamcredentials", "identitytoolkit", "logging",
    "monitoring", "pubsub", "run", "secretmanager", "storage", "telemetry", "vpcaccess",
  ]
}

resource "google_project_service" "api" {
  for_each           = toset(local.apis)
  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}
