# Events, who they are pushed to, and where those go that nobody could take.

# Pub/Sub's own account, which is not there before it is asked for: a grant to it would be refused.
resource "google_project_service_identity" "pubsub" {
  provider   = google-beta
  project    = var.project
  service    = "pubsub.googleapis.com"
  depends_on = [google_project_service.api]
}

# A push carries the invoker's token. Its role as a service agent lets it ask for that as well, but Google gives that
# role when it makes the account by itself.
resource "google_service_account_iam_member" "pubsub_asks_for_tokens" {
  service_account_id = google_service_account.invoker.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_project_service_identity.pubsub.member
}

resource "google_pubsub_topic" "topic" {
  for_each                   = module.manifest.topics
  name                       = each.key
  message_retention_duration = "86400s"
  labels                     = local.labels
  depends_on                 = [google_project_service.api]
}

resource "google_pubsub_topic" "dead_letters" {
  name       = "dead-letters"
  labels     = local.labels
  depends_on = [google_project_service.api]
}

resource "google_pubsub_topic_iam_member" "dead_letters" {
  topic  = google_pubsub_topic.dead_letters.name
  role   = "roles/pubsub.publisher"
  member = google_project_service_identity.pubsub.member
}

# Kept for who looks: a message without a subscription is gone.
resource "google_pubsub_subscription" "dead_letters" {
  name                       = "dead-letters"
  topic                      = google_pubsub_topic.dead_letters.id
  message_retention_duration = "604800s"
  ack_deadline_seconds       = 60
  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_subscription" "push" {
  for_each             = module.manifest.pushed
  name                 = each.key
  topic                = google_pubsub_topic.topic[each.value.topic].id
  ack_deadline_seconds = 600
  filter               = try(each.value.filter, null)
  push_config {
    push_endpoint = local.url_of[each.key]
    oidc_token {
      service_account_email = google_service_account.invoker.email
      audience              = local.url_of[each.key]
    }
  }
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }
  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letters.id
    max_delivery_attempts = 20
  }
  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_subscription_iam_member" "forwards_dead_letters" {
  for_each     = module.manifest.pushed
  subscription = google_pubsub_subscription.push[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = google_project_service_identity.pubsub.member
}
