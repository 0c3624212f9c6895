# One fixed address towards the world, by option: some APIs only answer addresses that they know.

resource "google_compute_network" "main" {
  count                   = var.vpc ? 1 : 0
  name                    = "weftly"
  auto_create_subnetworks = false
  depends_on              = [google_project_service.api]
}

resource "google_compute_subnetwork" "functions" {
  count                    = var.vpc ? 1 : 0
  name                     = "functions"
  network                  = google_compute_network.main[0].id
  region                   = var.region
  ip_cidr_range            = "10.8.0.0/28"
  private_ip_google_access = true
  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
    metadata             = "EXCLUDE_ALL_METADATA"
  }
}

# Nothing is let in: connectors answer nobody but Google's own ranges, which implied rules of connectors open.
resource "google_compute_firewall" "deny_ingress" {
  count     = var.vpc ? 1 : 0
  name      = "weftly-deny-ingress"
  network   = google_compute_network.main[0].name
  direction = "INGRESS"
  priority  = 65534
  deny {
    protocol = "all"
  }
  source_ranges = ["0.0.0.0/0"]
}

resource "google_vpc_access_connector" "functions" {
  count         = var.vpc ? 1 : 0
  name          = "functions"
  region        = var.region
  machine_type  = "e2-micro"
  min_instances = 2
  max_instances = 10
  subnet {
    name = google_compute_subnetwork.functions[0].name
  }
}

resource "google_compute_address" "egress" {
  count      = var.vpc ? 1 : 0
  name       = "weftly-egress"
  region     = var.region
  depends_on = [google_project_service.api]
}

resource "google_compute_router" "main" {
  count   = var.vpc ? 1 : 0
  name    = "weftly"
  region  = var.region
  network = google_compute_network.main[0].id
}

resource "google_compute_router_nat" "egress" {
  count                              = var.vpc ? 1 : 0
  name                               = "weftly"
  region                             = var.region
  router                             = google_compute_router.main[0].name
  nat_ip_allocate_option             = "MANUAL_ONLY"
  nat_ips                            = [google_compute_address.egress[0].id]
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"
  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}
