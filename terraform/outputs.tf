output "base_url" {
  description = "Where API and web client are."
  value       = local.base_url
}

output "address" {
  description = "What the domain's A record points to."
  value       = var.small ? null : google_compute_global_address.main[0].address
}

output "egress_address" {
  description = "Where calls of blocks come from, with `vpc`."
  value       = var.vpc ? google_compute_address.egress[0].address : null
}

output "web_app" {
  description = "What the web client needs to sign in, and to take push messages."
  value = {
    projectId         = var.project
    appId             = google_firebase_web_app.web.app_id
    authDomain        = "${var.project}.firebaseapp.com"
    messagingSenderId = data.google_project.this.number
    apiKey            = google_apikeys_key.web.key_string
  }
  sensitive = true
}
