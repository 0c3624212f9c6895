# For who deploys by Cloud Build: its account, and the bucket in which approvals lie. The account may read approvals and
# not write them; `approvers` may. That holds off a mistake, not a commit that means harm: who administers the project
# can give himself what he lacks (docs/threat-model.md). A person who runs `make deploy` needs none of it.

locals {
  pipeline_roles = [
    "roles/artifactregistry.admin", "roles/bigquery.admin", "roles/cloudfunctions.admin", "roles/cloudkms.admin",
    "roles/cloudscheduler.admin", "roles/cloudtasks.admin", "roles/compute.admin", "roles/datastore.owner",
    "roles/firebase.admin", "roles/iam.roleAdmin", "roles/iam.serviceAccountAdmin",
    "roles/iam.serviceAccountUser", "roles/identityplatform.admin", "roles/logging.admin", "roles/monitoring.admin",
    "roles/pubsub.admin", "roles/resourcemanager.projectIamAdmin", "roles/run.admin", "roles/secretmanager.admin",
    "roles/serviceusage.apiKeysAdmin", "roles/serviceusage.serviceUsageAdmin", "roles/storage.admin",
    "roles/vpcaccess.admin",
  ]
  pipeline = length(var.approvers) > 0
}

resource "google_service_account" "pipeline" {
  count        = local.pipeline ? 1 : 0
  account_id   = "weftly-pipeline"
  display_name = "Runs cloudbuild.yaml"
  depends_on   = [google_project_service.api]
}

resource "google_project_iam_member" "pipeline" {
  for_each = toset(local.pipeline ? local.pipeline_roles : [])
  project  = var.project
  role     = each.key
  member   = google_service_account.pipeline[0].member

  # storage.admin would let it approve itself.
  dynamic "condition" {
    for_each = each.key == "roles/storage.admin" ? [1] : []
    content {
      title      = "not approvals"
      expression = "!resource.name.startsWith(\"projects/_/buckets/${var.project}-approvals/objects/\")"
    }
  }
}

resource "google_storage_bucket" "approvals" {
  count                       = local.pipeline ? 1 : 0
  name                        = "${var.project}-approvals"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  labels                      = local.labels
  depends_on                  = [google_project_service.api]
}

resource "google_storage_bucket_iam_member" "approver" {
  for_each = var.approvers
  bucket   = google_storage_bucket.approvals[0].name
  role     = "roles/storage.objectCreator"
  member   = each.key
}

resource "google_storage_bucket_iam_member" "sees_approvals" {
  count  = local.pipeline ? 1 : 0
  bucket = google_storage_bucket.approvals[0].name
  role   = "roles/storage.objectViewer"
  member = google_service_account.pipeline[0].member
}
