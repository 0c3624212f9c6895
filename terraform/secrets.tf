# The key that wraps the keys of credentials, and the settings that are secrets. Their values are never in Terraform:
#   printf %s "$KEY" | gcloud secrets versions add OPENAI_API_KEY --data-file=-
# and the name goes into `secrets` of the environment's tfvars.

resource "google_kms_key_ring" "main" {
  name       = "weftly"
  location   = var.region
  depends_on = [google_project_service.api]
}

resource "google_kms_crypto_key" "credentials" {
  name            = "credentials"
  key_ring        = google_kms_key_ring.main.id
  purpose         = "ENCRYPT_DECRYPT"
  rotation_period = "7776000s"
  labels          = local.labels
  version_template {
    algorithm        = "GOOGLE_SYMMETRIC_ENCRYPTION"
    protection_level = "SOFTWARE"
  }
  lifecycle {
    prevent_destroy = true
  }
}

locals {
  secrets_of = { for name, function in local.functions : name => try(function.secrets, []) }
  secrets    = toset(flatten(values(local.secrets_of)))
  # Function and secret, of those that have a value.
  secrets_read = merge([
    for name, secrets in local.secrets_of : {
      for secret in secrets : "${name} ${secret}" => { function = name, secret = secret }
      if contains(var.secrets, secret)
    }
  ]...)
}

resource "google_secret_manager_secret" "setting" {
  for_each  = local.secrets
  secret_id = each.key
  labels    = local.labels
  replication {
    auto {}
  }
  depends_on = [google_project_service.api]
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each  = local.secrets_read
  secret_id = google_secret_manager_secret.setting[each.value.secret].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function[each.value.function].member
}
