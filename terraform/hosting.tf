# The small environment's way in: Firebase Hosting has a certificate, an edge cache and rewrites, and no idle price.
# A rewrite may take 60 seconds; streams are resumed by their clients. A web client would have to lie in Hosting itself:
# its bucket's address is of a host that everybody's buckets share, which can be trusted neither with signing in nor by
# CORS.

resource "google_firebase_hosting_site" "small" {
  count    = var.small ? 1 : 0
  provider = google-beta
  project  = google_firebase_project.this.project
  site_id  = var.project
}

resource "google_firebase_hosting_version" "small" {
  count    = var.small ? 1 : 0
  provider = google-beta
  site_id  = google_firebase_hosting_site.small[0].site_id
  config {
    dynamic "rewrites" {
      for_each = module.manifest.routes # the first that matches wins: they come the most specific first
      content {
        glob = rewrites.value.path
        run {
          service_id = local.service_of[rewrites.value.function]
          region     = var.region
        }
      }
    }
    redirects {
      glob        = "/"
      status_code = 302
      location    = "/docs"
    }
  }
  depends_on = [google_cloudfunctions2_function.function]
}

resource "google_firebase_hosting_release" "small" {
  count        = var.small ? 1 : 0
  provider     = google-beta
  site_id      = google_firebase_hosting_site.small[0].site_id
  version_name = google_firebase_hosting_version.small[0].name
  message      = var.bundle
}
