# What is turned away before it costs a function call. Names and form of the rules:
# https://docs.cloud.google.com/armor/docs/rule-tuning. Cloud Armor looks at the first 8 kB of a body, and the API takes
# SQL, HTML and code on purpose: so rules about contents only log, unless `waf_enforced` names them.

locals {
  owasp = [
    "sqli-v33-stable", "xss-v33-stable", "lfi-v33-stable", "rfi-v33-stable", "rce-v33-stable",
    "scannerdetection-v33-stable", "protocolattack-v33-stable", "sessionfixation-v33-stable",
  ]
}

resource "google_compute_security_policy" "edge" {
  count       = var.small ? 0 : 1
  name        = "weftly"
  description = "In front of all functions"

  adaptive_protection_config {
    layer_7_ddos_defense_config {
      enable = true
    }
  }

  # Ours are checked in the function too (docs/configuration.md); this one holds off floods.
  rule {
    priority    = 100
    description = "Requests of one address"
    action      = "rate_based_ban"
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
    rate_limit_options {
      conform_action   = "allow"
      exceed_action    = "deny(429)"
      enforce_on_key   = "IP"
      ban_duration_sec = 300
      rate_limit_threshold {
        count        = 1200
        interval_sec = 60
      }
      ban_threshold {
        count        = 6000
        interval_sec = 60
      }
    }
  }

  dynamic "rule" {
    for_each = { for index, name in local.owasp : name => 10 + index }
    content {
      priority    = rule.value
      description = rule.key
      action      = "deny(403)"
      preview     = !contains(var.waf_enforced, rule.key)
      match {
        expr {
          expression = "evaluatePreconfiguredWaf('${rule.key}', {'sensitivity': 1})"
        }
      }
    }
  }

  # Known holes by number, Log4j among them: nobody means these.
  rule {
    priority    = 50
    description = "cve-canary"
    action      = "deny(403)"
    match {
      expr {
        expression = "evaluatePreconfiguredWaf('cve-canary')"
      }
    }
  }

  rule {
    priority    = 2147483647
    description = "Everything else"
    action      = "allow"
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }
  depends_on = [google_project_service.api]
}
