# Who runs as whom, and what may they? One account a function, with the roles of the manifest: each on the resource
# that it is for, where there is one.

resource "google_service_account" "function" {
  for_each     = local.functions
  account_id   = "fn-${local.service_of[each.key]}"
  display_name = "Function ${each.key}"
  depends_on   = [google_project_service.api]
}

# Cloud Tasks, Scheduler and Pub/Sub call as this one.
resource "google_service_account" "invoker" {
  account_id   = module.manifest.service_account
  display_name = "Calls the functions that are not public"
  depends_on   = [google_project_service.api]
}

resource "google_project_iam_custom_role" "role" {
  for_each    = module.manifest.custom_roles
  role_id     = each.key
  title       = each.value.title
  permissions = each.value.permissions
  depends_on  = [google_project_service.api]
}

locals {
  account_of = { for name, account in google_service_account.function : name => account.member }
  on         = module.manifest.grants

  on_queues = merge([for key, grant in local.on.queue : {
    for queue in keys(module.manifest.queues) : "${key} ${queue}" => merge(grant, { queue = queue })
  }]...)
  on_topics = merge([for key, grant in local.on.topic : {
    for topic in setsubtract(keys(module.manifest.topics), local.told) : "${key} ${topic}" => merge(grant, { topic = topic })
  }]...)
  on_buckets = merge([for key, grant in local.on.bucket : {
    for bucket in local.functions[grant.function].buckets : "${key} ${bucket}" => merge(grant, { bucket = bucket })
  }]...)
  makes_tasks = toset([for grant in values(local.on.queue) : grant.function])
}

resource "google_project_iam_member" "function" {
  for_each = local.on.project
  project  = var.project
  role     = startswith(each.value.role, "roles/") ? each.value.role : google_project_iam_custom_role.role[each.value.role].id
  member   = local.account_of[each.value.function]
}

resource "google_kms_crypto_key_iam_member" "function" {
  for_each      = local.on.key
  crypto_key_id = google_kms_crypto_key.credentials.id
  role          = each.value.role
  member        = local.account_of[each.value.function]
}

resource "google_cloud_tasks_queue_iam_member" "function" {
  for_each = local.on_queues
  name     = google_cloud_tasks_queue.queue[each.value.queue].id
  role     = each.value.role
  member   = local.account_of[each.value.function]
}

# A task carries the invoker's token, which its maker must be allowed to ask for.
resource "google_service_account_iam_member" "acts_as_invoker" {
  for_each           = local.makes_tasks
  service_account_id = google_service_account.invoker.name
  role               = "roles/iam.serviceAccountUser"
  member             = local.account_of[each.key]
}

resource "google_pubsub_topic_iam_member" "function" {
  for_each = local.on_topics
  topic    = google_pubsub_topic.topic[each.value.topic].id
  role     = each.value.role
  member   = local.account_of[each.value.function]
}

resource "google_storage_bucket_iam_member" "function" {
  for_each = local.on_buckets
  bucket   = google_storage_bucket.bucket[each.value.bucket].name
  role     = each.value.role
  member   = local.account_of[each.value.function]
}

# Signed URLs are signed by IAM in the function's own name.
resource "google_service_account_iam_member" "itself" {
  for_each           = local.on.self
  service_account_id = google_service_account.function[each.value.function].name
  role               = each.value.role
  member             = local.account_of[each.value.function]
}

resource "google_cloud_run_v2_service_iam_member" "caller" {
  for_each   = local.functions
  location   = var.region
  name       = local.service_of[each.key]
  role       = "roles/run.invoker"
  member     = each.value.public ? "allUsers" : google_service_account.invoker.member
  depends_on = [google_cloudfunctions2_function.function]
}
