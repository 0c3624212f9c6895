# Firebase: the project, the web client's entry in it, and the ways to sign in.

resource "google_firebase_project" "this" {
  provider   = google-beta
  project    = var.project
  depends_on = [google_project_service.api]
}

resource "google_firebase_web_app" "web" {
  provider        = google-beta
  project         = google_firebase_project.this.project
  display_name    = "Weftly"
  deletion_policy = "DELETE"
}

# The key is public by design, and can do nothing but sign in and have a browser take push messages, from our own pages
# (https://firebase.google.com/docs/projects/api-keys#faq-required-apis-for-restricted-firebase-api-key).
resource "google_apikeys_key" "web" {
  name         = "weftly-web"
  display_name = "Web client"
  project      = var.project
  restrictions {
    api_targets {
      service = "identitytoolkit.googleapis.com"
    }
    api_targets {
      service = "securetoken.googleapis.com"
    }
    api_targets {
      service = "firebaseinstallations.googleapis.com"
    }
    api_targets {
      service = "fcmregistrations.googleapis.com"
    }
    browser_key_restrictions {
      allowed_referrers = concat([local.base_url], var.cors_origins)
    }
  }
  depends_on = [google_project_service.api]
}

resource "google_identity_platform_config" "this" {
  project = google_firebase_project.this.project
  # From whose pages one may sign in to here: hosts that are ours alone.
  authorized_domains         = compact([var.domain, "${var.project}.firebaseapp.com", "${var.project}.web.app"])
  autodelete_anonymous_users = true
  sign_in {
    allow_duplicate_emails = false
    email {
      enabled           = true
      password_required = true
    }
    anonymous {
      enabled = false
    }
  }
}

resource "google_identity_platform_default_supported_idp_config" "google" {
  count         = nonsensitive(var.google_sign_in == null) ? 0 : 1
  enabled       = true
  idp_id        = "google.com"
  client_id     = var.google_sign_in.client_id
  client_secret = var.google_sign_in.client_secret
  depends_on    = [google_identity_platform_config.this]
}
