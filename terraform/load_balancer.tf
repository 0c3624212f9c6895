# HTTPS in front of everything, unless the environment is small: one address, one certificate, the manifest's paths to
# their functions, the rest to the web client. Each path has two rules: what names the bundle in the header
# x-weftly-candidate reaches the revision that was just deployed and has no traffic yet (deploy/smoke.py).

locals {
  balanced   = var.small ? {} : { for name in module.manifest.public : name => local.service_of[name] }
  candidates = { for name, service in local.balanced : "${name}-candidate" => service }
  backends   = merge(local.balanced, local.candidates)
  # In the order of their priorities: as they are asked, and as the API gives them back.
  rules = flatten([for route in module.manifest.routes : [
    { priority = route.priority, path = route.path, backend = "${route.function}-candidate", candidate = true },
    { priority = route.priority + 1, path = route.path, backend = route.function, candidate = false },
  ]])
}

resource "google_compute_region_network_endpoint_group" "function" {
  for_each              = local.backends
  name                  = replace(each.key, "_", "-")
  region                = var.region
  network_endpoint_type = "SERVERLESS"
  cloud_run {
    service = each.value
    tag     = contains(keys(local.candidates), each.key) ? "candidate" : null
  }
  depends_on = [google_cloudfunctions2_function.function]
}

resource "google_compute_backend_service" "function" {
  for_each              = local.backends
  name                  = replace(each.key, "_", "-")
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  security_policy       = google_compute_security_policy.edge[0].id
  backend {
    group = google_compute_region_network_endpoint_group.function[each.key].id
  }
  log_config {
    enable      = true
    sample_rate = 0.1
  }
}

resource "google_compute_backend_bucket" "web" {
  count       = var.small ? 0 : 1
  name        = "web"
  bucket_name = google_storage_bucket.public["web"].name
  enable_cdn  = true
  cdn_policy {
    cache_mode        = "CACHE_ALL_STATIC"
    default_ttl       = 300
    client_ttl        = 300
    max_ttl           = 86400
    negative_caching  = true
    serve_while_stale = 86400
  }
  compression_mode = "AUTOMATIC"
}

resource "google_compute_url_map" "main" {
  count           = var.small ? 0 : 1
  name            = "weftly"
  default_service = google_compute_backend_bucket.web[0].id

  host_rule {
    hosts        = [var.domain]
    path_matcher = "weftly"
  }
  path_matcher {
    name            = "weftly"
    default_service = google_compute_backend_bucket.web[0].id

    dynamic "route_rules" {
      for_each = local.rules
      content {
        priority = route_rules.value.priority
        service  = google_compute_backend_service.function[route_rules.value.backend].id
        match_rules {
          path_template_match = route_rules.value.path
          dynamic "header_matches" {
            for_each = route_rules.value.candidate ? [1] : []
            content {
              header_name = "x-weftly-candidate"
              exact_match = var.bundle
            }
          }
        }
      }
    }
  }
}

resource "google_compute_url_map" "to_https" {
  count = var.small ? 0 : 1
  name  = "weftly-to-https"
  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "MOVED_PERMANENTLY_DEFAULT"
    strip_query            = false
  }
  depends_on = [google_project_service.api]
}

resource "google_compute_managed_ssl_certificate" "main" {
  count = var.small ? 0 : 1
  name  = "weftly-${substr(sha256(var.domain), 0, 8)}"
  managed {
    domains = [var.domain]
  }
  lifecycle {
    create_before_destroy = true
  }
  depends_on = [google_project_service.api]
}

resource "google_compute_ssl_policy" "modern" {
  count           = var.small ? 0 : 1
  name            = "weftly-modern"
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
  depends_on      = [google_project_service.api]
}

resource "google_compute_global_address" "main" {
  count      = var.small ? 0 : 1
  name       = "weftly"
  depends_on = [google_project_service.api]
}

resource "google_compute_target_https_proxy" "main" {
  count            = var.small ? 0 : 1
  name             = "weftly"
  url_map          = google_compute_url_map.main[0].id
  ssl_certificates = [google_compute_managed_ssl_certificate.main[0].id]
  ssl_policy       = google_compute_ssl_policy.modern[0].id
}

resource "google_compute_target_http_proxy" "to_https" {
  count   = var.small ? 0 : 1
  name    = "weftly-to-https"
  url_map = google_compute_url_map.to_https[0].id
}

resource "google_compute_global_forwarding_rule" "https" {
  count                 = var.small ? 0 : 1
  name                  = "weftly-https"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.main[0].id
  port_range            = "443"
  target                = google_compute_target_https_proxy.main[0].id
}

resource "google_compute_global_forwarding_rule" "http" {
  count                 = var.small ? 0 : 1
  name                  = "weftly-http"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.main[0].id
  port_range            = "80"
  target                = google_compute_target_http_proxy.to_https[0].id
}
